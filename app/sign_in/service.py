"""登录与任职: a sign-in is a revocable row under one appointment; guessing is slowed, nobody is locked out for good."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, func, insert, select, text, update

from app.credentials import second_factor, throttling
from app.credentials.rules import Holder, IdentityRules, lacks_second_factor, pending_step
from app.credentials.throttling import Origin
from app.infrastructure.answers import Answer
from app.infrastructure.context import Context
from app.infrastructure.database import Database, SystemPrincipal
from app.infrastructure.errors import NotFound, NotPermitted, TooManyRequests, Unauthenticated
from app.infrastructure.security import new_token, token_digest, verify_password
from app.infrastructure.vault import Vault
from app.regulation.vocabulary import PendingStep, RoleClass
from app.sign_in.schemas import SignIn
from app.tables.people import Account, PersonDisablement, Session

_LABEL = "登录"
_WHILE_BLOCKED = 0.5
"""In seconds: more than looking at password and code takes."""

_APPOINTMENTS = text(
    """
    SELECT a.id, a.valid_until, a.acting_for_appointment_id IS NOT NULL AS is_acting, p.kind AS post_kind,
           p.title AS post, o.id AS organisation_id, o.name AS organisation
      FROM appointment a JOIN post p ON p.id = a.post_id JOIN organisation o ON o.id = p.organisation_id
     WHERE a.person_id = :person_id AND a.confirmed_at IS NOT NULL
       AND tstzrange(a.valid_from, a.valid_until) @> registry_now()
     ORDER BY a.id
    """
)


@dataclass(frozen=True, slots=True)
class Desk:
    """Where one signs in: the database, the operator's rules, the vault, and from which address."""

    database: Database
    rules: IdentityRules
    vault: Vault
    address: str
    request_id: str

    def origin(self, login_name: str) -> Origin:
        """Which login is tried from where."""
        return throttling.origin_of(self.vault, login_name, self.address)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is kept of a login name; of an unknown one nothing, and everything after takes the same course."""

    account_id: int | None = None
    password_hash: str | None = None
    is_proved: bool = False
    """By password and code together, though slowed."""
    is_strangers: bool = False


async def sign_in(desk: Desk, sent: SignIn) -> Answer:
    """A session token, shown once, and what the sign-in still lacks.

    Unauthenticated in one wording for a wrong password and an unknown login, in others once the password was right and
    the code is missing or wrong; TooManyRequests while slowed.
    """
    origin = desk.origin(sent.login_name)
    known = await _admit(desk, sent, origin)
    if not known.is_proved:
        if not await _is_theirs(known, sent):
            raise _wrong()
        await _refuse_without_code(desk, known, sent, origin)
    async with _transaction(desk, known.account_id) as context:
        holder = await _holder(context, known)
        await throttling.succeeded(context, origin, is_strangers=known.is_strangers)
        pending = await pending_step(context, holder, desk.rules)
        return await open_session(context, holder, sent.appointment_id, pending, desk.rules.max_hours)


async def _admit(desk: Desk, sent: SignIn, origin: Origin) -> _Known:
    """The try, counted; TooManyRequests while slowed, unless password and code are both right."""
    async with _transaction(desk) as context:
        reserved = await throttling.reserve(context, origin, with_code=sent.code is not None)
        known = await _find(context, sent.login_name)
        now = context.now
    if reserved.blocked_until is None:
        return replace(known, is_strangers=reserved.is_strangers)
    if reserved.may_show_code:
        # All answers come after the same while: none tells whether the password was right.
        is_proved, _ = await asyncio.gather(_is_holder(desk, known, sent, origin), asyncio.sleep(_WHILE_BLOCKED))
        if is_proved:
            return replace(known, is_proved=True)
    raise TooManyRequests(
        "too_many_requests",
        "登录尝试过于频繁,请稍候再试;已绑定动态口令的,同时填写口令和动态口令即可登录。",
        retry_after=int((reserved.blocked_until - now).total_seconds()) + 1,
    )


async def _is_theirs(known: _Known, sent: SignIn) -> bool:
    # Outside of every transaction: a fifth of a second is long for a connection.
    is_right = await verify_password(sent.password.get_secret_value(), known.password_hash, of_stranger=True)
    return is_right and known.account_id is not None


async def _is_holder(desk: Desk, known: _Known, sent: SignIn, origin: Origin) -> bool:
    """Whether both the password and the code are right; the code is counted before it is looked at, and then used."""
    if not await _is_theirs(known, sent):
        return False
    async with _transaction(desk, known.account_id) as context:
        if not await second_factor.is_enrolled(context, known.account_id or 0):
            return False
        may_go_on = await throttling.show_code(context, origin)
    return may_go_on and await _code_is_right(desk, known.account_id, sent.code)


async def _find(context: Context, login_name: str) -> _Known:
    disabled = exists().where(PersonDisablement.person_id == Account.person_id)
    found = select(Account.id, Account.password_hash).where(
        Account.login_name == login_name, Account.is_service.is_(False), Account.disabled_at.is_(None), ~disabled
    )
    row = (await context.session.execute(found)).one_or_none()
    return _Known(row.id, row.password_hash) if row is not None else _Known()


async def _holder(context: Context, known: _Known) -> Holder:
    """The account as it stands now; Unauthenticated if its password was changed while this one was looked at."""
    found = select(Account.id, Account.person_id, Account.password_changed_at).where(
        Account.id == known.account_id, Account.password_hash == known.password_hash, Account.disabled_at.is_(None)
    )
    row = (await context.session.execute(found)).one_or_none()
    if row is None:
        raise _wrong()
    return Holder(row.id, row.person_id, row.password_changed_at)


async def _code_is_right(desk: Desk, account_id: int | None, code: str | None) -> bool:
    async with _transaction(desk, account_id) as context:
        return await second_factor.is_right(context, account_id or 0, code or "", or_recovery=True)


async def _refuse_without_code(desk: Desk, known: _Known, sent: SignIn, origin: Origin) -> None:
    """Unauthenticated where the account has a second factor and its code is missing or wrong."""
    account_id = known.account_id or 0
    async with _transaction(desk, account_id) as context:
        if not await second_factor.is_enrolled(context, account_id):
            return
        if sent.code is None:
            await throttling.took_back(context, origin, is_strangers=known.is_strangers)
        is_right = sent.code is not None and await second_factor.is_right(
            context, account_id, sent.code, or_recovery=True
        )
    # Raised after the transaction, so that what was counted and used stays so.
    if sent.code is None:
        raise Unauthenticated(
            "second_factor_required", "口令正确,还须动态口令。", remedy="请填写动态口令或者恢复码(code)后重新登录。"
        )
    if not is_right:
        raise Unauthenticated(
            "second_factor_failed",
            "动态口令不正确或者已经用过。",
            remedy="请等待下一个动态口令后重试;手机遗失的,可使用恢复码。",
        )


def _wrong() -> Unauthenticated:
    return Unauthenticated("sign_in_failed", "登录名或口令不正确。", remedy="请核对后重试;多次失败后须稍候。")


@asynccontextmanager
async def _transaction(desk: Desk, account_id: int | None = None) -> AsyncIterator[Context]:
    """As nobody yet, or as whoever has shown the password: their own rows and no other's."""
    principal = SystemPrincipal(RoleClass.SIGNIN, _LABEL, account_id)
    async with desk.database.transaction(principal, request_id=desk.request_id) as context:
        yield replace(context, vault=desk.vault)


