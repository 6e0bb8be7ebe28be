"""The cluster that tests stand on: one for a run, gone with it, and copies of one migrated template."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.support.cluster import EMPTY, Cluster, TestDatabase, libpq_address
from tests.support.polling import until
from tests.support.run import REPOSITORY, RUN_VARIABLE

HOLDING_A_RUN = """
import sys
from tests.support.polling import until
from tests.support.run import run_folder, start_guardian
with run_folder() as folder:
    if sys.argv[1] == "with a database":
        start_guardian(folder)
    print(folder, flush=True)
    sys.stdin.read()
"""


def holder_of_a_run(needs: str) -> tuple[subprocess.Popen[str], Path]:
    """A process that stands for pytest, and its run's folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDING_A_RUN, needs],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def one(url: str, question: str) -> tuple[object, ...]:
    with psycopg.connect(libpq_address(url)) as connection:
        row: tuple[object, ...] | None = connection.execute(question.encode()).fetchone()
    assert row is not None
    return row


def test_a_run_that_is_killed_leaves_neither_server_nor_folder() -> None:
    process, folder = holder_of_a_run("with a database")
    assert (folder / "data").is_dir()
    process.kill()
    process.communicate()
    assert until(lambda: not folder.exists())


def test_a_run_that_ends_has_waited_for_its_server() -> None:
    process, folder = holder_of_a_run("with a database")
    process.communicate()
    assert process.returncode == 0
    assert not folder.exists()


def test_a_run_without_database_tests_starts_no_server() -> None:
    process, folder = holder_of_a_run("with none")
    assert not (folder / "data").exists()
    process.communicate()
    assert not folder.exists()


def test_all_workers_share_one_cluster_and_each_login_reaches_its_copy(
    cluster: Cluster, worker_database: TestDatabase, fresh_database: TestDatabase
) -> None:
    assert (Path(os.environ[RUN_VARIABLE]) / "cluster.json").stat().st_mode & 0o777 == 0o600
    assert worker_database.name != fresh_database.name
    who = "SELECT session_user::text, current_database()::text"
    assert one(fresh_database.app_url, who) == ("qingling_app", fresh_database.name)
    assert one(fresh_database.job_url, who) == ("qingling_job_login", fresh_database.name)
    assert one(fresh_database.report_url, who) == ("qingling_report_login", fresh_database.name)
    assert one(fresh_database.migrate_url, who) == ("qingling_migrate", fresh_database.name)
    assert one(fresh_database.superuser_url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") == (True,)


def test_the_template_is_migrated_and_takes_no_connections(cluster: Cluster, fresh_database: TestDatabase) -> None:
    assert one(fresh_database.superuser_url, "SELECT count(*) FROM alembic_version") == (1,)
    with pytest.raises(psycopg.OperationalError, match="not currently accepting connections"):
        psycopg.connect(libpq_address(cluster.url("qingling_template")))


def test_an_empty_database_is_to_be_had_for_the_migrations(new_database: Callable[..., TestDatabase]) -> None:
    empty = new_database(template=EMPTY)
    assert one(empty.superuser_url, "SELECT to_regclass('hazard')") == (None,)


def test_a_database_is_dropped_under_whoever_is_still_connected(cluster: Cluster) -> None:
    with cluster.temporary_database() as database:
        forgotten = psycopg.connect(libpq_address(database.app_url))
    with pytest.raises(psycopg.OperationalError):
        forgotten.execute("SELECT 1")
    forgotten.close()
    known = f"SELECT count(*) FROM pg_database WHERE datname = '{database.name}'"
    assert one(cluster.url(), known) == (0,)
