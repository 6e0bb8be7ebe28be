"""Nothing committed names a machine or the host of a package index: it must build where neither exists."""

import re
from collections.abc import Iterator

import pytest

from tests.architecture.source_tree import Violation, report, text_files

# Escaped as they are, the patterns do not match themselves.
PATHS = re.compile(r"(?<![\w.~}*-])/(work|tmp|root|home|Users|private|mnt)/[\w.]")
HOSTS = re.compile(
    r"\b(pypi\.(python\.)?org|files\.pythonhosted\.org|registry\.(npmjs\.org|yarnpkg\.com|npmmirror\.com))"
    r"|\b(deb\.debian\.org|proxy\.golang\.org|tuna\.tsinghua\.|mirrors\.(aliyun|ustc|cloud)\.)"
    r"|--(extra-)?index-url|--(trusted)-host"
)


def violations(path: str, text: str) -> Iterator[Violation]:
    for number, line in enumerate(text.splitlines(), 1):
        for found in (PATHS.search(line), HOSTS.search(line)):
            if found:
                yield Violation(path, number, f"names a machine's path or a registry: {found.group()}")


def test_no_committed_file_names_a_machine_or_a_registry() -> None:
    files = [(path, text) for path, text in text_files() if path != "uv.lock"]
    assert len(files) >= 20
    assert not report(violation for path, text in files for violation in violations(path, text))


@pytest.mark.parametrize(
    "line",
    [
        "DATA = '/" + "work/data'",
        "see /" + "tmp/probe/bin",
        "cd /" + "root/project",
        "/" + "home/someone/.venv",
        "wheel = 'https://files" + ".pythonhosted.org/x.whl'",
        "pip install --extra" + "-index-url x",
        '"resolved": "https://registry' + '.npmjs.org/x.tgz"',
    ],
)
def test_a_planted_trace_is_seen(line: str) -> None:
    assert list(violations("docs/operations.md", line))


@pytest.mark.parametrize("line", ["app/work/queries.py", "the system's /tmp", "GET /home", "https://example.org/tmp"])
def test_words_that_only_look_like_a_path_are_free(line: str) -> None:
    assert not list(violations("docs/operations.md", line))
