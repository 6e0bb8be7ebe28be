"""Appointments (design 3.2, promise P-15): two administrators, never back-dated, one holder at a time."""

from collections.abc import Iterator
from itertools import pairwise

from tests.oracle.book import Book, Row, Violation, unmet


def post_violations(book: Book) -> Iterator[Violation]:
    """Each appointment by itself, then the holders of each post one after another."""
    for appointment in book.rows["appointment"]:
        if appointment["confirmed_at"] is not None:
            yield from _appointment(book, appointment)
    for post in book.rows["post"]:
        confirmed = [row for row in book.all("appointment", "post_id", post["id"]) if row["confirmed_at"] is not None]
        confirmed.sort(key=lambda row: row["valid_from"])
        for before, after in pairwise(confirmed):
            apart = before["valid_until"] is not None and before["valid_until"] <= after["valid_from"]
            yield from unmet(None, f"post {post['id']}", {"two-holders-of-a-post": apart})
    yield from _persons(book)


def _appointment(book: Book, appointment: Row) -> Iterator[Violation]:
    proposer = book.person_of(appointment["proposed_by_account_id"])
    confirmer = book.person_of(appointment["confirmed_by_account_id"])
    until = appointment["valid_until"]
    acting = appointment["acting_for_appointment_id"] is not None
    yield from unmet(
        None,
        f"appointment {appointment['id']}",
        {
            "appointment-back-dated": appointment["valid_from"] >= appointment["confirmed_at"],
            "appointment-confirmed-before-proposed": appointment["confirmed_at"] >= appointment["proposed_at"],
            "appointment-by-one-person": appointment["confirmed_by_account_id"] != appointment["proposed_by_account_id"]
            and (proposer is None or proposer != confirmer),
            "acting-without-end": not acting or until is not None,
        },
    )


def _persons(book: Book) -> Iterator[Violation]:
    digests = [bytes(row["identity_digest"]) for row in book.rows["person"] if row["identity_digest"] is not None]
    yield from unmet(None, "person", {"one-human-two-persons": len(digests) == len(set(digests))})
