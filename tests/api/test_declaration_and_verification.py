"""整改完成报告、现场核查: drafted without a trace on the hazard, confirmed by each person, performed by the last."""

from typing import Any

import pytest

from app.cli.demo_city import SAMPLE_PASSWORD
from tests.api.watching import Trial, Watch, unmet_of
from tests.support import walk
from tests.support.registry import Answered, Registry

OFFICER, INSPECTOR = "chemical-safety-officer", "dongsheng-inspector1"


def draft_of(registry: Registry, hazard: str) -> dict[str, Any]:
    evidence = registry.upload(hazard, "after", by=OFFICER)
    sent = {"description": "已按方案整改完成", "evidence_ids": [evidence]}
    draft: dict[str, Any] = registry.post(f"/hazards/{hazard}/declarations", sent, by=OFFICER)
    return draft


def confirmation(draft: dict[str, Any], **changed: object) -> dict[str, object]:
    return {"password": SAMPLE_PASSWORD, "document_sha256": draft["document_sha256"], **changed}


def confirms(
    registry: Registry, hazard: str, kind: str, draft: dict[str, Any], *, by: str, **changed: object
) -> Answered:
    path = f"/hazards/{hazard}/{kind}/{draft['id']}/confirmations"
    return registry.attempt(path, confirmation(draft, **changed), by=by)


def visit(registry: Registry, hazard: str, **changed: object) -> dict[str, Any]:
    evidence = registry.upload(hazard, "after", by=INSPECTOR, shade=77)
    visited_at = registry.hazard(hazard, by=INSPECTOR)["read_at"]
    return {"passed": True, "visited_at": visited_at, "findings": "现场核查", "evidence_ids": [evidence], **changed}


def test_a_declaration_is_a_draft_until_two_persons_have_signed_it(registry: Registry, watch: Watch) -> None:
    hazard = walk.planned(registry)
    evidence = registry.upload(hazard, "after", by=OFFICER)
    version, before = watch.hazard(hazard)["version"], watch.counts()
    sent = {"description": "已按方案整改完成", "evidence_ids": [evidence]}
    drafted = registry.attempt(f"/hazards/{hazard}/declarations", sent, by=OFFICER)
    assert drafted.status == 201
    assert drafted.headers["location"].endswith(f"/declarations/{drafted.body['id']}")
    after = watch.counts()
    written = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    assert written == {"declaration": 1, "document_evidence": 1, "audit_event": 1}
    assert watch.hazard(hazard)["version"] == version
    first = confirms(registry, hazard, "declarations", drafted.body, by="chemical-principal")
    assert [one["code"] for one in first.body["awaits"]] == ["the_enterprise_signed_twice"]
    assert watch.hazard(hazard)["version"] == version
    with watch.one_act(hazard, "declare", None, document_confirmation=1):
        second = confirms(registry, hazard, "declarations", drafted.body, by="chemical-controller")
    assert second.status == 201
    assert second.body["document"]["is_performed"] is True
    assert [one["capacity"] for one in second.body["document"]["confirmations"]] == ["principal", "controller"]
    assert second.body["hazard"]["state"] == "rectified"
    read = registry.get(f"/hazards/{hazard}/declarations/{drafted.body['id']}", by=INSPECTOR)
    assert read.body == second.body["document"]


def test_a_declaration_needs_an_approved_plan_evidence_and_two_signatures(registry: Registry, watch: Watch) -> None:
    hazard = walk.listed(registry)
    sent: dict[str, Any] = {"description": "已整改", "evidence_ids": []}
    with watch.unchanged(hazard):
        tried = registry.attempt(f"/hazards/{hazard}/declarations", sent, by=OFFICER, dry_run=True)
        answer = registry.attempt(f"/hazards/{hazard}/declarations", sent, by=OFFICER)
    assert tried.unmet() == {"the_plan_is_approved", "the_enterprise_signed_twice", "evidence_is_attached"}
    assert answer.unmet() == {"the_plan_is_approved", "evidence_is_attached"}
    for code in tried.unmet():
        unmet_of(tried, code)


