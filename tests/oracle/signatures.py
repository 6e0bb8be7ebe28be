"""What every signature must be by itself and within its round (design 3.2), whether or not the round led anywhere."""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta

from tests.oracle.book import Book, Row, Violation, unmet


def in_post(book: Book, appointment: Row | None, person_id: int, instant: datetime) -> bool:
    """Whether a confirmed appointment, never back-dated, put the person in the post at the instant."""
    if appointment is None or appointment["person_id"] != person_id or appointment["confirmed_at"] is None:
        return False
    until = appointment["valid_until"]
    begun = max(appointment["confirmed_at"], appointment["valid_from"]) <= instant
    by_two = appointment["confirmed_by_account_id"] != appointment["proposed_by_account_id"]
    proposer = book.person_of(appointment["proposed_by_account_id"])
    confirmer = book.person_of(appointment["confirmed_by_account_id"])
    by_two = by_two and (proposer is None or proposer != confirmer)
    return begun and by_two and (until is None or instant <= until)


def step_up_fits(book: Book, row: Row, content: bytes, level: int | None, at: datetime) -> bool:
    """Whether a row's step-up is of its account, over this content and level, made before it and used once."""
    step_up = book.one("step_up", row["step_up_id"])
    if step_up is None:
        return False
    session = book.one("session", step_up["session_id"])
    return (
        step_up["account_id"] == row["account_id"]
        and session is not None
        and session["account_id"] == row["account_id"]
        and step_up["content_sha256"] == content
        and step_up["level"] == level
        and step_up["recorded_at"] <= at
        and book.step_up_uses[step_up["id"]] == 1
    )


def disabled_for_cause(book: Book, signature: Row, before: datetime) -> bool:
    """Whether the signer had been disabled for cause before the instant."""
    return any(
        row["for_cause"] and row["recorded_at"] < before
        for row in book.all("person_disablement", "person_id", signature["person_id"])
    )


def round_violations(book: Book, hazard: Row, round_: Row) -> Iterator[Violation]:
    """A round's content is what is hashed; each of its signatures is right by itself and in its place."""
    signatures = book.all("signature", "round_id", round_["id"])
    content = hashlib.sha256(round_["content"].encode()).digest()
    yield from unmet(
        hazard["id"],
        f"round {round_['id']}",
        {"content-hash-wrong": content == round_["content_sha256"]},
    )
    for signature in signatures:
        yield from _alone(book, hazard, round_, signature)
        yield from _hand(book, hazard, round_, signature)
        yield from _in_order(book, hazard, signature, signatures)
    yield from _end(book, hazard, round_, signatures)


def _alone(book: Book, hazard: Row, round_: Row, signature: Row) -> Iterator[Violation]:
    """The signer: who, in which post, over which content, when."""
    level = _level(book, signature)
    appointment = book.one("appointment", signature["appointment_id"])
    post = book.one("post", appointment["post_id"]) if appointment else None
    person = book.one("person", signature["person_id"])
    fits = (
        level is not None
        and post is not None
        and (post["kind"], post["organisation_id"]) == (level["post_kind"], level["organisation_id"])
    )
    signed: datetime = signature["signed_at"]
    end = book.one("round_end", round_["id"], "round_id")
    yield from unmet(
        hazard["id"],
        f"signature {signature['id']} at level {signature['level']} of round {round_['id']}",
        {
            "signature-of-another-hazard": signature["hazard_id"] == round_["hazard_id"] == hazard["id"],
            "signature-of-another-cycle": signature["cycle"] == round_["cycle"],
            "signature-at-no-level": level is not None,
            "signature-over-another-content": signature["content_sha256"] == round_["content_sha256"],
            "signer-not-in-post": in_post(book, appointment, signature["person_id"], signed),
            "signer-in-another-post": fits,
            "signer-without-identity": person is not None and person["identity_digest"] is not None,
            "signed-before-the-round": round_["opened_at"] <= signed,
            "signed-after-the-round": end is None or signed <= end["ended_at"],
            "rectifier-signs": not _is_rectifier(book, hazard, round_, signature, level),
        },
    )


def _hand(book: Book, hazard: Row, round_: Row, signature: Row) -> Iterator[Violation]:
    """The hand: an own account with a fresh step-up, or a scan entered by a registrar who signs nothing here."""
    account = book.one("account", signature["account_id"])
    level = _level(book, signature)
    where = f"signature {signature['id']} by account {signature['account_id']}"
    served = account is not None and not account["is_service"]
    alive = account is not None and (account["disabled_at"] is None or account["disabled_at"] >= signature["signed_at"])
    yield from unmet(hazard["id"], where, {"service-account-signs": served, "disabled-account-signs": alive})
    if signature["kind"] == "paper":
        scan = book.one("evidence", signature["scan_evidence_id"])
        signers = {row["person_id"] for row in book.all("signature", "round_id", round_["id"])}
        yield from unmet(
            hazard["id"],
            where,
            {
                "paper-not-allowed": level is not None and level["paper_allowed"],
                "paper-of-another-hazard": scan is not None and scan["hazard_id"] == hazard["id"],
                "registrar-signs": book.person_of(signature["account_id"]) not in signers,
            },
        )
        return
    yield from unmet(
        hazard["id"],
        where,
        {
            "account-of-another-person": book.person_of(signature["account_id"]) == signature["person_id"],
            "step-up-does-not-fit": step_up_fits(
                book, signature, round_["content_sha256"], signature["level"], signature["signed_at"]
            ),
            "step-up-stale": _is_fresh(book, round_, signature),
        },
    )


