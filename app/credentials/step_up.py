"""重新验证身份: a fresh proof of the person, bound to what is signed and to the level, good for one use.

By password, and by a code where the account has a second factor. One try at a time in a session; each is counted before
it is looked at (app/sign_in/refusals.py); the fifth wrong one in a row ends that session, never the account.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Final, Self

from pydantic import BaseModel, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError
from sqlalchemy import func, insert, select, update

from app.credentials.second_factor import is_enrolled, is_right
from app.infrastructure.context import Context
from app.infrastructure.database import under_role
from app.infrastructure.errors import Conflict, NotPermitted, ProofFailed, RuleNotMet
from app.infrastructure.fields import Clean, Identifier
from app.infrastructure.security import verify_password
from app.reference.rulebook import rule_book
from app.regulation.vocabulary import RoleClass
from app.tables.people import Account, Session, StepUp

ARTICLE: Final = "《电子签名法》第十三条“仅由电子签名人控制”"

Password = Annotated[SecretStr, Field(min_length=1, max_length=200, description="再次输入口令,以验证本人")]
Code = Annotated[str, Clean(32), Field(description="动态口令;已绑定的账号须填写")]


class ProofGiven(BaseModel):
    """What proves the person inline: the password, or the code of an account that has a second factor."""

    proves_the_person: ClassVar[bool] = True
    """Each try with such a document is counted before it is looked at."""
    password: Password | None = None
    code: Code | None = None

    @property
    def proof(self) -> "Proof":
        """As the service takes it."""
        return Proof(self.password.get_secret_value() if self.password else None, self.code)


class StepUpGiven(ProofGiven):
    """A proof inline, or one made before by `POST /session/step-ups`."""

    step_up_id: Identifier | None = Field(default=None, description="此前重新验证身份的编号;与口令、动态口令二选一")

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        inline = self.password is not None or self.code is not None
        if inline == (self.step_up_id is not None):
            raise PydanticCustomError(
                "proof_missing",
                "须重新验证本人:填写口令(password)、动态口令(code),或者填写此前验证的编号(step_up_id),二者择一。",
            )
        return self

    @property
    def proof(self) -> "Proof":
        """As the service takes it."""
        given = super().proof
        return Proof(given.password, given.code, self.step_up_id)


@dataclass(frozen=True, slots=True)
class Proof:
    """A password, a code, or the id of a step-up made before."""

    password: str | None = None
    code: str | None = None
    step_up_id: int | None = None


@dataclass(frozen=True, slots=True)
class Proved:
    """A step-up: its id and what it is bound to."""

    id: int
    content_sha256: bytes
    level: int | None
    recorded_at: datetime


async def prove(context: Context, proof: Proof, content_sha256: bytes, level: int | None = None) -> Proved:
    """Proves the person behind the session, or finds the step-up they made before.

    Raises NotPermitted without a sign-in (a service key never signs), RuleNotMet for a wrong proof. What a step-up made
    before is bound to is told, not judged: the rule book does, and the database again.
    """
    if context.session_id is None:
        raise NotPermitted("service_account_never_signs", "服务账号不得签字或确认。", remedy="请由自然人账号登录办理。")
    if proof.step_up_id is not None:
        return await _made_before(context, proof.step_up_id)
    await prove_person(context, proof)
    row = {
        "account_id": context.actor.account_id,
        "session_id": context.session_id,
        "content_sha256": content_sha256,
        "level": level,
    }
    made = await context.session.execute(insert(StepUp).values(row).returning(StepUp.id, StepUp.recorded_at))
    found = made.one()
    return Proved(found.id, content_sha256, level, found.recorded_at)


async def prove_person(context: Context, proof: Proof) -> None:
    """The person behind the session, by a code where they have a second factor, else by the password; RuleNotMet."""
    await _one_at_a_time(context)
    account_id = _own(context)
    if await is_enrolled(context, account_id):
        await _prove_by_code(context, account_id, proof)
    else:
        await prove_password(context, proof.password)
    await _succeeded(context)


async def prove_by_password(context: Context, password: str) -> None:
    """The person behind the session by the password alone, to change it; RuleNotMet.

    What was guessed wrong before stays counted: a known password must not buy guesses at the code.
    """
    await _one_at_a_time(context)
    await prove_password(context, password)


async def prove_to_bind(context: Context, password: str, code: str | None) -> None:
    """The person by the password, and by a code where they have a second factor that another would replace; RuleNotMet.

    A recovery code stands in: whoever lost the telephone has no other.
    """
    await _one_at_a_time(context)
    await prove_password(context, password)
    account_id = _own(context)
    if await is_enrolled(context, account_id):
        async with under_role(context, RoleClass.SIGNIN):
            await _refuse_wrong_code(context, account_id, code, or_recovery=True)
    await _succeeded(context)


async def prove_password(context: Context, password: str | None) -> None:
    """The caller's password; RuleNotMet where it is wrong or missing."""
    kept = select(Account.password_hash).where(Account.id == context.actor.account_id)
    password_hash = (await context.session.execute(kept)).scalar_one_or_none()
    if password is None or not await verify_password(password, password_hash):
        raise _failed("口令不正确,身份验证没有通过。", "请核对口令后重试;连续失败五次,本次登录将被注销。")


