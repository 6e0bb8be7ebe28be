"""Records a business change in its subject's append-only stream, in the act's own transaction.

Evidence, not logging: a change whose row cannot be written does not happen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from app.infrastructure.context import Context
from app.infrastructure.security import canonical_json

_MOVE_HEAD_AND_APPEND = text(
    """
    WITH head AS (
        INSERT INTO audit_stream AS s (kind, subject_id, hazard_id, length, previous_sha256, head_sha256)
        VALUES (:kind, :subject_id, :hazard_id, 1, decode(repeat('00', 32), 'hex'),
                sha256(decode(repeat('00', 32), 'hex') || :payload))
        ON CONFLICT (kind, subject_id) DO UPDATE
           SET length = s.length + 1,
               previous_sha256 = s.head_sha256,
               head_sha256 = sha256(s.head_sha256 || :payload)
        RETURNING id, length, previous_sha256, head_sha256
    )
    INSERT INTO audit_event
        (stream_id, serial, hazard_id, event, payload, previous_sha256, sha256, account_id, request_id)
    SELECT id, length, :hazard_id, :event, :payload, previous_sha256, head_sha256, :account_id, :request_id
      FROM head
    """
)


@dataclass(frozen=True, slots=True)
class Subject:
    """What the event is about: the stream's kind and the subject's id; `hazard_id` where it is a hazard's."""

    kind: str
    id: int
    hazard_id: int | None = None


def hazard_subject(hazard_id: int) -> Subject:
    """A hazard's own stream."""
    return Subject("hazard", hazard_id, hazard_id)


async def record(context: Context, event: str, subject: Subject, particulars: Mapping[str, Any]) -> None:
    """Appends `event` (`subject:aspect:past_tense`); `particulars` hold identifiers and hashes, no personal values."""
    await context.session.execute(_MOVE_HEAD_AND_APPEND, _event(context, event, subject, particulars))


async def record_all(context: Context, event: str, entries: Sequence[tuple[Subject, Mapping[str, Any]]]) -> None:
    """As `record`, the same event of many subjects in one go, each in its own stream."""
    if entries:
        rows = [_event(context, event, subject, particulars) for subject, particulars in entries]
        await context.session.execute(_MOVE_HEAD_AND_APPEND, rows)


def _event(context: Context, event: str, subject: Subject, particulars: Mapping[str, Any]) -> dict[str, Any]:
    payload = canonical_json(
        {
            "event": event,
            "subject": {"kind": subject.kind, "id": subject.id},
            "actor": {
                "account": context.actor.account_id,
                "person": context.actor.person_id,
                "appointment": context.actor.appointment_id,
                "label": context.actor.label,
            },
            "at": context.now.isoformat(),
            "request": context.request_id,
            "particulars": particulars,
        }
    )
    return {
        "kind": subject.kind,
        "subject_id": subject.id,
        "hazard_id": subject.hazard_id,
        "payload": payload,
        "event": event,
        "account_id": context.actor.account_id,
        "request_id": context.request_id,
    }
