"""How often an enterprise was penalised within a rolling window: 安全生产法 art. 113(1), 煤矿安全生产条例 art. 70(2).

Windows are counted in whole days of Asia/Shanghai and hold the day that is asked about. The day of the first decision
is where its window starts and is not counted itself (民法典 art. 201): a decision of 1 January and one of 30 June (180
days on) stand together, one of 1 July does not join them. Months end on the same day of the month, or on its last.

Counted are decisions against the unit under 安全生产法, whoever made them; whether a major hazard exists besides, which
art. 113(1) asks, is told with the count and never lowers it. Of the coal rule each decision that found production going
on despite a major hazard is one finding.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from app.regulation.edition_enforcement import Counted, EnforcementCounter
from app.regulation.facts import Unmet
from app.regulation.vocabulary import PenaltyKind, PenaltyLaw

_YEAR = re.compile(r"[〔﹝【\[(]([0-9]{4})[〕﹞】\])]", re.ASCII)
_OF_MONEY = frozenset({PenaltyKind.FINE, PenaltyKind.CONFISCATION})


@dataclass(frozen=True, slots=True)
class Decision:
    """What a counter asks of one 行政处罚 against a unit, neither superseded nor revoked."""

    decided_on: date
    sector: str
    law: PenaltyLaw
    producing_with_major_hazard: bool


@dataclass(frozen=True, slots=True)
class Tally:
    """One counter of one enterprise on a day."""

    counter: EnforcementCounter
    on: date
    first_day: date
    """The earliest day of the window that holds `on`."""
    count: int
    reached_on: date | None
    """The newest decision with which the limit was reached, however long ago; None where it never was."""

    @property
    def is_reached(self) -> bool:
        """The limit was reached with a decision of this window: 提请关闭 is due."""
        return self.reached_on is not None and self.reached_on >= self.first_day

    @property
    def is_warned(self) -> bool:
        """So near the limit that the edition warns, or at it."""
        return self.is_reached or self.count >= self.counter.warn_at


def is_counted(counter: EnforcementCounter, decision: Decision) -> bool:
    """Whether the counter counts that decision, leaving aside when it was."""
    if not counter.applies_to(decision.sector):
        return False
    if counter.counts is Counted.PRODUCING:
        return decision.producing_with_major_hazard
    return decision.law is PenaltyLaw.WORK_SAFETY


def tally(counter: EnforcementCounter, decisions: Iterable[Decision], on: date) -> Tally:
    """The counter as of that day; what was decided later does not count yet."""
    days = sorted(one.decided_on for one in decisions if one.decided_on <= on and is_counted(counter, one))
    first_day = counter.first_day(on)
    within = sum(day >= first_day for day in days)
    return Tally(counter, on, first_day, within, _reached_on(counter, days))


def _reached_on(counter: EnforcementCounter, days: Sequence[date]) -> date | None:
    """Of sorted days the last that closes a window of enough of them."""
    closing = zip(days, days[counter.count - 1 :], strict=False)
    return max((last for first, last in closing if first >= counter.first_day(last)), default=None)


def tallies(counters: Iterable[EnforcementCounter], decisions: Sequence[Decision], on: date) -> tuple[Tally, ...]:
    """Every counter of the edition as of that day."""
    return tuple(tally(counter, decisions, on) for counter in counters)


def needed_since(counters: Iterable[EnforcementCounter], on: date) -> date:
    """The earliest decision that can still matter to a warning on that day; `on` itself without counters."""
    return min((one.first_day(one.first_day(on)) for one in counters), default=on)


def plain_case_number(written: str) -> str:
    """A 处罚决定书文号 as it is compared: half-width, without spaces, the year in 〔〕 (GB/T 9704)."""
    folded = "".join(unicodedata.normalize("NFKC", written).split())
    return _YEAR.sub(r"〔\1〕", folded)


def law_of(basis: str) -> PenaltyLaw:
    """The law that a written basis names; 安全生产法 counts also where others are named beside it."""
    if "安全生产法" in basis:
        return PenaltyLaw.WORK_SAFETY
    return PenaltyLaw.COAL_MINES if "煤矿安全生产条例" in basis else PenaltyLaw.OTHER


@dataclass(frozen=True, slots=True)
class Stated:
    """What a decision states, as far as its parts must agree; amounts in yuan, None where none is stated."""

    decided_on: date
    kinds: frozenset[PenaltyKind]
    amount: Decimal | None
    published_on: date | None


def contradictions(stated: Stated, today: date) -> tuple[Unmet, ...]:
    """Every rule that the parts of a decision break together, each naming its field."""
    found = []
    if stated.decided_on > today:
        found.append(
            _broken("decided_in_the_future", "decided_on", "处罚决定日期晚于今天", "请核对处罚决定书上的日期。")
        )
    if stated.published_on is not None and not stated.decided_on <= stated.published_on <= today:
        message = "公开日期须在处罚决定之日至今天之间"
        found.append(_broken("published_out_of_order", "published_on", message, "请核对公开日期;尚未公开的,留空。"))
    if PenaltyKind.FINE in stated.kinds and stated.amount is None:
        found.append(_broken("fine_without_amount", "amount", "处罚种类含罚款,没有写明金额", "请以元为单位填写金额。"))
    if stated.amount is not None and stated.kinds.isdisjoint(_OF_MONEY):
        message = "写明了金额,处罚种类却不含罚款或者没收违法所得"
        found.append(_broken("amount_without_fine", "kinds", message, "请补填处罚种类,或者删去金额。"))
    return tuple(found)


def _broken(code: str, field: str, message: str, remedy: str) -> Unmet:
    return Unmet(code, f"{message}。", "enforcement.penalty", "《行政处罚法》第九条、第五十九条", remedy, field)
