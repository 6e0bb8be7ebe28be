"""Reading a hazard's past for the ladder: when it stood, when it was overdue, when slow, and what ended that.

A hazard *stands* on a day when, at the end of that day, it is listed and no withdrawal or cessation round is open:
only then do the enterprise's days count (declared, the regulator's clocks run; in a round it may not declare).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from app.regulation.deadlines import Calendar, count
from app.regulation.edition import Edition
from app.regulation.ladder_facts import EpisodeFact, RaisedFact, RoundSpan, Step, TermHistory
from app.regulation.vocabulary import Act, State

_ONE_DAY = timedelta(days=1)
STRETCH_STARTS = frozenset(
    {Act.LIST, Act.LIST_FIXED_ON_THE_SPOT, Act.IMPORT_OPEN, Act.IMPORT_CLOSED, Act.FAIL_REVISIT, Act.RELAPSE}
)
"""Acts after which the ladder starts again at its first rung."""
_PLAN_ACTS = frozenset({Act.SUBMIT_PLAN, Act.APPROVE_PLAN, Act.RETURN_PLAN})
_MOVES = _PLAN_ACTS | {Act.REPORT_PROGRESS}
_OUT = frozenset({State.CLOSED, State.DISMISSED})


@dataclass(frozen=True, slots=True)
class Standing:
    """Days on which the enterprise's clock ran: from that day on, up to but without `until_on`."""

    from_on: date
    until_on: date | None

    def covers(self, day: date) -> bool:
        """Whether the clock ran on that day."""
        return self.from_on <= day and (self.until_on is None or day < self.until_on)


@dataclass(frozen=True, slots=True)
class Overdue:
    """An expired deadline: the last day not counted, and the first night on which it opens an episode."""

    counts_from: date
    first_night: date


def known_on(history: TermHistory, night: date) -> TermHistory:
    """The history without what happened after that night."""
    steps = tuple(step for step in history.steps if step.on <= night)
    deadline = history.deadline
    if len(steps) < len(history.steps):
        deadline = steps[-1].deadline if steps else None
    return replace(
        history,
        deadline=deadline,
        steps=steps,
        rounds=tuple(_round_known(one, night) for one in history.rounds if one.opened_on <= night),
        episodes=tuple(episode_known(one, night) for one in history.episodes if one.opened_on <= night),
    )


def _round_known(one: RoundSpan, night: date) -> RoundSpan:
    return one if one.ended_on is None or one.ended_on <= night else replace(one, ended_on=None)


def episode_known(one: EpisodeFact, night: date) -> EpisodeFact:
    """The episode without the rungs, services and answers after that night."""
    if one.ended_on is not None and one.ended_on > night:
        one = replace(one, ended_on=None, ended_as=None)
    # Most are known as they are, and a long past has many.
    if all(_is_known(rung, night) for rung in one.raised):
        return one
    return replace(one, raised=tuple(_raised_known(rung, night) for rung in one.raised if rung.raised_on <= night))


def _is_known(one: RaisedFact, night: date) -> bool:
    return all(day is None or day <= night for day in (one.raised_on, one.served_on, one.answered_on))


def _raised_known(one: RaisedFact, night: date) -> RaisedFact:
    served = one.served_on if one.served_on and one.served_on <= night else None
    answered = one.answered_on if one.answered_on and one.answered_on <= night else None
    return replace(one, served_on=served, answered_on=answered)


def standings(history: TermHistory) -> tuple[Standing, ...]:
    """The spans of days on which the enterprise's clock ran, oldest first."""
    spans: list[Standing] = []
    since: date | None = None
    for day, stands in _ends_of_days(history):
        if stands and since is None:
            since = day
        elif not stands and since is not None:
            spans.append(Standing(since, day))
            since = None
    if since is not None:
        spans.append(Standing(since, None))
    return tuple(spans)


def _ends_of_days(history: TermHistory) -> Iterator[tuple[date, bool]]:
    """Each day on which something changed, and whether the hazard stood at its end."""
    states = {step.on: step.state for step in history.steps}
    rounds = {one.opened_on: 0 for one in history.rounds} | {one.ended_on: 0 for one in history.rounds if one.ended_on}
    for one in history.rounds:
        rounds[one.opened_on] += 1
        if one.ended_on:
            rounds[one.ended_on] -= 1
    state, open_rounds = None, 0
    for day in sorted({*states, *rounds}):
        state, open_rounds = states.get(day, state), open_rounds + rounds.get(day, 0)
        yield day, state is State.LISTED and open_rounds == 0


