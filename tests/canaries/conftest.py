"""A folder that PostgreSQL's account can reach, whoever runs the tests."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.infrastructure.server_account import PASSABLE


@pytest.fixture(scope="module")
def passable_folder() -> Iterator[Path]:
    """A folder of one's own; removed with what is in it."""
    folder = Path(tempfile.mkdtemp(prefix="qingling-canaries-"))
    folder.chmod(PASSABLE)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
