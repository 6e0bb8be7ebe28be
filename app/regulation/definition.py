"""What a figure's definition says: words, parts, unit, rounding, direction, source and basis (design 3.4).

Decides no figure; `metrics` and the `indicators_*` files beside it hold the definitions, `catalogue` all of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from app.regulation.word import Word


class Kind(Word):
    """How a figure is formed."""

    COUNT = "count", "个数"
    SUM = "sum", "合计"
    RATE = "rate", "百分比"
    MEDIAN_DAYS = "median_days", "日数的中位数"
    MEAN_DAYS = "mean_days", "日数的平均数"
    DAYS = "days", "日数"
    SCORE = "score", "得分"


class Direction(Word):
    """Which way is better; finding little is never better (双轨制), so what is found has none."""

    HIGHER = "higher", "越高越好"
    LOWER = "lower", "越低越好"
    NEUTRAL = "neutral", "不评优劣"


class Source(Word):
    """Whether the registry counts a figure from its rows, or a unit reports it in a return."""

    DERIVED = "derived", "由登记记录计算"
    REPORTED = "reported", "由单位填报"
    BOTH = "both", "登记记录与填报合算"


ROUNDING: Final[Mapping[Kind, str]] = {
    Kind.COUNT: "整数",
    Kind.SUM: "按填报的小数位",
    Kind.RATE: "一位小数,四舍五入;分子等于分母才是 100,0÷0 为“–”",
    Kind.MEDIAN_DAYS: "一位小数,四舍五入",
    Kind.MEAN_DAYS: "一位小数,四舍五入",
    Kind.DAYS: "整数",
    Kind.SCORE: "一位小数,四舍五入;缺少任何一项的为“–”",
}
HAZARDS, DAYS, PER_CENT = "项", "日", "%"
_UNITS: Final[Mapping[Kind, str]] = {
    Kind.COUNT: HAZARDS,
    Kind.RATE: PER_CENT,
    Kind.MEDIAN_DAYS: DAYS,
    Kind.MEAN_DAYS: DAYS,
    Kind.DAYS: DAYS,
    Kind.SCORE: "分",
}


@dataclass(frozen=True, slots=True)
class Basis:
    """A document and the place in it; without one the document as a whole."""

    document: str
    article: str = ""

    @property
    def text(self) -> str:
        """As it is cited."""
        return self.document + self.article


OFFICE: Final = Basis("办公室内部建议值")
"""No document fixes it; the office proposes it."""
GUIDELINE: Final = "鄂尔多斯市关于进一步重塑安全生产“四个体系”的指导意见(征求意见稿)"
PROGRAMME: Final = "安全生产治本攻坚三年行动方案(2024—2026年)"
FORM: Final = "安全生产事故隐患排查治理情况月报表"


@dataclass(frozen=True, kw_only=True)
class Definition:
    """One figure in words. A definition never changes: a change is a new version, and figures carry theirs."""

    id: str
    name: str
    words: str
    kind: Kind
    basis: tuple[Basis, ...]
    numerator: str = ""
    """What is counted, or summed, in words."""
    denominator: str | None = None
    direction: Direction = Direction.NEUTRAL
    source: Source = Source.DERIVED
    counted_in: str = ""
    """The unit where it is not that of its kind."""
    version: int = 1

    @property
    def unit(self) -> str:
        """项, %, 日, 分, or what it is counted in."""
        return self.counted_in or _UNITS.get(self.kind, "")

    @property
    def rounding(self) -> str:
        """How its value is printed."""
        return ROUNDING[self.kind]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure's value with what it was made from; value None prints as a dash."""

    id: str
    version: int
    value: str | None
    numerator: int
    denominator: int | None


def is_reached(definition: Definition, numerator: Decimal, denominator: Decimal | None, goal: Decimal) -> bool | None:
    """Whether a goal is reached, by the exact quotient and not its print; None where there is nothing to judge.

    Of a figure that has no better direction every goal is a floor.
    """
    if denominator is None:
        reached = numerator - goal
    elif denominator == 0:
        return None
    else:
        reached = numerator * 100 - goal * denominator
    return reached <= 0 if definition.direction is Direction.LOWER else reached >= 0
