"""任职: proposed by one administrator, counted from its confirmation by a second, never back-dated; ends once."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, func, insert, or_, select, update

from app.audit.record import Subject, record
from app.documents.confirming import Confirmation, Paper, confirm
from app.infrastructure.answers import Answer
from app.infrastructure.context import Context
from app.infrastructure.errors import Conflict, FieldError, InvalidInput, NotFound, NotPermitted, RuleNotMet
from app.infrastructure.keyset import page_by_id
from app.infrastructure.pagination import Cursors
from app.infrastructure.security import content_digest
from app.personnel.persons import named, unknown_person
from app.personnel.posts import is_in_force
from app.personnel.schemas import AppointmentEnding, AppointmentFilter, AppointmentProposal
from app.regulation.permissions import SIGNER, Permission, has_permission
from app.regulation.vocabulary import Capacity, DocumentKind
from app.tables.people import Account, Appointment, Person, PersonDisablement, Post
from app.tables.places import Organisation

_SHORTEST = timedelta(microseconds=1)
_SIGNING_POSTS = frozenset(kind.value for kind in SIGNER.post_kinds)


async def propose(context: Context, sent: AppointmentProposal) -> Answer:
    """A proposal, without force until another administrator confirms it; RuleNotMet where it is back-dated."""
    if not has_permission(Permission.APPOINTMENT_PROPOSE, context.actor):
        raise NotPermitted
    valid_from = sent.valid_from or context.now
    if valid_from < context.now:
        raise RuleNotMet(
            "appointment_back_dated",
            "任职自确认之时起算,起始时间(valid_from)不得早于现在。",
            remedy="请改为以后的时间;不填则自确认之时起算。",
        )
    post = await _post(context, sent.post_id)
    await _refuse_unfit_person(context, sent.person_id, post.kind)
    await _check_acting(context, sent)
    period = (valid_from, sent.valid_until)
    await _refuse_overlap(context, sent.post_id, *period)
    await _refuse_other_duty(context, sent.person_id, post.duty, period)
    row = sent.model_dump() | {"valid_from": valid_from, "proposed_by_account_id": context.actor.account_id}
    proposed = await context.session.execute(insert(Appointment).values(row).returning(Appointment.id))
    appointment_id = int(proposed.scalar_one())
    particulars = {"person": sent.person_id, "post": sent.post_id, "acting_for": sent.acting_for_appointment_id}
    await record(context, "appointment:record:proposed", Subject("appointment", appointment_id), particulars)
    return await _answer(context, appointment_id)


async def _post(context: Context, post_id: int) -> Row[str, int]:
    post = (await context.session.execute(select(Post.kind, Post.duty).where(Post.id == post_id))).one_or_none()
    if post is None:
        message = "没有这个岗位编号,请从 /api/v1/posts 中选取。"
        raise InvalidInput("post_unknown", message, fields=(FieldError("/post_id", "post_unknown", message),))
    return post


async def _refuse_unfit_person(context: Context, person_id: int, post_kind: str) -> None:
    """A person who is registered, not disabled, and for a signing post known by identity."""
    identity = Person.identity_digest.is_not(None).label("is_identified")
    person = (await context.session.execute(select(identity).where(Person.id == person_id))).one_or_none()
    if person is None:
        raise unknown_person()
    if post_kind in _SIGNING_POSTS and not person.is_identified:
        raise RuleNotMet(
            "identity_missing", "签字岗位的任职人员须先登记身份证号码。", remedy="请先补登该人员的身份证号码。"
        )
    disabled = select(PersonDisablement.id).where(PersonDisablement.person_id == person_id).limit(1)
    if (await context.session.execute(disabled)).scalar_one_or_none() is not None:
        raise RuleNotMet("person_disabled", "该人员已停用,不得任职。", remedy="请另选人员。")


async def _check_acting(context: Context, sent: AppointmentProposal) -> None:
    if sent.valid_until is not None and sent.valid_until <= (sent.valid_from or context.now):
        raise RuleNotMet("period_backward", "任职终止时间(valid_until)应晚于起始时间。", remedy="请核对起止时间。")
    if sent.acting_for_appointment_id is None:
        return
    if sent.valid_until is None:
        raise RuleNotMet("acting_without_end", "代签任职必须写明终止时间(valid_until)。", remedy="请补充终止时间。")
    found = select(Appointment.post_id, Appointment.person_id).where(Appointment.id == sent.acting_for_appointment_id)
    held = (await context.session.execute(found)).one_or_none()
    if held is None or held.post_id != sent.post_id or held.person_id == sent.person_id:
        raise RuleNotMet(
            "acting_for_another",
            "代签任职须是同一岗位上另一人的代理(acting_for_appointment_id)。",
            remedy="请核对被代理的任职。",
        )


async def _refuse_overlap(context: Context, post_id: int, valid_from: datetime, valid_until: datetime | None) -> None:
    """At any instant a post has one holder or acting holder: where two could sign, nobody knows whose level it is."""
    of_post = _confirmed_within((valid_from, valid_until)).where(Appointment.post_id == post_id)
    held = (await context.session.execute(of_post)).scalar_one_or_none()
    if held is not None:
        raise Conflict(
            "post_already_held",
            f"该岗位在这一期间已有人任职(任职编号 {held}),同一时间只能有一人任职或者代签。",
            remedy="请先把已有任职终止到新任职开始之时,再提出任职。",
            facts={"appointment_id": held},
        )


def _confirmed_within(period: tuple[datetime, datetime | None]) -> Select[int]:
    """The first appointment that holds at some instant of a period."""
    valid_from, valid_until = period
    overlapping = (
        select(Appointment.id)
        .where(Appointment.confirmed_at.is_not(None))
        .where(or_(Appointment.valid_until.is_(None), Appointment.valid_until > valid_from))
        .order_by(Appointment.id)
        .limit(1)
    )
    return overlapping if valid_until is None else overlapping.where(Appointment.valid_from < valid_until)


async def _refuse_other_duty(
    context: Context, person_id: int, duty: int, period: tuple[datetime, datetime | None]
) -> None:
    """三员分立: the system's, security, audit and working duties exclude each other; whoever appoints signs nothing."""
    others = _confirmed_within(period).where(Appointment.person_id == person_id, Appointment.duty != duty)
    held = (await context.session.execute(others)).scalar_one_or_none()
    if held is not None:
        raise Conflict(
            "duties_exclude_each_other",
            f"三员分立:系统管理员、安全管理员、审计管理员(含审计人员)与其他岗位,同一人在同一时间只能担任一类;"
            f"该人员在这一期间已有另一类任职(任职编号 {held})。",
            article="GB/T 22239-2019 8.1.4.2",
            remedy="请另选人员,或者先终止其已有任职。",
            facts={"appointment_id": held},
        )


