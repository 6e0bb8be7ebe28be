"""What nobody may use any more goes away at night, and what proves something stays."""

import asyncio
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.infrastructure.database import Database
from app.infrastructure.settings import Settings
from app.jobs import remove_expired
from app.jobs.work import Work
from tests.support.cluster import TestDatabase, libpq_address
from tests.support.registry import open_registry
from tests.support.walk import report_document

COUNTED = ("idempotency_key", "session", "step_up", "hazard_transition", "audit_event")


@pytest.fixture
def database(fresh_city: TestDatabase) -> TestDatabase:
    return fresh_city


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
