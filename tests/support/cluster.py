"""One throw-away PostgreSQL for a whole test run, made when the first test asks for it, and its databases.

`QINGLING_TEST_DATABASE_URL`, a superuser of a cluster that may be thrown away, takes the place of our own server.
"""

import contextlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Final

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from app.infrastructure.migrations import upgrade
from app.tables.roles import APP_LOGIN, JOB_LOGIN, LOGINS, MIGRATE_LOGIN, OWNER, REPORT_LOGIN, roles_sql
from tests.support.run import RUN_VARIABLE, locked, start_guardian

EXTERNAL_VARIABLE: Final = "QINGLING_TEST_DATABASE_URL"
TEMPLATE: Final = "qingling_template"
EMPTY: Final = "template0"
# Proving a password costs both sides 4,096 rounds of hashing at each of a run's many thousand connections; since 16.
_PROVEN_QUICKLY: Final = (
    "SELECT set_config('scram_iterations', '1', false) WHERE current_setting('scram_iterations', true) IS NOT NULL"
)


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


def _new_passwords() -> dict[str, str]:
    return {login.name: secrets.token_urlsafe(16) for login in LOGINS}


@dataclass(frozen=True)
class Cluster:
    """A PostgreSQL that may be thrown away: its superuser's address, and the passwords the logins were given."""

    superuser_address: str
    passwords: Mapping[str, str] = field(default_factory=_new_passwords)

    def url(self, database: str = "postgres", login: str | None = None) -> str:
        """The SQLAlchemy address of a database for a login, for the superuser when none is named."""
        address = make_url(self.superuser_address).set(drivername="postgresql+psycopg", database=database)
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
        return TestDatabase(
            name=name,
            app_url=self.url(name, APP_LOGIN),
            job_url=self.url(name, JOB_LOGIN),
            report_url=self.url(name, REPORT_LOGIN),
            migrate_url=self.url(name, MIGRATE_LOGIN),
            superuser_url=self.url(name),
        )

    def create_database(self, template: str = TEMPLATE) -> TestDatabase:
        """A database of its own name, copied from the template; the caller drops it."""
        name = f"qingling_test_{secrets.token_hex(6)}"
        # Copying files beats copying through the log by half where nothing is synced.
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {} STRATEGY file_copy")
        self.execute(copy.format(sql.Identifier(name), sql.Identifier(template), sql.Identifier(OWNER)))
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

    def _passwords_anew(self) -> Iterator[sql.Composed]:
        """Every password set once more, so that it is proven quickly; the superuser's in a cluster of our own alone."""
        own = make_url(self.superuser_address)
        passwords = dict(self.passwords)
        if own.username and own.password and EXTERNAL_VARIABLE not in os.environ:
            passwords[own.username] = str(own.password)
        for login, password in passwords.items():
            yield sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(login), sql.Literal(password))

    def make_template(self) -> None:
        """Create the roles, and the database every other is copied from, by the migrations as the migrating login."""
        self.execute(roles_sql(self.passwords), _PROVEN_QUICKLY, *self._passwords_anew())
        # An earlier run on a cluster of somebody else's leaves one behind.
        self.execute(f"UPDATE pg_database SET datistemplate = false WHERE datname = '{TEMPLATE}'")
        self.drop_database(TEMPLATE)
        self.execute(f"CREATE DATABASE {TEMPLATE} TEMPLATE {EMPTY} OWNER {OWNER}")
        upgrade(self.url(TEMPLATE, MIGRATE_LOGIN))
        self.execute(f"ALTER DATABASE {TEMPLATE} IS_TEMPLATE true ALLOW_CONNECTIONS false")


def libpq_address(url: str) -> str:
    """SQLAlchemy's address as psycopg and libpq read it."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def cluster_of_run() -> Cluster:
    """The run's cluster with its template, made by the first worker that asks; the others wait for it."""
    folder = Path(os.environ[RUN_VARIABLE])
    description = folder / "cluster.json"
    with locked(folder / "making.lock"):
        if not description.exists():
            cluster = Cluster(os.environ.get(EXTERNAL_VARIABLE) or start_guardian(folder))
            cluster.make_template()
            description.touch(mode=0o600)
            description.write_text(json.dumps([cluster.superuser_address, dict(cluster.passwords)]))
        return Cluster(*json.loads(description.read_text()))
