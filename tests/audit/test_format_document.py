"""docs/audit-format.md is what strangers verify by: its vectors are checked with hashlib and the page's own words."""

import hashlib
import json
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from app.audit import leaves
from app.audit.leaves import leaf_data
from app.audit.merkle import (
    ALGORITHMS,
    Growing,
    Hash,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root,
    verify_consistency,
    verify_inclusion,
)
from app.audit.sealing import Head
from app.audit.signing_key import Ed25519Signer, key_id_of
from app.infrastructure.security import canonical_json

PAGE = (Path(__file__).parents[2] / "docs" / "audit-format.md").read_text(encoding="utf-8")
VECTORS: dict[str, Any] = json.loads(PAGE.split("```json\n")[1].split("\n```")[0])


def columns_of(leaf: dict[str, Any], texts: dict[str, str | None]) -> dict[str, Any]:
    """The row a leaf was made of, hashed texts given."""
    row = {name: value for name, value in leaf.items() if name not in ("type", "format")}
    for name, value in texts.items():
        assert row.pop(f"{name}_sha256") == (None if value is None else hashlib.sha256(value.encode()).hexdigest())
    row |= texts
    for name, value in row.items():
        if name.endswith("_at") and value:
            row[name] = datetime.fromisoformat(value).astimezone(UTC)
        elif name in ("found_on", "current_deadline", "original_deadline") and value:
            row[name] = date.fromisoformat(value)
    return row


def test_the_pages_leaves_are_the_programs() -> None:
    transition, event = (one["leaf_data"] for one in VECTORS["rows"])
    label = "东胜区应急管理局主要负责人"
    row = columns_of(json.loads(transition), {"actor_label": label, "reason": "对照判定标准"})
    assert leaf_data("transition", row) == transition.encode()
    row = columns_of(json.loads(event), {"payload": VECTORS["event"]["payload"], "request_id": "req-1"})
    digests = {name: bytes.fromhex(row[name]) for name in ("previous_sha256", "sha256")}
    assert leaf_data("audit_event", row | digests) == event.encode()


def test_the_page_names_every_key_of_a_leaf() -> None:
    for part, leaf in zip(PAGE.split("A row of `")[1:3], VECTORS["rows"], strict=True):
        told = set(re.findall(r"`([a-z0-9_]+)`", "".join(re.findall(r"^\| (`[^|]*)\|", part, re.MULTILINE))))
        assert told == set(json.loads(leaf["leaf_data"]))
    assert f"**format {leaves.FORMAT}**" in PAGE


@pytest.mark.parametrize("h", ALGORITHMS, ids=lambda h: h.name)
def test_the_pages_hashes_and_proofs_are_the_programs(h: Hash) -> None:
    for one in VECTORS["rows"]:
        assert leaf_hash(h, one["leaf_data"].encode()).hex() == one[f"leaf_hash_{h.name}"]
    data, told = [one.encode() for one in VECTORS["tree_of_seven"]["leaf_data"]], VECTORS["tree_of_seven"][h.name]
    hashes = [leaf_hash(h, one) for one in data]
    assert [one.hex() for one in hashes] == told["leaf_hashes"]
    roots = [root(h, hashes[:size]) for size in range(8)]
    assert {str(size): one.hex() for size, one in enumerate(roots)} == told["roots"]
    growing = Growing(h, 0, {})
    nodes = {node.place: node.hash for leaf in hashes for node in growing.append(leaf)}
    assert {f"{level},{index}": one.hex() for (level, index), one in nodes.items() if level} == told["nodes"]
    for one in told["inclusion"]:
        path = [bytes.fromhex(step) for step in one["path"]]
        assert path == inclusion_proof(h, one["index"], 7, lambda *place: nodes[place])
        assert verify_inclusion(h, data[one["index"]], one["index"], 7, path, of_root=roots[7])
    for one in told["consistency"]:
        path = [bytes.fromhex(step) for step in one["path"]]
        assert path == consistency_proof(h, one["first"], 7, lambda *place: nodes[place])
        assert verify_consistency(h, one["first"], 7, roots[one["first"]], roots[7], path)


def test_the_pages_head_is_the_programs() -> None:
    told = VECTORS["head"]
    said = told["document"]["head"]
    hashes = {h.name: [leaf_hash(h, one["leaf_data"].encode()) for one in VECTORS["rows"]] for h in ALGORITHMS}
    signer = Ed25519Signer(bytes.fromhex(told["secret_key"]))
    head = Head(
        size=2,
        root_sha256=root(ALGORITHMS[0], hashes["sha256"]),
        root_sm3=root(ALGORITHMS[1], hashes["sm3"]),
        previous_head_sha256=bytes(32),
        sealed_at=datetime.fromisoformat(said["sealed_at"]),
        key_id=key_id_of(signer.public_key),
    )
    assert head.signed_bytes() == told["signed_bytes"].encode() == canonical_json(said)
    assert hashlib.sha256(head.signed_bytes()).hexdigest() == told["signed_bytes_sha256"]
    assert signer.sign(head.signed_bytes()).hex() == told["document"]["signature"]
    key = told["document"]["key"]
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(key["public_key"])).verify(
        bytes.fromhex(told["document"]["signature"]), told["signed_bytes"].encode()
    )
    assert key["key_id"] == said["key_id"] == hashlib.sha256(bytes.fromhex(key["public_key"])).hexdigest()


def test_the_pages_event_is_chained_as_it_says() -> None:
    told = VECTORS["event"]
    chained = hashlib.sha256(bytes.fromhex(told["previous_sha256"]) + told["payload"].encode()).hexdigest()
    assert chained == told["sha256"] == json.loads(VECTORS["rows"][1]["leaf_data"])["sha256"]
    assert canonical_json(json.loads(told["payload"])) == told["payload"].encode()


def test_canonical_json_escapes_as_the_page_says() -> None:
    text = '"\\/\b\t\n\f\r\x01\x1f\x7f中\u2028'
    assert canonical_json([text]) == '["\\"\\\\/\\b\\t\\n\\f\\r\\u0001\\u001f\x7f中\u2028"]'.encode()
