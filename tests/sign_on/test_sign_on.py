"""单点登录 through a provider from PyPI: out, back, in; and everything that must not get in."""

from collections.abc import Iterator

import pytest

from app.infrastructure.security_settings import SecuritySettings
from tests.sign_on.conftest import REDIRECT_URL, Browser, as_superuser, bind, sign_on_settings
from tests.sign_on.providers import honest_provider, signs_in
from tests.support.cluster import TestDatabase
from tests.support.registry import API, Registry, open_registry, ordinary_settings

SUBJECT = "dongsheng-head-at-the-provider"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with honest_provider() as address:
        yield address


@pytest.fixture(scope="module")
def registry(database: TestDatabase, issuer: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    security = ordinary_settings(**sign_on_settings(issuer)).security
    with open_registry(database, tmp_path_factory.mktemp("data"), security=security) as opened:
        bind(opened, "dongsheng-head", issuer, SUBJECT)
        yield opened


@pytest.fixture
def browser(registry: Registry) -> Browser:
    registry.client.cookies.clear()
    return Browser(registry)


def test_whoever_the_provider_signs_in_is_signed_in_under_their_own_post(
    registry: Registry, browser: Browser, issuer: str
) -> None:
    begun = browser.begin()
    assert begun["address"].startswith(f"{issuer}/")
    assert (begun["redirect_uri"], begun["scope"], begun["code_challenge_method"]) == (REDIRECT_URL, "openid", "S256")
    answer = browser.come_back(**signs_in(begun["url"], SUBJECT))
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    registry.tokens["through the provider"] = answer.json()["token"]
    session = registry.get("/session", by="through the provider").body
    assert session["post_kind"] == "principal_head"
    assert session["account_id"] == registry.get("/session", by="dongsheng-head").body["account_id"]
    assert registry.get("/hazards", by="through the provider").status == 200


def refused(registry: Registry, browser: Browser, **said: str) -> None:
    answer = browser.come_back(**said)
    assert (answer.status_code, answer.json()["code"]) == (401, "sign_on_failed"), answer.text
    assert set(answer.json()) == {"type", "title", "status", "instance", "code", "detail", "remedy"}
    assert not any(value in answer.text for value in said.values() if len(value) > 3)


def test_a_state_nobody_was_given_is_refused(registry: Registry, browser: Browser) -> None:
    came = signs_in(browser.begin()["url"], SUBJECT)
    refused(registry, browser, **{**came, "state": "A" * 43})
    refused(registry, browser, code=came["code"])
    refused(registry, browser, state=came["state"])
    refused(registry, browser)


def test_another_browsers_state_is_refused(registry: Registry, browser: Browser) -> None:
    came = signs_in(browser.begin()["url"], SUBJECT)
    registry.client.cookies.clear()
    refused(registry, browser, **came)
    browser.begin()
    refused(registry, browser, **came)


def test_a_way_back_is_used_once(registry: Registry, browser: Browser) -> None:
    came = signs_in(browser.begin()["url"], SUBJECT)
    cookies = dict(registry.client.cookies)
    assert browser.come_back(**came).status_code == 201
    registry.client.cookies.update(cookies)
    refused(registry, browser, **came)


def test_a_code_of_another_sign_on_is_refused(registry: Registry, browser: Browser) -> None:
    """Its nonce and its verifier are another's."""
    stolen = signs_in(browser.begin()["url"], SUBJECT)["code"]
    refused(registry, browser, code=stolen, state=browser.begin()["state"])


def test_a_code_made_up_and_a_person_who_declined_are_refused(registry: Registry, browser: Browser) -> None:
    refused(registry, browser, code="made-up-code", state=browser.begin()["state"])
    refused(registry, browser, error="access_denied", state=browser.begin()["state"])
    refused(registry, browser, code="made-up-code", iss="https://elsewhere.example", state=browser.begin()["state"])


@pytest.mark.parametrize("subject", ["nobody-knows-them", SUBJECT.upper(), "dongsheng-head", "主要负责人"])
def test_a_subject_that_nobody_bound_is_nobody_whatever_it_is_called(
    registry: Registry, browser: Browser, subject: str
) -> None:
    refused(registry, browser, **signs_in(browser.begin()["url"], subject))


def test_a_removed_binding_signs_nobody_in(registry: Registry, browser: Browser, issuer: str) -> None:
    identity = bind(registry, "dongsheng-deputy", issuer, "deputy-for-a-while")
    assert browser.come_back(**signs_in(browser.begin()["url"], "deputy-for-a-while")).status_code == 201
    listed = registry.get("/accounts?limit=200", by="system-admin").body["items"]
    account = next(one["id"] for one in listed if one["login_name"] == "dongsheng-deputy")
    path = f"/accounts/{account}/sign-on-identities"
    assert registry.call("DELETE", f"{path}/{identity}", by="system-admin").status == 204
    refused(registry, browser, **signs_in(browser.begin()["url"], "deputy-for-a-while"))
    assert registry.get(f"{path}/{identity}", by="city-auditor").body["removed_at"] is not None


def test_a_disabled_account_is_not_signed_in(registry: Registry, browser: Browser, issuer: str) -> None:
    bind(registry, "jungar-deputy", issuer, "soon-disabled")
    listed = registry.get("/accounts?limit=200", by="system-admin").body["items"]
    account = next(one["id"] for one in listed if one["login_name"] == "jungar-deputy")
    sent = {"for_cause": False, "reason": "离岗"}
    registry.post(f"/accounts/{account}/disablement", sent, by="system-admin")
    refused(registry, browser, **signs_in(browser.begin()["url"], "soon-disabled"))


def test_a_sign_on_left_lying_is_over_after_ten_minutes(registry: Registry, browser: Browser) -> None:
    came = signs_in(browser.begin()["url"], SUBJECT)
    as_superuser(registry, "UPDATE sign_on_attempt SET expires_at = registry_now() - interval '1 second'")
    refused(registry, browser, **came)


def test_nothing_secret_of_a_sign_on_is_kept(registry: Registry, browser: Browser) -> None:
    begun = browser.begin()
    kept = as_superuser(registry, "SELECT s::text FROM sign_on_attempt s")
    secrets = (begun["state"], begun["nonce"], begun["code_challenge"], *dict(registry.client.cookies).values())
    assert kept
    assert not any(secret in str(row) for secret in secrets for row in kept)


def test_only_a_system_administrator_binds_and_never_their_own(registry: Registry, issuer: str) -> None:
    own = registry.get("/session", by="system-admin").body["account_id"]
    other = registry.get("/session", by="dongsheng-section").body["account_id"]
    sent = {"issuer": issuer, "subject": "somebody"}
    refusal = registry.attempt(f"/accounts/{own}/sign-on-identities", sent, by="system-admin")
    assert refusal.code == "own_identity_not_bound"
    for by in ("security-admin", "audit-admin", "city-auditor", "dongsheng-section", "chemical-principal"):
        assert registry.attempt(f"/accounts/{other}/sign-on-identities", sent, by=by).status == 403
        assert registry.call("DELETE", f"/accounts/{other}/sign-on-identities/1", by=by).status == 403
    assert registry.get(f"/accounts/{other}/sign-on-identities", by="dongsheng-section").status == 403
    assert registry.attempt("/accounts/999999/sign-on-identities", sent, by="system-admin").status == 404


def test_a_subject_is_bound_to_one_account_and_only_of_the_configured_issuer(registry: Registry, issuer: str) -> None:
    account = registry.get("/session", by="dongsheng-section").body["account_id"]
    path = f"/accounts/{account}/sign-on-identities"
    taken = registry.attempt(path, {"issuer": issuer, "subject": SUBJECT}, by="system-admin")
    assert (taken.status, taken.code) == (409, "identity_already_bound")
    foreign = registry.attempt(path, {"issuer": "https://elsewhere.example", "subject": "x"}, by="system-admin")
    assert (foreign.status, foreign.code) == (422, "issuer_unknown")


def test_without_a_provider_there_is_no_such_way_in(
    database: TestDatabase, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with open_registry(database, tmp_path_factory.mktemp("plain")) as plain:
        for path in ("/session/sign-on", "/session/sign-on/callback?code=1&state=2"):
            answer = plain.client.get(f"{API}{path}", follow_redirects=False)
            assert (answer.status_code, answer.json()["code"]) == (404, "sign_on_not_configured")


@pytest.mark.parametrize("missing", ["sign_on_issuer", "sign_on_client_id", "sign_on_redirect_url"])
def test_half_a_configuration_is_refused_at_the_start(missing: str) -> None:
    given = {name: value for name, value in sign_on_settings("https://provider.example").items() if name != missing}
    with pytest.raises(ValueError, match="QINGLING_SIGN_ON_ISSUER"):
        SecuritySettings(**given)


@pytest.mark.parametrize("url", ["http://provider.example", "ftp://provider.example", "provider.example"])
def test_an_unprotected_provider_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        SecuritySettings(**sign_on_settings(url))
