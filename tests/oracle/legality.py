"""The oracle: decides from the database alone whether every history the registry holds is legal.

Written from design 3.1, 3.2, 3.5, 3.6 and 4 by someone who had not read the code it judges; it imports nothing of app.
"""

from collections.abc import Iterator
from typing import Any

from psycopg import Connection

from tests.oracle.book import Book, Row, Violation
from tests.oracle.chains import chain_violations, edition_violations
from tests.oracle.closings import closing_violations, content_violations, round_place_violations
from tests.oracle.lifecycle import extension_violations, lifecycle_violations, measure_violations
from tests.oracle.paper import batch_violations, paper_violations
from tests.oracle.posts import post_violations
from tests.oracle.signatures import round_violations
from tests.oracle.streams import stream_violations

__all__ = ["Violation", "violations"]


def violations(connection: Connection[Any]) -> list[Violation]:
    """Everything illegal in the registry; the connection is a superuser's, the database is only read."""
    book = Book.read(connection)
    found = [violation for hazard in book.rows["hazard"] for violation in _of_hazard(book, hazard)]
    return [
        *found,
        *edition_violations(book),
        *post_violations(book),
        *batch_violations(book),
        *stream_violations(book),
    ]


def _of_hazard(book: Book, hazard: Row) -> Iterator[Violation]:
    yield from lifecycle_violations(book, hazard)
    yield from measure_violations(book, hazard)
    yield from extension_violations(book, hazard)
    yield from paper_violations(book, hazard)
    yield from round_place_violations(book, hazard)
    for round_ in book.all("signing_round", "hazard_id", hazard["id"]):
        yield from chain_violations(book, hazard, round_)
        yield from round_violations(book, hazard, round_)
    yield from closing_violations(book, hazard)
    yield from content_violations(book, hazard)
