"""The whole verification of docs/audit-format.md section 8: rows in, kinds of faults out.

Written from that page by somebody who has read no line of the first verifier.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from tests.second_verifier.ed25519 import is_signature
from tests.second_verifier.tree import (
    ALGORITHMS,
    Tree,
    canonical,
    instant,
    leaf_hash,
    leaf_of_event,
    leaf_of_transition,
    sha256,
)

Row = dict[str, Any]
QUERIES = {
    "transitions": """
        SELECT p.position, p.assigned_at, t.*
          FROM hazard_transition t LEFT JOIN sequence_position p ON p.transition_id = t.id
        """,
    "events": """
        SELECT p.position, p.assigned_at, s.kind AS stream_kind, s.subject_id AS stream_subject_id,
               s.hazard_id AS stream_hazard_id, e.*
          FROM audit_event e LEFT JOIN audit_stream s ON s.id = e.stream_id
          LEFT JOIN sequence_position p ON p.audit_event_id = e.id
        """,
    "streams": "SELECT * FROM audit_stream",
    "positions": "SELECT * FROM sequence_position ORDER BY position",
    "nodes": "SELECT * FROM tree_node",
    "heads": "SELECT * FROM tree_head ORDER BY size",
    "keys": "SELECT * FROM audit_key",
}
"""What is to be read, all in one snapshot."""
_LATEST = timedelta(hours=1)


class Trail:
    """What a registry holds of its trail, read once: the rows of each of `QUERIES`."""

    def __init__(self, rows: Mapping[str, list[Row]]) -> None:
        self.transitions, self.events = rows["transitions"], rows["events"]
        self.streams, self.positions = rows["streams"], rows["positions"]
        self.nodes, self.heads, self.keys = rows["nodes"], rows["heads"], rows["keys"]
        self.leaves = self._leaves()
        self.trees = {
            name: Tree(digest, [leaf_hash(digest, leaf) for leaf in self.leaves]) for name, digest in ALGORITHMS.items()
        }

    def _leaves(self) -> list[bytes]:
        made = [(row["position"], leaf_of_transition(row)) for row in self.transitions if row["position"]]
        made += [(row["position"], leaf_of_event(row)) for row in self.events if row["position"] and row["stream_kind"]]
        return [leaf for _, leaf in sorted(made)]


def faults(trail: Trail) -> set[str]:
    """Kinds of everything that is wrong by itself: checks 1 to 5."""
    own = {*_of_positions(trail), *_of_streams(trail), *_of_acts(trail)}
    return own | {*_of_nodes(trail), *_of_heads(trail)}


def _of_positions(trail: Trail) -> Iterator[str]:
    numbers = [row["position"] for row in trail.positions]
    if numbers != list(range(1, len(numbers) + 1)):
        yield "positions have gaps"
    if any((row["transition_id"] is None) == (row["audit_event_id"] is None) for row in trail.positions):
        yield "a position is not of exactly one row"
    if len(trail.leaves) != len(numbers):
        yield "a position has no row"
    for row in (*trail.transitions, *trail.events):
        newest = trail.heads[-1]["sealed_at"] if trail.heads else None
        if row["position"] is None and newest is not None and row["recorded_at"] < newest - _LATEST:
            yield "a row was kept out"


def _of_streams(trail: Trail) -> Iterator[str]:
    events: dict[int, list[Row]] = {}
    for row in trail.events:
        events.setdefault(row["stream_id"], []).append(row)
    known = {stream["id"] for stream in trail.streams}
    if set(events) - known:
        yield "an event has no stream"
    for stream in trail.streams:
        chain = sorted(events.get(stream["id"], []), key=lambda row: int(row["serial"]))
        yield from _of_chain(stream, chain)


def _of_chain(stream: Row, chain: list[Row]) -> Iterator[str]:
    if [row["serial"] for row in chain] != list(range(1, stream["length"] + 1)):
        yield "serials have gaps"
    before = bytes(32)
    for row in chain:
        if bytes(row["previous_sha256"]) != before or sha256(before + bytes(row["payload"])) != bytes(row["sha256"]):
            yield "the chain is broken"
        if row["hazard_id"] != stream["hazard_id"] or not _payload_agrees(stream, row):
            yield "an event says otherwise than its payload"
        before = bytes(row["sha256"])
    if chain and (bytes(stream["head_sha256"]), bytes(stream["previous_sha256"])) != (
        bytes(chain[-1]["sha256"]),
        bytes(chain[-1]["previous_sha256"]),
    ):
        yield "the end of a stream is another"


def _payload_agrees(stream: Row, row: Row) -> bool:
    try:
        payload = json.loads(bytes(row["payload"]))
        said = (payload["event"], payload["subject"], payload["actor"]["account"])
        is_canonical = canonical(payload) == bytes(row["payload"])
    except (ValueError, KeyError, TypeError):
        return False
    subject = {"id": stream["subject_id"], "kind": stream["kind"]}
    return is_canonical and said == (row["event"], subject, row["account_id"])


def _of_acts(trail: Trail) -> Iterator[str]:
    acts: Counter[tuple[Any, ...]] = Counter()
    for row in trail.transitions:
        if row["restates"] is None:
            event = f"hazard:{row['act']}:recorded"
            acts[(str(row["transaction_id"]), row["hazard_id"], event, row["id"], row["version"])] += 1
    told: Counter[tuple[Any, ...]] = Counter()
    for row in trail.events:
        if row["event"].startswith("hazard:") and row["event"].endswith(":recorded"):
            try:
                said = json.loads(bytes(row["payload"]))["particulars"]
                which = (said["transition"], said["version"])
            except (ValueError, KeyError, TypeError):
                which = (None, None)
            told[(str(row["transaction_id"]), row["hazard_id"], row["event"], *which)] += 1
    if acts != told:
        yield "acts and events are not one to one"
    corrections = {(row["transaction_id"], row["hazard_id"]) for row in trail.transitions if row["act"] == "correct"}
    copies = [row for row in trail.transitions if row["restates"] is not None]
    if any((row["transaction_id"], row["hazard_id"]) not in corrections for row in copies):
        yield "a copy that no correction made"


def _of_nodes(trail: Trail) -> Iterator[str]:
    for name, tree in trail.trees.items():
        stored = {(row["level"], row["index"]): bytes(row["hash"]) for row in trail.nodes if row["algorithm"] == name}
        leaves = sum(1 for level, _ in stored if level == 0)
        newest = trail.heads[-1]["size"] if trail.heads else 0
        if not newest <= leaves <= len(trail.leaves):
            yield f"{name}: leaves are missing or too many"
        wanted = Tree(tree.digest, tree.leaves[:leaves]).nodes()
        if stored != wanted:
            yield f"{name}: a node is another"
    if {row["algorithm"] for row in trail.nodes} - set(ALGORITHMS):
        yield "an unknown algorithm"


def _signed_bytes(head: Row) -> bytes:
    return canonical(
        {
            "type": "tree_head",
            "format": 1,
            "size": head["size"],
            "root_sha256": bytes(head["root_sha256"]).hex(),
            "root_sm3": bytes(head["root_sm3"]).hex(),
            "previous_head_sha256": bytes(head["previous_head_sha256"]).hex(),
            "sealed_at": instant(head["sealed_at"]),
            "key_id": head["key_id"],
        }
    )


def _has_roots(trail: Trail, size: int, roots: Iterable[tuple[str, str]]) -> bool:
    return 1 <= size <= len(trail.leaves) and all(trail.trees[name].root(size).hex() == root for name, root in roots)


def _of_heads(trail: Trail) -> Iterator[str]:
    keys = {row["key_id"]: bytes(row["public_key"]) for row in trail.keys if row["algorithm"] == "ed25519"}
    if any(sha256(key).hex() != key_id for key_id, key in keys.items()):
        yield "a key has another's id"
    previous = bytes(32)
    for head in trail.heads:
        if bytes(head["previous_head_sha256"]) != previous:
            yield "the chain of heads is broken"
        if not _has_roots(trail, head["size"], [(name, bytes(head[f"root_{name}"]).hex()) for name in ALGORITHMS]):
            yield "a head is of another tree"
        signed = _signed_bytes(head)
        if head["key_id"] not in keys or not is_signature(keys[head["key_id"]], signed, bytes(head["signature"])):
            yield "a head is not signed"
        previous = sha256(signed)


def document_is_signed(document: Row) -> bool:
    """Section 6: whether a head document is what its key signed."""
    key = bytes.fromhex(document["key"]["public_key"])
    same = document["key"]["key_id"] == document["head"]["key_id"] == sha256(key).hex()
    return (
        same
        and document["key"]["algorithm"] == "ed25519"
        and is_signature(key, canonical(document["head"]), bytes.fromhex(document["signature"]))
    )


def outside_faults(trail: Trail, held: Sequence[Row]) -> set[str]:
    """Kinds of everything that is wrong beside head documents held outside: check 6."""
    return {fault for document in held for fault in _of_held(trail, document)}


def _of_held(trail: Trail, document: Row) -> Iterator[str]:
    head = document["head"]
    own = {row["size"]: _signed_bytes(row) for row in trail.heads}
    if not document_is_signed(document):
        yield "a held head is not signed"
    if head["size"] > len(trail.leaves):
        yield "the tail was cut off"
    elif not _has_roots(trail, head["size"], [(name, head[f"root_{name}"]) for name in ALGORITHMS]):
        yield "a held head is of another tree"
    if own.get(head["size"]) != canonical(head):
        yield "a held head is not the registry's"
