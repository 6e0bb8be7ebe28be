"""What is issued goes out, and nothing goes out that must not."""

import json

import pytest
from standardwebhooks import Webhook

from app.delivery.channels import Message, Outcome, SignedWebhook, webhook_secret
from app.infrastructure.clock import machine_seconds
from app.regulation.vocabulary import AttemptOutcome, DeliveryChannel
from tests.support.gateways import FAILING, open_gateway
from tests.support.outbox_town import OutboxTown

KEY = b"k" * 32
WEBHOOK = SignedWebhook(KEY, 5.0, machine_seconds)
PUBLISHED = {DeliveryChannel.PUBLICATION: WEBHOOK}
POSTED = {DeliveryChannel.WEBHOOK: WEBHOOK}


class Unreachable:
    """A way that takes nothing, and surely so."""

    async def send(self, message: Message) -> Outcome:
        return Outcome(AttemptOutcome.REFUSED, f"refused:{message.number}")


def test_an_issued_letter_lies_in_its_addressees_inbox_and_is_dispatched_that_day(town: OutboxTown) -> None:
    town.issue(3)
    assert town.dispatch()["sent"] == 3
    assert town.statuses() == {("inbox", "sent"): 3}
    ((dispatched, right),) = town.ask(
        "SELECT count(dispatched_on), count(*) FILTER (WHERE dispatched_on = "
        " (registry_now() AT TIME ZONE 'Asia/Shanghai')::date) FROM letter"
    )
    assert (dispatched, right) == (3, 3)


def test_a_second_ringing_sends_nothing_again(town: OutboxTown) -> None:
    town.issue(2)
    town.dispatch()
    assert not town.dispatch()["sent"]
    assert town.ask("SELECT count(*) FROM delivery_attempt") == [(2,)]


def test_a_letter_goes_by_every_way_its_addressee_has_under_ids_made_of_what_it_is(town: OutboxTown) -> None:
    with open_gateway() as gateway:
        town.wants("webhook", gateway.url)
        town.issue()
        town.dispatch(POSTED)
    assert town.statuses() == {("inbox", "sent"): 1, ("webhook", "sent"): 1}
    ((letter,),) = town.ask("SELECT public_id::text FROM letter")
    assert {name for (name,) in town.ask("SELECT message_id FROM delivery")} == {
        f"letter-{letter}-main-inbox",
        f"letter-{letter}-main-webhook",
    }


def test_a_webhook_carries_a_signature_that_its_receiver_can_check_and_the_stable_id(town: OutboxTown) -> None:
    with open_gateway() as gateway:
        town.wants("webhook", gateway.url)
        town.issue()
        town.dispatch(POSTED)
    ((name,),) = town.ask("SELECT public_id::text FROM delivery_address")
    ((headers, body),) = gateway.received
    told = Webhook(webhook_secret(KEY, name)).verify(body, headers)
    assert told["message_id"] == headers["webhook-id"]
    assert told["data"]["number"] == "东安办函〔2026〕1号"


def test_a_way_that_fails_is_tried_again_under_the_same_id_and_later_each_time(town: OutboxTown) -> None:
    with open_gateway(FAILING) as gateway:
        town.wants("webhook", gateway.url)
        town.issue()
        town.dispatch(POSTED)
        assert town.statuses()["webhook", "pending"] == 1
        assert not town.dispatch(POSTED)["sent"]
        town.wait()
        town.dispatch(POSTED)
    assert town.statuses()["webhook", "sent"] == 1
    assert {headers["webhook-id"] for headers, _ in gateway.received} == set().union(*gateway.ids.values())
    assert [one for (one,) in town.ask("SELECT outcome FROM delivery_attempt WHERE number < 3 ORDER BY id")][-2:] == [
        "uncertain",
        "sent",
    ]


def test_after_twelve_tries_a_message_lies_dead_and_alarms(town: OutboxTown) -> None:
    town.wants("webhook", "http://127.0.0.1:9/")
    town.issue()
    for _ in range(14):
        town.dispatch({DeliveryChannel.WEBHOOK: Unreachable()})
        town.wait(12 * 3600)
    assert town.statuses()["webhook", "dead"] == 1
    assert town.ask("SELECT max(attempts) FROM delivery") == [(12,)]
    assert town.ask("SELECT dead FROM delivery_alarms()") == [(1,)]


def test_outside_production_nobody_is_sent_to_whom_the_operator_did_not_allow(town: OutboxTown) -> None:
    with open_gateway() as gateway:
        town.wants("webhook", gateway.url)
        town.issue(2)
        town.dispatch(POSTED, allowed="")
        assert town.statuses() == {("inbox", "sent"): 2, ("webhook", "cancelled"): 2}
        town.issue()
        town.dispatch(POSTED, allowed="elsewhere.example")
    assert not gateway.wire
    assert {code for (code,) in town.ask("SELECT code FROM delivery_attempt WHERE outcome = 'refused'")} == {
        "not_allowed"
    }


