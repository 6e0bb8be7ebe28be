"""The ledger number is drawn once, per listing office and year; raising a hazard to a higher office moves no series."""

from tests.support import walk
from tests.support.registry import Registry


def raised(registry: Registry) -> str:
    """A hazard the city's office has taken over from the district's."""
    hazard = walk.listed(registry)
    change = {"supervision_tier": 1, "note": "影响较大", "supervision_notice": {"number": "鄂安办督〔2026〕9号"}}
    registry.act(hazard, "supervision-level", change, by="city-clerk1")
    return hazard


def serial(registry: Registry, hazard: str) -> int:
    number: str = registry.hazard(hazard)["ledger_number"]
    assert number.startswith("150602-2026-")
    return int(number.rpartition("-")[2])


def test_a_raised_hazard_keeps_its_number_and_the_districts_series_goes_on(registry: Registry) -> None:
    first = raised(registry)
    following = walk.listed(registry)
    assert serial(registry, following) == serial(registry, first) + 1


def test_two_raised_hazards_stand_under_one_higher_office(registry: Registry) -> None:
    hazards = [raised(registry), raised(registry)]
    assert {registry.hazard(hazard)["supervision_tier"] for hazard in hazards} == {1}
