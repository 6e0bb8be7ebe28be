"""人员、账号、服务密钥: one person is recognised under any account; whoever is disabled holds nothing any more."""

import hashlib
import json

import psycopg
import pytest

from tests.personnel.staff import (
    CONFIRMER,
    PASSWORD,
    PROPOSER,
    appoint,
    identity_number,
    open_account,
    organisation,
    person,
    post,
    propose,
    register,
    sign_in,
)
from tests.support import walk
from tests.support.cluster import libpq_address
from tests.support.registry import Registry


@pytest.fixture(scope="module")
def department(registry: Registry) -> int:
    return organisation(registry, "东胜区应急管理局")


def test_a_person_registered_before_is_recognised_and_the_number_is_not_echoed(registry: Registry) -> None:
    number = identity_number()
    known = registry.post("/persons", {"name": "检查人员甲", "identity_number": number}, by=PROPOSER)["id"]
    refused = registry.attempt("/persons", {"name": "检查人员乙", "identity_number": number}, by=PROPOSER)
    assert (refused.status, refused.code) == (409, "person_exists")
    assert str(known) in refused.body["detail"]
    assert number not in str(refused.body)


def test_two_accounts_of_one_person_are_one_person(registry: Registry, department: int) -> None:
    staff = register(registry, "one-of-two")
    second = open_account(registry, staff.person, "two-of-two")
    assert second.status == 201
    accounts = registry.get(f"/accounts?person_id={staff.person}", by=PROPOSER).body["items"]
    assert {one["login_name"] for one in accounts} == {"one-of-two", "two-of-two"}
    taken = open_account(registry, staff.person, "one-of-two")
    assert (taken.status, taken.code) == (409, "login_name_taken")


def test_the_identity_number_stands_nowhere_in_the_database(registry: Registry) -> None:
    number = identity_number()
    headers = {"Idempotency-Key": "number-kept-nowhere"}
    sent = {"name": "检查人员丙", "identity_number": number, "phone": "0477-8580000"}
    answer = registry.call("POST", "/persons", by=PROPOSER, json=sent, headers=headers)
    assert answer.status == 201
    with psycopg.connect(libpq_address(registry.database.superuser_url)) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (table,) in tables:
            query = psycopg.sql.SQL("SELECT count(*) FROM {} t WHERE t::text LIKE %s")
            name = psycopg.sql.Identifier(table)
            row = connection.execute(query.format(name), [f"%{number}%"]).fetchone()
            assert row == (0,), table


def test_an_identity_number_is_registered_later_but_never_changed(registry: Registry) -> None:
    person = registry.post("/persons", {"name": "检查人员丁"}, by=PROPOSER)["id"]
    change = f"/persons/{person}"
    first = registry.call("PATCH", change, by=PROPOSER, json={"identity_number": identity_number()})
    assert first.status == 200
    assert first.body["identity_registered"] is True
    again = registry.call("PATCH", change, by=PROPOSER, json={"identity_number": identity_number()})
    assert (again.status, again.code) == (409, "identity_already_registered")


def test_names_and_phones_are_shown_to_administrators_and_masked_for_auditors(registry: Registry) -> None:
    person = registry.post("/persons", {"name": "检查人员戊", "phone": "13900000001"}, by=PROPOSER)["id"]
    registry.call("PATCH", f"/persons/{person}", by=PROPOSER, json={"phone": "13900000002"})
    assert registry.get(f"/persons/{person}", by=CONFIRMER).body["phone"] == "13900000002"
    by_auditor = registry.get(f"/persons/{person}", by="city-auditor")
    assert (by_auditor.body["name"], by_auditor.body["phone"]) == ("检*", "139****0002")
    assert registry.get("/persons?words=检查", by="city-auditor").status == 403
    assert registry.get(f"/persons/{person}", by="dongsheng-head").status == 403


def test_only_the_system_administrator_registers_persons_and_accounts(registry: Registry) -> None:
    for by in (CONFIRMER, "dongsheng-head", "chemical-principal", "city-auditor"):
        assert registry.attempt("/persons", {"name": "某人"}, by=by).status == 403
        sent = {"login_name": "nobody-at-all", "person_id": 1, "password": PASSWORD}
        assert registry.attempt("/accounts", sent, by=by).status == 403


def test_a_weak_initial_password_and_an_unknown_person_are_refused(registry: Registry) -> None:
    weak = person(registry, "weak-password")
    for password in ("brief1", "aaaaaaaaaaaaaaaa", "my-weak-login-1"):
        sent = {"login_name": "weak-login", "person_id": weak, "password": password}
        refused = registry.attempt("/accounts", sent, by=PROPOSER)
        assert refused.status == 422
        assert password not in str(refused.body)
    assert open_account(registry, 10**9, "of-nobody").code == "person_unknown"


