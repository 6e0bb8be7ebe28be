"""The rule book as a whole: what is in it, what it refuses, where acts lead."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, product

import pytest

from app.regulation.case import Case, Guard
from app.regulation.facts import Actor, Attempt, HazardFacts
from app.regulation.guards import GUARDS
from app.regulation.lifecycle import (
    LIFECYCLE,
    allowed_acts,
    clock_started,
    may,
    next_state,
    rule_for,
    rule_of,
    rules_of,
)
from app.regulation.permissions import ENTERPRISE, WORDS, Who, is_in_scope, is_one_of
from app.regulation.rule import ContradictoryRulesError, Rule, faults, reachable, refuse_contradictions
from app.regulation.sign_off import next_level
from app.regulation.vocabulary import Act, PostKind, Purpose, Relation, RoleClass, State
from tests.regulation.builders import (
    EDITION,
    LEAD,
    NOW,
    RECTIFIER,
    actor,
    codes,
    determined,
    hazard,
    in_round,
    signer,
    signing,
    unmet,
)

ROUND_ACTS = {Act.SIGN, Act.REFUSE_SIGNATURE, Act.WITHDRAW_SIGNATURE}
SIGNER_HELD = frozenset({Relation.ROUND_PARTY})


def test_the_shipped_rules_do_not_contradict_themselves() -> None:
    assert faults(LIFECYCLE, GUARDS) == []


def test_every_rule_names_its_article_and_who() -> None:
    assert all(rule.article and rule.who for rule in LIFECYCLE)


def test_every_state_can_be_reached() -> None:
    assert reachable(LIFECYCLE) == frozenset(State)


def test_every_guard_is_asked_by_some_rule_and_says_article_remedy_and_sentence() -> None:
    asked = {condition.name for rule in LIFECYCLE for condition in rule.conditions}
    assert asked == set(GUARDS)
    assert all(one.article and one.remedy and one.sentence.endswith((".", ").")) for one in GUARDS.values())


def test_nobody_closes_but_by_the_last_signature_or_an_attested_import() -> None:
    into_closed = {rule.act for rule in LIFECYCLE if State.CLOSED in rule.to_states and rule.from_state != State.CLOSED}
    assert into_closed == {Act.SIGN, Act.IMPORT_CLOSED}


def test_an_enterprise_never_ends_a_hazard() -> None:
    ends = {State.CLOSED, State.DISMISSED}
    assert not [rule.id for rule in LIFECYCLE if ENTERPRISE in rule.who and ends & set(rule.to_states)]


def test_a_dismissed_hazard_has_no_rule() -> None:
    assert not [rule for rule in LIFECYCLE if rule.from_state is State.DISMISSED]


def test_an_act_outside_the_table_is_refused_as_an_illegal_transition() -> None:
    for state, act in product(State, Act):
        facts = hazard(state)
        found = unmet(facts, actor(PostKind.INSPECTOR), act)
        refused = [one.code for one in found] == ["illegal_transition"]
        assert refused is (rule_of(facts, act) is None), (state, act)
        assert all(one.message and one.article and one.rule for one in found), (state, act)


def test_only_reporting_and_importing_bring_a_hazard_into_the_registry() -> None:
    entries = {act for act in Act if codes(None, actor(PostKind.INSPECTOR), act) != {"illegal_transition"}}
    assert entries == {Act.REPORT, Act.IMPORT_OPEN, Act.IMPORT_CLOSED}


HISTORIES = [
    *(hazard(state) for state in State),
    determined(),
    hazard(State.LISTED, plan_status="submitted", plan_id=5),
    hazard(State.LISTED, extension_pending_id=3, transfer_pending_id=4, production_measure_id=5),
    hazard(State.CLOSED, production_measure_id=5, delisted_at=NOW),
    *(in_round(signed, purpose) for purpose in Purpose for signed in range(5)),
]


@pytest.mark.parametrize("facts", HISTORIES, ids=lambda facts: f"{facts.state}")
def test_what_is_allowed_is_what_every_row_says_asked_one_by_one(facts: HazardFacts) -> None:
    relations = [frozenset(held) for size in (0, 1, 2) for held in combinations(Relation, size)]
    services = [Actor(role, is_service=True, scopes=frozenset({"act:submit_plan"})) for role in RoleClass]
    somebody = [actor(post, person_id=102, organisation_id=LEAD) for post in PostKind] + services
    for who, held in product(somebody, relations):
        assert allowed_acts(facts, who, held, EDITION, NOW) == tuple(_allowed_by_the_table(facts, who, held)), who


def _allowed_by_the_table(facts: HazardFacts, who: Actor, held: frozenset[Relation]) -> Iterator[Act]:
    due = next_level(facts.round) if facts.round else None
    for act in Act:
        case = Case(facts, who, held, Attempt(act, {"level": due.level} if due else {}), EDITION, NOW)
        rows = [row for row in LIFECYCLE if (row.from_state, row.act) == (facts.state, act)]
        rows = [row for row in rows if row.purpose in (None, facts.round.purpose if facts.round else None)]
        permitted = [row for row in rows if is_one_of(row.who, who, held) and is_in_scope(who, f"act:{act}")]
        if any(not [one for one in row.conditions if not one.asks_particulars and one(case)] for row in permitted):
            yield act


@pytest.mark.parametrize("act", sorted(ROUND_ACTS))
@pytest.mark.parametrize("state", [State.LISTED, State.RECTIFIED])
def test_an_act_on_a_round_says_that_none_is_open(state: State, act: Act) -> None:
    (refusal,) = unmet(hazard(state), signer(1), act)
    assert refusal.code == "illegal_transition"
    assert "没有进行中的签字轮次" in refusal.message


def test_the_rows_of_a_round_depend_on_its_purpose() -> None:
    assert rule_for(State.LISTED, Act.SIGN) is None
    ends = {
        purpose: rule.to_states
        for purpose in Purpose
        if (rule := rule_for(State.LISTED, Act.SIGN, purpose)) is not None
    }
    assert ends == {
        Purpose.WITHDRAWAL: (State.LISTED, State.DISMISSED),
        Purpose.CESSATION: (State.LISTED, State.CLOSED),
    }


@pytest.mark.parametrize(
    ("purpose", "stays", "ends"),
    [
        (Purpose.CLOSING, State.RECTIFIED, State.CLOSED),
        (Purpose.WITHDRAWAL, State.LISTED, State.DISMISSED),
        (Purpose.CESSATION, State.LISTED, State.CLOSED),
    ],
)
@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_only_the_last_signature_ends_a_round(purpose: Purpose, stays: State, ends: State, number: int) -> None:
    facts = in_round(number - 1, purpose)
    assert codes(facts, signer(number), Act.SIGN, signing(number)) == set()
    rule = rule_of(facts, Act.SIGN)
    assert rule is not None
    assert next_state(rule, facts, Attempt(Act.SIGN, signing(number))) is (ends if number == 4 else stays)


@pytest.mark.parametrize(
    ("number", "expected"), [(1, State.RECTIFIED), (2, State.RECTIFIED), (3, State.LISTED), (4, State.LISTED)]
)
def test_a_refusal_returns_where_the_level_says(number: int, expected: State) -> None:
    facts = in_round(number - 1)
    rule = rule_of(facts, Act.REFUSE_SIGNATURE)
    assert rule is not None
    assert next_state(rule, facts, Attempt(Act.REFUSE_SIGNATURE, {"level": number})) is expected


@pytest.mark.parametrize("purpose", [Purpose.WITHDRAWAL, Purpose.CESSATION])
def test_a_refused_withdrawal_or_cessation_stays_listed(purpose: Purpose) -> None:
    facts = in_round(0, purpose)
    rule = rule_of(facts, Act.REFUSE_SIGNATURE)
    assert rule is not None
    assert next_state(rule, facts, Attempt(Act.REFUSE_SIGNATURE, {"level": 1})) is State.LISTED


def test_where_an_act_on_a_round_leads_needs_the_round_and_an_existing_level() -> None:
    rule = rule_of(in_round(0), Act.SIGN)
    assert rule is not None
    with pytest.raises(LookupError):
        next_state(rule, hazard(State.RECTIFIED), Attempt(Act.SIGN, {"level": 1}))
    with pytest.raises(LookupError):
        next_state(rule, in_round(0), Attempt(Act.SIGN, {"level": 5}))
    with pytest.raises(LookupError):
        next_state(rule, None, Attempt(Act.SIGN, {"level": 1}))


def test_rules_with_one_end_lead_there() -> None:
    for rule in LIFECYCLE:
        if rule.to_state is not None:
            assert next_state(rule, None, Attempt(rule.act)) is rule.to_state


def test_permission_and_state_are_judged_apart() -> None:
    enterprise = actor(PostKind.ENTERPRISE_SAFETY_OFFICER)
    responsible = frozenset({Relation.RESPONSIBLE})
    assert may(hazard(State.CLOSED), Act.SUBMIT_PLAN, enterprise, responsible)
    assert codes(hazard(State.CLOSED), enterprise, Act.SUBMIT_PLAN) == {"illegal_transition"}
    assert not may(hazard(State.LISTED), Act.SUBMIT_PLAN, enterprise, frozenset({Relation.ANY}))
    assert not may(hazard(State.REPORTED), Act.LIST, enterprise, responsible)
    assert may(None, Act.REPORT, enterprise, responsible)


def test_allowed_acts_are_those_whose_standing_conditions_hold() -> None:
    office = actor(PostKind.OFFICE_CLERK)
    territorial = frozenset({Relation.TERRITORIAL})
    assert Act.LIST not in allowed_acts(hazard(), office, territorial, EDITION, NOW)
    assert Act.LIST in allowed_acts(determined(), office, territorial, EDITION, NOW)
    assert allowed_acts(hazard(State.DISMISSED), office, territorial, EDITION, NOW) == ()


@pytest.mark.parametrize("signed", [0, 1, 2, 3])
@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_signing_is_allowed_to_the_level_that_is_due_and_no_other(signed: int, number: int) -> None:
    acts = allowed_acts(in_round(signed), signer(number), SIGNER_HELD, EDITION, NOW)
    assert (Act.SIGN in acts) is (number == signed + 1)
    assert (Act.WITHDRAW_SIGNATURE in acts) is (number == signed)


def test_a_fully_signed_round_asks_nobody_to_sign() -> None:
    acts = allowed_acts(in_round(4), signer(4), SIGNER_HELD, EDITION, NOW)
    assert Act.SIGN not in acts


def test_every_unmet_condition_is_told_at_once() -> None:
    found = codes(
        in_round(1), actor(PostKind.OFFICE_HEAD, person_id=RECTIFIER, organisation_id=99), Act.SIGN, {"level": 3}
    )
    assert found == {
        "the_previous_level_has_signed",
        "the_signer_holds_the_levels_post",
        "the_signer_is_in_the_levels_organisation",
        "the_signer_did_not_rectify",
        "the_content_is_what_was_read",
        "the_identity_was_proved_again",
    }


def test_each_refusal_carries_rule_article_and_remedy() -> None:
    found = unmet(in_round(0), signer(2), Act.SIGN, signing(2))
    assert [one.code for one in found] == ["the_previous_level_has_signed"]
    assert found[0].rule == "L-22"
    assert found[0].article
    assert found[0].remedy
    assert found[0].field == "level"


def rule(**changes: object) -> Rule:
    return replace(LIFECYCLE[0], **changes)  # type: ignore[arg-type]  # planted faults of any kind


UNKNOWN_GUARD = Guard("it_rains", "It rains.", lambda _: None, "–", "–", None, asks_particulars=False)
IDLE = Who("idle", "闲人", frozenset({PostKind.AUDITOR}), frozenset({Relation.ANY}))
POSTLESS = replace(ENTERPRISE, post_kinds=frozenset())


@pytest.mark.parametrize(
    ("rules", "words", "told"),
    [
        ((*LIFECYCLE, LIFECYCLE[0]), WORDS, "编号重复:L-01"),
        ((*LIFECYCLE, rule(id="L-99")), WORDS, "状态与行为重复:None/report/None"),
        ((*LIFECYCLE[1:], rule(guards=(UNKNOWN_GUARD,))), WORDS, "未登记的条件 it_rains"),
        ((*LIFECYCLE[1:], rule(starts_clock="lunch")), WORDS, "未知时限 lunch"),
        ((*LIFECYCLE[1:], rule(article="")), WORDS, "没有办理主体、依据或者去向"),
        ((*LIFECYCLE[1:], rule(who=())), WORDS, "没有办理主体、依据或者去向"),
        (LIFECYCLE, (*WORDS, IDLE), "闲人"),
        (LIFECYCLE, (*WORDS[1:], POSTLESS), "责任单位"),
        (tuple(one for one in LIFECYCLE if one.from_state is not State.CLOSED), WORDS, "状态 closed 没有出口"),
        (tuple(one for one in LIFECYCLE if State.DISMISSED not in one.to_states), WORDS, "状态 dismissed 无法到达"),
        (LIFECYCLE[1:], WORDS, "行为 report 没有规则"),
    ],
)
def test_a_contradictory_rule_book_is_refused(rules: tuple[Rule, ...], words: tuple[Who, ...], told: str) -> None:
    assert any(told in fault for fault in faults(rules, GUARDS, words))


def test_importing_a_contradictory_rule_book_fails_with_every_fault() -> None:
    with pytest.raises(ContradictoryRulesError, match="编号重复:L-01") as told:
        refuse_contradictions((*LIFECYCLE, LIFECYCLE[0]), GUARDS)
    assert "状态与行为重复" in str(told.value)


def test_each_act_starts_the_clock_of_whoever_is_next() -> None:
    by_id = {one.id: one for one in LIFECYCLE}
    started = {
        ("L-01", State.REPORTED): "determine",
        ("L-03", State.REPORTED): "list",
        ("L-04", State.DISMISSED): None,
        ("L-05", State.LISTED): None,
        ("L-18", State.RECTIFIED): "verify",
        ("L-20", State.RECTIFIED): "sign",
        ("L-22", State.RECTIFIED): "sign",
        ("L-22", State.CLOSED): "delist",
        ("L-23", State.RECTIFIED): "verify",
        ("L-23", State.LISTED): None,
        ("L-27", State.DISMISSED): None,
        ("L-28", State.CLOSED): "delist",
        ("L-34", State.CLOSED): "revisit",
        ("L-35", State.CLOSED): None,
    }
    assert {cell: clock_started(by_id[cell[0]], cell[1]) for cell in started} == started


def test_every_act_has_a_rule() -> None:
    assert all(rules_of(act) for act in Act)


def test_a_service_account_may_act_for_its_enterprise_but_is_no_signer() -> None:
    service = actor(PostKind.PRINCIPAL_HEAD, is_service=True, role_class=RoleClass.ENTERPRISE, organisation_id=LEAD)
    assert may(hazard(State.LISTED), Act.REPORT_PROGRESS, service, frozenset({Relation.RESPONSIBLE}))
    assert not may(in_round(0), Act.SIGN, service, SIGNER_HELD)
