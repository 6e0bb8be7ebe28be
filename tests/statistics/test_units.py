"""The unit tree of a day: renamed, ended and late units still carry their hazards into exactly one line."""

import asyncio
from datetime import date

import psycopg

from app.infrastructure.database import Database, SystemPrincipal
from app.regulation.vocabulary import RoleClass
from app.statistics.units import UnitAsOf, UnitTree, units_as_of
from tests.support.cluster import TestDatabase, libpq_address

CITY, WEST, EAST, TOWN, PARK = 1, 2, 3, 4, 5
TREE = UnitTree(
    {
        CITY: UnitAsOf(CITY, 1, "15", "市", None),
        WEST: UnitAsOf(WEST, 2, "1501", "西区", CITY),
        EAST: UnitAsOf(EAST, 2, "1502", "东区", CITY),
        TOWN: UnitAsOf(TOWN, 3, "150101", "镇", WEST),
        PARK: UnitAsOf(PARK, 3, "150102", "园区", WEST),
    }
)


def test_a_unit_is_counted_in_the_child_of_the_scope_above_it() -> None:
    assert TREE.lines_of(CITY) == {CITY: CITY, WEST: WEST, EAST: EAST, TOWN: WEST, PARK: WEST}
    assert TREE.lines_of(WEST) == {WEST: WEST, TOWN: TOWN, PARK: PARK}
    assert TREE.lines_of(TOWN) == {TOWN: TOWN}
    assert set(TREE.lines_of(None).values()) == {CITY}


def test_the_top_of_a_territory_is_the_one_unit_above_all_others() -> None:
    assert TREE.top([TOWN, WEST, PARK]) == WEST
    assert TREE.top(TREE.units) == CITY
    assert TREE.top([WEST, EAST]) is None
    assert TREE.top([]) is None


def test_units_that_succeed_each_other_in_a_circle_end_the_path() -> None:
    circle = UnitTree({1: UnitAsOf(1, 2, "a", "甲", 2), 2: UnitAsOf(2, 2, "b", "乙", 1)})
    assert circle.path(1) == (1, 2)
    assert circle.lines_of(1) == {1: 1, 2: 2}


PERIODS = """
INSERT INTO unit (id, tier, successor_id) OVERRIDING SYSTEM VALUE
VALUES (1, 1, NULL), (3, 2, NULL), (2, 2, 3), (4, 3, NULL), (5, 2, NULL);
INSERT INTO unit_period (unit_id, parent_id, code, name, valid_from, valid_until)
VALUES (1, NULL, '15', '市', '2000-01-01', NULL),
       (2, 1, '1501', '旧区', '2000-01-01', '2024-07-01'),
       (3, 1, '1503', '新区', '2024-07-01', NULL),
       (4, 2, '150101', '旧镇', '2000-01-01', '2023-01-01'),
       (4, 2, '150109', '新镇', '2023-01-01', NULL);
"""


def test_the_tree_is_that_of_the_day(fresh_database: TestDatabase) -> None:
    with psycopg.connect(libpq_address(fresh_database.superuser_url)) as connection:
        connection.execute(PERIODS.encode())

    def tree(on: date) -> UnitTree:
        async def read() -> UnitTree:
            database = Database.at(fresh_database.report_url, pool_size=1, read_only=True)
            report = SystemPrincipal(RoleClass.REPORT, "统计")
            try:
                async with database.transaction(report, request_id="test") as context:
                    return await units_as_of(context, on)
            finally:
                await database.close()

        return asyncio.run(read())

    before, after = tree(date(2024, 6, 30)), tree(date(2024, 7, 1))
    assert (before.path(4), after.path(4)) == ((4, 2, 1), (4, 2, 3, 1))
    assert [unit.name for unit in before.with_code("150109")] == ["新镇"]
    assert before.with_code("150101") == ()
    assert tree(date(1999, 1, 1)).units[4].name == "旧镇"
    assert after.units[5] == UnitAsOf(5, 2, "", "", None)
