"""签收: once, by whoever it was sent to; of a letter it is the service by the platform, of that day."""

from uuid import UUID

from sqlalchemy import func, select, update

from app.audit.record import Subject, record
from app.inbox.messages import is_own_message, message_view, refuse_who_may_not
from app.infrastructure.answers import Answer, plain
from app.infrastructure.context import Context
from app.infrastructure.errors import Conflict, NotFound
from app.letters.serving import receive
from app.regulation.permissions import Permission
from app.tables.delivery import Delivery


async def acknowledge(context: Context, public_id: UUID) -> Answer:
    """NotFound for another's message, Conflict for one that was acknowledged.

    A letter that was served already, or voided meanwhile, is acknowledged and not served again.
    """
    refuse_who_may_not(context, Permission.INBOX_ACKNOWLEDGE)
    wanted = select(Delivery.id, Delivery.letter_id, Delivery.copy_id).where(
        Delivery.public_id == public_id, is_own_message(context.actor)
    )
    found = (await context.session.execute(wanted)).one_or_none()
    if found is None:
        raise NotFound
    # The letter before its message, as everywhere: two hands never wait for each other.
    is_served = found.letter_id is not None and await receive(context, found.letter_id, found.copy_id)
    taken = (
        update(Delivery)
        .where(Delivery.id == found.id, Delivery.acknowledged_at.is_(None))
        .values(acknowledged_at=func.registry_now(), acknowledged_by_account_id=context.actor.account_id)
        .returning(Delivery.id)
    )
    if (await context.session.execute(taken)).scalar_one_or_none() is None:
        raise Conflict("already_acknowledged", "这条信息已经签收,不重复登记。", remedy="请刷新后核对。")
    told = {"letter": found.letter_id, "copy": found.copy_id, "serves": is_served}
    await record(context, "delivery:message:acknowledged", Subject("delivery", found.id), told)
    view = plain(await message_view(context, public_id))
    return Answer(view, location=f"/api/v1/inbox/{public_id}")
