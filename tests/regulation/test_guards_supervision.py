"""The conditions of listing, plans, extensions, transfers, supervision level and production measures."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from app.regulation.facts import Attempt, HazardFacts
from app.regulation.guards_supervision import PLAN_ELEMENTS, PLAN_PARTS
from app.regulation.lifecycle import check
from app.regulation.vocabulary import (
    Act,
    EvidenceKind,
    HazardLevel,
    PostKind,
    ProductionMeasureKind,
    Purpose,
    Relation,
    State,
)
from tests.regulation.builders import (
    DEADLINE,
    EDITION,
    LEAD,
    NOW,
    RECEIVER,
    TODAY,
    Field,
    actor,
    codes,
    determined,
    hazard,
    in_round,
)

OFFICE = actor(PostKind.OFFICE_HEAD)
DEPARTMENT = actor(PostKind.SECTION_HEAD)
COMPANY = actor(PostKind.ENTERPRISE_SAFETY_OFFICER)
LISTING = {"deadline": DEADLINE, "requirements": "停用并修复", "supervision_notice": "东安委办督〔2026〕1号"}
PLAN = dict.fromkeys((*PLAN_ELEMENTS, *PLAN_PARTS, "milestones"), "已写明")
SPOT = {"evidence_kinds": [EvidenceKind.BEFORE, EvidenceKind.AFTER], "evidence_of_one_visit": True}


def listing(facts: HazardFacts | None = None, **changes: Field) -> set[str]:
    return codes(facts or determined(), OFFICE, Act.LIST, {**LISTING, **changes})


def test_a_complete_listing_meets_every_condition() -> None:
    assert listing() == set()


def test_what_is_not_determined_is_not_listed() -> None:
    assert listing(hazard(lead_organisation_id=LEAD)) == {"a_determination_exists"}
    assert codes(hazard(lead_organisation_id=LEAD), OFFICE, Act.LIST_FIXED_ON_THE_SPOT, SPOT) == {
        "a_determination_exists"
    }


def test_somebody_owns_a_listed_hazard() -> None:
    ownerless = determined(lead_organisation_id=None)
    assert listing(ownerless) == {"a_lead_department_is_named"}
    assert listing(ownerless, lead_organisation_id=LEAD) == set()


@pytest.mark.parametrize(
    ("deadline", "fault"),
    [
        (TODAY, False),
        (TODAY - timedelta(days=1), True),
        (TODAY + timedelta(days=365), False),
        (TODAY + timedelta(days=366), True),
        (date(9999, 12, 31), True),
        (NOW, True),
        ("2026-07-20", True),
        (None, True),
    ],
)
def test_a_listing_sets_a_deadline_within_the_editions_days(deadline: object, fault: bool) -> None:
    assert listing(deadline=deadline) == ({"a_deadline_is_given"} if fault else set())


def test_a_listing_says_what_to_do_and_carries_its_notice() -> None:
    assert listing(requirements="") == {"requirements_are_given"}
    assert listing(supervision_notice=None) == {"a_supervision_notice_is_given"}


def test_a_tracked_key_hazard_needs_no_notice() -> None:
    assert listing(determined(level=HazardLevel.KEY), supervision_notice=None) == set()


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({}, False),
        ({"evidence_kinds": [EvidenceKind.BEFORE]}, True),
        ({"evidence_kinds": [EvidenceKind.AFTER]}, True),
        ({"evidence_kinds": None}, True),
        ({"evidence_of_one_visit": False}, True),
    ],
)
def test_fixed_on_the_spot_is_shown_before_and_after(changes: dict[str, Any], fault: bool) -> None:
    found = codes(determined(), OFFICE, Act.LIST_FIXED_ON_THE_SPOT, {**SPOT, **changes})
    assert found == ({"before_and_after_are_shown"} if fault else set())


@pytest.mark.parametrize("part", sorted({*PLAN_ELEMENTS, *PLAN_PARTS, "milestones"}))
def test_every_part_of_a_plan_is_mandatory(part: str) -> None:
    assert codes(hazard(State.LISTED), COMPANY, Act.SUBMIT_PLAN, {"plan": PLAN}) == set()
    incomplete = {**PLAN, part: ""}
    assert codes(hazard(State.LISTED), COMPANY, Act.SUBMIT_PLAN, {"plan": incomplete}) == {"the_plan_is_complete"}


@pytest.mark.parametrize(
    ("status", "submits", "approves", "returns"),
    [
        (None, True, False, False),
        ("submitted", True, True, True),
        ("returned", True, False, False),
        ("approved", False, False, True),
    ],
)
def test_a_plan_is_submitted_decided_and_returned_in_turn(
    status: str | None, submits: bool, approves: bool, returns: bool
) -> None:
    facts = hazard(State.LISTED, plan_status=status)
    assert (codes(facts, COMPANY, Act.SUBMIT_PLAN, {"plan": PLAN}) == set()) is submits
    assert (codes(facts, DEPARTMENT, Act.APPROVE_PLAN) == set()) is approves
    assert (codes(facts, DEPARTMENT, Act.RETURN_PLAN, {"note": "措施不具体"}) == set()) is returns


REQUEST = {"note": "设备到货延迟", "new_deadline": DEADLINE + timedelta(days=10)}


@pytest.mark.parametrize(("deadline", "fault"), [(TODAY, False), (TODAY - timedelta(days=1), True), (None, True)])
def test_an_extension_is_asked_for_before_expiry(deadline: date | None, fault: bool) -> None:
    facts = hazard(State.LISTED, current_deadline=deadline, original_deadline=deadline)
    found = codes(facts, COMPANY, Act.REQUEST_EXTENSION, REQUEST)
    assert ("the_deadline_has_not_passed" in found) is fault


def test_an_edition_may_ask_for_the_request_some_days_ahead() -> None:
    edition = replace(EDITION, extension=replace(EDITION.extension, request_days_before=20))
    messages = []
    for deadline in (TODAY + timedelta(days=20), TODAY + timedelta(days=19)):
        facts = hazard(State.LISTED, current_deadline=deadline, listed_at=NOW - timedelta(days=90))
        wanted = {**REQUEST, "new_deadline": deadline + timedelta(days=1)}
        found = check(facts, COMPANY, frozenset(), Attempt(Act.REQUEST_EXTENSION, wanted), edition, NOW)
        messages.append([one.message for one in found if one.code == "the_deadline_has_not_passed"])
    assert messages == [[], ["延期申请须在到期 20 日前提出"]]


def test_after_expiry_the_refusal_says_so() -> None:
    facts = hazard(State.LISTED, current_deadline=TODAY - timedelta(days=1))
    assert "整改期限已过" in first_message(facts, REQUEST)


@pytest.mark.parametrize(("days", "fault"), [(23, False), (24, True), (0, True), (-1, True)])
def test_an_extension_is_at_most_half_the_original_term(days: int, fault: bool) -> None:
    # Listed on 3 June with a deadline of 20 July: 47 days, half is 23.
    wanted = {**REQUEST, "new_deadline": DEADLINE + timedelta(days=days)}
    found = codes(hazard(State.LISTED), COMPANY, Act.REQUEST_EXTENSION, wanted)
    assert found == ({"the_extension_is_within_its_limits"} if fault else set())


def test_the_whole_term_stays_within_a_year() -> None:
    far = date(2027, 3, 1)
    facts = hazard(State.LISTED, original_deadline=far, current_deadline=far)
    assert "整改总期限" in first_message(facts, {**REQUEST, "new_deadline": date(2027, 6, 4)})
    assert codes(facts, COMPANY, Act.REQUEST_EXTENSION, {**REQUEST, "new_deadline": date(2027, 6, 3)}) == set()


def first_message(facts: HazardFacts, particulars: dict[str, Any]) -> str:
    return check(facts, COMPANY, frozenset(), Attempt(Act.REQUEST_EXTENSION, particulars), EDITION, NOW)[0].message


def test_an_imported_hazards_term_runs_from_its_finding() -> None:
    facts = hazard(State.LISTED, is_legacy=True, found_on=date(2026, 5, 21), original_deadline=None)
    # 60 days from finding to the current deadline, half is 30.
    for days, expected in ((30, set()), (31, {"the_extension_is_within_its_limits"})):
        wanted = {**REQUEST, "new_deadline": DEADLINE + timedelta(days=days)}
        assert codes(facts, COMPANY, Act.REQUEST_EXTENSION, wanted) == expected


def test_an_extension_without_a_date_is_none() -> None:
    found = codes(hazard(State.LISTED), COMPANY, Act.REQUEST_EXTENSION, {"note": "设备到货延迟"})
    assert found == {"the_extension_is_within_its_limits"}


def test_only_one_extension_and_one_request_at_a_time() -> None:
    used = hazard(State.LISTED, extension_granted_count=1)
    assert codes(used, COMPANY, Act.REQUEST_EXTENSION, REQUEST) == {"extensions_are_left"}
    pending = hazard(State.LISTED, extension_pending_id=4)
    assert codes(pending, COMPANY, Act.REQUEST_EXTENSION, REQUEST) == {"no_extension_is_pending"}


def test_a_request_is_decided_once_and_either_way() -> None:
    pending = hazard(State.LISTED, extension_pending_id=4)
    assert codes(pending, OFFICE, Act.DECIDE_EXTENSION, {**REQUEST, "granted": True}) == set()
    assert codes(pending, OFFICE, Act.DECIDE_EXTENSION, {"note": "理由不足", "granted": False}) == set()
    assert codes(pending, OFFICE, Act.DECIDE_EXTENSION, REQUEST) == {"the_decision_is_given"}
    nothing = codes(hazard(State.LISTED), OFFICE, Act.DECIDE_EXTENSION, {**REQUEST, "granted": True})
    assert nothing == {"an_extension_is_pending"}


def test_a_grant_beyond_the_number_is_refused_but_a_refusal_is_not() -> None:
    used = hazard(State.LISTED, extension_pending_id=4, extension_granted_count=1)
    assert codes(used, OFFICE, Act.DECIDE_EXTENSION, {**REQUEST, "granted": True}) == {
        "a_grant_keeps_within_the_number"
    }
    assert codes(used, OFFICE, Act.DECIDE_EXTENSION, {"note": "已延过", "granted": False}) == set()


@pytest.mark.parametrize(("receiver", "fault"), [(RECEIVER, False), (None, True), (LEAD, True)])
def test_a_transfer_never_leaves_a_hazard_without_another_owner(receiver: int | None, fault: bool) -> None:
    wanted = {"note": "职责调整", "to_organisation_id": receiver}
    found = codes(hazard(State.LISTED), DEPARTMENT, Act.TRANSFER, wanted)
    assert found == ({"the_new_owner_is_named"} if fault else set())


def test_a_transfer_is_answered_before_the_next() -> None:
    pending = hazard(State.LISTED, transfer_pending_id=4, transfer_to_organisation_id=RECEIVER)
    again = {"note": "再移交", "to_organisation_id": 31}
    assert codes(pending, DEPARTMENT, Act.TRANSFER, again) == {"no_transfer_is_pending"}
    assert codes(pending, DEPARTMENT, Act.REFUSE_TRANSFER, {"note": "不属本部门"}) == set()
    found = codes(hazard(State.LISTED), DEPARTMENT, Act.REFUSE_TRANSFER, {"note": "不属本部门"})
    assert found == {"a_transfer_awaits_its_answer"}


RAISE = {"note": "情况严重", "supervision_tier": 1, "supervision_notice": "鄂安委办督〔2026〕3号"}
HIGHER_HELD = frozenset({Relation.HIGHER_OFFICE})
OWN_HELD = frozenset({Relation.LISTING_OFFICE})


@pytest.mark.parametrize(
    ("tier", "held", "fault"),
    [
        (1, HIGHER_HELD, False),
        (1, OWN_HELD, True),
        (3, OWN_HELD, False),
        (3, HIGHER_HELD, False),
        (2, HIGHER_HELD, True),
        (None, HIGHER_HELD, True),
    ],
)
def test_raising_supervision_is_the_higher_offices(tier: int | None, held: frozenset[Relation], fault: bool) -> None:
    wanted = {**RAISE, "supervision_tier": tier}
    found = codes(hazard(State.LISTED), OFFICE, Act.CHANGE_SUPERVISION_LEVEL, wanted, held)
    assert found == ({"the_higher_office_decides"} if fault else set())


@pytest.mark.parametrize(
    ("deadline", "fault"),
    [
        (None, False),
        (DEADLINE, False),
        (DEADLINE - timedelta(days=5), False),
        (DEADLINE + timedelta(days=1), True),
        (TODAY, False),
        (TODAY - timedelta(days=1), True),
        ("soon", True),
    ],
)
def test_a_change_of_supervision_never_puts_off_the_deadline(deadline: object, fault: bool) -> None:
    wanted = {**RAISE, "deadline": deadline}
    found = codes(hazard(State.LISTED), OFFICE, Act.CHANGE_SUPERVISION_LEVEL, wanted, HIGHER_HELD)
    assert found == ({"the_deadline_is_not_put_off"} if fault else set())


def test_a_change_of_supervision_brings_a_new_notice() -> None:
    wanted = {**RAISE, "supervision_notice": ""}
    found = codes(hazard(State.LISTED), OFFICE, Act.CHANGE_SUPERVISION_LEVEL, wanted, HIGHER_HELD)
    assert found == {"a_supervision_notice_is_given"}


MEASURE = {"kind": ProductionMeasureKind.FULL_STOP, "document": "1 号决定", "scope": "全矿", "from_on": TODAY}


@pytest.mark.parametrize("state", [State.REPORTED, State.LISTED, State.RECTIFIED])
@pytest.mark.parametrize("missing", [None, "kind", "document", "scope", "from_on"])
def test_a_production_measure_names_kind_document_scope_and_day(state: State, missing: str | None) -> None:
    given = {key: value for key, value in MEASURE.items() if key != missing}
    found = codes(hazard(state), DEPARTMENT, Act.ORDER_PRODUCTION_MEASURE, given)
    assert found == ({"the_measures_document_scope_and_dates_are_given"} if missing else set())


def test_no_production_measure_is_ordered_on_a_closed_hazard() -> None:
    assert codes(hazard(State.CLOSED), DEPARTMENT, Act.ORDER_PRODUCTION_MEASURE, MEASURE) == {"illegal_transition"}


@pytest.mark.parametrize("state", [State.REPORTED, State.LISTED, State.RECTIFIED, State.CLOSED])
@pytest.mark.parametrize("kind", list(ProductionMeasureKind))
def test_a_full_stop_is_lifted_only_once_closed(state: State, kind: ProductionMeasureKind) -> None:
    facts = hazard(state, production_measure_id=2, production_measure_kind=kind)
    stays = kind is ProductionMeasureKind.FULL_STOP and state is not State.CLOSED
    found = codes(facts, DEPARTMENT, Act.LIFT_PRODUCTION_MEASURE, {"document": "2 号决定"})
    assert found == ({"a_full_stop_is_lifted_only_when_closed"} if stays else set())


def test_lifting_needs_a_measure_and_a_document() -> None:
    assert codes(hazard(State.CLOSED), DEPARTMENT, Act.LIFT_PRODUCTION_MEASURE) == {
        "a_measure_is_in_force",
        "the_lifting_document_is_given",
    }


@pytest.mark.parametrize("purpose", [Purpose.WITHDRAWAL, Purpose.CESSATION])
def test_no_second_round_and_no_declaration_while_a_round_is_open(purpose: Purpose) -> None:
    facts = in_round(0, purpose)
    for act in (Act.OPEN_WITHDRAWAL, Act.OPEN_CESSATION, Act.DECLARE):
        assert "no_round_is_open" in codes(facts, OFFICE, act, {"note": "理由"})
