"""P-04: for every POST there is, one key is one effect: twenty at once, another body, another person, a secret."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final, cast

import httpx2
import pytest
from starlette.testclient import TestClient

from app.infrastructure.database import Database
from app.jobs import remove_expired
from app.jobs.work import Work
from tests.crash.drill import Kept
from tests.support import walk
from tests.support.application_process import ApplicationProcess
from tests.support.durable_cluster import DurableCluster
from tests.support.journeys import JOURNEYS
from tests.support.registry import Answered, Registry, ordinary_settings
from tests.support.routes import operation_of

STRANGER: Final = "jungar-inspector2"
WITHOUT_KEY: Final = frozenset(
    {"change_person", "revoke_service_key", "sign_out", "revoke_session", "remove_sign_on_identity"}
)
"""No POST."""
SECRET: Final = frozenset({"issue_service_key", "enrol_second_factor", "confirm_access_restoration"})


@dataclass
class Crowd(Registry):
    """Sends each POST of its operations twenty times at once under one key."""

    durable: DurableCluster = field(kw_only=True)
    at_once: int = 2
    operations: frozenset[str] = frozenset()
    met: Counter[str] = field(default_factory=Counter)

    def call(self, method: str, path: str, *, by: str | None, **request: Any) -> Answered:
        """One request, or twenty that are to be one."""
        operation = operation_of(method, path)
        if method != "POST" or operation not in self.operations or request.get("params") or self.met[operation]:
            return super().call(method, path, by=by, **request)
        self.met[operation] += 1
        request["headers"] = dict(request.get("headers", {})) | {"Idempotency-Key": secrets.token_hex(12)}
        for login in (by, STRANGER):
            self.sign_in(login or "")
        send = super().call
        with self.durable.connect() as connection:
            before = Kept.read(connection)
            with ThreadPoolExecutor(self.at_once) as pool:
                all_at_once = [pool.submit(send, method, path, by=by, **request) for _ in range(self.at_once)]
                answers = [one.result() for one in all_at_once]
            after = Kept.read(connection)
            first = self._one_answer(operation, answers)
            assert after.keys == before.keys + 1, operation
            self._reused(operation, path, by, request)
            stranger = super().call(method, path, by=STRANGER, **request)
            assert stranger.body != first.body, f"{operation}: answered to somebody else"
            if stranger.status >= httpx2.codes.BAD_REQUEST:
                assert not Kept.read(connection).changed(after), operation
        return first

    def _one_answer(self, operation: str, answers: list[Answered]) -> Answered:
        done = [one for one in answers if one.status == httpx2.codes.CREATED]
        others = [one for one in answers if one.status != httpx2.codes.CREATED]
        if operation in SECRET:
            assert len(done) == 1
            assert {(one.status, one.code) for one in others} == {(409, "already_done")}
            return done[0]
        assert not others, (operation, [one.body for one in others[:1]])
        assert all(one.body == done[0].body for one in done), operation
        return done[0]

    def _reused(self, operation: str, path: str, by: str | None, request: dict[str, Any]) -> None:
        other = dict(request)
        if "files" in request:
            other["files"] = {"file": ("b.png", b"another file")}
        else:
            other["json"] = {**(request.get("json") or {}), "another": "body"}
        refused = super().call("POST", path, by=by, **other)
        assert (refused.status, refused.code) == (422, "idempotency_key_reused"), (operation, refused.body)


@pytest.fixture
def crowd(durable: DurableCluster, served: ApplicationProcess) -> Iterator[Crowd]:
    with served.client() as client:
        yield Crowd(cast("TestClient", client), durable.database, durable=durable)


@pytest.mark.parametrize("name", JOURNEYS)
def test_many_at_once_are_one_effect_and_one_answer(crowd: Crowd, name: str) -> None:
    walk_all(crowd, name)


@pytest.mark.long
@pytest.mark.parametrize("name", JOURNEYS)
def test_twenty_at_once_are_one_effect_and_one_answer(crowd: Crowd, name: str) -> None:
    crowd.at_once = 20
    walk_all(crowd, name)


def test_twenty_reports_and_twenty_signatures_at_once_are_one_of_each(crowd: Crowd) -> None:
    crowd.at_once, crowd.operations = 20, frozenset({"report_hazard", "sign_hazard"})
    hazard = walk.verified(crowd)
    walk.sign(crowd, hazard, 1)
    assert crowd.met == {"report_hazard": 1, "sign_hazard": 1}


def walk_all(crowd: Crowd, name: str) -> None:
    crowd.operations = frozenset(JOURNEYS[name].operations)
    JOURNEYS[name].walk(crowd)
    assert set(crowd.met) == crowd.operations - WITHOUT_KEY


def test_a_key_lives_thirty_days_and_serves_anew_after_them(durable: DurableCluster, crowd: Crowd) -> None:
    key = {"Idempotency-Key": secrets.token_hex(12)}
    first = reported(crowd, key)
    for days, is_same in ((29, True), (2, False)):
        with durable.connect() as connection:
            connection.execute("UPDATE idempotency_key SET recorded_at = recorded_at - %s * interval '1 day'", [days])
        asyncio.run(expired_removed(durable.database.job_url))
        assert (reported(crowd, key).body == first.body) is is_same


def reported(crowd: Crowd, key: dict[str, str]) -> Answered:
    return Registry.call(
        crowd, "POST", "/hazards", by="chemical-safety-officer", json=walk.report_document(), headers=key
    )


async def expired_removed(job_url: str) -> None:
    database = Database.at(job_url, pool_size=1)
    try:
        await remove_expired.run(Work(database, ordinary_settings()))
    finally:
        await database.close()
