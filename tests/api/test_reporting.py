"""上报、补充、判定、排除: each row's success and its refusals through the API."""

from typing import Any

import pytest

from tests.api.watching import Trial, Watch, unmet_of
from tests.support import walk
from tests.support.registry import Registry

REPORT = {"hazard": 1, "hazard_party": 2, "audit_stream": 1, "hazard_transition": 1, "audit_event": 1}


def inspection(**changed: object) -> dict[str, Any]:
    return {**walk.report_document(), "channel": "inspection", "finders": "主办检查人员", **changed}


def test_a_report_is_one_hazard_with_two_receivers_one_transition_and_one_audit_event(
    registry: Registry, watch: Watch
) -> None:
    walk.reported(registry)
    before = watch.counts()
    answer = registry.attempt("/hazards", walk.report_document(), by="chemical-safety-officer")
    after = watch.counts()
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == REPORT
    assert (answer.status, answer.body["state"], answer.body["level"]) == (201, "reported", "major")
    assert answer.headers["location"] == f"/api/v1/hazards/{answer.body['id']}"
    assert answer.headers["etag"] == f'"{answer.body["version"]}"'
    assert answer.body["allowed_acts"] == ["amend"]
    receivers = watch.rows(
        "SELECT o.name, p.role FROM hazard_party p JOIN organisation o ON o.id = p.organisation_id"
        " JOIN hazard h ON h.id = p.hazard_id WHERE h.public_id = %(id)s ORDER BY p.role",
        id=answer.body["id"],
    )
    assert [row["role"] for row in receivers] == ["sector_receiver", "territorial_receiver"]


def test_a_dry_run_of_a_report_enters_neither_hazard_nor_enterprise(registry: Registry, watch: Watch) -> None:
    new = {"code": "91150602MA0DEMC03F", "name": "东胜区示例新建化工有限公司"}
    sent = inspection(enterprise=new | {"code": None, "no_code_reason": "正在办理登记"})
    with watch.unchanged():
        answer = registry.attempt("/hazards", sent, by="dongsheng-inspector1", dry_run=True)
    assert (answer.status, answer.body["would_be_done"]) == (200, True), answer.body


def test_a_refused_report_enters_no_enterprise_either(registry: Registry, watch: Watch) -> None:
    sent = inspection(enterprise={"name": "东胜区示例加工厂", "no_code_reason": "个体"}, found_on="2026-11-24")
    with watch.unchanged():
        answer = registry.attempt("/hazards", sent, by="dongsheng-inspector1")
    assert answer.status == 409
    unmet_of(answer, "the_finding_is_not_in_the_future")


def test_every_unmet_rule_of_a_report_is_named_at_once(registry: Registry, watch: Watch) -> None:
    sent = walk.report_document(channel="tip", found_on="2026-11-24")
    with watch.unchanged():
        answer = registry.attempt("/hazards", sent, by="chemical-safety-officer", dry_run=True)
        refused = registry.attempt("/hazards", sent, by="chemical-safety-officer")
    wanted = {"the_finding_is_not_in_the_future", "the_channel_is_the_reporters", "a_tip_is_verified_first"}
    assert answer.unmet() == refused.unmet() == wanted
    for code in wanted:
        unmet_of(answer, code)


@pytest.mark.parametrize(
    "field", ["finders", "found_on", "location", "circumstances", "reported_to", "monitoring_measures"]
)
def test_none_of_the_six_ledger_fields_may_be_missing(registry: Registry, watch: Watch, field: str) -> None:
    sent = walk.report_document()
    del sent[field]
    with watch.unchanged():
        answer = registry.attempt("/hazards", sent, by="chemical-safety-officer")
    assert answer.status == 422
    assert [one["pointer"] for one in answer.body["errors"]] == [f"/{field}"]


def test_an_enterprise_does_not_report_for_another(registry: Registry, watch: Watch) -> None:
    with watch.unchanged():
        answer = registry.attempt("/hazards", walk.report_document(), by="coal-safety-officer")
    assert (answer.status, answer.code) == (403, "not_permitted")


def test_an_inspector_reports_what_he_found_in_his_own_district_only(registry: Registry, watch: Watch) -> None:
    found = registry.attempt("/hazards", inspection(), by="dongsheng-inspector1")
    assert (found.status, found.body["channel"]) == (201, "inspection")
    with watch.unchanged():
        elsewhere = registry.attempt("/hazards", inspection(), by="jungar-inspector1")
    assert elsewhere.status == 403


def test_a_report_without_code_or_reason_says_which_of_the_two_to_give(registry: Registry, watch: Watch) -> None:
    with watch.unchanged():
        answer = registry.attempt("/hazards", inspection(enterprise={"name": "某厂"}), by="dongsheng-inspector1")
    assert (answer.status, answer.code) == (422, "code_or_reason_required")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"sector": "space_travel"}, "sector_unknown"),
        ({"site": {"unit_code": "999999", "name": "罐区"}}, "unit_unknown"),
    ],
)
def test_an_unknown_sector_or_unit_is_named(
    registry: Registry, watch: Watch, changed: dict[str, Any], code: str
) -> None:
    with watch.unchanged():
        answer = registry.attempt("/hazards", inspection(**changed), by="dongsheng-inspector1")
    assert (answer.status, answer.code) == (422, code)


