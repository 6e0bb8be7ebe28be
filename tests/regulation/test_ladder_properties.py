"""What holds of the ladder whatever a hazard's past: checked on random lawful pasts, and against a clerk's own hand."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from random import Random
from time import perf_counter

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from app.regulation.ladder_facts import RUNG_ORDERS, EpisodeFact
from app.regulation.vocabulary import Act, Rung, State
from tests.regulation.builders import EDITION
from tests.regulation.ladder_by_hand import kept_by_hand
from tests.regulation.ladder_pasts import LISTED_ON, Past, Run, days_from, listed, nightly, raised_in, served_after
from tests.regulation.ladder_walks import Draw, walked

RUNGS = {one.rung: one for one in EDITION.ladder.rungs}
IN_USE = [RUNG_ORDERS[one.rung] for one in EDITION.ladder.rungs if one.enabled]
GAPS = [0, 0, 1, 1, 2, 3, 5, 8, 13, 21, 34]
AFTER = 60
"""Days that the nights go on after the last act."""

draws_ = st.lists(st.tuples(st.sampled_from(GAPS), st.integers(0, 999)), max_size=14)
terms = st.sampled_from([3, 10, 30, 60])
delays = st.sampled_from([0, 1, 3, 9])
seeds = st.integers(0, 2**32)


def all_nights(past: Past) -> tuple[date, ...]:
    return days_from(LISTED_ON, past.history.steps[-1].on + timedelta(days=AFTER))


def some_nights(past: Past, seed: int) -> list[date]:
    """A random subset of the nights, the last one among them."""
    chance = Random(seed)
    share = chance.choice([0.05, 0.2, 0.6])
    nights = all_nights(past)
    return [night for night in nights[:-1] if chance.random() < share] + [nights[-1]]


def stood_on(past: Past, day: date) -> bool:
    """Whether the enterprise's clock ran at the end of that day, found by walking through the acts."""
    state = None
    for step in past.history.steps:
        state = step.state if step.on <= day else state
    in_round = any(one.opened_on <= day and (one.ended_on is None or one.ended_on > day) for one in past.history.rounds)
    return state is State.LISTED and not in_round


def in_order_and_unskipped(episode: EpisodeFact) -> bool:
    """Its rungs are the ones in use above what was carried, each once, none left out."""
    above = [order for order in IN_USE if order > episode.carried_rung]
    return [one.order for one in episode.raised] == above[: len(episode.raised)]


def check_every_rung(past: Past, run: Run) -> None:
    """Order, waits, thresholds, pauses: of every rung of every episode."""
    for episode in run.episodes:
        assert in_order_and_unskipped(episode)
        nights = [one.raised_on for one in episode.raised]
        assert all(first < second for first, second in pairwise(nights)), "never two a night, none before another"
        for before, one in pairwise(episode.raised):
            assert before.served_on is not None
            assert (one.raised_on - before.served_on).days >= RUNGS[one.rung].wait_days
        for one in episode.raised:
            counted = days_from(episode.counts_from + timedelta(days=1), one.raised_on)
            assert one.days == sum(stood_on(past, day) for day in counted)
            assert stood_on(past, one.raised_on), "no rung while the clock stands still"
            assert one.days >= RUNGS[one.rung].threshold_days
            assert episode.ended_on is None or one.raised_on < episode.ended_on
    for earlier, later in pairwise(run.episodes):
        assert earlier.ended_on is not None
        assert earlier.ended_on <= later.opened_on


@settings(max_examples=60, deadline=None)
@given(draws=draws_, term=terms, delay=delays)
def test_nightly_runs_record_exactly_what_a_clerk_would_by_hand(draws: list[Draw], term: int, delay: int) -> None:
    past = walked(draws, term)
    nights = all_nights(past)
    run = nightly(past, nights, served_after(delay))
    desk = kept_by_hand(past.history, nights[-1], served_after(delay))
    recorded = [(one.cause, one.counts_from, one.opened_on, one.ended_on, one.ended_as) for one in run.episodes]
    assert recorded == [
        (card.cause, card.counts_from, card.opened_on, card.ended_on, card.ended_as) for card in desk.cards
    ]
    assert raised_in(run.history) == [rung for card in desk.cards for rung in card.raised]
    assert run.history.reminded == {(due_on, days) for _, due_on, days in desk.reminders}


@settings(max_examples=60, deadline=None)
@given(draws=draws_, term=terms, delay=delays)
def test_nightly_runs_raise_each_rung_once_in_order_and_never_two_a_night(
    draws: list[Draw], term: int, delay: int
) -> None:
    past = walked(draws, term)
    check_every_rung(past, nightly(past, all_nights(past), served_after(delay)))


