"""A registry of its own for each fuzzed persona: what one disables or signs out, no other misses."""

import io
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog

from app.infrastructure.logging import configure_logging
from tests.fuzz.stage import Stage, set_stage
from tests.support.cluster import Cluster


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the application logs: its faults alone, for a hundred thousand requests are nobody's reading."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    stream = io.StringIO()
    configure_logging("error", stream)
    yield stream
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture
def stage_for(cluster: Cluster, tmp_path: Path) -> Iterator[Callable[[str], Stage]]:
    """Sets a fresh registry with hazards in every state for one persona."""
    with cluster.temporary_database() as database:
        yield lambda persona: set_stage(database, tmp_path, persona)
