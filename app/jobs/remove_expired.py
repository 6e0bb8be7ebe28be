"""Takes away what nobody may use any more: kept answers, ended sign-ins, counters of failed ones, old access events."""

from datetime import timedelta
from typing import Final

from sqlalchemy import Delete, and_, delete, func, or_, select

from app.accounts.idempotency import KEPT
from app.infrastructure.context import Context
from app.jobs.work import Work
from app.tables.credentials import SignInAttempt, SignInPressure
from app.tables.history import AccessEvent
from app.tables.people import Session, StepUp
from app.tables.rules import IdempotencyKey
from app.tables.sign_on import SignOnAttempt

_SHOWN: Final = timedelta(days=30)
"""How long an ended sign-in is shown."""
_FORGOTTEN: Final = timedelta(days=1)
_NAME: Final = "remove_expired"


async def run(work: Work) -> str:
    """The job; how many rows of each table went."""
    told = []
    for table, statement in _statements(work.settings.security.access_event_months).items():
        async with work.transaction(_NAME) as context:
            told.append(f"{table} {await _removed(context, statement)}")
    return ", ".join(told)


async def _removed(context: Context, statement: Delete) -> int:
    connection = await context.session.connection()
    return (await connection.execute(statement)).rowcount


def _statements(access_event_months: int) -> dict[str, Delete]:
    now = func.registry_now()
    # A step-up keeps the sign-in it was made in: it is evidence.
    is_evidence = select(StepUp.id).where(StepUp.session_id == Session.id).exists()
    return {
        "idempotency_key": delete(IdempotencyKey).where(IdempotencyKey.recorded_at < now - KEPT),
        "session": delete(Session).where(
            func.least(Session.revoked_at, Session.expires_at) < now - _SHOWN, ~is_evidence
        ),
        "access_event": delete(AccessEvent).where(
            AccessEvent.recorded_at < now - func.make_interval(0, access_event_months)
        ),
        # A known address stays known; anybody can make up logins that never were, a row for each.
        "sign_in_attempt": delete(SignInAttempt).where(
            or_(
                SignInAttempt.tried_at < now - _SHOWN,
                and_(SignInAttempt.succeeded_at.is_(None), SignInAttempt.tried_at < now - _FORGOTTEN),
            ),
            func.coalesce(SignInAttempt.blocked_until, now) <= now,
        ),
        "sign_in_pressure": delete(SignInPressure).where(
            SignInPressure.window_started_at < now - _FORGOTTEN,
            func.coalesce(SignInPressure.blocked_until, now) <= now,
        ),
        "sign_on_attempt": delete(SignOnAttempt).where(SignOnAttempt.expires_at < now - _FORGOTTEN),
    }
