"""送达与复函: what became of an issued letter, told by its issuer or by whom it reached."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, update

from app.audit.record import Subject, record
from app.infrastructure.answers import Answer
from app.infrastructure.context import Context
from app.infrastructure.errors import Conflict, InvalidInput, NotFound, NotPermitted
from app.letters.queries import letter_in_sight
from app.letters.reading import letter_answer, lock, own_letter, refuse_who_may_not
from app.letters.schemas import NewReply, NewService
from app.reference.rulebook import rule_book
from app.regulation.deadlines import business_date
from app.regulation.facts import Actor
from app.regulation.permissions import Permission, has_permission
from app.regulation.vocabulary import DeliveryChannel, DeliveryStatus, LetterStatus, ServiceManner
from app.tables.delivery import Delivery
from app.tables.letters import Letter, LetterCopy, LetterReply, LetterService


async def serve(context: Context, public_id: UUID, body: NewService) -> Answer:
    """Service as the issuer saw it; Conflict for a letter served already, InvalidInput for a day that cannot be."""
    letter = await _own_issued(context, public_id)
    if letter.served_on is not None:
        raise _already_served()
    await _refuse_day(context, letter, body.served_on, "/served_on")
    await _served(context, letter, None, _as_recorded(body))
    return await letter_answer(context, public_id)


async def serve_copy(context: Context, public_id: UUID, copy_id: UUID, body: NewService) -> Answer:
    """The same of one copy; NotFound for one that is not this letter's."""
    letter = await _own_issued(context, public_id)
    wanted = select(LetterCopy.id).where(LetterCopy.public_id == copy_id, LetterCopy.letter_id == letter.id)
    copy = (await context.session.execute(wanted)).scalar_one_or_none()
    if copy is None:
        raise NotFound
    await _refuse_served_copy(context, copy)
    await _refuse_day(context, letter, body.served_on, "/served_on")
    await _served(context, letter, copy, _as_recorded(body))
    return await letter_answer(context, public_id)


async def acknowledge(context: Context, public_id: UUID) -> Answer:
    """签收: the addressee, or a copy's reader, says in the system that it has it; NotPermitted for anybody else."""
    refuse_who_may_not(context, Permission.LETTER_ANSWER)
    seen = await letter_in_sight(context, public_id)
    is_addressee = _is_addressee(context.actor, seen)
    copy = None if is_addressee else await _own_copy(context, seen.id)
    if not is_addressee and copy is None:
        raise NotPermitted("not_the_reader", "只有受文单位可以签收这件公文。", remedy="请由主送或者抄送单位签收。")
    _refuse_not_issued(seen)
    if not await receive(context, seen.id, copy):
        raise _already_served()
    await _take_from_inbox(context, seen.id, copy)
    return await letter_answer(context, public_id)


async def receive(context: Context, letter_id: int, copy: int | None) -> bool:
    """平台送达 to the actor, today; False where it was served already or is voided. For whoever it is addressed to."""
    letter = await lock(context, letter_id) if copy is None else await context.session.get_one(Letter, letter_id)
    is_served = letter.served_on is not None if copy is None else await _is_copy_served(context, copy)
    if is_served or letter.status != LetterStatus.ISSUED.value:
        return False
    platform = {
        "manner": ServiceManner.PLATFORM.value,
        "received_by": context.actor.label[:100] or "受文单位",
        "served_on": business_date(context.now),
    }
    await _served(context, letter, copy, platform)
    return True


async def reply(context: Context, public_id: UUID, body: NewReply) -> Answer:
    """复函, by the addressee today or as the issuer received it on paper; the first one answers the letter."""
    refuse_who_may_not(context, Permission.LETTER_ANSWER)
    seen = await letter_in_sight(context, public_id)
    actor, is_addressee = context.actor, _is_addressee(context.actor, seen)
    enters_it = seen.issuer_organisation_id == actor.organisation_id and has_permission(Permission.LETTER_DRAFT, actor)
    if not is_addressee and not enters_it:
        raise NotPermitted("not_the_addressee", "只有主送单位可以复函,制发机构可以登记收到的复函。")
    letter = await lock(context, seen.id)
    _refuse_not_issued(letter)
    today = business_date(context.now)
    received_on = body.received_on or today
    if is_addressee and received_on != today:
        message = "在线复函的收到日期为今天,请不要填写 received_on。"
        raise InvalidInput.of_field("/received_on", "received_on_is_today", message)
    await _refuse_day(context, letter, received_on, "/received_on")
    row = {
        "letter_id": letter.id,
        "text": body.text,
        "number": body.number,
        "received_on": received_on,
        "evidence_sha256": _digest(body.evidence_sha256),
        "account_id": actor.account_id,
        "organisation_id": actor.organisation_id if actor.enterprise_id is None else None,
    }
    kept = insert(LetterReply).values(row).returning(LetterReply.id)
    number = (await context.session.execute(kept)).scalar_one()
    if letter.answered_on is None:
        await context.session.execute(update(Letter).where(Letter.id == letter.id).values(answered_on=received_on))
    told = {"reply": number, "received_on": received_on.isoformat(), "by_addressee": is_addressee}
    await record(context, "letter:reply:recorded", Subject("letter", letter.id), told)
    return await letter_answer(context, public_id)


