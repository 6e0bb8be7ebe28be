"""Secrets that must be read again stand in the database sealed: AES-256-GCM under a key that is not in it.

Every use has a key of its own, derived from the identity key by the use's label; the name of the key stands beside
what it sealed, so that a second key can live beside the first.

The ciphers are imported with their first use: few requests seal or open anything, and a worker that has not would keep
some eight megabytes of them.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Final

ALGORITHM: Final = "AES-256-GCM"
_NONCE_BYTES: Final = 12


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed secret as it is kept: nonce and ciphertext in one, with what it takes to open it."""

    algorithm: str
    key_id: str
    value: bytes


class CannotBeOpened(Exception):
    """Sealed under another key, for another owner, or changed since; what it held is not told."""


class Vault:
    """Seals, opens and digests under keys derived from one key; shows none of them."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def seal(self, label: str, owner: int, secret: bytes) -> Sealed:
        """The secret, bound to its use and its owner: moved to another's row it does not open."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - see the module

        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = AESGCM(self._derived(label)).encrypt(nonce, secret, _bound_to(label, owner))
        return Sealed(ALGORITHM, self._name(label), nonce + sealed)

    def open(self, label: str, owner: int, sealed: Sealed) -> bytes:
        """What was sealed; CannotBeOpened for another key, use, owner or a changed byte."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - see the module
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - see the module

        if (sealed.algorithm, sealed.key_id) != (ALGORITHM, self._name(label)):
            raise CannotBeOpened(f"sealed with {sealed.algorithm} under key {sealed.key_id}")
        nonce, value = sealed.value[:_NONCE_BYTES], sealed.value[_NONCE_BYTES:]
        try:
            return AESGCM(self._derived(label)).decrypt(nonce, value, _bound_to(label, owner))
        except InvalidTag as changed:
            raise CannotBeOpened(f"key {sealed.key_id} does not open it") from changed

    def digest(self, label: str, text: str) -> bytes:
        """Keyed SHA-256 of a text: compares without being readable, and without the key nobody can guess along."""
        return hmac.digest(self._derived(label), text.encode("utf-8", "surrogatepass"), "sha256")

    def _derived(self, label: str) -> bytes:
        return hmac.digest(self._key, f"qingling:vault:{label}".encode(), "sha256")

    def _name(self, label: str) -> str:
        return hashlib.sha256(b"name:" + self._derived(label)).hexdigest()[:16]


def _bound_to(label: str, owner: int) -> bytes:
    return f"{label}:{owner}".encode()
