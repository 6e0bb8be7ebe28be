"""Whether a request changed anything: every table counted, its newest row and its versions, or every row hashed."""

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
    """The tables of a database and two questions about all of them."""

    connection: psycopg.Connection[Any]
    short: bytes
    full: bytes

    @classmethod
    @contextlib.contextmanager
    def of(cls, database: TestDatabase) -> Iterator[Self]:
        """As superuser, each question in a transaction of its own."""
        with psycopg.connect(libpq_address(database.superuser_url), autocommit=True) as connection:
            found = [
                (name, set(columns)) for name, columns in connection.execute(_COLUMNS) if name not in LEFT_BY_REFUSALS
            ]
            short, full = _joined(_counted(*one) for one in found), _joined(_hashed(*one) for one in found)
            yield cls(connection, short.as_bytes(connection), full.as_bytes(connection))

    def state(self) -> State:
        """Table, rows, newest id, sum of versions."""
        return self.connection.execute(self.short).fetchall()

    def contents(self) -> State:
        """Table and a hash over every row; of a session all but when it was last seen."""
        return self.connection.execute(self.full).fetchall()


def _joined(questions: Iterator[sql.Composed]) -> sql.Composed:
    return sql.SQL(" UNION ALL ").join(questions)


def _counted(table: str, columns: set[str]) -> sql.Composed:
    newest = sql.SQL("max(id)::bigint") if "id" in columns else sql.SQL("NULL::bigint")
    versions = sql.SQL("sum(version)::bigint") if "version" in columns else sql.SQL("NULL::bigint")
    return sql.SQL("SELECT {}, count(*), {}, {} FROM {}").format(
        sql.Literal(table), newest, versions, sql.Identifier(table)
    )


def _hashed(table: str, columns: set[str]) -> sql.Composed:
    told = sorted(columns - {"last_seen_at", "last_used_at"})
    row = sql.SQL("ROW({})::text").format(sql.SQL(", ").join(map(sql.Identifier, told)))
    return sql.SQL("SELECT {}, md5(coalesce(string_agg({}, '|' ORDER BY {}), '')) FROM {}").format(
        sql.Literal(table), row, row, sql.Identifier(table)
    )
