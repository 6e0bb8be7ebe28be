"""The ladder of the regulators and of unanswered letters: duties, replies, and subjects with too many overdue.

    duty_due(duty, night, edition, calendar)            a regulator's clock, or a silent signatory
    reply_due(letter, night, edition, calendar)         an issued letter without an answer
    aggregate_due(subject, night, edition, calendar)    a unit, department or enterprise with too many

Each answers as `ladder.due` does, for one subject. Nothing pauses these clocks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from operator import itemgetter

from app.regulation import ladder_words as words
from app.regulation.deadlines import Calendar, Term, count
from app.regulation.edition import Edition
from app.regulation.ladder import refuse_unannounced
from app.regulation.ladder_climb import carried, climb, next_rung
from app.regulation.ladder_facts import Due, Ending, EpisodeFact, Opening, Raising, Suspension
from app.regulation.ladder_history import episode_known
from app.regulation.vocabulary import DayUnit, EpisodeCause, EpisodeEnd, EpisodeKind, PostKind

ISSUE = "issue"
"""The duty of a signatory: a draft letter waits."""
SIGN = "sign"
"""The duty of a sign-off level."""
LATE_POSTS = {
    "determine": PostKind.PRINCIPAL_HEAD,
    "list": PostKind.OFFICE_HEAD,
    "decide_plan": PostKind.PRINCIPAL_HEAD,
    "decide_extension": PostKind.OFFICE_HEAD,
    "answer_transfer": PostKind.PRINCIPAL_HEAD,
    "verify": PostKind.INSPECTOR,
    "delist": PostKind.OFFICE_HEAD,
    "revisit": PostKind.INSPECTOR,
}
"""Clock → whose post is late: an organisation's duty is its head's. A level names its post, a letter its signatory."""
DUTY_LABELS = {
    "determine": "判定",
    "list": "挂牌督办",
    "decide_plan": "审批整改方案",
    "decide_extension": "审批延期",
    "answer_transfer": "答复移交",
    "verify": "现场核查",
    "delist": "摘牌",
    "revisit": "回访",
    SIGN: "签字",
    ISSUE: "签发公文",
}
"""Duty → what people read."""


@dataclass(frozen=True, slots=True)
class Duty:
    """One thing a regulator is to do: since when it waits with its limit, and when it no longer waited."""

    name: str
    """Key of the edition's clock, `sign`, or `issue`."""
    term: Term
    """`Clock.term`, `ChainLevel.term` or `silence_term`, from the day it began to wait."""
    done_on: date | None = None
    """Done, or no longer that organisation's to do (transferred, refused, content changed, letter dropped)."""
    episode: EpisodeFact | None = None
    suspensions: Sequence[Suspension] = ()


@dataclass(frozen=True, slots=True)
class AwaitedReply:
    """An issued letter that asks for a reply."""

    reply_due_on: date
    answered_on: date | None = None
    voided_on: date | None = None
    episode: EpisodeFact | None = None
    suspensions: Sequence[Suspension] = ()


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A unit, department or enterprise, and how many of its hazards are overdue and open on the night."""

    overdue_open: int
    episodes: tuple[EpisodeFact, ...] = field(default_factory=tuple)
    """Its aggregate episodes, oldest first."""
    suspensions: Sequence[Suspension] = ()


def silence_term(drafted_on: date, edition: Edition) -> Term:
    """How long a draft may wait for its signatory, in working days."""
    rule = "ladder.signatory_silence_days"
    return Term(drafted_on, edition.ladder.signatory_silence_days, DayUnit.WORKING, rule, edition.basis[rule])


def duty_due(duty: Duty, night: date, edition: Edition, calendar: Calendar) -> Due:
    """What the night records of a duty: opened on the first night after the clock's last day, ended when done."""
    refuse_unannounced(night, calendar)
    last_day = count(duty.term, calendar).due_on
    opening = Opening(
        EpisodeKind.DUTY,
        EpisodeCause.LATE_DUTY,
        1,
        last_day,
        0,
        words.opening_of(
            f"“{DUTY_LABELS[duty.name]}”应于 {last_day.isoformat()} 前办理而未办理", last_day, duty.term.basis
        ),
    )
    end = None if duty.done_on is None else (duty.done_on, EpisodeEnd.DONE)
    return _once(_Subject(duty.episode, _Around(duty.suspensions), opening, end), night, edition)


