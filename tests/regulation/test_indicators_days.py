"""Days without an overdue hazard: since the last one, the longest run, and whether the standing mechanism holds."""

from datetime import date, timedelta

from app.regulation.indicators_days import (
    ZeroRun,
    days_since_the_last_overdue,
    longest_run_of_zero,
    mechanism_holds,
    overdue_by_day,
    zero_runs,
)
from tests.regulation.test_indicators import DEADLINE, day, history

FIRST, LAST = DEADLINE - timedelta(days=3), DEADLINE + timedelta(days=9)
LATE = history(declared=day(64), closed=day(66))
"""Due 30 June, declared on 4 July, closed on 6 July: overdue on five days."""


def after(days: int) -> date:
    return DEADLINE + timedelta(days=days)


def test_the_deadlines_own_day_is_not_overdue_and_the_closings_is_not_either() -> None:
    by_day = overdue_by_day(LATE, FIRST, LAST)
    assert list(by_day) == [FIRST + timedelta(days=place) for place in range(13)]
    assert [day for day, count in by_day.items() if count] == [after(n) for n in range(1, 6)]
    assert by_day[after(1)] == 1


def test_days_since_the_last_overdue_begin_with_the_day_after_it() -> None:
    by_day = overdue_by_day(LATE, FIRST, LAST)
    assert days_since_the_last_overdue(by_day, after(5)) == 0
    assert days_since_the_last_overdue(by_day, after(6)) == 1
    assert days_since_the_last_overdue(by_day, LAST) == 4
    assert days_since_the_last_overdue(by_day, DEADLINE) is None


def test_the_longest_run_counts_its_first_and_last_day() -> None:
    by_day = overdue_by_day(LATE, FIRST, LAST)
    assert zero_runs(by_day) == [ZeroRun(FIRST, DEADLINE), ZeroRun(after(6), LAST)]
    assert [run.days for run in zero_runs(by_day)] == [4, 4]
    assert longest_run_of_zero(by_day) == ZeroRun(after(6), LAST), "of equal ones the latest"
    assert longest_run_of_zero({DEADLINE: 1}) is None


def test_a_day_that_was_not_looked_at_ends_a_run() -> None:
    by_day = {after(0): 0, after(2): 0}
    assert [run.days for run in zero_runs(by_day)] == [1, 1]


def test_the_mechanism_holds_while_no_day_since_the_target_was_overdue() -> None:
    by_day = overdue_by_day(LATE, FIRST, LAST)
    assert mechanism_holds(by_day, after(6), LAST) is True
    assert mechanism_holds(by_day, after(5), LAST) is False
    assert mechanism_holds(by_day, LAST, LAST) is True
    assert mechanism_holds(by_day, LAST, FIRST) is None, "its day has not come"
    assert mechanism_holds(by_day, after(6), LAST + timedelta(days=1)) is None, "a day is not known"


def test_what_was_not_known_was_not_overdue() -> None:
    assert set(overdue_by_day(history(), FIRST, LAST, known_at=day(-1)).values()) == {0}
