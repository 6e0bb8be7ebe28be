"""The Merkle tree against RFC 9162 as written there (recursively, by itself) and against published test vectors."""

import random
from collections.abc import Sequence
from functools import cache

import pytest

from app.audit.merkle import (
    ALGORITHMS,
    SHA256,
    SM3,
    Growing,
    Hash,
    ProofRefused,
    assert_hashes_work,
    consistency_places,
    consistency_proof,
    edge_places,
    inclusion_places,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root,
    root_from_inclusion,
    verify_consistency,
    verify_inclusion,
)

LARGEST = 130
DATA = [f"row {number}".encode() for number in range(LARGEST)]

# certificate-transparency's reference tree (merkle_tree_test.cc, RFC 6962 and 9162 share it): leaves and roots 1…8.
CT_LEAVES = [
    bytes.fromhex(leaf)
    for leaf in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
CT_ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
CT_INCLUSION = (
    (1, 1, ()),
    (
        1,
        8,
        (
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ),
    ),
    (
        6,
        8,
        (
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ),
    ),
    (3, 3, ("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",)),
    (
        2,
        5,
        (
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ),
    ),
)
CT_CONSISTENCY = (
    (1, 1, ()),
    (
        1,
        8,
        (
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ),
    ),
    (
        6,
        8,
        (
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ),
    ),
    (
        2,
        5,
        (
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ),
    ),
)


# RFC 9162 2.1.1, 2.1.3.1 and 2.1.4.1 word for word, over (start, end) of DATA.
@cache
def mth(h: Hash, start: int, end: int) -> bytes:
    size = end - start
    if size == 0:
        return h.digest(b"")
    if size == 1:
        return h.digest(b"\x00" + DATA[start])
    k = 1
    while 2 * k < size:
        k *= 2
    return h.digest(b"\x01" + mth(h, start, start + k) + mth(h, start + k, end))


def path(h: Hash, m: int, start: int, end: int) -> list[bytes]:
    size = end - start
    if size == 1:
        return []
    k = 1
    while 2 * k < size:
        k *= 2
    if m < k:
        return [*path(h, m, start, start + k), mth(h, start + k, end)]
    return [*path(h, m - k, start + k, end), mth(h, start, start + k)]


def subproof(h: Hash, m: int, start: int, end: int, *, known: bool) -> list[bytes]:
    size = end - start
    if m == size:
        return [] if known else [mth(h, start, end)]
    k = 1
    while 2 * k < size:
        k *= 2
    if m <= k:
        return [*subproof(h, m, start, start + k, known=known), mth(h, start + k, end)]
    return [*subproof(h, m - k, start + k, end, known=False), mth(h, start, start + k)]


def stored(h: Hash, level: int, index: int) -> bytes:
    return mth(h, index << level, (index + 1) << level)


def as_hex(hashes: Sequence[bytes]) -> tuple[str, ...]:
    return tuple(one.hex() for one in hashes)


def test_the_hash_functions_are_the_standards() -> None:
    assert_hashes_work()
    with pytest.raises(RuntimeError, match="sm3"):
        assert_hashes_work([Hash("sm3", SHA256.digest)])
    # GB/T 32905-2016 A.2: 512 bits.
    expected = "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"
    assert SM3.digest(b"abcd" * 16).hex() == expected


def test_both_ways_to_sm3_agree() -> None:
    from app.audit.merkle import _sm3_of_cryptography, _sm3_of_openssl  # noqa: PLC0415 - one of them is the way not taken

    for length in (0, 1, 55, 56, 64, 1000):
        assert _sm3_of_cryptography(b"x" * length) == _sm3_of_openssl(b"x" * length)


def test_the_roots_are_those_published_for_certificate_transparency() -> None:
    leaves = [leaf_hash(SHA256, leaf) for leaf in CT_LEAVES]
    assert tuple(root(SHA256, leaves[:size]).hex() for size in range(9)) == CT_ROOTS


@pytest.mark.parametrize(("number", "size", "proof"), CT_INCLUSION)
def test_inclusion_proofs_are_those_published(number: int, size: int, proof: tuple[str, ...]) -> None:
    nodes = nodes_of(SHA256, CT_LEAVES[:size])
    assert as_hex(inclusion_proof(SHA256, number - 1, size, lambda *place: nodes[place])) == proof
    given = [bytes.fromhex(one) for one in proof]
    expected = bytes.fromhex(CT_ROOTS[size])
    assert verify_inclusion(SHA256, CT_LEAVES[number - 1], number - 1, size, given, of_root=expected)


@pytest.mark.parametrize(("first", "second", "proof"), CT_CONSISTENCY)
def test_consistency_proofs_are_those_published(first: int, second: int, proof: tuple[str, ...]) -> None:
    nodes = nodes_of(SHA256, CT_LEAVES[:second])
    assert as_hex(consistency_proof(SHA256, first, second, lambda *place: nodes[place])) == proof
    roots = bytes.fromhex(CT_ROOTS[first]), bytes.fromhex(CT_ROOTS[second])
    assert verify_consistency(SHA256, first, second, *roots, [bytes.fromhex(one) for one in proof])


def nodes_of(h: Hash, data: Sequence[bytes]) -> dict[tuple[int, int], bytes]:
    growing = Growing(h, 0, {})
    made = [node for leaf in data for node in growing.append(leaf_hash(h, leaf))]
    return {node.place: node.hash for node in made}


@pytest.mark.parametrize("h", ALGORITHMS, ids=lambda h: h.name)
def test_every_root_up_to_130_leaves_is_the_definitions(h: Hash) -> None:
    growing = Growing(h, 0, {})
    for size in range(LARGEST + 1):
        leaves = [leaf_hash(h, data) for data in DATA[:size]]
        assert root(h, leaves) == growing.root() == mth(h, 0, size)
        if size < LARGEST:
            made = growing.append(leaf_hash(h, DATA[size]))
            assert all(node.hash == stored(h, *node.place) for node in made)


def test_a_tree_grows_on_from_its_edge_alone() -> None:
    for size in range(LARGEST):
        known = {place: stored(SM3, *place) for place in edge_places(size)}
        growing = Growing(SM3, size, known)
        growing.append(leaf_hash(SM3, DATA[size]))
        assert growing.root() == mth(SM3, 0, size + 1)


@pytest.mark.parametrize("h", ALGORITHMS, ids=lambda h: h.name)
def test_every_inclusion_proof_up_to_130_leaves_is_the_definitions_and_verifies(h: Hash) -> None:
    for size in range(1, LARGEST + 1):
        for index in range(size):
            asked = {place: stored(h, *place) for place in inclusion_places(index, size)}
            proof = inclusion_proof(h, index, size, lambda *place: asked[place])  # noqa: B023 - called at once
            assert proof == path(h, index, 0, size)
            assert verify_inclusion(h, DATA[index], index, size, proof, of_root=mth(h, 0, size))


@pytest.mark.parametrize("h", ALGORITHMS, ids=lambda h: h.name)
def test_every_consistency_proof_up_to_130_leaves_is_the_definitions_and_verifies(h: Hash) -> None:
    for second in range(LARGEST + 1):
        for first in range(second + 1):
            asked = {place: stored(h, *place) for place in consistency_places(first, second)}
            proof = consistency_proof(h, first, second, lambda *place: asked[place])  # noqa: B023 - called at once
            assert proof == (subproof(h, first, 0, second, known=True) if first else [])
            assert verify_consistency(h, first, second, mth(h, 0, first), mth(h, 0, second), proof)


def test_there_is_no_proof_of_what_is_not_in_the_tree() -> None:
    for index, size in ((0, 0), (1, 1), (5, 3), (-1, 3)):
        with pytest.raises(ProofRefused):
            inclusion_places(index, size)
        with pytest.raises(ProofRefused):
            root_from_inclusion(SHA256, mth(SHA256, 0, 1), index, size, [])
    for first, second in ((2, 1), (-1, 4)):
        with pytest.raises(ProofRefused):
            consistency_places(first, second)
        assert not verify_consistency(SHA256, first, second, mth(SHA256, 0, 1), mth(SHA256, 0, 1), [])


def test_the_empty_tree_begins_every_tree_and_no_other_empty_root_does() -> None:
    nothing = SHA256.digest(b"")
    assert verify_consistency(SHA256, 0, 7, nothing, mth(SHA256, 0, 7), [])
    assert not verify_consistency(SHA256, 0, 7, mth(SHA256, 0, 1), mth(SHA256, 0, 7), [])
    assert not verify_consistency(SHA256, 0, 7, nothing, mth(SHA256, 0, 7), [nothing])


def test_an_inner_node_passes_for_no_leaf() -> None:
    """The two subtrees of a node are 64 bytes that somebody may offer as a row; the prefix tells them apart."""
    left, right = mth(SHA256, 0, 2), mth(SHA256, 2, 4)
    rest = [mth(SHA256, 4, 8)]
    assert node_hash(SHA256, left, right) == mth(SHA256, 0, 4)
    assert not verify_inclusion(SHA256, left + right, 0, 8, rest, of_root=mth(SHA256, 0, 8))
    assert not verify_inclusion(SHA256, left + right, 0, 2, rest, of_root=mth(SHA256, 0, 8))


def test_a_hash_of_another_length_is_refused() -> None:
    tree = mth(SHA256, 0, 8)
    proof = path(SHA256, 3, 0, 8)
    # Moving a byte from one hash to its neighbour leaves the concatenation as it was.
    shifted = [proof[0] + proof[1][:1], proof[1][1:], proof[2]]
    assert not verify_inclusion(SHA256, DATA[3], 3, 8, shifted, of_root=tree)
    with pytest.raises(ProofRefused):
        root_from_inclusion(SHA256, leaf_hash(SHA256, DATA[3]), 3, 8, shifted)
    assert not verify_consistency(SHA256, 3, 8, mth(SHA256, 0, 3)[:-1], tree, subproof(SHA256, 3, 0, 8, known=True))


def forged(chance: random.Random, proof: Sequence[bytes]) -> list[bytes]:
    """The proof with one thing wrong."""
    kinds = (
        ["extend", "prepend"]
        if not proof
        else ["swap", "cut", "extend", "prepend", "bit", "double", "other", "cut front"]
    )
    kind, altered = chance.choice(kinds), list(proof)
    at = chance.randrange(len(proof)) if proof else 0
    foreign = mth(SHA256, *sorted(chance.sample(range(LARGEST), 2)))
    if kind == "swap":
        other = chance.randrange(len(proof))
        altered[at], altered[other] = altered[other], altered[at]
    elif kind == "cut":
        altered.pop()
    elif kind == "cut front":
        altered.pop(0)
    elif kind == "extend":
        altered.append(foreign)
    elif kind == "prepend":
        altered.insert(0, foreign)
    elif kind == "bit":
        altered[at] = bytes([altered[at][0] ^ (1 << chance.randrange(8))]) + altered[at][1:]
    elif kind == "double":
        altered.insert(at, altered[at])
    else:
        altered[at] = foreign
    return altered


def test_a_thousand_forged_inclusion_proofs_are_refused() -> None:
    chance = random.Random(20261123)
    tried = 0
    while tried < 1500:
        size = chance.randint(1, LARGEST)
        index = chance.randrange(size)
        honest, tree = path(SHA256, index, 0, size), mth(SHA256, 0, size)
        claimed_index, claimed_size, data, proof = index, size, DATA[index], honest
        what = chance.randrange(4)
        if what == 0:
            proof = forged(chance, honest)
        elif what == 1:
            claimed_index = chance.randrange(LARGEST + 5)
        elif what == 2:
            data = DATA[chance.randrange(LARGEST)]
        else:
            tree = mth(SHA256, 0, chance.randint(0, LARGEST))
        if (claimed_index, data, list(proof), tree) == (index, DATA[index], honest, mth(SHA256, 0, size)):
            continue
        tried += 1
        assert not verify_inclusion(SHA256, data, claimed_index, claimed_size, proof, of_root=tree)


def test_a_thousand_forged_consistency_proofs_are_refused() -> None:
    chance = random.Random(20261124)
    tried = 0
    while tried < 1500:
        second = chance.randint(1, LARGEST)
        first = chance.randint(1, second)
        honest = subproof(SHA256, first, 0, second, known=True)
        proof, roots = honest, (mth(SHA256, 0, first), mth(SHA256, 0, second))
        what = chance.randrange(3)
        if what == 0:
            proof = forged(chance, honest)
        elif what == 1:
            roots = (mth(SHA256, 0, chance.randint(0, LARGEST)), roots[1])
        else:
            roots = (roots[0], mth(SHA256, 0, chance.randint(0, LARGEST)))
        if (list(proof), roots) == (honest, (mth(SHA256, 0, first), mth(SHA256, 0, second))):
            continue
        tried += 1
        assert not verify_consistency(SHA256, first, second, *roots, proof)


def test_a_rewritten_row_leaves_no_consistency_with_the_head_that_was_published() -> None:
    for changed in range(9):
        rewritten = [b"forged" if number == changed else DATA[number] for number in range(13)]
        nodes = nodes_of(SHA256, rewritten)
        proof = consistency_proof(SHA256, 9, 13, lambda *place: nodes[place])  # noqa: B023 - called at once
        after = root(SHA256, [leaf_hash(SHA256, data) for data in rewritten])
        assert not verify_consistency(SHA256, 9, 13, mth(SHA256, 0, 9), after, proof)
