"""What an operator sets wrongly is refused before anything starts, in one sentence that shows no secret."""

import os
import stat
from pathlib import Path

import pytest

from app.infrastructure.security_settings import SecuritySettings
from app.infrastructure.settings import (
    Settings,
    SettingsRefused,
    default_data_dir,
    load_settings,
    refuse_public_demo,
    with_generated_keys,
)

KEY = "0123456789abcdef0123456789abcdef"
APP = "postgresql://qingling_app:app-password@db.example/qingling"
MIGRATE = "postgresql://qingling_migrate:migrate-password@db.example/qingling"
REFUSED_VARIABLES = [
    ({"QINGLING_FORWARDED_ALLOW_IPS": "*"}, "QINGLING_FORWARDED_ALLOW_IPS 不得为 *"),
    ({"QINGLING_DATABSE_URL": APP}, "QINGLING_DATABASE_URL"),
    ({"QINGLING_PORT": "80800"}, "QINGLING_PORT：应不大于 65535"),
    ({"QINGLING_PORT": "eighty"}, "QINGLING_PORT：应为整数"),
    ({"QINGLING_LOG_LEVEL": "loud"}, "QINGLING_LOG_LEVEL：只能填写"),
    ({"QINGLING_DATABASE_URL": "mysql://a:app-password@b/c"}, "QINGLING_DATABASE_URL：应为 postgresql://"),
    ({"QINGLING_DATABASE_URL": "app-password"}, "QINGLING_DATABASE_URL：应为 postgresql://"),
    ({"QINGLING_IDENTITY_KEY": "app-password"}, "QINGLING_IDENTITY_KEY：密钥过短"),
    ({"QINGLING_IDENTITY_KEY": "a" * 64}, "QINGLING_IDENTITY_KEY：密钥过短或过于简单"),
    ({"QINGLING_MIGRATION_DATABASE_URL": MIGRATE}, "没有设置 QINGLING_DATABASE_URL"),
    ({"QINGLING_DATABASE_URL": MIGRATE}, "可以绕过行级防线"),
    ({"QINGLING_DATABASE_URL": "postgresql://postgres:app-password@b/c"}, "可以绕过行级防线"),
    ({"QINGLING_DATABASE_URL": APP, "QINGLING_MIGRATION_DATABASE_URL": APP}, "用了同一个登录"),
    ({"QINGLING_IDENTITY_KEY": KEY, "QINGLING_CURSOR_KEY": KEY}, "不得与 QINGLING_IDENTITY_KEY 相同"),
    ({"QINGLING_SESSION_IDLE_MINUTES": "120", "QINGLING_SESSION_MAX_HOURS": "1"}, "空闲退出将永不生效"),
    ({"QINGLING_PASSWORD_MIN_LENGTH": "4"}, "QINGLING_PASSWORD_MIN_LENGTH：应不小于 8"),
    ({"QINGLING_SECOND_FACTOR": "off"}, "QINGLING_SECOND_FACTOR：只能填写"),
    ({"QINGLING_SECOND_FACTORS": "optional"}, "QINGLING_SECOND_FACTOR"),
    ({"QINGLING_SECURITY": "{}"}, "不认识环境变量 QINGLING_SECURITY"),
    ({"QINGLING_PORT_FILE": "port"}, "不认识环境变量 QINGLING_PORT_FILE"),
    ({"QINGLING_EVIDENCE_MAX_BYTES": "2048"}, "小于 QINGLING_BODY_MAX_BYTES"),
]


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("QINGLING_")]:
        monkeypatch.delenv(name)


def settings_from(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return load_settings()


def test_nothing_set_starts_the_embedded_database_on_this_machine_only(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_from(monkeypatch)
    assert settings.uses_embedded_database
    assert settings.host == "127.0.0.1"
    assert settings.data_dir == default_data_dir()


@pytest.mark.parametrize(("variables", "sentence"), REFUSED_VARIABLES)
def test_an_unsafe_or_malformed_setting_is_refused_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], sentence: str
) -> None:
    with pytest.raises(SettingsRefused) as refusal:
        settings_from(monkeypatch, **variables)
    assert sentence in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert "app-password" not in str(refusal.value)
    assert KEY not in str(refusal.value)


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings_from(monkeypatch, QINGLING_PORT="", QINGLING_DATABASE_URL="").port == 8000


