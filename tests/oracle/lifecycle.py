"""The lifecycle as design 3.1 words it, copied by hand, and the check of each hazard's walk through it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from tests.oracle.book import DOCUMENTS, Book, Row, Violation, day_of, unmet

Step = tuple[str | None, str, str]

_OPEN: Final = ("reported", "listed", "rectified")
_WHILE_LISTED: Final = (
    "submit_plan",
    "approve_plan",
    "return_plan",
    "report_progress",
    "request_extension",
    "decide_extension",
    "transfer",
    "refuse_transfer",
    "change_supervision_level",
    "open_withdrawal",
    "open_cessation",
    "sign",
    "refuse_signature",
    "withdraw_signature",
)
STEPS: Final[frozenset[Step]] = frozenset(
    {
        (None, "report", "reported"),
        (None, "import_open", "listed"),
        (None, "import_closed", "listed"),
        ("listed", "import_closed", "closed"),
        ("reported", "amend", "reported"),
        ("reported", "determine", "reported"),
        ("reported", "dismiss", "dismissed"),
        ("reported", "list", "listed"),
        ("reported", "list_fixed_on_the_spot", "rectified"),
        ("listed", "declare", "rectified"),
        ("listed", "sign", "dismissed"),
        ("listed", "sign", "closed"),
        ("rectified", "declare", "rectified"),
        ("rectified", "pass_verification", "rectified"),
        ("rectified", "fail_verification", "listed"),
        ("rectified", "sign", "rectified"),
        ("rectified", "sign", "closed"),
        ("rectified", "refuse_signature", "listed"),
        ("rectified", "refuse_signature", "rectified"),
        ("rectified", "withdraw_signature", "rectified"),
        ("closed", "delist", "closed"),
        ("closed", "pass_revisit", "closed"),
        ("closed", "fail_revisit", "listed"),
        ("closed", "relapse", "listed"),
        *(("listed", act, "listed") for act in _WHILE_LISTED),
        *((state, "order_production_measure", state) for state in _OPEN),
        *((state, "lift_production_measure", state) for state in (*_OPEN, "closed")),
        *((state, "correct", state) for state in (*_OPEN, "closed")),
    }
)

BACK_ENTERED: Final = frozenset(
    {"report", "pass_verification", "fail_verification", "report_progress", "pass_revisit", "fail_revisit", "relapse"}
    | {"import_open", "import_closed"}
)
"""Acts whose `occurred_at` may lie before they were recorded; every other happens when recorded."""
_MAY_MOVE_DEADLINE: Final = frozenset(
    {"list", "list_fixed_on_the_spot", "decide_extension", "change_supervision_level", "correct"}
)
_NEEDS_DOCUMENT: Final = (
    "determination",
    "dismissal",
    "listing",
    "declaration",
    "verification",
    "round_request",
    "correction",
    "delisting",
    "revisit",
)
_SAME_INSTANT: Final = timedelta(minutes=5)
_COPIED: Final = (
    "unit_id",
    "sector",
    "channel",
    "level",
    "supervision_tier",
    "lead_organisation_id",
    "listing_office_id",
)
_COPIED_TOO: Final = (
    "enterprise_id",
    "original_deadline",
    "current_deadline",
    "found_on",
    "is_legacy",
    "version",
    "cycle",
)


def lifecycle_violations(book: Book, hazard: Row) -> Iterator[Violation]:
    """Everything wrong with the walk of one hazard."""
    acts = book.acts(hazard["id"])
    if not acts:
        yield Violation("no-history", hazard["id"], "no-history: a hazard without its first act")
        return
    yield from _beginning(hazard, acts[0])
    for before, act in pairwise(acts):
        yield from _step(hazard, before, act)
        yield from _deadlines(hazard, before, act)
    for act in acts:
        yield from _times(hazard, act)
        yield from _document_of(book, hazard, act)
    yield from _end(hazard, acts[-1])
    yield from _fixed_on_the_spot(hazard, acts)
    yield from _restatements(book, hazard)
    for table in DOCUMENTS:
        for document in book.all(table, "hazard_id", hazard["id"]):
            yield from _document(book, table, document)


def _beginning(hazard: Row, first: Row) -> Iterator[Violation]:
    """A hazard begins with a report, or with an import from before go-live."""
    imported = first["act"] in {"import_open", "import_closed"}
    yield from unmet(
        hazard["id"],
        f"transition {first['id']} {first['act']}",
        {
            "begins-elsewhere": (first["from_state"], first["act"], first["to_state"]) in STEPS
            and first["from_state"] is None,
            "first-cycle": first["cycle"] == 1,
            "first-version": first["version"] in {0, 1},
            "legacy-by-import-alone": imported == first["is_legacy"] == hazard["is_legacy"],
        },
    )


def _step(hazard: Row, before: Row, act: Row) -> Iterator[Violation]:
    """One act after another: from where the last one ended, along the table, counted by one."""
    returns = act["to_state"] == "listed" and act["from_state"] in {"rectified", "closed"}
    import_again = act["act"] in {"import_open", "import_closed"} and not (
        act["is_legacy"] and before["from_state"] is None and act["act"] == "import_closed"
    )
    was_listed = before["to_state"] != "reported"
    yield from unmet(
        hazard["id"],
        f"transition {act['id']}: {act['from_state']} -{act['act']}-> {act['to_state']} after {before['to_state']}",
        {
            "state-jumps": act["from_state"] == before["to_state"],
            "step-not-in-the-table": (act["from_state"], act["act"], act["to_state"]) in STEPS,
            "cycle-miscounted": act["cycle"] == before["cycle"] + returns,
            "version-miscounted": act["version"] == before["version"] + 1,
            "imported-twice": not import_again,
            "amended-after-determination": act["act"] != "amend" or not before["is_determined"],
            "listed-undetermined": act["act"] not in {"list", "list_fixed_on_the_spot"} or before["is_determined"],
            "determination-undone": act["is_determined"] >= before["is_determined"],
            "level-changed-after-listing": not was_listed or act["level"] == before["level"],
            "without-an-owner": not was_listed or act["is_legacy"] or act["lead_organisation_id"] is not None,
            "legacy-flag-changed": act["is_legacy"] == before["is_legacy"],
            "goes-back-in-time": act["occurred_at"] >= before["occurred_at"],
            "recorded-back-in-time": act["recorded_at"] >= before["recorded_at"],
        },
    )


def _deadlines(hazard: Row, before: Row, act: Row) -> Iterator[Violation]:
    """The original deadline stays once set; the current one moves by the acts that may move it."""
    old, new = before["current_deadline"], act["current_deadline"]
    returned = act["to_state"] == "listed" and act["from_state"] in {"rectified", "closed"}
    lowered = act["act"] == "change_supervision_level" and None not in (old, new) and new > old
    yield from unmet(
        hazard["id"],
        f"transition {act['id']} {act['act']}: {old} -> {new}",
        {
            "original-deadline-changed": before["original_deadline"] in (None, act["original_deadline"]),
            "deadline-moved-by-another-act": old == new or returned or act["act"] in _MAY_MOVE_DEADLINE,
            "supervision-change-postpones": not lowered,
            "deadline-removed": old is None or new is not None,
        },
    )


def _times(hazard: Row, act: Row) -> Iterator[Violation]:
    """What may not be entered later happened when it was recorded; nothing happened after it was recorded."""
    lag: timedelta = act["recorded_at"] - act["occurred_at"]
    yield from unmet(
        hazard["id"],
        f"transition {act['id']} {act['act']} occurred {lag} before it was recorded",
        {
            "happened-after-recording": lag >= -_SAME_INSTANT,
            "back-entered": act["act"] in BACK_ENTERED or lag <= _SAME_INSTANT,
            "act-order-is-its-own": act["act_order"] == act["id"],
        },
    )


def _end(hazard: Row, last: Row) -> Iterator[Violation]:
    """The hazard's facts are those of its last act."""
    where = f"hazard {hazard['id']} is {hazard['state']} v{hazard['version']}, last act {last['act']}"
    yield from unmet(hazard["id"], where, {"state-without-act": hazard["state"] == last["to_state"]})
    for column in (*_COPIED, *_COPIED_TOO):
        same = hazard[column] == last[column]
        yield from unmet(hazard["id"], f"{where}: {column}", {"facts-differ-from-last-act": same})


