"""动态口令 (TOTP, RFC 6238) and recovery codes: bound once, each code good once, nothing readable in the database."""

import base64
import hmac
import secrets
from typing import Any, Final

import pyotp
from sqlalchemy import func, insert, select, update

from app.audit.record import Subject, record
from app.credentials.sessions import end_other_sessions
from app.infrastructure.answers import Answer
from app.infrastructure.context import Context
from app.infrastructure.database import under_role
from app.infrastructure.errors import Conflict, RuleNotMet, TemporarilyUnavailable
from app.infrastructure.vault import CannotBeOpened, Sealed, Vault
from app.regulation.vocabulary import PendingStep, RoleClass
from app.tables.credentials import RecoveryCode, SecondFactor
from app.tables.people import Account, Session

ARTICLE: Final = "GB/T 22239-2019 8.1.4.1 d“两种或两种以上组合的鉴别技术”"
RECOVERY_CODES: Final = 10
SECONDS_A_STEP: Final = 30
_SECRET_BYTES: Final = 20
_RECOVERY_BYTES: Final = 10
_ISSUER: Final = "清零"
_LABEL_OF_SECRETS, _LABEL_OF_CODES = "second-factor", "recovery-code"


async def is_enrolled(context: Context, account_id: int) -> bool:
    """Whether the account has a second factor in force."""
    return await _in_force(context, account_id) is not None


async def is_anybody_enrolled(context: Context) -> bool:
    """Whether any account of the registry has one, as far as the caller's role sees."""
    found = select(SecondFactor.id).where(SecondFactor.revoked_at.is_(None), SecondFactor.confirmed_at.is_not(None))
    return (await context.session.execute(found.limit(1))).scalar_one_or_none() is not None


async def is_right(context: Context, account_id: int, code: str, *, or_recovery: bool = False) -> bool:
    """Whether the code is of the account's second factor, within one step of the registry's clock, and new.

    What is right counts as used from then on; `or_recovery` lets an unused recovery code stand in.
    """
    factor = await _in_force(context, account_id)
    if factor is None:
        return False
    step = _step_of(context, factor, code)
    if step is not None:
        return await _use_step(context, factor.id, step)
    return or_recovery and await _use_recovery_code(context, factor, code)


async def enrol(context: Context) -> Answer:
    """A new secret and recovery codes, shown in this one answer; without force until a first code confirms them."""
    account_id = _own(context)
    secret = secrets.token_bytes(_SECRET_BYTES)
    sealed = vault_of(context).seal(_LABEL_OF_SECRETS, account_id, secret)
    codes = [_new_recovery_code() for _ in range(RECOVERY_CODES)]
    async with under_role(context, RoleClass.SIGNIN):
        waiting = update(SecondFactor).where(*_of(account_id), SecondFactor.confirmed_at.is_(None))
        await context.session.execute(waiting.values(revoked_at=func.registry_now()))
        row = {
            "account_id": account_id,
            "algorithm": sealed.algorithm,
            "key_id": sealed.key_id,
            "secret": sealed.value,
        }
        made = await context.session.execute(insert(SecondFactor).values(row).returning(SecondFactor.id))
        factor_id = int(made.scalar_one())
        kept = [
            {"second_factor_id": factor_id, "account_id": account_id, "code_digest": _digest(context, code)}
            for code in codes
        ]
        await context.session.execute(insert(RecoveryCode), kept)
        await record(context, "account:second_factor:enrolled", Subject("account", account_id), {"factor": factor_id})
        login = select(Account.login_name).where(Account.id == account_id)
        login_name = (await context.session.execute(login)).scalar_one()
    text = base64.b32encode(secret).decode()
    address = pyotp.TOTP(text).provisioning_uri(name=login_name, issuer_name=_ISSUER)
    body = {"secret": text, "otpauth_uri": address, "recovery_codes": codes}
    return Answer(body, location="/api/v1/session", is_secret=True)


async def confirm(context: Context, code: str) -> Answer:
    """Puts the newest enrolment in force, in place of an earlier one; the account's other sign-ins end."""
    account_id = _own(context)
    async with under_role(context, RoleClass.SIGNIN):
        factor = await _waiting(context, account_id)
        step = _step_of(context, factor, code)
        if step is None:
            raise RuleNotMet(
                "second_factor_failed",
                "动态口令(code)不正确,没有绑定。",
                article=ARTICLE,
                remedy="请核对手机时间,输入当前显示的 6 位动态口令。",
            )
        replaced = update(SecondFactor).where(*_of(account_id), SecondFactor.confirmed_at.is_not(None))
        await context.session.execute(replaced.values(revoked_at=func.registry_now()))
        confirmed = update(SecondFactor).where(SecondFactor.id == factor.id)
        await context.session.execute(confirmed.values(confirmed_at=func.registry_now(), last_step=step))
        pending = await _complete(context)
        await end_other_sessions(context, account_id)
        particulars = {"factor": factor.id}
        await record(context, "account:second_factor:confirmed", Subject("account", account_id), particulars)
    return Answer({"enrolled": True, "pending": pending}, location="/api/v1/session")


