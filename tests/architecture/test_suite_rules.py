"""What a test may not do: sleep, skip, replace our own code; and what no file may leave behind."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.source_tree import (
    Source,
    Violation,
    calls,
    dotted,
    imported_as,
    report,
    resolved,
    source,
    sources,
    text_files,
)

FORBIDDEN = {
    "time.sleep": "poll on a condition with a deadline",
    "asyncio.sleep": "poll on a condition with a deadline",
    "pytest.skip": "a test that cannot run has a marker",
    "pytest.mark.skip": "a test that cannot run has a marker",
    "pytest.mark.skipif": "a test that cannot run has a marker; only a matter of being root may say `only root …`",
    "pytest.mark.xfail": "a known fault is mended, not expected",
    "pytest.importorskip": "what a test imports is installed",
    "unittest.mock": "use the real thing",
}
POLLING = "tests/support/"
LEFT_BEHIND = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|raise NotImplementedError")


def violations(file: Source) -> Iterator[Violation]:
    names = imported_as(file.tree)
    allowed = {id(call.func) for name, call in calls(file.tree) if name == "skipif" and _is_about_root(call)}
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Attribute | ast.Name) and id(node) not in allowed:
            name = resolved(node, names)
            if name in FORBIDDEN and not (name.endswith(".sleep") and file.path.startswith(POLLING)):
                yield Violation(file.path, node.lineno, f"{dotted(node)}: {FORBIDDEN[name]}")
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("unittest.mock"):
            yield Violation(file.path, node.lineno, f"unittest.mock: {FORBIDDEN['unittest.mock']}")


def _is_about_root(call: ast.Call) -> bool:
    reasons = [word.value for word in call.keywords if word.arg == "reason"]
    return any(isinstance(reason, ast.Constant) and str(reason.value).startswith("only root") for reason in reasons)


def left_behind(path: str, text: str) -> Iterator[Violation]:
    for number, line in enumerate(text.splitlines(), 1):
        if LEFT_BEHIND.search(line):
            yield Violation(path, number, "is unfinished: finish it or open an issue")


def test_no_test_sleeps_skips_or_replaces_our_code() -> None:
    assert not report(violation for file in sources("tests") for violation in violations(file))


def test_nothing_unfinished_is_left_in_the_code() -> None:
    mine = "tests/architecture/test_suite_rules.py"
    files = [(path, text) for path, text in text_files() if path.endswith((".py", ".toml")) and path != mine]
    assert len(files) > len(sources("app"))
    assert not report(violation for path, text in files for violation in left_behind(path, text))


@pytest.mark.parametrize(
    "code",
    [
        "import time\ntime.sleep(1)",
        "from time import sleep\nsleep(1)",
        "import asyncio\nawait asyncio.sleep(1)",
        "import pytest\npytest.skip('later')",
        "import pytest\n@pytest.mark.skipif(True, reason='')\ndef test_it(): ...",
        "import pytest\n@pytest.mark.xfail\ndef test_it(): ...",
        "from unittest.mock import patch",
    ],
)
def test_a_planted_shortcut_is_seen(code: str) -> None:
    assert list(violations(source("tests/api/test_report.py", code)))


@pytest.mark.parametrize("line", ["# TODO: later", "x = 1  # FIXME", "    raise NotImplementedError"])
def test_a_planted_unfinished_line_is_seen(line: str) -> None:
    assert list(left_behind("app/hazards/report.py", line))
