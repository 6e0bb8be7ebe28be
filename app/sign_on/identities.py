"""单点登录身份: which subject of the provider signs in to which account; bound and removed by an administrator."""

from typing import Any

from sqlalchemy import func, insert, select, update

from app.audit.record import Subject, record
from app.credentials.sessions import end_sessions_of_identity
from app.infrastructure.answers import Answer
from app.infrastructure.context import Context
from app.infrastructure.errors import Conflict, InvalidInput, NotFound, NotPermitted, RuleNotMet
from app.regulation.permissions import Permission, has_permission
from app.sign_on.schemas import NewIdentity
from app.tables.people import Account
from app.tables.sign_on import SignOnIdentity


async def bind(context: Context, account_id: int, sent: NewIdentity, issuer: str | None) -> Answer:
    """Binds a subject to a person's account, never one's own; `issuer` is the configured one."""
    if not has_permission(Permission.ACCOUNT_CREATE, context.actor):
        raise NotPermitted
    await _refuse_unfit_account(context, account_id)
    if issuer is None:
        raise Conflict("sign_on_not_configured", "本系统没有配置单点登录。", remedy="请先由运维人员配置登录服务。")
    if sent.issuer != issuer:
        raise InvalidInput.of_field("/issuer", "issuer_unknown", "签发方(issuer)不是本系统配置的登录服务,请核对。")
    bound = select(SignOnIdentity.id).where(
        SignOnIdentity.issuer == sent.issuer,
        SignOnIdentity.subject == sent.subject,
        SignOnIdentity.removed_at.is_(None),
    )
    if (await context.session.execute(bound)).scalar_one_or_none() is not None:
        raise Conflict(
            "identity_already_bound", "该单点登录身份已经绑定账号,一个身份只绑定一个账号。", remedy="请先解除原有绑定。"
        )
    row = {"account_id": account_id, **sent.model_dump(), "bound_by_account_id": context.actor.account_id}
    made = await context.session.execute(insert(SignOnIdentity).values(row).returning(SignOnIdentity.id))
    identity_id = int(made.scalar_one())
    await record(context, "account:identity:bound", Subject("account", account_id), {"identity": identity_id})
    body = {"id": identity_id, "account_id": account_id, **sent.model_dump()}
    return Answer(body, location=f"/api/v1/accounts/{account_id}/sign-on-identities/{identity_id}")


async def _refuse_unfit_account(context: Context, account_id: int) -> None:
    found = select(Account.person_id, Account.is_service, Account.disabled_at).where(Account.id == account_id)
    account = (await context.session.execute(found)).one_or_none()
    if account is None:
        raise NotFound
    if account.is_service or account.disabled_at is not None:
        raise Conflict(
            "account_takes_no_identity", "服务账号和已停用的账号不能绑定单点登录身份。", remedy="请核对账号。"
        )
    if account.person_id == context.actor.person_id:
        raise RuleNotMet(
            "own_identity_not_bound", "不得为本人的账号绑定单点登录身份。", remedy="请由另一名系统管理员办理。"
        )


async def identities_of(context: Context, account_id: int) -> list[dict[str, Any]]:
    """Every identity bound to an account, removed ones included, newest first."""
    if not has_permission(Permission.ACCOUNT_READ, context.actor):
        raise NotPermitted
    known = (await context.session.execute(select(Account.id).where(Account.id == account_id))).scalar_one_or_none()
    if known is None:
        raise NotFound
    shown = select(
        SignOnIdentity.id,
        SignOnIdentity.account_id,
        SignOnIdentity.issuer,
        SignOnIdentity.subject,
        SignOnIdentity.bound_by_account_id,
        SignOnIdentity.bound_at,
        SignOnIdentity.removed_at,
    )
    newest = shown.where(SignOnIdentity.account_id == account_id).order_by(SignOnIdentity.id.desc())
    return [dict(row) for row in (await context.session.execute(newest)).mappings()]


async def read_identity(context: Context, account_id: int, identity_id: int) -> dict[str, Any]:
    """One of them."""
    found = next((one for one in await identities_of(context, account_id) if one["id"] == identity_id), None)
    if found is None:
        raise NotFound
    return found


async def remove(context: Context, account_id: int, identity_id: int) -> None:
    """Removes a binding: it signs nobody in any more, whoever came by it is out; a second removal changes nothing."""
    if not has_permission(Permission.ACCOUNT_CREATE, context.actor):
        raise NotPermitted
    bound = await read_identity(context, account_id, identity_id)
    if bound["removed_at"] is not None:
        return
    # Locked against whoever signs on by it at this instant: their session is here before, or never comes to be.
    locked = select(SignOnIdentity.id).where(SignOnIdentity.id == identity_id).with_for_update()
    await context.session.execute(locked)
    removed = update(SignOnIdentity).where(SignOnIdentity.id == identity_id, SignOnIdentity.removed_at.is_(None))
    await context.session.execute(removed.values(removed_at=func.registry_now()))
    await end_sessions_of_identity(context, identity_id)
    await record(context, "account:identity:removed", Subject("account", account_id), {"identity": identity_id})