def test_in_production_everybody_is_sent_to_unless_the_operator_names_whom_alone(town: OutboxTown) -> None:
    town.ask("UPDATE registry_setting SET is_demo = false")
    town.ask("UPDATE clock_setting SET offset_seconds = 0, is_movable = false")
    with open_gateway() as gateway:
        town.wants("webhook", gateway.url)
        town.issue()
        town.dispatch(POSTED, allowed="")
        assert sum(gateway.wire.values()) == 1
        town.issue()
        town.dispatch(POSTED, allowed="elsewhere.example")
    assert sum(gateway.wire.values()) == 1


def test_a_pause_stops_everything_until_it_is_released(town: OutboxTown) -> None:
    town.ask(
        "INSERT INTO delivery_pause (reason, note, paused_by_account_id)"
        " SELECT 'ordered', '网关故障', min(id) FROM account"
    )
    town.issue()
    assert town.dispatch()["paused"] == 1
    assert town.statuses() == {("inbox", "pending"): 1}
    town.ask("UPDATE delivery_pause SET released_at = registry_now(), released_by_account_id = paused_by_account_id")
    town.dispatch()
    assert town.statuses() == {("inbox", "sent"): 1}


@pytest.mark.parametrize("reason", ["first_start", "import", "restore", "edition_change"])
def test_facts_that_nobody_has_rehearsed_stop_everything_too(town: OutboxTown, reason: str) -> None:
    town.ask("INSERT INTO dispatch_hold (reason) VALUES (%s)", reason)
    town.issue()
    assert town.dispatch()["paused"] == 1
    assert not town.statuses()["inbox", "sent"]


@pytest.mark.parametrize("reason", ["too_many_letters", "ordered"])
def test_a_hold_of_the_office_keeps_letters_back(town: OutboxTown, reason: str) -> None:
    town.ask("INSERT INTO dispatch_hold (reason) VALUES (%s)", reason)
    town.issue()
    assert town.dispatch()["held"] == 1
    assert town.statuses() == {("inbox", "pending"): 1}


def test_after_a_restore_everything_waits_for_a_person_and_what_left_before_is_not_sent_again(town: OutboxTown) -> None:
    with open_gateway() as gateway:
        town.wants("webhook", gateway.url)
        town.dispatch(POSTED)
        town.issue(3)
        town.dispatch(POSTED)
        assert sum(gateway.wire.values()) == 3
        # As a backup made before the letters went out would have it, on another server.
        for table in ("delivery_attempt", "delivery"):
            town.ask(f"DELETE FROM {table}")
        town.ask("UPDATE letter SET dispatched_on = NULL")
        town.ask("UPDATE delivery_era SET system_identifier = system_identifier - 1")
        assert town.dispatch(POSTED)["paused"] == 1
        assert town.dispatch(POSTED)["paused"] == 1
        assert town.ask("SELECT reason FROM delivery_pause WHERE released_at IS NULL") == [("restored",)]
        town.ask("UPDATE delivery_pause SET released_at = registry_now(), released_by_account_id = 1")
        assert town.dispatch(POSTED)["paused"] == 1
        assert town.ask("SELECT reason FROM dispatch_hold WHERE released_at IS NULL") == [("restore",)]
        town.ask("UPDATE dispatch_hold SET released_at = registry_now(), released_by_account_id = 1")
        town.dispatch(POSTED)
        assert town.statuses() == {("inbox", "sent"): 3, ("webhook", "sent"): 3}
    assert set(gateway.wire.values()) == {1}


def test_a_restored_database_does_not_publish_an_exposure_again_that_may_be_out(town: OutboxTown) -> None:
    with open_gateway(FAILING) as gateway:
        town.issue(kind="exposure_notice")
        town.dispatch(PUBLISHED, publication_url=gateway.url)
        for table in ("delivery_attempt", "delivery"):
            town.ask(f"DELETE FROM {table}")
        town.dispatch(PUBLISHED, publication_url=gateway.url)
    assert sum(gateway.wire.values()) == 1
    assert town.statuses() == {("publication", "in_doubt"): 1}


def test_a_letter_voided_before_it_left_is_not_sent(town: OutboxTown) -> None:
    town.ask("INSERT INTO dispatch_hold (reason) VALUES ('import')")
    town.issue()
    town.dispatch()
    town.ask("UPDATE letter SET status = 'voided', ended_reason = '有误', ended_at = registry_now()")
    town.ask("UPDATE dispatch_hold SET released_at = registry_now(), released_by_account_id = 1")
    town.dispatch()
    assert town.statuses() == {("inbox", "cancelled"): 1}


def test_the_reader_of_a_copy_is_told_no_title(town: OutboxTown) -> None:
    with open_gateway() as gateway:
        town.issue()
        town.ask(
            "INSERT INTO letter_copy (letter_id, issuer_organisation_id, organisation_id, item_ids)"
            " SELECT l.id, l.issuer_organisation_id, o.id, '{}' FROM letter l,"
            " (SELECT min(id) AS id FROM organisation WHERE kind = 'regulator') o"
        )
        town.ask(
            "INSERT INTO delivery_address (organisation_id, channel, address)"
            " SELECT organisation_id, 'webhook', %s FROM letter_copy",
            gateway.url,
        )
        town.dispatch(POSTED)
    ((_, body),) = gateway.received
    assert "整改逾期" not in body.decode()
    assert json.loads(body)["data"]["title"] == "函告"
    assert town.statuses() == {("inbox", "sent"): 2, ("webhook", "sent"): 1}
