"""One door: `app/hazards/transition.py` alone changes a hazard; the paper past may insert, never update."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.source_tree import Source, Violation, calls, dotted, report, source, sources, strings

DOOR = "app/hazards/transition.py"
PAPER_PAST = {"app/exchange/ledger_import.py", "app/exchange/ledger_attestation.py"}
# The schema's triggers and functions are the wall: they guard the row and say so in SQL.
WALL = "app/tables/"

GUARDED = {"Hazard", "hazard", "HazardTransition", "hazard_transition"}
CHANGES = re.compile(r"\b(update|delete\s+from)\s+(only\s+)?(\w+\.)?hazard(_transition)?\b", re.IGNORECASE)
INSERTS = re.compile(r"\binsert\s+into\s+(\w+\.)?hazard(_transition)?\b", re.IGNORECASE)


def violations(file: Source) -> Iterator[Violation]:
    if file.path == DOOR or file.path.startswith(WALL):
        return
    yield from _state_assigned(file)
    yield from _rows_changed(file)
    if file.path not in PAPER_PAST:
        yield from _rows_inserted(file)


def _state_assigned(file: Source) -> Iterator[Violation]:
    for node in ast.walk(file.tree):
        for target in _targets(node):
            if isinstance(target, ast.Attribute) and target.attr == "state":
                yield Violation(file.path, target.lineno, "assigns .state: only the door does")
    for name, call in calls(file.tree):
        if name == "setattr" and len(call.args) > 1 and _is_state(call.args[1]):
            yield Violation(file.path, call.lineno, "sets the attribute state: only the door does")
        if name == "values" and isinstance(call.func, ast.Attribute) and _on_an_update(call.func.value):
            yield from (Violation(file.path, call.lineno, "updates state") for _ in _state_values(call))


def _rows_changed(file: Source) -> Iterator[Violation]:
    for name, call in calls(file.tree):
        if name in {"update", "delete", "bulk_update_mappings"} and _is_guarded(call):
            yield Violation(file.path, call.lineno, f"{name} of a guarded table: only the door does")
    for line, text in strings(file.tree):
        if CHANGES.search(text):
            yield Violation(file.path, line, "changes a guarded table in SQL: only the door does")


def _rows_inserted(file: Source) -> Iterator[Violation]:
    for name, call in calls(file.tree):
        if name == "insert" and _is_guarded(call):
            yield Violation(file.path, call.lineno, "inserts into a guarded table: only the door does")
        if name in {"Hazard", "HazardTransition"}:
            yield Violation(file.path, call.lineno, f"makes a {name}: only the door does")
    for line, text in strings(file.tree):
        if INSERTS.search(text):
            yield Violation(file.path, line, "inserts into a guarded table in SQL: only the door does")


def _targets(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return node.targets
    return [node.target] if isinstance(node, ast.AugAssign | ast.AnnAssign) else []


def _is_state(node: ast.expr) -> bool:
    return (isinstance(node, ast.Constant) and node.value == "state") or dotted(node).split(".")[-1] == "state"


def _state_values(call: ast.Call) -> Iterator[ast.AST]:
    yield from (keyword for keyword in call.keywords if keyword.arg == "state")
    for argument in call.args:
        if isinstance(argument, ast.Dict):
            yield from (key for key in argument.keys if key is not None and _is_state(key))


def _on_an_update(node: ast.AST) -> bool:
    return any(name == "update" for name, _ in calls(node))


def _is_guarded(call: ast.Call) -> bool:
    names = [dotted(argument) for argument in call.args] + [dotted(call.func).rpartition(".")[0]]
    return any(set(name.removesuffix(".__table__").split(".")[-1:]) & GUARDED for name in names if name)


def test_only_the_door_changes_a_hazard() -> None:
    assert not report(violation for file in sources("app") for violation in violations(file))


PLANTED = [
    "hazard.state = State.CLOSED",
    "hazard.state: str = 'closed'",
    "setattr(hazard, 'state', 'closed')",
    "update(anything).where(x).values(state='closed')",
    "update(anything).values({'state': 'closed'})",
    "update(anything).values({Anything.state: 'closed'})",
    "update(Hazard).values(version=2)",
    "sqlalchemy.update(tables.Hazard.__table__)",
    "hazard.update().values(version=2)",
    "delete(HazardTransition)",
    "insert(hazard_transition)",
    "session.add(Hazard(id=1))",
    "session.execute(text('UPDATE hazard SET version = 1'))",
    "session.execute(text('insert into public.hazard_transition values (1)'))",
    "session.execute(text(f'DELETE FROM hazard WHERE id = {x}'))",
]


@pytest.mark.parametrize("code", PLANTED)
def test_a_planted_second_door_is_seen(code: str) -> None:
    assert list(violations(source("app/supervision/listing.py", code)))


@pytest.mark.parametrize("code", PLANTED)
def test_the_door_itself_may(code: str) -> None:
    assert not list(violations(source(DOOR, code)))


def test_the_paper_past_inserts_and_never_updates() -> None:
    path = "app/exchange/ledger_attestation.py"
    assert not list(violations(source(path, "insert(Hazard)")))
    assert list(violations(source(path, "update(Hazard)")))


@pytest.mark.parametrize(
    "code",
    [
        "state = hazard.state",
        "letter.status = 'served'",
        "request.state.context = context",
        "update(Letter).values(status='served')",
        "select(Hazard.state)",
        '"""An UPDATE hazard is the door\'s."""',
        "digest.update(hazard_bytes)",
    ],
)
def test_reading_a_state_and_changing_other_things_is_no_door(code: str) -> None:
    assert not list(violations(source("app/letters/dispatch.py", code)))
