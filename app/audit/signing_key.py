"""The key that signs tree heads: Ed25519 from a file or a setting; a device is another signer of the same protocol."""

import hashlib
import os
import secrets
from pathlib import Path
from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from app.infrastructure.settings import Settings, SettingsRefused, generated_key

ED25519: Final = "ed25519"
KEY_FILE: Final = "audit.key"
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
    if algorithm != ED25519:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def signer_of(settings: Settings) -> HeadSigner:
    """The registry's signer: QINGLING_AUDIT_KEY, else `keys/audit.key` of the data folder, made there once (0600)."""
    if settings.security.audit_key is not None:
        return _signer(settings.security.audit_key.get_secret_value())
    return _signer(generated_key(settings.data_dir, KEY_FILE))


def replace_key(settings: Settings) -> HeadSigner:
    """A new key in place of the data folder's; the old secret is gone, its public key stays listed in `audit_key`."""
    if settings.security.audit_key is not None:
        raise SettingsRefused("密钥由 QINGLING_AUDIT_KEY 指定，请在那里更换，再重新启动作业进程。")
    generated_key(settings.data_dir, KEY_FILE)
    path: Path = settings.data_dir / "keys" / KEY_FILE
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(_SEED_BYTES))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    return signer_of(settings)


def _signer(text: str) -> Ed25519Signer:
    try:
        seed = bytes.fromhex(text.strip())
    except ValueError:
        seed = b""
    if len(seed) != _SEED_BYTES:
        raise SettingsRefused(
            "审计签名密钥应为 64 位十六进制数（32 字节），请检查 QINGLING_AUDIT_KEY 或 keys/audit.key。"
        )
    return Ed25519Signer(seed)