def _fixed_on_the_spot(hazard: Row, acts: list[Row]) -> Iterator[Violation]:
    """Declaring while already rectified: on-the-spot cases only, once."""
    declared = [act for act in acts if (act["from_state"], act["act"]) == ("rectified", "declare")]
    on_the_spot = any(act["act"] == "list_fixed_on_the_spot" for act in acts)
    yield from unmet(
        hazard["id"],
        f"{len(declared)} declarations while rectified",
        {"declared-twice": len(declared) <= int(on_the_spot)},
    )


def _restatements(book: Book, hazard: Row) -> Iterator[Violation]:
    """A restating copy keeps instant, act and original deadline, and comes with a correction."""
    rows = book.all("hazard_transition", "hazard_id", hazard["id"])
    corrections = {row["transaction_id"] for row in rows if row["act"] == "correct" and row["restates"] is None}
    kept = ("hazard_id", "act", "from_state", "to_state", "cycle", "occurred_at", "act_order", "original_deadline")
    for copy in (row for row in rows if row["restates"] is not None):
        stated = book.one("hazard_transition", copy["restates"])
        yield from unmet(
            hazard["id"],
            f"transition {copy['id']} restates {copy['restates']}",
            {
                "restates-differently": stated is not None and all(copy[column] == stated[column] for column in kept),
                "restated-without-correction": copy["transaction_id"] in corrections,
            },
        )


