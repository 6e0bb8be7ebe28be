"""单点登录与第二因素: whoever has one shows a code, or its provider proves one; removed identities end sign-ins."""

from collections.abc import Iterator
from typing import Any

import pytest

from app.cli.demo_city import SAMPLE_PASSWORD
from tests.api.watching import Watch
from tests.credentials.clock import Clock
from tests.credentials.people import Enrolled, enrol, is_alive, sign_in, token_of, with_token
from tests.sign_on.conftest import Browser, bind, sign_on_settings
from tests.sign_on.providers import Forging, forging_provider
from tests.sign_on.test_forging_provider import saying, sign_on
from tests.support.cluster import TestDatabase
from tests.support.registry import Registry, open_registry, ordinary_settings

CONFIRMATION = "/session/second-factor/confirmation"
SUBJECT = "subject-1"


@pytest.fixture(scope="module")
def provider() -> Iterator[Forging]:
    with forging_provider() as forging:
        yield forging


@pytest.fixture(scope="module")
def registry(database: TestDatabase, provider: Forging, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    settings = {**sign_on_settings(provider.issuer), "sign_on_second_factor_values": "otp, urn:example:two-factors"}
    security = ordinary_settings(**settings).security
    with open_registry(database, tmp_path_factory.mktemp("data"), security=security) as opened:
        yield opened


@pytest.fixture(scope="module")
def watch(database: TestDatabase) -> Iterator[Watch]:
    with Watch.of(database) as watching:
        yield watching


@pytest.fixture
def clock(watch: Watch, registry: Registry) -> Clock:
    return Clock(watch, registry).stop()


@pytest.fixture(scope="module")
def bound(registry: Registry, watch: Watch, provider: Forging) -> Enrolled:
    """Somebody with a second factor who signs on through the provider."""
    bind(registry, "dongsheng-head", provider.issuer, SUBJECT)
    return enrol(registry, Clock(watch, registry).stop(), "dongsheng-head")


def came(registry: Registry, provider: Forging, **said: Any) -> tuple[str, Any]:
    """A whole sign-on; its token and what it still lacks."""
    answer = sign_on(registry, provider, saying(**said))
    assert answer.status_code == 201, answer.text
    return answer.json()["token"], answer.json()["pending"]


def refresh(clock: Clock, registry: Registry) -> None:
    """What was counted and kept before is long past."""
    clock.advance(hours=25)
    registry.client.cookies.clear()


def test_whoever_has_a_second_factor_shows_it_before_anything_else(
    registry: Registry, provider: Forging, bound: Enrolled, clock: Clock
) -> None:
    refresh(clock, registry)
    token, pending = came(registry, provider)
    assert pending == "second_factor_code"
    refused = with_token(registry, token, "GET", "/hazards")
    assert (refused.status, refused.code) == (403, "sign_in_incomplete")
    assert "输入动态口令" in refused.body["detail"]
    assert with_token(registry, token, "POST", "/session/second-factor", {"password": SAMPLE_PASSWORD}).status == 403
    wrong = with_token(registry, token, "POST", CONFIRMATION, {"code": "000000"})
    assert (wrong.status, wrong.code) == (409, "step_up_failed")
    right = with_token(registry, token, "POST", CONFIRMATION, {"code": clock.code(bound.secret)})
    assert (right.status, right.body["pending"]) == (201, None)
    assert with_token(registry, token, "GET", "/hazards").status == 200
    again, _ = came(registry, provider)
    assert with_token(registry, again, "POST", CONFIRMATION, {"code": clock.code(bound.secret)}).status == 409
    assert with_token(registry, again, "POST", CONFIRMATION, {"code": bound.recovery_codes[0]}).status == 201


@pytest.mark.parametrize("said", [{"amr": ["pwd", "otp"]}, {"acr": "urn:example:two-factors"}], ids=["amr", "acr"])
def test_a_second_factor_shown_at_the_provider_is_not_asked_again(
    registry: Registry, provider: Forging, bound: Enrolled, clock: Clock, said: dict[str, Any]
) -> None:
    refresh(clock, registry)
    token, pending = came(registry, provider, **said)
    assert pending is None
    assert with_token(registry, token, "GET", "/hazards").status == 200


@pytest.mark.parametrize("said", [{"amr": ["pwd"]}, {"amr": [["otp"], 7]}, {"acr": "otp,"}, {"acr": ""}])
def test_what_the_operator_did_not_name_proves_none(
    registry: Registry, provider: Forging, bound: Enrolled, clock: Clock, said: dict[str, Any]
) -> None:
    refresh(clock, registry)
    assert came(registry, provider, **said)[1] == "second_factor_code"


def test_sign_on_after_sign_on_buys_few_guesses_at_the_code_and_blocks_nobody_elsewhere(
    registry: Registry, provider: Forging, bound: Enrolled, clock: Clock
) -> None:
    refresh(clock, registry)
    for _ in range(6):
        token, _ = came(registry, provider)
        for _ in range(5):
            wrong = {"code": "000000"}
            assert with_token(registry, token, "POST", CONFIRMATION, wrong).code == "step_up_failed"
        assert not is_alive(registry, token)
    slowed = sign_on(registry, provider)
    assert (slowed.status_code, slowed.json()["code"]) == (429, "too_many_requests")
    by_password = sign_in(registry, bound.login, code=clock.code(bound.secret))
    assert by_password.status == 201, by_password.body


def test_whoever_guesses_at_the_password_slows_no_sign_on(
    registry: Registry, provider: Forging, bound: Enrolled, clock: Clock
) -> None:
    refresh(clock, registry)
    while sign_in(registry, bound.login, "不对").status != 429:
        pass
    assert came(registry, provider)[1] == "second_factor_code"


def test_a_removed_identity_ends_the_sign_ins_that_came_by_it_and_no_other(
    registry: Registry, provider: Forging
) -> None:
    identity = bind(registry, "jungar-head", provider.issuer, "subject-2")
    by_password = token_of(sign_in(registry, "jungar-head"))
    token, _ = came(registry, provider, sub="subject-2")
    assert is_alive(registry, token)
    account = with_token(registry, token, "GET", "/session").body["account_id"]
    path = f"/accounts/{account}/sign-on-identities/{identity}"
    assert registry.call("DELETE", path, by="system-admin").status == 204
    assert not is_alive(registry, token)
    assert is_alive(registry, by_password)


def test_a_browser_is_told_what_is_lacking_where_no_provider_says_anything(
    registry: Registry, provider: Forging, bound: Enrolled, clock: Clock
) -> None:
    refresh(clock, registry)
    begun = Browser(registry).begin()
    provider.reset(begun["nonce"])
    answer = Browser(registry).come_back(code="a-code", state=begun["state"])
    assert (answer.status_code, answer.json()["pending"]) == (201, "second_factor_code")
