"""P-26: the verifier in the program and the one written from docs/audit-format.md alone agree on every manipulation."""

import asyncio
import random
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.audit_check.faults import FaultKind
from app.audit_check.verification import Asked, verify
from app.infrastructure.context import Context
from tests.audit_check.conftest import SIGNER
from tests.audit_check.conftest import Trail as SealedCity
from tests.audit_check.forgeries import FOUND, UNSEEN_WITHOUT_OUTSIDE_HEADS
from tests.audit_check.forging import Forgery, Hand
from tests.audit_check.test_manipulations import SEED, held_outside, superuser
from tests.second_verifier.trail import QUERIES, Trail, faults, outside_faults

# Documents beside the trail, which the second verifier does not read: the page tells of those that acts bind (section
# 10), and of the others nothing.
_BESIDE_THE_TRAIL = {
    *(FaultKind.HAZARD_DIFFERS, FaultKind.SIGNATURE_DIFFERS, FaultKind.SIGNATURE_MISSING),
    *(FaultKind.WITHDRAWAL_DIFFERS, FaultKind.SEAL_DIFFERS, FaultKind.SEAL_MISSING, FaultKind.CONTENT_ALTERED),
    *(FaultKind.DOCUMENT_DIFFERS, FaultKind.DOCUMENT_MISSING, FaultKind.DOCUMENT_UNTOLD),
    *(FaultKind.EVIDENCE_UNTOLD, FaultKind.EVIDENCE_FILE_DIFFERS, FaultKind.HEAD_HANDED_MISSING),
}


def documents(trail: SealedCity) -> list[Any]:
    """The heads as anyone may fetch them."""
    items: list[Any] = trail.registry.get("/public/tree-heads", by=None).body["items"]
    assert len(items) > 2
    return items


async def second(context: Context, held: list[Any]) -> tuple[set[str], set[str]]:
    """What the second verifier finds in the same transaction, alone and beside the heads held outside."""
    rows = {
        name: [dict(row) for row in (await context.session.execute(text(query))).mappings()]
        for name, query in QUERIES.items()
    }
    trail = Trail(rows)
    alone = faults(trail)
    return alone, alone | outside_faults(trail, held)


async def first(context: Context, asked: Asked) -> tuple[set[str], set[str]]:
    """What the program finds, of what both know."""
    found = {fault.kind for fault in (await verify(context, asked)).faults} - _BESIDE_THE_TRAIL
    kinds = {kind.value for kind in found}
    return {kind for kind in kinds if not kind.startswith("outside_")}, kinds


async def verdicts(sealed: SealedCity, forgery: Forgery | None) -> list[tuple[set[str], set[str]]]:
    """What both find: without heads held outside, and beside them."""
    published = documents(sealed)
    async with superuser(sealed) as context:
        held = await held_outside(context)
        if forgery is not None:
            await _done(context, forgery, random.Random(SEED))
        program, page = await first(context, Asked(held=held)), await second(context, published)
        return list(zip(program, page, strict=True))


async def _done(context: Context, forgery: Forgery, choice: random.Random) -> None:
    while True:
        inner = await context.session.begin_nested()
        try:
            await forgery(Hand(context, choice, SIGNER))
        except IntegrityError:
            # PostgreSQL itself would not have it, even so.
            await inner.rollback()
            continue
        await inner.commit()
        context.session.expunge_all()
        return


def test_both_find_an_untouched_trail_whole(trail: SealedCity) -> None:
    assert asyncio.run(verdicts(trail, None)) == [(set(), set()), (set(), set())]


@pytest.mark.parametrize("name", [*FOUND, *UNSEEN_WITHOUT_OUTSIDE_HEADS])
def test_both_find_a_manipulation_or_neither_does(trail: SealedCity, name: str) -> None:
    forgery = {**FOUND, **UNSEEN_WITHOUT_OUTSIDE_HEADS}[name]
    for program, page in asyncio.run(verdicts(trail, forgery)):
        assert bool(program) == bool(page), (program, page)
