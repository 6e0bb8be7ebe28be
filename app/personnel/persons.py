"""自然人: known by the keyed digest of the identity number, so that the same person is recognised under any account."""

from typing import Any

from sqlalchemy import Select, func, insert, select, true, update
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.selectable import LateralFromClause

from app.audit.record import Subject, record
from app.infrastructure.answers import Answer
from app.infrastructure.context import Context
from app.infrastructure.errors import Conflict, FieldError, InvalidInput, NotFound, NotPermitted, RuleNotMet
from app.infrastructure.keyset import page_by_id
from app.infrastructure.pagination import Cursors
from app.infrastructure.security import person_digest
from app.personnel.schemas import NewPerson, PersonChange, PersonFilter
from app.regulation.masking import PersonalField, Shown, shown
from app.regulation.permissions import Permission, has_permission
from app.tables.people import Person, PersonDetail


async def register(context: Context, sent: NewPerson, identity_key: bytes) -> Answer:
    """A new person; Conflict naming the one already registered under this identity number, never the number."""
    if not has_permission(Permission.PERSON_CREATE, context.actor):
        raise NotPermitted
    digest = await _new_digest(context, sent.identity_number, identity_key)
    entered = await context.session.execute(insert(Person).values(identity_digest=digest).returning(Person.id))
    person_id = int(entered.scalar_one())
    detail = {"person_id": person_id, "name": sent.name, "phone": sent.phone}
    await context.session.execute(insert(PersonDetail).values(detail))
    facts = {"identity_registered": digest is not None}
    await record(context, "person:record:entered", Subject("person", person_id), facts)
    # Neither name nor phone: the answer is kept with the idempotency key, where nothing can be erased.
    return Answer({"id": person_id, **facts}, location=f"/api/v1/persons/{person_id}")


async def change(context: Context, person_id: int, sent: PersonChange, identity_key: bytes) -> Answer:
    """Sets the phone, or registers the identity number where none is registered yet."""
    if not has_permission(Permission.PERSON_CREATE, context.actor):
        raise NotPermitted
    known = await _view(context, person_id)
    if sent.identity_number is not None:
        await _register_identity(context, person_id, sent.identity_number, identity_key)
    if "phone" in sent.model_fields_set:
        changed = update(PersonDetail).where(PersonDetail.person_id == person_id).values(phone=sent.phone)
        await context.session.execute(changed)
    changes = sorted(sent.model_fields_set)
    await record(context, "person:record:changed", Subject("person", person_id), {"fields": changes})
    return Answer(await _view(context, person_id) if changes else known)


async def _register_identity(context: Context, person_id: int, number: str, identity_key: bytes) -> None:
    registered = select(Person.identity_digest).where(Person.id == person_id)
    if (await context.session.execute(registered)).scalar_one() is not None:
        raise RuleNotMet(
            "identity_already_registered",
            "该人员的身份信息已经登记,一经登记不得改变。",
            remedy="登记有误的,请停用该人员的账号,以正确的身份证号码另行登记。",
        )
    digest = await _new_digest(context, number, identity_key)
    await context.session.execute(update(Person).where(Person.id == person_id).values(identity_digest=digest))


async def _new_digest(context: Context, number: str | None, identity_key: bytes) -> bytes | None:
    if number is None:
        return None
    digest = person_digest(identity_key, number)
    known = select(Person.id).where(Person.identity_digest == digest)
    person_id = (await context.session.execute(known)).scalar_one_or_none()
    if person_id is not None:
        raise Conflict(
            "person_exists",
            f"该身份证号码的人员已经登记,人员编号 {person_id};一人只登记一次。",
            remedy="请在已有人员名下开设账号或者提出任职。",
            facts={"person_id": person_id},
        )
    return digest


async def read(context: Context, person_id: int) -> Answer:
    """One person; name and phone as the actor may see them (`regulation/masking.py`)."""
    if not has_permission(Permission.PERSON_READ, context.actor):
        raise NotPermitted
    return Answer(await _view(context, person_id))


async def page(context: Context, wanted: PersonFilter, cursors: Cursors) -> dict[str, Any]:
    """A page of persons, newest first."""
    if not has_permission(Permission.PERSON_READ, context.actor):
        raise NotPermitted
    statement = _columns(context)
    if wanted.words is not None:
        if shown(PersonalField.PERSON_NAME, context.actor) is not Shown.SHOWN:
            raise NotPermitted
        statement = statement.where(PersonDetail.name.contains(wanted.words, autoescape=True))
    return await page_by_id(context, "persons", statement, Person.id, wanted, cursors)


def unknown_person() -> InvalidInput:
    """The refusal of a `person_id` nobody is registered under."""
    message = "没有这个人员编号,请先登记人员。"
    return InvalidInput("person_unknown", message, fields=(FieldError("/person_id", "person_unknown", message),))


def named(
    context: Context, statement: Select[Any, *tuple[Any, ...]], person_id: InstrumentedAttribute[int], label: str
) -> Select[Any, *tuple[Any, ...]]:
    """The statement with the person's name under that label: shown, masked by the database, or not there."""
    match shown(PersonalField.PERSON_NAME, context.actor):
        case Shown.SHOWN:
            joined = statement.outerjoin(PersonDetail, PersonDetail.person_id == person_id)
            return joined.add_columns(PersonDetail.name.label(label))
        case Shown.MASKED:
            masked = _masked(person_id)
            return statement.outerjoin(masked, true()).add_columns(masked.c.name.label(label))
    return statement


def _masked(person_id: InstrumentedAttribute[int]) -> LateralFromClause:
    """What an auditor may know, as the wall gives it out: its role class reads no name and no phone."""
    return func.masked_person_detail(person_id).table_valued("name", "phone").lateral()


def _columns(context: Context) -> Select[Any, *tuple[Any, ...]]:
    known = select(Person.id, Person.identity_digest.is_not(None).label("identity_registered"), Person.created_at)
    match shown(PersonalField.PERSON_PHONE, context.actor):
        case Shown.SHOWN:
            joined = known.outerjoin(PersonDetail, PersonDetail.person_id == Person.id)
            return joined.add_columns(PersonDetail.name, PersonDetail.phone)
        case Shown.MASKED:
            masked = _masked(Person.id)
            return known.outerjoin(masked, true()).add_columns(masked.c.name, masked.c.phone)
    return known


async def _view(context: Context, person_id: int) -> dict[str, Any]:
    row = (await context.session.execute(_columns(context).where(Person.id == person_id))).mappings().one_or_none()
    if row is None:
        raise NotFound
    return {**row, "created_at": row["created_at"].isoformat()}
