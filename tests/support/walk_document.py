"""Walks docs/walk-up-the-ladder.md: its `sh` blocks are commands, the `text` block after one is what they print."""

import re
import shlex
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.support.registry import Registry
from tests.support.run import REPOSITORY
from tests.support.running_demo import QINGLING

DOCUMENT: Final = REPOSITORY / "docs" / "walk-up-the-ladder.md"
_MARK: Final = "@@@"
_BLOCKS: Final = re.compile(r"^```(sh|bash|text)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_ASSIGNED: Final = re.compile(r"^([A-Z]\w*)=\$\((.*)\)$", re.DOTALL)
_VARIABLE: Final = re.compile(r"\$([A-Z]\w*)")
_SENT: Final = re.compile(r"([;:])送入收件箱 \d+")
_TIME: Final = re.compile(r"\d\d:\d\d(:\d\d(\.\d+)?(\+08:00|Z))?")


@dataclass(frozen=True, slots=True)
class Passage:
    """Commands, and what is seen."""

    commands: str
    seen: str


def passages() -> list[Passage]:
    """Of the document, in order."""
    blocks = _BLOCKS.findall(DOCUMENT.read_text(encoding="utf-8"))
    return [
        Passage(text, blocks[place + 1][1])
        for place, (language, text) in enumerate(blocks)
        if language == "sh" and blocks[place + 1][0] == "text"
    ]


def shorthand() -> str:
    """What the document defines first: the functions its commands use."""
    blocks: list[tuple[str, str]] = _BLOCKS.findall(DOCUMENT.read_text(encoding="utf-8"))
    return next(text for language, text in blocks if language == "bash")


def _without_sent(found: re.Match[str]) -> str:
    return "" if found[1] == ";" else ":没有到期事项"


def comparable(output: str) -> list[str]:
    """The lines without times of day, nor what a night sent: a demo's own worker may have sent it a minute before."""
    return [_TIME.sub("…", _SENT.sub(_without_sent, line)).rstrip() for line in output.splitlines()]


def commands(text: str) -> Iterator[str]:
    """One by one; a command goes on while a quote or a parenthesis is open."""
    held = ""
    for line in text.splitlines():
        held = f"{held}\n{line}" if held else line
        if held.count("'") % 2 == 0 and held.count("$(") == held.count(")") - held.count("()"):
            yield held
            held = ""


def walked_in_bash(address: str, environment: Mapping[str, str], folder: Path) -> list[str]:
    """What each passage printed in a shell beside a running demo, typed as it stands."""
    typed = shorthand().replace("http://127.0.0.1:8000", address).replace("uv run qingling", str(QINGLING))
    steps = "".join(f"echo {_MARK}\n{each.commands}" for each in passages())
    ended = subprocess.run(
        ["/bin/bash", "-c", f"{typed}\n{steps}"],
        cwd=folder,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stderr == "", ended.stdout + ended.stderr
    return ended.stdout.split(f"{_MARK}\n")[1:]


@dataclass
class Walker:
    """Does in this process what the document's functions do with curl."""

    registry: Registry
    qingling: Callable[..., str]
    folder: Path
    variables: dict[str, str] = field(default_factory=dict)
    who: str = ""

    def walk(self, text: str) -> str:
        """What the commands print."""
        return "".join(f"{said}\n" for each in commands(text) if (said := self._command(each)))

    def _command(self, text: str) -> str:
        assigned = _ASSIGNED.match(text)
        if assigned:
            self.variables[assigned[1]] = self._pipe(assigned[2])
            return ""
        return self._pipe(text)

    def _pipe(self, text: str) -> str:
        words = [_VARIABLE.sub(lambda found: self.variables[found[1]], word) for word in shlex.split(text)]
        if "|" not in words:
            return self._plain(*words)
        bar = words.index("|")
        return picked(self._asked(*words[:bar]), words[bar + 2 :])

    def _plain(self, name: str, *words: str) -> str:
        if name == "as":
            (self.who,) = words
            self.registry.tokens.clear()
            return ""
        if name == "save":
            answer = self.registry.get(words[1], by=self.who)
            assert answer.status == 200, answer.body
            return bytes(answer.body[:4]).decode()
        assert name == "qingling", name
        return self.qingling(*words).rstrip("\n")

    def _asked(self, name: str, path: str, body: str = "", version: str = "") -> Any:
        if name == "look":
            answer = self.registry.get(path, by=self.who)
            assert answer.status == 200, (path, answer.body)
            return answer.body
        headers = {"If-Match": f'"{version}"'} if version else {}
        if body:
            headers["Content-Type"] = "application/json"
        answer = self.registry.call("POST", path, by=self.who, content=body.encode(), headers=headers)
        assert answer.status == 201, (path, answer.body)
        return answer.body


def picked(found: Any, names: list[str]) -> str:
    """What `pick` prints."""
    rows = found[names[0][:-2]] if names[0].endswith("[]") else [found]
    return "\n".join(" ".join(_at(row, name) for name in names if not name.endswith("[]")) for row in rows)


def _at(value: Any, path: str) -> str:
    for name in path.split("."):
        value = value[int(name)] if isinstance(value, list) else value[name]
    return "-" if value is None else str(value)
