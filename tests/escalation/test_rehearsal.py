"""A rehearsal shows what the night will do, by the same selections, and does none of it."""

import asyncio
import json
from datetime import date, timedelta
from typing import Any

import pytest

from app.cli.escalate import rehearse_at
from app.infrastructure.security import canonical_json
from tests.support.ladder_nights import Nights

FIRST = date(2024, 12, 1)
UNTOUCHED = ("episode", "raised_rung", "reminder", "letter", "letter_item", "audit_event", "escalation_run")


def count(nights: Nights) -> dict[str, int]:
    ask = nights.town.connection.execute
    return {table: ask(f"SELECT count(*) FROM {table}".encode()).fetchall()[0][0] for table in UNTOUCHED}


def rehearse(nights: Nights, on: date) -> dict[str, Any]:
    nights.town.connection.commit()
    return asyncio.run(rehearse_at(nights.job_url, on, None))


def test_the_night_does_what_its_rehearsal_showed_and_the_rehearsal_nothing(nights: Nights) -> None:
    nights.live_through(FIRST, days=25, hazards=40, outage=range(18, 25))
    tonight = FIRST + timedelta(days=25)
    before = count(nights)
    shown = rehearse(nights, tonight)
    assert count(nights) == before
    ran = nights.run(tonight)
    counted = {name: ran.counts.get(name, 0) for name in ("episodes_ended", "episodes_opened", "rungs_raised")}
    assert counted == {
        "episodes_ended": shown["counts"]["ends"],
        "episodes_opened": shown["counts"]["opens"],
        "rungs_raised": shown["counts"]["raises"],
    }
    assert ran.counts.get("reminders_raised", 0) == shown["counts"]["reminds"]
    assert ran.counts.get("letters_drafted", 0) == shown["counts"]["letters"]
    assert shown["counts"]["raises"] > 0


def test_a_rehearsal_is_kept_as_it_was_shown(nights: Nights) -> None:
    nights.town.settle(5, FIRST, date(2024, 11, 15))
    shown = rehearse(nights, FIRST + timedelta(days=100))
    kept = nights.town.connection.execute(
        "SELECT result, account_id FROM escalation_rehearsal ORDER BY id DESC LIMIT 1"
    ).fetchall()
    assert kept == [(shown, None)]


@pytest.mark.parametrize("letters", [1])
def test_more_letters_than_a_night_may_send_hold_dispatch(nights: Nights, letters: int) -> None:
    text = "UPDATE edition SET content = replace(content, 'max_letters_per_night = { value = 20', %s)"
    nights.town.connection.execute(text, [f"max_letters_per_night = {{ value = {letters}"])
    nights.town.connection.execute("UPDATE edition SET content_sha256 = sha256(convert_to(content, 'UTF8'))")
    nights.town.settle(20, FIRST, date(2024, 11, 15))
    nights.town.connection.commit()
    ran = nights.run(FIRST + timedelta(days=100))
    assert ran.counts["letters_drafted"] > letters
    held = nights.town.connection.execute(
        "SELECT reason, run_id, released_at FROM dispatch_hold ORDER BY id DESC LIMIT 1"
    ).fetchall()
    assert held == [("too_many_letters", ran.run_id, None)]


def test_every_record_of_a_night_is_in_the_trail_in_canonical_form(nights: Nights) -> None:
    nights.live_through(FIRST, days=30, hazards=30)
    ask = nights.town.connection.execute
    events = ask("SELECT event, payload, request_id FROM audit_event ORDER BY id").fetchall()
    for event, payload, request in events:
        said = json.loads(payload)
        assert canonical_json(said) == payload
        assert (said["event"], said["request"]) == (event, request)
    told = {
        "hazard:rung:raised": "SELECT count(*) FROM raised_rung",
        "hazard:episode:opened": "SELECT count(*) FROM episode",
        "hazard:episode:ended": "SELECT count(*) FROM episode WHERE ended_on IS NOT NULL",
        "hazard:reminder:raised": "SELECT count(*) FROM reminder",
        "letter:draft:written": "SELECT count(*) FROM letter",
    }
    counted = {event: sum(one == event for one, _, _ in events) for event in told}
    assert counted == {event: ask(statement.encode()).fetchall()[0][0] for event, statement in told.items()}
    broken = """
        SELECT count(*) FROM (SELECT previous_sha256,
                                     lag(sha256) OVER (PARTITION BY stream_id ORDER BY serial) AS before
                                FROM audit_event) one
         WHERE before IS NOT NULL AND before <> previous_sha256
    """
    assert ask(broken).fetchone() == (0,)
