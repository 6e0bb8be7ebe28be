"""The committed tree as the architecture tests read it: parsed sources, text files, violations."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

REPOSITORY = Path(__file__).resolve().parents[2]

# What .gitignore leaves out, and the fetched or built; nobody commits it.
_NOT_OURS = frozenset(
    {".git", ".venv", ".qingling", "node_modules", "dist", "build", "__pycache__"}
    | {".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".import_linter_cache", ".grimp_cache"}
)

# Below this many files a rule has lost its subject, not won.
_AT_LEAST = {"app": 60, "tests": 40, "migrations": 8}


@dataclass(frozen=True)
class Source:
    """One Python file: its path from the repository's root, its text, its syntax tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        """The file's stem, `router` of `app/hazards/router.py`."""
        return PurePosixPath(self.path).stem

    @property
    def lines(self) -> int:
        """Lines as an editor counts them."""
        return len(self.text.splitlines())


@dataclass(frozen=True)
class Violation:
    """Where a rule is broken and how; prints as `path:line what`."""

    path: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.what}"


def source(path: str, text: str) -> Source:
    """A source from text, so that a test can plant a violation without a file."""
    return Source(path, text, ast.parse(text, filename=path))


@cache
def sources(folder: str) -> tuple[Source, ...]:
    """Every Python file under the folder; fails when there are suspiciously few."""
    paths = [path for path in _walk(REPOSITORY / folder) if path.suffix == ".py"]
    assert len(paths) >= _AT_LEAST[folder], f"{folder}: only {len(paths)} Python files scanned"
    return tuple(source(path.relative_to(REPOSITORY).as_posix(), path.read_text("utf-8")) for path in sorted(paths))


def text_files() -> Iterator[tuple[str, str]]:
    """Path and text of every file that could be committed and is text."""
    for path in sorted(_walk(REPOSITORY)):
        content = path.read_bytes()
        if b"\0" not in content[:8192] and path.name != "uv.lock":
            yield path.relative_to(REPOSITORY).as_posix(), content.decode("utf-8")


def report(violations: Iterable[Violation]) -> str:
    """All violations, one a line; empty when there is none."""
    return "\n".join(str(violation) for violation in violations)


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method, nested ones too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def body_without_docstring(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.stmt]:
    """The function's statements after its docstring."""
    return node.body if ast.get_docstring(node) is None else node.body[1:]


def dotted(node: ast.AST) -> str:
    """`a.b.c` of a name or an attribute chain; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        owner = dotted(node.value)
        return f"{owner}.{node.attr}" if owner else ""
    return ""


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Every call with the last part of what is called: `values` of `update(x).values(…)`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            yield (function.attr if isinstance(function, ast.Attribute) else dotted(function)), node


def imported_as(tree: ast.Module) -> dict[str, str]:
    """What each imported name stands for: `{"now": "time.time"}` of `from time import time as now`."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update({alias.asname or alias.name.partition(".")[0]: _module(alias) for alias in node.names})
        elif isinstance(node, ast.ImportFrom):
            names.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
    return names


def resolved(node: ast.AST, names: dict[str, str]) -> str:
    """The dotted name with its first part replaced by what it was imported as."""
    first, dot, rest = dotted(node).partition(".")
    return names.get(first, first) + dot + rest


def strings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every string that runs (docstrings left out), with its line; an f-string's values read as `{}`."""
    documentation = {id(node) for node in _docstrings(tree)}
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield node.lineno, "".join(_text(part) for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation | inside:
            yield node.lineno, node.value


def _module(alias: ast.alias) -> str:
    return alias.name if alias.asname else alias.name.partition(".")[0]


def _text(part: ast.expr) -> str:
    return part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else "{}"


def _docstrings(tree: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value


def _walk(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name in _NOT_OURS or path.name.endswith(".egg-info") or path.is_symlink():
            continue
        if path.is_dir():
            yield from _walk(path)
        else:
            yield path
