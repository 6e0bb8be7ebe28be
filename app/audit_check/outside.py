"""Heads held outside the registry: read from files as docs/audit-format.md has them, each with its own signature."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from app.audit.sealing import Head
from app.audit.signing_key import is_signed, key_id_of
from app.audit_check.faults import Fault, FaultKind


@dataclass(frozen=True, slots=True)
class OutsideHead:
    """A head somebody holds, and the file it was read from."""

    head: Head
    name: str


@dataclass(frozen=True, slots=True)
class Held:
    """Every head held outside by its size, and what was wrong with the files themselves."""

    heads: Mapping[int, Sequence[OutsideHead]] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()


NOTHING_HELD = Held()


def read_held(path: Path) -> Held:
    """The heads of a file or of every `*.json` and `*.log` in a folder; a file that is none is a fault."""
    heads: dict[int, list[OutsideHead]] = {}
    faults = []
    for name, line in _lines(path):
        found = head_in(line)
        if found is None:
            faults.append(Fault(FaultKind.OUTSIDE_HEAD_UNREADABLE, name))
        else:
            heads.setdefault(found.size, []).append(OutsideHead(found, name))
    if not heads and not faults:
        faults.append(Fault(FaultKind.OUTSIDE_HEAD_UNREADABLE, str(path), {"heads": 0}))
    return Held(heads, tuple(faults))


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    files = sorted([*path.glob("*.json"), *path.glob("*.log")]) if path.is_dir() else [path]
    for file in files:
        for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
            if line.strip():
                yield (file.name if number == 1 else f"{file.name} 第 {number} 行"), line


def head_in(document: str) -> Head | None:
    """The head of a head document whose own key and signature agree; None for anything else."""
    try:
        said = json.loads(document)
        head, key, signature = _head(said["head"], said["signature"]), said["key"], bytes.fromhex(said["signature"])
        public_key = bytes.fromhex(key["public_key"])
    except (ValueError, KeyError, TypeError):
        return None
    is_own_key = head.key_id == key.get("key_id") == key_id_of(public_key)
    if not is_own_key or not is_signed(str(key.get("algorithm")), public_key, head.signed_bytes(), signature):
        return None
    return head


def _head(said: Mapping[str, Any], signature: str) -> Head:
    return Head(
        size=int(said["size"]),
        root_sha256=bytes.fromhex(said["root_sha256"]),
        root_sm3=bytes.fromhex(said["root_sm3"]),
        previous_head_sha256=bytes.fromhex(said["previous_head_sha256"]),
        sealed_at=datetime.fromisoformat(said["sealed_at"]),
        key_id=str(said["key_id"]),
        signature=bytes.fromhex(signature),
    )
