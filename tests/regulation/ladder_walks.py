"""Random lawful pasts of a hazard: every act only where the rule book allows it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from app.regulation.vocabulary import Act, State
from tests.regulation.ladder_pasts import LISTED_ON, Past, listed

Draw = tuple[int, int]
"""Days until the next act, and which act."""


@dataclass(frozen=True)
class Walk:
    """A past being walked: what may come next depends on it."""

    past: Past
    today: date
    asked: bool = False
    round_open: bool = False
    pauses: bool = True
    """Whether declarations and withdrawal rounds may come, which stop the enterprise's clock."""

    @property
    def state(self) -> State:
        return self.past.history.steps[-1].state

    @property
    def deadline(self) -> date:
        return self.past.history.deadline or date.max


Choice = Callable[[], Walk]


def _choices(walk: Walk) -> Sequence[Choice]:
    past, today = walk.past, walk.today
    if walk.state is State.CLOSED:
        return (lambda: walk), (lambda: Walk(past.relapse(today, today + timedelta(days=25)), today))
    if walk.state is State.RECTIFIED:
        return (lambda: Walk(past.fail(today), today)), (lambda: Walk(past.close(today), today))
    if walk.round_open:
        return (lambda: _round_ended(walk)), (lambda: replace(walk, past=past.progress(today)))
    return (*_rectifying(walk), *_planning(walk), *_extending(walk), *_pausing(walk))


def _rectifying(walk: Walk) -> Sequence[Choice]:
    past, today = walk.past, walk.today
    return (
        lambda: replace(walk, past=past.progress(today)),
        lambda: replace(walk, past=past.progress(today, "m1")),
    )


def _pausing(walk: Walk) -> Sequence[Choice]:
    past, today = walk.past, walk.today
    if not walk.pauses:
        return ()
    return (
        lambda: replace(walk, past=past.declare(today), asked=False),
        lambda: replace(walk, past=past.round(today), round_open=True),
    )


def _planning(walk: Walk) -> Sequence[Choice]:
    past, today = walk.past, walk.today
    plan = _plan_act(past)
    if plan in (None, Act.RETURN_PLAN):
        return ((lambda: replace(walk, past=past.plan(today))),)
    returned: Choice = lambda: replace(walk, past=past.return_plan(today))  # noqa: E731  one of two choices
    if plan is Act.APPROVE_PLAN:
        return (returned,)
    milestones = {"m1": today + timedelta(days=10), "m2": today + timedelta(days=20)}
    return returned, (lambda: replace(walk, past=past.approve(today, **milestones)))


def _extending(walk: Walk) -> Sequence[Choice]:
    past, today = walk.past, walk.today
    if not walk.asked:
        asked: Choice = lambda: replace(walk, past=past.request(today), asked=True)  # noqa: E731  may not be a choice
        return (asked,) if today <= walk.deadline else ()
    until = walk.deadline + timedelta(days=20)
    return (
        lambda: replace(walk, past=past.grant(today, until), asked=False),
        lambda: replace(walk, past=past.refuse(today), asked=False),
    )


def _plan_act(past: Past) -> Act | None:
    plans = (Act.SUBMIT_PLAN, Act.APPROVE_PLAN, Act.RETURN_PLAN)
    return next((step.act for step in reversed(past.history.steps) if step.act in plans), None)


def _round_ended(walk: Walk) -> Walk:
    rounds = walk.past.history.rounds
    shorter = walk.past.with_(rounds=rounds[:-1])
    return replace(walk, past=shorter.round(rounds[-1].opened_on, walk.today), round_open=False)


def walked(draws: Sequence[Draw], term: int = 30, *, pauses: bool = True) -> Past:
    """The past of a hazard listed for so many days, one act for each draw."""
    walk = Walk(listed(LISTED_ON, LISTED_ON + timedelta(days=term)), LISTED_ON, pauses=pauses)
    for gap, choice in draws:
        later = replace(walk, today=walk.today + timedelta(days=gap))
        choices = _choices(later)
        walk = choices[choice % len(choices)]()
    return walk.past
