"""The statistical form of twelve columns (隐患排查治理情况月报表): what the registry counts and what units report.

Cumulative from 1 January to the end of a month. What the registry does not hold comes as returns per unit, sector and
month, signed off by the unit; a return that is not signed off counts nowhere.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from app.regulation.definition import FORM, HAZARDS, Basis, Definition, Direction, Kind, Source
from app.regulation.indicators import (
    Snapshot,
    has_a_plan,
    has_an_approved_plan,
    is_closed,
    is_found,
    rate,
    was_put_under_supervision,
)


@dataclass(frozen=True, slots=True)
class ReturnRow:
    """填报: one unit's return for one sector and month."""

    unit_id: int
    sector: str
    month: date
    """Its first day."""
    signed_off: bool = False
    units_inspected: int = 0
    general_found: int = 0
    general_rectified: int = 0
    listed_by_province: int = 0
    funds: Decimal = Decimal(0)
    """万元."""
    trained: int = 0
    """Persons, 人次."""


@dataclass(frozen=True, slots=True)
class FormPeriod:
    """1 January of a year to the end of one of its months."""

    year: int
    through: int
    """The month, 1 to 12."""

    def holds(self, day: date) -> bool:
        """Whether the day lies in it."""
        return day.year == self.year and day.month <= self.through


@dataclass(frozen=True, slots=True)
class FormColumn:
    """One column: its number, heading, and where its number comes from."""

    number: int
    key: str
    name: str
    unit: str
    source: Source
    words: str


def is_on_the_form(one: Snapshot, period: FormPeriod) -> bool:
    """A major hazard found in the period."""
    return is_found(one) and period.holds(one.row.found_on)


def counted_returns(returns: Iterable[ReturnRow], period: FormPeriod) -> list[ReturnRow]:
    """Those of the period that their unit has signed off."""
    return [one for one in returns if one.signed_off and period.holds(one.month)]


def form_line(population: Iterable[Snapshot], returns: Iterable[ReturnRow], period: FormPeriod) -> tuple[str, ...]:
    """The twelve columns of one line as they are printed; 整改率 with one decimal, whole without, a dash for 0/0.

    ValueError where a return reports more general hazards rectified than found.
    """
    hazards = [one for one in population if is_on_the_form(one, period)]
    rows = counted_returns(returns, period)
    general, rectified = sum(one.general_found for one in rows), sum(one.general_rectified for one in rows)
    found, closed = len(hazards), _count(hazards, is_closed)
    return (
        str(sum(one.units_inspected for one in rows)),
        str(general),
        str(rectified),
        printed(rate(rectified, general)),
        str(found),
        str(closed),
        printed(rate(closed, found)),
        str(_count(hazards, has_a_plan)),
        str(_count(hazards, has_an_approved_plan)),
        str(_count(hazards, was_put_under_supervision)),
        str(sum(one.listed_by_province for one in rows)),
        f"{sum((one.funds for one in rows), Decimal(0)).normalize():f}",
    )


def _count(hazards: Iterable[Snapshot], predicate: Callable[[Snapshot], bool]) -> int:
    return sum(map(predicate, hazards))


def printed(value: str | None) -> str:
    """A rate as the form prints it: whole ones without a decimal, "–" for none."""
    return "–" if value is None else value.removesuffix(".0")


_ENTERPRISES, _MONEY, _PERSONS = "家", "万元", "人次"
_DERIVED, _REPORTED = Source.DERIVED, Source.REPORTED

FORM_COLUMNS: Final = (
    FormColumn(1, "units_inspected", "排查治理事故隐患的生产经营单位", _ENTERPRISES, _REPORTED, "开展排查治理的单位数"),
    FormColumn(2, "general_found", "排查一般隐患", HAZARDS, _REPORTED, "排查出的一般隐患数"),
    FormColumn(3, "general_rectified", "其中:已整改", HAZARDS, _REPORTED, "其中已整改的一般隐患数"),
    FormColumn(4, "general_rate", "整改率", "%", _REPORTED, "第3栏÷第2栏"),
    FormColumn(5, "major_found", "排查重大隐患", HAZARDS, _DERIVED, "当年 1 月至统计月发现、累计排查的重大隐患数"),
    FormColumn(6, "major_closed", "其中:已整改销号", HAZARDS, _DERIVED, "其中统计日已销号的"),
    FormColumn(7, "major_rate", "整改率", "%", _DERIVED, "第6栏÷第5栏"),
    FormColumn(8, "planned", "列入治理计划的重大隐患", HAZARDS, _DERIVED, "其中已报送整改方案的"),
    FormColumn(9, "plan_complete", "其中:达到“五到位”要求", HAZARDS, _DERIVED, "其中整改方案(五落实)已获批准的"),
    FormColumn(10, "listed", "挂牌督办的重大隐患", HAZARDS, _DERIVED, "其中挂牌督办的"),
    FormColumn(11, "listed_by_province", "其中:省级挂牌", HAZARDS, _REPORTED, "其中由自治区挂牌督办的"),
    FormColumn(12, "funds", "累计落实治理资金", _MONEY, _REPORTED, "累计落实的治理资金"),
)

_KINDS: Final = {"%": Kind.RATE, _MONEY: Kind.SUM}
FORM_DEFINITIONS: Final = (
    *(
        Definition(
            id=f"form_{column.number:02}_{column.key}",
            name=f"月报表第{column.number}栏 {column.name}",
            words=f"{column.words};自 1 月 1 日累计,填报部分只计单位已确认的",
            kind=_KINDS.get(column.unit, Kind.COUNT),
            basis=(Basis(FORM, f"第{column.number}栏"),),
            numerator=column.words.split("÷")[0],
            denominator=column.words.split("÷")[1] if "÷" in column.words else None,
            direction=Direction.HIGHER if column.unit == "%" else Direction.NEUTRAL,
            source=column.source,
            counted_in=column.unit,
        )
        for column in FORM_COLUMNS
    ),
    Definition(
        id="trained",
        name="培训人次",
        words="单位填报、已确认的安全培训人次",
        kind=Kind.SUM,
        basis=(Basis("安全生产治本攻坚三年行动方案(2024—2026年)", "一(二)"),),
        numerator="已确认的填报中的培训人次",
        source=Source.REPORTED,
        counted_in=_PERSONS,
    ),
)
