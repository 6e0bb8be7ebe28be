"""Whom an ID token proves (promise P-34): every forgery of the catalogue is refused."""

import base64
import json
from typing import Any

import pytest
from joserfc.jwk import OctKey

from app.sign_on.id_token import Expected, TokenRefused, UnknownKey, keys_of, subject_of
from tests.sign_on.forger import (
    AUDIENCE,
    EC,
    ISSUER,
    NONCE,
    NOW,
    RSA,
    STRANGER,
    claims,
    jwks,
    signed_with_the_public_key,
    token,
    unsigned,
)

EXPECTED = Expected(ISSUER, AUDIENCE, NONCE, NOW)
KEYS = keys_of(jwks())
DAY = 24 * 3600


# RFC 9864 calls it Ed25519; providers have yet to.
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
@pytest.mark.parametrize("alg", ["RS256", "ES256", "EdDSA", "Ed25519"])
def test_a_good_token_names_its_subject(alg: str) -> None:
    assert subject_of(token(claims(), alg=alg), KEYS, EXPECTED) == "subject-1"


@pytest.mark.parametrize(
    "said",
    [
        claims(iss="https://elsewhere.example"),
        claims(iss=ISSUER + "/"),
        claims(iss=None),
        claims(aud="another-client"),
        claims(aud=["another-client", "third"]),
        claims(aud=None),
        claims(aud=[AUDIENCE, "another-client"], azp="another-client"),
        claims(exp=None),
        claims(exp=NOW - 61),
        claims(exp="never"),
        claims(exp=NOW + 10 * 365 * DAY),
        claims(exp=True),
        claims(iat=None),
        claims(iat=NOW + 120),
        claims(iat=NOW - 2 * DAY, exp=NOW + 60),
        claims(nbf=NOW + 3600),
        claims(nonce=None),
        claims(nonce="another"),
        claims(nonce=["nonce-of-this-sign-on"]),
        claims(sub=None),
        claims(sub=""),
        claims(sub="   "),
        claims(sub=7),
        claims(sub="x" * 256),
    ],
    ids=str,
)
def test_a_token_that_says_something_else_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(TokenRefused):
        subject_of(token(said), KEYS, EXPECTED)


@pytest.mark.parametrize(
    "forged",
    [
        unsigned(claims()),
        unsigned(claims(), "None"),
        unsigned(claims(), "RS256"),
        signed_with_the_public_key(claims()),
        token(claims(), key=STRANGER),
        token(claims(), header={"typ": "at+jwt"}),
        token(claims()).rpartition(".")[0] + "." + token(claims(sub="subject-2")).rpartition(".")[2],
        token(claims())[:-6] + "AAAAAA",
        "",
        "not.a.token",
        "." * 2,
        "é.ü.ß",
        "x" * 20_000,
    ],
    ids=lambda forged: str(forged)[:40] or "empty",
)
def test_a_forged_token_is_refused(forged: str) -> None:
    with pytest.raises(TokenRefused):
        subject_of(forged, KEYS, EXPECTED)


@pytest.mark.parametrize("name", ["jwk", "jku", "x5u", "x5c"])
def test_a_key_the_token_brings_along_is_not_believed(name: str) -> None:
    brought = {
        "jwk": STRANGER.as_dict(private=False),
        "jku": "https://attacker.example/keys",
        "x5u": "https://attacker.example/chain",
        "x5c": ["AAAA"],
    }[name]
    with pytest.raises(TokenRefused):
        subject_of(token(claims(), key=STRANGER, header={name: brought}), KEYS, EXPECTED)


@pytest.mark.parametrize("kid", ["../../etc/passwd", "' OR 1=1 --", "rsa-2", ""])
def test_a_key_id_nobody_has_is_unknown(kid: str) -> None:
    with pytest.raises(UnknownKey):
        subject_of(token(claims(), header={"kid": kid}), KEYS, EXPECTED)


def test_symmetric_private_and_short_keys_of_an_issuer_are_left_out() -> None:
    published = jwks()["keys"] + [
        OctKey.generate_key(256, {"kid": "oct-1"}).as_dict(private=True),
        RSA.as_dict(private=True) | {"kid": "rsa-private"},
        _short_key() | {"kid": "rsa-short"},
        {"kty": "RSA", "kid": "encrypts", "use": "enc", "n": EC.kid, "e": "AQAB"},
    ]
    assert {key.kid for key in keys_of({"keys": published})} == {"rsa-1", "ec-1", "ed-1"}


def _short_key() -> dict[str, str]:
    modulus = base64.urlsafe_b64encode(b"\xc1" + b"\x55" * 127).rstrip(b"=").decode()
    return {"kty": "RSA", "n": modulus, "e": "AQAB"}


@pytest.mark.parametrize("document", [{}, {"keys": None}, {"keys": [None, 7]}, {"keys": [{"kty": "RSA"}]}])
def test_an_issuer_without_a_usable_key_proves_nobody(document: dict[str, Any]) -> None:
    assert json.dumps(document)
    with pytest.raises(TokenRefused):
        subject_of(token(claims()), keys_of(document), EXPECTED)
