"""暂停与解除发文 by the safety office at the head of the tree: it stops all issuing and sending, and lets it go on.

Whoever releases has seen what the night would do: a rehearsal of their own, made after the hold, of today's or
yesterday's date, under the edition in force.
"""

from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, insert, select, update

from app.audit.record import Subject, record
from app.holds.reading import hold_view
from app.holds.schemas import NewHold, Release
from app.infrastructure.answers import Answer, plain
from app.infrastructure.context import Context
from app.infrastructure.errors import Conflict, InvalidInput, NotFound, NotPermitted, RuleNotMet
from app.reference.units import is_head_office
from app.regulation.deadlines import business_date
from app.regulation.facts import Unmet
from app.regulation.permissions import Permission, has_permission
from app.regulation.vocabulary import HoldReason
from app.tables.escalation import DispatchHold, EscalationRehearsal
from app.tables.rules import Edition

_RULE: Final = "ladder.dispatch_hold"
_REHEARSE: Final = "请先演练(POST /api/v1/escalation-rehearsals),查看结果后再以该次演练解除。"


def refuse_who_may_not(context: Context, permission: Permission) -> None:
    """NotPermitted for whoever has no business with that."""
    if not has_permission(permission, context.actor):
        raise NotPermitted


async def order(context: Context, body: NewHold) -> Answer:
    """The office itself stops all issuing and sending; Conflict where it has done so already."""
    await _refuse_who_may_not(context, Permission.DISPATCH_HOLD_ORDER)
    standing = select(DispatchHold.id).where(
        DispatchHold.reason == HoldReason.ORDERED.value, DispatchHold.released_at.is_(None)
    )
    if (await context.session.execute(standing)).first() is not None:
        raise Conflict("dispatch_already_held", "人工暂停发文正在生效,无须再次暂停。", remedy="需要恢复的,请办理解除。")
    row = {
        "reason": HoldReason.ORDERED.value,
        "note": body.note,
        "held_at": func.registry_now(),
        "ordered_by_account_id": context.actor.account_id,
    }
    held = insert(DispatchHold).values(row).returning(DispatchHold.id, DispatchHold.public_id)
    hold = (await context.session.execute(held)).one()
    await record(context, "dispatch:hold:ordered", Subject("dispatch_hold", hold.id), {"reason": row["reason"]})
    return await _answer(context, hold.public_id)


async def release(context: Context, public_id: UUID, body: Release) -> Answer:
    """Dispatch goes on, where nothing else holds it.

    NotFound, NotPermitted, Conflict where it has ended, InvalidInput and RuleNotMet for a rehearsal that will not do.
    """
    await _refuse_who_may_not(context, Permission.DISPATCH_HOLD_RELEASE)
    hold = await _locked(context, public_id)
    rehearsal = await _own_rehearsal(context, body.rehearsal_id)
    unmet = await _unmet(context, hold, rehearsal)
    if unmet:
        raise RuleNotMet(unmet=unmet)
    released = {
        "rehearsal_id": rehearsal.id,
        "released_at": func.registry_now(),
        "released_by_account_id": context.actor.account_id,
        "release_note": body.note,
    }
    await context.session.execute(update(DispatchHold).where(DispatchHold.id == hold.id).values(released))
    told = {"reason": hold.reason, "rehearsal": rehearsal.id}
    await record(context, "dispatch:hold:released", Subject("dispatch_hold", hold.id), told)
    return await _answer(context, public_id)


async def _refuse_who_may_not(context: Context, permission: Permission) -> None:
    refuse_who_may_not(context, permission)
    if not await is_head_office(context):
        raise NotPermitted(
            "not_the_head_office",
            "暂停和解除发文由本系统最高一级安委办负责人办理。",
            rule=_RULE,
            remedy="请报最高一级安委办办理。",
        )


async def _locked(context: Context, public_id: UUID) -> DispatchHold:
    wanted = select(DispatchHold).where(DispatchHold.public_id == public_id).with_for_update()
    hold = (await context.session.execute(wanted)).scalar_one_or_none()
    if hold is None:
        raise NotFound
    if hold.released_at is not None:
        raise Conflict("hold_has_ended", "这一次暂停发文已经解除。", remedy="请刷新后核对。")
    return hold


async def _own_rehearsal(context: Context, public_id: UUID) -> EscalationRehearsal:
    """What somebody else has seen does not tell whoever releases."""
    wanted = select(EscalationRehearsal).where(
        EscalationRehearsal.public_id == public_id, EscalationRehearsal.account_id == context.actor.account_id
    )
    rehearsal = (await context.session.execute(wanted)).scalar_one_or_none()
    if rehearsal is None:
        message = f"没有这次演练,或者不是您本人所做:解除须依据本人所做的演练。{_REHEARSE}"
        raise InvalidInput.of_field("/rehearsal_id", "rehearsal_unknown", message)
    return rehearsal


async def _unmet(context: Context, hold: DispatchHold, rehearsal: EscalationRehearsal) -> tuple[Unmet, ...]:
    today = business_date(context.now)
    faults: dict[tuple[str, str], bool] = {
        ("rehearsal_too_old", "演练的日期不是今天或者昨天。"): not _is_near(rehearsal.business_date, today),
        ("rehearsal_before_hold", "演练做于本次暂停之前,看不到暂停以后的情况。"): rehearsal.recorded_at < hold.held_at,
        ("rehearsal_of_another_edition", "演练依据的不是今天生效的规则版本。"): rehearsal.edition_id
        != await _edition_in_force(context, today),
    }
    return tuple(
        Unmet(code, message, _RULE, "", _REHEARSE, "/rehearsal_id")
        for (code, message), fails in faults.items()
        if fails
    )


def _is_near(rehearsed: date, today: date) -> bool:
    return today - timedelta(days=1) <= rehearsed <= today


async def _edition_in_force(context: Context, today: date) -> int | None:
    newest = select(func.max(Edition.id)).where(Edition.in_force_from <= today)
    found: int | None = (await context.session.execute(newest)).scalar_one()
    return found


async def _answer(context: Context, public_id: UUID) -> Answer:
    view = plain(await hold_view(context, public_id))
    return Answer(view, location=f"/api/v1/dispatch-holds/{public_id}")
