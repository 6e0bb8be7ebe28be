"""Asks the database as somebody: one transaction through `Database`, run to its end."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import sqlalchemy as sa

from app.infrastructure.context import Context
from app.infrastructure.database import Database, Principal

T = TypeVar("T")


def ask(url: str, principal: Principal, act: Callable[[Context], Awaitable[T]]) -> T:
    """What the act returns, its transaction committed."""

    async def within() -> T:
        database = Database.at(url, pool_size=1)
        try:
            async with database.transaction(principal, request_id="test") as context:
                return await act(context)
        finally:
            await database.close()

    return asyncio.run(within())


def rows(url: str, principal: Principal, statement: str, **values: object) -> list[tuple[Any, ...]]:
    """The rows of one statement."""

    async def read(context: Context) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await context.session.execute(sa.text(statement), values)]

    return ask(url, principal, read)


def column(url: str, principal: Principal, statement: str, **values: object) -> list[Any]:
    """The first column of one statement's rows, sorted."""
    return sorted(row[0] for row in rows(url, principal, statement, **values))


def execute(url: str, principal: Principal, statement: str, **values: object) -> None:
    """Run one statement that answers no rows."""

    async def write(context: Context) -> None:
        await context.session.execute(sa.text(statement), values)

    ask(url, principal, write)
