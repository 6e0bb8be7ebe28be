"""How often an enterprise was penalised within a rolling window: 安全生产法 art. 113(1), 煤矿安全生产条例 art. 70(2).

Windows are counted in whole days of Asia/Shanghai and hold the day that is asked about. The day of the first decision
is where its window starts and is not counted itself (民法典 art. 201): a decision of 1 January and one of 30 June (180
days on) stand together, one of 1 July does not join them. Months end on the same day of the month, or on its last.

Counted are decisions against the unit under 安全生产法, whoever made them; whether a major hazard exists besides, which
art. 113(1) asks, is told with the count and never lowers it. Of the coal rule each decision that found production going
on despite a major hazard is one finding.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from app.regulation.edition_enforcement import Counted, EnforcementCounter
from app.regulation.vocabulary import PenaltyLaw


@dataclass(frozen=True, slots=True)
class Decision:
    """What a counter asks of one 行政处罚 against a unit, neither superseded nor revoked."""

    decided_on: date
    sector: str
    law: PenaltyLaw
    producing_with_major_hazard: bool


@dataclass(frozen=True, slots=True)
class Tally:
    """One counter of one enterprise on a day."""

    counter: EnforcementCounter
    on: date
    first_day: date
    """The earliest day of the window that holds `on`."""
    count: int
    reached_on: date | None
    """The newest decision with which the limit was reached, however long ago; None where it never was."""

    @property
    def is_reached(self) -> bool:
        """The limit was reached with a decision of this window: 提请关闭 is due."""
        return self.reached_on is not None and self.reached_on >= self.first_day

    @property
    def is_warned(self) -> bool:
        """So near the limit that the edition warns, or at it."""
        return self.is_reached or self.count >= self.counter.warn_at


def is_counted(counter: EnforcementCounter, decision: Decision) -> bool:
    """Whether the counter counts that decision, leaving aside when it was."""
    if not counter.applies_to(decision.sector):
        return False
    if counter.counts is Counted.PRODUCING:
        return decision.producing_with_major_hazard
    return decision.law is PenaltyLaw.WORK_SAFETY


def tally(counter: EnforcementCounter, decisions: Iterable[Decision], on: date) -> Tally:
    """The counter as of that day; what was decided later does not count yet."""
    days = sorted(one.decided_on for one in decisions if one.decided_on <= on and is_counted(counter, one))
    first_day = counter.first_day(on)
    within = sum(day >= first_day for day in days)
    return Tally(counter, on, first_day, within, _reached_on(counter, days))


def _reached_on(counter: EnforcementCounter, days: Sequence[date]) -> date | None:
    """Of sorted days the last that closes a window of enough of them."""
    closing = zip(days, days[counter.count - 1 :], strict=False)
    return max((last for first, last in closing if first >= counter.first_day(last)), default=None)


def tallies(counters: Iterable[EnforcementCounter], decisions: Sequence[Decision], on: date) -> tuple[Tally, ...]:
    """Every counter of the edition as of that day."""
    return tuple(tally(counter, decisions, on) for counter in counters)


def needed_since(counters: Iterable[EnforcementCounter], on: date) -> date:
    """The earliest decision that can still matter to a warning on that day; `on` itself without counters."""
    return min((one.first_day(one.first_day(on)) for one in counters), default=on)
