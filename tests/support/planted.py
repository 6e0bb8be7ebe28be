"""Weak walls on purpose: one trigger out of order at a time, in a copy of the arena; what the adversary makes of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import psycopg
from psycopg import sql

from tests.oracle.legality import violations
from tests.support.adversary import attack
from tests.support.arena import Arena
from tests.support.cluster import TestDatabase, libpq_address
from tests.support.watch import lost, rows_that_stay, rules_that_stay

_TRIGGERS: Final = (
    "SELECT c.relname, t.tgname, t.tgtype::int FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
    " WHERE NOT t.tgisinternal ORDER BY 1, 2"
)
_EVENTS: Final = {4: "INSERT", 8: "DELETE", 16: "UPDATE", 32: "TRUNCATE"}
_CLASSES: Final = (
    "SELECT rolname FROM pg_roles WHERE pg_has_role('qingling_app', oid, 'MEMBER') AND rolname <> 'qingling_app'"
)
_MAY: Final = (
    f"SELECT count(*) FROM ({_CLASSES}) r WHERE has_table_privilege(rolname, %(table)s, %(event)s)"
    " OR (%(event)s IN ('INSERT', 'UPDATE') AND has_any_column_privilege(rolname, %(table)s, %(event)s))"
)


@dataclass(frozen=True)
class Weakness:
    """A trigger that is out of order; `kind` is the catalogue's bits of its events."""

    table: str
    trigger: str
    kind: int

    @property
    def events(self) -> list[str]:
        """The commands it stands against."""
        return [name for bit, name in _EVENTS.items() if self.kind & bit]

    @property
    def on_truncate(self) -> bool:
        """Whether it stands against TRUNCATE alone."""
        return self.events == ["TRUNCATE"]


@dataclass(frozen=True)
class Verdict:
    """What the oracle and the watch saw after an attack on a weak wall."""

    weak: tuple[Weakness, ...]
    codes: frozenset[str]
    changed: frozenset[str]

    @property
    def found(self) -> bool:
        """Whether anything told."""
        return bool(self.codes or self.changed)


def weaknesses(connection: psycopg.Connection[Any]) -> list[Weakness]:
    """Every trigger there is, as the catalogue names it today."""
    return [Weakness(*row) for row in connection.execute(_TRIGGERS)]


def covered_by_privileges(connection: psycopg.Connection[Any], weakness: Weakness) -> bool:
    """Whether no role class of the application may even try what the trigger refuses."""
    for event in weakness.events:
        row = connection.execute(_MAY.encode(), {"table": weakness.table, "event": event}).fetchone()
        if row and row[0]:
            return False
    return True


def _open_wide(judge: psycopg.Connection[Any], table: str) -> None:
    """Take the second and third wall away: privileges and row-level security."""
    name = sql.Identifier(table)
    for (role,) in judge.execute(_CLASSES.encode()).fetchall():
        judge.execute(sql.SQL("GRANT ALL ON {} TO {}").format(name, sql.Identifier(role)))
    judge.execute(sql.SQL("CREATE POLICY planted ON {} FOR ALL USING (true) WITH CHECK (true)").format(name))


def try_weakness(
    arena: Arena, copy: TestDatabase, weak: Sequence[Weakness], statements: int, *, wide: bool = False
) -> Verdict:
    """Disable the triggers in the copy (`wide`: and what covers them), attack with their table in focus, and judge."""
    superuser = libpq_address(copy.superuser_url)
    with psycopg.connect(superuser) as judge:
        statement = sql.SQL("ALTER TABLE {} DISABLE TRIGGER {}")
        for each in weak:
            judge.execute(statement.format(sql.Identifier(each.table), sql.Identifier(each.trigger)))
        for table in {each.table for each in weak if wide}:
            _open_wide(judge, table)
        judge.commit()
        rules, rows = rules_that_stay(judge), rows_that_stay(judge)
        front = replace(arena.front, address=libpq_address(copy.app_url), focus=weak[0].table if weak else "")
        attack(front, 1, statements)
        changed = {name.split()[0] for name in lost(rows, rows_that_stay(judge))}
        changed |= set(lost(rules, rules_that_stay(judge)))
        codes = {violation.code for violation in violations(judge)}
    return Verdict(tuple(weak), frozenset(codes), frozenset(changed))
