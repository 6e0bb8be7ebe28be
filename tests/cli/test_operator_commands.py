"""The operator's commands: one clear sentence for what is refused, exit codes that scripts can trust."""

import json
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli import app, sentence_of
from app.infrastructure.errors import FieldError, InvalidInput
from app.regulation.edition import SHIPPED_EDITION
from tests.support.cluster import TestDatabase
from tests.support.command import qingling
from tests.support.registry import open_registry

KEY = "0123456789abcdef" * 4


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return qingling(*arguments, settings=variables)


def run_here(*arguments: str) -> Result:
    """In this process: a command that needs no database needs no process of its own."""
    return CliRunner().invoke(app, arguments)


def on(database: TestDatabase, folder: Path) -> dict[str, str]:
    return {
        "QINGLING_DATABASE_URL": database.app_url,
        "QINGLING_MIGRATION_DATABASE_URL": database.migrate_url,
        "QINGLING_REPORT_DATABASE_URL": database.report_url,
        "QINGLING_IDENTITY_KEY": KEY,
        "QINGLING_DATA_DIR": str(folder),
    }


def test_a_registry_is_initialised_once(fresh_database: TestDatabase, tmp_path: Path) -> None:
    where = on(fresh_database, tmp_path)
    first = run("init", "--go-live", "2026-12-01", **where)
    assert (first.returncode, "2026-12-01" in first.stdout) == (0, True), first.stderr
    again = run("init", "--go-live", "2027-01-01", **where)
    assert again.returncode == 2
    assert "已经启用" in again.stderr
    assert "Traceback" not in again.stderr
    assert run("migrate", **where).returncode == 0


def test_loading_the_same_edition_twice_is_one_edition(fresh_database: TestDatabase, tmp_path: Path) -> None:
    where = on(fresh_database, tmp_path)
    assert run("init", "--go-live", "2026-12-01", **where).returncode == 0
    loads = [run("edition", "load", **where).stdout for _ in range(2)]
    assert loads[0] == loads[1]


def test_a_database_that_does_not_answer_is_one_sentence(tmp_path: Path) -> None:
    nowhere = "postgresql://qingling_app:secret-word@127.0.0.1:1/qingling"
    ended = run(
        "init",
        "--go-live",
        "2026-12-01",
        QINGLING_DATABASE_URL=nowhere,
        QINGLING_MIGRATION_DATABASE_URL=nowhere.replace("qingling_app", "qingling_migrate"),
        QINGLING_IDENTITY_KEY=KEY,
        QINGLING_DATA_DIR=str(tmp_path),
    )
    assert ended.returncode == 1
    assert "数据库无法完成" in ended.stderr
    assert "secret-word" not in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("asked", "said"), [(("--by", "nope"), "--by:只能填写 unit"), (("--as-of", "yesterday"), "--as-of:")]
)
def test_a_bad_option_says_its_rule_and_points_to_no_list_that_is_not_shown(asked: tuple[str, str], said: str) -> None:
    ended = run("statistics", *asked)
    assert (ended.returncode, said in ended.stderr) == (2, True), ended.stderr
    assert "errors" not in ended.stderr


def test_every_field_of_a_refusal_is_told_once_with_its_own_remedy() -> None:
    fields = (FieldError("/unit", "unit_unknown", "没有这个单元。"), FieldError("/on", "date_parsing", "不是日期。"))
    assert sentence_of(InvalidInput(fields=fields)) == "提交的内容有误。unit:没有这个单元。on:不是日期。"
    assert sentence_of(InvalidInput.of_field("/unit", "unit_unknown", "没有这个单元。")) == "没有这个单元。"
    assert sentence_of(InvalidInput("code_reused", "已用过。", remedy="请换一个。")) == "已用过。请换一个。"


def test_the_roles_are_printed_without_a_password() -> None:
    printed = run_here("roles", "--sql")
    assert printed.exit_code == 0
    assert "CREATE ROLE qingling_owner" in printed.stdout
    assert "PASSWORD" not in printed.stdout


def test_a_sound_edition_passes_the_check() -> None:
    checked = run_here("edition", "check", str(SHIPPED_EDITION), "--json")
    assert checked.exit_code == 0
    assert json.loads(checked.stdout)["findings"] == []


