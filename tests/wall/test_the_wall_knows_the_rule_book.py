"""The wall's copy of the lifecycle is the rule book's, step by step; every document of an act stands under it."""

import contextlib
from collections.abc import Iterator
from itertools import product

import psycopg
import pytest

from app.regulation.lifecycle import LIFECYCLE
from app.regulation.vocabulary import Act, State
from app.tables import Base
from tests.support.cluster import TestDatabase, libpq_address

Step = tuple[str | None, str, str]
# The paper past is entered in two steps, of which the rule book knows the outcome.
OF_THE_PAPER_PAST: set[Step] = {(None, "import_closed", "listed"), ("listed", "import_closed", "closed")}


@pytest.fixture
def superuser(fresh_database: TestDatabase) -> Iterator[psycopg.Connection]:
    with contextlib.closing(psycopg.connect(libpq_address(fresh_database.superuser_url))) as connection:
        yield connection


def steps_of_the_rule_book() -> set[Step]:
    steps = {
        (rule.from_state.value if rule.from_state else None, rule.act.value, to_state.value)
        for rule in LIFECYCLE
        for to_state in rule.to_states
    }
    return steps - {(None, "import_closed", "closed")} | OF_THE_PAPER_PAST


def test_the_wall_knows_exactly_the_steps_of_the_rule_book(superuser: psycopg.Connection) -> None:
    states = [None, *(state.value for state in State)]
    every = [step for step in product(states, (act.value for act in Act), states) if step[2] is not None]
    known = {
        step
        for step in every
        if superuser.execute("SELECT wall_step_is_known(%s::text, %s, %s)", step).fetchone() == (True,)
    }
    assert known == steps_of_the_rule_book()


def documents() -> list[str]:
    return sorted(
        table.name
        for table in Base.metadata.tables.values()
        if {"hazard_id", "cycle", "transition_id", "note"} <= set(table.columns.keys())
    )


def test_every_document_of_an_act_stands_under_the_wall(superuser: psycopg.Connection) -> None:
    assert len(documents()) >= 18
    for table in documents():
        triggers = {
            name
            for (name,) in superuser.execute(
                "SELECT tgname FROM pg_trigger WHERE tgrelid = to_regclass(%s) AND NOT tgisinternal", (table,)
            )
        }
        assert {"wall_document", "wall_no_truncate"} <= triggers, table
        policy = "SELECT count(*) FROM pg_policies WHERE tablename = %s AND policyname = 'wall_checks'"
        assert superuser.execute(policy, (table,)).fetchone() == (1,), table
