"""工作日历: imported year by year, once; a deadline counted without its year is provisional and counted again."""

import asyncio
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from app.cli.calendar import recount_at
from app.infrastructure.database import Database, SystemPrincipal
from app.infrastructure.errors import NotPermitted
from app.regulation.vocabulary import RoleClass
from app.supervision.provisional import recount_provisional_deadlines
from tests.personnel.staff import PROPOSER
from tests.support import walk
from tests.support.cluster import Cluster
from tests.support.registry import Registry, open_registry, settled_database

SPRING_FESTIVAL = [f"2027-02-{day:02d}" for day in range(5, 13)]
HOLIDAYS = ["2027-01-01", *SPRING_FESTIVAL, "2027-05-01", "2027-10-01"]


def notice(**changed: object) -> dict[str, Any]:
    return {"source": "国务院办公厅关于2027年部分节假日安排的通知", "holidays": HOLIDAYS, **changed}


@pytest.fixture(scope="module")
def provisional(registry: Registry) -> str:
    """A hazard listed for fifty-five working days, which reach into a year nobody has announced."""
    return walk.listed(registry, deadline=None, term={"days": 55, "unit": "working"})


def deadline(registry: Registry, hazard: str) -> dict[str, Any]:
    return dict(registry.get(f"/hazards/{hazard}/deadline", by="dongsheng-clerk").body)


def test_a_year_nobody_has_announced_is_supposed_and_says_so(registry: Registry, provisional: str) -> None:
    announced = registry.get("/calendar?year=2026", by="coal-principal").body
    assert (announced["is_announced"], announced["warning"], len(announced["days"])) == (True, None, 365)
    supposed = registry.get("/calendar?year=2027", by="coal-principal").body
    assert supposed["is_announced"] is False
    assert "暂定" in supposed["warning"]
    assert deadline(registry, provisional)["is_provisional"] is True


def test_a_job_finds_nothing_to_recount_before_the_notice(registry: Registry, provisional: str) -> None:
    before = deadline(registry, provisional)
    assert asyncio.run(recount_at(registry.database.job_url)) == []
    assert deadline(registry, provisional) == before


def test_only_the_system_administrator_imports_a_year(registry: Registry) -> None:
    for by in ("security-admin", "city-office-head", "chemical-principal"):
        assert registry.attempt("/calendar/2027", notice(), by=by).status == 403


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"holidays": [*HOLIDAYS[:-1], "2028-01-01"]}, "day_of_another_year"),
        ({"make_up_days": ["2027-02-17"]}, "make_up_on_a_weekday"),
        ({"make_up_days": ["2027-05-01"]}, "holiday_and_make_up"),
    ],
)
def test_a_notice_that_contradicts_itself_is_refused(registry: Registry, changed: dict[str, Any], code: str) -> None:
    refused = registry.attempt("/calendar/2027", notice(**changed), by=PROPOSER)
    assert refused.status == 422
    assert [one["code"] for one in refused.body["errors"]] == [code]


def test_years_are_imported_in_order(registry: Registry) -> None:
    later = notice(holidays=[day.replace("2027", "2028") for day in HOLIDAYS])
    refused = registry.attempt("/calendar/2028", later, by=PROPOSER)
    assert (refused.status, refused.code) == (409, "calendar_year_out_of_order")
    assert "2027" in refused.body["remedy"]


@pytest.fixture
def own_registry(cluster: Cluster, tmp_path: Path) -> Iterator[Registry]:
    """A registry for one test alone: a year is imported once, for good."""
    with settled_database(cluster) as database, open_registry(database, tmp_path) as opened:
        yield opened


def test_the_notice_moves_a_provisional_deadline_once_and_no_version(own_registry: Registry) -> None:
    registry = own_registry
    provisional = walk.listed(registry, deadline=None, term={"days": 55, "unit": "working"})
    before, version = deadline(registry, provisional), registry.hazard(provisional, by="dongsheng-clerk")["version"]
    registry.post("/calendar/2027", notice(make_up_days=["2027-02-20"]), by=PROPOSER)
    again = registry.attempt("/calendar/2027", notice(), by=PROPOSER)
    assert (again.status, again.code) == (409, "calendar_year_announced")
    (moved,) = asyncio.run(recount_at(registry.database.job_url))
    assert moved.before == date.fromisoformat(before["current_deadline"])
    after = deadline(registry, provisional)
    assert moved.after == date.fromisoformat(after["current_deadline"]) > moved.before
    assert (after["is_provisional"], after["original_deadline"]) == (False, before["original_deadline"])
    assert registry.hazard(provisional, by="dongsheng-clerk")["version"] == version
    assert asyncio.run(recount_at(registry.database.job_url)) == []


def test_nobody_but_the_job_recounts(registry: Registry) -> None:
    async def as_administrator() -> None:
        database = Database.at(registry.database.app_url, pool_size=1)
        try:
            principal = SystemPrincipal(RoleClass.ADMINISTRATOR, "test")
            async with database.transaction(principal, request_id="test") as context:
                await recount_provisional_deadlines(context)
        finally:
            await database.close()

    with pytest.raises(NotPermitted):
        asyncio.run(as_administrator())
