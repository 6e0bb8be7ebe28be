"""Every operation sends no more statements than the table says, and a list as many for fifty rows as for one."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.api import query_counts
from tests.support.cluster import Cluster, TestDatabase
from tests.support.registry import settled_database
from tests.support.routes import operations

STALE = 2
"""Statements by which an operation may undercut its row before the table is out of date."""


@pytest.fixture
def prepared_alone(cluster: Cluster) -> Iterator[TestDatabase]:
    with settled_database(cluster) as settled:
        yield settled


def over(counts: Mapping[tuple[str, str], int], table: Mapping[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    """What sends more than its row says, or has none."""
    return {key: count for key, count in counts.items() if count > table.get(key, -1)}


def test_no_operation_sends_more_statements_than_its_row_says(
    prepared_alone: TestDatabase, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    counts, table = query_counts.measured(prepared_alone, tmp_path), query_counts.table()
    assert over(counts, table) == {}
    assert {operation for operation, _ in counts} == set(operations().values()) - query_counts.NOT_MEASURED
    stale = {key: (row, counts[key]) for key, row in table.items() if key in counts and row > counts[key] + STALE}
    gone = sorted(table.keys() - counts.keys())
    if stale or gone:
        with capsys.disabled():
            print(f"\nquery_counts.csv is out of date, run python -m tests.api.query_counts: {stale} {gone}")  # noqa: T201 - for who reads the run


def test_every_role_class_with_a_sample_person_is_in_the_table() -> None:
    assert {role for _, role in query_counts.table()} == {*query_counts.ROLES, "nobody"}


def test_a_list_sends_as_many_statements_for_fifty_rows_as_for_one(
    prepared_alone: TestDatabase, tmp_path: Path
) -> None:
    counts = query_counts.of_few_and_many(prepared_alone, tmp_path)
    assert {path: count for path, count in counts.items() if count[0] < count[1]} == {}
    assert all(one > 0 for one, _ in counts.values())


def test_a_planted_statement_more_and_an_operation_without_a_row_are_found() -> None:
    table = query_counts.table()
    key = ("list_hazards", "official")
    assert over({key: table[key] + 1}, table) == {key: table[key] + 1}
    assert over({("unknown_operation", "official"): 1}, table)
