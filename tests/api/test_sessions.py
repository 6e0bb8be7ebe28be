"""登录: one wording for every wrong sign-in, slowed not locked, revoked at once; one appointment at a time."""

import pytest

from app.cli.demo_city import SAMPLE_PASSWORD
from tests.api.watching import Watch
from tests.personnel import staff
from tests.support import walk
from tests.support.registry import API, Registry


def sign_in(
    registry: Registry, login: str, password: str = SAMPLE_PASSWORD, **also: object
) -> tuple[int, dict[str, object]]:
    answer = registry.client.post(f"{API}/session", json={"login_name": login, "password": password, **also})
    return answer.status_code, answer.json()


def test_a_wrong_password_and_an_unknown_login_are_told_apart_nowhere(registry: Registry) -> None:
    wrong = sign_in(registry, "jungar-inspector2", "不对")
    unknown = sign_in(registry, "nobody-at-all", "不对")
    assert wrong[0] == unknown[0] == 401
    assert {**wrong[1], "instance": ""} == {**unknown[1], "instance": ""}
    assert sign_in(registry, "jungar-inspector2")[0] == 201


def test_wrong_passwords_slow_down_and_say_how_long(registry: Registry) -> None:
    statuses = [sign_in(registry, "jungar-deputy", "不对")[0] for _ in range(7)]
    assert statuses[:6] == [401] * 6
    assert statuses[6] == 429
    answer = registry.client.post(f"{API}/session", json={"login_name": "jungar-deputy", "password": SAMPLE_PASSWORD})
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["retry-after"]) <= 3


def test_a_session_says_who_where_and_under_which_appointment(registry: Registry) -> None:
    body = registry.get("/session", by="dongsheng-section").body
    assert body["post_kind"] == "section_head"
    assert [one["id"] for one in body["appointments"]] == [body["appointment_id"]]


def test_a_revoked_session_is_nobodys(registry: Registry, watch: Watch) -> None:
    token = sign_in(registry, "jungar-section")[1]["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert registry.client.get(f"{API}/session", headers=bearer).status_code == 200
    assert registry.client.delete(f"{API}/session", headers=bearer).status_code == 204
    with watch.unchanged():
        for method, path in (("GET", "/session"), ("DELETE", "/session"), ("GET", "/hazards"), ("POST", "/hazards")):
            answer = registry.client.request(method, f"{API}{path}", headers=bearer)
            assert answer.status_code == 401
            assert answer.json()["remedy"]


@pytest.mark.parametrize("token", ["", "x", "é", "a" * 5000, "qk_" + "x" * 40, "null", "\x00" * 3])
def test_a_token_that_is_none_opens_nothing(registry: Registry, token: str) -> None:
    answer = registry.client.get(f"{API}/hazards", headers={b"Authorization": f"Bearer {token}".encode()})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", "Token x", ""])
def test_another_scheme_opens_nothing(registry: Registry, header: str) -> None:
    assert registry.client.get(f"{API}/hazards", headers={"Authorization": header}).status_code == 401


def test_nobody_acts_under_an_appointment_of_somebody_else(registry: Registry, watch: Watch) -> None:
    mine = registry.get("/session", by="dongsheng-section").body["appointment_id"]
    theirs = registry.get("/session", by="dongsheng-head").body["appointment_id"]
    with watch.unchanged():
        answer = registry.attempt("/session/appointment", {"appointment_id": theirs}, by="dongsheng-section")
        at_sign_in = sign_in(registry, "dongsheng-section", appointment_id=theirs)
    assert (answer.status, answer.code) == (403, "not_your_appointment")
    assert at_sign_in[0] == 403
    assert registry.get("/session", by="dongsheng-section").body["appointment_id"] == mine


def test_scopes_of_two_appointments_are_never_united(registry: Registry) -> None:
    someone = staff.register(registry, "two-districts")
    for name in ("东胜区应急管理局", "准格尔旗能源局"):
        organisation = staff.organisation(registry, name)
        staff.appoint(registry, someone.person, staff.post(registry, organisation, f"跨区岗 {name}"))
    staff.sign_in(registry, someone)
    held = {one["organisation"]: one["id"] for one in registry.get("/session", by=someone.login).body["appointments"]}
    hazard = walk.reported(registry)
    registry.post("/session/appointment", {"appointment_id": held["准格尔旗能源局"]}, by=someone.login)
    assert registry.get(f"/hazards/{hazard}", by=someone.login).status == 404
    registry.post("/session/appointment", {"appointment_id": held["东胜区应急管理局"]}, by=someone.login)
    assert registry.get(f"/hazards/{hazard}", by=someone.login).status == 200


def test_a_disabled_account_is_out_with_its_next_request(registry: Registry) -> None:
    department = staff.organisation(registry, "东胜区应急管理局")
    someone = staff.register(registry, "leaves-today")
    staff.appoint(registry, someone.person, staff.post(registry, department, "离岗"))
    staff.sign_in(registry, someone)
    assert registry.get("/session", by=someone.login).status == 200
    registry.post(
        f"/accounts/{someone.account}/disablement", {"for_cause": False, "reason": "离岗"}, by="security-admin"
    )
    assert registry.get("/session", by=someone.login).status == 401
    assert sign_in(registry, someone.login, staff.PASSWORD)[0] == 401
