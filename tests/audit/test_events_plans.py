"""The trail's filters find what they ask for without reading all of it, at two hundred thousand events."""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.support.cluster import Cluster, TestDatabase, libpq_address
from tests.support.registry import settled_database

EVENTS = 200_000
STREAMS = """
INSERT INTO audit_stream (id, kind, subject_id, length, previous_sha256, head_sha256)
OVERRIDING SYSTEM VALUE
SELECT 1000000 + n, CASE WHEN n % 4000 = 0 THEN 'calendar' ELSE 'plan' END, n, 10, sha256('a'), sha256('b')
FROM generate_series(1, 20000) AS n
"""
FILLED = f"""
INSERT INTO audit_event (stream_id, serial, event, payload, previous_sha256, sha256, request_id, recorded_at)
SELECT 1000001 + n % 20000, n, 'plan:made', repeat('x', 400)::bytea, sha256('a'),
       sha256(sha256('a') || repeat('x', 400)::bytea), 'test', registry_now() + n * interval '1 minute'
FROM generate_series(1, {EVENTS}) AS n
"""
PAGE = """
SELECT e.id, e.serial, e.event, e.payload, e.previous_sha256, e.sha256, e.account_id, e.request_id, e.recorded_at,
       s.kind, s.subject_id, p.position
  FROM audit_event e JOIN audit_stream s ON s.id = e.stream_id
  LEFT JOIN sequence_position p ON p.audit_event_id = e.id
 WHERE {} ORDER BY e.id DESC LIMIT 51
"""


@pytest.fixture(scope="module")
def crowded(cluster: Cluster) -> Iterator[TestDatabase]:
    with settled_database(cluster) as database:
        with psycopg.connect(libpq_address(database.superuser_url)) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute(STREAMS.encode())
            connection.execute(FILLED.encode())
        with psycopg.connect(libpq_address(database.superuser_url), autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE audit_event, audit_stream, sequence_position")
        yield database


def newest(database: TestDatabase, minutes: int) -> str:
    """The instant so many minutes before the last event, as a client writes it."""
    with psycopg.connect(libpq_address(database.superuser_url)) as connection:
        statement = "SELECT (max(recorded_at) - make_interval(mins => %s))::text FROM audit_event"
        (instant,) = connection.execute(statement, [minutes]).fetchone() or ("",)
    return f"e.recorded_at >= '{instant}'"


def rows_read(database: TestDatabase, condition: str) -> tuple[int, Any]:
    """How many events the auditor's page reads, and its plan."""
    with psycopg.connect(libpq_address(database.app_url)) as connection:
        connection.execute("SET ROLE qingling_auditor")
        asked = f"EXPLAIN (ANALYZE, FORMAT JSON) {PAGE.format(condition)}"
        (plan,) = connection.execute(asked.encode()).fetchone() or ([{}],)
    return sum(_read(node) for node in _nodes(plan[0]["Plan"])), plan


def _read(node: dict[str, Any]) -> int:
    if node.get("Relation Name") != "audit_event":
        return 0
    removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return int((node["Actual Rows"] + removed) * node["Actual Loops"])


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", []):
        yield from _nodes(child)


@pytest.mark.parametrize("minutes", [0, 10, 2_000, 150_000])
def test_what_was_recorded_since_an_instant_is_found_without_reading_all(crowded: TestDatabase, minutes: int) -> None:
    read, plan = rows_read(crowded, newest(crowded, minutes))
    assert read < EVENTS // 20, json.dumps(plan, indent=1)


@pytest.mark.parametrize("kind", ["plan", "calendar", "account", "nothing"])
def test_a_kind_of_stream_is_found_without_reading_all(crowded: TestDatabase, kind: str) -> None:
    read, plan = rows_read(crowded, f"s.kind = '{kind}'")
    assert read < EVENTS // 20, json.dumps(plan, indent=1)
