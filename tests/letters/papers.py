"""What the tests write, issue and serve: letters of the Dongsheng office about the demo's hazards."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import psycopg

from app.cli.demo_city import CHEMICAL_WORKS, COAL_MINE
from app.infrastructure.database import Database
from app.infrastructure.settings import Settings
from app.jobs import dispatch
from app.jobs.work import Work
from tests.support.cluster import TestDatabase, libpq_address
from tests.support.registry import Answered, Registry, ordinary_settings

CLERK, HEAD = "dongsheng-clerk", "dongsheng-office-head"
DEPARTMENT, FIRM, OTHER_FIRM = "dongsheng-head", "chemical-safety-officer", "coal-safety-officer"
_REHEARSED: Final = """
    INSERT INTO escalation_rehearsal (business_date, edition_sha256, result)
    SELECT current_date, content_sha256::text, '{}' FROM edition
     WHERE EXISTS (SELECT 1 FROM dispatch_hold WHERE released_at IS NULL) ORDER BY id DESC LIMIT 1 RETURNING id
"""
_RELEASED: Final = """
    UPDATE dispatch_hold SET rehearsal_id = %s, released_at = registry_now(),
           released_by_account_id = (SELECT min(id) FROM account) WHERE released_at IS NULL
"""

_DEAD: Final = """
    INSERT INTO delivery (message_id, channel, letter_id, organisation_id, enterprise_id, status, attempts)
    SELECT 'letter-' || public_id || '-main-webhook', 'webhook', id, addressee_organisation_id,
           addressee_enterprise_id, 'dead', 12 FROM letter WHERE public_id = %s
"""


def release_dispatch(database: TestDatabase) -> None:
    """As the office does after its rehearsal, be dispatch held or not."""
    with psycopg.connect(libpq_address(database.superuser_url)) as connection:
        row = connection.execute(_REHEARSED.encode()).fetchone()
        if row is not None:
            connection.execute(_RELEASED.encode(), row)


def hold_dispatch(database: TestDatabase) -> None:
    """As an order of the office does."""
    with psycopg.connect(libpq_address(database.superuser_url)) as connection:
        connection.execute(b"INSERT INTO dispatch_hold (reason) VALUES ('ordered')")


def rung_by_worker(registry: Registry, job: Callable[[Work], Awaitable[str]]) -> str:
    """One ringing of a job, in the registry's own data folder."""

    async def ring() -> str:
        database = Database.at(registry.database.job_url, pool_size=2)
        try:
            return await job(Work(database, settings_of(registry)))
        finally:
            await database.close()

    return asyncio.run(ring())


def sent(registry: Registry) -> None:
    """The outbox emptied once, wherever the application runs."""

    async def ring(folder: str) -> None:
        database = Database.at(registry.database.job_url, pool_size=2)
        try:
            await dispatch.run(Work(database, ordinary_settings().model_copy(update={"data_dir": Path(folder)})))
        finally:
            await database.close()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(ring(folder))


def message_of(registry: Registry, letter: dict[str, Any], *, by: str) -> dict[str, Any]:
    """The message that brought the letter to whoever asks."""
    items = registry.get("/inbox?limit=200", by=by).body["items"]
    (found,) = [one for one in items if one["data"].get("letter") == letter["id"]]
    return dict(found)


def lies_dead(database: TestDatabase, letter: dict[str, Any]) -> None:
    """As if a gateway had refused the letter all day."""
    with psycopg.connect(libpq_address(database.superuser_url)) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(_DEAD.encode(), [letter["id"]])


def settings_of(registry: Registry) -> Settings:
    """What the application was started with."""
    found: Settings = registry.client.app.state.settings  # type: ignore[attr-defined]  # starlette's application
    return found


def organisation(registry: Registry, name: str) -> int:
    """The id of an organisation by its name."""
    path = "/organisations?limit=200"
    while path:
        page = registry.get(path, by="city-clerk1").body
        found = [int(one["id"]) for one in page["items"] if one["name"] == name]
        if found:
            return found[0]
        path = f"/organisations?limit=200&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    raise LookupError(name)


def bureau(registry: Registry) -> int:
    """Dongsheng's department."""
    return organisation(registry, "东胜区应急管理局")


def enterprise(registry: Registry, code: str = CHEMICAL_WORKS.code) -> str:
    """The id of an enterprise."""
    return str(registry.get(f"/enterprises?code={code}", by="city-clerk1").body["items"][0]["id"])


def mine(registry: Registry) -> str:
    """The id of the coal mine."""
    return enterprise(registry, COAL_MINE.code)


def document(registry: Registry, **changed: Any) -> dict[str, Any]:
    """A 督促函 to the department."""
    return {
        "kind": "urging_letter",
        "addressee": {"organisation_id": bureau(registry)},
        "title": "关于督促整改的函",
        "paragraphs": [{"text": "请督促责任单位加快整改。"}],
        **changed,
    }


def attempted(registry: Registry, *, by: str = CLERK, **changed: Any) -> Answered:
    """A draft sent, whatever becomes of it."""
    return registry.attempt("/letters", document(registry, **changed), by=by)


def drafted(registry: Registry, *, by: str = CLERK, **changed: Any) -> dict[str, Any]:
    """A draft that must be taken."""
    taken: dict[str, Any] = registry.post("/letters", document(registry, **changed), by=by)
    return taken


def issued(registry: Registry, *, by: str = HEAD, **changed: Any) -> dict[str, Any]:
    """A letter out."""
    letter = drafted(registry, **changed)
    done: dict[str, Any] = registry.post(f"/letters/{letter['id']}/issuing", None, by=by, version=letter["version"])
    return done


def serial(letter: dict[str, Any]) -> int:
    """The serial in an issued letter's number."""
    return int(letter["number"].split("〕")[1].removesuffix("号"))
