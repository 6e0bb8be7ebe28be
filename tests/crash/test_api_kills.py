"""P-01: no write that was answered is lost when the API's process is killed, and none is half-written."""

import sys

import pytest

from tests.crash.drill import ANSWERS, Broken, Drill
from tests.support import walk
from tests.support.failpoints import AFTER_ANSWER, AFTER_COMMIT, BEFORE_COMMIT
from tests.support.journeys import JOURNEYS
from tests.support.routes import writes

pytestmark = [pytest.mark.timeout(400), pytest.mark.proof]

SIGNING = frozenset({"sign_hazard"})
MANY = 20
"""Statements of a signature, before and after each: fewer points than this and the failpoints do not see them."""
ELSEWHERE = {"sign_in"}
"""Takes no key: what a killed sign-in leaves is a session nobody holds."""


def test_every_write_of_the_api_is_on_a_journey() -> None:
    assert writes() == {name for journey in JOURNEYS.values() for name in journey.operations} | ELSEWHERE


@pytest.mark.parametrize("name", JOURNEYS)
def test_a_write_killed_around_its_commit_is_whole_or_not_there(drill: Drill, name: str) -> None:
    journey = JOURNEYS[name]
    drill.operations = frozenset(journey.operations)
    journey.walk(drill)
    assert set(drill.met) == drill.operations
    assert drill.kills == {BEFORE_COMMIT: len(drill.operations), AFTER_COMMIT: len(drill.operations)}


def test_a_signature_killed_at_every_point_is_whole_or_not_there(drill: Drill) -> None:
    hazard = walk.verified(drill)
    drill.operations = drill.full = SIGNING
    for level in range(1, 5):
        walk.sign(drill, hazard, level)
    assert drill.hazard(hazard)["state"] == "closed"
    assert drill.kills["a statement"] >= MANY
    # Three COMMITs: the try at a proof is taken, the signature given, the try given back.
    assert all(drill.kills[label] == 3 for label in (BEFORE_COMMIT, AFTER_COMMIT))
    assert all(drill.kills[label] == 1 for label in ANSWERS)


def test_a_closing_killed_at_every_point_is_whole_or_not_there(drill: Drill) -> None:
    hazard = walk.verified(drill)
    for level in range(1, 4):
        walk.sign(drill, hazard, level)
    drill.operations = drill.full = SIGNING
    walk.sign(drill, hazard, 4)
    assert drill.hazard(hazard)["state"] == "closed"
    assert drill.kills["a statement"] >= MANY


@pytest.mark.long
@pytest.mark.parametrize("name", JOURNEYS)
def test_every_write_killed_at_every_point_is_whole_or_not_there(drill: Drill, name: str) -> None:
    journey = JOURNEYS[name]
    drill.operations = drill.full = frozenset(journey.operations)
    for _ in range(1 + len(ANSWERS)):
        journey.walk(drill)
    assert set(drill.met) == drill.operations
    assert all(drill.kills[label] >= len(drill.operations) for label in (BEFORE_COMMIT, AFTER_COMMIT))
    sys.stdout.write(
        f"{name}: kill points {drill.kills.total()}, of them {dict(drill.kills)}; lost 0, half-written 0\n"
    )


@pytest.mark.parametrize(
    ("fault", "point", "found"),
    [
        ("answering before COMMIT", AFTER_ANSWER, "nothing of it is there"),
        ("key in another transaction", AFTER_COMMIT, "half-written"),
    ],
)
def test_a_planted_fault_is_found(drill: Drill, fault: str, point: str, found: str) -> None:
    drill.operations, drill.only = frozenset({"report_hazard"}), (point,)
    walk.reported(drill)
    drill.plant(fault)
    with pytest.raises(Broken, match=found):
        walk.reported(drill)
