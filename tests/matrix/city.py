"""The matrix's city: made once a run by its people's own acts over HTTP, then copied for whoever needs one."""

import asyncio
import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import update

from app.audit.signing_key import Ed25519Signer
from app.exchange.ledger_columns import LedgerColumn
from app.infrastructure.database import Database
from app.infrastructure.owner import owner_transaction
from app.infrastructure.settings import Settings
from app.jobs.seal import seal
from app.jobs.work import Work
from app.tables.rules import ClockSetting
from tests.exchange.paper import take
from tests.letters.papers import release_dispatch, sent
from tests.matrix import stages
from tests.matrix.cast import BY_NAME, PERSONAS, Entry, Persona
from tests.matrix.people import enter, keep_out, leave_pending, sign_everybody_in
from tests.matrix.stages import Walked
from tests.matrix.tenants import AREA, CHEMICAL, TENANTS
from tests.support.cluster import Cluster, TestDatabase
from tests.support.ladder_desk import night_at
from tests.support.registry import API, NOON, Registry, open_registry, prepare
from tests.support.run import RUN_VARIABLE, locked

_NIGHT = date(2026, 12, 20)
"""When nobody has reported progress for so long that every listed hazard has climbed its first rung."""
_AFTER = datetime.fromisoformat(NOON) + timedelta(hours=26)
"""When the walks begin: what was valid for a day, or for a session's hours, at noon has expired."""


@dataclass(eq=False)
class City:
    """A copy of the city, and how to speak in it."""

    registry: Registry
    tokens: dict[str, str]
    """Persona → what it sends."""
    hazards: dict[str, dict[str, Walked]]
    """Tenant → stage → hazard."""
    enterprises: dict[str, str]
    """Tenant → id of its enterprise."""
    records: dict[str, int] = field(default_factory=dict)
    """What the personnel routes are asked about."""
    batches: dict[str, int] = field(default_factory=dict)
    penalties: dict[str, str] = field(default_factory=dict)
    """Tenant → id of the penalty its department decided."""

    letters: dict[str, dict[str, str]] = field(default_factory=dict)
    """Tenant → draft, issued and voided letter of its office, the issued one's copy, and the messages of both."""

    ladder: dict[str, dict[str, str]] = field(default_factory=dict)
    """Tenant → its delay and a suspension proposed in it."""
    desk: dict[str, str] = field(default_factory=dict)
    """The night's run; a rehearsal, a hold and a pause, all of the city's office."""

    def hazard(self, target: str, stage: str) -> Walked:
        """The target's hazard of a stage, its listed one where it has none such."""
        if target == "fire":
            return self.hazards["second"]["fire"]
        of_target = self.hazards[target]
        return of_target.get(stage, of_target["base"])

    def headers(self, persona: Persona) -> dict[str, str]:
        """What the persona's client sends with every request."""
        if persona.entry is Entry.NOTHING:
            return {}
        return {"Authorization": f"Bearer {self.tokens[persona.name]}"}

    def headers_of(self, name: str) -> dict[str, str]:
        """The same, by the persona's name."""
        return self.headers(BY_NAME[name])

    def canaries(self, tenant: str) -> dict[str, tuple[str, ...]]:
        """What must not reach who may not see a tenant: of its hazards, and of the enterprise itself."""
        if tenant == "fire":
            only = self.hazards["second"]["fire"]
            fire = (stages.FIRE_CANARY, only.id, only.evidence)
            return {"hazards": fire, "enterprise": (), "site": (), "penalties": ()}
        walked = [one for one in self.hazards[tenant].values() if one.stage != "fire"]
        said = next(one for one in TENANTS if one.key == tenant)
        hazards = [said.canary, *(one.id for one in walked), *(one.evidence for one in walked if one.evidence)]
        hazards += [one.ledger_number for one in walked if one.ledger_number]
        hazards.append(self.ladder[tenant]["episode"])
        return {
            "hazards": tuple(hazards),
            "enterprise": (said.code, said.name, self.enterprises[tenant]),
            "site": (said.site,),
            "penalties": (self.penalties[tenant], said.penalty),
        }


def _move_clock(database: TestDatabase, to: datetime) -> None:
    async def move() -> None:
        ahead = to - datetime.now(UTC)
        async with owner_transaction(database.migrate_url, label="test") as context:
            await context.session.execute(update(ClockSetting).values(offset_seconds=int(ahead.total_seconds())))

    asyncio.run(move())


