"""What an operator may set, by QINGLING_… variables, and which combinations are refused before anything starts.

Legal numbers are no settings: they stand in the edition, with their basis. A secret may stand in a file named by
`QINGLING_<NAME>_FILE`. No message ever shows a value.
"""

import difflib
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from app.infrastructure.delivery_settings import DeliverySettings
from app.infrastructure.letter_settings import LetterSettings
from app.infrastructure.security_settings import SecuritySettings
from app.infrastructure.server_account import make_data_folder
from app.infrastructure.settings_group import PREFIX, SettingsGroup, SettingsRefused
from app.infrastructure.validation_messages import message_of

__all__ = [
    "PREFIX",
    "Settings",
    "SettingsRefused",
    "default_data_dir",
    "generated_key",
    "load_settings",
    "refuse_public_demo",
    "with_generated_keys",
]

_REGULATION: Final = Path(__file__).resolve().parents[1] / "regulation"
_CHECKOUT: Final = _REGULATION.parents[1]
_KEY_LENGTH: Final = 32
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_BYPASSING_LOGINS: Final = frozenset({"postgres", "qingling_owner", "qingling_wall", "qingling_migrate"})


def default_data_dir() -> Path:
    """`.qingling` beside pyproject.toml, else in the working directory; as root this checkout's own in /var/lib."""
    home = _CHECKOUT if (_CHECKOUT / "pyproject.toml").is_file() else Path.cwd()
    if os.geteuid() == 0:
        return Path("/var/lib/qingling") / hashlib.sha256(str(home).encode()).hexdigest()[:12]
    return home / ".qingling"


