"""P-25: random changes by a superuser for whom no wall fires are found; what needs heads held outside is named."""

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from app.audit.sealing import heads
from app.audit_check.outside import Held, OutsideHead
from app.audit_check.verification import Asked, Report, verify
from app.infrastructure.context import Context
from app.regulation.facts import Actor
from app.regulation.vocabulary import RoleClass
from tests.audit_check.conftest import SIGNER, Trail
from tests.audit_check.forgeries import FOUND, IN_THE_MANUAL, UNSEEN_WITHOUT_OUTSIDE_HEADS
from tests.audit_check.forging import Forgery, Hand, NothingLeft
from tests.support.cluster import libpq_address

SEED = int(os.environ.get("QINGLING_FORGERY_SEED", "20261123"))


@asynccontextmanager
async def superuser(trail: Trail) -> AsyncIterator[Context]:
    """One transaction for whom no trigger fires; it leaves nothing behind."""
    engine = create_async_engine(trail.database.superuser_url)
    try:
        async with AsyncSession(engine) as session, session.begin() as transaction:
            await session.execute(text("SET LOCAL session_replication_role = replica"))
            await session.execute(text("ALTER TABLE audit_event DROP CONSTRAINT ck_audit_event_hash_is_of_payload"))
            now: datetime = (await session.execute(text("SELECT registry_now()"))).scalar_one()
            yield Context(session, Actor(RoleClass.AUDITOR, label="核验"), now, "test")
            await transaction.rollback()
    finally:
        await engine.dispose()


async def held_outside(context: Context) -> Held:
    """The heads as somebody outside keeps them."""
    kept = await heads(context, limit=1000)
    context.session.expunge_all()
    return Held({head.size: (OutsideHead(head, f"tree-head-{head.size:012d}.json"),) for head in kept})


@dataclass(frozen=True)
class Seen:
    """What verification says of a forgery: by itself, and beside the heads held outside."""

    alone: frozenset[str]
    beside: frozenset[str]


async def forged(context: Context, forgery: Forgery, choice: random.Random, held: Held) -> Seen:
    """The kinds of faults found after a forgery, which is undone then."""
    while True:
        inner = await context.session.begin_nested()
        try:
            await forgery(Hand(context, choice, SIGNER))
        except (IntegrityError, NothingLeft):
            # PostgreSQL itself would not have it, even so; or nothing is there any more to be changed.
            await inner.rollback()
            continue
        kinds = {fault.kind.value for fault in (await verify(context, Asked(held=held))).faults}
        await inner.rollback()
        context.session.expunge_all()
        return Seen(frozenset(kind for kind in kinds if not kind.startswith("outside_")), frozenset(kinds))


async def missed(trail: Trail, rounds: int, choice: random.Random) -> tuple[list[str], Counter[str]]:
    """The forgeries that nothing was found of by itself, and how often each kind of fault was found."""
    silent, kinds = [], Counter[str]()
    async with superuser(trail) as context:
        held = await held_outside(context)
        for number in range(rounds):
            name = choice.choice(list(FOUND))
            seen = await forged(context, FOUND[name], choice, held)
            kinds.update(seen.alone)
            if not seen.alone:
                silent.append(f"{number}: {name}")
    return silent, kinds


def all_missed(trail: Trail, rounds: int) -> tuple[list[str], Counter[str]]:
    """As `missed`, a hundred at a time: what was undone is swept away in between, or every look grows longer."""
    choice = random.Random(SEED)
    silent, kinds = [], Counter[str]()
    for _ in range(rounds // 100):
        some, found = asyncio.run(missed(trail, 100, choice))
        silent += some
        kinds += found
        with psycopg.connect(libpq_address(trail.database.superuser_url), autocommit=True) as connection:
            connection.execute("VACUUM")
    return silent, kinds


@pytest.mark.proof
@pytest.mark.timeout(300)
def test_five_hundred_random_manipulations_are_found_even_without_outside_heads(trail: Trail) -> None:
    silent, kinds = all_missed(trail, 500)

    assert silent == []
    assert len(kinds) >= 20, kinds


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_ten_thousand_random_manipulations_are_found(trail: Trail) -> None:
    silent, _ = all_missed(trail, 10_000)

    assert silent == []


@pytest.mark.parametrize("name", FOUND)
def test_each_kind_of_manipulation_is_found(trail: Trail, name: str) -> None:
    assert asyncio.run(seen_of(trail, FOUND[name])).alone


@pytest.mark.parametrize("name", UNSEEN_WITHOUT_OUTSIDE_HEADS)
def test_what_cannot_be_seen_alone_is_seen_with_heads_held_outside(trail: Trail, name: str) -> None:
    seen = asyncio.run(seen_of(trail, UNSEEN_WITHOUT_OUTSIDE_HEADS[name]))

    assert not seen.alone
    assert seen.beside & {"outside_head_missing", "outside_head_differs"}


async def seen_of(trail: Trail, forgery: Forgery) -> Seen:
    """What is seen of one forgery."""
    async with superuser(trail) as context:
        return await forged(context, forgery, random.Random(SEED), await held_outside(context))


def test_an_untouched_trail_holds_against_the_heads_held_outside(trail: Trail) -> None:
    async def asked() -> Report:
        async with superuser(trail) as context:
            return await verify(context, Asked(held=await held_outside(context)))

    assert asyncio.run(asked()).faults == []


def test_the_manual_names_exactly_what_needs_heads_held_outside() -> None:
    manual = (Path(__file__).parents[2] / "docs" / "audit.md").read_text(encoding="utf-8")
    section = manual.split("### 只有外部树头才能发现的改动")[1].split("###")[0]
    lines = [line.removeprefix("- ") for line in section.splitlines() if line.startswith("- ")]

    assert IN_THE_MANUAL.keys() == UNSEEN_WITHOUT_OUTSIDE_HEADS.keys()
    assert len(lines) == len(IN_THE_MANUAL)
    assert all(line.startswith(begin) for line, begin in zip(lines, IN_THE_MANUAL.values(), strict=True))