def test_a_secret_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    assert (
        settings_from(monkeypatch, QINGLING_IDENTITY_KEY_FILE=str(tmp_path / "key")).identity_key_bytes()
        == KEY.encode()
    )


def test_a_secret_given_twice_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY)
    with pytest.raises(SettingsRefused, match="不能同时设置"):
        settings_from(monkeypatch, QINGLING_IDENTITY_KEY=KEY, QINGLING_IDENTITY_KEY_FILE=str(tmp_path / "key"))


def test_a_secret_file_that_cannot_be_read_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match="QINGLING_IDENTITY_KEY_FILE 所指的文件无法读取"):
        settings_from(monkeypatch, QINGLING_IDENTITY_KEY_FILE=str(tmp_path / "missing"))


def test_an_address_gets_our_driver_and_keeps_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    url = settings_from(monkeypatch, QINGLING_DATABASE_URL=APP).address("database")
    assert (url.drivername, url.username, url.host) == ("postgresql+psycopg", "qingling_app", "db.example")


def test_an_address_that_is_needed_but_not_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsRefused, match="QINGLING_MIGRATION_DATABASE_URL"):
        settings_from(monkeypatch).address("migration_database")


def test_without_an_identity_key_no_person_can_be_recognised(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsRefused, match="QINGLING_IDENTITY_KEY"):
        settings_from(monkeypatch).identity_key_bytes()


def test_the_cursor_key_derives_from_the_identity_key_without_being_it(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_from(monkeypatch, QINGLING_IDENTITY_KEY=KEY)
    assert settings.cursor_key_bytes() == settings.cursor_key_bytes() != settings.identity_key_bytes()


def test_the_generated_key_is_private_and_survives_a_second_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = settings_from(monkeypatch, QINGLING_DATA_DIR=str(tmp_path / "data"))
    first, second = with_generated_keys(settings), with_generated_keys(settings)
    assert first.identity_key_bytes() == second.identity_key_bytes()
    (key,) = (tmp_path / "data" / "keys").iterdir()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_a_key_that_is_set_is_never_replaced_by_a_generated_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = settings_from(monkeypatch, QINGLING_IDENTITY_KEY=KEY, QINGLING_DATA_DIR=str(tmp_path / "data"))
    assert with_generated_keys(settings).identity_key_bytes() == KEY.encode()
    assert not (tmp_path / "data").exists()


def test_a_data_folder_that_cannot_be_made_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    settings = settings_from(monkeypatch, QINGLING_DATA_DIR=str(tmp_path / "file" / "data"))
    with pytest.raises(SettingsRefused, match="QINGLING_DATA_DIR"):
        with_generated_keys(settings)


def test_the_demo_with_its_public_passwords_listens_on_this_machine_only(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_public_demo(settings_from(monkeypatch))
    with pytest.raises(SettingsRefused, match="样例口令是公开的"):
        refuse_public_demo(settings_from(monkeypatch, QINGLING_HOST="0.0.0.0"))  # noqa: S104 - the refused case


def test_secrets_do_not_show_in_the_settings_text(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = repr(settings_from(monkeypatch, QINGLING_DATABASE_URL=APP, QINGLING_IDENTITY_KEY=KEY))
    assert KEY not in shown
    assert "app-password" not in shown


def test_the_second_factor_is_required_and_passwords_are_those_of_level_three_unless_somebody_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    security = settings_from(monkeypatch).security
    assert (security.second_factor, security.password_min_length, security.password_classes) == ("required", 12, 3)
    assert settings_from(monkeypatch, QINGLING_SECOND_FACTOR="optional").security.second_factor == "optional"


def test_no_group_has_more_than_25_settings() -> None:
    assert len(Settings.model_fields) <= 25
    assert len(SecuritySettings.model_fields) <= 25
