"""延期与移交: each row's success and its refusals through the API."""

from datetime import timedelta

import pytest

from tests.api.watching import Trial, Watch
from tests.support import walk
from tests.support.registry import Registry

MONTH_LATER = (walk.TODAY + timedelta(days=90)).isoformat()
ASKED = {"new_deadline": MONTH_LATER, "note": "设备定制周期长"}
OFFICER, CLERK = "chemical-safety-officer", "dongsheng-clerk"


def organisation(watch: Watch, code: str) -> object:
    return watch.value("SELECT id FROM organisation WHERE code = %(code)s", code=code)


def asked(registry: Registry) -> str:
    hazard = walk.listed(registry)
    registry.post(f"/hazards/{hazard}/extensions", ASKED, by=OFFICER)
    return hazard


def test_an_extension_is_asked_for_and_granted_and_the_original_deadline_stays(
    registry: Registry, watch: Watch
) -> None:
    trial = Trial(registry, watch, walk.listed(registry))
    grant = {"granted": True, "note": "情况属实"}
    trial.refused(
        "extension-decision", grant, "an_extension_is_pending", "the_extension_is_within_its_limits", by=CLERK
    )
    body = trial.done("extensions", ASKED, "request_extension", "extension_request", by=OFFICER)
    assert (body["state"], body["current_deadline"]) == ("listed", "2027-01-22")
    trial.refused("extensions", ASKED, "no_extension_is_pending", by=OFFICER)
    body = trial.done("extension-decision", grant, "decide_extension", "extension_decision", by=CLERK)
    assert (body["original_deadline"], body["current_deadline"]) == ("2027-01-22", MONTH_LATER)
    (told,) = registry.get(f"/hazards/{trial.hazard}/deadline", by=OFFICER).body["extensions"]
    assert (told["granted"], told["granted_due_on"], told["requested_due_on"]) == (True, MONTH_LATER, MONTH_LATER)
    later = {"new_deadline": "2027-02-22", "note": "再延"}
    trial.refused("extensions", later, "extensions_are_left", "the_extension_is_within_its_limits", by=OFFICER)


def test_a_refused_extension_leaves_the_deadline_and_may_be_asked_again(registry: Registry, watch: Watch) -> None:
    trial = Trial(registry, watch, asked(registry))
    trial.refused("extension-decision", {"granted": False}, "a_reason_is_given", by=CLERK)
    refusal = {"granted": False, "note": "理由不充分"}
    body = trial.done("extension-decision", refusal, "decide_extension", "extension_decision", by=CLERK)
    assert body["current_deadline"] == "2027-01-22"
    trial.done("extensions", ASKED, "request_extension", "extension_request", by=OFFICER)


@pytest.mark.parametrize("new_deadline", ["2027-01-22", "2026-12-01", "2027-02-22"])
def test_an_extension_lies_after_the_deadline_and_within_half_the_term(
    registry: Registry, watch: Watch, new_deadline: str
) -> None:
    trial = Trial(registry, watch, walk.listed(registry))
    sent = {"new_deadline": new_deadline, "note": "延期"}
    trial.refused("extensions", sent, "the_extension_is_within_its_limits", by=OFFICER)


def test_a_grant_may_be_shorter_than_what_was_asked_and_never_too_long(registry: Registry, watch: Watch) -> None:
    trial = Trial(registry, watch, asked(registry))
    too_long = {"granted": True, "new_deadline": "2027-12-01", "note": "同意"}
    trial.refused("extension-decision", too_long, "the_extension_is_within_its_limits", by=CLERK)
    shorter = {"granted": True, "new_deadline": "2027-01-31", "note": "同意延至月底"}
    body = trial.done("extension-decision", shorter, "decide_extension", "extension_decision", by=CLERK)
    assert body["current_deadline"] == "2027-01-31"


def test_another_office_does_not_decide_the_extension(registry: Registry, watch: Watch) -> None:
    trial = Trial(registry, watch, asked(registry))
    trial.forbidden("extension-decision", {"granted": False, "note": "否"}, by="city-clerk1")


def test_a_department_hands_over_and_the_receiver_hands_back_with_a_reason(registry: Registry, watch: Watch) -> None:
    trial = Trial(registry, watch, walk.listed(registry))
    receiver = organisation(watch, "emergency@ordos")
    former = trial.registry.hazard(trial.hazard)["lead_department"]
    refusal = {"note": "不属本部门职责"}
    trial.refused("transfer-refusal", refusal, "a_transfer_awaits_its_answer", by=CLERK)
    same = {"to_organisation_id": former["id"], "note": "移交"}
    trial.refused("transfers", same, "the_new_owner_is_named", by="dongsheng-head")
    order = {"to_organisation_id": receiver, "note": "由市局直管"}
    body = trial.done("transfers", order, "transfer", "transfer", by="dongsheng-head", hazard_party=1)
    assert body["lead_department"]["id"] == receiver
    trial.refused("transfers", same, "no_transfer_is_pending", by="city-emergency-head")
    body = trial.done("transfer-refusal", refusal, "refuse_transfer", "transfer_refusal", by="city-emergency-head")
    assert body["lead_department"] == former


def test_the_offices_transfer_is_final(registry: Registry, watch: Watch) -> None:
    trial = Trial(registry, watch, walk.listed(registry))
    order = {"to_organisation_id": organisation(watch, "emergency@ordos"), "note": "由市局直管"}
    trial.done("transfers", order, "transfer", "transfer", by=CLERK, hazard_party=1)
    trial.refused("transfer-refusal", {"note": "退回"}, "a_transfer_awaits_its_answer", by="city-clerk1")
    trial.forbidden("transfer-refusal", {"note": "退回"}, by="city-emergency-head")


@pytest.mark.parametrize("code", ["91150622MA0DEMB027", "safety_office@ordos", "government@jungar", None])
def test_no_one_but_a_department_that_exists_becomes_the_lead(
    registry: Registry, watch: Watch, code: str | None
) -> None:
    wrong = 2**63 - 1 if code is None else organisation(watch, code)
    listed, reported, determined = walk.listed(registry), walk.reported(registry), walk.determined(registry)
    documents = (
        (listed, "transfers", {"to_organisation_id": wrong, "note": "移交"}, "dongsheng-head"),
        (reported, "determination", {"comprehensive_reason": "构成", "lead_organisation_id": wrong}, "dongsheng-head"),
        (determined, "listing", walk.listing_document(lead_organisation_id=wrong), "dongsheng-clerk"),
    )
    for hazard, path, sent, who in documents:
        version = registry.hazard(hazard)["version"]
        with watch.unchanged(hazard):
            answer = registry.attempt(f"/hazards/{hazard}/{path}", sent, by=who, version=version)
        assert (answer.status, answer.code) == (422, "department_unknown"), answer.body
        (field,) = answer.body["errors"]
        assert field["pointer"].endswith("_organisation_id")
