"""The facts that the rules decide on: told by many small looks, they are those of the one statement before them."""

import runpy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

from tests.support.cluster import Cluster, libpq_address
from tests.support.journeys import JOURNEYS
from tests.support.registry import Answered, Registry, open_registry, settled_database

AT_ONCE: Final = next(Path("migrations/versions").glob("*_0022_*.py"))
DIFFERENT: Final = """
    SELECT h.id, h.state, row_to_json(f), row_to_json(before)
      FROM hazard h LEFT JOIN LATERAL hazard_facts(h.id) AS f ON true
      LEFT JOIN LATERAL facts_at_once(h.id) AS before ON true
     WHERE f IS DISTINCT FROM before OR f IS NULL
"""


@dataclass
class Compared(Registry):
    """Compares the facts of every hazard after every request that writes."""

    connection: psycopg.Connection[Any] | None = None
    compared: int = 0

    def call(self, method: str, path: str, *, by: str | None, **request: Any) -> Answered:
        """One request."""
        answer = super().call(method, path, by=by, **request)
        if method == "POST" and self.connection is not None:
            assert self.connection.execute(DIFFERENT.encode()).fetchall() == [], (path, answer.body)
            self.compared += 1
        return answer


@pytest.fixture
def compared(cluster: Cluster, tmp_path: Path) -> Iterator[Compared]:
    with settled_database(cluster) as database:
        text = runpy.run_path(str(AT_ONCE))["FACTS"].replace("\\:", ":").replace("hazard_facts", "facts_at_once")
        with (
            psycopg.connect(libpq_address(database.superuser_url), autocommit=True) as connection,
            open_registry(database, tmp_path) as opened,
        ):
            connection.execute(text.encode())
            connection.execute("ALTER FUNCTION facts_at_once(bigint) OWNER TO qingling_wall")
            connection.execute("GRANT EXECUTE ON FUNCTION facts_at_once(bigint) TO qingling_report")
            connection.execute("SET ROLE qingling_report")
            yield Compared(opened.client, database, connection=connection)


def test_after_every_act_of_every_journey_the_facts_are_the_same(compared: Compared) -> None:
    for name in ("listing", "closing", "other ends", "deadlines", "rounds", "office"):
        JOURNEYS[name].walk(compared)
    assert compared.compared >= 60