async def revoke_of(context: Context, account_id: int) -> None:
    """Takes an account's second factors away, with their recovery codes: its holder lost them."""
    revoked = update(SecondFactor).where(*_of(account_id)).values(revoked_at=func.registry_now())
    await context.session.execute(revoked)


def vault_of(context: Context) -> Vault:
    """The vault of the request; RuntimeError where a job or command was given none."""
    if context.vault is None:
        raise RuntimeError("this context was made without a vault: nothing sealed can be opened in it")
    return context.vault


async def _complete(context: Context) -> str | None:
    if context.pending is not PendingStep.SECOND_FACTOR:
        return context.pending.value if context.pending else None
    done = update(Session).where(Session.id == context.session_id).values(pending=None)
    await context.session.execute(done)
    return None


def _own(context: Context) -> int:
    if context.actor.account_id is None:
        raise RuntimeError("nobody is signed in")
    return context.actor.account_id


def _of(account_id: int) -> tuple[Any, ...]:
    return (SecondFactor.account_id == account_id, SecondFactor.revoked_at.is_(None))


async def _in_force(context: Context, account_id: int) -> SecondFactor | None:
    found = select(SecondFactor).where(*_of(account_id), SecondFactor.confirmed_at.is_not(None))
    return (await context.session.execute(found)).scalar_one_or_none()


async def _waiting(context: Context, account_id: int) -> SecondFactor:
    found = select(SecondFactor).where(*_of(account_id), SecondFactor.confirmed_at.is_(None)).with_for_update()
    factor = (await context.session.execute(found)).scalar_one_or_none()
    if factor is None:
        raise Conflict(
            "no_enrolment_waiting", "没有待确认的动态口令绑定。", remedy="请先申请绑定(POST /session/second-factor)。"
        )
    return factor


def _step_of(context: Context, factor: SecondFactor, code: str) -> int | None:
    """The time step the code is of, the last, the present or the next; None when it is of none of them."""
    kept = Sealed(factor.algorithm, factor.key_id, factor.secret)
    try:
        secret = vault_of(context).open(_LABEL_OF_SECRETS, factor.account_id, kept)
    except CannotBeOpened as other_key:
        raise TemporarilyUnavailable(
            "second_factor_unreadable", "动态口令暂时无法核对:系统密钥与绑定时不同,请联系管理员。"
        ) from other_key
    generator = pyotp.TOTP(base64.b32encode(secret).decode())
    now = int(context.now.timestamp()) // SECONDS_A_STEP
    given = code.strip().encode("utf-8", "surrogatepass")
    right = [
        step for step in (now - 1, now, now + 1) if hmac.compare_digest(generator.generate_otp(step).encode(), given)
    ]
    return right[0] if right else None


async def _use_step(context: Context, factor_id: int, step: int) -> bool:
    """Takes the step; whoever shows the same code at the same instant comes second and finds it taken."""
    taken = update(SecondFactor).where(
        SecondFactor.id == factor_id, SecondFactor.last_step < step, SecondFactor.revoked_at.is_(None)
    )
    used = await context.session.execute(taken.values(last_step=step).returning(SecondFactor.id))
    return used.scalar_one_or_none() is not None


async def _use_recovery_code(context: Context, factor: SecondFactor, code: str) -> bool:
    used = update(RecoveryCode).where(
        RecoveryCode.second_factor_id == factor.id,
        RecoveryCode.code_digest == _digest(context, code),
        RecoveryCode.used_at.is_(None),
    )
    found = await context.session.execute(used.values(used_at=func.registry_now()).returning(RecoveryCode.id))
    if found.scalar_one_or_none() is None:
        return False
    await record(context, "account:recovery_code:used", Subject("account", factor.account_id), {"factor": factor.id})
    return True


def _digest(context: Context, code: str) -> bytes:
    return vault_of(context).digest(_LABEL_OF_CODES, code.strip().upper().replace("-", "").replace(" ", ""))


def _new_recovery_code() -> str:
    """80 random bits, 16 letters and digits in groups of four."""
    text = base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode()
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))
