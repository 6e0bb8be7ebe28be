"""The outermost edge: one request id, one log line without personal data, limits before a byte is read."""

import asyncio
import io
import json
import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest
import structlog
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy.exc import DBAPIError
from starlette.testclient import TestClient

from app.infrastructure.middleware import LONGEST_QUERY, install_edge, limit_by_path
from app.infrastructure.problem_details import install_problem_handlers
from app.infrastructure.security_settings import SecuritySettings
from tests.support.log_lines import logging_as_served

LIMIT = 1000
SECRET = "150602199003072316"
ID = "0b8a6c9e-5f0e-4b39-9a53-0d3f9d6d0c11"


def app_under_test() -> FastAPI:
    app = FastAPI()
    router = APIRouter()

    @router.post("/hazards/{hazard}/evidence")
    @router.post("/hazards/{hazard}")
    async def act(hazard: str, request: Request) -> dict[str, object]:
        return {"bytes": len(await request.body()), "hazard": hazard, "id": request.state.request_id}

    @router.get("/broken/{name}")
    async def broken(name: str) -> None:
        raise DBAPIError(f"INSERT {name}", {"a": name}, psycopg.DataError(f"Failing row contains ({name})"))

    @router.get("/wrong")
    async def wrong() -> None:
        raise RuntimeError(SECRET)

    @router.get("/published")
    async def published(response: Response) -> None:
        response.headers["Cache-Control"] = "public, max-age=300"

    @router.put("/published")
    async def publish() -> None: ...

    @router.get("/half")
    async def half() -> StreamingResponse:
        return StreamingResponse(half_an_answer())

    app.include_router(router, prefix="/api/v1")
    install_problem_handlers(app)
    install_edge(app, limit_by_path(LIMIT, {"/evidence": 10 * LIMIT}), SecuritySettings())
    return app


async def half_an_answer() -> AsyncIterator[bytes]:
    yield b"half"
    raise RuntimeError(SECRET)


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(app_under_test()) as client:
        yield client


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    with logging_as_served("info") as stream:
        yield stream


