"""The control run: a wall weakened on purpose is found out by the adversary and the oracle."""

from collections.abc import Callable, Iterator

import pytest

from tests.support.arena import Arena, build_arena
from tests.support.cluster import Cluster, TestDatabase
from tests.support.planted import Weakness, try_weakness, weaknesses


@pytest.fixture(scope="module")
def base(cluster: Cluster) -> Iterator[tuple[TestDatabase, Arena]]:
    """An arena that is only ever copied."""
    with cluster.temporary_database() as database:
        yield database, build_arena(database)


def triggers_of(arena: Arena, *tables: str) -> list[Weakness]:
    with arena.connect() as judge:
        return [each for each in weaknesses(judge) if each.table in tables and not each.on_truncate]


LATER = pytest.mark.long
"""One of each kind with every commit; `test_every_weakness.py` of the long suite takes every trigger there is."""


@pytest.mark.parametrize(
    "table", ["signature", pytest.param("signing_round", marks=LATER), pytest.param("hazard", marks=LATER)]
)
def test_a_table_without_its_triggers_is_found_out(
    base: tuple[TestDatabase, Arena], new_database: Callable[..., TestDatabase], table: str
) -> None:
    database, arena = base
    copy = new_database(template=database.name)
    verdict = try_weakness(arena, copy, triggers_of(arena, table), 1_800)
    assert verdict.codes, table


@pytest.mark.parametrize("table", ["sealed_closing", pytest.param("edition_chain_level", marks=LATER)])
def test_a_table_open_to_all_is_found_out(
    base: tuple[TestDatabase, Arena], new_database: Callable[..., TestDatabase], table: str
) -> None:
    database, arena = base
    copy = new_database(template=database.name)
    verdict = try_weakness(arena, copy, triggers_of(arena, table), 900, wide=True)
    assert verdict.found, table


def test_the_whole_wall_stands_in_the_copy(
    base: tuple[TestDatabase, Arena], new_database: Callable[..., TestDatabase]
) -> None:
    database, arena = base
    verdict = try_weakness(arena, new_database(template=database.name), [], 900)
    assert not verdict.found, verdict
