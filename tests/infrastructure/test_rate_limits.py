"""Rates: who asks too often waits, an office never notices, and no way of writing an address is a way around."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from app.infrastructure.rate_limits import RATE_HEADERS, BoundedMemory, RateClass, RateLimits, Rates, class_of, rates_of
from app.infrastructure.security_settings import SecuritySettings

RATES = {
    RateClass.SIGN_IN: 3,
    RateClass.PUBLIC: 4,
    RateClass.READ: 5,
    RateClass.WRITE: 3,
    RateClass.HEAVY: 2,
}
READ = "/api/v1/hazards"


class Clock:
    """A clock that stands until it is moved, in seconds."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


class Limited:
    """An application that answers 200, behind the limits."""

    def __init__(self, rates: Rates = RATES, *, address_factor: int = 2) -> None:
        self.clock = Clock()
        self.served = 0
        self.limits = RateLimits(self._serve, rates, address_factor=address_factor, clock=self.clock)

    async def _serve(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        self.served += 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    def ask(
        self, path: str = READ, *, method: str = "GET", authorization: str | None = "Bearer one", peer: Any = "10.0.0.1"
    ) -> tuple[int, dict[str, str]]:
        headers = [] if authorization is None else [(b"authorization", authorization.encode("latin-1"))]
        scope: dict[str, Any] = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": b"",
            "headers": headers,
            "client": None if peer is None else (peer, 40000),
        }
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        asyncio.run(self.limits(scope, receive, send))
        told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return sent[0]["status"], told | scope.get("state", {}).get(RATE_HEADERS, {})

    def statuses(self, times: int, ask: Callable[[int], tuple[int, Any]]) -> list[int]:
        return [ask(number)[0] for number in range(times)]


@pytest.fixture
def limited() -> Limited:
    return Limited()


def test_who_asks_too_often_is_told_how_long_to_wait(limited: Limited) -> None:
    assert limited.statuses(5, lambda _: limited.ask()) == [200] * 5
    limited.clock.seconds += 20
    status, told = limited.ask()
    assert status == 429
    assert told["content-type"] == "application/problem+json"
    assert told["retry-after"] == "40"
    assert limited.served == 5
    limited.clock.seconds += 40
    assert limited.ask()[0] == 200


def test_every_answer_says_the_policy_and_what_is_left(limited: Limited) -> None:
    _, told = limited.ask()
    assert told["RateLimit-Policy"] == '"read-address";q=10;w=60, "read";q=5;w=60'
    assert told["RateLimit"] == '"read";r=4;t=60'
    limited.clock.seconds += 15.5
    assert limited.ask()[1]["RateLimit"] == '"read";r=3;t=45'
    refused = [limited.ask() for _ in range(4)][-1]
    assert refused[1]["RateLimit"] == '"read";r=0;t=45'


def test_nobody_signed_in_is_counted_by_address_alone(limited: Limited) -> None:
    _, told = limited.ask(authorization=None)
    assert told["RateLimit-Policy"] == '"public-address";q=4;w=60'
    assert limited.statuses(4, lambda _: limited.ask(authorization=None)) == [200, 200, 200, 429]


def test_one_principal_waits_and_the_colleague_behind_the_same_address_does_not(limited: Limited) -> None:
    assert limited.statuses(6, lambda _: limited.ask())[-1] == 429
    assert limited.ask(authorization="Bearer two")[0] == 200


def test_made_up_tokens_end_at_the_limit_of_their_address(limited: Limited) -> None:
    statuses = limited.statuses(30, lambda number: limited.ask(authorization=f"Bearer made-up-{number}"))
    assert statuses.count(200) == 10
    assert len(limited.limits.counters) == 1 + 10
    assert limited.ask(authorization="Bearer made-up-31", peer="10.0.0.2")[0] == 200


@pytest.mark.parametrize(
    "authorization",
    ["bearer one", "BEARER one", "Bearer   one", "Bearer one  ", "Bearer \u00a0one"],
)
def test_a_token_written_otherwise_is_the_same_principal(limited: Limited, authorization: str) -> None:
    limited.statuses(5, lambda _: limited.ask())
    assert limited.ask(authorization=authorization)[0] == 429


def test_a_principal_carries_its_count_from_address_to_address(limited: Limited) -> None:
    statuses = limited.statuses(6, lambda number: limited.ask(peer=f"10.0.1.{number}"))
    assert statuses == [200] * 5 + [429]


