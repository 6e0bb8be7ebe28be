"""23:59:59 and 00:00 Asia/Shanghai: a deadline is over at 24:00 there, wherever the server's clock stands."""

import time
from collections.abc import Iterator

import pytest

from tests.api.watching import Trial, Watch
from tests.support import walk
from tests.support.cluster import Cluster
from tests.support.registry import Registry, open_registry, settled_database

LAST_SECOND = "2027-01-22T23:59:59+08:00"
MIDNIGHT = "2027-01-23T00:00:00+08:00"
ASKED = {"new_deadline": "2027-02-10", "note": "设备未到"}


@pytest.fixture(scope="module")
def movable(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Registry, Watch]]:
    """A registry of this file's own, in a process whose zone is UTC."""
    with pytest.MonkeyPatch.context() as patch, settled_database(cluster) as database:
        patch.setenv("TZ", "UTC")
        time.tzset()
        with open_registry(database, tmp_path_factory.mktemp("data")) as opened, Watch.of(database) as watching:
            yield opened, watching
    time.tzset()


def at(movable: tuple[Registry, Watch], instant: str) -> None:
    """The registry's clock stands at that instant; whoever was signed in weeks ago signs in anew."""
    registry, watching = movable
    watching.connection.execute("UPDATE clock_setting SET fixed_at = %s, offset_seconds = 0", [instant])
    registry.tokens.clear()


def overdue(registry: Registry) -> set[str]:
    """The hazards that the list calls overdue now."""
    items = registry.get("/hazards?is_overdue=true&limit=200", by="city-office-head").body["items"]
    return {one["id"] for one in items}


def test_a_deadline_is_over_at_midnight_in_shanghai_and_not_a_second_before(
    movable: tuple[Registry, Watch],
) -> None:
    registry, watching = movable
    at(movable, "2026-11-23T13:00:00+08:00")
    trial = Trial(registry, watching, walk.listed(registry))
    at(movable, LAST_SECOND)
    path = f"/hazards/{trial.hazard}/deadline"
    told = registry.get(path, by="city-office-head").body
    assert (told["is_over"], told["over_at"]) == (False, "2027-01-23T00:00:00+08:00")
    assert trial.hazard not in overdue(registry)
    in_time = registry.attempt(f"/hazards/{trial.hazard}/extensions", ASKED, by="chemical-safety-officer", dry_run=True)
    assert in_time.body["would_be_done"] is True, in_time.body
    at(movable, MIDNIGHT)
    assert registry.get(path, by="city-office-head").body["is_over"] is True
    assert trial.hazard in overdue(registry)
    trial.refused("extensions", ASKED, "the_deadline_has_not_passed", by="chemical-safety-officer")


@pytest.mark.parametrize(
    ("instant", "day", "refused_day"),
    [(LAST_SECOND, "2027-01-22", "2027-01-23"), (MIDNIGHT, "2027-01-23", "2027-01-24")],
)
def test_today_is_shanghais_day(movable: tuple[Registry, Watch], instant: str, day: str, refused_day: str) -> None:
    registry, watching = movable
    at(movable, instant)
    trial = Trial(registry, watching, walk.reported(registry, found_on=day))
    tomorrow = registry.attempt("/hazards", walk.report_document(found_on=refused_day), by="chemical-safety-officer")
    assert tomorrow.unmet() == {"the_finding_is_not_in_the_future"}
    registry.act(trial.hazard, "determination", {"comprehensive_reason": "构成"}, by="dongsheng-head")
    listed = trial.done("listing", walk.listing_document(deadline=day), "list", "listing", by="dongsheng-clerk")
    assert listed["original_deadline"] == day


def test_the_number_of_a_listing_is_of_the_year_in_shanghai(movable: tuple[Registry, Watch]) -> None:
    registry, _ = movable
    numbers = []
    for instant in ("2029-12-31T23:59:59+08:00", "2030-01-01T00:00:00+08:00"):
        at(movable, instant)
        hazard = walk.determined(registry)
        sent = walk.listing_document(deadline="2030-03-01")
        numbers.append(registry.act(hazard, "listing", sent, by="dongsheng-clerk")["ledger_number"])
    assert numbers[0].split("-")[1] == "2029"
    assert numbers[1].split("-")[1:] == ["2030", "0001"]


def test_a_plan_entered_when_the_clock_stands_still_keeps_its_order(movable: tuple[Registry, Watch]) -> None:
    registry, _ = movable
    at(movable, "2028-02-01T00:00:00+08:00")
    hazard = walk.determined(registry)
    registry.act(hazard, "listing", walk.listing_document(deadline="2028-03-01"), by="dongsheng-clerk")
    registry.post(f"/hazards/{hazard}/plans", walk.plan_document(), by="chemical-safety-officer")
    registry.act(hazard, "plan-approval", {}, by="dongsheng-section")
    walk.declare(registry, hazard)
    walk.verify(registry, hazard)
    for level in range(1, 5):
        walk.sign(registry, hazard, level)
    assert registry.hazard(hazard)["state"] == "closed"
    versions = [
        one["version"] for one in registry.get(f"/hazards/{hazard}/timeline", by="city-office-head").body["items"]
    ]
    assert versions == sorted(versions)
