"""A town for the nights to be run on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cluster import Cluster
from tests.support.ladder_desk import Desk
from tests.support.ladder_nights import Nights, nights_in
from tests.support.registry import open_registry, settled_database


@pytest.fixture
def nights(cluster: Cluster) -> Iterator[Nights]:
    with nights_in(cluster) as opened:
        yield opened


@pytest.fixture
def desk(cluster: Cluster, tmp_path: Path) -> Iterator[Desk]:
    """The demo's city with its people, and nothing that holds dispatch."""
    with settled_database(cluster) as database, open_registry(database, tmp_path) as registry:
        opened = Desk(registry, tmp_path)
        opened.release_all()
        yield opened
