"""What every group of settings shares: the prefix, secrets that stand in files, nothing read from files lying about."""

import os
from pathlib import Path
from typing import Any, Final, get_args

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

PREFIX: Final = "QINGLING_"


class SettingsRefused(Exception):
    """The settings do not allow a start; the message is one Chinese sentence naming the variable and the remedy."""


def _is_secret(field: FieldInfo) -> bool:
    return field.annotation is SecretStr or SecretStr in get_args(field.annotation)


class _SecretFiles(PydanticBaseSettingsSource):
    """Reads `QINGLING_<NAME>_FILE` for secrets, as container platforms hand them out."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        variable = f"{PREFIX}{field_name.upper()}"
        path = os.environ.get(f"{variable}_FILE")
        if not path or not _is_secret(field):
            return None, field_name, False
        if os.environ.get(variable):
            raise SettingsRefused(f"{variable} 与 {variable}_FILE 不能同时设置，请只保留其中一个。")
        try:
            return Path(path).read_text(encoding="utf-8").strip(), field_name, False
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsRefused(
                f"{variable}_FILE 所指的文件无法读取（{type(error).__name__}），请检查路径和读取权限。"
            ) from error

    def __call__(self) -> dict[str, Any]:
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}


class SettingsGroup(BaseSettings):
    """A group of at most 25 settings, read from `QINGLING_…` variables."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True, hide_input_in_errors=True
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic-settings passes it by name
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments before variables before secret files; nothing is read from a .env file lying about."""
        return init_settings, env_settings, _SecretFiles(settings_cls)

    @classmethod
    def variables(cls) -> set[str]:
        """The environment variables this group reads, each secret's file among them."""
        own = {name: field for name, field in cls.model_fields.items() if not _is_group(field)}
        plain = {f"{PREFIX}{name.upper()}" for name in own}
        return plain | {f"{PREFIX}{name.upper()}_FILE" for name, field in own.items() if _is_secret(field)}


def _is_group(field: FieldInfo) -> bool:
    return isinstance(field.annotation, type) and issubclass(field.annotation, SettingsGroup)
