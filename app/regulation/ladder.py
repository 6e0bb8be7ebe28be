"""The ladder of a hazard's term: what the run of one night must record, as a pure function of the hazard's past.

    due(history, night, edition, calendar)       → what that night's run records; empty when it has run already
    episodes(history, night, edition, calendar)  → every term episode as it stands after that night

Major and key hazards alike. A night's run sees what happened up to and including its date. Where design 3.3 leaves a
choice open, this is decided:

- What a run missed while the registry was down is not made up for: an episode that began and ended in between is not
  recorded, one that goes on is opened with the true day from which it counts. (Slowness that a pause or progress
  within the outage ended, and an extension held or granted in it, may give another day than nightly runs would have.)
- Of two causes an episode counts as the one that came first would have. A slow one whose deadline passes becomes
  overdue and keeps its count; progress ends it no more.
- Slowness starts anew with a return to `listed`, a plan sent or decided, a granted extension. In an open episode a
  return is no progress: a failed verification resumes it where it stood.
- An extension ends the episode on its day, also one to a day already passed: then the next counts from that day.
- Of several facts that end an episode the earliest does; on one day closing before extension before progress.
- Rungs raised and never served are not carried: the next episode raises them again.
"""

from dataclasses import replace
from datetime import date, timedelta

from app.regulation import ladder_words as words
from app.regulation.deadlines import Calendar
from app.regulation.edition import Edition
from app.regulation.ladder_climb import carried, climb, next_rung
from app.regulation.ladder_facts import Due, Ending, EpisodeFact, Opening, RaisedFact, Raising, ReminderDue, TermHistory
from app.regulation.ladder_history import (
    Overdue,
    Standing,
    caught_up_on,
    days_counted,
    granted_on,
    known_on,
    left_on,
    overdue,
    slow_since,
    standings,
    stretch_began_on,
)
from app.regulation.vocabulary import EpisodeCause, EpisodeEnd, EpisodeKind, State

_ONE_DAY = timedelta(days=1)


class CalendarMissingError(ValueError):
    """The night's year has no announced holidays, so no working-day rule can be kept: nothing may be raised."""


def refuse_unannounced(night: date, calendar: Calendar) -> None:
    """`CalendarMissingError` where the night's year is not announced; asked before anything is raised."""
    if calendar.is_provisional(night):
        raise CalendarMissingError(
            f"{night.year} 年节假日安排尚未导入,工作日时限无法计算,本次不升档;请先导入(qingling calendar import)"
        )


def due(history: TermHistory, night: date, edition: Edition, calendar: Calendar) -> Due:
    """What the run of that night must record for one hazard; `CalendarMissingError` in an unannounced year."""
    refuse_unannounced(night, calendar)
    known = known_on(history, night)
    spans = standings(known)
    found = overdue(known, spans, edition, calendar)
    running = next((one for one in known.episodes if one.is_open), None)
    ending = None if running is None else _ending(known, running, night, edition, calendar)
    opening = None
    becomes_overdue = False
    if running is None or ending is not None:
        opening = _opening(known, spans, found, night, edition)
        running = None if opening is None else opening.opened(night)
    elif running.cause is EpisodeCause.SLOW and _has_come(found, night):
        becomes_overdue = True
        running = replace(running, cause=EpisodeCause.OVERDUE)
    raising = None if running is None else _raising(known, spans, running, night, edition)
    return Due(ending, becomes_overdue, opening, raising, _reminder(known, night, edition))


def episodes(history: TermHistory, night: date, edition: Edition, calendar: Calendar) -> tuple[EpisodeFact, ...]:
    """Every term episode after that night's run, oldest first: the recorded ones as it leaves them, and a new one."""
    return after(history, due(history, night, edition, calendar), night).episodes


def after(history: TermHistory, what: Due, night: date) -> TermHistory:
    """The history with what a night's run recorded."""
    standing = [_changed(one, what) if one.is_open else one for one in history.episodes]
    if what.opening is not None:
        standing.append(what.opening.opened(night))
    if what.raising is not None:
        raised = RaisedFact(what.raising.rung, night, what.raising.reason, what.raising.days)
        standing[-1] = replace(standing[-1], raised=(*standing[-1].raised, raised))
    sent = set() if what.reminder is None else {(what.reminder.due_on, what.reminder.days_before)}
    return replace(history, episodes=tuple(standing), reminded=history.reminded | sent)