class Settings(SettingsGroup):
    """One process's settings, checked; make it with `load_settings`."""

    database_url: SecretStr | None = None
    """The application's login on a PostgreSQL of your own; without it the embedded one is started."""
    migration_database_url: SecretStr | None = None
    """The login that may become the owner: migrations, `init`, `edition load`."""
    job_database_url: SecretStr | None = None
    report_database_url: SecretStr | None = None
    data_dir: Path = Field(default_factory=default_data_dir)
    """Embedded database, evidence bytes, generated keys."""
    postgres_bin: Path | None = None
    """Folder with `initdb` and `postgres`, before those of the wheel and of the system."""
    edition: Path = _REGULATION / "editions" / "ordos-2024.toml"
    """Only the default FILE of init, edition load, check and rehearse: processes read the edition from the database."""
    area: Path = _REGULATION / "areas" / "ordos.toml"
    identity_key: SecretStr | None = None
    """Keys the digest of identity numbers; losing it makes known persons unrecognisable for ever."""
    cursor_key: SecretStr | None = None
    """Signs page cursors; derived from the identity key when absent."""
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    forwarded_allow_ips: str = "127.0.0.1"
    """Proxies whose X-Forwarded-… headers are believed."""
    session_idle_minutes: Annotated[int, Field(ge=1, le=480)] = 30
    session_max_hours: Annotated[int, Field(ge=1, le=24)] = 12
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    body_max_bytes: Annotated[int, Field(ge=1024, le=64 * 2**20)] = 2**20
    """Largest body of an ordinary request, in bytes."""
    evidence_max_bytes: Annotated[int, Field(ge=1024, le=2**30)] = 20 * 2**20
    """Largest single piece of evidence, in bytes."""
    database_pool_size: Annotated[int, Field(ge=1, le=200)] = 16
    security: SecuritySettings = Field(default_factory=SecuritySettings)
    """Passwords, second factor and what else trust stands on: a group of its own."""
    letters: LetterSettings = Field(default_factory=LetterSettings)
    """Fonts and templates of official letters: a group of its own."""
    delivery: DeliverySettings = Field(default_factory=DeliverySettings)
    """Mail, webhooks, text messages, and whom anything may be sent to: a group of its own."""

    @field_validator("database_url", "migration_database_url", "job_database_url", "report_database_url")
    @classmethod
    def _is_a_postgresql_address(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            _parsed(value)
        return value

    @field_validator("identity_key", "cursor_key")
    @classmethod
    def _is_long_enough_to_be_a_key(cls, value: SecretStr | None) -> SecretStr | None:
        text = value.get_secret_value() if value is not None else ""
        if value is not None and (len(text) < _KEY_LENGTH or len(set(text)) < _KEY_LENGTH // 4):
            raise PydanticCustomError(
                "weak_key", "密钥过短或过于简单，请用随机生成的至少 32 个字符（如 64 位十六进制）。"
            )
        return value

    @model_validator(mode="after")
    def _combination_is_safe(self) -> Self:
        for is_unsafe, sentence in _UNSAFE_COMBINATIONS:
            if is_unsafe(self):
                raise PydanticCustomError("unsafe_combination", sentence)  # type: ignore[arg-type,unused-ignore] # ours
        return self

    @property
    def uses_embedded_database(self) -> bool:
        """Whether no PostgreSQL of the operator's own is named."""
        return self.database_url is None

    def address(self, login: Literal["database", "migration_database", "job_database", "report_database"]) -> URL:
        """The address of one login, with our driver; SettingsRefused when it is not set."""
        value: SecretStr | None = getattr(self, f"{login}_url")
        if value is None:
            raise SettingsRefused(f"尚未设置 {PREFIX}{login.upper()}_URL，请填写该登录的数据库地址。")
        return _parsed(value)

    def identity_key_bytes(self) -> bytes:
        """The key of `person_digest`; SettingsRefused when it is not set."""
        if self.identity_key is None:
            raise SettingsRefused(
                f"尚未设置 {PREFIX}IDENTITY_KEY（或 {PREFIX}IDENTITY_KEY_FILE），请用随机生成的密钥，并另行妥善备份。"
            )
        return self.identity_key.get_secret_value().encode()

    def cursor_key_bytes(self) -> bytes:
        """The key that signs page cursors: the same in every process of one installation."""
        if self.cursor_key is not None:
            return self.cursor_key.get_secret_value().encode()
        return hmac.digest(self.identity_key_bytes(), b"qingling:cursor", "sha256")


def _parsed(value: SecretStr) -> URL:
    try:
        url = make_url(value.get_secret_value())
    except ArgumentError:
        url = None
    if url is None or url.drivername not in {"postgresql", "postgres", "postgresql+psycopg"}:
        raise PydanticCustomError(
            "database_address", "应为 postgresql://用户:口令@主机:端口/库名 形式的地址，请检查后重新设置。"
        )
    return url.set(drivername="postgresql+psycopg")


def _login(value: SecretStr | None) -> str | None:
    return None if value is None else _parsed(value).username


_UNSAFE_COMBINATIONS: Final[tuple[tuple[Callable[[Settings], bool], str], ...]] = (
    (
        lambda s: (
            s.database_url is None and bool(s.migration_database_url or s.job_database_url or s.report_database_url)
        ),
        "设置了迁移、作业或报表的数据库地址，却没有设置 QINGLING_DATABASE_URL，请补上应用登录的地址。",
    ),
    (
        lambda s: _login(s.database_url) in _BYPASSING_LOGINS,
        "QINGLING_DATABASE_URL 用了可以绕过行级防线的登录，请改用应用登录 qingling_app。",
    ),
    (
        lambda s: s.database_url is not None and _login(s.database_url) == _login(s.migration_database_url),
        "QINGLING_DATABASE_URL 与 QINGLING_MIGRATION_DATABASE_URL 用了同一个登录，请分别使用应用登录和迁移登录。",
    ),
    (
        lambda s: s.cursor_key is not None and s.cursor_key == s.identity_key,
        "QINGLING_CURSOR_KEY 不得与 QINGLING_IDENTITY_KEY 相同，请分别生成。",
    ),
    (
        lambda s: s.session_idle_minutes > s.session_max_hours * 60,
        "QINGLING_SESSION_IDLE_MINUTES 长于 QINGLING_SESSION_MAX_HOURS，空闲退出将永不生效，请缩短空闲时间。",
    ),
    (
        lambda s: "*" in s.forwarded_allow_ips,
        "QINGLING_FORWARDED_ALLOW_IPS 不得为 *：任何人都能冒充别的来源地址，请列出反向代理的地址。",
    ),
    (
        lambda s: s.evidence_max_bytes < s.body_max_bytes,
        "QINGLING_EVIDENCE_MAX_BYTES 小于 QINGLING_BODY_MAX_BYTES，请调大证据上限或调小请求上限。",
    ),
)


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of this process; SettingsRefused, in one sentence, for what is unknown, malformed or unsafe."""
    _refuse_unknown_variables(environ)
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = f"{PREFIX}{str(first['loc'][0]).upper()}：" if first["loc"] else ""
        raise SettingsRefused(f"{name}{message_of(first)}") from None


def _refuse_unknown_variables(environ: Mapping[str, str]) -> None:
    groups = (Settings, SecuritySettings, LetterSettings, DeliverySettings)
    known = {name for group in groups for name in group.variables()}
    for name in sorted(environ):
        if name.startswith(PREFIX) and not name.startswith(f"{PREFIX}TEST_") and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"，是否应为 {near[0]}？" if near else "，请删去。"
            raise SettingsRefused(f"不认识环境变量 {name}{hint}")


def with_generated_keys(settings: Settings) -> Settings:
    """The settings with an identity key of this data folder, made there on first use (0600) unless one is set."""
    if settings.identity_key is not None:
        return settings
    key = generated_key(settings.data_dir, "identity.key")
    return settings.model_copy(update={"identity_key": SecretStr(key)})


def generated_key(data_dir: Path, name: str) -> str:
    """32 random bytes in hexadecimal, kept in the data folder under that name: made there once (0600)."""
    folder = data_dir / "keys"
    path = folder / name
    try:
        make_data_folder(data_dir)
        folder.mkdir(mode=0o700, exist_ok=True)
        if not path.exists():
            _write_new(path, secrets.token_hex(_KEY_LENGTH))
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise SettingsRefused(
            f"无法在数据目录 {data_dir} 中读写密钥（{error.strerror}），请检查权限或另设 {PREFIX}DATA_DIR。"
        ) from error


def _write_new(path: Path, text: str) -> None:
    draft = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    try:
        # Two first starts at once must end with one key: link() refuses where rename() would replace.
        path.hardlink_to(draft)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def refuse_public_demo(settings: Settings) -> None:
    """SettingsRefused when the demo, whose sample passwords everybody can read, would listen beyond this machine."""
    if settings.host not in _LOOPBACK:
        raise SettingsRefused(
            f"演示数据的样例口令是公开的，不得在 {PREFIX}HOST 所设的非本机地址上监听，请改为 127.0.0.1。"
        )