def _is_fresh(book: Book, round_: Row, signature: Row) -> bool:
    step_up = book.one("step_up", signature["step_up_id"])
    edition = book.one("edition", round_["edition_id"])
    if step_up is None or edition is None:
        return False
    age: timedelta = signature["signed_at"] - step_up["recorded_at"]
    return age <= timedelta(minutes=edition["step_up_minutes"])


def _level(book: Book, signature: Row) -> Row | None:
    levels = book.all("round_level", "round_id", signature["round_id"])
    return next((row for row in levels if row["level"] == signature["level"]), None)


def _is_rectifier(book: Book, hazard: Row, round_: Row, signature: Row, level: Row | None) -> bool:
    """Who rectified declares it, or holds a post of the responsible enterprise; that level apart, they do not sign."""
    if level is None or level["party"] == "enterprise":
        return False
    declared = {
        confirmation["person_id"]
        for declaration in book.all("declaration", "hazard_id", hazard["id"])
        if declaration["cycle"] == round_["cycle"]
        for confirmation in (*_confirmations(book, declaration), declaration)
    }
    return signature["person_id"] in declared or _serves_the_enterprise(book, hazard, signature)


def _confirmations(book: Book, declaration: Row) -> list[Row]:
    found = book.all("document_confirmation", "document_id", declaration["id"])
    return [row for row in found if row["document_kind"] == "declaration"]


def _serves_the_enterprise(book: Book, hazard: Row, signature: Row) -> bool:
    if hazard["enterprise_id"] is None:
        return False
    own = book.one("organisation", hazard["enterprise_id"], "enterprise_id")
    for appointment in book.all("appointment", "person_id", signature["person_id"]):
        post = book.one("post", appointment["post_id"])
        serves = own is not None and post is not None and post["organisation_id"] == own["id"]
        if serves and in_post(book, appointment, signature["person_id"], signature["signed_at"]):
            return True
    return False


def _in_order(book: Book, hazard: Row, signature: Row, signatures: list[Row]) -> Iterator[Violation]:
    """Strict order, one level a person, one valid signature a level."""
    signed: datetime = signature["signed_at"]
    earlier = [row for row in signatures if row["id"] < signature["id"]]
    standing = [row for row in earlier if (gone := book.withdrawn_at(row)) is None or gone > signed]
    at_most = [row for row in earlier if (gone := book.withdrawn_at(row)) is None or gone >= signed]
    below = {row["level"] for row in at_most if row["level"] < signature["level"]}
    yield from unmet(
        hazard["id"],
        f"signature {signature['id']} at level {signature['level']}",
        {
            "level-skipped": below >= set(range(1, signature["level"])),
            "level-signed-twice": all(row["level"] < signature["level"] for row in standing),
            "person-signs-two-levels": all(
                row["level"] == signature["level"] for row in earlier if row["person_id"] == signature["person_id"]
            ),
            "signed-over-a-voided-signature": not any(disabled_for_cause(book, row, signed) for row in standing),
            "signed-back-in-time": all(row["signed_at"] <= signed for row in earlier),
        },
    )
    withdrawal = book.one("signature_withdrawal", signature["id"], "signature_id")
    if withdrawal is not None:
        yield from _withdrawal(book, hazard, signature, withdrawal, signatures)


def _withdrawal(book: Book, hazard: Row, signature: Row, withdrawal: Row, signatures: list[Row]) -> Iterator[Violation]:
    """Only by the signer, only the newest valid one, only while the round is open."""
    gone: datetime = withdrawal["withdrawn_at"]
    end = book.one("round_end", signature["round_id"], "round_id")
    newer = [
        row
        for row in signatures
        if row["id"] > signature["id"] and row["signed_at"] < gone and not _was_gone(book, row, gone)
    ]
    own = book.person_of(withdrawal["account_id"]) == signature["person_id"] or signature["kind"] == "paper"
    yield from unmet(
        hazard["id"],
        f"withdrawal {withdrawal['id']} of signature {signature['id']}",
        {
            "withdrawal-of-another-hazard": withdrawal["hazard_id"] == hazard["id"],
            "withdrawn-by-another": own,
            "withdrawn-out-of-order": not newer,
            "withdrawn-before-signing": signature["signed_at"] <= gone,
            "withdrawn-after-the-round": end is None or gone <= end["ended_at"],
        },
    )


def _was_gone(book: Book, signature: Row, instant: datetime) -> bool:
    gone = book.withdrawn_at(signature)
    return gone is not None and gone <= instant


def _end(book: Book, hazard: Row, round_: Row, signatures: list[Row]) -> Iterator[Violation]:
    """A round ends as its signatures say."""
    end = book.one("round_end", round_["id"], "round_id")
    valid = {row["level"] for row in signatures if book.withdrawn_at(row) is None}
    if end is None:
        complete = len(valid) >= round_["level_count"]
        yield from unmet(hazard["id"], f"round {round_['id']}", {"complete-round-without-end": not complete})
        return
    refused = end["outcome"] != "refused" or end["refused_level"] == max(valid, default=0) + 1
    yield from unmet(
        hazard["id"],
        f"round {round_['id']} ended {end['outcome']}",
        {
            "end-of-another-hazard": end["hazard_id"] == hazard["id"],
            "completed-without-all-levels": end["outcome"] != "completed"
            or valid == set(range(1, round_["level_count"] + 1)),
            "refused-at-another-level": refused,
        },
    )
