"""`python -m benchmarks.escalation`: the night over many open hazards, against one bare statement of the same run.

The hazards are written straight into a database of the benchmark's own. The limit writes the same episodes, rungs and
events in one statement each, without a look at any hazard's past, without locks or batches. Beside the night a hazard
is locked and let go again and again by another process, as an act does first: its p99 before and during. The night's
memory is that of its own process. Exit 1 when a floor is missed.
"""

import argparse
import asyncio
import json
import random
import sys
import time
from asyncio.subprocess import PIPE
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import psycopg

from tests.support.cluster import Cluster, TestDatabase, cluster_of_run, libpq_address
from tests.support.registry import settled_database
from tests.support.run import run_folder

FLOOR: Final = 0.5
MOST_MB: Final = 150.0
MOST_SLOWER: Final = 3.0
NIGHT: Final = date(2026, 11, 23)

_HAZARDS: Final = """
    INSERT INTO hazard (state, level, version, channel, sector, unit_id, site_id, enterprise_id, found_on,
        lead_organisation_id, listing_office_id, supervision_tier, circumstances, place, finders, reporting_record,
        monitoring_measures, ledger_number, ledger_year, ledger_serial, original_deadline, current_deadline,
        determined_at, listed_at, reported_at, last_act_at)
    SELECT 'listed', 'major', 1, 'inspection', 'chemical', e.unit_id, s.id, e.id, date '2026-11-18', o.id, o.id, 2,
        '示例', '示例', '示例', '示例', '示例', '示例' || n, 2026, n, d.due, d.due, t.at, t.at, t.at, t.at
      FROM generate_series(1, %(hazards)s) n,
           (SELECT id, unit_id FROM enterprise ORDER BY id LIMIT 1) e, (SELECT id FROM site ORDER BY id LIMIT 1) s,
           (SELECT id FROM organisation WHERE code = 'safety_office@dongsheng') o,
           (SELECT timestamptz '2026-11-18 12:00+08' AS at) t,
           LATERAL (SELECT CASE WHEN n %% %(every)s = 0 THEN date '2026-11-20' ELSE date '2027-06-01' END AS due) d
"""
_PASTS: Final = (
    """
    INSERT INTO hazard_transition (hazard_id, act, rule, to_state, version, cycle, unit_id, sector, channel, level,
        found_on, is_determined, is_legacy, actor_label, act_order, current_deadline, occurred_at, recorded_at)
    SELECT id, 'list', 'benchmark', state, 1, 1, unit_id, sector, channel, level, found_on, true, false, 'benchmark',
        id, current_deadline, listed_at, listed_at FROM hazard
    """,
    """
    INSERT INTO audit_stream (kind, subject_id, hazard_id, length, previous_sha256, head_sha256)
    SELECT 'hazard', id, id, 0, decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), 'hex') FROM hazard
    """,
    "ANALYZE hazard, hazard_transition, audit_stream",
)
_EVENTS: Final = """
    , told AS (SELECT id, hazard_id, convert_to('{"hazard":' || hazard_id || '}', 'UTF8') AS payload FROM done),
    head AS (UPDATE audit_stream s SET length = s.length + 1, previous_sha256 = s.head_sha256,
                    head_sha256 = sha256(s.head_sha256 || t.payload)
               FROM told t WHERE s.kind = 'hazard' AND s.subject_id = t.hazard_id
             RETURNING s.id, s.length, s.previous_sha256, s.head_sha256, t.hazard_id, t.payload)
    INSERT INTO audit_event (stream_id, serial, hazard_id, event, payload, previous_sha256, sha256, request_id)
    SELECT id, length, hazard_id, 'hazard:episode:opened', payload, previous_sha256, head_sha256, 'bare' FROM head
"""
_BARE: Final = (
    """
    WITH done AS (
        INSERT INTO episode (kind, cause, hazard_id, cycle, counts_from, opened_on, run_id, edition_id)
        SELECT 'term', 'overdue', id, cycle, current_deadline, %(night)s, %(run)s, 1 FROM hazard
         WHERE state = 'listed' AND current_deadline < %(night)s
        ON CONFLICT DO NOTHING RETURNING id, hazard_id)
    """
    + _EVENTS,
    """
    WITH done AS (
        INSERT INTO raised_rung (episode_id, hazard_id, rung, rung_order, reason, days, raised_on, run_id, edition_id)
        SELECT id, hazard_id, 'notice_letter', 1, 'threshold', 3, %(night)s, %(run)s, 1 FROM episode
         WHERE kind = 'term' AND ended_on IS NULL
        ON CONFLICT DO NOTHING RETURNING id, hazard_id)
    """
    + _EVENTS,
)


