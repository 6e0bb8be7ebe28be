"""Two acts at the same instant (promises P-08, P-12): whatever overlaps, the histories stay legal."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.oracle.legality import violations
from tests.support.arena import build_arena
from tests.support.cluster import Cluster, TestDatabase
from tests.support.races import OVERLAPS, Track

LIFECYCLE = ("sign", "withdraw", "refuse", "verify", "declare", "correct", "extend", "close")
NEVER_BOTH = frozenset(
    {
        ("sign", "sign"),
        ("sign", "withdraw"),
        ("sign", "refuse"),
        ("withdraw", "sign"),
        ("refuse", "sign"),
        ("refuse", "refuse"),
        ("withdraw", "withdraw"),
        ("close", "close"),
        ("close", "withdraw"),
        ("close", "refuse"),
        ("withdraw", "close"),
        ("refuse", "close"),
        ("correct", "close"),
        ("correct", "sign"),
        ("transfer", "close"),
        ("disable", "close"),
        ("verify", "verify"),
    }
)
"""Of these the first forbids the second, whenever the second is done on what stood before the first."""
KEY_PAIRS = (
    ("sign", "withdraw"),
    ("sign", "sign"),
    ("close", "withdraw"),
    ("close", "correct"),
    ("close", "transfer"),
    ("close", "disable"),
)


def track_of(opened: ExitStack, database: TestDatabase) -> Track:
    arena = build_arena(database)
    lanes = [opened.enter_context(psycopg.connect(arena.front.address, row_factory=dict_row)) for _ in range(2)]
    return Track(arena, opened.enter_context(arena.connect()), (lanes[0], lanes[1]))


@pytest.fixture(scope="module")
def track(cluster: Cluster) -> Iterator[Track]:
    """Two lanes in one arena for all races of this file."""
    with ExitStack() as opened:
        yield track_of(opened, opened.enter_context(cluster.temporary_database()))


def legal(track: Track) -> bool:
    found = violations(track.judge)
    track.judge.rollback()
    assert found == []
    return True


@pytest.mark.parametrize("overlap", ["held", "undone"])
def test_every_act_meets_every_other(track: Track, overlap: str) -> None:
    for first, second in itertools.product(LIFECYCLE, repeat=2):
        one, other = track.meet(first, second, overlap)
        both = one.refusal is None and other.refusal is None
        assert not (both and (first, second) in NEVER_BOTH), (first, second)
        assert overlap == "held" or one.refusal is not None
    assert legal(track)


def test_two_at_the_same_instant(track: Track) -> None:
    for first, second in KEY_PAIRS * 6:
        one, other = track.meet(first, second, "free")
        assert one.refusal is None or other.refusal is None, (first, one.refusal, second, other.refusal)
    assert legal(track)


def test_a_signer_leaves_while_the_hazard_closes(track: Track) -> None:
    for leaves, overlap in itertools.product(("transfer", "disable"), ("held", "seen")):
        one, other = track.meet(leaves, "close", overlap)
        assert (one.refusal is None, other.refusal is None) == (True, False), (leaves, overlap)
        one, other = track.meet("close", leaves, overlap)
        assert (one.refusal, other.refusal) == (None, None), (leaves, overlap)
    assert legal(track)


def test_without_its_trigger_two_would_sign_one_level(fresh_database: TestDatabase) -> None:
    with ExitStack() as opened:
        track = track_of(opened, fresh_database)
        track.judge.execute("ALTER TABLE signature DISABLE TRIGGER wall_insert")
        track.judge.commit()
        track.meet("sign", "sign", "held")
        assert "level-signed-twice" in {each.code for each in violations(track.judge)}


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("isolation", ["read committed", "repeatable read", "serializable"])
def test_every_pair_overlaps_every_way(new_database: Callable[..., TestDatabase], isolation: str) -> None:
    with ExitStack() as opened:
        track = track_of(opened, new_database())
        for first, second in itertools.product((*LIFECYCLE, "transfer", "disable"), repeat=2):
            for overlap in OVERLAPS:
                one, other = track.meet(first, second, overlap, isolation)
                both = one.refusal is None and other.refusal is None
                assert not (both and overlap == "held" and (first, second) in NEVER_BOTH), (first, second)
        assert legal(track)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("isolation", ["read committed", "repeatable read", "serializable"])
@pytest.mark.parametrize(("first", "second"), KEY_PAIRS)
def test_ten_thousand_races(new_database: Callable[..., TestDatabase], first: str, second: str, isolation: str) -> None:
    with ExitStack() as opened:
        track = track_of(opened, new_database())
        for _ in range(560):
            track.meet(first, second, "free", isolation)
        assert legal(track)
