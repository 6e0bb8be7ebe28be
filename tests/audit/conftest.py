"""A city of the wall's for one test alone, whose acts are then sealed by the job login."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.audit.signing_key import Ed25519Signer, HeadSigner
from app.infrastructure.context import Context
from app.infrastructure.database import Database
from app.infrastructure.settings import Settings
from app.jobs.seal import Sealed, seal
from app.jobs.work import Work
from tests.support.cluster import Cluster, TestDatabase, libpq_address
from tests.support.polling import until
from tests.support.wall_city import City, build_city
from tests.support.wall_steps import Walk

SIGNER = Ed25519Signer(bytes(range(32)))
Rows = list[tuple[Any, ...]]


@dataclass
class Trail:
    """A city, and what seals it."""

    city: City
    database: TestDatabase
    folder: Path

    def report(self) -> None:
        """A hazard reported: an act and its event."""
        with psycopg.connect(libpq_address(self.database.superuser_url)) as connection:
            Walk(connection, self.city).report()

    def seal(self, signer: HeadSigner = SIGNER, *, batch: int = 1000) -> Sealed:
        """One run of the job."""
        return asyncio.run(self._seal(signer, batch))

    async def _seal(self, signer: HeadSigner, batch: int) -> Sealed:
        async with self.working() as work:
            return await seal(work, signer, batch=batch)

    @asynccontextmanager
    async def working(self, **settings: Any) -> AsyncIterator[Work]:
        """What a job is given."""
        database = Database.at(self.database.job_url, pool_size=1)
        try:
            yield Work(database, Settings(data_dir=self.folder, **settings))
        finally:
            await database.close()

    def seal_all(self) -> int:
        """Runs until all rows are under a head: another database's open transaction delays them. The tree's size."""

        def done() -> bool:
            self.seal()
            return self.rows(UNSEALED) == [(0,)]

        assert until(done)
        return int(self.rows("SELECT coalesce(max(size), 0) FROM tree_head")[0][0])

    def as_job(self, ask: Callable[[Context], Any]) -> Any:
        """What an audit function answers within a transaction of the job."""

        async def asked() -> Any:
            async with self.working() as work, work.transaction("test") as context:
                return await ask(context)

        return asyncio.run(asked())

    def rows(self, query: str, *values: object) -> Rows:
        """What the superuser reads."""
        with psycopg.connect(libpq_address(self.database.superuser_url)) as connection:
            return connection.execute(query.encode(), values).fetchall()

    def forge(self, *statements: str) -> None:
        """What nobody but a superuser can do: change rows behind every wall."""
        with psycopg.connect(libpq_address(self.database.superuser_url)) as connection:
            connection.execute("SET session_replication_role = replica")
            for statement in statements:
                connection.execute(statement.encode())


UNSEALED = (
    "SELECT (SELECT count(*) FROM hazard_transition) + (SELECT count(*) FROM audit_event)"
    " - coalesce((SELECT max(size) FROM tree_head), 0)"
)


@pytest.fixture
def trail(cluster: Cluster, tmp_path: Path) -> Iterator[Trail]:
    """A city with one reported hazard, nothing sealed."""
    with cluster.temporary_database() as database:
        with psycopg.connect(libpq_address(database.superuser_url)) as connection:
            city = build_city(connection)
        made = Trail(city, database, tmp_path)
        made.report()
        yield made
