"""Imports beyond what `.importlinter` can say, and that its contracts see what they are for."""

import ast
import configparser
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source_tree import REPOSITORY, Source, Violation, report, source, sources

CONTRACTS = REPOSITORY / ".importlinter"
NOT_FEATURES = {"cli", "infrastructure", "jobs", "regulation", "sample", "tables"}
# Where HTTP and settings may be known inside a feature: its routes and what its routes depend on.
AT_THE_EDGE = {"router", "acting", "authentication", "dependencies", "idempotency", "refusals", "sensitive_reads"}
EDGE_ONLY = ("fastapi", "starlette", "app.infrastructure.settings", "app.infrastructure.clock")


def imports(file: Source) -> Iterator[tuple[int, str]]:
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, node.module or "."
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def outside_the_standard_library(file: Source) -> Iterator[Violation]:
    for line, module in imports(file):
        top = module.partition(".")[0]
        if top not in sys.stdlib_module_names and not f"{module}.".startswith("app.regulation."):
            yield Violation(file.path, line, f"the regulation imports {module}")


def edge_below_the_router(file: Source) -> Iterator[Violation]:
    parts = file.path.split("/")
    if len(parts) < 3 or parts[1] in NOT_FEATURES or file.name in AT_THE_EDGE:
        return
    for line, module in imports(file):
        if f"{module}.".startswith(tuple(f"{edge}." for edge in EDGE_ONLY)):
            yield Violation(file.path, line, f"{module} below the router: take it from context")


def test_the_regulation_is_standard_library_only() -> None:
    files = [file for file in sources("app") if file.path.startswith("app/regulation/")]
    assert len(files) >= 5
    assert not report(violation for file in files for violation in outside_the_standard_library(file))


def test_no_request_clock_or_settings_below_the_router() -> None:
    assert not report(violation for file in sources("app") for violation in edge_below_the_router(file))


@pytest.mark.parametrize("code", ["import sqlalchemy", "from pydantic import BaseModel", "from app.tables import Base"])
def test_a_planted_import_in_the_regulation_is_seen(code: str) -> None:
    assert list(outside_the_standard_library(source("app/regulation/guards.py", code)))
    assert not list(
        outside_the_standard_library(source("app/regulation/guards.py", "from app.regulation import facts"))
    )


@pytest.mark.parametrize("code", ["from fastapi import Request", "from app.infrastructure import settings"])
def test_a_planted_request_below_the_router_is_seen(code: str) -> None:
    assert list(edge_below_the_router(source("app/hazards/report.py", code)))
    assert not list(edge_below_the_router(source("app/hazards/router.py", code)))


def test_every_feature_folder_has_a_contract_that_lists_its_importers() -> None:
    contracts = configparser.ConfigParser(comment_prefixes=(";",))
    contracts.read_string(CONTRACTS.read_text("utf-8"))
    protected = {
        module
        for section in contracts.sections()
        for module in contracts.get(section, "protected_modules", fallback="").split()
    }
    features = {file.path.split("/")[1] for file in sources("app") if file.path.count("/") >= 2} - NOT_FEATURES
    assert {f"app.{feature}.**" for feature in features} <= protected


def test_no_contract_has_an_exception() -> None:
    assert "ignore_imports" not in CONTRACTS.read_text("utf-8")


@pytest.mark.tools
@pytest.mark.parametrize(
    ("importer", "imported", "broken"),
    [
        ("app/tables/hazards.py", "app.infrastructure.errors", "Imports go down only"),
        ("app/infrastructure/errors.py", "app.hazards.report", "Imports go down only"),
        ("app/hazards/report.py", "app.hazards.report2", "No cycles"),
        ("app/regulation/guards.py", "sqlalchemy", "standard library only"),
        ("app/tables/hazards.py", "fastapi", "The schema knows"),
        ("app/jobs/nightly.py", "app.hazards.router", "mounts a router"),
        ("app/hazards/queries.py", "app.hazards.transition", "stand below services"),
        ("app/hazards/report.py", "app.supervision.listing", "supervision: imported by"),
        ("app/worklist/queries.py", "app.exchange.feed", "exchange: imported by"),
        ("app/accounts/sign_in.py", "app.hazards.report", "hazards: the base"),
    ],
)
def test_a_planted_import_breaks_its_contract(tmp_path: Path, importer: str, imported: str, broken: str) -> None:
    assert _lint_imports(tmp_path, {}).returncode == 0
    planted = {importer: f"import {imported}\n", "app/hazards/report2.py": "import app.hazards.report\n"}
    result = _lint_imports(tmp_path, planted)
    assert result.returncode == 1
    assert [line for line in result.stdout.splitlines() if broken in line and "BROKEN" in line]


def _lint_imports(folder: Path, planted: dict[str, str]) -> subprocess.CompletedProcess[str]:
    clean = ["cli", "exchange", "infrastructure", "jobs", "regulation", "tables"]
    clean += ["accounts", "hazards", "supervision", "worklist"]
    files = {f"app/{name}/__init__.py": "" for name in clean} | {"app/__init__.py": "", "app/main.py": ""}
    modules = ["hazards/report", "hazards/router", "hazards/transition", "supervision/listing", "exchange/feed"]
    files |= {f"app/{module}.py": "" for module in [*modules, "infrastructure/errors"]} | planted
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    shutil.copy(CONTRACTS, folder)
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env={"COLUMNS": "500"})
