"""One transaction for one principal: the role and its settings are set by the first statement, and hold until the end.

The logins own nothing and inherit nothing. A transaction that did not pass through here, or has lost its role, reads
no row of any table.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Self

from sqlalchemy import Connection, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine

from app.infrastructure.constraint_errors import translate
from app.infrastructure.context import Context
from app.infrastructure.driver import Driver, NamedRow, Statement, driver_of, in_one_round_trip
from app.infrastructure.errors import Unauthenticated
from app.infrastructure.safe_login import Limits, assert_lasting_writes, assert_safe_login
from app.regulation.facts import Actor
from app.regulation.vocabulary import PendingStep, PostKind, RoleClass

_LONGEST_TOKEN: Final = 256
# Client-side limits of promises 2.9; pool_timeout and connect_timeout in seconds, tcp_user_timeout in milliseconds.
_OVERFLOW: Final = 5
_POOL_TIMEOUT: Final = 3
_RECYCLE_AFTER: Final = 1800
_CONNECT: Final[dict[str, Any]] = {
    "connect_timeout": 3,
    "tcp_user_timeout": 10000,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    # Every statement once for each role class that sends it.
    "prepare_threshold": 2,
}


@dataclass(frozen=True, slots=True)
class Token:
    """A session token or a service key (`qk_…`) as the caller sent it; never shown in a representation."""

    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SystemPrincipal:
    """A command or a job: no person stands behind it, so it can sign nothing."""

    role_class: RoleClass
    label: str
    account_id: int | None = None


@dataclass(frozen=True, slots=True)
class OtherAppointment:
    """The holder of a token under another appointment of theirs, to read only: as if it were chosen, for one look."""

    token: Token
    appointment_id: int


Principal = Token | OtherAppointment | SystemPrincipal | None
"""None is the public: nobody signed in."""

_ROLE: Final = "qingling role class"
_PUBLIC: Final = SystemPrincipal(RoleClass.PUBLIC, "公众")

# The transaction's one first statement; an unknown token gives no row, sets no role, and so sees nothing.
_BECOME_HOLDER: Final = """
    SELECT p.*, registry_now() AS started_at
      FROM principal_of(%(token)s, %(idle_minutes)s) AS p
     WHERE num_nulls(
           set_config('role', 'qingling_' || p.role_class, true),
           set_config('app.account', coalesce(p.account_id::text, ''), true),
           set_config('app.person', coalesce(p.person_id::text, ''), true),
           set_config('app.appointment', coalesce(p.appointment_id::text, ''), true),
           set_config('app.organisation', coalesce(p.organisation_id::text, ''), true),
           set_config('app.units', coalesce(p.unit_ids, ''), true),
           set_config('app.sectors', coalesce(p.sectors, ''), true),
           set_config('app.enterprise', coalesce(p.enterprise_id::text, ''), true),
           set_config('app.session', coalesce(p.session_id::text, ''), true)) = 0
"""
_BECOME_SYSTEM: Final = """
    SELECT registry_now() AS started_at
     WHERE num_nulls(
           set_config('role', 'qingling_' || %(role_class)s::text, true),
           set_config('app.account', %(account)s::text, true),
           set_config('app.person', '', true), set_config('app.appointment', '', true),
           set_config('app.organisation', '', true), set_config('app.units', '', true),
           set_config('app.sectors', '', true), set_config('app.enterprise', '', true),
           set_config('app.session', '', true)) = 0
"""
_TAKE_ROLE: Final = text("SELECT set_config('role', 'qingling_' || CAST(:role_class AS text), true)")
_TURN_SESSION: Final = "UPDATE session SET appointment_id = %(appointment_id)s WHERE id = %(session_id)s"
_LOGIN_THAT_READS: Final = (
    "SELECT set_config('role', 'none', true) AS role, set_config('transaction_read_only', 'on', true) AS is_reading"
)
# Fails where it is no longer so: what comes behind it in the same round trip, the COMMIT, is then not done.
_STILL_THE_SAME: Final = """
    SELECT CAST(CASE WHEN current_user = 'qingling_' || %(role_class)s::text
                      AND current_setting('app.account') = %(account)s::text
                      AND current_setting('app.appointment') = %(appointment)s::text
                THEN 'true' ELSE 'principal_changed' END AS boolean)
