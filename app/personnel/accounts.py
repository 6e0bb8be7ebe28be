"""账号: of a person or of a service; a disabled one holds nothing from the next request on."""

from typing import Any

from sqlalchemy import func, insert, select, update

from app.audit.record import Subject, record
from app.infrastructure.answers import Answer
from app.infrastructure.context import Context
from app.infrastructure.errors import Conflict, NotFound, NotPermitted, RuleNotMet
from app.infrastructure.keyset import page_by_id
from app.infrastructure.pagination import Cursors
from app.infrastructure.password_policy import PasswordPolicy
from app.infrastructure.security import hash_initial_password
from app.personnel.persons import unknown_person
from app.personnel.schemas import AccountFilter, Disablement, NewAccount
from app.regulation.permissions import Permission, has_permission
from app.tables.people import Account, Person, PersonDisablement


async def open_for_person(context: Context, sent: NewAccount, policy: PasswordPolicy) -> Answer:
    """A person's account with an initial password, as the operator's policy asks; Conflict for a login name taken."""
    if not has_permission(Permission.ACCOUNT_CREATE, context.actor):
        raise NotPermitted
    await _refuse_unknown_person(context, sent.person_id)
    await refuse_taken_login(context, sent.login_name)
    row = {
        "login_name": sent.login_name,
        "person_id": sent.person_id,
        "password_hash": await hash_initial_password(sent.password.get_secret_value(), sent.login_name, policy),
    }
    opened = await context.session.execute(insert(Account).values(row).returning(Account.id))
    account_id = int(opened.scalar_one())
    await record(context, "account:record:opened", Subject("account", account_id), {"person": sent.person_id})
    body = {"id": account_id, "login_name": sent.login_name, "person_id": sent.person_id}
    return Answer(body, location=f"/api/v1/accounts/{account_id}")


async def _refuse_unknown_person(context: Context, person_id: int) -> None:
    known = (await context.session.execute(select(Person.id).where(Person.id == person_id))).scalar_one_or_none()
    if known is None:
        raise unknown_person()


async def refuse_taken_login(context: Context, login_name: str) -> None:
    """Conflict where somebody has the login name already."""
    taken = select(Account.id).where(Account.login_name == login_name)
    if (await context.session.execute(taken)).scalar_one_or_none() is not None:
        raise Conflict("login_name_taken", "该登录名已被使用,请换一个。")


async def disable(context: Context, account_id: int, sent: Disablement) -> Answer:
    """停用: the account and every other one of its person, at once; for cause voids signatures in open rounds."""
    if not has_permission(Permission.ACCOUNT_DISABLE, context.actor):
        raise NotPermitted
    found = select(Account.id, Account.person_id, Account.disabled_at).where(Account.id == account_id)
    account = (await context.session.execute(found.with_for_update(of=Account))).one_or_none()
    if account is None:
        raise NotFound
    if account.person_id is not None and account.person_id == context.actor.person_id:
        raise RuleNotMet(
            "own_account_not_disabled", "不得停用本人的账号。", remedy="请由另一名管理员办理;仅离开岗位的,请终止任职。"
        )
    if account.disabled_at is None:
        disabled = update(Account).where(Account.id == account_id).values(disabled_at=func.registry_now())
        await context.session.execute(disabled)
    elif account.person_id is None or not await _is_aggravated(context, account.person_id, sent):
        raise Conflict(
            "account_already_disabled", "该账号已经停用。", remedy="由一般停用改为因故停用的,请注明 for_cause。"
        )
    if account.person_id is not None:
        row = {"person_id": account.person_id, "account_id": context.actor.account_id} | sent.model_dump()
        await context.session.execute(insert(PersonDisablement).values(row))
    # The reason is a person's affair and stays in its own table.
    particulars = {"for_cause": sent.for_cause, "person": account.person_id}
    await record(context, "account:access:disabled", Subject("account", account_id), particulars)
    return Answer(await _view(context, account_id), location=f"/api/v1/accounts/{account_id}")


async def _is_aggravated(context: Context, person_id: int, sent: Disablement) -> bool:
    """Whether what was an ordinary disablement turns out to be one for cause."""
    caused = select(PersonDisablement.id).where(PersonDisablement.person_id == person_id, PersonDisablement.for_cause)
    known = (await context.session.execute(caused.limit(1))).scalar_one_or_none()
    return sent.for_cause and known is None


async def read(context: Context, account_id: int) -> Answer:
    """One account."""
    if not has_permission(Permission.ACCOUNT_READ, context.actor):
        raise NotPermitted
    return Answer(await _view(context, account_id))


async def page(context: Context, wanted: AccountFilter, cursors: Cursors) -> dict[str, Any]:
    """A page of accounts, newest first."""
    if not has_permission(Permission.ACCOUNT_READ, context.actor):
        raise NotPermitted
    statement = select(*_COLUMNS)
    if wanted.person_id is not None:
        statement = statement.where(Account.person_id == wanted.person_id)
    if wanted.is_service is not None:
        statement = statement.where(Account.is_service.is_(wanted.is_service))
    if wanted.is_disabled is not None:
        statement = statement.where(Account.disabled_at.is_not(None) == wanted.is_disabled)
    return await page_by_id(context, "accounts", statement, Account.id, wanted, cursors)


_COLUMNS = (
    Account.id,
    Account.login_name,
    Account.is_service,
    Account.person_id,
    Account.organisation_id,
    Account.disabled_at,
    Account.created_at,
)


async def _view(context: Context, account_id: int) -> dict[str, Any]:
    row = (await context.session.execute(select(*_COLUMNS).where(Account.id == account_id))).mappings().one_or_none()
    if row is None:
        raise NotFound
    instants = ("disabled_at", "created_at")
    return {**row, **{name: row[name].isoformat() if row[name] else None for name in instants}}
