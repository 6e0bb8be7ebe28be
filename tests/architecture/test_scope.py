"""One scope: hazards are read through `visible_hazards`, or in the few files that are the reading."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.source_tree import Source, Violation, calls, dotted, functions, report, source, sources, strings

SCOPE = {"visible_hazards", "hazard_is_visible"}
# The reading itself: the scope, the door's own first statement, and the files that build whole-table statements on
# the scope's columns. Row-level security holds beneath every one of them.
READERS = {
    "app/hazards/scope.py",
    "app/hazards/transition.py",
    "app/hazards/facts.py",
    "app/hazards/queries.py",
    "app/statistics/queries.py",
    # The verifier looks at every row there is, as an auditor; whatever it left out would be unverified.
    "app/audit_check/rows/acts.py",
    "app/audit_check/rows/documents.py",
    # The outbox asks, as the job, whom a reminder is for and of which hazard: there is no actor whose scope it had.
    "app/delivery/outbox.py",
    "app/delivery/messages.py",
    # The night asks, as the job, about everybody's hazards; a rehearsal sends the same selections under the caller's
    # own row-level security.
    "app/escalation/drafting.py",
    "app/letters/closings/drafting.py",
    "app/escalation/rehearsal.py",
    "app/escalation/night/batches.py",
    "app/escalation/night/climb.py",
    "app/escalation/night/clocks.py",
    "app/escalation/night/duties.py",
    "app/escalation/night/history.py",
    "app/escalation/night/subjects.py",
    "app/escalation/night/term.py",
    "app/escalation/night/writing.py",
}
SCHEMA = "app/tables/"
READING = {"select", "get", "get_one", "select_from", "join", "outerjoin", "query", "exists"}
IN_SQL = re.compile(r"\b(from|join)\s+(only\s+)?(\w+\.)?hazard\b", re.IGNORECASE)


def violations(file: Source) -> Iterator[Violation]:
    if file.path in READERS or file.path.startswith(SCHEMA):
        return
    inside = {id(node) for function in _scoped(file) for node in ast.walk(function)}
    for name, call in calls(file.tree):
        if name in READING and id(call) not in inside and any(map(_is_hazard, call.args)):
            yield Violation(file.path, call.lineno, "reads hazards without visible_hazards()")
    for line, text in strings(file.tree):
        if IN_SQL.search(text):
            yield Violation(file.path, line, "reads hazards in SQL without visible_hazards()")


def _scoped(file: Source) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """The functions that narrow to the scope, and the private ones that only such functions of the file call."""
    called = {node.name: {name for name, _ in calls(node)} for node in functions(file.tree)}
    scoped = {name for name, names in called.items() if names & SCOPE}
    for name in called:
        callers = {caller for caller, names in called.items() if name in names}
        if name.startswith("_") and callers and callers <= scoped:
            scoped.add(name)
    return [node for node in functions(file.tree) if node.name in scoped]


def _is_hazard(node: ast.AST) -> bool:
    return any(
        {"Hazard", "hazard"} & set(dotted(part).split(".")[:-1] or [dotted(part)]) and _is_the_table(part)
        for part in ast.walk(node)
        if isinstance(part, ast.Name | ast.Attribute)
    )


def _is_the_table(node: ast.AST) -> bool:
    """`Hazard`, `Hazard.id`, `tables.Hazard.id`, `hazard.c.id`; not `hazard` or `hazard.id`, a row in hand."""
    parts = dotted(node).split(".")
    return "Hazard" in parts or "hazard.c." in dotted(node)


def test_hazards_are_read_through_the_scope() -> None:
    assert not report(violation for file in sources("app") for violation in violations(file))


PLANTED = [
    "select(Hazard)",
    "select(Hazard.id, Site.name)",
    "select(func.count(Hazard.id))",
    "select(hazard.c.id)",
    "select(tables.Hazard.id)",
    "await session.get(Hazard, number)",
    "select(Listing).join(Hazard, Hazard.id == Listing.hazard_id)",
    "select(func.count()).select_from(Hazard)",
    "text('SELECT count(*) FROM hazard')",
    "text('select 1 from listing l join public.hazard h on h.id = l.hazard_id')",
]


@pytest.mark.parametrize("code", PLANTED)
def test_a_planted_unscoped_reading_is_seen(code: str) -> None:
    assert list(violations(source("app/worklist/queries.py", f"async def read():\n    {code}\n")))


def test_columns_made_for_a_scoped_statement_are_free() -> None:
    columns = "def _columns():\n    return select(Hazard.id)\n"
    scoped = "def listed(actor):\n    return _columns().where(hazard_is_visible(actor))\n"
    assert not list(violations(source("app/worklist/queries.py", columns + scoped)))
    assert list(violations(source("app/worklist/queries.py", columns + scoped + "def all():\n    return _columns()\n")))
    assert list(violations(source("app/worklist/queries.py", columns)))


@pytest.mark.parametrize(
    "code",
    [
        "select(Hazard.id).where(visible_hazards(actor))",
        "visible_hazards(actor).join(Hazard)",
        "select(Listing).where(Listing.hazard_id == hazard.id)",
        "rows.get(hazard.id)",
        "text('select 1 from hazard_party')",
    ],
)
def test_a_scoped_reading_and_other_tables_are_free(code: str) -> None:
    assert not list(violations(source("app/worklist/queries.py", f"async def read():\n    {code}\n")))