async def confirm_proposal(context: Context, appointment_id: int, sent: Confirmation) -> Answer:
    """The second administrator's confirmation, over exactly what was proposed; from this instant it counts."""
    if not has_permission(Permission.APPOINTMENT_CONFIRM, context.actor):
        raise NotPermitted
    row = await _find(context, appointment_id)
    _refuse_unconfirmable(row)
    if context.actor.person_id in (row.proposed_by_person_id, row.person_id):
        raise RuleNotMet(
            "appointment_confirmed_by_another",
            "任职须由提出人、任职人以外的另一名管理员确认。",
            remedy="请由另一名管理员以本人账号确认。",
        )
    if row.is_proposer_disabled:
        raise RuleNotMet(
            "appointment_proposer_disabled",
            "提出这一任职的管理员已经停用,其提议不再有效。",
            remedy="请终止这一提议,由现任管理员重新提出任职。",
        )
    await _refuse_unfit_now(context, row)
    paper = Paper(DocumentKind.APPOINTMENT, appointment_id, bytes.fromhex(_digest(row)), None)
    await confirm(context, paper, Capacity.CONFIRMER, sent)
    await _put_in_force(context, row, context.actor.account_id, {})
    return await _answer(context, appointment_id)


async def confirm_by_break_glass(context: Context, appointment_id: int, witnesses: Mapping[int, int]) -> None:
    """In the owner's transaction: confirmed by the first of these persons (→ account) who did not propose it.

    RuleNotMet where the appointed is one of them or the proposer is all there is.
    """
    row = await _find(context, appointment_id)
    _refuse_unconfirmable(row)
    others = [account for person, account in witnesses.items() if person != row.proposed_by_person_id]
    if row.person_id in witnesses or not others:
        raise RuleNotMet(
            "appointment_confirmed_by_another",
            "应急确认的两人不得包括任职人,且至少一人不是提出人。",
            remedy="请由其他两名管理员、审计人员或者安委办负责人办理。",
        )
    await _refuse_unfit_now(context, row)
    await _put_in_force(context, row, others[0], {"break_glass": True})


