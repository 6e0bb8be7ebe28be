"""What a figure is asked for: the day, what was known when, by which dimensions, among which hazards."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from app.infrastructure.fields import BusinessDate, Clean, Instant
from app.infrastructure.pagination import DEFAULT_PAGE_SIZE, LARGEST_PAGE, LONGEST_CURSOR
from app.regulation.vocabulary import Channel, HazardLevel


class Dimension(StrEnum):
    """By what figures are split; each hazard stands in exactly one line of each."""

    UNIT = "unit"
    SECTOR = "sector"
    CHANNEL = "channel"
    LEVEL = "level"
    SUPERVISION = "supervision"
    MONTH = "month"


class Legacy(StrEnum):
    """Whether hazards of the paper past are counted."""

    INCLUDED = "included"
    EXCLUDED = "excluded"
    ONLY = "only"


class Part(StrEnum):
    """Which of a rate's two counts."""

    NUMERATOR = "numerator"
    DENOMINATOR = "denominator"


NOT_SUPERVISED = "none"


def dimensions_of(by: str | None) -> tuple[Dimension, ...]:
    """The dimensions of `unit,sector`; PydanticCustomError naming the choices for any other word or a repetition."""
    words = by.split(",") if by else []
    known = {dimension.value for dimension in Dimension}
    if len(set(words)) != len(words) or not known.issuperset(words):
        raise PydanticCustomError(
            "dimension_unknown",
            "只能填写 {expected} 中的若干项，以英文逗号分隔，不得重复。",
            {"expected": "、".join(dimension.value for dimension in Dimension)},
        )
    return tuple(Dimension(word) for word in words)


def _checked(by: str) -> str:
    dimensions_of(by)
    return by


class HazardChoice(BaseModel):
    """统计口径:日期、已知时点和范围; an unknown parameter is refused by name."""

    model_config = ConfigDict(extra="forbid")
    as_of: BusinessDate | None = Field(default=None, description="统计日,截至当日 24:00(北京时间);默认今天")
    known_at: Instant | None = Field(default=None, description="只计此刻以前已经记录的;默认现在")
    unit: Annotated[str, Clean(40)] | None = Field(default=None, description="属地单元代码,含下级;默认本单位辖区")
    directly: bool = Field(default=False, description="只计直属该单元、不属于其任何下级的")
    sector: Annotated[str, Clean(60)] | None = None
    channel: Channel | None = None
    level: HazardLevel | None = None
    supervision: Literal["none", "1", "2", "3", "4", "5"] | None = Field(default=None, description="督办层级")
    month: Annotated[str, Field(pattern="^(19|20)[0-9]{2}-(0[1-9]|1[0-2])$")] | None = Field(
        default=None, description="发现月份,如 2024-05"
    )
    legacy: Legacy = Field(default=Legacy.INCLUDED, description="历史台账:计入、不计或者只计")


class FiguresAsked(HazardChoice):
    """统计口径和分组."""

    by: Annotated[str, AfterValidator(_checked)] | None = Field(
        default=None, max_length=60, description="分组:unit,sector,channel,level,supervision,month 中的若干项"
    )


class DefinitionsAsked(BaseModel):
    """哪些指标的定义; an unknown parameter is refused by name."""

    model_config = ConfigDict(extra="forbid")
    id: Annotated[str, Clean(60)] | None = Field(default=None, description="只查这一个指标的定义")


class HazardsAsked(HazardChoice):
    """哪一项数字所计的隐患, as pages."""

    figure: Annotated[str, Field(max_length=60, description="指标编号,见 /metric-definitions")]
    part: Part = Part.NUMERATOR
    cursor: str | None = Field(default=None, max_length=LONGEST_CURSOR, description="上一页返回的 next_cursor")
    limit: int = Field(default=DEFAULT_PAGE_SIZE, ge=1, le=LARGEST_PAGE, description="每页条数")


@dataclass(frozen=True, slots=True)
class Question:
    """What the SQL is told: everything resolved, nothing read from a clock."""

    on: date
    """T: the end of this day in Asia/Shanghai."""
    known_at: datetime
    """K: only what had been recorded by then."""
    stock_found_by: date
    lines: Mapping[int, int]
    """Every unit in scope → the unit in whose line it is counted."""
    by: tuple[Dimension, ...] = ()
    equal: Mapping[Dimension, str] = field(default_factory=dict)
    """Only hazards with this value; the unit is in `lines`."""
    legacy: Legacy = Legacy.INCLUDED
