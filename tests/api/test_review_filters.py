"""What nobody declared is refused by name: parameters, filter values, parts of the address, content types."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.api.watching import CHINESE, Watch
from tests.support import walk
from tests.support.cluster import Cluster
from tests.support.registry import API, Registry, open_registry

OFFICE = "city-office-head"
OFFICER = "chemical-safety-officer"
NOWHERE = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    "path",
    [
        "/units",
        "/edition",
        "/calendar?year=2026",
        "/posts/check",
        "/metric-definitions",
        "/statistics/clearance?by=unit",
        "/worklist",
        "/hazards",
        "/imports/1",
        "/enterprises",
        f"/enterprises/{NOWHERE}",
        f"/evidence/{NOWHERE}",
        f"/hazards/{NOWHERE}",
        f"/hazards/{NOWHERE}/timeline",
        f"/hazards/{NOWHERE}/evidence",
        f"/hazards/{NOWHERE}/deadline",
        f"/hazards/{NOWHERE}/signing-content",
        "/accounts/1",
        "/session",
    ],
)
def test_a_parameter_that_the_route_does_not_declare_is_refused_by_name(registry: Registry, path: str) -> None:
    answer = registry.get(f"{path}{'&' if '?' in path else '?'}colour=red&on_=1", by=OFFICE)
    assert (answer.status, answer.code) == (400, "unknown_parameter"), answer.body
    assert [(one["in"], one["pointer"], one["code"]) for one in answer.body["errors"]] == [
        ("query", "/colour", "unknown_parameter"),
        ("query", "/on_", "unknown_parameter"),
    ]
    assert "colour" in answer.body["detail"]


def test_a_parameter_of_the_route_stays_welcome(registry: Registry) -> None:
    for path in ("/units?on=2026-11-23", "/calendar?year=2026", "/hazards?limit=1&unit=150602", "/worklist?limit=1"):
        assert registry.get(path, by=OFFICE).status == 200, path


def test_the_text_of_an_unknown_parameter_is_never_echoed(registry: Registry) -> None:
    answer = registry.get("/units?%3Cscript%3E=1", by=OFFICE)
    assert (answer.status, answer.body["errors"][0]["pointer"]) == (400, "/?")
    assert "script" not in json.dumps(answer.body)


def test_a_misspelt_dry_run_does_not_become_the_act(registry: Registry, watch: Watch) -> None:
    with watch.unchanged():
        answer = registry.call("POST", "/hazards?dryrun=true", by=OFFICER, json=walk.report_document())
    assert (answer.status, answer.code) == (400, "unknown_parameter")


@pytest.mark.parametrize(
    ("path", "name", "code"),
    [
        ("/hazards?sector=zzz", "sector", "sector_unknown"),
        ("/hazards?sector=%00", "sector", "character_refused"),
        ("/hazards?unit=999999", "unit", "unit_unknown"),
        ("/hazards?enterprise_code=x", "enterprise_code", "enterprise_code_format"),
        ("/hazards?enterprise_code=91150602MA0DEMA010", "enterprise_code", "enterprise_code_check_digit"),
        ("/organisations?unit=zzz", "unit", "unit_unknown"),
        ("/organisations?sector=zzz", "sector", "sector_unknown"),
        ("/criteria?sector=zzz", "sector", "sector_unknown"),
        ("/enterprises?unit=zz", "unit", "unit_unknown"),
        ("/enterprises?code=x", "code", "enterprise_code_format"),
    ],
)
def test_a_value_that_nothing_bears_is_refused_and_no_empty_list(
    registry: Registry, path: str, name: str, code: str
) -> None:
    answer = registry.get(path, by=OFFICE)
    assert answer.status == 400, answer.body
    (error,) = answer.body["errors"]
    assert (error["in"], error["pointer"], error["code"]) == ("query", f"/{name}", code)
    assert CHINESE.search(error["message"])


@pytest.mark.parametrize("path", ["", "/timeline", "/evidence", "/deadline"])
@pytest.mark.parametrize("reference", ["%00", "%ED%A0%80", "x" * 65, "%20"])
def test_a_reference_that_cannot_be_one_is_named(registry: Registry, reference: str, path: str) -> None:
    answer = registry.get(f"/hazards/{reference}{path}", by=OFFICE)
    assert answer.status == 400, answer.body
    (error,) = answer.body["errors"]
    assert (error["in"], error["pointer"]) == ("path", "/reference")


@pytest.mark.parametrize(
    ("path", "name"),
    [("/imports/%00", "batch"), ("/evidence/%00", "public_id"), ("/persons/0", "person_id")],
)
def test_any_other_part_of_an_address_is_named_too(registry: Registry, path: str, name: str) -> None:
    answer = registry.get(path, by=OFFICE)
    assert (answer.status, answer.body["errors"][0]["pointer"]) == (400, f"/{name}")


def sent(registry: Registry, path: str, content: bytes, kind: str | None) -> Any:
    headers = {"Authorization": f"Bearer {registry.sign_in(OFFICER)}"} | (
        {} if kind is None else {"Content-Type": kind}
    )
    return registry.client.post(f"{API}{path}", content=content, headers=headers)


@pytest.mark.parametrize(
    "kind", [None, "", "text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data"]
)
def test_a_document_of_another_content_type_is_415(registry: Registry, watch: Watch, kind: str | None) -> None:
    with watch.unchanged():
        answer = sent(registry, "/hazards", json.dumps(walk.report_document()).encode(), kind)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type"), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_route_without_a_document_refuses_other_content_too(registry: Registry) -> None:
    assert sent(registry, f"/hazards/{NOWHERE}/acknowledgements", b"yes", "text/plain").status_code == 415
    assert sent(registry, f"/hazards/{NOWHERE}/acknowledgements", b"", None).status_code == 404


@pytest.mark.parametrize("content", [b"{", b"\xff", b"[" * 100_000], ids=["cut off", "bytes", "deep"])
def test_what_is_no_json_is_no_fault_of_ours_where_no_document_is_taken(registry: Registry, content: bytes) -> None:
    answer = sent(registry, f"/hazards/{NOWHERE}/acknowledgements", content, "application/json")
    assert (answer.status_code, answer.json()["code"]) == (422, "json_invalid")


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/merge-patch+json"]
)
def test_json_by_any_of_its_names_is_taken(registry: Registry, kind: str) -> None:
    assert sent(registry, "/hazards?dry_run=true", json.dumps(walk.report_document()).encode(), kind).status_code == 200


def test_a_form_is_still_a_form(registry: Registry) -> None:
    assert registry.upload(walk.reported(registry), "before", by=OFFICER)


def test_a_registry_not_yet_initialised_is_told_to_be_and_nothing_of_holidays(
    cluster: Cluster, tmp_path: Path, registry: Registry
) -> None:
    assert not [words for words in _ready(registry)["warnings"] if " 1 年" in words]
    with cluster.temporary_database() as empty, open_registry(empty, tmp_path) as opened:
        told = _ready(opened)
    assert "尚未初始化,请执行 qingling init" in told["faults"]
    assert told["warnings"] == []


def _ready(registry: Registry) -> dict[str, Any]:
    found: dict[str, Any] = registry.client.get("/readyz").json()
    return found
