"""The worst inputs: each refused in Chinese, naming field, rule and remedy, with nothing written, and never a 500."""

import json
from typing import Any

import pytest

from tests.api.watching import CHINESE, Watch
from tests.support import walk
from tests.support.registry import API, Registry

OFFICER = "chemical-safety-officer"


def raw(registry: Registry, content: bytes, *, path: str = "/hazards", **headers: str) -> Any:
    sent = {"Authorization": f"Bearer {registry.sign_in(OFFICER)}", "Content-Type": "application/json", **headers}
    return registry.client.post(f"{API}{path}", content=content, headers=sent)


def refused(answer: Any, *statuses: int) -> dict[str, Any]:
    assert answer.status_code in statuses, (answer.status_code, answer.text)
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert CHINESE.search(body["detail"])
    assert CHINESE.search(body["title"])
    assert body["instance"].startswith("urn:uuid:")
    for field in body.get("errors", []):
        assert CHINESE.search(field["message"])
    return body


def document(**changed: object) -> bytes:
    return json.dumps(walk.report_document() | changed).encode()


BAD_TEXTS = {
    "NUL": "罐\x00区",
    "lone surrogate": "罐\ud800区",
    "right-to-left override": "罐\u202e区",
    "noncharacter": "罐\ufffe区",
    "replacement character": "罐\ufffd区",
    "escape": "罐\x1b[31m区",
    "blank": " \u3000 ",
    "too long": "隐" * 5000,
}


@pytest.mark.parametrize("text", BAD_TEXTS.values(), ids=BAD_TEXTS)
def test_a_text_that_cannot_stand_in_a_ledger_is_named(registry: Registry, watch: Watch, text: str) -> None:
    with watch.unchanged():
        body = refused(raw(registry, document(circumstances=text)), 422)
    assert [one["pointer"] for one in body["errors"]] == ["/circumstances"]


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"found_on": "9999-12-31"}, "/found_on"),
        ({"found_on": "0001-01-01"}, "/found_on"),
        ({"found_on": "2026-02-30"}, "/found_on"),
        ({"found_on": "2026-11-20T00:00:00Z"}, "/found_on"),
        ({"found_on": 1700000000}, "/found_on"),
        ({"found_on": "２０２６-11-20"}, "/found_on"),
        ({"found_on": None}, "/found_on"),
        ({"channel": "telepathy"}, "/channel"),
        ({"sector": ["hazardous_chemicals"]}, "/sector"),
        ({"tip_verified": "可能"}, "/tip_verified"),
        ({"closed": True}, "/closed"),
        ({"state": "closed"}, "/state"),
        ({"__class__": "x"}, "/__class__"),
    ],
)
def test_a_malformed_or_unknown_field_is_named(
    registry: Registry, watch: Watch, changed: dict[str, object], pointer: str
) -> None:
    with watch.unchanged():
        body = refused(raw(registry, document(**changed)), 422)
    assert [one["pointer"] for one in body["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("９１１５０６０２ＭＡ０ＤＥＭＡ０１Ｆ", "enterprise_code_full_width"),
        ("91150602MA0DEMA01f", "enterprise_code_format"),
        ("91150602MA0DEMA010", "enterprise_code_check_digit"),
        ("91150602MA0DEMA01Ｆ", "enterprise_code_full_width"),
        ("", "enterprise_code_format"),
        ("9" * 10_000, "enterprise_code_format"),
    ],
)
def test_an_enterprise_code_is_refused_with_what_is_wrong_with_it(
    registry: Registry, watch: Watch, code: str, wanted: str
) -> None:
    sent = document(enterprise={"code": code, "name": "东胜区示例化工有限公司"})
    with watch.unchanged():
        body = refused(raw(registry, sent), 422)
    (error,) = body["errors"]
    assert (error["pointer"], error["code"]) == ("/enterprise/code", wanted)


NUMBERED: dict[str, dict[str, Any]] = {
    "determination/lead_organisation_id": {"comprehensive_reason": "构成"},
    "listing/supervision_tier": walk.listing_document(),
    "progress/percent": {"description": "进展"},
    "signatures/level": {"content_sha256": "0" * 64, "password": "x"},
}


