"""Weak walls on purpose: one trigger out of order at a time, in a copy of the arena; what the adversary makes of it."""

from collections.abc import Callable
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
    "SELECT c.relname, t.tgname, t.tgtype & 32 <> 0 FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
    " WHERE NOT t.tgisinternal ORDER BY 1, 2"
)


@dataclass(frozen=True)
class Weakness:
    """A trigger that is out of order; `on_truncate`: it stands only against TRUNCATE."""

    table: str
    trigger: str
    on_truncate: bool = False


@dataclass(frozen=True)
class Verdict:
    """What the oracle and the watch saw after an attack on a weak wall."""

    weakness: Weakness
    codes: frozenset[str]
    changed: frozenset[str]

    @property
    def found(self) -> bool:
        """Whether anything told."""
        return bool(self.codes or self.changed)


def weaknesses(connection: psycopg.Connection[Any]) -> list[Weakness]:
    """Every trigger there is, as the catalogue names it today."""
    return [Weakness(*row) for row in connection.execute(_TRIGGERS)]


def try_weakness(arena: Arena, copy: TestDatabase, weakness: Weakness, statements: int, seed: int = 1) -> Verdict:
    """Disable the trigger in the copy, attack with the table in focus, and judge."""
    superuser = libpq_address(copy.superuser_url)
    with psycopg.connect(superuser) as judge:
        statement = sql.SQL("ALTER TABLE {} DISABLE TRIGGER {}")
        judge.execute(statement.format(sql.Identifier(weakness.table), sql.Identifier(weakness.trigger)))
        judge.commit()
        rules, rows = rules_that_stay(judge), rows_that_stay(judge)
        front = replace(arena.front, address=libpq_address(copy.app_url), focus=weakness.table)
        attack(front, seed, statements)
        changed = {name.split()[0] for name in lost(rows, rows_that_stay(judge))}
        changed |= set(lost(rules, rules_that_stay(judge)))
        codes = {violation.code for violation in violations(judge)}
    return Verdict(weakness, frozenset(codes), frozenset(changed))


def survey(arena: Arena, copies: Callable[[], TestDatabase], statements: int) -> list[Verdict]:
    """One verdict for every trigger."""
    with psycopg.connect(arena.superuser) as judge:
        found = weaknesses(judge)
    return [try_weakness(arena, copies(), weakness, statements) for weakness in found]
