"""What every job is given: the job login's database and the settings; and the key that signs heads."""

import os
import secrets
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final

from app.audit.signing_key import HeadSigner, ed25519_from
from app.infrastructure.context import Context
from app.infrastructure.database import Database, SystemPrincipal
from app.infrastructure.settings import Settings, SettingsRefused, generated_key
from app.regulation.vocabulary import RoleClass

_KEY_FILE: Final = "audit.key"
_SEED_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Work:
    """A job's surroundings; each job opens its own transactions."""

    database: Database
    """Of the job login."""
    settings: Settings

    def transaction(self, job: str) -> AbstractAsyncContextManager[Context]:
        """One transaction as that job."""
        name = f"job {job}"
        return self.database.transaction(SystemPrincipal(RoleClass.JOB, name), request_id=name)


def signer_of(settings: Settings) -> HeadSigner:
    """The registry's signer: QINGLING_AUDIT_KEY, else `keys/audit.key` of the data folder, made there once (0600)."""
    given = settings.security.audit_key
    text = generated_key(settings.data_dir, _KEY_FILE) if given is None else given.get_secret_value()
    try:
        return ed25519_from(text)
    except ValueError:
        raise SettingsRefused(
            "审计签名密钥应为 64 位十六进制数（32 字节），请检查 QINGLING_AUDIT_KEY 或数据目录中的 keys/audit.key。"
        ) from None


def replace_key(settings: Settings) -> HeadSigner:
    """A new key in place of the data folder's; the old secret is gone, its public key stays listed in `audit_key`."""
    if settings.security.audit_key is not None:
        raise SettingsRefused("签名密钥由 QINGLING_AUDIT_KEY 指定，请在那里更换，再重新启动作业进程。")
    generated_key(settings.data_dir, _KEY_FILE)
    path = settings.data_dir / "keys" / _KEY_FILE
    draft = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(_SEED_BYTES))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    return signer_of(settings)
