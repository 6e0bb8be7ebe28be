"""Targets that documents set, one row each, and whether they are reached: 「1达标、7个100%」, benchmarks, supervision.

A row is data: name, what is counted, among what, goal, unit, date. The clearance targets of an edition name a figure of
`metrics`; the others' numbers are reported, but for the quarter's counters, which count the supervisions recorded.
"""

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from app.regulation.definition import PER_CENT, Basis, Definition, Direction, Kind, Source, is_reached
from app.regulation.edition import Target
from app.regulation.indicators import Snapshot
from app.regulation.metrics import DEFINITIONS, Predicate, figure, stock_definitions
from app.regulation.word import Word

SHIPPED_TARGETS: Final = Path(__file__).parent / "targets.toml"


class Standing(Word):
    """How a target stands on a day."""

    REACHED = "reached", "已达到"
    NOT_YET = "not_yet", "尚未达到,未到期"
    MISSED = "missed", "应达到而未达到"
    UNKNOWN = "unknown", "没有可比的数"


@dataclass(frozen=True, slots=True)
class TargetRow:
    """One target: a rate where it has a denominator, else a number; without a date it stands at all times."""

    id: str
    group: str
    name: str
    numerator: str
    denominator: str | None
    goal: Decimal
    unit: str
    due_on: date | None
    basis: Basis

    @property
    def definition(self) -> Definition:
        """The figure that the target is about."""
        return Definition(
            id=self.id,
            name=self.name,
            words=f"{self.group}:{self.name}",
            kind=Kind.COUNT if self.denominator is None else Kind.RATE,
            basis=(self.basis,),
            numerator=self.numerator,
            denominator=self.denominator,
            direction=Direction.HIGHER,
            source=Source.DERIVED if self.id in SUPERVISION_COUNTERS else Source.REPORTED,
            counted_in=self.unit,
        )


def load_targets(text: str) -> tuple[TargetRow, ...]:
    """The rows of a file; ValueError naming the row that repeats an id, or whose unit does not fit its parts."""
    rows = tuple(_row(raw) for raw in tomllib.loads(text)["targets"])
    seen: set[str] = set()
    for row in rows:
        if row.id in seen:
            raise ValueError(f"目标“{row.id}”重复,改用不同的代号")
        if (row.unit == PER_CENT) != (row.denominator is not None):
            raise ValueError(f"目标“{row.id}”:单位为 % 的须写明分母,其他单位的不写")
        seen.add(row.id)
    return rows


def _row(raw: Mapping[str, Any]) -> TargetRow:
    return TargetRow(
        id=raw["id"],
        group=raw["group"],
        name=raw["name"],
        numerator=raw["numerator"],
        denominator=raw.get("denominator"),
        goal=Decimal(raw["goal"]),
        unit=raw["unit"],
        due_on=raw.get("due_on"),
        basis=Basis(raw["document"], raw["article"]),
    )


def standing(row: TargetRow, numerator: Decimal | None, denominator: Decimal | None, on: date) -> Standing:
    """How a row stands on that day, by the exact quotient; without numbers it is unknown."""
    if numerator is None or (row.denominator is not None and denominator is None):
        return Standing.UNKNOWN
    among = None if row.denominator is None else denominator
    return _standing(row.due_on, on, reached=is_reached(row.definition, numerator, among, row.goal))


def _standing(due_on: date | None, on: date, *, reached: bool | None) -> Standing:
    if reached is None:
        return Standing.UNKNOWN
    if reached:
        return Standing.REACHED
    return Standing.NOT_YET if due_on is not None and on <= due_on else Standing.MISSED


# ---- The edition's clearance targets: stock cleared by its date, increment, dynamic clearance


def population_of(target: Target, stock_found_by: date) -> Predicate:
    """Of which hazards a clearance target speaks: all, the stock, or the increment."""
    if target.population == "all":
        return lambda _one: True
    return stock_definitions(stock_found_by)[f"{target.population}_found"].counts


def clearance_standing(target: Target, population: Iterable[Snapshot], on: date, stock_found_by: date) -> Standing:
    """How a clearance target stands for a population, such as a unit's, as of the day of the snapshots."""
    definition = DEFINITIONS[target.metric]
    made = figure(definition, filter(population_of(target, stock_found_by), population))
    among = None if made.denominator is None else Decimal(made.denominator)
    counted = Decimal(made.numerator)
    if definition.kind in (Kind.MEDIAN_DAYS, Kind.MEAN_DAYS):
        if made.value is None:
            return Standing.UNKNOWN
        counted = Decimal(made.value)
    return _standing(target.due_on, on, reached=is_reached(definition, counted, among, Decimal(target.goal)))


# ---- 季督导: what a quarter's supervisions count


class SupervisionKind(Word):
    """What the office did."""

    VISIT = "visit", "重点督导"
    PATROL = "patrol", "行业领域巡查"
    MEETING = "meeting", "安委会扩大会议"


@dataclass(frozen=True, slots=True)
class SupervisionFact:
    """One supervision on a day; a patrol names its sector."""

    on: date
    kind: SupervisionKind
    sector: str | None = None


def quarter_of(day: date) -> tuple[int, int]:
    """Year and quarter, 1 to 4."""
    return day.year, (day.month + 2) // 3


def in_quarter(facts: Iterable[SupervisionFact], on: date) -> list[SupervisionFact]:
    """What was done in that day's quarter, up to the day."""
    return [one for one in facts if quarter_of(one.on) == quarter_of(on) and one.on <= on]


def visits(facts: Iterable[SupervisionFact], on: date) -> int:
    """重点督导 of the quarter so far."""
    return sum(one.kind is SupervisionKind.VISIT for one in in_quarter(facts, on))


def patrolled_sectors(facts: Iterable[SupervisionFact], on: date) -> int:
    """Different sectors patrolled in the quarter so far."""
    patrols = (one for one in in_quarter(facts, on) if one.kind is SupervisionKind.PATROL)
    return len({one.sector for one in patrols if one.sector is not None})


def meetings(facts: Iterable[SupervisionFact], on: date) -> int:
    """安委会扩大会议 of the quarter so far."""
    return sum(one.kind is SupervisionKind.MEETING for one in in_quarter(facts, on))


SUPERVISION_COUNTERS: Final[Mapping[str, Callable[[Iterable[SupervisionFact], date], int]]] = {
    "quarterly_supervisions": visits,
    "quarterly_patrolled_sectors": patrolled_sectors,
    "quarterly_meetings": meetings,
}
"""Target → its counter."""


def quarter_standing(row: TargetRow, facts: Iterable[SupervisionFact], of: date, on: date) -> Standing:
    """How a counter of the quarter that holds `of` stands on a day; it is due with the quarter's last day."""
    year, quarter = quarter_of(of)
    last = date(year + quarter // 4, quarter % 4 * 3 + 1, 1) - timedelta(days=1)
    if quarter_of(on) < (year, quarter):
        return Standing.UNKNOWN
    counted = Decimal(SUPERVISION_COUNTERS[row.id](facts, min(on, last)))
    return _standing(last, on, reached=is_reached(row.definition, counted, None, row.goal))
