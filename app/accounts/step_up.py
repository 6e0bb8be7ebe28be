"""重新验证身份: a fresh proof of the person, bound to what is signed and to the level."""

from sqlalchemy import insert, select

from app.infrastructure.context import Context
from app.infrastructure.errors import NotPermitted, RuleNotMet
from app.infrastructure.security import verify_password
from app.tables.people import Account, StepUp


async def prove(context: Context, password: str, content_sha256: bytes, level: int | None = None) -> int:
    """Proves the person behind the session by the password again; the step-up's id, good for one use.

    Raises NotPermitted without a sign-in (a service key never signs), RuleNotMet for a wrong password.
    """
    if context.session_id is None:
        raise NotPermitted("service_account_never_signs", "服务账号不得签字或确认。", remedy="请由自然人账号登录办理。")
    kept = select(Account.password_hash).where(Account.id == context.actor.account_id)
    password_hash = (await context.session.execute(kept)).scalar_one_or_none()
    if not await verify_password(password, password_hash):
        raise RuleNotMet(
            "step_up_failed",
            "口令不正确,身份验证没有通过。",
            article="《电子签名法》第十三条“仅由电子签名人控制”",
            remedy="请核对口令后重试。",
        )
    proof = insert(StepUp).values(
        account_id=context.actor.account_id,
        session_id=context.session_id,
        content_sha256=content_sha256,
        level=level,
    )
    return int((await context.session.execute(proof.returning(StepUp.id))).scalar_one())
