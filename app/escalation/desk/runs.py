"""夜间运行记录: what each run did, and which records it could not treat."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from app.escalation.schemas import RunFilter
from app.hazards.scope import hazard_is_visible
from app.infrastructure.context import Context
from app.infrastructure.errors import NotFound, NotPermitted
from app.infrastructure.keyset import page_by_id
from app.infrastructure.pagination import Cursors
from app.regulation.facts import Actor
from app.regulation.permissions import Permission, has_permission
from app.tables.escalation import EscalationFailure, EscalationRun
from app.tables.hazards import Hazard

_SHOWN_AT_MOST = 500


async def page(context: Context, wanted: RunFilter, cursors: Cursors) -> dict[str, Any]:
    """A page of the runs, newest first."""
    _refuse_who_may_not(context)
    statement = _shown(context.actor)
    if wanted.business_date is not None:
        statement = statement.where(EscalationRun.business_date == wanted.business_date)
    if wanted.outcome is not None:
        statement = statement.where(EscalationRun.outcome == wanted.outcome)
    return await page_by_id(context, "escalation-runs", statement, EscalationRun.id, wanted, cursors)


async def one(context: Context, public_id: UUID) -> dict[str, Any]:
    """One run, with the failures within the reader's sight by hazard; NotFound where there is none."""
    _refuse_who_may_not(context)
    found = await context.session.execute(_shown(context.actor).where(EscalationRun.public_id == public_id))
    row = found.mappings().one_or_none()
    if row is None:
        raise NotFound
    return {**row, "failures": await _failures(context, public_id)}


def _refuse_who_may_not(context: Context) -> None:
    if not has_permission(Permission.ESCALATION_RUN_READ, context.actor):
        raise NotPermitted


def _shown(actor: Actor) -> Select[Any, *tuple[Any, ...]]:
    failed = (
        select(func.count())
        .select_from(EscalationFailure)
        .where(EscalationFailure.run_id == EscalationRun.id, _is_in_sight(actor))
        .correlate(EscalationRun)
        .scalar_subquery()
    )
    return select(
        EscalationRun.public_id.label("id"),
        *(EscalationRun.business_date, EscalationRun.started_at, EscalationRun.ended_at),
        *(EscalationRun.outcome, EscalationRun.stopped_because, EscalationRun.counts),
        func.extract("epoch", EscalationRun.ended_at - EscalationRun.started_at).label("seconds"),
        failed.label("failure_count"),
    )


def _is_in_sight(actor: Actor) -> ColumnElement[bool]:
    seen = select(Hazard.id).where(Hazard.id == EscalationFailure.hazard_id, hazard_is_visible(actor))
    return or_(EscalationFailure.hazard_id.is_(None), seen.correlate(EscalationFailure).exists())


async def _failures(context: Context, run_id: UUID) -> list[dict[str, Any]]:
    statement = (
        select(
            Hazard.public_id.label("hazard_id"),
            *(Hazard.ledger_number, EscalationFailure.subject, EscalationFailure.step, EscalationFailure.code),
            EscalationFailure.recorded_at,
        )
        .select_from(EscalationFailure)
        .join(EscalationRun, EscalationRun.id == EscalationFailure.run_id)
        .outerjoin(Hazard, and_(Hazard.id == EscalationFailure.hazard_id, hazard_is_visible(context.actor)))
        .where(EscalationRun.public_id == run_id, _is_in_sight(context.actor))
        .order_by(EscalationFailure.id)
        .limit(_SHOWN_AT_MOST)
    )
    return [dict(row) for row in (await context.session.execute(statement)).mappings()]
