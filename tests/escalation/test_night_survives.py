"""The night run twice, beside itself, killed anywhere, in a wrong zone, without a calendar, with a poisoned record."""

import asyncio
import os
import signal
from collections.abc import Iterable
from datetime import date, timedelta

import psycopg
import pytest
from psycopg.types.json import Jsonb

from app.escalation.run import COMPLETED, STOPPED, WITH_FAILURES, Ran, run_night
from app.infrastructure.database import Database
from app.infrastructure.errors import InvalidParameter
from app.regulation.vocabulary import Act
from tests.support.failpoints import Failpoints
from tests.support.ladder_nights import JOB, Nights

FIRST = date(2024, 12, 1)
RECORDED = ("episodes_ended", "episodes_opened", "episodes_turned_overdue", "rungs_raised", "reminders_raised")


def beside_itself(nights: Nights, on: date, workers: int) -> list[Ran]:
    """So many workers at once, each with connections of its own."""

    async def one() -> Ran:
        database = Database.at(nights.job_url, pool_size=1)
        try:
            return await run_night(lambda: database.transaction(JOB, request_id="job escalate"), on)
        finally:
            await database.close()

    async def all_of_them() -> list[Ran]:
        return list(await asyncio.gather(*(one() for _ in range(workers))))

    return asyncio.run(all_of_them())


def done(runs: Iterable[Ran]) -> int:
    return sum(ran.counts.get(name, 0) for ran in runs for name in RECORDED)


def killed_at(nights: Nights, on: date, point: int) -> str:
    """A process of its own that dies at its n-th point; the point's label, "" where it came to its end before."""
    nights.town.connection.commit()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        Failpoints(writing, point).install()
        beside_itself(nights, on, 1)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as told:
        label = told.read()
    _, status = os.waitpid(child, 0)
    assert os.WIFEXITED(status) or os.WTERMSIG(status) == signal.SIGKILL
    return label


def test_a_second_run_of_the_same_night_records_nothing(nights: Nights) -> None:
    nights.live_through(FIRST, days=30, hazards=30, outage=range(20, 29))
    nights.run(FIRST + timedelta(days=29))
    before = nights.recorded()
    again = nights.run(FIRST + timedelta(days=29))
    assert done([again]) == 0
    assert again.outcome == COMPLETED
    assert nights.recorded() == before


def test_a_night_long_past_run_again_records_nothing(nights: Nights) -> None:
    nights.live_through(FIRST, days=40, hazards=30)
    before = nights.recorded()
    for back in range(1, 40, 3):
        again = nights.run(FIRST + timedelta(days=39 - back))
        assert again.outcome == COMPLETED
    assert nights.recorded() == before


@pytest.mark.timeout(300)
@pytest.mark.parametrize("workers", [2, 8])
def test_workers_at_once_record_each_thing_once(nights: Nights, workers: int) -> None:
    nights.town.settle(60, FIRST, date(2024, 11, 15))
    for number in range(8, 56, 8):
        today = FIRST + timedelta(days=number)
        for day in range(8):
            nights.town.live(today - timedelta(days=7 - day))
        nights.town.connection.commit()

        def together(on: date) -> Ran:
            ran = beside_itself(nights, on, workers)
            assert {one.outcome for one in ran} == {COMPLETED}
            return ran[0]

        nights.hold_against_rules(today, together)
        nights.serve(today)
        nights.town.connection.commit()
    drafts = "SELECT count(*) - count(DISTINCT raised_rung_id) FROM letter_item WHERE dropped_at IS NULL"
    assert nights.town.connection.execute(drafts).fetchone() == (0,)


@pytest.mark.timeout(600)
def test_killed_at_any_point_the_next_run_makes_it_whole(nights: Nights) -> None:
    nights.town.settle(40, FIRST, date(2024, 11, 15))
    died = set()
    for number in range(20):
        today = FIRST + timedelta(days=number)
        nights.town.live(today)
        nights.town.connection.commit()

        # One night after the other: all points of one night are tried in `test_killed_at_every_point.py`.
        def after_a_death(on: date, point: int = 1 + number * 6) -> Ran:
            died.add(killed_at(nights, on, point))
            return nights.run(on)

        nights.hold_against_rules(today, after_a_death)
        nights.serve(today)
        nights.town.connection.commit()
    assert len(died - {""}) >= 10, died


