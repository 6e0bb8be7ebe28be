"""Our own PostgreSQL server in a data folder: made at the first start, stopped with the process that started it.

In the data folder: `server.lock`, held by the one process that may run the server; `superuser-password`, mode 0600;
`postgres.log`, what the server says; `socket`, its only door unless a TCP port is asked for; `postgres/cluster`, the
databases; `binaries`, PostgreSQL's programs where the server's account cannot reach the installed ones. Only `postgres`
and `socket` belong to that account: started by root, root follows no path that the server could bend.
"""

import contextlib
import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote

from app.infrastructure.postgres_binaries import PostgresBinaries, find_binaries, usable_binaries
from app.infrastructure.server_account import (
    PRIVATE,
    EmbeddedPostgresError,
    ServerAccount,
    lock_data_folder,
    one_sentence_for,
    prepare_data_folder,
)
from app.infrastructure.server_process import (
    Postmaster,
    end_left_over,
    spawn,
    stop,
    uninterrupted,
    unwinding_on_termination,
)

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError"]

SUPERUSER = "postgres"
# `sun_path` holds 108 bytes, the last of them a zero.
_LONGEST_SOCKET_PATH = 107
_SOCKET_NUMBER = 5432
_BUILTIN_LOCALES_SINCE = 17
_LOG_KEPT_BYTES = 10_000_000
_LINES_SHOWN = 8
_STOP_PATIENCE = 60.0
# Personal data travels in parameters, statements and the DETAIL of constraint errors: none of them belongs in a log.
_SETTINGS: Mapping[str, str] = {
    "log_connections": "on",
    "log_error_verbosity": "terse",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "log_lock_waits": "on",
    "log_min_duration_sample": "-1",
    "log_min_duration_statement": "-1",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_startup_progress_interval": "5s",
    "log_statement": "ddl",
    "log_timezone": "Asia/Shanghai",
}


def _silent(_message: str) -> None:
    """Nobody asked to be told."""


