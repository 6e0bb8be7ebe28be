"""The rolling counters of enforcement: which days count together, and what is told of a counter that makes no sense."""

from datetime import date

import pytest

from app.regulation.edition import SHIPPED_EDITION
from app.regulation.edition_check import check_edition
from app.regulation.edition_enforcement import Counted, WindowUnit
from tests.regulation.builders import EDITION

TEXT = SHIPPED_EDITION.read_text(encoding="utf-8")
COUNTERS = {one.name: one for one in EDITION.enforcement.counters}


def test_the_shipped_counters_are_those_of_the_two_statutes() -> None:
    told = {(one.window, one.window_unit, one.count, one.warn_at) for one in COUNTERS.values()}
    assert told == {(180, WindowUnit.DAY, 3, 2), (12, WindowUnit.MONTH, 4, 3), (3, WindowUnit.MONTH, 2, 1)}
    assert all(one.basis in EDITION.basis.values() for one in COUNTERS.values())


def test_coal_alone_is_counted_for_producing_with_a_major_hazard() -> None:
    coal = COUNTERS["coal_producing_twice_in_three_months"]
    assert coal.counts is Counted.PRODUCING
    assert (coal.applies_to("coal_mine"), coal.applies_to("fire")) == (True, False)
    assert COUNTERS["three_penalties_in_180_days"].applies_to("fire")


@pytest.mark.parametrize(
    ("counter", "on", "first"),
    [
        ("three_penalties_in_180_days", date(2026, 6, 30), date(2026, 1, 1)),
        ("four_penalties_in_a_year", date(2026, 6, 30), date(2025, 6, 30)),
        ("four_penalties_in_a_year", date(2024, 2, 29), date(2023, 3, 1)),
        ("coal_producing_twice_in_three_months", date(2026, 6, 30), date(2026, 3, 30)),
        ("coal_producing_twice_in_three_months", date(2026, 5, 31), date(2026, 3, 1)),
        ("coal_producing_twice_in_three_months", date(2026, 2, 28), date(2025, 11, 28)),
        ("coal_producing_twice_in_three_months", date(2026, 3, 1), date(2025, 12, 1)),
    ],
)
def test_a_window_reaches_back_by_the_calendar_and_its_first_day_does_not_count(
    counter: str, on: date, first: date
) -> None:
    assert COUNTERS[counter].first_day(on) == first


@pytest.mark.parametrize(
    ("old", "new", "path", "reason"),
    [
        ("warn_at = 2", "warn_at = 3", "enforcement.counters[0].warn_at", "不早于规定的 3 次"),
        ("window = 180", "window = 0", "enforcement.counters[0].window", "超出范围"),
        ('window_unit = "day"', 'window_unit = "days"', "enforcement.counters[0].window_unit", "没有“days”"),
        ('counts = "penalty"', 'counts = "fine"', "enforcement.counters[0].counts", "没有“fine”"),
        (
            'name = "four_penalties_in_a_year"',
            'name = "three_penalties_in_180_days"',
            "enforcement.counters[1].name",
            "重复",
        ),
        (
            'sectors = ["coal_mine"]\nwindow',
            'sectors = ["coal"]\nwindow',
            "enforcement.counters[2].sectors[0]",
            "没有行业",
        ),
    ],
)
def test_a_counter_that_makes_no_sense_is_told_with_its_remedy(old: str, new: str, path: str, reason: str) -> None:
    assert old in TEXT
    found = [one for one in check_edition(TEXT.replace(old, new, 1)) if one.path == path]
    assert [one for one in found if reason in one.reason and one.remedy]
