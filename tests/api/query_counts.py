"""How many statements each operation sends, by whose role: measured on every journey and every read there is.

`python -m tests.api.query_counts` measures anew and writes the table that the test compares with.
"""

import asyncio
import csv
import re
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from app.infrastructure.database import Database
from app.jobs import seal
from app.jobs.work import Work
from tests.letters import papers
from tests.support import walk
from tests.support.cluster import TestDatabase, cluster_of_run
from tests.support.journeys import JOURNEYS, OFFICER, SIGN_ON
from tests.support.registry import API, Answered, Registry, open_registry, ordinary_settings, settled_database
from tests.support.routes import operation_of, operations
from tests.support.run import run_folder
from tests.support.statements import statements_sent

TABLE: Final = Path(__file__).with_name("query_counts.csv")
NOT_MEASURED: Final = frozenset({"begin_sign_on", "complete_sign_on", "read_health"})
"""Asks a provider, which tests/sign_on has, or no database."""
Counts = Mapping[tuple[str, str], int]

ROLES: Final = {
    "enterprise": "chemical-safety-officer",
    "official": "city-office-head",
    "auditor": "city-auditor",
    "administrator": "system-admin",
}
_MANY: Final = 50
_QUERIES: Final = {
    "read_calendar": "?year=2026",
    "list_counted_hazards": "?figure=found",
    "prove_consistency": "?from={size}&to={size}",
    "prove_inclusion": "?position=1",
}
"""What a read cannot be asked without."""


def role_of(login: str) -> str:
    """The role class of a sample person."""
    if login == "city-auditor":
        return "auditor"
    if login.endswith("-admin"):
        return "administrator"
    return "enterprise" if login.startswith(("chemical-", "coal-")) else "official"


@dataclass
class Counting(Registry):
    """Counts the statements of each request that was taken; reads what a write says stands at its address."""

    sent: list[str] = field(kw_only=True)
    counts: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    last: int = 0

    def call(self, method: str, path: str, *, by: str | None, **request: Any) -> Answered:
        """One request, counted."""
        if by is not None:
            self.sign_in(by)
        before = len(self.sent)
        answer = super().call(method, path, by=by, **request)
        self.last = len(self.sent) - before
        if answer.status in range(200, 300):
            key = operation_of(method, path), role_of(by) if by else "nobody"
            self.counts[key] = max(self.counts[key], self.last)
        address = answer.headers.get("location", "")
        if method == "POST" and address.startswith(f"{API}/"):
            self.call("GET", address.removeprefix(API), by=by)
        return answer

    def sign_in(self, login: str) -> str:
        """The token of a sample person; its first sign-in is counted."""
        before, is_new = len(self.sent), login not in self.tokens
        token = super().sign_in(login)
        if is_new:
            self.counts["sign_in", "nobody"] = max(self.counts["sign_in", "nobody"], len(self.sent) - before)
        return token


def measured(database: TestDatabase, folder: Path) -> Counts:
    """Statements by operation and role on a prepared database."""
    with statements_sent() as sent, _opened(database, folder) as opened:
        registry = Counting(opened.client, database, sent=sent)
        # The process reads the edition's text once, whoever asks first.
        for path in ("/session", "/worklist", "/edition"):
            registry.get(path, by="city-office-head")
        registry.counts.clear()
        for journey in JOURNEYS.values():
            journey.walk(registry)
        known = _known(registry, folder)
        for login in ROLES.values():
            _read_everything(registry, login, known)
        before = len(sent)
        registry.client.get("/readyz")
        registry.counts["read_readiness", "nobody"] = len(sent) - before
    return registry.counts


def _opened(database: TestDatabase, folder: Path) -> Any:
    return open_registry(database, folder, security=ordinary_settings(**SIGN_ON).security)


