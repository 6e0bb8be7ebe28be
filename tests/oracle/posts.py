"""Appointments (design 3.2, promise P-15): two administrators, never back-dated, one holder and one duty at a time."""

from collections.abc import Iterator
from itertools import combinations, pairwise

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
    yield from _duties(book)
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


_DUTIES = {
    "system_administrator": "system",
    "security_administrator": "security",
    "audit_administrator": "audit",
    "auditor": "audit",
}
"""三员分立 (GB/T 22239 8.1.4.2); every other post is work."""


def _duties(book: Book) -> Iterator[Violation]:
    """Of one person's confirmed appointments no two of different duties hold at one instant."""
    kinds = {post["id"]: post["kind"] for post in book.rows["post"]}
    for person in book.rows["person"]:
        held = [row for row in book.all("appointment", "person_id", person["id"]) if row["confirmed_at"] is not None]
        for one, other in combinations(held, 2):
            alike = _DUTIES.get(kinds[one["post_id"]], "work") == _DUTIES.get(kinds[other["post_id"]], "work")
            apart = _is_over_before(one, other) or _is_over_before(other, one)
            yield from unmet(None, f"person {person['id']}", {"two-duties-of-a-person": alike or apart})


def _is_over_before(one: Row, other: Row) -> bool:
    return one["valid_until"] is not None and one["valid_until"] <= other["valid_from"]


def _persons(book: Book) -> Iterator[Violation]:
    digests = [bytes(row["identity_digest"]) for row in book.rows["person"] if row["identity_digest"] is not None]
    yield from unmet(None, "person", {"one-human-two-persons": len(digests) == len(set(digests))})
