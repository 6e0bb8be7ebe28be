"""What a request's head must be before anything else is looked at: small, and readable in one way only."""

from typing import Final, NamedTuple

from starlette.types import Scope

LARGEST_HEAD: Final = 32 * 1024
"""In bytes, names and values together: far above a token and a cookie, far below what would weigh on a worker."""
# A proxy may believe the first of two and we the last, or the other way round: whom does the request belong to then?
_AT_MOST_ONCE: Final = frozenset(
    {
        b"authorization",
        b"content-length",
        b"content-type",
        b"host",
        b"idempotency-key",
        b"if-match",
        b"transfer-encoding",
    }
)


class Head(NamedTuple):
    """`fault` is the status that refuses the request, None when its head is well-formed."""

    fault: int | None
    declared_length: str


def read_head(scope: Scope) -> Head:
    """One look at all headers."""
    size, found = 0, {}
    for name, value in scope["headers"]:
        size += len(name) + len(value)
        if name in _AT_MOST_ONCE:
            if name in found:
                return Head(400, "0")
            found[name] = value
    if size > LARGEST_HEAD:
        return Head(431, "0")
    lacks_host = b"host" not in found and scope.get("http_version") == "1.1"
    is_coded_otherwise = found.get(b"transfer-encoding", b"chunked").strip().lower() != b"chunked"
    declared = found.get(b"content-length", b"0").decode("latin-1")
    is_number = declared.isascii() and declared.isdigit()
    return Head(400 if lacks_host or is_coded_otherwise or not is_number else None, declared)