def test_two_signatures_of_one_post_are_not_two(registry: Registry, watch: Watch) -> None:
    hazard = walk.planned(registry)
    draft = draft_of(registry, hazard)
    assert confirms(registry, hazard, "declarations", draft, by="chemical-principal").status == 201
    with watch.unchanged(hazard):
        again = confirms(registry, hazard, "declarations", draft, by="chemical-principal")
        officer = confirms(registry, hazard, "declarations", draft, by=OFFICER)
        stranger = confirms(registry, hazard, "declarations", draft, by="coal-controller")
    assert again.status == 409
    assert officer.status == 403
    assert stranger.status == 404


def test_a_confirmation_is_of_the_text_that_was_read_and_of_the_person(registry: Registry, watch: Watch) -> None:
    hazard = walk.planned(registry)
    draft = draft_of(registry, hazard)
    with watch.unchanged(hazard):
        other = confirms(registry, hazard, "declarations", draft, by="chemical-principal", document_sha256="0" * 64)
        wrong = confirms(registry, hazard, "declarations", draft, by="chemical-principal", password="口令不对")
        none = confirms(registry, hazard, "declarations", draft | {"id": 2**63 - 1}, by="chemical-principal")
    assert (other.status, other.code) == (409, "document_changed")
    assert (wrong.status, wrong.code) == (409, "step_up_failed")
    unmet_of(wrong, "step_up_failed")
    assert none.status == 404


def test_the_regulator_does_not_declare_for_the_enterprise(registry: Registry, watch: Watch) -> None:
    trial = Trial(registry, watch, walk.planned(registry))
    trial.forbidden("declarations", {"description": "已整改", "evidence_ids": []}, by="dongsheng-head")


def test_a_passed_verification_opens_the_closing_round(registry: Registry, watch: Watch) -> None:
    hazard = walk.declared(registry)
    draft = registry.post(f"/hazards/{hazard}/verifications", visit(registry, hazard), by=INSPECTOR)
    first = confirms(registry, hazard, "verifications", draft, by=INSPECTOR, certificate_number="蒙K-001")
    assert [one["code"] for one in first.body["awaits"]] == ["enough_inspectors_were_there"]
    with watch.one_act(
        hazard, "pass_verification", None, document_confirmation=1, signing_round=1, round_level=4, hazard_party=1
    ):
        done = confirms(
            registry, hazard, "verifications", draft, by="dongsheng-inspector2", certificate_number="蒙K-002"
        )
    body = done.body["hazard"]
    assert (body["state"], body["round"]["purpose"], len(body["round"]["levels"])) == ("rectified", "closing", 4)
    assert "sign" in registry.hazard(hazard, by=INSPECTOR)["allowed_acts"]
    assert "sign" not in registry.hazard(hazard, by="dongsheng-section")["allowed_acts"]


def test_a_failed_verification_returns_to_listed_in_the_next_cycle_and_keeps_deadline_and_plan(
    registry: Registry, watch: Watch
) -> None:
    hazard = walk.declared(registry)
    deadline = watch.hazard(hazard)["current_deadline"]
    done = walk.verify(registry, hazard, passed=False, note="报警器未通电")["hazard"]
    assert (done["state"], done["cycle"], done["plan_status"]) == ("listed", 2, "approved")
    assert watch.hazard(hazard)["current_deadline"] == deadline
    assert registry.get(f"/hazards/{hazard}/timeline", by=OFFICER).body["items"][-1]["reason"] == "报警器未通电"
    walk.declare(registry, hazard, shade=31)
    assert walk.verify(registry, hazard, shade=61)["hazard"]["round"]["purpose"] == "closing"