async def _refuse_unfit_now(context: Context, row: Row[Any]) -> None:
    """What held when it was proposed may hold no more."""
    await _refuse_unfit_person(context, row.person_id, row.post_kind)
    period = (max(row.valid_from, context.now), row.valid_until)
    await _refuse_overlap(context, row.post_id, *period)
    await _refuse_other_duty(context, row.person_id, row.duty, period)


async def _put_in_force(context: Context, row: Row[Any], confirmer: int | None, more: dict[str, Any]) -> None:
    values = {"confirmed_at": func.registry_now(), "confirmed_by_account_id": confirmer}
    await context.session.execute(update(Appointment).where(Appointment.id == row.id).values(values))
    particulars = {"person": row.person_id, "post": row.post_id, **more}
    await record(context, "appointment:record:confirmed", Subject("appointment", row.id), particulars)


def _refuse_unconfirmable(row: Row[Any]) -> None:
    if row.confirmed_at is not None:
        raise Conflict("appointment_already_confirmed", "该任职已经确认,不必重复确认。")
    if row.end_reason is not None:
        raise Conflict("appointment_ended", "该任职提议已经终止,不能再确认。", remedy="请重新提出任职。")


async def end(context: Context, appointment_id: int, sent: AppointmentEnding) -> Answer:
    """终止: at once or on a later day, once; an appointment that had not begun never begins."""
    if not has_permission(Permission.APPOINTMENT_END, context.actor):
        raise NotPermitted
    row = await _find(context, appointment_id)
    if row.end_reason is not None or (row.valid_until is not None and row.valid_until <= context.now):
        raise Conflict("appointment_ends_once", "任职只能终止一次,不得恢复或者延长。", remedy="请另行提出任职。")
    until = sent.valid_until or context.now
    if until < context.now or (row.valid_until is not None and until > row.valid_until):
        raise RuleNotMet(
            "ending_out_of_range",
            "终止时间(valid_until)不得早于现在,也不得晚于原定终止时间。",
            remedy="立即终止的不填终止时间;延长任职须另行提出。",
        )
    # A period must have some length; one that ends as it begins is in force at no instant.
    until = max(until, row.valid_from + _SHORTEST)
    values = {"valid_until": until, "end_reason": sent.reason}
    await context.session.execute(update(Appointment).where(Appointment.id == appointment_id).values(values))
    particulars = {"person": row.person_id, "post": row.post_id, "until": until.isoformat()}
    await record(context, "appointment:record:ended", Subject("appointment", appointment_id), particulars)
    return await _answer(context, appointment_id)


async def read(context: Context, appointment_id: int) -> Answer:
    """One appointment; a proposal with the hash that its confirmation names."""
    if not has_permission(Permission.APPOINTMENT_READ, context.actor):
        raise NotPermitted
    return await _answer(context, appointment_id)


