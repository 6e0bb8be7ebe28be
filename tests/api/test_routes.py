"""Every route: closed to whoever is nobody, its problems documented, named by hand, its refusals on record."""

import re
from collections import Counter
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from app.infrastructure.database import Database
from app.infrastructure.settings import Settings
from app.main import create_app
from tests.api.watching import Watch
from tests.support.registry import API, IDENTITY_KEY, Registry

OPEN = {
    ("post", f"{API}/session"),
    ("get", f"{API}/session/sign-on"),
    ("get", f"{API}/session/sign-on/callback"),
    ("get", f"{API}/public/tree-heads"),
    ("get", f"{API}/public/tree-heads/{{size}}"),
    ("get", f"{API}/public/audit-keys"),
    ("get", "/healthz"),
    ("get", "/readyz"),
    ("get", "/metrics"),
}
METHODS = ("get", "post", "put", "patch", "delete")
PROBLEM = "#/components/schemas/Problem"


def _document() -> dict[str, Any]:
    settings = Settings(identity_key=SecretStr(IDENTITY_KEY))
    return create_app(settings, Database.at("postgresql+psycopg://nobody@nowhere.invalid/none")).openapi()


DOCUMENT = _document()
OPERATIONS = {
    (method, path): operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    if method in METHODS
}
CLOSED = sorted(set(OPERATIONS) - OPEN)
MUTATING = [one for one in CLOSED if one[0] != "get"]


def filled(path: str) -> str:
    """An address of that shape that leads to nothing."""
    return re.sub(r"\{[^}]*(id|number)[^}]*\}", "1", path).replace(
        "{reference}", "00000000-0000-4000-8000-000000000000"
    )


def test_the_document_is_not_empty() -> None:
    assert len(MUTATING) >= 30
    assert len(CLOSED) >= 45


@pytest.mark.parametrize(("method", "path"), CLOSED, ids=" ".join)
def test_nobody_signed_in_gets_nothing(registry: Registry, watch: Watch, method: str, path: str) -> None:
    address = filled(path)
    with watch.unchanged():
        for headers in ({}, {"Authorization": "Bearer nothing"}):
            answer = registry.client.request(method.upper(), address, headers=headers, json=None)
            assert answer.status_code == 401, (address, answer.text)
            assert answer.json()["code"] == "unauthenticated"
            assert answer.headers["www-authenticate"] == "Bearer"


def test_operation_ids_are_unique_and_made_by_hand() -> None:
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert not [name for name, count in Counter(names).items() if count > 1]
    # FastAPI's own end in path and method: read_hazard_api_v1_hazards__reference__get.
    assert not [name for name in names if not re.fullmatch(r"[a-z]+(_[a-z]+){0,5}", name) or "api_v" in name]


@pytest.mark.parametrize(("method", "path"), sorted(OPERATIONS), ids=" ".join)
def test_every_route_documents_its_problems_in_chinese(method: str, path: str) -> None:
    operation = OPERATIONS[method, path]
    assert re.search("[\u4e00-\u9fff]", operation["summary"]), path
    problems = {
        status: answer
        for status, answer in operation["responses"].items()
        if "application/problem+json" in answer.get("content", {})
    }
    for answer in problems.values():
        assert answer["content"]["application/problem+json"]["schema"] == {"$ref": PROBLEM}
    wanted = {"default"} if (method, path) in OPEN else {"401", "default"}
    assert wanted <= set(problems), (sorted(problems), path)
    if method == "post" and path.startswith(f"{API}/hazards/{{reference}}"):
        assert {"401", "403", "404", "409", "422"} - set(problems) <= {"409"}, sorted(problems)


@pytest.mark.parametrize(("method", "path"), MUTATING, ids=" ".join)
def test_a_refused_act_leaves_exactly_one_line_of_its_route(
    registry: Registry, watch: Watch, method: str, path: str
) -> None:
    """Whoever is nobody is refused before anything of the route's own is read."""
    before = watch.refusals()
    registry.client.request(method.upper(), filled(path), headers={"Authorization": "Bearer nothing"})
    assert watch.refusals() == before + 1
    (line,) = watch.rows("SELECT code, route, account_id FROM access_event ORDER BY id DESC LIMIT 1")
    assert line == {"code": "unauthenticated", "route": f"{method.upper()} {path}", "account_id": None}


def test_whatever_may_be_tried_documents_what_a_try_is_answered() -> None:
    tried = [
        one for one in OPERATIONS.values() if any(named["name"] == "dry_run" for named in one.get("parameters", ()))
    ]
    assert len(tried) > 20
    assert [one["operationId"] for one in tried if "200" not in one["responses"]] == []


def test_the_documentation_needs_no_foreign_server(registry: Registry) -> None:
    page = registry.client.get("/docs")
    assert page.status_code == 200
    assert not re.findall(r"(?:src|href)=[\"']https?://", page.text)


def test_every_answer_carries_its_request_id_and_security_headers(registry: Registry) -> None:
    client: TestClient = registry.client
    for path in ("/healthz", f"{API}/hazards", "/nothing"):
        headers = client.get(path).headers
        assert headers["x-request-id"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"]
