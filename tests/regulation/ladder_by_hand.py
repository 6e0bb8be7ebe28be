"""The ladder as a clerk would keep it by hand, one evening after the other: the second opinion on `ladder.due`.

Written from the rules of design 3.3, day by day with flags, sharing no code with the module it checks.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

from app.regulation.deadlines import add_days
from app.regulation.ladder_facts import RaisedFact, Step, TermHistory
from app.regulation.vocabulary import Act, DayUnit, EpisodeCause, EpisodeEnd, RaiseReason, Rung, State
from tests.regulation.builders import EDITION
from tests.regulation.ladder_pasts import CALENDAR, Serve, days_from

ENABLED = {rung.rung: rung for rung in EDITION.ladder.rungs if rung.enabled}
ORDER = list(Rung)
PLAN = (Act.SUBMIT_PLAN, Act.APPROVE_PLAN, Act.RETURN_PLAN)


@dataclass
class Card:
    """One episode on the clerk's card."""

    cause: EpisodeCause
    counts_from: date
    opened_on: date
    carried: RaisedFact | None
    stood_since: date
    ended_on: date | None = None
    ended_as: EpisodeEnd | None = None
    raised: list[RaisedFact] = field(default_factory=list)


@dataclass
class Desk:
    """What the clerk remembers of one hazard."""

    sector: str
    serve: Serve
    state: State | None = None
    in_round: bool = False
    deadline: date | None = None
    stood: dict[date, date | None] = field(default_factory=dict)
    """Day → since when it stood; None where it did not."""
    stands_since: date = date.min
    moved_on: date = date.min
    granted_on: date = date.min
    plan: Step | None = None
    reached: set[str | None] = field(default_factory=set)
    missed_from: date | None = None
    held_until: date = date.min
    began_on: date = date.min
    cards: list[Card] = field(default_factory=list)
    reminders: list[tuple[date, date, int]] = field(default_factory=list)

    @property
    def card(self) -> Card | None:
        return self.cards[-1] if self.cards and self.cards[-1].ended_on is None else None

    def hear(self, step: Step) -> None:
        """Notes one act."""
        if step.deadline != self.deadline:
            self.deadline, self.missed_from = step.deadline, None
        if step.act in (Act.LIST, Act.RELAPSE):
            self.began_on = step.on
        if step.act in PLAN:
            self.plan = step
        self.hear_of_progress(step)
        self.hear_of_extension(step)
        self.state = step.state

    def hear_of_progress(self, step: Step) -> None:
        if step.act is Act.REPORT_PROGRESS:
            self.reached.add(step.milestone)
        if step.act in (*PLAN, Act.REPORT_PROGRESS) or step.granted:
            self.moved_on = step.on

    def hear_of_extension(self, step: Step) -> None:
        if step.granted:
            self.granted_on = step.on
        if step.act is Act.REQUEST_EXTENSION and step.deadline is not None and step.on <= step.deadline:
            self.held_until = add_days(step.on, 10, DayUnit.WORKING, CALENDAR)
        if step.act in (Act.DECIDE_EXTENSION, Act.DECLARE) and self.held_until >= step.on:
            self.held_until = step.on - timedelta(days=1)

    def is_slow(self, today: date, stands_since: date) -> date | None:
        """The first day of slowness, where it has come."""
        if self.plan is not None and self.plan.act is Act.SUBMIT_PLAN:
            return None
        first = max(self.moved_on, stands_since, self.began_on) + timedelta(days=15)
        if self.plan is not None and self.plan.act is Act.APPROVE_PLAN and self.plan.on >= self.began_on:
            for one in self.plan.milestones:
                if one.name not in self.reached:
                    anew = max(one.due_on, self.plan.on, self.granted_on, stands_since, self.began_on)
                    first = min(first, anew + timedelta(days=7))
        return first if first <= today else None

    def evening(self, today: date, heard: list[Step]) -> None:
        """What is written down that evening."""
        stands = self.state is State.LISTED and not self.in_round
        if stands and not self.stood.get(today - timedelta(days=1)):
            self.stands_since = today
        self.stood[today] = self.stands_since if stands else None
        if self.deadline is not None and self.missed_from is None:
            starts = ((day, max(self.deadline, since)) for day, since in self.stood.items() if since is not None)
            self.missed_from = next((start for day, start in starts if day > start), None)
        is_overdue = self.missed_from is not None and today > self.held_until
        self.end(today, heard, is_overdue)
        if self.card is None and stands:
            self.open(today, is_overdue)
        elif self.card is not None and is_overdue:
            self.card.cause = EpisodeCause.OVERDUE
        if self.card is not None and stands:
            self.climb(self.card, today)
        self.remind(today)

    def end(self, today: date, heard: list[Step], is_overdue: bool) -> None:
        card = self.card
        if card is None:
            return
        if any(step.state in (State.CLOSED, State.DISMISSED) for step in heard):
            card.ended_on, card.ended_as = today, EpisodeEnd.CLOSED
        elif any(step.granted and step.deadline and step.deadline > card.counts_from for step in heard):
            card.ended_on, card.ended_as = today, EpisodeEnd.EXTENDED
        elif card.cause is EpisodeCause.SLOW and not is_overdue and self.is_slow(today, card.stood_since) is None:
            card.ended_on, card.ended_as = today, EpisodeEnd.CAUGHT_UP

    def open(self, today: date, is_overdue: bool) -> None:
        slow_from = self.is_slow(today, self.stands_since)
        starts = [slow_from - timedelta(days=1)] if slow_from else []
        if is_overdue and self.missed_from and (slow_from is None or slow_from == today):
            starts.append(self.missed_from)
        if not starts:
            return
        earlier = [card for card in self.cards if card.opened_on > self.began_on]
        served = [rung for card in earlier for rung in card.raised if rung.served_on and rung.served_on <= today]
        highest = max(served, key=lambda one: ORDER.index(one.rung), default=None)
        cause = EpisodeCause.OVERDUE if is_overdue else EpisodeCause.SLOW
        self.cards.append(Card(cause, min(starts), today, highest, self.stands_since))

    def climb(self, card: Card, today: date) -> None:
        before = card.raised[-1] if card.raised else card.carried
        above = ORDER.index(before.rung) + 1 if before else 0
        wanted = next((ENABLED[rung] for rung in ORDER[above:] if rung in ENABLED), None)
        if wanted is None:
            return
        if before is not None and (before.served_on is None or today < before.served_on + timedelta(wanted.wait_days)):
            return
        days = sum(self.stood[day] is not None for day in days_from(card.counts_from + timedelta(days=1), today))
        reason = None
        if days >= wanted.threshold_days:
            reason = RaiseReason.THRESHOLD
        if wanted.rung is Rung.NOTICE_LETTER and card.cause is EpisodeCause.SLOW:
            reason = RaiseReason.SLOW
        if reason is None and wanted.rung is Rung.CIRCULAR and before is not None and is_silent(before, today):
            reason = RaiseReason.NO_REPLY
        if reason is not None:
            card.raised.append(self.serve(RaisedFact(wanted.rung, today, reason, days)))

    def remind(self, today: date) -> None:
        if self.deadline is None or self.state is not State.LISTED or today > self.deadline:
            return
        near = [days for days in (15, 7, 3) if today >= self.deadline - timedelta(days=days)]
        sent = {(due_on, days) for _, due_on, days in self.reminders}
        if near and (self.deadline, near[-1]) not in sent:
            self.reminders.append((today, self.deadline, near[-1]))


def is_silent(before: RaisedFact, today: date) -> bool:
    answered = before.answered_on is not None and before.answered_on <= today
    return before.reply_due_on is not None and before.reply_due_on < today and not answered


def kept_by_hand(history: TermHistory, last: date, serve: Serve) -> Desk:
    """The desk after every evening from the first act to that day."""
    desk = Desk(history.sector, serve)
    for today in days_from(history.steps[0].on, last):
        heard = [step for step in history.steps if step.on == today]
        for step in heard:
            desk.hear(step)
        desk.in_round = any(
            one.opened_on <= today and (one.ended_on is None or today < one.ended_on) for one in history.rounds
        )
        desk.evening(today, heard)
    return desk
