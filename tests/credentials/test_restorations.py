"""恢复登录: by two administrators, counted and listed; it brings a holder back and does nothing else."""

from typing import Any

import pytest

from app.cli.demo_city import SAMPLE_PASSWORD
from tests.api.watching import Watch
from tests.credentials.clock import Clock
from tests.credentials.people import NEW_PASSWORD, enrol, is_alive, sign_in, token_of, with_token
from tests.personnel import staff
from tests.support.registry import Answered, Registry

REASON = {"reason": "手机遗失,忘记口令"}
ADMINISTRATORS = ("system-admin", "security-admin")


def account_of(watch: Watch, login: str) -> int:
    found = watch.value("SELECT id FROM account WHERE login_name = %(login)s", login=login)
    assert isinstance(found, int)
    return found


def propose(registry: Registry, account: int, by: str = "system-admin") -> Any:
    return registry.post(f"/accounts/{account}/access-restorations", REASON, by=by)


def confirm(registry: Registry, proposal: Any, by: str = "security-admin", **changed: Any) -> Answered:
    path = f"/accounts/{proposal['account_id']}/access-restorations/{proposal['id']}/confirmations"
    sent = {"document_sha256": proposal["document_sha256"], "password": SAMPLE_PASSWORD, **changed}
    return registry.attempt(path, sent, by=by)


def test_two_administrators_bring_back_who_lost_telephone_and_password(
    registry: Registry, clock: Clock, watch: Watch
) -> None:
    bound = enrol(registry, clock, "jungar-deputy")
    account = account_of(watch, bound.login)
    proposal = propose(registry, account)
    assert is_alive(registry, bound.token)
    answer = confirm(registry, proposal)
    assert answer.status == 201, answer.body
    initial = answer.body["initial_password"]
    assert not is_alive(registry, bound.token)
    assert sign_in(registry, bound.login, SAMPLE_PASSWORD, code=clock.code(bound.secret)).code == "sign_in_failed"
    back = sign_in(registry, bound.login, initial)
    assert back.body["pending"] == "password_change"
    sent = {"password": initial, "new_password": NEW_PASSWORD}
    token = token_of(back)
    old = {**sent, "new_password": SAMPLE_PASSWORD}
    assert with_token(registry, token, "POST", "/session/password", old).code == "password_used_before"
    assert with_token(registry, token, "POST", "/session/password", sent).status == 201
    assert with_token(registry, token, "GET", "/hazards").status == 200
    events = (
        "SELECT event FROM audit_event e JOIN audit_stream s ON s.id = e.stream_id WHERE s.kind = 'account'"
        " AND s.subject_id = %(account)s AND event LIKE 'account:access:%%' ORDER BY e.id"
    )
    assert [row["event"] for row in watch.rows(events, account=account)] == [
        "account:access:restoration_proposed",
        "account:access:restored",
    ]


def test_a_proposal_left_lying_serves_nobody_alone_later(registry: Registry, clock: Clock, watch: Watch) -> None:
    account = account_of(watch, "jungar-section")
    twice = [propose(registry, account), propose(registry, account)]
    clock.advance(hours=23)
    registry.tokens.clear()
    assert confirm(registry, twice[0]).status == 201
    clock.advance(hours=1, seconds=1)
    registry.tokens.clear()
    registry.sign_in("security-admin")
    with watch.unchanged():
        late = confirm(registry, twice[1])
    assert (late.status, late.code) == (409, "restoration_lapsed")


def test_one_person_restores_nobody_alone_and_nobody_themselves(registry: Registry, watch: Watch) -> None:
    account = account_of(watch, "jungar-head")
    proposal = propose(registry, account)
    with watch.unchanged():
        alone = confirm(registry, proposal, by="system-admin")
        own = registry.attempt(
            f"/accounts/{account_of(watch, 'system-admin')}/access-restorations", REASON, by="system-admin"
        )
    assert alone.code == "restoration_confirmed_by_another"
    assert own.code == "own_access_not_restored"
    of_the_other = propose(registry, account_of(watch, "security-admin"))
    with watch.unchanged():
        assert confirm(registry, of_the_other, by="security-admin").code == "own_access_not_restored"
    assert sign_in(registry, "jungar-head").status == 201


