"""No function is written twice: two bodies that differ only in names of variables are one function."""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator

from tests.architecture.source_tree import Source, Violation, body_without_docstring, functions, report, source, sources

# Below this many nodes two functions may look alike by chance.
WORTH_SHARING = 60
Function = ast.FunctionDef | ast.AsyncFunctionDef


def duplicates(files: Iterable[Source]) -> Iterator[Violation]:
    seen: dict[str, list[str]] = defaultdict(list)
    for alike in _of_like_nodes(files):
        for file, node in alike:
            seen[_shape(body_without_docstring(node))].append(f"{file.path}:{node.lineno} {node.name}")
    for places in seen.values():
        if len(places) > 1:
            path, _, rest = places[0].partition(":")
            line, _, name = rest.partition(" ")
            yield Violation(path, int(line), f"{name} is the same as {', '.join(places[1:])}")


def _of_like_nodes(files: Iterable[Source]) -> Iterator[list[tuple[Source, Function]]]:
    """Two or more whose bodies have the same kinds of nodes in the same order: only they can be the same."""
    found: dict[tuple[type[ast.AST], ...], list[tuple[Source, Function]]] = defaultdict(list)
    for file in files:
        for node in functions(file.tree):
            kinds = tuple(type(part) for statement in body_without_docstring(node) for part in ast.walk(statement))
            if len(kinds) >= WORTH_SHARING:
                found[kinds].append((file, node))
    return (alike for alike in found.values() if len(alike) > 1)


def _shape(body: list[ast.stmt]) -> str:
    renaming = _Renaming()
    return "\n".join(ast.dump(renaming.visit(ast.parse(ast.unparse(part)))) for part in body)


class _Renaming(ast.NodeTransformer):
    """Numbers the variables in order of appearance; what is called and which attribute is read stay."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}

    def visit_Call(self, node: ast.Call) -> ast.AST:
        node.args = [self.visit(argument) for argument in node.args]
        node.keywords = [self.visit(keyword) for keyword in node.keywords]
        if not isinstance(node.func, ast.Name):
            node.func = self.visit(node.func)
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self.names.setdefault(node.id, f"name{len(self.names)}")
        return node


def test_no_function_is_written_twice() -> None:
    assert not report(duplicates([*sources("app"), *sources("tests")]))


PLANTED = """
def {name}({rows}):
    found = []
    for row in {rows}:
        if row.level == "major" and row.closed_at is not None:
            found.append((row.unit, row.sector, row.closed_at - row.listed_at, row.level))
    if len(found) > 10:
        raise ValueError("too many rows: " + str(len(found)))
    return sorted(found, key=str)
"""


def test_a_planted_copy_under_another_name_is_seen() -> None:
    first = source("app/a.py", PLANTED.format(name="closed_by_unit", rows="rows"))
    second = source("app/b.py", PLANTED.format(name="closed_again", rows="hazards"))
    assert list(duplicates([first, second]))
    assert not list(
        duplicates([first, source("app/b.py", PLANTED.format(name="x", rows="y").replace("sorted", "set"))])
    )
