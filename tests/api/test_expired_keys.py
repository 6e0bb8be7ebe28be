"""An Idempotency-Key is good for thirty days by the registry's clock, whether or not the nightly job has run."""

import secrets
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.api.watching import Watch
from tests.support import walk
from tests.support.cluster import libpq_address
from tests.support.registry import Answered, Registry, open_registry, settled_database

OFFICER = "chemical-safety-officer"


@pytest.fixture(scope="module")
def registry(cluster: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry whose clock this file moves."""
    with settled_database(cluster) as database, open_registry(database, tmp_path_factory.mktemp("data")) as opened:
        yield opened


@pytest.fixture(scope="module")
def watch(registry: Registry) -> Iterator[Watch]:
    with Watch.of(registry.database) as watching:
        yield watching


def seconds_pass(registry: Registry, watch: Watch, seconds: int) -> None:
    """The clock stands still so many seconds later; every sign-in is made anew."""
    statement = "UPDATE clock_setting SET fixed_at = registry_now() + make_interval(secs => %s), offset_seconds = 0"
    watch.connection.execute(statement, [seconds])
    registry.tokens.clear()


def report(registry: Registry, key: str, **changed: Any) -> Answered:
    sent = walk.report_document(**changed)
    return registry.call("POST", "/hazards", by=OFFICER, json=sent, headers={"Idempotency-Key": key})


def test_after_thirty_days_the_key_is_another_request_though_no_job_has_run(registry: Registry, watch: Watch) -> None:
    key = secrets.token_hex(8)
    seconds_pass(registry, watch, 0)
    first = report(registry, key)
    seconds_pass(registry, watch, 30 * 86400)
    assert report(registry, key).body == first.body
    seconds_pass(registry, watch, 1)
    anew = report(registry, key)
    assert anew.status == 201
    assert anew.body["id"] != first.body["id"]
    assert report(registry, key).body == anew.body
    assert report(registry, key, location="别处").code == "idempotency_key_reused"


def test_an_expired_key_takes_another_body_and_a_refusal_leaves_it_free(registry: Registry, watch: Watch) -> None:
    key = secrets.token_hex(8)
    report(registry, key)
    seconds_pass(registry, watch, 30 * 86400 + 1)
    assert report(registry, key, location="").status == 422
    assert report(registry, key, location="别处").status == 201


def test_the_database_lets_nobody_take_away_an_answer_that_is_still_given(registry: Registry, watch: Watch) -> None:
    assert report(registry, secrets.token_hex(8)).status == 201
    account = watch.value("SELECT id FROM account WHERE login_name = %(login)s", login=OFFICER)
    with psycopg.connect(libpq_address(registry.database.app_url)) as app:
        app.execute("SET ROLE qingling_enterprise")
        app.execute("SELECT set_config('app.account', %s, false)", [str(account)])
        assert (
            app.execute("DELETE FROM idempotency_key WHERE recorded_at > registry_now() - interval '30 days'").rowcount
            == 0
        )