def test_a_second_account_of_the_proposer_is_the_same_person(registry: Registry, watch: Watch) -> None:
    person = watch.value("SELECT person_id FROM account WHERE login_name = 'system-admin'")
    assert isinstance(person, int)
    second = staff.open_account(registry, person, "system-admin-again")
    staff.sign_in(registry, staff.Staff(person, second.body["id"], "system-admin-again"))
    proposal = propose(registry, account_of(watch, "jungar-inspector1"))
    with watch.unchanged():
        refused = confirm(registry, proposal, by="system-admin-again", password=staff.PASSWORD)
    assert (refused.status, refused.code) == (409, "restoration_confirmed_by_another")


@pytest.mark.parametrize("by", ["audit-admin", "city-auditor", "city-office-head", "dongsheng-head", "coal-principal"])
def test_nobody_else_proposes_or_confirms(registry: Registry, watch: Watch, by: str) -> None:
    proposal = propose(registry, account_of(watch, "dongsheng-clerk"))
    with watch.unchanged():
        path = f"/accounts/{proposal['account_id']}/access-restorations"
        assert registry.attempt(path, REASON, by=by).status == 403
        assert confirm(registry, proposal, by=by).status == 403


def test_a_confirmation_is_of_what_was_proposed_by_a_proven_person_and_once(registry: Registry, watch: Watch) -> None:
    proposal = propose(registry, account_of(watch, "coal-safety-head"))
    with watch.unchanged():
        assert confirm(registry, proposal, document_sha256="0" * 64).code == "document_changed"
        assert confirm(registry, proposal, password="不对").code == "step_up_failed"
        assert confirm(registry, {**proposal, "account_id": account_of(watch, "coal-controller")}).status == 404
        assert confirm(registry, {**proposal, "id": 10**9}).status == 404
    assert confirm(registry, proposal).status == 201
    assert confirm(registry, proposal).code == "restoration_already_confirmed"


def test_the_one_time_password_is_shown_once_and_kept_nowhere(registry: Registry, watch: Watch) -> None:
    proposal = propose(registry, account_of(watch, "coal-controller"))
    path = f"/accounts/{proposal['account_id']}/access-restorations/{proposal['id']}/confirmations"
    sent = {"document_sha256": proposal["document_sha256"], "password": SAMPLE_PASSWORD}
    token, key = registry.sign_in("security-admin"), {"Idempotency-Key": "restored-once"}
    shown = with_token(registry, token, "POST", path, sent, **key).body["initial_password"]
    again = with_token(registry, token, "POST", path, sent, **key)
    assert (again.status, again.code) == (409, "already_done")
    for table in watch.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
        statement = f"SELECT count(*) FROM {table['tablename']} t WHERE t::text LIKE %(words)s"
        assert watch.value(statement, words=f"%{shown}%") == 0, table


def test_a_disabled_or_unknown_account_and_a_service_are_not_restored(registry: Registry) -> None:
    someone = staff.register(registry, "not-restored")
    registry.post(
        f"/accounts/{someone.account}/disablement", {"for_cause": False, "reason": "离职"}, by="security-admin"
    )
    organisation = staff.organisation(registry, "东胜区应急管理局")
    sent = {"login_name": "service-not-restored", "organisation_id": organisation}
    service = registry.post("/service-accounts", sent, by=staff.PROPOSER)["id"]
    codes = [
        registry.attempt(f"/accounts/{account}/access-restorations", REASON, by="system-admin").code
        for account in (someone.account, service, 10**9)
    ]
    assert codes == ["account_disabled", "not_found", "not_found"]


def test_restorations_are_counted_and_listed_for_administrators_and_auditors(registry: Registry, watch: Watch) -> None:
    confirmed = propose(registry, account_of(watch, "chemical-principal"))
    confirm(registry, confirmed)
    open_one = propose(registry, account_of(watch, "chemical-principal"))
    for by in (*ADMINISTRATORS, "audit-admin", "city-auditor"):
        body = registry.get(f"/access-restorations?account_id={confirmed['account_id']}", by=by).body
        assert [one["id"] for one in body["items"]] == [open_one["id"], confirmed["id"]]
        assert body["proposed"] > body["confirmed"] >= 1
        only = registry.get("/access-restorations?is_confirmed=false&limit=1", by=by)
        assert only.body["items"][0]["confirmed_at"] is None
        path = f"/accounts/{confirmed['account_id']}/access-restorations/{confirmed['id']}"
        assert "initial_password" not in registry.get(path, by=by).body
    assert registry.get("/access-restorations", by="city-office-head").status == 403
    assert registry.get("/readyz", by=None).status == 404
    assert "恢复登录" not in registry.client.get("/readyz").text
