"""The folder heads are left in: one file a head, written once, and a log of them; and what it says of the database."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from app.infrastructure.security import canonical_json

LOG: Final = "tree-heads.log"
_FILE: Final = re.compile(r"tree-head-([0-9]{12,19})\.json")


class HeadConflict(Exception):
    """The folder holds another head of this size: one of the two histories was rewritten."""


def file_name(size: int) -> str:
    """What the file of a head of that size is called."""
    return f"tree-head-{size:012}.json"


def leave_in_folder(folder: Path, document: Mapping[str, Any]) -> None:
    """Writes the head's file and its line in the log, unless they stand there; HeadConflict for another head.

    A file appears whole or not at all and is never replaced; OSError where the folder cannot be written.
    """
    line = canonical_json(dict(document)) + b"\n"
    path = folder / file_name(document["head"]["size"])
    if not _written_once(path, line) and path.read_bytes() != line:
        raise HeadConflict(f"{path.name} holds another head of this size")
    _logged_once(folder / LOG, line)


def largest_left_in(folder: Path) -> tuple[int, bytes] | None:
    """The size and the bytes of the largest head in the folder; None in an empty or missing one."""
    names = [path.name for path in folder.iterdir() if _FILE.fullmatch(path.name)] if folder.is_dir() else []
    if not names:
        return None
    largest = max(names, key=_size_of)
    return _size_of(largest), (folder / largest).read_bytes()


def _size_of(name: str) -> int:
    found = _FILE.fullmatch(name)
    return int(found[1]) if found else 0


def _written_once(path: Path, line: bytes) -> bool:
    if path.exists():
        return False
    draft = path.with_suffix(f".{os.getpid()}.draft")
    with draft.open("wb") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())
    try:
        # link() refuses where rename() would replace.
        path.hardlink_to(draft)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    _keep_names_of(path.parent)
    return True


def _logged_once(log: Path, line: bytes) -> None:
    if log.exists() and line in log.read_bytes().splitlines(keepends=True):
        return
    with log.open("ab") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def _keep_names_of(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
