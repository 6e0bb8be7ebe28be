"""What the documents promise exists: links, files, make targets; both READMEs give the same commands."""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

from tests.architecture.source_tree import REPOSITORY, Violation, report, text_files

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
OUTSIDE = re.compile(r"^[a-z]+:")
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*$", re.MULTILINE)
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
NAMED_FILE = re.compile(r"`((?:app|docs|migrations|tests|benchmarks|web|scripts)/[\w./-]+)`")
NAMED_TARGET = re.compile(r"`make ([\w-]+)`")
COMMANDS = {"", "sh", "bash", "shell", "console"}


def documents() -> list[tuple[str, str]]:
    return [(path, text) for path, text in text_files() if path.endswith(".md")]


def broken_links(path: str, text: str, root: Path) -> Iterator[Violation]:
    for found in LINK.finditer(FENCE.sub("", text)):
        target, _, anchor = (found.group(1) or found.group(2)).partition("#")
        if OUTSIDE.match(target):
            continue
        file = (root / path).parent / target if target else root / path
        if not file.exists():
            yield Violation(path, 0, f"links to {target}, which does not exist")
        elif anchor and anchor not in anchors(file.read_text("utf-8")):
            yield Violation(path, 0, f"links to {target}#{anchor}, a heading that does not exist")


def broken_names(path: str, text: str, root: Path, targets: set[str]) -> Iterator[Violation]:
    for name in NAMED_FILE.findall(text):
        if not (root / name).exists():
            yield Violation(path, 0, f"names {name}, which does not exist")
    for target in NAMED_TARGET.findall(text):
        if target not in targets:
            yield Violation(path, 0, f"names `make {target}`, which is no target")


def anchors(text: str) -> set[str]:
    """The anchors a forge makes of headings: lower case, punctuation gone, spaces to hyphens."""
    headings = HEADING.findall(FENCE.sub("", text))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands(text: str) -> list[str]:
    """Every line of every command block, comments and blank lines left out."""
    blocks = [body for language, body in FENCE.findall(text) if language in COMMANDS]
    lines = [line.partition("  #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def make_targets() -> set[str]:
    return set(re.findall(r"^([\w-]+):", (REPOSITORY / "Makefile").read_text("utf-8"), re.MULTILINE))


def test_every_link_in_every_document_resolves() -> None:
    assert len(documents()) >= 5
    assert not report(violation for path, text in documents() for violation in broken_links(path, text, REPOSITORY))


def test_every_file_and_target_a_document_names_exists() -> None:
    targets = make_targets()
    assert not report(
        violation for path, text in documents() for violation in broken_names(path, text, REPOSITORY, targets)
    )


def test_both_readmes_give_the_same_commands() -> None:
    english, chinese = (commands((REPOSITORY / name).read_text("utf-8")) for name in ("README.md", "README.zh-CN.md"))
    assert english == chinese
    assert {"pip install uv && uv run qingling demo", "pip install uv && uv run pytest"} <= set(english)


@pytest.mark.parametrize(
    "text", ["[rules](lifecycle.md)", "[rules](here.md#no-such-heading)", "[up](#nowhere)", "![board](board.png)"]
)
def test_a_planted_broken_link_is_seen(tmp_path: Path, text: str) -> None:
    (tmp_path / "here.md").write_text("# 规则 and rules\n", "utf-8")
    assert list(broken_links("here.md", text, tmp_path))


@pytest.mark.parametrize("text", ["[rules](here.md)", "[r](here.md#规则-and-rules)", "[law](https://example.org/x)"])
def test_a_link_that_resolves_is_free(tmp_path: Path, text: str) -> None:
    (tmp_path / "here.md").write_text("# 规则 and rules\n", "utf-8")
    assert not list(broken_links("here.md", text, tmp_path))


@pytest.mark.parametrize("text", ["see `app/hazards/nowhere.py`", "run `make nothing`"])
def test_a_planted_name_of_nothing_is_seen(tmp_path: Path, text: str) -> None:
    assert list(broken_names("here.md", text, tmp_path, {"check"}))


def test_commands_are_read_without_comments() -> None:
    text = "```sh\n# first\npip install uv  # once\n\nmake check\n```\n```json\n{}\n```\n"
    assert commands(text) == ["pip install uv", "make check"]


def test_decisions_are_numbered_without_gaps() -> None:
    names = [PurePosixPath(path).name for path, _ in documents() if path.startswith("docs/decisions/0")]
    assert [name[:4] for name in names] == [f"{number:04}" for number in range(1, len(names) + 1)]
    assert len(names) >= 7
