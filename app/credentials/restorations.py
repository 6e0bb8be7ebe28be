"""恢复登录 (design 3.1, break-glass): two administrators give a holder who lost password or device a way back in.

It sets a one-time password, takes the lost second factor away and ends what is signed in. It signs, closes and reads
nothing, is counted and listed, and everything it does stands in the account's stream.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Row, func, insert, or_, select, update
from sqlalchemy.orm import aliased

from app.audit.record import Subject, record
from app.credentials.passwords import initial_password, keep_in_history
from app.credentials.second_factor import revoke_of, vault_of
from app.credentials.sessions import end_other_sessions
from app.credentials.step_up import Proof, prove
from app.credentials.throttling import after_sign_on, forget, login_digest
from app.infrastructure.answers import Answer
from app.infrastructure.context import Context
from app.infrastructure.errors import Conflict, NotFound, NotPermitted, RuleNotMet
from app.infrastructure.keyset import Paging, page_by_id
from app.infrastructure.pagination import Cursors
from app.infrastructure.password_policy import PasswordPolicy
from app.infrastructure.security import content_digest, hash_password
from app.regulation.permissions import Permission, has_permission
from app.tables.credentials import AccessRestoration
from app.tables.people import Account, PersonDisablement

_GOOD_FOR: Final = timedelta(hours=24)
"""How long a proposal waits: one left lying would let a single administrator in later."""
_COLUMNS = (
    AccessRestoration.id,
    AccessRestoration.account_id,
    AccessRestoration.reason,
    AccessRestoration.proposed_by_account_id,
    AccessRestoration.proposed_at,
    AccessRestoration.confirmed_by_account_id,
    AccessRestoration.confirmed_at,
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which restorations a list shows."""

    paging: Paging
    account_id: int | None = None
    is_confirmed: bool | None = None


async def propose(context: Context, account_id: int, reason: str) -> Answer:
    """One administrator's proposal, without force until another confirms it; never of the administrator's own."""
    if not has_permission(Permission.ACCESS_RESTORE, context.actor):
        raise NotPermitted
    account = await _account(context, account_id)
    _refuse_own(context, account)
    row = {"account_id": account_id, "reason": reason, "proposed_by_account_id": context.actor.account_id}
    proposed = await context.session.execute(insert(AccessRestoration).values(row).returning(AccessRestoration.id))
    restoration_id = int(proposed.scalar_one())
    # The reason is a person's affair and stays in its own table.
    particulars = {"restoration": restoration_id}
    await record(context, "account:access:restoration_proposed", Subject("account", account_id), particulars)
    return Answer(await read(context, account_id, restoration_id), location=_address(account_id, restoration_id))


async def confirm(
    context: Context, wanted: tuple[int, int], document_sha256: str, proof: Proof, policy: PasswordPolicy
) -> Answer:
    """Another administrator's confirmation, by step-up over what was proposed; the one-time password is shown once.

    `wanted`: account and restoration.
    """
    account_id, restoration_id = wanted
    if not has_permission(Permission.ACCESS_RESTORE, context.actor):
        raise NotPermitted
    row = await _find(context, account_id, restoration_id, is_locked=True)
    account = await _account(context, account_id)
    _refuse_own(context, account)
    _refuse_unconfirmable(context, row, document_sha256)
    proved = await prove(context, proof, bytes.fromhex(document_sha256))
    values = {
        "confirmed_by_account_id": context.actor.account_id,
        "confirmed_at": func.registry_now(),
        "step_up_id": proved.id,
    }
    confirmed = update(AccessRestoration).where(AccessRestoration.id == restoration_id)
    await context.session.execute(confirmed.values(values))
    password = await restore(context, account_id, {"restoration": restoration_id}, policy)
    body = {"id": restoration_id, "account_id": account_id, "initial_password": password}
    return Answer(body, location=_address(account_id, restoration_id), is_secret=True)


async def restore(context: Context, account_id: int, particulars: dict[str, Any], policy: PasswordPolicy) -> str:
    """The one-time password that brings the holder back; for two administrators, or for the owner's command.

    Conflict for a disabled account. The caller has checked who may.
    """
    account = await _account(context, account_id)
    await keep_in_history(context, account)
    password = initial_password(policy, account.login_name)
    values = {"password_hash": await hash_password(password), "password_changed_at": None}
    await context.session.execute(update(Account).where(Account.id == account_id).values(values))
    await revoke_of(context, account_id)
    await end_other_sessions(context, account_id)
    for counted in (account.login_name, after_sign_on(account_id)):
        await forget(context, login_digest(vault_of(context), counted))
    await record(context, "account:access:restored", Subject("account", account_id), particulars)
    return password


async def read(context: Context, account_id: int, restoration_id: int) -> dict[str, Any]:
    """One restoration; a proposal with the hash that its confirmation names."""
    if not has_permission(Permission.ACCESS_RESTORATION_READ, context.actor):
        raise NotPermitted
    return _view(await _find(context, account_id, restoration_id))


