"""The ladder of regulators, silent signatories, unanswered letters and subjects with too many overdue, by dates."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from app.regulation.deadlines import CLOCKS, Calendar
from app.regulation.ladder import CalendarMissingError
from app.regulation.ladder_clocks import (
    DUTY_LABELS,
    ISSUE,
    LATE_POSTS,
    SIGN,
    Aggregate,
    AwaitedReply,
    Duty,
    aggregate_due,
    duty_due,
    reply_due,
    silence_term,
)
from app.regulation.ladder_facts import Due, EpisodeFact, RaisedFact, Suspension
from app.regulation.vocabulary import DayUnit, EpisodeCause, EpisodeEnd, EpisodeKind, Rung
from tests.regulation.builders import EDITION, Field
from tests.regulation.ladder_pasts import CALENDAR, days_from

SINCE = date(2026, 6, 1)
"""A Monday."""
NIGHTS = days_from(SINCE, date(2026, 8, 31))
Asking = Callable[[EpisodeFact | None, date], Due]


def june(day: int) -> date:
    return date(2026, 6, day)


def determining(**changes: Field) -> Duty:
    term = EDITION.clocks["determine"].term(SINCE, "fire")
    return replace(Duty("determine", term), **changes)


def nights_of(ask: Asking, nights: Iterable[date] = NIGHTS) -> tuple[EpisodeFact | None, list[tuple[str, Rung]]]:
    """The one episode of a subject after those nights, each letter served two days later, and its rungs by night."""
    episode: EpisodeFact | None = None
    rungs = []
    for night in nights:
        what = ask(episode, night)
        episode = _kept(episode, what, night)
        assert ask(episode, night) == Due(), "a second run of the night finds nothing"
        if what.raising is not None:
            rungs.append((f"{night:%m-%d}", what.raising.rung))
    return episode, rungs


def _kept(episode: EpisodeFact | None, what: Due, night: date) -> EpisodeFact | None:
    episode = what.opening.opened(night) if what.opening else episode
    if episode is not None and what.ending is not None:
        episode = replace(episode, ended_on=what.ending.ended_on, ended_as=what.ending.ended_as)
    if episode is not None and what.raising is not None:
        raised = RaisedFact(what.raising.rung, night, days=what.raising.days, served_on=night + timedelta(days=2))
        episode = replace(episode, raised=(*episode.raised, raised))
    return episode


def asking(duty: Duty) -> Asking:
    return lambda episode, night: duty_due(replace(duty, episode=episode), night, EDITION, CALENDAR)


def asking_for(letter: AwaitedReply) -> Asking:
    return lambda episode, night: reply_due(replace(letter, episode=episode), night, EDITION, CALENDAR)


# ---- Duties


def test_a_late_regulator_climbs_its_own_ladder_from_the_night_after_its_clocks_last_day() -> None:
    # Five working days from Monday 1 June end on Monday 8 June.
    episode, rungs = nights_of(asking(determining()))
    assert episode is not None
    assert (episode.kind, episode.cause, episode.counts_from, episode.opened_on) == (
        EpisodeKind.DUTY,
        EpisodeCause.LATE_DUTY,
        june(8),
        june(9),
    )
    assert rungs == [("06-09", Rung.NOTICE_LETTER), ("06-18", Rung.CIRCULAR), ("06-28", Rung.SUMMONS)]


def test_what_was_done_in_time_or_before_any_night_opens_nothing() -> None:
    assert nights_of(asking(determining(done_on=june(8)))) == (None, [])
    assert nights_of(asking(determining(done_on=june(10))), [june(5), june(12)]) == (None, [])


def test_a_duty_done_late_ends_its_episode_on_that_day() -> None:
    episode, rungs = nights_of(asking(determining(done_on=june(15))))
    assert episode is not None
    assert (episode.ended_on, episode.ended_as) == (june(15), EpisodeEnd.DONE)
    assert rungs == [("06-09", Rung.NOTICE_LETTER)]


def test_a_duty_found_done_before_its_clock_ran_out_ends_no_earlier_than_it_counts_from() -> None:
    episode, _ = nights_of(asking(determining()), [june(9)])
    ending = duty_due(determining(done_on=june(5), episode=episode), june(10), EDITION, CALENDAR).ending
    assert ending is not None
    assert ending.ended_on == june(8)


def test_after_an_outage_a_duty_counts_from_its_own_last_day() -> None:
    episode, rungs = nights_of(asking(determining()), days_from(june(25), date(2026, 7, 10)))
    assert episode is not None
    assert episode.counts_from == june(8)
    assert rungs == [("06-25", Rung.NOTICE_LETTER), ("07-02", Rung.CIRCULAR)]


def test_a_duty_of_its_own_sector_has_that_sectors_days() -> None:
    coal = Duty("verify", EDITION.clocks["verify"].term(SINCE, "coal_mine"))
    episode, _ = nights_of(asking(coal))
    assert episode is not None
    # Twenty days end on Sunday 21 June, which moves to Monday.
    assert episode.counts_from == june(22)


def test_a_level_that_does_not_sign_is_late_by_its_chain() -> None:
    chain = EDITION.chains[0]
    what = duty_due(Duty(SIGN, chain.levels[2].term(SINCE, chain)), june(4), EDITION, CALENDAR)
    assert what.opening is not None
    assert what.opening.explanation == (
        "“签字”应于 2026-06-03 前办理而未办理",
        "自 2026-06-03 的次日起算",
        f"依据:{chain.basis}",
    )


def test_a_silent_signatory_is_late_after_the_editions_working_days() -> None:
    term = silence_term(june(5), EDITION)
    assert (term.days, term.unit) == (3, DayUnit.WORKING)
    episode, _ = nights_of(asking(Duty(ISSUE, term)))
    assert episode is not None
    # Drafted on Friday 5 June: Monday, Tuesday, Wednesday.
    assert episode.counts_from == june(10)


def test_every_clock_has_a_late_post_and_every_duty_a_name() -> None:
    assert set(LATE_POSTS) == CLOCKS
    assert set(DUTY_LABELS) == CLOCKS | {SIGN, ISSUE}


def test_a_suspended_rung_of_a_duty_waits() -> None:
    held = determining(suspensions=(Suspension(None, june(9), june(12)),))
    assert nights_of(asking(held))[1][0] == ("06-13", Rung.NOTICE_LETTER)


def test_a_closed_duty_episode_never_opens_again() -> None:
    episode, _ = nights_of(asking(determining(done_on=june(15))))
    assert duty_due(determining(episode=episode), june(30), EDITION, CALENDAR) == Due()


# ---- Replies


def test_an_unanswered_letter_is_chased_from_the_day_after_its_reply_was_due() -> None:
    episode, rungs = nights_of(asking_for(AwaitedReply(june(8))))
    assert episode is not None
    assert (episode.kind, episode.cause, episode.counts_from) == (EpisodeKind.REPLY, EpisodeCause.UNANSWERED, june(8))
    assert rungs == [("06-09", Rung.NOTICE_LETTER), ("06-18", Rung.CIRCULAR)]


def test_a_reply_in_time_brings_nothing_and_a_late_one_ends_the_chase() -> None:
    assert nights_of(asking_for(AwaitedReply(june(8), answered_on=june(8)))) == (None, [])
    episode, _ = nights_of(asking_for(AwaitedReply(june(8), answered_on=june(12))))
    assert episode is not None
    assert (episode.ended_on, episode.ended_as) == (june(12), EpisodeEnd.ANSWERED)


@pytest.mark.parametrize(
    ("answered_on", "ended"),
    [(None, (june(11), EpisodeEnd.DONE)), (june(10), (june(10), EpisodeEnd.ANSWERED))],
)
def test_a_voided_letter_asks_for_no_reply(answered_on: date | None, ended: tuple[date, EpisodeEnd]) -> None:
    episode, _ = nights_of(asking_for(AwaitedReply(june(8), answered_on, voided_on=june(11))))
    assert episode is not None
    assert (episode.ended_on, episode.ended_as) == ended


# ---- Aggregates


def counted(*counts: int) -> list[tuple[EpisodeFact, ...]]:
    """The aggregate episodes after each of some nights from 1 June on, letters served the day they are raised."""
    kept: tuple[EpisodeFact, ...] = ()
    told = []
    for night, count in zip(NIGHTS, counts, strict=False):
        what = aggregate_due(Aggregate(count, kept), night, EDITION, CALENDAR)
        running = kept[-1] if kept and kept[-1].is_open else None
        after = _kept(None if what.opening else running, what, night)
        if after is not None:
            after = replace(after, raised=tuple(replace(one, served_on=one.raised_on) for one in after.raised))
            kept = (*(kept[:-1] if running else kept), after)
        told.append(kept)
    return told


def test_three_overdue_at_once_open_an_episode_and_two_end_it_that_night() -> None:
    nights = counted(2, 3, 3, 2)
    assert nights[0] == ()
    (opened,) = nights[1]
    assert (opened.kind, opened.cause, opened.counts_from, opened.opened_on) == (
        EpisodeKind.AGGREGATE,
        EpisodeCause.TOO_MANY,
        june(1),
        june(2),
    )
    assert nights[2] == nights[1]
    (ended,) = nights[3]
    assert (ended.ended_on, ended.ended_as) == (june(4), EpisodeEnd.RECEDED)


def test_an_aggregate_climbs_its_own_ladder() -> None:
    (episode,) = counted(*[5] * 30)[-1]
    assert [(one.rung, one.raised_on) for one in episode.raised] == [
        (Rung.NOTICE_LETTER, june(1)),
        (Rung.CIRCULAR, june(10)),
        (Rung.SUMMONS, june(20)),
    ]


def test_flapping_around_the_count_does_not_start_the_aggregate_anew() -> None:
    episodes = counted(*[3, 2] * 20)[-1]
    assert [one.rung for episode in episodes for one in episode.raised] == [Rung.NOTICE_LETTER]
    assert [one.carried_rung for one in episodes][:3] == [0, 1, 1]


def test_after_ninety_days_below_the_count_it_starts_at_the_first_rung() -> None:
    served = RaisedFact(Rung.NOTICE_LETTER, june(1), served_on=june(1))
    before = EpisodeFact(
        EpisodeKind.AGGREGATE, EpisodeCause.TOO_MANY, 1, june(1), june(2), 0, june(10), EpisodeEnd.RECEDED, (served,)
    )
    nights = {june(10) + timedelta(days=days): days for days in (89, 90)}
    found = {
        days: aggregate_due(Aggregate(3, (before,)), night, EDITION, CALENDAR).opening for night, days in nights.items()
    }
    assert {days: one.carried_rung for days, one in found.items() if one} == {89: 1, 90: 0}


def test_in_a_year_without_announced_holidays_none_of_them_answers() -> None:
    unknown = Calendar({}, date(2025, 12, 31))
    with pytest.raises(CalendarMissingError):
        duty_due(determining(), june(9), EDITION, unknown)
    with pytest.raises(CalendarMissingError):
        reply_due(AwaitedReply(june(8)), june(9), EDITION, unknown)
    with pytest.raises(CalendarMissingError):
        aggregate_due(Aggregate(3), june(9), EDITION, unknown)
