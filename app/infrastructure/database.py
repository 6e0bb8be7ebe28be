"""One transaction for one principal: the role and its settings are set by the first statement, and hold until the end.

The logins own nothing and inherit nothing. A transaction that did not pass through here, or has lost its role, reads
no row of any table.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, Self, cast

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.util import greenlet_spawn

from app.infrastructure.constraint_errors import translate
from app.infrastructure.context import Context
from app.infrastructure.driver import Driver, Statement, driver_of, in_one_round_trip
from app.infrastructure.errors import Unauthenticated
from app.infrastructure.one_message import Asked, Names, TextRow, as_asked, in_one_message
from app.infrastructure.principal import AS_WHOM, Holder, become_holder, become_system, holder_of, still_the_same
from app.infrastructure.safe_login import Limits, assert_lasting_writes, assert_safe_login
from app.regulation.facts import Actor
from app.regulation.vocabulary import RoleClass

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

_TAKE_ROLE: Final = text("SELECT set_config('role', 'qingling_' || CAST(:role_class AS text), true)")
_TURN_SESSION: Final = "UPDATE session SET appointment_id = %(appointment_id)s WHERE id = %(session_id)s"
_LOGIN_THAT_READS: Final = (
    "SELECT set_config('role', 'none', true) AS role, set_config('transaction_read_only', 'on', true) AS is_reading"
)
_COMMIT: Final = Statement("COMMIT", prepared=False)
_BEGUN, _COMMITTED, _AS_WHOM = Asked(b"BEGIN"), Asked(b"COMMIT"), Asked(AS_WHOM.encode())
_PREPARED: Final = "qingling statements prepared for glimpses"
_MOST_KNOWN: Final = 2048
# More would not be answered sooner: their server processes would only push each other's plans out of the caches.
_GLIMPSES_AT_ONCE: Final = 4
_CHANGED: Final = "the transaction did not end as the principal it began with"


class PrincipalChanged(Exception):
    """The transaction ended under another role or account than it began with; it was rolled back."""


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What one look found: who looked, when, and the one row as PostgreSQL wrote it."""

    holder: Holder
    now: datetime
    """`registry_now()` of the transaction's first statement, aware."""
    row: TextRow


