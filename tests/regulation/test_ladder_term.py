"""A hazard's term on the ladder, by dates: when an episode opens, from when it counts, what pauses and what ends it."""

from dataclasses import replace
from datetime import date

import pytest

from app.regulation.deadlines import Calendar
from app.regulation.ladder import CalendarMissingError, due, episodes
from app.regulation.ladder_facts import Due
from app.regulation.vocabulary import Act, EpisodeCause, EpisodeEnd, Rung, State
from tests.regulation.builders import EDITION
from tests.regulation.ladder_pasts import CALENDAR, Past, days_from, listed, moving, nightly, served_after

JUNE_1, JULY_1 = date(2026, 6, 1), date(2026, 7, 1)
LONG = days_from(JUNE_1, date(2026, 10, 31))


def june(day: int) -> date:
    return date(2026, 6, day)


def july(day: int) -> date:
    return date(2026, 7, day)


def august(day: int) -> date:
    return date(2026, 8, day)


def told(past: Past, last: date = date(2026, 10, 31)) -> list[tuple[str, str, str, str]]:
    """(cause, counts from, opened on, end) of every episode of nightly runs."""
    return [
        (
            one.cause.value,
            f"{one.counts_from:%m-%d}",
            f"{one.opened_on:%m-%d}",
            f"{one.ended_as.value} {one.ended_on:%m-%d}" if one.ended_as and one.ended_on else "",
        )
        for one in nightly(past, days_from(past.history.steps[0].on, last)).episodes
    ]


# ---- Opening


def test_nothing_is_due_until_the_deadlines_day_is_over() -> None:
    past = moving(july(20))
    assert nightly(past, days_from(JUNE_1, july(20))).rungs == []
    assert due(past.history, july(21), EDITION, CALENDAR).opening is not None


def test_an_overdue_hazard_climbs_at_1_15_and_30_days() -> None:
    run = nightly(moving(july(20)), LONG)
    assert run.rungs == [
        ("07-21", Rung.NOTICE_LETTER),
        ("08-04", Rung.CIRCULAR),
        ("08-19", Rung.SUMMONS),
    ]


def test_a_hazard_without_a_deadline_is_never_overdue_and_still_may_be_slow() -> None:
    assert told(listed(deadline=None)) == [("slow", "06-15", "06-16", "")]


def test_a_hazard_declared_by_its_deadline_is_not_overdue_while_that_is_undecided() -> None:
    assert told(moving(july(17)).declare(july(20))) == []


def test_declared_in_time_and_failed_later_it_counts_from_the_day_it_came_back() -> None:
    past = moving(july(17)).declare(july(20)).fail(august(3))
    assert told(past) == [("overdue", "08-03", "08-04", "")]


def test_declared_late_it_stands_still_and_goes_on_where_it_stood() -> None:
    past = moving(july(20)).declare(july(25)).fail(august(10))
    run = nightly(past, LONG)
    # 21 to 24 July are four days, 25 July to 9 August stand still, 10 August is the fifth.
    assert run.rungs == [
        ("07-21", Rung.NOTICE_LETTER),
        ("08-20", Rung.CIRCULAR),
        ("09-04", Rung.SUMMONS),
    ]


def test_an_imported_hazard_counts_nothing_before_go_live() -> None:
    past = listed(date(2024, 3, 1), date(2024, 6, 1)).with_(not_before=july(10))
    run = nightly(past, days_from(july(1), july(31)))
    assert [(one.counts_from, one.cause) for one in run.episodes] == [(july(10), EpisodeCause.OVERDUE)]
    assert run.rungs[0] == ("07-11", Rung.NOTICE_LETTER)


def test_fixed_on_the_spot_and_failed_it_is_overdue_by_the_deadline_the_return_sets() -> None:
    past = listed(deadline=None).declare(june(2))
    returned = Past(replace(past.history, deadline=june(20))).fail(june(10))
    assert told(returned)[0] == ("overdue", "06-20", "06-21", "")


