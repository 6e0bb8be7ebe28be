"""Keyset pages: a cursor names the last row shown, is signed, and serves the one list and filter it was made for."""

import base64
import binascii
import hmac
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Final, TypeVar
from urllib.parse import parse_qsl, quote, urlencode
from uuid import UUID

from fastapi import Query
from starlette.datastructures import URL

from app.infrastructure.errors import FieldError, InvalidParameter
from app.infrastructure.security import canonical_json, content_digest

DEFAULT_PAGE_SIZE: Final = 50
LARGEST_PAGE: Final = 200
LONGEST_CURSOR: Final = 1024

PageSize = Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="每页条数")]
"""Rows of a page, 1 to 200; the route's default is `DEFAULT_PAGE_SIZE`."""
CursorText = Annotated[str | None, Query(max_length=LONGEST_CURSOR, description="上一页返回的 next_cursor")]

KeyValue = str | int | date | datetime | UUID | None
Row = TypeVar("Row")

_MAC_BYTES: Final = 16
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]{24,1024}")


@dataclass(frozen=True, slots=True)
class Cursors:
    """Writes and reads cursors under one key (`Settings.cursor_key_bytes`)."""

    key: bytes

    def write(self, scope: str, values: Sequence[KeyValue]) -> str:
        """The opaque cursor after the row with these key values, good for `scope` alone."""
        payload = canonical_json([_written(value) for value in values])
        return base64.urlsafe_b64encode(self._mac(scope, payload) + payload).rstrip(b"=").decode()

    def read(self, scope: str, cursor: str, kinds: Sequence[type]) -> tuple[KeyValue, ...]:
        """The key values a cursor of this scope names, checked against `kinds`; InvalidParameter for any other."""
        if not _BASE64URL.fullmatch(cursor):
            raise _not_ours()
        try:
            raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        except binascii.Error:
            raise _not_ours() from None
        mac, payload = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(scope, payload)):
            raise _not_ours()
        values = tuple(_read(kind, text) for kind, text in json.loads(payload))
        fits = len(values) == len(kinds) and all(
            value is None or type(value) is kind for value, kind in zip(values, kinds, strict=True)
        )
        if not fits:
            raise _not_ours()
        return values

    def _mac(self, scope: str, payload: bytes) -> bytes:
        message = len(scope.encode()).to_bytes(4, "big") + scope.encode() + payload
        return hmac.digest(self.key, message, "sha256")[:_MAC_BYTES]


def list_scope(name: str, filters: Mapping[str, str | int | bool | None]) -> str:
    """What a cursor is bound to: the list and its filters, so that changing a filter starts from the first page."""
    return f"{name}:{content_digest(dict(filters))}"


def split_page(rows: Sequence[Row], size: int) -> tuple[Sequence[Row], Row | None]:
    """Of `size + 1` rows fetched: those to show, and the row the next page starts after (None on the last page)."""
    return (rows[:size], rows[size - 1]) if len(rows) > size else (rows, None)


def next_link(url: URL, cursor: str) -> str:
    """Value of the Link header (RFC 8288) to the next page: the same address and filters with this cursor."""
    query = [(name, value) for name, value in _pairs(url) if name != "cursor"]
    return f'<{quote(url.path, safe="/%:@")}?{urlencode([*query, ("cursor", cursor)])}>; rel="next"'


def _pairs(url: URL) -> list[tuple[str, str]]:
    return parse_qsl(url.query, keep_blank_values=True)


_READERS: Final[Mapping[type, Callable[[str], KeyValue]]] = {
    # datetime before date, of which it is a subclass
    str: str,
    int: int,
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
    UUID: UUID,
}
_KINDS: Final = {kind.__name__: kind for kind in _READERS}


def _written(value: KeyValue) -> list[str | None]:
    if value is None:
        return ["none", None]
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError("a cursor holds aware instants only")
    kind = next(kind for kind in _READERS if isinstance(value, kind))
    return [kind.__name__, value.isoformat() if isinstance(value, date) else str(value)]


def _read(kind: str, text: str) -> KeyValue:
    # The signature was checked before: what stands here, `_written` wrote.
    return None if kind == "none" else _READERS[_KINDS[kind]](text)


def _not_ours() -> InvalidParameter:
    message = "翻页游标无效，或与当前查询条件不符，请从第一页重新查询。"
    return InvalidParameter(
        "invalid_cursor", message, fields=(FieldError("/cursor", "invalid_cursor", message, "query"),)
    )
