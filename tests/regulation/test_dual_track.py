"""双轨制: finding a hazard never costs a point, leaving one overdue does, and an accident is a veto beside it."""

from dataclasses import replace
from decimal import Decimal

import pytest

from app.regulation.dual_track import TrackFacts, TrackWeights, dual_track

WEIGHTS = TrackWeights(
    discovery=Decimal("0.3"),
    removal=Decimal("0.5"),
    accidents=Decimal("0.2"),
    found_per_thousand=Decimal(40),
    points_per_accident=Decimal(50),
    points_per_death=Decimal(10),
)
FACTS = TrackFacts(found=20, inspections=1000, past_deadline=10, overdue=1, larger_accidents=0, deaths=1)


def points(facts: TrackFacts) -> Decimal:
    score = dual_track(facts, WEIGHTS).score
    assert score is not None
    return Decimal(score)


def test_the_score_adds_discovery_removal_and_accidents_by_their_shares() -> None:
    made = dual_track(FACTS, WEIGHTS)
    assert (made.discovery, made.removal, made.accidents, made.score, made.vetoed) == (
        "50.0",
        "90.0",
        "90.0",
        "78.0",
        False,
    )


def test_finding_one_more_hazard_never_lowers_the_score() -> None:
    scores = [points(replace(FACTS, found=found)) for found in range(101)]
    assert scores == sorted(scores)
    assert scores[40] == scores[100], "beyond the reference nothing is won either"


def test_leaving_a_hazard_overdue_lowers_it_and_removing_one_raises_it() -> None:
    assert points(replace(FACTS, overdue=2)) < points(FACTS) < points(replace(FACTS, overdue=0))


def test_accidents_cost_down_to_nothing_and_a_larger_one_is_a_veto() -> None:
    made = dual_track(replace(FACTS, larger_accidents=3), WEIGHTS)
    assert (made.accidents, made.vetoed) == ("0.0", True)


def test_without_inspections_there_is_no_score_and_with_nothing_due_nothing_is_overdue() -> None:
    blank = dual_track(replace(FACTS, inspections=0, past_deadline=0, overdue=0), WEIGHTS)
    assert (blank.discovery, blank.score, blank.removal) == (None, None, "100.0")


@pytest.mark.parametrize(
    "change",
    [
        {"discovery": Decimal("0.4")},
        {"discovery": Decimal("-0.2"), "removal": Decimal(1)},
        {"found_per_thousand": Decimal(0)},
        {"points_per_death": Decimal(-1)},
    ],
    ids=str,
)
def test_weights_that_are_no_shares_are_refused(change: dict[str, Decimal]) -> None:
    with pytest.raises(ValueError, match="双轨制"):
        replace(WEIGHTS, **change)
