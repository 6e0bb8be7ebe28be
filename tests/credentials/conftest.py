"""One registry with the demo's city for the tests of a file; another that asks for the second factor."""

from collections.abc import Iterator

import pytest

from tests.api.watching import Watch
from tests.credentials.clock import Clock
from tests.support.cluster import Cluster, TestDatabase
from tests.support.registry import Registry, open_registry, ordinary_settings, settled_database


@pytest.fixture(scope="module")
def prepared(cluster: Cluster) -> Iterator[TestDatabase]:
    """A database of this file's own."""
    with settled_database(cluster) as database:
        yield database


@pytest.fixture(scope="module")
def registry(prepared: TestDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """The API where a second factor is optional and no password is too old."""
    with open_registry(prepared, tmp_path_factory.mktemp("data")) as opened:
        yield opened


@pytest.fixture(scope="module")
def strict(prepared: TestDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """The API on the same database as it is delivered: second factor required, passwords of ninety days."""
    security = ordinary_settings(second_factor="required", password_max_age_days=90).security
    with open_registry(prepared, tmp_path_factory.mktemp("strict"), security=security) as opened:
        yield opened


@pytest.fixture(scope="module")
def watch(prepared: TestDatabase) -> Iterator[Watch]:
    """Looks at the database as its superuser."""
    with Watch.of(prepared) as watching:
        yield watching


@pytest.fixture
def clock(watch: Watch, registry: Registry) -> Clock:
    """The registry's clock, standing still but where the test moves it."""
    return Clock(watch, registry).stop()