def test_a_session_in_another_zone_changes_no_day(nights: Nights) -> None:
    with psycopg.connect(nights.town.connection.info.dsn, password=nights.town.connection.info.password) as connection:
        name = nights.town.connection.info.dbname
        connection.execute(f"ALTER DATABASE \"{name}\" SET timezone = 'Pacific/Honolulu'".encode())
    nights.live_through(FIRST, days=30, hazards=30)


def test_an_unannounced_year_stops_the_night_before_anything_is_raised(nights: Nights) -> None:
    nights.town.settle(10, FIRST, date(2024, 11, 15))
    nights.town.connection.execute("DELETE FROM calendar_day WHERE year >= 2025")
    nights.town.connection.execute("DELETE FROM calendar_year WHERE year >= 2025")
    nights.town.connection.commit()
    ran = nights.run(date(2025, 2, 1))
    assert ran.outcome == STOPPED
    assert ran.stopped_because is not None
    assert "2025 年节假日安排尚未导入" in ran.stopped_because
    assert not any(nights.recorded().values())
    kept = "SELECT outcome, stopped_because FROM escalation_run ORDER BY id DESC LIMIT 1"
    assert nights.town.connection.execute(kept).fetchone() == (STOPPED, ran.stopped_because)


def test_a_poisoned_record_is_told_of_and_keeps_no_other_waiting(nights: Nights) -> None:
    nights.town.settle(30, FIRST, date(2024, 11, 15))
    poisoned = nights.town.lives[12].hazard_id
    nights.town.connection.execute(
        f"ALTER TABLE episode ADD CONSTRAINT ck_episode_poison CHECK (hazard_id <> {poisoned})".encode()
    )
    nights.town.connection.commit()
    today = FIRST + timedelta(days=120)
    expected = {life.hazard_id: nights.after(life, today) for life in nights.town.lives}
    ran = nights.run(today)
    assert ran.outcome == WITH_FAILURES
    for life in nights.town.lives:
        life.history = life.history if life.hazard_id == poisoned else expected[life.hazard_id]
    assert nights.recorded() == nights.expected()
    failures = nights.town.connection.execute("SELECT hazard_id, step, code FROM escalation_failure").fetchall()
    assert failures == [(poisoned, "write", "23514 ck_episode_poison")]


def test_a_past_that_cannot_be_read_keeps_no_other_waiting(nights: Nights) -> None:
    nights.town.settle(30, FIRST, date(2024, 11, 15))
    poisoned = nights.town.lives[3]
    while poisoned.history.steps[-1].act is not Act.APPROVE_PLAN:
        nights.town.plan(poisoned, FIRST)
    unreadable = Jsonb({"items": [{"name": "节点", "due_on": "2025-02-30"}]})
    nights.town.connection.execute("UPDATE plan SET milestones = %s", [unreadable])
    nights.town.connection.commit()
    ran = nights.run(FIRST + timedelta(days=120))
    assert ran.counts["failures"] >= 1
    assert ran.counts["episodes_opened"] >= 29
    told = nights.town.connection.execute("SELECT DISTINCT hazard_id FROM escalation_failure").fetchall()
    assert told == [(poisoned.hazard_id,)]


def test_a_hazard_under_an_act_is_waited_for(nights: Nights) -> None:
    nights.town.settle(10, FIRST, date(2024, 11, 15))
    nights.town.connection.commit()
    held = nights.town.lives[0].hazard_id
    nights.town.connection.execute("SELECT 1 FROM hazard WHERE id = %s FOR UPDATE", [held])
    today = FIRST + timedelta(days=120)

    async def beside() -> Ran:
        database = Database.at(nights.job_url, pool_size=1)
        running = asyncio.create_task(run_night(lambda: database.transaction(JOB, request_id="job escalate"), today))
        await asyncio.wait([running], timeout=1)
        nights.town.connection.commit()
        ran = await running
        await database.close()
        return ran

    ran = asyncio.run(beside())
    assert ran.outcome == COMPLETED
    assert ran.counts["episodes_opened"] >= 10


def test_a_sealed_clock_refuses_a_date_that_has_not_come(nights: Nights) -> None:
    nights.town.connection.execute("UPDATE clock_setting SET is_movable = false, offset_seconds = 0, fixed_at = NULL")
    nights.town.connection.commit()
    with pytest.raises(InvalidParameter, match="还没有到"):
        nights.run(date(2099, 1, 1))
