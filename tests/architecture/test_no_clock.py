"""No clock below the edge: `context.now` comes from `registry_now()`, and nothing else knows the time."""

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
    strings,
)

CLOCK = "app/infrastructure/clock.py"
COMMANDS = "app/cli/"
# The schema defines registry_now(), whose own body must name the database's clock.
SCHEMA = "app/tables/"

FORBIDDEN = {
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.datetime.today",
    "datetime.date.today",
    "time.time",
    "time.time_ns",
    "time.localtime",
    "time.gmtime",
}
SQL_CLOCKS = {"now", "current_timestamp", "current_date", "clock_timestamp", "localtimestamp", "transaction_timestamp"}
IN_SQL = re.compile(
    r"(?<![\w.])(now|clock_timestamp|statement_timestamp|transaction_timestamp)\(\)"
    r"|(?<!\w)(current_timestamp|current_date|localtimestamp)(?!\w)",
    re.IGNORECASE,
)


def violations(file: Source) -> Iterator[Violation]:
    if file.path == CLOCK or file.path.startswith(COMMANDS):
        return
    names = imported_as(file.tree)
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Name | ast.Attribute) and resolved(node, names) in FORBIDDEN:
            yield Violation(file.path, node.lineno, f"{resolved(node, names)}: use context.now")
    if not file.path.startswith(SCHEMA):
        yield from _database_clocks(file)


def _database_clocks(file: Source) -> Iterator[Violation]:
    for name, call in calls(file.tree):
        if name in SQL_CLOCKS and dotted(call.func).split(".")[-2:-1] == ["func"]:
            yield Violation(file.path, call.lineno, f"func.{name}(): use registry_now()")
    for line, text in strings(file.tree):
        if IN_SQL.search(text):
            yield Violation(file.path, line, "SQL reads a clock of its own: use registry_now()")


def test_nothing_below_the_edge_reads_a_clock() -> None:
    assert not report(violation for file in sources("app") for violation in violations(file))


PLANTED = [
    "import datetime\nx = datetime.datetime.now(datetime.UTC)",
    "from datetime import datetime\nx = datetime.now(UTC)",
    "from datetime import datetime as moment\nx = moment.utcnow()",
    "from datetime import date\nx = date.today()",
    "from datetime import datetime\nx = field(default_factory=datetime.now)",
    "import time\nx = time.time()",
    "from time import time\nx = time()",
    "x = func.now()",
    "x = sqlalchemy.func.current_date()",
    "x = text('SELECT now()')",
    "x = text('UPDATE letter SET sent = CURRENT_TIMESTAMP')",
]


@pytest.mark.parametrize("code", PLANTED)
def test_a_planted_clock_is_seen(code: str) -> None:
    assert list(violations(source("app/hazards/report.py", code)))


@pytest.mark.parametrize("path", [CLOCK, "app/cli/edition.py"])
def test_the_edge_may_read_the_clock(path: str) -> None:
    assert not list(violations(source(path, PLANTED[1])))


@pytest.mark.parametrize(
    "code",
    [
        "import time\nx = time.monotonic()",
        "x = context.now",
        "x = text('SELECT registry_now()')",
        "x = func.registry_now()",
        "from datetime import datetime\nx = datetime.combine(day, midnight, tzinfo=SHANGHAI)",
    ],
)
def test_measuring_a_duration_and_the_registry_clock_are_free(code: str) -> None:
    assert not list(violations(source("app/hazards/report.py", code)))
