"""A registry that tests talk to as its users do: the demo's city behind the API, hazards walked by real acts.

No hazard starts anywhere but at its report, and nothing is written but through the routes.
"""

import asyncio
import contextlib
import io
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import psycopg
from fastapi import FastAPI
from PIL import Image
from pydantic import SecretStr
from sqlalchemy import text, update
from starlette.testclient import TestClient

from app.cli.demo_city import CHEMICAL_WORKS, COAL_MINE, SAMPLE_PASSWORD, settle
from app.infrastructure.database import Database
from app.infrastructure.letter_settings import LetterSettings
from app.infrastructure.owner import owner_transaction
from app.infrastructure.security_settings import SecuritySettings
from app.infrastructure.settings import Settings
from app.main import create_app
from app.reference.initialise import Initialisation, initialise
from app.regulation.area import SHIPPED_AREA
from app.regulation.edition import SHIPPED_EDITION
from app.tables.people import Account
from tests.support.cluster import TEMPLATE, Cluster, TestDatabase, libpq_address
from tests.support.quick_passwords import QUICK
from tests.support.run import RUN_VARIABLE, locked

GO_LIVE = date(2026, 11, 1)
IDENTITY_KEY = "0123456789abcdef" * 4
API = "/api/v1"
NOON = "2026-11-23T12:00:00+08:00"
"""When the registry's clock starts, whatever the day: dates in tests stay right."""

_SETTLED: Final = f"{TEMPLATE}_settled"
_BEFORE: Final = timedelta(minutes=1)
_REHEARSED: Final = text(
    """
    INSERT INTO escalation_rehearsal (business_date, edition_sha256, result)
    SELECT (registry_now() AT TIME ZONE 'Asia/Shanghai')::date, encode(content_sha256, 'hex'), '{}' FROM edition
     ORDER BY id DESC LIMIT 1 RETURNING id
    """
)
_RELEASED: Final = text(
    """
    UPDATE dispatch_hold SET rehearsal_id = :rehearsal, released_at = registry_now(),
           released_by_account_id = (SELECT id FROM account WHERE login_name = 'city-office-head')
     WHERE released_at IS NULL
    """
)
_AT_NOON: Final = "UPDATE clock_setting SET offset_seconds = ceil(extract(epoch FROM %s::timestamptz - now()))"

_RATES = ("rate_sign_in", "rate_public", "rate_read", "rate_write", "rate_heavy")
UNLIMITED: dict[str, Any] = dict.fromkeys(_RATES, 10**9)
"""Rates that no test meets but those that are about them."""


