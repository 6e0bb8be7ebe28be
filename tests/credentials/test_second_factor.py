"""动态口令: asked of officials and administrators, one code counts once, nothing readable is kept."""

import base64

import pytest

from app.cli.demo_city import SAMPLE_PASSWORD
from app.infrastructure.vault import CannotBeOpened, Sealed, Vault
from tests.api.watching import Watch
from tests.credentials.clock import Clock
from tests.credentials.people import enrol, is_alive, sign_in, token_of, with_token
from tests.support.registry import IDENTITY_KEY, Registry


@pytest.mark.parametrize("login", ["dongsheng-inspector2", "system-admin", "city-auditor", "jungar-government-head"])
def test_officials_administrators_and_auditors_without_one_may_only_bind_one(
    strict: Registry, watch: Watch, login: str
) -> None:
    answer = sign_in(strict, login)
    assert answer.body["pending"] == "second_factor"
    token = token_of(answer)
    with watch.unchanged():
        for method, path in (
            ("GET", "/hazards"),
            ("GET", "/worklist"),
            ("GET", "/accounts"),
            ("POST", "/session/password"),
        ):
            refused = with_token(strict, token, method, path, None if method == "GET" else {})
            assert (refused.status, refused.code) == (403, "sign_in_incomplete"), path
            assert "绑定动态口令" in refused.body["remedy"]
    assert with_token(strict, token, "GET", "/session").body["pending"] == "second_factor"
    assert with_token(strict, token, "DELETE", "/session").status == 204


def test_an_enterprises_people_need_none(strict: Registry) -> None:
    answer = sign_in(strict, "chemical-safety-officer")
    assert answer.body["pending"] is None
    assert with_token(strict, token_of(answer), "GET", "/hazards").status == 200


def test_whoever_binds_one_may_act_in_the_same_sign_in_and_no_other_lives_on(strict: Registry, clock: Clock) -> None:
    elsewhere = token_of(sign_in(strict, "dongsheng-office-head"))
    bound = enrol(strict, clock, "dongsheng-office-head")
    assert with_token(strict, bound.token, "GET", "/hazards").status == 200
    assert not is_alive(strict, elsewhere)
    again = sign_in(strict, "dongsheng-office-head", code=clock.code(bound.secret))
    assert again.body["pending"] is None


def test_a_sign_in_takes_password_and_code_and_says_which_is_missing_only_after_the_password(
    registry: Registry, clock: Clock
) -> None:
    bound = enrol(registry, clock, "jungar-section")
    assert sign_in(registry, bound.login, "不对", code=clock.code(bound.secret)).code == "sign_in_failed"
    missing = sign_in(registry, bound.login)
    assert (missing.status, missing.code) == (401, "second_factor_required")
    wrong = sign_in(registry, bound.login, code="000000")
    assert (wrong.status, wrong.code) == (401, "second_factor_failed")
    assert sign_in(registry, bound.login, code=clock.code(bound.secret)).status == 201


def test_a_code_counts_once_and_none_of_before_it(registry: Registry, clock: Clock) -> None:
    bound = enrol(registry, clock, "jungar-inspector1")
    now, before = clock.code(bound.secret), clock.code(bound.secret, steps=-1)
    assert sign_in(registry, bound.login, code=now).status == 201
    assert sign_in(registry, bound.login, code=now).code == "second_factor_failed"
    assert sign_in(registry, bound.login, code=before).code == "second_factor_failed"
    clock.next_step()
    assert sign_in(registry, bound.login, code=clock.code(bound.secret)).status == 201


def test_a_telephone_may_be_half_a_minute_off_and_no_more(registry: Registry, clock: Clock) -> None:
    bound = enrol(registry, clock, "dongsheng-clerk")
    for _ in range(3):
        clock.next_step()
    assert sign_in(registry, bound.login, code=clock.code(bound.secret, steps=-2)).code == "second_factor_failed"
    assert sign_in(registry, bound.login, code=clock.code(bound.secret, steps=2)).code == "second_factor_failed"
    assert sign_in(registry, bound.login, code=clock.code(bound.secret, steps=-1)).status == 201
    assert sign_in(registry, bound.login, code=clock.code(bound.secret, steps=1)).status == 201


def test_a_recovery_code_stands_in_once(registry: Registry, clock: Clock, watch: Watch) -> None:
    bound = enrol(registry, clock, "jungar-head")
    assert len(set(bound.recovery_codes)) == 10
    first, second = bound.recovery_codes[:2]
    assert sign_in(registry, bound.login, code=first).status == 201
    assert sign_in(registry, bound.login, code=first).code == "second_factor_failed"
    assert sign_in(registry, bound.login, code=second.lower().replace("-", " ")).status == 201
    used = (
        "SELECT count(*) FROM audit_event e JOIN account a ON a.id = e.account_id"
        " WHERE e.event = 'account:recovery_code:used' AND a.login_name = 'jungar-head'"
    )
    assert watch.value(used) == 2


def test_a_recovery_code_proves_nobody_at_a_step_up(registry: Registry, clock: Clock) -> None:
    bound = enrol(registry, clock, "dongsheng-section")
    sent = {"content_sha256": "0" * 64, "code": bound.recovery_codes[0]}
    assert with_token(registry, bound.token, "POST", "/session/step-ups", sent).code == "step_up_failed"


