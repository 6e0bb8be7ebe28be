"""`qingling escalate` and the job: what they say, with which exit code; readiness knows when nights are missing."""

import asyncio
from datetime import date, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import app
from app.infrastructure.database import Database
from app.infrastructure.settings import Settings
from app.jobs import escalate
from app.jobs.work import Work
from tests.support.ladder_nights import Nights
from tests.support.registry import open_registry

FIRST = date(2024, 12, 1)


@pytest.fixture
def environment(nights: Nights, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Nights:
    monkeypatch.setenv("QINGLING_DATABASE_URL", nights.job_url)
    monkeypatch.setenv("QINGLING_JOB_DATABASE_URL", nights.job_url)
    monkeypatch.setenv("QINGLING_DATA_DIR", str(tmp_path))
    nights.town.settle(5, FIRST, date(2024, 11, 15))
    nights.town.connection.commit()
    return nights


def run(*arguments: str) -> tuple[int, str]:
    answer = CliRunner().invoke(app, ["escalate", *arguments])
    return answer.exit_code, answer.output


def test_a_run_says_what_it_did(environment: Nights) -> None:
    code, said = run("--as-of", (FIRST + timedelta(days=100)).isoformat(), "--json")
    assert code == 0
    assert '"outcome": "completed"' in said
    assert '"episodes_opened": ' in said


def test_an_unannounced_year_ends_with_an_exit_code_and_its_reason(environment: Nights) -> None:
    environment.town.connection.execute("DELETE FROM calendar_day WHERE year >= 2025")
    environment.town.connection.execute("DELETE FROM calendar_year WHERE year >= 2025")
    environment.town.connection.commit()
    code, said = run("--as-of", "2025-02-01", "--json")
    assert code == 2
    assert '"outcome": "stopped"' in said
    assert "2025 年节假日安排尚未导入" in said


def test_a_rehearsal_raises_nothing(environment: Nights) -> None:
    code, said = run("--as-of", (FIRST + timedelta(days=100)).isoformat(), "--rehearse")
    assert code == 0
    assert '"raises": ' in said
    assert not any(environment.recorded().values())


def test_the_job_runs_todays_night(environment: Nights, tmp_path: Path) -> None:
    async def rung() -> str:
        database = Database.at(environment.job_url, pool_size=2)
        try:
            return await escalate.run(Work(database, Settings(data_dir=tmp_path)))
        finally:
            await database.close()

    assert asyncio.run(rung()).startswith("2026-11-23: ")


def test_readiness_says_when_the_last_good_night_is_too_long_ago(environment: Nights, tmp_path: Path) -> None:
    environment.run(FIRST)
    environment.town.connection.execute("UPDATE clock_setting SET offset_seconds = offset_seconds + 27 * 3600")
    environment.town.connection.commit()
    with open_registry(environment.of_town, tmp_path) as registry:
        warnings = registry.client.get("/readyz").json()["warnings"]
    assert any("升档作业已超过 26 小时没有完成" in one for one in warnings), warnings
