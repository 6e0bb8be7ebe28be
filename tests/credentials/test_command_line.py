"""`qingling ledger attest` signs in as the API does: with the code of whoever has one, and complete."""

import asyncio
from collections.abc import Callable

import pytest
from pydantic import SecretStr

from app.cli.demo_city import SAMPLE_PASSWORD
from app.cli.ledger import Attestor, attest_batch
from app.infrastructure.database import Database
from app.infrastructure.errors import NotFound, NotPermitted, Unauthenticated
from app.sign_in.dependencies import desk_at
from tests.credentials.clock import Clock
from tests.credentials.people import enrol
from tests.support.cluster import TestDatabase
from tests.support.registry import Registry, ordinary_settings

NO_SUCH_BATCH = 10**9


def attest(database: TestDatabase, login: str, ask_code: Callable[[], str] | None = None, **security: str) -> None:
    async def run() -> None:
        pool = Database.at(database.app_url, pool_size=2)
        try:
            desk = desk_at(pool, ordinary_settings(**security), address="test", request_id="test")
            password = SecretStr(SAMPLE_PASSWORD)
            await attest_batch(desk, NO_SUCH_BATCH, Attestor(login, password, lambda _view: password, ask_code))
        finally:
            await pool.close()

    asyncio.run(run())


def test_the_code_is_asked_of_whoever_has_one(prepared: TestDatabase, registry: Registry, clock: Clock) -> None:
    bound = enrol(registry, clock, "city-clerk1")
    with pytest.raises(Unauthenticated, match="second_factor_required"):
        attest(prepared, bound.login)
    with pytest.raises(NotFound):
        attest(prepared, bound.login, lambda: clock.code(bound.secret))


def test_a_sign_in_that_is_not_complete_confirms_nothing(prepared: TestDatabase) -> None:
    with pytest.raises(NotPermitted, match="sign_in_incomplete"):
        attest(prepared, "city-clerk2", second_factor="required")
