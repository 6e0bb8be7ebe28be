"""P-27: no business row changes without an audit event of the same transaction, on any route the walk takes."""

from typing import Any

import psycopg
import pytest

from tests.audit_check.conftest import CANARY, Trail
from tests.audit_check.test_personal_values import identity_number
from tests.support import walk
from tests.support.cluster import libpq_address
from tests.support.journeys import JOURNEYS
from tests.support.registry import Registry

NEEDS_NONE = {
    "access_event": "itself a record: of refusals and reads",
    "alembic_version": "the owner's",
    "audit_event": "the audit itself",
    "audit_key": "sealing",
    "audit_stream": "the audit itself",
    "delivery_attempt": "itself a record: what became of each claim, neither changed nor removed",
    "delivery_era": "itself a record: which server sent, neither changed nor removed",
    "head_handover": "sealing",
    "sequence_epoch": "sealing",
    "sequence_position": "sealing",
    "tree_head": "sealing",
    "tree_node": "sealing",
    "idempotency_key": "a kept answer; the act it answers has its event",
    "session": "signing in and out, and when it was last seen; what it is used for has events",
    "step_up": "a proof; the signature or confirmation it is used for has an event that names it",
    "sign_in_attempt": "what slows guessing",
    "sign_in_pressure": "what slows guessing",
    "sign_on_attempt": "single use of an attempt",
}
"""Tables whose rows may change without an audit event, each with its reason; reviewed."""

CHANGED = """
    SELECT DISTINCT xmin::text FROM {0} x
     WHERE xmin::text NOT IN (SELECT xmin::text FROM audit_event)
       AND xmin::text::bigint > {1}
"""


def tables(connection: psycopg.Connection[Any]) -> list[str]:
    """Every table of the registry."""
    found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1").fetchall()
    return [name for (name,) in found]


def untold(trail: Trail, since: int) -> dict[str, int]:
    """Tables with rows last written by a transaction that left no event, and how many such transactions."""
    with psycopg.connect(libpq_address(trail.database.superuser_url)) as connection:
        counted = {
            table: len(connection.execute(CHANGED.format(table, since).encode()).fetchall())
            for table in tables(connection)
            if table not in NEEDS_NONE
        }
    return {table: count for table, count in counted.items() if count}


def horizon(trail: Trail) -> int:
    """The newest transaction so far."""
    return int(trail.value("SELECT pg_current_xact_id()::text::bigint"))


def _draft_refused(registry: Registry) -> str:
    """Declared, sent back by the inspectors, declared again; extended, transferred, measured on the way."""
    hazard = walk.planned(registry)
    registry.post(f"/hazards/{hazard}/progress", {"description": "设备已订购"}, by="chemical-safety-officer")
    walk.declare(registry, hazard)
    walk.verify(registry, hazard, passed=False, note="仍有两处未整改")
    return hazard


def _people(registry: Registry) -> None:
    """A person, an account, a post, an appointment by two, ended again; a service account with a key."""
    sent = {"name": f"{CANARY}甲", "phone": "13912345670", "identity_number": identity_number(3)}
    person = registry.post("/persons", sent, by="system-admin")["id"]
    account = {"person_id": person, "login_name": "new-inspector", "password": "Sehr-langes-Wort-2026!"}
    registry.post("/accounts", account, by="system-admin")


def _penalties(registry: Registry) -> None:
    """A penalty recorded, corrected, and another from a workbook."""
    JOURNEYS["enforcement"].walk(registry)


def _messages(registry: Registry) -> None:
    """Sending paused and released, a message acknowledged, another one found to need sending again."""
    JOURNEYS["delivery"].walk(registry)


@pytest.mark.parametrize(
    "step",
    [walk.closed, _draft_refused, _people, _penalties, _messages],
    ids=lambda step: str(step.__name__).strip("_"),
)
def test_what_the_routes_change_is_told_in_the_same_transaction(trail: Trail, step: Any) -> None:
    since = horizon(trail)
    told = int(trail.value("SELECT count(*) FROM audit_event"))

    step(trail.registry)

    assert untold(trail, since) == {}
    assert trail.value("SELECT count(*) FROM audit_event") > told


def test_a_change_without_its_event_is_seen_by_this_very_test(trail: Trail) -> None:
    since = horizon(trail)
    with psycopg.connect(libpq_address(trail.database.superuser_url)) as connection:
        connection.execute("UPDATE organisation SET name = name WHERE id = (SELECT min(id) FROM organisation)")

    assert untold(trail, since) == {"organisation": 1}


def test_the_list_of_tables_that_need_none_names_tables_that_are(trail: Trail) -> None:
    with psycopg.connect(libpq_address(trail.database.superuser_url)) as connection:
        there = set(tables(connection))

    assert {"hazard", "account", "appointment", "enterprise", "evidence", "legacy_batch", "person"} <= there
    assert set(NEEDS_NONE) - there == set()
