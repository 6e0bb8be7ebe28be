"""A failed proof of the person is counted after its refusal, in a transaction of its own: the act's was rolled back.

The fifth in a row ends the session it was tried in, never the account.
"""

from fastapi import Request
from sqlalchemy import func, update

from app.accounts.authentication import bearer_token, database_of, request_id
from app.accounts.refusals import record_refusal
from app.audit.record import Subject, record
from app.credentials.step_up import FAILED
from app.infrastructure.context import Context
from app.infrastructure.database import Token, under_role
from app.infrastructure.errors import RegistryError
from app.regulation.vocabulary import RoleClass
from app.tables.people import Session

FAILURES_IN_A_ROW = 5


async def record_and_count(request: Request, refusal: RegistryError) -> None:
    """Keeps the refusal, and counts it where it is a failed proof of the person."""
    await record_refusal(request, refusal)
    if refusal.code != FAILED:
        return
    principal = Token(bearer_token(request))
    async with database_of(request).transaction(principal, request_id=request_id(request)) as context:
        if context.session_id is not None:
            await _count(context, context.session_id)


async def _count(context: Context, session_id: int) -> None:
    counted = update(Session).where(Session.id == session_id).values(step_up_failures=Session.step_up_failures + 1)
    failures = (await context.session.execute(counted.returning(Session.step_up_failures))).scalar_one()
    if failures < FAILURES_IN_A_ROW:
        return
    ended = update(Session).where(Session.id == session_id, Session.revoked_at.is_(None))
    await context.session.execute(ended.values(revoked_at=func.registry_now()))
    async with under_role(context, RoleClass.SIGNIN):
        account = Subject("account", context.actor.account_id or 0)
        await record(context, "account:session:ended_by_failed_proofs", account, {"session": session_id})
