"""The Merkle tree of RFC 9162 section 2.1: roots, inclusion and consistency proofs, over any hash function.

Pure: what is stored is fetched by the caller (`…_places` say what a proof needs). Leaves are counted from 0, so the row
at sequence position p is leaf p − 1. A subtree is named by its place: (level, index) covers the leaves from
index·2^level up to, not including, (index + 1)·2^level. Only complete subtrees have a place.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

Place = tuple[int, int]
"""(level, index) of a complete subtree; level 0 is a leaf."""
NodeAt = Callable[[int, int], bytes]
"""The hash of the complete subtree at (level, index)."""

DIGEST_BYTES: Final = 32
_LEAF: Final = b"\x00"
_NODE: Final = b"\x01"


class Hash(NamedTuple):
    """A hash function of 32 bytes and the name it is stored under."""

    name: str
    digest: Callable[[bytes], bytes]


class ProofRefused(Exception):
    """The proof has not the form a tree of that size gives, whatever the hashes are."""


class Node(NamedTuple):
    """A complete subtree and its hash."""

    place: Place
    hash: bytes


def _sm3_of_openssl(data: bytes) -> bytes:
    return hashlib.new("sm3", data).digest()


def _sm3_of_cryptography(data: bytes) -> bytes:
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - only where OpenSSL was built without SM3

    working = hashes.Hash(hashes.SM3())
    working.update(data)
    return working.finalize()


SHA256: Final = Hash("sha256", lambda data: hashlib.sha256(data).digest())
SM3: Final = Hash("sm3", _sm3_of_openssl if "sm3" in hashlib.algorithms_available else _sm3_of_cryptography)
ALGORITHMS: Final = (SHA256, SM3)

_VECTOR: Final = b"abc"
_EXPECTED: Final = {
    "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    "sm3": "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0",
}


def assert_hashes_work(hashes: Iterable[Hash] = ALGORITHMS) -> None:
    """RuntimeError when a hash function of this machine does not give its standard's own example."""
    for h in hashes:
        if h.digest(_VECTOR).hex() != _EXPECTED[h.name]:
            raise RuntimeError(f"the hash function {h.name} of this machine is not the standard's")


def leaf_hash(h: Hash, data: bytes) -> bytes:
    """H(0x00 ‖ data)."""
    return h.digest(_LEAF + data)


def node_hash(h: Hash, left: bytes, right: bytes) -> bytes:
    """H(0x01 ‖ left ‖ right)."""
    return h.digest(_NODE + left + right)


def root(h: Hash, leaf_hashes: Iterable[bytes]) -> bytes:
    """The root over leaf hashes in order; of no leaf, the hash of nothing."""
    growing = Growing(h, 0, {})
    for leaf in leaf_hashes:
        growing.append(leaf)
    return growing.root()


