"""The demo's city without and with the year's ledger, copied for each test that changes it."""

from collections.abc import Callable, Iterator

import pytest

from tests.api.watching import Watch
from tests.exchange.paper import import_sample
from tests.support.cluster import Cluster, TestDatabase
from tests.support.registry import settled_database


@pytest.fixture(scope="session")
def city(cluster: Cluster) -> Iterator[TestDatabase]:
    """The demo's city before any ledger; copied, never written."""
    with settled_database(cluster) as database:
        yield database


@pytest.fixture(scope="session")
def city_with_ledger(cluster: Cluster, city: TestDatabase) -> Iterator[TestDatabase]:
    """The city with the ledger as sent imported and not attested; copied, never written."""
    with cluster.temporary_database(template=city.name) as database:
        import_sample(database)
        yield database


@pytest.fixture
def registry(new_database: Callable[..., TestDatabase], city: TestDatabase) -> TestDatabase:
    """A city of one test alone."""
    return new_database(template=city.name)


@pytest.fixture
def imported(new_database: Callable[..., TestDatabase], city_with_ledger: TestDatabase) -> TestDatabase:
    """A city with the imported ledger, of one test alone."""
    return new_database(template=city_with_ledger.name)


@pytest.fixture
def watch(request: pytest.FixtureRequest) -> Iterator[Watch]:
    """Looks at the test's database as its superuser."""
    name = "imported" if "imported" in request.fixturenames else "registry"
    with Watch.of(request.getfixturevalue(name)) as watching:
        yield watching
