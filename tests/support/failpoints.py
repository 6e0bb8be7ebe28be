"""Labelled points of a process: every statement, every COMMIT and every part of an answer, before and after.

Only a test's launcher installs them; the application knows nothing of them. A request that carries `X-Crash-At` kills
its process at the n-th point it reaches, or at the first point of that label.
"""

import contextvars
import json
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER: Final = "X-Crash-At"
BEFORE_COMMIT, AFTER_COMMIT = "before COMMIT", "after COMMIT"
BEFORE_ANSWER, WITHIN_ANSWER, AFTER_ANSWER = "before answer", "within answer", "after answer"
END: Final = "end"
"""Where an armed request dies that reached no point it was to die at."""
_LONGEST_LABEL: Final = 80


@dataclass
class _Armed:
    """One request that is to end its process."""

    at: str
    passed: int = 0

    def wants(self, label: str) -> bool:
        self.passed += 1
        return self.at in (label, str(self.passed)) or label == END


_armed: contextvars.ContextVar[_Armed | None] = contextvars.ContextVar("armed", default=None)


@dataclass
class Failpoints:
    """The points of this process; `report` is where its last words go, `fuse` after how many points it dies."""

    report: int
    fuse: int | None = None

    def reach(self, label: str) -> None:
        """Pass a point, or die at it."""
        armed = _armed.get()
        if self.fuse is not None:
            self.fuse -= 1
        if self.fuse == 0 or (armed is not None and armed.wants(label)):
            os.write(self.report, json.dumps(label[:_LONGEST_LABEL]).encode())
            os.kill(os.getpid(), signal.SIGKILL)

    def install(self) -> None:
        """Stand before and after everything that goes to PostgreSQL from now on."""
        self._around(psycopg.AsyncCursor, "execute", lambda arguments: _first_words(arguments[1]))
        self._around(psycopg.AsyncCursor, "executemany", lambda arguments: _first_words(arguments[1]))
        self._around(psycopg.AsyncConnection, "commit", lambda _arguments: "COMMIT")

    def _around(self, owner: type[Any], name: str, label_of: Callable[[tuple[Any, ...]], str]) -> None:
        original: Callable[..., Awaitable[Any]] = getattr(owner, name)

        async def pointed(*arguments: Any, **named: Any) -> Any:
            label = label_of(arguments)
            self.reach(f"before {label}")
            result = await original(*arguments, **named)
            self.reach(f"after {label}")
            return result

        setattr(owner, name, pointed)


def _first_words(statement: object) -> str:
    text = statement.decode() if isinstance(statement, bytes) else str(statement)
    return " ".join(text.split())[: _LONGEST_LABEL - 10]


class ArmedByHeader:
    """Arms the points for the requests that ask for it, and stands around their answers."""

    def __init__(self, app: ASGIApp, points: Failpoints) -> None:
        self._app = app
        self._points = points

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        wanted = dict(scope["headers"]).get(HEADER.lower().encode())
        token = _armed.set(_Armed(wanted.decode()) if wanted else None)

        async def pointed(message: Message) -> None:
            starts = message["type"] == "http.response.start"
            if starts:
                self._points.reach(BEFORE_ANSWER)
            await send(message)
            ends = not starts and not message.get("more_body", False)
            self._points.reach(AFTER_ANSWER if ends else WITHIN_ANSWER)

        await self._app(scope, receive, pointed)
        if wanted:
            self._points.reach(END)
        _armed.reset(token)
