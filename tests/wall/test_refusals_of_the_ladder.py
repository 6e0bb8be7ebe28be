"""Ladder, letters, outbox, penalties, heads: with exactly its refusal taken out, each broken rule passes through."""

import pytest

from tests.support.wall_bench import WORLDS
from tests.wall.conftest import Walled
from tests.wall.test_refusals_taken_out import Weakening, weakenings
from tests.wall.test_rules_around_the_round import OF_THE_LADDER, met

FUNCTIONS = {
    *("wall_rung_in_order", "wall_episode_moves_on", "wall_suspension_is_approved_once", "wall_hold_is_released_once"),
    *("wall_suspension_is_proposed_first", "wall_hold_is_ordered_by_whoever_acts"),
    *("wall_letter_begins_as_draft", "wall_letter_goes_its_way", "wall_letter_may_be_issued", "wall_series_counts_on"),
    *("wall_number_is_used", "wall_letter_is_a_draft", "wall_letter_is_out"),
    *("wall_delivery_begins_pending", "wall_delivery_goes_its_way", "wall_delivery_may_be_claimed"),
    *("wall_attempt_of_its_claim", "wall_pause_is_released_once"),
    *("wall_penalty", "wall_before_tree_head"),
}
BEHIND = {
    "a dropped letter rewritten": "letter_step_unknown",
    "a voided letter told of": "letter_step_unknown",
    "served on another day": "service_is_recorded",
    "an exposure claimed after its lease": "exposure_once",
}
"""Broken rules that a second refusal meets where the first is out."""


def outcomes(walled: Walled, weak: Weakening) -> dict[str, str]:
    """What becomes of the broken rules of a refusal without it; the wall is whole again afterwards."""
    with walled.connection.transaction(force_rollback=True):
        walled.connection.execute(weak.definition.encode())
        return {case.name: met(walled, case) for case in OF_THE_LADDER if weak.code in case.refusals}


@pytest.mark.timeout(120)
def test_with_exactly_its_refusal_taken_out_each_broken_rule_passes_through(walled: Walled) -> None:
    walled.hazard(WORLDS[0])
    refusals = [weak for weak in weakenings(walled) if weak.function in FUNCTIONS]
    came_to = {weak.name: outcomes(walled, weak) for weak in refusals}

    assert len(refusals) >= 45
    for name, cases in came_to.items():
        assert any(outcome == BEHIND.get(case, "") for case, outcome in cases.items()), name
    for case in (case for case in OF_THE_LADDER if case.refusals):
        assert BEHIND.get(case.name, "") in {cases.get(case.name) for cases in came_to.values()}, case.name