async def open_session(
    context: Context,
    holder: Holder,
    wanted: int | None,
    pending: PendingStep | None,
    max_hours: int,
    *,
    sign_on_identity_id: int | None = None,
) -> Answer:
    """A session of the holder under the wanted appointment, or the first; NotPermitted for one they do not hold."""
    held = await appointments_of(context, holder.person_id)
    chosen = _chosen(held, wanted)
    token = new_token()
    expires_at: datetime = context.now + timedelta(hours=max_hours)
    opened = insert(Session).values(
        token_sha256=token_digest(token),
        account_id=holder.account_id,
        appointment_id=chosen,
        expires_at=expires_at,
        pending=pending.value if pending else None,
        sign_on_identity_id=sign_on_identity_id,
    )
    await context.session.execute(opened)
    body = {
        "token": token,
        "expires_at": expires_at.isoformat(),
        "appointment_id": chosen,
        "appointments": held,
        "pending": pending.value if pending else None,
    }
    return Answer(body, location="/api/v1/session", is_secret=True)


def _chosen(held: list[dict[str, Any]], wanted: int | None) -> int | None:
    if wanted is not None and all(one["id"] != wanted for one in held):
        raise NotPermitted("not_your_appointment", "您没有这一任职,或者它已经到期。", remedy="请从本人现有任职中选择。")
    return wanted if wanted is not None else (held[0]["id"] if held else None)


async def appointments_of(context: Context, person_id: int | None) -> list[dict[str, Any]]:
    """The person's appointments in force now."""
    rows = (await context.session.execute(_APPOINTMENTS, {"person_id": person_id})).mappings()
    return [{**row, "valid_until": row["valid_until"].isoformat() if row["valid_until"] else None} for row in rows]


async def choose_appointment(context: Context, appointment_id: int, rules: IdentityRules) -> Answer:
    """Acts under another appointment from the next request on; NotPermitted where it needs a second factor first."""
    _chosen(await appointments_of(context, context.actor.person_id), appointment_id)
    await _refuse_without_second_factor(context, rules)
    moved = update(Session).where(Session.id == context.session_id).values(appointment_id=appointment_id)
    await context.session.execute(moved)
    return Answer({"appointment_id": appointment_id}, location="/api/v1/session")


async def lacks_second_factor_to_change(context: Context, rules: IdentityRules) -> bool:
    """Whether whoever is signed in must bind a second factor before acting under any other appointment."""
    holder = Holder(context.actor.account_id or 0, context.actor.person_id, None)
    return await lacks_second_factor(context, holder, rules)


async def _refuse_without_second_factor(context: Context, rules: IdentityRules) -> None:
    """Appointed to an office since the sign-in: the second factor comes first."""
    if await lacks_second_factor_to_change(context, rules):
        raise NotPermitted(
            "second_factor_needed",
            "该任职须先绑定动态口令。",
            article=second_factor.ARTICLE,
            remedy="请重新登录,按提示绑定动态口令。",
        )


async def sign_out(context: Context) -> None:
    """Revokes the session; its token is nobody's from now on."""
    if context.session_id is None:
        raise NotFound
    revoked = update(Session).where(Session.id == context.session_id).values(revoked_at=func.registry_now())
    await context.session.execute(revoked)


async def who_am_i(context: Context) -> dict[str, Any]:
    """The signed-in account, its post and the other appointments it could act under."""
    actor = context.actor
    return {
        "account_id": actor.account_id,
        "role_class": actor.role_class.value,
        "post_kind": actor.post_kind.value if actor.post_kind else None,
        "label": actor.label,
        "appointment_id": actor.appointment_id,
        "organisation_id": actor.organisation_id,
        "is_service": actor.is_service,
        "pending": context.pending.value if context.pending else None,
        "appointments": await appointments_of(context, actor.person_id),
    }
