"""A restored database counts transactions anew: its old ids mean nothing there, and no row may be forgotten for it."""

import contextlib
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.support.cluster import libpq_address
from tests.support.polling import until
from tests.support.wall_steps import Walk
from tests.wall.conftest import Walled

Job = psycopg.Connection[tuple[Any, ...]]
FAR_AHEAD = 9_000_000_000
"""An id no cluster of the tests reaches: what a busy cluster's dump brings along."""
ROWS = (
    "SELECT transaction_id::text::bigint FROM hazard_transition"
    " UNION ALL SELECT transaction_id::text::bigint FROM audit_event"
)


@pytest.fixture
def job(own_city: Walled) -> Iterator[Job]:
    with contextlib.closing(psycopg.connect(libpq_address(own_city.database.job_url), autocommit=True)) as connection:
        yield connection


def report(own_city: Walled) -> int:
    """A hazard reported; the id of its transition."""
    with own_city.connection.transaction():
        return int(Walk(own_city.connection, own_city.city).report())


def sequence(job: Job) -> None:
    as_job(job, "SELECT sequence_new_rows()")


def as_job(job: Job, statement: str) -> None:
    with job.transaction():
        job.execute("SET LOCAL ROLE qingling_job")
        job.execute(statement.encode())


def restored(own_city: Walled, *, ids: int | None = None, cluster: int | None = None) -> None:
    """As a dump of another cluster leaves it: rows keep the ids they had there, the era names that cluster."""
    with own_city.connection.transaction():
        own_city.connection.execute("SET LOCAL session_replication_role = replica")
        if ids is not None:
            own_city.connection.execute("UPDATE hazard_transition SET transaction_id = %s::text::xid8", [ids])
            own_city.connection.execute("UPDATE audit_event SET transaction_id = %s::text::xid8", [ids])
        if cluster is not None:
            own_city.connection.execute("UPDATE sequence_epoch SET system_identifier = %s", [cluster])


def everything_has_its_position(own_city: Walled, job: Job) -> bool:
    """Within a while: an open transaction of another database holds the cluster's horizon back for a moment."""

    def reached() -> bool:
        sequence(job)
        (rows,) = own_city.connection.execute(f"SELECT count(*) FROM ({ROWS}) AS r".encode()).fetchone() or (None,)
        positions = own_city.connection.execute("SELECT position FROM sequence_position ORDER BY 1").fetchall()
        return positions == [(place + 1,) for place in range(rows)]

    return until(reached)


def epochs(own_city: Walled) -> int:
    (count,) = own_city.connection.execute("SELECT count(*) FROM sequence_epoch").fetchone() or (0,)
    return int(count)


def test_an_era_lasts_as_long_as_the_cluster(own_city: Walled, job: Job) -> None:
    for _ in range(3):
        report(own_city)
        assert everything_has_its_position(own_city, job)
    assert epochs(own_city) == 1


def test_rows_written_after_a_restore_are_taken_though_their_ids_are_lower(own_city: Walled, job: Job) -> None:
    sequence(job)
    report(own_city)
    assert everything_has_its_position(own_city, job)
    restored(own_city, ids=FAR_AHEAD)
    report(own_city)
    assert everything_has_its_position(own_city, job)
    assert epochs(own_city) == 2
    report(own_city)
    assert everything_has_its_position(own_city, job)
    assert epochs(own_city) == 2


def test_rows_that_waited_when_the_dump_was_made_are_taken_though_their_ids_lie_ahead(
    own_city: Walled, job: Job
) -> None:
    sequence(job)
    report(own_city)
    restored(own_city, ids=FAR_AHEAD, cluster=1)
    report(own_city)
    assert everything_has_its_position(own_city, job)
    assert epochs(own_city) == 2


def test_a_cluster_that_overtook_the_old_ids_before_the_first_run_forgets_nothing(own_city: Walled, job: Job) -> None:
    report(own_city)
    assert everything_has_its_position(own_city, job)
    late = report(own_city)
    with own_city.connection.transaction():
        own_city.connection.execute("SET LOCAL session_replication_role = replica")
        # Written before the id that the dump brought was reached here.
        own_city.connection.execute("UPDATE hazard_transition SET transaction_id = '3' WHERE hazard_id = %s", [late])
        own_city.connection.execute("UPDATE audit_event SET transaction_id = '3' WHERE hazard_id = %s", [late])
    restored(own_city, cluster=1)
    assert everything_has_its_position(own_city, job)


def test_nobody_writes_an_era_or_gives_a_position_by_hand(own_city: Walled, job: Job) -> None:
    for statement in (
        "INSERT INTO sequence_epoch VALUES (9, 1, '3', 0)",
        "UPDATE sequence_epoch SET horizon = '3'",
        "DELETE FROM sequence_epoch",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            as_job(job, statement)