def days_counted(spans: Iterable[Standing], counts_from: date, night: date) -> int:
    """Days after `counts_from` up to and including the night on which the enterprise's clock ran."""
    first, end = counts_from + _ONE_DAY, night + _ONE_DAY
    return sum(max(0, (min(span.until_on or end, end) - max(span.from_on, first)).days) for span in spans)


def stretch_began_on(history: TermHistory) -> date:
    """The day of listing, or of the last reopening from closed; the first day of all where nothing is listed."""
    return next((step.on for step in reversed(history.steps) if step.act in STRETCH_STARTS), date.min)


def left_on(history: TermHistory, since: date) -> date | None:
    """The day, from `since` on, on which the hazard was first closed or dismissed."""
    return next((step.on for step in history.steps if step.on >= since and step.state in _OUT), None)


def granted_on(history: TermHistory, episode: EpisodeFact) -> date | None:
    """The day an extension was granted during the episode, to a day its count has not passed already."""
    return next(
        (
            step.on
            for step in history.steps
            if step.granted and step.on >= episode.opened_on and step.deadline and step.deadline > episode.counts_from
        ),
        None,
    )


def overdue(history: TermHistory, spans: Iterable[Standing], edition: Edition, calendar: Calendar) -> Overdue | None:
    """From when on the current deadline counts as missed; None where it never came to that."""
    if history.deadline is None:
        return None
    floor = max(history.deadline, history.not_before or date.min)
    counts_from = next(
        (
            start
            for span in spans
            for start in (max(floor, span.from_on),)
            if span.until_on is None or start + _ONE_DAY < span.until_on
        ),
        None,
    )
    if counts_from is None:
        return None
    held_until = extension_holds_until(history, edition, calendar)
    return Overdue(counts_from, max(counts_from, held_until or date.min) + _ONE_DAY)


def extension_holds_until(history: TermHistory, edition: Edition, calendar: Calendar) -> date | None:
    """The last night on which a timely extension request keeps an episode from opening; None without one.

    It ends with the decision, a declaration (a request lapses with its cycle) or the edition's decision days.
    """
    asked = next(
        (place for place, step in reversed(list(enumerate(history.steps))) if step.act is Act.REQUEST_EXTENSION), None
    )
    if asked is None:
        return None
    request, later = history.steps[asked], history.steps[asked + 1 :]
    if request.deadline is None or request.on > request.deadline:
        return None
    last_day = count(edition.clocks["decide_extension"].term(request.on, history.sector), calendar).due_on
    ended = next((step.on for step in later if step.act in (Act.DECIDE_EXTENSION, Act.DECLARE)), None)
    return last_day if ended is None else min(last_day, ended - _ONE_DAY)


def slow_since(history: TermHistory, stood_from: date, edition: Edition) -> date | None:
    """The first day of slowness as the history stands (it may lie ahead); None while a plan awaits its decision."""
    moves = [step for step in history.steps if step.act in _MOVES or step.granted]
    plan = next((step for step in reversed(moves) if step.act in _PLAN_ACTS), None)
    if plan is not None and plan.act is Act.SUBMIT_PLAN:
        return None
    began = stretch_began_on(history)
    floor = max(stood_from, began, history.not_before or date.min)
    limits = edition.limits
    base = max((floor, *(step.on for step in moves)))
    starts = [base + timedelta(days=limits.slow_progress_days)]
    if plan is not None and plan.act is Act.APPROVE_PLAN and plan.on >= began:
        starts += _milestones_missed_from(plan, moves, floor, edition)
    return min(starts)


def _milestones_missed_from(plan: Step, moves: Iterable[Step], floor: date, edition: Edition) -> list[date]:
    """For each milestone not reached, the first day it makes the enterprise slow: a grant starts its days anew."""
    moves = tuple(moves)
    reached = {step.milestone for step in moves}
    least = max((floor, plan.on, *(step.on for step in moves if step.granted)))
    grace = timedelta(days=edition.limits.slow_milestone_days)
    return [max(one.due_on, least) + grace for one in plan.milestones if one.name not in reached]


def caught_up_on(history: TermHistory, episode: EpisodeFact, edition: Edition, before: date) -> date | None:
    """The first day, before that one, on which the enterprise was no longer slow; None where it still is.

    A return to `listed` is no progress: the episode's own standing counts, so that a failed verification resumes it.
    """
    first = episode.counts_from + _ONE_DAY
    spans = standings(history)
    stood_from = max((span.from_on for span in spans if span.from_on <= episode.counts_from), default=date.min)
    moved = {first, *(step.on for step in history.steps if step.act in _MOVES and step.on > first)}
    for day in sorted(one for one in moved if one < before):
        since = slow_since(known_on(history, day), stood_from, edition)
        if since is None or since > day:
            return day
    return None