class Database:
    """The pool of one login, and the only way to a transaction."""

    def __init__(self, engine: AsyncEngine, *, idle_minutes: int = 30) -> None:
        """`idle_minutes`: after how long without a request a sign-in ends."""
        self._engine = engine
        self._idle_minutes = idle_minutes
        # Whom a token stood for when it was last asked: a guess, which the database confirms before it counts.
        self._known: OrderedDict[bytes, Holder] = OrderedDict()
        self._glimpses = asyncio.Semaphore(_GLIMPSES_AT_ONCE)
        event.listen(engine.sync_engine, "reset", _forget_prepared)
        event.listen(engine.sync_engine, "rollback", _forget_prepared_of)

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
            # The one given back last: its server process still has its plans at hand, and fewer of them take turns.
            pool_use_lifo=True,
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

    async def glimpse(self, token: Token, look: Callable[[Actor], Statement]) -> Glimpse | None:
        """One row, in a transaction of its own and one round trip, asked for as whom the token was last known.

        The token is asked for its holder as in every transaction. None where that is not who was thought of, or where
        there is no such row, or where anything failed: `transaction` then does what is to be done, and says why.
        """
        known = self._known.get(_digest(token))
        if known is None:
            return None
        begun = (_BEGUN, as_asked(become_holder(token.value, self._idle_minutes)))
        seen = as_asked(look(known.actor))
        try:
            async with self._glimpses, self._borrowed() as (driver, prepared):
                # By role: PostgreSQL plans anew what another role has prepared.
                names = prepared.setdefault(known.actor.role_class, {})
                found = await in_one_message(driver, names, *begun, seen, _AS_WHOM, _COMMITTED)
        except SQLAlchemyError as error:
            raise translate(error, committing=False) or error from error
        if found is None or not all(found[1:4]):
            return None
        (told, started_at), row, as_whom = (rows[0] for rows in found[1:4])
        if told != known.told:
            return None
        if as_whom != known.as_whom:
            raise PrincipalChanged(_CHANGED)
        return Glimpse(known, datetime.fromisoformat(str(started_at)), row)

    @asynccontextmanager
    async def _borrowed(self) -> AsyncIterator[tuple[Driver, dict[RoleClass, Names]]]:
        """A driver's connection from the pool, and what it has prepared; without SQLAlchemy's own around it."""
        try:
            borrowed = await greenlet_spawn(self._engine.sync_engine.raw_connection)
        except psycopg.Error as error:
            raise DBAPIError.instance(None, None, error, psycopg.Error, hide_parameters=True) from error
        try:
            driver: Driver = cast("Any", borrowed.driver_connection)
            yield driver, borrowed.info.setdefault(_PREPARED, {})
        finally:
            await greenlet_spawn(borrowed.close)

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
                holder, started_at = await self._become(driver, principal)
            except DBAPIError as error:
                if not driver.closed:
                    raise
                # A connection that died while it lay in the pool; nothing was done yet, so another is as good.
                await self._forget_dead(connection, error)
                driver = await driver_of(connection)
                holder, started_at = await self._become(driver, principal)
            connection.info[_ROLE] = holder.actor.role_class.value
            # Committed by the driver before this ends; the session's own end then finds nothing left to do.
            async with AsyncSession(connection, expire_on_commit=False) as session, session.begin():
                yield (
                    driver,
                    Context(session, holder.actor, started_at, request_id, holder.session_id, holder.pending),
                )

    async def _forget_dead(self, connection: AsyncConnection, error: DBAPIError) -> None:
        await connection.invalidate(error)
        await self._engine.dispose()

    async def _become(self, driver: Driver, principal: Principal) -> tuple[Holder, datetime]:
        if isinstance(principal, OtherAppointment):
            await self._turn(driver, principal)
            return await self._holder_of(driver, principal.token)
        if isinstance(principal, Token):
            holder, started_at = await self._holder_of(driver, principal)
            self._know(principal, holder)
            return holder, started_at
        system = principal or _PUBLIC
        ((row,),) = await in_one_round_trip(driver, become_system(system.role_class, system.account_id))
        actor = Actor(system.role_class, account_id=system.account_id, label=system.label)
        return Holder("", actor, None, None), row.started_at

    async def _turn(self, driver: Driver, other: OtherAppointment) -> None:
        """Turns the session, not yet the principal: whether the appointment holds, `principal_of` decides as ever."""
        holder, _ = await self._holder_of(driver, other.token)
        turned = {"appointment_id": other.appointment_id, "session_id": holder.session_id}
        await in_one_round_trip(driver, Statement(_TURN_SESSION, turned), Statement(_LOGIN_THAT_READS))

    async def _holder_of(self, driver: Driver, token: Token) -> tuple[Holder, datetime]:
        if len(token.value) > _LONGEST_TOKEN or not token.value.isascii() or not token.value.isprintable():
            raise Unauthenticated
        (rows,) = await in_one_round_trip(driver, become_holder(token.value, self._idle_minutes))
        if not rows:
            self._known.pop(_digest(token), None)
            raise Unauthenticated
        return holder_of(rows[0].told), rows[0].started_at

    def _know(self, token: Token, holder: Holder) -> None:
        self._known[_digest(token)] = holder
        self._known.move_to_end(_digest(token))
        if len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)


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


async def _refuse_changed_principal(driver: Driver, actor: Actor, *then: Statement) -> None:
    """PrincipalChanged when the transaction is no longer the principal's; otherwise what follows is done with it."""
    try:
        await in_one_round_trip(driver, still_the_same(actor), *then)
    except DBAPIError as error:
        if "principal_changed" not in str(error.orig):
            raise
        raise PrincipalChanged(_CHANGED) from error


def _digest(token: Token) -> bytes:
    return sha256(token.value.encode()).digest()


def _forget_prepared(connection: Any, record: Any, _state: object) -> None:  # noqa: ANN401 - as SQLAlchemy hands it on
    """Rolled back, a transaction takes every prepared statement of the connection with it: psycopg sees to it."""
    if connection is not None and connection.driver_connection.info.transaction_status != TransactionStatus.IDLE:
        record.info.pop(_PREPARED, None)


def _forget_prepared_of(connection: Connection) -> None:
    # Of a connection that broke nothing is left to forget.
    if not connection.invalidated:
        connection.info.pop(_PREPARED, None)
