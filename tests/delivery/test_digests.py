"""Reminders are one digest a day for each person and way; none is lost between two of them."""

import json
from typing import Any

import pytest

from app.delivery.channels import Message, Outcome, SmsFolder
from app.regulation.vocabulary import AttemptOutcome, DeliveryChannel
from tests.support.outbox_town import OutboxTown


class Taken:
    """A way that keeps what it was given."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def send(self, message: Message) -> Outcome:
        self.messages.append(message)
        return Outcome(AttemptOutcome.SENT, "taken")


@pytest.fixture
def reminded(town: OutboxTown) -> OutboxTown:
    """An enterprise with a principal and a controller, whose hazards near their deadlines."""
    town.ask(
        "INSERT INTO escalation_run (business_date, edition_id)"
        " SELECT (registry_now() AT TIME ZONE 'Asia/Shanghai')::date, max(id) FROM edition"
    )
    town.ask(
        """INSERT INTO site (enterprise_id, unit_id, name) SELECT e.id, e.unit_id, '示例场所' FROM enterprise e
           WHERE EXISTS (SELECT 1 FROM organisation o JOIN post p ON p.organisation_id = o.id
               AND p.kind = 'enterprise_principal' WHERE o.enterprise_id = e.id) ORDER BY e.id LIMIT 1"""
    )
    return town


def remind(town: OutboxTown, count: int = 1) -> None:
    """So many hazards, each reminded of today."""
    for _ in range(count):
        town.ask(
            """WITH h AS (INSERT INTO hazard (state, level, version, channel, sector, unit_id, site_id, enterprise_id,
                       found_on, lead_organisation_id, listing_office_id, supervision_tier, circumstances, place,
                       finders, reporting_record, monitoring_measures, ledger_number, ledger_year, ledger_serial,
                       original_deadline, current_deadline, determined_at, listed_at, reported_at, last_act_at)
                   SELECT 'listed', 'major', 1, 'inspection', 'chemical', s.unit_id, s.id, s.enterprise_id, d.day,
                       (SELECT min(id) FROM organisation WHERE kind = 'regulator'),
                       (SELECT id FROM organisation WHERE code = 'safety_office@dongsheng'), 2, '示例', '示例', '示例',
                       '示例', '示例', '示例' || (SELECT count(*) FROM hazard), 2026, 1, d.day + 7, d.day + 7,
                       registry_now(), registry_now(), registry_now(), registry_now()
                   FROM (SELECT * FROM site ORDER BY id DESC LIMIT 1) s,
                       (SELECT (registry_now() AT TIME ZONE 'Asia/Shanghai')::date AS day) d RETURNING id)
               INSERT INTO reminder (hazard_id, due_on, days_before, raised_on, run_id)
               SELECT h.id, (registry_now() AT TIME ZONE 'Asia/Shanghai')::date + 7, 7,
                   (registry_now() AT TIME ZONE 'Asia/Shanghai')::date, (SELECT max(id) FROM escalation_run) FROM h"""
        )


def gathered(town: OutboxTown) -> list[tuple[Any, ...]]:
    """Digests with how many reminders each holds."""
    return town.ask(
        "SELECT d.status, count(i.reminder_id) FROM delivery d LEFT JOIN delivery_item i ON i.delivery_id = d.id"
        " GROUP BY d.id ORDER BY d.id"
    )


def test_the_principal_and_the_controller_get_one_digest_each_however_many_hazards(reminded: OutboxTown) -> None:
    remind(reminded, 3)
    reminded.dispatch()
    assert gathered(reminded) == [("sent", 3), ("sent", 3)]
    ((accounts, kinds),) = reminded.ask(
        """SELECT count(DISTINCT d.account_id), array_agg(DISTINCT p.kind ORDER BY p.kind) FROM delivery d
           JOIN account a ON a.id = d.account_id JOIN appointment ap ON ap.person_id = a.person_id
           JOIN post p ON p.id = ap.post_id"""
    )
    assert (accounts, kinds) == (2, ["enterprise_controller", "enterprise_principal"])


@pytest.mark.parametrize("reason", ["too_many_letters", "ordered"])
def test_reminders_are_no_letters_and_go_while_the_office_holds_those(reminded: OutboxTown, reason: str) -> None:
    reminded.ask("INSERT INTO dispatch_hold (reason) VALUES (%s)", reason)
    remind(reminded)
    reminded.issue()
    assert reminded.dispatch()["held"] == 1
    assert reminded.statuses() == {("inbox", "sent"): 2, ("inbox", "pending"): 1}
    assert reminded.ask("SELECT count(*) FROM delivery WHERE status = 'pending' AND letter_id IS NOT NULL") == [(1,)]


@pytest.mark.parametrize("reason", ["first_start", "import", "restore", "edition_change"])
def test_reminders_of_facts_that_nobody_has_rehearsed_wait(reminded: OutboxTown, reason: str) -> None:
    reminded.ask("INSERT INTO dispatch_hold (reason) VALUES (%s)", reason)
    remind(reminded)
    assert reminded.dispatch()["paused"] == 1
    assert reminded.statuses() == {("inbox", "pending"): 2}


def test_a_pause_stops_reminders_too(reminded: OutboxTown) -> None:
    reminded.ask("INSERT INTO delivery_pause (reason, note) VALUES ('restored', '示例')")
    remind(reminded)
    assert reminded.dispatch()["paused"] == 1
    assert reminded.statuses() == {("inbox", "pending"): 2}


def test_what_is_raised_after_todays_digest_stands_in_tomorrows(reminded: OutboxTown) -> None:
    remind(reminded)
    reminded.dispatch()
    remind(reminded, 2)
    reminded.dispatch()
    assert gathered(reminded) == [("sent", 1), ("sent", 1)]
    reminded.wait(86400)
    reminded.dispatch()
    assert gathered(reminded) == [("sent", 1), ("sent", 1), ("sent", 2), ("sent", 2)]


def test_an_enterprise_without_such_accounts_is_told_itself(reminded: OutboxTown) -> None:
    reminded.ask("UPDATE account SET disabled_at = registry_now()")
    remind(reminded)
    reminded.dispatch()
    assert reminded.ask("SELECT count(enterprise_id), count(account_id), min(status) FROM delivery") == [(1, 0, "sent")]


def test_who_has_a_telephone_gets_a_text_message_with_the_hazards_of_the_own_enterprise(reminded: OutboxTown) -> None:
    reminded.ask("UPDATE person_detail SET phone = '13800000000'")
    remind(reminded, 2)
    folder = reminded.folder / "sms"
    reminded.dispatch({DeliveryChannel.SMS_FILE: SmsFolder(folder)}, allowed="")
    files = sorted(folder.iterdir())
    assert len(files) == 2
    told = json.loads(files[0].read_text(encoding="utf-8"))
    assert told["phone"] == "13800000000"
    assert told["text"].count("示例") == 2
    assert reminded.statuses() == {("inbox", "sent"): 2, ("sms_file", "sent"): 2}


def test_a_telephone_that_was_erased_meanwhile_is_not_written_to(reminded: OutboxTown) -> None:
    reminded.ask("UPDATE person_detail SET phone = '13800000000'")
    reminded.ask("INSERT INTO dispatch_hold (reason) VALUES ('import')")
    remind(reminded)
    way = Taken()
    reminded.dispatch({DeliveryChannel.SMS_FILE: way})
    reminded.ask("UPDATE person_detail SET phone = NULL")
    reminded.ask("UPDATE dispatch_hold SET released_at = registry_now(), released_by_account_id = 1")
    reminded.dispatch({DeliveryChannel.SMS_FILE: way})
    assert not way.messages
    assert reminded.statuses() == {("inbox", "sent"): 2, ("sms_file", "cancelled"): 2}
