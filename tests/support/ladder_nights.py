"""Nights of a town run through the job's login, each held against what the pure function says of the same day."""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final, LiteralString

import psycopg

from app.escalation.run import Ran, run_night
from app.infrastructure.database import Database, SystemPrincipal
from app.regulation import ladder
from app.regulation.deadlines import Calendar
from app.regulation.edition import SHIPPED_EDITION, load_edition
from app.regulation.ladder_facts import EpisodeFact
from app.regulation.vocabulary import RoleClass, State
from tests.support.cluster import Cluster, TestDatabase, libpq_address
from tests.support.ladder_town import Life, Town
from tests.support.registry import settled_database

JOB: Final = SystemPrincipal(RoleClass.JOB, "job escalate")
GO_LIVE: Final = date(2024, 11, 15)
EDITION: Final = load_edition(SHIPPED_EDITION.read_text(encoding="utf-8"))


@dataclass
class Nights:
    """A town, its database, and its nights."""

    town: Town
    of_town: TestDatabase
    runner: asyncio.Runner
    database: Database
    calendar: Calendar

    @property
    def job_url(self) -> str:
        """The job login's address."""
        return self.of_town.job_url

    def run(self, on: date) -> Ran:
        """One run for that date."""
        return self.runner.run(run_night(lambda: self.database.transaction(JOB, request_id="job escalate"), on))

    def live_through(self, first: date, *, days: int, hazards: int, outage: range = range(0)) -> None:
        """So many days; each night's records must be those of the pure function. In an outage no night is run."""
        self.town.settle(hazards, first, GO_LIVE)
        for number in range(days):
            self.live_a_day(first + timedelta(days=number), awake=number not in outage)

    def stay_at(self, hazards: int, today: date) -> None:
        """New hazards are listed for those that have left for good."""
        gone = sum(life.state in (State.CLOSED, State.DISMISSED) for life in self.town.lives)
        self.town.settle(max(0, hazards + gone - len(self.town.lives)), today, GO_LIVE, of_ledger=0)

    def live_a_day(self, today: date, *, awake: bool = True) -> None:
        """One day and, unless the registry is down, its night."""
        self.town.live(today)
        self.town.connection.commit()
        if awake:
            self.hold_against_rules(today)
        self.serve(today)
        self.town.connection.commit()

    def hold_against_rules(self, today: date, run: Callable[[date], Ran] | None = None) -> Ran:
        """Runs the night, in whatever way, and compares everything it recorded."""
        expected = {life.hazard_id: self.after(life, today) for life in self.town.lives}
        ran = (run or self.run)(today)
        assert ran.outcome == "completed", ran
        for life in self.town.lives:
            life.history = expected[life.hazard_id]
        recorded, expected_records = self.recorded(), self.expected()
        differing = {
            name: (sorted(map(str, recorded[name] - wanted)), sorted(map(str, wanted - recorded[name])))
            for name, wanted in expected_records.items()
            if recorded[name] != wanted
        }
        assert not differing, f"{today}: recorded and not due, due and not recorded: {differing}"
        return ran

    def after(self, life: Life, today: date) -> Any:
        return ladder.after(life.history, ladder.due(life.history, today, EDITION, self.calendar), today)

    def recorded(self) -> dict[str, set[tuple[Any, ...]]]:
        """What stands in the database; nothing of it may stand there twice."""
        rows = {name: self.town.connection.execute(query).fetchall() for name, query in _RECORDED.items()}
        doubled = {name: [row for row, times in Counter(found).items() if times > 1] for name, found in rows.items()}
        assert not any(doubled.values()), f"recorded twice: {doubled}"
        return {name: set(found) for name, found in rows.items()}

    def expected(self) -> dict[str, set[tuple[Any, ...]]]:
        """The same of the histories."""
        lives = self.town.lives
        return {
            "episodes": {
                (
                    life.hazard_id,
                    e.cause.value,
                    e.ordinal,
                    e.counts_from,
                    e.opened_on,
                    e.carried_rung,
                    e.ended_on,
                    e.ended_as.value if e.ended_as else None,
                )
                for life in lives
                for e in life.history.episodes
            },
            "rungs": {
                (life.hazard_id, e.ordinal, r.rung.value, r.raised_on, r.reason.value, r.days)
                for life in lives
                for e in life.history.episodes
                for r in e.raised
            },
            "reminders": {(life.hazard_id, *one) for life in lives for one in life.history.reminded},
        }

    def serve(self, today: date) -> None:
        """The office issues some drafts: handed over that day, or sent and deemed served later; some are answered."""
        dice, connection = self.town.dice, self.town.connection
        for (letter,) in connection.execute("SELECT id FROM letter WHERE status = 'draft' ORDER BY id").fetchall():
            if dice.random() < 0.3:
                handed = today if dice.random() < 0.5 else None
                connection.execute(_ISSUE, [today, today, handed, handed, letter])
        for (letter,) in connection.execute(_UNANSWERED).fetchall():
            if dice.random() < 0.05:
                connection.execute("UPDATE letter SET answered_on = %s WHERE id = %s", [today, letter])
        self.learn_of_letters()

    def learn_of_letters(self) -> None:
        """What became of each rung's letter, into the histories."""
        deemed = EDITION.ladder.deemed_service_days
        told = {row[:3]: row[3:] for row in self.town.connection.execute(_LETTERS_OF_RUNGS, [deemed])}
        for life in self.town.lives:
            life.history = replace(
                life.history, episodes=tuple(_informed(life.hazard_id, one, told) for one in life.history.episodes)
            )


