"""The second verifier, written from docs/audit-format.md alone, reproduces every vector on that page."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.second_verifier.ed25519 import is_signature
from tests.second_verifier.sm3 import sm3
from tests.second_verifier.trail import document_is_signed
from tests.second_verifier.tree import ALGORITHMS, Tree, canonical, continues, includes, leaf_hash, sha256

PAGE = Path(__file__).resolve().parents[2] / "docs" / "audit-format.md"


def vectors() -> Any:
    """The JSON block of section 9."""
    found = re.search(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return json.loads(found[1])


VECTORS = vectors()
SEVEN = VECTORS["tree_of_seven"]


def seven(name: str) -> Tree:
    digest = ALGORITHMS[name]
    return Tree(digest, [leaf_hash(digest, data.encode()) for data in SEVEN["leaf_data"]])


def unhex(values: list[str]) -> list[bytes]:
    return [bytes.fromhex(value) for value in values]


@pytest.mark.parametrize(
    ("message", "digest"),
    [
        (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        (b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
    ],
)
def test_sm3_gives_the_examples_of_its_standard(message: bytes, digest: str) -> None:
    assert sm3(message).hex() == digest


@pytest.mark.parametrize("row", VECTORS["rows"], ids=["transition", "event"])
def test_leaf_data_is_canonical_and_hashes_as_written(row: dict[str, str]) -> None:
    data = row["leaf_data"].encode()
    assert canonical(json.loads(data)) == data
    assert {name: leaf_hash(digest, data).hex() for name, digest in ALGORITHMS.items()} == {
        "sha256": row["leaf_hash_sha256"],
        "sm3": row["leaf_hash_sm3"],
    }


def test_an_event_is_chained_to_the_one_before() -> None:
    event = VECTORS["event"]
    assert sha256(bytes.fromhex(event["previous_sha256"]) + event["payload"].encode()).hex() == event["sha256"]


@pytest.mark.parametrize("name", ALGORITHMS)
def test_the_tree_of_seven_has_the_written_roots_and_nodes(name: str) -> None:
    tree = seven(name)
    assert [leaf.hex() for leaf in tree.leaves] == SEVEN[name]["leaf_hashes"]
    assert {str(size): tree.root(size).hex() for size in range(8)} == SEVEN[name]["roots"]
    above = {f"{level},{index}": found.hex() for (level, index), found in tree.nodes().items() if level}
    assert above == SEVEN[name]["nodes"]


@pytest.mark.parametrize("name", ALGORITHMS)
def test_every_written_proof_holds_and_no_shortened_or_lengthened_one(name: str) -> None:
    tree, digest = seven(name), ALGORITHMS[name]
    for proof in SEVEN[name]["inclusion"]:
        path, root = unhex(proof["path"]), tree.root(proof["size"])
        index, size = proof["index"], proof["size"]
        assert includes(digest, tree.leaves[index], index, size, path, root)
        for forged in (path[:-1], [*path, path[-1]], path[::-1]):
            assert not includes(digest, tree.leaves[index], index, size, forged, root)
    for proof in SEVEN[name]["consistency"]:
        sizes = (proof["first"], proof["second"])
        roots, path = (tree.root(sizes[0]), tree.root(sizes[1])), unhex(proof["path"])
        assert continues(digest, sizes, roots, path)
        assert not continues(digest, sizes, roots, path[:-1])
        assert not continues(digest, sizes, (roots[1], roots[0]), path)


def test_the_head_is_signed_as_written_and_no_bit_of_it_may_change() -> None:
    document = VECTORS["head"]["document"]
    signed = canonical(document["head"])
    assert signed.decode() == VECTORS["head"]["signed_bytes"]
    assert sha256(signed).hex() == VECTORS["head"]["signed_bytes_sha256"]
    assert document_is_signed(document)
    key, signature = bytes.fromhex(document["key"]["public_key"]), bytes.fromhex(document["signature"])
    for at in range(0, len(signature), 7):
        changed = bytearray(signature)
        changed[at] ^= 1
        assert not is_signature(key, signed, bytes(changed))
    assert not is_signature(key, signed + b" ", signature)
