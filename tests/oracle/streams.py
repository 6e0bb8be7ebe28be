"""The audit trail (design 4): every stream gapless and chained, its head the last row; the one sequence gapless."""

import hashlib
import json
from collections.abc import Iterator
from itertools import pairwise

from tests.oracle.book import Book, Row, Violation, unmet

Told = tuple[object, ...]


def stream_violations(book: Book) -> Iterator[Violation]:
    """Serials, hashes and heads of all streams, and the positions."""
    for stream in book.rows["audit_stream"]:
        yield from _stream(book, stream)
    positions = sorted(row["position"] for row in book.rows["sequence_position"])
    gapless = positions == list(range(1, len(positions) + 1))
    yield from unmet(None, f"{len(positions)} positions", {"sequence-has-gaps": gapless})
    yield from _acts_and_events(book)


def _acts_and_events(book: Book) -> Iterator[Violation]:
    """Each act has one event of its transaction that names it, and no event names another (promise P-27)."""
    told: dict[Told, int] = {}
    for event in book.rows["audit_event"]:
        if event["event"].startswith("hazard:") and event["event"].endswith(":recorded"):
            named = _named_by(event)
            told[named] = told.get(named, 0) + 1
    acts = {_act(row): row for row in book.rows["hazard_transition"] if row["restates"] is None}
    for key, row in acts.items():
        where = f"act {row['id']} ({row['act']}) is told {told.get(key, 0)} times"
        yield from unmet(row["hazard_id"], where, {"act-not-told-once": told.get(key, 0) == 1})
    for key in told.keys() - acts.keys():
        yield from unmet(None, f"event of act {key}", {"event-without-act": False})


def _act(row: Row) -> Told:
    return row["hazard_id"], row["id"], row["version"], row["act"], row["account_id"], row["transaction_id"]


def _named_by(event: Row) -> Told:
    said = _particulars(event["payload"])
    act = event["event"].split(":")[1]
    return (
        event["hazard_id"],
        said.get("transition"),
        said.get("version"),
        act,
        event["account_id"],
        event["transaction_id"],
    )


def _stream(book: Book, stream: Row) -> Iterator[Violation]:
    events = sorted(book.all("audit_event", "stream_id", stream["id"]), key=lambda row: row["serial"])
    start = events[0]["serial"] if events else 1
    yield from unmet(
        stream["hazard_id"],
        f"stream {stream['id']} ({stream['kind']} {stream['subject_id']}) of length {stream['length']}",
        {
            "audit-serials-have-gaps": start in {0, 1}
            and [row["serial"] for row in events] == list(range(start, start + len(events))),
            "audit-length-differs": stream["length"] == len(events),
            "audit-head-differs": not events
            or (events[-1]["previous_sha256"], events[-1]["sha256"])
            == (stream["previous_sha256"], stream["head_sha256"]),
            "audit-chain-broken": all(
                after["previous_sha256"] == before["sha256"] for before, after in pairwise(events)
            ),
            "audit-hash-wrong": all(
                hashlib.sha256(row["previous_sha256"] + row["payload"]).digest() == row["sha256"] for row in events
            ),
            "audit-event-of-another-hazard": all(row["hazard_id"] == stream["hazard_id"] for row in events),
        },
    )


def _particulars(payload: bytes) -> Row:
    try:
        said = json.loads(payload)["particulars"]
    except (ValueError, KeyError):
        return {}
    return dict(said)
