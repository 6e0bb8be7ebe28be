"""The night's letters: nobody silences them, what has ended leaves them, a voided one hands its rungs on."""

import asyncio
from collections.abc import Iterator
from datetime import date
from typing import Any

import psycopg
import pytest

from app.escalation.run import run_night
from app.infrastructure.database import Database, SystemPrincipal
from app.infrastructure.owner import owner_transaction
from app.letters.issuing import issue_under_standing_authorisation
from app.letters.numbers import Number
from app.reference.edition_loading import load_edition_text
from app.regulation.vocabulary import RoleClass
from tests.letters.papers import CLERK, HEAD, release_dispatch
from tests.regulation.test_edition_ladder import with_authorisation
from tests.support import walk
from tests.support.cluster import Cluster, TestDatabase, libpq_address
from tests.support.registry import Registry, open_registry, settled_database

JOB = SystemPrincipal(RoleClass.JOB, "job escalate")
NIGHT = date(2026, 11, 25)
LATER = "UPDATE clock_setting SET offset_seconds = offset_seconds + 2 * 86400"
ENDED = """
    UPDATE episode SET ended_on = opened_on, ended_as = 'closed'
     WHERE hazard_id = (SELECT id FROM hazard WHERE public_id = %s)
"""


def execute(database: TestDatabase, statement: str, *values: Any) -> None:
    with psycopg.connect(libpq_address(database.superuser_url)) as connection:
        connection.execute(statement.encode(), values)


@pytest.fixture
def night(cluster: Cluster, tmp_path: Any) -> Iterator[tuple[Registry, list[str]]]:
    """Two hazards a day over their deadline, after the night that drafted one letter about both."""
    with settled_database(cluster) as database:
        with open_registry(database, tmp_path) as registry:
            hazards = [walk.listed(registry, deadline="2026-11-23") for _ in range(2)]
        execute(database, LATER)
        asyncio.run(_run(database))
        release_dispatch(database)
        with open_registry(database, tmp_path) as registry:
            yield registry, hazards


async def _run(database: TestDatabase) -> None:
    opened = Database.at(database.job_url, pool_size=1)
    try:
        await run_night(lambda: opened.transaction(JOB, request_id="job escalate"), NIGHT)
    finally:
        await opened.close()


def notice(registry: Registry) -> dict[str, Any]:
    """The one 函告 that waits for its signatory, opened by it."""
    (found,) = registry.get("/letters?kind=notice_letter&status=draft", by=HEAD).body["items"]
    return dict(registry.get(f"/letters/{found['id']}", by=HEAD).body)


def test_nobody_drops_what_the_ladder_has_to_say(night: tuple[Registry, list[str]]) -> None:
    registry, hazards = night
    letter = notice(registry)
    assert [one["hazard"] for one in letter["items"]] == hazards
    refused = registry.attempt(f"/letters/{letter['id']}/drop", {"reason": "不发"}, by=CLERK, version=0)
    assert (refused.status, refused.code) == (409, "letter_of_the_ladder")


def test_a_delay_that_has_ended_leaves_the_letter_at_issuing(night: tuple[Registry, list[str]]) -> None:
    registry, (ended, stands) = night
    letter = notice(registry)
    execute(registry.database, ENDED, ended)
    batch = {"letters": [{"letter_id": letter["id"], "version": letter["version"]}]}
    assert registry.post("/letter-issuings", batch, by=HEAD)["issued"] == 1
    out = registry.get(f"/letters/{letter['id']}", by="dongsheng-head").body
    assert [one["hazard"] for one in out["items"]] == [stands]
    copies = registry.get(f"/letters/{letter['id']}", by=CLERK).body["copies"]
    assert {tuple(copy["lines"]) for copy in copies} == {(2,)}
    assert out["reply_due_on"] >= letter["reply_due_on"]


def test_a_letter_with_nothing_left_to_say_is_not_issued_and_uses_no_number(night: tuple[Registry, list[str]]) -> None:
    registry, hazards = night
    letter = notice(registry)
    for hazard in hazards:
        execute(registry.database, ENDED, hazard)
    refused = registry.attempt(f"/letters/{letter['id']}/issuing", None, by=HEAD, version=letter["version"])
    assert (refused.status, refused.code) == (409, "letter_has_no_item_left")
    assert registry.get("/letter-series", by=HEAD).body["items"] == []


def test_a_voided_letter_nobody_received_hands_its_rungs_to_a_new_draft(night: tuple[Registry, list[str]]) -> None:
    registry, hazards = night
    letter = notice(registry)
    registry.post(f"/letters/{letter['id']}/issuing", None, by=HEAD, version=letter["version"])
    sent = {"reason": "标题有误"}
    voided = registry.post(f"/letters/{letter['id']}/voiding", sent, by=HEAD, version=letter["version"] + 1)
    anew = notice(registry)
    assert (anew["id"], anew["reissue_of"]) == (voided["replacement"], letter["id"])
    assert [(one["hazard"], one["rung"]) for one in anew["items"]] == [(one, "notice_letter") for one in hazards]
    out = registry.post(f"/letters/{anew['id']}/issuing", None, by=HEAD, version=0)
    assert out["number"].endswith("〕2号")


def test_a_rung_once_served_stays_served_though_its_letter_is_voided(night: tuple[Registry, list[str]]) -> None:
    registry, _ = night
    letter = notice(registry)
    registry.post(f"/letters/{letter['id']}/issuing", None, by=HEAD, version=letter["version"])
    registry.post(f"/letters/{letter['id']}/acknowledgement", None, by="dongsheng-head")
    sent = {"reason": "标题有误"}
    voided = registry.post(f"/letters/{letter['id']}/voiding", sent, by=HEAD, version=letter["version"] + 1)
    assert voided["replacement"] is None
    assert registry.get("/letters?status=draft&kind=notice_letter", by=HEAD).body["items"] == []


def _by_itself(database: TestDatabase) -> Number | None:
    async def go() -> Number | None:
        opened = Database.at(database.job_url, pool_size=1)
        try:
            async with opened.transaction(JOB, request_id="job escalate") as context:
                with psycopg.connect(libpq_address(database.superuser_url)) as connection:
                    row = connection.execute(b"SELECT id FROM letter WHERE kind = 'notice_letter'").fetchone()
                assert row is not None
                return await issue_under_standing_authorisation(context, row[0])
        finally:
            await opened.close()

    return asyncio.run(go())


def test_a_notice_goes_by_itself_only_under_a_standing_authorisation(night: tuple[Registry, list[str]]) -> None:
    registry, _ = night
    assert _by_itself(registry.database) is None

    async def authorise() -> None:
        async with owner_transaction(registry.database.migrate_url, label="test") as context:
            await load_edition_text(context, with_authorisation())

    asyncio.run(authorise())
    release_dispatch(registry.database)
    number = _by_itself(registry.database)
    assert str(number) == "东安办函〔2026〕1号"
    (found,) = registry.get("/letters?kind=notice_letter", by=HEAD).body["items"]
    assert found["status"] == "issued"
    assert found["standing_authorisation"]
