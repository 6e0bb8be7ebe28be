"""Pasts of a hazard for the ladder's tests: acts in order with their days, and nights run over them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from app.regulation.deadlines import Calendar
from app.regulation.edition import Edition
from app.regulation.ladder import after, due
from app.regulation.ladder_facts import Due, EpisodeFact, Milestone, RaisedFact, RoundSpan, Step, TermHistory
from app.regulation.vocabulary import Act, Purpose, Rung, State
from tests.regulation.builders import EDITION, Field

CALENDAR = Calendar({}, date(2040, 12, 31))
"""Monday to Friday are worked, announced for as long as any walk takes."""
LISTED_ON = date(2026, 6, 1)
DEADLINE = date(2026, 7, 20)
ONE_DAY = timedelta(days=1)
Serve = Callable[[RaisedFact], RaisedFact]


@dataclass(frozen=True)
class Past:
    """A hazard's acts so far; each method adds one and gives the longer past."""

    history: TermHistory

    def then(self, on: date, act: Act, state: State = State.LISTED, **more: Field) -> "Past":
        deadline = more.pop("deadline", self.history.deadline)
        step = Step(on, act, state, deadline, **more)
        return Past(replace(self.history, steps=(*self.history.steps, step), deadline=deadline))

    def progress(self, on: date, milestone: str | None = None) -> "Past":
        return self.then(on, Act.REPORT_PROGRESS, milestone=milestone)

    def plan(self, on: date) -> "Past":
        return self.then(on, Act.SUBMIT_PLAN)

    def approve(self, on: date, **milestones: date) -> "Past":
        rows = tuple(Milestone(name, due_on) for name, due_on in milestones.items())
        return self.then(on, Act.APPROVE_PLAN, milestones=rows)

    def return_plan(self, on: date) -> "Past":
        return self.then(on, Act.RETURN_PLAN)

    def request(self, on: date) -> "Past":
        return self.then(on, Act.REQUEST_EXTENSION)

    def grant(self, on: date, until: date) -> "Past":
        return self.then(on, Act.DECIDE_EXTENSION, deadline=until, granted=True)

    def refuse(self, on: date) -> "Past":
        return self.then(on, Act.DECIDE_EXTENSION)

    def declare(self, on: date) -> "Past":
        return self.then(on, Act.DECLARE, State.RECTIFIED)

    def fail(self, on: date) -> "Past":
        return self.then(on, Act.FAIL_VERIFICATION)

    def close(self, on: date) -> "Past":
        return self.then(on, Act.SIGN, State.CLOSED)

    def relapse(self, on: date, deadline: date) -> "Past":
        return self.then(on, Act.RELAPSE, deadline=deadline)

    def round(self, opened_on: date, ended_on: date | None = None) -> "Past":
        span = RoundSpan(Purpose.WITHDRAWAL, opened_on, ended_on)
        return Past(replace(self.history, rounds=(*self.history.rounds, span)))

    def with_(self, **changes: Field) -> "Past":
        return Past(replace(self.history, **changes))


def listed(on: date = LISTED_ON, deadline: date | None = DEADLINE, sector: str = "coal_mine") -> Past:
    return Past(TermHistory(sector, deadline, (Step(on, Act.LIST, State.LISTED, deadline),)))


def moving(until: date, on: date = LISTED_ON, deadline: date = DEADLINE) -> Past:
    """A hazard whose progress is reported each week until that day."""
    past = listed(on, deadline)
    for week in range(1, (until - on).days // 7 + 1):
        past = past.progress(on + timedelta(days=7 * week))
    return past


def days_from(first: date, last: date) -> tuple[date, ...]:
    """Every day from the first to the last."""
    return tuple(first + timedelta(days=n) for n in range((last - first).days + 1))


def served_after(days: int) -> Serve:
    """Every letter is served so many days after its rung was raised."""
    return lambda rung: replace(rung, served_on=rung.raised_on + timedelta(days=days))


def never_served(rung: RaisedFact) -> RaisedFact:
    return rung


@dataclass(frozen=True)
class Run:
    """What some nights' runs recorded."""

    history: TermHistory
    nights: tuple[tuple[date, Due], ...]

    @property
    def rungs(self) -> list[tuple[str, Rung]]:
        """(day, rung) of every rung raised, by the day's month and date."""
        return [(f"{night:%m-%d}", what.raising.rung) for night, what in self.nights if what.raising]

    @property
    def reminders(self) -> list[tuple[str, int]]:
        return [(f"{night:%m-%d}", what.reminder.days_before) for night, what in self.nights if what.reminder]

    @property
    def episodes(self) -> tuple[EpisodeFact, ...]:
        return self.history.episodes


def nightly(past: Past, nights: Iterable[date], serve: Serve | None = None, edition: Edition = EDITION) -> Run:
    """Runs each night twice (the second finds nothing), and serves what was raised."""
    handing = serve or served_after(2)
    history, told = past.history, []
    for night in nights:
        what = due(history, night, edition, CALENDAR)
        history = after(history, what, night)
        assert due(history, night, edition, CALENDAR) == Due(), "a second run of the night finds nothing"
        if what.raising is not None:
            history = _served(history, handing)
        if what != Due():
            told.append((night, what))
    return Run(history, tuple(told))


def _served(history: TermHistory, serve: Serve) -> TermHistory:
    last = history.episodes[-1]
    raised = (*last.raised[:-1], serve(last.raised[-1]))
    return replace(history, episodes=(*history.episodes[:-1], replace(last, raised=raised)))


def raised_in(history: TermHistory) -> list[RaisedFact]:
    """Every rung of every episode, in order."""
    return [rung for one in history.episodes for rung in one.raised]
