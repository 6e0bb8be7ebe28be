"""What an understood ledger is: the rows to take in, and an account of every other row of the file.

A hazard is closed if and only if its 销号日期 is filled in; what 整改进展 says otherwise is reported, never followed.
"""

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from decimal import Decimal
from enum import StrEnum

from app.exchange.ledger_cells import Fault, Repair
from app.regulation.vocabulary import Channel


@dataclass(frozen=True, slots=True)
class KnownNames:
    """The names a ledger may use: accepted spelling → canonical name; a canonical name need not be listed again."""

    districts: Mapping[str, str]
    sectors: Mapping[str, str]

    def folded(self) -> "KnownNames":
        """The same with every spelling, the canonical ones among them, in half-width form as cells are compared."""
        return KnownNames(_folded(self.districts), _folded(self.sectors))


def _folded(names: Mapping[str, str]) -> dict[str, str]:
    spellings = {name: name for name in names.values()} | dict(names)
    return {unicodedata.normalize("NFKC", spelling): name for spelling, name in spellings.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """One hazard as the cleaned row tells it; None is what the sheet does not say. Funds are in 万元."""

    row: int
    ledger_number: str
    district: str
    town: str | None
    enterprise_name: str
    enterprise_code: str
    sector: str
    place: str | None
    circumstances: str
    basis: str | None
    channel: Channel
    found_on: date
    finders: str | None
    reporting_record: str | None
    monitoring_measures: str | None
    responsible_person: str | None
    measures: str | None
    funds: Decimal | None
    due_on: date | None
    emergency_plan: str | None
    supervision_tier: str | None
    regulator: str | None
    progress: str | None
    extension_count: int | None
    accepted_on: date | None
    closed_on: date | None
    remark: str | None
    repairs: tuple[Repair, ...] = ()
    hidden: bool = False

    @property
    def closed(self) -> bool:
        """销号: the closing date is filled in."""
        return self.closed_on is not None

    @property
    def content(self) -> dict[str, object]:
        """What the cleaned row says, as JSON holds it: dates in ISO form, money as a string."""
        return {name: _plain(getattr(self, name)) for name in _CONTENT_FIELDS}

    @property
    def content_hash(self) -> str:
        """SHA-256 over what the cleaned row says, wherever it stands in the file and however it was written."""
        return content_hash(self.content)

    def as_json(self) -> dict[str, object]:
        """The row as JSON holds it, with its repairs and its hash."""
        content = self.content
        repairs = [asdict(repair) for repair in self.repairs]
        return {
            "row": self.row,
            **content,
            "repairs": repairs,
            "hidden": self.hidden,
            "content_hash": content_hash(content),
        }


def content_hash(content: Mapping[str, object]) -> str:
    """SHA-256 of a row's content."""
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


_CONTENT_FIELDS = tuple(item.name for item in fields(LedgerRow) if item.name not in {"row", "repairs", "hidden"})


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, date):
        return value.isoformat()
    return value


class SkipReason(StrEnum):
    """Why a row is no hazard of its own."""

    BLANK = "blank"
    SUBTOTAL = "subtotal"
    FOOTER = "footer"
    HEADING = "heading"
    REPEAT = "repeat"


@dataclass(frozen=True, slots=True)
class SkippedRow:
    """A row left out, and why; for a repeat, the row it repeats."""

    row: int
    reason: SkipReason
    message: str
    repeats: int | None = None


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that could not be taken: each cell at fault and its remedy."""

    row: int
    ledger_number: str | None
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class LedgerFinding:
    """Something a person must know about the file: one per distinct matter, with its rows and cells."""

    code: str
    message: str
    rows: tuple[int, ...] = ()
    cells: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tally:
    """Found and closed hazards."""

    found: int
    closed: int


@dataclass(frozen=True, slots=True)
class LedgerTotals:
    """The figures of the file as understood, repeats once; `rate` is closed ÷ found in percent, None for none found."""

    found: int
    closed: int
    open: int
    rate: str | None
    by_district: Mapping[str, Tally]
    by_sector: Mapping[str, Tally]


@dataclass(frozen=True, slots=True)
class UnderstoodLedger:
    """A whole ledger: the rows to take in, and an account of every other row below the heading."""

    file_name: str
    sha256: str
    sheet: str
    rows: tuple[LedgerRow, ...]
    skipped: tuple[SkippedRow, ...]
    refused: tuple[RefusedRow, ...]
    findings: tuple[LedgerFinding, ...]
    totals: LedgerTotals
    columns: Mapping[str, int] = field(default_factory=dict)
    """Where each field of a row stands in the sheet, counted from 1."""

    @property
    def counts(self) -> dict[str, int]:
        """How many rows below the heading fell into each class."""
        repaired = sum(bool(row.repairs) for row in self.rows)
        return {
            "imported": len(self.rows) - repaired,
            "repaired": repaired,
            "skipped": len(self.skipped),
            "refused": len(self.refused),
        }

    def as_json(self) -> dict[str, object]:
        """What commands and the API print of it; the hazards themselves are `rows` of the object."""
        return {
            "file": self.file_name,
            "sha256": self.sha256,
            "sheet": self.sheet,
            "totals": asdict(self.totals),
            "rows": self.counts,
            "findings": [asdict(finding) for finding in self.findings],
            "repaired": [{"row": row.row, **asdict(repair)} for row in self.rows for repair in row.repairs],
            "skipped": [asdict(row) for row in self.skipped],
            "refused": [asdict(row) for row in self.refused],
        }
