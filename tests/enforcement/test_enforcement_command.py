"""`qingling enforcement`: what scripts may rely on: JSON, exit codes, the cells at fault on standard error."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli import app
from tests.enforcement import penalties
from tests.enforcement.test_importing import a_file, row
from tests.support.registry import IDENTITY_KEY, Registry


@pytest.fixture
def command(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("QINGLING_DATABASE_URL", registry.database.app_url)
    monkeypatch.setenv("QINGLING_IDENTITY_KEY", IDENTITY_KEY)
    return CliRunner()


def run(command: CliRunner, folder: Path, content: bytes, *options: str) -> Result:
    file = folder / "处罚.xlsx"
    file.write_bytes(content)
    return command.invoke(app, ["enforcement", "import", str(file), *options])


def test_a_file_is_checked_taken_in_and_taken_in_again(command: CliRunner, tmp_path: Path) -> None:
    content = a_file(row(), row())
    results = [run(command, tmp_path, content, *options) for options in (["--check", "--json"], ["--json"], ["--json"])]
    assert [one.exit_code for one in results] == [0, 0, 0]
    reports = [json.loads(one.stdout) for one in results]
    assert [(one["new"], one["known"], one["is_recorded"]) for one in reports] == [
        (2, 0, False),
        (2, 0, True),
        (0, 2, True),
    ]


def test_a_cell_at_fault_is_exit_code_three_and_nothing_is_recorded(
    command: CliRunner, tmp_path: Path, registry: Registry
) -> None:
    before = registry.get("/enforcements?limit=200", by="city-clerk1").body["items"]
    content = a_file(row(KINDS="罚站"), row())
    refused = run(command, tmp_path, content)
    assert (refused.exit_code, refused.stdout) == (3, "")
    assert "I3 处罚种类" in refused.stderr
    checked = run(command, tmp_path, content, "--check")
    assert checked.exit_code == 3
    assert "I3 处罚种类" in checked.stdout
    assert registry.get("/enforcements?limit=200", by="city-clerk1").body["items"] == before


def test_on_the_command_line_the_deciding_organisation_must_be_named(command: CliRunner, tmp_path: Path) -> None:
    refused = run(command, tmp_path, a_file(row(ORGANISATION=None)))
    assert refused.exit_code == 3
    assert "A3 决定机关" in refused.stderr


def test_what_is_no_workbook_is_exit_code_two(command: CliRunner, tmp_path: Path) -> None:
    refused = run(command, tmp_path, b"plain text")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "请" in refused.stderr


def test_the_warnings_list_enterprises_near_the_limits(command: CliRunner, registry: Registry) -> None:
    for _ in range(3):
        penalties.recorded(registry)
    found = json.loads(command.invoke(app, ["enforcement", "warnings", "--json"]).stdout)
    assert [one["enterprise"]["name"] for one in found] == ["东胜区示例化工有限公司"]
    printed = command.invoke(app, ["enforcement", "warnings"])
    assert printed.exit_code == 0
    assert "东胜区示例化工有限公司" in printed.stdout
