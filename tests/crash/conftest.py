"""Each worker's own durable PostgreSQL with the demo's city in it, and the real application before it."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import psycopg
import pytest
from starlette.testclient import TestClient

from app.cli.demo_city import SAMPLE_PASSWORD
from tests.crash.drill import Drill
from tests.oracle.legality import violations
from tests.support.application_process import ApplicationProcess, application
from tests.support.durable_cluster import DurableCluster, durable_cluster
from tests.support.registry import API


@pytest.fixture(scope="session")
def durable() -> Iterator[DurableCluster]:
    """The worker's server; at the end the oracle judges what all the deaths left in it."""
    with durable_cluster(os.environ.get("PYTEST_XDIST_WORKER", "alone")) as made:
        yield made
        with made.connect() as connection:
            assert _judged(connection) == []


def _judged(connection: psycopg.Connection[tuple[object, ...]]) -> list[object]:
    return list(violations(connection))


@pytest.fixture(scope="session")
def launched(durable: DurableCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApplicationProcess]:
    """The launcher of the worker, which serves when a test says so."""
    folder: Path = tmp_path_factory.mktemp("application")
    with application(durable.database.app_url, folder) as process:
        yield process


@pytest.fixture
def served(launched: ApplicationProcess) -> Iterator[ApplicationProcess]:
    """A process that serves from the beginning of the test to its end."""
    launched.start()
    yield launched
    launched.kill()


@pytest.fixture
def drill(durable: DurableCluster, served: ApplicationProcess) -> Iterator[Drill]:
    """A registry whose writes can be killed."""
    with served.client() as client:
        # The test client is a client like this one, only that it needs no port.
        yield Drill(cast("TestClient", client), durable.database, application=served, durable=durable)


@pytest.fixture(scope="session")
def officer(durable: DurableCluster, launched: ApplicationProcess) -> str:
    """The token of the enterprise's safety officer."""
    launched.start()
    with launched.client() as client:
        sent = {"login_name": "chemical-safety-officer", "password": SAMPLE_PASSWORD}
        token = client.post(f"{API}/session", json=sent).json()["token"]
    launched.kill()
    return str(token)
