"""One throw-away PostgreSQL for a whole test run, made when the first test asks for it, and its databases.

The pytest process holds a folder for the run; whichever worker needs the cluster first starts a guardian, a process of
its own that owns the server and ends with the pytest process, however that ends. `QINGLING_TEST_DATABASE_URL`, a
superuser of a cluster that may be thrown away, takes the place of guardian and server.
"""

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Final

import psycopg
from alembic import command
from alembic.config import Config
from psycopg import sql
from sqlalchemy.engine import URL, make_url

from app.infrastructure.server_account import ServerAccount

REPOSITORY: Final = Path(__file__).resolve().parents[2]
SESSION_VARIABLE: Final = "QINGLING_TEST_SESSION"
EXTERNAL_VARIABLE: Final = "QINGLING_TEST_DATABASE_URL"
TEMPLATE: Final = "qingling_template"
LOGINS: Final = ("qingling_app", "qingling_job_login", "qingling_report_login", "qingling_migrate")
ALIVE, GUARDED, ADDRESS, FAILURE = "alive.lock", "guarded.lock", "address", "failure"
_DESCRIPTION: Final = "cluster.json"
_START_LIMIT: Final = 60.0


@dataclass(frozen=True)
class TestDatabase:
    """A database of the cluster and its SQLAlchemy addresses (`postgresql+psycopg://`), one for each login."""

    __test__: ClassVar[bool] = False

    name: str
    app_url: str
    job_url: str
    report_url: str
    migrate_url: str
    superuser_url: str


@dataclass(frozen=True)
class Cluster:
    """A PostgreSQL that may be thrown away: its superuser's address, and the passwords the logins were given."""

    superuser_address: str
    passwords: Mapping[str, str] = field(default_factory=lambda: {login: secrets.token_urlsafe(16) for login in LOGINS})

    def url(self, database: str = "postgres", login: str | None = None) -> str:
        """The SQLAlchemy address of a database for a login, for the superuser when none is named."""
        address: URL = make_url(self.superuser_address).set(drivername="postgresql+psycopg", database=database)
        if login is not None:
            address = address.set(username=login, password=self.passwords[login])
        return address.render_as_string(hide_password=False)

    def execute(self, *statements: str | sql.Composed, database: str = "postgres") -> None:
        """Run statements as the superuser, each in a transaction of its own."""
        with psycopg.connect(libpq_address(self.url(database)), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode() if isinstance(statement, str) else statement)

    def database(self, name: str) -> TestDatabase:
        """The addresses of a database."""
        app, job, report, migrate = (self.url(name, login) for login in LOGINS)
        return TestDatabase(name, app, job, report, migrate, self.url(name))

    def create_database(self, template: str = TEMPLATE) -> TestDatabase:
        """A database of its own name, copied from the template; the caller drops it."""
        name = f"qingling_test_{secrets.token_hex(6)}"
        self.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER qingling_owner STRATEGY file_copy").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        return self.database(name)

    def drop_database(self, name: str) -> None:
        """Drop a database, whoever is still connected."""
        self.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    @contextlib.contextmanager
    def temporary_database(self, template: str = TEMPLATE) -> Iterator[TestDatabase]:
        """A database that is dropped at the end."""
        database = self.create_database(template)
        try:
            yield database
        finally:
            self.drop_database(database.name)

    def make_template(self) -> None:
        """Create the roles, and the database every other is copied from, by the migrations as the migrating login."""
        from app.tables.roles import roles_sql  # noqa: PLC0415 - tests that need no database need no schema

        self.execute(roles_sql(self.passwords))
        with psycopg.connect(libpq_address(self.url())) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE]).fetchone():
                self.execute(f"ALTER DATABASE {TEMPLATE} IS_TEMPLATE false")
                self.drop_database(TEMPLATE)
        self.execute(f"CREATE DATABASE {TEMPLATE} TEMPLATE template0 OWNER qingling_owner")
        command.upgrade(alembic_config(self.url(TEMPLATE, "qingling_migrate")), "head")
        self.execute(f"ALTER DATABASE {TEMPLATE} IS_TEMPLATE true ALLOW_CONNECTIONS false")


def libpq_address(url: str) -> str:
    """SQLAlchemy's address as psycopg and libpq read it."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def alembic_config(url: str) -> Config:
    """The migrations, bound to one database."""
    config = Config()
    config.set_main_option("script_location", str(REPOSITORY / "migrations"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


@contextlib.contextmanager
def session_folder() -> Iterator[None]:
    """Hold the folder of a test run; whatever was started in it is gone when this ends."""
    account = ServerAccount.for_this_process()
    parents = [Path(each) for each in (tempfile.gettempdir(), "/tmp")]  # noqa: S108 - mkdtemp's folder is private
    parent = next(each for each in parents if account.first_impassable(each) is None)
    folder = Path(tempfile.mkdtemp(prefix="qingling-tests-", dir=parent))
    folder.chmod(0o711)
    os.environ[SESSION_VARIABLE] = str(folder)
    with (folder / GUARDED).open("w") as guarded:
        try:
            with locked(folder / ALIVE):
                yield
            fcntl.flock(guarded, fcntl.LOCK_EX)
        finally:
            del os.environ[SESSION_VARIABLE]
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file, waiting for whoever holds it; the kernel lets it go when the holder dies."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def cluster_of_session() -> Cluster:
    """The run's cluster with its template, made by the first worker that asks; the others wait for it."""
    folder = Path(os.environ[SESSION_VARIABLE])
    description = folder / _DESCRIPTION
    with locked(folder / "making.lock"):
        if not description.exists():
            cluster = Cluster(os.environ.get(EXTERNAL_VARIABLE) or _start_guardian(folder))
            cluster.make_template()
            description.write_text(json.dumps([cluster.superuser_address, dict(cluster.passwords)]))
        return Cluster(*json.loads(description.read_text()))


# Kept so that the guardian, which outlives whoever started it, is not reported as forgotten.
_guardians: list[subprocess.Popen[bytes]] = []


def _start_guardian(folder: Path) -> str:
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
