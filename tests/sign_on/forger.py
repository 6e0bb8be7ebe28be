"""An issuer of our own that says whatever a test wants: its keys, its tokens and everybody's forgeries of them."""

import base64
import hmac
import json
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

ISSUER = "https://sign-on.example"
AUDIENCE = "qingling"
NONCE = "nonce-of-this-sign-on"
NOW = 1_800_000_000

RSA = RSAKey.generate_key(2048, {"kid": "rsa-1", "use": "sig"})
EC = ECKey.generate_key("P-256", {"kid": "ec-1", "use": "sig"})
ED = OKPKey.generate_key("Ed25519", {"kid": "ed-1", "use": "sig"})
STRANGER = RSAKey.generate_key(2048, {"kid": "rsa-1", "use": "sig"})
"""Another's key under the same id."""


def jwks(*keys: RSAKey | ECKey | OKPKey) -> dict[str, Any]:
    """The public keys as the issuer publishes them."""
    return dict(KeySet(list(keys) or [RSA, EC, ED]).as_dict(private=False))


def claims(**changed: Any) -> dict[str, Any]:
    """What a good token says; a claim of None is left out."""
    said = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "subject-1",
        "iat": NOW - 5,
        "exp": NOW + 300,
        "nonce": NONCE,
        **changed,
    }
    return {name: value for name, value in said.items() if value is not None}


def token(
    said: dict[str, Any], *, alg: str = "RS256", key: RSAKey | ECKey | OKPKey | None = None, header: Any = None
) -> str:
    """A token signed as asked."""
    signers: dict[str, RSAKey | ECKey | OKPKey] = {"RS256": RSA, "ES256": EC, "EdDSA": ED, "Ed25519": ED}
    signer = key or signers[alg]
    return jwt.encode({"alg": alg, "kid": signer.kid, **(header or {})}, said, signer, [alg])


def unsigned(said: dict[str, Any], alg: str = "none") -> str:
    """Nobody's signature."""
    return f"{_part({'alg': alg, 'typ': 'JWT', 'kid': 'rsa-1'})}.{_part(said)}."


def signed_with_the_public_key(said: dict[str, Any]) -> str:
    """HS256, its secret the issuer's public key, which everybody has: the classic confusion."""
    signed = f"{_part({'alg': 'HS256', 'typ': 'JWT', 'kid': 'rsa-1'})}.{_part(said)}"
    mac = hmac.digest(RSA.as_pem(private=False), signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def _part(document: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()