def _changed(one: EpisodeFact, what: Due) -> EpisodeFact:
    if what.ending is not None:
        return replace(one, ended_on=what.ending.ended_on, ended_as=what.ending.ended_as)
    return replace(one, cause=EpisodeCause.OVERDUE) if what.becomes_overdue else one


def _has_come(found: Overdue | None, night: date) -> bool:
    return found is not None and found.first_night <= night


def _ending(
    known: TermHistory, running: EpisodeFact, night: date, edition: Edition, calendar: Calendar
) -> Ending | None:
    """How the running episode ended, by the earliest fact that ends it; None where it goes on."""
    closed, granted = left_on(known, running.opened_on), granted_on(known, running)
    ends = [(day, as_) for day, as_ in ((closed, EpisodeEnd.CLOSED), (granted, EpisodeEnd.EXTENDED)) if day is not None]
    hard = min(ends, key=lambda one: one[0], default=None)
    if running.cause is EpisodeCause.SLOW:
        cured = _cured_on(known, running, hard[0] if hard else night + _ONE_DAY, edition, calendar)
        hard = (cured, EpisodeEnd.CAUGHT_UP) if cured is not None else hard
    return None if hard is None else Ending(running.ordinal, *hard, words.ending(*hard))


def _cured_on(
    known: TermHistory, running: EpisodeFact, before: date, edition: Edition, calendar: Calendar
) -> date | None:
    """The day a slow enterprise caught up, before that day and before its deadline had passed."""
    past = known_on(known, before - _ONE_DAY)
    found = overdue(past, standings(past), edition, calendar)
    return caught_up_on(past, running, edition, min(before, found.first_night) if found else before)


def _opening(
    known: TermHistory, spans: tuple[Standing, ...], found: Overdue | None, night: date, edition: Edition
) -> Opening | None:
    """The episode to open, counted as the cause that came first would have; none while the clock stands still."""
    if not spans or not spans[-1].covers(night):
        return None
    slow = slow_since(known, spans[-1].from_on, edition)
    starts = [(slow, slow - _ONE_DAY)] if slow is not None and slow <= night else []
    cause = EpisodeCause.SLOW
    if found is not None and found.first_night <= night:
        starts.append((found.first_night, found.counts_from))
        cause = EpisodeCause.OVERDUE
    if not starts:
        return None
    _, counts_from = min(starts)
    return Opening(
        EpisodeKind.TERM,
        cause,
        len(known.episodes) + 1,
        counts_from,
        carried(_of_stretch(known)),
        words.opening(cause, counts_from, known.deadline),
    )


def _of_stretch(known: TermHistory) -> list[EpisodeFact]:
    began = stretch_began_on(known)
    return [one for one in known.episodes if one.opened_on > began]


def _raising(
    known: TermHistory, spans: tuple[Standing, ...], running: EpisodeFact, night: date, edition: Edition
) -> Raising | None:
    if not spans or not spans[-1].covers(night):
        return None
    days = days_counted(spans, running.counts_from, night)
    earlier = [one for one in _of_stretch(known) if one.ordinal < running.ordinal]
    return next_rung(edition.ladder.rungs, climb(running, days, earlier, known.suspensions), night)


def _reminder(known: TermHistory, night: date, edition: Edition) -> ReminderDue | None:
    """The nearest reminder that is due and was not sent: after an outage one, not three."""
    deadline = known.deadline
    if deadline is None or night > deadline or not known.steps or known.steps[-1].state is not State.LISTED:
        return None
    left = (deadline - night).days
    reached = [days for days in edition.ladder.reminder_days_before if left <= days]
    if not reached or (deadline, min(reached)) in known.reminded:
        return None
    return ReminderDue(deadline, min(reached), words.reminder(deadline, left, edition.basis))
