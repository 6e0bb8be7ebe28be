"""The oracle finds every illegality it was built to find, and nothing in a legal town."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

from tests.oracle.legality import violations
from tests.oracle.town import legal_town, names_of
from tests.support.cluster import Cluster, libpq_address

FOLDER: Final = Path(__file__).parent
_CASE: Final = re.compile(r"^-- illegal: (\S+)\n((?:(?!--).+\n)+)", re.MULTILINE)
ILLEGAL: Final = [case for file in sorted(FOLDER.glob("illegal_*.sql")) for case in _CASE.findall(file.read_text())]

Connection = psycopg.Connection[Any]


@pytest.fixture(scope="module")
def town(cluster: Cluster) -> Iterator[tuple[Connection, dict[str, int]]]:
    """A legal town and the names of its rows."""
    with (
        cluster.temporary_database() as database,
        psycopg.connect(libpq_address(database.superuser_url), cursor_factory=psycopg.ClientCursor) as connection,
    ):
        names = names_of(legal_town(connection))
        connection.commit()
        yield connection, names


def test_a_legal_town_has_no_violations(town: tuple[Connection, dict[str, int]]) -> None:
    connection, _ = town
    assert violations(connection) == []
    connection.rollback()


@pytest.mark.parametrize(("code", "statement"), ILLEGAL, ids=[f"{n}-{case[0]}" for n, case in enumerate(ILLEGAL)])
def test_an_illegal_history_is_found(town: tuple[Connection, dict[str, int]], code: str, statement: str) -> None:
    connection, names = town
    with connection.transaction(force_rollback=True):
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute(statement.encode(), names)
        found = {violation.code for violation in violations(connection)}
    assert code in found


def test_every_rule_of_the_oracle_has_an_illegal_history() -> None:
    judges = ("lifecycle", "chains", "signatures", "closings", "rectification", "paper", "posts", "streams")
    text = "\n".join((FOLDER / f"{name}.py").read_text() for name in judges)
    rules = set(re.findall(r'f?"([a-z{}]+(?:-[a-z{}]+)+)"(?:: |, hazard)', text))
    shown = {code for code, _ in ILLEGAL}
    assert len(rules) > 80
    assert len(ILLEGAL) > 170
    assert {rule for rule in rules if not any(_is(rule, code) for code in shown)} == set()


def _is(rule: str, code: str) -> bool:
    return re.fullmatch(rule.replace("{kind}", "(declaration|verification)"), code) is not None


def test_the_oracle_imports_nothing_of_the_code_it_judges() -> None:
    for file in FOLDER.glob("*.py"):
        assert not re.search(r"^\s*(from|import) app\b", file.read_text(), re.MULTILINE), file.name
