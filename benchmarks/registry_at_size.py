"""A registry of any size on a server of its own: a few hazards walked by real acts, then copied in bulk.

What is copied is what real acts wrote, so every wall accepts the next act on a copy. Only the copying is the
superuser's (`session_replication_role = replica`); nothing that is measured goes past a wall.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql
from sqlalchemy import Column, Table

from app.infrastructure.embedded_postgres import EmbeddedPostgres
from app.infrastructure.logging import configure_logging
from app.tables.base import Base
from tests.support import walk
from tests.support.cluster import Cluster, TestDatabase, libpq_address
from tests.support.registry import IDENTITY_KEY, Registry, open_registry, prepare

LEVELS: Final = (1, 2, 3, 4)
READERS: Final = (
    "chemical-safety-officer",
    "coal-safety-officer",
    "dongsheng-head",
    "city-office-head",
    "city-auditor",
)
"""Two enterprises, a district's department, the city's office, an auditor: whoever reads, in turn."""
SAMPLES: Final = 400
"""Hazards of each reader that are read in turn."""
STATEMENTS: Final = Path(__file__).with_name("registry_at_size.sql")
SERVER_SETTINGS: Final = {
    # Durable, as in production; the log is read back to learn which statements a request sends.
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "max_connections": "120",
    "logging_collector": "on",
    "log_destination": "jsonlog",
    "log_filename": "statements.log",
    "log_file_mode": "0600",
    "log_rotation_age": "0",
    "log_rotation_size": "0",
    "log_parameter_max_length": "-1",
    "log_statement": "none",
    "log_connections": "off",
}
# The copy `n` of a template's row has the id `id + n * 1000`: no two copies meet, and every reference shifts alike.
STRIDE: Final = 1000
_SHIFTED_BY_NAME: Final = frozenset({"act_order", "document_id", "subject_id"})
_CORE: Final = frozenset({"hazard", "hazard_transition", "hazard_party", "audit_stream", "audit_event"})
_PLACED: Final = {
    "hazard": {
        "unit_id": "unit_id",
        "sector": "sector",
        "enterprise_id": "enterprise_id",
        "site_id": "site_id",
        "found_on": "found_on",
        "lead_organisation_id": "lead_id",
        "listing_office_id": "office_id",
    },
    "hazard_party": {"organisation_id": "office_id"},
}
_PLACED["hazard_transition"] = {name: place for name, place in _PLACED["hazard"].items() if name != "site_id"}
# Every identity starts apart from every other, so that a number in a logged statement says whose it is.
_FIRST_NEW: Final = 10**10
_APART: Final = 10**8


@dataclass(frozen=True)
class Loaded:
    """The benchmark's database, what stands in it, and the sign-ins of whoever is measured."""

    database: TestDatabase
    folder: Path
    hazards: int
    targets: int
    """Open rounds at each level that wait for that level's signature."""
    tokens: dict[str, str]

    @property
    def statement_log(self) -> Path:
        """Where the server writes the statements of a login that is told to."""
        return self.folder / "server" / "postgres" / "cluster" / "log" / "statements.json"

    @property
    def postmaster(self) -> int:
        """The server's process."""
        cluster = self.folder / "server" / "postgres" / "cluster"
        return int((cluster / "postmaster.pid").read_text("ascii").split()[0])

    def environment(self) -> dict[str, str]:
        """What `qingling serve` needs to serve this database."""
        return {
            "QINGLING_DATABASE_URL": self.database.app_url,
            "QINGLING_IDENTITY_KEY": IDENTITY_KEY,
            "QINGLING_DATA_DIR": str(self.folder / "data"),
        }

    def superuser(self) -> psycopg.Connection[Any]:
        """A connection past every wall: to prepare and to look, never to measure."""
        return psycopg.connect(libpq_address(self.database.superuser_url), autocommit=True)


