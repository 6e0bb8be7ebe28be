"""暂定期限: counted before its year's holidays were announced, and counted again when they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from app.hazards.scope import hazard_is_visible
from app.hazards.transition import RecountedDeadline, move_provisional_deadline
from app.infrastructure.context import Context
from app.infrastructure.errors import NotPermitted
from app.reference.rulebook import announced_calendar
from app.regulation.deadlines import Term, count, explain
from app.regulation.vocabulary import DayUnit, RoleClass, State
from app.tables.hazards import Hazard
from app.tables.sign_off import RoundEnd, SigningRound
from app.tables.supervision import Listing


@dataclass(frozen=True, slots=True)
class Recounted:
    """One hazard whose deadline was counted again."""

    hazard_id: int
    before: date
    after: date


def kept_term(term: Term) -> dict[str, Any]:
    """What a listing keeps of its term, so that it can be counted again."""
    return {
        "start_on": term.start_on.isoformat(),
        "days": term.days,
        "unit": term.unit.value,
        "rule": term.rule,
        "basis": term.basis,
        "roll": term.roll,
    }


def _term(kept: Mapping[str, Any]) -> Term:
    return Term(**{**kept, "start_on": date.fromisoformat(kept["start_on"]), "unit": DayUnit(kept["unit"])})


async def recount_provisional_deadlines(context: Context) -> list[Recounted]:
    """Counts every open provisional deadline again under the newest calendar; for the calendar job alone.

    A deadline that an extension or a change of level has set since is that act's and stays; signed content waits until
    its round has ended.
    """
    if context.actor.role_class is not RoleClass.JOB:
        raise NotPermitted
    calendar = await announced_calendar(context)
    found = []
    for row in await context.session.execute(_provisional(context)):
        deadline = count(_term(row.term), calendar)
        if deadline.provisional and deadline.due_on == row.current_deadline:
            continue
        recounted = RecountedDeadline(deadline.due_on, deadline.provisional, explain(deadline))
        await move_provisional_deadline(context, row.id, recounted)
        found.append(Recounted(row.id, row.current_deadline, deadline.due_on))
    return found


def _provisional(context: Context) -> Any:  # noqa: ANN401  SQLAlchemy's Select of three columns
    of_hazard = aliased(Listing)
    newest = select(func.max(of_hazard.id)).where(of_hazard.hazard_id == Hazard.id).correlate(Hazard).scalar_subquery()
    ended = select(RoundEnd.id).where(RoundEnd.round_id == SigningRound.id).exists()
    signing = select(SigningRound.id).where(SigningRound.hazard_id == Hazard.id, ~ended).exists()
    return (
        select(Hazard.id, Hazard.current_deadline, Listing.due_explained["term"].label("term"))
        .join(Listing, Listing.id == newest)
        .where(hazard_is_visible(context.actor), Hazard.deadline_is_provisional)
        .where(Hazard.state.in_([State.LISTED.value, State.RECTIFIED.value]), ~signing)
        .where(Listing.due_on == Hazard.current_deadline, Listing.due_explained["term"].is_not(None))
        .order_by(Hazard.id)
    )
