"""A glimpse: hook, one look and COMMIT in one message, asked as whom the token was last known, told only to them."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from app.infrastructure.database import Database, Glimpse, PrincipalChanged, SystemPrincipal, Token
from app.infrastructure.driver import Statement
from app.infrastructure.errors import Unauthenticated
from app.regulation.facts import Actor
from app.regulation.vocabulary import RoleClass
from tests.support.cluster import Cluster
from tests.walls.two_districts import EAST_MINE, WEST_PLANT, City, settled, token_of

EAST, WEST = Token(token_of("east_office")), Token(token_of("west_office"))
BOTH = f"SELECT string_agg(id::text, ',' ORDER BY id) FROM hazard WHERE id IN ({EAST_MINE}, {WEST_PLANT})"


def everything(_actor: Actor) -> Statement:
    return Statement(BOTH)


@pytest.fixture
def city(cluster: Cluster) -> Iterator[City]:
    with cluster.temporary_database() as database:
        yield settled(database)


def over_one_connection(city: City, act: Callable[[Database], Awaitable[Any]]) -> Any:
    async def within() -> Any:
        database = Database.at(city.database.app_url, pool_size=1)
        try:
            return await act(database)
        finally:
            await database.close()

    return asyncio.run(within())


async def sign_in(database: Database, *tokens: Token) -> None:
    for token in tokens:
        async with database.transaction(token, request_id="test"):
            pass


async def seen(database: Database, token: Token) -> Any:
    found = await database.glimpse(token, everything)
    return found and found.row[0]


def test_each_sees_their_own_in_turn_over_the_same_connection(city: City) -> None:
    async def both(database: Database) -> list[Any]:
        await sign_in(database, EAST, WEST)
        return [await seen(database, token) for token in (EAST, WEST, EAST, WEST)]

    east, west = str(EAST_MINE), str(WEST_PLANT)
    assert over_one_connection(city, both) == [east, west, east, west]


def test_a_glimpse_says_who_looked_and_when_as_a_transaction_does(city: City) -> None:
    async def twice(database: Database) -> tuple[Glimpse | None, Any]:
        async with database.transaction(EAST, request_id="test") as context:
            pass
        return await database.glimpse(EAST, everything), context

    found, context = over_one_connection(city, twice)
    assert found.holder.actor == context.actor
    assert found.holder.session_id == context.session_id
    assert found.now.tzinfo is not None
    assert found.now > context.now


def test_nothing_of_a_glimpse_is_left_to_the_next_borrower(city: City) -> None:
    async def after(database: Database) -> Any:
        await sign_in(database, EAST)
        assert await seen(database, EAST)
        async with vars(database)["_engine"].connect() as connection:
            said = await connection.execute(sa.text("SELECT current_user, current_setting('app.units', true)"))
            return tuple(said.one())

    login, units = over_one_connection(city, after)
    assert (login, units) == ("qingling_app", "")


def test_a_token_nobody_asked_for_yet_is_not_guessed_at(city: City) -> None:
    assert over_one_connection(city, lambda database: seen(database, EAST)) is None


def test_a_sign_in_that_has_ended_sees_nothing_more(city: City) -> None:
    async def ended(database: Database) -> Any:
        await sign_in(database, EAST)
        assert await seen(database, EAST)
        city.run_script(["UPDATE session SET revoked_at = registry_now()"])
        assert await seen(database, EAST) is None
        with pytest.raises(Unauthenticated):
            await sign_in(database, EAST)
        return await seen(database, EAST)

    assert over_one_connection(city, ended) is None


def test_who_has_another_post_since_is_not_told_what_the_former_one_saw(city: City) -> None:
    async def moved(database: Database) -> list[Any]:
        await sign_in(database, EAST)
        before = await seen(database, EAST)
        city.run_script(["UPDATE post SET title = title || '(调整)'"])
        between = await seen(database, EAST)
        await sign_in(database, EAST)
        return [before, between]

    before, between = over_one_connection(city, moved)
    assert (before, between) == (str(EAST_MINE), None)


def test_a_rolled_back_request_between_two_glimpses_changes_nothing(city: City) -> None:
    async def refused(database: Database) -> list[Any]:
        await sign_in(database, EAST, EAST, EAST, EAST)
        before = await seen(database, EAST)
        with pytest.raises(LookupError):
            async with database.transaction(SystemPrincipal(RoleClass.PUBLIC, "公众"), request_id="test"):
                raise LookupError
        return [before, await seen(database, EAST)]

    assert over_one_connection(city, refused) == [str(EAST_MINE), str(EAST_MINE)]


def test_what_fails_at_a_glimpse_is_no_answer_and_spoils_no_connection(city: City) -> None:
    async def failing(database: Database) -> list[Any]:
        await sign_in(database, EAST)
        failed = await database.glimpse(
            EAST, lambda _: Statement("SELECT 1 / (SELECT count(*) FROM hazard WHERE id = 0)")
        )
        missing = await database.glimpse(EAST, lambda _: Statement("SELECT 1 WHERE false"))
        return [failed, missing, await seen(database, EAST), await seen(database, EAST)]

    assert over_one_connection(city, failing) == [None, None, str(EAST_MINE), str(EAST_MINE)]


def test_a_look_that_takes_another_role_is_told_nothing(city: City) -> None:
    async def taking(database: Database) -> Any:
        await sign_in(database, EAST)
        look = Statement("SELECT set_config('role', 'qingling_auditor', true)")
        return await database.glimpse(EAST, lambda _: look)

    with pytest.raises(PrincipalChanged):
        over_one_connection(city, taking)
