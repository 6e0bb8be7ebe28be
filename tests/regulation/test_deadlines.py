"""Days as the law counts them: Asia/Shanghai, working days, holidays, pauses, years nobody has announced."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.regulation.deadlines import (
    CLOCKS,
    LAST_DAY,
    LONGEST_TERM_DAYS,
    SHANGHAI,
    Calendar,
    Deadline,
    DeadlineError,
    Pause,
    Term,
    add_days,
    business_date,
    count,
    days_between,
    end_of_day,
    explain,
    is_over,
    recompute,
)
from app.regulation.vocabulary import DayUnit

ANNOUNCED = date(2026, 12, 31)
NATIONAL_DAY = {date(2026, 10, day): False for day in range(1, 8)}
MAKE_UP = {date(2026, 9, 20): True, date(2026, 10, 10): True}
CALENDAR = Calendar({**NATIONAL_DAY, **MAKE_UP}, ANNOUNCED)
WORKING, DAYS = DayUnit.WORKING, DayUnit.CALENDAR


def term(start: date, days: int, unit: DayUnit, **changes: object) -> Term:
    return Term(start, days, unit, "clocks.verify", "16号令第二十三条", **changes)  # type: ignore[arg-type]  # roll, pauses


def due(start: date, days: int, unit: DayUnit, *, roll: bool = False) -> date:
    return add_days(start, days, unit, CALENDAR, roll=roll)


@pytest.fixture
def _utc_machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("_utc_machine")
def test_a_deadline_is_over_at_midnight_in_shanghai_on_a_machine_in_utc() -> None:
    due_on = date(2026, 6, 30)
    last_second = datetime(2026, 6, 30, 15, 59, 59, tzinfo=UTC)
    midnight = datetime(2026, 6, 30, 16, 0, 0, tzinfo=UTC)
    assert business_date(last_second) == due_on
    assert business_date(midnight) == date(2026, 7, 1)
    assert not is_over(due_on, last_second)
    assert is_over(due_on, midnight)
    assert end_of_day(due_on) == midnight


def test_the_same_instant_is_over_whatever_zone_it_is_written_in() -> None:
    for hours in range(-12, 15):
        zone = timezone(timedelta(hours=hours))
        assert is_over(date(2026, 6, 30), datetime(2026, 6, 30, 16, tzinfo=UTC).astimezone(zone))
        assert not is_over(date(2026, 6, 30), datetime(2026, 6, 30, 15, 59, 59, tzinfo=UTC).astimezone(zone))


def test_summer_time_of_1986_to_1991_shifts_the_clock_and_no_date() -> None:
    for year in range(1986, 1992):
        summer = date(year, 7, 1)
        assert end_of_day(summer).utcoffset() == timedelta(hours=9)
        assert not is_over(summer, end_of_day(summer) - timedelta(microseconds=1))
        assert is_over(summer, end_of_day(summer))
        assert days_between(date(year, 4, 1), date(year, 10, 1)) == 183


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(DeadlineError, match="没有时区"):
        business_date(datetime(2026, 6, 30))  # noqa: DTZ001  # naive on purpose


def test_the_ends_of_the_calendar_are_refused_in_a_sentence() -> None:
    with pytest.raises(DeadlineError, match="超出可计算范围"):
        end_of_day(date.max)
    for far in (datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)):
        with pytest.raises(DeadlineError, match="超出可计算范围"):
            business_date(far)
    with pytest.raises(DeadlineError, match="超出可计算范围"):
        due(LAST_DAY, 1, DAYS)


@pytest.mark.parametrize("days", [-1, LONGEST_TERM_DAYS + 1, 2**31])
def test_a_negative_or_endless_term_is_refused(days: int) -> None:
    with pytest.raises(DeadlineError, match="期限须为 0 至"):
        due(date(2026, 1, 1), days, DAYS)


@pytest.mark.parametrize(
    ("start", "days", "unit", "roll", "expected"),
    [
        (date(2026, 6, 10), 0, DAYS, False, date(2026, 6, 10)),
        (date(2026, 6, 10), 1, DAYS, False, date(2026, 6, 11)),
        (date(2026, 6, 10), 10, DAYS, False, date(2026, 6, 20)),
        (date(2026, 6, 10), 10, DAYS, True, date(2026, 6, 22)),
        (date(2026, 2, 19), 10, DAYS, False, date(2026, 3, 1)),
        (date(2028, 2, 19), 10, DAYS, False, date(2028, 2, 29)),
        (date(2026, 6, 11), 1, WORKING, False, date(2026, 6, 12)),
        (date(2026, 6, 12), 1, WORKING, False, date(2026, 6, 15)),
        (date(2026, 9, 30), 1, WORKING, False, date(2026, 10, 8)),
        (date(2026, 9, 30), 3, WORKING, False, date(2026, 10, 10)),
        (date(2026, 9, 19), 1, WORKING, False, date(2026, 9, 20)),
        (date(2026, 9, 25), 6, DAYS, True, date(2026, 10, 8)),
    ],
)
def test_days_are_counted_from_the_day_after(start: date, days: int, unit: DayUnit, roll: bool, expected: date) -> None:
    assert due(start, days, unit, roll=roll) == expected


def test_a_working_day_count_tells_the_holidays_it_passed_over() -> None:
    found = count(term(date(2026, 9, 30), 1, WORKING), CALENDAR)
    assert found.skipped_days == tuple(sorted(NATIONAL_DAY))
    assert found.first_day == date(2026, 10, 1)
    assert found.rolled_from is None


def test_a_last_day_on_a_holiday_moves_on_and_says_from_where() -> None:
    found = count(term(date(2026, 9, 25), 6, DAYS, roll=True), CALENDAR)
    assert (found.due_on, found.rolled_from) == (date(2026, 10, 8), date(2026, 10, 1))
    assert any("第二百零三条" in line for line in explain(found))


@pytest.mark.parametrize(
    ("unit", "roll", "provisional"), [(WORKING, False, True), (DAYS, True, True), (DAYS, False, False)]
)
def test_a_date_in_an_unannounced_year_is_provisional_where_the_calendar_matters(
    unit: DayUnit, roll: bool, provisional: bool
) -> None:
    found = count(term(date(2026, 12, 28), 10, unit, roll=roll), CALENDAR)
    assert found.due_on.year == 2027
    assert found.provisional is provisional
    assert any("尚未公布" in line for line in explain(found)) is provisional


def test_past_the_announced_year_only_weekends_rest() -> None:
    assert due(date(2027, 9, 30), 1, WORKING) == date(2027, 10, 1)
    assert due(date(2027, 10, 1), 1, WORKING) == date(2027, 10, 4)


def announced_2027() -> Calendar:
    holidays = {date(2027, 1, day): False for day in (1, 2, 3)}
    return Calendar({**CALENDAR.days, **holidays}, date(2027, 12, 31))


def test_a_new_years_notice_moves_an_open_date_and_ends_its_provision() -> None:
    before = count(term(date(2026, 12, 30), 2, WORKING), CALENDAR)
    after = recompute(before, announced_2027(), served=False)
    assert (before.due_on, before.provisional) == (date(2027, 1, 1), True)
    assert (after.due_on, after.provisional) == (date(2027, 1, 4), False)


def earlier_by_a_make_up_day() -> tuple[Deadline, Calendar]:
    before = count(term(date(2026, 12, 31), 2, WORKING), CALENDAR)
    saturday = Calendar({**CALENDAR.days, date(2027, 1, 2): True}, date(2027, 12, 31))
    return before, saturday


def test_a_date_already_served_only_ever_moves_later() -> None:
    before, calendar = earlier_by_a_make_up_day()
    assert before.due_on == date(2027, 1, 4)
    assert recompute(before, calendar, served=False).due_on == date(2027, 1, 2)
    kept = recompute(before, calendar, served=True)
    assert (kept.due_on, kept.kept_from) == (date(2027, 1, 4), date(2027, 1, 2))
    assert any("不提前" in line for line in explain(kept))
    unmoved = recompute(before, CALENDAR, served=True)
    assert unmoved == before
    later = recompute(count(term(date(2026, 12, 30), 2, WORKING), CALENDAR), announced_2027(), served=True)
    assert (later.due_on, later.kept_from) == (date(2027, 1, 4), None)


def test_paused_days_do_not_count_and_are_told() -> None:
    pause = Pause(date(2026, 6, 12), date(2026, 6, 14), "等待核查")
    found = count(term(date(2026, 6, 10), 5, DAYS, pauses=(pause,)), CALENDAR)
    assert found.due_on == date(2026, 6, 18)
    assert len(found.paused_days) == 3
    assert any("等待核查" in line for line in explain(found))
    assert days_between(date(2026, 6, 10), date(2026, 6, 18), [pause]) == 5


def test_nothing_lies_between_a_day_and_an_earlier_one() -> None:
    assert days_between(date(2026, 6, 10), date(2026, 6, 10)) == 0
    assert days_between(date(2026, 6, 10), date(2026, 6, 9)) == 0


def test_an_explanation_names_rule_start_unit_and_midnight() -> None:
    text = ";".join(explain(count(term(date(2026, 6, 10), 3, WORKING), CALENDAR)))
    for part in ("16号令第二十三条", "2026-06-10 起算,当日不计", "自 2026-06-11 起 3 个工作日", "2026-06-15 二十四时"):
        assert part in text
    assert "休息日:2026-06-13、2026-06-14" in text


DATES = st.dates(date(2024, 1, 1), date(2029, 12, 31))


@settings(max_examples=40, deadline=None)
@given(DATES, st.integers(0, 60), st.sampled_from(DayUnit), st.booleans())
def test_a_longer_term_never_ends_earlier_and_a_working_term_ends_on_a_working_day(
    start: date, days: int, unit: DayUnit, roll: bool
) -> None:
    shorter, longer = due(start, days, unit, roll=roll), due(start, days + 1, unit, roll=roll)
    assert start <= shorter <= longer
    assert longer >= start + timedelta(days=days + 1)
    if roll or unit is WORKING:
        assert CALENDAR.is_working(longer)


@settings(max_examples=40, deadline=None)
@given(DATES, st.integers(1, 60))
def test_as_many_working_days_are_counted_as_the_term_says(start: date, days: int) -> None:
    end = due(start, days, WORKING)
    passed = [start + timedelta(days=n) for n in range(1, (end - start).days + 1)]
    assert sum(map(CALENDAR.is_working, passed)) == days


@settings(max_examples=40, deadline=None)
@given(st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001  # bounds
def test_a_deadline_is_over_exactly_from_its_end_of_day(instant: datetime) -> None:
    today = business_date(instant)
    assert today == instant.astimezone(SHANGHAI).date()
    for day in (today - timedelta(days=1), today, today + timedelta(days=1)):
        assert is_over(day, instant) is (instant >= end_of_day(day))


def test_there_is_a_clock_for_each_duty_of_a_regulator() -> None:
    assert {"determine", "list", "decide_extension", "verify"} <= CLOCKS
