"""A provider, or somebody in its place, that forges: nobody is signed in, and everyone is told the same."""

import asyncio
import base64
import time
from collections.abc import Iterator
from typing import Any, cast

import pytest
from joserfc.jwk import RSAKey

from app.infrastructure.clock import machine_seconds
from app.sign_on.provider import Proof, Provider
from tests.sign_on import forger
from tests.sign_on.conftest import CLIENT_ID, Browser, bind, sign_on_settings
from tests.sign_on.providers import Change, Forging, forging_provider
from tests.support.cluster import TestDatabase
from tests.support.registry import API, Registry, open_registry, ordinary_settings

SUBJECT = "subject-1"
YEARS = 10 * 365 * 24 * 3600


@pytest.fixture(scope="module")
def provider() -> Iterator[Forging]:
    with forging_provider() as forging:
        yield forging


@pytest.fixture(scope="module")
def registry(database: TestDatabase, provider: Forging, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    security = ordinary_settings(**sign_on_settings(provider.issuer)).security
    with open_registry(database, tmp_path_factory.mktemp("data"), security=security) as opened:
        bind(opened, "dongsheng-head", provider.issuer, SUBJECT)
        yield opened


def sign_on(registry: Registry, provider: Forging, forge: Change | None = None) -> Any:
    """One whole sign-on, the token made by `forge`."""
    registry.client.cookies.clear()
    browser = Browser(registry)
    begun = browser.begin()
    provider.reset(begun["nonce"])
    if forge is not None:
        provider.forge = forge
    return browser.come_back(code="a-code", state=begun["state"])


def saying(**changed: Any) -> Change:
    """A well-signed token that says something else."""

    def forge(said: dict[str, Any]) -> str:
        changes = {name: value(said) if callable(value) else value for name, value in changed.items()}
        return forger.token({name: value for name, value in {**said, **changes}.items() if value is not None})

    return forge


FORGERIES: dict[str, Change] = {
    "alg none": forger.unsigned,
    "HS256 with the public key": forger.signed_with_the_public_key,
    "a stranger's key": lambda said: forger.token(said, key=forger.STRANGER),
    "a key brought along": lambda said: forger.token(
        said, key=forger.STRANGER, header={"jwk": forger.STRANGER.as_dict(private=False)}
    ),
    "keys elsewhere": lambda said: forger.token(
        said, key=forger.STRANGER, header={"jku": "http://127.0.0.1:1/keys", "x5u": "http://127.0.0.1:1/chain"}
    ),
    "a key id that climbs": lambda said: forger.token(said, header={"kid": "../../../etc/passwd"}),
    "an access token": lambda said: forger.token(said, header={"typ": "at+jwt"}),
    "a payload exchanged": lambda said: _with_payload_of(forger.token(said), forger.unsigned({**said, "sub": "other"})),
    "wrong nonce": saying(nonce="another-nonce"),
    "no nonce": saying(nonce=None),
    "wrong audience": saying(aud="another-client"),
    "no audience": saying(aud=None),
    "foreign issuer": saying(iss="https://elsewhere.example"),
    "no issuer": saying(iss=None),
    "expired": saying(iat=lambda said: said["iat"] - 7200, exp=lambda said: said["iat"] - 3600),
    "no expiry": saying(exp=None),
    "ten years of life": saying(exp=lambda said: said["iat"] + YEARS),
    "no time of issue": saying(iat=None),
    "not yet": saying(nbf=lambda said: said["iat"] + 3600),
    "issued tomorrow": saying(iat=lambda said: said["iat"] + 86400, exp=lambda said: said["iat"] + 90000),
    "no subject": saying(sub=None),
    "an unknown subject": saying(sub="subject-2"),
    "a mail address, known or not": saying(
        sub="someone-else", email="dongsheng-head", preferred_username="dongsheng-head"
    ),
    "no token": lambda _said: "",
    "no text": cast("Change", lambda _said: None),
}


def _with_payload_of(token: str, other: str) -> str:
    parts = token.split(".")
    return ".".join([parts[0], other.split(".")[1], parts[2]])


def test_a_good_token_signs_in_and_the_verifier_matches_its_challenge(registry: Registry, provider: Forging) -> None:
    assert sign_on(registry, provider).status_code == 201
    sent = provider.exchanged[0]
    assert (sent["grant_type"], sent["client_id"]) == ("authorization_code", CLIENT_ID)
    assert len(base64.urlsafe_b64decode(sent["code_verifier"] + "=")) == 32


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_a_forgery_signs_nobody_in_and_says_nothing(registry: Registry, provider: Forging, forge: Change) -> None:
    answer = sign_on(registry, provider, forge)
    assert answer.status_code == 401, answer.text
    body = {name: value for name, value in answer.json().items() if name != "instance"}
    assert body == {
        "type": "/problems/sign_on_failed",
        "title": "尚未登录",
        "status": 401,
        "code": "sign_on_failed",
        "detail": "单点登录没有成功。",
        "remedy": "请从登录入口重新开始;多次失败的,请联系系统管理员。",
    }
    assert "set-cookie" not in answer.headers


def test_a_way_back_is_used_once_even_where_the_provider_takes_a_code_twice(
    registry: Registry, provider: Forging
) -> None:
    registry.client.cookies.clear()
    browser = Browser(registry)
    begun = browser.begin()
    cookies = dict(registry.client.cookies)
    provider.reset(begun["nonce"])
    assert browser.come_back(code="a-code", state=begun["state"]).status_code == 201
    registry.client.cookies.update(cookies)
    assert browser.come_back(code="a-code", state=begun["state"]).status_code == 401


async def _rotated(provider: Forging) -> str:
    """A provider's own view of a rotation between two sign-ons."""
    settings = ordinary_settings(**sign_on_settings(provider.issuer)).security
    ours = Provider(settings, machine_seconds, refetch_seconds=0)
    proof = Proof("one-nonce", "v" * 43)
    provider.reset(proof.nonce)
    await ours.signed_on("a-code", proof)
    rotated = RSAKey.generate_key(2048, {"kid": "rsa-2", "use": "sig"})
    provider.keys = forger.jwks(rotated)
    provider.forge = lambda said: forger.token(said, key=rotated)
    return (await ours.signed_on("a-code", proof)).subject


def test_rotated_keys_are_fetched_and_believed(provider: Forging) -> None:
    assert asyncio.run(_rotated(provider)) == SUBJECT


def test_keys_are_kept_and_asked_for_again_once_when_a_new_one_signs(registry: Registry, provider: Forging) -> None:
    rotated = RSAKey.generate_key(2048, {"kid": "rsa-2", "use": "sig"})
    assert sign_on(registry, provider).status_code == 201
    assert "/keys" not in provider.asked
    unknown = sign_on(registry, provider, lambda said: forger.token(said, key=rotated))
    assert unknown.status_code == 401
    flooded = [sign_on(registry, provider, lambda said: forger.token(said, key=rotated)) for _ in range(3)]
    assert {answer.status_code for answer in flooded} == {401}
    # No token makes the registry ask for keys more often than once a minute.
    assert provider.asked.count("/keys") == 0


@pytest.mark.parametrize("status", [302, 400, 401, 404, 500])
def test_an_exchange_that_fails_or_leads_elsewhere_signs_nobody_in(
    registry: Registry, provider: Forging, status: int
) -> None:
    def broken(said: dict[str, Any]) -> str:
        provider.status, provider.headers = status, {"Location": "http://127.0.0.1:1/elsewhere"}
        return forger.token(said)

    assert sign_on(registry, provider, broken).status_code == 401


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://elsewhere.example"},
        {"token_endpoint": "http://169.254.169.254/latest/meta-data"},
        {"jwks_uri": "https://elsewhere.example/keys"},
        {"authorization_endpoint": "https://elsewhere.example/authorize"},
        {"token_endpoint": "file:///etc/passwd"},
        {"token_endpoint": None},
        {"padding": "x" * 300_000},
    ],
    ids=lambda metadata: str(metadata)[:60],
)
def test_metadata_that_leads_elsewhere_sends_nobody_anywhere(
    database: TestDatabase, provider: Forging, tmp_path_factory: pytest.TempPathFactory, metadata: dict[str, Any]
) -> None:
    provider.metadata = metadata
    security = ordinary_settings(**sign_on_settings(provider.issuer)).security
    with open_registry(database, tmp_path_factory.mktemp("fresh"), security=security) as fresh:
        answer = fresh.client.get(f"{API}/session/sign-on", follow_redirects=False)
    provider.metadata = {}
    assert (answer.status_code, answer.json()["code"]) == (503, "sign_on_unavailable")


def test_a_provider_that_is_away_is_told_and_counts_as_no_sign_on(
    database: TestDatabase, tmp_path_factory: pytest.TempPathFactory
) -> None:
    security = ordinary_settings(**sign_on_settings("http://127.0.0.1:1")).security
    with open_registry(database, tmp_path_factory.mktemp("away"), security=security) as away:
        started = time.monotonic()
        answer = away.client.get(f"{API}/session/sign-on", follow_redirects=False)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "30"
    assert time.monotonic() - started < 10
