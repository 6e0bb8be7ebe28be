"""A registry whose writes are killed on their way: each is sent until it has died where it was told to, and retried.

After every death: nothing of the act is there, or all of it with its key. An act that was answered is there. The retry
under the same key gives one answer, and adds nothing to an act that had committed.
"""

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import httpx2
import psycopg

from tests.api.watching import NOT_OF_THE_HAZARD
from tests.support.application_process import ApplicationProcess
from tests.support.durable_cluster import DurableCluster
from tests.support.failpoints import (
    AFTER_ANSWER,
    AFTER_COMMIT,
    BEFORE_ANSWER,
    BEFORE_COMMIT,
    END,
    HEADER,
    WITHIN_ANSWER,
)
from tests.support.registry import API, Answered, Registry
from tests.support.routes import operation_of

AROUND_COMMIT: Final = (BEFORE_COMMIT, AFTER_COMMIT)
ANSWERS: Final = (BEFORE_ANSWER, WITHIN_ANSWER, AFTER_ANSWER)
_MOST_POINTS: Final = 400
_SUCCESS: Final = range(200, 300)
_OK, _CREATED, _UNAUTHENTICATED, _CONFLICT = 200, 201, 401, 409
_NAMED: Final = (*AROUND_COMMIT, *ANSWERS, END)
_VERSION: Final = "version"
_OF_THE_SESSION: Final = ("choose_appointment", "sign_out", "revoke_session", "make_step_up")


class Broken(AssertionError):
    """A promise was not kept: what was lost, half-written or done twice."""


@dataclass(frozen=True)
class Kept:
    """What the database holds: a digest of every table of the registry, and the number of answered keys."""

    effects: Mapping[str, str]
    keys: int

    @classmethod
    def read(cls, connection: psycopg.Connection[Any]) -> "Kept":
        """Everything, as it is now."""
        named = connection.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1"
        ).fetchall()
        tables = [name for (name,) in named if name not in NOT_OF_THE_HAZARD]
        asked = " UNION ALL ".join(
            f"SELECT '{table}', concat(count(*), ' ', sum(hashtextextended(t::text, 0))) FROM {table} t"
            for table in tables
        )
        effects = dict(connection.execute(asked.encode()).fetchall())
        row = connection.execute("SELECT count(*) FROM idempotency_key").fetchone()
        return cls(effects, int(row[0]) if row else 0)

    def changed(self, before: "Kept") -> set[str]:
        """The tables that are not as they were."""
        return {name for name, digest in self.effects.items() if before.effects.get(name) != digest}