def reply_due(letter: AwaitedReply, night: date, edition: Edition, calendar: Calendar) -> Due:
    """What the night records of a letter: opened the night after the reply was due, ended when answered or voided."""
    refuse_unannounced(night, calendar)
    due_on = letter.reply_due_on
    opening = Opening(
        EpisodeKind.REPLY,
        EpisodeCause.UNANSWERED,
        1,
        due_on,
        0,
        words.opening_of(f"应于 {due_on.isoformat()} 前复函而未复", due_on, edition.basis["ladder.reply_due_days"]),
    )
    known = ((letter.answered_on, EpisodeEnd.ANSWERED), (letter.voided_on, EpisodeEnd.DONE))
    end = min(((day, as_) for day, as_ in known if day is not None), key=itemgetter(0), default=None)
    return _once(_Subject(letter.episode, _Around(letter.suspensions), opening, end), night, edition)


@dataclass(frozen=True, slots=True)
class _Around:
    """What stands beside an episode: what suspends its rungs, and the earlier ones it goes on from."""

    suspensions: Sequence[Suspension]
    earlier: Sequence[EpisodeFact] = ()


@dataclass(frozen=True, slots=True)
class _Subject:
    """What duty and reply have in common: one episode at most, ended by one fact."""

    episode: EpisodeFact | None
    around: _Around
    opening: Opening
    end: tuple[date, EpisodeEnd] | None


def _once(subject: _Subject, night: date, edition: Edition) -> Due:
    end = subject.end if subject.end is not None and subject.end[0] <= night else None
    episode = subject.episode
    if episode is None:
        if end is not None or night <= subject.opening.counts_from:
            return Due()
        return _opened(subject.opening, subject.around, night, edition)
    if not episode.is_open:
        return Due()
    if end is None:
        return Due(raising=_raising(episode, subject.around, night, edition))
    last = max(end[0], episode.counts_from)
    return Due(ending=Ending(episode.ordinal, last, end[1], words.ending(last, end[1])))


def _opened(opening: Opening, around: _Around, night: date, edition: Edition) -> Due:
    return Due(opening=opening, raising=_raising(opening.opened(night), around, night, edition))


def _raising(episode: EpisodeFact, around: _Around, night: date, edition: Edition) -> Raising | None:
    known = episode_known(episode, night)
    days = (night - known.counts_from).days
    place = climb(known, days, around.earlier, around.suspensions)
    return next_rung(edition.ladder.rungs_of(known.kind), place, night)


def aggregate_due(subject: Aggregate, night: date, edition: Edition, calendar: Calendar) -> Due:
    """What the night records of a subject: opened with the edition's count of overdue hazards, ended below it.

    Only nights count them: it counts from the day before the night that found too many, and ends on the night that
    found fewer. One that comes within the edition's days after goes on after the highest rung served before.
    """
    refuse_unannounced(night, calendar)
    limit = edition.ladder.aggregate_overdue_count
    running = next((one for one in subject.episodes if one.is_open), None)
    around = _Around(subject.suspensions, _recent(subject, running, night, edition))
    if running is None:
        if subject.overdue_open < limit:
            return Due()
        return _opened(_too_many(subject, around, night, edition), around, night, edition)
    if subject.overdue_open < limit:
        told = words.ending(night, EpisodeEnd.RECEDED)
        return Due(ending=Ending(running.ordinal, night, EpisodeEnd.RECEDED, told))
    return Due(raising=_raising(running, around, night, edition))


def _too_many(subject: Aggregate, around: _Around, night: date, edition: Edition) -> Opening:
    counts_from = night - timedelta(days=1)
    limit = edition.ladder.aggregate_overdue_count
    what = f"逾期未销号 {subject.overdue_open} 项,达到规定的 {limit} 项"
    told = words.opening_of(what, counts_from, edition.basis["ladder.aggregate_overdue_count"])
    ordinal = len(subject.episodes) + 1
    return Opening(EpisodeKind.AGGREGATE, EpisodeCause.TOO_MANY, ordinal, counts_from, carried(around.earlier), told)


def _recent(subject: Aggregate, running: EpisodeFact | None, night: date, edition: Edition) -> tuple[EpisodeFact, ...]:
    """The subject's ended episodes that the running or coming one goes on from."""
    begins = night if running is None else running.opened_on
    since = begins - timedelta(days=edition.ladder.aggregate_restart_days)
    ended = (episode_known(one, night) for one in subject.episodes if one is not running)
    return tuple(one for one in ended if one.ended_on is not None and one.ended_on > since)
