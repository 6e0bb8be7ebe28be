"""Leaves, roots and proofs as docs/audit-format.md has them, in the words of their definitions: no cleverness."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any

from tests.second_verifier.sm3 import sm3

Digest = Callable[[bytes], bytes]


def sha256(data: bytes) -> bytes:
    """SHA-256."""
    return hashlib.sha256(data).digest()


ALGORITHMS: dict[str, Digest] = {"sha256": sha256, "sm3": sm3}
_SHORT_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def _text(value: str) -> str:
    escaped = (_SHORT_ESCAPES.get(one) or (f"\\u{ord(one):04x}" if ord(one) < 0x20 else one) for one in value)
    return '"' + "".join(escaped) + '"'


def _written(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{_text(key)}:{_written(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_written(item) for item in value) + "]"
    raise TypeError(f"{type(value).__name__} has no canonical form")


def canonical(value: object) -> bytes:
    """Section 1."""
    return _written(value).encode()


def instant(value: datetime) -> str:
    """An instant in UTC with six digits."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


_AS_THEY_STAND = (
    *("id", "hazard_id", "version", "cycle", "unit_id", "extension_count", "act_order", "supervision_tier"),
    *("lead_organisation_id", "listing_office_id", "enterprise_id", "account_id", "person_id", "appointment_id"),
    *("edition_id", "restates", "act", "rule", "to_state", "sector", "channel", "level", "from_state"),
    *("is_determined", "is_legacy", "is_verified"),
)


def _day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def _hidden(value: str | None) -> str | None:
    return None if value is None else sha256(value.encode()).hex()


def leaf_of_transition(row: dict[str, Any]) -> bytes:
    """Section 2, a row of `hazard_transition` with `position` and `assigned_at`."""
    leaf = {name: row[name] for name in _AS_THEY_STAND}
    leaf |= {name: _day(row[name]) for name in ("found_on", "original_deadline", "current_deadline")}
    leaf |= {name: instant(row[name]) for name in ("occurred_at", "recorded_at", "assigned_at")}
    leaf |= {
        "type": "transition",
        "format": 1,
        "position": row["position"],
        "declared_at": None if row["declared_at"] is None else instant(row["declared_at"]),
        "transaction_id": str(row["transaction_id"]),
        "actor_label_sha256": _hidden(row["actor_label"]),
        "reason_sha256": _hidden(row["reason"]),
    }
    return canonical(leaf)


def leaf_of_event(row: dict[str, Any]) -> bytes:
    """Section 2, a row of `audit_event` with its stream's kind and subject."""
    plain = ("position", "id", "stream_id", "serial", "stream_kind", "stream_subject_id", "hazard_id", "account_id")
    leaf = {name: row[name] for name in (*plain, "event")}
    leaf |= {name: instant(row[name]) for name in ("recorded_at", "assigned_at")}
    leaf |= {name: bytes(row[name]).hex() for name in ("previous_sha256", "sha256")}
    leaf |= {
        "type": "audit_event",
        "format": 1,
        "transaction_id": str(row["transaction_id"]),
        "payload_sha256": sha256(bytes(row["payload"])).hex(),
        "request_id_sha256": _hidden(row["request_id"]),
    }
    return canonical(leaf)


def leaf_hash(digest: Digest, data: bytes) -> bytes:
    """Section 4."""
    return digest(b"\x00" + data)


def node_hash(digest: Digest, left: bytes, right: bytes) -> bytes:
    """Section 4."""
    return digest(b"\x01" + left + right)


class Tree:
    """Leaf hashes of one algorithm; every complete subtree is computed once."""

    def __init__(self, digest: Digest, leaves: Sequence[bytes]) -> None:
        self.digest = digest
        self.leaves = leaves
        self._known: dict[tuple[int, int], bytes] = {}

    def root(self, size: int, first: int = 0) -> bytes:
        """The root of `size` leaves from leaf `first` on."""
        if size == 0:
            return self.digest(b"")
        if size == 1:
            return self.leaves[first]
        if (first, size) not in self._known:
            left = 1
            while left * 2 < size:
                left *= 2
            joined = node_hash(self.digest, self.root(left, first), self.root(size - left, first + left))
            self._known[(first, size)] = joined
        return self._known[(first, size)]

    def nodes(self) -> dict[tuple[int, int], bytes]:
        """(level, index) → hash of every complete subtree."""
        found, level = {}, 0
        while len(self.leaves) >> level:
            for index in range(len(self.leaves) >> level):
                found[(level, index)] = self.root(1 << level, index << level)
            level += 1
        return found


def includes(digest: Digest, leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Section 7: whether the leaf hash is leaf `index` of the tree of `size` leaves with that root."""
    if not 0 <= index < size or any(len(one) != 32 for one in path):
        return False
    f, s, r = index, size - 1, leaf
    for one in path:
        if s == 0:
            return False
        if f % 2 or f == s:
            r = node_hash(digest, one, r)
            while f % 2 == 0 and f:
                f, s = f // 2, s // 2
        else:
            r = node_hash(digest, r, one)
        f, s = f // 2, s // 2
    return s == 0 and r == root


def continues(digest: Digest, sizes: tuple[int, int], roots: tuple[bytes, bytes], path: Sequence[bytes]) -> bool:
    """Section 7: whether the second tree continues the first."""
    m, n = sizes
    if m > n or any(len(one) != 32 for one in path):
        return False
    if m in (0, n):
        return not path and roots[0] == (roots[1] if m == n else digest(b""))
    if not path:
        return False
    return _walked(digest, m - 1, n - 1, [roots[0], *path] if m & (m - 1) == 0 else path) == roots


def _walked(digest: Digest, f: int, s: int, path: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    while f % 2:
        f, s = f // 2, s // 2
    a = b = path[0]
    for one in path[1:]:
        if s == 0:
            return None
        if f % 2 or f == s:
            a, b = node_hash(digest, one, a), node_hash(digest, one, b)
            while f % 2 == 0 and f:
                f, s = f // 2, s // 2
        else:
            b = node_hash(digest, b, one)
        f, s = f // 2, s // 2
    return (a, b) if s == 0 else None
