"""The conditions of declaring, verifying, withdrawing, revisiting and delisting."""

from datetime import date, timedelta
from typing import Any

import pytest

from app.regulation.facts import HazardFacts
from app.regulation.vocabulary import (
    Act,
    Capacity,
    DismissReason,
    EvidenceKind,
    HazardLevel,
    PostKind,
    State,
)
from tests.regulation.builders import DEADLINE, NOW, RECTIFIER, TODAY, Field, actor, codes, hazard, in_round

COMPANY = actor(PostKind.ENTERPRISE_PRINCIPAL)
INSPECTOR = actor(PostKind.INSPECTOR)
OFFICE = actor(PostKind.OFFICE_HEAD)
TWICE = {Capacity.PRINCIPAL: 901, Capacity.CONTROLLER: 902}
DECLARATION: dict[str, Any] = {"confirmations": TWICE, "evidence_kinds": [EvidenceKind.AFTER]}
VISIT: dict[str, Any] = {
    "inspector_person_ids": [1, 2],
    "certificates": {1: "15060201", 2: "15060202"},
    "evidence_time_and_position": True,
}


def planned(**changes: Field) -> HazardFacts:
    return hazard(State.LISTED, **{"plan_status": "approved", **changes})


def declare(facts: HazardFacts, **changes: Field) -> set[str]:
    return codes(facts, COMPANY, Act.DECLARE, {**DECLARATION, **changes})


def verify(act: Act = Act.PASS_VERIFICATION, facts: HazardFacts | None = None, **changes: Field) -> set[str]:
    return codes(facts or hazard(State.RECTIFIED), INSPECTOR, act, {**VISIT, **changes})


def test_a_complete_declaration_meets_every_condition() -> None:
    assert declare(planned()) == set()


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"plan_status": None}, True),
        ({"plan_status": "submitted"}, True),
        ({"plan_status": "returned"}, True),
        ({"plan_status": "approved"}, False),
        ({"plan_status": None, "is_legacy": True}, False),
        ({"plan_status": None, "level": HazardLevel.KEY}, False),
        ({"plan_status": "approved", "cycle": 2}, False),
        ({"plan_status": None, "cycle": 2, "fixed_on_the_spot": True}, True),
    ],
)
def test_a_major_is_declared_rectified_by_an_approved_plan(changes: dict[str, Any], fault: bool) -> None:
    assert declare(planned(**changes)) == ({"the_plan_is_approved"} if fault else set())


@pytest.mark.parametrize(
    ("confirmations", "fault"),
    [
        (TWICE, False),
        (None, True),
        ({Capacity.PRINCIPAL: 901}, True),
        ({Capacity.CONTROLLER: 902}, True),
        ({Capacity.PRINCIPAL: 901, Capacity.CONTROLLER: 901}, True),
        ({Capacity.PRINCIPAL: 901, Capacity.CONTROLLER: 901, Capacity.SAFETY_HEAD: 903}, False),
        ({Capacity.PRINCIPAL: 901, Capacity.SAFETY_HEAD: 903}, False),
        ({Capacity.PRINCIPAL: 901, Capacity.CONTROLLER: 901, Capacity.SAFETY_HEAD: 901}, True),
    ],
)
def test_one_report_bears_two_signatures_of_two_persons(confirmations: dict[Capacity, int], fault: bool) -> None:
    found = declare(planned(), confirmations=confirmations)
    assert found == ({"the_enterprise_signed_twice"} if fault else set())


def test_a_declaration_shows_its_evidence() -> None:
    assert declare(planned(), evidence_kinds=[]) == {"evidence_is_attached"}


def test_fixed_on_the_spot_is_declared_afterwards_and_once() -> None:
    spot = hazard(State.RECTIFIED, fixed_on_the_spot=True, declaration_id=None, declared_at=None)
    assert declare(spot) == set()
    assert declare(hazard(State.RECTIFIED, fixed_on_the_spot=True)) == {"it_is_not_declared_yet"}
    assert declare(hazard(State.RECTIFIED, declaration_id=None)) == {"it_was_fixed_on_the_spot"}


def test_a_complete_verification_meets_every_condition() -> None:
    assert verify() == set()
    assert verify(Act.FAIL_VERIFICATION, note="措施不到位") == set()


@pytest.mark.parametrize("act", [Act.PASS_VERIFICATION, Act.FAIL_VERIFICATION])
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"inspector_person_ids": [1]}, {"enough_inspectors_were_there"}),
        ({"inspector_person_ids": [1, 1]}, {"enough_inspectors_were_there"}),
        ({"inspector_person_ids": None}, {"enough_inspectors_were_there"}),
        ({"certificates": {1: "15060201"}}, {"every_inspector_has_a_certificate"}),
        ({"certificates": None}, {"every_inspector_has_a_certificate"}),
        ({"evidence_time_and_position": False}, {"the_visit_is_proved_by_time_and_position"}),
        ({"occurred_at": NOW - timedelta(days=4)}, {"the_back_entry_is_within_the_window"}),
        (
            {"inspector_person_ids": [1, RECTIFIER], "certificates": {1: "a", RECTIFIER: "b"}},
            {"no_inspector_rectified"},
        ),
    ],
)
def test_two_certified_inspectors_prove_their_visit(act: Act, changes: dict[str, Any], expected: set[str]) -> None:
    assert verify(act, note="见记录", **changes) == expected


