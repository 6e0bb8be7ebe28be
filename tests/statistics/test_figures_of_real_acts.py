"""The figures of hazards that walked by real acts: what the door writes is what the figures read."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.infrastructure.database import Database, SystemPrincipal
from app.regulation.vocabulary import RoleClass
from app.statistics import service
from app.statistics.question import FiguresAsked
from tests.regulation.builders import Field
from tests.support.cluster import Cluster
from tests.support.registry import Registry, open_registry, settled_database
from tests.support.walk import SIGNERS, closed, declared, determined, listed, reported, sign, verified

OFFICE = "city-office-head"


@pytest.fixture(scope="module")
def walked(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """Six hazards: reported, determined, listed, declared, verified and signed once, closed."""
    folder: Path = tmp_path_factory.mktemp("walked")
    with settled_database(cluster) as database, open_registry(database, folder) as registry:
        for walk in (reported, determined, listed, declared, closed):
            walk(registry)
        sign(registry, verified(registry), 1)
        yield registry


def answer(walked: Registry, login: str = OFFICE) -> Field:
    found = walked.get("/statistics/clearance?by=supervision", by=login)
    assert found.status == 200, found.body
    return found.body


def test_each_act_moves_the_hazard_to_its_figure(walked: Registry) -> None:
    figures = answer(walked)["figures"]
    expected = {
        "found": "5",
        "undetermined": "1",
        "closed": "1",
        "open": "4",
        "awaiting_verification": "1",
        "awaiting_signatures": "1",
        "overdue_open": "0",
        "closed_by_import": "0",
        "closed_by_cessation": "0",
        "clearance_rate": "20.0",
        "self_report_share": "100",
        "listing_completion_rate": "25.0",
    }
    assert {name: figures[name]["value"] for name in expected} == expected


def test_whose_signature_is_waited_for_is_the_lowest_unsigned_level(walked: Registry) -> None:
    waiting = {(one["stage"], one["post"]): one["count"] for one in answer(walked)["waiting"]}
    assert waiting == {("verification", "inspector"): 1, ("signatures", "section_head"): 1}


def test_lines_are_by_the_supervision_of_the_day(walked: Registry) -> None:
    lines = {line["key"]["supervision"]: line["figures"]["found"]["value"] for line in answer(walked)["lines"]}
    assert lines == {"2": "4", "none": "1"}


@pytest.mark.parametrize("login", [SIGNERS[0], "dongsheng-clerk", "chemical-principal", "city-auditor"])
def test_everyone_whom_the_hazards_concern_counts_the_same(walked: Registry, login: str) -> None:
    assert answer(walked, login)["figures"] == answer(walked)["figures"]


@pytest.mark.parametrize("login", ["jungar-clerk", "coal-principal"])
def test_whom_they_do_not_concern_counts_none(walked: Registry, login: str) -> None:
    assert answer(walked, login)["figures"]["found"]["value"] == "0"


def test_a_platform_reads_figures_though_it_sees_no_signatures(walked: Registry) -> None:
    async def ask() -> Field:
        database = Database.at(walked.database.app_url, pool_size=1)
        platform = SystemPrincipal(RoleClass.PLATFORM, "平台")
        try:
            async with database.transaction(platform, request_id="test") as context:
                return await service.clearance(context, FiguresAsked())
        finally:
            await database.close()

    assert asyncio.run(ask())["figures"]["found"]["value"] == "0"
