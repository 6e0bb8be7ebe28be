"""A reverse proxy nobody named: its clients share one address, and readiness says so and what to do."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from starlette.testclient import TestClient

from app.infrastructure.unnamed_proxy import BelievedProxies
from tests.infrastructure.test_http_on_the_wire import asked
from tests.support.cluster import Cluster, TestDatabase
from tests.support.edge_server import edge_server
from tests.support.registry import Registry, open_registry, settled_database

FORWARDED = ("X-Forwarded-For: 203.0.113.7", "Forwarded: for=203.0.113.7")


@pytest.fixture(scope="module")
def database(cluster: Cluster) -> Iterator[TestDatabase]:
    with settled_database(cluster) as prepared:
        yield prepared


@pytest.mark.parametrize(
    ("named", "headers", "counted"),
    [
        ("192.0.2.1", FORWARDED[:1], 1),
        ("192.0.2.1", FORWARDED[1:], 1),
        ("192.0.2.1", FORWARDED, 1),
        ("192.0.2.1", (), 0),
        ("127.0.0.1", FORWARDED, 0),
        # It is named, but says for whom it asks in a header that nobody here reads.
        ("127.0.0.1", FORWARDED[1:], 1),
    ],
)
def test_what_comes_through_a_proxy_that_is_not_named_is_counted(
    named: str, headers: tuple[str, ...], counted: int
) -> None:
    with edge_server({}, forwarded_allow_ips=named) as server:
        server.send(asked("GET /healthz", *headers))
        answer = server.send(asked("GET /unnamed"))
    assert json.loads(answer.partition(b"\r\n\r\n")[2]) == {"count": counted}


def test_readiness_warns_with_the_remedy_and_no_address(database: TestDatabase, tmp_path: Path) -> None:
    with open_registry(database, tmp_path) as registry:
        assert "QINGLING_FORWARDED_ALLOW_IPS" not in str(warnings(registry))
        served = cast("Any", registry.client.app)
        edge = BelievedProxies(served, "192.0.2.1", served.state.unnamed_proxies)
        client = TestClient(edge, client=("198.51.100.77", 50000))
        for _ in range(3):
            assert client.get("/healthz", headers={"X-Forwarded-For": "203.0.113.7"}).status_code == 200
        (said,) = [one for one in warnings(registry) if "QINGLING_FORWARDED_ALLOW_IPS" in one]
    assert "有 3 个请求" in said
    assert "198.51.100" not in said
    assert "203.0.113" not in said


def warnings(registry: Registry) -> list[str]:
    answer = registry.client.get("/readyz")
    assert answer.status_code == 200
    return list(answer.json()["warnings"])
