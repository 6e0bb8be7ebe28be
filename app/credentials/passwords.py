"""口令: changed by their holder alone, under the operator's policy; an old one does not come back for a while."""

import secrets
from dataclasses import replace
from typing import Final

from sqlalchemy import func, insert, select, update

from app.audit.record import Subject, record
from app.credentials.rules import Holder, IdentityRules, pending_step
from app.credentials.sessions import end_other_sessions
from app.infrastructure.answers import Answer
from app.infrastructure.context import Context
from app.infrastructure.database import under_role
from app.infrastructure.errors import FieldError, InvalidInput
from app.infrastructure.password_policy import PasswordPolicy
from app.infrastructure.security import hash_password, verify_password
from app.regulation.vocabulary import RoleClass
from app.tables.credentials import PasswordHistory
from app.tables.people import Account, Session

_POINTER: Final = "/new_password"
_INITIAL_WORDS: Final = 4
_EVERY_CLASS: Final = 4


async def change(context: Context, new_password: str, rules: IdentityRules) -> Answer:
    """Sets the caller's own password, which was proved before; the account's other sign-ins end.

    InvalidInput names every rule the new password does not meet.
    """
    async with under_role(context, RoleClass.SIGNIN):
        found = select(Account).where(Account.id == context.actor.account_id).with_for_update(of=Account)
        account = (await context.session.execute(found)).scalar_one()
        await _refuse_unfit(context, account, new_password, rules)
        await keep_in_history(context, account)
        await _set(context, account.id, await hash_password(new_password))
        await end_other_sessions(context, account.id)
        holder = Holder(account.id, account.person_id, context.now)
        pending = await pending_step(context, holder, rules)
        own = update(Session).where(Session.id == context.session_id)
        await context.session.execute(own.values(pending=pending.value if pending else None))
        await record(context, "account:password:changed", Subject("account", account.id), {})
    body = {"changed_at": context.now.isoformat(), "pending": pending.value if pending else None}
    return Answer(body, location="/api/v1/session")


async def keep_in_history(context: Context, account: Account) -> None:
    """Keeps the hash that is about to be replaced."""
    if account.password_hash is not None:
        kept = {"account_id": account.id, "password_hash": account.password_hash}
        # inline: an administrator may add to it, not read it, so the id is not asked back
        await context.session.execute(insert(PasswordHistory).values(kept).inline())


def initial_password(policy: PasswordPolicy, login_name: str) -> str:
    """A random one-time password that can be read out: groups of four, at least 93 bits, as the policy asks."""
    alphabet = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
    words = max(_INITIAL_WORDS, -(-(policy.min_length + 1) // 5))
    asked = replace(policy, classes=_EVERY_CLASS)
    while True:
        text = "-".join("".join(secrets.choice(alphabet) for _ in range(4)) for _ in range(words))
        if not asked.faults(text, login_name, _POINTER):
            return text


async def _set(context: Context, account_id: int, password_hash: str) -> None:
    values = {"password_hash": password_hash, "password_changed_at": func.registry_now()}
    await context.session.execute(update(Account).where(Account.id == account_id).values(values))


async def _refuse_unfit(context: Context, account: Account, password: str, rules: IdentityRules) -> None:
    faults = rules.passwords.faults(password, account.login_name, _POINTER)
    if not faults and await _was_used(context, account, password, rules.passwords.history):
        kept = rules.passwords.history
        message = f"新口令与现在的口令或最近 {kept} 个用过的口令相同,请另换一个。"
        faults = [FieldError(_POINTER, "password_used_before", message)]
    if faults:
        first = faults[0]
        raise InvalidInput(
            first.code,
            "".join(fault.message for fault in faults),
            fields=tuple(faults),
            article="GB/T 22239-2019 8.1.4.1 a",
            remedy="请按 errors 中逐项说明另设口令。",
        )


async def _was_used(context: Context, account: Account, password: str, history: int) -> bool:
    earlier = (
        select(PasswordHistory.password_hash)
        .where(PasswordHistory.account_id == account.id)
        .order_by(PasswordHistory.id.desc())
        .limit(history)
    )
    hashes = [account.password_hash, *(await context.session.execute(earlier)).scalars()]
    for kept in hashes:
        if await verify_password(password, kept):
            return True
    return False
