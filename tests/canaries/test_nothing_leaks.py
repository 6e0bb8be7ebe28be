"""Secrets and personal data sent everywhere, in every wrong way, to the product as it is started: no log repeats them.

The server is `qingling demo` with its own PostgreSQL; read are its log at the most talkative level, PostgreSQL's log,
and the body of every refusal.
"""

import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest
from psycopg import sql
from stdnum.cn import ric

from app.cli.connection import DATABASE
from app.cli.demo_city import SAMPLE_PASSWORD
from app.infrastructure.embedded_postgres import EmbeddedPostgres
from tests.canaries.canaries import CODE, IDENTITY_NUMBER, NAME, PASSWORD, PHONE, TIP, Search
from tests.canaries.hostile_requests import Hostile, hostile_requests
from tests.support.polling import until
from tests.support.running_demo import running_demo
from tests.support.walk import report_document

pytestmark = pytest.mark.timeout(300)
API = "/api/v1"
_FORCED = "invalid input syntax for type integer"
"""What one test forces PostgreSQL to say; no column of ours is cast from what people enter."""
PERSONAS = ("system-admin", "security-admin", "chemical-safety-officer", "dongsheng-head", None)


@dataclass(slots=True)
class Leaks:
    """The running product, its logs, and what its refusals said."""

    client: httpx2.Client
    folder: Path
    log: Path
    tokens: dict[str | None, str] = field(default_factory=dict)
    search: Search = field(default_factory=Search)
    refusals: list[str] = field(default_factory=list)
    statuses: set[int] = field(default_factory=set)
    sent: int = 0

    def sign_in(self, login: str) -> None:
        person = {"login_name": login, "password": SAMPLE_PASSWORD}
        self.tokens[login] = self.client.post(f"{API}/session", json=person).json()["token"]
        self.search.secrets[f"session {len(self.search.secrets)}"] = self.tokens[login]

    def send(self, request: Hostile, by: str | None) -> httpx2.Response:
        headers = {"Content-Type": "application/json"} if request.content is not None else {}
        if by is not None:
            headers["Authorization"] = f"Bearer {self.tokens[by]}"
        # Wrong passwords slow their address down, and this one still has to sign in.
        headers |= {"X-Forwarded-For": "203.0.113.9", **request.headers}
        answer = self.client.request(
            request.method, request.path, params=request.query, headers=headers, content=request.content
        )
        self.note(answer)
        if by is not None and answer.status_code == 401 and "Authorization" not in request.headers:
            # Five wrong proofs end a session.
            self.sign_in(by)
        return answer

    def post(self, path: str, body: Any, *, by: str) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {self.tokens[by]}"}
        answer = self.client.post(f"{API}{path}", json=body, headers=headers)
        self.note(answer)
        return answer

    def note(self, answer: httpx2.Response) -> None:
        self.sent += 1
        self.statuses.add(answer.status_code)
        if answer.status_code >= 400 and (hits := self.search.hits(answer.text)):
            self.refusals.append(f"{answer.request.method} {answer.request.url.path}: {hits} in {answer.text[:400]}")

    def superuser(self) -> psycopg.Connection:
        server = EmbeddedPostgres(self.folder)
        assert server.attach()
        return psycopg.connect(server.conninfo(DATABASE))

    def hits(self, *logs: Path) -> list[str]:
        """Every line of these logs, or of all, that repeats what was sent, and every refusal that does."""
        found = list(self.refusals)
        for log in logs or (self.log, self.folder / "postgres.log"):
            lines = log.read_text("utf-8", "replace").splitlines()
            lines = [line for line in lines if log == self.log or _FORCED not in line]
            found += [f"{log.name}: {hits} in {line[:400]}" for line in lines if (hits := self.search.hits(line))]
        return found


@pytest.fixture(scope="module")
def leaks(passable_folder: Path) -> Iterator[Leaks]:
    log = passable_folder / "served.log"
    settings = dict.fromkeys(
        ("QINGLING_RATE_PUBLIC", "QINGLING_RATE_READ", "QINGLING_RATE_WRITE", "QINGLING_RATE_HEAVY"), "1000000000"
    )
    demo = running_demo(passable_folder / "data", log, {**settings, "QINGLING_LOG_LEVEL": "debug"})
    with demo as address, httpx2.Client(base_url=address, timeout=30) as client:
        served = Leaks(client, passable_folder / "data", log)
        for login in PERSONAS:
            if login is not None:
                served.sign_in(login)
        yield served


