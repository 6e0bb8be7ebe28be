"""Statements straight to the driver beneath SQLAlchemy's pool: several in one round trip, prepared at their first use.

For the first and the last statement of every transaction and for what is read most; everything else goes through
SQLAlchemy.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
from psycopg.rows import namedtuple_row
from sqlalchemy import Select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

Driver = psycopg.AsyncConnection[Any]
NamedRow = Any
"""A row whose columns are attributes; which ones, the statement says."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement in the driver's own form (`%(name)s`) and its parameters; prepared unless it is only a word."""

    sql: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    prepared: bool = True


_DIALECT: Final = make_url("postgresql+psycopg://").get_dialect()()


def as_sent(query: Select[Any], *left_open: str) -> Statement:
    """A query as SQLAlchemy would send it, to be kept; the parameters left open are given with each use of it."""
    state = query.compile(dialect=_DIALECT).construct_expanded_state(dict.fromkeys(left_open))
    return Statement(state.statement, state.parameters)


async def driver_of(connection: AsyncConnection) -> Driver:
    """The driver's connection of a connection that the pool gave."""
    driver: Driver | None = (await connection.get_raw_connection()).driver_connection
    if driver is None:
        raise ConnectionError("the pool gave a connection without a driver's")
    return driver


async def read_together(session: AsyncSession, role_class: str, *statements: Statement) -> list[list[NamedRow]]:
    """The rows of several reads in the session's transaction, in one round trip; each is planned once for each role."""
    driver = await driver_of(await session.connection())
    marked = [Statement(f"{one.sql} /* {role_class} */", one.parameters) for one in statements]
    return await in_one_round_trip(driver, *marked)


async def in_one_round_trip(driver: Driver, *statements: Statement) -> list[list[NamedRow]]:
    """The rows of each statement, all sent at once; the first that fails ends them all, as SQLAlchemy's error."""
    try:
        async with driver.pipeline():
            # The cursor's own factory: one set on the connection would go on to the next borrower.
            cursors = [
                await driver.cursor(row_factory=namedtuple_row).execute(
                    statement.sql.encode(), statement.parameters or None, prepare=statement.prepared
                )
                for statement in statements
            ]
        return [await cursor.fetchall() if cursor.description else [] for cursor in cursors]
    except psycopg.Error as error:
        raise DBAPIError.instance(None, None, error, psycopg.Error, hide_parameters=True) from error
