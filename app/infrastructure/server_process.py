"""PostgreSQL's processes as the system shows them: starting one bound to this process, and finding one left over."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import IO

from app.infrastructure.server_account import SERVER_ENVIRONMENT, EmbeddedPostgresError, ServerAccount

_PR_SET_PDEATHSIG = 1
_PID_FILE = "postmaster.pid"


def spawn(command: Sequence[str], account: ServerAccount, log: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start `command` as the server's account, in a session of its own, to be interrupted when this process dies."""
    if threading.current_thread() is not threading.main_thread():
        # The kernel ties the death signal to the thread: a pool's thread ending would stop the server.
        raise EmbeddedPostgresError(
            "内置数据库只能由主线程启动", "the embedded server must be started by the main thread"
        )
    return subprocess.Popen(  # noqa: S603 - PostgreSQL's own programs, no shell
        command,
        cwd="/",
        env=SERVER_ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        user=account.process_user,
        group=account.process_group,
        extra_groups=account.process_extra_groups,
        umask=0o077,
        # Ctrl-C reaches a whole process group: the API must stop first, and then stop its database.
        start_new_session=True,
        preexec_fn=_bound_to(os.getpid()),  # noqa: PLW1509 - two system calls, and no import, between fork and exec
    )


def _bound_to(parent: int) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def interrupt_when_the_parent_dies() -> None:
        if prctl(_PR_SET_PDEATHSIG, int(signal.SIGINT), 0, 0, 0) != 0 or os.getppid() != parent:
            os._exit(1)

    return interrupt_when_the_parent_dies


def stop(process: subprocess.Popen[bytes], patience: float) -> None:
    """End a server: fast shutdown (SIGINT); after `patience` seconds immediate shutdown; at the very last, kill."""
    for how, seconds in ((signal.SIGINT, patience), (signal.SIGQUIT, 15.0), (signal.SIGKILL, 15.0)):
        if process.poll() is not None:
            return
        process.send_signal(how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)


class Postmaster:
    """What the `postmaster.pid` of a database folder says; it may be stale, so `pid` is believed only if it fits."""

    def __init__(self, cluster: Path) -> None:
        self._cluster = cluster
        self._file = cluster / _PID_FILE
        try:
            self._lines = self._file.read_text("utf-8", "replace").splitlines()
        except (FileNotFoundError, NotADirectoryError):
            self._lines = []

    def _line(self, number: int) -> str:
        return self._lines[number - 1].strip() if len(self._lines) >= number else ""

    @property
    def pid(self) -> int | None:
        """The process that serves this very folder now, or nothing: a recycled number is not taken for a server."""
        written = self._line(1)
        if not written.isdigit() or not _serves(int(written), self._cluster):
            return None
        return int(written)

    @property
    def port(self) -> int | None:
        """The number in its socket's name."""
        return int(self._line(4)) if self._line(4).isdigit() else None

    @property
    def socket_folder(self) -> Path | None:
        """Where its socket lies."""
        return Path(self._line(5)) if self._line(5) else None

    @property
    def ready(self) -> bool:
        """Whether it takes connections."""
        return self._line(8) == "ready"

    def forget(self) -> None:
        """Remove the file of a server that is gone: its number may by now be another process's, and block a start."""
        self._file.unlink(missing_ok=True)


def _serves(pid: int, cluster: Path) -> bool:
    # The command line stays readable where the other links of /proc need a capability that containers drop.
    command_line = Path(f"/proc/{pid}/cmdline")
    if sys.platform != "linux":
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, 0)
            return True
        return False
    try:
        return os.fsencode(cluster) in command_line.read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return False


def end_left_over(cluster: Path, patience: float, progress: Callable[[str], None]) -> None:
    """Wait for the server of a starter that was killed: it is stopping already; if it is not, stop it."""
    for how, seconds in ((None, patience), (signal.SIGINT, patience), (signal.SIGQUIT, 30.0)):
        pid = Postmaster(cluster).pid
        if pid is None:
            break
        progress(f"上次启动的数据库（进程 {pid}）尚未退出，正在等待 / waiting for the previous server {pid} to end")
        if how is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, how)
        _wait_until_gone(cluster, seconds)
    left = Postmaster(cluster)
    if left.pid is not None:
        raise EmbeddedPostgresError(
            f"上次启动的数据库（进程 {left.pid}）没有退出，请先结束该进程",
            f"the previous server, process {left.pid}, does not end: stop it first",
        )
    left.forget()


def _wait_until_gone(cluster: Path, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while Postmaster(cluster).pid is not None and time.monotonic() < deadline:
        time.sleep(0.05)


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Let a second Ctrl-C or SIGTERM wait for what is being done: it is the stopping they ask for."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {each: signal.signal(each, signal.SIG_IGN) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            # None is a handler that Python did not set and cannot set again.
            signal.signal(each, signal.SIG_DFL if handler is None else handler)


@contextlib.contextmanager
def unwinding_on_termination() -> Iterator[None]:
    """Within it SIGTERM and SIGHUP end this process by SystemExit, so that what it holds is let go in order."""

    def unwind(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    # Whoever ignores them (nohup) or handles them has decided already.
    taken = [each for each in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(each) is signal.SIG_DFL]
    for each in taken:
        signal.signal(each, unwind)
    try:
        yield
    finally:
        for each in taken:
            signal.signal(each, signal.SIG_DFL)
