"""Recomputes every stream's chain: contents, serials, links, heads; what an event tells goes on to `acts`."""

import hashlib
from collections.abc import AsyncIterator, Iterator
from typing import Final

from sqlalchemy import text

from app.audit_check.faults import Fault, FaultKind
from app.audit_check.rows.acts import told_faults
from app.audit_check.rows.events import CHUNK, Event, Scope, chunks_of_events, stream_name
from app.infrastructure.context import Context

NOTHING_BEFORE: Final = bytes(32)
_WITHOUT_EVENTS: Final = text(
    """
    SELECT s.kind, s.subject_id, s.length FROM audit_stream s
     WHERE s.length > 0 AND (CAST(:hazard AS bigint) IS NULL OR s.hazard_id = :hazard)
       AND NOT EXISTS (SELECT FROM audit_event e WHERE e.stream_id = s.id)
     ORDER BY s.id LIMIT :chunk
    """
)


async def stream_faults(context: Context, scope: Scope) -> AsyncIterator[Fault | int]:
    """The faults of every chain, and between them how many events have been looked at."""
    before: Event | None = None
    async for events in chunks_of_events(context, scope):
        for event in events:
            for fault in _event_faults(event, before):
                yield fault
            before = event
        for fault in await told_faults(context, events):
            yield fault
        yield len(events)
    if before is not None:
        for fault in _end_faults(before):
            yield fault
    found = await context.session.execute(_WITHOUT_EVENTS, {"chunk": CHUNK, "hazard": scope.hazard_id})
    for row in found.mappings():
        yield Fault(FaultKind.STREAM_HEAD_DIFFERS, f"审计流 {stream_name(row)}", {"length": row["length"], "events": 0})


def _event_faults(event: Event, before: Event | None) -> Iterator[Fault]:
    row = event.row
    if before is None or before.row["stream_id"] != row["stream_id"]:
        if before is not None:
            yield from _end_faults(before)
        serial, link = 0, NOTHING_BEFORE
        if row["kind"] is None:
            yield Fault(FaultKind.STREAM_MISSING, event.where)
    else:
        serial, link = before.row["serial"], before.row["sha256"]
    if row["serial"] != serial + 1:
        yield Fault(FaultKind.EVENT_MISSING, event.where, {"expected": serial + 1})
    elif row["previous_sha256"] != link:
        yield Fault(FaultKind.CHAIN_BROKEN, event.where)
    if hashlib.sha256(row["previous_sha256"] + row["payload"]).digest() != row["sha256"]:
        yield Fault(FaultKind.EVENT_ALTERED, event.where, {"event": row["event"]})
    differing = [name for name, (column, said) in _pairs(event).items() if column != said]
    if differing:
        yield Fault(FaultKind.EVENT_SAYS_OTHERWISE, event.where, {"columns": differing})


def _pairs(event: Event) -> dict[str, tuple[object, object]]:
    """What columns and payload both say."""
    row, said = event.row, event.said
    subject, actor = said.get("subject", {}), said.get("actor", {})
    pairs = {
        "event": (row["event"], said.get("event")),
        "request_id": (row["request_id"], said.get("request")),
        "account_id": (row["account_id"], actor.get("account")),
        "hazard_id": (row["hazard_id"], row["stream_hazard_id"]),
    }
    if row["kind"] is None:
        return pairs
    return pairs | {
        "kind": (row["kind"], subject.get("kind")),
        "subject_id": (row["subject_id"], subject.get("id")),
    }


def _end_faults(last: Event) -> Iterator[Fault]:
    row = last.row
    head = (row["length"], row["head_sha256"], row["before_head_sha256"])
    if row["kind"] is not None and head != (row["serial"], row["sha256"], row["previous_sha256"]):
        facts = {"length": row["length"], "last_serial": row["serial"]}
        yield Fault(FaultKind.STREAM_HEAD_DIFFERS, f"审计流 {stream_name(row)}", facts)
