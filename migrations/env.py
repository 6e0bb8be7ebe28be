"""How a migration runs: as the owner, each in one transaction, waiting briefly for locks and trying again."""

import os
import random
import time
from typing import Any

from alembic import context
from alembic.runtime.migration import MigrationInfo
from alembic.script import Script
from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from app.infrastructure.migrations import MigrationRefused
from app.tables import Base
from app.tables.base import Xid8

OWNER = "qingling_owner"
SCHEMAS = (None, "stage")
TRIES = 20
LONGEST_PAUSE = 0.5

# SQLAlchemy does not know PostgreSQL's xid8 when it reads a database back.
ischema_names["xid8"] = Xid8


def address() -> URL:
    """The migrating login's address: of the calling program, of its Config, or of the environment."""
    config = context.config
    given = config.attributes.get("url") or config.get_main_option("sqlalchemy.url")
    given = given or os.environ.get("QINGLING_MIGRATION_DATABASE_URL")
    if not given:
        raise MigrationRefused("尚未设置 QINGLING_MIGRATION_DATABASE_URL，请填写迁移登录的数据库地址。")
    return make_url(given).set(drivername="postgresql+psycopg")


def is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Whether the comparison looks at this: the schemas public and stage, and everything in them."""
    return kind != "schema" or name in SCHEMAS


def settings() -> dict[str, Any]:
    """What every mode has in common."""
    return {
        "target_metadata": Base.metadata,
        "include_schemas": True,
        "include_name": is_ours,
        "compare_type": True,
        "compare_server_default": True,
        "transaction_per_migration": True,
        "on_version_apply": told,
    }


def told(*, step: MigrationInfo, **_: object) -> None:
    """Tell the calling program which revision was just applied."""
    progress = context.config.attributes.get("progress")
    if progress is not None and isinstance(step.up_revision, Script):
        progress(f"{step.up_revision.revision}: {step.up_revision.doc}")


def become_owner(connection: Connection) -> None:
    """SET ROLE for the whole session; MigrationRefused when the cluster's roles are not there yet."""
    known = connection.scalar(
        text("SELECT pg_has_role(current_user, oid, 'MEMBER') FROM pg_roles WHERE rolname = :owner"), {"owner": OWNER}
    )
    if known is None:
        raise MigrationRefused(
            "这个 PostgreSQL 还没有清零的数据库角色，请先由数据库管理员执行 `qingling roles --sql` 的输出，再重新迁移。"
        )
    if not known:
        raise MigrationRefused(f"当前登录不能转为 {OWNER}，请改用迁移登录 qingling_migrate。")
    connection.execute(text("SET ROLE qingling_owner"))
    connection.execute(text("SET lock_timeout = '500ms'"))
    connection.commit()


def run_offline() -> None:
    """Print the SQL; `qingling_owner` is expected to run it."""
    context.configure(dialect_name="postgresql", literal_binds=True, **settings())
    with context.begin_transaction():
        context.run_migrations()


def run_online() -> None:
    """Run against the database; a migration that finds a table locked gives way and comes again."""
    engine = create_engine(address(), poolclass=NullPool)
    with engine.connect() as connection:
        become_owner(connection)
        for tries_left in reversed(range(TRIES)):
            context.configure(connection=connection, **settings())
            try:
                with context.begin_transaction():
                    context.run_migrations()
            except OperationalError as error:
                if not isinstance(error.orig, LockNotAvailable) or not tries_left:
                    raise
                connection.rollback()
                time.sleep(random.uniform(0.05, LONGEST_PAUSE))  # noqa: S311 - spreads retries, hides nothing
            else:
                return


if context.is_offline_mode():
    run_offline()
else:
    run_online()
