"""登录限速: guessing is slowed where it comes from, and nobody can shut a holder out by guessing.

Counted per login name and address, whether there is such a login or not, both as keyed digests. An address has five
free failures, then waits that double up to a quarter of an hour. Once a login has failed fifty times within an hour
from addresses that never succeeded before, those addresses share one such wait; a known address does not. Password and
second factor together pass either, whatever others have tried: only who shows the right password uses up the few codes
that may be shown meanwhile. A try is counted as a failure before the password is looked at, so that tries at the same
instant are counted too, and taken back when it was right; for a blocked one nothing is written.
"""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from app.infrastructure.context import Context
from app.infrastructure.vault import Vault
from app.tables.credentials import SignInAttempt, SignInPressure

FREE_FAILURES = 5
FREE_FAILURES_OF_STRANGERS = 50
LONGEST_WAIT = timedelta(minutes=15)
CODE_TRIES_WHILE_BLOCKED = 10
_WINDOW = timedelta(hours=1)
_FORGOTTEN_AFTER = timedelta(hours=24)
_LABEL_OF_LOGINS, _LABEL_OF_ADDRESSES = "sign-in:login", "sign-in:address"
_LARGEST_EXPONENT = 10


@dataclass(frozen=True, slots=True)
class Origin:
    """Which login is tried from where, as keyed digests: the tables tell neither."""

    login_digest: bytes
    address_digest: bytes


@dataclass(frozen=True, slots=True)
class Reserved:
    """A try that may go on, or until when it may not."""

    blocked_until: datetime | None = None
    may_show_code: bool = False
    """Though blocked, the right password and a right second factor pass together."""
    is_strangers: bool = False
    """Counted among the tries of addresses that never succeeded: what it added there may be taken back."""


def origin_of(vault: Vault, login_name: str, address: str) -> Origin:
    """The digests of a try; of an IPv6 address its /64, for one customer has all of it."""
    login = login_digest(vault, login_name)
    return Origin(login, vault.digest(_LABEL_OF_ADDRESSES, _network(address)))


def login_digest(vault: Vault, login_name: str) -> bytes:
    """What a login name is counted under."""
    return vault.digest(_LABEL_OF_LOGINS, login_name)


def after_sign_on(account_id: int) -> str:
    """What codes after a single sign-on are counted under: no login name, so that guessing at one blocks none here."""
    return f"after sign-on: {account_id}"


def _network(address: str) -> str:
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    mapped = known.ipv4_mapped if isinstance(known, ipaddress.IPv6Address) else None
    if isinstance(known, ipaddress.IPv4Address) or mapped is not None:
        return str(mapped or known)
    return str(ipaddress.ip_network(f"{known}/64", strict=False))


async def reserve(context: Context, origin: Origin, *, with_code: bool) -> Reserved:
    """Counts the try in advance, or says until when it is blocked."""
    # Whoever is blocked anyhow is told so without a row being written: a flood of tries must not be one of writes.
    until = await _blocked(context, origin)
    if until is not None:
        return Reserved(until, may_show_code=with_code)
    attempt = await _attempt(context, origin)
    pressure = None if attempt.succeeded_at else await _pressure(context, origin)
    until = _later(attempt.blocked_until, pressure.blocked_until if pressure else None)
    if until is not None and until > context.now:
        return Reserved(until, may_show_code=with_code)
    await _count(context, attempt, pressure)
    return Reserved(is_strangers=pressure is not None)


async def show_code(context: Context, origin: Origin) -> bool:
    """Counts a code that whoever showed the right password shows while blocked, before it is looked at; a few may be.

    A known password must not buy any number of guesses at the code.
    """
    attempt = await _attempt(context, origin)
    if attempt.code_tries >= CODE_TRIES_WHILE_BLOCKED:
        return False
    attempt.code_tries += 1
    attempt.tried_at = context.now
    await context.session.flush()
    return True


