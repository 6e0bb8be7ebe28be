"""服务密钥: for named uses, shown once, kept as a digest; revoked, expired or made up it is one and the same 401."""

import hashlib
from typing import Any

import psycopg
import pytest

from app.accounts.key_scopes import WORDS_OF
from app.main import API, ROUTERS
from app.regulation.permissions import SCOPE_WORDS
from tests.personnel.staff import CONFIRMER, PROPOSER, organisation
from tests.support import walk
from tests.support.cluster import libpq_address
from tests.support.registry import Answered, Registry

READS = ["hazard:read", "worklist:read"]


@pytest.fixture(scope="module")
def account(registry: Registry) -> int:
    """A service account of the chemical works."""
    works = organisation(registry, "东胜区示例化工有限公司")
    sent = {"login_name": "chemical-prevention-system", "organisation_id": works}
    return int(registry.post("/service-accounts", sent, by=PROPOSER)["id"])


def issue(registry: Registry, account: int, **said: Any) -> Any:
    """A key as issued, its secret among the rest; known by its label from now on."""
    issued = registry.post(f"/service-accounts/{account}/keys", {"label": "双重预防系统", **said}, by=CONFIRMER)
    registry.tokens[f"key {issued['id']}"] = issued["secret"]
    return issued


def as_key(registry: Registry, key: Any, method: str, path: str, **request: Any) -> Answered:
    """A request with the key."""
    headers = {"Idempotency-Key": f"key-{key['id']}-{hashlib.sha256(repr((path, request)).encode()).hexdigest()[:20]}"}
    return registry.call(method, path, by=f"key {key['id']}", headers=headers, **request)


def test_a_key_is_shown_once_and_kept_as_a_digest(registry: Registry, account: int) -> None:
    key = issue(registry, account, scopes=READS)
    listed = registry.get(f"/service-accounts/{account}/keys", by=CONFIRMER).body["items"]
    shown = next(one for one in listed if one["id"] == key["id"])
    assert "secret" not in shown
    assert shown["scopes"] == READS
    assert shown["last_used_at"] is None
    with psycopg.connect(libpq_address(registry.database.superuser_url)) as connection:
        kept = connection.execute("SELECT key_sha256 FROM service_key WHERE id = %s", [key["id"]]).fetchone()
    assert kept == (hashlib.sha256(key["secret"].encode()).digest(),)


def test_its_last_use_is_shown(registry: Registry, account: int) -> None:
    key = issue(registry, account)
    assert as_key(registry, key, "GET", "/session").status == 200
    shown = registry.get(f"/service-accounts/{account}/keys/{key['id']}", by=CONFIRMER).body
    assert shown["last_used_at"] is not None


def test_a_scope_that_is_none_is_refused_with_the_list_of_those_there_are(registry: Registry, account: int) -> None:
    sent = {"label": "错", "scopes": ["hazard:read", "hazard:write"]}
    refused = registry.attempt(f"/service-accounts/{account}/keys", sent, by=CONFIRMER)
    assert (refused.status, refused.code) == (422, "scope_unknown")
    assert refused.body["errors"][0]["pointer"] == "/scopes/1"
    assert all(word in refused.body["detail"] for word in SCOPE_WORDS)


def test_a_key_does_what_it_is_for_and_nothing_else(registry: Registry, account: int) -> None:
    reads = issue(registry, account, scopes=["hazard:read"])
    reports = issue(registry, account, scopes=["act:report"])
    document = walk.report_document()
    assert as_key(registry, reads, "GET", "/hazards").status == 200
    assert as_key(registry, reports, "POST", "/hazards", json=document).status == 201
    for key, method, path, body in (
        (reads, "POST", "/hazards", document),
        (reports, "GET", "/hazards", None),
        (reads, "GET", "/enterprises", None),
        (reads, "GET", "/statistics/clearance", None),
        (reads, "POST", "/session/appointment", {"appointment_id": 1}),
    ):
        refused = as_key(registry, key, method, path, json=body)
        assert (refused.status, refused.code) == (403, "out_of_key_scope"), (path, refused.body)