def _import(database: TestDatabase) -> int:
    """A ledger of one row closed on paper, the chemical works'; its batch."""
    said = {
        LedgerColumn.DISTRICT: "东胜区",
        LedgerColumn.TOWN: None,
        LedgerColumn.ENTERPRISE_NAME: CHEMICAL.name,
        LedgerColumn.ENTERPRISE_CODE: CHEMICAL.code,
        LedgerColumn.SECTOR: "危险化学品",
        LedgerColumn.PLACE: CHEMICAL.says("三号罐"),
        LedgerColumn.CIRCUMSTANCES: CHEMICAL.says("报警装置失效"),
        LedgerColumn.REGULATOR: "东胜区应急管理局",
    }
    batch = take(database, said).batch
    assert batch is not None
    return batch


async def _seal(database: TestDatabase, folder: Path) -> int:
    """The audit tree over all that has happened; its size."""
    opened = Database.at(database.job_url, pool_size=1)
    try:
        sealed = await seal(Work(opened, Settings(data_dir=folder)), Ed25519Signer(b"matrix" * 5 + b"42"))
    finally:
        await opened.close()
    assert sealed.head is not None
    return sealed.head.size


def _make(database: TestDatabase, folder: Path) -> dict[str, Any]:
    prepare(database, area=AREA)
    with open_registry(database, folder) as registry:
        records = enter(registry, database)
        tokens = keep_out(registry)
    _move_clock(database, _AFTER)
    with open_registry(database, folder) as registry:
        walked = [stages.base(registry, tenant) for tenant in TENANTS]
        walked += [*stages.every_stage(registry), *stages.coal_stages(registry), stages.of_another_sector(registry)]
        found = registry.get("/enterprises?limit=200", by="city-office-head").body["items"]
        by_code = {one["code"]: one["id"] for one in found}
        penalties = {tenant.key: stages.penalty(registry, tenant, by_code[tenant.code]) for tenant in TENANTS}
        release_dispatch(database)
        listed = {one.tenant: one.id for one in walked if one.stage == "base"}
        letters = {
            tenant.key: stages.letters(registry, tenant, listed[tenant.key], by_code[tenant.code]) for tenant in TENANTS
        }
        sent(registry)
        for tenant in TENANTS:
            letters[tenant.key] |= stages.messages(registry, tenant, letters[tenant.key]["issued"])
        night_at(database, _NIGHT)
        ladder = {tenant.key: stages.delay(registry, tenant, listed[tenant.key]) for tenant in TENANTS}
        ladder["fire"] = stages.late_duty(registry, next(one.id for one in walked if one.stage == "fire"))
        desk = stages.at_the_desk(registry) | {"pause": stages.pause(registry)}
        tokens |= sign_everybody_in(registry, records) | leave_pending(registry, database)
    records["batch"] = _import(database)
    records["tree_size"] = asyncio.run(_seal(database, folder))
    return {
        "tokens": tokens,
        "hazards": [one.as_json() for one in walked],
        "enterprises": {tenant.key: by_code[tenant.code] for tenant in TENANTS},
        "records": records,
        "penalties": penalties,
        "letters": letters,
        "ladder": ladder,
        "desk": desk,
    }


def _description(cluster: Cluster) -> dict[str, Any]:
    """The city's file, its template made by the first worker that asks; the others wait for it."""
    run = Path(os.environ[RUN_VARIABLE])
    kept, evidence = run / "matrix-city.json", run / "matrix-evidence"
    with locked(run / "matrix-making.lock"):
        if not kept.exists():
            evidence.mkdir()
            database = cluster.create_database()
            made = _make(database, evidence)
            kept.write_text(json.dumps(made | {"template": database.name, "evidence": str(evidence)}))
        found: dict[str, Any] = json.loads(kept.read_text())
        return found


@contextlib.contextmanager
def open_city(cluster: Cluster) -> Iterator[City]:
    """A copy of one's own, dropped at the end."""
    made = _description(cluster)
    with (
        locked(Path(os.environ[RUN_VARIABLE]) / "matrix-copying.lock"),
        contextlib.ExitStack() as copied,
    ):
        database = copied.enter_context(cluster.temporary_database(template=made["template"]))
        opened = copied.pop_all()
    with opened, open_registry(database, Path(made["evidence"])) as registry:
        hazards: dict[str, dict[str, Walked]] = {}
        for one in made["hazards"]:
            documents = {kind: (number, digest) for kind, (number, digest) in one.pop("documents").items()}
            hazards.setdefault(one["tenant"], {})[one["stage"]] = Walked(**one, documents=documents)
        city = City(registry, made["tokens"], hazards, made["enterprises"], made["records"])
        city.penalties, city.letters = made["penalties"], made["letters"]
        city.ladder, city.desk = made["ladder"], made["desk"]
        assert set(city.tokens) >= {one.name for one in PERSONAS if one.entry is not Entry.NOTHING}
        yield city


def address(path: str) -> str:
    """A route's path below the API's, as `Registry` wants it."""
    return path.removeprefix(API)
