"""What the night records, against the pure function, day by day over hazards that live a life each."""

from collections.abc import Iterator
from datetime import date

import pytest

from tests.support.cluster import Cluster
from tests.support.ladder_nights import Nights, nights_in


@pytest.fixture
def nights(cluster: Cluster) -> Iterator[Nights]:
    with nights_in(cluster) as opened:
        yield opened


def test_it_records_what_the_rules_say(nights: Nights) -> None:
    nights.live_through(date(2024, 12, 1), days=70, hazards=60)
