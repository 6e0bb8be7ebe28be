"""首任三员: system, security and audit administrator, appointed once by the owner so that they can appoint the others.

Whoever is appointed neither proposes nor confirms: of the three, each stands for another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, insert, select, update

from app.audit.record import Subject, record
from app.infrastructure.context import Context
from app.infrastructure.errors import Conflict, NotFound
from app.regulation.vocabulary import OrganisationKind, PostKind
from app.tables.people import Account, Appointment, Person, PersonDetail, Post
from app.tables.places import Organisation, Unit

FIRST_POSTS: Mapping[PostKind, str] = {
    PostKind.SYSTEM_ADMINISTRATOR: "系统管理员",
    PostKind.SECURITY_ADMINISTRATOR: "安全管理员",
    PostKind.AUDIT_ADMINISTRATOR: "审计管理员",
}


@dataclass(frozen=True, slots=True)
class FirstHolder:
    """Who is to hold a first post; the identity number has become its digest, the password its hash."""

    login_name: str
    name: str
    identity_digest: bytes
    password_hash: str


@dataclass(frozen=True, slots=True)
class Seat:
    """A post to be made and filled."""

    organisation_id: int
    kind: PostKind
    title: str


async def appoint_first(context: Context, holders: Mapping[PostKind, FirstHolder]) -> None:
    """Appoints the three, in the safety office of the highest tier; Conflict when there is an administrator already."""
    appointed = select(func.count()).select_from(Post).where(Post.kind.in_([kind.value for kind in FIRST_POSTS]))
    if (await context.session.execute(appointed)).scalar_one():
        raise Conflict(
            "administrators_exist",
            "首任管理员已经任命,不能再次由所有者任命。",
            remedy="此后的任职由在任的管理员提出,并由另一名管理员确认。",
        )
    office = await _highest_office(context)
    entered = {kind: await enter_person(context, holder) for kind, holder in holders.items()}
    for kind, (person_id, account_id) in entered.items():
        others = [account for _, account in entered.values() if account != account_id]
        appointment = await appoint(context, Seat(office, kind, FIRST_POSTS[kind]), person_id, others)
        await record(context, "appointment:first:made", Subject("appointment", appointment), {"post": kind.value})


async def _highest_office(context: Context) -> int:
    office = (
        select(Organisation.id)
        .join(Unit, Unit.id == Organisation.unit_id)
        .where(Organisation.kind == OrganisationKind.SAFETY_OFFICE.value)
        .order_by(Unit.tier, Organisation.id)
        .limit(1)
    )
    found = (await context.session.execute(office)).scalar_one_or_none()
    if found is None:
        raise NotFound("not_initialised", "还没有安委办机构。", remedy="请先执行 qingling init。")
    return found


async def enter_person(context: Context, holder: FirstHolder) -> tuple[int, int]:
    """A person with an account: their ids."""
    entered = await context.session.execute(
        insert(Person).values(identity_digest=holder.identity_digest).returning(Person.id)
    )
    person_id = entered.scalar_one()
    await context.session.execute(insert(PersonDetail).values(person_id=person_id, name=holder.name))
    account = {"login_name": holder.login_name, "person_id": person_id, "password_hash": holder.password_hash}
    opened = await context.session.execute(insert(Account).values(account).returning(Account.id))
    return person_id, opened.scalar_one()


async def appoint(context: Context, seat: Seat, person_id: int, others: Sequence[int]) -> int:
    """Makes the post and fills it, proposed by the first and confirmed by the second of the other accounts."""
    post = {"organisation_id": seat.organisation_id, "kind": seat.kind.value, "title": seat.title}
    created = await context.session.execute(insert(Post).values(post).returning(Post.id))
    proposed = {
        "person_id": person_id,
        "post_id": created.scalar_one(),
        "valid_from": func.registry_now(),
        "proposed_by_account_id": others[0],
    }
    appointment = await context.session.execute(insert(Appointment).values(proposed).returning(Appointment.id))
    appointment_id = int(appointment.scalar_one())
    confirmed = {"confirmed_by_account_id": others[1], "confirmed_at": func.registry_now()}
    await context.session.execute(update(Appointment).where(Appointment.id == appointment_id).values(confirmed))
    return appointment_id
