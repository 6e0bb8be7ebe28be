"""Heads and keys for everybody, events and proofs for auditors; what the proofs prove, they prove."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.audit.merkle import ALGORITHMS, verify_consistency, verify_inclusion
from app.infrastructure.database import Database
from app.infrastructure.security import canonical_json
from app.infrastructure.settings import Settings
from app.jobs.seal import seal
from app.jobs.work import Work
from tests.audit.conftest import SIGNER
from tests.audit.test_handing_out import verified
from tests.support.cluster import Cluster, TestDatabase
from tests.support.polling import until
from tests.support.registry import API, Registry, open_registry, settled_database
from tests.support.walk import determined, reported

AUDITOR = "city-auditor"
NOT_AUDITORS = ("chemical-safety-officer", "dongsheng-head", "city-office-head", "system-admin")
OF_AUDITORS = ("/audit/events", "/audit/inclusion?position=1", "/audit/consistency?from=1&to=1")


@pytest.fixture(scope="module")
def database(cluster: Cluster) -> Iterator[TestDatabase]:
    with settled_database(cluster) as made:
        yield made


@pytest.fixture(scope="module")
def registry(database: TestDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with open_registry(database, tmp_path_factory.mktemp("data")) as opened:
        yield opened


def sealed(registry: Registry) -> int:
    """Seals until a new head stands; its size."""
    before = newest(registry)

    async def once() -> None:
        opened = Database.at(registry.database.job_url, pool_size=1)
        await seal(Work(opened, Settings(data_dir=Path("unused"))), SIGNER)
        await opened.close()

    def done() -> bool:
        asyncio.run(once())
        return newest(registry) > before

    assert until(done)
    return newest(registry)


def newest(registry: Registry) -> int:
    items = registry.get("/public/tree-heads?limit=1", by=None).body["items"]
    return int(items[0]["head"]["size"]) if items else 0


@pytest.fixture(scope="module")
def sizes(registry: Registry) -> list[int]:
    """The sizes of three heads over real acts."""
    found = []
    for act in (reported, determined, reported):
        act(registry)
        found.append(sealed(registry))
    return found


def proven(document: dict[str, Any]) -> int:
    """The position of an inclusion document that holds, by both hash functions."""
    size, head = verified(document["head"]), document["head"]["head"]
    for h in ALGORITHMS:
        path = [bytes.fromhex(one) for one in document["paths"][h.name]]
        expected, leaf = bytes.fromhex(head[f"root_{h.name}"]), document["leaf"].encode()
        assert verify_inclusion(h, leaf, document["position"] - 1, size, path, of_root=expected)
        assert not verify_inclusion(h, leaf + b" ", document["position"] - 1, size, path, of_root=expected)
    assert json.loads(document["leaf"])["position"] == document["position"]
    return int(document["position"])


def test_everybody_reads_the_heads_page_by_page(registry: Registry, sizes: list[int]) -> None:
    first = registry.get("/public/tree-heads?limit=2", by=None)
    rest = registry.get(f"/public/tree-heads?limit=2&cursor={first.body['next_cursor']}", by=None)
    assert first.headers["link"].endswith('rel="next"')
    shown = [verified(one) for one in (*first.body["items"], *rest.body["items"])]
    assert shown == sizes[::-1]
    assert rest.body["next_cursor"] is None
    one = registry.get(f"/public/tree-heads/{sizes[0]}", by=None)
    assert one.body == rest.body["items"][-1]
    keys = registry.get("/public/audit-keys", by=None).body["items"]
    assert [key["public_key"] for key in keys] == [SIGNER.public_key.hex()]


def test_a_head_may_be_kept_and_asked_for_by_its_tag(registry: Registry, sizes: list[int]) -> None:
    path = f"/public/tree-heads/{sizes[0]}"
    first = registry.get(path, by=None)
    assert first.headers["cache-control"] == "public, max-age=31536000, immutable"
    again = registry.call("GET", path, by=None, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    other = registry.call("GET", path, by=None, headers={"If-None-Match": '"another"'})
    assert other.status == 200


def test_a_size_without_a_head_is_not_found(registry: Registry, sizes: list[int]) -> None:
    assert registry.get(f"/public/tree-heads/{sizes[-1] + 1}", by=None).status == 404
    assert registry.get("/public/tree-heads/0", by=None).status in (400, 422)


@pytest.mark.parametrize("path", OF_AUDITORS)
def test_nobody_but_auditors_reads_events_and_proofs(registry: Registry, sizes: list[int], path: str) -> None:
    assert registry.get(path, by=None).status == 401
    assert [registry.get(path, by=login).status for login in NOT_AUDITORS] == [403] * len(NOT_AUDITORS)


def test_every_row_is_proven_under_the_newest_head_and_under_an_older_one(registry: Registry, sizes: list[int]) -> None:
    for position in range(1, sizes[-1] + 1):
        answer = registry.get(f"/audit/inclusion?position={position}", by=AUDITOR)
        assert proven(answer.body) == position
    older = registry.get(f"/audit/inclusion?position=1&size={sizes[0]}", by=AUDITOR).body
    assert (proven(older), older["head"]["head"]["size"]) == (1, sizes[0])


def test_what_no_head_covers_is_not_found(registry: Registry, sizes: list[int]) -> None:
    for query in (f"position={10**9}", f"position={sizes[0] + 1}&size={sizes[0]}", f"position=1&size={10**9}"):
        assert registry.get(f"/audit/inclusion?{query}", by=AUDITOR).status == 404


def test_each_head_is_proven_to_go_on_from_each_earlier_one(registry: Registry, sizes: list[int]) -> None:
    for number, second in enumerate(sizes):
        for first in sizes[: number + 1]:
            body = registry.get(f"/audit/consistency?from={first}&to={second}", by=AUDITOR).body
            assert (verified(body["from"]), verified(body["to"])) == (first, second)
            for h in ALGORITHMS:
                roots = [bytes.fromhex(body[side]["head"][f"root_{h.name}"]) for side in ("from", "to")]
                path = [bytes.fromhex(one) for one in body["paths"][h.name]]
                assert verify_consistency(h, first, second, roots[0], roots[1], path)
    assert registry.get(f"/audit/consistency?from={sizes[1]}&to={sizes[0]}", by=AUDITOR).code == "sizes_not_in_order"
    assert registry.get(f"/audit/consistency?from=1&to={10**9}", by=AUDITOR).status == 404


def test_auditors_page_through_events_with_the_bytes_that_were_hashed(registry: Registry, sizes: list[int]) -> None:
    every: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = registry.get(f"/audit/events?limit=3{cursor and '&cursor='}{cursor}", by=AUDITOR).body
        every += page["items"]
        cursor = page["next_cursor"]
    assert [one["id"] for one in every] == sorted((one["id"] for one in every), reverse=True)
    for one in every:
        assert canonical_json(json.loads(one["payload"])).decode() == one["payload"]
        assert json.loads(one["payload"])["subject"] == {
            "id": one["stream"]["subject_id"],
            "kind": one["stream"]["kind"],
        }
    hazard = next(one["stream"]["subject_id"] for one in every if one["stream"]["kind"] == "hazard")
    own = registry.get(f"/audit/events?kind=hazard&subject={hazard}", by=AUDITOR).body["items"]
    assert own == [one for one in every if one["stream"] == {"kind": "hazard", "subject_id": hazard}]


def test_events_are_asked_for_by_their_time(registry: Registry, sizes: list[int]) -> None:
    assert registry.get("/audit/events?since=2020-01-01T00:00:00Z&limit=1", by=AUDITOR).body["items"]
    assert registry.get("/audit/events?since=2099-01-01T00:00:00Z", by=AUDITOR).body["items"] == []
    assert registry.get("/audit/events?subject=1", by=AUDITOR).code == "kind_missing"
    assert registry.get("/audit/events?knid=hazard", by=AUDITOR).code == "unknown_parameter"


def test_no_head_and_no_key_names_a_person(registry: Registry, sizes: list[int]) -> None:
    text = json.dumps([registry.get(path, by=None).body for path in ("/public/tree-heads", "/public/audit-keys")])
    assert set(json.loads(text)[0]["items"][0]) == {"head", "key", "signature"}
    assert "安全" not in text
    assert API not in text
