"""Every connection taken: who waits is told so soon and in order, health stays truthful, and nothing is stuck after."""

import asyncio
import contextlib
import io
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.infrastructure.database import Database
from app.infrastructure.errors import TemporarilyUnavailable
from tests.api.watching import Watch
from tests.support import walk
from tests.support.log_lines import logging_as_served
from tests.support.polling import until
from tests.support.registry import API, Registry

CONNECTIONS = 4 + 5
"""The test registry's pool and its overflow."""
WAIT = 3.0
"""How long a request waits for a connection, in seconds."""
OFFICER = "chemical-safety-officer"


@contextlib.contextmanager
def every_connection_taken(registry: Registry) -> Iterator[None]:
    """The application's own transactions, held open."""
    database: Database = registry.client.app.state.database  # type: ignore[attr-defined] # starlette types it as any ASGI app
    portal = registry.client.portal
    assert portal is not None
    given_back, taken = portal.call(_new_event), []

    async def hold() -> None:
        async with database.transaction(None, request_id="held"):
            taken.append(1)
            await given_back.wait()

    held = [portal.start_task_soon(hold) for _ in range(CONNECTIONS)]
    try:
        assert until(lambda: len(taken) == CONNECTIONS)
        yield
    finally:
        portal.call(given_back.set)
        for one in held:
            # PostgreSQL itself ends a transaction that idles for ten seconds.
            with contextlib.suppress(TemporarilyUnavailable):
                one.result(10)


async def _new_event() -> asyncio.Event:
    return asyncio.Event()


def timed(registry: Registry, method: str, path: str, **request: Any) -> tuple[Any, float]:
    began = time.monotonic()
    answer = registry.client.request(method, path, **request)
    return answer, time.monotonic() - began


@pytest.fixture(autouse=True)
def log() -> Iterator[io.StringIO]:
    """Served as it is in an office: a log drawn for a developer's terminal takes seconds a refusal."""
    with logging_as_served("error") as stream:
        yield stream


@pytest.fixture
def bearer(registry: Registry) -> dict[str, str]:
    return {"Authorization": f"Bearer {registry.sign_in(OFFICER)}"}


def test_without_a_connection_a_request_is_refused_in_time_and_then_served_at_once(
    registry: Registry, watch: Watch, bearer: dict[str, str]
) -> None:
    document = walk.report_document()
    asked = [("GET", f"{API}/hazards", None), ("POST", f"{API}/hazards", document), ("GET", f"{API}/worklist", None)]
    with watch.unchanged(), every_connection_taken(registry), ThreadPoolExecutor(12) as pool:
        refused = list(pool.map(lambda one: timed(registry, one[0], one[1], headers=bearer, json=one[2]), asked * 4))
    for answer, seconds in refused:
        assert (answer.status_code, answer.json()["code"]) == (503, "busy")
        assert int(answer.headers["retry-after"]) <= 3
        assert answer.headers["content-type"] == "application/problem+json"
        assert seconds < WAIT + 1.5, "one wait for a connection, and none for the record of the refusal"
    answer, seconds = timed(registry, "GET", f"{API}/hazards", headers=bearer)
    assert answer.status_code == 200
    assert seconds < 5


def test_health_tells_the_truth_while_there_is_no_connection(registry: Registry, bearer: dict[str, str]) -> None:
    with every_connection_taken(registry):
        alive, seconds = timed(registry, "GET", "/healthz")
        ready, _ = timed(registry, "GET", "/readyz")
    assert (alive.status_code, ready.status_code) == (200, 503)
    assert seconds < WAIT, "it waited for no connection"
    assert ready.json()["faults"]
    assert registry.client.get("/readyz").status_code == 200
