"""Before the fuzzing: a registry with hazards in every state, and the persona signed in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fastapi import FastAPI

from tests.support import walk
from tests.support.cluster import TestDatabase
from tests.support.registry import Registry, build_app, open_registry

ANONYMOUS: Final = "anonymous"
SERVICE_KEY: Final = "platform"
_SIGN_INS: Final = 40
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
    tokens: tuple[str, ...]
    """Sign-ins of the persona, one after the other: five wrong proofs end one. None for nobody."""
    references: tuple[str, ...]


def set_stage(database: TestDatabase, folder: Path, persona: str) -> Stage:
    """A settled registry; its own client is closed again, for the fuzzer brings one."""
    with open_registry(database, folder) as registry:
        references = tuple(_hazards(registry))
        tokens = tuple(_tokens(registry, PERSONAS[persona]))
    return Stage(build_app(database, folder), tokens, references)


def _hazards(registry: Registry) -> list[str]:
    walks = (walk.reported, walk.determined, walk.listed, walk.planned, walk.declared, walk.verified, walk.closed)
    return [each(registry) for each in walks]


def _tokens(registry: Registry, login: str | None) -> Iterator[str]:
    if login is None:
        return
    if login == SERVICE_KEY:
        yield _service_key(registry)
        return
    for _ in range(_SIGN_INS):
        registry.tokens.pop(login, None)
        yield registry.sign_in(login)


def _service_key(registry: Registry) -> str:
    organisations = registry.get("/organisations?limit=1", by="system-admin").body["items"]
    sent = {"login_name": SERVICE_KEY, "organisation_id": organisations[0]["id"]}
    account = registry.post("/service-accounts", sent, by="system-admin")["id"]
    key = registry.post(f"/service-accounts/{account}/keys", {"label": "双重预防平台"}, by="security-admin")
    return str(key["secret"])
