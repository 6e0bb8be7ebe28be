"""What an act's event binds: every column of its documents and of the hazard, in the form the page describes."""

import asyncio
import hashlib
import json
import random
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.audit_check.faults import FaultKind
from app.audit_check.verification import Asked, verify
from app.audit_documents.binding import digest
from app.audit_documents.columns import DOCUMENTS, HAZARD, WRITTEN_BY
from app.tables.base import ActDocument, Base
from app.tables.hazards import Hazard
from tests.audit_check.conftest import SIGNER, Trail
from tests.audit_check.forging import Hand
from tests.audit_check.test_manipulations import SEED, superuser
from tests.second_verifier.tree import canonical

PAGE = (Path(__file__).parents[2] / "docs" / "audit-format.md").read_text(encoding="utf-8").split("## 10.")[1]
MOVED_BETWEEN_ACTS = {"current_deadline", "deadline_is_provisional", "touched_by"}
"""A job's recount, told by an event of its own, and the wall's own mark."""


def test_every_document_of_an_act_is_bound_with_every_column() -> None:
    tables = {one.__tablename__: one for one in Base.__subclasses__() if issubclass(one, ActDocument)}

    assert DOCUMENTS.keys() == tables.keys() == set(WRITTEN_BY.values())
    for name, table in tables.items():
        assert set(DOCUMENTS[name]) == set(table.__table__.columns.keys()), name
    assert {*HAZARD, *MOVED_BETWEEN_ACTS} == set(Hazard.__table__.columns.keys())


def test_the_page_names_the_columns_of_every_table() -> None:
    listed = PAGE.split("The columns,")[1]
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", listed, re.MULTILINE))
    named = {table: set(re.findall(r"`(\w+)`", columns)) for table, columns in rows.items()}
    every = named.pop("every")

    assert named.pop("hazard") == set(HAZARD)
    assert {table: every | own for table, own in named.items()} == {
        table: set(columns) for table, columns in DOCUMENTS.items()
    }


def test_the_example_of_the_page_has_the_digest_it_names() -> None:
    said, sha256 = re.findall(r"^    (\{.*\})\n    ([0-9a-f]{64})$", PAGE, re.MULTILINE)[0]
    row = json.loads(said)
    told = [row[name] for name in DOCUMENTS[row["type"]]]

    assert canonical(row) == said.encode()
    assert hashlib.sha256(said.encode()).hexdigest() == sha256 == digest(row["type"], told)
    assert row.keys() == {"type", "format", *DOCUMENTS[row["type"]]}


def written(value: Any) -> Any:
    """A column's value as the page has it, in no words of the program's."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, date):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else value


@pytest.mark.parametrize("table", ["plan", "progress", "listing", "declaration", "verification", "correction"])
def test_a_stranger_computes_the_digests_of_documents_from_rows_as_the_page_says(trail: Trail, table: str) -> None:
    async def rows() -> list[tuple[dict[str, Any], dict[str, Any]]]:
        async with superuser(trail) as context:
            await context.session.execute(text("SET LOCAL TimeZone = 'Asia/Kolkata'"))
            found = await context.session.execute(
                text(
                    f"SELECT d.*, e.payload FROM {table} d JOIN hazard_transition t ON t.id = d.transition_id"
                    " JOIN audit_event e ON e.hazard_id = t.hazard_id AND e.transaction_id = t.transaction_id"
                    " AND e.event = format('hazard%s%s%srecorded', chr(58), t.act, chr(58))"
                )
            )
            both = [dict(row) for row in found.mappings()]
            return [(json.loads(row.pop("payload"))["particulars"], row) for row in both]

    found = asyncio.run(rows())
    assert found
    for said, row in found:
        form = {"type": table, "format": 1, **{name: written(value) for name, value in row.items()}}
        sha256 = hashlib.sha256(canonical(form)).hexdigest()
        assert said["documents"] == [{"table": table, "id": row["id"], "sha256": sha256}]


async def kinds_after(trail: Trail, *statements: str) -> set[FaultKind]:
    """What is found after statements of somebody whom no wall stops, each of one changed row or more."""
    async with superuser(trail) as context:
        hand = Hand(context, random.Random(SEED), SIGNER)
        for statement in statements:
            assert await hand.do(statement)
        return {fault.kind for fault in (await verify(context, Asked())).faults}


SOME = "WHERE id = (SELECT max(id) FROM {0})"


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("UPDATE plan SET funds = '无'", FaultKind.DOCUMENT_DIFFERS),
        ("UPDATE plan SET milestones = jsonb_build_object('items', 0.5)", FaultKind.DOCUMENT_DIFFERS),
        ("UPDATE progress SET note = '另有说明'", FaultKind.DOCUMENT_DIFFERS),
        ("UPDATE listing SET recorded_at = recorded_at - interval '1 microsecond'", FaultKind.DOCUMENT_DIFFERS),
        ("UPDATE listing SET due_explained = '{}'", FaultKind.DOCUMENT_DIFFERS),
        ("UPDATE verification SET certificates = certificates || '{X}'", FaultKind.DOCUMENT_DIFFERS),
        ("UPDATE hazard SET place = '别处'", FaultKind.HAZARD_DIFFERS),
        ("UPDATE hazard SET finders = '他人'", FaultKind.HAZARD_DIFFERS),
        ("UPDATE hazard SET site_id = site_id + 1", FaultKind.HAZARD_DIFFERS),
        ("DELETE FROM progress", FaultKind.DOCUMENT_MISSING),
        ("UPDATE progress SET transition_id = NULL", FaultKind.DOCUMENT_MISSING),
        ("UPDATE progress SET transition_id = 1000000", FaultKind.DOCUMENT_UNTOLD),
    ],
)
def test_one_kind_of_change_is_one_kind_of_fault(trail: Trail, statement: str, kind: FaultKind) -> None:
    table = statement.removeprefix("UPDATE ").removeprefix("DELETE FROM ").split()[0]
    found = asyncio.run(kinds_after(trail, f"{statement} {SOME.format(table)}"))

    # What names another act is missing where it was.
    assert found == {kind} | ({FaultKind.DOCUMENT_MISSING} if kind is FaultKind.DOCUMENT_UNTOLD else set())


def test_a_hazard_is_looked_at_with_its_documents(trail: Trail) -> None:
    async def asked() -> set[FaultKind]:
        async with superuser(trail) as context:
            hand = Hand(context, random.Random(SEED), SIGNER)
            await hand.do("UPDATE progress SET description = '另写', transition_id = transition_id")
            hazard = (await hand.one("SELECT hazard_id FROM progress LIMIT 1")).hazard_id
            return {fault.kind for fault in (await verify(context, Asked(hazard_id=hazard))).faults}

    assert asyncio.run(asked()) == {FaultKind.DOCUMENT_DIFFERS}
