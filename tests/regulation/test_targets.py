"""Targets: rows of data, the edition's clearance targets, the quarter's supervisions."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from app.regulation.indicators import snapshots
from app.regulation.targets import (
    SHIPPED_TARGETS,
    Standing,
    SupervisionFact,
    SupervisionKind,
    clearance_standing,
    load_targets,
    meetings,
    patrolled_sectors,
    quarter_of,
    quarter_standing,
    standing,
    visits,
)
from tests.regulation.builders import EDITION
from tests.regulation.test_indicators import AS_OF, CUT_OFF, day, history

TEXT = SHIPPED_TARGETS.read_text(encoding="utf-8")
ROWS = {row.id: row for row in load_targets(TEXT)}
END = date(2026, 12, 31)


def test_one_grade_and_seven_hundred_per_cents_are_rows_of_data() -> None:
    rows = [row for row in ROWS.values() if row.group == "1达标、7个100%"]
    assert len(rows) == 8
    assert {(row.goal, row.unit, row.due_on) for row in rows} == {(Decimal(100), "%", END)}


def test_three_tenths_of_the_enterprises_are_benchmarks() -> None:
    row = ROWS["benchmark_share"]
    assert standing(row, Decimal(3), Decimal(10), END) is Standing.REACHED
    assert standing(row, Decimal(299), Decimal(1000), END) is Standing.MISSED


@pytest.mark.parametrize(
    ("numerator", "denominator", "on", "expected"),
    [
        (10, 10, date(2025, 1, 1), Standing.REACHED),
        (9999, 10000, END, Standing.NOT_YET),
        (9999, 10000, END + timedelta(days=1), Standing.MISSED),
        (0, 0, END, Standing.UNKNOWN),
        (None, 10, END, Standing.UNKNOWN),
        (10, None, END, Standing.UNKNOWN),
    ],
)
def test_a_target_is_open_until_its_date_is_over(
    numerator: int | None, denominator: int | None, on: date, expected: Standing
) -> None:
    counted, among = (None if one is None else Decimal(one) for one in (numerator, denominator))
    assert standing(ROWS["principals_trained"], counted, among, on) is expected


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('id = "principals_trained"', 'id = "park_risk_grade_d"', "重复"),
        ('unit = "次"', 'unit = "%"', "分母"),
        ('unit = "%"', 'unit = "家"', "分母"),
    ],
)
def test_a_row_that_contradicts_itself_is_refused(old: str, new: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        load_targets(TEXT.replace(old, new, 1))


# ---- The edition's clearance targets

STOCK = next(one for one in EDITION.targets if one.population == "stock")
DYNAMIC = next(one for one in EDITION.targets if one.population == "all")
OLD = CUT_OFF - timedelta(days=10)


def test_the_stock_is_cleared_by_its_date_or_the_target_is_missed() -> None:
    rows = [*history(1, found_on=OLD, declared=day(10), closed=day(20)), *history(2)]
    cleared = snapshots(rows, AS_OF)
    assert clearance_standing(STOCK, cleared, AS_OF, CUT_OFF) is Standing.REACHED, "the increment is another target's"
    standing_open = snapshots([*rows, *history(3, found_on=OLD)], AS_OF)
    assert clearance_standing(STOCK, standing_open, STOCK.due_on, CUT_OFF) is Standing.NOT_YET
    assert clearance_standing(STOCK, standing_open, STOCK.due_on + timedelta(days=1), CUT_OFF) is Standing.MISSED
    assert clearance_standing(STOCK, snapshots(history(2), AS_OF), AS_OF, CUT_OFF) is Standing.UNKNOWN


def test_dynamic_clearance_is_no_overdue_hazard_not_no_hazard() -> None:
    assert clearance_standing(DYNAMIC, snapshots(history(), date(2024, 6, 30)), DYNAMIC.due_on, CUT_OFF) is (
        Standing.REACHED
    )
    assert clearance_standing(DYNAMIC, snapshots(history(), AS_OF), DYNAMIC.due_on, CUT_OFF) is Standing.NOT_YET


def test_a_target_of_days_is_a_ceiling() -> None:
    target = replace(DYNAMIC, metric="median_days_to_close", goal="20")
    closed = snapshots(history(declared=day(10), closed=day(20)), AS_OF)
    assert clearance_standing(target, closed, AS_OF, CUT_OFF) is Standing.REACHED
    assert clearance_standing(replace(target, goal="19"), closed, AS_OF, CUT_OFF) is Standing.NOT_YET
    assert clearance_standing(target, [], AS_OF, CUT_OFF) is Standing.UNKNOWN


# ---- 季督导

VISIT, PATROL, MEETING = SupervisionKind
DONE = [
    SupervisionFact(date(2026, 3, 31), VISIT),
    SupervisionFact(date(2026, 4, 1), VISIT),
    SupervisionFact(date(2026, 4, 2), PATROL, "fire"),
    SupervisionFact(date(2026, 5, 2), PATROL, "fire"),
    SupervisionFact(date(2026, 6, 2), PATROL, "coal_mine"),
    SupervisionFact(date(2026, 6, 30), VISIT),
    SupervisionFact(date(2026, 6, 30), MEETING),
    SupervisionFact(date(2026, 7, 1), VISIT),
]


def test_a_quarter_counts_its_own_days_and_a_sector_once() -> None:
    assert [quarter_of(date(2026, month, 1))[1] for month in (1, 3, 4, 6, 7, 9, 10, 12)] == [1, 1, 2, 2, 3, 3, 4, 4]
    assert (visits(DONE, date(2026, 6, 30)), visits(DONE, date(2026, 6, 29))) == (2, 1)
    assert patrolled_sectors(DONE, date(2026, 6, 30)) == 2
    assert meetings(DONE, date(2026, 6, 30)) == 1


def test_three_visits_are_due_by_the_quarters_last_day() -> None:
    row = ROWS["quarterly_supervisions"]
    spring, last = date(2026, 4, 1), date(2026, 6, 30)
    assert quarter_standing(row, DONE, spring, last) is Standing.NOT_YET
    assert quarter_standing(row, DONE, spring, last + timedelta(days=1)) is Standing.MISSED
    assert quarter_standing(row, DONE, spring, date(2026, 3, 31)) is Standing.UNKNOWN
    third = [*DONE, SupervisionFact(date(2026, 5, 1), VISIT)]
    assert quarter_standing(row, third, spring, last) is Standing.REACHED
    assert quarter_standing(row, third, spring, END) is Standing.REACHED
    assert quarter_standing(ROWS["quarterly_patrolled_sectors"], DONE, date(2026, 12, 31), END) is Standing.NOT_YET
