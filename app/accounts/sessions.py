"""登录与任职: a sign-in is a revocable row under one appointment; wrong passwords slow down, never lock for good."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select, text, update

from app.accounts.schemas import SignIn
from app.infrastructure.answers import Answer
from app.infrastructure.context import Context
from app.infrastructure.database import Database, SystemPrincipal
from app.infrastructure.errors import NotFound, NotPermitted, TooManyRequests, Unauthenticated
from app.infrastructure.security import new_token, token_digest, verify_password
from app.regulation.vocabulary import RoleClass
from app.tables.people import Account, Session

_SIGNIN = SystemPrincipal(RoleClass.SIGNIN, "登录")
_FREE_ATTEMPTS = 5
_LONGEST_WAIT = timedelta(minutes=15)

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


async def sign_in(database: Database, sent: SignIn, *, request_id: str, max_hours: int) -> Answer:
    """A session token, shown once; Unauthenticated in one wording whatever was wrong, TooManyRequests while slowed."""
    async with database.transaction(_SIGNIN, request_id=request_id) as context:
        known = select(Account).where(Account.login_name == sent.login_name, Account.is_service.is_(False))
        account = (await context.session.execute(known)).scalar_one_or_none()
        if account is not None and account.locked_until is not None and account.locked_until > context.now:
            raise TooManyRequests(retry_after=int((account.locked_until - context.now).total_seconds()) + 1)
        kept = account.password_hash if account is not None and account.disabled_at is None else None
        is_right = await verify_password(sent.password.get_secret_value(), kept)
        if account is not None:
            await _count(context, account, succeeded=is_right)
        if account is not None and is_right:
            return await _open(context, account, sent, max_hours)
    # Raised after the transaction, so that the failed attempt stays counted.
    raise Unauthenticated("sign_in_failed", "登录名或口令不正确。", remedy="请核对后重试;多次失败后须稍候。")


async def _count(context: Context, account: Account, *, succeeded: bool) -> None:
    failed = 0 if succeeded else account.failed_sign_ins + 1
    over = max(0, failed - _FREE_ATTEMPTS)
    wait = min(timedelta(seconds=2**over), _LONGEST_WAIT) if over else None
    counted = update(Account).where(Account.id == account.id)
    values = {"failed_sign_ins": min(failed, 30), "locked_until": context.now + wait if wait else None}
    await context.session.execute(counted.values(values))


async def _open(context: Context, account: Account, sent: SignIn, max_hours: int) -> Answer:
    held = await appointments_of(context, account.person_id)
    chosen = _chosen(held, sent.appointment_id)
    token = new_token()
    expires_at: datetime = context.now + timedelta(hours=max_hours)
    opened = insert(Session).values(
        token_sha256=token_digest(token), account_id=account.id, appointment_id=chosen, expires_at=expires_at
    )
    await context.session.execute(opened)
    body = {"token": token, "expires_at": expires_at.isoformat(), "appointment_id": chosen, "appointments": held}
    return Answer(body, location="/api/v1/session", is_secret=True)


def _chosen(held: list[dict[str, Any]], wanted: int | None) -> int | None:
    if wanted is not None and all(one["id"] != wanted for one in held):
        raise NotPermitted("not_your_appointment", "您没有这一任职,或者它已经到期。", remedy="请从本人现有任职中选择。")
    return wanted if wanted is not None else (held[0]["id"] if held else None)


async def appointments_of(context: Context, person_id: int | None) -> list[dict[str, Any]]:
    """The person's appointments in force now."""
    rows = (await context.session.execute(_APPOINTMENTS, {"person_id": person_id})).mappings()
    return [{**row, "valid_until": row["valid_until"].isoformat() if row["valid_until"] else None} for row in rows]


async def choose_appointment(context: Context, appointment_id: int) -> Answer:
    """Acts under another appointment from the next request on."""
    _chosen(await appointments_of(context, context.actor.person_id), appointment_id)
    moved = update(Session).where(Session.id == context.session_id).values(appointment_id=appointment_id)
    await context.session.execute(moved)
    return Answer({"appointment_id": appointment_id}, location="/api/v1/session")


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
        "appointments": await appointments_of(context, actor.person_id),
    }
