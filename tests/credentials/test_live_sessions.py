"""登录会话: listed, revoked, idle, and gone with the post or the account (P-24c, P-36)."""

from app.cli.demo_city import SAMPLE_PASSWORD
from tests.api.watching import Watch
from tests.credentials.clock import Clock
from tests.credentials.people import is_alive, sign_in, token_of, with_token
from tests.personnel import staff
from tests.support.registry import Registry


def sessions(registry: Registry, token: str, query: str = "") -> list[dict[str, object]]:
    answer = with_token(registry, token, "GET", f"/sessions{query}")
    assert answer.status == 200, answer.body
    items: list[dict[str, object]] = answer.body["items"]
    return items


def account_of(registry: Registry, login: str) -> int:
    return int(registry.get("/session", by=login).body["account_id"])


def test_everybody_sees_and_ends_their_own_sign_ins(registry: Registry) -> None:
    here, elsewhere = token_of(sign_in(registry, "coal-principal")), token_of(sign_in(registry, "coal-principal"))
    own = sessions(registry, here)
    assert [one["is_current"] for one in own] == [False, True]
    assert "token_sha256" not in own[0]
    assert with_token(registry, here, "DELETE", f"/sessions/{own[0]['id']}").status == 204
    assert not is_alive(registry, elsewhere)
    assert [one["is_current"] for one in sessions(registry, here)] == [True]
    assert with_token(registry, here, "DELETE", f"/sessions/{own[0]['id']}").status == 204


def test_anothers_sign_in_is_as_unknown_as_none(registry: Registry, watch: Watch) -> None:
    theirs = token_of(sign_in(registry, "coal-controller"))
    session = sessions(registry, theirs)[0]["id"]
    account = account_of(registry, "coal-controller")
    for by in ("coal-principal", "city-office-head", "system-admin", "audit-admin"):
        token = registry.sign_in(by)
        with watch.unchanged():
            foreign = with_token(registry, token, "DELETE", f"/sessions/{session}")
            nobodys = with_token(registry, token, "DELETE", "/sessions/999999999")
            listed = with_token(registry, token, "GET", f"/sessions?account_id={account}")
        assert foreign.status == nobodys.status == 404
        assert {**foreign.body, "instance": ""} == {**nobodys.body, "instance": ""}
        assert (listed.status, listed.code) == (403, "not_permitted"), by
    assert is_alive(registry, theirs)


def test_the_security_administrator_sees_and_ends_anybodys(registry: Registry, watch: Watch) -> None:
    theirs = token_of(sign_in(registry, "coal-safety-officer"))
    administrator = registry.sign_in("security-admin")
    account = account_of(registry, "coal-safety-officer")
    (one,) = [
        one
        for one in sessions(registry, administrator, f"?account_id={account}")
        if one["id"] == newest(watch, account)
    ]
    assert one["account_id"] == account
    assert with_token(registry, administrator, "DELETE", f"/sessions/{one['id']}").status == 204
    assert not is_alive(registry, theirs)
    event = "SELECT count(*) FROM audit_event WHERE event = 'account:session:revoked'"
    assert watch.value(event) == 1


def newest(watch: Watch, account: int) -> object:
    return watch.value("SELECT id FROM session WHERE account_id = %(account)s AND revoked_at IS NULL"
                       " ORDER BY id LIMIT 1", account=account)  # fmt: skip


def test_a_sign_in_ends_after_half_an_hour_without_a_request(registry: Registry, clock: Clock) -> None:
    idle, busy = token_of(sign_in(registry, "jungar-clerk")), token_of(sign_in(registry, "jungar-clerk"))
    for _ in range(2):
        clock.advance(minutes=16)
        assert is_alive(registry, busy)
    assert not is_alive(registry, idle)
    assert [one["is_current"] for one in sessions(registry, busy)] == [True]


def test_a_sign_in_ends_after_twelve_hours_however_busy(registry: Registry, clock: Clock) -> None:
    token = token_of(sign_in(registry, "jungar-office-head"))
    for _ in range(28):
        clock.advance(minutes=25)
        assert is_alive(registry, token)
    clock.advance(minutes=25)
    assert not is_alive(registry, token)


def test_an_ended_appointment_bites_on_the_next_request(registry: Registry, clock: Clock) -> None:
    someone = staff.register(registry, "moves-on")
    department = staff.organisation(registry, "东胜区应急管理局")
    held = staff.appoint(registry, someone.person, staff.post(registry, department, "调离岗"))
    staff.sign_in(registry, someone)
    token = registry.tokens[someone.login]
    assert with_token(registry, token, "GET", "/hazards").status == 200
    clock.next_step()
    registry.post(f"/appointments/{held}/ending", {"reason": "调离"}, by="security-admin")
    assert with_token(registry, token, "GET", "/hazards").status == 401


def test_a_disabled_account_is_out_of_every_sign_in_at_once(registry: Registry) -> None:
    someone = staff.register(registry, "out-at-once")
    department = staff.organisation(registry, "东胜区应急管理局")
    staff.appoint(registry, someone.person, staff.post(registry, department, "停用岗"))
    staff.sign_in(registry, someone)
    tokens = [registry.tokens[someone.login], token_of(sign_in(registry, someone.login, staff.PASSWORD))]
    sent = {"for_cause": False, "reason": "退休"}
    registry.post(f"/accounts/{someone.account}/disablement", sent, by="security-admin")
    assert not any(is_alive(registry, token) for token in tokens)
    assert sign_in(registry, someone.login, staff.PASSWORD).code == "sign_in_failed"
    assert sign_in(registry, someone.login, SAMPLE_PASSWORD).code == "sign_in_failed"
