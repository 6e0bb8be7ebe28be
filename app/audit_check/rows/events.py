"""The events of a scope, chunk by chunk, each with what its payload says."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import RowMapping, Select, bindparam, or_, select, tuple_
from sqlalchemy.orm import aliased

from app.infrastructure.context import Context
from app.tables.history import AuditEvent, AuditStream, SequencePosition

CHUNK: Final = 2000
"""Rows held at once: what keeps a million from filling the memory."""

Row = RowMapping


@dataclass(frozen=True, slots=True)
class Scope:
    """What is verified: everything, one hazard, or what was sealed after a size."""

    hazard_id: int | None = None
    since: int = 0

    @property
    def is_whole(self) -> bool:
        """Nothing is left out."""
        return self.hazard_id is None and not self.since


_EVENTS: Final[Select[Any, *tuple[Any, ...]]] = (
    select(
        AuditEvent.id,
        AuditEvent.stream_id,
        AuditEvent.serial,
        AuditEvent.hazard_id,
        AuditEvent.event,
        AuditEvent.payload,
        AuditEvent.previous_sha256,
        AuditEvent.sha256,
        AuditEvent.account_id,
        AuditEvent.request_id,
        AuditEvent.transaction_id,
        AuditStream.kind,
        AuditStream.subject_id,
        AuditStream.hazard_id.label("stream_hazard_id"),
        AuditStream.length,
        AuditStream.head_sha256,
        AuditStream.previous_sha256.label("before_head_sha256"),
    )
    .join(AuditStream, AuditStream.id == AuditEvent.stream_id, isouter=True)
    .where(tuple_(AuditEvent.stream_id, AuditEvent.serial) > tuple_(bindparam("stream"), bindparam("serial")))
    .order_by(AuditEvent.stream_id, AuditEvent.serial)
    .limit(CHUNK)
)
_OF_HAZARD: Final[Select[Any, *tuple[Any, ...]]] = _EVENTS.where(AuditEvent.hazard_id == bindparam("hazard"))
_NEW: Final = aliased(AuditEvent)
_OF_NEW: Final[Select[Any, *tuple[Any, ...]]] = _EVENTS.where(
    AuditEvent.stream_id.in_(
        select(_NEW.stream_id)
        .join(SequencePosition, SequencePosition.audit_event_id == _NEW.id, isouter=True)
        .where(or_(SequencePosition.position > bindparam("since"), SequencePosition.position.is_(None)))
    )
)


@dataclass(frozen=True, slots=True)
class Event:
    """An event with what its payload says; `said` is empty where the payload is no document."""

    row: Row
    said: Mapping[str, Any]

    @property
    def where(self) -> str:
        """Stream and serial, as a person finds them again."""
        return f"审计流 {stream_name(self.row)} 第 {self.row['serial']} 条"


async def chunks_of_events(context: Context, scope: Scope) -> AsyncIterator[list[Event]]:
    """Every event of the scope, stream by stream in the order of serials."""
    stream, serial = 0, 0
    while True:
        wanted = {"stream": stream, "serial": serial, "hazard": scope.hazard_id, "since": scope.since}
        rows = (await context.session.execute(_statement(scope), wanted)).mappings().all()
        if rows:
            stream, serial = rows[-1]["stream_id"], rows[-1]["serial"]
            yield [Event(row, _said(row["payload"])) for row in rows]
        if len(rows) < CHUNK:
            return


def _statement(scope: Scope) -> Select[Any, *tuple[Any, ...]]:
    if scope.hazard_id is not None:
        return _OF_HAZARD
    return _OF_NEW if scope.since else _EVENTS


def stream_name(row: Row) -> str:
    """A stream as its kind and subject."""
    return f"{row['kind'] or '?'}/{row['subject_id'] if row['subject_id'] is not None else '?'}"


def _said(payload: bytes) -> Mapping[str, Any]:
    try:
        said = json.loads(payload)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def acts_among(events: Sequence[Event]) -> list[Event]:
    """The events that tell an act on a hazard."""
    return [one for one in events if one.row["event"].startswith("hazard:") and one.row["event"].endswith(":recorded")]