def test_only_an_undecided_declaration_is_verified() -> None:
    undeclared = hazard(State.RECTIFIED, fixed_on_the_spot=True, declaration_id=None)
    assert verify(facts=undeclared) == {"a_declaration_awaits_verification"}
    assert verify(facts=in_round(0)) == {"a_declaration_awaits_verification", "no_round_is_open"}
    passed = hazard(State.RECTIFIED, verification_id=8)
    assert verify(facts=passed) == {"a_declaration_awaits_verification"}


@pytest.mark.parametrize(
    ("running", "given", "fault"),
    [
        (DEADLINE, None, False),
        (DEADLINE, DEADLINE, False),
        (DEADLINE, DEADLINE + timedelta(days=1), True),
        (None, None, True),
        (None, TODAY + timedelta(days=20), False),
    ],
)
def test_a_failed_verification_never_puts_off_the_deadline(
    running: date | None, given: date | None, fault: bool
) -> None:
    facts = hazard(State.RECTIFIED, current_deadline=running)
    found = verify(Act.FAIL_VERIFICATION, facts, note="不合格", deadline=given)
    assert found == ({"the_return_has_a_deadline"} if fault else set())


WITHDRAWAL: dict[str, Any] = {"note": "复核不成立", "proof": ["核实报告"], "reason": DismissReason.UNSUBSTANTIATED}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, set()),
        ({"reason": DismissReason.REGRADED}, set()),
        ({"reason": DismissReason.DUPLICATE, "duplicate_of": 2}, set()),
        ({"reason": DismissReason.DUPLICATE, "duplicate_of": 1}, {"the_withdrawal_has_a_lawful_reason"}),
        ({"reason": DismissReason.DUPLICATE}, {"the_withdrawal_has_a_lawful_reason"}),
        ({"reason": DismissReason.NOT_MAJOR}, {"the_withdrawal_has_a_lawful_reason"}),
        ({"reason": None}, {"the_withdrawal_has_a_lawful_reason"}),
        ({"proof": []}, {"proof_is_attached"}),
        ({"note": None}, {"a_reason_is_given"}),
    ],
)
def test_a_withdrawal_has_a_lawful_reason_and_proof(changes: dict[str, Any], expected: set[str]) -> None:
    assert codes(hazard(State.LISTED), OFFICE, Act.OPEN_WITHDRAWAL, {**WITHDRAWAL, **changes}) == expected


def test_a_key_hazard_is_not_regraded_further() -> None:
    regraded = {**WITHDRAWAL, "reason": DismissReason.REGRADED}
    found = codes(hazard(State.LISTED, level=HazardLevel.KEY), OFFICE, Act.OPEN_WITHDRAWAL, regraded)
    assert found == {"the_withdrawal_has_a_lawful_reason"}


def test_a_cessation_is_proved_and_reasoned() -> None:
    assert codes(hazard(State.LISTED), OFFICE, Act.OPEN_CESSATION, {"note": "关停", "proof": ["注销证明"]}) == set()
    assert codes(hazard(State.LISTED), OFFICE, Act.OPEN_CESSATION) == {"proof_is_attached", "a_reason_is_given"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, set()),
        ({"delisted_at": NOW}, {"it_is_not_delisted_yet"}),
        ({"level": HazardLevel.KEY}, {"it_was_publicly_listed"}),
        ({"fixed_on_the_spot": True}, {"it_was_publicly_listed"}),
        ({"fixed_on_the_spot": True, "cycle": 2}, set()),
    ],
)
def test_what_was_listed_is_delisted_once(changes: dict[str, Any], expected: set[str]) -> None:
    assert codes(hazard(State.CLOSED, **changes), OFFICE, Act.DELIST) == expected


@pytest.mark.parametrize("act", [Act.PASS_REVISIT, Act.FAIL_REVISIT, Act.RELAPSE])
@pytest.mark.parametrize(("days", "fault"), [(1, False), (365, False), (366, True)])
def test_a_revisit_comes_within_the_editions_days(act: Act, days: int, fault: bool) -> None:
    facts = hazard(State.CLOSED, closed_at=NOW - timedelta(days=days))
    found = codes(facts, INSPECTOR, act, {"note": "又发现", "deadline": TODAY + timedelta(days=30)})
    assert found == ({"the_closing_is_recent_enough"} if fault else set())


@pytest.mark.parametrize("act", [Act.FAIL_REVISIT, Act.RELAPSE])
def test_a_reopened_hazard_gets_a_new_deadline(act: Act) -> None:
    assert codes(hazard(State.CLOSED), INSPECTOR, act, {"note": "又发现"}) == {"a_deadline_is_given"}


def test_without_a_closing_day_nothing_is_revisited() -> None:
    assert codes(hazard(State.CLOSED, closed_at=None), INSPECTOR, Act.PASS_REVISIT) == {"the_closing_is_recent_enough"}
