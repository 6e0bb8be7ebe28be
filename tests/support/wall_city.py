"""A small city in raw SQL: units, organisations, posts, persons in post, an edition with its chains.

Built by the superuser as `qingling init` and the administrators would; `wall_steps.py` walks hazards in it.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import psycopg

Connection = psycopg.Connection[tuple[Any, ...]]

OFFICIAL, ENTERPRISE, ADMINISTRATOR, IMPORT = (
    "qingling_official",
    "qingling_enterprise",
    "qingling_administrator",
    "qingling_import",
)
DEFAULT_LEVELS = (
    ("lead_department", "inspector"),
    ("lead_department", "section_head"),
    ("lead_department", "deputy_head"),
    ("lead_department", "principal_head"),
)
VERTICAL_LEVELS = (
    ("enterprise", "enterprise_principal"),
    ("township", "principal_head"),
    ("lead_department", "principal_head"),
    ("higher_department", "principal_head"),
)
SIGNERS = ("inspector", "section_head", "deputy_head", "principal_head")


@dataclass(frozen=True)
class Official:
    """A natural person with one account, one living session and, usually, one appointment."""

    name: str
    person_id: int
    account_id: int
    session_id: int
    appointment_id: int
    organisation_id: int
    role: str


@dataclass
class City:
    """Ids of everything that was built, by plain names."""

    units: dict[str, int] = field(default_factory=dict)
    organisations: dict[str, int] = field(default_factory=dict)
    people: dict[str, Official] = field(default_factory=dict)
    enterprise_id: int = 0
    site_id: int = 0
    edition_id: int = 0
    criterion_id: int = 0

    def signers(self) -> tuple[Official, ...]:
        """Who signs levels 1 to 4 of the default chain."""
        return tuple(self.people[name] for name in SIGNERS)


def one(connection: Connection, query: str, *values: object) -> Any:
    """The first column of the one row."""
    row = connection.execute(query.encode(), values).fetchone()
    assert row is not None, query
    return row[0]


def digest(text: str) -> bytes:
    """Thirty-two bytes that belong to a text."""
    return hashlib.sha256(text.encode()).digest()


def build_city(connection: Connection, go_live: str = "2026-01-01") -> City:
    """Everything a hazard needs to be walked to its closing; one transaction of the superuser."""
    city = City()
    with connection.transaction():
        _places(connection, city)
        _rules(connection, city, go_live)
        _first_administrators(connection, city)
        _people(connection, city)
    return city


def _places(connection: Connection, city: City) -> None:
    parent: int | None = None
    for tier, name in enumerate(("city", "banner", "township"), start=1):
        city.units[name] = one(connection, "INSERT INTO unit (tier) VALUES (%s) RETURNING id", tier)
        connection.execute(
            "INSERT INTO unit_period (unit_id, parent_id, code, name, valid_from) VALUES (%s, %s, %s,"
            " %s, '2000-01-01')",
            (city.units[name], parent, f"1506{tier:02}", f"单元{tier}"),
        )
        parent = city.units[name]
    city.enterprise_id = one(
        connection,
        "INSERT INTO enterprise (code, name, unit_id) VALUES ('911506000000000016', '甲化工公司', %s) RETURNING id",
        city.units["township"],
    )
    city.site_id = one(
        connection,
        "INSERT INTO site (enterprise_id, unit_id, name) VALUES (%s, %s, '一车间') RETURNING id",
        city.enterprise_id,
        city.units["township"],
    )
    _organisations(connection, city)


ORGANISATIONS: tuple[tuple[str, str, str, list[str]], ...] = (
    ("government", "government", "banner", []),
    ("office", "safety_office", "banner", []),
    ("higher", "regulator", "city", ["hazardous_chemicals"]),
    ("lead", "regulator", "banner", ["hazardous_chemicals"]),
    ("other", "regulator", "banner", ["fire"]),
    ("township", "township", "township", []),
)


def _organisations(connection: Connection, city: City) -> None:
    for name, kind, unit, sectors in ORGANISATIONS:
        city.organisations[name] = one(
            connection,
            "INSERT INTO organisation (unit_id, kind, name, sectors, superior_id, confirmed_at)"
            " VALUES (%s, %s, %s, %s, %s, registry_now()) RETURNING id",
            city.units[unit],
            kind,
            f"机构{name}",
            sectors,
            city.organisations.get("higher") if name == "lead" else None,
        )
    city.organisations["enterprise"] = one(
        connection,
        "INSERT INTO organisation (unit_id, kind, name, enterprise_id) VALUES (%s, 'enterprise', '甲化工公司', %s)"
        " RETURNING id",
        city.units["township"],
        city.enterprise_id,
    )


def _rules(connection: Connection, city: City, go_live: str) -> None:
    connection.execute("INSERT INTO clock_setting (id, is_movable) VALUES (1, true)")
    city.edition_id = add_edition(connection, "规则")
    area = one(
        connection,
        "INSERT INTO area (code, name, content, content_sha256) VALUES ('a', '某市', '', %s) RETURNING id",
        digest(""),
    )
    connection.execute(
        "INSERT INTO registry_setting (id, go_live_on, area_id, first_edition_id, is_demo) VALUES (1,"
        " %s, %s, %s, true)",
        (go_live, area, city.edition_id),
    )
    city.criterion_id = one(
        connection,
        "INSERT INTO criterion (sector, document, clause, label, effective_from)"
        " VALUES ('hazardous_chemicals', '判定标准', '第一条', '条款一', '2020-01-01') RETURNING id",
    )


def add_edition(
    connection: Connection, name: str, *, levels: int = 4, paper: bool = False, legacy_import_days: int = 30000
) -> int:
    """An edition in force since 2024 with the default chain, a vertical one for tier 1 and a key one of two levels."""
    edition: int = one(
        connection,
        "INSERT INTO edition (name, in_force_from, content, content_sha256, step_up_minutes, legacy_import_days)"
        " VALUES (%s, '2024-01-01', %s, %s, 10, %s) RETURNING id",
        name,
        name,
        digest(name),
        legacy_import_days,
    )
    add_chain(connection, edition, "default", 10, DEFAULT_LEVELS[:levels], paper=paper)
    add_chain(connection, edition, "vertical", 20, VERTICAL_LEVELS, tiers=[1])
    add_chain(connection, edition, "key", 11, DEFAULT_LEVELS[:2], hazard_level="key")
    return edition


def add_chain(
    connection: Connection,
    edition: int,
    key: str,
    precedence: int,
    levels: tuple[tuple[str, str], ...],
    *,
    hazard_level: str = "major",
    tiers: list[int] | None = None,
    paper: bool = False,
) -> int:
    """A chain of an edition; `tiers` None: any."""
    chain: int = one(
        connection,
        "INSERT INTO edition_chain (edition_id, key, name, basis, precedence, hazard_level,"
        " supervision_tiers, purposes)"
        " VALUES (%s, %s, %s, '依据', %s, %s, %s, '{closing,withdrawal,cessation}') RETURNING id",
        edition,
        key,
        key,
        precedence,
        hazard_level,
        tiers,
    )
    for level, (party, post_kind) in enumerate(levels, start=1):
        connection.execute(
            "INSERT INTO edition_chain_level (edition_chain_id, level, name, party, post_kind, limit_days, limit_unit,"
            " in_person, paper_allowed, refusal_returns_to)"
            " VALUES (%s, %s, %s, %s, %s, 2, 'working', false, %s, 'listed')",
            (chain, level, post_kind, party, post_kind, paper),
        )
    return chain


def add_person(connection: Connection, name: str, *, known: bool = True) -> int:
    """A natural person; `known`: with an identity digest."""
    identity = digest(f"person {name}") if known else None
    person: int = one(connection, "INSERT INTO person (identity_digest) VALUES (%s) RETURNING id", identity)
    return person


def add_account(connection: Connection, login: str, person: int) -> tuple[int, int]:
    """Another account of a person, and a living session of it."""
    account = one(connection, "INSERT INTO account (login_name, person_id) VALUES (%s, %s) RETURNING id", login, person)
    session = one(
        connection,
        "INSERT INTO session (token_sha256, account_id, expires_at)"
        " VALUES (%s, %s, registry_now() + interval '1000 days') RETURNING id",
        digest(f"token {login}"),
        account,
    )
    return account, session


def add_post(connection: Connection, organisation: int, kind: str, title: str) -> int:
    """A seat in an organisation."""
    post: int = one(
        connection,
        "INSERT INTO post (organisation_id, kind, title) VALUES (%s, %s, %s) RETURNING id",
        organisation,
        kind,
        title,
    )
    return post


def appoint(
    connection: Connection, person: int, post: int, by: tuple[int, int], *, until: timedelta | None = None
) -> int:
    """An appointment proposed by one account and confirmed by the other."""
    appointment: int = one(
        connection,
        "INSERT INTO appointment (person_id, post_id, valid_from, valid_until, proposed_by_account_id)"
        " VALUES (%s, %s, registry_now(), registry_now() + %s, %s) RETURNING id",
        person,
        post,
        until,
        by[0],
    )
    connection.execute(
        "UPDATE appointment SET confirmed_at = registry_now(), confirmed_by_account_id = %s WHERE id = %s",
        (by[1], appointment),
    )
    return appointment


def _first_administrators(connection: Connection, city: City) -> None:
    made = {}
    for name in ("administrator_1", "administrator_2", "administrator_3"):
        person = add_person(connection, name)
        made[name] = (person, *add_account(connection, name, person))
    names = list(made)
    for turn, name in enumerate(names):
        person, account, session = made[name]
        by = (made[names[turn - 1]][1], made[names[turn - 2]][1])
        post = add_post(connection, city.organisations["office"], "system_administrator", name)
        appointment = appoint(connection, person, post, by)
        city.people[name] = Official(
            name, person, account, session, appointment, city.organisations["office"], ADMINISTRATOR
        )


def administrators(city: City) -> tuple[int, int]:
    """The accounts of one who proposes and another who confirms."""
    return city.people["administrator_1"].account_id, city.people["administrator_2"].account_id


def add_official(
    connection: Connection, city: City, name: str, organisation: str, kind: str, *, person: int | None = None
) -> Official:
    """A person in a post of their own; `person`: somebody who is already known, with one account more."""
    person_id = person if person is not None else add_person(connection, name)
    account, session = add_account(connection, name, person_id)
    organisation_id = city.organisations[organisation]
    appointment = appoint(
        connection, person_id, add_post(connection, organisation_id, kind, name), administrators(city)
    )
    role = ENTERPRISE if organisation == "enterprise" else OFFICIAL
    official = Official(name, person_id, account, session, appointment, organisation_id, role)
    city.people[name] = official
    return official


def _people(connection: Connection, city: City) -> None:
    for kind in SIGNERS:
        add_official(connection, city, kind, "lead", kind)
        add_official(connection, city, f"second_{kind}", "lead", kind)
        add_official(connection, city, f"other_{kind}", "other", kind)
    add_official(connection, city, "township_head", "township", "principal_head")
    add_official(connection, city, "higher_head", "higher", "principal_head")
    add_official(connection, city, "clerk", "office", "office_clerk")
    add_official(connection, city, "office_head", "office", "office_head")
    add_official(connection, city, "registrar", "lead", "registrar")
    for kind in ("principal", "controller", "safety_head", "safety_officer"):
        add_official(connection, city, kind, "enterprise", f"enterprise_{kind}")