# ---- Extension


def test_a_timely_request_holds_the_opening_until_the_decision_days_are_over() -> None:
    # Asked on Monday 20 July: the tenth working day is Monday 3 August.
    past = moving(july(20)).request(july(20))
    assert told(past) == [("overdue", "07-20", "08-04", "")]
    earlier = moving(july(13)).request(july(13)).progress(july(20)).progress(july(27))
    assert told(earlier)[0] == ("overdue", "07-20", "07-28", "")


def test_the_hold_counts_once_the_episode_opens() -> None:
    run = nightly(moving(july(20)).request(july(20)), LONG)
    assert run.rungs[0] == ("08-04", Rung.NOTICE_LETTER)
    assert run.episodes[0].raised[0].days == 15


def test_a_refusal_ends_the_hold_that_day() -> None:
    assert told(moving(july(20)).request(july(20)).refuse(july(23)))[0] == ("overdue", "07-20", "07-23", "")


def test_granted_in_time_there_is_no_episode_until_the_new_deadline() -> None:
    past = moving(july(20)).request(july(20)).grant(july(24), august(5))
    assert told(past, august(8)) == [("overdue", "08-05", "08-06", "")]


def test_a_request_made_after_the_deadline_holds_nothing() -> None:
    assert told(moving(july(20)).request(july(21)))[0] == ("overdue", "07-20", "07-21", "")


def test_a_request_lapses_with_its_cycle() -> None:
    past = moving(july(13)).request(july(20)).declare(july(21)).fail(july(23))
    assert told(past)[0] == ("overdue", "07-23", "07-24", "")


def test_a_request_on_a_hazard_without_a_deadline_holds_nothing() -> None:
    past = listed(deadline=None).request(june(5))
    assert told(past) == [("slow", "06-15", "06-16", "")]


def test_an_extension_granted_late_ends_the_episode_and_the_next_goes_on_above_what_was_served() -> None:
    past = (
        moving(july(20)).request(july(20)).grant(august(10), august(31)).progress(august(20)).progress(date(2026, 9, 1))
    )
    run = nightly(past, LONG)
    assert told(past)[0] == ("overdue", "07-20", "08-04", "extended 08-10")
    first, second = run.episodes
    assert [one.rung for one in first.raised] == [Rung.NOTICE_LETTER]
    assert (second.counts_from, second.carried_rung) == (august(31), 1)
    assert [(one.rung, one.raised_on) for one in second.raised] == [
        (Rung.CIRCULAR, date(2026, 9, 15)),
        (Rung.SUMMONS, date(2026, 9, 30)),
    ]


def test_an_extension_to_a_day_already_passed_opens_the_next_episode_from_that_day() -> None:
    past = moving(july(20)).request(july(20)).grant(august(20), august(3))
    assert told(past) == [("overdue", "07-20", "08-04", "extended 08-20"), ("overdue", "08-03", "08-20", "")]


# ---- Slowness


def test_without_progress_it_is_slow_after_fifteen_days() -> None:
    run = nightly(listed(), days_from(JUNE_1, june(30)))
    assert [(one.cause, one.counts_from, one.opened_on) for one in run.episodes] == [
        (EpisodeCause.SLOW, june(15), june(16))
    ]
    assert run.rungs == [("06-16", Rung.NOTICE_LETTER), ("06-30", Rung.CIRCULAR)]


@pytest.mark.parametrize("day", [2, 9, 15])
def test_progress_starts_the_fifteen_days_anew(day: int) -> None:
    run = nightly(listed().progress(june(day)), LONG)
    assert (run.episodes[0].opened_on - june(day)).days == 15


def test_progress_ends_a_slow_episode_on_its_day() -> None:
    past = listed().progress(june(20)).progress(july(1)).progress(july(10))
    assert told(past, july(20)) == [("slow", "06-15", "06-16", "caught_up 06-20")]


