"""The API's operations by method and path, as its own document names them."""

import re
from functools import cache
from typing import Any, Final

from app.infrastructure.database import Database
from app.main import create_app
from tests.support.registry import API, ordinary_settings

_READS: Final = ("get", "head", "options")


@cache
def document() -> dict[str, Any]:
    """The API's documentation."""
    nowhere = Database.at("postgresql+psycopg://nobody@nowhere.invalid/none")
    return create_app(ordinary_settings(), nowhere).openapi()


@cache
def operations() -> dict[tuple[str, str], str]:
    """The operation's id by method (lower case) and template."""
    return {
        (method, path): operation["operationId"]
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
    }


@cache
def _patterns() -> list[tuple[str, re.Pattern[str], str]]:
    # A template without parameters comes first: `/posts/check` is no post.
    ordered = sorted(operations().items(), key=lambda one: one[0][1].count("{"))
    return [(method, re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path)), name) for (method, path), name in ordered]


def operation_of(method: str, path: str) -> str:
    """The operation that serves a path below the API's prefix, or one beside it; KeyError when none does."""
    plain = path.partition("?")[0]
    for address in (f"{API}{plain}", plain):
        for known, pattern, name in _patterns():
            if known == method.lower() and pattern.fullmatch(address):
                return name
    raise KeyError(f"{method} {path}")


def writes() -> set[str]:
    """Every operation that may change something."""
    return {name for (method, _path), name in operations().items() if method not in _READS}
