"""A small city for the second wall: two districts, two enterprises, a hazard in each, and people who may see which.

Written by the superuser with triggers off: these tests ask who may read a row, not how it came about; every hazard here
is a plain report, with its first transition.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg

from tests.support.cluster import TestDatabase, libpq_address

CITY, EAST, WEST, TOWNSHIP = 1, 2, 3, 4
UNITS: Final = (
    (CITY, 1, None, "150600"),
    (EAST, 2, CITY, "150602"),
    (WEST, 2, CITY, "150621"),
    (TOWNSHIP, 3, EAST, "01"),
)
# id, unit, kind, name, sectors, enterprise
ORGANISATIONS: Final[tuple[tuple[int, int, str, str, list[str], int | None], ...]] = (
    (1, CITY, "safety_office", "市安委办", [], None),
    (2, EAST, "safety_office", "东区安委办", [], None),
    (3, WEST, "safety_office", "西区安委办", [], None),
    (4, EAST, "regulator", "东区矿山部门", ["mine"], None),
    (5, WEST, "regulator", "西区危化部门", ["chemical"], None),
    (6, EAST, "enterprise", "东区一号企业", [], 1),
    (7, WEST, "enterprise", "西区二号企业", [], 2),
    (8, EAST, "platform", "东区平台", [], None),
)
# key, organisation, post kind
PEOPLE: Final = (
    ("city_office", 1, "office_clerk"),
    ("east_office", 2, "office_clerk"),
    ("west_office", 3, "office_clerk"),
    ("east_mines", 4, "inspector"),
    ("west_chemicals", 5, "inspector"),
    ("east_enterprise", 6, "enterprise_safety_officer"),
    ("west_enterprise", 7, "enterprise_safety_officer"),
    ("auditor", 1, "auditor"),
    ("administrator", 1, "system_administrator"),
)
EAST_MINE, WEST_PLANT = 1, 2
# id, unit, sector, enterprise
HAZARDS: Final = ((EAST_MINE, TOWNSHIP, "mine", 1), (WEST_PLANT, WEST, "chemical", 2))

_TEXTS: Final = ("检查组", "井下", "隐患情形", "已上报", "已设警戒")


def token_of(key: str) -> str:
    """The session token of one of PEOPLE."""
    return f"token-of-{key}"


def service_key_of(key: str) -> str:
    """The service key of one of the organisations' accounts."""
    return f"qk_{key}"


