"""发送情况 over the API: who sees what became of what was sent, who resolves what is in doubt, who stops it all."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from app.delivery.channels import SignedWebhook
from app.infrastructure.clock import machine_seconds
from app.regulation.vocabulary import DeliveryChannel
from tests.letters.papers import CLERK, DEPARTMENT, FIRM, HEAD
from tests.support.gateways import FAILING, REFUSING, open_gateway
from tests.support.outbox_town import OutboxTown
from tests.support.registry import Registry, open_registry

WAY = SignedWebhook(b"k" * 32, 5.0, machine_seconds)
CITY_HEAD, CITY_CLERK, AUDITOR, OTHER_CLERK = "city-office-head", "city-clerk1", "city-auditor", "jungar-clerk"


@pytest.fixture
def registry(town: OutboxTown) -> Iterator[Registry]:
    with open_registry(town.database, town.folder) as opened:
        yield opened


def listed(registry: Registry, query: str = "", *, by: str) -> list[dict[str, Any]]:
    answer = registry.get(f"/deliveries?limit=200{query}", by=by)
    assert answer.status == 200, answer.body
    found: list[dict[str, Any]] = answer.body["items"]
    return found


def dead(town: OutboxTown, registry: Registry) -> str:
    """A letter whose webhook took nothing twelve times; the delivery."""
    with open_gateway(REFUSING) as gateway:
        town.wants("webhook", gateway.url)
        town.issue()
        town.ask("UPDATE delivery_address SET address = 'http://127.0.0.1:9/'")
        for _ in range(12):
            town.dispatch({DeliveryChannel.WEBHOOK: WAY})
            town.wait(30_000)
    registry.tokens.clear()
    (found,) = listed(registry, "&status=dead", by=HEAD)
    return str(found["id"])


def in_doubt(town: OutboxTown, registry: Registry, gateway_url: str) -> str:
    """An exposure that a gateway took and failed over; the delivery."""
    town.issue(kind="exposure_notice")
    town.dispatch({DeliveryChannel.PUBLICATION: WAY}, publication_url=gateway_url)
    (found,) = listed(registry, "&channel=publication", by=HEAD)
    assert found["status"] == "in_doubt"
    return str(found["id"])


def test_an_office_sees_what_it_sent_and_no_other_office_does(town: OutboxTown, registry: Registry) -> None:
    town.issue(2)
    town.dispatch()
    own = listed(registry, by=HEAD)
    assert [(one["channel"], one["status"], one["status_label"]) for one in own] == [("inbox", "sent", "已发送")] * 2
    assert own[1]["number"] == "东安办函〔2026〕1号"
    assert set(own[0]["recipient"]) == {"enterprise"}
    assert [one["id"] for one in listed(registry, by=AUDITOR)] == [one["id"] for one in own]
    for other in (OTHER_CLERK, CITY_CLERK, DEPARTMENT):
        assert listed(registry, by=other) == []
        assert registry.get(f"/deliveries/{own[0]['id']}", by=other).status == 404
    for outsider in (FIRM, "system-admin"):
        assert registry.get("/deliveries", by=outsider).status == 403


def test_the_filters_narrow_and_an_unknown_one_is_refused(town: OutboxTown, registry: Registry) -> None:
    town.issue(2)
    town.dispatch()
    letter = listed(registry, by=HEAD)[0]["letter"]
    assert len(listed(registry, f"&letter={letter}", by=HEAD)) == 1
    assert listed(registry, "&status=dead", by=HEAD) == []
    assert listed(registry, "&channel=email", by=HEAD) == []
    assert registry.get("/deliveries?status=lost", by=HEAD).status == 400
    first = registry.get("/deliveries?limit=1", by=HEAD).body
    second = registry.get(f"/deliveries?limit=1&cursor={first['next_cursor']}", by=HEAD).body
    assert first["items"][0]["id"] != second["items"][0]["id"]


def test_no_address_is_shown_to_anybody(town: OutboxTown, registry: Registry) -> None:
    delivery = dead(town, registry)
    for reader in (HEAD, AUDITOR):
        told = registry.get(f"/deliveries/{delivery}", by=reader).body
        assert "127.0.0.1" not in json.dumps([told, listed(registry, by=reader)])
        assert [one["outcome"] for one in told["history"]] == ["refused"] * 12


def test_what_lies_dead_goes_again_when_the_office_says_so(town: OutboxTown, registry: Registry) -> None:
    delivery = dead(town, registry)
    path = f"/deliveries/{delivery}/resolution"
    for other in (OTHER_CLERK, CITY_CLERK):
        assert registry.attempt(path, {"outcome": "again"}, by=other).status == 404
    for outsider in (AUDITOR, FIRM):
        assert registry.attempt(path, {"outcome": "again"}, by=outsider).status == 403
    taken = registry.post(path, {"outcome": "again", "note": "接口已修复"}, by=CLERK)
    assert (taken["status"], taken["history"][-1]["outcome"], taken["history"][-1]["note"]) == (
        *("pending", "again"),
        "接口已修复",
    )
    again = registry.attempt(path, {"outcome": "again"}, by=CLERK)
    assert (again.status, again.code) == (409, "delivery_needs_nobody")
    with open_gateway() as gateway:
        town.ask("UPDATE delivery_address SET address = %s", gateway.url)
        town.dispatch({DeliveryChannel.WEBHOOK: WAY})
    assert town.statuses()["webhook", "sent"] == 1
    assert sum(gateway.wire.values()) == 1


def test_what_a_person_found_to_be_out_is_sent_and_dispatched(town: OutboxTown, registry: Registry) -> None:
    with open_gateway(FAILING) as gateway:
        delivery = in_doubt(town, registry, gateway.url)
        assert town.ask("SELECT dispatched_on FROM letter") == [(None,)]
        done = registry.post(f"/deliveries/{delivery}/resolution", {"outcome": "confirmed"}, by=HEAD)
        assert (done["status"], done["history"][-1]["outcome"]) == ("sent", "confirmed")
        town.dispatch({DeliveryChannel.PUBLICATION: WAY}, publication_url=gateway.url)
    assert sum(gateway.wire.values()) == 1
    assert town.ask("SELECT dispatched_on IS NOT NULL FROM letter") == [(True,)]
    events = registry.get("/audit/events?limit=1", by=AUDITOR).body["items"]
    assert events[0]["event"] == "delivery:message:resolved"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({}, "exposure_may_be_out"),
        ({"note": "已核实"}, "exposure_may_be_out"),
        ({"is_not_out": True}, "note_missing"),
    ],
)
def test_an_exposure_goes_again_only_after_a_person_has_said_that_it_is_not_out(
    town: OutboxTown, registry: Registry, said: dict[str, Any], code: str
) -> None:
    with open_gateway(FAILING) as gateway:
        path = f"/deliveries/{in_doubt(town, registry, gateway.url)}/resolution"
        refused = registry.attempt(path, {"outcome": "again", **said}, by=HEAD)
        assert (refused.status, refused.body["errors"][0]["code"]) == (422, code)
        town.dispatch({DeliveryChannel.PUBLICATION: WAY}, publication_url=gateway.url)
        assert sum(gateway.wire.values()) == 1
        registry.post(path, {"outcome": "again", "is_not_out": True, "note": "网站上没有"}, by=HEAD)
        town.wait()
        town.dispatch({DeliveryChannel.PUBLICATION: WAY}, publication_url=gateway.url)
    assert sum(gateway.wire.values()) == 2
    assert town.statuses() == {("publication", "sent"): 1}


def test_a_voided_letter_is_not_sent_again(town: OutboxTown, registry: Registry) -> None:
    delivery = dead(town, registry)
    town.ask("UPDATE letter SET status = 'voided', ended_reason = '有误', ended_at = registry_now()")
    refused = registry.attempt(f"/deliveries/{delivery}/resolution", {"outcome": "again"}, by=HEAD)
    assert (refused.status, refused.code) == (409, "letter_is_not_issued")


def test_the_head_office_stops_all_sending_and_lets_it_go_on(town: OutboxTown, registry: Registry) -> None:
    paused = registry.post("/delivery-pauses", {"note": "网关故障"}, by=CITY_HEAD)
    assert (paused["reason"], paused["is_open"], paused["note"]) == ("ordered", True, "网关故障")
    again = registry.attempt("/delivery-pauses", {"note": "再次"}, by=CITY_CLERK)
    assert (again.status, again.code) == (409, "delivery_already_paused")
    town.issue()
    assert town.dispatch()["paused"] == 1
    released = registry.post(f"/delivery-pauses/{paused['id']}/release", None, by=CITY_CLERK)
    assert not released["is_open"]
    assert town.dispatch()["sent"] == 1
    ended = registry.attempt(f"/delivery-pauses/{paused['id']}/release", None, by=CITY_CLERK)
    assert (ended.status, ended.code) == (409, "pause_has_ended")
    events = registry.get("/audit/events?limit=20", by=AUDITOR).body["items"]
    told = [one["event"] for one in events if one["event"].startswith("delivery:pause")]
    assert told == ["delivery:pause:released", "delivery:pause:ordered"]


def test_nobody_else_stops_or_releases_and_officials_and_auditors_read(town: OutboxTown, registry: Registry) -> None:
    paused = registry.post("/delivery-pauses", {"note": "网关故障"}, by=CITY_HEAD)
    for other, code in ((HEAD, "not_the_head_office"), (DEPARTMENT, "forbidden"), (AUDITOR, "forbidden")):
        for path, body in (("/delivery-pauses", {"note": "示例"}), (f"/delivery-pauses/{paused['id']}/release", None)):
            refused = registry.attempt(path, body, by=other)
            assert refused.status == 403, (other, path, refused.body)
            assert code in ("forbidden", refused.code)
    for reader in (CLERK, DEPARTMENT, AUDITOR):
        assert [one["id"] for one in registry.get("/delivery-pauses?is_open=true", by=reader).body["items"]] == [
            paused["id"]
        ]
        assert registry.get(f"/delivery-pauses/{paused['id']}", by=reader).body == paused
    assert registry.get("/delivery-pauses", by=FIRM).status == 403
    nowhere = "/delivery-pauses/00000000-0000-4000-8000-000000000000"
    assert registry.get(nowhere, by=CLERK).status == 404
    assert registry.attempt(f"{nowhere}/release", None, by=CITY_HEAD).status == 404


def test_what_a_restore_stopped_is_on_the_trail_and_released_by_the_head_office(
    town: OutboxTown, registry: Registry
) -> None:
    town.dispatch()
    town.ask("UPDATE delivery_era SET system_identifier = system_identifier - 1")
    town.dispatch()
    (paused,) = registry.get("/delivery-pauses?is_open=true", by=CITY_HEAD).body["items"]
    assert (paused["reason"], paused["paused_by_account_id"]) == ("restored", None)
    told = town.ask("SELECT event FROM audit_event WHERE event LIKE 'delivery:pause:%%' ORDER BY id")
    assert told == [("delivery:pause:placed",)]
    registry.post(f"/delivery-pauses/{paused['id']}/release", None, by=CITY_HEAD)
    assert registry.get("/delivery-pauses?is_open=true", by=CITY_HEAD).body["items"] == []
