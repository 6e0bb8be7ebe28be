"""What nobody may use any more goes away at night, and what proves something stays."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.infrastructure.database import Database
from app.infrastructure.settings import Settings, SettingsRefused, load_settings
from app.jobs import remove_expired
from app.jobs.work import Work
from tests.support.cluster import Cluster, TestDatabase, libpq_address
from tests.support.registry import open_registry, settled_database
from tests.support.walk import report_document

COUNTED = ("idempotency_key", "session", "step_up", "hazard_transition", "audit_event")


@pytest.fixture
def database(cluster: Cluster) -> Iterator[TestDatabase]:
    with settled_database(cluster) as settled:
        yield settled


def remove(database: TestDatabase, folder: Path) -> str:
    async def removed() -> str:
        opened = Database.at(database.job_url, pool_size=1)
        try:
            return await remove_expired.run(Work(opened, Settings(data_dir=folder)))
        finally:
            await opened.close()

    return asyncio.run(removed())


def days_pass(database: TestDatabase, days: int) -> None:
    with psycopg.connect(libpq_address(database.superuser_url)) as connection:
        connection.execute("UPDATE clock_setting SET offset_seconds = offset_seconds + %s", [days * 86400])


def counts(database: TestDatabase) -> dict[str, Any]:
    with psycopg.connect(libpq_address(database.superuser_url)) as connection:
        found = {
            table: connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() or (0,) for table in COUNTED
        }
    return {table: count for table, (count,) in found.items()}


def test_ended_sign_ins_and_kept_answers_go_after_thirty_days_and_no_earlier(
    database: TestDatabase, tmp_path: Path
) -> None:
    with open_registry(database, tmp_path) as registry:
        sent = {"Idempotency-Key": "3f0c7c4e-6e0f-4a57-9f5e-6d8c0d2f7a11"}
        registry.call("POST", "/hazards", by="chemical-safety-officer", json=report_document(), headers=sent)
        before = counts(database)
        assert before["session"] >= 1
        assert before["idempotency_key"] == 1
        days_pass(database, 29)
        remove(database, tmp_path)
        assert counts(database) == before
        days_pass(database, 3)
        remove(database, tmp_path)
        after = counts(database)
        assert (after["session"], after["idempotency_key"]) == (0, 0)
        kept = ("step_up", "hazard_transition", "audit_event")
        assert [after[table] for table in kept] == [before[table] for table in kept]


def test_a_login_that_never_was_is_forgotten_the_next_day_and_a_known_address_is_not(
    database: TestDatabase, tmp_path: Path
) -> None:
    with open_registry(database, tmp_path) as registry:
        registry.sign_in("city-office-head")
        for number in range(3):
            guessed = {"login_name": f"nobody-{number}", "password": "不对"}
            registry.client.post("/api/v1/session", json=guessed)
    days_pass(database, 2)
    remove(database, tmp_path)
    with psycopg.connect(libpq_address(database.superuser_url)) as connection:
        kept = connection.execute("SELECT succeeded_at IS NOT NULL FROM sign_in_attempt").fetchall()
    assert kept == [(True,)]


def test_a_sign_in_still_good_is_kept_by_the_database_itself(database: TestDatabase, tmp_path: Path) -> None:
    with open_registry(database, tmp_path) as registry:
        registry.sign_in("city-office-head")
    with psycopg.connect(libpq_address(database.job_url)) as job:
        job.execute("SET ROLE qingling_job")
        assert job.execute("DELETE FROM session").rowcount == 0


def events(database: TestDatabase) -> list[Any]:
    """Codes of what was refused or read and is still kept."""
    with psycopg.connect(libpq_address(database.superuser_url)) as connection:
        return [code for (code,) in connection.execute("SELECT code FROM access_event ORDER BY id")]


def test_refusals_and_sensitive_reads_go_after_the_months_set_and_no_earlier(
    database: TestDatabase, tmp_path: Path
) -> None:
    with open_registry(database, tmp_path) as registry:
        assert registry.get("/audit/events", by="city-office-head").status == 403
        assert registry.get("/audit/events", by="city-auditor").status == 200
        kept = events(database)
        assert {"not_permitted", "audit_events"} <= set(kept)
        days_pass(database, 35 * 30)
        remove(database, tmp_path)
        assert events(database) == kept
        days_pass(database, 90)
        remove(database, tmp_path)
        assert events(database) == []


def test_nobody_but_the_job_removes_them_and_the_job_none_younger_than_six_months(
    database: TestDatabase, tmp_path: Path
) -> None:
    with open_registry(database, tmp_path) as registry:
        registry.get("/audit/events", by="city-auditor")
    with psycopg.connect(libpq_address(database.app_url)) as app:
        for role_class in ("auditor", "administrator", "signin", "official"):
            app.execute(f"SET ROLE qingling_{role_class}".encode())
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute("DELETE FROM access_event")
            app.rollback()
    everything = "DELETE FROM access_event"
    with psycopg.connect(libpq_address(database.job_url)) as job:
        job.execute("SET ROLE qingling_job")
        assert job.execute(everything).rowcount == 0
    days_pass(database, 190)
    with psycopg.connect(libpq_address(database.job_url)) as job:
        job.execute("SET ROLE qingling_job")
        assert job.execute(everything).rowcount > 0


@pytest.mark.parametrize("months", ["5", "0", "-1"])
def test_no_start_with_less_than_six_months(monkeypatch: pytest.MonkeyPatch, months: str) -> None:
    monkeypatch.setenv("QINGLING_ACCESS_EVENT_MONTHS", months)
    with pytest.raises(SettingsRefused, match="ACCESS_EVENT_MONTHS"):
        load_settings()
