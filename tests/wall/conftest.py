"""A walled city for one worker: built once, walked by rolled-back transactions."""

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest

from tests.support.cluster import Cluster, TestDatabase, libpq_address
from tests.support.wall_bench import WORLDS, World, prepare
from tests.support.wall_city import City, Connection, build_city


@dataclass
class Walled:
    """A database with a city in it, and the superuser's connection to it."""

    database: TestDatabase
    connection: Connection
    city: City
    hazards: dict[str, int]

    def hazard(self, world: World) -> int:
        """The world's hazard, its round open and unsigned; prepared when first asked for."""
        if world.name not in self.hazards:
            self.hazards[world.name] = prepare(self.connection, self.city, world)
        return self.hazards[world.name]

    def app(self) -> Connection:
        """A connection of the application's login; the caller closes it."""
        return psycopg.connect(libpq_address(self.database.app_url), autocommit=True)


@pytest.fixture(scope="session")
def walled(cluster: Cluster) -> Iterator[Walled]:
    """One city for all tests that undo what they do."""
    with (
        cluster.temporary_database() as database,
        psycopg.connect(libpq_address(database.superuser_url), autocommit=True) as connection,
    ):
        yield Walled(database, connection, build_city(connection), {})


@pytest.fixture
def own_city(cluster: Cluster) -> Iterator[Walled]:
    """A city for one test that commits."""
    with (
        cluster.temporary_database() as database,
        psycopg.connect(libpq_address(database.superuser_url), autocommit=True) as connection,
    ):
        yield Walled(database, connection, build_city(connection), {})


@pytest.fixture(params=WORLDS[:2], ids=lambda world: world.name)
def world(request: pytest.FixtureRequest) -> World:
    """Closing on the default chain and on the vertical one; the other purposes are the long suite's."""
    chosen = request.param
    assert isinstance(chosen, World)
    return chosen