def test_a_plan_under_review_is_not_slow_and_ends_slowness() -> None:
    past = listed().plan(june(20))
    assert told(past, july(20)) == [("slow", "06-15", "06-16", "caught_up 06-20")]


@pytest.mark.parametrize("decided", ["approve", "return_plan"])
def test_the_decision_on_a_plan_starts_the_days_anew(decided: str) -> None:
    past = getattr(listed().plan(june(5)), decided)(june(20))
    assert told(past, july(20))[0] == ("slow", "07-04", "07-05", "")


def test_a_milestone_missed_by_seven_days_is_slow_though_progress_is_reported() -> None:
    past = listed(deadline=august(31)).plan(june(2)).approve(june(3), pumps=june(10))
    for day in (9, 16, 23, 30):
        past = past.progress(june(day))
    assert told(past, june(30)) == [("slow", "06-16", "06-17", "")]


def test_progress_naming_the_milestone_reaches_it_and_ends_slowness() -> None:
    past = listed(deadline=august(31)).plan(june(2)).approve(june(3), pumps=june(10))
    past = past.progress(june(16)).progress(june(20)).progress(june(25), "pumps")
    assert told(past, july(5)) == [("slow", "06-16", "06-17", "caught_up 06-25")]


def test_of_two_missed_milestones_reaching_one_is_not_enough() -> None:
    past = listed(deadline=august(31)).plan(june(2)).approve(june(3), pumps=june(10), valves=june(12))
    past = past.progress(june(16)).progress(june(25), "pumps").progress(july(1), "valves")
    assert told(past, july(5)) == [("slow", "06-16", "06-17", "caught_up 07-01")]


def test_a_milestone_reached_early_is_never_missed() -> None:
    past = listed(deadline=august(31)).plan(june(2)).approve(june(3), pumps=june(10)).progress(june(5), "pumps")
    assert told(past.progress(june(18)), july(2)) == []


def test_a_returned_plans_milestones_no_longer_bind() -> None:
    past = listed(deadline=august(31)).plan(june(2)).approve(june(3), pumps=june(10)).return_plan(june(15))
    assert told(past, june(29)) == []


def test_a_milestone_of_a_plan_approved_late_counts_from_the_approval() -> None:
    past = listed(deadline=august(31)).plan(june(2)).approve(june(20), pumps=june(10))
    assert told(past, june(30)) == [("slow", "06-26", "06-27", "")]


def test_a_grant_starts_both_counts_of_slowness_anew() -> None:
    past = moving(june(22), deadline=july(20)).plan(june(22)).approve(june(23), pumps=june(25))
    past = past.request(june(26)).grant(june(30), august(31))
    assert told(past, july(10)) == [("slow", "07-06", "07-07", "")]
    assert told(moving(june(22)).request(june(23)).grant(june(30), august(31)), july(20)) == [
        ("slow", "07-14", "07-15", "")
    ]


def test_the_milestones_of_a_plan_of_before_the_closing_bind_no_relapsed_hazard() -> None:
    past = listed().plan(june(2)).approve(june(3), pumps=june(10)).declare(june(11)).close(june(12))
    assert told(past.relapse(june(20), august(31)), july(20)) == [("slow", "07-04", "07-05", "")]


def test_the_deadline_of_a_slow_hazard_passes_in_the_same_episode_and_progress_ends_it_no_more() -> None:
    slow = nightly(moving(june(29)).progress(july(24)), days_from(JUNE_1, august(5)))
    assert [night for night, what in slow.nights if what.becomes_overdue] == [july(21)]
    (only,) = slow.episodes
    assert (only.cause, only.counts_from, only.is_open) == (EpisodeCause.OVERDUE, july(13), True)


def test_progress_after_the_deadline_ends_no_slow_episode_though_no_night_saw_it_pass() -> None:
    run = nightly(moving(june(29)).progress(july(24)), [july(14), july(25)])
    (only,) = run.episodes
    assert (only.cause, only.counts_from, only.is_open) == (EpisodeCause.OVERDUE, july(13), True)


