"""The form of twelve columns: what the registry counts beside what units report."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from app.regulation.definition import Source
from app.regulation.indicators import TransitionFact, snapshots
from app.regulation.monthly_form import FORM_COLUMNS, FormPeriod, ReturnRow, form_line
from app.regulation.vocabulary import Act
from tests.regulation.test_indicators import AS_OF, FIRST, day, history, then

YEAR = FormPeriod(2024, 7)
RETURN = ReturnRow(
    602,
    "fire",
    date(2024, 5, 1),
    signed_off=True,
    units_inspected=12,
    general_found=8,
    general_rectified=1,
    listed_by_province=1,
    funds=Decimal("20.50"),
)


def line(rows: list[TransitionFact], *returns: ReturnRow, period: FormPeriod = YEAR) -> tuple[str, ...]:
    return form_line(snapshots(rows, AS_OF), returns, period)


def planned(number: int, *, approved: bool) -> list[TransitionFact]:
    rows = history(number)
    rows.append(then(rows[-1], Act.SUBMIT_PLAN, day(3)))
    return [*rows, then(rows[-1], Act.APPROVE_PLAN, day(4))] if approved else rows


def test_the_form_has_twelve_columns_each_derived_or_reported() -> None:
    assert [column.number for column in FORM_COLUMNS] == list(range(1, 13))
    derived = {column.number for column in FORM_COLUMNS if column.source is Source.DERIVED}
    assert derived == {5, 6, 7, 8, 9, 10}
    assert len(line([])) == len(FORM_COLUMNS)


def test_a_line_joins_what_is_counted_and_what_is_reported() -> None:
    rows = [*planned(1, approved=True), *planned(2, approved=False), *history(3, declared=day(9), closed=day(20))]
    rows += [replace(FIRST, id=9000, hazard_id=90)]
    assert line(rows, RETURN, RETURN) == ("24", "16", "2", "12.5", "3", "1", "33.3", "2", "1", "3", "2", "41")


def test_nothing_found_prints_dashes_and_whole_rates_no_decimal() -> None:
    assert line([]) == ("0", "0", "0", "–", "0", "0", "–", "0", "0", "0", "0", "0")
    half = replace(RETURN, general_found=2, general_rectified=1)
    assert line(history(1, declared=day(9), closed=day(20)), half)[3:7:3] == ("50", "100")


@pytest.mark.parametrize(
    "change", [{"signed_off": False}, {"month": date(2024, 8, 1)}, {"month": date(2023, 5, 1)}], ids=str
)
def test_a_return_that_is_not_signed_off_or_of_another_time_counts_nowhere(change: dict[str, date | bool]) -> None:
    assert line([], replace(RETURN, **change)) == line([])  # type: ignore[arg-type] # of whatever a case changes


def test_the_form_is_cumulative_from_january_by_the_day_of_finding() -> None:
    rows = [*history(1), *history(2, found_on=date(2023, 12, 31))]
    assert line(rows)[4] == "1"
    assert line(rows, period=FormPeriod(2024, 4))[4] == "0"
    assert line(rows, period=FormPeriod(2023, 12))[4] == "1"


def test_more_rectified_than_found_is_a_fault_of_the_return() -> None:
    with pytest.raises(ValueError, match="分子"):
        line([], replace(RETURN, general_found=0))
