"""One night killed at its n-th point, in a copy of its evening each time: what stands after it has been run again.

What is compared is all that a night writes, by what it says and not by its ids (nor by the order of a letter's lines):
episodes, rungs, reminders, letters with their lines and copies, services, holds, failures and the trail.
"""

import asyncio
import contextlib
import json
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final, LiteralString, TextIO

import psycopg

from app.escalation.run import Ran, run_night
from app.infrastructure.database import Database
from tests.support.cluster import Cluster, TestDatabase, libpq_address
from tests.support.failpoints import Failpoints
from tests.support.ladder_nights import JOB, Nights

_RUNG: Final = (
    "jsonb_build_array(e.kind, e.hazard_id, e.duty, e.letter_id, e.unit_id, e.organisation_id, e.enterprise_id,"
    " e.ordinal, r.rung)"
)
_LETTER: Final = (
    "jsonb_build_array(l.business_date, l.kind, l.issuer_organisation_id, l.addressee_organisation_id,"
    " l.addressee_enterprise_id, l.part)"
)
_OF_RUNG: Final = "LEFT JOIN raised_rung r ON r.id = i.raised_rung_id LEFT JOIN episode e ON e.id = r.episode_id"
_SAID: Final[dict[str, LiteralString]] = {
    "episodes": "SELECT to_jsonb(e) - '{id,public_id,run_id,recorded_at}'::text[] FROM episode e",
    "rungs": (
        f"SELECT jsonb_build_array({_RUNG}, r.rung_order, r.reason, r.days, r.raised_on)"
        " FROM raised_rung r JOIN episode e ON e.id = r.episode_id"
    ),
    "reminders": "SELECT to_jsonb(m) - '{id,run_id,recorded_at}'::text[] FROM reminder m",
    "letters": ("SELECT to_jsonb(l) - '{id,public_id,run_id,drafted_at,ended_at,issued_at}'::text[] FROM letter l"),
    "lines": (
        f"SELECT jsonb_build_array({_LETTER}, i.line, i.dropped_at IS NULL, {_RUNG})"
        f" FROM letter_item i JOIN letter l ON l.id = i.letter_id {_OF_RUNG}"
    ),
    "copies": (
        f"SELECT jsonb_build_array({_LETTER}, c.organisation_id, c.enterprise_id, (SELECT jsonb_agg({_RUNG} ORDER BY"
        f" {_RUNG}) FROM letter_item i {_OF_RUNG} WHERE i.id = ANY (c.item_ids)), cardinality(c.item_ids))"
        " FROM letter_copy c JOIN letter l ON l.id = c.letter_id"
    ),
    "services": "SELECT jsonb_build_array(letter_id, manner, served_on) FROM letter_service",
    "holds": "SELECT jsonb_build_array(reason, released_at IS NULL) FROM dispatch_hold",
    "failures": "SELECT DISTINCT jsonb_build_array(hazard_id, subject, step, code) FROM escalation_failure",
    "trail": (
        "SELECT jsonb_build_array(s.kind, s.hazard_id, a.event)"
        " FROM audit_event a JOIN audit_stream s ON s.id = a.stream_id"
    ),
}
_TORN: Final = """
    SELECT count(*) FROM (SELECT a.previous_sha256, a.serial, s.length, lag(a.sha256) OVER chain AS before,
                                 count(*) OVER (PARTITION BY a.stream_id) AS events
                            FROM audit_event a JOIN audit_stream s ON s.id = a.stream_id
                          WINDOW chain AS (PARTITION BY a.stream_id ORDER BY a.serial)) one
     WHERE before IS NOT NULL AND before <> previous_sha256 OR events <> length
"""
Said = dict[str, Counter[str]]


class Listed(Failpoints):
    """Tells of every point it reaches."""

    def reach(self, label: str) -> None:
        """One line for each."""
        os.write(self.report, f"{json.dumps(label)}\n".encode())


@dataclass(frozen=True)
class Evening:
    """All that stands before one night, to be copied as often as it is run."""

    cluster: Cluster
    name: str
    on: date
    run_again: dict[str, Said] = field(default_factory=dict)
    """What deaths left behind → what stands after the second run."""

    @contextlib.contextmanager
    def copied(self) -> Iterator[TestDatabase]:
        """The same evening once more."""
        with self.cluster.temporary_database(self.name) as database:
            yield database

    def points(self) -> list[str]:
        """Every point of a night that nobody kills, in order; asked after a run, which keeps the edition in memory."""
        with self.copied() as database:
            told = self._in_a_child(database, Listed)
        return [json.loads(line) for line in told.splitlines()]

    def before(self) -> Said:
        """What stands already."""
        with self.copied() as database:
            return said(database)

    def unbroken(self) -> Said:
        """What stands after one run."""
        with self.copied() as database:
            run(database, self.on)
            return said(database)

    def broken_at(self, point: int) -> tuple[str, Said]:
        """Where it died, and what stands after it has died there and was run again.

        A run asks nothing but the database: where an earlier death left the same behind, its second run is known.
        """
        with self.copied() as database:
            label = self._in_a_child(database, lambda report: Failpoints(report, point))
            left = json.dumps(said(database), sort_keys=True)
            if left not in self.run_again:
                run(database, self.on)
                self.run_again[left] = said(database)
            return json.loads(label) if label else "", self.run_again[left]

    def broken_beside(self, point: int) -> Said:
        """What stands after a run that died there while another was at work, which comes to its end."""
        with self.copied() as database:
            with self._child(database, lambda report: Failpoints(report, point)):
                run(database, self.on)
            run(database, self.on)
            return said(database)

    def _in_a_child(self, database: TestDatabase, points: Callable[[int], Failpoints]) -> str:
        with self._child(database, points) as report:
            return report.read()

    @contextlib.contextmanager
    def _child(self, database: TestDatabase, points: Callable[[int], Failpoints]) -> Iterator[TextIO]:
        """A run in a process of its own, which is waited for at the end; what its points tell."""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            points(writing).install()
            run(database, self.on)
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as report:
            yield report
            report.read()
        _, status = os.waitpid(child, 0)
        assert os.WIFEXITED(status) or os.WTERMSIG(status) == signal.SIGKILL


def run(database: TestDatabase, on: date) -> Ran:
    """One run with a connection of its own."""

    async def once() -> Ran:
        of_job = Database.at(database.job_url, pool_size=1)
        try:
            return await run_night(lambda: of_job.transaction(JOB, request_id="job escalate"), on)
        finally:
            await of_job.close()

    return asyncio.run(once())


def said(database: TestDatabase) -> Said:
    """All that stands there; chains of the trail must be whole."""
    with psycopg.connect(libpq_address(database.superuser_url)) as connection:
        assert connection.execute(_TORN).fetchone() == (0,)
        return {
            name: Counter(json.dumps(one, sort_keys=True) for (one,) in connection.execute(query))
            for name, query in _SAID.items()
        }


def differing(broken: Said, whole: Said) -> dict[str, tuple[list[str], list[str]]]:
    """Table → what is doubled or too much, and what is lost."""
    return {
        name: (sorted((broken[name] - whole[name]).elements()), sorted((whole[name] - broken[name]).elements()))
        for name in whole
        if broken[name] != whole[name]
    }


@contextlib.contextmanager
def evening_of(nights: Nights, cluster: Cluster, on: date) -> Iterator[Evening]:
    """The town as it is now, to be copied: nobody may be connected to it meanwhile."""
    nights.town.connection.commit()
    nights.town.connection.close()
    nights.runner.run(nights.database.close())
    yield Evening(cluster, nights.of_town.name, on)
