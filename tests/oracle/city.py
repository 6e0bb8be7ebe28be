"""A small city written straight into the tables by a superuser: units, offices, posts, persons, an edition."""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from psycopg import Connection, sql
from psycopg.types.json import Jsonb

_LEVEL: Final = 'limit_days = 2\nlimit_unit = "working"\nin_person = false\npaper_allowed = false\n'


def _chain(key: str, head: str, *levels: tuple[str, str, str]) -> str:
    text = f'[chains.{key}]\nname = "{key}"\nbasis = "试验"\n{head}\n'
    for party, post, returns in levels:
        text += f'[[chains.{key}.levels]]\n{party}\npost = "{post}"\n{_LEVEL}refusal_returns_to = "{returns}"\n'
    return text


_LEAD, _HIGHER, _OWNER = 'party = "lead_department"', 'party = "higher_department"', 'party = "enterprise"'
_AGENCY = 'party = "named_agency"\nagency = "mine_safety"'
_GOVERNMENT = 'party = "same_level_government"'
_ALL: Final = 'purposes = ["closing", "withdrawal", "cessation"]'

EDITION: Final = (
    '[[agencies]]\nkey = "mine_safety"\norganisation = "mine_safety_agency"\n'
    + _chain(
        "default",
        f'hazard_level = "major"\nprecedence = 10\n{_ALL}',
        (_LEAD, "inspector", "verification"),
        (_LEAD, "section_head", "verification"),
        (_LEAD, "deputy_head", "listed"),
        (_LEAD, "principal_head", "listed"),
    )
    + _chain(
        "vertical",
        'hazard_level = "major"\nprecedence = 20\nsupervision_tiers = [1]\npurposes = []',
        (_OWNER, "enterprise_principal", "listed"),
        ('party = "township"', "principal_head", "verification"),
        (_LEAD, "principal_head", "listed"),
        (_HIGHER, "principal_head", "listed"),
    )
    + _chain(
        "coal",
        'hazard_level = "major"\nprecedence = 30\nsectors = ["coal_mine"]\nfull_stop = true\npurposes = ["closing"]',
        (_OWNER, "enterprise_principal", "listed"),
        (_LEAD, "principal_head", "verification"),
        (_AGENCY, "principal_head", "verification"),
        (_GOVERNMENT, "government_head", "listed"),
    )
    + _chain(
        "key",
        f'hazard_level = "key"\nprecedence = 15\n{_ALL}',
        (_LEAD, "inspector", "verification"),
        (_LEAD, "deputy_head", "listed"),
    )
)


@dataclass(frozen=True)
class Holder:
    """A person in a post, with the account and session to act by."""

    person: int
    account: int
    session: int
    appointment: int
    post_kind: str
    organisation: int


