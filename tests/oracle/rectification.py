"""What a round stands on (design 3.1, 3.2): a declaration of two, a verification of two inspectors, or a request."""

from collections.abc import Iterator
from datetime import datetime

from tests.oracle.book import Book, Row, Violation, unmet
from tests.oracle.signatures import in_post, step_up_fits

_CAPACITY_OF_POST = {
    "principal": {"enterprise_principal", "government_head", "principal_head"},
    "controller": {"enterprise_controller", "government_head", "principal_head"},
    "safety_head": {"enterprise_safety_head", "deputy_head"},
    "inspector": {"inspector"},
}


def basis_violations(book: Book, hazard: Row, round_: Row) -> Iterator[Violation]:
    """The document that opened a completed round, in its cycle and before it."""
    if round_["purpose"] == "closing":
        yield from _verified(book, hazard, round_)
        return
    request = book.one("round_request", round_["round_request_id"])
    yield from unmet(
        hazard["id"],
        f"round {round_['id']} for {round_['purpose']} on request {round_['round_request_id']}",
        {
            "round-without-request": _performed(request, hazard, round_)
            and request is not None
            and request["purpose"] == round_["purpose"],
            "request-opens-two-rounds": len(_of_request(book, round_)) == 1,
        },
    )


def _of_request(book: Book, round_: Row) -> list[Row]:
    return book.all("signing_round", "round_request_id", round_["round_request_id"])


def _performed(document: Row | None, hazard: Row, round_: Row) -> bool:
    return (
        document is not None
        and document["transition_id"] is not None
        and document["hazard_id"] == hazard["id"]
        and document["cycle"] == round_["cycle"]
        and document["recorded_at"] <= round_["opened_at"]
    )


def _verified(book: Book, hazard: Row, round_: Row) -> Iterator[Violation]:
    verification = book.one("verification", round_["verification_id"])
    where = f"round {round_['id']} on verification {round_['verification_id']}"
    performed = _performed(verification, hazard, round_)
    yield from unmet(hazard["id"], where, {"round-without-verification": performed})
    if verification is None:
        return
    declaration = book.one("declaration", verification["declaration_id"])
    rounds = book.all("signing_round", "verification_id", verification["id"])
    yield from unmet(
        hazard["id"],
        where,
        {
            "round-on-failed-verification": verification["passed"],
            "verification-opens-two-rounds": len(rounds) == 1,
            "round-without-declaration": _performed(declaration, hazard, round_),
        },
    )
    inspectors = max(2, verification["inspectors_required"])
    yield from _confirmed(book, hazard, "verification", verification, {"inspector": inspectors}, round_["opened_at"])
    if declaration is not None:
        yield from _declared(book, hazard, declaration, round_["opened_at"])


def _declared(book: Book, hazard: Row, declaration: Row, before: datetime) -> Iterator[Violation]:
    yield from _confirmed(book, hazard, "declaration", declaration, {"principal": 1}, before)
    second = {
        row["person_id"]
        for row in _of(book, "declaration", declaration)
        if row["capacity"] in {"controller", "safety_head"}
    }
    first = {row["person_id"] for row in _of(book, "declaration", declaration) if row["capacity"] == "principal"}
    two = len(second) >= 1 and not first & second
    yield from unmet(hazard["id"], f"declaration {declaration['id']}", {"declared-by-one-person": two})


def _of(book: Book, kind: str, document: Row) -> list[Row]:
    return [
        row for row in book.all("document_confirmation", "document_id", document["id"]) if row["document_kind"] == kind
    ]


def _confirmed(
    book: Book, hazard: Row, kind: str, document: Row, required: dict[str, int], before: datetime
) -> Iterator[Violation]:
    """So many persons in each capacity, each in post, each with a step-up over the document."""
    found = _of(book, kind, document)
    where = f"{kind} {document['id']}"
    for capacity, count in required.items():
        persons = {row["person_id"] for row in found if row["capacity"] == capacity}
        yield from unmet(hazard["id"], where, {f"too-few-confirm-the-{kind}": len(persons) >= count})
    for row in found:
        yield from unmet(
            hazard["id"],
            f"{where} confirmed by person {row['person_id']} as {row['capacity']}",
            {
                f"{kind}-confirmed-otherwise": row["document_sha256"] == document["document_sha256"]
                and row["hazard_id"] == hazard["id"],
                f"{kind}-confirmed-late": row["confirmed_at"] <= before,
                f"{kind}-confirmed-by-another": book.person_of(row["account_id"]) == row["person_id"],
                f"{kind}-confirmed-out-of-post": _in_capacity(book, hazard, row),
                f"{kind}-confirmed-without-step-up": step_up_fits(
                    book, row, document["document_sha256"], None, row["confirmed_at"]
                ),
            },
        )


def _in_capacity(book: Book, hazard: Row, confirmation: Row) -> bool:
    appointment = book.one("appointment", confirmation["appointment_id"])
    if not in_post(book, appointment, confirmation["person_id"], confirmation["confirmed_at"]) or appointment is None:
        return False
    post = book.one("post", appointment["post_id"])
    organisation = book.one("organisation", post["organisation_id"]) if post else None
    if post is None or organisation is None or post["kind"] not in _CAPACITY_OF_POST[confirmation["capacity"]]:
        return False
    if confirmation["capacity"] == "inspector":
        return bool(organisation["kind"] != "enterprise")
    responsible = organisation["id"] == hazard["responsible_organisation_id"]
    return bool(responsible or organisation["enterprise_id"] == hazard["enterprise_id"])