@contextmanager
def registry_at_size(hazards: int, targets: int) -> Iterator[Loaded]:
    """A server with `hazards` hazards, and `targets` open rounds that wait for their signature at each level."""
    parent = "/var/tmp" if Path("/var/tmp").is_dir() else None  # noqa: S108 - the folder made in it is our own
    with tempfile.TemporaryDirectory(prefix="qingling-benchmark-", dir=parent) as name:
        folder = Path(name)
        folder.chmod(0o711)
        configure_logging("error")
        with EmbeddedPostgres(folder / "server", settings=SERVER_SETTINGS) as server:
            cluster = Cluster(server.url("postgres"))
            cluster.make_template()
            database = cluster.create_database()
            prepare(database)
            (folder / "data").mkdir(mode=0o700)
            with open_registry(database, folder / "data") as registry:
                templates = _walked(registry)
                tokens = dict(registry.tokens)
            loaded = Loaded(database, folder, hazards, targets, tokens)
            with loaded.superuser() as connection:
                _load(connection, templates, hazards, targets)
            yield loaded


def _walked(registry: Registry) -> dict[str, str]:
    """One hazard in each condition, by its name; its public id. Whoever acts or reads later signs in here."""
    found = {"reported": walk.reported(registry), "listed": walk.listed(registry), "closed": walk.closed(registry)}
    for level in LEVELS:
        found[f"level{level}"] = walk.verified(registry)
        for signed in range(1, level):
            walk.sign(registry, found[f"level{level}"], signed)
    for login in (*READERS, *walk.SIGNERS):
        registry.sign_in(login)
    return found


def _load(connection: psycopg.Connection[Any], templates: dict[str, str], hazards: int, targets: int) -> None:
    connection.execute("SET session_replication_role = replica")
    connection.execute(STATEMENTS.read_bytes())
    for name, public_id in templates.items():
        connection.execute("INSERT INTO benchmark.template VALUES (%s, %s)", [name, public_id])
    connection.execute("SELECT benchmark.plan(%s, %s)", [hazards, targets])
    for table in Base.metadata.sorted_tables:
        if "hazard_id" in table.columns or table.name in ("hazard", "step_up"):
            connection.execute(_copying(table))
    connection.execute("SELECT benchmark.finish()")
    for number, (name, column) in enumerate(connection.execute(_IDENTITIES).fetchall(), 1):
        moved = sql.SQL("ALTER TABLE {} ALTER COLUMN {} RESTART WITH {}")
        first = sql.Literal(_FIRST_NEW + number * _APART)
        connection.execute(moved.format(sql.Identifier(name), sql.Identifier(column), first))
    connection.execute("VACUUM ANALYZE")
    connection.execute("CHECKPOINT")


_IDENTITIES: Final = """
SELECT table_name, column_name FROM information_schema.columns
 WHERE table_schema = 'public' AND is_identity = 'YES' ORDER BY table_name
"""


def _copying(table: Table) -> sql.Composed:
    """The statement that copies every row of a template's as often as it is planned."""
    columns = [column for column in table.columns if column.computed is None]
    core = sql.SQL("true") if table.name in _CORE else sql.SQL("NOT c.is_core")
    owner = {"hazard": "t.id", "step_up": "t.hazard_id"}.get(table.name, "t.hazard_id")
    source = sql.SQL("benchmark.step_up") if table.name == "step_up" else sql.Identifier(table.name)
    return sql.SQL(
        "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM benchmark.copy c JOIN {} t ON {} = c.template"
        " WHERE {}"
    ).format(
        sql.Identifier(table.name),
        sql.SQL(", ").join(sql.Identifier(column.name) for column in columns),
        sql.SQL(", ").join(_copied(table, column) for column in columns),
        source,
        sql.SQL(owner),
        core,
    )


def _copied(table: Table, column: Column[Any]) -> sql.Composed:
    own = sql.SQL("t.{}").format(sql.Identifier(column.name))
    place = _PLACED.get(table.name, {}).get(column.name)
    if place is not None:
        return sql.SQL("CASE WHEN c.is_core THEN c.{} ELSE {} END").format(sql.Identifier(place), own)
    if column.name == "public_id":
        return sql.SQL("gen_random_uuid()").format()
    if column.name == "ledger_number":
        return sql.SQL("CASE WHEN {} IS NOT NULL THEN '鄂安台账-' || c.n END").format(own)
    return sql.SQL("{} + c.n * {}").format(own, sql.Literal(STRIDE)) if _shifts(column) else sql.SQL("{}").format(own)


def _shifts(column: Column[Any]) -> bool:
    if column.primary_key or column.name in _SHIFTED_BY_NAME:
        return True
    referred = {key.column.table for key in column.foreign_keys}
    return any("hazard_id" in table.columns or table.name in ("hazard", "step_up") for table in referred)