async def page(context: Context, wanted: AppointmentFilter, cursors: Cursors) -> dict[str, Any]:
    """A page of appointments, newest first; the holder's name for administrators only."""
    if not has_permission(Permission.APPOINTMENT_READ, context.actor):
        raise NotPermitted
    statement: Select[Any, *tuple[Any, ...]] = select(*_COLUMNS, is_in_force(context).label("is_in_force"))
    statement = statement.join(Post, Post.id == Appointment.post_id)
    statement = statement.join(Organisation, Organisation.id == Post.organisation_id)
    statement = named(context, statement, Appointment.person_id, "person")
    equal = {Appointment.person_id: wanted.person_id, Appointment.post_id: wanted.post_id}
    for column, value in {**equal, Post.organisation_id: wanted.organisation_id}.items():
        if value is not None:
            statement = statement.where(column == value)
    if wanted.is_confirmed is not None:
        statement = statement.where(Appointment.confirmed_at.is_not(None) == wanted.is_confirmed)
    if wanted.is_in_force is not None:
        statement = statement.where(is_in_force(context) == wanted.is_in_force)
    return await page_by_id(context, "appointments", statement, Appointment.id, wanted, cursors)


_COLUMNS = (
    Appointment.id,
    Appointment.person_id,
    Appointment.post_id,
    Post.title.label("post"),
    Post.kind.label("post_kind"),
    Post.organisation_id,
    Organisation.name.label("organisation"),
    Appointment.acting_for_appointment_id,
    Appointment.authority,
    Appointment.valid_from,
    Appointment.valid_until,
    Appointment.proposed_by_account_id,
    Appointment.confirmed_by_account_id,
    Appointment.confirmed_at,
    Appointment.end_reason,
)


async def _find(context: Context, appointment_id: int) -> Row[Any]:
    """The appointment, locked: two administrators who confirm or end it at once come one after the other."""
    found = _one(appointment_id).join(Account, Account.id == Appointment.proposed_by_account_id)
    is_disabled = select(PersonDisablement.id).where(PersonDisablement.person_id == Account.person_id).exists()
    found = found.add_columns(
        Post.duty,
        Account.person_id.label("proposed_by_person_id"),
        or_(Account.disabled_at.is_not(None), is_disabled).label("is_proposer_disabled"),
    )
    found = found.with_for_update(of=Appointment)
    row = (await context.session.execute(found)).one_or_none()
    if row is None:
        raise NotFound
    return row


def _one(appointment_id: int) -> Select[Any, *tuple[Any, ...]]:
    joined = select(*_COLUMNS).join(Post, Post.id == Appointment.post_id)
    joined = joined.join(Organisation, Organisation.id == Post.organisation_id)
    return joined.where(Appointment.id == appointment_id)


async def _answer(context: Context, appointment_id: int) -> Answer:
    row = (await context.session.execute(_one(appointment_id))).one_or_none()
    if row is None:
        raise NotFound
    instants = ("valid_from", "valid_until", "confirmed_at")
    view = {**row._mapping, **{name: _written(getattr(row, name)) for name in instants}}  # noqa: SLF001  SQLAlchemy's public name
    if row.confirmed_at is None:
        view["document_sha256"] = _digest(row)
    return Answer(view, location=f"/api/v1/appointments/{appointment_id}")


def _written(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()


def _digest(row: Row[Any]) -> str:
    """What the confirmer confirms: the proposal, word for word."""
    return content_digest(
        {
            "appointment": row.id,
            "person": row.person_id,
            "post": row.post_id,
            "acting_for": row.acting_for_appointment_id,
            "authority": row.authority,
            "valid_from": row.valid_from.astimezone(UTC).isoformat(),
            "valid_until": row.valid_until.astimezone(UTC).isoformat() if row.valid_until else None,
            "proposed_by": row.proposed_by_account_id,
        }
    )
