"""A PostgreSQL that keeps what it committed: fsync on, settings as in production; its processes may be killed."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql

from app.infrastructure.embedded_postgres import EmbeddedPostgres
from app.infrastructure.server_process import Postmaster
from tests.support.cluster import Cluster, TestDatabase, libpq_address
from tests.support.cluster_guardian import SETTINGS as QUICK
from tests.support.polling import until
from tests.support.registry import prepare
from tests.support.run import RUN_VARIABLE, locked

PREPARED: Final = "prepared"
_binaries: Final = Path(os.environ["QINGLING_POSTGRES_BIN"]) if os.environ.get("QINGLING_POSTGRES_BIN") else None


@dataclass
class DurableCluster:
    """The server, and the registry in it."""

    server: EmbeddedPostgres
    cluster: Cluster
    database: TestDatabase

    @contextlib.contextmanager
    def connect(self) -> Iterator[psycopg.Connection[Any]]:
        """As its superuser, past every policy."""
        with psycopg.connect(libpq_address(self.database.superuser_url), autocommit=True) as connection:
            yield connection

    def kill(self) -> int:
        """SIGKILL for every process of the server at one stroke; how many there were."""
        postmaster = Postmaster(self.server.data_folder / "postgres" / "cluster").pid
        if postmaster is None:
            raise RuntimeError("the server does not run")
        # Stopped, it can start no new process while its children are counted.
        os.kill(postmaster, signal.SIGSTOP)
        processes = [postmaster, *_children(postmaster)]
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        gone = until(lambda: not self.server.running and not any(_alive(process) for process in processes))
        assert gone, "PostgreSQL outlived SIGKILL"
        return len(processes)

    def start(self) -> None:
        """Start again after a kill: crash recovery, then connections."""
        self.server.stop()
        self.server.start()

    def set(self, **settings: str) -> None:
        """Server-wide settings that count at once and at every later start; an empty value takes one back."""
        with self.connect() as connection:
            for name, value in settings.items():
                named = sql.Identifier(name)
                back, to = sql.SQL("ALTER SYSTEM RESET {}"), sql.SQL("ALTER SYSTEM SET {} = {}")
                connection.execute(to.format(named, sql.Literal(value)) if value else back.format(named))
            connection.execute("SELECT pg_reload_conf()")

    def quiet(self) -> bool:
        """Whether every connection of the application is gone: what a dead process began is rolled back by then."""
        with self.connect() as connection:
            return until(lambda: _backends(connection) == 0)


def _backends(connection: psycopg.Connection[Any]) -> int:
    asked = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'qingling_app'"
    row = connection.execute(asked).fetchone()
    return int(row[0]) if row else 0


def _children(process: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def _alive(process: int) -> bool:
    try:
        return ") Z" not in Path(f"/proc/{process}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def _make(folder: Path) -> Path:
    """The data folder that every worker copies: migrated, with the demo's city, made without syncing."""
    made, description = folder / "durable-made", folder / "durable.json"
    with locked(folder / "durable.lock"):
        if not description.exists():
            with EmbeddedPostgres(made, binaries=_binaries, settings=QUICK) as server:
                cluster = Cluster(server.url("postgres"))
                cluster.make_template()
                database = cluster.create_database()
                prepare(database)
                cluster.execute(f"ALTER DATABASE {database.name} RENAME TO {PREPARED}")
            description.touch(mode=0o600)
            description.write_text(json.dumps(dict(cluster.passwords)))
    return made


@contextlib.contextmanager
def durable_cluster(name: str) -> Iterator[DurableCluster]:
    """A copy of the prepared server for one worker, durable from now on."""
    run = Path(os.environ[RUN_VARIABLE])
    made, folder = _make(run), run / f"durable-{name}"
    subprocess.run(["cp", "-a", str(made), str(folder)], check=True)  # noqa: S607 - owners are kept, which shutil does not
    with EmbeddedPostgres(
        folder, binaries=_binaries, settings={"log_statement": "none", "max_parallel_workers_per_gather": "0"}
    ) as server:
        cluster = Cluster(server.url("postgres"), json.loads((run / "durable.json").read_text()))
        yield DurableCluster(server, cluster, cluster.database(PREPARED))
    shutil.rmtree(folder, ignore_errors=True)
