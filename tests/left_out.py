"""Says at the end of a run which tests their marker left out, how many, and which command runs them."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

WHERE = {"proof": "make check", "system": "make check-system", "tools": "make check", "long": "make long"}
_COUNTS = pytest.StashKey[Counter[str]]()


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    if items:
        counts = items[0].config.stash.setdefault(_COUNTS, Counter())
        counts.update(name for item in items for name in WHERE if item.get_closest_marker(name))


def pytest_sessionfinish(session: pytest.Session) -> None:
    told = getattr(session.config, "workeroutput", None)
    if told is not None:
        counts: Counter[str] = session.config.stash.get(_COUNTS, Counter())
        told["left_out"] = dict(counts)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    # Every worker collects everything, so any one of them knows the whole count.
    node.config.stash[_COUNTS] = Counter(getattr(node, "workeroutput", {}).get("left_out", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for name, count in sorted(terminalreporter.config.stash.get(_COUNTS, Counter()).items()):
        terminalreporter.write_line(f"left out: {count} marked {name}; `{WHERE[name]}` runs them")
