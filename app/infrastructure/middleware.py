"""The outermost edge, in plain ASGI: request id, size limits, security headers, one log line, the last-resort 500."""

import re
import time
from collections.abc import Callable, Iterable
from typing import Any, Final
from uuid import UUID, uuid4

import structlog
from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.infrastructure.errors import TooLarge
from app.infrastructure.problem_details import render, render_status
from app.infrastructure.rate_limits import RATE_HEADERS, RateLimits, rates_of
from app.infrastructure.request_head import read_head
from app.infrastructure.security_settings import SecuritySettings

LONGEST_QUERY: Final = 8192
"""In bytes: some hundred filter terms, far from ten thousand."""

_WELL_FORMED_ID: Final = re.compile(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_SECURITY_HEADERS: Final = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    # Inspectors photograph on site, with time and position; nothing else of a device is asked for.
    b"permissions-policy": b"camera=(self), geolocation=(self), microphone=(), payment=(), usb=()",
}
# Said over https alone: browsers ignore it otherwise, and a test over http must not bind a host for a year.
_HTTPS_ONLY: Final = {b"strict-transport-security": b"max-age=31536000"}
_STRICT: Final = _SECURITY_HEADERS | {
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    # What may be kept says so itself.
    b"cache-control": b"no-store",
}
# Swagger UI and ReDoc start from a script inside their page and draw with styles of their own.
_OF_DOCS: Final = _SECURITY_HEADERS | {
    b"content-security-policy": b"default-src 'self'; script-src 'self' 'unsafe-inline'; "
    b"style-src 'self' 'unsafe-inline'; img-src 'self' data:; worker-src 'self' blob:; frame-ancestors 'none'"
}
_DOCS: Final = ("/docs", "/redoc", "/static-offline-docs")
# The body stays unread, or where it ends is in doubt: the connection cannot serve another request.
_LAST: Final = {"Connection": "close"}
_access: Final = structlog.get_logger("qingling.access")


class RequestEdge:
    """Wraps everything: what happens inside, the caller gets a well-formed answer and the operator one line."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request; an exception leaves only when an answer had already begun."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        answer = _Answer(scope, send)
        began = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, answer.send)
            except ClientDisconnect:
                # Who left before the body was whole is owed no answer; nothing began.
                scope["state"]["problem_code"] = "client_left"
            except Exception as error:
                # The outermost edge: below it nothing may catch so widely.
                _access.error("unexpected_error", exc_info=error)
                if answer.status is not None:
                    raise
                await render_status(500, scope)(scope, receive, answer.send)
            finally:
                _log(scope, answer.status, time.perf_counter() - began)


class _Answer:
    """Sends the answer with our headers on it and remembers its status."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self.status: int | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = _completed(self._scope, message.get("headers", ()))
        await self._send(message)


def _completed(scope: Scope, given: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """What the answer says itself, except of the request's id and rates, and what it does not say of its safety."""
    state = scope["state"]
    ours = {"x-request-id": state["request_id"], **state.get(RATE_HEADERS, {})}
    said = {name.lower().encode("latin-1"): value.encode("latin-1") for name, value in ours.items()}
    standing = _OF_DOCS if scope["path"].startswith(_DOCS) else _STRICT
    if scope.get("scheme") == "https":
        standing = standing | _HTTPS_ONLY
    headers = [(name, value) for name, value in given if name not in said]
    named = {name for name, _ in headers}
    return [*headers, *said.items(), *((name, value) for name, value in standing.items() if name not in named)]


def _request_id(scope: Scope) -> str:
    given = Headers(scope=scope).get("x-request-id", "")
    return str(UUID(given)) if _WELL_FORMED_ID.fullmatch(given) else str(uuid4())


def matched_route(scope: Scope) -> Any:  # noqa: ANN401 - FastAPI's own type of an included route is private
    """The matched route with what its routers add to it (prefixes, dependencies), None when no route matched."""
    # An included route knows only its own; the whole stands in what FastAPI notes beside it.
    return scope.get("fastapi", {}).get("effective_route_context") or scope.get("route")


def route_template(scope: Scope) -> str | None:
    """The matched route's path with its parameters' names (`/api/v1/hazards/{id}`), None when no route matched."""
    template: str | None = getattr(matched_route(scope), "path", None)
    return template


def _log(scope: Scope, status: int | None, seconds: float) -> None:
    # The route's template, never the path: paths and queries carry names, receipt codes and numbers of persons.
    _access.info(
        "request",
        method=scope["method"] if scope["method"].isalpha() else "?",
        route=route_template(scope),
        status=status,
        code=scope["state"].get("problem_code"),
        milliseconds=round(seconds * 1000, 1),
    )


class SizeLimits:
    """Refuses a query or a body that is too large, by its declared length before a byte of it is read."""

    def __init__(self, app: ASGIApp, limit_of: Callable[[str], int]) -> None:
        self._app = app
        self._limit_of = limit_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves the request with a body that cannot exceed the limit of its path, in bytes."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit_of(scope["path"])
        fault, declared = read_head(scope)
        if len(scope["query_string"]) > LONGEST_QUERY:
            await render_status(414, scope)(scope, receive, send)
        elif fault is not None:
            await render_status(fault, scope, _LAST)(scope, receive, send)
        elif len(declared) > len(str(limit)) + 1 or int(declared) > limit:
            refusal = render(TooLarge(facts={"limit_bytes": limit}), scope)
            refusal.headers.update(_LAST)
            await refusal(scope, receive, send)
        else:
            await self._app(scope, _counted(receive, limit), send)


def _counted(receive: Receive, limit: int) -> Receive:
    read = 0

    async def counted() -> Message:
        nonlocal read
        message: dict[str, Any] = dict(await receive())
        read += len(message.get("body", b""))
        if read > limit:
            # FastAPI turns any other exception of a body into 400.
            raise HTTPException(413, headers=_LAST)
        return message

    return counted


def install_edge(app: FastAPI, limit_of: Callable[[str], int], security: SecuritySettings) -> None:
    """Puts the edge and the limits around the app; a middleware added later would stand outside of them."""
    app.add_middleware(SizeLimits, limit_of=limit_of)
    app.add_middleware(RateLimits, rates=rates_of(security), address_factor=security.rate_address_factor)
    app.add_middleware(RequestEdge)


def limit_by_path(ordinary: int, uploads: dict[str, int]) -> Callable[[str], int]:
    """The body limit of a path in bytes: that of the first upload suffix it ends with, else the ordinary one."""

    def limit_of(path: str) -> int:
        return next((limit for suffix, limit in uploads.items() if path.rstrip("/").endswith(suffix)), ordinary)

    return limit_of
