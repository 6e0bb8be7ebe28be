"""The one sequencer: gapless positions, in the order of transactions, none skipped for a transaction still open."""

import contextlib
from typing import Any

import psycopg

from tests.support.cluster import libpq_address
from tests.support.polling import until
from tests.support.wall_steps import Walk
from tests.wall.conftest import Walled


def test_rows_of_an_open_transaction_wait_and_nothing_younger_overtakes_them(own_city: Walled) -> None:
    address = libpq_address(own_city.database.superuser_url)
    job_address = libpq_address(own_city.database.job_url)
    with (
        contextlib.closing(psycopg.connect(address)) as slow,
        contextlib.closing(psycopg.connect(job_address, autocommit=True)) as job,
    ):
        Walk(slow, own_city.city).report()
        with own_city.connection.transaction():
            Walk(own_city.connection, own_city.city).report()
        assert sequenced(job) == 0

        slow.commit()
        # The horizon is the whole cluster's: another database's open transaction holds it back for a moment.
        assert in_all(job, 4)
        assert sequenced(job) == 0

        with own_city.connection.transaction():
            Walk(own_city.connection, own_city.city).report()
        assert in_all(job, 2)

    positions = own_city.connection.execute("SELECT position FROM sequence_position ORDER BY 1").fetchall()
    assert positions == [(place,) for place in range(1, 7)]


def in_all(job: psycopg.Connection[tuple[Any, ...]], rows: int) -> bool:
    """Whether runs of the job give positions to so many rows, no more and no fewer, within a while."""
    given = 0

    def reached() -> bool:
        nonlocal given
        given += sequenced(job)
        return given >= rows

    return until(reached) and given == rows


def sequenced(job: psycopg.Connection[tuple[Any, ...]]) -> int:
    """How many rows the job's run gave positions."""
    with job.transaction():
        job.execute("SET LOCAL ROLE qingling_job")
        row = job.execute("SELECT sequence_new_rows()").fetchone()
    assert row is not None
    return int(row[0])
