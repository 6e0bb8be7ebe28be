"""One step up the ladder: order, service, waits, answers, suspensions, and what a letter says of them."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from app.regulation.edition import Edition
from app.regulation.ladder import due
from app.regulation.ladder_facts import RaisedFact, Suspension
from app.regulation.vocabulary import EpisodeKind, RaiseReason, Rung
from tests.regulation.builders import EDITION, Field
from tests.regulation.ladder_pasts import (
    CALENDAR,
    Past,
    Serve,
    days_from,
    listed,
    moving,
    never_served,
    nightly,
    served_after,
)

FIRST, LAST = date(2026, 7, 20), date(2026, 12, 31)
NIGHTS = days_from(FIRST, LAST)
OVERDUE = moving(FIRST)


def with_rung(rung: Rung, **changes: Field) -> Edition:
    """The shipped edition with one rung changed."""
    rungs = tuple(replace(one, **changes) if one.rung is rung else one for one in EDITION.ladder.rungs)
    return replace(EDITION, ladder=replace(EDITION.ladder, rungs=rungs))


def answered(reply_due_on: date, answered_on: date | None) -> Serve:
    """Each letter served on its day, the reply due and given on those days."""
    return lambda rung: replace(rung, served_on=rung.raised_on, reply_due_on=reply_due_on, answered_on=answered_on)


def suspended(past: Past, rung: Rung | None, from_on: date, until_on: date) -> Past:
    return past.with_(suspensions=(Suspension(rung, from_on, until_on),))


def test_no_rung_is_raised_above_one_that_is_not_served() -> None:
    assert nightly(OVERDUE, NIGHTS, never_served).rungs == [("07-21", Rung.NOTICE_LETTER)]


@pytest.mark.parametrize(
    ("days", "second", "third"),
    [(0, "08-04", "08-19"), (9, "08-04", "08-20"), (10, "08-05", "08-22"), (20, "08-15", "09-11")],
)
def test_a_rung_waits_its_days_after_the_service_of_the_one_before(days: int, second: str, third: str) -> None:
    run = nightly(OVERDUE, NIGHTS, served_after(days))
    assert [day for day, _ in run.rungs] == ["07-21", second, third]


def test_a_letter_served_on_the_night_it_was_raised_brings_no_second_rung_that_night() -> None:
    quick = with_rung(Rung.CIRCULAR, wait_days=0)
    run = nightly(OVERDUE, days_from(date(2026, 9, 1), date(2026, 9, 10)), served_after(0), quick)
    assert run.rungs == [("09-01", Rung.NOTICE_LETTER), ("09-02", Rung.CIRCULAR), ("09-09", Rung.SUMMONS)]


def test_a_later_run_of_the_night_raises_nothing_though_the_letter_was_served_meanwhile() -> None:
    quick = with_rung(Rung.CIRCULAR, wait_days=0)
    night = date(2026, 9, 1)
    served = nightly(OVERDUE, [night], served_after(0), quick).history
    assert due(served, night, quick, CALENDAR).is_empty
    assert due(served, night + timedelta(days=1), quick, CALENDAR).raising is not None


def test_no_rung_is_raised_while_the_clock_stands_still_though_its_days_and_wait_have_run() -> None:
    past = OVERDUE.declare(date(2026, 8, 8)).fail(date(2026, 9, 1))
    run = nightly(past, NIGHTS, served_after(20))
    # Served on 10 August, its wait over on 15 August; declared from 8 August to 1 September.
    assert run.rungs[1] == ("09-01", Rung.CIRCULAR)


def test_an_unanswered_letter_brings_the_circular_before_its_days() -> None:
    run = nightly(OVERDUE, NIGHTS, answered(date(2026, 7, 28), None))
    assert run.rungs[1] == ("07-29", Rung.CIRCULAR)
    assert run.episodes[0].raised[1].reason is RaiseReason.NO_REPLY
    assert run.episodes[0].raised[1].days == 9


def test_an_unanswered_letter_brings_nothing_before_its_own_wait() -> None:
    run = nightly(OVERDUE, NIGHTS, answered(date(2026, 7, 22), None))
    assert run.rungs[1] == ("07-26", Rung.CIRCULAR)


@pytest.mark.parametrize(
    ("answered_on", "second"),
    [(date(2026, 7, 28), "08-04"), (date(2026, 7, 29), "08-04"), (date(2026, 7, 30), "07-29")],
)
def test_an_answer_that_came_by_the_night_leaves_the_days_to_decide(answered_on: date, second: str) -> None:
    run = nightly(OVERDUE, NIGHTS, answered(date(2026, 7, 28), answered_on))
    assert run.rungs[1] == (second, Rung.CIRCULAR)


def test_the_summons_does_not_come_earlier_for_want_of_a_reply() -> None:
    assert nightly(OVERDUE, NIGHTS, answered(date(2026, 7, 22), None)).rungs[2] == ("08-19", Rung.SUMMONS)


def test_a_slow_enterprise_gets_the_first_letter_whatever_the_rungs_days() -> None:
    late = with_rung(Rung.NOTICE_LETTER, threshold_days=10)
    run = nightly(listed(), days_from(date(2026, 6, 1), date(2026, 6, 30)), edition=late)
    assert run.rungs[0] == ("06-16", Rung.NOTICE_LETTER)
    assert run.episodes[0].raised[0].reason is RaiseReason.SLOW


def test_overdue_the_first_letter_waits_for_the_rungs_days() -> None:
    late = with_rung(Rung.NOTICE_LETTER, threshold_days=10)
    run = nightly(OVERDUE, NIGHTS, edition=late)
    assert run.rungs[0] == ("07-30", Rung.NOTICE_LETTER)
    assert run.episodes[0].raised[0].reason is RaiseReason.THRESHOLD


def test_the_switched_off_rungs_are_never_raised() -> None:
    assert {rung for _, rung in nightly(OVERDUE, NIGHTS).rungs} == {Rung.NOTICE_LETTER, Rung.CIRCULAR, Rung.SUMMONS}


def test_exposure_switched_on_comes_after_the_summons() -> None:
    run = nightly(OVERDUE, NIGHTS, edition=with_rung(Rung.EXPOSURE, enabled=True))
    assert run.rungs[3] == ("09-18", Rung.EXPOSURE)


def test_with_the_circular_switched_off_the_summons_follows_the_letter() -> None:
    run = nightly(OVERDUE, NIGHTS, edition=with_rung(Rung.CIRCULAR, enabled=False))
    assert run.rungs == [("07-21", Rung.NOTICE_LETTER), ("08-19", Rung.SUMMONS)]


def test_a_suspended_rung_and_all_above_it_wait_until_the_suspension_is_over() -> None:
    past = suspended(OVERDUE, Rung.CIRCULAR, date(2026, 8, 1), date(2026, 8, 25))
    assert nightly(past, NIGHTS).rungs == [
        ("07-21", Rung.NOTICE_LETTER),
        ("08-26", Rung.CIRCULAR),
        ("09-04", Rung.SUMMONS),
    ]


def test_a_suspension_without_a_rung_keeps_every_one_back() -> None:
    past = suspended(OVERDUE, None, date(2026, 7, 21), date(2026, 7, 31))
    assert nightly(past, NIGHTS).rungs[0] == ("08-01", Rung.NOTICE_LETTER)


def test_a_suspension_of_another_rung_keeps_nothing_back() -> None:
    past = suspended(OVERDUE, Rung.SUMMONS, date(2026, 7, 21), date(2026, 8, 10))
    assert [day for day, _ in nightly(past, NIGHTS).rungs] == ["07-21", "08-04", "08-19"]


def test_a_rung_carried_over_keeps_its_wait() -> None:
    past = listed(deadline=date(2026, 8, 31)).progress(date(2026, 6, 18))
    serve = served_after(14)
    run = nightly(past, days_from(date(2026, 6, 1), date(2026, 7, 31)), serve)
    # The letter of 16 June was served on 30 June; the second episode opens on 3 July and goes on above it.
    assert run.episodes[1].carried_rung == 1
    assert run.rungs == [("06-16", Rung.NOTICE_LETTER), ("07-17", Rung.CIRCULAR)]


def test_an_unanswered_letter_of_the_episode_before_counts_as_unanswered() -> None:
    past = listed(deadline=date(2026, 8, 31)).progress(date(2026, 6, 18))
    run = nightly(past, days_from(date(2026, 6, 1), date(2026, 7, 31)), answered(date(2026, 6, 23), None))
    assert run.rungs == [("06-16", Rung.NOTICE_LETTER), ("07-03", Rung.CIRCULAR)]
    assert run.episodes[1].raised[0].reason is RaiseReason.NO_REPLY


def test_a_carried_rung_is_carried_through_an_episode_that_raised_none() -> None:
    past = listed(deadline=date(2026, 9, 30)).progress(date(2026, 6, 19)).progress(date(2026, 7, 6))
    run = nightly(past, days_from(date(2026, 6, 1), date(2026, 8, 10)))
    assert [(one.carried_rung, [rung.rung for rung in one.raised]) for one in run.episodes] == [
        (0, [Rung.NOTICE_LETTER]),
        (1, []),
        (1, [Rung.CIRCULAR]),
    ]


def test_a_rung_says_which_number_it_comes_from() -> None:
    run = nightly(OVERDUE, NIGHTS, answered(date(2026, 7, 28), None))
    told = [what.raising.explanation for _, what in run.nights if what.raising]
    assert told[0] == (
        "自 2026-07-20 的次日起算,至 2026-07-21 计 1 日(中止期间不计)",
        "已达到“函告”规定的 1 日",
        f"依据:{EDITION.ladder.rungs[0].basis}",
    )
    assert told[1][1] == "“函告”应于 2026-07-28 前复函而未复,不待 15 日"
    assert told[1][2] == "上一档“函告”于 2026-07-21 送达,已满 8 日(须满 5 日)"
    assert told[2][1] == "已达到“约谈”规定的 30 日"
    slow = due(listed().history, date(2026, 6, 16), EDITION, CALENDAR).raising
    assert slow is not None
    assert slow.explanation[1] == "整改进展缓慢,不待 1 日即可“函告”"


def test_the_order_of_a_rung_is_its_place_on_the_ladder() -> None:
    raised = RaisedFact(Rung.SUMMONS, FIRST)
    raising = due(OVERDUE.history, FIRST + timedelta(days=1), EDITION, CALENDAR).raising
    assert raising is not None
    assert (raised.order, raising.order) == (3, 1)


def test_each_kind_of_episode_has_rungs_of_its_own() -> None:
    ladder = EDITION.ladder
    assert ladder.rungs_of(EpisodeKind.TERM) == ladder.rungs
    assert ladder.rungs_of(EpisodeKind.DUTY) == ladder.duty_rungs
    assert ladder.rungs_of(EpisodeKind.REPLY) == ladder.reply_rungs
    assert ladder.rungs_of(EpisodeKind.AGGREGATE) == ladder.aggregate_rungs


# ---- Reminders


def test_reminders_go_15_7_and_3_days_before_the_deadline_once_each() -> None:
    run = nightly(OVERDUE, days_from(date(2026, 6, 1), FIRST))
    assert run.reminders == [("07-05", 15), ("07-13", 7), ("07-17", 3)]


def test_after_an_outage_one_reminder_goes_not_three() -> None:
    run = nightly(OVERDUE, days_from(date(2026, 7, 18), FIRST))
    assert run.reminders == [("07-18", 3)]


def test_on_the_last_day_it_still_may_go_and_after_it_none() -> None:
    assert nightly(OVERDUE, [FIRST]).reminders == [("07-20", 3)]
    assert nightly(OVERDUE, [FIRST + timedelta(days=1)]).reminders == []
    what = due(OVERDUE.history, FIRST, EDITION, CALENDAR).reminder
    assert what is not None
    assert what.explanation[0] == "整改期限 2026-07-20,今日到期"


def test_a_new_deadline_is_reminded_of_anew() -> None:
    past = OVERDUE.request(date(2026, 7, 14)).grant(date(2026, 7, 16), date(2026, 8, 20))
    run = nightly(past, days_from(date(2026, 6, 1), date(2026, 8, 20)))
    assert run.reminders == [("07-05", 15), ("07-13", 7), ("08-05", 15), ("08-13", 7), ("08-17", 3)]


def test_who_has_declared_is_not_reminded() -> None:
    assert nightly(OVERDUE.declare(FIRST - timedelta(days=10)), NIGHTS).reminders == []


def test_a_hazard_without_a_deadline_or_a_past_is_not_reminded() -> None:
    assert nightly(listed(deadline=None), [date(2026, 6, 2)]).reminders == []
    unlisted = listed().with_(steps=())
    assert nightly(unlisted, [date(2026, 7, 15)]).reminders == []