def _document(book: Book, table: str, document: Row) -> Iterator[Violation]:
    """A performed document belongs to one act of its hazard and of its kind."""
    if document["transition_id"] is None:
        return
    act = book.one("hazard_transition", document["transition_id"])
    fits = act is not None and act["hazard_id"] == document["hazard_id"] and act["act"] in DOCUMENTS[table]
    yield from unmet(
        document["hazard_id"],
        f"{table} {document['id']} of transition {document['transition_id']}",
        {
            "document-of-another-act": fits,
            "document-shares-an-act": len(book.all(table, "transition_id", document["transition_id"])) == 1,
            "document-of-another-cycle": act is not None and document["cycle"] in {act["cycle"], act["cycle"] - 1},
        },
    )


def _document_of(book: Book, hazard: Row, act: Row) -> Iterator[Violation]:
    """An act that is a document's has that document."""
    if act["act"] == "sign":
        signed = [row for row in book.all("signature", "transition_id", act["id"]) if row["hazard_id"] == hazard["id"]]
        yield from unmet(hazard["id"], f"transition {act['id']}", {"act-without-signature": len(signed) == 1})
        return
    for table in _NEEDS_DOCUMENT:
        if act["act"] in DOCUMENTS[table]:
            found = book.all(table, "transition_id", act["id"])
            yield from unmet(
                hazard["id"], f"transition {act['id']} {act['act']}", {"act-without-document": bool(found)}
            )
            return


def measure_violations(book: Book, hazard: Row) -> Iterator[Violation]:
    """A full stop is lifted only once the hazard is closed; delisting and revisits come after closing."""
    for lift in book.all("production_measure_lift", "hazard_id", hazard["id"]):
        measure = book.one("production_measure", lift["production_measure_id"])
        act = book.one("hazard_transition", lift["transition_id"])
        early = act is not None and act["from_state"] != "closed"
        full = measure is not None and measure["kind"] == "full_stop"
        yield from unmet(hazard["id"], f"lift {lift['id']}", {"full-stop-lifted-early": not (full and early)})


def extension_violations(book: Book, hazard: Row) -> Iterator[Violation]:
    """An extension is asked for before the deadline it extends is over."""
    for request in book.all("extension_request", "hazard_id", hazard["id"]):
        asked: datetime = request["recorded_at"]
        if request["transition_id"] is not None:
            in_time = day_of(asked) <= request["current_due_on"]
            yield from unmet(hazard["id"], f"request {request['id']}", {"extension-asked-late": in_time})
