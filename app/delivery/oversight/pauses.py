"""暂停发送: the kill switch of all sending, used and released in a person's name, each time on the trail."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, func, select, text, update

from app.audit.record import Subject, record, record_all
from app.delivery.oversight.deliveries import refuse_who_may_not
from app.delivery.oversight.schemas import NewPause, PauseFilter
from app.infrastructure.answers import Answer, plain
from app.infrastructure.context import Context
from app.infrastructure.errors import Conflict, NotFound, NotPermitted
from app.infrastructure.keyset import page_by_id
from app.infrastructure.pagination import Cursors
from app.reference.units import is_head_office
from app.regulation.permissions import Permission
from app.tables.delivery import DeliveryPause

_SHOWN: Final = (
    "reason", "note", "paused_at", "paused_by_account_id", "released_at", "released_by_account_id",
)  # fmt: skip
_PAUSE: Final = text(
    """
    INSERT INTO delivery_pause (reason, note, paused_by_account_id) VALUES (:reason, :note, :account)
    ON CONFLICT (reason) WHERE released_at IS NULL DO NOTHING RETURNING id
    """
)
_ORDERED, _RESTORED = "ordered", "restored"
_AFTER_RESTORE: Final = "数据库经过恢复或者主备切换,须核对已发送的信息后由人员解除"


async def page(context: Context, wanted: PauseFilter, cursors: Cursors) -> dict[str, Any]:
    """A page of the pauses, newest first."""
    refuse_who_may_not(context, Permission.DELIVERY_READ)
    statement = _shown()
    if wanted.is_open is not None:
        statement = statement.where(DeliveryPause.released_at.is_(None) == wanted.is_open)
    return await page_by_id(context, "delivery-pauses", statement, DeliveryPause.id, wanted, cursors)


async def pause_view(context: Context, public_id: UUID) -> dict[str, Any]:
    """One pause; NotFound where there is none."""
    refuse_who_may_not(context, Permission.DELIVERY_READ)
    found = await context.session.execute(_shown().where(DeliveryPause.public_id == public_id))
    row = found.mappings().one_or_none()
    if row is None:
        raise NotFound
    return dict(row)


async def order(context: Context, body: NewPause) -> Answer:
    """Stops all sending; NotPermitted for any but the head office, Conflict where sending is stopped so already."""
    await _refuse_who_may_not(context)
    number = await order_pause(context, body.note)
    if number is None:
        raise Conflict(
            "delivery_already_paused", "人工暂停发送正在生效,无须再次暂停。", remedy="需要恢复的,请办理解除。"
        )
    public_id = select(DeliveryPause.public_id).where(DeliveryPause.id == number)
    return await _answer(context, (await context.session.execute(public_id)).scalar_one())


async def release(context: Context, public_id: UUID) -> Answer:
    """Sending goes on, where nothing else stops it; NotFound, NotPermitted, Conflict for one that has ended."""
    await _refuse_who_may_not(context)
    wanted = select(DeliveryPause).where(DeliveryPause.public_id == public_id).with_for_update()
    pause = (await context.session.execute(wanted)).scalar_one_or_none()
    if pause is None:
        raise NotFound
    if pause.released_at is not None:
        raise Conflict("pause_has_ended", "这一次暂停发送已经解除。", remedy="请刷新后核对。")
    await _end(context, pause.id)
    return await _answer(context, public_id)


async def order_pause(context: Context, note: str) -> int | None:
    """In the name of the actor's account; None where such a pause is open already."""
    bound = {"reason": _ORDERED, "note": note, "account": context.actor.account_id}
    number: int | None = (await context.session.execute(_PAUSE, bound)).scalar_one_or_none()
    if number is not None:
        await record(context, "delivery:pause:ordered", Subject("delivery_pause", number), {"reason": _ORDERED})
    return number


async def pause_after_restore(context: Context) -> None:
    """Nobody's order: another server or timeline answers than the one that sent last."""
    bound = {"reason": _RESTORED, "note": _AFTER_RESTORE, "account": None}
    number = (await context.session.execute(_PAUSE, bound)).scalar_one_or_none()
    if number is not None:
        await record(context, "delivery:pause:placed", Subject("delivery_pause", number), {"reason": _RESTORED})


async def release_all(context: Context) -> int:
    """Every open pause ends in the name of the actor's account; how many."""
    opened = select(DeliveryPause.id).where(DeliveryPause.released_at.is_(None)).order_by(DeliveryPause.id)
    numbers = (await context.session.execute(opened.with_for_update())).scalars().all()
    await _end(context, *numbers)
    return len(numbers)


async def _end(context: Context, *numbers: int) -> None:
    ended = {"released_at": func.registry_now(), "released_by_account_id": context.actor.account_id}
    await context.session.execute(update(DeliveryPause).where(DeliveryPause.id.in_(numbers)).values(ended))
    await record_all(context, "delivery:pause:released", [(Subject("delivery_pause", one), {}) for one in numbers])


async def _refuse_who_may_not(context: Context) -> None:
    refuse_who_may_not(context, Permission.DELIVERY_PAUSE)
    if not await is_head_office(context):
        raise NotPermitted(
            "not_the_head_office",
            "暂停和解除发送由本系统最高一级安委办办理。",
            remedy="请报最高一级安委办办理。",
        )


def _shown() -> Select[Any, *tuple[Any, ...]]:
    return select(
        DeliveryPause.public_id.label("id"),
        DeliveryPause.released_at.is_(None).label("is_open"),
        *(getattr(DeliveryPause, name) for name in _SHOWN),
    )


async def _answer(context: Context, public_id: UUID) -> Answer:
    return Answer(plain(await pause_view(context, public_id)), location=f"/api/v1/delivery-pauses/{public_id}")
