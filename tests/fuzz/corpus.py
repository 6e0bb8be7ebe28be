"""The worst single values: what broke systems like this one, and every way to say something else to a database."""

from collections.abc import Iterator
from itertools import product
from typing import Any, Final

VALUES: Final = (
    "",
    " ",
    "\0",
    "a\0b",
    "\r\nSet-Cookie: a=b",
    "\u202e",
    "\ufffe",
    "\ud800".encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
    "\U0010ffff",
    "é" * 65,
    "0",
    "-1",
    "1.5",
    "1e9",
    "NaN",
    "Infinity",
    "true",
    "null",
    "[]",
    "{}",
    str(2**31 - 1),
    str(2**31),
    str(2**63 - 1),
    str(2**63),
    "9" * 400,
    "１２３４５６",
    "١٢٣٤٥٦",
    "²",
    "0001-01-01",
    "9999-12-31",
    "2026-02-30",
    "2026-11-20T00:00:00Z",
    "2026-11-20T00:00:00+99:00",
    "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00+23:59",
    "20２6-11-20",
    "00000000-0000-0000-0000-000000000000",
    "../../etc/passwd",
    "..%2f..%2f",
    "%",
    "%%%",
    "_" * 300,
    "\\",
)
"""For a place in the address; those no document may carry either are among them."""
JSON_VALUES: Final[tuple[Any, ...]] = (
    None,
    True,
    0,
    -1,
    1.5,
    1e308,
    2**31,
    2**63,
    10**400,
    "",
    "a\0b",
    "\ud800",
    "\ufffe",
    "１２３４５６",
    "9" * 5000,
    "0001-01-01",
    "9999-12-31",
    "9999-12-31T23:59:59-23:59",
    "2026-11-20T00:00:00+99:00",
    [],
    [[[[[[]]]]]],
    {},
    {"a": {"b": {"c": {}}}},
)
"""For a field of a document."""
TRUE, FALSE = "'1'='1", "'1'='2"


def injections() -> Iterator[tuple[str, str]]:
    """Some five hundred pairs that differ only in what they would make a database say."""
    starts = (
        "",
        "1",
        "listed",
        "' ",
        "') ",
        "')) ",
        '" ',
        "; ",
        "1) ",
        "%' ",
        "\\' ",
        "a', ",
        "$$ ",
        "$1 ",
        "::text ",
        "->>'a' ",
    )
    middles = ("OR ", "AND ", "|| ", "UNION SELECT ", "= ", "IN (SELECT ", "IS NOT NULL OR ", "ILIKE '%' OR ")
    ends = ("", " --", " /*", " #", ")")
    for start, middle, end in product(starts, middles, ends):
        yield f"{start}{middle}{TRUE}{end}", f"{start}{middle}{FALSE}{end}"


IDENTIFIERS: Final = (
    "hazard.id",
    "id; DROP TABLE hazard",
    "(SELECT password_hash FROM account LIMIT 1)",
    "pg_sleep(3)",
    "'||pg_sleep(3)||'",
    "1;SELECT pg_sleep(3)--",
    "$.*[*]",
    "state->>'a'",
    "information_schema.tables",
    "current_setting('app.account')",
    "id desc",
    "-id",
    "__class__",
    "constructor",
)
