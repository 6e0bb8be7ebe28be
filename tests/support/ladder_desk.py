"""A registry whose nights are run by the job and whose ladder is worked with over the API, as its people do."""

import asyncio
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import psycopg

from app.escalation.run import Ran, run_night
from app.infrastructure.database import Database, SystemPrincipal
from app.infrastructure.owner import owner_transaction
from app.reference.edition_loading import load_edition_text
from app.regulation.edition import SHIPPED_EDITION
from app.regulation.vocabulary import RoleClass
from tests.support.cluster import TestDatabase, libpq_address
from tests.support.registry import Registry

JOB: Final = SystemPrincipal(RoleClass.JOB, "job escalate")
SHIPPED: Final = SHIPPED_EDITION.read_text(encoding="utf-8")
CITY_HEAD, CITY_CLERK, HEAD, CLERK = "city-office-head", "city-clerk1", "dongsheng-office-head", "dongsheng-clerk"
AUDITOR: Final = "city-auditor"


def night_at(database: TestDatabase, on: date | None = None) -> Ran:
    """One run for that date, or for the registry's today, as the job."""

    async def run() -> Ran:
        opened = Database.at(database.job_url, pool_size=1)
        try:
            return await run_night(lambda: opened.transaction(JOB, request_id="job escalate"), on)
        finally:
            await opened.close()

    return asyncio.run(run())


def load_edition(database: TestDatabase, text: str) -> int:
    """Another edition, by the owner; its id."""

    async def load() -> int:
        async with owner_transaction(database.migrate_url, label="test") as context:
            return await load_edition_text(context, text)

    return asyncio.run(load())


def asked(database: TestDatabase, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """What stands in the database, as superuser."""
    with psycopg.connect(libpq_address(database.superuser_url)) as connection:
        cursor = connection.execute(statement.encode(), values or None)
        return cursor.fetchall() if cursor.description else []


@dataclass
class Desk:
    """A registry, its clock and its nights."""

    registry: Registry
    folder: Path

    @property
    def database(self) -> TestDatabase:
        """Its database."""
        return self.registry.database

    def wait(self, days: int) -> None:
        """The registry's clock goes on; whoever was signed in signs in anew."""
        asked(self.database, "UPDATE clock_setting SET offset_seconds = offset_seconds + %s * 86400", days)
        self.registry.tokens.clear()

    def night(self, on: date | None = None) -> Ran:
        """One run."""
        return night_at(self.database, on)

    def ask(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """What stands in the database."""
        return asked(self.database, statement, *values)

    def rehearsed(self, *, by: str = CITY_HEAD, **said: Any) -> dict[str, Any]:
        """A rehearsal of the night to come."""
        made: dict[str, Any] = self.registry.post("/escalation-rehearsals", said, by=by)
        return made

    def holds(self, query: str = "?is_open=true", *, by: str = CITY_CLERK) -> list[dict[str, Any]]:
        """What holds dispatch."""
        found: list[dict[str, Any]] = self.registry.get(f"/dispatch-holds{query}", by=by).body["items"]
        return found

    def release_all(self) -> None:
        """As the office does after its rehearsal."""
        rehearsal = self.rehearsed()["id"]
        for one in self.holds():
            self.registry.post(f"/dispatch-holds/{one['id']}/release", {"rehearsal_id": rehearsal}, by=CITY_HEAD)
