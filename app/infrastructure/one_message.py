"""A whole short transaction in one message and one round trip, its rows as PostgreSQL wrote them.

psycopg's cursors send each statement by itself and wait for their BEGIN: three times what a read of one row costs.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import psycopg
from psycopg import pq
from psycopg.abc import PQGen
from psycopg.generators import fetch_many, send
from psycopg.pq.abc import PGconn, PGresult

from app.infrastructure.driver import Driver, Statement

TextRow = tuple[str | None, ...]
Names = dict[bytes, bytes]
"""The statements that one connection has prepared, by their text; whoever rolls back by psycopg forgets them."""

_PLACE: Final = re.compile(r"%\((\w+)\)s|%%")
_DONE: Final = frozenset({pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK})
_numbers: Final = itertools.count()


@dataclass(frozen=True, slots=True)
class Asked:
    """A statement in PostgreSQL's own form (`$1`) and its values as text."""

    sql: bytes
    values: Sequence[bytes | None] = ()


def as_asked(statement: Statement) -> Asked:
    """A statement with numbers, texts and ids for parameters in the form that goes on the wire."""
    sql, names = _numbered(statement.sql)
    return Asked(sql, [_as_text(statement.parameters[name]) for name in names])


@lru_cache(maxsize=1024)
def _numbered(sql: str) -> tuple[bytes, tuple[str, ...]]:
    names = tuple(dict.fromkeys(name for name in _PLACE.findall(sql) if name))
    places = {name: f"${number}" for number, name in enumerate(names, 1)}
    return _PLACE.sub(lambda found: places[found[1]] if found[1] else "%", sql).encode(), names


def _as_text(value: object) -> bytes | None:
    return None if value is None else str(value).encode()


async def in_one_message(driver: Driver, names: Names, *asked: Asked) -> list[list[TextRow]] | None:
    """The rows of each statement; None when one failed, and then nothing behind it was done.

    The connection is left as it stands, in a failed transaction or closed: giving it back to its pool mends that.
    """
    try:
        results = await driver.wait(_exchanged(driver.pgconn, names, asked))
    except psycopg.Error:
        return None
    finally:
        _leave_pipeline(driver.pgconn)
    if any(result.status not in _DONE for result in results):
        names.clear()
        return None
    return [list(_rows(result)) for result in results[: len(asked)]]


def _exchanged(connection: PGconn, names: Names, asked: Sequence[Asked]) -> PQGen[list[PGresult]]:
    """What each statement gave, then what preparing the new ones did: each is prepared once a connection."""
    connection.enter_pipeline_mode()
    is_preparing = []
    for one in asked:
        if one.sql not in names:
            names[one.sql] = f"one_message_{next(_numbers)}".encode()
            connection.send_prepare(names[one.sql], one.sql)
            is_preparing.append(True)
        connection.send_query_prepared(names[one.sql], one.values)
        is_preparing.append(False)
    connection.pipeline_sync()
    yield from send(connection)
    given: list[PGresult] = []
    prepared: list[PGresult] = []
    for preparing in is_preparing:
        (prepared if preparing else given).extend((yield from fetch_many(connection)))
    yield from fetch_many(connection)
    return given + prepared


def _leave_pipeline(connection: PGconn) -> None:
    """Back to one statement at a time; a connection on which an answer is still owed is of no use to anybody."""
    if connection.status != pq.ConnStatus.OK:
        return
    try:
        connection.exit_pipeline_mode()
    except psycopg.OperationalError:
        connection.finish()


def _rows(result: PGresult) -> Iterator[TextRow]:
    for row in range(result.ntuples):
        values = (result.get_value(row, column) for column in range(result.nfields))
        yield tuple(None if value is None else value.decode() for value in values)
