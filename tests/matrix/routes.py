"""Every route the application serves: its own, those of included routers, mounts and websockets."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute, Mount, WebSocketRoute

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
MOUNTED = "MOUNT"
WEBSOCKET = "WEBSOCKET"
ANY = "ANY"


@dataclass(frozen=True, slots=True, order=True)
class Served:
    """One method of one path; a mount serves whatever it holds below its path."""

    path: str
    method: str


def every_route(app: FastAPI) -> set[Served]:
    """All of them; a HEAD of its own counts as a method of its own."""
    return set(_below(app.routes, ""))


def _below(routes: Sequence[BaseRoute], prefix: str) -> Iterator[Served]:
    for route in iter_route_contexts(routes):
        original = route.original_route
        path = f"{prefix}{route.path}"
        if isinstance(original, Mount):
            yield Served(path, MOUNTED)
            yield from _below(original.routes, path)
        elif isinstance(original, WebSocketRoute):
            yield Served(path, WEBSOCKET)
        else:
            # A route without methods answers to every one.
            yield from (Served(path, method) for method in route.methods or (ANY,))


def declared_methods(app: FastAPI) -> dict[str, frozenset[str]]:
    """Path → the methods it answers; mounts and websockets answer for themselves."""
    found: dict[str, set[str]] = {}
    for served in every_route(app):
        if served.method not in (MOUNTED, WEBSOCKET):
            found.setdefault(served.path, set()).add(served.method)
    return {path: frozenset(methods) for path, methods in found.items()}