_RECORDED: Final[dict[str, LiteralString]] = {
    "episodes": (
        "SELECT hazard_id, cause, ordinal, counts_from, opened_on, carried_rung, ended_on, ended_as"
        " FROM episode WHERE kind = 'term'"
    ),
    "rungs": (
        "SELECT r.hazard_id, e.ordinal, r.rung, r.raised_on, r.reason, r.days FROM raised_rung r"
        " JOIN episode e ON e.id = r.episode_id WHERE e.kind = 'term'"
    ),
    "reminders": "SELECT hazard_id, due_on, days_before FROM reminder",
}
_ISSUE: Final = """
    UPDATE letter SET status = 'issued', version = version + 1, issued_at = registry_now(), issued_by_account_id = 1,
           issued_by_appointment_id = 1, office_code = '示例', year = 2025, serial = nextval('pg_temp.serial'),
           content_sha256 = sha256(''), dispatched_on = %s, reply_due_on = CAST(%s AS date) + 5, served_on = %s,
           served_as = CASE WHEN CAST(%s AS date) IS NOT NULL THEN 'in_person' END
     WHERE id = %s
"""
_UNANSWERED: Final = "SELECT id FROM letter WHERE served_on IS NOT NULL AND answered_on IS NULL ORDER BY id"
_LETTERS_OF_RUNGS: Final = """
    SELECT e.hazard_id, e.ordinal, r.rung,
           CASE WHEN l.status = 'issued' THEN coalesce(l.served_on, l.dispatched_on + CAST(%s AS int)) END,
           l.reply_due_on, l.answered_on
      FROM raised_rung r JOIN episode e ON e.id = r.episode_id
      JOIN letter_item i ON i.raised_rung_id = r.id AND i.dropped_at IS NULL JOIN letter l ON l.id = i.letter_id
     WHERE e.kind = 'term'
"""


def _informed(hazard_id: int, episode: EpisodeFact, told: dict[Any, Any]) -> EpisodeFact:
    raised = []
    for one in episode.raised:
        served, due, answered = told.get((hazard_id, episode.ordinal, one.rung.value), (None, None, None))
        raised.append(replace(one, served_on=served, reply_due_on=due, answered_on=answered))
    return replace(episode, raised=tuple(raised))


@contextlib.contextmanager
def nights_in(cluster: Cluster, seed: int = 1) -> Iterator[Nights]:
    """A scratch database whose rows the superuser writes past the walls; the runs go through them."""
    with settled_database(cluster) as database, psycopg.connect(libpq_address(database.superuser_url)) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("CREATE TEMP SEQUENCE serial")
        connection.execute("UPDATE registry_setting SET go_live_on = %s", [GO_LIVE])
        ground = _ground(connection)
        connection.commit()
        days: dict[date, bool] = dict(connection.execute("SELECT day, is_working_day FROM calendar_day").fetchall())
        calendar = Calendar(days, date(max(day.year for day in days), 12, 31))
        town = Town(connection, random.Random(seed), ground)
        with asyncio.Runner() as runner:
            job = Database.at(database.job_url, pool_size=2)
            try:
                yield Nights(town, database, runner, job, calendar)
            finally:
                runner.run(job.close())


def _ground(connection: psycopg.Connection[Any]) -> dict[str, int]:
    """Where the hazards are and who is answerable for them."""
    enterprise = connection.execute("SELECT id, unit_id FROM enterprise ORDER BY id LIMIT 1").fetchone()
    assert enterprise is not None
    site = connection.execute(
        "INSERT INTO site (enterprise_id, unit_id, name) VALUES (%s, %s, '示例场所') RETURNING id", list(enterprise)
    ).fetchone()
    office = connection.execute("SELECT id FROM organisation WHERE code = 'safety_office@dongsheng'").fetchone()
    lead = connection.execute("SELECT id FROM organisation WHERE kind = 'regulator' ORDER BY id LIMIT 1").fetchone()
    assert site is not None
    assert office is not None
    assert lead is not None
    return {"unit": enterprise[1], "site": site[0], "enterprise": enterprise[0], "office": office[0], "lead": lead[0]}
