"""A cursor serves the list, the filter and the key types it was made for, and nobody can write one."""

import base64
from datetime import UTC, date, datetime
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import URL

from app.infrastructure.errors import InvalidParameter
from app.infrastructure.pagination import Cursors, KeyValue, list_scope, next_link, split_page

CURSORS = Cursors(b"k" * 32)
SCOPE = list_scope("hazards", {"state": "listed", "page": None})
VALUES: tuple[KeyValue, ...] = (date(2024, 5, 31), datetime(2024, 5, 31, 1, 2, 3, 4, tzinfo=UTC), "东胜区", 2**63 - 1,
                                UUID(int=7), None)  # fmt: skip
KINDS = (date, datetime, str, int, UUID, str)


def test_a_cursor_names_the_row_it_was_made_from() -> None:
    assert CURSORS.read(SCOPE, CURSORS.write(SCOPE, VALUES), KINDS) == VALUES


def test_a_cursor_is_plain_ascii_for_an_address() -> None:
    assert CURSORS.write(SCOPE, VALUES).replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize(
    "cursor", ["", "abc", "Pg%3D%3D", "1", "é" * 30, "A" * 24, "A" * 25, "A" * 1025, "\x00" * 30, "A" * 30 + "\n"]
)
def test_what_is_no_cursor_is_refused_and_named(cursor: str) -> None:
    with pytest.raises(InvalidParameter) as refusal:
        CURSORS.read(SCOPE, cursor, (int,))
    assert refusal.value.code == "invalid_cursor"
    assert refusal.value.fields[0].pointer == "/cursor"
    assert refusal.value.fields[0].where == "query"


def test_a_cursor_of_another_filter_list_or_key_is_refused() -> None:
    cursor = CURSORS.write(SCOPE, (1,))
    for cursors, scope in [
        (CURSORS, list_scope("hazards", {"state": "closed", "page": None})),
        (CURSORS, list_scope("tips", {"state": "listed", "page": None})),
        (Cursors(b"j" * 32), SCOPE),
    ]:
        with pytest.raises(InvalidParameter):
            cursors.read(scope, cursor, (int,))


@pytest.mark.parametrize("kinds", [(str,), (int, int), (), (datetime,)])
def test_a_cursor_with_other_key_types_is_refused(kinds: tuple[type, ...]) -> None:
    with pytest.raises(InvalidParameter):
        CURSORS.read(SCOPE, CURSORS.write(SCOPE, (1,)), kinds)


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_a_cursor_with_any_byte_changed_is_refused(position: int, change: int) -> None:
    cursor = CURSORS.write(SCOPE, (12345, "x"))
    raw = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    raw[position % len(raw)] ^= change
    with pytest.raises(InvalidParameter):
        CURSORS.read(SCOPE, base64.urlsafe_b64encode(raw).rstrip(b"=").decode(), (int, str))


def test_an_instant_without_zone_never_enters_a_cursor() -> None:
    with pytest.raises(ValueError, match="aware"):
        CURSORS.write(SCOPE, (datetime(2024, 1, 1),))  # noqa: DTZ001 - the refused case


@pytest.mark.parametrize(
    ("rows", "shown", "last"), [([], [], None), ([1], [1], None), ([1, 2], [1, 2], None), ([1, 2, 3], [1, 2], 2)]
)
def test_a_page_shows_its_size_and_knows_whether_another_follows(
    rows: list[int], shown: list[int], last: int | None
) -> None:
    assert split_page(rows, 2) == (shown, last)


def test_the_next_link_keeps_the_filters_and_replaces_the_cursor() -> None:
    link = next_link(URL("http://evil.example/api/v1/hazards/东?place=井下&cursor=old&limit=5"), "new")
    address, relation = link.removeprefix("<").split(">; ")
    assert relation == 'rel="next"'
    assert link.isascii()
    assert urlsplit(address).netloc == ""
    assert parse_qs(urlsplit(address).query) == {"place": ["井下"], "limit": ["5"], "cursor": ["new"]}