@pytest.mark.parametrize(
    ("changed", "codes"),
    [
        ({"evidence_ids": []}, {"the_visit_is_proved_by_time_and_position"}),
        ({"passed": False}, {"a_reason_is_given"}),
        ({"passed": False, "note": "否", "deadline": "2027-06-01"}, {"the_return_has_a_deadline"}),
        ({"visited_at": "2026-11-23T00:00:00+08:00"}, {"the_back_entry_is_within_the_window"}),
        ({"visited_at": "2099-01-01T00:00:00+08:00"}, {"the_back_entry_is_within_the_window"}),
    ],
)
def test_a_visit_is_proved_dated_and_reasoned(
    registry: Registry, watch: Watch, changed: dict[str, object], codes: set[str]
) -> None:
    hazard = walk.declared(registry)
    sent = visit(registry, hazard, **changed)
    path = f"/hazards/{hazard}/verifications"
    awaited = {"enough_inspectors_were_there"}
    with watch.unchanged(hazard):
        tried = registry.attempt(path, sent, by=INSPECTOR, dry_run=True)
        answer = registry.attempt(path, sent, by=INSPECTOR)
    assert tried.unmet() == codes | awaited
    assert (answer.status, answer.unmet() - awaited) == (409, codes)
    for code in codes:
        unmet_of(answer, code)


def test_one_inspector_alone_verifies_nothing(registry: Registry, watch: Watch) -> None:
    hazard = walk.declared(registry)
    draft = registry.post(f"/hazards/{hazard}/verifications", visit(registry, hazard), by=INSPECTOR)
    confirms(registry, hazard, "verifications", draft, by=INSPECTOR, certificate_number="蒙K-001")
    with watch.unchanged(hazard):
        again = confirms(registry, hazard, "verifications", draft, by=INSPECTOR, certificate_number="蒙K-002")
        head = confirms(registry, hazard, "verifications", draft, by="dongsheng-head", certificate_number="蒙K-003")
    assert again.status == 409
    assert head.status == 403


def test_nothing_undeclared_is_verified(registry: Registry, watch: Watch) -> None:
    hazard = walk.determined(registry)
    pictures = [registry.upload(hazard, kind, by=INSPECTOR) for kind in ("before", "after")]
    sent = {"supervision_tier": 2, "evidence_ids": pictures}
    registry.act(hazard, "on-the-spot-listing", sent, by=INSPECTOR)
    with watch.unchanged(hazard):
        answer = registry.attempt(
            f"/hazards/{hazard}/verifications", visit_without_upload(registry, hazard, pictures), by=INSPECTOR
        )
    assert "a_declaration_awaits_verification" in answer.unmet()
    walk.declare(registry, hazard)
    with watch.unchanged(hazard):
        twice = registry.attempt(
            f"/hazards/{hazard}/declarations", {"description": "再报一次", "evidence_ids": []}, by=OFFICER
        )
    assert twice.unmet() == {"it_is_not_declared_yet"}


def visit_without_upload(registry: Registry, hazard: str, pictures: list[str]) -> dict[str, Any]:
    visited_at = registry.hazard(hazard, by=INSPECTOR)["read_at"]
    return {"passed": True, "visited_at": visited_at, "findings": "现场核查", "evidence_ids": pictures}


def test_what_was_fixed_on_the_spot_is_declared_verified_and_signed_in_full(registry: Registry, watch: Watch) -> None:
    hazard = walk.determined(registry)
    pictures = [registry.upload(hazard, kind, by=INSPECTOR) for kind in ("before", "after")]
    registry.act(hazard, "on-the-spot-listing", {"supervision_tier": 2, "evidence_ids": pictures}, by=INSPECTOR)
    assert walk.declare(registry, hazard)["hazard"]["state"] == "rectified"
    walk.verify(registry, hazard)
    for level in range(1, 5):
        walk.sign(registry, hazard, level)
    assert registry.hazard(hazard)["state"] == "closed"


def test_evidence_of_another_hazard_proves_nothing_here(registry: Registry, watch: Watch) -> None:
    other = registry.upload(walk.planned(registry), "after", by=OFFICER)
    hazard = walk.planned(registry)
    for ids in ([other], ["不是编号"], ["00000000-0000-4000-8000-000000000000"]):
        with watch.unchanged(hazard):
            answer = registry.attempt(
                f"/hazards/{hazard}/declarations", {"description": "已整改", "evidence_ids": ids}, by=OFFICER
            )
        assert (answer.status, answer.code) == (422, "evidence_unknown")
        assert answer.body["errors"][0]["pointer"] == "/evidence_ids"
