"""A town for the nights to be run on."""

from collections.abc import Iterator

import pytest

from tests.support.cluster import Cluster
from tests.support.ladder_nights import Nights, nights_in


@pytest.fixture
def nights(cluster: Cluster) -> Iterator[Nights]:
    with nights_in(cluster) as opened:
        yield opened