@dataclass
class City:
    """Writes rows with triggers off; `now` advances by a minute at each tick."""

    connection: Connection[Any]
    now: datetime
    identity: dict[str, int] = field(default_factory=dict)
    holders: dict[tuple[int, str, int], Holder] = field(default_factory=dict)
    _serial: int = 0

    def tick(self, minutes: float = 1) -> datetime:
        """The next instant."""
        self.now += timedelta(minutes=minutes)
        return self.now

    def number(self) -> int:
        """A number not given before."""
        self._serial += 1
        return self._serial

    def insert(self, table: str, **values: object) -> int:
        """Insert a row as it stands; its id, where the table has one."""
        ready = {key: Jsonb(value) if isinstance(value, dict) else value for key, value in values.items()}
        statement = sql.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING to_jsonb({}.*) -> 'id'").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, ready)),
            sql.SQL(", ").join(map(sql.Placeholder, ready)),
            sql.Identifier(table),
        )
        row = self.connection.execute(statement, ready).fetchone()
        if row is None:
            raise LookupError(table)
        return int(row[0]) if isinstance(row[0], int) else 0

    def change(self, table: str, identity: int, key: str = "id", **values: object) -> None:
        """Update a row as nobody may."""
        ready = {name: Jsonb(value) if isinstance(value, dict) else value for name, value in values.items()}
        assignments = sql.SQL(", ").join(
            sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in ready
        )
        statement = sql.SQL("UPDATE {} SET {} WHERE {} = {}").format(
            sql.Identifier(table), assignments, sql.Identifier(key), sql.Placeholder("the_identity")
        )
        if self.connection.execute(statement, {**ready, "the_identity": identity}).rowcount < 1:
            raise LookupError(f"{table} {identity}")

    def remove(self, table: str, column: str, value: object) -> None:
        """Delete rows as nobody may."""
        statement = sql.SQL("DELETE FROM {} WHERE {} = %s").format(sql.Identifier(table), sql.Identifier(column))
        if self.connection.execute(statement, [value]).rowcount < 1:
            raise LookupError(f"{table}.{column} = {value}")

    def person(self, organisation: int | None = None) -> tuple[int, int, int]:
        """A natural person with account and session."""
        number = self.number()
        digest = hashlib.sha256(f"human {number}".encode()).digest()
        person = self.insert("person", identity_digest=digest, created_at=self.now)
        account = self.insert(
            "account", login_name=f"login-{number}", person_id=person, organisation_id=organisation, created_at=self.now
        )
        return person, account, self.session(account)

    def session(self, account: int) -> int:
        """A sign-in of the account."""
        return self.insert(
            "session",
            token_sha256=hashlib.sha256(f"token {self.number()}".encode()).digest(),
            account_id=account,
            created_at=self.now,
            last_seen_at=self.now,
            expires_at=self.now + timedelta(days=365),
        )

    def appoint(self, person: int, post: int, **other: object) -> int:
        """An appointment that two administrators made."""
        values: dict[str, Any] = {
            "valid_from": self.now,
            "proposed_by_account_id": self.identity["proposer"],
            "proposed_at": self.now,
            "confirmed_by_account_id": self.identity["confirmer"],
            "confirmed_at": self.now,
        }
        return self.insert("appointment", person_id=person, post_id=post, **(values | other))

    def hire(self, organisation: int, kind: str, seat: int = 0) -> Holder:
        """A new person in a new post of the organisation; asked again, the same."""
        known = self.holders.get((organisation, kind, seat))
        if known is not None:
            return known
        person, account, session = self.person(organisation)
        post = self.insert("post", organisation_id=organisation, kind=kind, title=f"{kind} {seat}")
        appointment = self.appoint(person, post)
        self.change("session", session, appointment_id=appointment)
        holder = Holder(person, account, session, appointment, kind, organisation)
        self.holders[organisation, kind, seat] = holder
        return holder

    def step_up(self, account: int, content: bytes, level: int | None, session: int | None = None) -> int:
        """A proof of who sits there, made just now."""
        return self.insert(
            "step_up",
            account_id=account,
            session_id=session or self.session(account),
            content_sha256=content,
            level=level,
            recorded_at=self.now,
        )


def found_city(connection: Connection[Any], start: datetime) -> City:
    """Units, offices, a department with its superior, enterprises and the edition, all in force."""
    city = City(connection, start)
    connection.execute("SET session_replication_role = replica")
    connection.execute("INSERT INTO clock_setting (id, is_movable) VALUES (1, false) ON CONFLICT DO NOTHING")
    _rules(city)
    _places(city)
    _administrators(city)
    city.tick()
    return city


def _administrators(city: City) -> None:
    """Two administrators, who made each other's appointments and make all others'."""
    people = {}
    for name in ("proposer", "confirmer"):
        people[name], city.identity[name], city.identity[f"{name}_session"] = city.person()
    for name, kind in (("proposer", "system_administrator"), ("confirmer", "security_administrator")):
        post = city.insert("post", organisation_id=city.identity["city_office"], kind=kind, title=kind)
        appointment = city.appoint(people[name], post)
        city.identity[f"{name}_person"], city.identity[f"{name}_appointment"] = people[name], appointment


