"""P-24b: a connection that did not pass through `Database`, or has lost its principal, reads no row."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator

import psycopg
import pytest
import sqlalchemy as sa
from psycopg.errors import InsufficientPrivilege
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool

from app.infrastructure.context import Context
from app.infrastructure.database import (
    Database,
    PrincipalChanged,
    SystemPrincipal,
    Token,
)
from app.infrastructure.errors import TemporarilyUnavailable, Unauthenticated
from app.infrastructure.safe_login import UnsafeLogin
from app.regulation.vocabulary import RoleClass
from app.tables.roles import LIMITS
from tests.support.cluster import Cluster, libpq_address
from tests.walls.asking import ask, column
from tests.walls.two_districts import EAST_MINE, City, settled, token_of

TABLES = ("hazard", "hazard_transition", "evidence", "account", "session", "organisation", "audit_event")
EAST = Token(token_of("east_enterprise"))
BECOME = (
    "SELECT set_config('role', 'qingling_enterprise', true), set_config('app.enterprise', '1', true),"
    " set_config('app.account', '6', true)"
)
Step = Callable[[AsyncConnection], Awaitable[object]]


@pytest.fixture(scope="module")
def city(cluster: Cluster) -> Iterator[City]:
    with cluster.temporary_database() as database:
        yield settled(database)


async def seen_by(connection: AsyncConnection, table: str) -> int:
    """How many rows; a refusal counts as none."""
    try:
        return int((await connection.execute(sa.text(f"SELECT count(*) FROM {table}"))).scalar_one())
    except DBAPIError as error:
        if not isinstance(error.orig, InsufficientPrivilege):
            raise
        await connection.rollback()
        return 0


async def seen_after(url: str, step: Step, *, isolation: str | None = None) -> dict[str, int]:
    engine = create_async_engine(url, poolclass=NullPool)
    if isolation is not None:
        engine = engine.execution_options(isolation_level=isolation)
    seen = {}
    for table in TABLES:
        async with engine.connect() as connection:
            await step(connection)
            seen[table] = await seen_by(connection, table)
    return seen


async def nothing(_connection: AsyncConnection) -> None:
    return None


async def became_and_committed(connection: AsyncConnection) -> None:
    await connection.execute(sa.text(BECOME))
    assert await seen_by(connection, "hazard") == 1
    await connection.commit()


async def became_and_rolled_back(connection: AsyncConnection) -> None:
    await connection.execute(sa.text(BECOME))
    assert await seen_by(connection, "hazard") == 1
    await connection.rollback()


async def became_in_a_savepoint_rolled_back(connection: AsyncConnection) -> None:
    savepoint = await connection.begin_nested()
    await connection.execute(sa.text(BECOME))
    assert await seen_by(connection, "hazard") == 1
    await savepoint.rollback()


async def became_in_autocommit(connection: AsyncConnection) -> None:
    await connection.execute(sa.text(BECOME))


async def only_chose_the_role(connection: AsyncConnection) -> None:
    await connection.execute(sa.text("SELECT set_config('role', 'qingling_enterprise', true)"))


@pytest.mark.parametrize(
    "step", [nothing, became_and_committed, became_and_rolled_back, became_in_a_savepoint_rolled_back]
)
def test_a_core_connection_without_a_principal_reads_nothing(city: City, step: Step) -> None:
    assert asyncio.run(seen_after(city.database.app_url, step)) == dict.fromkeys(TABLES, 0)


@pytest.mark.parametrize("step", [nothing, became_in_autocommit])
def test_an_autocommit_engine_reads_nothing(city: City, step: Step) -> None:
    seen = asyncio.run(seen_after(city.database.app_url, step, isolation="AUTOCOMMIT"))
    assert seen == dict.fromkeys(TABLES, 0)


def test_a_role_without_its_settings_reads_reference_data_alone(city: City) -> None:
    seen = asyncio.run(seen_after(city.database.app_url, only_chose_the_role))
    assert seen == dict.fromkeys(TABLES, 0) | {"organisation": 6}


def test_a_background_thread_reads_nothing(city: City) -> None:
    seen: list[dict[str, int]] = []
    thread = threading.Thread(
        target=lambda: seen.append(asyncio.run(seen_after(city.database.app_url, nothing))), daemon=True
    )
    thread.start()
    thread.join(60)
    assert seen == [dict.fromkeys(TABLES, 0)]


def test_a_session_of_its_own_reads_nothing_even_inside_a_transaction_of_somebody(city: City) -> None:
    async def elsewhere(_context: Context) -> int:
        engine = create_async_engine(city.database.app_url, poolclass=NullPool)
        async with AsyncSession(engine) as session:
            return await seen_by(await session.connection(), "hazard")

    assert ask(city.database.app_url, EAST, elsewhere) == 0


def test_a_variable_set_once_and_then_unset_gives_no_rows_twice(city: City) -> None:
    role = "SELECT set_config('role', 'qingling_enterprise', true)"
    with psycopg.connect(libpq_address(city.database.app_url)) as connection:
        for _ in range(2):
            connection.execute(role)
            assert connection.execute("SELECT id FROM hazard").fetchall() == []
            connection.rollback()
            connection.execute(BECOME)
            assert connection.execute("SELECT id FROM hazard").fetchall() == [(EAST_MINE,)]
            connection.rollback()
            assert connection.execute("SELECT current_setting('app.enterprise', true)").fetchall() == [("",)]


def test_the_next_borrower_of_the_connection_sees_nothing_of_the_last(city: City) -> None:
    async def borrow_twice() -> tuple[list[int], list[int]]:
        database = Database.at(city.database.app_url, pool_size=1)
        try:
            seen = []
            for token in ("east_enterprise", "west_enterprise"):
                async with database.transaction(Token(token_of(token)), request_id="r") as context:
                    found = await context.session.execute(sa.text("SELECT id FROM hazard"))
                    seen.append([int(row[0]) for row in found])
            async with database._engine.connect() as connection:  # noqa: SLF001 - the very connection that was given back
                assert await seen_by(connection, "hazard") == 0
            return seen[0], seen[1]
        finally:
            await database.close()

    assert asyncio.run(borrow_twice()) == ([1], [2])


def test_work_after_an_early_commit_has_no_principal(city: City) -> None:
    async def commits_early(context: Context) -> int:
        await context.session.commit()
        return await seen_by(await context.session.connection(), "hazard")

    with pytest.raises((PrincipalChanged, sa.exc.InvalidRequestError)):
        ask(city.database.app_url, EAST, commits_early)


@pytest.mark.parametrize(
    "change",
    [
        "SELECT set_config('role', 'qingling_official', true)",
        "SELECT set_config('role', 'none', true)",
        "SELECT set_config('app.account', '7', true)",
        "SELECT set_config('app.appointment', '7', true)",
    ],
)
def test_a_principal_changed_in_a_savepoint_is_found_out_and_nothing_is_committed(city: City, change: str) -> None:
    async def changes(context: Context) -> None:
        await context.session.execute(
            sa.text("INSERT INTO access_event (kind, code, route, request_id) VALUES ('read', 'x', 'x', 'planted')")
        )
        async with context.session.begin_nested():
            await context.session.execute(sa.text(change))

    with pytest.raises(PrincipalChanged):
        ask(city.database.app_url, EAST, changes)
    assert city.as_superuser("SELECT count(*) FROM access_event WHERE request_id = 'planted'") == [(0,)]


@pytest.mark.parametrize("token", ["", "unknown", "qk_unknown", "\0", "令牌", "\ud800", "x" * 10_000])
def test_an_unknown_token_is_nobody(city: City, token: str) -> None:
    with pytest.raises(Unauthenticated):
        column(city.database.app_url, Token(token), "SELECT id FROM hazard")


def test_the_login_may_execute_nothing_but_the_hook(city: City) -> None:
    executable = city.as_superuser(
        "SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace"
        " AND has_function_privilege('qingling_app', p.oid, 'EXECUTE') ORDER BY 1"
    )
    assert executable == [("principal_of",), ("registry_now",)]


def test_no_login_has_a_table_and_no_role_class_has_more_than_it_needs(city: City) -> None:
    excess = city.as_superuser(
        "SELECT r.rolname, c.relname FROM pg_roles r, pg_class c"
        " WHERE r.rolname ~ '^qingling_' AND r.rolname NOT IN ('qingling_owner', 'qingling_wall')"
        " AND c.relnamespace IN ('public'::regnamespace, 'stage'::regnamespace) AND c.relkind = 'r'"
        " AND has_table_privilege(r.oid, c.oid, CASE WHEN r.rolcanlogin THEN 'SELECT, INSERT, UPDATE, DELETE, '"
        " ELSE '' END || 'TRUNCATE, REFERENCES, TRIGGER')"
    )
    assert excess == []


def test_the_safe_logins_pass_the_start_check(city: City) -> None:
    for url in (city.database.app_url, city.database.job_url):
        asyncio.run(_check(url))
    asyncio.run(_check(city.database.report_url, read_only=True))


def test_a_superuser_and_the_migrating_login_are_refused_at_the_start(city: City) -> None:
    for url in (city.database.superuser_url, city.database.migrate_url):
        with pytest.raises(UnsafeLogin, match="qingling roles --sql"):
            asyncio.run(_check(url))


async def _check(url: str, *, read_only: bool = False) -> None:
    database = Database.at(url, pool_size=1, read_only=read_only)
    try:
        await database.refuse_unsafe_login(LIMITS)
    finally:
        await database.close()


def test_the_report_login_cannot_write(city: City) -> None:
    async def write() -> None:
        database = Database.at(city.database.report_url, pool_size=1, read_only=True)
        try:
            async with database.transaction(SystemPrincipal(RoleClass.REPORT, "统计"), request_id="r") as context:
                await context.session.execute(
                    sa.text("INSERT INTO access_event (kind, code, route, request_id) VALUES ('a', 'b', 'c', 'd')")
                )
        finally:
            await database.close()

    with pytest.raises(TemporarilyUnavailable, match="只能查询"):
        asyncio.run(write())
