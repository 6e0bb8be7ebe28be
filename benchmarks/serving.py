"""The processes under load: `qingling serve` as an operator starts it, and a bare FastAPI route to compare with."""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

from benchmarks.load import CONNECTIONS

_READY_WITHIN: Final = 60.0
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_UNLIMITED: Final = {f"QINGLING_RATE_{name}": "1000000000" for name in ("SIGN_IN", "PUBLIC", "READ", "WRITE", "HEAVY")}


@dataclass(frozen=True)
class Served:
    """A process that answers on a port of this machine."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def resident_mb(self) -> float:
        """Its resident memory now, in MB (10^6 bytes)."""
        return int(_status(self.process.pid, "VmRSS")) * 1024 / 1e6

    @property
    def cpu_seconds(self) -> float:
        """Processor time it has used so far."""
        return cpu_seconds(self.process.pid)


def _status(pid: int, name: str) -> str:
    lines = Path(f"/proc/{pid}/status").read_text("ascii", "replace").splitlines()
    return next(line.split()[1] for line in lines if line.startswith(f"{name}:"))


def cpu_seconds(pid: int) -> float:
    """Processor time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def cpu_seconds_below(parent: int) -> dict[int, float]:
    """Processor time so far of every process that one started and that still runs: PostgreSQL's, of its postmaster."""
    found = {}
    for child in Path(f"/proc/{parent}/task/{parent}/children").read_text("ascii").split():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found[int(child)] = cpu_seconds(int(child))
    return found


def grown(before: dict[int, float], after: dict[int, float]) -> float:
    """Processor time between two looks, of those that were still there at the second."""
    return sum(seconds - before.get(pid, 0.0) for pid, seconds in after.items())


@contextlib.contextmanager
def qingling(environment: Mapping[str, str], log: Path, **extra: str) -> Iterator[Served]:
    """One worker of `qingling serve`."""
    port = _free_port()
    settings = {**_UNLIMITED, **environment, **extra, "QINGLING_PORT": str(port), "QINGLING_LOG_LEVEL": "info"}
    settings["QINGLING_DATABASE_POOL_SIZE"] = str(CONNECTIONS)
    command = [sys.executable, "-m", "benchmarks.worker", "serve"]
    with _served(command, {**os.environ, **settings}, log, port, "/healthz") as served:
        yield served


@contextlib.contextmanager
def bare_route(log: Path) -> Iterator[Served]:
    """A FastAPI app with one route that does nothing, under the same uvicorn options."""
    port = _free_port()
    command = [sys.executable, "-m", "benchmarks.bare_route", str(port)]
    with _served(command, dict(os.environ), log, port, "/ping") as served:
        yield served


@contextlib.contextmanager
def _served(command: list[str], environment: dict[str, str], log: Path, port: int, ready: str) -> Iterator[Served]:
    with log.open("ab") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)  # noqa: S603 - our own
    try:
        _await_ready(process, f"http://127.0.0.1:{port}{ready}", log)
        yield Served(process, port)
    finally:
        process.terminate()
        process.wait(30)


def _await_ready(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + _READY_WITHIN
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - ours
            if answer.status == HTTPStatus.OK:
                return
        time.sleep(0.1)
    raise RuntimeError(f"the server did not start: {log.read_text('utf-8', 'replace')[-2000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
