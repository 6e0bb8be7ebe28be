"""The night: for one business date, under the edition in force that day, in steps that may die anywhere between.

Run it twice, late, beside itself: what a night records stands under unique keys, and each step asks the database anew.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import MINYEAR, date, datetime
from typing import Any, Final

from sqlalchemy import func, insert, select, update

from app.escalation.deeming import deem_served
from app.escalation.drafting import draft_letters, drop_what_ended
from app.escalation.night.batches import Night, treat_terms
from app.escalation.night.climb import rungs_of
from app.escalation.night.clocks import treat_clocks
from app.escalation.night.history import numbers_of
from app.infrastructure.context import Context, Transactions
from app.infrastructure.errors import InvalidParameter
from app.reference.rulebook import rule_book_on
from app.regulation.deadlines import Calendar, business_date
from app.regulation.edition import Edition
from app.regulation.ladder import CalendarMissingError, refuse_unannounced
from app.tables.escalation import EscalationRun
from app.tables.rules import CalendarYear, ClockSetting, RegistrySetting

COMPLETED, WITH_FAILURES, STOPPED = "completed", "with_failures", "stopped"

Step = Callable[[Transactions, Night], Awaitable[None]]
STEPS: Final[tuple[Step, ...]] = (
    deem_served,
    treat_terms,
    treat_clocks,
    drop_what_ended,
    draft_letters,
)
"""In this order, each complete in itself."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run did."""

    run_id: int
    business_date: date
    edition: str
    outcome: str
    stopped_because: str | None
    counts: dict[str, int]
    seconds: float

    def as_json(self) -> dict[str, Any]:
        """As the command and the log tell it."""
        return {
            "run": self.run_id,
            "business_date": self.business_date.isoformat(),
            "edition": self.edition,
            "outcome": self.outcome,
            "stopped_because": self.stopped_because,
            "counts": self.counts,
            "seconds": round(self.seconds, 3),
        }


async def run_night(transactions: Transactions, as_of: date | None = None, more: Sequence[Step] = ()) -> Ran:
    """One run for today in Asia/Shanghai or for `as_of`; InvalidParameter for a date the clock has not reached.

    A year without its announced holidays stops it before anything is raised: the outcome is `stopped`. `more`: steps
    of other features behind the night's own (`app/jobs/escalate.py`).
    """
    async with transactions() as context:
        night = await begin(context, as_of)
        missing = await _missing_calendar(context, night)
    if missing is None:
        for step in (*STEPS, *more):
            await step(transactions, night)
    async with transactions() as context:
        return await _end(context, night, missing)


async def begin(context: Context, as_of: date | None) -> Night:
    """The run's record, and what it binds."""
    on = await business_date_of(context, as_of)
    book = await rule_book_on(context, on)
    row = {"business_date": on, "edition_id": book.edition_id}
    inserted = insert(EscalationRun).values(row).returning(EscalationRun.id)
    run_id = int((await context.session.execute(inserted)).scalar_one())
    bound = await values(context, on, book.edition)
    bound |= {"run_id": run_id, "edition_id": book.edition_id}
    return Night(on, run_id, book.edition_id, book.edition, bound)


async def values(context: Context, on: date, edition: Edition) -> dict[str, object]:
    """What the selections bind for one night."""
    go_live = (await context.session.execute(select(RegistrySetting.go_live_on))).scalar_one()
    return {
        "night": on,
        "go_live": go_live,
        "rungs": rungs_of(edition),
        "reminder_days": list(edition.ladder.reminder_days_before),
        **numbers_of(edition),
    }


async def business_date_of(context: Context, as_of: date | None) -> date:
    """The night's date: today in Asia/Shanghai, or the one asked for, if the registry's clock has reached it."""
    today = business_date(context.now)
    if as_of is None or as_of <= today:
        return as_of or today
    movable = (await context.session.execute(select(ClockSetting.is_movable))).scalar_one_or_none()
    if not movable:
        message = f"日期 {as_of.isoformat()} 还没有到(今天是 {today.isoformat()}),不能提前升档。"
        raise InvalidParameter.of_field("/as_of", "date_in_the_future", message, where="query")
    return as_of


async def _missing_calendar(context: Context, night: Night) -> str | None:
    newest = (await context.session.execute(select(func.max(CalendarYear.year)))).scalar_one() or MINYEAR
    try:
        refuse_unannounced(night.on, Calendar({}, date(newest, 12, 31)))
    except CalendarMissingError as error:
        return str(error)
    return None


async def _end(context: Context, night: Night, missing: str | None) -> Ran:
    failures = night.counts.get("failures", 0)
    outcome = STOPPED if missing else WITH_FAILURES if failures else COMPLETED
    counts = {name: count for name, count in sorted(night.counts.items()) if count}
    ended = (
        update(EscalationRun)
        .where(EscalationRun.id == night.run_id)
        .values(ended_at=func.registry_now(), outcome=outcome, stopped_because=missing, counts=counts)
        .returning(EscalationRun.started_at, EscalationRun.ended_at)
    )
    row = (await context.session.execute(ended)).one()
    seconds = _seconds(row.started_at, row.ended_at)
    return Ran(night.run_id, night.on, night.edition.name, outcome, missing, counts, seconds)


def _seconds(since: datetime, until: datetime) -> float:
    return (until - since).total_seconds()
