"""A registry with a few hundred random histories in it, read by the report's own login and through the API."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.infrastructure.database import Database, SystemPrincipal
from app.regulation.indicators import TransitionFact
from app.regulation.vocabulary import RoleClass
from app.statistics import service
from app.statistics.question import FiguresAsked
from tests.regulation.builders import Field
from tests.statistics.histories import enter, histories
from tests.statistics.rounds import enter_rounds, rounds_of
from tests.support.cluster import Cluster, TestDatabase, libpq_address
from tests.support.registry import Registry, open_registry, settled_database

SEED = 20_241_231
HAZARDS = 320
UNITS = (
    "SELECT u.id, p.code, p.parent_id FROM unit u JOIN unit_period p ON p.unit_id = u.id WHERE p.valid_until IS NULL"
)
# Two districts get a township each, so that a line rolls up what stands below it.
TOWNSHIPS = """
WITH made AS (INSERT INTO unit (tier) VALUES (3), (3) RETURNING id),
     placed AS (SELECT id, row_number() OVER (ORDER BY id) AS place FROM made)
INSERT INTO unit_period (unit_id, parent_id, code, name, valid_from)
SELECT placed.id, d.unit_id, d.code || '001', '示例镇', '2000-01-01'
  FROM placed JOIN (SELECT unit_id, code, row_number() OVER (ORDER BY code) AS place FROM unit_period
                     WHERE code IN ('150602', '150622')) AS d USING (place)
"""
SITE = """
WITH site AS (INSERT INTO site (enterprise_id, unit_id, name) SELECT id, unit_id, '厂区' FROM enterprise
                WHERE code = '91150602MA0DEMA01F' RETURNING id, enterprise_id)
SELECT id, enterprise_id FROM site
"""


@dataclass(frozen=True)
class Unit:
    """One unit of the area's tree."""

    id: int
    code: str
    parent_id: int | None


@dataclass(frozen=True)
class Ledger:
    """The histories, as rows in a database and as facts in hand."""

    database: TestDatabase
    rows: list[TransitionFact]
    units: dict[int, Unit]

    def clearance(self, **asked: Field) -> dict[str, Any]:
        """The figures, as the report's login reads them."""

        async def ask() -> dict[str, Any]:
            database = Database.at(self.database.report_url, pool_size=1, read_only=True)
            report = SystemPrincipal(RoleClass.REPORT, "统计")
            try:
                async with database.transaction(report, request_id="test") as context:
                    return await service.clearance(context, FiguresAsked(**asked))
            finally:
                await database.close()

        return asyncio.run(ask())


def with_townships(database: TestDatabase) -> tuple[dict[int, Unit], tuple[int, int]]:
    """Adds two townships to the demo's city: its units, and a site with its enterprise."""
    with psycopg.connect(libpq_address(database.superuser_url)) as connection:
        connection.execute(TOWNSHIPS.encode())
        units = {row[0]: Unit(*row) for row in connection.execute(UNITS.encode())}
        site = connection.execute(SITE.encode()).fetchone()
    assert site is not None
    return units, (site[0], site[1])


@pytest.fixture(scope="session")
def ledger(cluster: Cluster) -> Iterator[Ledger]:
    """The demo's city with random histories in all of its units; one database for a worker."""
    with settled_database(cluster) as database:
        units, site = with_townships(database)
        rows = histories(SEED, HAZARDS, sorted(units))
        enter(database, rows, site)
        enter_rounds(database, rounds_of(rows))
        yield Ledger(database, rows, units)


@pytest.fixture(scope="session")
def registry(ledger: Ledger, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """The API on that ledger."""
    folder: Path = tmp_path_factory.mktemp("statistics")
    with open_registry(ledger.database, folder) as opened:
        yield opened