class EmbeddedPostgres:
    """A PostgreSQL server owned by this process; every refusal to start is one EmbeddedPostgresError."""

    def __init__(
        self,
        data_folder: Path,
        *,
        binaries: Path | None = None,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
        progress: Callable[[str], None] = _silent,
        recovery_limit: float = 3600.0,
    ) -> None:
        """`port` opens TCP on 127.0.0.1 besides the socket; `recovery_limit` in seconds bounds a crash recovery."""
        self.data_folder = data_folder.absolute().resolve()
        self._wanted_binaries = binaries
        self._tcp_port = port
        self._settings = {**_SETTINGS, **(settings or {})}
        self._progress = progress
        self._recovery_limit = recovery_limit
        self._home = self.data_folder / "postgres"
        self._cluster = self._home / "cluster"
        self._log_path = self.data_folder / "postgres.log"
        self._password_path = self.data_folder / "superuser-password"
        self._held = contextlib.ExitStack()
        self._process: subprocess.Popen[bytes] | None = None
        self._binaries: PostgresBinaries | None = None
        self._socket_folder: Path | None = None
        self._socket_number = port or _SOCKET_NUMBER

    def __enter__(self) -> Self:
        """Start; until `__exit__`, SIGTERM and SIGHUP unwind this process so that the server stops before it ends."""
        with contextlib.ExitStack() as entered:
            entered.enter_context(unwinding_on_termination())
            self.start()
            self._termination = entered.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop the server, whatever happened."""
        with self._termination:
            self.stop()

    def start(self) -> None:
        """Make the databases if there are none, and serve them; returns when connections are taken."""
        if self._process is not None:
            raise EmbeddedPostgresError("这个内置数据库已经启动", "this embedded server is started already")
        try:
            with one_sentence_for(self.data_folder):
                self._start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server and let the folder go; harmless when nothing runs."""
        with uninterrupted():
            if self._process is not None:
                stop(self._process, _STOP_PATIENCE)
            self._process = None
            self._held.close()

    def attach(self) -> bool:
        """Use the server that another process of this user runs in the folder; False when none takes connections."""
        try:
            found = Postmaster(self._cluster)
        except PermissionError:
            return False
        if found.pid is None or not found.ready or found.socket_folder is None:
            return False
        self._socket_folder = found.socket_folder
        self._socket_number = found.port or _SOCKET_NUMBER
        return True

    @property
    def running(self) -> bool:
        """Whether the server started here is alive."""
        return self._process is not None and self._process.poll() is None

    @property
    def binaries(self) -> PostgresBinaries:
        """The programs in use; raises EmbeddedPostgresError before the first start."""
        if self._binaries is None:
            raise EmbeddedPostgresError("内置数据库尚未启动", "the embedded server is not started")
        return self._binaries

    def url(self, database: str, user: str = SUPERUSER, password: str | None = None) -> str:
        """SQLAlchemy's address of a database; the superuser's password is filled in when none is given."""
        return self.conninfo(database, user, password).replace("postgresql://", "postgresql+psycopg://", 1)

    def conninfo(self, database: str, user: str = SUPERUSER, password: str | None = None) -> str:
        """The same as a libpq address, for psycopg and pg_dump."""
        if self._socket_folder is None:
            raise EmbeddedPostgresError("内置数据库尚未启动", "the embedded server is not started")
        if password is None and user == SUPERUSER:
            password = self._password_path.read_text("utf-8").strip()
        login = quote(user, safe="") + ("" if password is None else ":" + quote(password, safe=""))
        where = f"host={quote(str(self._socket_folder), safe='')}&port={self._socket_number}"
        return f"postgresql://{login}@/{quote(database, safe='')}?{where}"

    def _start(self) -> None:
        account = ServerAccount.for_this_process()
        prepare_data_folder(self.data_folder, account)
        self._held.callback(os.close, lock_data_folder(self.data_folder))
        account.own_folder(self._home)
        end_left_over(self._cluster, _STOP_PATIENCE, self._progress)
        found = find_binaries(self._wanted_binaries)
        self._binaries = usable_binaries(found, account, self.data_folder / "binaries")
        log = self._held.enter_context(self._open_log())
        if not (self._cluster / "PG_VERSION").exists():
            self._make_cluster(self._binaries, account, log)
        self._refuse_another_major(self._binaries)
        self._socket_folder = self._make_socket_folder(account)
        self._serve(self._binaries, account, log)

    def _open_log(self) -> IO[bytes]:
        if self._log_path.exists() and self._log_path.stat().st_size > _LOG_KEPT_BYTES:
            self._log_path.replace(self._log_path.with_suffix(".log.1"))
        return os.fdopen(os.open(self._log_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600), "ab")

    def _make_cluster(self, binaries: PostgresBinaries, account: ServerAccount, log: IO[bytes]) -> None:
        """Run initdb beside the final place and rename: a start killed half-way leaves nothing that looks complete."""
        for left in self._home.glob("cluster.partial-*"):
            shutil.rmtree(left, ignore_errors=True)
        # A name of its own: processes of a killed initdb may still be writing into theirs.
        half_made, password_file = self._home / f"cluster.partial-{os.getpid()}", self.data_folder / "first-password"
        password = secrets.token_urlsafe(32)
        _write_private(self._password_path, password)
        _write_private(password_file, password)
        if account.switched:
            os.chown(password_file, account.uid, account.gid)
        provider = ["--locale-provider=builtin"] if binaries.major >= _BUILTIN_LOCALES_SINCE else []
        durability = ["--no-sync"] if self._settings.get("fsync") == "off" else []
        marker = log.tell()
        initdb = spawn(
            [
                binaries.program("initdb"),
                *("-D", str(half_made), "-U", SUPERUSER, "--pwfile", str(password_file)),
                *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums"),
                *provider,
                *durability,
            ],
            account,
            log,
        )
        try:
            failed = initdb.wait() != 0
        finally:
            stop(initdb, patience=5.0)
            password_file.unlink(missing_ok=True)
        if failed:
            raise self._failure("建立数据库失败", "initdb failed", marker)
        half_made.rename(self._cluster)

    def _refuse_another_major(self, binaries: PostgresBinaries) -> None:
        made_by = (self._cluster / "PG_VERSION").read_text("utf-8").strip()
        if made_by != str(binaries.major):
            raise EmbeddedPostgresError(
                f"数据目录 {self.data_folder} 由 PostgreSQL {made_by} 建立，现在找到的是 {binaries.major}；"
                "请用 QINGLING_POSTGRES_BIN 指定原来的版本，或导出后重新导入",
                f"made by PostgreSQL {made_by}, found is {binaries.major}: set QINGLING_POSTGRES_BIN",
            )

    def _make_socket_folder(self, account: ServerAccount) -> Path:
        """A private folder whose path the kernel accepts for a socket: in the data folder, else below a short temp."""
        inside = self.data_folder / "socket"
        # Only this server ever uses it, and none runs: a socket in it is a dead one's.
        if inside.is_symlink():
            shutil.rmtree(inside.readlink(), ignore_errors=True)
            inside.unlink()
        shutil.rmtree(inside, ignore_errors=True)
        if self._fits(inside):
            account.own_folder(inside)
            return inside
        outside = self._socket_folder_in_temp(account)
        # The link tells the next start what to clear away should this process be killed.
        inside.symlink_to(outside)
        self._held.callback(shutil.rmtree, outside, ignore_errors=True)
        return outside

    def _socket_folder_in_temp(self, account: ServerAccount) -> Path:
        for parent in (tempfile.gettempdir(), "/tmp", "/var/tmp"):  # noqa: S108 - mkdtemp's folder is private
            if account.first_impassable(Path(parent)) is None and self._fits(Path(parent, "qingling-12345678")):
                folder = Path(tempfile.mkdtemp(prefix="qingling-", dir=parent))
                if account.switched:
                    os.chown(folder, account.uid, account.gid)
                return folder
        raise EmbeddedPostgresError(
            f"数据目录 {self.data_folder} 的路径过长，系统临时目录也无法使用；请用 QINGLING_DATA_DIR 指定较短的路径",
            "the path is too long for a socket and no temporary folder can be used: set QINGLING_DATA_DIR",
        )

    def _fits(self, folder: Path) -> bool:
        return len(os.fsencode(folder / f".s.PGSQL.{self._socket_number}")) <= _LONGEST_SOCKET_PATH

    def _command(self, binaries: PostgresBinaries) -> list[str]:
        fixed = {
            "listen_addresses": "127.0.0.1" if self._tcp_port is not None else "",
            "port": str(self._socket_number),
            "unix_socket_directories": str(self._socket_folder),
            "unix_socket_permissions": f"{PRIVATE:04o}",
        }
        chosen = [f"--{name}={value}" for name, value in {**self._settings, **fixed}.items()]
        return [binaries.program("postgres"), "-D", str(self._cluster), *chosen]

    def _serve(self, binaries: PostgresBinaries, account: ServerAccount, log: IO[bytes]) -> None:
        deadline = time.monotonic() + self._recovery_limit
        while True:
            marker = os.fstat(log.fileno()).st_size
            self._process = spawn(self._command(binaries), account, log)
            if self._taking_connections(self._process, marker, deadline):
                return
            # After a kill of the postmaster alone its last children need a moment to notice.
            if "is still in use" not in self._log_since(marker) or time.monotonic() > deadline:
                raise self._failure("内置数据库没有启动", "the embedded server did not start", marker)
            time.sleep(0.2)

    def _taking_connections(self, process: subprocess.Popen[bytes], marker: int, deadline: float) -> bool:
        """Wait until the server is ready (True) or has ended (False). A recovery is never cut short by a kill."""
        since = time.monotonic()
        told: str | None = None
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.02)
                return False
            found = Postmaster(self._cluster)
            if found.ready and found.pid == process.pid:
                return True
            if time.monotonic() > deadline:
                raise self._failure(
                    f"内置数据库在 {self._recovery_limit:.0f} 秒内没有恢复完毕，已正常停止，数据未受影响，请再次启动",
                    "recovery took too long and was stopped cleanly; nothing is lost, start again",
                    marker,
                )
            if time.monotonic() - since > 1 and (latest := self._last_line(marker)) != told:
                told = latest
                self._progress(f"数据库正在启动或恢复 / starting: {latest}")

    def _last_line(self, marker: int) -> str:
        return "".join(self._log_since(marker).splitlines()[-1:])

    def _log_since(self, marker: int) -> str:
        with self._log_path.open("rb") as log:
            log.seek(marker)
            return log.read(1_000_000).decode("utf-8", "replace")

    def _failure(self, chinese: str, english: str, marker: int) -> EmbeddedPostgresError:
        last = " | ".join(self._log_since(marker).split("\n")[-_LINES_SHOWN - 1 :]).strip(" |")
        return EmbeddedPostgresError(f"{chinese}，日志 {self._log_path} 最后几行：{last}", english)


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads, and see it on the disk before going on."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
