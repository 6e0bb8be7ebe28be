"""The first parameter of a service function is `context`: session, actor, instant, request id come from there."""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.source_tree import Source, Violation, report, source, sources
from tests.architecture.test_imports import AT_THE_EDGE, NOT_FEATURES

# `act` is a step inside the door: the performing of one act, which carries the context.
FIRST = {"context", "act"}
# Whoever signs in has no context yet, and a failed attempt stays counted though the caller is refused.
BEFORE_A_CONTEXT = {
    "app/sign_in/service.py": {"desk"},
    # A night is many small transactions: it opens them itself.
    "app/escalation/deeming.py": {"transactions"},
    "app/escalation/drafting.py": {"transactions"},
    "app/escalation/run.py": {"transactions"},
    "app/escalation/night/batches.py": {"transactions"},
    "app/escalation/night/clocks.py": {"transactions"},
}


def violations(file: Source) -> Iterator[Violation]:
    parts = file.path.split("/")
    if len(parts) < 3 or parts[1] in NOT_FEATURES or file.name in AT_THE_EDGE:
        return
    for node in file.tree.body:
        if isinstance(node, ast.AsyncFunctionDef) and not node.name.startswith("_"):
            names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
            if not (FIRST | BEFORE_A_CONTEXT.get(file.path, set())) & set(names[:1]):
                yield Violation(file.path, node.lineno, f"{node.name}: the first parameter is context")


def test_every_service_function_takes_the_context_first() -> None:
    files = sources("app")
    assert any(isinstance(node, ast.AsyncFunctionDef) for file in files for node in file.tree.body)
    assert not report(violation for file in files for violation in violations(file))


@pytest.mark.parametrize("parameters", ["", "session, actor", "actor, context", "*, context"])
def test_a_planted_service_without_context_is_seen(parameters: str) -> None:
    assert list(violations(source("app/hazards/report.py", f"async def report({parameters}): ...")))


@pytest.mark.parametrize(
    "code", ["async def report(context, sent): ...", "async def _row(session): ...", "def f(a): ..."]
)
def test_context_first_private_and_pure_functions_are_free(code: str) -> None:
    assert not list(violations(source("app/hazards/report.py", code)))
