"""The key that signs tree heads: Ed25519 in memory; a device is another signer of the same protocol.

The signature's library is imported by who signs or verifies: a process that only serves does neither.
"""

import hashlib
from typing import Final, Protocol

ED25519: Final = "ed25519"
_SEED_BYTES: Final = 32


class HeadSigner(Protocol):
    """Signs with one key; an SM2 device is another implementation of this, with its own `algorithm`."""

    @property
    def algorithm(self) -> str:
        """The signature's name in heads and keys."""

    @property
    def public_key(self) -> bytes:
        """What verifies."""

    def sign(self, message: bytes) -> bytes:
        """The signature over exactly these bytes."""


class Ed25519Signer:
    """A key in this process's memory (RFC 8032)."""

    algorithm = ED25519

    def __init__(self, seed: bytes) -> None:
        """`seed`: the 32 secret bytes."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 - see the module

        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = self._private.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""
        return self._private.sign(message)


def key_id_of(public_key: bytes) -> str:
    """SHA-256 of the public key, in hexadecimal: nobody can claim another key under the same name."""
    return hashlib.sha256(public_key).hexdigest()


def is_signed(algorithm: str, public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature is that key's over these bytes; False for an algorithm this program does not know."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - see the module
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415 - see the module

    if algorithm != ED25519:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def ed25519_from(text: str) -> Ed25519Signer:
    """The signer of a key kept as 64 hexadecimal digits; ValueError for anything else."""
    seed = bytes.fromhex(text.strip())
    if len(seed) != _SEED_BYTES:
        raise ValueError("an Ed25519 key has 32 bytes")
    return Ed25519Signer(seed)
