"""What a case file is made of: every row of a hazard's documents, rounds and history, as the caller may see them."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import func, select, text

from app.infrastructure.context import Context
from app.regulation.masking import presented
from app.tables.base import Base

DOCUMENTS: Final = (
    "determination",
    "dismissal",
    "listing",
    "supervision_change",
    "plan",
    "plan_decision",
    "progress",
    "extension_request",
    "extension_decision",
    "transfer",
    "transfer_refusal",
    "production_measure",
    "production_measure_lift",
    "declaration",
    "verification",
    "round_request",
    "correction",
    "delisting",
    "revisit",
    "legacy_record",
)
"""Tables of documents, in the order a case goes."""
OF_ROUNDS: Final = (
    "signing_round",
    "round_level",
    "signature",
    "signature_withdrawal",
    "round_end",
    "sealed_closing",
    "sealed_closing_signature",
)
"""As signed and sealed, exactly: nothing here is masked, or the hashes would not hold."""

_POSTS: Final = text(
    """
    SELECT DISTINCT a.id, p.title AS post, p.kind AS post_kind, o.name AS organisation,
           a.acting_for_appointment_id IS NOT NULL AS is_acting
      FROM appointment a JOIN post p ON p.id = a.post_id JOIN organisation o ON o.id = p.organisation_id
     WHERE a.id IN (SELECT appointment_id FROM hazard_transition WHERE hazard_id = :hazard
                    UNION SELECT appointment_id FROM signature WHERE hazard_id = :hazard
                    UNION SELECT appointment_id FROM document_confirmation WHERE hazard_id = :hazard)
     ORDER BY a.id
    """
)
_EVENTS: Final = text(
    """
    SELECT e.id, s.kind AS stream_kind, s.subject_id AS stream_subject_id, e.serial, e.event, e.payload,
           encode(e.previous_sha256, 'hex') AS previous_sha256, encode(e.sha256, 'hex') AS sha256,
           e.account_id, e.recorded_at, e.transaction_id::text AS transaction_id, p.position
      FROM audit_event e JOIN audit_stream s ON s.id = e.stream_id
      LEFT JOIN sequence_position p ON p.audit_event_id = e.id
     WHERE e.hazard_id = :hazard ORDER BY e.stream_id, e.serial
    """
)
_POSITIONS_OF_ACTS: Final = text(
    "SELECT t.id, p.position FROM hazard_transition t LEFT JOIN sequence_position p ON p.transition_id = t.id"
    " WHERE t.hazard_id = :hazard ORDER BY t.id"
)
_EVIDENCE: Final = text(
    """
    SELECT public_id::text AS id, kind, encode(sha256, 'hex') AS sha256, size_bytes, media_type, file_name, taken_at,
           longitude::text AS longitude, latitude::text AS latitude, recorded_at
      FROM evidence WHERE hazard_id = :hazard ORDER BY id
    """
)


async def rows_of(context: Context, table: str, hazard_id: int, *, as_signed: bool = False) -> list[dict[str, Any]]:
    """The hazard's rows of a table, oldest first; free texts as the caller may see them unless `as_signed`."""
    columns = Base.metadata.tables[table]
    statement = (
        select(func.to_jsonb(columns.table_valued()))
        .where(columns.c.hazard_id == hazard_id)
        .order_by(columns.c.id if "id" in columns.c else columns.c.hazard_id)
    )
    rows = (await context.session.execute(statement)).scalars()
    return [row if as_signed else as_seen(context, row) for row in rows]


def as_seen(context: Context, row: Mapping[str, Any]) -> dict[str, Any]:
    """Every text of a row, whatever its column, as the caller may see what people wrote."""
    texts: dict[str, Any] = presented({"changes": dict(row)}, context.actor)["changes"]
    return presented(texts, context.actor)


async def posts_of(context: Context, hazard_id: int) -> list[dict[str, Any]]:
    """Which post each appointment is that the case names; posts, never names."""
    return await _mappings(context, _POSTS, hazard_id)


async def events_of(context: Context, hazard_id: int) -> list[dict[str, Any]]:
    """Every audit event of the hazard with its exact payload and its position, where it has one."""
    return await _mappings(context, _EVENTS, hazard_id)


async def positions_of_acts(context: Context, hazard_id: int) -> dict[int, int | None]:
    """The position of each transition."""
    return {row["id"]: row["position"] for row in await _mappings(context, _POSITIONS_OF_ACTS, hazard_id)}


async def evidence_of(context: Context, hazard_id: int) -> list[dict[str, Any]]:
    """Every piece of evidence, without its bytes."""
    return await _mappings(context, _EVIDENCE, hazard_id)


async def _mappings(context: Context, statement: Any, hazard_id: int) -> list[dict[str, Any]]:  # noqa: ANN401 - a statement
    rows = (await context.session.execute(statement, {"hazard": hazard_id})).mappings()
    return [dict(row) for row in rows]