def test_every_operation_refuses_every_canary_without_repeating_it(leaks: Leaks) -> None:
    document = leaks.client.get("/openapi.json").json()
    operations = set()
    for number, (operation, request) in enumerate(hostile_requests(document)):
        operations.add(operation)
        if request.method == "DELETE" and request.path.startswith(f"{API}/session"):
            # It would end the sign-in that the rest needs.
            continue
        leaks.send(request, PERSONAS[number % len(PERSONAS)])
    assert len(operations) >= 86
    assert {400, 401, 403, 404, 422} <= leaks.statuses
    assert leaks.hits() == []


def test_wrong_secrets_are_refused_without_being_repeated(leaks: Leaks) -> None:
    elsewhere = {"X-Forwarded-For": "203.0.113.10"}
    for login in ("system-admin", NAME, PHONE, "nobody"):
        body = {"login_name": login, "password": PASSWORD, "code": CODE}
        leaks.note(leaks.client.post(f"{API}/session", json=body, headers=elsewhere))
    leaks.note(leaks.client.post(f"{API}/session?password={PASSWORD}", json={}, headers=elsewhere))
    assert leaks.hits() == []


def test_a_service_key_is_shown_in_the_answer_of_its_creation_and_nowhere_else(leaks: Leaks) -> None:
    organisations = leaks.client.get(
        f"{API}/organisations?limit=1", headers={"Authorization": f"Bearer {leaks.tokens['system-admin']}"}
    ).json()["items"]
    sent = {"login_name": "canary-platform", "organisation_id": organisations[0]["id"]}
    account = leaks.post("/service-accounts", sent, by="system-admin").json()["id"]
    made = leaks.post(f"/service-accounts/{account}/keys", {"label": NAME}, by="security-admin")
    assert made.status_code == 201, made.text
    secret = leaks.search.secrets["issued key"] = made.json()["secret"]
    bearing = {"Authorization": f"Bearer {secret}"}
    for path in ("/session", "/hazards", "/accounts", f"/service-accounts/{account}/keys"):
        answer = leaks.client.get(f"{API}{path}", headers=bearing)
        leaks.note(answer)
        assert secret not in answer.text
    assert leaks.hits() == []


def test_a_broken_constraint_names_no_row(leaks: Leaks) -> None:
    person = {"name": NAME, "phone": PHONE, "identity_number": _valid_identity_number(leaks)}
    first = leaks.post("/persons", person, by="system-admin")
    assert first.status_code == 201, first.text
    leaks.post("/persons", {**person, "name": TIP}, by="system-admin")
    account = {"person_id": first.json()["id"], "login_name": "canary-login", "password": PASSWORD}
    for _ in range(2):
        leaks.post("/accounts", {**account, "initial_password": PASSWORD}, by="system-admin")
    with leaks.superuser() as connection, pytest.raises(psycopg.errors.IntegrityError):
        connection.execute("INSERT INTO person_detail (name, phone) VALUES (%s, %s)", [NAME, PHONE])
    assert leaks.hits() == []


def test_a_value_that_the_database_quotes_to_us_is_quoted_by_us_to_nobody(leaks: Leaks) -> None:
    with leaks.superuser() as connection:
        connection.execute("ALTER TABLE hazard ADD CONSTRAINT ck_canary CHECK (finders::int > 0) NOT VALID")
    try:
        document = report_document(circumstances=f"{TIP} {PHONE}", finders=NAME)
        refused = leaks.post("/hazards", document, by="chemical-safety-officer")
    finally:
        with leaks.superuser() as connection:
            connection.execute("ALTER TABLE hazard DROP CONSTRAINT ck_canary")
    assert (refused.status_code, refused.json()["code"]) == (422, "value_malformed")
    assert until(lambda: '"sqlstate": "22P02"' in leaks.log.read_text("utf-8"))
    # The server's own first line quotes such a value whatever its verbosity: what reaches it was validated before.
    assert leaks.hits(leaks.log) == []