async def make(context: Context, proof: Proof, content_sha256: str, level: int | None) -> dict[str, Any]:
    """A step-up to be used later: its id and until when it is good."""
    proved = await prove(context, proof, bytes.fromhex(content_sha256), level)
    minutes = (await rule_book(context)).edition.limits.step_up_minutes
    valid_until = proved.recorded_at + timedelta(minutes=minutes)
    return {"id": proved.id, "valid_until": valid_until.isoformat()}


async def _made_before(context: Context, step_up_id: int) -> Proved:
    found = select(StepUp.id, StepUp.content_sha256, StepUp.level, StepUp.recorded_at)
    own = found.where(StepUp.id == step_up_id, StepUp.account_id == context.actor.account_id)
    row = (await context.session.execute(own)).one_or_none()
    if row is None:
        raise RuleNotMet(
            "step_up_unknown",
            "没有这一次身份验证(step_up_id),或者它不是您本人作出的。",
            article=ARTICLE,
            remedy="请重新验证身份,再以返回的编号签字。",
        )
    return Proved(row.id, row.content_sha256, row.level, row.recorded_at)


async def _prove_by_code(context: Context, account_id: int, proof: Proof) -> None:
    if proof.code is not None and proof.password is not None:
        await prove_password(context, proof.password)
    await _refuse_wrong_code(context, account_id, proof.code)


async def _refuse_wrong_code(context: Context, account_id: int, code: str | None, *, or_recovery: bool = False) -> None:
    if code is None:
        raise RuleNotMet(
            "step_up_code_needed",
            "该账号已绑定动态口令,须以动态口令(code)验证身份。",
            article=ARTICLE,
            remedy="请输入当前显示的 6 位动态口令。",
        )
    if not await is_right(context, account_id, code, or_recovery=or_recovery):
        raise _failed(
            "动态口令(code)不正确或者已经用过,身份验证没有通过。",
            "请等待下一个动态口令后重试;连续失败五次,本次登录将被注销。",
        )


def _failed(message: str, remedy: str) -> ProofFailed:
    return ProofFailed("step_up_failed", message, article=ARTICLE, remedy=remedy)


async def _one_at_a_time(context: Context) -> None:
    """Conflict while another proof of this session is being checked: a thousand guesses at once are one."""
    lock = func.pg_try_advisory_xact_lock(func.hashtextextended(f"step-up:{context.session_id}", 0))
    if not (await context.session.execute(select(lock))).scalar_one():
        raise Conflict(
            "step_up_in_progress", "本次登录正在验证身份,请稍候再试。", remedy="请等待上一次验证完成后重试。"
        )


async def _succeeded(context: Context) -> None:
    own = update(Session).where(Session.id == context.session_id, Session.step_up_failures > 0)
    await context.session.execute(own.values(step_up_failures=0))


def _own(context: Context) -> int:
    if context.actor.account_id is None:
        raise NotPermitted
    return context.actor.account_id
