"""What a sign-on provider's ID token must prove before anybody is signed in (OpenID Connect Core 3.1.3.7).

Nothing in the token chooses how it is checked: the algorithms are ours, the keys the configured issuer's.

What reads tokens is imported with the first one: most registries have no sign-on, and would keep some fifteen megabytes
for it.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from app.tables.sign_on import LONGEST_SUBJECT

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

ALGORITHMS: Final = ("RS256", "ES256", "EdDSA", "Ed25519")
_KEY_TYPES: Final = frozenset({"RSA", "EC", "OKP"})
_FEWEST_RSA_BITS: Final = 2048
_LEEWAY: Final = 60
_LONGEST_LIFE: Final = 24 * 3600
_LONGEST_TOKEN: Final = 16 * 1024


class TokenRefused(Exception):
    """The token proves nothing; the one argument says why, for our own log and for nobody else."""


class UnknownKey(TokenRefused):
    """No key of the issuer's has the token's key id; its keys may have been rotated since they were read."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the token must say."""

    issuer: str
    audience: str
    nonce: str
    now: int
    """Seconds since 1970, of the clock the issuer goes by."""


def keys_of(document: Mapping[str, Any]) -> "KeySet":
    """The public signature keys of a JWKS; symmetric keys, private ones and weak RSA keys are left out."""
    from joserfc.errors import JoseError  # noqa: PLC0415 - see the module
    from joserfc.jwk import KeySet  # noqa: PLC0415 - see the module

    listed = document.get("keys")
    fit = [key for key in listed if _is_fit(key)] if isinstance(listed, list) else []
    try:
        return KeySet.import_key_set({"keys": fit})
    except (JoseError, ValueError, TypeError, KeyError) as unreadable:
        raise TokenRefused("keys_unreadable") from unreadable


def _is_fit(key: object) -> bool:
    if not isinstance(key, dict) or key.get("kty") not in _KEY_TYPES or "d" in key:
        return False
    if key.get("use", "sig") != "sig":
        return False
    modulus = key.get("n", "")
    return key["kty"] != "RSA" or (isinstance(modulus, str) and len(modulus) * 6 >= _FEWEST_RSA_BITS)


@dataclass(frozen=True, slots=True)
class SignedOn:
    """Whom the provider names, and how it says they proved themselves."""

    subject: str
    methods: frozenset[str] = frozenset()
    """RFC 8176's `amr` and OpenID Connect's `acr`, as they stand in the token."""


def signed_on(token: str, keys: "KeySet", expected: Expected) -> SignedOn:
    """Whom the token names and how they signed in there; TokenRefused as `subject_of`."""
    _, claims = _signed(token, keys) if len(token) <= _LONGEST_TOKEN else ({}, {})
    return SignedOn(subject_of(token, keys, expected), _methods(claims))


def _methods(claims: Mapping[str, Any]) -> frozenset[str]:
    listed = claims.get("amr")
    said = [*(listed if isinstance(listed, list) else []), claims.get("acr")]
    return frozenset(word for word in said if isinstance(word, str))


def subject_of(token: str, keys: "KeySet", expected: Expected) -> str:
    """Whom the token names; TokenRefused, with the reason, for any other than a fresh one made for this sign-on."""
    if len(token) > _LONGEST_TOKEN:
        raise TokenRefused("too_long")
    header, claims = _signed(token, keys)
    _check(header, claims, expected)
    subject = claims["sub"]
    if not isinstance(subject, str) or not 1 <= len(subject.strip()) <= len(subject) <= LONGEST_SUBJECT:
        raise TokenRefused("subject")
    return subject


def _signed(token: str, keys: "KeySet") -> tuple[Mapping[str, Any], dict[str, Any]]:
    from joserfc import jwt  # noqa: PLC0415 - see the module
    from joserfc.errors import InvalidKeyIdError, JoseError  # noqa: PLC0415 - see the module

    if not keys.keys:
        raise UnknownKey("no_keys")
    try:
        read = jwt.decode(token, keys, ALGORITHMS)
    except InvalidKeyIdError as refused:
        raise UnknownKey("unknown_key") from refused
    except (JoseError, ValueError, TypeError, KeyError) as refused:
        raise TokenRefused("signature") from refused
    return read.header, dict(read.claims)


def _check(header: Mapping[str, Any], claims: dict[str, Any], expected: Expected) -> None:
    from authlib.oidc.core import CodeIDToken  # noqa: PLC0415 - see the module
    from joserfc.errors import JoseError  # noqa: PLC0415 - see the module

    demanded = {
        "iss": {"essential": True, "value": expected.issuer},
        "aud": {"essential": True, "value": expected.audience},
        "sub": {"essential": True},
        "exp": {"essential": True},
        "iat": {"essential": True},
        "nonce": {"essential": True},
    }
    if any(not isinstance(claims.get(name), int) or isinstance(claims.get(name), bool) for name in ("exp", "iat")):
        raise TokenRefused("times")
    wanted = {"nonce": expected.nonce, "client_id": expected.audience}
    try:
        CodeIDToken(claims, dict(header), demanded, wanted).validate(expected.now, _LEEWAY)
    except (JoseError, TypeError, ValueError, KeyError) as refused:
        raise TokenRefused("claims") from refused
    nonce = str(claims["nonce"]).encode("utf-8", "surrogatepass")
    if not hmac.compare_digest(nonce, expected.nonce.encode()) or header.get("typ", "JWT") != "JWT":
        raise TokenRefused("claims")
    if not expected.now - _LONGEST_LIFE <= claims["iat"] <= expected.now + _LEEWAY:
        raise TokenRefused("issued_at")
    if claims["exp"] - claims["iat"] > _LONGEST_LIFE:
        raise TokenRefused("lives_too_long")
