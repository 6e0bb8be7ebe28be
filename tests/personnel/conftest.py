"""One registry with the demo's city for the tests of a file."""

from collections.abc import Iterator

import pytest

from tests.support.cluster import Cluster
from tests.support.registry import Registry, open_registry, settled_database


@pytest.fixture(scope="module")
def registry(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """The API on a database of this file's own."""
    with settled_database(cluster) as database, open_registry(database, tmp_path_factory.mktemp("data")) as opened:
        yield opened
