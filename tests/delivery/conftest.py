from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cluster import Cluster
from tests.support.outbox_town import OutboxTown
from tests.support.registry import settled_database


@pytest.fixture
def town(cluster: Cluster, tmp_path: Path) -> Iterator[OutboxTown]:
    with settled_database(cluster) as database:
        yield OutboxTown(database, tmp_path)
