"""A try at proving the person is counted before it is looked at: so many tries at one instant are so many tries.

A dependency of the whole API, for a document that carries a proof. What was right, or was never looked at, is given
back; the fifth wrong one in a row ends the session it was tried in, never the account. Five that are counted in a
session that goes on were not all wrong: a process died over one of them, and that one is given back in time.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from typing import Any, Final

from fastapi import Request
from sqlalchemy import func, or_, update

from app.accounts.authentication import bearer_token, database_of, request_id
from app.audit.record import Subject, record
from app.credentials.throttling import LONGEST_WAIT
from app.infrastructure.context import Context
from app.infrastructure.database import Token, under_role
from app.infrastructure.errors import Conflict, ProofFailed, Unauthenticated
from app.infrastructure.middleware import matched_route
from app.regulation.vocabulary import RoleClass
from app.tables.people import Session

FAILURES_IN_A_ROW: Final = 5
_TURNS: Final = 40
_PAUSE: Final = 0.05
"""In seconds: forty turns are two."""


async def counted_tries(request: Request) -> AsyncIterator[None]:
    """Takes a try before the act begins; Conflict while five others of the same sign-in are under way."""
    if not await _brings_a_proof(request):
        yield
        return
    principal = Token(bearer_token(request))
    is_counted = await _taken_in_turn(request, principal)
    try:
        yield
    finally:
        if is_counted:
            await _settle(request, principal, failed=_is_failed(sys.exception()))


async def _brings_a_proof(request: Request) -> bool:
    """Whether the route takes a proof and this document has one; what cannot be read counts as one."""
    field = getattr(matched_route(request.scope), "body_field", None)
    model = field.field_info.annotation if field is not None else None
    if not getattr(model, "proves_the_person", False):
        return False
    try:
        sent: Any = json.loads(await request.body())
    except (ValueError, RecursionError):
        return True
    return not isinstance(sent, dict) or any(sent.get(name) is not None for name in ("password", "code"))


async def _taken_in_turn(request: Request, principal: Token) -> bool:
    """Whether a try was taken; False for who has no session. What runs under one idempotency key waits here too."""
    for _ in range(_TURNS):
        async with database_of(request).transaction(principal, request_id=request_id(request)) as context:
            if context.session_id is None:
                return False
            if await _take(context, context.session_id):
                return True
        await asyncio.sleep(_PAUSE)
    raise Conflict(
        "step_up_in_progress",
        "本次登录正在验证身份,请稍候再试。",
        remedy="请等待上一次验证完成后重试;仍不能验证的,请重新登录。",
    )


async def _take(context: Context, session_id: int) -> bool:
    """Counts one more; of five that nobody has settled for as long as a blocked sign-in waits, one is taken anew."""
    is_free = Session.step_up_failures < FAILURES_IN_A_ROW
    taken = (
        update(Session)
        .where(Session.id == session_id, or_(is_free, Session.step_up_tried_at < context.now - LONGEST_WAIT))
        .values(
            step_up_failures=func.least(Session.step_up_failures + 1, FAILURES_IN_A_ROW),
            step_up_tried_at=func.registry_now(),
        )
        .returning(Session.id)
    )
    return (await context.session.execute(taken)).scalar_one_or_none() is not None


def _is_failed(error: BaseException | None) -> bool:
    """Whether a proof was wrong, also where rolling back afterwards failed in its turn."""
    while error is not None and not isinstance(error, ProofFailed):
        error = error.__context__
    return error is not None


async def _settle(request: Request, principal: Token, *, failed: bool) -> None:
    try:
        async with database_of(request).transaction(principal, request_id=request_id(request)) as context:
            if context.session_id is not None:
                await (_end_after_the_last if failed else _give_back)(context, context.session_id)
    except Unauthenticated:
        # Ended meanwhile, by the act itself or by another try: nothing is left to count.
        return


async def _give_back(context: Context, session_id: int) -> None:
    returned = update(Session).where(Session.id == session_id, Session.step_up_failures > 0)
    await context.session.execute(returned.values(step_up_failures=Session.step_up_failures - 1))


async def _end_after_the_last(context: Context, session_id: int) -> None:
    ended = (
        update(Session)
        .where(Session.id == session_id, Session.step_up_failures >= FAILURES_IN_A_ROW, Session.revoked_at.is_(None))
        .values(revoked_at=func.registry_now())
        .returning(Session.id)
    )
    if (await context.session.execute(ended)).scalar_one_or_none() is None:
        return
    async with under_role(context, RoleClass.SIGNIN):
        account = Subject("account", context.actor.account_id or 0)
        await record(context, "account:session:ended_by_failed_proofs", account, {"session": session_id})
