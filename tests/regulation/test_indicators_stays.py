"""Time in each state and at each post: stretches of acts and of turns to sign, in days of Asia/Shanghai."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from app.regulation.indicators_stays import (
    RoundPast,
    SignedLevel,
    Turn,
    Wait,
    days_at_posts,
    days_in_states,
    stays,
    turns,
    waits,
)
from app.regulation.vocabulary import Act, PostKind, Purpose, State
from tests.regulation.builders import CHAIN
from tests.regulation.test_indicators import AS_OF, DEADLINE, day, history, then

ONE, TWO, THREE, _FOUR = CHAIN
OPENED = day(20)
ROUND = RoundPast(1, 1, Purpose.CLOSING, OPENED, CHAIN)


def test_a_hazard_stays_in_a_state_from_the_act_that_led_in_to_the_one_that_led_out() -> None:
    found = stays(history(declared=day(10), closed=day(20)), AS_OF)
    assert [(one.state, one.since, one.until) for one in found] == [
        (State.REPORTED, day(0), day(2)),
        (State.LISTED, day(2), day(10)),
        (State.RECTIFIED, day(10), day(20)),
        (State.CLOSED, day(20), None),
    ]


def test_a_failed_verification_begins_a_new_stay() -> None:
    rows = history(declared=day(10))
    rows.append(then(rows[-1], Act.FAIL_VERIFICATION, day(12), to_state=State.LISTED, cycle=2, declared_at=None))
    assert [one.state for one in stays(rows, AS_OF)] == [State.REPORTED, State.LISTED, State.RECTIFIED, State.LISTED]


def test_what_comes_after_the_day_or_was_not_yet_known_ends_no_stay() -> None:
    rows = history(declared=day(10), closed=day(20))
    late = replace(rows[-1], recorded_at=day(40))
    assert stays(rows, date(2024, 5, 5))[-1].until is None
    assert stays([*rows[:-1], late], AS_OF, known_at=day(39))[-1].state is State.RECTIFIED
    assert stays([], AS_OF) == []


def test_a_correction_restates_and_begins_nothing() -> None:
    rows = history(declared=day(10), closed=day(20))
    copies = [replace(row, id=900 + row.id, unit_id=1, recorded_at=day(50), restates=row.id) for row in rows]
    assert stays([*rows, *copies], AS_OF) == stays(rows, AS_OF)


def test_days_in_states_are_of_the_ended_stretches_of_what_was_found() -> None:
    rows = [*history(1, declared=day(10), closed=day(20)), *history(2)]
    rows += [row for row in history(3) if row.act is Act.REPORT]
    found = days_in_states(rows, AS_OF)
    assert {state: sorted(days) for state, days in found.items()} == {
        State.REPORTED: [2, 2],
        State.LISTED: [8],
        State.RECTIFIED: [10],
    }


def test_the_turn_is_the_lowest_unsigned_levels_and_passes_with_each_signature() -> None:
    past = replace(ROUND, signed=(SignedLevel(1, day(21)), SignedLevel(2, day(25))))
    assert turns(past, day(30)) == [Turn(ONE, OPENED, day(21)), Turn(TWO, day(21), day(25)), Turn(THREE, day(25), None)]
    assert turns(past, day(22)) == [Turn(ONE, OPENED, day(21)), Turn(TWO, day(21), None)]
    assert turns(past, day(19)) == []


def test_a_withdrawn_signature_gives_the_turn_back() -> None:
    past = replace(ROUND, signed=(SignedLevel(1, day(21), withdrawn_at=day(23)),))
    assert [turn.post for turn in turns(past, day(30))] == [ONE, TWO, ONE]
    assert turns(past, day(30))[-1].since == day(23)


def test_a_round_that_ended_waits_for_nobody() -> None:
    refused = replace(ROUND, signed=(SignedLevel(1, day(21)),), ended_at=day(24))
    assert turns(refused, day(30))[-1] == Turn(TWO, day(21), day(24))
    signed = tuple(SignedLevel(level, day(20 + level)) for level in range(1, 5))
    complete = replace(ROUND, signed=signed, ended_at=day(24))
    assert [turn.until for turn in turns(complete, day(30))] == [day(21), day(22), day(23), day(24)]


def test_days_at_posts_are_of_ended_turns_of_closing_rounds() -> None:
    past = replace(ROUND, signed=(SignedLevel(1, day(21)), SignedLevel(2, day(25))))
    leaving = replace(past, purpose=Purpose.CESSATION)
    assert days_at_posts([past, leaving], AS_OF) == {ONE: [1], TWO: [4]}
    assert days_at_posts([past], AS_OF, known_at=day(22)) == {ONE: [1]}


WAITING = [
    (history(declared=day(10)), (), Wait(1, "verification", PostKind.INSPECTOR, 81)),
    (history(declared=day(10), closed=day(20))[:-1], (ROUND,), Wait(1, "signatures", ONE, 71)),
    (history(declared=day(10), closed=day(20))[:-1], (), Wait(1, "signatures", None, 71)),
]


@pytest.mark.parametrize(("rows", "rounds", "expected"), WAITING)
def test_who_is_waited_for_and_how_long(rows: list[Any], rounds: tuple[Any, ...], expected: Wait) -> None:
    assert waits(rows, rounds, AS_OF) == [expected]


def test_an_act_that_moves_no_turn_starts_no_waiting_anew() -> None:
    rows = history(declared=day(10), closed=day(20))[:-1]
    rows.append(then(rows[-1], Act.ORDER_PRODUCTION_MEASURE, day(60)))
    past = replace(ROUND, signed=(SignedLevel(1, day(30)),))
    assert waits(rows, [past, replace(ROUND, hazard_id=2), replace(ROUND, cycle=9)], AS_OF) == [
        Wait(1, "signatures", TWO, 61)
    ]


def test_fixed_on_the_spot_waits_for_two_signatures_since_it_was_listed() -> None:
    rows = history()[:2]
    rows.append(then(rows[-1], Act.LIST_FIXED_ON_THE_SPOT, day(2), to_state=State.RECTIFIED, cycle=1))
    rows.append(then(rows[-1], Act.CORRECT, day(30)))
    assert waits(rows, [], AS_OF) == [Wait(1, "declaration", PostKind.ENTERPRISE_PRINCIPAL, 89)]


def test_what_is_listed_or_closed_waits_for_nobody_here() -> None:
    assert waits([*history(1), *history(2, declared=day(10), closed=day(20))], [ROUND], AS_OF) == []


def test_a_day_ends_at_midnight_in_shanghai() -> None:
    evening = datetime(2024, 6, 30, 15, 59, tzinfo=day(0).tzinfo)
    rows = history(declared=evening)
    assert waits(rows, [], DEADLINE)[0].days == 0
    assert waits(rows, [], DEADLINE + timedelta(days=1))[0].days == 1
