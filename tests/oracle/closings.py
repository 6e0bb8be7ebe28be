"""Closed means: the sealed record of a complete, ordered, fresh set of signatures (design 3.2)."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from tests.oracle.book import Book, Row, Violation, unmet
from tests.oracle.rectification import basis_violations
from tests.oracle.signatures import disabled_for_cause

_PURPOSE: Final = {
    ("rectified", "closed"): "closing",
    ("listed", "closed"): "cessation",
    ("listed", "dismissed"): "withdrawal",
}


def round_place_violations(book: Book, hazard: Row) -> Iterator[Violation]:
    """One open round at most, of the current cycle and where its purpose belongs; none once closed or dismissed."""
    rounds = book.all("signing_round", "hazard_id", hazard["id"])
    still = [row for row in rounds if book.one("round_end", row["id"], "round_id") is None]
    belongs = {"closing": "rectified", "withdrawal": "listed", "cessation": "listed"}
    yield from unmet(hazard["id"], f"{len(still)} open rounds", {"two-open-rounds": len(still) <= 1})
    for round_ in still:
        yield from unmet(
            hazard["id"],
            f"open round {round_['id']} for {round_['purpose']} of a {hazard['state']} hazard",
            {
                "open-round-out-of-place": belongs[round_["purpose"]] == hazard["state"],
                "open-round-of-another-cycle": round_["cycle"] == hazard["cycle"],
            },
        )
    for before, after in pairwise(rounds):
        end = book.one("round_end", before["id"], "round_id")
        apart = end is not None and end["ended_at"] <= after["opened_at"]
        yield from unmet(hazard["id"], f"rounds {before['id']}, {after['id']}", {"rounds-overlap": apart})


def closing_violations(book: Book, hazard: Row) -> Iterator[Violation]:
    """Every closing and every dismissal in the hazard's history, and its state today."""
    ends = [
        act
        for act in book.acts(hazard["id"])
        if act["to_state"] in {"closed", "dismissed"} and act["from_state"] != act["to_state"]
    ]
    for act in ends:
        yield from _ending(book, hazard, act)
    if hazard["state"] == "closed":
        current = [row for row in _seals(book, hazard) if row["cycle"] == hazard["cycle"]]
        legacy = hazard["is_legacy"] and hazard["cycle"] == 1 and bool(_legacy_record(book, hazard))
        yield from unmet(hazard["id"], f"cycle {hazard['cycle']}", {"closed-without-seal": bool(current) or legacy})
    for sealed in _seals(book, hazard):
        matching = [act for act in ends if (act["act"], act["cycle"]) == ("sign", sealed["cycle"])]
        yield from unmet(hazard["id"], f"seal {sealed['id']}", {"seal-without-closing": len(matching) == 1})
        yield from _seal(book, hazard, sealed)


def _seals(book: Book, hazard: Row) -> list[Row]:
    return book.all("sealed_closing", "hazard_id", hazard["id"])


def _legacy_record(book: Book, hazard: Row) -> list[Row]:
    return book.all("legacy_record", "hazard_id", hazard["id"])


def _ending(book: Book, hazard: Row, act: Row) -> Iterator[Violation]:
    """Behind the last act stands a completed round of its purpose, a legacy record, or a dismissal."""
    if act["act"] == "import_closed":
        return
    if act["act"] == "dismiss":
        yield from _dismissal(book, hazard, act, None)
        return
    purpose = _PURPOSE.get((act["from_state"], act["to_state"]))
    rounds = [
        row
        for row in book.all("signing_round", "hazard_id", hazard["id"])
        if (row["cycle"], row["purpose"]) == (act["cycle"], purpose) and _outcome(book, row) == "completed"
    ]
    where = f"transition {act['id']}: {act['from_state']} -> {act['to_state']} in cycle {act['cycle']}"
    yield from unmet(hazard["id"], where, {"ended-without-signatures": len(rounds) == 1})
    for round_ in rounds:
        yield from _complete(book, hazard, round_, act)
        if purpose == "withdrawal":
            yield from _dismissal(book, hazard, act, round_)
        else:
            sealed = book.one("sealed_closing", round_["id"], "round_id")
            yield from unmet(hazard["id"], where, {"closed-without-seal": sealed is not None})


def _outcome(book: Book, round_: Row) -> str | None:
    end = book.one("round_end", round_["id"], "round_id")
    return end["outcome"] if end else None


def _complete(book: Book, hazard: Row, round_: Row, act: Row) -> Iterator[Violation]:
    """1..n in order by n persons over one content, nobody disabled for cause, all before the closing."""
    valid = book.valid_signatures(round_)
    end = book.one("round_end", round_["id"], "round_id")
    at: datetime = end["ended_at"] if end else act["recorded_at"]
    yield from unmet(
        hazard["id"],
        f"round {round_['id']} with valid signatures {[row['id'] for row in valid]}",
        {
            "incomplete-signatures": [row["level"] for row in valid] == list(range(1, round_["level_count"] + 1)),
            "one-person-twice": len({row["person_id"] for row in valid}) == len(valid),
            "contents-differ": {row["content_sha256"] for row in valid} == {round_["content_sha256"]},
            "signer-disabled-for-cause": not _disabled_signer(book, round_, at),
            "ended-apart-from-the-act": abs(at - act["recorded_at"]) <= timedelta(minutes=5),
            "signed-after-closing": all(row["signed_at"] <= at for row in valid),
        },
    )
    yield from basis_violations(book, hazard, round_)