@pytest.mark.parametrize(
    ("find", "replace"),
    [("[limits]", "[limits"), ("party = ", "partei = "), ("in_force_from = ", "in_force_form = ")],
)
def test_every_fault_of_an_edition_is_named_with_its_remedy(tmp_path: Path, find: str, replace: str) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text(SHIPPED_EDITION.read_text(encoding="utf-8").replace(find, replace, 1), encoding="utf-8")
    checked = run_here("edition", "check", str(broken), "--json")
    assert checked.exit_code == 3
    findings = json.loads(checked.stdout)["findings"]
    assert findings
    assert all(one["reason"] and one["remedy"] for one in findings)


def test_a_chain_file_with_three_levels_is_refused(tmp_path: Path) -> None:
    text = SHIPPED_EDITION.read_text(encoding="utf-8")
    start = text.index("[[chains.default.levels]]") if "[[chains.default.levels]]" in text else None
    assert start is not None, "the default chain's levels are tables of their own"
    end = text.index("[[chains.default.levels]]", start + 1)
    short = tmp_path / "short.toml"
    short.write_text(text[:start] + text[end:], encoding="utf-8")
    checked = run_here("edition", "check", str(short))
    assert checked.exit_code == 3
    assert "四级" in checked.stdout


def test_the_committed_pages_are_the_rule_books() -> None:
    assert run_here("docs", "--check").exit_code == 0


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["demo"],
        ["serve"],
        ["init"],
        ["migrate"],
        ["roles"],
        ["edition"],
        ["ledger"],
        ["statistics"],
        ["posts"],
        ["docs"],
    ],
)
def test_every_command_explains_itself(command: list[str]) -> None:
    shown = run_here(*command, "--help")
    assert shown.exit_code == 0
    assert any("\u4e00" <= character <= "\u9fff" for character in shown.stdout)


THREE = {
    kind: {
        "login_name": f"first-{number}",
        "name": f"首任管理员{number}",
        "identity_number": identity,
        "password": f"Start-here-{number}-2026",
    }
    for number, (kind, identity) in enumerate(
        {
            "system_administrator": "110101199003070417",
            "security_administrator": "110101199003070097",
            "audit_administrator": "110101199003072711",
        }.items()
    )
}


def appoint(where: dict[str, str], people: object) -> subprocess.CompletedProcess[str]:
    return qingling("account", "appoint-administrators", "--stdin", settings=where, given=json.dumps(people))


def test_the_first_three_administrators_are_appointed_once(fresh_database: TestDatabase, tmp_path: Path) -> None:
    where = on(fresh_database, tmp_path)
    assert run("init", "--go-live", "2026-12-01", **where).returncode == 0
    one_person = {kind: {**person, "identity_number": "110101199003070417"} for kind, person in THREE.items()}
    assert "不同的自然人" in appoint(where, one_person).stderr
    first = appoint(where, THREE)
    assert first.returncode == 0, first.stderr
    again = appoint(where, THREE)
    assert (again.returncode, "已经任命" in again.stderr) == (2, True)
    for said in (first, again):
        assert "110101199003070417" not in said.stdout + said.stderr
    with open_registry(fresh_database, tmp_path) as registry:
        person = {"login_name": "first-0", "password": "Start-here-0-2026"}
        answer = registry.client.post("/api/v1/session", json=person)
        assert (answer.status_code, answer.json()["pending"]) == (201, "password_change")
        headers = {"Authorization": f"Bearer {answer.json()['token']}"}
        own = {"password": person["password"], "new_password": "Chosen-by-myself-2026"}
        assert registry.client.post("/api/v1/session/password", json=own, headers=headers).status_code == 201
        assert registry.client.get("/api/v1/persons", headers=headers).status_code == 200


def test_an_edition_in_another_encoding_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "gbk.toml"
    file.write_bytes("[edition]\nname = '规则'".encode("gbk"))
    said = run("edition", "check", str(file))
    assert said.returncode == 2
    assert "UTF-8" in said.stderr
    assert "Traceback" not in said.stderr
