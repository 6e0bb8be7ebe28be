"""The rolling counters, boundary day by boundary day, and against a count that walks forward through every day."""

import calendar
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.regulation.edition_enforcement import EnforcementCounter, WindowUnit
from app.regulation.enforcement import Decision, Tally, needed_since, tallies, tally
from app.regulation.vocabulary import PenaltyLaw
from tests.regulation.builders import EDITION

COUNTERS = {one.name: one for one in EDITION.enforcement.counters}
HALF_YEAR = COUNTERS["three_penalties_in_180_days"]
YEAR = COUNTERS["four_penalties_in_a_year"]
COAL = COUNTERS["coal_producing_twice_in_three_months"]
DAY = timedelta(days=1)
START = date(2026, 1, 1)


def fined(*days: date) -> list[Decision]:
    """Decisions under 安全生产法 on those days."""
    return [
        Decision(day, "hazardous_chemicals", PenaltyLaw.WORK_SAFETY, producing_with_major_hazard=False) for day in days
    ]


def found_producing(*days: date, sector: str = "coal_mine") -> list[Decision]:
    """Decisions that found a mine producing despite a major hazard."""
    return [Decision(day, sector, PenaltyLaw.COAL_MINES, producing_with_major_hazard=True) for day in days]


def told(one: Tally) -> tuple[int, bool, bool]:
    return one.count, one.is_warned, one.is_reached


def test_the_third_penalty_on_the_180th_day_after_the_first_reaches_the_limit() -> None:
    last = START + 180 * DAY
    assert last == date(2026, 6, 30)
    assert told(tally(HALF_YEAR, fined(START, START + DAY, last), last)) == (3, True, True)


def test_the_third_penalty_on_the_181st_day_does_not() -> None:
    last = START + 181 * DAY
    assert told(tally(HALF_YEAR, fined(START, START + DAY, last), last)) == (2, True, False)


def test_the_second_penalty_within_the_window_is_warned_and_the_first_is_not() -> None:
    assert told(tally(HALF_YEAR, fined(START), START)) == (1, False, False)
    assert told(tally(HALF_YEAR, fined(START, START), START)) == (2, True, False)


def test_a_warning_ends_the_day_after_the_window_of_the_earlier_penalty() -> None:
    penalties = fined(START, START + 10 * DAY)
    assert tally(HALF_YEAR, penalties, START + 180 * DAY).is_warned
    assert not tally(HALF_YEAR, penalties, START + 181 * DAY).is_warned


def test_a_limit_once_reached_stands_for_a_window_after_the_penalty_that_reached_it() -> None:
    last = START + 100 * DAY
    penalties = fined(START, START + DAY, last)
    later = tally(HALF_YEAR, penalties, last + 180 * DAY)
    assert (later.count, later.reached_on, later.is_reached) == (1, last, True)
    long_after = tally(HALF_YEAR, penalties, last + 181 * DAY)
    assert (long_after.count, long_after.reached_on, long_after.is_reached) == (0, last, False)


@pytest.mark.parametrize(
    ("fourth", "reached"), [(date(2026, 3, 1), True), (date(2026, 3, 2), False)], ids=["same day", "day after"]
)
def test_a_year_ends_on_the_same_day_of_the_next_year(fourth: date, *, reached: bool) -> None:
    penalties = fined(date(2025, 3, 1), date(2025, 5, 1), date(2025, 9, 1), fourth)
    assert tally(YEAR, penalties, fourth).is_reached is reached


@pytest.mark.parametrize(
    ("first", "second", "reached"),
    [
        (date(2026, 1, 31), date(2026, 4, 30), True),
        (date(2026, 1, 31), date(2026, 5, 1), False),
        (date(2025, 11, 30), date(2026, 2, 28), True),
        (date(2025, 11, 30), date(2026, 3, 1), False),
    ],
)
def test_three_months_end_on_the_same_day_or_on_the_months_last(first: date, second: date, *, reached: bool) -> None:
    assert tally(COAL, found_producing(first, second), second).is_reached is reached


def test_the_first_finding_of_a_mine_producing_is_warned_already() -> None:
    assert told(tally(COAL, found_producing(START), START)) == (1, True, False)


def test_the_coal_rule_counts_coal_mines_alone() -> None:
    assert told(tally(COAL, found_producing(START, START, sector="fire"), START)) == (0, False, False)


def test_the_coal_rule_counts_no_penalty_for_anything_else() -> None:
    others = [replace(one, producing_with_major_hazard=False) for one in found_producing(START, START)]
    assert tally(COAL, others, START).count == 0


@pytest.mark.parametrize("law", [PenaltyLaw.COAL_MINES, PenaltyLaw.OTHER])
def test_article_113_counts_penalties_under_its_own_law_alone(law: PenaltyLaw) -> None:
    others = [replace(one, law=law) for one in fined(START, START, START)]
    assert tally(HALF_YEAR, others, START).count == 0


def test_what_was_decided_after_the_day_asked_about_does_not_count_yet() -> None:
    penalties = fined(START, START + DAY, START + 2 * DAY)
    assert told(tally(HALF_YEAR, penalties, START + DAY)) == (2, True, False)


def test_three_penalties_of_one_day_are_three() -> None:
    assert tally(HALF_YEAR, fined(START, START, START), START).is_reached


def test_every_counter_of_the_edition_is_told() -> None:
    assert [one.counter for one in tallies(COUNTERS.values(), [], START)] == list(COUNTERS.values())


def _ends(counter: EnforcementCounter, first: date) -> date:
    """The last day of the window that a decision opens, counted forward."""
    if counter.window_unit is WindowUnit.DAY:
        return first + timedelta(days=counter.window)
    year, month = divmod(first.month - 1 + counter.window, 12)
    year += first.year
    return date(year, month + 1, min(first.day, calendar.monthrange(year, month + 1)[1]))


def _counted_by_hand(counter: EnforcementCounter, days: Sequence[date], on: date) -> int:
    return len([day for day in days if day <= on <= _ends(counter, day)])


DAYS = st.lists(st.dates(date(2023, 1, 1), date(2025, 12, 31)), max_size=12)


@pytest.mark.parametrize("counter", COUNTERS.values(), ids=COUNTERS)
@given(days=DAYS, on=st.dates(date(2023, 1, 1), date(2026, 12, 31)))
def test_the_tally_is_what_a_walk_through_every_day_counts(
    counter: EnforcementCounter, days: list[date], on: date
) -> None:
    decisions = fined(*days) if counter is not COAL else found_producing(*days)
    found = tally(counter, decisions, on)
    assert found.count == _counted_by_hand(counter, days, on)
    reached = [day for day in days if day <= on and _counted_by_hand(counter, days, day) >= counter.count]
    assert found.reached_on == max(reached, default=None)
    assert found.is_reached == any(on <= _ends(counter, day) for day in reached)


@given(days=DAYS, on=st.dates(date(2023, 6, 1), date(2026, 12, 31)))
def test_no_decision_before_what_is_needed_changes_a_warning(days: list[date], on: date) -> None:
    since = needed_since(COUNTERS.values(), on)
    every = fined(*days) + found_producing(*days)
    recent = [one for one in every if one.decided_on >= since]

    def warnings(decisions: list[Decision]) -> list[tuple[int, bool, bool]]:
        return [told(one) for one in tallies(COUNTERS.values(), decisions, on)]

    assert warnings(recent) == warnings(every)
