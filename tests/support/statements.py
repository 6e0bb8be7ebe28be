"""Every statement that goes to PostgreSQL from this process, in order, whoever of SQLAlchemy or psycopg sends it."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg

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

    for name, original in originals.items():
        setattr(psycopg.AsyncCursor, name, noting(original))
    try:
        yield sent
    finally:
        for name, original in originals.items():
            setattr(psycopg.AsyncCursor, name, original)