def test_a_disabled_account_is_nobodys_from_the_next_request_on(registry: Registry, department: int) -> None:
    staff = register(registry, "disabled-soon")
    appoint(registry, staff.person, post(registry, department, "停用前的岗"))
    sign_in(registry, staff)
    assert registry.get("/session", by=staff.login).status == 200
    sent = {"for_cause": True, "reason": "涉嫌违规签字"}
    answer = registry.post(f"/accounts/{staff.account}/disablement", sent, by=CONFIRMER)
    assert answer["disabled_at"] is not None
    assert registry.get("/session", by=staff.login).status == 401
    again = registry.client.post("/api/v1/session", json={"login_name": staff.login, "password": PASSWORD})
    assert again.status_code == 401
    refused = registry.attempt(f"/accounts/{staff.account}/disablement", sent, by=CONFIRMER)
    assert refused.code == "account_already_disabled"
    seat = post(registry, department, "停用后的岗")
    assert propose(registry, staff.person, seat).code == "person_disabled"


def test_disabling_one_account_ends_the_persons_other_accounts(registry: Registry, department: int) -> None:
    staff = register(registry, "first-login")
    other = open_account(registry, staff.person, "second-login")
    appoint(registry, staff.person, post(registry, department, "两个账号的岗"))
    registry.post(f"/accounts/{other.body['id']}/disablement", {"for_cause": False, "reason": "离职"}, by=CONFIRMER)
    answer = registry.client.post("/api/v1/session", json={"login_name": staff.login, "password": PASSWORD})
    token = answer.json().get("token", "")
    seen = registry.client.get("/api/v1/session", headers={"Authorization": f"Bearer {token}"})
    assert seen.status_code == 401


def test_an_ordinary_disablement_may_become_one_for_cause(registry: Registry) -> None:
    staff = register(registry, "worse-than-thought")
    path = f"/accounts/{staff.account}/disablement"
    registry.post(path, {"for_cause": False, "reason": "离职"}, by=CONFIRMER)
    registry.post(path, {"for_cause": True, "reason": "离职审计发现违规"}, by=CONFIRMER)
    refused = registry.attempt(path, {"for_cause": True, "reason": "再次"}, by=CONFIRMER)
    assert refused.code == "account_already_disabled"


def test_nobody_disables_themselves(registry: Registry) -> None:
    accounts = registry.get("/accounts?limit=200", by=PROPOSER).body["items"]
    own = next(one["id"] for one in accounts if one["login_name"] == PROPOSER)
    refused = registry.attempt(f"/accounts/{own}/disablement", {"for_cause": False, "reason": "离职"}, by=PROPOSER)
    assert refused.code == "own_account_not_disabled"


def test_a_post_stands_where_its_kind_belongs(registry: Registry, department: int) -> None:
    sent = {"organisation_id": department, "kind": "enterprise_principal", "title": "错设的岗"}
    assert registry.attempt("/posts", sent, by=PROPOSER).code == "post_of_other_kind"
    both = {"organisation_id": department, "enterprise_code": "91150602MA0DEMA01F", "kind": "inspector", "title": "岗"}
    assert registry.attempt("/posts", both, by=PROPOSER).code == "organisation_or_enterprise"
    post(registry, department, "重名的岗")
    twice = {"organisation_id": department, "kind": "inspector", "title": "重名的岗"}
    assert registry.attempt("/posts", twice, by=PROPOSER).code == "post_exists"
    own = {"enterprise_code": "91150602MA0DEMA01F", "kind": "enterprise_safety_officer", "title": "车间安全员"}
    assert registry.attempt("/posts", own, by=PROPOSER).status == 201
    vacant = registry.get(f"/posts?organisation_id={department}&is_vacant=true", by="dongsheng-head").body["items"]
    assert "重名的岗" in {one["title"] for one in vacant}


def service_key(registry: Registry, department: int, login: str) -> tuple[str, int, str]:
    """Path of the keys, key's id and the secret of a new service account."""
    sent = {"login_name": login, "organisation_id": department}
    account = registry.post("/service-accounts", sent, by=PROPOSER)["id"]
    keys = f"/service-accounts/{account}/keys"
    key = registry.post(keys, {"label": "双重预防平台"}, by=CONFIRMER)
    registry.tokens[login] = key["secret"]
    return keys, key["id"], key["secret"]