@dataclass(slots=True)
class Answered:
    """What the API answered."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def code(self) -> str:
        """The stable code of a refusal."""
        return str(self.body["code"])

    def unmet(self) -> set[str]:
        """Codes of every rule a refusal or a dry run names."""
        return {one["code"] for one in self.body["unmet"]}


@dataclass(slots=True)
class Registry:
    """The API with its database; people by login."""

    client: TestClient
    database: TestDatabase
    tokens: dict[str, str] = field(default_factory=dict)

    def sign_in(self, login: str) -> str:
        """The token of a sample person, signed in once."""
        if login not in self.tokens:
            answer = self.client.post(f"{API}/session", json={"login_name": login, "password": SAMPLE_PASSWORD})
            assert answer.status_code == 201, answer.text
            self.tokens[login] = answer.json()["token"]
        return self.tokens[login]

    def call(self, method: str, path: str, *, by: str | None, **request: Any) -> Answered:
        """One request as that person, or as nobody."""
        headers = dict(request.pop("headers", {}))
        if by is not None:
            headers["Authorization"] = f"Bearer {self.sign_in(by)}"
        answer = self.client.request(method, f"{API}{path}", headers=headers, **request)
        body = answer.json() if answer.content and "json" in answer.headers.get("content-type", "") else answer.content
        return Answered(answer.status_code, body, answer.headers)

    def get(self, path: str, *, by: str | None) -> Answered:
        """A read."""
        return self.call("GET", path, by=by)

    def attempt(
        self, path: str, body: Any, *, by: str | None, version: int | None = None, dry_run: bool = False
    ) -> Answered:
        """A document sent, whatever becomes of it; `version` goes into If-Match."""
        headers = {} if version is None else {"If-Match": f'"{version}"'}
        return self.call("POST", path, by=by, json=body, headers=headers, params={"dry_run": "true"} if dry_run else {})

    def post(self, path: str, body: Any, *, by: str, version: int | None = None) -> Any:
        """A document sent that must be taken."""
        answer = self.attempt(path, body, by=by, version=version)
        assert answer.status == 201, (path, answer.status, answer.body)
        return answer.body

    def hazard(self, hazard: str, *, by: str = "city-office-head") -> Any:
        """The hazard as that person sees it."""
        answer = self.get(f"/hazards/{hazard}", by=by)
        assert answer.status == 200, answer.body
        return answer.body

    def act(self, hazard: str, act: str, body: Any, *, by: str) -> Any:
        """An act by someone who has read the newest version."""
        version = self.hazard(hazard, by=by)["version"]
        return self.post(f"/hazards/{hazard}/{act}", body, by=by, version=version)

    def upload(self, hazard: str, kind: str, *, by: str, shade: int = 10, **said: str) -> str:
        """A photo with time and position; its id."""
        said = {"taken_at": NOON, "longitude": "109.98", "latitude": "39.81", **said}
        answer = self.call(
            "POST",
            f"/hazards/{hazard}/evidence",
            by=by,
            files={"file": ("a.png", photo(shade))},
            data={"kind": kind, **said},
        )
        assert answer.status == 201, answer.body
        return str(answer.body["id"])


def photo(shade: int) -> bytes:
    """A small PNG; another shade is another file."""
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), (shade % 256, shade // 256, 7)).save(buffer, "PNG")
    return buffer.getvalue()


async def _prepare(database: TestDatabase, area: str, begins: datetime) -> None:
    wanted = Initialisation(
        area,
        SHIPPED_EDITION.read_text(encoding="utf-8"),
        GO_LIVE,
        is_demo=True,
        movable_clock=True,
        begins_at=begins,
    )
    async with owner_transaction(database.migrate_url, label="test") as context:
        await initialise(context, wanted)
        await settle(context, IDENTITY_KEY.encode())
        await context.session.execute(update(Account).values(password_hash=QUICK.hash(SAMPLE_PASSWORD)))
        # Dispatch is held since the first start: the office has rehearsed and released it, as everywhere in use.
        rehearsal = (await context.session.execute(_REHEARSED)).scalar_one()
        await context.session.execute(_RELEASED, {"rehearsal": rehearsal})


def prepare(database: TestDatabase, *, area: str | None = None, begins: datetime | None = None) -> None:
    """Initialises the registry, in the shipped area or another that holds it, and settles the demo's city in it."""
    area_text = area or SHIPPED_AREA.read_text(encoding="utf-8")
    asyncio.run(_prepare(database, area_text, begins or datetime.fromisoformat(NOON)))


@contextlib.contextmanager
def settled_database(cluster: Cluster) -> Iterator[TestDatabase]:
    """The demo's city in a database of one's own, its clock at noon; copied from the one that the run settled first."""
    with locked(Path(os.environ[RUN_VARIABLE]) / "settled.lock"):
        made = Path(os.environ[RUN_VARIABLE]) / "settled"
        if not made.exists():
            cluster.drop_database(_SETTLED)
            cluster.execute(f"ALTER DATABASE {cluster.create_database().name} RENAME TO {_SETTLED}")
            # A copy's clock is set back to noon, and nobody may be appointed later than now.
            prepare(cluster.database(_SETTLED), begins=datetime.fromisoformat(NOON) - _BEFORE)
            made.touch()
    with cluster.temporary_database(template=_SETTLED) as database:
        with psycopg.connect(libpq_address(database.superuser_url)) as connection:
            connection.execute(_AT_NOON.encode(), [NOON])
        yield database


def ordinary_settings(**security: Any) -> Settings:
    """No second factor asked, no password too old, no rate met, unless a test says otherwise."""
    asked = {**UNLIMITED, "second_factor": "optional", "password_max_age_days": 0, **security}
    # Whatever machine the tests run on: 宋体 stands for a face that it lacks.
    letters = LetterSettings(accept_substitute_fonts=True)
    return Settings(identity_key=SecretStr(IDENTITY_KEY), security=SecuritySettings(**asked), letters=letters)


def build_app(database: TestDatabase, folder: Path, **changed: Any) -> FastAPI:
    """The application on a prepared database, not yet started."""
    settings = ordinary_settings().model_copy(
        update={"data_dir": folder, "database_url": SecretStr(database.app_url), **changed}
    )
    return create_app(settings, Database.at(database.app_url, pool_size=4))


@contextlib.contextmanager
def open_registry(database: TestDatabase, folder: Path, **changed: Any) -> Iterator[Registry]:
    """The API on a prepared database; `changed` settings take the place of the ordinary ones."""
    with TestClient(build_app(database, folder, **changed), raise_server_exceptions=True) as client:
        yield Registry(client, database)


CHEMICAL = {"code": CHEMICAL_WORKS.code, "name": CHEMICAL_WORKS.name}
COAL = {"code": COAL_MINE.code, "name": COAL_MINE.name}
