"""Every statement that goes to PostgreSQL from this process, in order, whoever of SQLAlchemy or psycopg sends it."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg

from app.infrastructure import database
from app.infrastructure.driver import Driver
from app.infrastructure.one_message import Asked, Names, TextRow

_ENDS: Final = frozenset({b"BEGIN", b"COMMIT"})
_PINGS: Final = frozenset({"", "SELECT 1"})
"""What the pool asks of a connection before it hands it out."""


@contextmanager
def statements_sent() -> Iterator[list[str]]:
    """A list that grows by each statement; pings and COMMITs are not among them."""
    sent: list[str] = []
    originals = {name: getattr(psycopg.AsyncCursor, name) for name in ("execute", "executemany")}

    def noting(original: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def noted(cursor: object, query: object, *arguments: Any, **named: Any) -> Any:
            text = query.decode() if isinstance(query, bytes) else str(query)
            if text.strip() not in _PINGS:
                sent.append(text)
            return await original(cursor, query, *arguments, **named)

        return noted

    in_one_message = vars(database)["in_one_message"]

    async def noted_message(driver: Driver, names: Names, *asked: Asked) -> list[list[TextRow]] | None:
        sent.extend(one.sql.decode() for one in asked if one.sql not in _ENDS)
        found: list[list[TextRow]] | None = await in_one_message(driver, names, *asked)
        return found

    for name, original in originals.items():
        setattr(psycopg.AsyncCursor, name, noting(original))
    vars(database)["in_one_message"] = noted_message
    try:
        yield sent
    finally:
        vars(database)["in_one_message"] = in_one_message
        for name, original in originals.items():
            setattr(psycopg.AsyncCursor, name, original)
