"""Where an open episode is going: the rung that comes next, and the first night that can raise it if nothing changes.

The same step as the night's (`ladder_climb.next_rung`), asked of each night to come.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from app.regulation.edition import Edition
from app.regulation.ladder_climb import climb, next_rung
from app.regulation.ladder_facts import RUNG_ORDERS, EpisodeFact, Suspension
from app.regulation.ladder_history import Standing, days_counted
from app.regulation.vocabulary import EpisodeKind, Rung

_HORIZON = 800
"""Nights looked ahead."""
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Course:
    """An episode with what its climb depends on."""

    episode: EpisodeFact
    earlier: Sequence[EpisodeFact] = ()
    suspensions: Sequence[Suspension] = ()
    spans: Sequence[Standing] = ()
    """Of a term: the days on which the enterprise's clock ran; no other kind pauses."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What comes next: a rung with its first night and why, or what it waits for."""

    rung: Rung | None
    first_on: date | None
    explanation: tuple[str, ...]


def days_of(course: Course, day: date) -> int:
    """Days counted up to and including that day, pauses left out."""
    counts_from = course.episode.counts_from
    if course.episode.kind is EpisodeKind.TERM:
        return days_counted(course.spans, counts_from, day)
    return max(0, (day - counts_from).days)


def pauses_of(course: Course, until: date) -> tuple[tuple[date, date], ...]:
    """First and last day of each pause after `counts_from`, up to and including that day."""
    if course.episode.kind is not EpisodeKind.TERM:
        return ()
    return tuple((first, last) for first, last in _gaps(course, until) if first <= last)


def _gaps(course: Course, until: date) -> Iterator[tuple[date, date]]:
    reached = course.episode.counts_from + _ONE_DAY
    for span in course.spans:
        yield reached, min(span.from_on - _ONE_DAY, until)
        reached = max(reached, span.until_on or until + _ONE_DAY)
    yield reached, until


def outlook(course: Course, today: date, edition: Edition) -> Outlook:
    """The next rung, as the nights from today on would raise it."""
    rules = edition.ladder.rungs_of(course.episode.kind)
    wanted = next((one for one in rules if one.enabled and RUNG_ORDERS[one.rung] > course.episode.highest), None)
    if wanted is None:
        return Outlook(None, None, ("规则版本没有启用更高的档",))
    obstacle = _obstacle(course, today)
    if obstacle is not None:
        return Outlook(wanted.rung, None, (obstacle,))
    for day in (today + timedelta(days=ahead) for ahead in range(_HORIZON)):
        place = climb(course.episode, days_of(course, day), course.earlier, course.suspensions)
        raising = next_rung(rules, place, day)
        if raising is not None:
            return Outlook(wanted.rung, day, raising.explanation)
    return Outlook(wanted.rung, None, ("暂缓升档期间",))


def _obstacle(course: Course, today: date) -> str | None:
    """What has to happen before any night can raise it; None where only days have to pass."""
    raised = course.episode.raised
    if raised and raised[-1].served_on is None:
        return f"上一档“{raised[-1].rung.label}”的公文尚未送达"
    is_term = course.episode.kind is EpisodeKind.TERM
    if is_term and not any(span.covers(today) for span in course.spans):
        return "责任单位的期限中止计算(已报告整改完成待核查签字,或者正在办理撤销、关停)"
    return None
