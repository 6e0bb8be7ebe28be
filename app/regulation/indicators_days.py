"""Targets over time (design 3.4): the days without an overdue hazard, and whether the standing mechanism holds.

A day is zero where no hazard was overdue and open at its end. What lies before the first day looked at is unknown.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from app.regulation.definition import GUIDELINE, OFFICE, Basis, Definition, Direction, Kind
from app.regulation.indicators import TransitionFact, is_overdue_open, snapshots

_ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ZeroRun:
    """Days in a row without an overdue hazard, first and last included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1


def overdue_by_day(
    history: Iterable[TransitionFact], first: date, last: date, known_at: datetime | None = None
) -> Mapping[date, int]:
    """逾期未销号 at the end of each day of a stretch, oldest first."""
    rows = list(history)
    days = [first + _ONE_DAY * place for place in range((last - first).days + 1)]
    return {day: sum(map(is_overdue_open, snapshots(rows, day, known_at))) for day in days}


def days_since_the_last_overdue(by_day: Mapping[date, int], on: date) -> int | None:
    """Days from the last day with an overdue hazard to that day: 0 on such a day, None where there was none."""
    late = [day for day, count in by_day.items() if count and day <= on]
    return (on - max(late)).days if late else None


def zero_runs(by_day: Mapping[date, int]) -> list[ZeroRun]:
    """Every stretch of zero days, oldest first."""
    runs: list[ZeroRun] = []
    for day in sorted(day for day, count in by_day.items() if not count):
        if runs and runs[-1].last + _ONE_DAY == day:
            runs[-1] = ZeroRun(runs[-1].first, day)
        else:
            runs.append(ZeroRun(day, day))
    return runs


def longest_run_of_zero(by_day: Mapping[date, int]) -> ZeroRun | None:
    """The longest stretch of zero days, of equal ones the latest; None where there was no such day."""
    return max(zero_runs(by_day), key=lambda run: (run.days, run.last), default=None)


def mechanism_holds(by_day: Mapping[date, int], since: date, on: date) -> bool | None:
    """常态化机制: from the target's day on every day was zero. None before that day, or where a day is not known."""
    if on < since:
        return None
    days = [since + _ONE_DAY * place for place in range((on - since).days + 1)]
    if any(by_day.get(day, 0) for day in days):
        return False
    return True if all(day in by_day for day in days) else None


_BASIS: Final = (Basis(GUIDELINE, "三(二)10"), OFFICE)

DAY_DEFINITIONS: Final = (
    Definition(
        id="days_since_last_overdue",
        name="距上次逾期天数",
        words="自最近一个日终有逾期未销号的日子至统计日的自然日数;统计日有逾期的为 0;所看期间没有逾期的为“–”",
        kind=Kind.DAYS,
        basis=_BASIS,
        numerator="最近一个有逾期未销号的日子以后的日子",
        direction=Direction.HIGHER,
    ),
    Definition(
        id="longest_run_of_zero",
        name="最长连续零逾期",
        words="所看期间内日终没有逾期未销号的最长一段连续日子,首尾两日都计入",
        kind=Kind.DAYS,
        basis=_BASIS,
        numerator="连续没有逾期未销号的日子",
        direction=Direction.HIGHER,
    ),
    Definition(
        id="zero_days_since_target",
        name="常态化机制保持天数",
        words="自动态清零目标之日至统计日,日终没有逾期未销号的日子÷全部日子;每日都没有的,常态化机制保持",
        kind=Kind.RATE,
        basis=_BASIS,
        numerator="目标之日以来日终没有逾期未销号的日子",
        denominator="目标之日至统计日的全部日子",
        direction=Direction.HIGHER,
    ),
)
