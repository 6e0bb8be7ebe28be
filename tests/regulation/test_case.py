"""What a guard sees of an attempt, and guards asked outside the rows that use them."""

from dataclasses import replace

import pytest

from app.regulation.guards import GUARDS
from app.regulation.vocabulary import Act, Capacity, HazardLevel, PostKind, State
from tests.regulation.builders import EDITION, TODAY, actor, case, hazard, in_round, signer

ANYBODY = actor(PostKind.INSPECTOR)


def test_a_case_without_a_hazard_has_no_facts_to_ask() -> None:
    with pytest.raises(LookupError, match="report"):
        _ = case(None, ANYBODY, Act.REPORT).hazard


def test_today_is_the_business_date() -> None:
    assert case(None, ANYBODY, Act.REPORT).today == TODAY


@pytest.mark.parametrize("value", [None, "", " \t", [], (), {}])
def test_what_is_missing_or_blank_is_lacking(value: object) -> None:
    assert case(None, ANYBODY, Act.REPORT, note=value).lacks("note")


@pytest.mark.parametrize("value", [0, False, "理由", [0]])
def test_what_is_given_is_not_lacking(value: object) -> None:
    assert not case(None, ANYBODY, Act.REPORT, note=value).lacks("note")


def test_a_level_is_read_from_the_open_round_only() -> None:
    found = case(in_round(0), signer(1), Act.SIGN, level=2).level
    assert found is not None
    assert found.level == 2
    assert case(in_round(0), signer(1), Act.SIGN, level="2").level is None
    assert case(in_round(0), signer(1), Act.SIGN).level is None
    assert case(hazard(State.RECTIFIED), signer(1), Act.SIGN, level=1).level is None


def test_without_a_round_nothing_is_in_order() -> None:
    attempt = case(hazard(State.RECTIFIED), signer(1), Act.SIGN, level=1)
    refusal = GUARDS["the_previous_level_has_signed"](attempt)
    assert refusal is not None
    assert refusal.message == "没有进行中的签字轮次"
    others = ("the_signer_signed_no_other_level", "the_content_is_what_was_read", "paper_is_used_only_where_allowed")
    assert not [name for name in others if GUARDS[name](attempt)]


def test_an_edition_may_spare_key_hazards_the_controllers_signature() -> None:
    guard = GUARDS["the_enterprise_signed_twice"]
    profile = replace(EDITION.key_profile, controller_signature_required=False)
    edition = replace(EDITION, key_profile=profile)
    alone = {"confirmations": {Capacity.PRINCIPAL: 901}}
    for level, spared in ((HazardLevel.KEY, True), (HazardLevel.MAJOR, False)):
        attempt = case(hazard(State.LISTED, level=level), ANYBODY, Act.DECLARE, **alone)
        assert (guard(replace(attempt, edition=edition)) is None) is spared
        assert guard(attempt) is not None


def test_an_edition_may_ask_key_hazards_for_a_notice_and_an_approved_plan() -> None:
    profile = replace(EDITION.key_profile, notice_required=True, plan_approval_required=True)
    edition = replace(EDITION, key_profile=profile)
    for name in ("a_supervision_notice_is_given", "the_plan_is_approved"):
        attempt = case(hazard(State.LISTED, level=HazardLevel.KEY), ANYBODY, Act.DECLARE)
        assert GUARDS[name](attempt) is None
        assert GUARDS[name](replace(attempt, edition=edition)) is not None


def test_an_edition_may_ask_for_more_inspectors_and_never_for_fewer_than_two() -> None:
    guard = GUARDS["enough_inspectors_were_there"]
    for wanted, persons, enough in ((3, [1, 2], False), (3, [1, 2, 3], True), (1, [1], False)):
        edition = replace(EDITION, limits=replace(EDITION.limits, verification_inspectors=wanted))
        attempt = case(hazard(State.RECTIFIED), ANYBODY, Act.PASS_VERIFICATION, inspector_person_ids=persons)
        assert (guard(replace(attempt, edition=edition)) is None) is enough