def logged(lines: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


@pytest.mark.parametrize(("given", "kept"), [(ID, ID), (ID.replace("-", ""), ID), (ID.upper(), ID)])
def test_a_well_formed_request_id_is_kept(client: TestClient, given: str, kept: str) -> None:
    answer = client.post("/api/v1/hazards/h1", headers={"X-Request-ID": given})
    assert answer.headers["x-request-id"] == answer.json()["id"] == kept


@pytest.mark.parametrize("given", ["", "1", "x" * 32, f"{ID}0", "{" + ID + "}", "urn:uuid:" + ID])
def test_any_other_request_id_is_replaced(client: TestClient, given: str) -> None:
    answer = client.post("/api/v1/hazards/h1", headers={"X-Request-ID": given})
    assert UUID(answer.headers["x-request-id"]).version == 4


@pytest.mark.parametrize("path", ["/api/v1/nowhere", "/api/v1/wrong"])
def test_even_a_failure_carries_the_security_headers(client: TestClient, path: str, lines: io.StringIO) -> None:
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["cache-control"] == "no-store"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
    assert {"camera=(self)", "geolocation=(self)", "microphone=()"} <= set(headers["permissions-policy"].split(", "))
    assert headers["ratelimit"].endswith(";t=60")
    assert "server" not in headers


def test_a_browser_is_held_to_https_only_by_an_answer_that_came_over_it(client: TestClient) -> None:
    assert "strict-transport-security" not in client.get("/api/v1/nowhere").headers
    over_https = client.get("https://testserver/api/v1/nowhere").headers
    assert over_https["strict-transport-security"] == "max-age=31536000"


def test_what_a_route_lets_be_kept_stays_so(client: TestClient) -> None:
    assert client.get("/api/v1/published").headers["cache-control"] == "public, max-age=300"


def test_an_undeclared_method_is_told_every_declared_one(client: TestClient) -> None:
    refused = client.delete("/api/v1/published")
    assert (refused.status_code, refused.headers["allow"], refused.json()["code"]) == (
        405,
        "GET, PUT",
        "method_not_allowed",
    )


def test_who_leaves_before_the_body_is_whole_is_no_fault(lines: io.StringIO) -> None:
    async def left() -> Any:
        return {"type": "http.disconnect"}

    async def answered(_message: Any) -> None:
        raise AssertionError("nobody is there to be answered")

    scope = {"type": "http", "method": "POST", "path": "/api/v1/hazards/h1", "query_string": b"", "headers": []}
    asyncio.run(app_under_test()(scope, left, answered))
    (line,) = [line for line in logged(lines) if line["logger"] == "qingling.access"]
    assert (line["event"], line["status"], line["code"]) == ("request", None, "client_left")


def test_the_documentation_may_run_its_own_script_and_nobody_elses(client: TestClient) -> None:
    policy = client.get("/docs").headers["content-security-policy"]
    assert "script-src 'self' 'unsafe-inline'" in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize(
    ("path", "limit"), [("/api/v1/hazards/h1", LIMIT), ("/api/v1/hazards/h1/evidence", 10 * LIMIT)]
)
def test_a_body_of_exactly_the_limit_is_read_and_one_byte_more_is_not(
    client: TestClient, path: str, limit: int
) -> None:
    assert client.post(path, content=b"x" * limit).json()["bytes"] == limit
    refused = client.post(path, content=b"x" * (limit + 1))
    assert (refused.status_code, refused.json()["code"]) == (413, "too_large")
    assert refused.json()["facts"] == {"limit_bytes": limit}
    assert refused.headers["connection"] == "close"


def test_a_body_without_a_declared_length_is_cut_off_at_the_limit(client: TestClient) -> None:
    refused = client.post("/api/v1/hazards/h1", content=iter([b"x" * LIMIT, b"x"]))
    assert (refused.status_code, refused.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize("declared", ["-1", "1e3", "²", "", "9" * 5000])
def test_a_length_that_is_no_number_or_absurd_is_refused(client: TestClient, declared: str) -> None:
    sent = declared.encode("latin-1")
    refused = client.post("/api/v1/hazards/h1", content=b"x", headers={b"Content-Length": sent})
    assert refused.status_code == (413 if declared.startswith("9") else 400)


def test_ten_thousand_filter_terms_are_refused_in_chinese(client: TestClient) -> None:
    query = "&".join("a=1" for _ in range(10_000))
    refused = client.get(f"/api/v1/half?{query}")
    assert (refused.status_code, refused.json()["code"]) == (414, "query_too_long")
    assert str(LONGEST_QUERY) in refused.json()["detail"]


def test_a_request_leaves_one_line_with_the_routes_template(client: TestClient, lines: io.StringIO) -> None:
    client.post(f"/api/v1/hazards/{SECRET}?person={SECRET}", headers={"X-Request-ID": ID})
    (line,) = [line for line in logged(lines) if line["event"] == "request"]
    assert line["route"] == "/api/v1/hazards/{hazard}"
    assert (line["method"], line["status"], line["request_id"]) == ("POST", 200, ID)
    assert line["milliseconds"] >= 0
    assert SECRET not in lines.getvalue()


def test_a_refusals_code_is_in_its_line(client: TestClient, lines: io.StringIO) -> None:
    client.get(f"/api/v1/{SECRET}")
    (line,) = [line for line in logged(lines) if line["event"] == "request"]
    assert (line["route"], line["status"], line["code"]) == (None, 404, "not_found")
    assert SECRET not in lines.getvalue()


def test_a_fault_is_logged_by_its_place_and_never_by_its_words(client: TestClient, lines: io.StringIO) -> None:
    assert client.get("/api/v1/wrong").status_code == 500
    fault, request = (line for line in logged(lines) if line["logger"] == "qingling.access")
    assert fault["exception"]["type"] == "builtins.RuntimeError"
    assert fault["exception"]["frames"][-1].endswith(" wrong")
    assert fault["request_id"] == request["request_id"]
    assert SECRET not in lines.getvalue()


def test_a_database_refusal_is_logged_without_the_row(client: TestClient, lines: io.StringIO) -> None:
    assert client.get(f"/api/v1/broken/{SECRET}").status_code == 422
    assert any(line["event"] == "database_refused" for line in logged(lines))
    assert SECRET not in lines.getvalue()


def test_an_answer_that_broke_half_way_breaks_off_and_is_logged(client: TestClient, lines: io.StringIO) -> None:
    with pytest.raises(RuntimeError):
        client.get("/api/v1/half")
    assert [line["event"] for line in logged(lines) if line["logger"] == "qingling.access"] == [
        "unexpected_error",
        "request",
    ]
    assert SECRET not in lines.getvalue()


def test_personal_data_is_withheld_wherever_it_is_logged(lines: io.StringIO) -> None:
    structlog.get_logger("x").info("signed in", password="a1b2", note=f"证件 {SECRET}，电话 13800138000")
    logging.getLogger("library").warning("row %s\nfailing row contains (%s)", SECRET, "a1b2")
    written = lines.getvalue()
    assert "[withheld]" in written
    assert not any(secret in written for secret in (SECRET, "13800138000", "a1b2"))
    assert all("at" in line and "level" in line for line in logged(lines))
