"""`qingling ledger`: what scripts may rely on: JSON, exit codes, nothing but the report on standard output."""

import asyncio
import json
from importlib.resources import as_file

import pytest
from sqlalchemy.engine import make_url
from typer.testing import CliRunner, Result

from app.cli import app
from app.cli.connection import Addresses
from app.cli.demo_city import SAMPLE_PASSWORD
from app.cli.demo_ledger import take_in_sample_ledger
from tests.api.watching import Watch
from tests.exchange.ledgers import SAMPLE, TRUE_FIGURES
from tests.exchange.paper import AS_SENT, CLEAN, attest, set_clock
from tests.support.cluster import TestDatabase
from tests.support.registry import IDENTITY_KEY, ordinary_settings


@pytest.fixture
def command(registry: TestDatabase, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("QINGLING_DATABASE_URL", registry.app_url)
    monkeypatch.setenv("QINGLING_IDENTITY_KEY", IDENTITY_KEY)
    monkeypatch.setenv("QINGLING_SECOND_FACTOR", "optional")
    return CliRunner()


def run_import(command: CliRunner, name: str, *options: str) -> Result:
    with as_file(SAMPLE.joinpath(name)) as path:
        return command.invoke(app, ["ledger", "import", str(path), *options])


def run_attest(command: CliRunner, batch: int, login: str, password: str = SAMPLE_PASSWORD) -> Result:
    options = ["ledger", "attest", str(batch), "--login", login, "--password-stdin", "--json"]
    return command.invoke(app, options, input=f"{password}\n")


def test_the_year_goes_from_file_to_figures(command: CliRunner, watch: Watch) -> None:
    tried, first, second = (
        run_import(command, AS_SENT, *options) for options in (["--dry-run", "--json"], ["--json"], ["--json"])
    )
    assert [result.exit_code for result in (tried, first, second)] == [0, 0, 0]
    reports = [json.loads(result.stdout) for result in (tried, first, second)]
    assert all(list(report) == ["batch", "totals", "rows", "findings"] for report in reports)
    districts = {name: [tally["found"], tally["closed"]] for name, tally in reports[0]["totals"]["by_district"].items()}
    assert districts == TRUE_FIGURES["by_district"]
    assert reports[0]["totals"] == reports[1]["totals"] == reports[2]["totals"]
    assert [report["rows"]["skipped"] for report in reports] == [5, 5, 344]
    batch = reports[1]["batch"]
    assert [report["batch"] for report in reports] == [None, batch, batch]
    assert json.loads(run_attest(command, batch, "city-clerk1").stdout)["attested_at"] is None
    assert json.loads(run_attest(command, batch, "city-clerk2").stdout)["attested_at"]
    assert watch.value("SELECT count(*) FROM hazard WHERE state = 'closed'") == 333
    assert watch.value("SELECT count(*) FROM session WHERE revoked_at IS NULL") == 0


def test_some_rows_refused_is_exit_code_three(command: CliRunner) -> None:
    assert run_import(command, AS_SENT).exit_code == 0
    assert run_import(command, CLEAN, "--json").exit_code == 3


@pytest.mark.parametrize("name", ["ledger-2024.json", "ledger-of-no-year.xlsx"])
def test_a_file_refused_is_exit_code_two_with_a_remedy(command: CliRunner, name: str) -> None:
    result = run_import(command, name, "--json")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "请" in result.stderr


def test_a_person_refused_is_exit_code_two(command: CliRunner, watch: Watch) -> None:
    run_import(command, AS_SENT)
    batch = watch.value("SELECT id FROM legacy_batch")
    assert isinstance(batch, int)
    assert run_attest(command, batch, "city-clerk1", "wrong").exit_code == 2
    assert run_attest(command, batch, "dongsheng-inspector1").exit_code == 2
    assert run_attest(command, batch, "city-clerk1").exit_code == 0
    assert run_attest(command, batch, "city-clerk1").exit_code == 2


def test_people_read_the_figures_the_findings_and_what_comes_next(command: CliRunner) -> None:
    result = run_import(command, AS_SENT)
    for words in ("发现 339 项,销号 333 项,在办 6 项,整改率 98.2%", "公式取文件中保存的结果", "qingling ledger attest"):
        assert words in result.stdout


@pytest.mark.parametrize("confirmed", [(), ("city-clerk1",)])
def test_the_demo_starts_with_the_year_and_goes_on_where_a_first_start_was_ended(
    imported: TestDatabase, watch: Watch, confirmed: tuple[str, ...]
) -> None:
    for login in confirmed:
        attest(imported, int(str(watch.value("SELECT id FROM legacy_batch"))), login)
    addresses = Addresses(make_url(imported.app_url), None)
    for _ in range(2):
        asyncio.run(take_in_sample_ledger(ordinary_settings(), addresses, progress=lambda _message: None))
        assert watch.value("SELECT count(*) FROM hazard WHERE state = 'closed'") == 333
    assert watch.value("SELECT count(*) FROM document_confirmation") == 2


def test_a_demo_long_after_its_go_live_starts_all_the_same(imported: TestDatabase, watch: Watch) -> None:
    addresses = Addresses(make_url(imported.app_url), None)
    asyncio.run(take_in_sample_ledger(ordinary_settings(), addresses, progress=lambda _message: None))
    set_clock(imported, "2028-01-01T08:00:00+08:00")
    asyncio.run(take_in_sample_ledger(ordinary_settings(), addresses, progress=lambda _message: None))
    assert watch.value("SELECT count(*) FROM legacy_batch") == 1
