"""Who is waited for, by post and age: the SQL and the plain predicate agree on random histories with their rounds."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from app.regulation.indicators import snapshots
from app.regulation.indicators_stays import RoundPast, Wait, waits
from app.statistics.queries import AGES, STAGES, label_of
from tests.statistics.conftest import Ledger
from tests.statistics.histories import DAYS, FIRST_DAY
from tests.statistics.rounds import rounds_of
from tests.statistics.test_twin import EVERYTHING, MOMENTS

Line = tuple[str, str | None]


def answered(found: dict[str, Any]) -> dict[Line, dict[str, Any]]:
    """Count, bands and the oldest, of each stage and post."""
    return {(one["stage"], one["post"]): {"count": one["count"], **one["ages_in_days"]} for one in found["waiting"]}


def expected(waiting: Iterable[Wait]) -> dict[Line, dict[str, Any]]:
    days: dict[Line, list[int]] = defaultdict(list)
    for one in waiting:
        days[one.stage, None if one.post is None else one.post.value].append(one.days)
    return {
        line: {
            "count": len(ages),
            **{
                label_of((low, high)): sum(low <= age and (high is None or age <= high) for age in ages)
                for low, high in AGES
            },
            "oldest": max(ages),
        }
        for line, ages in days.items()
    }


@pytest.mark.parametrize(("on", "known_at"), MOMENTS, ids=str)
def test_every_post_waits_for_as_many_and_as_long_as_the_predicate_says(
    ledger: Ledger, on: date, known_at: datetime
) -> None:
    found = ledger.clearance(as_of=on, known_at=known_at)
    assert answered(found) == expected(waits(ledger.rows, rounds_of(ledger.rows), on, known_at))


def test_week_after_week_the_predicate_and_the_sql_agree(ledger: Ledger) -> None:
    """What seldom stands for long, a withdrawn signature or a correction on the way, stands in some week."""
    rounds = rounds_of(ledger.rows)
    for week in range(DAYS // 7):
        on = FIRST_DAY + timedelta(days=7 * week)
        found = ledger.clearance(as_of=on, known_at=EVERYTHING)
        assert answered(found) == expected(waits(ledger.rows, rounds, on, EVERYTHING)), on


@pytest.mark.parametrize(("on", "known_at"), MOMENTS, ids=str)
def test_who_waits_is_who_the_figures_count(ledger: Ledger, on: date, known_at: datetime) -> None:
    counted = ledger.clearance(as_of=on, known_at=known_at)["figures"]
    waiting = waits(ledger.rows, rounds_of(ledger.rows), on, known_at)
    for stage in STAGES:
        assert sum(one.stage == stage for one in waiting) == counted[f"awaiting_{stage}"]["numerator"]


def test_the_histories_wait_at_every_post_of_the_chain(ledger: Ledger) -> None:
    rounds = rounds_of(ledger.rows)
    posts = {one.post for on, known_at in MOMENTS for one in waits(ledger.rows, rounds, on, known_at)}
    assert posts >= {*rounds[0].posts, None}


# ---- Control runs: a reading with one fault differs somewhere

FAULTS: dict[str, Callable[[RoundPast], RoundPast]] = {
    "withdrawals are ignored": lambda past: replace(
        past, signed=tuple(replace(one, withdrawn_at=None) for one in past.signed)
    ),
    "a turn lasts since the round opened": lambda past: replace(
        past, signed=tuple(replace(one, signed_at=past.opened_at) for one in past.signed)
    ),
    "the levels stand upside down": lambda past: replace(past, posts=past.posts[::-1]),
    "a round belongs to no cycle": lambda past: replace(past, cycle=1),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_in_the_rounds_shows(ledger: Ledger, fault: str) -> None:
    wrong = [FAULTS[fault](past) for past in rounds_of(ledger.rows)]
    assert any(
        answered(ledger.clearance(as_of=on, known_at=known_at)) != expected(waits(ledger.rows, wrong, on, known_at))
        for on, known_at in MOMENTS
    )


def test_the_last_act_does_not_begin_the_waiting(ledger: Ledger) -> None:
    """A correction, or an order, between two signatures: the fault that counted from the newest row would show."""
    rounds = rounds_of(ledger.rows)
    newest = {
        (on, one.row.hazard_id): one.row.occurred_at
        for on, known in MOMENTS
        for one in snapshots(ledger.rows, on, known)
    }
    assert any(
        (on - newest[on, one.hazard_id].date()).days < one.days - 1
        for on, known_at in MOMENTS
        for one in waits(ledger.rows, rounds, on, known_at)
        if one.stage == "signatures"
    )
