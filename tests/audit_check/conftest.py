"""A small city walked by real acts and sealed as it goes; verified as an auditor does, and by hands no wall stops."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy.engine import make_url

from app.audit.sealing import grow, sequence, write_head
from app.audit.signing_key import Ed25519Signer
from app.audit_check.verification import Asked, Report, verify
from app.infrastructure.context import Context
from app.infrastructure.database import Database, SystemPrincipal
from app.regulation.vocabulary import RoleClass
from tests.support import walk
from tests.support.cluster import Cluster, TestDatabase, libpq_address
from tests.support.polling import until
from tests.support.registry import Registry, open_registry, settled_database

SIGNER = Ed25519Signer(bytes(range(32)))
JOB = SystemPrincipal(RoleClass.JOB, "封存")
AUDITOR = SystemPrincipal(RoleClass.AUDITOR, "核验")
CANARY = "金丝雀"
"""Stands in every name and phone of a person, and must stand nowhere else."""
UNSEALED = (
    "SELECT (SELECT count(*) FROM hazard_transition) + (SELECT count(*) FROM audit_event)"
    " - coalesce((SELECT max(size) FROM tree_head), 0)"
)
REPEATABLE_READ = {"options": "-c default_transaction_isolation=repeatable\\ read"}


@dataclass(frozen=True)
class Trail:
    """A registry's database with its walked hazards."""

    database: TestDatabase
    registry: Registry
    hazards: dict[str, str]

    def seal(self) -> int:
        """Runs the job until every row is under a head; the tree's size."""
        assert until(self._sealed)
        return int(self.value("SELECT max(size) FROM tree_head"))

    def _sealed(self) -> bool:
        asyncio.run(self._seal())
        return bool(self.value(UNSEALED) == 0)

    async def _seal(self) -> None:
        database = Database.at(self.database.job_url, pool_size=1)
        try:
            async with database.transaction(JOB, request_id="test") as context:
                await sequence(context)
            async with database.transaction(JOB, request_id="test") as context:
                await grow(context)
            async with database.transaction(JOB, request_id="test") as context:
                await write_head(context, SIGNER)
        finally:
            await database.close()

    def value(self, query: str) -> Any:
        """One value, as the superuser sees it."""
        with psycopg.connect(libpq_address(self.database.superuser_url)) as connection:
            row = connection.execute(query.encode()).fetchone()
        assert row is not None
        return row[0]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows, as the superuser sees them."""
        with psycopg.connect(libpq_address(self.database.superuser_url)) as connection:
            return connection.execute(query.encode()).fetchall()

    def verify(self, asked: Asked | None = None) -> Report:
        """As `qingling audit verify` does: the application's login, as an auditor."""
        report: Report = self.as_auditor(lambda context: verify(context, asked or Asked()))
        return report

    def as_auditor(self, ask: Callable[[Context], Any]) -> Any:
        """What a function answers within a transaction of an auditor."""

        async def asked() -> Any:
            database = Database.at(make_url(self.database.app_url).update_query_dict(REPEATABLE_READ), pool_size=1)
            try:
                async with database.transaction(AUDITOR, request_id="test") as context:
                    return await ask(context)
            finally:
                await database.close()

        return asyncio.run(asked())


@pytest.fixture
def trail(city: Trail) -> Trail:
    """The city, all of it under a head, whatever another test has done there since."""
    if city.value(UNSEALED) != 0:
        city.seal()
    return city


@pytest.fixture(scope="session")
def city(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trail]:
    """Closed, withdrawn from signing, corrected, under way and merely reported: each kind of row, under five heads."""
    folder: Path = tmp_path_factory.mktemp("data")
    with settled_database(cluster) as database:
        with psycopg.connect(libpq_address(database.superuser_url)) as connection:
            connection.execute("UPDATE person_detail SET name = %s || person_id, phone = %s || person_id", [CANARY] * 2)
        with open_registry(database, folder) as registry:
            made = Trail(database, registry, {})
            for name, step in STEPS.items():
                made.hazards[name] = step(registry)
                made.seal()
            yield made


def _signed_again(registry: Registry) -> str:
    """Signed, taken back, signed again: the round is open."""
    hazard = walk.verified(registry)
    walk.sign(registry, hazard, 1)
    registry.act(hazard, "signature-withdrawals", {"note": "需再核实"}, by=walk.SIGNERS[0])
    walk.sign(registry, hazard, 1)
    walk.sign(registry, hazard, 2)
    return hazard


def _corrected(registry: Registry) -> str:
    """Listed, and then the day of finding corrected by two: earlier acts are restated."""
    hazard = walk.listed(registry)
    body = {"changes": {"found_on": "2026-11-19"}, "note": "发现日期录错"}
    draft = registry.post(f"/hazards/{hazard}/corrections", body, by="dongsheng-clerk")
    path = f"/hazards/{hazard}/corrections/{draft['id']}"
    for second in ("dongsheng-clerk", "dongsheng-office-head"):
        walk.confirm(registry, path, draft["document_sha256"], by=second)
    return hazard


def _under_way(registry: Registry) -> str:
    """Planned, and a progress reported."""
    hazard = walk.planned(registry)
    registry.post(f"/hazards/{hazard}/progress", {"description": "设备已订购"}, by="chemical-safety-officer")
    return hazard


STEPS: dict[str, Callable[[Registry], str]] = {
    "closed": walk.closed,
    "signed_again": _signed_again,
    "corrected": _corrected,
    "under_way": _under_way,
    "reported": walk.reported,
}
