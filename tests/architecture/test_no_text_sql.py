"""No SQL put together from text: a value reaches PostgreSQL as a parameter, a name from a mapping."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.source_tree import Source, Violation, calls, report, source, sources

# Schema, roles and policies are DDL, which takes no parameters; their text comes from our own constants, and literals
# pass a quoting function there.
SCHEMA = "app/tables/"
# The night's selections share the fragments they are made of: constants of that folder. Every value is bound.
NIGHT = "app/escalation/night/"
TAKES_SQL = {"text", "execute", "exec_driver_sql", "scalar", "scalars", "executemany", "SQL", "DDL", "literal_column"}
IN_TEXT = re.compile(
    r"\b(select\b.*\bfrom|insert\s+into|update\s+\w+\s+set|delete\s+from|truncate"
    r"|(create|alter|drop)\s+(table|role|user|policy|function|schema|database)|grant\s+\w+|set\s+(local\s+)?role)\b",
    re.IGNORECASE | re.DOTALL,
)


def violations(file: Source) -> Iterator[Violation]:
    if file.path.startswith((SCHEMA, NIGHT)):
        return
    for name, call in calls(file.tree):
        if name in TAKES_SQL and call.args and _is_put_together(call.args[0]):
            yield Violation(file.path, call.lineno, f"{name}() of text put together: bind parameters")
    for node in ast.walk(file.tree):
        if isinstance(node, ast.JoinedStr) and _has_values(node) and IN_TEXT.search(_fixed_text(node)):
            yield Violation(file.path, node.lineno, "an f-string that reads as SQL: bind parameters")


def _is_put_together(node: ast.expr) -> bool:
    if isinstance(node, ast.JoinedStr):
        return _has_values(node)
    if isinstance(node, ast.BinOp):
        return not isinstance(node.left, ast.Constant) or not isinstance(node.right, ast.Constant)
    return any(name == "format" for name, _ in calls(node))


def _has_values(node: ast.JoinedStr) -> bool:
    return any(isinstance(part, ast.FormattedValue) for part in node.values)


def _fixed_text(node: ast.JoinedStr) -> str:
    return "x".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))


def test_no_sql_is_put_together_from_text() -> None:
    assert not report(violation for file in sources("app") for violation in violations(file))


@pytest.mark.parametrize(
    "code",
    [
        "text(f'SELECT {column}')",
        "session.execute('SELECT ' + name)",
        "connection.exec_driver_sql('SET ROLE %s' % role)",
        "cursor.execute('SELECT {}'.format(name))",
        "sql.SQL(f'{name}')",
        "statement = f'INSERT INTO {table} VALUES (1)'",
        "statement = f'SELECT id FROM hazard WHERE id = {number}'",
        "statement = f'SET LOCAL ROLE {role}'",
    ],
)
def test_planted_text_sql_is_seen(code: str) -> None:
    assert list(violations(source("app/hazards/queries.py", code)))


@pytest.mark.parametrize(
    "code",
    [
        "text('SELECT id FROM site WHERE id = :id')",
        "session.execute(statement)",
        "text('SELECT id FROM site ' 'WHERE id = :id')",
        "message = f'请从 {name} 中选择'",
        "message = f'select one of {names}'",
    ],
)
def test_parameters_and_messages_are_free(code: str) -> None:
    assert not list(violations(source("app/hazards/queries.py", code)))