def _valid_identity_number(leaks: Leaks) -> str:
    number = IDENTITY_NUMBER[:17] + ric.calc_check_digit(IDENTITY_NUMBER)
    leaks.search.secrets["valid identity number"] = number
    return number


@contextlib.contextmanager
def locked(leaks: Leaks, table: str) -> Iterator[None]:
    with leaks.superuser() as connection:
        connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(sql.Identifier(table)))
        yield
        connection.rollback()


@pytest.mark.parametrize("table", ["hazard", "session", "person"])
def test_a_wait_that_runs_out_is_told_without_what_waited(leaks: Leaks, table: str) -> None:
    document = report_document(circumstances=f"{TIP} {PHONE}", finders=NAME)
    with locked(leaks, table), ThreadPoolExecutor(4) as pool:
        waiting = [
            pool.submit(leaks.post, "/hazards", document, by="chemical-safety-officer"),
            pool.submit(leaks.post, "/persons", {"name": NAME, "phone": PHONE}, by="system-admin"),
        ]
        statuses = {one.result(30).status_code for one in waiting}
    assert 503 in statuses
    assert leaks.hits() == []


def test_a_refusal_that_cannot_be_recorded_is_told_without_what_was_refused(leaks: Leaks) -> None:
    with locked(leaks, "access_event"):
        refused = leaks.post("/persons", {"name": NAME, "phone": PHONE}, by="chemical-safety-officer")
    assert refused.status_code == 403
    assert until(lambda: "refusal_not_recorded" in leaks.log.read_text("utf-8"))
    assert leaks.hits() == []


def test_a_deadlock_is_told_without_the_statements_that_met(leaks: Leaks) -> None:
    server = EmbeddedPostgres(leaks.folder)
    assert server.attach()
    began = threading.Barrier(2, timeout=20)

    def cross(first: int, second: int) -> bool:
        with psycopg.connect(server.conninfo(DATABASE)) as connection:
            try:
                connection.execute("SELECT id FROM person WHERE id = %s FOR UPDATE", [first])
                began.wait()
                connection.execute(
                    f"SELECT id, '{PHONE}{NAME}' FROM person WHERE id = %s FOR UPDATE".encode(), [second]
                )
            except psycopg.errors.DeadlockDetected:
                return True
        return False

    with ThreadPoolExecutor(2) as pool:
        met = list(pool.map(cross, (1, 2), (2, 1)))
    assert any(met)
    assert leaks.hits() == []


def test_a_fault_of_our_own_is_told_by_its_place_alone(leaks: Leaks) -> None:
    with leaks.superuser() as connection:
        connection.execute("ALTER TABLE hazard RENAME COLUMN circumstances TO circumstances_gone")
    try:
        document = report_document(circumstances=f"{TIP} {PHONE}", finders=NAME)
        broken = leaks.post("/hazards", document, by="chemical-safety-officer")
    finally:
        with leaks.superuser() as connection:
            connection.execute("ALTER TABLE hazard RENAME COLUMN circumstances_gone TO circumstances")
    assert broken.status_code == 500
    assert broken.json()["code"] == "internal_error"
    assert until(lambda: "unexpected_error" in leaks.log.read_text("utf-8"))
    assert leaks.hits() == []


def test_the_logs_are_there_to_be_searched(leaks: Leaks) -> None:
    def lines() -> int:
        return leaks.log.read_text("utf-8").count('"event": "request"')

    before = lines()
    leaks.send(Hostile("GET", f"{API}/hazards"), None)
    assert until(lambda: lines() > before)
    assert Search().hits(f"... {PHONE} ... {NAME} ...") == ["phone", "name"]


def test_a_server_that_quotes_rows_is_caught(leaks: Leaks) -> None:
    quoted = "kanarie-in-einer-zeile"
    with leaks.superuser() as connection:
        connection.execute("SET log_error_verbosity = 'default'")
        with pytest.raises(psycopg.errors.IntegrityError):
            connection.execute("INSERT INTO person_detail (name) VALUES (%s)", [quoted])
    caught = Search({"quoted": quoted})
    assert caught.hits((leaks.folder / "postgres.log").read_text("utf-8")) == ["quoted"]