def test_a_service_key_works_until_it_is_revoked(registry: Registry, department: int) -> None:
    keys, key, _ = service_key(registry, department, "platform-one")
    assert registry.get("/session", by="platform-one").body["is_service"] is True
    revoked = registry.call("DELETE", f"{keys}/{key}", by=CONFIRMER)
    assert revoked.status == 204
    assert registry.get("/session", by="platform-one").status == 401
    assert registry.call("DELETE", f"{keys}/{key}", by=CONFIRMER).status == 204
    assert registry.get(f"{keys}/{key}", by=CONFIRMER).body["revoked_at"] is not None


def test_a_secret_is_shown_once_and_never_listed(registry: Registry, department: int) -> None:
    keys, _, secret = service_key(registry, department, "platform-two")
    headers = {"Idempotency-Key": "issue-key-only-once"}
    first = registry.call("POST", keys, by=CONFIRMER, json={"label": "轮换"}, headers=headers)
    assert first.status == 201
    again = registry.call("POST", keys, by=CONFIRMER, json={"label": "轮换"}, headers=headers)
    assert (again.status, again.code) == (409, "already_done")
    assert first.body["secret"] not in str(again.body)
    assert again.headers["Location"] == first.headers["Location"]
    assert registry.get(again.headers["Location"].removeprefix("/api/v1"), by=CONFIRMER).status == 200
    listed = registry.get(keys, by=CONFIRMER)
    assert len(listed.body["items"]) == 2
    assert secret not in str(listed.body)
    assert "sha256" not in str(listed.body)


def test_keys_are_issued_by_the_security_administrator_alone(registry: Registry, department: int) -> None:
    keys, key, _ = service_key(registry, department, "platform-three")
    assert registry.attempt(keys, {"label": "越权"}, by=PROPOSER).status == 403
    assert registry.call("DELETE", f"{keys}/{key}", by=PROPOSER).status == 403
    assert registry.attempt(keys, {"label": "越权"}, by="dongsheng-head").status == 403


def test_a_service_account_never_signs_nor_confirms(registry: Registry, department: int) -> None:
    service_key(registry, department, "platform-four")
    staff = person(registry, "proposed-to-a-machine")
    proposal = propose(registry, staff, post(registry, department, "机器确认的岗"))
    headers = {"Idempotency-Key": "machines-do-not-confirm"}
    sent = {"password": "whatever", "document_sha256": proposal.body["document_sha256"]}
    path = f"/appointments/{proposal.body['id']}/confirmations"
    refused = registry.call("POST", path, by="platform-four", json=sent, headers=headers)
    assert refused.status == 403


def test_a_service_account_never_signs_a_hazard(registry: Registry, department: int) -> None:
    hazard = walk.verified(registry)
    service_key(registry, department, "platform-six")
    assert registry.get(f"/hazards/{hazard}", by="platform-six").status == 403
    version = registry.hazard(hazard)["version"]
    headers = {"Idempotency-Key": "machines-do-not-sign", "If-Match": f'"{version}"'}
    sent = walk.signature(registry, hazard, 1)
    refused = registry.call("POST", f"/hazards/{hazard}/signatures", by="platform-six", json=sent, headers=headers)
    assert (refused.status, refused.code) == (403, "service_account_never_signs")


def test_a_kept_request_cannot_be_guessed_from_its_hash(registry: Registry) -> None:
    headers = {"Idempotency-Key": "hash-under-a-key", "Content-Type": "application/json"}
    content = json.dumps({"name": "检查人员己", "identity_number": identity_number()}).encode()
    assert registry.call("POST", "/persons", by=PROPOSER, content=content, headers=headers).status == 201
    plain = hashlib.sha256(b"POST /api/v1/persons?\n" + content).digest()
    with psycopg.connect(libpq_address(registry.database.superuser_url)) as connection:
        statement = "SELECT request_sha256 FROM idempotency_key WHERE key = 'hash-under-a-key'"
        row = connection.execute(statement).fetchone()
    assert row is not None
    assert row[0] != plain


def test_a_disabled_service_account_is_refused_and_gets_no_new_key(registry: Registry, department: int) -> None:
    keys, _, _ = service_key(registry, department, "platform-five")
    account = keys.split("/")[2]
    registry.post(f"/accounts/{account}/disablement", {"for_cause": False, "reason": "停止对接"}, by=CONFIRMER)
    assert registry.get("/session", by="platform-five").status == 401
    refused = registry.attempt(keys, {"label": "再发"}, by=CONFIRMER)
    assert (refused.status, refused.code) == (409, "account_disabled")
