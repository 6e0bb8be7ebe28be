"""P-09: each rule of the round broken at each position, separately, below HTTP; exactly the right way is accepted."""

from collections.abc import Callable, Iterator

import psycopg
import pytest

from tests.support import wall_cases as first
from tests.support import wall_cases_later as later
from tests.support.wall_bench import WORLDS, Bench, World
from tests.support.wall_cases import Case
from tests.support.wall_steps import refusal
from tests.wall.conftest import Walled

ENTERPRISE_LEVELS = {"vertical": (1,)}
FAMILIES: dict[str, Callable[[World], Iterator[Case]]] = {
    "the right way": lambda _world: first.the_right_way(),
    "order": lambda _world: first.wrong_orders(),
    "persons": lambda world: first.wrong_persons(ENTERPRISE_LEVELS.get(world.name, ())),
    "in post": lambda _world: first.not_in_post(),
    "step-ups": lambda _world: first.wrong_step_ups(),
    "taking back": lambda _world: later.withdrawn(),
    "old rounds": lambda _world: later.old_rounds(),
    "content": lambda world: later.changed_content(world.purpose),
    "a DBA's hand": lambda _world: later.tampered(),
}


def outcome(walled: Walled, world: World, case: Case) -> str:
    """The refusal the case met, empty when the hazard left; nothing of it stays."""
    hazard = walled.hazard(world)
    try:
        with walled.connection.transaction(force_rollback=True):
            bench = Bench(walled.connection, walled.city, world, hazard)
            case.run(bench)
            return "" if bench.has_left() else "did not leave"
    except psycopg.Error as error:
        return refusal(error)


def wrong_outcomes(walled: Walled, world: World, cases: Iterator[Case]) -> list[str]:
    """The cases that ended otherwise than they must."""
    wrong = []
    for case in cases:
        met = outcome(walled, world, case)
        if met not in (case.refusals or ("",)):
            wrong.append(f"{world.name}: {case.name}: {met or 'accepted'}")
    return wrong


@pytest.mark.parametrize("family", FAMILIES)
def test_each_rule_broken_at_each_position_is_refused_by_its_own_rule(
    walled: Walled, world: World, family: str
) -> None:
    assert wrong_outcomes(walled, world, FAMILIES[family](world)) == []


@pytest.mark.long
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("purpose", WORLDS[2:], ids=lambda world: world.name)
def test_the_same_holds_for_withdrawal_and_cessation(walled: Walled, purpose: World, family: str) -> None:
    assert wrong_outcomes(walled, purpose, FAMILIES[family](purpose)) == []


def test_about_seven_hundred_cases_are_generated_and_one_is_accepted() -> None:
    closing, vertical = WORLDS[:2]
    cases = [case for world in (closing, vertical) for family in FAMILIES.values() for case in family(world)]

    assert len(cases) >= 700
    assert sum(not case.refusals for family in FAMILIES.values() for case in family(closing)) == 1
