"""The folder of one test run, and the guardian that owns its PostgreSQL.

The pytest process holds the folder. Whichever worker first needs a database starts the guardian, a process of its own
that ends with the pytest process, however that ends. Light on purpose: every test process imports it.
"""

import contextlib
import fcntl
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from app.infrastructure.server_account import PASSABLE, ServerAccount

REPOSITORY: Final = Path(__file__).resolve().parents[2]
RUN_VARIABLE: Final = "QINGLING_TEST_RUN"
ALIVE, GUARDED, ADDRESS = "alive.lock", "guarded.lock", "address"
_START_LIMIT: Final = 60.0
_FORBIDDEN, _PREFIX = "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"

# Kept so that a guardian, which outlives the worker that started it, is not reported as forgotten.
_guardians: list[subprocess.Popen[bytes]] = []


@contextlib.contextmanager
def run_folder() -> Iterator[Path]:
    """Hold the folder of a test run; what was started in it has ended, and it is removed, when this ends."""
    folder = Path(tempfile.mkdtemp(prefix="qingling-tests-", dir=_passable_temp()))
    folder.chmod(PASSABLE)
    os.environ[RUN_VARIABLE] = str(folder)
    with _shared_bytecode(folder), (folder / GUARDED).open("w") as guarded:
        try:
            with locked(folder / ALIVE):
                yield folder
            # Given free when the guardian has ended, at once when there was none.
            fcntl.flock(guarded, fcntl.LOCK_EX)
        finally:
            os.environ.pop(RUN_VARIABLE, None)
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _shared_bytecode(folder: Path) -> Iterator[None]:
    """Keeps in the folder what is compiled, where nothing is yet and the environment forbids keeping it beside.

    Each of the two hundred processes of a run would compile all libraries anew: two seconds of a processor each.
    """
    library = importlib.util.find_spec("sqlalchemy")
    compiled = library is not None and Path(importlib.util.cache_from_source(str(library.origin))).exists()
    if not sys.dont_write_bytecode or sys.pycache_prefix is not None or compiled:
        yield
        return
    forbidden = os.environ.pop(_FORBIDDEN, None)
    os.environ[_PREFIX] = sys.pycache_prefix = str(folder / "bytecode")
    sys.dont_write_bytecode = False
    try:
        yield
    finally:
        sys.dont_write_bytecode, sys.pycache_prefix = True, None
        os.environ.pop(_PREFIX)
        if forbidden is not None:
            os.environ[_FORBIDDEN] = forbidden


def _passable_temp() -> str:
    temp = tempfile.gettempdir()
    if os.geteuid() != 0 or ServerAccount.for_this_process().first_impassable(Path(temp)) is None:
        return temp
    return "/tmp"  # noqa: S108 - mkdtemp's folder is our own


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file, waiting for whoever holds it; the kernel lets it go when the holder dies."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def start_guardian(folder: Path) -> str:
    """Start the guardian and return the superuser's address of its server."""
    with (folder / "guardian.log").open("wb") as log:
        guardian = subprocess.Popen(
            [sys.executable, "-m", "tests.support.cluster_guardian", str(folder)],
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    _guardians.append(guardian)
    deadline = time.monotonic() + _START_LIMIT
    while not (folder / ADDRESS).exists():
        with contextlib.suppress(subprocess.TimeoutExpired):
            guardian.wait(0.02)
        if guardian.returncode is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the test cluster did not start: {(folder / 'guardian.log').read_text()}")
    return (folder / ADDRESS).read_text()