def test_what_a_key_is_not_for_is_no_allowed_act_of_its(registry: Registry, account: int) -> None:
    hazard = walk.listed(registry)
    whole = issue(registry, account)
    narrow = issue(registry, account, scopes=["hazard:read", "act:report_progress"])
    everything = as_key(registry, whole, "GET", f"/hazards/{hazard}").body["allowed_acts"]
    assert {"submit_plan", "report_progress"} <= set(everything)
    assert as_key(registry, narrow, "GET", f"/hazards/{hazard}").body["allowed_acts"] == ["report_progress"]
    refused = as_key(registry, narrow, "POST", f"/hazards/{hazard}/plans", json=walk.plan_document())
    assert refused.code == "out_of_key_scope"


def test_a_key_without_words_may_what_its_account_may_and_never_signs(registry: Registry, account: int) -> None:
    key = issue(registry, account)
    assert as_key(registry, key, "POST", "/hazards", json=walk.report_document()).status == 201
    hazard = walk.verified(registry)
    sent = {"level": 1, "content_sha256": "0" * 64, "password": "whatever it is"}
    version = registry.hazard(hazard)["version"]
    answer = registry.client.post(
        f"{API}/hazards/{hazard}/signatures",
        json=sent,
        headers={
            "Authorization": f"Bearer {key['secret']}",
            "If-Match": f'"{version}"',
            "Idempotency-Key": "no-machine-signs",
        },
    )
    assert answer.status_code == 403


def test_revoked_expired_and_made_up_keys_are_refused_alike(registry: Registry, account: int) -> None:
    revoked, expired = issue(registry, account), issue(registry, account, valid_days=1)
    registry.call("DELETE", f"/service-accounts/{account}/keys/{revoked['id']}", by=CONFIRMER)
    with psycopg.connect(libpq_address(registry.database.superuser_url)) as connection:
        connection.execute(
            "UPDATE service_key SET expires_at = registry_now() - interval '1 second' WHERE id = %s", [expired["id"]]
        )
    tried = [
        revoked["secret"],
        expired["secret"],
        "qk_" + "A" * 43,
        "qk_",
        "qk_" + "x" * 500,
        "qk_' OR 1=1 --",
        "qk_../../etc/passwd",
        revoked["secret"][:-1],
        revoked["secret"].upper(),
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.",
    ]
    answers = [registry.client.get(f"{API}/session", headers={"Authorization": f"Bearer {one}"}) for one in tried]
    assert {answer.status_code for answer in answers} == {401}
    bodies = [{name: value for name, value in answer.json().items() if name != "instance"} for answer in answers]
    assert all(body == bodies[0] for body in bodies)
    assert not any(one in answer.text for one, answer in zip(tried, answers, strict=True))


def test_a_repeated_issue_under_one_key_never_shows_the_secret_again(registry: Registry, account: int) -> None:
    path, sent = f"/service-accounts/{account}/keys", {"label": "只给一次"}
    headers = {"Idempotency-Key": "issued-only-once"}
    first = registry.call("POST", path, by=CONFIRMER, json=sent, headers=headers)
    again = registry.call("POST", path, by=CONFIRMER, json=sent, headers=headers)
    assert (first.status, again.status, again.code) == (201, 409, "already_done")
    assert first.body["secret"] not in str(again.body)


def test_only_the_security_administrator_issues_and_revokes(registry: Registry, account: int) -> None:
    key = issue(registry, account)
    path = f"/service-accounts/{account}/keys"
    for by in (PROPOSER, "audit-admin", "city-auditor", "dongsheng-head", "chemical-principal"):
        assert registry.attempt(path, {"label": "越权"}, by=by).status == 403
        assert registry.call("DELETE", f"{path}/{key['id']}", by=by).status == 403


def test_every_word_of_the_routes_table_is_one_a_key_may_have_and_every_operation_exists() -> None:
    operations = {str(getattr(route, "operation_id", "")) for router in ROUTERS for route in router.routes}
    assert set(WORDS_OF) <= operations
    assert {word for words in WORDS_OF.values() for word in words} <= set(SCOPE_WORDS)