async def page(context: Context, wanted: Wanted, cursors: Cursors) -> dict[str, Any]:
    """A page of restorations, newest first, and how many were ever proposed and confirmed."""
    if not has_permission(Permission.ACCESS_RESTORATION_READ, context.actor):
        raise NotPermitted
    statement = select(*_COLUMNS)
    if wanted.account_id is not None:
        statement = statement.where(AccessRestoration.account_id == wanted.account_id)
    if wanted.is_confirmed is not None:
        statement = statement.where(AccessRestoration.confirmed_at.is_not(None) == wanted.is_confirmed)
    counted = select(func.count(), func.count(AccessRestoration.confirmed_at)).select_from(AccessRestoration)
    proposed, confirmed = (await context.session.execute(counted)).one()
    found = await page_by_id(context, "access-restorations", statement, AccessRestoration.id, wanted.paging, cursors)
    return {"proposed": proposed, "confirmed": confirmed, **found}


def _refuse_own(context: Context, account: Account) -> None:
    if account.person_id == context.actor.person_id:
        raise RuleNotMet(
            "own_access_not_restored",
            "不得为本人恢复登录。",
            remedy="请由另外两名管理员办理;管理员不足的,由运维人员执行 qingling account。",
        )


def _refuse_unconfirmable(context: Context, row: Row[Any], document_sha256: str) -> None:
    if row.confirmed_at is not None:
        raise Conflict(
            "restoration_already_confirmed", "这一恢复登录已经确认,一次性口令不再显示。", remedy="请另行申请。"
        )
    if row.proposed_by_person_id == context.actor.person_id:
        raise RuleNotMet(
            "restoration_confirmed_by_another",
            "恢复登录须由申请人以外的另一名管理员确认。",
            remedy="请由另一名管理员以本人账号确认。",
        )
    if row.is_proposer_disabled:
        raise RuleNotMet(
            "restoration_proposer_disabled",
            "提出这一恢复登录申请的管理员已经停用,其申请不再有效。",
            remedy="仍须恢复的,请由现任管理员重新申请。",
        )
    if context.now - row.proposed_at > _GOOD_FOR:
        raise RuleNotMet(
            "restoration_lapsed", "这一恢复登录申请已超过 24 小时,不再有效。", remedy="仍须恢复的,请重新申请。"
        )
    _refuse_other_document(document_sha256, _digest(row))


def _refuse_other_document(given: str, wanted: str) -> None:
    if given != wanted:
        raise RuleNotMet(
            "document_changed",
            "所确认的内容与现有申请不一致。",
            article="《电子签名法》第十三条",
            remedy="请重新读取申请,核对后再确认。",
        )


async def _account(context: Context, account_id: int) -> Account:
    """A person's account that is not disabled, locked."""
    found = select(Account).where(Account.id == account_id, Account.is_service.is_(False)).with_for_update(of=Account)
    account = (await context.session.execute(found)).scalar_one_or_none()
    if account is None:
        raise NotFound
    disabled = select(PersonDisablement.id).where(PersonDisablement.person_id == account.person_id).limit(1)
    if account.disabled_at is not None or (await context.session.execute(disabled)).scalar_one_or_none() is not None:
        raise Conflict(
            "account_disabled", "该账号已经停用,不再恢复登录。", remedy="需要恢复任职的,请另开账号并重新任职。"
        )
    return account


async def _find(context: Context, account_id: int, restoration_id: int, *, is_locked: bool = False) -> Row[Any]:
    proposer = aliased(Account)
    found = (
        select(
            *_COLUMNS,
            proposer.person_id.label("proposed_by_person_id"),
            or_(
                proposer.disabled_at.is_not(None),
                select(PersonDisablement.id).where(PersonDisablement.person_id == proposer.person_id).exists(),
            ).label("is_proposer_disabled"),
        )
        .join(proposer, proposer.id == AccessRestoration.proposed_by_account_id)
        .where(AccessRestoration.id == restoration_id, AccessRestoration.account_id == account_id)
    )
    if is_locked:
        found = found.with_for_update(of=AccessRestoration)
    row: Row[Any] | None = (await context.session.execute(found)).one_or_none()  # type: ignore[assignment]  # SQLAlchemy types each column
    if row is None:
        raise NotFound
    return row


def _view(row: Row[Any]) -> dict[str, Any]:
    inner = ("proposed_by_person_id", "is_proposer_disabled")
    shown = {name: value for name, value in row._mapping.items() if name not in inner}  # noqa: SLF001  SQLAlchemy's public name
    confirmed_at = row.confirmed_at.isoformat() if row.confirmed_at else None
    view = {**shown, "proposed_at": row.proposed_at.isoformat(), "confirmed_at": confirmed_at}
    return view if row.confirmed_at else {**view, "document_sha256": _digest(row)}


def _digest(row: Row[Any]) -> str:
    """What the confirmer confirms: whose access, why, proposed by whom."""
    return content_digest(
        {
            "access_restoration": row.id,
            "account": row.account_id,
            "reason": row.reason,
            "proposed_by": row.proposed_by_account_id,
        }
    )


def _address(account_id: int, restoration_id: int) -> str:
    return f"/api/v1/accounts/{account_id}/access-restorations/{restoration_id}"
