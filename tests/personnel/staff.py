"""New people for a registry: a person with a valid identity number, an account, a post, an appointment."""

import itertools
from dataclasses import dataclass

from stdnum.cn import ric

from app.cli.demo_city import SAMPLE_PASSWORD
from tests.support.registry import Answered, Registry

PROPOSER, CONFIRMER = "system-admin", "security-admin"
INITIAL_PASSWORD = "Wind-and-steppe-2026"
"""What an administrator chose for them, good for one sign-in."""
PASSWORD = "Steppe-and-wind-2026"
"""What they chose themselves at the first sign-in."""
_HAVE_THEIR_OWN: set[tuple[str, str]] = set()
_serials = itertools.count(1)


def identity_number() -> str:
    """A number nobody has had in this process, GB 11643's check digit right."""
    serial = next(_serials)
    digits = f"150602{1960 + serial // 999:04d}0101{serial % 999:03d}"
    return digits + ric.calc_check_digit(f"{digits}0")


@dataclass(frozen=True)
class Staff:
    """A registered person with an account."""

    person: int
    account: int
    login: str


def person(registry: Registry, name: str, **changed: str | None) -> int:
    """A registered person, by the system administrator."""
    sent = {"name": f"检查人员{name}", "identity_number": identity_number(), **changed}
    return int(registry.post("/persons", sent, by=PROPOSER)["id"])


def register(registry: Registry, login: str) -> Staff:
    """A person and an account of theirs."""
    person_id = person(registry, login)
    account = open_account(registry, person_id, login)
    assert account.status == 201, account.body
    return Staff(person_id, account.body["id"], login)


def open_account(registry: Registry, person_id: int, login: str) -> Answered:
    """Another account of a person."""
    sent = {"login_name": login, "person_id": person_id, "password": INITIAL_PASSWORD}
    return registry.attempt("/accounts", sent, by=PROPOSER)


def organisation(registry: Registry, name: str) -> int:
    """The id of the organisation with exactly this name."""
    found = registry.get("/posts?limit=200", by=PROPOSER).body["items"]
    return int(next(one["organisation_id"] for one in found if one["organisation"] == name))


def post(registry: Registry, organisation_id: int, title: str, kind: str = "inspector") -> int:
    """A new post."""
    sent = {"organisation_id": organisation_id, "kind": kind, "title": title}
    return int(registry.post("/posts", sent, by=PROPOSER)["id"])


def propose(registry: Registry, person_id: int, post_id: int, *, by: str = PROPOSER, **period: str) -> Answered:
    """A proposal, whatever becomes of it."""
    return registry.attempt("/appointments", {"person_id": person_id, "post_id": post_id, **period}, by=by)


def confirm(registry: Registry, proposal: Answered, *, by: str = CONFIRMER, **said: str) -> Answered:
    """Its confirmation, whatever becomes of it."""
    assert proposal.status == 201, proposal.body
    sent = {"password": SAMPLE_PASSWORD, "document_sha256": proposal.body["document_sha256"], **said}
    return registry.attempt(f"/appointments/{proposal.body['id']}/confirmations", sent, by=by)


def appoint(registry: Registry, person_id: int, post_id: int, **period: str) -> int:
    """An appointment in force, by two administrators; its id."""
    confirmed = confirm(registry, propose(registry, person_id, post_id, **period))
    assert confirmed.status == 201, confirmed.body
    return int(confirmed.body["id"])


def sign_in(registry: Registry, staff: Staff) -> None:
    """A fresh sign-in; the first one sets a password of the holder's own, as it must."""
    known = (registry.database.name, staff.login)
    password = PASSWORD if known in _HAVE_THEIR_OWN else INITIAL_PASSWORD
    answer = registry.client.post("/api/v1/session", json={"login_name": staff.login, "password": password})
    assert answer.status_code == 201, answer.text
    registry.tokens[staff.login] = answer.json()["token"]
    if answer.json()["pending"] == "password_change":
        sent = {"password": INITIAL_PASSWORD, "new_password": PASSWORD}
        registry.post("/session/password", sent, by=staff.login)
        _HAVE_THEIR_OWN.add(known)
