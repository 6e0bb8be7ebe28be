"""Erasing a person's values leaves every proof valid, for nothing that is proved ever held one."""

import psycopg
from psycopg.types.json import Jsonb

from app.audit_check.verification import Asked
from tests.audit_check.conftest import CANARY, Trail
from tests.support.cluster import libpq_address

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def identity_number(serial: int) -> str:
    """One that GB 11643 lets pass."""
    digits = f"11010119900307{serial:03d}"
    rest = sum(int(digit) * weight for digit, weight in zip(digits, WEIGHTS, strict=True)) % 11
    return digits + "10X98765432"[rest]


def entered(trail: Trail, serial: int) -> int:
    """A person entered and changed through the API, under values to be searched for."""
    sent = {"name": f"{CANARY}某某", "phone": "13912345678", "identity_number": identity_number(serial)}
    made = trail.registry.post("/persons", sent, by="system-admin")
    answer = trail.registry.call("PATCH", f"/persons/{made['id']}", by="system-admin", json={"phone": "13987654321"})
    assert answer.status == 200, answer.body
    trail.seal()
    return int(made["id"])


def test_no_payload_transition_or_access_row_holds_a_personal_value(trail: Trail) -> None:
    entered(trail, 1)
    words = [CANARY, "13912345678", "13987654321", identity_number(1)]
    events = trail.rows("SELECT event, convert_from(payload, 'UTF8') FROM audit_event")
    assert {"person:record:entered", "person:record:changed"} <= {event for event, _ in events}

    for table in ("audit_event", "audit_stream", "hazard_transition", "access_event", "tree_head", "audit_key"):
        rows = trail.rows(f"SELECT to_jsonb(x)::text FROM {table} x")
        assert not [row for (row,) in rows if any(word in row for word in words)], table
    assert not [event for event, payload in events if any(word in payload for word in words)]


def test_erasing_every_personal_value_leaves_every_proof_valid(trail: Trail) -> None:
    entered(trail, 2)
    before = trail.rows("SELECT to_jsonb(d) FROM person_detail d ORDER BY person_id")
    with psycopg.connect(libpq_address(trail.database.superuser_url)) as connection:
        erased = connection.execute(
            "UPDATE person_detail SET name = NULL, phone = NULL, erased_at = registry_now()"
        ).rowcount
    assert erased > 20

    assert trail.verify().faults == []
    for reference in trail.hazards.values():
        hazard = trail.rows(f"SELECT id FROM hazard WHERE public_id = '{reference}'")[0][0]
        assert trail.verify(Asked(hazard_id=hazard)).faults == []

    with psycopg.connect(libpq_address(trail.database.superuser_url)) as connection:
        for (row,) in before:
            connection.execute(
                "UPDATE person_detail d SET name = r.name, phone = r.phone, erased_at = r.erased_at"
                " FROM jsonb_populate_record(NULL::person_detail, %s) r WHERE d.person_id = r.person_id",
                [Jsonb(row)],
            )
