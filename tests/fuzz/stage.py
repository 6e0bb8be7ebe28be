"""Before the fuzzing: a registry with hazards in every state, and the persona signed in."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fastapi import FastAPI

from tests.support import walk
from tests.support.cluster import TestDatabase
from tests.support.registry import Registry, build_app, open_registry, prepare

ANONYMOUS: Final = "anonymous"
SERVICE_KEY: Final = "platform"
PERSONAS: Final[Mapping[str, str | None]] = {
    "enterprise safety officer": "chemical-safety-officer",
    "district clerk": "dongsheng-clerk",
    "department head": "dongsheng-head",
    "inspector": "dongsheng-inspector1",
    "system administrator": "system-admin",
    "security administrator": "security-admin",
    "auditor": "city-auditor",
    "platform service key": SERVICE_KEY,
    "anonymous": None,
}
"""Persona → login; None is signed in as nobody."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What is fuzzed, as whom, and what exists there to be hit."""

    app: FastAPI
    token: str | None
    references: tuple[str, ...]


def set_stage(database: TestDatabase, folder: Path, persona: str) -> Stage:
    """A prepared registry; its own client is closed again, for the fuzzer brings one."""
    prepare(database)
    with open_registry(database, folder) as registry:
        references = tuple(_hazards(registry))
        token = _token(registry, PERSONAS[persona])
    return Stage(build_app(database, folder), token, references)


def _hazards(registry: Registry) -> list[str]:
    walks = (walk.reported, walk.determined, walk.listed, walk.planned, walk.declared, walk.verified, walk.closed)
    return [each(registry) for each in walks]


def _token(registry: Registry, login: str | None) -> str | None:
    if login == SERVICE_KEY:
        organisations = registry.get("/organisations?kind=department&limit=1", by="system-admin").body["items"]
        sent = {"login_name": SERVICE_KEY, "organisation_id": organisations[0]["id"]}
        account = registry.post("/service-accounts", sent, by="system-admin")["id"]
        key = registry.post(f"/service-accounts/{account}/keys", {"label": "双重预防平台"}, by="security-admin")
        return str(key["secret"])
    return None if login is None else registry.sign_in(login)
