"""Where a command's registry is: the operator's PostgreSQL, or the embedded one, started or joined for the command."""

import contextlib
import json
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL, make_url

from app.infrastructure.database import Database
from app.infrastructure.migrations import upgrade
from app.infrastructure.settings import Settings, SettingsRefused
from app.tables.roles import APP_LOGIN, JOB_LOGIN, LOGINS, MIGRATE_LOGIN, OWNER, REPORT_LOGIN, roles_sql

if TYPE_CHECKING:
    from app.infrastructure.embedded_postgres import EmbeddedPostgres

DATABASE = "qingling"


def _silent(_message: str) -> None:
    """Nobody asked to be told."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of the logins a command may need; the operator may have given only the application's."""

    app: URL
    migrate: URL | None
    job: URL | None = None
    report: URL | None = None


@contextlib.contextmanager
def registry_of(settings: Settings, *, progress: Callable[[str], None] = _silent) -> Iterator[Addresses]:
    """The registry's addresses while the block runs; an embedded server is joined where one runs, else started.

    Raises EmbeddedPostgresError, SettingsRefused, MigrationRefused: each one sentence with its remedy.
    """
    if not settings.uses_embedded_database:
        yield _given(settings)
        return
    from app.infrastructure.embedded_postgres import EmbeddedPostgres

    server = EmbeddedPostgres(settings.data_dir, binaries=settings.postgres_bin, progress=progress)
    if server.attach():
        yield _embedded(server, settings)
        return
    with server:
        _make_logins(server, settings)
        addresses = _embedded(server, settings)
        if addresses.migrate is not None:
            progress("核对数据库结构")
            upgrade(addresses.migrate)
        yield addresses


@contextlib.asynccontextmanager
async def open_database(addresses: Addresses) -> AsyncIterator[Database]:
    """The application's login, one small pool for one command."""
    database = Database.at(addresses.app, pool_size=2)
    try:
        yield database
    finally:
        await database.close()


def migrate(settings: Settings, *, progress: Callable[[str], None] = _silent) -> None:
    """Brings the database to this program's schema; harmless when it is there."""
    with registry_of(settings, progress=progress) as addresses:
        upgrade(migrating(addresses), progress=progress)


def migrating(addresses: Addresses) -> URL:
    """The migrating login's address; SettingsRefused where the operator has not given it."""
    if addresses.migrate is None:
        raise SettingsRefused("这条命令需要迁移登录，请设置 QINGLING_MIGRATION_DATABASE_URL。")
    return addresses.migrate


def _given(settings: Settings) -> Addresses:
    optional = {
        name: settings.address(name) if getattr(settings, f"{name}_url") is not None else None
        for name in ("migration_database", "job_database", "report_database")
    }
    return Addresses(
        settings.address("database"),
        optional["migration_database"],
        optional["job_database"],
        optional["report_database"],
    )


def _embedded(server: "EmbeddedPostgres", settings: Settings) -> Addresses:
    passwords = _passwords(settings.data_dir)
    app, migrate, job, report = (
        make_url(server.url(DATABASE, login, passwords[login]))
        for login in (APP_LOGIN, MIGRATE_LOGIN, JOB_LOGIN, REPORT_LOGIN)
    )
    return Addresses(app, migrate, job, report)


def _passwords(data_dir: Path) -> dict[str, str]:
    """The embedded logins' passwords, made once and kept readable for their owner alone."""
    path = data_dir / "keys" / "logins.json"
    if not path.exists():
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(json.dumps({login.name: secrets.token_urlsafe(24) for login in LOGINS}), encoding="ascii")
    kept: dict[str, str] = json.loads(path.read_text(encoding="ascii"))
    return kept


def _make_logins(server: "EmbeddedPostgres", settings: Settings) -> None:
    """Roles before the first migration, then the database, as the superuser of our own server."""
    # The log would keep the logins' password verifiers: this is DDL.
    unlogged = "-c log_statement=none"
    with psycopg.connect(server.conninfo("postgres"), autocommit=True, options=unlogged) as connection:
        connection.execute(roles_sql(_passwords(settings.data_dir)).encode())
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if known is None:
            made = sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), sql.Identifier(OWNER))
            connection.execute(made)