def test_slow_and_overdue_on_the_same_night_it_counts_from_the_earlier() -> None:
    past = moving(july(6), deadline=july(21))
    assert told(past, july(25)) == [("overdue", "07-20", "07-21", "")]


# ---- What stands still


def test_a_failed_verification_resumes_a_slow_episode_and_is_no_progress() -> None:
    past = listed(deadline=august(31)).declare(june(20)).fail(june(28))
    run = nightly(past, days_from(JUNE_1, july(20)))
    assert [(one.cause, one.is_open) for one in run.episodes] == [(EpisodeCause.SLOW, True)]
    # 16 to 19 June are four days; 28 June is the fifth, 8 July the fifteenth.
    assert run.rungs == [("06-16", Rung.NOTICE_LETTER), ("07-08", Rung.CIRCULAR)]


def test_no_episode_opens_while_a_withdrawal_is_signed() -> None:
    past = moving(july(13)).round(july(18), july(28))
    assert told(past, august(5)) == [("overdue", "07-28", "07-29", "")]


def test_a_withdrawal_round_pauses_an_open_episode() -> None:
    past = moving(july(20)).round(july(25), august(10))
    assert nightly(past, LONG).rungs[1] == ("08-20", Rung.CIRCULAR)


def test_a_round_opened_and_ended_on_one_day_pauses_nothing() -> None:
    past = moving(july(20)).round(july(25), july(25))
    assert nightly(past, LONG).rungs[1] == ("08-04", Rung.CIRCULAR)


def test_two_declarations_and_failures_on_one_day_pause_nothing() -> None:
    past = moving(july(20)).declare(july(25)).fail(july(25)).declare(july(25)).fail(july(25))
    assert nightly(past, LONG).rungs[1] == ("08-04", Rung.CIRCULAR)


# ---- Endings and stretches


def test_closing_ends_the_episode_on_its_day() -> None:
    assert told(moving(july(20)).declare(july(25)).close(august(3))) == [("overdue", "07-20", "07-21", "closed 08-03")]


def test_a_withdrawal_that_dismisses_the_hazard_ends_the_episode() -> None:
    past = moving(july(20)).round(july(25), august(3)).then(august(3), Act.SIGN, State.DISMISSED)
    assert told(past) == [("overdue", "07-20", "07-21", "closed 08-03")]


def test_a_relapsed_hazard_starts_at_the_first_rung_again() -> None:
    past = moving(july(20)).declare(august(7)).close(august(10)).relapse(august(20), august(31))
    run = nightly(past, LONG)
    assert [one.carried_rung for one in run.episodes] == [0, 0]
    assert [one.raised[0].rung for one in run.episodes] == [Rung.NOTICE_LETTER, Rung.NOTICE_LETTER]


def test_closed_and_relapsed_on_one_day_it_is_slow_by_its_new_stretch_only() -> None:
    past = listed().declare(june(27)).close(june(27)).relapse(june(27), august(31))
    assert told(past, july(11)) == [("slow", "06-15", "06-16", "closed 06-27")]
    assert told(past, july(12))[1] == ("slow", "07-11", "07-12", "")


def test_what_was_raised_and_never_served_is_raised_again() -> None:
    past = listed(deadline=august(31)).progress(june(18))
    run = nightly(past, days_from(JUNE_1, july(5)), serve=served_after(30))
    assert run.rungs == [("06-16", Rung.NOTICE_LETTER), ("07-03", Rung.NOTICE_LETTER)]
    assert run.episodes[1].carried_rung == 0


def test_an_episode_that_closed_and_began_again_in_an_outage_is_ended_and_a_new_one_opened() -> None:
    past = moving(july(20)).declare(july(25)).close(july(27)).relapse(july(28), august(5))
    run = nightly(past, [july(21), august(10)])
    first, second = run.episodes
    assert (first.ended_as, first.ended_on) == (EpisodeEnd.CLOSED, july(27))
    assert (second.counts_from, second.opened_on, second.carried_rung) == (august(5), august(10), 0)


