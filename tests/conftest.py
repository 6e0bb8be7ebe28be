"""What every test may ask for. A test that asks for no database starts none."""

import contextlib
from collections.abc import Callable, Iterator

import pytest

from tests.support.cluster import TEMPLATE, Cluster, TestDatabase, cluster_of_session, session_folder

_RUN = pytest.StashKey[contextlib.ExitStack]()


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        run = config.stash[_RUN] = contextlib.ExitStack()
        run.enter_context(session_folder())


def pytest_unconfigure(config: pytest.Config) -> None:
    if _RUN in config.stash:
        config.stash[_RUN].close()


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """The run's PostgreSQL, roles and template made; as superuser."""
    return cluster_of_session()


@pytest.fixture
def new_database(cluster: Cluster) -> Iterator[Callable[..., TestDatabase]]:
    """Makes any number of databases for one test, from the template or another; dropped after it."""
    with contextlib.ExitStack() as made:

        def make(template: str = TEMPLATE) -> TestDatabase:
            return made.enter_context(cluster.temporary_database(template))

        yield make


@pytest.fixture
def fresh_database(new_database: Callable[..., TestDatabase]) -> TestDatabase:
    """A migrated, empty database for one test alone."""
    return new_database()


@pytest.fixture(scope="session")
def worker_database(cluster: Cluster) -> Iterator[TestDatabase]:
    """A migrated database shared by the tests of one worker that look at their own rows only."""
    with cluster.temporary_database() as database:
        yield database
