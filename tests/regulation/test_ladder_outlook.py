"""What comes next in an episode: the same rung, on the same night, as the nights themselves would raise it."""

from datetime import date, timedelta

from app.regulation.edition import SHIPPED_EDITION, load_edition
from app.regulation.ladder_facts import EpisodeFact, RaisedFact, Suspension
from app.regulation.ladder_history import Standing
from app.regulation.ladder_outlook import Course, days_of, outlook, pauses_of
from app.regulation.vocabulary import EpisodeCause, EpisodeKind, Rung

EDITION = load_edition(SHIPPED_EDITION.read_text(encoding="utf-8"))
FROM = date(2026, 3, 1)


def on(day: int) -> date:
    """The so-manieth counted day."""
    return FROM + timedelta(days=day)


def course(
    *raised: RaisedFact,
    kind: EpisodeKind = EpisodeKind.TERM,
    spans: tuple[Standing, ...] = (Standing(date(2026, 1, 1), None),),
    suspensions: tuple[Suspension, ...] = (),
    cause: EpisodeCause = EpisodeCause.OVERDUE,
) -> Course:
    episode = EpisodeFact(kind, cause, 1, FROM, on(1), raised=raised)
    return Course(episode, (), suspensions, spans)


NOTICE = RaisedFact(Rung.NOTICE_LETTER, on(1), days=1, served_on=on(2), answered_on=on(3))


def test_the_first_rung_comes_on_its_day() -> None:
    found = outlook(course(), FROM, EDITION)
    assert (found.rung, found.first_on) == (Rung.NOTICE_LETTER, on(1))


def test_the_next_waits_for_its_days_and_says_why() -> None:
    found = outlook(course(NOTICE), on(5), EDITION)
    assert (found.rung, found.first_on) == (Rung.CIRCULAR, on(15))
    assert any("15" in line for line in found.explanation)


def test_a_letter_that_nobody_received_comes_first() -> None:
    unserved = RaisedFact(Rung.NOTICE_LETTER, on(1))
    found = outlook(course(unserved), on(40), EDITION)
    assert (found.rung, found.first_on) == (Rung.CIRCULAR, None)
    assert "尚未送达" in found.explanation[0]


def test_while_the_clock_stands_still_no_night_is_named() -> None:
    declared = course(NOTICE, spans=(Standing(date(2026, 1, 1), on(5)),))
    found = outlook(declared, on(7), EDITION)
    assert (found.rung, found.first_on) == (Rung.CIRCULAR, None)
    assert days_of(declared, on(7)) == 4
    assert pauses_of(declared, on(7)) == ((on(5), on(7)),)


def test_days_of_a_pause_put_the_next_rung_off() -> None:
    returned = course(NOTICE, spans=(Standing(date(2026, 1, 1), on(5)), Standing(on(9), None)))
    assert pauses_of(returned, on(12)) == ((on(5), on(8)),)
    assert days_of(returned, on(12)) == 8
    assert outlook(returned, on(12), EDITION).first_on == on(19)


def test_a_suspension_puts_it_off_to_the_day_after_and_a_long_one_out_of_sight() -> None:
    until = course(NOTICE, suspensions=(Suspension(None, on(1), on(20)),))
    assert outlook(until, on(5), EDITION).first_on == on(21)
    endless = course(NOTICE, suspensions=(Suspension(Rung.CIRCULAR, on(1), on(5000)),))
    found = outlook(endless, on(5), EDITION)
    assert (found.rung, found.first_on, found.explanation) == (Rung.CIRCULAR, None, ("暂缓升档期间",))


def test_above_the_highest_rung_in_use_there_is_nothing() -> None:
    summoned = RaisedFact(Rung.SUMMONS, on(30), days=30, served_on=on(31))
    found = outlook(course(NOTICE, summoned), on(40), EDITION)
    assert (found.rung, found.first_on) == (None, None)


def test_other_kinds_count_every_day_and_never_pause() -> None:
    duty = course(kind=EpisodeKind.DUTY, spans=(), cause=EpisodeCause.LATE_DUTY)
    assert days_of(duty, on(9)) == 9
    assert days_of(duty, FROM - timedelta(days=1)) == 0
    assert pauses_of(duty, on(9)) == ()
    assert outlook(duty, on(9), EDITION).first_on == on(9)