@pytest.mark.parametrize("number", [2**31, 2**63, 10**400, -1, 1.5, "1e9", "１", {}], ids=str)
@pytest.mark.parametrize("place", NUMBERED)
def test_a_number_out_of_range_is_refused_by_name(
    registry: Registry, watch: Watch, hazard: str, place: str, number: object
) -> None:
    path, field = place.split("/")
    content = json.dumps(NUMBERED[place] | {field: number}).encode()
    with watch.unchanged(hazard):
        answer = raw(registry, content, path=f"/hazards/{hazard}/{path}", **{"If-Match": '"0"'})
    told = refused(answer, 403, 422)
    assert answer.status_code == 403 or told["errors"][0]["pointer"] == f"/{field}"


@pytest.fixture(scope="module")
def hazard(registry: Registry) -> str:
    return walk.reported(registry)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 422),
        (b"{", 422),
        (b"null", 422),
        (b"[]", 422),
        (b'"text"', 422),
        (b"\xff\xfe{}", 422),
        ('{"finders": "管理员"}'.encode("gbk"), 422),
        (b"[" * 100_000, 422),
        (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, 422),
        (b'{"found_on": NaN}', 422),
        (b"1" * 10_000, 422),
    ],
    ids=["empty", "cut off", "null", "list", "text", "bytes", "GBK", "deep list", "deep object", "NaN", "digits"],
)
def test_what_is_no_document_is_refused(registry: Registry, watch: Watch, content: bytes, status: int) -> None:
    with watch.unchanged():
        refused(raw(registry, content), status, 400)


@pytest.mark.parametrize("name", ["location", "code"])
def test_a_name_given_twice_is_refused(registry: Registry, watch: Watch, name: str) -> None:
    content = document()
    twice = content.replace(f'"{name}"'.encode(), f'"{name}": "别处", "{name}"'.encode(), 1)
    assert twice != content
    with watch.unchanged():
        body = refused(raw(registry, twice), 422)
    (error,) = body["errors"]
    assert (error["pointer"], error["code"]) == (f"/{name}", "name_repeated")


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/xml", "application/x-www-form-urlencoded", "", "a/b;c=\x7f"]
)
def test_another_content_type_is_refused(registry: Registry, watch: Watch, kind: str) -> None:
    with watch.unchanged():
        refused(raw(registry, document(), **{"Content-Type": kind}), 400, 415, 422)


def test_a_document_too_large_is_refused_before_it_is_read(registry: Registry, watch: Watch) -> None:
    with watch.unchanged():
        refused(raw(registry, b'{"a": "' + b"x" * 30_000_000 + b'"}'), 413)


@pytest.mark.parametrize(
    "reference",
    [
        "%00",
        "%ED%A0%80",
        "%FF",
        "x" * 65,
        "1' OR '1'='1",
        "%E9%9A%90%E6%82%A3",
        "2147483648",
        "../accounts",
        "{}",
        "-1",
    ],
)
def test_a_reference_that_leads_nowhere_is_not_found_or_refused(registry: Registry, reference: str) -> None:
    for path in ("", "/timeline", "/evidence"):
        answer = registry.client.get(
            f"{API}/hazards/{reference}{path}", headers={"Authorization": f"Bearer {registry.sign_in(OFFICER)}"}
        )
        refused(answer, 400, 403, 404, 422)


def test_an_unknown_method_or_address_is_told_in_chinese(registry: Registry) -> None:
    refused(registry.client.put(f"{API}/hazards"), 405)
    refused(registry.client.get(f"{API}/nothing"), 404)
    assert registry.client.put(f"{API}/hazards").headers["allow"]


def test_english_is_spoken_to_whoever_prefers_it_and_the_code_stays(registry: Registry) -> None:
    answer = registry.client.get(f"{API}/hazards", headers={"Accept-Language": "en-GB, zh;q=0.5"})
    assert (answer.json()["title"], answer.json()["code"]) == ("Not signed in", "unauthenticated")
