"""Every exclusion from a rule gives its reason where it stands: configuration, `noqa`, `type: ignore`."""

import re
from collections.abc import Iterator

import pytest

from tests.architecture.source_tree import REPOSITORY, Violation, report, sources

# Only in a comment: the marker, its codes in brackets or after a colon, then words.
NOQA = re.compile(r"#\s*noqa(?P<codes>:\s*[A-Z]+[0-9]+(?:\s*,\s*[A-Z]+[0-9]+)*)?(?P<reason>.*)")
IGNORE = re.compile(r"#\s*type:\s*ignore(?P<codes>\[[\w\-, ]+\])?(?P<reason>.*)")
RULE = re.compile(r'^\s*"(?P<code>[A-Za-z][\w-]*)",?(?P<rest>.*)$')
WORDS = re.compile(r"\w{2,}")


def unreasoned(path: str, text: str) -> Iterator[Violation]:
    for number, line in enumerate(text.splitlines(), 1):
        for name, pattern in (("noqa", NOQA), ("type: ignore", IGNORE)):
            found = pattern.search(line)
            if found and not found["codes"]:
                yield Violation(path, number, f"{name} without a rule: name what is excluded")
            elif found and len(WORDS.findall(found["reason"])) < 1:
                yield Violation(path, number, f"{name} without a reason: say why, on the same line")


def unreasoned_rules(path: str, text: str) -> Iterator[Violation]:
    for number, line in enumerate(text.splitlines(), 1):
        found = RULE.match(line)
        if found and len(WORDS.findall(found["rest"].partition("#")[2])) < 2:
            yield Violation(path, number, f"{found['code']} is excluded without a reason")


def test_every_noqa_and_ignore_gives_its_reason() -> None:
    files = [file for folder in ("app", "tests", "migrations") for file in sources(folder)]
    mine = "tests/architecture/test_exclusions.py"
    assert not report(each for file in files if file.path != mine for each in unreasoned(file.path, file.text))


@pytest.mark.parametrize("name", ["ruff.toml", ".squawk.toml"])
def test_every_excluded_rule_gives_its_reason(name: str) -> None:
    text = (REPOSITORY / name).read_text("utf-8")
    assert sum(bool(RULE.match(line)) for line in text.splitlines()) >= 3
    assert not report(unreasoned_rules(name, text))


def test_mypy_ignores_no_error_anywhere() -> None:
    text = (REPOSITORY / "mypy.ini").read_text("utf-8")
    assert "ignore_errors" not in text
    assert "disable_error_code" not in text
    assert "exclude" not in text


@pytest.mark.parametrize(
    "line",
    [
        "x = 1  # noqa",
        "x = 1  # noqa: S603",
        "x = 1  # noqa: S603 -",
        "x = 1  # type: ignore",
        "x = 1  # type: ignore[arg-type]",
    ],
)
def test_a_planted_exclusion_without_reason_is_seen(line: str) -> None:
    assert list(unreasoned("app/hazards/report.py", line))


@pytest.mark.parametrize(
    "line",
    [
        "x = 1  # noqa: S603 - our own binary, found in our own folder",
        "x = 1  # noqa: N818, D101  not an error: an answer",
        "x = 1  # type: ignore[arg-type]  # the library's stub says str",
    ],
)
def test_an_exclusion_with_its_reason_is_free(line: str) -> None:
    assert not list(unreasoned("app/hazards/report.py", line))


def test_a_planted_rule_without_reason_is_seen() -> None:
    assert list(unreasoned_rules("ruff.toml", '  "S101",\n'))
    assert not list(unreasoned_rules("ruff.toml", '  "S101", # assert is the language\n'))
