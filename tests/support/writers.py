"""Eight writers who walk hazards from report to closing while things are killed, and note every answer they were given.

A writer that gets no answer, or is told to come again, sends the same request under the same key until it is answered.
"""

import hashlib
import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, cast

import httpx2
import psycopg
from starlette.testclient import TestClient

from app.cli.demo_city import SAMPLE_PASSWORD
from tests.support import walk
from tests.support.application_process import ApplicationProcess
from tests.support.cluster import TestDatabase
from tests.support.polling import until
from tests.support.registry import API, Answered, Registry

WRITERS: Final = 8
LOGINS: Final = (
    *("chemical-safety-officer", "chemical-principal", "chemical-controller", "city-office-head"),
    *("dongsheng-inspector1", "dongsheng-inspector2", "dongsheng-section", "dongsheng-deputy", "dongsheng-head"),
    "dongsheng-clerk",
)
_UNAVAILABLE: Final = 503
_BUSY_WITH_ANOTHER: Final = "step_up_in_progress"
"""Writers share the few persons there are, and a sign-in proves who it is once at a time."""
_ANSWER_WITHIN: Final = 300.0
"""Ends a hang and measures nothing: a machine may be as busy as it likes."""


@dataclass(frozen=True)
class Acknowledged:
    """A write that was answered: how to send it again, and what was answered."""

    address: str
    by: str
    headers: Mapping[str, str]
    request: Mapping[str, Any]
    key: str
    sha256: str


@dataclass
class Log:
    """What all writers were answered; `statuses` counts every answer, `cut_off` every request without one."""

    acknowledged: list[Acknowledged] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    cut_off: int = 0
    stopping: threading.Event = field(default_factory=threading.Event)

    def grown_by(self, more: int, seconds: float = 60) -> bool:
        """Whether so many more writes were answered in time."""
        before = len(self.acknowledged)
        return until(lambda: len(self.acknowledged) >= before + more, seconds)


class NotYet(Exception):
    """Nobody is signed in, and may be a moment later."""


class Stopped(Exception):
    """The writer is to begin nothing more."""


@dataclass
class Persistent(Registry):
    """A registry that sends until it is answered."""

    log: Log = field(kw_only=True)

    def call(self, method: str, path: str, *, by: str | None, **request: Any) -> Answered:
        """One request, sent as often as it takes; a write under one key."""
        if self.log.stopping.is_set():
            raise Stopped
        headers = {**request.pop("headers", {}), "Authorization": f"Bearer {self.tokens[by or '']}"}
        if method == "POST":
            headers["Idempotency-Key"] = secrets.token_hex(12)
        answer = self._answered(method, f"{API}{path}", by or "", headers, request)
        if method == "POST" and answer.is_success:
            digest = hashlib.sha256(answer.content).hexdigest()
            kept = Acknowledged(f"{API}{path}", by or "", headers, request, headers["Idempotency-Key"], digest)
            self.log.acknowledged.append(kept)
        body = answer.json() if "json" in answer.headers.get("content-type", "") else answer.content
        return Answered(answer.status_code, body, answer.headers)

    def _answered(
        self, method: str, address: str, by: str, headers: dict[str, str], request: Mapping[str, Any]
    ) -> httpx2.Response:
        deadline, pause = time.monotonic() + _ANSWER_WITHIN, threading.Event()
        while True:
            try:
                answer = self.client.request(method, address, headers=dict(headers), **request)
                self.log.statuses[answer.status_code] += 1
                if _BUSY_WITH_ANOTHER in answer.text:
                    # Tries that died with their process count for a quarter of an hour; a new sign-in has none.
                    self.tokens[by] = token_of(self.client, by)
                    headers["Authorization"] = f"Bearer {self.tokens[by]}"
                elif answer.status_code != _UNAVAILABLE:
                    return answer
            except httpx2.TransportError:
                self.log.cut_off += 1
            except NotYet:
                pause.wait(1)
            if self.log.stopping.is_set():
                raise Stopped
            assert time.monotonic() < deadline, f"{method} {address} was not answered"
            pause.wait(0.02)


@contextmanager
def writing(process: ApplicationProcess, database: TestDatabase) -> Iterator[Log]:
    """Eight writers at work until this block ends; whatever stopped one of them is raised here."""
    tokens, log = signed_in(process), Log()
    with ThreadPoolExecutor(WRITERS) as pool:
        writers = [pool.submit(_write, process, database, tokens, log) for _ in range(WRITERS)]
        try:
            yield log
        finally:
            log.stopping.set()
            # What stopped a writer explains better than whatever waited for it.
            for writer in writers:
                writer.result(_ANSWER_WITHIN)


def _write(process: ApplicationProcess, database: TestDatabase, tokens: dict[str, str], log: Log) -> None:
    with process.client() as client:
        registry = Persistent(cast("TestClient", client), database, tokens, log=log)
        try:
            while True:
                walk.closed(registry)
        except Stopped:
            return


def signed_in(process: ApplicationProcess) -> dict[str, str]:
    """A token of everybody who walks."""
    with process.client() as client:
        return {login: token_of(cast("TestClient", client), login) for login in LOGINS}


def token_of(client: TestClient, login: str) -> str:
    """The token of a new sign-in; NotYet while the database is away, or who died over signing in has to wait."""
    answer = client.post(f"{API}/session", json={"login_name": login, "password": SAMPLE_PASSWORD})
    if answer.status_code in {_UNAVAILABLE, httpx2.codes.TOO_MANY_REQUESTS}:
        raise NotYet
    assert answer.status_code == httpx2.codes.CREATED, answer.text
    return str(answer.json()["token"])


def lost(acknowledged: Sequence[Acknowledged], connection: psycopg.Connection[Any]) -> list[str]:
    """Writes that were answered and are not there exactly as they were answered; the database is only read."""
    rows = connection.execute("SELECT key, body FROM idempotency_key WHERE body IS NOT NULL").fetchall()
    kept = {key: hashlib.sha256(bytes(body)).hexdigest() for key, body in rows}
    return [one.address for one in acknowledged if kept.get(one.key) != one.sha256]


_WITHOUT_EFFECT: Final = """
    SELECT k.key FROM idempotency_key k, LATERAL (SELECT convert_from(k.body, 'UTF8')::jsonb AS told) b
    WHERE k.body IS NOT NULL AND b.told ? 'version' AND NOT EXISTS (
        SELECT 1 FROM hazard_transition t JOIN hazard h ON h.id = t.hazard_id
        WHERE h.public_id = (b.told ->> 'id')::uuid AND t.version = (b.told ->> 'version')::bigint
          AND t.to_state = b.told ->> 'state')
"""


def half_written(connection: psycopg.Connection[Any]) -> list[str]:
    """Answers kept under a key whose act has no transition row of that version and state."""
    return [key for (key,) in connection.execute(_WITHOUT_EFFECT).fetchall()]


def changed_on_repeat(acknowledged: Sequence[Acknowledged], client: httpx2.Client) -> list[str]:
    """Writes whose repetition under the same key, in a new sign-in, is not answered byte for byte as before."""
    found = []
    tokens = {login: token_of(cast("TestClient", client), login) for login in sorted({one.by for one in acknowledged})}
    for one in acknowledged:
        headers = {**one.headers, "Authorization": f"Bearer {tokens[one.by]}"}
        answer = client.post(one.address, headers=headers, **one.request)
        if hashlib.sha256(answer.content).hexdigest() != one.sha256:
            found.append(one.address)
    return found