"""
_COMMIT: Final = Statement("COMMIT", prepared=False)


class PrincipalChanged(Exception):
    """The transaction ended under another role or account than it began with; it was rolled back."""


class Database:
    """The pool of one login, and the only way to a transaction."""

    def __init__(self, engine: AsyncEngine, *, idle_minutes: int = 30) -> None:
        """`idle_minutes`: after how long without a request a sign-in ends."""
        self._engine = engine
        self._idle_minutes = idle_minutes

    @classmethod
    def at(cls, url: URL | str, *, pool_size: int = 15, idle_minutes: int = 30, read_only: bool = False) -> Self:
        """The database at an address; `read_only` for a login or a server that only reads."""
        address = make_url(url).set(drivername="postgresql+psycopg")
        wanted = "any" if read_only else "read-write"
        engine = create_async_engine(
            address,
            pool_size=pool_size,
            max_overflow=_OVERFLOW,
            pool_timeout=_POOL_TIMEOUT,
            pool_recycle=_RECYCLE_AFTER,
            hide_parameters=True,
            connect_args={**_CONNECT, "target_session_attrs": wanted},
        )
        event.listen(engine.sync_engine, "before_cursor_execute", _marked_with_role, retval=True)
        return cls(engine, idle_minutes=idle_minutes)

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()

    @asynccontextmanager
    async def transaction(self, principal: Principal, *, request_id: str) -> AsyncIterator[Context]:
        """One transaction as the principal, committed at the end, rolled back on any exception.

        Raises Unauthenticated for a token that is unknown, ended or without a valid appointment; database errors as
        the refusals they amount to, OutcomeUnknown where COMMIT was sent and its answer lost; PrincipalChanged when the
        role did not last.
        """
        committing = False
        try:
            async with self._begun(principal, request_id) as (driver, context):
                yield context
                await context.session.flush()
                if isinstance(principal, OtherAppointment):
                    # The session was turned for this look alone.
                    await _refuse_changed_principal(driver, context.actor)
                    await context.session.rollback()
                else:
                    committing = True
                    await _refuse_changed_principal(driver, context.actor, _COMMIT)
        except SQLAlchemyError as error:
            refusal = translate(error, committing=committing)
            if refusal is None:
                raise
            raise refusal from error

    async def refuse_unsafe_login(self, limits: Limits) -> None:
        """UnsafeLogin unless the login depends on the row-level walls, the walls stand, and it carries its limits."""
        async with self._engine.connect() as connection:
            await assert_safe_login(connection, limits)

    async def refuse_losing_writes(self) -> None:
        """WritesWouldBeLost while PostgreSQL is set so that an acknowledged write may vanish."""
        async with self._engine.connect() as connection:
            await assert_lasting_writes(connection)

    @asynccontextmanager
    async def _begun(self, principal: Principal, request_id: str) -> AsyncIterator[tuple[Driver, Context]]:
        """A session whose transaction has begun as the principal, rolled back at the end unless it was committed."""
        async with self._engine.connect() as connection:
            driver = await driver_of(connection)
            try:
                row = await self._become(driver, principal)
            except DBAPIError as error:
                if not driver.closed:
                    raise
                # A connection that died while it lay in the pool; nothing was done yet, so another is as good.
                await self._forget_dead(connection, error)
                driver = await driver_of(connection)
                row = await self._become(driver, principal)
            connection.info[_ROLE] = _role_class_of(principal, row)
            # Committed by the driver before this ends; the session's own end then finds nothing left to do.
            async with AsyncSession(connection, expire_on_commit=False) as session, session.begin():
                yield driver, _context_of(session, principal, row, request_id)

    async def _forget_dead(self, connection: AsyncConnection, error: DBAPIError) -> None:
        await connection.invalidate(error)
        await self._engine.dispose()

    async def _become(self, driver: Driver, principal: Principal) -> NamedRow:
        if isinstance(principal, OtherAppointment):
            await self._turn(driver, principal)
            principal = principal.token
        if isinstance(principal, Token):
            return await self._holder_of(driver, principal)
        system = principal or _PUBLIC
        parameters = {"role_class": system.role_class.value, "account": _as_text(system.account_id)}
        ((row,),) = await in_one_round_trip(driver, Statement(_BECOME_SYSTEM, parameters))
        return row

    async def _turn(self, driver: Driver, other: OtherAppointment) -> None:
        """Turns the session, not yet the principal: whether the appointment holds, `principal_of` decides as ever."""
        row = await self._holder_of(driver, other.token)
        turned = {"appointment_id": other.appointment_id, "session_id": row.session_id}
        await in_one_round_trip(driver, Statement(_TURN_SESSION, turned), Statement(_LOGIN_THAT_READS))

    async def _holder_of(self, driver: Driver, token: Token) -> NamedRow:
        if len(token.value) > _LONGEST_TOKEN or not token.value.isascii() or not token.value.isprintable():
            raise Unauthenticated
        parameters = {"token": token.value, "idle_minutes": self._idle_minutes}
        (rows,) = await in_one_round_trip(driver, Statement(_BECOME_HOLDER, parameters))
        if not rows:
            raise Unauthenticated
        return rows[0]


@asynccontextmanager
async def under_role(context: Context, role_class: RoleClass) -> AsyncIterator[None]:
    """Another role class for a block of the transaction; account, person and appointment stay who they are.

    An exception leaves the role to the end of the transaction or savepoint, which gives it back.
    """
    await context.session.execute(_TAKE_ROLE, {"role_class": role_class.value})
    yield
    await context.session.execute(_TAKE_ROLE, {"role_class": context.actor.role_class.value})


def _marked_with_role(
    connection: Connection, _cursor: object, statement: str, parameters: object, *_: object
) -> tuple[str, object]:
    """The statement under a text of its own for each role: PostgreSQL plans anew what another role has prepared."""
    return f"{statement} /* {connection.info.get(_ROLE, '')} */", parameters


def _role_class_of(principal: Principal, row: NamedRow) -> str:
    if isinstance(principal, Token | OtherAppointment):
        return str(row.role_class)
    return (principal or _PUBLIC).role_class.value


async def _refuse_changed_principal(driver: Driver, actor: Actor, *then: Statement) -> None:
    """PrincipalChanged when the transaction is no longer the principal's; otherwise what follows is done with it."""
    parameters = {
        "role_class": actor.role_class.value,
        "account": _as_text(actor.account_id),
        "appointment": _as_text(actor.appointment_id),
    }
    try:
        await in_one_round_trip(driver, Statement(_STILL_THE_SAME, parameters), *then)
    except DBAPIError as error:
        if "principal_changed" not in str(error.orig):
            raise
        raise PrincipalChanged("the transaction did not end as the principal it began with") from error


def _context_of(session: AsyncSession, principal: Principal, row: NamedRow, request_id: str) -> Context:
    if isinstance(principal, Token | OtherAppointment):
        pending = PendingStep(row.pending) if row.pending else None
        return Context(session, _actor_of(row), row.started_at, request_id, row.session_id, pending)
    system = principal or _PUBLIC
    actor = Actor(system.role_class, account_id=system.account_id, label=system.label)
    return Context(session, actor, row.started_at, request_id)


def _actor_of(row: NamedRow) -> Actor:
    return Actor(
        role_class=RoleClass(row.role_class),
        account_id=row.account_id,
        person_id=row.person_id,
        appointment_id=row.appointment_id,
        post_kind=PostKind(row.post_kind) if row.post_kind else None,
        organisation_id=row.organisation_id,
        unit_ids=tuple(int(unit) for unit in _items(row.unit_ids)),
        sectors=tuple(_items(row.sectors)),
        enterprise_id=row.enterprise_id,
        is_service=row.is_service,
        label=row.label,
        scopes=frozenset(_items(row.scopes)) or None,
    )


def _items(listed: str | None) -> Sequence[str]:
    return listed.split(",") if listed else ()


def _as_text(number: int | None) -> str:
    return "" if number is None else str(number)
