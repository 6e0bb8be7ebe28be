"""`qingling statistics`: the API's figures in a terminal, through the report's login."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from app.cli.statistics import statistics
from app.infrastructure.errors import InvalidParameter
from app.infrastructure.settings import SettingsRefused
from app.statistics.question import Dimension
from tests.statistics.conftest import Ledger
from tests.support.registry import IDENTITY_KEY

command = typer.Typer(pretty_exceptions_enable=False)
command.command()(statistics)


@pytest.fixture(autouse=True)
def settings(ledger: Ledger, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("QINGLING_DATABASE_URL", ledger.database.app_url)
    monkeypatch.setenv("QINGLING_REPORT_DATABASE_URL", ledger.database.report_url)
    monkeypatch.setenv("QINGLING_IDENTITY_KEY", IDENTITY_KEY)
    monkeypatch.setenv("QINGLING_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")


def run(*words: str) -> Result:
    return CliRunner().invoke(command, list(words))


def test_json_is_what_the_service_answers(ledger: Ledger) -> None:
    known = "2025-01-01T00:00:00+08:00"
    result = run("--as-of", "2024-08-31", "--known-at", known, "--by", "unit", "--json")
    assert result.exit_code == 0, result.output
    printed, answered = json.loads(result.output), ledger.clearance(as_of="2024-08-31", known_at=known, by="unit")
    assert (printed["figures"], printed["lines"]) == (answered["figures"], answered["lines"])


def test_the_table_is_read_in_chinese_with_its_sum() -> None:
    result = run("--as-of", "2024-08-31", "--by", "unit,supervision")
    assert result.exit_code == 0, result.output
    for words in (
        "鄂尔多斯市重大事故隐患清零情况",
        "2024-08-31 24:00",
        "属地单元 · 督办层级",
        "东胜区",
        "鄂尔多斯市(直属)",
        "未挂牌",
        "合计",
        "清零率",
        "%",
    ):
        assert words in result.output


def test_every_dimension_heads_its_column_in_chinese() -> None:
    for dimension in Dimension:
        result = run("--as-of", "2024-08-31", "--by", dimension.value)
        assert result.exit_code == 0, result.output
        assert dimension.value not in result.output


def test_without_lines_every_figure_is_listed_with_its_definition() -> None:
    result = run("--as-of", "1999-12-31")
    assert result.exit_code == 0, result.output
    for words in ("累计排查", "存量清零率", "—", "clearance_rate v1", "0"):
        assert words in result.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--by", "colour"], "--by"),
        (["--as-of", "9999-12-31"], "--as-of"),
        (["--as-of", "2100-01-01"], "统计日不得晚于今天"),
        (["--known-at", "2024-01-01"], "--known-at"),
        (["--unit", "999999"], "属地单元"),
    ],
)
def test_a_bad_option_is_refused_in_one_chinese_sentence(words: list[str], said: str) -> None:
    refusal = run(*words).exception
    assert isinstance(refusal, InvalidParameter)
    assert said in refusal.message


def test_without_a_report_login_the_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QINGLING_REPORT_DATABASE_URL")
    refusal = run().exception
    assert isinstance(refusal, SettingsRefused)
    assert "QINGLING_REPORT_DATABASE_URL" in str(refusal)