def _disabled_signer(book: Book, round_: Row, before: datetime) -> bool:
    return any(disabled_for_cause(book, row, before) for row in book.valid_signatures(round_))


def _seal(book: Book, hazard: Row, sealed: Row) -> Iterator[Violation]:
    """The seal names exactly the round's valid signatures, each used once, over the round's content."""
    round_ = book.one("signing_round", sealed["round_id"])
    if round_ is None:
        yield Violation("seal-without-round", hazard["id"], f"seal {sealed['id']}")
        return
    used = sorted(book.all("sealed_closing_signature", "sealed_closing_id", sealed["id"]), key=lambda row: row["level"])
    valid = book.valid_signatures(round_)
    same_facts = all(sealed[column] == round_[column] for column in ("hazard_id", "cycle", "purpose", "content_sha256"))
    yield from unmet(
        hazard["id"],
        f"seal {sealed['id']} of round {round_['id']}",
        {
            "seal-of-another-round": same_facts,
            "seal-names-other-signatures": [(row["level"], row["signature_id"], row["person_id"]) for row in used]
            == [(row["level"], row["id"], row["person_id"]) for row in valid],
            "sealed-signature-of-another-hazard": all(row["hazard_id"] == hazard["id"] for row in used),
            "signature-used-twice": all(
                len(book.all("sealed_closing_signature", "signature_id", row["signature_id"])) == 1 for row in used
            ),
            "sealed-incomplete-round": len(used) == round_["level_count"],
            "sealed-before-signing": all(row["signed_at"] <= sealed["closed_at"] for row in valid),
        },
    )


def _dismissal(book: Book, hazard: Row, act: Row, round_: Row | None) -> Iterator[Violation]:
    """A dismissal says why; through a round, why was asked when the round opened; a survivor or successor exists."""
    documents = book.all("dismissal", "transition_id", act["id"])
    request = book.one("round_request", round_["round_request_id"]) if round_ else None
    reason = documents[0]["reason"] if documents else None
    allowed = {"unsubstantiated", "duplicate", "regraded"} | ({"not_major"} if round_ is None else set())
    survivor = documents[0]["duplicate_of_id"] if documents else None
    yield from unmet(
        hazard["id"],
        f"transition {act['id']} dismisses for {reason}",
        {
            "dismissed-without-reason": len(documents) == 1 and reason in allowed,
            "dismissed-for-another-reason": request is None or request["dismiss_reason"] == reason,
            "duplicate-without-survivor": reason != "duplicate" or survivor not in {None, hazard["id"]},
            "regraded-without-successor": reason != "regraded" or _has_successor(book, hazard),
        },
    )


def _has_successor(book: Book, hazard: Row) -> bool:
    successors = book.all("hazard", "regraded_from_id", hazard["id"])
    return len(successors) == 1 and successors[0]["level"] == "key"


def content_violations(book: Book, hazard: Row) -> Iterator[Violation]:
    """What was signed reads as the hazard and its evidence stood when the seal was set, unless corrected since."""
    seals = [row for row in _seals(book, hazard) if row["cycle"] == hazard["cycle"]]
    for sealed in seals:
        round_ = book.one("signing_round", sealed["round_id"])
        if round_ is None:
            continue
        corrected = any(
            act["act"] == "correct" and act["recorded_at"] > round_["opened_at"] for act in book.acts(hazard["id"])
        )
        words = _words(round_["content"])
        said = corrected or {hazard["place"], hazard["circumstances"]} <= words
        yield from unmet(hazard["id"], f"round {round_['id']}", {"signed-content-is-not-the-hazard": said})
        yield from _evidence(book, hazard, round_)


def _evidence(book: Book, hazard: Row, round_: Row) -> Iterator[Violation]:
    verification = book.one("verification", round_["verification_id"])
    cited = {("verification", round_["verification_id"]), ("round_request", round_["round_request_id"])}
    if verification is not None:
        cited.add(("declaration", verification["declaration_id"]))
    for link in book.all("document_evidence", "hazard_id", hazard["id"]):
        if (link["document_kind"], link["document_id"]) in cited:
            evidence = book.one("evidence", link["evidence_id"])
            named = evidence is not None and evidence["sha256"].hex() in round_["content"].lower()
            own = evidence is not None and evidence["hazard_id"] == hazard["id"]
            yield from unmet(
                hazard["id"],
                f"evidence {link['evidence_id']} of {link['document_kind']}",
                {"evidence-not-signed": named, "evidence-of-another-hazard": own},
            )


def _words(content: str) -> set[str]:
    try:
        return set(_strings(json.loads(content)))
    except json.JSONDecodeError:
        return {content}


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)
