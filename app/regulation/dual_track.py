"""双轨制: a score of two tracks, finding and removing major hazards beside keeping accidents down.

Finding one more hazard never lowers it: removal is measured among what is past its deadline alone, so a new hazard
costs nothing until it is overdue. The shares and references are the assessor's, by document; none is fixed here.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from app.regulation.definition import GUIDELINE, OFFICE, Basis, Definition, Direction, Kind, Source
from app.regulation.indicators import one_decimal

_FULL: Final = Decimal(100)
_ONE: Final = Decimal(1)


@dataclass(frozen=True, slots=True)
class TrackFacts:
    """What one unit's score is made from, for one period."""

    found: int
    """F: major hazards found."""
    inspections: int
    """Reported: inspections made."""
    past_deadline: int
    overdue: int
    larger_accidents: int
    """Reported: 较大及以上."""
    deaths: int
    """Reported."""


@dataclass(frozen=True, slots=True)
class TrackWeights:
    """Shares of the score, which sum to 1, and what they are measured by. `ValueError` for others."""

    discovery: Decimal
    removal: Decimal
    accidents: Decimal
    found_per_thousand: Decimal
    """每千次检查发现重大隐患数 that earns the whole share of discovery."""
    points_per_accident: Decimal
    """Taken from 100 for each larger accident."""
    points_per_death: Decimal

    def __post_init__(self) -> None:
        """Refuse shares that are none."""
        shares = (self.discovery, self.removal, self.accidents)
        if min(shares) < 0 or sum(shares) != _ONE:
            raise ValueError("双轨制各项权重须不小于 0、合计为 1")
        if self.found_per_thousand <= 0 or min(self.points_per_accident, self.points_per_death) < 0:
            raise ValueError("双轨制参照值须大于 0,扣分不得为负")


@dataclass(frozen=True, slots=True)
class TrackScore:
    """Each track in points of 100, and the whole; None prints as a dash."""

    discovery: str | None
    removal: str
    accidents: str
    score: str | None
    vetoed: bool
    """一票否决: a larger accident, so the year's assessment may not be 优秀 whatever the score."""


def found_per_thousand(facts: TrackFacts) -> Decimal | None:
    """每千次检查发现重大隐患数; None where nothing was inspected."""
    return Decimal(facts.found * 1000) / facts.inspections if facts.inspections else None


def dual_track(facts: TrackFacts, weights: TrackWeights) -> TrackScore:
    """The score: no inspections, no score; nothing past its deadline counts as nothing overdue."""
    density = found_per_thousand(facts)
    discovery = None if density is None else _FULL * min(density / weights.found_per_thousand, _ONE)
    overdue = Decimal(facts.overdue) / facts.past_deadline if facts.past_deadline else Decimal(0)
    removal = _FULL * (_ONE - overdue)
    lost = weights.points_per_accident * facts.larger_accidents + weights.points_per_death * facts.deaths
    accidents = max(_FULL - lost, Decimal(0))
    whole = weights.removal * removal + weights.accidents * accidents
    return TrackScore(
        discovery=None if discovery is None else one_decimal(discovery),
        removal=one_decimal(removal),
        accidents=one_decimal(accidents),
        score=None if discovery is None else one_decimal(whole + weights.discovery * discovery),
        vetoed=facts.larger_accidents > 0,
    )


_BASIS: Final = (Basis(GUIDELINE, "三(一)7"), OFFICE)

TRACK_DEFINITIONS: Final = (
    Definition(
        id="found_per_thousand_inspections",
        name="每千次检查发现重大隐患数",
        words="累计排查的重大隐患数×1000÷填报的检查次数",
        kind=Kind.SCORE,
        basis=(Basis("内蒙古自治区重大事故隐患通报口径"), OFFICE),
        numerator="累计排查的重大隐患数×1000",
        denominator="填报的检查次数",
        direction=Direction.HIGHER,
        source=Source.BOTH,
        counted_in="项/千次",
    ),
    Definition(
        id="dual_track_score",
        name="双轨制得分",
        words="发现分(每千次检查发现数与参照值之比,最多 100)、消除分(100×(1−逾期未销号÷现整改期限早于统计日的))、"
        "事故分(100 减较大及以上事故、死亡人数的扣分,最低 0)按权重相加;发生较大及以上事故的,另记一票否决;"
        "多发现一项隐患不会使得分降低",
        kind=Kind.SCORE,
        basis=_BASIS,
        numerator="发现分、消除分、事故分各乘其权重之和",
        direction=Direction.HIGHER,
        source=Source.BOTH,
    ),
)