@dataclass(frozen=True)
class City:
    """The rows, and a superuser's hand on them."""

    database: TestDatabase
    account_ids: dict[str, int] = field(default_factory=dict)

    def as_superuser(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement past every wall."""
        with psycopg.connect(libpq_address(self.database.superuser_url)) as connection:
            connection.execute("SET session_replication_role = replica")
            cursor = connection.execute(statement.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    def run_script(self, statements: Iterable[str]) -> None:
        """Run many statements past every wall, in one transaction."""
        with psycopg.connect(libpq_address(self.database.superuser_url)) as connection:
            for statement in statements:
                connection.execute(statement.encode())


def settled(database: TestDatabase) -> City:
    """The city in a fresh database."""
    city = City(database, {key: number for number, (key, *_) in enumerate(PEOPLE, start=1)})
    with psycopg.connect(libpq_address(database.superuser_url)) as connection:
        connection.execute("SET session_replication_role = replica")
        with connection.cursor() as cursor:
            _places(cursor)
            _people(cursor)
            for hazard in HAZARDS:
                _hazard(cursor, *hazard)
            for table in ("session", "hazard", "hazard_transition"):
                cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), 1000)", [table])
    return city


def _places(cursor: psycopg.Cursor[Any]) -> None:
    for unit, tier, parent, code in UNITS:
        cursor.execute("INSERT INTO unit (id, tier) OVERRIDING SYSTEM VALUE VALUES (%s, %s)", [unit, tier])
        cursor.execute(
            "INSERT INTO unit_period (unit_id, parent_id, code, name, valid_from)"
            " VALUES (%s, %s, %s, %s, '2000-01-01')",
            [unit, parent, code, f"单元{code}"],
        )
    for enterprise, unit in ((1, EAST), (2, WEST)):
        cursor.execute(
            "INSERT INTO enterprise (id, no_code_reason, name, unit_id) OVERRIDING SYSTEM VALUE"
            " VALUES (%s, '样例', %s, %s)",
            [enterprise, f"企业{enterprise}", unit],
        )
        cursor.execute(
            "INSERT INTO site (id, enterprise_id, unit_id, name) OVERRIDING SYSTEM VALUE VALUES (%s, %s, %s, '厂区')",
            [enterprise, enterprise, unit],
        )
    cursor.executemany(
        "INSERT INTO organisation (id, unit_id, kind, name, sectors, enterprise_id, confirmed_at)"
        " OVERRIDING SYSTEM VALUE VALUES (%s, %s, %s, %s, %s, %s, registry_now())",
        ORGANISATIONS,
    )


def _people(cursor: psycopg.Cursor[Any]) -> None:
    for number, (key, organisation, kind) in enumerate(PEOPLE, start=1):
        cursor.execute("INSERT INTO person (id) OVERRIDING SYSTEM VALUE VALUES (%s)", [number])
        cursor.execute("INSERT INTO person_detail (person_id, name) VALUES (%s, %s)", [number, f"岗位人员{number}"])
        cursor.execute(
            "INSERT INTO account (id, login_name, person_id) OVERRIDING SYSTEM VALUE VALUES (%s, %s, %s)",
            [number, key, number],
        )
        cursor.execute(
            "INSERT INTO post (id, organisation_id, kind, title) OVERRIDING SYSTEM VALUE VALUES (%s, %s, %s, %s)",
            [number, organisation, kind, f"岗位{number}"],
        )
        cursor.execute(
            "INSERT INTO appointment (id, person_id, post_id, valid_from, proposed_by_account_id,"
            " confirmed_by_account_id, confirmed_at) OVERRIDING SYSTEM VALUE"
            " VALUES (%s, %s, %s, registry_now() - interval '1 day', 1, 2, registry_now() - interval '2 days')",
            [number, number, number],
        )
        cursor.execute(
            "INSERT INTO session (id, token_sha256, account_id, appointment_id, expires_at) OVERRIDING SYSTEM VALUE"
            " VALUES (%s, %s, %s, %s, registry_now() + interval '8 hours')",
            [number, hashlib.sha256(token_of(key).encode()).digest(), number, number],
        )
    for number, organisation, key in ((101, 6, "east_enterprise"), (102, 8, "platform")):
        cursor.execute(
            "INSERT INTO account (id, login_name, is_service, organisation_id) OVERRIDING SYSTEM VALUE"
            " VALUES (%s, %s, true, %s)",
            [number, f"service_{key}", organisation],
        )
        cursor.execute(
            "INSERT INTO service_key (account_id, label, key_sha256, expires_at)"
            " VALUES (%s, '对接', %s, registry_now() + interval '90 days')",
            [number, hashlib.sha256(service_key_of(key).encode()).digest()],
        )


def _hazard(cursor: psycopg.Cursor[Any], hazard: int, unit: int, sector: str, enterprise: int) -> None:
    cursor.execute(
        "INSERT INTO hazard (id, state, level, channel, sector, unit_id, site_id, enterprise_id, found_on, last_act_at,"
        " finders, place, circumstances, reporting_record, monitoring_measures) OVERRIDING SYSTEM VALUE VALUES"
        " (%s, 'reported', 'major', 'self_report', %s, %s, %s, %s, '2024-03-01', registry_now(), %s, %s, %s, %s, %s)",
        [hazard, sector, unit, enterprise, enterprise, *_TEXTS],
    )
    cursor.execute(
        "INSERT INTO hazard_transition (id, hazard_id, act, rule, to_state, version, cycle, unit_id, sector, channel,"
        " level, enterprise_id, found_on, is_determined, is_legacy, actor_label, act_order, occurred_at)"
        " OVERRIDING SYSTEM VALUE VALUES (%s, %s, 'report', 'L-01', 'reported', 0, 1, %s, %s, 'self_report', 'major',"
        " %s, '2024-03-01', false, false, '样例', %s, registry_now())",
        [hazard, hazard, unit, sector, enterprise, hazard],
    )
    cursor.execute(
        "INSERT INTO evidence (hazard_id, kind, sha256, size_bytes, media_type, file_name, account_id)"
        " VALUES (%s, 'before', sha256(%s), 1, 'image/png', '照片.png', 1)",
        [hazard, str(hazard).encode()],
    )
    cursor.execute(
        "INSERT INTO hazard_party (hazard_id, organisation_id, role) VALUES (%s, %s, 'territorial_receiver')",
        [hazard, 2 if unit != WEST else 3],
    )
