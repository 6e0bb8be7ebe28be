"""送达与复函: by the issuer with a receipt, by the addressee in the system; each once, none ahead."""

from typing import Any

import pytest

from tests.letters.papers import CLERK, DEPARTMENT, FIRM, HEAD, OTHER_FIRM, drafted, enterprise, issued
from tests.support import walk
from tests.support.registry import Registry

RECEIPT: dict[str, Any] = {"manner": "in_person", "received_by": "收发室", "served_on": "2026-11-23"}


def test_the_issuer_records_service_once_with_its_receipt(registry: Registry) -> None:
    letter = issued(registry)
    path, receipt = f"/letters/{letter['id']}/service", {**RECEIPT, "evidence_sha256": "a" * 64}
    served = registry.post(path, receipt, by=CLERK)
    assert (served["served_on"], served["served_as"]) == ("2026-11-23", "in_person")
    assert served["service"]["evidence_sha256"] == "a" * 64
    again = registry.attempt(path, RECEIPT, by=CLERK)
    assert (again.status, again.code) == (409, "already_served")


@pytest.mark.parametrize("day", ["2026-11-22", "2026-11-24"])
def test_service_is_neither_before_dispatch_nor_ahead(registry: Registry, day: str) -> None:
    letter = issued(registry)
    refused = registry.attempt(f"/letters/{letter['id']}/service", {**RECEIPT, "served_on": day}, by=CLERK)
    assert (refused.status, refused.code) == (422, "day_out_of_range")


@pytest.mark.parametrize("manner", ["platform", "deemed"])
def test_what_the_system_says_itself_is_not_recorded_by_hand(registry: Registry, manner: str) -> None:
    letter = issued(registry)
    refused = registry.attempt(f"/letters/{letter['id']}/service", {**RECEIPT, "manner": manner}, by=CLERK)
    assert (refused.status, refused.body["errors"][0]["code"]) == (422, "manner_not_by_hand")


def test_a_draft_is_neither_served_nor_answered(registry: Registry) -> None:
    letter = drafted(registry)
    served = registry.attempt(f"/letters/{letter['id']}/service", RECEIPT, by=CLERK)
    assert (served.status, served.code) == (409, "letter_is_not_issued")
    assert registry.attempt(f"/letters/{letter['id']}/replies", {"text": "已办"}, by=DEPARTMENT).status == 404


def test_the_addressee_acknowledges_in_the_system(registry: Registry) -> None:
    letter = issued(registry)
    path = f"/letters/{letter['id']}/acknowledgement"
    assert registry.attempt(path, None, by=CLERK).code == "not_the_reader"
    taken = registry.post(path, None, by=DEPARTMENT)
    assert (taken["served_as"], taken["served_on"]) == ("platform", "2026-11-23")
    assert registry.attempt(path, None, by=DEPARTMENT).code == "already_served"


def test_an_enterprise_acknowledges_and_answers_what_it_was_sent(registry: Registry) -> None:
    letter = issued(registry, addressee={"enterprise_id": enterprise(registry)}, asks_reply=True)
    assert letter["reply_due_on"] > "2026-11-23"
    path = f"/letters/{letter['id']}"
    assert registry.attempt(f"{path}/acknowledgement", None, by=OTHER_FIRM).status == 404
    assert registry.post(f"{path}/acknowledgement", None, by=FIRM)["served_as"] == "platform"
    answered = registry.post(f"{path}/replies", {"text": "已完成整改"}, by=FIRM)
    assert answered["answered_on"] == "2026-11-23"
    assert [one["text"] for one in answered["replies"]] == ["已完成整改"]


def test_the_issuer_enters_a_reply_on_paper_and_nobody_else_does(registry: Registry) -> None:
    letter = issued(registry, asks_reply=True)
    path, sent = (
        f"/letters/{letter['id']}/replies",
        {"text": "复函", "number": "东应急函〔2026〕5号", "received_on": "2026-11-23"},
    )
    assert registry.attempt(path, sent, by="city-clerk1").code == "not_the_addressee"
    assert registry.attempt(path, {**sent, "received_on": "2026-11-30"}, by=CLERK).code == "day_out_of_range"
    assert registry.post(path, sent, by=CLERK)["answered_on"] == "2026-11-23"
    unanswered = registry.get("/letters?unanswered=true&limit=200", by=CLERK).body["items"]
    assert letter["id"] not in [one["id"] for one in unanswered]


def test_a_voided_letter_is_answered_no_more(registry: Registry) -> None:
    letter = issued(registry)
    registry.post(f"/letters/{letter['id']}/voiding", {"reason": "有误"}, by=HEAD, version=1)
    refused = registry.attempt(f"/letters/{letter['id']}/replies", {"text": "已办"}, by=DEPARTMENT)
    assert (refused.status, refused.code) == (409, "letter_is_not_issued")


def test_a_copy_is_served_by_itself_and_acknowledged_by_its_reader(registry: Registry) -> None:
    hazard = walk.listed(registry)
    copies = [{"enterprise_id": enterprise(registry)}]
    first, second = (issued(registry, hazards=[hazard], copies=copies) for _ in range(2))
    copy = first["copies"][0]["id"]
    done = registry.post(f"/letters/{first['id']}/copies/{copy}/service", RECEIPT, by=CLERK)
    assert (done["copies"][0]["service"]["manner"], done["served_on"]) == ("in_person", None)
    assert registry.attempt(f"/letters/{second['id']}/copies/{copy}/service", RECEIPT, by=CLERK).status == 404
    taken = registry.post(f"/letters/{second['id']}/acknowledgement", None, by=FIRM)
    assert (taken["copies"][0]["service"]["manner"], taken["served_on"]) == ("platform", None)


def test_every_step_of_a_letter_is_one_event_of_its_stream(registry: Registry) -> None:
    letter = issued(registry)
    registry.post(f"/letters/{letter['id']}/service", RECEIPT, by=CLERK)
    registry.post(f"/letters/{letter['id']}/replies", {"text": "已办"}, by=DEPARTMENT)
    registry.post(f"/letters/{letter['id']}/voiding", {"reason": "有误"}, by=HEAD, version=1)
    events = registry.get("/audit/events?limit=5", by="city-auditor").body["items"]
    assert [one["event"] for one in events] == [
        "letter:document:voided",
        "letter:reply:recorded",
        "letter:service:recorded",
        "letter:document:issued",
        "letter:draft:written",
    ]