async def _own_issued(context: Context, public_id: UUID) -> Letter:
    refuse_who_may_not(context, Permission.LETTER_DRAFT)
    return await own_letter(context, public_id, None, status=LetterStatus.ISSUED, needs_version=False)


def _is_addressee(actor: Actor, letter: Letter) -> bool:
    if letter.addressee_enterprise_id is not None:
        return letter.addressee_enterprise_id == actor.enterprise_id
    return letter.addressee_organisation_id is not None and letter.addressee_organisation_id == actor.organisation_id


async def _own_copy(context: Context, letter_id: int) -> int | None:
    actor = context.actor
    reader = (
        LetterCopy.enterprise_id == actor.enterprise_id
        if actor.enterprise_id is not None
        else LetterCopy.organisation_id == actor.organisation_id
    )
    wanted = select(LetterCopy.id).where(LetterCopy.letter_id == letter_id, reader)
    return (await context.session.execute(wanted)).scalar_one_or_none()


def _refuse_not_issued(letter: Letter) -> None:
    if letter.status != LetterStatus.ISSUED.value:
        raise Conflict(
            "letter_is_not_issued",
            "这件公文尚未签发或者已经作废,不能签收和复函。",
            remedy="请以重新签发的公文为准。",
        )


def _already_served() -> Conflict:
    return Conflict("already_served", "这件公文已经送达,不重复登记。", remedy="请查看已登记的送达情况。")


async def _refuse_served_copy(context: Context, copy: int) -> None:
    if await _is_copy_served(context, copy):
        raise _already_served()


async def _is_copy_served(context: Context, copy: int) -> bool:
    known = select(LetterService.id).where(LetterService.copy_id == copy)
    return (await context.session.execute(known)).first() is not None


async def _take_from_inbox(context: Context, letter_id: int, copy: int | None) -> None:
    """The reader's own message of it is acknowledged by the same act."""
    actor = context.actor
    reader = (
        Delivery.enterprise_id == actor.enterprise_id
        if actor.enterprise_id is not None
        else Delivery.organisation_id == actor.organisation_id
    )
    taken = (
        update(Delivery)
        .where(
            Delivery.letter_id == letter_id,
            Delivery.copy_id.is_(None) if copy is None else Delivery.copy_id == copy,
            *(reader, Delivery.channel == DeliveryChannel.INBOX.value, Delivery.status == DeliveryStatus.SENT.value),
            Delivery.acknowledged_at.is_(None),
        )
        .values(acknowledged_at=func.registry_now(), acknowledged_by_account_id=actor.account_id)
    )
    await context.session.execute(taken)


async def _refuse_day(context: Context, letter: Letter, day: date, pointer: str) -> None:
    """Never before dispatch, never ahead, and no further back than the edition allows."""
    book = await rule_book(context)
    first = letter.dispatched_on or business_date(letter.issued_at or context.now)
    days = book.edition.limits.back_entry_days
    earliest = max(first, book.today - timedelta(days=days))
    if not earliest <= day <= book.today:
        message = f"日期须在{earliest.isoformat()}至{book.today.isoformat()}之间:不早于发出,补登不超过{days}天。"
        raise InvalidInput.of_field(pointer, "day_out_of_range", message)


def _digest(typed: str | None) -> bytes | None:
    return bytes.fromhex(typed) if typed else None


def _as_recorded(body: NewService) -> dict[str, Any]:
    return {
        "manner": body.manner.value,
        "received_by": body.received_by,
        "served_on": body.served_on,
        "evidence_sha256": _digest(body.evidence_sha256),
    }


async def _served(context: Context, letter: Letter, copy: int | None, how: Mapping[str, Any]) -> None:
    row = {"letter_id": letter.id, "copy_id": copy, "account_id": context.actor.account_id, **how}
    await context.session.execute(insert(LetterService).values(row).inline())
    told = {"manner": how["manner"], "served_on": how["served_on"].isoformat(), "copy": copy}
    if copy is None:
        served = {"served_on": how["served_on"], "served_as": how["manner"]}
        await context.session.execute(update(Letter).where(Letter.id == letter.id).values(served))
    await record(context, "letter:service:recorded", Subject("letter", letter.id), told)
