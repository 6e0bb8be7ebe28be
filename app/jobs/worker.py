"""The worker: rings each job at its time until told to stop; a job that fails is logged and keeps no other waiting."""

import asyncio
import contextlib
import signal
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import structlog
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MISSED, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from sqlalchemy.engine import URL

from app.infrastructure.clock import machine_seconds
from app.infrastructure.database import Database
from app.infrastructure.settings import Settings
from app.jobs.schedule import SCHEDULE, Job
from app.jobs.work import Work

_ZONE: Final = "Asia/Shanghai"
_FINISHING: Final = 20.0
"""Seconds that running jobs are given to end; one that is cut off is gone on with at the next start."""
_log = structlog.get_logger("qingling.jobs")


class Worker:
    """One worker on an event loop of its own."""

    def __init__(self, work: Work, jobs: Sequence[Job] = SCHEDULE) -> None:
        """`jobs`: the schedule, another one in tests."""
        self._work = work
        self._jobs = jobs
        self._running: set[asyncio.Task[None]] = set()

    async def until(self, stopped: asyncio.Event) -> None:
        """Rings until the event is set, then lets running jobs end."""
        scheduler = AsyncIOScheduler(timezone=_ZONE)
        scheduler.add_listener(_told, EVENT_JOB_ERROR | EVENT_JOB_MISSED)
        for job in self._jobs:
            once: dict[str, Any] = {"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
            if job.at_start:
                once["next_run_time"] = datetime.fromtimestamp(machine_seconds(), ZoneInfo(_ZONE))
            scheduler.add_job(self._ring, CronTrigger(timezone=_ZONE, **job.when), [job], id=job.name, **once)
        scheduler.start()
        try:
            await stopped.wait()
        finally:
            scheduler.pause()
            if self._running:
                await asyncio.wait(self._running, timeout=_FINISHING)
            scheduler.shutdown(wait=False)

    async def _ring(self, job: Job) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        _log.info("job_done", job=job.name, did=await job.run(self._work))


def _told(event: JobExecutionEvent) -> None:
    if event.exception is None:
        _log.warning("job_missed", job=event.job_id)
    else:
        _log.error("job_failed", job=event.job_id, exc_info=event.exception)


async def _work_until(settings: Settings, url: URL, stopped: asyncio.Event, jobs: Sequence[Job]) -> None:
    database = Database.at(url, pool_size=2)
    try:
        await Worker(Work(database, settings), jobs).until(stopped)
    finally:
        await database.close()


def run_worker(settings: Settings, url: URL, jobs: Sequence[Job] = SCHEDULE) -> None:
    """Works until SIGTERM or Ctrl-C."""

    async def working() -> None:
        stopped = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        await _work_until(settings, url, stopped, jobs)

    asyncio.run(working())


@contextlib.contextmanager
def working_beside(settings: Settings, url: URL, jobs: Sequence[Job] = SCHEDULE) -> Iterator[None]:
    """A worker in a thread of this process while the block runs."""
    begun = threading.Event()
    stop: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def working() -> None:
        stopped = asyncio.Event()
        stop.append((asyncio.get_running_loop(), stopped))
        begun.set()
        await _work_until(settings, url, stopped, jobs)

    thread = threading.Thread(target=asyncio.run, args=(working(),), name="qingling worker", daemon=True)
    thread.start()
    begun.wait()
    try:
        yield
    finally:
        for loop, stopped in stop:
            if thread.is_alive():
                loop.call_soon_threadsafe(stopped.set)
        thread.join(_FINISHING + 5)
