"""Every trigger of the wall put out of order by itself: found out, or shown to be covered by a second wall."""

from collections.abc import Callable, Iterator
from typing import Final

import pytest

from tests.support.arena import Arena, build_arena
from tests.support.cluster import Cluster, TestDatabase
from tests.support.planted import Weakness, covered_by_privileges, try_weakness, weaknesses

STATEMENTS: Final = 2_500
NOT_JUDGED: Final = frozenset(
    {
        "access_event",
        "account",
        "area",
        "calendar_day",
        "calendar_year",
        "clock_setting",
        "criterion",
        "enterprise",
        "extension_decision",
        "hazard_party",
        "person_detail",
        "plan",
        "plan_decision",
        "post",
        "sequence_position",
        "service_key",
        "session",
        "site",
        "transfer_refusal",
        "unit",
        "unit_period",
    }
)
"""Tables whose rows decide no history's legality, or that no statement of the adversary can fill."""

pytestmark = [pytest.mark.long, pytest.mark.timeout(3600)]


@pytest.fixture(scope="module")
def base(cluster: Cluster) -> Iterator[tuple[TestDatabase, Arena]]:
    """An arena that is only ever copied."""
    with cluster.temporary_database() as database:
        yield database, build_arena(database)


def test_each_trigger_alone_is_missed_or_covered(
    base: tuple[TestDatabase, Arena], cluster: Cluster, record_property: Callable[[str, object], None]
) -> None:
    database, arena = base
    with arena.connect() as judge:
        every = [each for each in weaknesses(judge) if not each.on_truncate and each.table not in NOT_JUDGED]
        privileged = {each for each in every if covered_by_privileges(judge, each)}
    survivors: dict[str, list[Weakness]] = {}
    for weak in every:
        if weak in privileged or not _found(cluster, database, arena, [weak]):
            survivors.setdefault(weak.table, []).append(weak)
    record_property("survivors", [f"{each.table}.{each.trigger}" for found in survivors.values() for each in found])
    for table in survivors:
        whole = [each for each in every if each.table == table]
        assert _found(cluster, database, arena, whole, wide=True), table


def _found(cluster: Cluster, database: TestDatabase, arena: Arena, weak: list[Weakness], *, wide: bool = False) -> bool:
    """Two attacks before a weakness counts as survived."""
    for _ in range(2):
        with cluster.temporary_database(template=database.name) as copy:
            if try_weakness(arena, copy, weak, STATEMENTS, wide=wide).found:
                return True
    return False
