"""The real application in a process of its own, which a test may kill at any moment and start again."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from tests.support.run import REPOSITORY


@dataclass
class ApplicationProcess:
    """The launcher, and the child it serves with; `deaths` are the points at which children died."""

    launcher: subprocess.Popen[str]
    port: int = 0
    deaths: list[str | None] = field(default_factory=list)

    def tell(self, do: str, **what: Any) -> Any:
        """One order to the launcher and its answer."""
        self.send({"do": do, **what})
        return self.answer()

    def send(self, order: Mapping[str, Any]) -> None:
        """One line to the launcher."""
        if self.launcher.stdin is None:
            raise RuntimeError("the launcher was started without pipes")
        self.launcher.stdin.write(json.dumps(order) + "\n")
        self.launcher.stdin.flush()

    def answer(self) -> Any:
        """One line of the launcher's."""
        said = self.launcher.stdout.readline() if self.launcher.stdout else ""
        if not said:
            raise RuntimeError("the launcher has ended; its log stands in the application's data folder")
        return json.loads(said)

    def start(self, **what: Any) -> None:
        """Serve; what is sent before the child listens waits at the port."""
        self.tell("start", **what)

    def wait_for_death(self, seconds: float = 20) -> str | None:
        """The point at which the child died; AssertionError when it lives on."""
        told = self.tell("wait", seconds=seconds)
        assert told["ended"], "the application did not die"
        self.deaths.append(told["point"])
        return self.deaths[-1]

    def kill(self) -> None:
        """SIGKILL, from outside."""
        self.deaths.append(self.tell("kill")["point"])

    def client(self) -> httpx2.Client:
        """A client of this process; a connection is used once, for the other end may be dead the next time."""
        limits = httpx2.Limits(max_keepalive_connections=0)
        return httpx2.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=30, limits=limits)


@contextlib.contextmanager
def application(database_url: str, data_dir: Path) -> Iterator[ApplicationProcess]:
    """The launcher for a database; it and its child end with this block, or with this process."""
    order = {"database_url": database_url, "data_dir": str(data_dir), "parent": os.getpid()}
    with (data_dir / "application.log").open("ab") as log:
        launcher = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.launcher"],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    with launcher:
        process = ApplicationProcess(launcher)
        # Not on the command line, which everybody on the machine may read: the address holds a password.
        process.send(order)
        process.port = process.answer()["port"]
        yield process
