"""单点登录之后: an account that has a second factor shows a code of it before it may act."""

from sqlalchemy import update

from app.credentials import second_factor, throttling
from app.infrastructure.answers import Answer
from app.infrastructure.context import Context
from app.infrastructure.errors import ProofFailed, TooManyRequests
from app.sign_in.service import Desk
from app.tables.people import Session


async def admit(context: Context, desk: Desk, account_id: int) -> None:
    """Counts a sign-on that must show a code, as a failure until it has; TooManyRequests while slowed.

    Only who has passed the provider is counted here: nobody else can slow its holder.
    """
    reserved = await throttling.reserve(context, _origin(desk, account_id), with_code=False)
    if reserved.blocked_until is not None:
        seconds = int((reserved.blocked_until - context.now).total_seconds()) + 1
        raise TooManyRequests(retry_after=seconds)


async def show_code(context: Context, desk: Desk, code: str) -> Answer:
    """Completes the sign-in; ProofFailed for a wrong code, the fifth of which ends it."""
    account_id = context.actor.account_id or 0
    if not await second_factor.is_right(context, account_id, code, or_recovery=True):
        raise ProofFailed(
            "step_up_failed",
            "动态口令(code)不正确或者已经用过,登录没有完成。",
            article=second_factor.ARTICLE,
            remedy="请等待下一个动态口令后重试;手机遗失的,可使用恢复码;连续失败五次,本次登录将被注销。",
        )
    done = update(Session).where(Session.id == context.session_id).values(pending=None, step_up_failures=0)
    await context.session.execute(done)
    await throttling.succeeded(context, _origin(desk, account_id), is_strangers=False)
    return Answer({"enrolled": True, "pending": None}, location="/api/v1/session")


def _origin(desk: Desk, account_id: int) -> throttling.Origin:
    return desk.origin(throttling.after_sign_on(account_id))
