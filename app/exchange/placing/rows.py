"""The rows of a paper ledger as the registry keeps them: one JSON content with its hash, and what becomes a hazard."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.exchange.ledger import LedgerRow, content_hash
from app.exchange.placing.places import Placement
from app.infrastructure.security import canonical_json
from app.regulation.deadlines import SHANGHAI
from app.regulation.vocabulary import HazardLevel, State


@dataclass(frozen=True, slots=True)
class PaperRow:
    """One row of a batch: `content` is what the sheet says, where it belongs (`placed`) and the hash of the former."""

    row_number: int
    content: Mapping[str, Any]
    sha256: bytes
    legacy_row_id: int | None = None

    @property
    def is_intact(self) -> bool:
        """Whether the content still has the hash that was attested."""
        return hash_of(self.content) == self.sha256

    @property
    def ledger_number(self) -> str:
        """The number on paper, kept for ever."""
        return str(self.content["ledger_number"])

    @property
    def found_on(self) -> date:
        """发现日期."""
        return date.fromisoformat(self.content["found_on"])

    @property
    def closed_on(self) -> date | None:
        """销号日期; None while open."""
        return day(self.content["closed_on"])


def said_by(row: LedgerRow) -> dict[str, Any]:
    """What a row says, with the hash by which it is known again."""
    said = row.content
    return {**said, "channel": row.channel.value, "content_hash": content_hash(said)}


def paper_row(row_number: int, said: Mapping[str, Any], placement: Placement) -> PaperRow:
    """A row as the registry keeps it."""
    content = {**said, "placed": placement.as_json()}
    return PaperRow(row_number, content, hash_of(content))


def hash_of(content: Mapping[str, Any]) -> bytes:
    """SHA-256 of the canonical form."""
    return hashlib.sha256(canonical_json(dict(content))).digest()


def document_hash(file_sha256: bytes, found: int, closed: int, rows: Iterable[tuple[int, bytes]]) -> bytes:
    """What the attestors' step-ups bind to: the file, its counts and the hash of every row taken in."""
    document = {
        "form": "qingling-ledger-batch-1",
        "file_sha256": file_sha256.hex(),
        "found": found,
        "closed": closed,
        "rows": [[number, sha256.hex()] for number, sha256 in sorted(rows)],
    }
    return hashlib.sha256(canonical_json(document)).digest()


def day(text: str | None) -> date | None:
    """A date out of the content."""
    return None if text is None else date.fromisoformat(text)


def start_of(on: date) -> datetime:
    """00:00 Asia/Shanghai: a ledger knows the day only, and what happened then counts from its beginning."""
    return datetime(on.year, on.month, on.day, tzinfo=SHANGHAI)


def hazard_values(row: PaperRow) -> dict[str, Any]:
    """The hazard that a row becomes; determined from the day of finding, its listing date unknown."""
    said, placed = row.content, row.content["placed"]
    found_at = start_of(row.found_on)
    closed_at = start_of(row.closed_on) if row.closed_on else None
    due_on = day(said["due_on"])
    return {
        "state": (State.CLOSED if closed_at else State.LISTED).value,
        "level": HazardLevel.MAJOR.value,
        "version": 1 if closed_at else 0,
        "channel": said["channel"],
        "sector": placed["sector"],
        "unit_id": placed["unit_id"],
        "site_id": placed["site_id"],
        "enterprise_id": placed["enterprise_id"],
        "lead_organisation_id": placed["lead_organisation_id"],
        "listing_office_id": placed["listing_office_id"],
        "supervision_tier": placed["supervision_tier"],
        "finders": said["finders"],
        "found_on": row.found_on,
        "place": said["place"],
        "circumstances": said["circumstances"],
        "reporting_record": said["reporting_record"],
        "monitoring_measures": said["monitoring_measures"],
        "ledger_number": row.ledger_number,
        # A hazard of the paper past takes no serial: the year only makes the number whole.
        "ledger_year": row.found_on.year,
        "determined_at": found_at,
        "closed_at": closed_at,
        "original_deadline": None if said["extension_count"] else due_on,
        "current_deadline": due_on,
        "is_legacy": True,
        "last_act_at": closed_at or found_at,
    }


def transition_values(row: PaperRow, hazard: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The history of a row: listed on the day of finding, and closed on the day of closing, where there is one."""
    dimensions = {
        name: hazard[name]
        for name in (
            "unit_id",
            "sector",
            "channel",
            "level",
            "supervision_tier",
            "lead_organisation_id",
            "listing_office_id",
            "enterprise_id",
            "original_deadline",
            "current_deadline",
            "found_on",
            "is_legacy",
        )
    }
    shared = dimensions | {
        "cycle": 1,
        "is_determined": True,
        "extension_count": row.content["extension_count"] or 0,
        "act_order": 0,
    }
    listed: dict[str, Any] = {
        "from_state": None,
        "to_state": State.LISTED.value,
        "version": 0,
        "occurred_at": start_of(row.found_on),
    }
    steps = [listed]
    if row.closed_on is not None:
        closed = {"from_state": State.LISTED.value, "to_state": State.CLOSED.value, "version": 1}
        steps.append(closed | {"occurred_at": start_of(row.closed_on)})
    return [shared | step for step in steps]


def record_values(row: PaperRow, batch_id: int) -> dict[str, Any]:
    """The legacy record: which row of which batch a hazard came from."""
    return {
        "batch_id": batch_id,
        "legacy_row_id": row.legacy_row_id,
        "row_number": row.row_number,
        "row_sha256": row.sha256,
        "content": dict(row.content),
        "found_on": row.found_on,
        "closed_on": row.closed_on,
        "accepted_on": day(row.content["accepted_on"]),
        "extension_count": row.content["extension_count"] or 0,
    }
