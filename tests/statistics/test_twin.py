"""The figures' SQL and the definitions' predicates are twins: on random histories they agree in every cell.

The control runs change one thing in the reading of the histories: each change must show.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from app.regulation import indicators
from app.regulation.deadlines import business_date
from app.regulation.indicators import Snapshot, TransitionFact, ages_of_undetermined, snapshots
from app.regulation.metrics import DEFINITIONS, figures, stock_definitions
from app.regulation.vocabulary import Act, State
from app.statistics.predicates import MEASURES
from tests.statistics.conftest import Ledger, Unit
from tests.statistics.histories import LAST_DAY

CUT_OFF = date(2023, 12, 31)
EVERYTHING = datetime(2026, 1, 1, tzinfo=UTC)
MOMENTS = [
    (date(2023, 12, 31), EVERYTHING),
    (date(2024, 5, 31), EVERYTHING),
    (date(2024, 5, 31), datetime(2024, 6, 2, 4, tzinfo=UTC)),
    (date(2024, 9, 1), datetime(2024, 8, 31, 23, tzinfo=UTC)),
    (LAST_DAY, EVERYTHING),
    (date(2024, 12, 31), datetime(2024, 9, 1, 1, tzinfo=UTC)),
    (date(2025, 6, 30), EVERYTHING),
    (date(2022, 1, 1), EVERYTHING),
]
DIMENSIONS = ("unit", "sector", "channel", "level", "supervision", "month")


def expected(population: Iterable[Snapshot]) -> dict[str, tuple[Any, ...]]:
    """Value, numerator, denominator of every definition; the same of the paper past's part."""
    everyone = list(population)
    whole = figures(everyone, CUT_OFF)
    legacy = figures([one for one in everyone if one.row.legacy], CUT_OFF)
    return {
        key: (
            (whole[key].value, whole[key].numerator, whole[key].denominator),
            (legacy[key].value, legacy[key].numerator, legacy[key].denominator),
        )
        for key in whole
    }


def answered(found: dict[str, Any]) -> dict[str, tuple[Any, ...]]:
    """The same of an answer of the SQL."""
    names = ("value", "numerator", "denominator")
    return {
        key: (tuple(one[name] for name in names), tuple(one["of_which_legacy"][name] for name in names))
        for key, one in found.items()
    }


def district_of(unit_id: int, units: dict[int, Unit]) -> tuple[str, bool]:
    """The code of the line under the city, and whether the hazard is the city's own."""
    unit = units[unit_id]
    while unit.parent_id is not None and units[unit.parent_id].parent_id is not None:
        unit = units[unit.parent_id]
    return unit.code, unit.parent_id is None


def key_of(one: Snapshot, by: Iterable[str], units: dict[int, Unit]) -> tuple[str, ...]:
    """The cell a hazard stands in."""
    row = one.row
    values = {
        "unit": "|".join(map(str, district_of(row.unit_id, units))),
        "sector": row.sector,
        "channel": row.channel.value,
        "level": row.level.value,
        "supervision": "none" if row.supervision_tier is None else str(row.supervision_tier),
        "month": row.found_on.strftime("%Y-%m"),
    }
    return tuple(values[name] for name in by)


def answered_key(key: dict[str, Any], by: Iterable[str]) -> tuple[str, ...]:
    named = {**key, "unit": f"{key.get('unit')}|{key.get('directly', False)}"}
    return tuple(named[name] for name in by)


def counts_at_all(one: Snapshot) -> bool:
    return indicators.is_found(one) or indicators.is_undetermined(one)


def test_every_definition_has_its_twin_and_no_twin_is_without_one() -> None:
    assert MEASURES.keys() == DEFINITIONS.keys() | stock_definitions(CUT_OFF).keys()
    for key, one in {**DEFINITIONS, **stock_definitions(CUT_OFF)}.items():
        assert (MEASURES[key][1] is None) == (one.among is None), key


@pytest.mark.parametrize(("on", "known_at"), MOMENTS, ids=str)
def test_every_figure_of_the_whole_is_what_its_predicate_says(ledger: Ledger, on: date, known_at: datetime) -> None:
    found = ledger.clearance(as_of=on, known_at=known_at)
    population = snapshots(ledger.rows, on, known_at)
    assert answered(found["figures"]) == expected(population)
    ages = found["figures"]["undetermined"]["ages_in_days"]
    listed = ages_of_undetermined(population)
    assert ages.pop("oldest") == (listed[0] if listed else None)
    assert sum(ages.values()) == len(listed)
    assert ages["8-15"] == sum(8 <= age <= 15 for age in listed)


@pytest.mark.parametrize(("on", "known_at"), MOMENTS[1:3], ids=str)
@pytest.mark.parametrize("by", [*DIMENSIONS, "unit,sector", "supervision,month,channel"])
def test_every_cell_of_every_dimension_is_what_the_predicate_says(
    ledger: Ledger, on: date, known_at: datetime, by: str
) -> None:
    names = by.split(",")
    cells: dict[tuple[str, ...], list[Snapshot]] = {}
    for one in snapshots(ledger.rows, on, known_at):
        if counts_at_all(one):
            cells.setdefault(key_of(one, names, ledger.units), []).append(one)
    lines = ledger.clearance(as_of=on, known_at=known_at, by=by)["lines"]
    assert len(lines) == len(cells)
    for line in lines:
        key = answered_key(line["key"], names)
        assert answered(line["figures"]) == expected(cells[key]), key


