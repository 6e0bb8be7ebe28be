"""Two faults a night must not have: it looks only at what is newer than last time; a lock is its only proof of once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from datetime import date, timedelta
from typing import Any, Final

import psycopg
import pytest
from sqlalchemy import text

from app.escalation.night import batches
from app.escalation.run import COMPLETED, Ran, run_night
from app.infrastructure.context import Transactions
from app.infrastructure.database import Database
from tests.support.cluster import libpq_address
from tests.support.ladder_nights import GO_LIVE, JOB, Nights
from tests.support.polling import until

FIRST = date(2024, 12, 1)

# ---------------------------------------------------------------- records that commit late


class OnlyNewer:
    """The fault: beside the hazards it has met, a night asks for those with a higher id than it has ever seen."""

    def __init__(self) -> None:
        self.met: set[int] = set()
        self.last = 0

    async def windows(self, transactions: Transactions) -> AsyncIterator[list[int]]:
        """As `batches._windows`."""
        reached = self.last
        async for ids in SOUND_WINDOWS(transactions):
            known = [one for one in ids if one in self.met or one > self.last]
            self.met.update(known)
            reached = max(reached, *ids)
            if known:
                yield known
        self.last = reached


SOUND_WINDOWS: Final = batches._windows  # noqa: SLF001 - the fault stands around it


def live_beside_a_slow_import(nights: Nights) -> None:
    """Hazards whose transaction is open while others of higher ids are committed, and nights run on."""
    town = nights.town
    with closing(psycopg.connect(libpq_address(nights.of_town.superuser_url))) as slow:
        slow.execute("SET session_replication_role = replica")
        town.connection, own = slow, town.connection
        town.settle(6, FIRST, GO_LIVE)
        town.connection, late = own, list(town.lives)
        town.settle(10, FIRST, GO_LIVE)
        del town.lives[: len(late)]
        for number in range(4):
            nights.live_a_day(FIRST + timedelta(days=number))
        slow.commit()
    town.lives = late + town.lives
    for number in range(4, 18):
        nights.live_a_day(FIRST + timedelta(days=number))
    assert any(life.history.episodes for life in late)


@pytest.mark.timeout(120)
def test_hazards_that_are_committed_late_are_not_skipped(nights: Nights) -> None:
    live_beside_a_slow_import(nights)


@pytest.mark.timeout(120)
def test_a_night_that_reads_only_what_is_newer_is_found(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "_windows", OnlyNewer().windows)
    with pytest.raises(AssertionError, match="due and not recorded"):
        live_beside_a_slow_import(nights)


# ---------------------------------------------------------------- what proves that a thing is done once

NO_LOCK: Final = "SELECT h.id FROM hazard h WHERE h.id = ANY (CAST(:ids AS bigint[])) ORDER BY h.id"
PROOFS: Final = (
    *("uq_episode_open_term", "uq_episode_term_ordinal", "uq_raised_rung_episode_id_rung"),
    *("uq_reminder_hazard_id_due_on_days_before", "uq_letter_item_raised_rung_id"),
)
DOUBLED: Final = """
    SELECT (SELECT count(*) - count(DISTINCT hazard_id) FROM episode WHERE kind = 'term' AND ended_on IS NULL),
           (SELECT count(*) - count(DISTINCT (r.hazard_id, r.rung)) FROM raised_rung r
              JOIN episode e ON e.id = r.episode_id WHERE e.kind = 'term'),
           (SELECT count(*) - count(DISTINCT (hazard_id, due_on, days_before)) FROM reminder)
"""
WAITING: Final = """
    SELECT count(*) FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event <> 'advisory'
"""
HOLDER: Final = """
    SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND granted
"""


async def under_a_lock(nights: Nights, on: date) -> Ran:
    """One run at a time, as far as a lock on a connection of its own can say."""
    database = Database.at(nights.job_url, pool_size=2)
    holder = await psycopg.AsyncConnection.connect(libpq_address(nights.job_url), autocommit=True)
    try:
        await holder.execute("SELECT pg_advisory_lock(4711)")
        return await run_night(lambda: database.transaction(JOB, request_id="job escalate"), on)
    finally:
        await holder.close()
        await database.close()


def two_runs_after_the_lock_is_lost(nights: Nights, on: date) -> list[Ran]:
    """The first run stands still with its records written and not committed; its lock goes; a second begins."""
    judge = nights.town.connection
    judge.commit()
    judge.execute("SELECT 1 FROM audit_stream WHERE kind = 'hazard' ORDER BY id DESC LIMIT 1 FOR UPDATE")

    async def both() -> list[Ran]:
        with closing(psycopg.connect(libpq_address(nights.of_town.superuser_url), autocommit=True)) as watch:
            first = asyncio.create_task(under_a_lock(nights, on))
            assert await reached(watch, 1)
            assert watch.execute(HOLDER).fetchall() == [(True,)]
            second = asyncio.create_task(under_a_lock(nights, on))
            assert await reached(watch, 2)
        judge.commit()
        return list(await asyncio.gather(first, second))

    return asyncio.run(both())


async def reached(watch: psycopg.Connection[Any], waiting: int) -> bool:
    """Whether so many runs wait for a record within a while."""

    def stand_still() -> bool:
        return watch.execute(WAITING).fetchone() == (waiting,)

    return await asyncio.to_thread(until, stand_still)


def nothing(_nights: Nights, _patch: pytest.MonkeyPatch) -> None:
    """The night as it is."""


def locks_out(_nights: Nights, patch: pytest.MonkeyPatch) -> None:
    """No hazard is locked: the constraints alone are left."""
    patch.setattr(batches, "_LOCK_FREE", text(NO_LOCK))
    patch.setattr(batches, "_LOCK_WAITING", text(NO_LOCK))


def lock_only(nights: Nights, patch: pytest.MonkeyPatch) -> None:
    """The fault: the lock around the run is to prove that all is done once."""
    locks_out(nights, patch)
    for name in PROOFS:
        nights.town.connection.execute(f"DROP INDEX {name}".encode())


Planting = Callable[[Nights, pytest.MonkeyPatch], None]


def doubled_by(planting: Planting, nights: Nights, patch: pytest.MonkeyPatch) -> int:
    """How many records stand twice after two runs of one night, the first having lost its lock."""
    nights.town.settle(20, FIRST, GO_LIVE)
    planting(nights, patch)
    ran = two_runs_after_the_lock_is_lost(nights, FIRST + timedelta(days=120))
    assert {one.outcome for one in ran} == {COMPLETED}
    assert nights.town.connection.execute("SELECT count(*) >= 20 FROM raised_rung").fetchone() == (True,)
    (doubled,) = nights.town.connection.execute(DOUBLED).fetchall()
    return int(sum(doubled))


@pytest.mark.timeout(120)
@pytest.mark.parametrize("planting", [nothing, locks_out])
def test_two_runs_record_each_thing_once_though_a_lock_is_lost(
    nights: Nights, monkeypatch: pytest.MonkeyPatch, planting: Planting
) -> None:
    assert doubled_by(planting, nights, monkeypatch) == 0


@pytest.mark.timeout(120)
def test_a_night_whose_only_proof_is_a_lock_is_found(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    assert doubled_by(lock_only, nights, monkeypatch) > 0