@dataclass(frozen=True, slots=True)
class Latencies:
    """Milliseconds of locking and letting go a hazard."""

    p99: float
    most: float
    count: int


def main() -> int:
    """Measures once and prints a row as JSON."""
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--hazards", type=int, default=1_000_000)
    wanted.add_argument("--due", type=int, default=200_000)
    given = wanted.parse_args()
    with run_folder():
        found = _measured(cluster_of_run(), given.hazards, given.due)
    print(json.dumps(found, ensure_ascii=False, indent=2))
    kept = found["ratio"] >= FLOOR and found["client_mb"] <= MOST_MB and found["p99_ratio"] <= MOST_SLOWER
    return 0 if kept else 1


def _measured(cluster: Cluster, hazards: int, due: int) -> dict[str, Any]:
    with settled_database(cluster) as filled:
        _fill(filled, hazards, max(1, hazards // due))
        with cluster.temporary_database(template=filled.name) as other:
            bare = _bare(other)
        before = asyncio.run(_locking(filled, 10.0))
        night, during = asyncio.run(_night_under_acts(filled))
    due, seconds = night["counts"]["rungs_raised"], night["seconds"]
    return {
        "hazards": hazards,
        "due": due,
        "bare_rows_per_second": round(due / bare),
        "night_rows_per_second": round(due / seconds),
        "ratio": round(bare / seconds, 3),
        "client_mb": night["mb"],
        "p99_before_ms": before.p99,
        "p99_during_ms": during.p99,
        "most_during_ms": during.most,
        "locks_during": during.count,
        "p99_ratio": round(during.p99 / before.p99, 2),
    }


def _fill(database: TestDatabase, hazards: int, every: int) -> None:
    with psycopg.connect(libpq_address(database.superuser_url), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("INSERT INTO site (enterprise_id, unit_id, name) SELECT id, unit_id, '示例' FROM enterprise")
        connection.execute(_HAZARDS, {"hazards": hazards, "every": every})
        for statement in _PASTS:
            connection.execute(statement.encode())


def _bare(database: TestDatabase) -> float:
    """Seconds of the bare statements, as the job's role and under the same walls."""
    with psycopg.connect(libpq_address(database.job_url)) as connection:
        connection.execute("SET ROLE qingling_job")
        connection.execute("SET statement_timeout = 0")
        row = connection.execute(
            "INSERT INTO escalation_run (business_date, edition_id) VALUES (%s, 1) RETURNING id", [NIGHT]
        ).fetchone()
        connection.commit()
        connection.execute("SET ROLE qingling_job")
        begun = time.perf_counter()
        for statement in _BARE:
            connection.execute(statement.encode(), {"night": NIGHT, "run": row[0] if row else 0})
        connection.commit()
        return time.perf_counter() - begun


async def _night_under_acts(database: TestDatabase) -> tuple[dict[str, Any], Latencies]:
    locking = asyncio.create_task(_locking(database, None))
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.escalation_night", database.job_url, NIGHT.isoformat(), stdout=PIPE
    )
    told, _ = await child.communicate()
    locking.cancel()
    return json.loads(told), await locking


async def _locking(database: TestDatabase, seconds: float | None) -> Latencies:
    """Locks random hazards, about a hundred a second, until cancelled or so long."""
    took: list[float] = []
    dice = random.Random(1)  # noqa: S311 - wants a seed, not secrecy
    begun = time.perf_counter()
    async with await psycopg.AsyncConnection.connect(libpq_address(database.superuser_url)) as connection:
        row = await (await connection.execute("SELECT max(id) FROM hazard")).fetchone()
        most = row[0] if row else 1
        try:
            while seconds is None or time.perf_counter() - begun < seconds:
                await asyncio.sleep(0.01)
                since = time.perf_counter()
                await connection.execute("SELECT 1 FROM hazard WHERE id = %s FOR UPDATE", [dice.randint(1, most)])
                await connection.commit()
                took.append((time.perf_counter() - since) * 1000)
        except asyncio.CancelledError:
            await connection.rollback()
    took.sort()
    return Latencies(round(took[len(took) * 99 // 100], 2), round(took[-1], 2), len(took))


if __name__ == "__main__":
    sys.exit(main())
