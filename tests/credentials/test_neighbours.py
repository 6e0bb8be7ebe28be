"""同一地址后的他人 (P-37): whoever guesses behind the same address slows its neighbours and locks none of them out."""

import asyncio

from app.cli.demo_city import SAMPLE_PASSWORD
from app.credentials import throttling
from app.credentials.throttling import CODE_TRIES_WHILE_BLOCKED
from app.infrastructure.database import Database
from tests.api.watching import Watch
from tests.credentials.clock import Clock
from tests.credentials.people import enrol
from tests.credentials.test_guessing import VAULT, WRONG, tried, try_one, within
from tests.support.cluster import TestDatabase
from tests.support.registry import Registry

OFFICE = "192.0.2.40"


def blocked(prepared: TestDatabase, login: str) -> None:
    """Somebody guesses at the password from the office's address until it is slowed."""
    while try_one(prepared, login, OFFICE) != "too_many_requests":
        pass


def codes_counted(watch: Watch, login: str) -> object:
    digest = throttling.login_digest(VAULT, login)
    return watch.value("SELECT max(code_tries) FROM sign_in_attempt WHERE login_digest = %(digest)s", digest=digest)


def test_codes_that_a_neighbour_makes_up_use_none_of_the_holders_up(
    prepared: TestDatabase, clock: Clock, registry: Registry, watch: Watch
) -> None:
    bound = enrol(registry, clock, "jungar-head")
    blocked(prepared, bound.login)

    async def make_up(pool: Database) -> set[str]:
        tries = (tried(pool, bound.login, OFFICE, WRONG, f"{number:06}") for number in range(30))
        return set(await asyncio.gather(*tries))

    assert within(prepared, make_up) == {"too_many_requests"}
    assert codes_counted(watch, bound.login) == 0
    assert try_one(prepared, bound.login, OFFICE, SAMPLE_PASSWORD) == "too_many_requests"
    assert try_one(prepared, bound.login, OFFICE, SAMPLE_PASSWORD, clock.code(bound.secret)) == "signed_in"


def test_a_known_password_buys_few_guesses_at_the_code_however_many_are_made_at_one_instant(
    prepared: TestDatabase, clock: Clock, registry: Registry, watch: Watch
) -> None:
    bound = enrol(registry, clock, "jungar-section")
    blocked(prepared, bound.login)

    async def guess(pool: Database) -> set[str]:
        tries = (tried(pool, bound.login, OFFICE, SAMPLE_PASSWORD, f"{number:06}") for number in range(30))
        return set(await asyncio.gather(*tries))

    assert within(prepared, guess) == {"too_many_requests"}
    assert codes_counted(watch, bound.login) == CODE_TRIES_WHILE_BLOCKED
    assert try_one(prepared, bound.login, OFFICE, SAMPLE_PASSWORD, clock.code(bound.secret)) == "too_many_requests"


def test_tries_that_are_blocked_write_nothing_with_a_code_or_without(
    prepared: TestDatabase, clock: Clock, watch: Watch
) -> None:
    rows = "SELECT xmin::text, ctid::text, * FROM {} ORDER BY login_digest"
    for login in ("nobody-with-a-code", "coal-safety-officer"):
        blocked(prepared, login)
        before = [watch.rows(rows.format(table)) for table in ("sign_in_attempt", "sign_in_pressure")]
        for code in (None, "000000", "123456"):
            assert try_one(prepared, login, OFFICE, WRONG, code) == "too_many_requests"
        assert [watch.rows(rows.format(table)) for table in ("sign_in_attempt", "sign_in_pressure")] == before
