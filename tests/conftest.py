"""What every test may ask for. A test that asks for no database starts none, nor imports what a database needs."""

from __future__ import annotations

import contextlib
import gc
from typing import TYPE_CHECKING

import pytest

from tests import left_out
from tests.support.run import run_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.cluster import Cluster, TestDatabase

_SELDOM = (10_000, 20, 20)
_RUN = pytest.StashKey[contextlib.ExitStack]()


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(left_out)
    if not hasattr(config, "workerinput"):
        config.stash[_RUN] = contextlib.ExitStack()
        config.stash[_RUN].enter_context(run_folder())


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What has asked for more time than others comes first, else in the shuffled order: the workers end together."""
    items.sort(key=lambda item: item.get_closest_marker("timeout") is None)


def pytest_collection_finish() -> None:
    """What was imported by now stays: looking through it again and again would be a tenth of the run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_SELDOM)


def pytest_unconfigure(config: pytest.Config) -> None:
    if _RUN in config.stash:
        config.stash[_RUN].close()


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """The run's PostgreSQL, roles and template made; as superuser."""
    from tests.support.cluster import cluster_of_run  # noqa: PLC0415 - the rule book's tests stay under two seconds

    return cluster_of_run()


@pytest.fixture
def new_database(cluster: Cluster) -> Iterator[Callable[..., TestDatabase]]:
    """Makes any number of databases for one test, `template="template0"` for an empty one; dropped after it."""
    with contextlib.ExitStack() as made:

        def make(**template: str) -> TestDatabase:
            return made.enter_context(cluster.temporary_database(**template))

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
