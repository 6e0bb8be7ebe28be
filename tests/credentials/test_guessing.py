"""限速 (P-37): a guesser gets a few tries from wherever, a holder gets in; unknown logins are like known ones."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest

from app.cli.demo_city import SAMPLE_PASSWORD
from app.credentials import throttling
from app.infrastructure.database import Database, SystemPrincipal
from app.infrastructure.errors import RegistryError
from app.infrastructure.vault import Vault
from app.regulation.vocabulary import RoleClass
from app.sign_in.dependencies import desk_at
from app.sign_in.schemas import SignIn
from app.sign_in.service import sign_in
from tests.api.watching import Watch
from tests.credentials.clock import Clock
from tests.credentials.people import enrol
from tests.support.cluster import TestDatabase
from tests.support.registry import IDENTITY_KEY, Registry, ordinary_settings

Result = TypeVar("Result")
VAULT = Vault(IDENTITY_KEY.encode())
WRONG = "不对"
HOME, ABROAD = "192.0.2.10", "198.51.100.7"


def within(database: TestDatabase, work: Callable[[Database], Awaitable[Result]]) -> Result:
    async def run() -> Result:
        pool = Database.at(database.app_url, pool_size=20)
        try:
            return await work(pool)
        finally:
            await pool.close()

    return asyncio.run(run())


async def tried(pool: Database, login: str, address: str, password: str = WRONG, code: str | None = None) -> str:
    """The code of what became of a sign-in from there."""
    desk = desk_at(pool, ordinary_settings(), address=address, request_id="test")
    try:
        await sign_in(desk, SignIn.model_validate({"login_name": login, "password": password, "code": code}))
    except RegistryError as refusal:
        return refusal.code
    return "signed_in"


def try_one(database: TestDatabase, login: str, address: str, password: str = WRONG, code: str | None = None) -> str:
    return within(database, lambda pool: tried(pool, login, address, password, code))


async def flood(pool: Database, login: str, tries: int) -> int:
    """How many of so many wrong tries, one a second over a hundred addresses, the password is looked at."""
    principal = SystemPrincipal(RoleClass.SIGNIN, "test")
    admitted = 0
    for first in range(0, tries, 100):
        async with pool.transaction(principal, request_id="test") as context:
            for number in range(100):
                at = replace(context, now=context.now + timedelta(seconds=first + number))
                origin = throttling.origin_of(VAULT, login, f"203.0.113.{number}")
                admitted += (await throttling.reserve(at, origin, with_code=False)).blocked_until is None
    return admitted


def test_of_ten_thousand_tries_over_a_hundred_addresses_a_hundredth_reaches_the_password(
    prepared: TestDatabase,
    clock: Clock,
) -> None:
    assert 50 <= within(prepared, lambda pool: flood(pool, "dongsheng-head", 10_000)) <= 100


def test_an_unknown_login_is_slowed_like_a_known_one(
    prepared: TestDatabase,
    clock: Clock,
) -> None:
    known = within(prepared, lambda pool: flood(pool, "coal-safety-officer", 1_000))
    nobody = within(prepared, lambda pool: flood(pool, "nobody-at-all", 1_000))
    assert known == nobody


def test_tries_at_the_same_instant_are_counted_too(prepared: TestDatabase) -> None:
    async def work(pool: Database) -> list[str]:
        login = "nobody-at-once"
        return list(await asyncio.gather(*(tried(pool, login, ABROAD) for _ in range(20))))

    outcomes = within(prepared, work)
    assert outcomes.count("sign_in_failed") == 6
    assert outcomes.count("too_many_requests") == 14


def test_a_guesser_shuts_the_holder_out_neither_at_home_nor_elsewhere(
    prepared: TestDatabase, clock: Clock, registry: Registry
) -> None:
    bound = enrol(registry, clock, "jungar-inspector2")
    login = bound.login
    assert try_one(prepared, login, HOME, SAMPLE_PASSWORD, clock.code(bound.secret)) == "signed_in"

    async def guess(pool: Database) -> set[str]:
        addresses = [f"203.0.113.{number}" for number in range(12)]
        return {await tried(pool, login, address) for address in addresses for _ in range(6)}

    clock.next_step()
    assert within(prepared, guess) == {"sign_in_failed", "too_many_requests"}
    code = clock.code(bound.secret)
    assert try_one(prepared, login, ABROAD, SAMPLE_PASSWORD) == "too_many_requests"
    assert try_one(prepared, login, ABROAD, SAMPLE_PASSWORD, "000000") == "too_many_requests"
    assert try_one(prepared, login, ABROAD, SAMPLE_PASSWORD, code) == "signed_in"
    clock.next_step()
    assert try_one(prepared, login, HOME, SAMPLE_PASSWORD, clock.code(bound.secret)) == "signed_in"


def test_passwords_shown_from_a_known_address_give_strangers_no_more_tries(
    prepared: TestDatabase, clock: Clock, registry: Registry
) -> None:
    bound = enrol(registry, clock, "dongsheng-section")
    assert try_one(prepared, bound.login, HOME, SAMPLE_PASSWORD, clock.code(bound.secret)) == "signed_in"
    within(prepared, lambda pool: flood(pool, bound.login, 1_000))
    assert try_one(prepared, bound.login, ABROAD) == "too_many_requests"
    for _ in range(3):
        assert try_one(prepared, bound.login, HOME, SAMPLE_PASSWORD) == "second_factor_required"
    assert try_one(prepared, bound.login, ABROAD) == "too_many_requests"
    clock.next_step()
    assert try_one(prepared, bound.login, HOME, SAMPLE_PASSWORD, clock.code(bound.secret)) == "signed_in"
    assert try_one(prepared, bound.login, ABROAD) == "too_many_requests"


def test_codes_shown_while_blocked_are_few(prepared: TestDatabase, clock: Clock, registry: Registry) -> None:
    bound = enrol(registry, clock, "city-emergency-head")
    for _ in range(6):
        try_one(prepared, bound.login, ABROAD)

    async def guess(pool: Database) -> set[str]:
        return {await tried(pool, bound.login, ABROAD, SAMPLE_PASSWORD, f"{number:06}") for number in range(10)}

    assert within(prepared, guess) == {"too_many_requests"}
    right = clock.code(bound.secret)
    assert try_one(prepared, bound.login, ABROAD, SAMPLE_PASSWORD, right) == "too_many_requests"
    clock.advance(minutes=1)
    assert try_one(prepared, bound.login, ABROAD, SAMPLE_PASSWORD, clock.code(bound.secret)) == "signed_in"


@pytest.mark.parametrize("login", ["chemical-principal", "nobody-here"])
def test_waits_double_up_to_a_quarter_of_an_hour_for_that_address_alone(
    prepared: TestDatabase, clock: Clock, login: str
) -> None:
    assert [try_one(prepared, login, HOME) for _ in range(7)] == ["sign_in_failed"] * 6 + ["too_many_requests"]
    for seconds in (2, 4, 8, 16):
        clock.advance(seconds=seconds - 1)
        assert try_one(prepared, login, HOME) == "too_many_requests"
        clock.advance(seconds=1)
        assert try_one(prepared, login, HOME) == "sign_in_failed"
    for _ in range(9):
        clock.advance(minutes=15)
        assert try_one(prepared, login, HOME) == "sign_in_failed"
        assert try_one(prepared, login, HOME) == "too_many_requests"
    assert try_one(prepared, login, ABROAD) == "sign_in_failed"


def test_a_success_forgets_the_failures_of_that_address(prepared: TestDatabase) -> None:
    login = "chemical-controller"
    for _ in range(2):
        assert [try_one(prepared, login, HOME) for _ in range(5)] == ["sign_in_failed"] * 5
        assert try_one(prepared, login, HOME, SAMPLE_PASSWORD) == "signed_in"


def test_one_code_at_the_same_instant_opens_one_sign_in(
    prepared: TestDatabase, clock: Clock, registry: Registry
) -> None:
    bound = enrol(registry, clock, "coal-safety-head")
    code = clock.code(bound.secret)

    async def race(pool: Database) -> list[str]:
        racers = (tried(pool, bound.login, f"192.0.2.{number}", SAMPLE_PASSWORD, code) for number in range(8))
        return list(await asyncio.gather(*racers))

    outcomes = within(prepared, race)
    assert sorted(outcomes) == ["second_factor_failed"] * 7 + ["signed_in"]


def test_the_counts_tell_neither_login_nor_address(prepared: TestDatabase, watch: Watch) -> None:
    try_one(prepared, "nobody-to-be-read", "192.0.2.77")
    for table in ("sign_in_attempt", "sign_in_pressure"):
        text = str(watch.rows(f"SELECT encode(convert_to(t::text, 'UTF8'), 'escape') AS line FROM {table} t"))
        assert "nobody-to-be-read" not in text
        assert "192.0.2.77" not in text
    same = throttling.origin_of(VAULT, "a", "2001:db8:1:2::7") == throttling.origin_of(VAULT, "a", "2001:db8:1:2:ff::9")
    assert same
    assert throttling.origin_of(VAULT, "a", "2001:db8:1:2::7") != throttling.origin_of(VAULT, "a", "2001:db8:1:3::7")
    assert throttling.origin_of(VAULT, "a", "::ffff:192.0.2.1") == throttling.origin_of(VAULT, "a", "192.0.2.1")
