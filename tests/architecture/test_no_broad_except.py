"""No broad except: what is caught is named; only the two outermost edges catch everything, to report it."""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.source_tree import Source, Violation, calls, dotted, report, source, sources

BROAD = {"Exception", "BaseException", "builtins.Exception"}
# The request's edge (an unknown error becomes a problem document and one log line) and the worker's (a failed job is
# recorded and the next one runs). The command line needs none: a traceback and an exit code are honest.
OUTERMOST = {"app/infrastructure/middleware.py", "app/jobs/worker.py"}


def violations(file: Source) -> Iterator[Violation]:
    if file.path in OUTERMOST:
        return
    for node in ast.walk(file.tree):
        if isinstance(node, ast.ExceptHandler) and _is_broad(node.type) and not _raises_on(node):
            yield Violation(file.path, node.lineno, "catches everything: name what is expected")
    for name, call in calls(file.tree):
        if name == "suppress" and any(map(_is_broad, call.args)):
            yield Violation(file.path, call.lineno, "suppresses everything: name what is expected")


def _raises_on(handler: ast.ExceptHandler) -> bool:
    """Whether it only tidies up: its last statement is a bare `raise`."""
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def _is_broad(node: ast.expr | None) -> bool:
    if isinstance(node, ast.Tuple):
        return any(map(_is_broad, node.elts))
    return node is None or dotted(node) in BROAD


def test_only_the_outermost_edges_catch_everything() -> None:
    assert not report(
        violation for folder in ("app", "tests") for file in sources(folder) for violation in violations(file)
    )


@pytest.mark.parametrize(
    "code",
    [
        "try:\n    act()\nexcept:\n    log()",
        "try:\n    act()\nexcept Exception:\n    log()",
        "try:\n    act()\nexcept (ValueError, BaseException) as error:\n    log()",
        "with suppress(Exception):\n    act()",
    ],
)
def test_a_planted_broad_except_is_seen(code: str) -> None:
    assert list(violations(source("app/hazards/report.py", code)))


def test_a_named_except_is_free_and_so_are_the_edges() -> None:
    assert not list(violations(source("app/hazards/report.py", "try:\n    act()\nexcept ValueError:\n    log()")))
    tidying = "try:\n    act()\nexcept BaseException:\n    tidy()\n    raise"
    assert not list(violations(source("app/hazards/report.py", tidying)))
    assert not list(violations(source("app/jobs/worker.py", "try:\n    act()\nexcept Exception:\n    log()")))
