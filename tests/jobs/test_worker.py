"""The worker rings what is due, survives what fails, and ends when told."""

import asyncio
import threading
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from app.infrastructure.database import Database
from app.infrastructure.settings import Settings
from app.jobs.schedule import SCHEDULE, Job
from app.jobs.work import Work
from app.jobs.worker import working_beside
from tests.support.cluster import Cluster, TestDatabase
from tests.support.polling import until
from tests.support.registry import settled_database

EVERY_SECOND = {"second": "*"}


async def lasting(seconds: float) -> None:
    """Work that takes so long."""
    await asyncio.wait([asyncio.ensure_future(asyncio.Event().wait())], timeout=seconds)


class Bell:
    """Counts what was rung."""

    def __init__(self) -> None:
        self.rung = 0
        self.ended = threading.Event()

    async def count(self, _work: Work) -> str:
        self.rung += 1
        return "counted"

    async def fail(self, _work: Work) -> str:
        self.rung += 1
        raise OSError("a disk is full")

    async def last_a_while(self, _work: Work) -> str:
        self.rung += 1
        await lasting(0.5)
        self.ended.set()
        return "done"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path)


def test_a_job_that_fails_keeps_no_other_waiting(worker_database: TestDatabase, settings: Settings) -> None:
    failing, fine = Bell(), Bell()
    jobs = (Job("failing", EVERY_SECOND, failing.fail, at_start=True), Job("fine", EVERY_SECOND, fine.count))
    with working_beside(settings, make_url(worker_database.job_url), jobs):
        assert until(lambda: fine.rung >= 2 and failing.rung >= 2)


def test_a_running_job_is_let_end(worker_database: TestDatabase, settings: Settings) -> None:
    slow = Bell()
    jobs = (Job("slow", {"hour": "3"}, slow.last_a_while, at_start=True),)
    with working_beside(settings, make_url(worker_database.job_url), jobs):
        assert until(lambda: slow.rung == 1)
    assert slow.ended.is_set()
    assert "qingling worker" not in {thread.name for thread in threading.enumerate()}


def test_a_job_still_running_is_not_rung_again(worker_database: TestDatabase, settings: Settings) -> None:
    slow, clock = Bell(), Bell()

    async def hang(_work: Work) -> str:
        slow.rung += 1
        await lasting(30)
        return "never"

    jobs = (Job("hanging", EVERY_SECOND, hang, at_start=True), Job("clock", EVERY_SECOND, clock.count))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.jobs.worker._FINISHING", 0.1)
        with working_beside(settings, make_url(worker_database.job_url), jobs):
            assert until(lambda: clock.rung >= 3)
    assert slow.rung == 1


def test_every_job_of_the_schedule_runs_on_a_registry_as_the_job_login(cluster: Cluster, settings: Settings) -> None:
    async def all_of_them(settled: TestDatabase) -> list[str]:
        database = Database.at(settled.job_url, pool_size=2)
        try:
            return [await job.run(Work(database, settings)) for job in SCHEDULE]
        finally:
            await database.close()

    with settled_database(cluster) as settled:
        assert len(asyncio.run(all_of_them(settled))) == len(SCHEDULE)
    assert len({job.name for job in SCHEDULE}) == len(SCHEDULE)
