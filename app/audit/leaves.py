"""What one row is in the tree: a canonical document of every column, free text and labels as hashes only.

`docs/audit-format.md` says the same for those who verify without this program; changing one changes both, and `FORMAT`.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

from sqlalchemy import Select, select

from app.infrastructure.context import Context
from app.infrastructure.security import canonical_json
from app.tables.history import AuditEvent, AuditStream, HazardTransition, SequencePosition

FORMAT: Final = 1

_SAID_AS_HASH: Final = frozenset({"reason", "actor_label", "request_id", "payload"})
# Written out: a column that a later version adds belongs to that version's format, not to this one.
_TRANSITION: Final = (
    "id", "hazard_id", "act", "rule", "from_state", "to_state", "version", "cycle", "unit_id", "sector", "channel",
    "level", "supervision_tier", "lead_organisation_id", "listing_office_id", "enterprise_id", "original_deadline",
    "current_deadline", "found_on", "is_determined", "is_legacy", "reason", "declared_at", "is_verified",
    "extension_count", "account_id", "person_id", "appointment_id", "actor_label", "edition_id", "act_order",
    "restates", "occurred_at", "recorded_at", "transaction_id",
)  # fmt: skip
_EVENT: Final = (
    "id", "stream_id", "serial", "hazard_id", "event", "payload", "previous_sha256", "sha256", "account_id",
    "request_id", "recorded_at", "transaction_id",
)  # fmt: skip


def _transitions() -> Select[Any, *tuple[Any, ...]]:
    columns = HazardTransition.__table__.c
    return select(
        SequencePosition.position, SequencePosition.assigned_at, *(columns[name] for name in _TRANSITION)
    ).join(HazardTransition, HazardTransition.id == SequencePosition.transition_id)


def _events() -> Select[Any, *tuple[Any, ...]]:
    columns = AuditEvent.__table__.c
    return (
        select(
            SequencePosition.position,
            SequencePosition.assigned_at,
            AuditStream.kind.label("stream_kind"),
            AuditStream.subject_id.label("stream_subject_id"),
            *(columns[name] for name in _EVENT),
        )
        .join(AuditEvent, AuditEvent.id == SequencePosition.audit_event_id)
        .join(AuditStream, AuditStream.id == AuditEvent.stream_id)
    )


_OF_TRANSITIONS: Final = _transitions()
_OF_EVENTS: Final = _events()


def leaf_data(kind: str, row: Mapping[Any, Any]) -> bytes:
    """The bytes of a leaf: `kind` is transition or audit_event, `row` its columns with position and assigned_at."""
    return canonical_json({"type": kind, "format": FORMAT, **dict(_told(row))})


async def leaves_between(context: Context, first: int, last: int) -> dict[int, bytes]:
    """The leaf data at each position from `first` to `last`, both counted; those the caller may read."""
    return await _read(context, SequencePosition.position.between(first, last))


async def leaves_at(context: Context, positions: Sequence[int]) -> dict[int, bytes]:
    """The leaf data at these positions; those the caller may read."""
    return await _read(context, SequencePosition.position.in_(positions))


async def _read(context: Context, where: Any) -> dict[int, bytes]:  # noqa: ANN401  a condition on positions
    found: dict[int, bytes] = {}
    for kind, statement in (("transition", _OF_TRANSITIONS), ("audit_event", _OF_EVENTS)):
        rows = await context.session.execute(statement.where(where))
        found |= {row["position"]: leaf_data(kind, row) for row in rows.mappings()}
    return found


def _told(row: Mapping[Any, Any]) -> Iterator[tuple[str, str | int | None]]:
    for name, value in row.items():
        if name in _SAID_AS_HASH:
            yield f"{name}_sha256", _hash_of(value)
        elif name == "transaction_id":
            # 64 bits without a sign: more than every language's JSON numbers hold.
            yield name, str(value)
        else:
            yield name, _written(value)


def _hash_of(value: str | bytes | None) -> str | None:
    if value is None:
        return None
    return hashlib.sha256(value.encode() if isinstance(value, str) else value).hexdigest()


def _written(value: Any) -> str | int | None:  # noqa: ANN401  what a column holds
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    kept: str | int | None = value
    return kept


def instant(at: datetime) -> str:
    """An instant as every document here writes it: UTC, always six digits of a second, `Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
