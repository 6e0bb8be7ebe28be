"""`qingling …` as an operator runs it: a process of its own, its environment, its exit code."""

import functools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.support.run import REPOSITORY


@functools.cache
def _kitchen() -> subprocess.Popen[str]:
    """The process that has imported the command line, one for each worker; it ends with the worker."""
    started = subprocess.Popen(
        [sys.executable, "-m", "tests.support.command_kitchen"],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    _order(started, {"parent": os.getpid()})
    return started


def _order(kitchen: subprocess.Popen[str], said: Mapping[str, object]) -> None:
    if kitchen.stdin is None:
        raise RuntimeError("the kitchen was started without pipes")
    kitchen.stdin.write(json.dumps(said) + "\n")
    kitchen.stdin.flush()


def qingling(*arguments: str, settings: Mapping[str, str], given: str = "") -> subprocess.CompletedProcess[str]:
    """What a command said and how it ended; `settings` are all of ours that it finds, `given` its standard input."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("QINGLING_")}
    with tempfile.TemporaryDirectory() as name:
        files = {each: Path(name, each) for each in ("stdin", "stdout", "stderr")}
        for each, file in files.items():
            file.write_text(given if each == "stdin" else "", encoding="utf-8")
        order = {"arguments": arguments, "environment": kept | dict(settings)}
        kitchen = _kitchen()
        _order(kitchen, order | {each: str(file) for each, file in files.items()})
        answered = kitchen.stdout.readline() if kitchen.stdout else ""
        said = {each: file.read_text(encoding="utf-8") for each, file in files.items()}
    return subprocess.CompletedProcess(arguments, int(answered), said["stdout"], said["stderr"])