def test_whoever_reported_amends_until_the_determination(registry: Registry, watch: Watch) -> None:
    trial = Trial(registry, watch, walk.reported(registry))
    body = trial.done("amendments", {"location": "罐区西侧"}, "amend", None, by="chemical-safety-officer")
    assert (body["place"], body["state"], body["allowed_acts"]) == ("罐区西侧", "reported", ["amend"])
    registry.act(trial.hazard, "determination", {"comprehensive_reason": "构成"}, by="dongsheng-head")
    amendment = {"location": "罐区北侧"}
    trial.refused("amendments", amendment, "the_hazard_is_not_determined_yet", by="chemical-safety-officer")


def test_another_reporter_may_not_amend(registry: Registry, watch: Watch) -> None:
    trial = Trial(registry, watch, walk.reported(registry))
    trial.refused("amendments", {"location": "别处"}, "the_amender_reported_it", by="dongsheng-inspector1")


def test_the_determination_names_its_grounds_and_the_lead_department(registry: Registry, watch: Watch) -> None:
    trial = Trial(registry, watch, walk.reported(registry))
    sent = {"comprehensive_reason": "对照判定标准综合判定"}
    body = trial.done("determination", sent, "determine", "determination", by="dongsheng-head")
    assert body["state"] == "reported"
    assert body["lead_department"]["name"] == "东胜区应急管理局"
    assert "determine" not in body["allowed_acts"]
    trial.refused("determination", sent, "the_hazard_is_not_determined_yet", by="dongsheng-head")


def test_a_determination_cites_a_clause_in_force_that_day(registry: Registry, watch: Watch) -> None:
    hazard = walk.reported(registry)
    clause = watch.value(
        "SELECT min(id) FROM criterion WHERE sector = 'hazardous_chemicals' AND effective_from <= '2026-11-23'"
        " AND (effective_until IS NULL OR effective_until > '2026-11-23')"
    )
    trial = Trial(registry, watch, hazard)
    code = "a_clause_in_force_or_a_comprehensive_judgement_is_given"
    trial.refused("determination", {}, code, by="dongsheng-inspector1")
    trial.refused("determination", {"criterion_ids": [2**40]}, code, by="dongsheng-inspector1")
    sent = {"criterion_ids": [clause]}
    trial.done("determination", sent, "determine", "determination", by="dongsheng-inspector1")


def test_a_report_is_dismissed_with_its_reason_and_nothing_follows(registry: Registry, watch: Watch) -> None:
    trial = Trial(registry, watch, walk.reported(registry))
    sent = {"reason": "unsubstantiated", "note": "现场核实不存在"}
    body = trial.done("dismissal", sent, "dismiss", "dismissal", by="dongsheng-section")
    assert (body["state"], body["allowed_acts"]) == ("dismissed", [])


@pytest.mark.parametrize(
    "sent",
    [
        {"reason": "regraded", "note": "降级"},
        {"reason": "duplicate", "note": "重复"},
        {"reason": "unsubstantiated", "note": "不成立", "to_key": True},
    ],
)
def test_a_dismissal_has_a_lawful_reason(registry: Registry, watch: Watch, sent: dict[str, Any]) -> None:
    trial = Trial(registry, watch, walk.reported(registry))
    trial.refused("dismissal", sent, "the_dismissal_has_a_lawful_reason", by="dongsheng-section")


def test_a_hazard_is_no_duplicate_of_itself(registry: Registry, watch: Watch) -> None:
    hazard = walk.reported(registry)
    sent = {"reason": "duplicate", "note": "重复", "duplicate_of": hazard}
    trial = Trial(registry, watch, hazard)
    trial.refused("dismissal", sent, "the_dismissal_has_a_lawful_reason", by="dongsheng-section")


def test_a_duplicate_names_its_survivor(registry: Registry, watch: Watch) -> None:
    survivor = walk.listed(registry)
    trial = Trial(registry, watch, walk.reported(registry))
    number = registry.hazard(survivor)["ledger_number"]
    sent = {"reason": "duplicate", "note": "与已挂牌的重复", "duplicate_of": number}
    assert trial.done("dismissal", sent, "dismiss", "dismissal", by="dongsheng-section")["state"] == "dismissed"
    assert watch.hazard(trial.hazard)["duplicate_of_id"] == watch.hazard(survivor)["id"]


def test_a_report_that_is_not_major_becomes_a_key_hazard_linked_to_it(registry: Registry, watch: Watch) -> None:
    hazard = walk.reported(registry)
    answer = registry.act(
        hazard, "dismissal", {"reason": "not_major", "note": "达不到重大", "to_key": True}, by="dongsheng-section"
    )
    assert answer["state"] == "dismissed"
    (successor,) = watch.rows(
        "SELECT k.level, k.state, k.version FROM hazard k JOIN hazard h ON h.id = k.regraded_from_id"
        " WHERE h.public_id = %(hazard)s",
        hazard=hazard,
    )
    assert (successor["level"], successor["state"]) == ("key", "reported")


def test_a_receiver_acknowledges_once_and_the_version_stays(registry: Registry, watch: Watch) -> None:
    hazard = walk.reported(registry)
    version = registry.hazard(hazard)["version"]
    registry.post(f"/hazards/{hazard}/acknowledgements", None, by="dongsheng-clerk")
    first = watch.value(
        "SELECT max(p.acknowledged_at) FROM hazard_party p JOIN hazard h ON h.id = p.hazard_id"
        " WHERE h.public_id = %(hazard)s",
        hazard=hazard,
    )
    registry.post(f"/hazards/{hazard}/acknowledgements", None, by="dongsheng-clerk")
    assert first is not None
    assert registry.hazard(hazard)["version"] == version