@settings(max_examples=100, deadline=None)
@given(draws=draws_, term=terms, delay=delays, seed=seeds)
def test_outages_of_any_length_neither_skip_nor_compress(draws: list[Draw], term: int, delay: int, seed: int) -> None:
    past = walked(draws, term)
    check_every_rung(past, nightly(past, some_nights(past, seed), served_after(delay)))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(draws=draws_, term=terms, seed=seeds)
def test_after_an_outage_a_deadline_that_passed_counts_from_the_day_it_would_have_without(
    draws: list[Draw], term: int, seed: int
) -> None:
    past = walked(draws, term, pauses=False)
    steps = past.history.steps
    # Slowness that was over before the next run, and a hold that ended meanwhile, are not made up for (ladder.py).
    assume(all(step.act is not Act.REQUEST_EXTENSION for step in steps))
    without = {one.counts_from for one in nightly(past, all_nights(past)).episodes}
    assume(without <= {step.deadline for step in steps})
    assert {one.counts_from for one in nightly(past, some_nights(past, seed)).episodes} <= without


@settings(max_examples=60, deadline=None)
@given(draws=draws_, term=terms, delay=delays)
def test_within_a_stretch_no_served_rung_is_raised_again(draws: list[Draw], term: int, delay: int) -> None:
    past = walked(draws, term)
    run = nightly(past, all_nights(past), served_after(delay))
    starts = [step.on for step in past.history.steps if step.act.value in ("list", "relapse")]
    for begun in starts:
        until = min((one for one in starts if one > begun), default=date.max)
        served: list[tuple[date, int]] = []
        for episode in (one for one in run.episodes if begun < one.opened_on <= until):
            known = [order for day, order in served if day <= episode.opened_on]
            assert all(one.order > max(known, default=0) for one in episode.raised)
            served += [(one.served_on, one.order) for one in episode.raised if one.served_on]


@pytest.mark.parametrize("every", [14, 15, 16, 20])
def test_progress_at_the_last_moment_never_starts_the_ladder_anew(every: int) -> None:
    past = listed(deadline=date(2027, 5, 1))
    for day in range(every, 300, every):
        past = past.progress(LISTED_ON + timedelta(days=day))
    run = nightly(past, days_from(LISTED_ON, LISTED_ON + timedelta(days=299)))
    orders = [one.order for one in raised_in(run.history)]
    assert orders == sorted(set(orders))
    assert bool(orders) == (every > 15)


def test_declaring_and_failing_over_and_over_never_starts_the_ladder_anew() -> None:
    past = listed(deadline=date(2026, 6, 10))
    for day in range(12, 200, 4):
        past = past.declare(LISTED_ON + timedelta(days=day)).fail(LISTED_ON + timedelta(days=day + 2))
    run = nightly(past, days_from(LISTED_ON, LISTED_ON + timedelta(days=200)))
    assert [one.rung for one in raised_in(run.history)] == [Rung.NOTICE_LETTER, Rung.CIRCULAR, Rung.SUMMONS]
    assert len(run.episodes) == 1


@settings(max_examples=40, deadline=None)
@given(draws=draws_, term=terms, seed=seeds)
def test_a_service_that_comes_later_never_brings_a_rung_earlier(draws: list[Draw], term: int, seed: int) -> None:
    past = walked(draws, term, pauses=False)
    prompt, tardy = (nightly(past, all_nights(past), served_after(delay)) for delay in (0, 1 + seed % 12))
    for first, second in zip(prompt.episodes, tardy.episodes, strict=True):
        if first.carried_rung == second.carried_rung:
            by_rung = {one.rung: one.raised_on for one in first.raised}
            assert all(by_rung[one.rung] <= one.raised_on for one in second.raised)


def _walked_long(chance: Random, acts: int) -> Past:
    draws: Sequence[Draw] = [(chance.choice(GAPS), chance.randrange(1000)) for _ in range(acts)]
    return walked(draws, chance.choice([10, 30, 60]))


def simulated(seed: int, days: int) -> None:
    """Runs the nights of so many days, some of them missed, over a random past as long as they are."""
    chance = Random(seed)
    past = _walked_long(chance, days // 8)
    every = days_from(LISTED_ON, LISTED_ON + timedelta(days=days - 1))
    check_every_rung(past, nightly(past, [night for night in every if chance.random() < 0.97]))


@pytest.mark.parametrize("seed", range(5))
def test_four_hundred_simulated_days_are_in_order_and_quickly_done(seed: int) -> None:
    started = perf_counter()
    for one in range(3):
        simulated(seed * 3 + one, 400)
    assert perf_counter() - started < 5, "half a second on a quiet machine"


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100))
def test_four_thousand_simulated_days_are_in_order(seed: int) -> None:
    simulated(1000 + seed, 4000)
