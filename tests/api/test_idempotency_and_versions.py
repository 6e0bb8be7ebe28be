"""Idempotency-Key: one effect and one answer, whoever retries and however often; refusals and trials consume none."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.api.watching import Watch
from tests.support import walk
from tests.support.registry import API, Registry

OFFICER = "chemical-safety-officer"


def send(registry: Registry, key: str, body: object, *, by: str = OFFICER, path: str = "/hazards", **query: str) -> Any:
    headers = {"Idempotency-Key": key, "Authorization": f"Bearer {registry.sign_in(by)}"}
    return registry.client.post(f"{API}{path}", json=body, headers=headers, params=query)


def test_the_same_key_twice_is_one_effect_and_the_same_answer_byte_for_byte(registry: Registry, watch: Watch) -> None:
    key = secrets.token_hex(8)
    first = send(registry, key, walk.report_document())
    with watch.unchanged():
        second = send(registry, key, walk.report_document())
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.content == first.content
    for name in ("etag", "location", "content-type"):
        assert second.headers[name] == first.headers[name]


def test_twenty_at_once_with_one_key_are_one_effect(registry: Registry, watch: Watch) -> None:
    key = secrets.token_hex(8)
    registry.sign_in(OFFICER)
    before = watch.counts()["hazard"]
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: send(registry, key, walk.report_document()), range(20)))
    assert watch.counts()["hazard"] == before + 1
    taken = [answer for answer in answers if answer.status_code == 201]
    assert len({answer.content for answer in taken}) == 1
    # Who could not wait for the first is told to come again, and then gets its answer.
    assert {answer.status_code for answer in answers} <= {201, 503}
    assert send(registry, key, walk.report_document()).content == taken[0].content


def test_a_key_does_not_serve_another_body_route_or_query(registry: Registry, watch: Watch) -> None:
    key = secrets.token_hex(8)
    hazard = send(registry, key, walk.report_document()).json()["id"]
    with watch.unchanged(hazard):
        body = send(registry, key, walk.report_document(location="别处"))
        route = send(registry, key, walk.report_document(), path=f"/hazards/{hazard}/acknowledgements")
    for answer in (body, route):
        assert answer.status_code == 422
        assert answer.json()["code"] == "idempotency_key_reused"
        assert "新的 Idempotency-Key" in answer.json()["remedy"]


def test_the_same_key_of_another_person_is_another_key(registry: Registry) -> None:
    key = secrets.token_hex(8)
    mine = send(registry, key, walk.report_document())
    theirs = send(registry, key, walk.report_document(), by="chemical-principal")
    assert (mine.status_code, theirs.status_code) == (201, 201)
    assert mine.json()["id"] != theirs.json()["id"]


def test_dry_runs_and_refusals_consume_no_key(registry: Registry, watch: Watch) -> None:
    key = secrets.token_hex(8)
    with watch.unchanged():
        assert send(registry, key, walk.report_document(), dry_run="true").status_code == 200
        assert send(registry, key, walk.report_document(channel="tip")).status_code == 409
        assert send(registry, key, walk.report_document(finders="")).status_code == 422
    assert send(registry, key, walk.report_document()).status_code == 201


@pytest.mark.parametrize("key", ["short", "x" * 201])
def test_a_key_of_the_wrong_length_is_named(registry: Registry, watch: Watch, key: str) -> None:
    with watch.unchanged():
        answer = send(registry, key, walk.report_document())
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["in"] == "header"


def test_a_signature_sent_twice_signs_once(registry: Registry, watch: Watch) -> None:
    hazard = walk.verified(registry)
    sent, version = walk.signature(registry, hazard, 1), registry.hazard(hazard)["version"]
    key = secrets.token_hex(8)
    headers = {
        "Idempotency-Key": key,
        "If-Match": f'"{version}"',
        "Authorization": f"Bearer {registry.sign_in('dongsheng-inspector1')}",
    }
    first = registry.client.post(f"{API}/hazards/{hazard}/signatures", json=sent, headers=headers)
    with watch.unchanged(hazard):
        second = registry.client.post(f"{API}/hazards/{hazard}/signatures", json=sent, headers=headers)
    assert (first.status_code, second.content) == (201, first.content)


def test_an_upload_sent_twice_is_one_piece_and_another_file_is_refused(registry: Registry, watch: Watch) -> None:
    hazard = walk.reported(registry)
    headers = {"Idempotency-Key": secrets.token_hex(8), "Authorization": f"Bearer {registry.sign_in(OFFICER)}"}

    def upload(content: bytes) -> Any:
        files = {"file": ("a.pdf", content)}
        path = f"{API}/hazards/{hazard}/evidence"
        return registry.client.post(path, files=files, data={"kind": "document"}, headers=headers)

    first = upload(b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n%%EOF\n")
    assert first.status_code == 201, first.text
    with watch.unchanged(hazard):
        assert upload(b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n%%EOF\n").content == first.content
        other = upload(b"%PDF-1.4\n2 0 obj\n<<>>\nendobj\n%%EOF\n")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def service_key(registry: Registry) -> str:
    organisation = next(
        one["organisation_id"]
        for one in registry.get("/posts?limit=200", by="system-admin").body["items"]
        if one["organisation"].endswith("示例化工有限公司")
    )
    login = f"service-{secrets.token_hex(4)}"
    sent = {"login_name": login, "organisation_id": organisation}
    account = registry.post("/service-accounts", sent, by="system-admin")["id"]
    issued = registry.post(
        f"/service-accounts/{account}/keys", {"label": "双重预防系统", "valid_days": 90}, by="security-admin"
    )
    return str(issued["secret"])


def test_a_service_account_reports_with_a_key_only_and_never_signs(registry: Registry, watch: Watch) -> None:
    bearer = {"Authorization": f"Bearer {service_key(registry)}"}
    with watch.unchanged():
        without = registry.client.post(f"{API}/hazards", json=walk.report_document(), headers=bearer)
    assert (without.status_code, without.json()["code"]) == (400, "idempotency_key_required")
    keyed = bearer | {"Idempotency-Key": secrets.token_hex(8)}
    taken = registry.client.post(f"{API}/hazards", json=walk.report_document(), headers=keyed)
    assert taken.status_code == 201, taken.text
    hazard = walk.planned(registry)
    evidence = registry.upload(hazard, "after", by=OFFICER)
    draft = registry.post(
        f"/hazards/{hazard}/declarations", {"description": "已整改", "evidence_ids": [evidence]}, by=OFFICER
    )
    body = {"password": "任意", "document_sha256": draft["document_sha256"]}
    path = f"{API}/hazards/{hazard}/declarations/{draft['id']}/confirmations"
    with watch.unchanged(hazard):
        signed = registry.client.post(path, json=body, headers=bearer | {"Idempotency-Key": secrets.token_hex(8)})
    assert signed.status_code == 403
