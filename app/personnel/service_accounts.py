"""服务账号与密钥: a system's account in an organisation, its keys shown once; it acts, and never signs."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, insert, select, update

from app.audit.record import Subject, record
from app.infrastructure.answers import Answer
from app.infrastructure.context import Context
from app.infrastructure.errors import Conflict, FieldError, InvalidInput, NotFound, NotPermitted
from app.infrastructure.security import new_token, token_digest
from app.personnel.accounts import refuse_taken_login
from app.personnel.schemas import NewServiceAccount, NewServiceKey
from app.regulation.permissions import SCOPE_WORDS, Permission, has_permission
from app.tables.people import Account, ServiceKey
from app.tables.places import Organisation

KEY_PREFIX = "qk_"


async def open_for_service(context: Context, sent: NewServiceAccount) -> Answer:
    """A service account of an organisation; its keys are issued by the other administrator."""
    if not has_permission(Permission.ACCOUNT_CREATE, context.actor):
        raise NotPermitted
    known = select(Organisation.id).where(Organisation.id == sent.organisation_id)
    if (await context.session.execute(known)).scalar_one_or_none() is None:
        message = "没有这个机构,请从 /api/v1/organisations 中选取。"
        fields = (FieldError("/organisation_id", "organisation_unknown", message),)
        raise InvalidInput("organisation_unknown", message, fields=fields)
    await refuse_taken_login(context, sent.login_name)
    row = sent.model_dump() | {"is_service": True}
    opened = await context.session.execute(insert(Account).values(row).returning(Account.id))
    account_id = int(opened.scalar_one())
    particulars = {"organisation": sent.organisation_id}
    await record(context, "account:service:opened", Subject("account", account_id), particulars)
    return Answer({"id": account_id, **sent.model_dump()}, location=f"/api/v1/accounts/{account_id}")


async def issue_key(context: Context, account_id: int, sent: NewServiceKey) -> Answer:
    """A key, its secret shown in this one answer and kept as a digest."""
    if not has_permission(Permission.SERVICE_KEY_ISSUE, context.actor):
        raise NotPermitted
    account = await _service_account(context, account_id)
    if account.disabled_at is not None:
        raise Conflict("account_disabled", "该服务账号已经停用,不再签发密钥。", remedy="请另开服务账号。")
    scopes = _known_scopes(sent.scopes)
    secret = new_token(KEY_PREFIX)
    expires_at = context.now + timedelta(days=sent.valid_days)
    row = {
        "account_id": account_id,
        "label": sent.label,
        "key_sha256": token_digest(secret),
        "expires_at": expires_at,
        "scopes": scopes,
    }
    issued = await context.session.execute(insert(ServiceKey).values(row).returning(ServiceKey.id))
    key_id = int(issued.scalar_one())
    await record(context, "account:key:issued", Subject("account", account_id), {"key": key_id, "scopes": scopes})
    body = {
        "id": key_id,
        "label": sent.label,
        "secret": secret,
        "expires_at": expires_at.isoformat(),
        "scopes": scopes,
    }
    return Answer(body, location=f"/api/v1/service-accounts/{account_id}/keys/{key_id}", is_secret=True)


def _known_scopes(sent: list[str]) -> list[str]:
    """Each word once, in order; InvalidInput naming every word a key may have for one that is none."""
    for place, word in enumerate(sent):
        if word not in SCOPE_WORDS:
            message = f"没有“{word}”这一用途;可用的有:{'、'.join(SCOPE_WORDS)}。"
            raise InvalidInput.of_field(f"/scopes/{place}", "scope_unknown", message)
    return sorted(set(sent))


async def revoke_key(context: Context, account_id: int, key_id: int) -> None:
    """Revokes a key: nobody's from the next request on; a second revocation changes nothing."""
    if not has_permission(Permission.SERVICE_KEY_ISSUE, context.actor):
        raise NotPermitted
    await _service_account(context, account_id)
    found = select(ServiceKey.revoked_at).where(ServiceKey.id == key_id, ServiceKey.account_id == account_id)
    key = (await context.session.execute(found)).one_or_none()
    if key is None:
        raise NotFound
    if key.revoked_at is not None:
        return
    revoked = update(ServiceKey).where(ServiceKey.id == key_id, ServiceKey.revoked_at.is_(None))
    await context.session.execute(revoked.values(revoked_at=func.registry_now()))
    await record(context, "account:key:revoked", Subject("account", account_id), {"key": key_id})


async def keys_of(context: Context, account_id: int) -> list[dict[str, Any]]:
    """Every key of a service account, newest first, without its secret."""
    if not has_permission(Permission.ACCOUNT_READ, context.actor):
        raise NotPermitted
    await _service_account(context, account_id)
    statement = select(*_KEY).where(ServiceKey.account_id == account_id).order_by(ServiceKey.id.desc())
    return [dict(row) for row in (await context.session.execute(statement)).mappings()]


async def read_key(context: Context, account_id: int, key_id: int) -> dict[str, Any]:
    """One key without its secret."""
    found = next((key for key in await keys_of(context, account_id) if key["id"] == key_id), None)
    if found is None:
        raise NotFound
    return found


_KEY = (
    ServiceKey.id,
    ServiceKey.label,
    ServiceKey.created_at,
    ServiceKey.expires_at,
    ServiceKey.revoked_at,
    ServiceKey.last_used_at,
    ServiceKey.scopes,
)


async def _service_account(context: Context, account_id: int) -> Row[int, datetime | None]:
    found = select(Account.id, Account.disabled_at).where(Account.id == account_id, Account.is_service)
    account = (await context.session.execute(found)).one_or_none()
    if account is None:
        raise NotFound
    return account
