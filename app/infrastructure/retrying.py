"""Tries again, before anything is answered, what another transaction or a lost connection stood in the way of.

Promises 2.1: a POST under an Idempotency-Key at most three times more after a serialization failure, a deadlock or a
lock not got in time; P-45: a read once more, after a lost connection too. Nothing of a failed try stands.
"""

import asyncio
import random
from typing import Any, Final

from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.infrastructure.constraint_errors import is_contention, is_lost_connection

MOST_RETRIES: Final = 3
LARGEST_KEPT: Final = 1 << 20
"""In bytes: a document, but no upload. It is kept before anybody is asked who they are."""
_LONGEST_PAUSE: Final = 0.05
"""In seconds before the first retry; twice that before the next."""
_STATE: Final = "tries_left"
_SAFE: Final = frozenset({"GET", "HEAD"})
_jitter: Final = random.SystemRandom()


class TryAgain(Exception):
    """This try left nothing and another may succeed; `Retrying` alone sees it."""


def refuse_or_try_again(scope: Scope, error: BaseException | None) -> None:
    """TryAgain when the request has a try left that may mend what the database said; else nothing."""
    left = scope.get("state", {}).get(_STATE, 0)
    if left <= 0 or not isinstance(error, SQLAlchemyError):
        return
    if is_contention(error) or (scope["method"] in _SAFE and is_lost_connection(error)):
        raise TryAgain from error


class Retrying:
    """Innermost middleware: gives a request its tries, and each of them the same body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves the request; a read without, a keyed POST with its body kept for the next try."""
        retries = _retries(scope)
        if retries == 0:
            await self._app(scope, receive, send)
            return
        state: dict[str, Any] = scope.setdefault("state", {})
        body = _Kept(receive, state)
        for retry in range(retries + 1):
            state[_STATE] = retries - retry
            try:
                await self._app(scope, body.again(), send)
            except TryAgain:
                await asyncio.sleep(_jitter.uniform(0, _LONGEST_PAUSE * 2**retry))
            else:
                return


def _retries(scope: Scope) -> int:
    if scope["type"] != "http":
        return 0
    if scope["method"] in _SAFE:
        return 1
    return MOST_RETRIES if scope["method"] == "POST" and "idempotency-key" in Headers(scope=scope) else 0


class _Kept:
    """What was received of the request, given again from its beginning to each try; of too much nothing, and no try."""

    def __init__(self, receive: Receive, state: dict[str, Any]) -> None:
        self._receive = receive
        self._state = state
        self._messages: list[Message] = []
        self._size = 0

    def again(self) -> Receive:
        """A receive channel from the beginning."""
        position = 0

        async def receive() -> Message:
            nonlocal position
            if position < len(self._messages):
                position += 1
                return self._messages[position - 1]
            message = await self._receive()
            if message["type"] == "http.request":
                self._keep(message)
                position = len(self._messages)
            return message

        return receive

    def _keep(self, message: Message) -> None:
        self._size += len(message.get("body", b""))
        if self._size > LARGEST_KEPT:
            self._messages.clear()
            self._state[_STATE] = 0
        else:
            self._messages.append(message)
