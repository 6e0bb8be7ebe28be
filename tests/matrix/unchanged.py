"""Whether requests changed anything: every row of every table hashed."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import psycopg
from psycopg import sql

from tests.support.cluster import TestDatabase, libpq_address

# What a refusal leaves behind: its own line, and what counts who asks too often.
LEFT_BY_REFUSALS = ("access_event", "idempotency_key", "sign_in_attempt", "sign_in_pressure")
_COLUMNS = (
    "SELECT c.relname, array_agg(a.attname::text) FROM pg_class c"
    " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
    " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' GROUP BY 1 ORDER BY 1"
)

State = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of a database and a question about all of them."""

    connection: psycopg.Connection[Any]
    question: bytes

    @classmethod
    @contextlib.contextmanager
    def of(cls, database: TestDatabase) -> Iterator[Self]:
        """As superuser, each time in a transaction of its own."""
        with psycopg.connect(libpq_address(database.superuser_url), autocommit=True) as connection:
            found = [
                (name, set(columns)) for name, columns in connection.execute(_COLUMNS) if name not in LEFT_BY_REFUSALS
            ]
            question = sql.SQL(" UNION ALL ").join(_hashed(*one) for one in found)
            yield cls(connection, question.as_bytes(connection))

    def contents(self) -> State:
        """Table and a hash over every row; of a session all but when it was last seen and last asked for a proof."""
        return self.connection.execute(self.question).fetchall()


def _hashed(table: str, columns: set[str]) -> sql.Composed:
    told = sorted(columns - {"last_seen_at", "last_used_at", "step_up_tried_at"})
    row = sql.SQL("ROW({})::text").format(sql.SQL(", ").join(map(sql.Identifier, told)))
    return sql.SQL("SELECT {}, md5(coalesce(string_agg({}, '|' ORDER BY {}), '')) FROM {}").format(
        sql.Literal(table), row, row, sql.Identifier(table)
    )
