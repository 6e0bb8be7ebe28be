"""One copy of the walked city for each file of tests."""

from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from tests.matrix.city import City, open_city
from tests.matrix.unchanged import Tables
from tests.support.cluster import Cluster


@pytest.fixture(scope="module")
def city(cluster: Cluster) -> Iterator[City]:
    """The city, this file's own; thousands of access lines nobody reads are kept off the terminal."""
    with capture_logs(), open_city(cluster) as opened:
        yield opened


@pytest.fixture(scope="module")
def tables(city: City) -> Iterator[Tables]:
    """Every table of the copy, looked at past every wall."""
    with Tables.of(city.registry.database) as looking:
        yield looking
