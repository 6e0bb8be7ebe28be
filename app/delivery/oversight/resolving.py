"""核实: what a person of the issuing office found out about a message that lies in doubt or dead."""

from uuid import UUID

from sqlalchemy import func, insert, select, update

from app.audit.record import Subject, record
from app.delivery.oversight.deliveries import delivery_is_overseen, delivery_view, refuse_who_may_not
from app.delivery.oversight.schemas import Finding, Resolution
from app.infrastructure.answers import Answer, plain
from app.infrastructure.context import Context
from app.infrastructure.errors import Conflict, FieldError, InvalidInput, NotFound
from app.regulation.deadlines import business_date
from app.regulation.permissions import Permission
from app.regulation.vocabulary import DeliveryStatus, LetterStatus
from app.tables.delivery import Delivery, DeliveryAttempt
from app.tables.letters import Letter

_TROUBLED = (DeliveryStatus.IN_DOUBT.value, DeliveryStatus.DEAD.value)


async def resolve(context: Context, public_id: UUID, body: Resolution) -> Answer:
    """It is out, or it goes again; NotFound for another office's, Conflict for one that needs nobody.

    InvalidInput where an exposure would go again and nobody has said that it is not out.
    """
    refuse_who_may_not(context, Permission.DELIVERY_RESOLVE)
    delivery = await _locked(context, public_id)
    if delivery.status not in _TROUBLED:
        held = DeliveryStatus(delivery.status)
        raise Conflict(
            "delivery_needs_nobody",
            f"这条信息现为“{held.label}”,只有“{DeliveryStatus.IN_DOUBT.label}”“{DeliveryStatus.DEAD.label}”的须人工核实。",
            remedy="请刷新后核对。",
            facts={"status": held.value},
        )
    if body.outcome is Finding.AGAIN:
        await _refuse_again(context, delivery, body)
    found = {
        "delivery_id": delivery.id,
        "number": delivery.attempts,
        "outcome": body.outcome.value,
        "code": "person",
        "note": body.note,
        "account_id": context.actor.account_id,
    }
    await context.session.execute(insert(DeliveryAttempt).values(found).inline())
    await _move(context, delivery, body.outcome)
    told = {"outcome": body.outcome.value, "number": delivery.attempts, "letter": delivery.letter_id}
    await record(context, "delivery:message:resolved", Subject("delivery", delivery.id), told)
    return Answer(plain(await delivery_view(context, public_id)), location=f"/api/v1/deliveries/{public_id}")


async def _locked(context: Context, public_id: UUID) -> Delivery:
    wanted = (
        select(Delivery)
        .where(Delivery.public_id == public_id, delivery_is_overseen(context.actor))
        .with_for_update(of=Delivery)
        .execution_options(populate_existing=True)
    )
    found = (await context.session.execute(wanted)).scalar_one_or_none()
    if found is None:
        raise NotFound
    return found


async def _refuse_again(context: Context, delivery: Delivery, body: Resolution) -> None:
    status = select(Letter.status).where(Letter.id == delivery.letter_id)
    if (await context.session.execute(status)).scalar_one() != LetterStatus.ISSUED.value:
        message = "这件公文已经作废,不再发送。"
        raise Conflict("letter_is_not_issued", message, remedy="请以重新签发的公文为准。")
    if not delivery.is_exposure:
        return
    wanted = {
        (
            "/is_not_out",
            "exposure_may_be_out",
            "曝光只公开一次:再发之前须核实上一次没有公开,并填 true。",
        ): body.is_not_out,
        ("/note", "note_missing", "再发曝光须写明怎样核实没有公开。"): body.note is not None,
    }
    faults = tuple(FieldError(*fault) for fault, holds in wanted.items() if not holds)
    if faults:
        raise InvalidInput(faults[0].code, faults[0].message, fields=faults)


async def _move(context: Context, delivery: Delivery, outcome: Finding) -> None:
    now = func.registry_now()
    if outcome is Finding.AGAIN:
        moved = {"status": DeliveryStatus.PENDING.value, "next_at": now}
    else:
        moved = {"status": DeliveryStatus.SENT.value, "sent_at": now, "delivered_at": now}
    await context.session.execute(update(Delivery).where(Delivery.id == delivery.id).values(moved))
    if outcome is Finding.CONFIRMED and delivery.copy_id is None:
        dispatched = (
            update(Letter)
            .where(
                Letter.id == delivery.letter_id,
                Letter.status == LetterStatus.ISSUED.value,
                Letter.dispatched_on.is_(None),
            )
            .values(dispatched_on=business_date(context.now))
        )
        await context.session.execute(dispatched)
