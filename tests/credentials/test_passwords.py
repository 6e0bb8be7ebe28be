"""口令: under the operator's policy, changed by their holder alone, never the one before."""

import itertools
from pathlib import Path

import pytest

from app.cli.demo_city import SAMPLE_PASSWORD
from tests.api.watching import Watch
from tests.credentials.clock import Clock
from tests.credentials.people import NEW_PASSWORD, is_alive, sign_in, token_of, with_token
from tests.personnel import staff
from tests.support.cluster import TestDatabase
from tests.support.registry import Registry, open_registry, ordinary_settings

UNFIT = [
    ("Sh0rt-one", {"password_too_short"}),
    ("onlylowercaseletters", {"password_too_few_classes"}),
    ("JUNGAR-clerk-2026", {"password_contains_login"}),
    ("aA1aA1aA1aA1aA1", {"password_too_simple"}),
    ("aaa", {"password_too_short", "password_too_few_classes", "password_too_simple"}),
    (SAMPLE_PASSWORD, {"password_used_before"}),
]


def change(registry: Registry, token: str, old: str, new: str) -> tuple[int, dict[str, object]]:
    answer = with_token(registry, token, "POST", "/session/password", {"password": old, "new_password": new})
    return answer.status, answer.body


@pytest.mark.parametrize(("password", "rules"), UNFIT)
def test_a_new_password_that_does_not_fit_is_refused_naming_every_unmet_rule(
    registry: Registry, watch: Watch, password: str, rules: set[str]
) -> None:
    token = registry.sign_in("jungar-clerk")
    with watch.unchanged():
        status, body = change(registry, token, SAMPLE_PASSWORD, password)
    assert status == 422
    errors = body["errors"]
    assert isinstance(errors, list)
    assert {one["code"] for one in errors} == rules
    assert {one["pointer"] for one in errors} == {"/new_password"}
    assert all(one["message"].endswith("。") for one in errors)
    assert password not in str(body)


def test_the_old_password_is_proved_before_a_new_one_is_looked_at(registry: Registry, watch: Watch) -> None:
    token = registry.sign_in("jungar-office-head")
    with watch.unchanged():
        status, body = change(registry, token, "记错了", NEW_PASSWORD)
    assert (status, body["code"]) == (409, "step_up_failed")
    assert sign_in(registry, "jungar-office-head").status == 201


def test_a_changed_password_ends_every_other_sign_in_and_the_old_one_is_nobodys(registry: Registry) -> None:
    elsewhere = token_of(sign_in(registry, "coal-principal"))
    here = token_of(sign_in(registry, "coal-principal"))
    assert change(registry, here, SAMPLE_PASSWORD, NEW_PASSWORD)[0] == 201
    assert is_alive(registry, here)
    assert not is_alive(registry, elsewhere)
    assert sign_in(registry, "coal-principal").code == "sign_in_failed"
    assert sign_in(registry, "coal-principal", NEW_PASSWORD).status == 201


def test_the_last_passwords_do_not_come_back_and_the_one_before_them_may(
    prepared: TestDatabase, tmp_path: Path
) -> None:
    security = ordinary_settings(password_history=2).security
    with open_registry(prepared, tmp_path, security=security) as two_kept:
        token = token_of(sign_in(two_kept, "coal-controller"))
        passwords = [SAMPLE_PASSWORD, *(f"Wells-and-tents-{number}" for number in range(3))]
        for old, new in itertools.pairwise(passwords):
            assert change(two_kept, token, old, new)[0] == 201
        for earlier in passwords[1:]:
            status, body = change(two_kept, token, passwords[-1], earlier)
            assert (status, body["code"]) == (422, "password_used_before")
        assert change(two_kept, token, passwords[-1], passwords[0])[0] == 201


def test_an_initial_password_opens_nothing_but_its_change(registry: Registry, watch: Watch) -> None:
    someone = staff.register(registry, "starts-today")
    department = staff.organisation(registry, "东胜区应急管理局")
    staff.appoint(registry, someone.person, staff.post(registry, department, "新任检查岗"))
    answer = sign_in(registry, someone.login, staff.INITIAL_PASSWORD)
    assert answer.body["pending"] == "password_change"
    token = token_of(answer)
    with watch.unchanged():
        for method, path in (
            ("GET", "/hazards"),
            ("GET", "/worklist"),
            ("GET", "/sessions"),
            ("POST", "/session/appointment"),
            ("POST", "/session/second-factor"),
            ("POST", "/session/step-ups"),
            ("POST", "/hazards"),
        ):
            refused = with_token(registry, token, method, path, None if method == "GET" else {})
            assert (refused.status, refused.code) == (403, "sign_in_incomplete"), (method, path, refused.body)
            assert refused.body["facts"] == {"pending": "password_change"}
    assert with_token(registry, token, "GET", "/session").body["pending"] == "password_change"
    assert change(registry, token, staff.INITIAL_PASSWORD, NEW_PASSWORD)[1]["pending"] is None
    assert with_token(registry, token, "GET", "/hazards").status == 200


def test_a_password_older_than_ninety_days_must_be_changed_at_the_next_sign_in(
    strict: Registry, registry: Registry, clock: Clock
) -> None:
    assert sign_in(strict, "chemical-safety-head").body["pending"] is None
    clock.advance(days=90, minutes=1)
    too_old = sign_in(strict, "chemical-safety-head")
    assert too_old.body["pending"] == "password_change"
    assert sign_in(registry, "chemical-safety-head").body["pending"] is None
    assert change(strict, token_of(too_old), SAMPLE_PASSWORD, NEW_PASSWORD)[0] == 201
    assert sign_in(strict, "chemical-safety-head", NEW_PASSWORD).body["pending"] is None


def test_no_password_stands_anywhere_in_the_database(registry: Registry, watch: Watch) -> None:
    token = token_of(sign_in(registry, "jungar-deputy"))
    kept_nowhere = "Never-kept-anywhere-2026"
    sent = {"password": SAMPLE_PASSWORD, "new_password": kept_nowhere}
    key = {"Idempotency-Key": "password-kept-nowhere"}
    for _ in range(2):
        assert with_token(registry, token, "POST", "/session/password", sent, **key).status == 201
    for table in watch.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
        statement = f"SELECT count(*) FROM {table['tablename']} t WHERE t::text LIKE %(words)s"
        found = watch.value(statement, words=f"%{kept_nowhere}%")
        assert found == 0, table
