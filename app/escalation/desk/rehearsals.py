"""演练 at an office's desk: what the night would do within its territory, made, kept and shown to whoever made it."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, select, true

from app.audit.record import Subject, record
from app.escalation import rehearsal
from app.escalation.schemas import NewRehearsal, RehearsalFilter
from app.infrastructure.answers import Answer, plain
from app.infrastructure.context import Context
from app.infrastructure.errors import InvalidInput, NotFound, NotPermitted
from app.infrastructure.keyset import page_by_id
from app.infrastructure.pagination import Cursors
from app.regulation.deadlines import business_date
from app.regulation.facts import Actor
from app.regulation.permissions import Permission, has_permission
from app.regulation.vocabulary import RoleClass
from app.tables.escalation import EscalationRehearsal


async def make(context: Context, body: NewRehearsal) -> Answer:
    """Rehearses and keeps the result; InvalidInput for another date or a faulty edition, NotPermitted.

    TemporarilyUnavailable where the year has no announced holidays, as the night itself would stop.
    """
    if not has_permission(Permission.ESCALATION_REHEARSAL_MAKE, context.actor):
        raise NotPermitted
    _refuse_distant(body.business_date, business_date(context.now))
    wanted = await rehearsal.rehearsed(context, body.business_date, body.edition_toml)
    shown = await rehearsal.rehearse(context, wanted)
    kept = await rehearsal.keep(context, wanted, shown)
    told = {"business_date": wanted.on.isoformat(), "edition_sha256": wanted.sha256}
    await record(context, "escalation:rehearsal:made", Subject("escalation_rehearsal", kept["id"]), told)
    view = {
        "id": kept["public_id"],
        "recorded_at": kept["recorded_at"],
        "business_date": wanted.on,
        "edition_sha256": wanted.sha256,
        "is_of_loaded_edition": wanted.edition_id is not None,
        "result": shown,
    }
    return Answer(plain(view), location=f"/api/v1/escalation-rehearsals/{kept['public_id']}")


async def page(context: Context, wanted: RehearsalFilter, cursors: Cursors) -> dict[str, Any]:
    """A page of the rehearsals one made oneself, newest first, with their counts; of everybody's for auditors."""
    _refuse_who_may_not_read(context)
    counts = EscalationRehearsal.result["counts"].label("counts")
    held = EscalationRehearsal.result["would_be_held"].as_boolean().label("would_be_held")
    statement = _shown(context.actor).add_columns(counts, held)
    return await page_by_id(context, "escalation-rehearsals", statement, EscalationRehearsal.id, wanted, cursors)


async def one(context: Context, public_id: UUID) -> dict[str, Any]:
    """One rehearsal as it was shown; NotFound for another's."""
    _refuse_who_may_not_read(context)
    statement = _shown(context.actor).add_columns(EscalationRehearsal.result)
    found = await context.session.execute(statement.where(EscalationRehearsal.public_id == public_id))
    row = found.mappings().one_or_none()
    if row is None:
        raise NotFound
    return dict(row)


def _refuse_distant(asked: date | None, today: date) -> None:
    """A date that has not come `rehearsed` refuses, unless the clock may be moved."""
    if asked is not None and asked < today - timedelta(days=1):
        message = f"演练的日期(business_date)只能是今天({today.isoformat()})或者昨天:更早的夜间任务已经办过。"
        raise InvalidInput.of_field("/business_date", "date_out_of_range", message)


def _refuse_who_may_not_read(context: Context) -> None:
    if not has_permission(Permission.ESCALATION_REHEARSAL_READ, context.actor):
        raise NotPermitted


def _shown(actor: Actor) -> Select[Any, *tuple[Any, ...]]:
    return select(
        EscalationRehearsal.public_id.label("id"),
        EscalationRehearsal.recorded_at,
        EscalationRehearsal.business_date,
        EscalationRehearsal.edition_sha256,
        EscalationRehearsal.edition_id.is_not(None).label("is_of_loaded_edition"),
    ).where(_is_own(actor))


def _is_own(actor: Actor) -> ColumnElement[bool]:
    if actor.role_class is RoleClass.AUDITOR:
        return true()
    return false() if actor.account_id is None else EscalationRehearsal.account_id == actor.account_id
