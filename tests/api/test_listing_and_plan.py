"""挂牌、立查立改、方案、进展、提级降级: each row's success and its refusals through the API."""

from datetime import timedelta

import pytest

from tests.api.watching import Trial, Watch
from tests.support import walk
from tests.support.registry import Registry

LATER = (walk.TODAY + timedelta(days=30)).isoformat()


def test_listing_draws_the_next_number_of_its_office_and_explains_its_deadline(
    registry: Registry, watch: Watch
) -> None:
    earlier = registry.hazard(walk.listed(registry))["ledger_number"]
    trial = Trial(registry, watch, walk.determined(registry))
    body = trial.done("listing", walk.listing_document(), "list", "listing", by="dongsheng-clerk")
    office, year, serial = earlier.split("-")
    assert body["ledger_number"] == f"{office}-{year}-{int(serial) + 1:04d}"
    assert (body["state"], body["original_deadline"]) == ("listed", body["current_deadline"])
    assert "list" not in body["allowed_acts"]
    by_number = registry.get(f"/hazards/{body['ledger_number']}", by="city-office-head")
    assert by_number.body["id"] == trial.hazard
    explained = registry.get(f"/hazards/{trial.hazard}/deadline", by="chemical-principal").body
    assert explained["explained"]["lines"][-1] == "截止 2027-01-22 二十四时(北京时间)"
    assert explained["is_over"] is False


def test_every_unmet_rule_of_a_listing_is_named_at_once(registry: Registry, watch: Watch) -> None:
    trial = Trial(registry, watch, walk.reported(registry))
    sent = {"supervision_tier": 2, "requirements": "整改"}
    trial.refused(
        "listing",
        sent,
        "a_determination_exists",
        "a_lead_department_is_named",
        "a_deadline_is_given",
        "a_supervision_notice_is_given",
        by="dongsheng-clerk",
    )


@pytest.mark.parametrize("deadline", ["2026-11-22", "2027-11-24"])
def test_a_deadline_lies_from_today_on_to_the_editions_limit(registry: Registry, watch: Watch, deadline: str) -> None:
    trial = Trial(registry, watch, walk.determined(registry))
    trial.refused("listing", walk.listing_document(deadline=deadline), "a_deadline_is_given", by="dongsheng-clerk")


def test_an_office_lists_in_its_own_name_only(registry: Registry, watch: Watch) -> None:
    hazard = walk.determined(registry)
    with watch.unchanged(hazard):
        answer = registry.attempt(
            f"/hazards/{hazard}/listing", walk.listing_document(supervision_tier=1), by="dongsheng-clerk", version=1
        )
        no_office = registry.attempt(
            f"/hazards/{hazard}/listing", walk.listing_document(supervision_tier=5), by="dongsheng-clerk", version=1
        )
    assert (answer.status, answer.code) == (403, "other_office_lists")
    assert (no_office.status, no_office.code) == (422, "no_office_of_tier")


def test_a_term_in_working_days_into_an_unannounced_year_is_provisional_and_says_so(
    registry: Registry, watch: Watch
) -> None:
    trial = Trial(registry, watch, walk.determined(registry))
    sent = walk.listing_document(deadline=None, term={"days": 40, "unit": "working"})
    body = trial.done("listing", sent, "list", "listing", by="dongsheng-clerk")
    assert body["deadline_is_provisional"] is True
    assert body["current_deadline"] > "2026-12-31"
    explained = registry.get(f"/hazards/{trial.hazard}/deadline", by="chemical-principal").body
    assert explained["is_provisional"] is True
    assert "该年度节假日安排尚未公布,暂按周末推算,公布后重新计算" in explained["explained"]["lines"]


def test_a_term_within_the_announced_year_is_final(registry: Registry, watch: Watch) -> None:
    trial = Trial(registry, watch, walk.determined(registry))
    sent = walk.listing_document(deadline=None, term={"days": 10, "unit": "working"})
    body = trial.done("listing", sent, "list", "listing", by="dongsheng-clerk")
    assert (body["deadline_is_provisional"], body["current_deadline"]) == (False, "2026-12-07")


def test_what_was_fixed_on_the_spot_needs_no_plan_and_goes_to_verification(registry: Registry, watch: Watch) -> None:
    hazard = walk.determined(registry)
    trial = Trial(registry, watch, hazard)
    pictures = [registry.upload(hazard, kind, by="dongsheng-inspector1") for kind in ("before", "after")]
    sent = {"supervision_tier": 2, "evidence_ids": pictures}
    body = trial.done(
        "on-the-spot-listing",
        sent,
        "list_fixed_on_the_spot",
        "listing",
        by="dongsheng-inspector1",
        document_evidence=2,
    )
    assert (body["state"], body["fixed_on_the_spot"], body["original_deadline"]) == ("rectified", True, None)


def test_what_was_fixed_on_the_spot_shows_before_and_after_of_one_visit(registry: Registry, watch: Watch) -> None:
    hazard = walk.determined(registry)
    trial = Trial(registry, watch, hazard)
    after = [registry.upload(hazard, "after", by="dongsheng-inspector1", shade=shade) for shade in (1, 2)]
    code = "before_and_after_are_shown"
    path = "on-the-spot-listing"
    trial.refused(path, {"supervision_tier": 2, "evidence_ids": after}, code, by="dongsheng-inspector1")
    the_day_before = registry.upload(
        hazard, "before", by="dongsheng-inspector1", shade=3, taken_at="2026-11-22T12:00:00+08:00"
    )
    two_visits = {"supervision_tier": 2, "evidence_ids": [the_day_before, after[0]]}
    trial.refused(path, two_visits, code, by="dongsheng-inspector1")


