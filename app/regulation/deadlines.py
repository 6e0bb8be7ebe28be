"""Deadlines: dates that are over at 24:00 Asia/Shanghai, counted in calendar or working days; each explains itself.

Counts by 民法典 art. 201 (the day of start does not count) and art. 203 (a last day on a holiday moves on where the
rule says so). Past the last announced year only weekends rest, and the date is provisional.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from app.regulation.vocabulary import DayUnit

SHANGHAI = ZoneInfo("Asia/Shanghai")
LONGEST_TERM_DAYS = 3660
"""Ten years: no rule of this registry sets a longer term, and counting stays quick."""
LAST_DAY = date(9998, 12, 31)
CLOCKS = frozenset(
    {"answer_transfer", "decide_extension", "decide_plan", "delist", "determine", "list", "revisit", "verify"}
)
"""Keys of the regulators' own time limits: acts start them, editions give their days."""
_ONE_DAY = timedelta(days=1)
_SATURDAY = 5


class DeadlineError(ValueError):
    """A term that cannot be counted: naive instant, negative or endless term, a day past the calendar's end."""


def business_date(instant: datetime) -> date:
    """The date in Asia/Shanghai at that instant; `DeadlineError` for a naive one."""
    if instant.tzinfo is None:
        raise DeadlineError("时间没有时区:须带时区偏移,如 2024-06-30T23:59:59+08:00")
    if not 1 < instant.year < LAST_DAY.year:
        raise DeadlineError(f"日期超出可计算范围:{instant.date().isoformat()}")
    return instant.astimezone(SHANGHAI).date()


def end_of_day(day: date) -> datetime:
    """24:00 Asia/Shanghai of that day, the first instant at which a deadline on it is over."""
    if day > LAST_DAY:
        raise DeadlineError(f"日期超出可计算范围:{day.isoformat()}")
    following = day + _ONE_DAY
    return datetime(following.year, following.month, following.day, tzinfo=SHANGHAI)


def is_over(due_on: date, instant: datetime) -> bool:
    """Whether a deadline on that date has passed: true from 24:00 Asia/Shanghai on."""
    return business_date(instant) > due_on


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days are worked: announced days where known, Monday to Friday past `announced_until`."""

    days: Mapping[date, bool]
    """Day → whether it is worked; need only hold what differs from Monday to Friday."""
    announced_until: date
    """Last day of the newest year whose holidays the State Council has announced."""

    def is_working(self, day: date) -> bool:
        """Whether that day is worked, holidays and make-up days (调休) heeded."""
        return self.days.get(day, day.weekday() < _SATURDAY)

    def is_provisional(self, day: date) -> bool:
        """Whether nobody has announced that day's year yet."""
        return day > self.announced_until


@dataclass(frozen=True, slots=True)
class Pause:
    """Days on which a term stands still, both ends included."""

    from_on: date
    until_on: date
    reason: str

    def covers(self, day: date) -> bool:
        """Whether that day is paused."""
        return self.from_on <= day <= self.until_on


@dataclass(frozen=True, slots=True)
class Term:
    """What a deadline is counted from: a start, so many days of a unit, and the rule that says so."""

    start_on: date
    days: int
    unit: DayUnit
    rule: str
    """Key of the clock or act, such as `clocks.verify`."""
    basis: str
    roll: bool = False
    pauses: tuple[Pause, ...] = ()


@dataclass(frozen=True, slots=True)
class Deadline:
    """A date that explains itself."""

    due_on: date
    term: Term
    first_day: date
    skipped_days: tuple[date, ...]
    """Days of rest that a count in working days passed over."""
    paused_days: tuple[date, ...]
    rolled_from: date | None
    """The holiday the last day fell on, when it moved (民法典 art. 203)."""
    provisional: bool
    kept_from: date | None = None
    """What a recount would have given, where an earlier date could not replace one already served."""


def count(term: Term, calendar: Calendar) -> Deadline:
    """The deadline of a term; `DeadlineError` for a negative or endless one."""
    if not 0 <= term.days <= LONGEST_TERM_DAYS:
        raise DeadlineError(f"期限须为 0 至 {LONGEST_TERM_DAYS} 天,现为 {term.days} 天({term.rule})")
    day, remaining = term.start_on, term.days
    skipped: list[date] = []
    paused: list[date] = []
    while remaining:
        day = _following(day)
        if any(pause.covers(day) for pause in term.pauses):
            paused.append(day)
        elif term.unit is DayUnit.WORKING and not calendar.is_working(day):
            skipped.append(day)
        else:
            remaining -= 1
    due_on = _rolled(day, calendar) if term.roll else day
    return Deadline(
        due_on=due_on,
        term=term,
        first_day=_following(term.start_on),
        skipped_days=tuple(skipped),
        paused_days=tuple(paused),
        rolled_from=day if due_on != day else None,
        provisional=_depends_on_the_calendar(term) and calendar.is_provisional(due_on),
    )


def add_days(start_on: date, days: int, unit: DayUnit, calendar: Calendar, *, roll: bool = False) -> date:
    """The date so many days after a start that does not itself count."""
    return count(Term(start_on, days, unit, rule="", basis="", roll=roll), calendar).due_on


def recompute(deadline: Deadline, calendar: Calendar, *, served: bool) -> Deadline:
    """The deadline under a newer calendar; one already served only ever moves later."""
    fresh = count(deadline.term, calendar)
    if served and fresh.due_on < deadline.due_on:
        return replace(fresh, due_on=deadline.due_on, rolled_from=None, kept_from=fresh.due_on)
    return fresh


def days_between(from_on: date, until_on: date, pauses: Iterable[Pause] = ()) -> int:
    """Calendar days after `from_on` up to and including `until_on`, paused days left out; 0 if none."""
    held = tuple(pauses)
    span = range(1, (until_on - from_on).days + 1)
    if not held:
        return len(span)
    return sum(not any(pause.covers(from_on + timedelta(days=n)) for pause in held) for n in span)


def explain(deadline: Deadline) -> tuple[str, ...]:
    """Why the date is what it is, in Chinese sentences for the deadline page and the letter."""
    term = deadline.term
    lines = [
        f"依据:{term.basis}",
        f"{term.start_on.isoformat()} 起算,当日不计",
        f"自 {deadline.first_day.isoformat()} 起 {term.days} 个{term.unit.label}",
    ]
    if deadline.skipped_days:
        lines.append("不计休息日:" + "、".join(day.isoformat() for day in deadline.skipped_days))
    lines += [
        f"中止计算:{pause.from_on.isoformat()} 至 {pause.until_on.isoformat()}({pause.reason})" for pause in term.pauses
    ]
    if deadline.rolled_from:
        lines.append(f"最后一日 {deadline.rolled_from.isoformat()} 为休息日,顺延至次一工作日(《民法典》第二百零三条)")
    if deadline.kept_from:
        lines.append(f"按新公布的节假日应为 {deadline.kept_from.isoformat()},已送达的期限不提前")
    if deadline.provisional:
        lines.append("该年度节假日安排尚未公布,暂按周末推算,公布后重新计算")
    lines.append(f"截止 {deadline.due_on.isoformat()} 二十四时(北京时间)")
    return tuple(lines)


def _following(day: date) -> date:
    if day >= LAST_DAY:
        raise DeadlineError(f"日期超出可计算范围:{day.isoformat()}")
    return day + _ONE_DAY


def _rolled(day: date, calendar: Calendar) -> date:
    while not calendar.is_working(day):
        day = _following(day)
    return day


def _depends_on_the_calendar(term: Term) -> bool:
    return term.roll or term.unit is DayUnit.WORKING
