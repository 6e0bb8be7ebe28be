"""A registry of its own for each fuzzed persona: what one disables or signs out, no other misses."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fuzz.stage import Stage, set_stage
from tests.support.cluster import Cluster
from tests.support.log_lines import logging_as_served
from tests.support.registry import settled_database


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the application logs: its faults alone, for a hundred thousand requests are nobody's reading."""
    with logging_as_served("error") as stream:
        yield stream


@pytest.fixture
def stage_for(cluster: Cluster, tmp_path: Path) -> Iterator[Callable[[str], Stage]]:
    """Sets a fresh registry with hazards in every state for one persona."""
    with settled_database(cluster) as database:
        yield lambda persona: set_stage(database, tmp_path, persona)
