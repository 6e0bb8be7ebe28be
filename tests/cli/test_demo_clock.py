"""`qingling demo-clock`: a demo's clock goes on night by night, never backwards; a real registry's not at all."""

import asyncio
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import psycopg
import pytest

from app.cli.demo_clock import refuse_another_day, starting_day
from app.infrastructure.owner import owner_transaction
from app.infrastructure.settings import SettingsRefused
from tests.support.cluster import Cluster, TestDatabase, libpq_address
from tests.support.command import qingling
from tests.support.registry import settled_database


def settings(database: TestDatabase, folder: Path) -> dict[str, str]:
    return {
        "QINGLING_DATABASE_URL": database.app_url,
        "QINGLING_MIGRATION_DATABASE_URL": database.migrate_url,
        "QINGLING_JOB_DATABASE_URL": database.job_url,
        "QINGLING_IDENTITY_KEY": "0123456789abcdef" * 4,
        "QINGLING_DATA_DIR": str(folder),
    }


def ask(database: TestDatabase, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(libpq_address(database.superuser_url)) as connection:
        return connection.execute(statement.encode()).fetchall()


def stands(database: TestDatabase) -> str:
    ((now,),) = ask(database, "SELECT to_char(registry_now() AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24')")
    return str(now)


@pytest.fixture
def demo(cluster: Cluster) -> Iterator[TestDatabase]:
    """The demo's city at noon of 2026-11-23, a Monday."""
    with settled_database(cluster) as database:
        yield database


@pytest.fixture(scope="module")
def untouched(cluster: Cluster) -> Iterator[TestDatabase]:
    """The same, for what is refused."""
    with settled_database(cluster) as database:
        yield database


def test_each_night_that_is_passed_is_run_in_order_and_told_in_a_line(demo: TestDatabase, tmp_path: Path) -> None:
    moved = qingling("demo-clock", "advance", "--days", "3", settings=settings(demo, tmp_path))
    assert moved.returncode == 0, moved.stderr
    lines = moved.stdout.splitlines()
    assert [line[:13] for line in lines[:3]] == ["2026-11-24 周二", "2026-11-25 周三", "2026-11-26 周四"]
    assert "2026-11-26 12:" in lines[3], "the hour of the day stays"
    assert stands(demo) == "2026-11-26 12"
    runs = ask(
        demo,
        "SELECT business_date::text, to_char(started_at AT TIME ZONE 'Asia/Shanghai', 'MM-DD HH24:MI')"
        " FROM escalation_run ORDER BY id",
    )
    assert runs == [(f"2026-11-{day}", f"11-{day} 00:30") for day in (24, 25, 26)]


def test_the_clock_is_moved_to_a_day_and_shown(demo: TestDatabase, tmp_path: Path) -> None:
    where = settings(demo, tmp_path)
    assert qingling("demo-clock", "advance", "--to", "2026-11-24", settings=where).returncode == 0
    assert "2026-11-24 12:" in qingling("demo-clock", "show", settings=where).stdout


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        (("--to", "2026-11-23"), "向后"),
        (("--to", "2026-11-01"), "向后"),
        (("--to", "2028-11-01"), "400"),
        (("--to", "明天"), "YYYY-MM-DD"),
        ((), "--days"),
        (("--days", "1", "--to", "2026-11-24"), "--days"),
    ],
)
def test_the_clock_goes_neither_backwards_nor_anywhere_unclear(
    untouched: TestDatabase, tmp_path: Path, asked: tuple[str, ...], word: str
) -> None:
    refused = qingling("demo-clock", "advance", *asked, settings=settings(untouched, tmp_path))
    assert (refused.returncode, word in refused.stderr, refused.stdout) == (2, True, ""), refused.stderr
    assert stands(untouched) == "2026-11-23 12"


@pytest.mark.parametrize(("day", "remedy"), [(date(2026, 11, 22), "--fresh"), (date(2026, 11, 24), "advance")])
def test_a_demo_that_has_begun_does_not_start_on_another_day(untouched: TestDatabase, day: date, remedy: str) -> None:
    async def start(begins_on: date) -> None:
        async with owner_transaction(untouched.migrate_url, label="test") as context:
            await refuse_another_day(context, begins_on)

    asyncio.run(start(date(2026, 11, 23)))
    with pytest.raises(SettingsRefused, match=remedy):
        asyncio.run(start(day))


def test_a_real_registrys_clock_is_refused_and_stays(fresh_database: TestDatabase, tmp_path: Path) -> None:
    where = settings(fresh_database, tmp_path)
    never = qingling("demo-clock", "show", settings=where)
    assert (never.returncode, "qingling demo" in never.stderr) == (2, True), "nothing was started here yet"
    assert qingling("init", "--go-live", "2026-12-01", settings=where).returncode == 0
    for command in (("advance", "--days", "1"), ("show",)):
        refused = qingling("demo-clock", *command, settings=where)
        assert (refused.returncode, "正式的登记系统" in refused.stderr) == (2, True), refused.stderr
    assert ask(fresh_database, "SELECT is_movable, offset_seconds, fixed_at FROM clock_setting") == [(False, 0, None)]


def test_a_registry_marked_real_is_refused_though_its_clock_could_move(demo: TestDatabase, tmp_path: Path) -> None:
    with psycopg.connect(libpq_address(demo.superuser_url)) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE registry_setting SET is_demo = false")
    refused = qingling("demo-clock", "advance", "--days", "1", settings=settings(demo, tmp_path))
    assert (refused.returncode, "正式的登记系统" in refused.stderr) == (2, True)


def test_a_night_that_stops_ends_the_way_on_its_day(demo: TestDatabase, tmp_path: Path) -> None:
    with psycopg.connect(libpq_address(demo.superuser_url)) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("DELETE FROM calendar_day WHERE year = 2026")
        connection.execute("DELETE FROM calendar_year WHERE year = 2026")
    stopped = qingling("demo-clock", "advance", "--days", "3", settings=settings(demo, tmp_path))
    assert (stopped.returncode, len(stopped.stdout.splitlines())) == (2, 1)
    assert stands(demo) == "2026-11-24 00"


def test_a_demo_does_not_begin_within_its_sample_ledger() -> None:
    with pytest.raises(SettingsRefused, match="2025-01-01"):
        starting_day("2024-12-31")
