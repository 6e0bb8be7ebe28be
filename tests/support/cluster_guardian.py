"""Owns the test cluster's server from the first test that needs it until the pytest process lets its lock go."""

import fcntl
import os
import shutil
import sys
from pathlib import Path

from app.infrastructure.embedded_postgres import EmbeddedPostgres
from tests.support.run import ADDRESS, ALIVE, GUARDED, locked

# Nothing in this cluster outlives the run: what durability costs is saved.
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "200",
    "autovacuum": "off",
    # Nothing is ever analysed: a question about every table would be guessed large and start two processes each time.
    "max_parallel_workers_per_gather": "0",
    "log_statement": "none",
    "log_connections": "off",
}


def guard(folder: Path) -> None:
    """Serve until the pytest process ends, by whatever end, then remove the run's folder."""
    with (folder / GUARDED).open("w") as guarded:
        fcntl.flock(guarded, fcntl.LOCK_EX)
        try:
            named = os.environ.get("QINGLING_POSTGRES_BIN")
            binaries = Path(named) if named else None
            with EmbeddedPostgres(folder / "data", binaries=binaries, settings=SETTINGS) as server:
                address = folder / f"{ADDRESS}.partial"
                address.touch(mode=0o600)
                address.write_text(server.url("postgres"))
                address.rename(folder / ADDRESS)
                with locked(folder / ALIVE):
                    pass
        finally:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    guard(Path(sys.argv[1]))