@pytest.mark.parametrize("by", [*DIMENSIONS, ",".join(DIMENSIONS)])
def test_the_lines_of_every_dimension_add_up_to_the_whole(ledger: Ledger, by: str) -> None:
    found = ledger.clearance(as_of=date(2024, 8, 31), known_at=EVERYTHING, by=by)
    for key, whole in found["figures"].items():
        for part in ("numerator", "denominator"):
            if whole[part] is not None:
                assert sum(line["figures"][key][part] for line in found["lines"]) == whole[part], (key, part)


def test_excluded_and_only_legacy_add_up_to_included(ledger: Ledger) -> None:
    on = {"as_of": LAST_DAY, "known_at": EVERYTHING}
    whole, without, only = (
        ledger.clearance(**on, legacy=legacy)["figures"] for legacy in ("included", "excluded", "only")
    )
    for key in whole:
        assert without[key]["numerator"] + only[key]["numerator"] == whole[key]["numerator"]
        assert only[key]["numerator"] == whole[key]["of_which_legacy"]["numerator"]
    assert only["found"]["numerator"] > 10


def test_a_units_line_is_that_units_own_answer(ledger: Ledger) -> None:
    on = {"as_of": LAST_DAY, "known_at": EVERYTHING}
    lines = ledger.clearance(**on, by="unit")["lines"]
    assert any(line["key"].get("directly") for line in lines)
    for line in lines:
        assert ledger.clearance(**on, **line["key"])["figures"] == line["figures"]


# ---- Control runs: a reading with one fault differs somewhere


Reading = Callable[[list[TransitionFact], date, datetime], list[Snapshot]]


def _rows_changed(change: Callable[[TransitionFact], TransitionFact | None]) -> Reading:
    def read(rows: list[TransitionFact], on: date, known_at: datetime) -> list[Snapshot]:
        return snapshots([row for one in rows if (row := change(one)) is not None], on, known_at)

    return read


def _snapshots_changed(change: Callable[[Snapshot], Snapshot]) -> Reading:
    return lambda rows, on, known_at: [change(one) for one in snapshots(rows, on, known_at)]


def _one_day_later(one: Snapshot) -> Snapshot:
    """`<` where `<=` belongs, at every deadline."""
    late = one.row.current_deadline
    return replace(one, row=replace(one.row, current_deadline=late and late - timedelta(days=1)))


FAULTS: dict[str, Reading] = {
    "restatements are ignored": _rows_changed(lambda row: None if row.restates else row),
    "restatements count from the act they restate": _rows_changed(
        lambda row: replace(row, recorded_at=row.occurred_at)
    ),
    "what was known is ignored": lambda rows, on, _known_at: snapshots(rows, on),
    "midnight still belongs to the day": _rows_changed(
        lambda row: replace(row, occurred_at=row.occurred_at - timedelta(microseconds=1))
    ),
    "days end in UTC": _rows_changed(lambda row: replace(row, occurred_at=row.occurred_at - timedelta(hours=8))),
    "the last by entry holds": _rows_changed(lambda row: replace(row, order=row.id)),
    "a deadline is over on its day": _snapshots_changed(_one_day_later),
    "the original deadline is the current": _snapshots_changed(
        lambda one: replace(one, row=replace(one.row, original_deadline=one.row.current_deadline))
    ),
    "a relapse leaves it closed": _rows_changed(lambda row: None if row.act is Act.RELAPSE else row),
    "a revisit is no relapse": _rows_changed(
        lambda row: replace(row, act=Act.REPORT_PROGRESS) if row.act is Act.FAIL_REVISIT else row
    ),
    "delisting moves the day of closing": _snapshots_changed(
        lambda one: (
            replace(one, closed_on=business_date(one.row.occurred_at)) if one.row.to_state is State.CLOSED else one
        )
    ),
    "an extension is forgotten": _snapshots_changed(
        lambda one: replace(one, row=replace(one.row, extension_granted_count=0))
    ),
    "dismissed hazards count": _snapshots_changed(
        lambda one: (
            replace(one, row=replace(one.row, to_state=State.LISTED)) if one.row.to_state is State.DISMISSED else one
        )
    ),
    "the paper past is not told apart": _snapshots_changed(
        lambda one: replace(one, row=replace(one.row, legacy=False))
    ),
}


@pytest.fixture(scope="module")
def published(ledger: Ledger) -> list[dict[str, tuple[Any, ...]]]:
    """What the SQL says at five moments."""
    return [answered(ledger.clearance(as_of=on, known_at=known_at)["figures"]) for on, known_at in MOMENTS[1:6]]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_in_the_reading_shows(
    ledger: Ledger, published: list[dict[str, tuple[Any, ...]]], fault: str
) -> None:
    read = FAULTS[fault]
    wrong = [expected(read(ledger.rows, on, known_at)) for on, known_at in MOMENTS[1:6]]
    assert wrong != published
