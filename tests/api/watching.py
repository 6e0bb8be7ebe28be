"""What an act left in the database, and that a refusal left nothing; read by the superuser, past every policy."""

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row

from tests.support.cluster import TestDatabase, libpq_address
from tests.support.registry import Answered, Registry

NOT_OF_THE_HAZARD = (
    "access_event",
    "alembic_version",
    "idempotency_key",
    "sequence_position",
    "session",
    "sign_in_attempt",
    "sign_in_pressure",
    "step_up",
)
"""Tables that a refusal, a sign-in or a retry may write."""
CHINESE = re.compile("[\u4e00-\u9fff]")


@dataclass(frozen=True)
class Watch:
    """A connection beside the API's."""

    connection: psycopg.Connection[DictRow]

    @classmethod
    @contextlib.contextmanager
    def of(cls, database: TestDatabase) -> Iterator["Watch"]:
        """Watching that database."""
        address = libpq_address(database.superuser_url)
        with psycopg.connect(address, autocommit=True, row_factory=dict_row) as connection:
            yield cls(connection)

    def rows(self, statement: str, **values: object) -> list[DictRow]:
        """What a statement of the test's own answers."""
        return self.connection.execute(statement.encode(), values).fetchall()

    def value(self, statement: str, **values: object) -> object:
        """The one value of a statement's answer."""
        (row,) = self.rows(statement, **values)
        (value,) = row.values()
        return value

    def counts(self) -> dict[str, int]:
        """Rows of every table that an act could write."""
        named = self.rows("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
        tables = [row["relname"] for row in named if row["relname"] not in NOT_OF_THE_HAZARD]
        counted = " UNION ALL ".join(f"SELECT '{table}' AS name, count(*) AS rows FROM {table}" for table in tables)
        return {row["name"]: row["rows"] for row in self.rows(counted)}

    def refusals(self) -> int:
        """How many refusals are on record."""
        return len(self.rows("SELECT id FROM access_event WHERE kind = 'refusal'"))

    def hazard(self, hazard: str) -> DictRow:
        """The hazard's row."""
        (row,) = self.rows("SELECT * FROM hazard WHERE public_id = %(hazard)s", hazard=hazard)
        return row

    @contextlib.contextmanager
    def unchanged(self, hazard: str | None = None) -> Iterator[None]:
        """Nothing is written, and the hazard stays as it is."""
        before, row = self.counts(), self.hazard(hazard) if hazard else None
        yield
        assert self.counts() == before
        assert (self.hazard(hazard) if hazard else None) == row

    @contextlib.contextmanager
    def one_act(self, hazard: str, act: str, document: str | None, **rows: int) -> Iterator[None]:
        """Exactly one version, one transition, one audit event and one document; `rows` names what else."""
        before, version = self.counts(), self.hazard(hazard)["version"]
        yield
        # A confirmation is told as well as the act that it completes.
        events = 1 + rows.get("document_confirmation", 0)
        wanted = {"hazard_transition": 1, "audit_event": events, **({document: 1} if document else {}), **rows}
        after = self.counts()
        written = {name: after[name] - before[name] for name in after if after[name] != before[name]}
        assert written == wanted, written
        assert self.hazard(hazard)["version"] == version + 1
        (newest,) = self.rows(
            "SELECT t.act, t.version, t.transaction_id = e.transaction_id AS audited FROM hazard_transition t"
            " JOIN hazard h ON h.id = t.hazard_id JOIN audit_event e ON e.hazard_id = h.id"
            " WHERE h.public_id = %(hazard)s AND t.restates IS NULL ORDER BY t.id DESC, e.id DESC LIMIT 1",
            hazard=hazard,
        )
        assert newest == {"act": act, "version": version + 1, "audited": True}


def unmet_of(answer: Answered, code: str) -> Mapping[str, Any]:
    """The unmet rule of that code, which says in Chinese what is wrong, by which article, and what to do."""
    found = {one["code"]: one for one in answer.body["unmet"]}
    assert code in found, (sorted(found), answer.body)
    one: Mapping[str, Any] = found[code]
    assert CHINESE.search(one["message"]), one
    assert one["article"], one
    assert one["remedy"], one
    return one


@dataclass(frozen=True)
class Trial:
    """One person's document for one hazard, tried dry and then in earnest."""

    registry: Registry
    watch: Watch
    hazard: str

    def refused(self, path: str, body: object, *codes: str, by: str) -> Answered:
        """Both the dry run and the act name exactly these rules, and neither changes anything."""
        version = self.watch.hazard(self.hazard)["version"]
        where = f"/hazards/{self.hazard}/{path}"
        with self.watch.unchanged(self.hazard):
            tried = self.registry.attempt(where, body, by=by, version=version, dry_run=True)
            assert (tried.status, tried.body.get("would_be_done")) == (200, False), tried.body
            refusals = self.watch.refusals()
            answer = self.registry.attempt(where, body, by=by, version=version)
            assert answer.status == 409, answer.body
            assert self.watch.refusals() == refusals + 1
        for code in codes:
            unmet_of(tried, code)
            unmet_of(answer, code)
        assert answer.unmet() == set(codes), answer.body
        return answer

    def forbidden(self, path: str, body: object, code: str = "not_permitted", *, by: str) -> None:
        """Whoever sees the hazard and may not do this to it is told so, dry run or not; nothing changes."""
        version = self.watch.hazard(self.hazard)["version"]
        with self.watch.unchanged(self.hazard):
            for dry_run in (True, False):
                answer = self.registry.attempt(
                    f"/hazards/{self.hazard}/{path}", body, by=by, version=version, dry_run=dry_run
                )
                assert (answer.status, answer.code) == (403, code), answer.body
                assert CHINESE.search(answer.body["detail"])

    def done(self, path: str, body: object, act: str, document: str | None, *, by: str, **rows: int) -> dict[str, Any]:
        """The dry run says that it would be done and changes nothing; then it is done, once, and told everywhere."""
        version = self.watch.hazard(self.hazard)["version"]
        where = f"/hazards/{self.hazard}/{path}"
        with self.watch.unchanged(self.hazard):
            tried = self.registry.attempt(where, body, by=by, version=version, dry_run=True)
        assert tried.body == {"dry_run": True, "would_be_done": True, "unmet": []}, tried.body
        with self.watch.one_act(self.hazard, act, document, **rows):
            answer = self.registry.attempt(where, body, by=by, version=version)
            assert answer.status == 201, answer.body
        assert answer.headers["etag"] == f'"{version + 1}"'
        assert answer.headers["location"] == f"/api/v1/hazards/{self.hazard}"
        newest = self.registry.get(f"/hazards/{self.hazard}/timeline", by="city-office-head").body["items"][-1]
        assert (newest["act"], newest["to_state"]) == (act, answer.body["state"])
        hazard: dict[str, Any] = answer.body
        return hazard
