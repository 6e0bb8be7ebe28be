"""One registry with the demo's city for each worker; every test walks hazards of its own."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.api.watching import Watch
from tests.oracle.legality import violations
from tests.support.cluster import Cluster, TestDatabase, libpq_address
from tests.support.registry import Registry, open_registry, settled_database


@pytest.fixture(scope="session")
def prepared(cluster: Cluster) -> Iterator[TestDatabase]:
    """A database with the demo's city, its clock running from noon of 2026-11-23; at the end the oracle judges it."""
    with settled_database(cluster) as database:
        yield database
        with psycopg.connect(libpq_address(database.superuser_url)) as connection:
            assert violations(connection) == []


@pytest.fixture(scope="session")
def registry(prepared: TestDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """The API on the worker's database."""
    with open_registry(prepared, tmp_path_factory.mktemp("data")) as opened:
        yield opened


@pytest.fixture(scope="session")
def watch(prepared: TestDatabase) -> Iterator[Watch]:
    """Looks at the worker's database as its superuser."""
    with Watch.of(prepared) as watching:
        yield watching
