"""Every refusal reaches the caller as RFC 9457 in Chinese, with its rule and remedy and nothing of what was sent."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, Literal, get_args

import psycopg
import pytest
from fastapi import Body, FastAPI, Query, Request
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core.core_schema import ErrorType
from sqlalchemy.exc import DBAPIError
from starlette.testclient import TestClient

from app.infrastructure import errors
from app.infrastructure.errors import FieldError, InvalidInput, InvalidParameter, NotFound, RegistryError, RuleNotMet
from app.infrastructure.fields import BusinessDate, CleanText, EnterpriseCode, Identifier
from app.infrastructure.middleware import install_edge
from app.infrastructure.problem_details import (
    MOST_FIELD_ERRORS,
    STATUS,
    install_problem_handlers,
    invalid_input,
    prefers_english,
    problem_responses,
    status_of,
)
from app.infrastructure.security_settings import SecuritySettings
from app.infrastructure.validation_messages import message_of
from app.regulation.facts import Unmet

SECRET = "receipt-XQ77"
UNMET = (Unmet("four_signatures", "四级签字未齐。", "L-19", "安全生产法第四十一条", "请由第三级签字。", "level"),)
RAISED: dict[str, Exception] = {
    "not_found": NotFound(),
    "unmet": RuleNotMet(unmet=UNMET, facts={"state": "rectified", "allowed": ("verify", "correct")}),
    "already": errors.AlreadyDone("/api/v1/hazards/h1"),
    "stale": errors.StaleVersion(),
    "slow": errors.TooManyRequests(retry_after=30),
    "nobody": errors.Unauthenticated(),
    "down": errors.TemporarilyUnavailable(),
    "field": InvalidInput.of_field("/a", "a_refused", "甲有误。"),
    "nul": DBAPIError("INSERT", {"a": SECRET}, psycopg.DataError(f"cannot contain NUL {SECRET}")),
    "broken": RuntimeError(SECRET),
}


class Report(BaseModel):
    model_config = ConfigDict(extra="forbid")
    enterprise_code: EnterpriseCode
    circumstances: CleanText
    found_on: BusinessDate
    level: Literal["major", "key"]


def app_under_test() -> FastAPI:
    app = FastAPI()
    install_problem_handlers(app, record_refusal=keep)
    install_edge(app, lambda _path: 2**20, SecuritySettings())

    @app.get("/raise/{what}", responses=problem_responses(404, 409))
    @app.post("/raise/{what}", operation_id="raise_by_post")
    async def raise_it(what: str) -> None:
        raise RAISED[what]

    @app.post("/unchecked")
    async def keep_unchecked(text: Annotated[str, Body()]) -> int:
        return len(text.encode())

    @app.post("/reports")
    async def report(report: Report, hazard: Annotated[Identifier, Query()] = 1) -> dict[str, object]:
        return {"code": report.enterprise_code, "hazard": hazard}

    return app


kept: list[tuple[str, str]] = []


async def keep(request: Request, error: RegistryError) -> None:
    kept.append((request.method, error.code))
    if error.code == "stale_version":
        raise DBAPIError("INSERT", None, psycopg.OperationalError("gone"))
    if error.code == "unauthenticated":
        raise errors.Unauthenticated


@pytest.fixture
def client() -> Iterator[TestClient]:
    kept.clear()
    with TestClient(app_under_test()) as client:
        yield client


def problem(client: TestClient, path: str, method: str = "GET", **sent: Any) -> dict[str, Any]:
    answer = client.request(method, path, **sent)
    assert answer.headers["content-type"] == "application/problem+json"
    assert SECRET not in answer.text
    body: dict[str, Any] = answer.json()
    assert body["status"] == answer.status_code
    assert body["type"] == f"/problems/{body['code']}"
    assert body["instance"] == f"urn:uuid:{answer.headers['x-request-id']}"
    assert re.search("[\u4e00-\u9fff]", body["detail"])
    return {**body, "headers": answer.headers}


def test_every_kind_has_its_status_and_two_titles() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, RegistryError)]
    assert set(kinds) == set(STATUS)
    assert status_of(errors.StaleVersion()) == 412
    assert status_of(errors.VersionRequired()) == 428


def test_an_unmet_rule_names_rule_article_remedy_and_field(client: TestClient) -> None:
    body = problem(client, "/raise/unmet")
    assert (body["status"], body["title"], body["rule"]) == (409, "办理条件未满足", "L-19")
    assert body["article"] == "安全生产法第四十一条"
    assert body["facts"] == {"state": "rectified", "allowed": ["verify", "correct"]}
    assert body["unmet"] == [
        {"code": "four_signatures", "message": "四级签字未齐。", "rule": "L-19", "article": "安全生产法第四十一条",
         "remedy": "请由第三级签字。", "field": "level"}
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("what", "status", "header", "value"),
    [
        ("already", 409, "location", "/api/v1/hazards/h1"),
        ("slow", 429, "retry-after", "30"),
        ("down", 503, "retry-after", "3"),
        ("nobody", 401, "www-authenticate", "Bearer"),
        ("not_found", 404, "content-language", "zh-CN"),
    ],
)
def test_a_kind_brings_the_headers_http_wants(
    client: TestClient, what: str, status: int, header: str, value: str
) -> None:
    body = problem(client, f"/raise/{what}")
    assert body["status"] == status
    assert body["headers"][header] == value


def test_a_field_error_is_listed(client: TestClient) -> None:
    body = problem(client, "/raise/field")
    assert body["errors"] == [{"in": "body", "pointer": "/a", "code": "a_refused", "message": "甲有误。"}]


def test_english_is_served_to_those_who_prefer_it(client: TestClient) -> None:
    body = problem(client, "/raise/stale", headers={"Accept-Language": "en-GB,en;q=0.9,zh;q=0.5"})
    assert body["title"] == "Stale version"
    assert body["headers"]["content-language"] == "en, zh-CN"


@pytest.mark.parametrize(
    ("header", "english"),
    [("", False), ("zh-CN", False), ("en", True), ("zh,en", False), ("en;q=0.8,zh;q=0.9", False), ("*", False),
     ("en;q=0", False), ("en;q=9", False), ("en;q=x", False), ("fr,en;q=0.2", True), (",,;q=", False),
     ("en," * 9999, True)],
)  # fmt: skip
def test_chinese_wins_unless_english_ranks_higher(header: str, english: bool) -> None:
    assert prefers_english(header) is english


def test_a_malformed_document_names_each_field_in_chinese_and_repeats_nothing(client: TestClient) -> None:
    sent = {"enterprise_code": SECRET, "circumstances": f"{SECRET}\x00", "level": SECRET, f"x {SECRET}": 1}
    body = problem(client, "/reports", "POST", json=sent)
    found = {error["pointer"]: error for error in body["errors"]}
    assert body["status"] == 422
    assert set(found) == {"/enterprise_code", "/circumstances", "/found_on", "/level", "/?"}
    assert "18 位" in found["/enterprise_code"]["message"]
    assert found["/found_on"]["message"].startswith("此项必填")
    assert found["/circumstances"]["code"] == "character_refused"
    assert found["/level"]["message"] == "只能填写 'major'、'key' 之一，请从中选择。"


@pytest.mark.parametrize("value", ["0", "x", str(2**63), "１"])
def test_a_malformed_parameter_is_a_bad_request_that_names_it(client: TestClient, value: str) -> None:
    body = problem(client, "/reports", "POST", params={"hazard": value}, json={})
    assert body["status"] == 400
    assert {"in": "query", "pointer": "/hazard"}.items() <= body["errors"][0].items()


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"{", 422),
        (b"", 422),
        (b'"\xff"', 400),
        (b"[" * 100_000, 400),
        (b'{"circumstances": "\\ud800"}', 422),
        (b'{"level": 1' + b"0" * 5000 + b"}", 400),
        (b'{"level": NaN, "level": 1e999}', 422),
    ],
)
def test_a_body_that_no_reader_can_take_is_refused(client: TestClient, content: bytes, status: int) -> None:
    headers = {"content-type": "application/json"}
    assert problem(client, "/reports", "POST", content=content, headers=headers)["status"] == status


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [("GET", "/nowhere", 404, "not_found"), ("PUT", "/reports", 405, "method_not_allowed")],
)
def test_the_frameworks_own_refusals_look_like_ours(
    client: TestClient, method: str, path: str, status: int, code: str
) -> None:
    body = problem(client, path, method)
    assert (body["status"], body["code"]) == (status, code)
    assert status != 405 or body["headers"]["allow"] == "POST"


def test_what_the_database_refused_is_told_without_its_words(client: TestClient) -> None:
    assert problem(client, "/raise/nul")["code"] == "character_refused"


def test_an_unexpected_fault_shows_a_number_to_ask_for_and_nothing_else(client: TestClient) -> None:
    body = problem(client, "/raise/broken")
    assert (body["status"], body["code"]) == (500, "internal_error")
    assert "RuntimeError" not in json.dumps({**body, "headers": None})


def test_only_refused_acts_are_recorded_not_refused_reads(client: TestClient) -> None:
    problem(client, "/raise/not_found")
    problem(client, "/raise/unmet", "POST")
    problem(client, "/raise/nul", "POST")
    assert kept == [("POST", "four_signatures"), ("POST", "character_refused")]


def test_a_lone_surrogate_that_no_field_stopped_is_refused(client: TestClient) -> None:
    body = problem(client, "/unchecked", "POST", content=b'"\\ud800"', headers={"content-type": "application/json"})
    assert (body["status"], body["code"]) == (422, "character_refused")


@pytest.mark.parametrize(("what", "status"), [("stale", 412), ("nobody", 401)])
def test_the_caller_gets_the_refusal_even_when_it_cannot_be_recorded(
    client: TestClient, what: str, status: int
) -> None:
    assert problem(client, f"/raise/{what}", "POST")["status"] == status


def test_a_flood_of_field_errors_is_cut() -> None:
    with pytest.raises(ValidationError) as refusal:
        TypeAdapter(list[int]).validate_python(["x"] * 10_000)
    assert len(invalid_input(refusal.value.errors()).fields) == MOST_FIELD_ERRORS


def test_parameter_and_document_together_are_a_bad_request() -> None:
    found = [{"type": "missing", "loc": (where, "a"), "msg": ""} for where in ("body", "query")]
    assert isinstance(invalid_input(found), InvalidParameter)
    assert invalid_input(found).fields[0] == FieldError("/a", "missing", "此项必填，请补充后重新提交。")


@pytest.mark.parametrize("kind", get_args(ErrorType))
def test_whatever_pydantic_finds_is_told_in_chinese_and_never_in_its_own_words(kind: str) -> None:
    message = message_of({"type": kind, "msg": f"Input {SECRET} is wrong"})
    assert re.search("[\u4e00-\u9fff]", message)
    assert SECRET not in message


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        (Annotated[str, Field(max_length=2)], "abc", "不得超过 2 个字符"),
        (Annotated[list[int], Field(min_length=1)], [], "不得少于 1 项"),
        (Annotated[int, Field(gt=0, lt=9)], 9, "应小于 9"),
        (Annotated[int, Field(multiple_of=5)], 9, "应为 5 的整数倍"),
        (Annotated[Decimal, Field(max_digits=3)], "1.234", "总位数不得超过 3"),
        (Annotated[Decimal, Field(decimal_places=1)], "1.23", "小数不得超过 1 位"),
        (BusinessDate, "2101-01-01", "应不大于 2100-12-31"),
        (Literal["a", "b", "c"], "x", "只能填写 'a'、'b'、'c' 之一"),
    ],
)
def test_a_bound_is_told_with_its_number(field: Any, value: object, message: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        TypeAdapter(field).validate_python(value)
    assert message in message_of(refusal.value.errors()[0])


def test_the_documentation_knows_problems_and_no_other_error() -> None:
    described = app_under_test().openapi()
    for operations in described["paths"].values():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                assert status.startswith("2") or list(response["content"]) == ["application/problem+json"]
    assert "HTTPValidationError" not in json.dumps(described)
    assert {"Problem", "ProblemField", "ProblemUnmet"} <= set(described["components"]["schemas"])
