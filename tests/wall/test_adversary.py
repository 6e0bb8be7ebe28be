"""Raw SQL as the application's login, six sessions at once: what it leaves behind is legal (promise P-10)."""

import random
from collections import Counter
from collections.abc import Callable

import pytest

from tests.oracle.legality import violations
from tests.support.adversary import Attack, attack
from tests.support.arena import Arena, build_arena
from tests.support.cluster import TestDatabase
from tests.support.watch import lost, rows_that_stay, rules_that_stay

PHASES = 8


def assault(arena: Arena, statements: int, seed: int) -> list[Attack]:
    """The attack in phases; between them, what had been committed still stands as it stood."""
    attacks = []
    with arena.connect() as judge:
        rules, rows = rules_that_stay(judge), rows_that_stay(judge)
        for phase in range(PHASES):
            attacks.append(attack(arena.front, seed * PHASES + phase, statements // PHASES))
            now = rows_that_stay(judge)
            assert lost(rows, now) == [], f"seed {seed}: committed rows changed"
            rows = now
            arena.refill_posts()
        assert lost(rules, rules_that_stay(judge)) == [], f"seed {seed}: rules or machinery changed"
    return attacks


def judged_legal(arena: Arena, attacks: list[Attack], seed: int) -> None:
    """No violation; a found one is told with what succeeded on its hazard."""
    with arena.connect() as judge:
        found = violations(judge)
    told = [f"{each.text}\n{attacks[-1].traces_of(each.hazard_id or 0, 12)}" for each in found[:3]]
    assert found == [], f"seed {seed}, {len(found)} violations:\n" + "\n".join(told)


def judged_deep(arena: Arena, attacks: list[Attack]) -> None:
    """Enough statements succeeded, and the walk reached closings, withdrawals, refusals and second cycles."""
    outcomes = sum((each.outcomes for each in attacks), Counter[str]())
    assert outcomes["succeeded"] / outcomes["tried"] >= 0.3
    assert outcomes["refused"] / outcomes["tried"] >= 0.15
    with arena.connect() as judge:
        depth = judge.execute(
            "SELECT (SELECT count(*) FROM sealed_closing), (SELECT count(*) FROM signature_withdrawal),"
            " (SELECT count(*) FROM round_end), (SELECT count(*) FROM hazard WHERE cycle > 1)"
        ).fetchone()
    assert depth is not None
    assert all(now >= least for now, least in zip(depth, (11, 2, 12, 5), strict=True)), depth


@pytest.mark.timeout(300)
def test_ten_thousand_hostile_statements_leave_only_legal_histories(fresh_database: TestDatabase) -> None:
    arena, seed = build_arena(fresh_database), random.randrange(10**6)
    attacks = assault(arena, 10_000, seed)
    judged_legal(arena, attacks, seed)
    judged_deep(arena, attacks)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_two_hundred_thousand_hostile_statements_leave_only_legal_histories(
    new_database: Callable[..., TestDatabase],
) -> None:
    for seed in range(20):
        arena = build_arena(new_database())
        attacks = assault(arena, 10_000, seed)
        judged_legal(arena, attacks, seed)
        judged_deep(arena, attacks)