def _rules(city: City) -> None:
    day = (city.now - timedelta(days=60)).date()
    edition = city.identity["edition"] = city.insert(
        "edition",
        name="试验版本",
        in_force_from=day,
        content=EDITION,
        content_sha256=hashlib.sha256(EDITION.encode()).digest(),
        step_up_minutes=10,
        legacy_import_days=90,
        loaded_at=city.now - timedelta(days=1),
    )
    for key, chain in tomllib.loads(EDITION)["chains"].items():
        city.identity[key] = load_chain(city, edition, key, chain)
    area = city.insert(
        "area", code="试验", name="试验市", content="", content_sha256=hashlib.sha256(b"").digest(), loaded_at=city.now
    )
    city.insert(
        "registry_setting",
        id=1,
        go_live_on=(city.now - timedelta(days=1)).date(),
        area_id=area,
        first_edition_id=edition,
        initialised_at=city.now,
    )


def load_chain(city: City, edition: int, key: str, chain: Mapping[str, Any]) -> int:
    """The rows of a chain as its file words it."""
    row = city.insert(
        "edition_chain",
        edition_id=edition,
        key=key,
        name=chain["name"],
        basis=chain["basis"],
        precedence=chain["precedence"],
        hazard_level=chain["hazard_level"],
        sectors=chain.get("sectors"),
        full_stop=chain.get("full_stop"),
        supervision_tiers=chain.get("supervision_tiers"),
        purposes=chain["purposes"],
    )
    for number, level in enumerate(chain["levels"], start=1):
        city.insert(
            "edition_chain_level",
            edition_chain_id=row,
            level=number,
            name=f"第{number}级",
            party=level["party"],
            agency_code=level.get("agency"),
            post_kind=level["post"],
            limit_days=level["limit_days"],
            limit_unit=level["limit_unit"],
            in_person=level["in_person"],
            paper_allowed=level["paper_allowed"],
            refusal_returns_to=level["refusal_returns_to"],
        )
    return row


def _places(city: City) -> None:
    names = city.identity
    for tier, (name, parent) in enumerate((("city", None), ("district", "city"), ("town", "district")), start=1):
        names[name] = city.insert("unit", tier=tier)
        city.insert(
            "unit_period",
            unit_id=names[name],
            parent_id=names[parent] if parent else None,
            code=f"15{tier}",
            name=name,
            valid_from=(city.now - timedelta(days=3650)).date(),
        )
    for name, unit, kind, superior in (
        ("government", "district", "government", None),
        ("higher", "city", "regulator", None),
        ("lead", "district", "regulator", "higher"),
        ("other_lead", "district", "regulator", "higher"),
        ("city_office", "city", "safety_office", None),
        ("office", "district", "safety_office", "city_office"),
        ("township", "town", "township", None),
        ("agency", "city", "agency", None),
    ):
        names[name] = city.insert(
            "organisation",
            unit_id=names[unit],
            kind=kind,
            name=name,
            code="mine_safety_agency" if kind == "agency" else None,
            superior_id=names[superior] if superior else None,
            confirmed_at=city.now,
        )
    for serial in (1, 2):
        _enterprise(city, serial)


def _enterprise(city: City, serial: int) -> None:
    names = city.identity
    enterprise = names[f"enterprise{serial}"] = city.insert(
        "enterprise", no_code_reason="试验", name=f"试验企业{serial}", unit_id=names["town"], created_at=city.now
    )
    names[f"site{serial}"] = city.insert("site", enterprise_id=enterprise, unit_id=names["town"], name="场区")
    names[f"own{serial}"] = city.insert(
        "organisation",
        unit_id=names["town"],
        kind="enterprise",
        name=f"试验企业{serial}",
        enterprise_id=enterprise,
        confirmed_at=city.now,
    )
