"""The account the embedded server runs under, and the folders that account must be able to use.

PostgreSQL refuses to run as root. Started by root it therefore runs as `nobody`: no user is created, and no permission
is changed outside the data folder, however much easier that would make it to reach.
"""

import contextlib
import fcntl
import os
import pwd
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

# PostgreSQL's own error messages are read by this program and quoted to people: they must come in one language.
SERVER_ENVIRONMENT: Mapping[str, str] = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
}
PASSABLE = 0o711
PRIVATE = 0o700


class EmbeddedPostgresError(RuntimeError):
    """The embedded server cannot be used; the message is one line for people, in Chinese and in English."""

    def __init__(self, chinese: str, english: str) -> None:
        super().__init__(f"{chinese}（{english}）")


@dataclass(frozen=True, slots=True)
class ServerAccount:
    """User and group of the server; `switched` says that it is another account than the one this process has."""

    uid: int
    gid: int
    switched: bool

    @classmethod
    def for_this_process(cls) -> "ServerAccount":
        """`nobody` for root, else this process's own; raises EmbeddedPostgresError when it has no passwd row."""
        uid = os.geteuid()
        try:
            row = pwd.getpwuid(uid) if uid else pwd.getpwnam("nobody")
        except KeyError as missing:
            name = str(uid) if uid else "nobody"
            raise EmbeddedPostgresError(
                f"系统用户表中没有用户 {name}，内置数据库无法启动，请在 /etc/passwd 中补上该用户",
                f"there is no passwd row for user {name}: add one to /etc/passwd",
            ) from missing
        return cls(row.pw_uid, row.pw_gid if not uid else os.getegid(), switched=not uid)

    @property
    def process_user(self) -> int | None:
        """What `subprocess` is to switch to, or nothing."""
        return self.uid if self.switched else None

    @property
    def process_group(self) -> int | None:
        """The group beside `process_user`."""
        return self.gid if self.switched else None

    @property
    def process_extra_groups(self) -> list[int] | None:
        """No supplementary group of root's may stay with the server."""
        return [] if self.switched else None

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a short command as this account and wait; raises OSError when it cannot be executed."""
        return subprocess.run(  # noqa: S603 - fixed programs; paths are arguments, never shell text
            command,
            cwd="/",
            env=SERVER_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=60,
            user=self.process_user,
            group=self.process_group,
            extra_groups=self.process_extra_groups,
        )

    def first_impassable(self, folder: Path) -> Path | None:
        """The topmost folder on the way into `folder`, itself included, that this account cannot pass."""
        way = [str(each) for each in (*reversed(folder.parents), folder)]
        # Asked of the system as that account, not computed from mode bits: access lists and network shares count too.
        script = 'for each do test -x "$each" || { printf %s "$each"; exit 0; }; done'
        blocked = self.run("/bin/sh", "-c", script, "sh", *way).stdout
        return Path(blocked) if blocked else None

    def own_folder(self, folder: Path) -> None:
        """Make `folder` private to this account; raises EmbeddedPostgresError when it belongs to somebody else."""
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=PRIVATE)
        found = folder.lstat()
        if self.switched and found.st_uid == os.geteuid() and not any(folder.iterdir()):
            # Made by a start that was killed before it could hand the folder over.
            os.chown(folder, self.uid, self.gid)
        elif found.st_uid != self.uid:
            raise EmbeddedPostgresError(
                f"数据目录 {folder} 属于 uid {found.st_uid}，而数据库以 uid {self.uid} 运行；"
                "请换回原来的用户启动，或用 QINGLING_DATA_DIR 另指定目录",
                f"{folder} belongs to uid {found.st_uid}, the server runs as uid {self.uid}: "
                "start as the user who made it, or set QINGLING_DATA_DIR",
            )
        folder.chmod(PRIVATE)


@contextlib.contextmanager
def one_sentence_for(folder: Path) -> Iterator[None]:
    """Turn what the file system refuses below `folder` into one EmbeddedPostgresError."""
    try:
        yield
    except OSError as refused:
        where = refused.filename or folder
        raise EmbeddedPostgresError(
            f"数据目录 {folder} 无法使用：{where}：{refused.strerror}；请检查权限，或用 QINGLING_DATA_DIR 另行指定",
            f"cannot use {where}: {refused.strerror}; set QINGLING_DATA_DIR to a folder that can be written",
        ) from refused


def prepare_data_folder(folder: Path, account: ServerAccount) -> None:
    """Make the data folder where the server's account can pass into it; no existing parent is changed."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    if account.switched:
        if not missing and _is_ours(folder):
            folder.chmod(folder.stat().st_mode | (PASSABLE & ~PRIVATE))
        blocked = account.first_impassable(missing[-1].parent if missing else folder)
        if blocked is not None:
            raise EmbeddedPostgresError(
                f"以 root 启动时数据库以 nobody 身份运行，而 nobody 无法进入目录 {blocked}；"
                "请用 QINGLING_DATA_DIR 指定其他位置，例如 /var/lib/qingling",
                f"started by root the server runs as nobody, who cannot pass {blocked}: "
                "set QINGLING_DATA_DIR to another place",
            )
    make_data_folder(folder)


def make_data_folder(folder: Path) -> None:
    """Make the folder and its missing parents: private, but passable for the server's account where root makes them."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(exist_ok=True)
        # Not by mkdir's mode: root's umask may be stricter.
        each.chmod(PRIVATE if os.geteuid() else PASSABLE)


def _is_ours(folder: Path) -> bool:
    """A folder that holds nothing, or our own; anything else might be somebody's home."""
    # The keys are generated before a server is ever started.
    return (folder / LOCK_NAME).exists() or all(each.name == "keys" for each in folder.iterdir())


LOCK_NAME = "server.lock"


def lock_data_folder(folder: Path) -> int:
    """Hold the folder until the returned descriptor is closed; raises EmbeddedPostgresError when it is held."""
    descriptor = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as held:
        holder = os.pread(descriptor, 32, 0).decode("utf-8", "replace").strip()
        os.close(descriptor)
        raise EmbeddedPostgresError(
            f"数据目录 {folder} 正由进程 {holder} 使用，请先停止它，或用 QINGLING_DATA_DIR 另指定目录",
            f"{folder} is in use by process {holder}: stop it first, or set QINGLING_DATA_DIR",
        ) from held
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor
