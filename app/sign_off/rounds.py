"""一轮签字的开始与结束: opened by a passed verification or a request; ended by signature, refusal or change."""

from sqlalchemy import func, insert, select

from app.hazards.transition import Performing
from app.infrastructure.context import Context
from app.regulation.vocabulary import Purpose, RoundOutcome
from app.tables.sign_off import RoundEnd, SigningRound


async def open_round(
    act: Performing, purpose: Purpose, *, verification_id: int | None = None, round_request_id: int | None = None
) -> int:
    """Opens a round: the database copies the edition's chain, fixes the content and its hash."""
    await _end_void_rounds(act)
    opened = insert(SigningRound).values(
        hazard_id=act.facts.hazard_id,
        purpose=purpose.value,
        verification_id=verification_id,
        round_request_id=round_request_id,
    )
    return int((await act.context.session.execute(opened.returning(SigningRound.id))).scalar_one())


async def end_round(
    context: Context, round_id: int, outcome: RoundOutcome, *, level: int | None = None, reason: str | None = None
) -> None:
    """Ends an open round as refused or voided; a completed one the database ends itself."""
    hazard_id = select(SigningRound.hazard_id).where(SigningRound.id == round_id).scalar_subquery()
    ended = insert(RoundEnd).values(
        round_id=round_id,
        hazard_id=hazard_id,
        outcome=outcome.value,
        refused_level=level,
        reason=reason,
        account_id=context.actor.account_id,
    )
    await context.session.execute(ended)


async def _end_void_rounds(act: Performing) -> None:
    """A round that a signer's being disabled for cause has voided ends when the next one is opened."""
    still_there = (
        select(SigningRound.id)
        .where(SigningRound.hazard_id == act.facts.hazard_id, func.wall_signer_is_disabled(SigningRound.id))
        .where(~select(RoundEnd.id).where(RoundEnd.round_id == SigningRound.id).exists())
    )
    for round_id in (await act.context.session.execute(still_there)).scalars().all():
        await end_round(act.context, round_id, RoundOutcome.SIGNER_DISABLED)
