"""应急处置 (design 3.1, break-glass): on the machine itself, by the owner's command, two persons who prove themselves.

It restores an access or confirms an appointment where the administrators in post cannot; it never signs, closes or
reads a tipster. Each use is a row that nobody changes, an event of the trail, and counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import func, insert, select

from app.audit.record import Subject, record
from app.credentials.restorations import restore
from app.credentials.second_factor import ARTICLE, is_anybody_enrolled, is_enrolled, is_right
from app.infrastructure.context import Context
from app.infrastructure.errors import NotFound, NotPermitted, RuleNotMet
from app.infrastructure.keyset import Paging, page_by_id
from app.infrastructure.pagination import Cursors
from app.infrastructure.password_policy import PasswordPolicy
from app.infrastructure.security import verify_password
from app.personnel.appointments import confirm_by_break_glass
from app.regulation.permissions import BREAK_GLASS_POSTS, Permission, has_permission
from app.regulation.vocabulary import BreakGlassDeed
from app.tables.history import AccessEvent
from app.tables.people import Account, Appointment, PersonDisablement, Post
from app.tables.sign_on import BreakGlass

_POSTS: Final = tuple(sorted(kind.value for kind in BREAK_GLASS_POSTS))


@dataclass(frozen=True, slots=True)
class Witness:
    """One of the two, as they proved themselves at the machine."""

    login_name: str
    password: str = field(repr=False)
    code: str | None = field(default=None, repr=False)


async def restore_access(
    context: Context, login_name: str, witnesses: tuple[Witness, Witness], reason: str, policy: PasswordPolicy
) -> str:
    """The one-time password of whoever lost theirs; RuleNotMet, NotFound, Conflict."""
    persons = await _proved(context, witnesses)
    found = select(Account.id, Account.person_id).where(Account.login_name == login_name, Account.is_service.is_(False))
    account = (await context.session.execute(found)).one_or_none()
    if account is None:
        raise NotFound("account_unknown", "没有这个登录名的个人账号。", remedy="请核对登录名。")
    if account.person_id in persons:
        raise RuleNotMet("own_access_not_restored", "不得为本人恢复登录。", remedy="请由另外两人办理。")
    await _keep(context, BreakGlassDeed.RESTORE_ACCESS, persons, reason, account_id=account.id)
    return await restore(context, account.id, {"break_glass": True}, policy)


async def confirm_appointment(
    context: Context, appointment_id: int, witnesses: tuple[Witness, Witness], reason: str
) -> None:
    """Puts a proposed appointment in force where no second administrator can; every other rule of it holds."""
    persons = await _proved(context, witnesses)
    await confirm_by_break_glass(context, appointment_id, persons)
    await _keep(context, BreakGlassDeed.CONFIRM_APPOINTMENT, persons, reason, appointment_id=appointment_id)


async def _proved(context: Context, witnesses: tuple[Witness, Witness]) -> Mapping[int, int]:
    """Person → account of two different persons in post who each proved themselves; one refusal for everything."""
    proved = [await _prove(context, witness) for witness in witnesses]
    persons = {person: account for person, account in proved if person is not None and account is not None}
    if len(persons) < len(witnesses):
        raise RuleNotMet(
            "break_glass_unproved",
            "应急处置须由两名不同的在任管理员、审计人员或者安委办负责人各自验证本人;验证没有通过。",
            remedy="请核对登录名、口令和动态口令(已绑定的须填写),两人须是不同的自然人。",
        )
    await _refuse_without_second_factor(context, persons)
    return persons


async def _refuse_without_second_factor(context: Context, persons: Mapping[int, int]) -> None:
    """Once anybody has a second factor, a known password alone opens nothing here; in a fresh registry nobody has."""
    lacking = [account for account in persons.values() if not await is_enrolled(context, account)]
    if lacking and await is_anybody_enrolled(context):
        raise RuleNotMet(
            "witness_without_second_factor",
            "应急处置的两名到场人员都须已绑定动态口令,其中有人尚未绑定。",
            article=ARTICLE,
            remedy="请未绑定的人员先登录并绑定动态口令,或者改由已绑定的人员到场。",
        )


async def _prove(context: Context, witness: Witness) -> tuple[int | None, int | None]:
    disabled = select(PersonDisablement.id).where(PersonDisablement.person_id == Account.person_id).exists()
    found = select(Account).where(
        Account.login_name == witness.login_name,
        Account.is_service.is_(False),
        Account.disabled_at.is_(None),
        ~disabled,
    )
    account = (await context.session.execute(found)).scalar_one_or_none()
    is_theirs = await verify_password(witness.password, account.password_hash if account else None)
    if account is None or not is_theirs or not await _holds_a_post(context, account.person_id):
        return None, None
    if account.password_changed_at is None:
        # Whoever set it knows it too: one person could be both.
        return None, None
    if await is_enrolled(context, account.id) and not await is_right(context, account.id, witness.code or ""):
        return None, None
    return account.person_id, account.id


async def _holds_a_post(context: Context, person_id: int | None) -> bool:
    held = (
        select(Appointment.id)
        .join(Post, Post.id == Appointment.post_id)
        .where(
            Appointment.person_id == person_id,
            Appointment.confirmed_at.is_not(None),
            Post.kind.in_(_POSTS),
            func.tstzrange(Appointment.valid_from, Appointment.valid_until).op("@>")(context.now),
        )
    )
    return (await context.session.execute(held.limit(1))).scalar_one_or_none() is not None


async def _keep(
    context: Context, deed: BreakGlassDeed, persons: Mapping[int, int], reason: str, **subject: int
) -> None:
    first, second = persons
    row = {"deed": deed.value, "first_person_id": first, "second_person_id": second, "reason": reason, **subject}
    kept = await context.session.execute(insert(BreakGlass).values(row).returning(BreakGlass.id))
    particulars = {"deed": deed.value, "first_person": first, "second_person": second, **subject}
    await record(context, "break_glass:record:made", Subject("break_glass", int(kept.scalar_one())), particulars)


async def keep_refusal(context: Context, code: str) -> None:
    """What was tried and refused is on record too; in a transaction of its own, for the attempt's was rolled back."""
    row = {"kind": "refusal", "code": code, "route": "qingling account", "request_id": context.request_id}
    await context.session.execute(insert(AccessEvent).values(row))


_COLUMNS = (
    BreakGlass.id,
    BreakGlass.deed,
    BreakGlass.account_id,
    BreakGlass.appointment_id,
    BreakGlass.first_person_id,
    BreakGlass.second_person_id,
    BreakGlass.reason,
    BreakGlass.recorded_at,
)


async def page(context: Context, wanted: Paging, cursors: Cursors) -> dict[str, Any]:
    """A page of what was done by break-glass, newest first, and how often it ever was."""
    if not has_permission(Permission.BREAK_GLASS_READ, context.actor):
        raise NotPermitted
    counted = (await context.session.execute(select(func.count()).select_from(BreakGlass))).scalar_one()
    found = await page_by_id(context, "break-glass", select(*_COLUMNS), BreakGlass.id, wanted, cursors)
    return {"count": counted, **found}


async def everything(context: Context) -> list[dict[str, Any]]:
    """Every use, oldest first, for whoever runs the installation."""
    rows = (await context.session.execute(select(*_COLUMNS).order_by(BreakGlass.id))).mappings()
    return [{**row, "recorded_at": row["recorded_at"].isoformat()} for row in rows]