def test_binding_anew_replaces_the_old_one_only_once_confirmed(registry: Registry, clock: Clock) -> None:
    bound = enrol(registry, clock, "dongsheng-deputy")
    sent = {"password": SAMPLE_PASSWORD, "code": clock.code(bound.secret)}
    again = with_token(registry, bound.token, "POST", "/session/second-factor", sent)
    assert again.status == 201
    clock.next_step()
    assert sign_in(registry, bound.login, code=clock.code(bound.secret)).status == 201
    wrong = with_token(registry, bound.token, "POST", "/session/second-factor/confirmation", {"code": "000000"})
    assert (wrong.status, wrong.code) == (409, "second_factor_failed")
    clock.next_step()
    secret = again.body["secret"]
    sent = {"code": clock.code(secret)}
    assert with_token(registry, bound.token, "POST", "/session/second-factor/confirmation", sent).status == 201
    twice = with_token(registry, bound.token, "POST", "/session/second-factor/confirmation", sent)
    assert (twice.status, twice.code) == (409, "no_enrolment_waiting")
    clock.next_step()
    assert sign_in(registry, bound.login, code=clock.code(bound.secret)).code == "second_factor_failed"
    assert sign_in(registry, bound.login, code=bound.recovery_codes[3]).code == "second_factor_failed"
    assert sign_in(registry, bound.login, code=clock.code(secret)).status == 201


def test_password_and_sign_in_alone_replace_no_second_factor(registry: Registry, clock: Clock, watch: Watch) -> None:
    bound = enrol(registry, clock, "dongsheng-head")
    tries: tuple[tuple[dict[str, str], str], ...] = (
        ({}, "step_up_code_needed"),
        ({"code": "000000"}, "step_up_failed"),
        ({"code": clock.code(bound.secret), "password": "不对"}, "step_up_failed"),
    )
    for proof, code in tries:
        with watch.unchanged():
            sent = {"password": SAMPLE_PASSWORD, **proof}
            refused = with_token(registry, bound.token, "POST", "/session/second-factor", sent)
        assert (refused.status, refused.code) == (409, code)


def test_whoever_lost_the_telephone_binds_another_with_a_recovery_code_once(registry: Registry, clock: Clock) -> None:
    bound = enrol(registry, clock, "jungar-inspector2")
    sent = {"password": SAMPLE_PASSWORD, "code": bound.recovery_codes[0]}
    assert with_token(registry, bound.token, "POST", "/session/second-factor", sent).status == 201
    again = with_token(registry, bound.token, "POST", "/session/second-factor", sent)
    assert (again.status, again.code) == (409, "step_up_failed")


def test_a_wrong_password_binds_nothing(registry: Registry, watch: Watch) -> None:
    token = token_of(sign_in(registry, "city-clerk2"))
    with watch.unchanged():
        refused = with_token(registry, token, "POST", "/session/second-factor", {"password": "不对"})
    assert (refused.status, refused.code) == (409, "step_up_failed")


def test_what_was_shown_once_is_neither_shown_again_nor_kept(registry: Registry, watch: Watch) -> None:
    token = token_of(sign_in(registry, "city-clerk1"))
    key = {"Idempotency-Key": "shown-in-one-answer-alone"}
    sent = {"password": SAMPLE_PASSWORD}
    shown = with_token(registry, token, "POST", "/session/second-factor", sent, **key)
    assert shown.body["otpauth_uri"].startswith("otpauth://totp/")
    again = with_token(registry, token, "POST", "/session/second-factor", sent, **key)
    assert (again.status, again.code) == (409, "already_done")
    secret = base64.b32decode(shown.body["secret"])
    kept = watch.rows("SELECT secret, algorithm, key_id FROM second_factor")
    assert kept
    assert all(secret not in row["secret"] and row["algorithm"] == "AES-256-GCM" for row in kept)
    words = [shown.body["secret"], *shown.body["recovery_codes"]]
    for table in watch.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
        for word in words:
            statement = f"SELECT count(*) FROM {table['tablename']} t WHERE t::text LIKE %(words)s"
            assert watch.value(statement, words=f"%{word}%") == 0, table


def test_a_sealed_secret_opens_for_its_owner_use_and_key_alone() -> None:
    vault = Vault(IDENTITY_KEY.encode())
    sealed = vault.seal("second-factor", 1, b"secret")
    assert vault.open("second-factor", 1, sealed) == b"secret"
    changed = Sealed(sealed.algorithm, sealed.key_id, sealed.value[:-1] + bytes([sealed.value[-1] ^ 1]))
    attempts = [
        (vault, "second-factor", 2, sealed),
        (vault, "recovery-code", 1, sealed),
        (Vault(b"another key of thirty-two bytes!"), "second-factor", 1, sealed),
        (vault, "second-factor", 1, changed),
    ]
    for opener, label, owner, box in attempts:
        with pytest.raises(CannotBeOpened):
            opener.open(label, owner, box)
    assert vault.digest("a", "x") != vault.digest("b", "x")
