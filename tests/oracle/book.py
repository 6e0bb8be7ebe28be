"""What the oracle reads: every row that bears on a hazard's history, as the database holds it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any, Final
from zoneinfo import ZoneInfo

from psycopg import Connection, Cursor, sql
from psycopg.rows import dict_row

Row = dict[str, Any]
SHANGHAI: Final = ZoneInfo("Asia/Shanghai")

DOCUMENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "determination": ("determine",),
    "dismissal": ("dismiss", "sign"),
    "listing": ("list", "list_fixed_on_the_spot"),
    "plan": ("submit_plan",),
    "plan_decision": ("approve_plan", "return_plan"),
    "progress": ("report_progress",),
    "extension_request": ("request_extension",),
    "extension_decision": ("decide_extension",),
    "transfer": ("transfer",),
    "transfer_refusal": ("refuse_transfer",),
    "supervision_change": ("change_supervision_level",),
    "production_measure": ("order_production_measure",),
    "production_measure_lift": ("lift_production_measure",),
    "declaration": ("declare",),
    "verification": ("pass_verification", "fail_verification"),
    "round_request": ("open_withdrawal", "open_cessation"),
    "correction": ("correct",),
    "delisting": ("delist",),
    "revisit": ("pass_revisit", "fail_revisit", "relapse"),
}
"""Which acts a document records."""

_OTHER_TABLES: Final = (
    "hazard",
    "hazard_transition",
    "signing_round",
    "round_level",
    "signature",
    "signature_withdrawal",
    "round_end",
    "sealed_closing",
    "sealed_closing_signature",
    "document_confirmation",
    "document_evidence",
    "evidence",
    "edition",
    "edition_chain",
    "edition_chain_level",
    "organisation",
    "post",
    "appointment",
    "person",
    "person_disablement",
    "account",
    "session",
    "step_up",
    "legacy_batch",
    "legacy_row",
    "legacy_record",
    "registry_setting",
    "audit_stream",
    "audit_event",
    "sequence_position",
)


@dataclass(frozen=True)
class Violation:
    """One illegality: a stable code, the hazard it concerns (none: the registry), what was found."""

    code: str
    hazard_id: int | None
    text: str


def unmet(hazard_id: int | None, where: str, conditions: Mapping[str, bool]) -> Iterator[Violation]:
    """A violation for every condition that does not hold; conditions are keyed by their codes."""
    for code, holds in conditions.items():
        if not holds:
            yield Violation(code, hazard_id, f"{code}: {where}")


@dataclass
class Book:
    """All rows, in order of id, and the ways through them."""

    rows: Mapping[str, list[Row]]
    _indexes: dict[tuple[str, str], dict[Any, list[Row]]] = field(default_factory=dict)

    @classmethod
    def read(cls, connection: Connection[Any]) -> "Book":
        """Read every table of a database at rest; the connection must see every row (a superuser)."""
        tables = (*_OTHER_TABLES, *DOCUMENTS)
        with connection.transaction(), connection.pipeline():
            cursors = {table: Cursor(connection, row_factory=dict_row) for table in tables}
            for table, cursor in cursors.items():
                cursor.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table)))
            rows: dict[str, list[Row]] = {table: cursor.fetchall() for table, cursor in cursors.items()}
        for found in rows.values():
            found.sort(key=lambda row: row.get("id") or 0)
        return cls(rows)

    def all(self, table: str, column: str, value: object) -> list[Row]:
        """The rows whose column has the value, in order of id."""
        index = self._indexes.get((table, column))
        if index is None:
            index = defaultdict(list)
            for row in self.rows[table]:
                index[row[column]].append(row)
            self._indexes[table, column] = index
        return index.get(value, [])

    def one(self, table: str, identity: object, column: str = "id") -> Row | None:
        """The row with the identity."""
        found = self.all(table, column, identity) if identity is not None else []
        return found[0] if found else None

    def acts(self, hazard_id: int) -> list[Row]:
        """The transition rows that are acts of their own, in order."""
        return [row for row in self.all("hazard_transition", "hazard_id", hazard_id) if row["restates"] is None]

    def at(self, hazard: Row, instant: datetime) -> Row:
        """The dimensions known at an instant: the last act recorded by then; today's facts where there is none."""
        known = [row for row in self.acts(hazard["id"]) if row["recorded_at"] <= instant]
        return known[-1] if known else hazard

    def person_of(self, account_id: int | None) -> int | None:
        """The natural person behind an account."""
        account = self.one("account", account_id)
        return account["person_id"] if account else None

    def withdrawn_at(self, signature: Row) -> datetime | None:
        """When a signature was withdrawn."""
        withdrawal = self.one("signature_withdrawal", signature["id"], "signature_id")
        return withdrawal["withdrawn_at"] if withdrawal else None

    def valid_signatures(self, round_: Row) -> list[Row]:
        """A round's signatures that nobody withdrew, in order of id."""
        return [row for row in self.all("signature", "round_id", round_["id"]) if self.withdrawn_at(row) is None]

    @cached_property
    def step_up_uses(self) -> Mapping[int, int]:
        """How often each step-up was spent, on signatures and on documents together."""
        uses: dict[int, int] = defaultdict(int)
        for table in ("signature", "document_confirmation"):
            for row in self.rows[table]:
                uses[row["step_up_id"]] += 1
        return uses


def day_of(instant: datetime) -> date:
    """The business date of an instant in Asia/Shanghai."""
    return instant.astimezone(SHANGHAI).date()