def test_caught_up_and_slow_again_in_an_outage_are_two_episodes() -> None:
    past = listed(deadline=august(31)).progress(june(25))
    run = nightly(past, [june(16), july(20)])
    assert [(one.counts_from, one.ended_as, one.ended_on) for one in run.episodes] == [
        (june(15), EpisodeEnd.CAUGHT_UP, june(25)),
        (date(2026, 7, 9), None, None),
    ]


def test_the_earliest_fact_ends_an_episode_whatever_came_later_in_the_outage() -> None:
    past = listed().progress(june(20)).request(june(25)).grant(june(30), august(10)).declare(july(2)).close(july(5))
    (only,) = nightly(past, [june(16), july(10)]).episodes
    assert (only.ended_as, only.ended_on) == (EpisodeEnd.CAUGHT_UP, june(20))
    past = listed().request(june(25)).grant(june(30), august(10)).progress(july(1)).declare(july(2)).close(july(5))
    (only,) = nightly(past, [june(16), july(10)]).episodes
    assert (only.ended_as, only.ended_on) == (EpisodeEnd.EXTENDED, june(30))


def test_progress_entered_later_for_a_day_before_the_episode_ends_it_on_its_first_day() -> None:
    opened = nightly(listed(), [june(16)])
    back_entered = listed().progress(june(12)).with_(episodes=opened.episodes)
    ending = due(back_entered.history, june(17), EDITION, CALENDAR).ending
    assert ending is not None
    assert (ending.ended_on, ending.ended_as) == (june(16), EpisodeEnd.CAUGHT_UP)


def test_what_began_and_ended_between_two_runs_is_not_recorded() -> None:
    past = listed(deadline=august(31)).progress(june(20))
    assert nightly(past, [june(10), june(25)]).episodes == ()


# ---- Outage and clock


def test_after_an_outage_the_episode_counts_from_the_true_day_and_climbs_rung_by_rung() -> None:
    nights = [*days_from(JUNE_1, july(20)), *days_from(date(2026, 9, 10), date(2026, 9, 30))]
    run = nightly(moving(july(20)), nights)
    assert run.episodes[0].counts_from == july(20)
    assert run.rungs == [("09-10", Rung.NOTICE_LETTER), ("09-17", Rung.CIRCULAR), ("09-26", Rung.SUMMONS)]


def test_a_run_for_an_earlier_day_sees_nothing_of_what_came_after() -> None:
    past = moving(july(20)).declare(july(30)).close(august(5))
    run = nightly(past, days_from(JUNE_1, august(10)))
    assert due(run.history, july(25), EDITION, CALENDAR).is_empty
    assert episodes(run.history, july(25), EDITION, CALENDAR)[0].ended_on == august(5)
    assert due(past.history, date(2026, 5, 1), EDITION, CALENDAR) == Due()


def test_in_a_year_without_announced_holidays_nothing_is_raised_and_it_is_said_loudly() -> None:
    with pytest.raises(CalendarMissingError, match="2027 年节假日安排尚未导入"):
        due(moving(july(20)).history, date(2027, 1, 1), EDITION, Calendar({}, date(2026, 12, 31)))


def test_every_answer_explains_itself() -> None:
    run = nightly(moving(july(20)).request(july(20)).grant(august(10), august(31)), LONG)
    first = next(what for _, what in run.nights if what.opening)
    assert first.opening is not None
    assert first.opening.explanation == ("整改期限 2026-07-20 已过而未报告整改完成", "自 2026-07-20 的次日起算")
    assert [what.ending.explanation for _, what in run.nights if what.ending] == [
        ("2026-08-10 延期已获批准,本升级周期结束(“已批准延期”)",)
    ]
    slow = due(listed().history, june(16), EDITION, CALENDAR).opening
    assert slow is not None
    assert slow.explanation[0].startswith("整改进展缓慢")
