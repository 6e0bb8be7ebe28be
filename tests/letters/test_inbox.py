"""收件箱: each reads and acknowledges what was sent to it; acknowledging a letter is its service."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.escalation.run import run_night
from app.jobs.work import Work
from tests.letters.papers import (
    CLERK,
    DEPARTMENT,
    FIRM,
    HEAD,
    OTHER_FIRM,
    enterprise,
    issued,
    message_of,
    release_dispatch,
    rung_by_worker,
    sent,
)
from tests.letters.test_canaries import READERS, circular
from tests.support import walk
from tests.support.cluster import Cluster, libpq_address
from tests.support.registry import Registry, open_registry, settled_database

__all__ = ["circular"]


def inbox(registry: Registry, query: str = "limit=200", *, by: str) -> list[dict[str, Any]]:
    answer = registry.get(f"/inbox?{query}", by=by)
    assert answer.status == 200, answer.body
    items: list[dict[str, Any]] = answer.body["items"]
    return items


def events(registry: Registry, count: int) -> list[str]:
    return [one["event"] for one in registry.get(f"/audit/events?limit={count}", by="city-auditor").body["items"]]


def test_an_issued_letter_lies_in_its_addressees_inbox_and_in_nobody_elses(registry: Registry) -> None:
    letter = issued(registry, addressee={"enterprise_id": enterprise(registry)}, asks_reply=True)
    assert inbox(registry, "limit=1", by=FIRM)[:1] != [letter["id"]]
    sent(registry)
    message = message_of(registry, letter, by=FIRM)
    assert (message["kind"], message["letter_status"], message["acknowledged_at"]) == ("letter", "issued", None)
    assert message["data"]["number"] == letter["number"]
    assert message["data"]["reply_due_on"] == letter["reply_due_on"]
    assert registry.get(f"/inbox/{message['id']}", by=FIRM).body == message
    for other in (OTHER_FIRM, DEPARTMENT, CLERK, HEAD):
        assert registry.get(f"/inbox/{message['id']}", by=other).status == 404
        assert letter["id"] not in json.dumps(inbox(registry, by=other))


def test_acknowledging_serves_the_letter_once(registry: Registry) -> None:
    letter = issued(registry)
    sent(registry)
    message = message_of(registry, letter, by=DEPARTMENT)
    path = f"/inbox/{message['id']}/acknowledgement"
    assert registry.attempt(path, None, by=CLERK).status == 404
    taken = registry.post(path, None, by=DEPARTMENT)
    assert taken["acknowledged_at"] is not None
    seen = registry.get(f"/letters/{letter['id']}", by=CLERK).body
    assert (seen["served_as"], seen["served_on"]) == ("platform", "2026-11-23")
    assert "主要负责人" in seen["service"]["received_by"]
    assert events(registry, 2) == ["delivery:message:acknowledged", "letter:service:recorded"]
    again = registry.attempt(path, None, by=DEPARTMENT)
    assert (again.status, again.code) == (409, "already_acknowledged")


def test_a_retried_acknowledgement_is_given_the_first_answer(registry: Registry) -> None:
    letter = issued(registry)
    sent(registry)
    path = f"/inbox/{message_of(registry, letter, by=DEPARTMENT)['id']}/acknowledgement"
    headers = {"Idempotency-Key": "inbox-retried-1"}
    first, second = (registry.call("POST", path, by=DEPARTMENT, headers=headers) for _ in range(2))
    assert (first.status, second.status) == (201, 201)
    assert first.body == second.body


def test_the_unread_are_those_that_nobody_has_acknowledged(registry: Registry) -> None:
    letters = [issued(registry) for _ in range(2)]
    sent(registry)
    read, unread = (message_of(registry, one, by=DEPARTMENT)["id"] for one in letters)
    registry.post(f"/inbox/{read}/acknowledgement", None, by=DEPARTMENT)
    assert read not in [one["id"] for one in inbox(registry, "unread=true&limit=200", by=DEPARTMENT)]
    found = [one["id"] for one in inbox(registry, "unread=false&kind=letter&limit=200", by=DEPARTMENT)]
    assert read in found
    assert unread not in found
    assert inbox(registry, "kind=digest", by=DEPARTMENT) == []


def test_a_letter_acknowledged_at_its_own_address_is_acknowledged_in_the_inbox_too(registry: Registry) -> None:
    letter = issued(registry)
    sent(registry)
    registry.post(f"/letters/{letter['id']}/acknowledgement", None, by=DEPARTMENT)
    assert message_of(registry, letter, by=DEPARTMENT)["acknowledged_at"] is not None


def test_a_letter_handed_over_before_is_acknowledged_without_a_second_service(registry: Registry) -> None:
    letter = issued(registry)
    sent(registry)
    handed = {"manner": "in_person", "received_by": "收发室", "served_on": "2026-11-23"}
    registry.post(f"/letters/{letter['id']}/service", handed, by=CLERK)
    message = message_of(registry, letter, by=DEPARTMENT)
    registry.post(f"/inbox/{message['id']}/acknowledgement", None, by=DEPARTMENT)
    assert registry.get(f"/letters/{letter['id']}", by=CLERK).body["served_as"] == "in_person"


def test_a_voided_letter_is_told_so_and_acknowledging_it_serves_nothing(registry: Registry) -> None:
    letter = issued(registry)
    sent(registry)
    registry.post(f"/letters/{letter['id']}/voiding", {"reason": "有误"}, by=HEAD, version=1)
    message = message_of(registry, letter, by=DEPARTMENT)
    assert message["letter_status"] == "voided"
    registry.post(f"/inbox/{message['id']}/acknowledgement", None, by=DEPARTMENT)
    assert registry.get(f"/letters/{letter['id']}", by=CLERK).body["served_on"] is None


def test_a_copys_reader_acknowledges_its_copy_and_not_the_letter(registry: Registry) -> None:
    letter = issued(registry, hazards=[walk.listed(registry)], copies=[{"enterprise_id": enterprise(registry)}])
    sent(registry)
    message = message_of(registry, letter, by=FIRM)
    assert message["data"]["copy"] == letter["copies"][0]["id"]
    registry.post(f"/inbox/{message['id']}/acknowledgement", None, by=FIRM)
    seen = registry.get(f"/letters/{letter['id']}", by=CLERK).body
    assert (seen["served_on"], seen["copies"][0]["service"]["manner"]) == (None, "platform")


@pytest.mark.parametrize(("reader", "own", "foreign"), READERS)
def test_no_message_says_what_is_anothers(
    registry: Registry, circular: dict[str, Any], reader: str, own: str, foreign: str
) -> None:
    sent(registry)
    message = message_of(registry, circular, by=reader)
    told = json.dumps([message, inbox(registry, by=reader)], ensure_ascii=False)
    assert foreign not in told
    assert own not in message["subject"] + message["text"], "a copy's message names no title"


def test_who_has_no_inbox_is_refused(registry: Registry) -> None:
    for outsider in ("city-auditor", "system-admin", "security-admin"):
        assert registry.get("/inbox", by=outsider).status == 403
        nowhere = "/inbox/00000000-0000-4000-8000-000000000000"
        assert registry.get(nowhere, by=outsider).status == 403
        assert registry.attempt(f"{nowhere}/acknowledgement", None, by=outsider).status == 403


def test_a_message_that_waits_to_be_sent_lies_in_no_inbox(registry: Registry) -> None:
    letter = issued(registry)
    with psycopg.connect(libpq_address(registry.database.superuser_url)) as connection:
        connection.execute(
            "INSERT INTO delivery_pause (reason, note) VALUES ('restored', '示例') ON CONFLICT DO NOTHING"
        )
    sent(registry)
    assert letter["id"] not in json.dumps(inbox(registry, by=DEPARTMENT))
    with psycopg.connect(libpq_address(registry.database.superuser_url)) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE delivery_pause SET released_at = registry_now(), released_by_account_id = 1")
    sent(registry)
    assert message_of(registry, letter, by=DEPARTMENT)


class Town:
    """A registry whose clock and nights the test moves on."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry

    def wait(self, days: int) -> None:
        with psycopg.connect(libpq_address(self.registry.database.superuser_url)) as connection:
            moved = "UPDATE clock_setting SET offset_seconds = offset_seconds + %s * 86400"
            connection.execute(moved.encode(), [days])
        self.registry.tokens.clear()

    def night(self) -> None:
        async def run(work: Work) -> str:
            return str(await run_night(lambda: work.transaction("escalate")))

        rung_by_worker(self.registry, run)

    def notices(self, kind: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.registry.get(f"/letters?kind={kind}&status=draft", by=HEAD).body["items"]
        return found


@pytest.fixture
def town(cluster: Cluster, tmp_path: Path) -> Iterator[Town]:
    with settled_database(cluster) as database:
        release_dispatch(database)
        with open_registry(database, tmp_path) as registry:
            yield Town(registry)


def test_the_next_rungs_wait_runs_from_the_acknowledgement(town: Town) -> None:
    """函告 issued when 通报 was due by its days already: that comes five days after the department has acknowledged."""
    registry = town.registry
    hazard = walk.listed(registry, deadline="2026-11-23")
    town.wait(days=2)
    town.night()
    release_dispatch(registry.database)
    town.wait(days=14)
    (draft,) = town.notices("notice_letter")
    registry.post(f"/letters/{draft['id']}/issuing", None, by=HEAD, version=draft["version"])
    sent(registry)
    town.wait(days=1)
    message = message_of(registry, draft, by=DEPARTMENT)
    registry.post(f"/inbox/{message['id']}/acknowledgement", None, by=DEPARTMENT)
    served = registry.get(f"/letters/{draft['id']}", by=HEAD).body
    assert (served["dispatched_on"], served["served_on"], served["served_as"]) == (
        "2026-12-09",
        "2026-12-10",
        "platform",
    )
    copy = message_of(registry, draft, by=FIRM)
    registry.post(f"/inbox/{copy['id']}/acknowledgement", None, by=FIRM)
    town.wait(days=4)
    town.night()
    assert town.notices("circular") == []
    town.wait(days=1)
    town.night()
    (next_one,) = town.notices("circular")
    assert next_one["business_date"] == "2026-12-15"
    assert registry.get(f"/letters/{next_one['id']}", by=HEAD).body["items"][0]["hazard"] == hazard
