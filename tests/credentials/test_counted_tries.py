"""Tries at proving the person at one instant are so many tries: each is counted before it is looked at."""

import hashlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
from fastapi.routing import APIRoute

from app.cli.demo_city import SAMPLE_PASSWORD
from app.main import ROUTERS
from app.sign_in.refusals import FAILURES_IN_A_ROW
from tests.api.watching import Watch
from tests.credentials.clock import Clock
from tests.credentials.people import enrol, is_alive, sign_in, token_of, with_token
from tests.support.cluster import libpq_address
from tests.support.registry import Registry

CONTENT = "0" * 64
SETS_A_PASSWORD = {"SignIn", "NewAccount"}
"""Counted by its own rule; of somebody else."""


def at_once(registry: Registry, token: str, tries: int, sent: dict[str, Any]) -> Counter[str]:
    """What became of so many tries that set out together, by code."""

    def tried(_number: int) -> str:
        answer = with_token(registry, token, "POST", "/session/step-ups", sent)
        return "proved" if answer.status == 201 else answer.code

    with ThreadPoolExecutor(tries) as pool:
        return Counter(pool.map(tried, range(tries)))


def failures(watch: Watch, login: str) -> object:
    """Tries counted against the newest sign-in of somebody's."""
    return watch.value(
        "SELECT step_up_failures FROM session s JOIN account a ON a.id = s.account_id"
        " WHERE a.login_name = %(login)s ORDER BY s.id DESC LIMIT 1",
        login=login,
    )


def test_twenty_four_wrong_codes_at_one_instant_are_five_looks_and_the_end_of_that_sign_in(
    registry: Registry, clock: Clock
) -> None:
    bound = enrol(registry, clock, "jungar-section")
    outcomes = at_once(registry, bound.token, 24, {"content_sha256": CONTENT, "code": "000000"})
    assert outcomes["step_up_failed"] <= FAILURES_IN_A_ROW
    assert outcomes["proved"] == 0
    assert not is_alive(registry, bound.token)


def test_right_proofs_at_one_instant_are_counted_for_nothing(registry: Registry, watch: Watch) -> None:
    token = token_of(sign_in(registry, "dongsheng-head"))
    outcomes = at_once(registry, token, 12, {"content_sha256": CONTENT, "password": SAMPLE_PASSWORD})
    assert set(outcomes) <= {"proved", "step_up_in_progress"}
    assert outcomes["proved"] >= 1
    assert failures(watch, "dongsheng-head") == 0
    assert is_alive(registry, token)


def test_what_was_never_looked_at_is_given_back(registry: Registry, watch: Watch) -> None:
    token = token_of(sign_in(registry, "dongsheng-deputy"))
    for sent in ({"password": "不对"}, {"content_sha256": "short", "password": "不对"}, {"password": 7}):
        for _ in range(FAILURES_IN_A_ROW):
            assert with_token(registry, token, "POST", "/session/step-ups", sent).status == 422
    unknown = {"document_sha256": CONTENT, "password": "不对"}
    assert with_token(registry, token, "POST", "/appointments/999999999/confirmations", unknown).status in (403, 404)
    assert failures(watch, "dongsheng-deputy") == 0


def left_by_dead_processes(registry: Registry, token: str) -> None:
    """Five tries that were taken and never settled: each in a COMMIT of its own, and then the process died."""
    digest = hashlib.sha256(token.encode()).digest()
    with psycopg.connect(libpq_address(registry.database.superuser_url)) as connection:
        connection.execute(
            "UPDATE session SET step_up_failures = 5, step_up_tried_at = registry_now() WHERE token_sha256 = %s",
            [digest],
        )


def test_tries_that_died_with_their_process_are_given_back_after_a_quarter_of_an_hour(
    registry: Registry, clock: Clock, watch: Watch
) -> None:
    token = token_of(sign_in(registry, "jungar-deputy"))
    left_by_dead_processes(registry, token)
    sent = {"content_sha256": CONTENT, "password": SAMPLE_PASSWORD}
    for minutes, code in ((0, "step_up_in_progress"), (14, "step_up_in_progress"), (2, None)):
        clock.advance(minutes=minutes)
        answer = with_token(registry, token, "POST", "/session/step-ups", sent)
        assert (answer.status, None if answer.status == 201 else answer.code) == (409 if code else 201, code)
    assert failures(watch, "jungar-deputy") == 0


def test_only_one_of_them_is_given_back(registry: Registry, clock: Clock) -> None:
    token = token_of(sign_in(registry, "jungar-head"))
    left_by_dead_processes(registry, token)
    clock.advance(minutes=16)
    outcomes = at_once(registry, token, 6, {"content_sha256": CONTENT, "password": "不对"})
    assert outcomes["step_up_failed"] == 1
    assert not is_alive(registry, token)


def test_a_right_password_that_sets_another_is_given_back(registry: Registry, watch: Watch) -> None:
    token = token_of(sign_in(registry, "dongsheng-section"))
    sent = {"password": SAMPLE_PASSWORD, "new_password": "Grassland-and-2026"}
    assert with_token(registry, token, "POST", "/session/password", sent).status == 201
    assert failures(watch, "dongsheng-section") == 0


def test_every_document_that_carries_a_proof_is_counted_before_it_is_looked_at() -> None:
    uncounted = set()
    for route in (route for router in ROUTERS for route in router.routes):
        model = route.body_field.field_info.annotation if isinstance(route, APIRoute) and route.body_field else None
        fields = getattr(model, "model_fields", {})
        if "password" in fields and not getattr(model, "proves_the_person", False):
            uncounted.add(getattr(model, "__name__", ""))
    assert uncounted == SETS_A_PASSWORD