def test_the_higher_office_raises_the_supervision_and_the_deadline_never_moves_later(
    registry: Registry, watch: Watch
) -> None:
    trial = Trial(registry, watch, walk.listed(registry))
    path = "supervision-level"
    raised = {"supervision_tier": 1, "supervision_notice": {"number": "鄂安办督〔2026〕1号"}, "note": "影响重大"}
    trial.refused(path, raised, "the_higher_office_decides", by="dongsheng-clerk")
    trial.refused(
        path,
        {"supervision_tier": 1, "note": "提级", "deadline": "2027-03-01"},
        "a_supervision_notice_is_given",
        "the_deadline_is_not_put_off",
        by="city-clerk1",
    )
    act = "change_supervision_level"
    body = trial.done(path, raised | {"deadline": LATER}, act, "supervision_change", by="city-clerk1")
    assert (body["supervision_tier"], body["current_deadline"]) == (1, LATER)
    assert body["original_deadline"] == "2027-01-22"
    lowered = {"supervision_tier": 2, "supervision_notice": {"number": "鄂安办督〔2026〕2号"}, "note": "风险已降"}
    assert trial.done(path, lowered, act, "supervision_change", by="city-clerk1")["supervision_tier"] == 2


def test_a_plan_is_submitted_returned_submitted_again_and_approved(registry: Registry, watch: Watch) -> None:
    trial = Trial(registry, watch, walk.listed(registry))
    trial.refused("plan-approval", {}, "a_plan_awaits_its_decision", by="dongsheng-section")
    trial.refused("plan-return", {"note": "无"}, "a_plan_can_be_returned", by="dongsheng-section")
    plan = walk.plan_document()
    assert trial.done("plans", plan, "submit_plan", "plan", by="chemical-safety-officer")["plan_status"] == "submitted"
    returned = trial.done("plan-return", {"note": "资金未落实"}, "return_plan", "plan_decision", by="dongsheng-section")
    assert returned["plan_status"] == "returned"
    trial.refused("plan-approval", {}, "a_plan_awaits_its_decision", by="dongsheng-section")
    trial.done("plans", plan, "submit_plan", "plan", by="chemical-principal")
    approved = trial.done("plan-approval", {}, "approve_plan", "plan_decision", by="dongsheng-deputy")
    assert approved["plan_status"] == "approved"
    trial.refused("plans", plan, "no_plan_is_approved_yet", by="chemical-safety-officer")
    again = trial.done("plan-return", {"note": "须变更"}, "return_plan", "plan_decision", by="dongsheng-section")
    assert again["plan_status"] == "returned"


@pytest.fixture(scope="module")
def hazard(registry: Registry) -> str:
    """A listed hazard that the tests which change nothing share."""
    return walk.listed(registry)


@pytest.mark.parametrize("part", [*walk.PLAN_FIELDS, "milestones"])
def test_no_part_of_a_plan_may_be_missing_or_blank(registry: Registry, watch: Watch, hazard: str, part: str) -> None:
    blank = [] if part == "milestones" else "  "
    with watch.unchanged(hazard):
        answer = registry.attempt(
            f"/hazards/{hazard}/plans", walk.plan_document() | {part: blank}, by="chemical-safety-officer"
        )
    assert answer.status == 422
    assert [one["pointer"] for one in answer.body["errors"]] == [f"/{part}"]


def test_progress_is_reported_and_may_be_entered_some_days_later(registry: Registry, watch: Watch) -> None:
    trial = Trial(registry, watch, walk.listed(registry))
    sent = {"description": "设备已到货", "percent": 40}
    body = trial.done("progress", sent, "report_progress", "progress", by="chemical-safety-officer")
    assert body["state"] == "listed"
    code = "the_back_entry_is_within_the_window"
    for when in ("2026-11-10T00:00:00+08:00", "2026-11-23T00:00:00+08:00", "2026-12-01T00:00:00+08:00"):
        late = sent | {"occurred_at": when}
        trial.refused("progress", late, code, by="chemical-safety-officer")


def test_an_official_decides_on_the_version_he_has_read(registry: Registry, watch: Watch) -> None:
    hazard = walk.determined(registry)
    path = f"/hazards/{hazard}/listing"
    with watch.unchanged(hazard):
        blind = registry.attempt(path, walk.listing_document(), by="dongsheng-clerk")
        tried = registry.attempt(path, walk.listing_document(), by="dongsheng-clerk", dry_run=True)
        stale = registry.attempt(path, walk.listing_document(), by="dongsheng-clerk", version=0)
    assert (blind.status, blind.code) == (428, "version_required")
    assert (tried.status, tried.code) == (428, "version_required")
    assert (stale.status, stale.code) == (412, "stale_version")
    assert stale.body["facts"] == {"version": registry.hazard(hazard)["version"]}
    assert "刷新" in stale.body["remedy"]


@pytest.mark.parametrize("etag", ["*", 'W/"1"', "1", '"', '"99999999999999999999"', '"1", "2"', '"一"'])
def test_an_entity_tag_that_is_not_ours_is_named(registry: Registry, watch: Watch, etag: str) -> None:
    hazard = walk.reported(registry)
    with watch.unchanged(hazard):
        answer = registry.call(
            "POST",
            f"/hazards/{hazard}/amendments",
            by="chemical-safety-officer",
            json={"location": "别处"},
            headers={"If-Match": etag.encode()},
        )
    assert (answer.status, answer.code) == (400, "invalid_if_match")
