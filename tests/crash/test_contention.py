"""Promises 2.1: what another transaction stood in the way of is tried again under a key, and told without one."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from app.infrastructure.retrying import MOST_RETRIES
from tests.crash.drill import Drill
from tests.support import walk
from tests.support.cluster import libpq_address
from tests.support.polling import until
from tests.support.registry import Answered

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'qingling_app' AND wait_event_type = 'Lock'"
STARTED = "SELECT max(xact_start) FROM pg_stat_activity WHERE usename = 'qingling_app' AND wait_event_type = 'Lock'"
STREAM = "SELECT 1 FROM audit_stream s JOIN hazard h ON h.id = s.hazard_id WHERE h.public_id = %s FOR UPDATE OF s"
HAZARD = "SELECT 1 FROM hazard WHERE public_id = %s FOR UPDATE"


@contextmanager
def standing_in_the_way(drill: Drill) -> Iterator[psycopg.Connection[Any]]:
    """A transaction of somebody who never gives way."""
    with psycopg.connect(libpq_address(drill.database.superuser_url)) as connection:
        connection.execute("SET LOCAL deadlock_timeout = '60s'")
        yield connection


def amend(drill: Drill, hazard: str, **headers: str) -> Answered:
    version = drill.hazard(hazard, by="chemical-safety-officer")["version"]
    sent = {"If-Match": f'"{version}"', **headers}
    path = f"/hazards/{hazard}/amendments"
    return drill.call("POST", path, by="chemical-safety-officer", json={"location": "别处"}, headers=sent)


def asked(drill: Drill, statement: str) -> Any:
    with drill.durable.connect() as connection:
        row = connection.execute(statement.encode()).fetchone()
        return row[0] if row else None


@contextmanager
def deadlocked(drill: Drill, hazard: str, **headers: str) -> Iterator[Future[Answered]]:
    """An amendment that holds the hazard and waits for its stream, while the other holds that and asks for this."""
    with standing_in_the_way(drill) as other, ThreadPoolExecutor(1) as pool:
        other.execute(STREAM, [hazard])
        answer = pool.submit(amend, drill, hazard, **headers)
        assert until(lambda: asked(drill, WAITING) == 1)
        # Waits until the application's transaction is the one that is ended.
        other.execute(HAZARD, [hazard])
        other.rollback()
        yield answer


def test_a_deadlock_is_tried_again_under_a_key(drill: Drill) -> None:
    hazard = walk.reported(drill)
    with deadlocked(drill, hazard, **{"Idempotency-Key": "deadlocked-once"}) as answer:
        assert answer.result(20).status == 201
    assert drill.hazard(hazard)["version"] == 1


def test_a_deadlock_without_a_key_is_told_and_nothing_is_written(drill: Drill) -> None:
    hazard = walk.reported(drill)
    with deadlocked(drill, hazard) as answer:
        assert (answer.result(20).status, answer.result().code) == (409, "changed_meanwhile")
    assert drill.hazard(hazard)["version"] == 0


def test_a_lock_not_got_in_time_is_tried_again_under_a_key(drill: Drill) -> None:
    hazard = walk.reported(drill)
    with standing_in_the_way(drill) as other, ThreadPoolExecutor(1) as pool:
        other.execute(HAZARD, [hazard])
        answer = pool.submit(amend, drill, hazard, **{"Idempotency-Key": "waited-too-long"})
        assert until(lambda: asked(drill, WAITING) == 1)
        first = asked(drill, STARTED)
        assert until(lambda: (asked(drill, STARTED) or first) > first), "nobody tried again"
        other.rollback()
        assert answer.result(20).status == 201
    assert drill.hazard(hazard)["version"] == 1


@pytest.mark.long
def test_a_lock_that_is_never_given_is_told_after_three_more_tries(drill: Drill) -> None:
    hazard = walk.reported(drill)
    with standing_in_the_way(drill) as other, ThreadPoolExecutor(1) as pool:
        other.execute(HAZARD, [hazard])
        answer = pool.submit(amend, drill, hazard, **{"Idempotency-Key": "never-in-time"})
        begun: set[object] = set()

        def noting() -> bool:
            begun.add(asked(drill, STARTED))
            return answer.done()

        assert until(noting)
        assert (answer.result().status, answer.result().code) == (503, "busy")
        other.rollback()
    assert len(begun - {None}) == 1 + MOST_RETRIES
    assert drill.hazard(hazard)["version"] == 0
