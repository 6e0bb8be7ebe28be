"""What the ladder looks at and what it answers: plain dated values of one subject (design 3.3).

Every day is a date in Asia/Shanghai: of an act the day it happened (`occurred_at`), of a letter the day on its receipt.
"""

from dataclasses import dataclass
from datetime import date

from app.regulation.vocabulary import Act, EpisodeCause, EpisodeEnd, EpisodeKind, Purpose, RaiseReason, Rung, State

RUNG_ORDERS = {rung: order for order, rung in enumerate(Rung, start=1)}
"""Rung → its place on the ladder, 1 函告 to 5 移交."""


@dataclass(frozen=True, slots=True)
class Milestone:
    """One 节点 of a plan."""

    name: str
    due_on: date


@dataclass(frozen=True, slots=True)
class Step:
    """One act on the hazard: the day, the state and the current deadline after it, and what it brought."""

    on: date
    act: Act
    state: State
    deadline: date | None = None
    granted: bool = False
    """Of `decide_extension`: the request was granted, `deadline` is the new one."""
    milestone: str | None = None
    """Of `report_progress`: the milestone it reaches."""
    milestones: tuple[Milestone, ...] = ()
    """Of `approve_plan`: the plan's milestones."""


@dataclass(frozen=True, slots=True)
class RoundSpan:
    """A withdrawal or cessation round, during which the enterprise's clock stands still."""

    purpose: Purpose
    opened_on: date
    ended_on: date | None


@dataclass(frozen=True, slots=True)
class RaisedFact:
    """A rung as it was raised, and what became of its letter."""

    rung: Rung
    raised_on: date
    reason: RaiseReason = RaiseReason.THRESHOLD
    days: int = 0
    served_on: date | None = None
    """By receipt or deemed; None while the letter is a draft, on its way, or was dropped."""
    reply_due_on: date | None = None
    answered_on: date | None = None

    @property
    def order(self) -> int:
        """Its place on the ladder."""
        return RUNG_ORDERS[self.rung]


@dataclass(frozen=True, slots=True)
class EpisodeFact:
    """An episode as recorded, with the rungs raised in it; `ordinal` counts a hazard's term episodes from 1."""

    kind: EpisodeKind
    cause: EpisodeCause
    ordinal: int
    counts_from: date
    opened_on: date
    carried_rung: int = 0
    """Order of the highest rung served earlier in the same stretch; 0 for none."""
    ended_on: date | None = None
    ended_as: EpisodeEnd | None = None
    raised: tuple[RaisedFact, ...] = ()
    """In the order they were raised."""

    @property
    def is_open(self) -> bool:
        """Whether its cause has not ended."""
        return self.ended_on is None

    @property
    def highest(self) -> int:
        """Order of the highest rung raised in it or carried into it."""
        return max((self.carried_rung, *(one.order for one in self.raised)))


@dataclass(frozen=True, slots=True)
class Suspension:
    """暂缓升档 as approved: both days included; without a rung it covers every one."""

    rung: Rung | None
    from_on: date
    until_on: date

    def covers(self, rung: Rung, night: date) -> bool:
        """Whether it keeps that rung back on that night."""
        return self.rung in (None, rung) and self.from_on <= night <= self.until_on


@dataclass(frozen=True, slots=True)
class TermHistory:
    """One hazard's past as the ladder sees it; acts in the order they were done."""

    sector: str
    deadline: date | None
    """The current deadline as it stands in the registry now."""
    steps: tuple[Step, ...]
    rounds: tuple[RoundSpan, ...] = ()
    """Withdrawal and cessation rounds only."""
    not_before: date | None = None
    """Go-live, of an imported hazard: nothing is counted before it."""
    episodes: tuple[EpisodeFact, ...] = ()
    suspensions: tuple[Suspension, ...] = ()
    """Of the open episode, confirmed."""
    reminded: frozenset[tuple[date, int]] = frozenset()
    """(deadline, days before) of every reminder sent."""


@dataclass(frozen=True, slots=True)
class Ending:
    """An episode to end."""

    ordinal: int
    ended_on: date
    ended_as: EpisodeEnd
    explanation: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Opening:
    """An episode to open."""

    kind: EpisodeKind
    cause: EpisodeCause
    ordinal: int
    counts_from: date
    carried_rung: int
    explanation: tuple[str, ...]

    def opened(self, night: date) -> EpisodeFact:
        """The episode as that night's run records it."""
        return EpisodeFact(self.kind, self.cause, self.ordinal, self.counts_from, night, self.carried_rung)


@dataclass(frozen=True, slots=True)
class Raising:
    """A rung to raise in the episode of that ordinal."""

    ordinal: int
    rung: Rung
    reason: RaiseReason
    days: int
    """Days counted that night, pauses left out."""
    explanation: tuple[str, ...]

    @property
    def order(self) -> int:
        """Its place on the ladder."""
        return RUNG_ORDERS[self.rung]


@dataclass(frozen=True, slots=True)
class ReminderDue:
    """提示 to principal and controller, once for each (deadline, days before)."""

    due_on: date
    days_before: int
    explanation: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Due:
    """Everything the run of one night must record for one subject, in this order; empty when nothing is due."""

    ending: Ending | None = None
    becomes_overdue: bool = False
    """The open slow episode's deadline has passed: its cause becomes overdue, `counts_from` stays."""
    opening: Opening | None = None
    raising: Raising | None = None
    reminder: ReminderDue | None = None

    @property
    def is_empty(self) -> bool:
        """Whether the night has nothing to record."""
        return self == Due()