@pytest.mark.parametrize(
    "path",
    ["/api/v1/session", "/api/v1/session/", "/API/v1/Session", "//api//v1/session//", "/api/v2/session"],
)
def test_a_sign_in_is_one_however_its_path_is_written(limited: Limited, path: str) -> None:
    limited.statuses(3, lambda _: limited.ask("/api/v1/session", method="POST", authorization=None))
    assert limited.ask(path, method="POST", authorization=None)[0] == 429


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("POST", "/api/v1/session", RateClass.SIGN_IN),
        ("GET", "/api/v1/session/sign-on", RateClass.SIGN_IN),
        ("GET", "/api/v1/session/sign-on/callback", RateClass.SIGN_IN),
        ("GET", "/api/v1/session", RateClass.READ),
        ("DELETE", "/api/v1/session", RateClass.WRITE),
        ("POST", "/api/v1/hazards", RateClass.WRITE),
        ("PATCH", "/api/v1/persons/1", RateClass.WRITE),
        ("HEAD", "/api/v1/hazards", RateClass.READ),
        ("TRACE", "/api/v1/hazards", RateClass.WRITE),
        ("GET", "/api/v1/statistics/clearance", RateClass.HEAVY),
        ("GET", "/api/v1/Statistics/clearance/", RateClass.HEAVY),
        ("POST", "/api/v1/imports/ledger", RateClass.HEAVY),
        ("GET", "/api/v1/imports/a\nb", RateClass.HEAVY),
        ("GET", "/api/v1/exports/1", RateClass.HEAVY),
        ("GET", "/api/v1/hazards/x\n1/case-file", RateClass.HEAVY),
        ("GET", "/api/v1//letters/x/FILE/", RateClass.HEAVY),
        ("GET", "/api/v1/public/tree-heads", RateClass.PUBLIC),
        ("GET", "/docs", RateClass.READ),
    ],
)
def test_the_class_is_the_routes(method: str, path: str, expected: RateClass) -> None:
    assert class_of(method, path, bears_token=True) is expected


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_whoever_watches_the_process_is_never_refused(limited: Limited, path: str) -> None:
    assert set(limited.statuses(50, lambda _: limited.ask(path, authorization=None))) == {200}
    assert len(limited.limits.counters) == 0


@pytest.mark.parametrize("path", ["/healthz/", "/readyz/../api", "/Healthz", "/healthz/api/v1/hazards"])
def test_nothing_else_passes_as_a_health_check(limited: Limited, path: str) -> None:
    assert limited.statuses(5, lambda _: limited.ask(path, authorization=None))[-1] == 429


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"),
        ("::ffff:10.0.0.9", "10.0.0.9"),
        ("x" * 70, "x" * 200),
        (None, None),
    ],
)
def test_one_subscriber_is_one_address(limited: Limited, one: str | None, other: str | None) -> None:
    limited.statuses(4, lambda _: limited.ask(peer=one, authorization=None))
    assert limited.ask(peer=other, authorization=None)[0] == 429
    assert limited.ask(peer="2001:db8:1:3::1", authorization=None)[0] == 200


def test_two_hundred_people_behind_one_address_never_notice() -> None:
    settings = SecuritySettings()
    limits = Limited(rates_of(settings), address_factor=settings.rate_address_factor)
    statuses = set()
    for person in range(200):
        token = f"Bearer person-{person}"
        statuses |= {limits.ask("/api/v1/session", method="POST", authorization=None)[0] for _ in range(3)}
        statuses |= {limits.ask(authorization=token)[0] for _ in range(30)}
        statuses |= {limits.ask("/api/v1/hazards/x/signatures", method="POST", authorization=token)[0]}
        statuses |= {limits.ask("/api/v1/statistics/clearance", authorization=token)[0] for _ in range(5)}
    assert statuses == {200}


def test_the_city_platform_pulls_fifty_pages_a_second_and_never_notices() -> None:
    limits = Limited(rates_of(SecuritySettings()), address_factor=1)
    assert set(limits.statuses(50 * 60, lambda _: limits.ask(authorization="Bearer qk_platform"))) == {200}


def test_counters_that_have_ended_are_forgotten() -> None:
    clock = Clock()
    memory = BoundedMemory(clock)
    for minute in range(5):
        for number in range(1000):
            memory.incr(f"{minute}-{number}", 60)
        clock.seconds += 61
    assert len(memory) <= 1000
    assert memory.get("4-1") == 0


def test_counters_are_never_more_than_their_bound() -> None:
    clock = Clock()
    memory = BoundedMemory(clock, most_keys=100)
    for number in range(10_000):
        memory.incr(str(number), 60)
    assert len(memory) <= 100
    assert memory.get("9999") == 1
    memory.clear("9999")
    assert memory.get("9999") == 0
    assert memory.reset() == 99