async def _blocked(context: Context, origin: Origin) -> datetime | None:
    """Until when, as it stands; None where the try may go on and is to be counted."""
    own = select(SignInAttempt.blocked_until, SignInAttempt.succeeded_at).where(*_of(origin))
    pressed = select(SignInPressure.blocked_until).where(SignInPressure.login_digest == origin.login_digest)
    attempt = (await context.session.execute(own)).one_or_none()
    is_known = attempt is not None and attempt.succeeded_at is not None
    pressure = None if is_known else (await context.session.execute(pressed)).scalar_one_or_none()
    until = _later(attempt.blocked_until if attempt is not None else None, pressure)
    return until if until is not None and until > context.now else None


async def succeeded(context: Context, origin: Origin, *, is_strangers: bool) -> None:
    """The address is known from now on; what this try was counted as is taken back."""
    values = {"failures": 0, "blocked_until": None, "code_tries": 0, "succeeded_at": context.now}
    await context.session.execute(update(SignInAttempt).where(*_of(origin)).values(values))
    if is_strangers:
        await _relieve(context, origin)


async def took_back(context: Context, origin: Origin, *, is_strangers: bool) -> None:
    """The password was right and only the code is missing: no failure, and no success either."""
    fewer = SignInAttempt.failures - 1
    taken_back = update(SignInAttempt).where(*_of(origin), SignInAttempt.failures > 0)
    await context.session.execute(taken_back.values(failures=fewer, blocked_until=None))
    if is_strangers:
        await _relieve(context, origin)


async def forget(context: Context, digest: bytes) -> None:
    """Every count of a login name: two administrators restored its holder's access."""
    for table in (SignInAttempt, SignInPressure):
        await context.session.execute(delete(table).where(table.login_digest == digest))


async def _relieve(context: Context, origin: Origin) -> None:
    relieved = update(SignInPressure).where(
        SignInPressure.login_digest == origin.login_digest, SignInPressure.failures > 0
    )
    await context.session.execute(relieved.values(failures=SignInPressure.failures - 1, blocked_until=None))


def _of(origin: Origin) -> tuple[Any, ...]:
    return (
        SignInAttempt.login_digest == origin.login_digest,
        SignInAttempt.address_digest == origin.address_digest,
    )


async def _attempt(context: Context, origin: Origin) -> SignInAttempt:
    """The row of this login and address, made and locked: tries at the same instant come one after the other."""
    row = {"login_digest": origin.login_digest, "address_digest": origin.address_digest, "tried_at": context.now}
    made = (
        insert(SignInAttempt)
        .values(row)
        .on_conflict_do_update(
            index_elements=["login_digest", "address_digest"], set_={"failures": SignInAttempt.failures}
        )
    )
    found = (await context.session.execute(made.returning(SignInAttempt))).scalar_one()
    if found.tried_at < context.now - _FORGOTTEN_AFTER:
        found.failures = found.code_tries = 0
    return found


async def _pressure(context: Context, origin: Origin) -> SignInPressure:
    made = (
        insert(SignInPressure)
        .values(login_digest=origin.login_digest, window_started_at=context.now)
        .on_conflict_do_update(index_elements=["login_digest"], set_={"failures": SignInPressure.failures})
    )
    found = (await context.session.execute(made.returning(SignInPressure))).scalar_one()
    if found.window_started_at < context.now - _WINDOW:
        # Whoever was guessing in the hour before goes on where the waits begin.
        found.failures = min(found.failures, FREE_FAILURES_OF_STRANGERS) if _is_pressed(found) else 0
        found.window_started_at = context.now
    return found


def _is_pressed(pressure: SignInPressure) -> bool:
    return pressure.failures > FREE_FAILURES_OF_STRANGERS


async def _count(context: Context, attempt: SignInAttempt, pressure: SignInPressure | None) -> None:
    attempt.failures = min(attempt.failures + 1, FREE_FAILURES + _LARGEST_EXPONENT)
    attempt.blocked_until = _blocked_until(context.now, attempt.failures - FREE_FAILURES)
    attempt.tried_at = context.now
    if pressure is not None:
        pressure.failures += 1
        pressure.blocked_until = _blocked_until(context.now, pressure.failures - FREE_FAILURES_OF_STRANGERS)
    await context.session.flush()


def _blocked_until(now: datetime, over: int) -> datetime | None:
    return now + min(timedelta(seconds=2 ** min(over, _LARGEST_EXPONENT)), LONGEST_WAIT) if over > 0 else None


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((instant for instant in (one, other) if instant is not None), default=None)