@dataclass
class Drill(Registry):
    """Sends every write of `operations` through its deaths; other requests go straight through."""

    application: ApplicationProcess = field(kw_only=True)
    durable: DurableCluster = field(kw_only=True)
    operations: frozenset[str] = frozenset()
    full: frozenset[str] = frozenset()
    """Those that die at every point they reach, not only around COMMIT."""
    only: Sequence[str] = ()
    """Instead of either: where each of them dies, every time."""
    planted: str | None = None
    met: Counter[str] = field(default_factory=Counter)
    kills: Counter[str] = field(default_factory=Counter)

    def plant(self, fault: str) -> None:
        """Serve with a fault from now on."""
        self.planted = fault
        self.application.kill()
        self.application.start(planted=fault)

    def call(self, method: str, path: str, *, by: str | None, **request: Any) -> Answered:
        """One request; a write of this drill returns what its last retry was answered."""
        operation = operation_of(method, path)
        if operation not in self.operations or request.get("params"):
            return super().call(method, path, by=by, **request)
        points = self._points(operation)
        if not points:
            return super().call(method, path, by=by, **request)
        headers = dict(request.pop("headers", {})) | {"Authorization": f"Bearer {self.sign_in(by or '')}"}
        if method == "POST":
            headers["Idempotency-Key"] = secrets.token_hex(12)
        return self._act(operation, points, Sent(method, f"{API}{path}", headers, request))

    def _points(self, operation: str) -> Sequence[str]:
        """Where this one dies: at everything on its way the first time, then once at each part of its answer."""
        self.met[operation] += 1
        met = self.met[operation]
        if self.only:
            return self.only
        if operation in self.full:
            return [str(n) for n in range(1, _MOST_POINTS)] if met == 1 else ANSWERS[met - 2 : met - 1]
        return AROUND_COMMIT if met == 1 else ()

    def _act(self, operation: str, points: Sequence[str], sent: "Sent") -> Answered:
        committed: Kept | None = None
        with self.durable.connect() as connection:
            before = Kept.read(connection)
            for point in points:
                answer = sent.dying_at(self.client, point)
                label = self._buried()
                # A death in the midst of a proof leaves its try counted: whoever is told so signs in again.
                connection.execute("UPDATE session SET step_up_failures = 0")
                committed = _judged(Death(operation, label, answer), sent, before, Kept.read(connection))
                if committed is not None or label == END:
                    break
            last = sent.now(self.client)
            self._finished(operation, sent, committed or before, last, Kept.read(connection))
        return last

    def _buried(self) -> str:
        """Where the process died; another serves now, and the database has seen the last of the dead one."""
        label = self.application.wait_for_death() or "?"
        self.kills[label if label in _NAMED else "a statement"] += 1
        if not self.durable.quiet():
            raise Broken("a dead process still holds its transaction")
        self.application.start(planted=self.planted)
        return label

    def _finished(self, operation: str, sent: "Sent", before: Kept, last: Answered, after: Kept) -> None:
        """The last retry's answer; it adds nothing to what had committed, and what it names is there to be read."""
        changed = after.changed(before)
        had_committed = before.keys == after.keys and sent.method == "POST"
        if had_committed and changed:
            raise Broken(f"{operation}: a retry under the same key wrote {changed}")
        if had_committed and last.status == _CONFLICT and last.code == "already_done":
            return
        if sent.method == "POST" and last.status != _CREATED:
            raise Broken(f"{operation}: the retry was answered {last.status} {last.body}")
        address = last.headers.get("location")
        if address is None or sent.method != "POST":
            return
        seen = self.client.get(address, headers={"Authorization": sent.headers["Authorization"]})
        if seen.status_code != _OK or (_VERSION in last.body and seen.json()[_VERSION] != last.body[_VERSION]):
            raise Broken(f"{operation}: {address} does not hold what was answered: {seen.text}")


@dataclass(frozen=True)
class Death:
    """Where a write died, and what its sender had been answered by then."""

    operation: str
    label: str
    answer: Answered | None


def _judged(death: Death, sent: "Sent", before: Kept, after: Kept) -> Kept | None:
    """What the act left when it had committed, None when it left nothing; Broken for anything between."""
    where = f"{death.operation}, dead at {death.label!r}"
    if death.operation == "sign_out" and death.answer is not None and death.answer.status == _UNAUTHENTICATED:
        # An earlier death came after its COMMIT: it leaves no row of the registry, only a sign-in that is over.
        return after
    if death.answer is not None and death.answer.status not in _SUCCESS:
        raise Broken(f"{where}: refused with {death.answer.body}")
    changed, keys = after.changed(before), after.keys - before.keys
    # The sign-in's own row is no record of the registry: `session` moves with every request.
    has_effect = bool(changed) or (death.operation in _OF_THE_SESSION and keys == 1)
    if not has_effect and keys == 0:
        if death.answer is not None and death.operation not in _OF_THE_SESSION:
            raise Broken(f"{where}: answered {death.answer.status}, and nothing of it is there")
        return None
    if has_effect and keys == (1 if sent.method == "POST" else 0):
        return after
    raise Broken(f"{where}: half-written, {keys} key(s) and {sorted(changed)}")


@dataclass(frozen=True)
class Sent:
    """A request that may be sent again and again."""

    method: str
    address: str
    headers: Mapping[str, str]
    request: Mapping[str, Any]

    def dying_at(self, client: httpx2.Client, point: str) -> Answered | None:
        """Sent to its death: what was answered before it, if anything."""
        try:
            return self._sent(client, {HEADER: point})
        except httpx2.TransportError:
            return None

    def now(self, client: httpx2.Client) -> Answered:
        """Sent in earnest."""
        return self._sent(client, {})

    def _sent(self, client: httpx2.Client, headers: Mapping[str, str]) -> Answered:
        answer = client.request(self.method, self.address, headers={**self.headers, **headers}, **self.request)
        body = answer.json() if answer.content and "json" in answer.headers.get("content-type", "") else answer.content
        return Answered(answer.status_code, body, answer.headers)
