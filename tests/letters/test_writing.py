"""手工起草: by the office whose letter it is, each line within its addressee's scope, and what a kind asks for."""

from typing import Any

import pytest

from tests.letters.papers import CLERK, DEPARTMENT, HEAD, attempted, drafted, enterprise, issued, mine, organisation
from tests.support import walk
from tests.support.registry import Registry


def test_a_department_writes_no_letter_that_is_the_offices(registry: Registry) -> None:
    refused = attempted(registry, by=DEPARTMENT)
    assert (refused.status, refused.code) == (403, "not_the_issuer")
    assert attempted(registry, by="chemical-safety-officer").status == 403


def test_a_draft_is_seen_by_its_office_and_not_yet_by_its_addressee(registry: Registry) -> None:
    letter = drafted(registry)
    assert letter["number"] is None
    assert registry.get(f"/letters/{letter['id']}", by=CLERK).body["status"] == "draft"
    assert registry.get(f"/letters/{letter['id']}", by=DEPARTMENT).status == 404


def test_a_line_tells_the_hazard_as_it_stands(registry: Registry) -> None:
    hazard = walk.listed(registry)
    (line,) = drafted(registry, hazards=[hazard])["items"]
    told = registry.hazard(hazard)
    assert line["hazard"] == hazard
    assert line["line"]["number"] == told["ledger_number"]
    assert (line["line"]["due_on"], line["line"]["overdue_days"]) == ("2027-01-22", 0)


def test_a_letter_lists_no_hazard_that_its_addressee_does_not_answer_for(registry: Registry) -> None:
    hazard = walk.listed(registry)
    elsewhere = {"organisation_id": organisation(registry, "康巴什区应急管理局")}
    refused = attempted(registry, hazards=[hazard], addressee=elsewhere)
    assert (refused.status, refused.code) == (409, "line_of_another")


def test_nobody_is_sent_a_copy_without_a_line_of_its_own(registry: Registry) -> None:
    hazard = walk.listed(registry)
    unconcerned = [{"organisation_id": organisation(registry, "康巴什区应急管理局")}]
    refused = attempted(registry, hazards=[hazard], copies=unconcerned)
    assert (refused.status, refused.code) == (409, "copy_without_lines")


@pytest.mark.parametrize(
    "reader", [{}, {"organisation_id": 1, "enterprise_id": "00000000-0000-4000-8000-000000000000"}]
)
def test_a_reader_is_one_of_the_two(registry: Registry, reader: dict[str, Any]) -> None:
    refused = attempted(registry, addressee=reader)
    assert (refused.status, refused.body["errors"][0]["code"]) == (422, "one_reader")


def test_an_enterprise_out_of_reach_and_one_that_does_not_exist_are_told_alike(registry: Registry) -> None:
    codes = []
    for reader in (mine(registry), "00000000-0000-4000-8000-000000000000"):
        refused = attempted(registry, addressee={"enterprise_id": reader})
        codes.append((refused.status, refused.code))
    assert codes == [(422, "reader_unknown")] * 2


def test_a_talk_by_hand_names_the_leader_who_ordered_it(registry: Registry) -> None:
    refused = attempted(registry, kind="summons_notice", title="约谈通知")
    assert (refused.status, refused.code) == (422, "order_missing")
    letter = drafted(registry, kind="summons_notice", title="约谈通知", ordered_by="分管副区长")
    assert letter["text"]["ordered_by"] == "分管副区长"


def test_a_supervision_notice_is_for_one_listing_of_the_office(registry: Registry) -> None:
    told = {"kind": "supervision_notice", "title": "督办通知书"}
    for hazards in ([], [walk.determined(registry)]):
        refused = attempted(registry, hazards=hazards, **told)
        assert (refused.status, refused.code) == (409, "listing_missing")
    letter = issued(registry, hazards=[walk.listed(registry)], **told)
    assert letter["number"].startswith("东安办督〔2026〕")


@pytest.mark.parametrize(
    ("kind", "code"), [("closing_notice", "hazard_not_closed"), ("delisting_notice", "hazard_not_delisted")]
)
def test_an_end_is_told_only_once_it_has_come(registry: Registry, kind: str, code: str) -> None:
    refused = attempted(registry, kind=kind, title="通知", hazards=[walk.listed(registry)])
    assert (refused.status, refused.code) == (409, code)


def test_a_draft_is_dropped_with_a_reason_and_stays_so(registry: Registry) -> None:
    letter = drafted(registry)
    path = f"/letters/{letter['id']}"
    dropped = registry.post(f"{path}/drop", {"reason": "不再需要"}, by=CLERK, version=0)
    assert (dropped["status"], dropped["ended_reason"]) == ("dropped", "不再需要")
    refused = registry.attempt(f"{path}/issuing", None, by=HEAD, version=0)
    assert (refused.status, refused.code) == (409, "letter_is_not_draft")


def test_letters_are_listed_by_kind_status_addressee_hazard_and_day(registry: Registry) -> None:
    hazard, firm = walk.listed(registry), enterprise(registry)
    letter = drafted(registry, kind="warning_reminder", hazards=[hazard], addressee={"enterprise_id": firm})
    for query in (
        "kind=warning_reminder&status=draft", f"addressee_enterprise={firm}", f"hazard={hazard}",
        f"hazard={registry.hazard(hazard)['ledger_number']}", "drafted_from=2026-11-23&drafted_to=2026-11-23",
    ):  # fmt: skip
        found = [one["id"] for one in registry.get(f"/letters?limit=200&{query}", by=CLERK).body["items"]]
        assert letter["id"] in found, query
    for query in ("kind=circular", "drafted_from=2026-11-24", "status=voided"):
        found = [one["id"] for one in registry.get(f"/letters?limit=200&{query}", by=CLERK).body["items"]]
        assert letter["id"] not in found, query