class Growing:
    """A tree that grows at its right edge, knowing only the complete subtrees along it."""

    def __init__(self, h: Hash, size: int, known: Mapping[Place, bytes]) -> None:
        """`known` holds at least `edge_places(size)`."""
        self._h = h
        self.size = size
        self._edge = [Node(place, known[place]) for place in edge_places(size)]

    def append(self, leaf: bytes) -> list[Node]:
        """Every complete subtree that the leaf makes, itself first."""
        made = [Node((0, self.size), leaf)]
        while self._edge and self._edge[-1].place[0] == made[-1].place[0]:
            left, right = self._edge.pop(), made[-1]
            level, index = right.place
            made.append(Node((level + 1, index // 2), node_hash(self._h, left.hash, right.hash)))
        self._edge.append(made[-1])
        self.size += 1
        return made

    def root(self) -> bytes:
        """The root at its present size."""
        return _joined(self._h, [node.hash for node in self._edge]) if self._edge else self._h.digest(b"")


def edge_places(size: int) -> list[Place]:
    """The complete subtrees a tree of that size is made of, from left to right."""
    return list(_cover(0, size))


def inclusion_places(index: int, size: int) -> list[Place]:
    """The subtrees that `inclusion_proof` asks for; ProofRefused where there is no such leaf."""
    return [place for start, end in _inclusion_ranges(index, size) for place in _cover(start, end)]


def inclusion_proof(h: Hash, index: int, size: int, node_at: NodeAt) -> list[bytes]:
    """PATH(index, D[size]) of 2.1.3.1, from the leaf upwards; ProofRefused where there is no such leaf."""
    return [_range_root(h, start, end, node_at) for start, end in _inclusion_ranges(index, size)]


def consistency_places(first: int, second: int) -> list[Place]:
    """The subtrees that `consistency_proof` asks for; ProofRefused where the sizes are not in order."""
    return [place for start, end in _consistency_ranges(first, second) for place in _cover(start, end)]


def consistency_proof(h: Hash, first: int, second: int, node_at: NodeAt) -> list[bytes]:
    """PROOF(first, D[second]) of 2.1.4.1; empty from nothing or to itself; ProofRefused for sizes not in order."""
    return [_range_root(h, start, end, node_at) for start, end in _consistency_ranges(first, second)]


def root_from_inclusion(h: Hash, leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root a proof leads to (2.1.3.2); `leaf` is a leaf's hash. ProofRefused for a proof of another form."""
    _refuse_odd_lengths(leaf, *proof)
    if not 0 <= index < size:
        raise ProofRefused(f"no leaf {index} in a tree of {size}")
    place, last, reached = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise ProofRefused("the proof is too long")
        if place % 2 or place == last:
            reached = node_hash(h, sibling, reached)
            place, last = _climbed(place, last)
        else:
            reached = node_hash(h, reached, sibling)
        place, last = place // 2, last // 2
    if last:
        raise ProofRefused("the proof is too short")
    return reached


def verify_inclusion(h: Hash, data: bytes, index: int, size: int, proof: Sequence[bytes], *, of_root: bytes) -> bool:
    """Whether the leaf with this data stands at this index of the tree of that size and root."""
    try:
        return root_from_inclusion(h, leaf_hash(h, data), index, size, proof) == of_root
    except ProofRefused:
        return False


def verify_consistency(h: Hash, first: int, second: int, root1: bytes, root2: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the tree of the second size and root begins with the tree of the first (2.1.4.2)."""
    try:
        _refuse_odd_lengths(root1, root2, *proof)
        if not 0 <= first <= second:
            return False
        if first in (0, second):
            return not proof and root1 == (root2 if first == second else h.digest(b""))
        return _roots_from_consistency(h, first, second, root1, proof) == (root1, root2)
    except ProofRefused:
        return False


def _roots_from_consistency(
    h: Hash, first: int, second: int, root1: bytes, proof: Sequence[bytes]
) -> tuple[bytes, bytes]:
    # A first size that is a power of two is itself a subtree of the second: its root is left out of the proof.
    path = list(proof) if first & (first - 1) else [root1, *proof]
    if not proof:
        raise ProofRefused("the proof is empty")
    place, last = first - 1, second - 1
    while place % 2:
        place, last = place // 2, last // 2
    old = new = path[0]
    for node in path[1:]:
        if last == 0:
            raise ProofRefused("the proof is too long")
        if place % 2 or place == last:
            old, new = node_hash(h, node, old), node_hash(h, node, new)
            place, last = _climbed(place, last)
        else:
            new = node_hash(h, new, node)
        place, last = place // 2, last // 2
    if last:
        raise ProofRefused("the proof is too short")
    return old, new


def _climbed(place: int, last: int) -> tuple[int, int]:
    """Past the levels where a right edge has no sibling."""
    while place and place % 2 == 0:
        place, last = place // 2, last // 2
    return place, last


def _refuse_odd_lengths(*hashes: bytes) -> None:
    # Concatenation is unambiguous only between hashes of one length.
    if any(len(one) != DIGEST_BYTES for one in hashes):
        raise ProofRefused(f"a hash here has {DIGEST_BYTES} bytes")


def _split(size: int) -> int:
    """The largest power of two smaller than `size` (> 1)."""
    return 1 << ((size - 1).bit_length() - 1)


def _inclusion_ranges(index: int, size: int) -> list[tuple[int, int]]:
    if not 0 <= index < size:
        raise ProofRefused(f"no leaf {index} in a tree of {size}")
    start, end, ranges = 0, size, []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def _consistency_ranges(first: int, second: int) -> list[tuple[int, int]]:
    if not 0 <= first <= second:
        raise ProofRefused(f"a tree of {first} is not the beginning of one of {second}")
    if first in (0, second):
        return []
    start, end, ranges = 0, second, []
    while first != end:
        middle = start + _split(end - start)
        if first <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    # The last subtree is told only where the verifier has not its hash already: the first tree's own root.
    if start:
        ranges.append((start, end))
    return ranges[::-1]


def _cover(start: int, end: int) -> Iterator[Place]:
    """A range that begins where a subtree of its length may begin, as complete subtrees from left to right."""
    while start < end:
        level = (end - start).bit_length() - 1
        yield level, start >> level
        start += 1 << level


def _range_root(h: Hash, start: int, end: int, node_at: NodeAt) -> bytes:
    return _joined(h, [node_at(*place) for place in _cover(start, end)])


def _joined(h: Hash, subtrees: Sequence[bytes]) -> bytes:
    *lefts, joined = subtrees
    for left in reversed(lefts):
        joined = node_hash(h, left, joined)
    return joined
