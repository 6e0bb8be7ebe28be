"""The paper past (design 3.6): legacy closings attested by two, from before go-live, row by row."""

from collections.abc import Iterator
from datetime import timedelta

from tests.oracle.book import Book, Row, Violation, day_of, unmet
from tests.oracle.signatures import step_up_fits


def paper_violations(book: Book, hazard: Row) -> Iterator[Violation]:
    """A hazard from paper has its record; a record has its hazard; a closed one has two attestors."""
    record = book.one("legacy_record", hazard["id"], "hazard_id")
    closed = [act for act in book.acts(hazard["id"]) if act["to_state"] == "closed" and act["act"] == "import_closed"]
    where = f"legacy hazard {hazard['id']}"
    yield from unmet(hazard["id"], where, {"legacy-without-record": hazard["is_legacy"] == (record is not None)})
    if record is None:
        yield from unmet(hazard["id"], where, {"paper-closing-without-record": not closed})
        return
    yield from unmet(
        hazard["id"],
        where,
        {"paper-closing-differs": (record["closed_on"] is not None) == bool(closed)},
    )
    for act in closed:
        yield from _closed(book, hazard, record, act)


def _closed(book: Book, hazard: Row, record: Row, act: Row) -> Iterator[Violation]:
    batch = book.one("legacy_batch", record["batch_id"])
    setting = book.rows["registry_setting"][0] if book.rows["registry_setting"] else None
    where = f"batch {record['batch_id']} row {record['row_number']}"
    if batch is None or setting is None:
        yield Violation("paper-without-batch", hazard["id"], where)
        return
    edition = book.one("edition", setting["first_edition_id"])
    days = edition["legacy_import_days"] if edition else 0
    attested = batch["attested_at"]
    yield from unmet(
        hazard["id"],
        where,
        {
            "paper-closed-after-go-live": record["closed_on"] is not None
            and record["closed_on"] < setting["go_live_on"],
            "paper-attested-late": attested is not None
            and day_of(attested) <= setting["go_live_on"] + timedelta(days=days),
            "paper-not-attested-by-two": _attested_by_two(book, batch),
            "paper-row-differs": _same_row(book, hazard, record),
            "paper-dates-differ": day_of(act["occurred_at"]) == record["closed_on"],
        },
    )


def _attested_by_two(book: Book, batch: Row) -> bool:
    attestors = {
        row["person_id"]
        for row in book.all("document_confirmation", "document_id", batch["id"])
        if row["document_kind"] == "attestation"
        and row["document_sha256"] == batch["document_sha256"]
        and book.person_of(row["account_id"]) == row["person_id"]
        and batch["attested_at"] is not None
        and row["confirmed_at"] <= batch["attested_at"]
        and step_up_fits(book, row, batch["document_sha256"], None, row["confirmed_at"])
    }
    return len(attestors) >= 2


def _same_row(book: Book, hazard: Row, record: Row) -> bool:
    row = book.one("legacy_row", record["legacy_row_id"])
    compared = ("batch_id", "row_number", "row_sha256", "found_on", "closed_on")
    return (
        row is not None
        and all(row[column] == record[column] for column in compared)
        and row["ledger_number"] == hazard["ledger_number"]
        and row["found_on"] == hazard["found_on"]
    )


def batch_violations(book: Book) -> Iterator[Violation]:
    """A batch holds as many closed rows as it was attested for, and all or none of them became hazards."""
    for batch in book.rows["legacy_batch"]:
        rows = book.all("legacy_row", "batch_id", batch["id"])
        records = [row for row in book.all("legacy_record", "batch_id", batch["id"]) if row["closed_on"] is not None]
        attested = batch["attested_at"] is not None
        yield from unmet(
            None,
            f"batch {batch['id']}: {len(rows)} rows, {len(records)} records, {batch['closed_count']} counted",
            {
                "batch-count-differs": not attested or len(rows) == batch["closed_count"],
                "batch-half-attested": len(records) == (batch["closed_count"] if attested else 0),
            },
        )