def _known(registry: Counting, folder: Path) -> Mapping[str, str]:
    """What stands in the templates of addresses that no write tells."""
    hazard = walk.closed(registry)
    papers.release_dispatch(registry.database)
    letter = papers.issued(registry)["id"]
    registry.get(f"/letters/{letter}/file", by=papers.HEAD)
    asyncio.run(_sealed(registry.database, folder))
    return {
        "reference": hazard,
        "public_id": registry.get(f"/hazards/{hazard}/evidence", by="city-office-head").body["items"][0]["id"],
        "enterprise_id": registry.get("/enterprises", by="city-office-head").body["items"][0]["id"],
        "letter_id": letter,
        "account_id": registry.get("/accounts?is_service=true", by="system-admin").body["items"][0]["id"],
        "size": registry.get("/public/tree-heads", by="city-auditor").body["items"][0]["head"]["size"],
    }


async def _sealed(database: TestDatabase, folder: Path) -> None:
    pool = Database.at(database.job_url, pool_size=1)
    try:
        await seal.run(Work(pool, ordinary_settings().model_copy(update={"data_dir": folder})))
    finally:
        await pool.close()


def _read_everything(registry: Counting, login: str, known: Mapping[str, str]) -> None:
    for (method, template), operation in operations().items():
        names = set(re.findall(r"\{(\w+)\}", template))
        if method == "get" and operation not in NOT_MEASURED and names <= set(known) and template.startswith(API):
            path = template.removeprefix(API) + _QUERIES.get(operation, "")
            registry.get(path.format(**known), by=login)


def of_few_and_many(database: TestDatabase, folder: Path) -> dict[str, tuple[int, int]]:
    """Of each list, the statements for one row and for fifty."""
    with statements_sent() as sent, _opened(database, folder) as opened:
        registry = Counting(opened.client, database, sent=sent)
        lists = _lists()
        hazard = walk.reported(registry)
        few = {path: _count(registry, path.format(hazard=hazard), one) for path, one in lists.items()}
        plain = Registry(opened.client, database, registry.tokens)
        version = plain.hazard(hazard)["version"]
        for number in range(_MANY):
            plain.post("/hazards", _of_an_enterprise_of_its_own(number), by="dongsheng-inspector1")
            plain.upload(hazard, "document", by=OFFICER, shade=1000 + number)
            amended = {"location": f"罐区{number}"}
            plain.post(f"/hazards/{hazard}/amendments", amended, by=OFFICER, version=version + number)
        many = {path: _count(registry, path.format(hazard=hazard), "") for path in lists}
    return {path: (few[path], many[path]) for path in lists}


def _lists() -> Mapping[str, str]:
    """Where rows stand in lists, and how to ask for one alone."""
    paged = ("/hazards", "/enterprises", "/persons", "/accounts", "/posts", "/appointments", "/organisations")
    whole = ("/hazards/{hazard}/timeline", "/hazards/{hazard}/evidence", "/worklist", "/units")
    return dict.fromkeys((*paged, "/criteria"), "?limit=1") | dict.fromkeys(whole, "")


def _count(registry: Counting, path: str, query: str) -> int:
    of_people = path.startswith(("/persons", "/accounts", "/posts", "/appointments"))
    by = "system-admin" if of_people else "dongsheng-head"
    answer = registry.get(path + (query or ("" if path.count("/") > 1 else "?limit=50")), by=by)
    if answer.status == 400:
        answer = registry.get(path, by=by)
    assert answer.status in range(200, 300), (path, answer.body)
    return registry.last


def _of_an_enterprise_of_its_own(number: int) -> dict[str, Any]:
    unit = {"name": f"个体加工点{number}", "no_code_reason": "个体工商户,尚未办理"}
    return walk.report_document(channel="inspection", enterprise=unit, location=f"{number}号部位")


def table() -> Counts:
    """The committed counts."""
    with TABLE.open(newline="", encoding="utf-8") as file:
        return {(row["operation"], row["role"]): int(row["statements"]) for row in csv.DictReader(file)}


def write(counts: Counts) -> None:
    """Commit these counts to the table."""
    with TABLE.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("operation", "role", "statements"))
        writer.writerows((operation, role, counts[operation, role]) for operation, role in sorted(counts))


if __name__ == "__main__":
    with run_folder(), tempfile.TemporaryDirectory() as data:
        cluster = cluster_of_run()
        with settled_database(cluster) as made:
            write(measured(made, Path(data)))
