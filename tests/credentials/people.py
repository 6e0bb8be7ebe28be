"""What a person does with what they sign in with, through the API."""

from dataclasses import dataclass
from typing import Any

from app.cli.demo_city import SAMPLE_PASSWORD
from tests.credentials.clock import Clock
from tests.support.registry import API, Answered, Registry

NEW_PASSWORD = "Grass-and-river-2026"


def sign_in(registry: Registry, login: str, password: str = SAMPLE_PASSWORD, **also: Any) -> Answered:
    """A sign-in, whatever becomes of it."""
    answer = registry.client.post(f"{API}/session", json={"login_name": login, "password": password, **also})
    return Answered(answer.status_code, answer.json(), answer.headers)


def token_of(answer: Answered) -> str:
    """The token of a sign-in that must have been taken."""
    assert answer.status == 201, answer.body
    return str(answer.body["token"])


def with_token(registry: Registry, token: str, method: str, path: str, body: Any = None, **headers: str) -> Answered:
    """One request of whoever holds the token."""
    headers = {"Authorization": f"Bearer {token}", **headers}
    sent = {} if body is None else {"json": body}
    answer = registry.client.request(method, f"{API}{path}", headers=headers, **sent)
    is_json = bool(answer.content) and "json" in answer.headers.get("content-type", "")
    return Answered(answer.status_code, answer.json() if is_json else answer.content, answer.headers)


def is_alive(registry: Registry, token: str) -> bool:
    """Whether the token opens anything."""
    return with_token(registry, token, "GET", "/session").status == 200


@dataclass(frozen=True)
class Enrolled:
    """A person with a second factor: the telephone's secret, the printed recovery codes, the sign-in."""

    login: str
    secret: str
    recovery_codes: list[str]
    token: str


def enrol(registry: Registry, clock: Clock, login: str, password: str = SAMPLE_PASSWORD) -> Enrolled:
    """Binds a second factor and moves past the code that confirmed it."""
    token = token_of(sign_in(registry, login, password))
    answer = with_token(registry, token, "POST", "/session/second-factor", {"password": password})
    assert answer.status == 201, answer.body
    code = clock.code(answer.body["secret"])
    confirmed = with_token(registry, token, "POST", "/session/second-factor/confirmation", {"code": code})
    assert confirmed.status == 201, confirmed.body
    clock.next_step()
    return Enrolled(login, answer.body["secret"], answer.body["recovery_codes"], token)
