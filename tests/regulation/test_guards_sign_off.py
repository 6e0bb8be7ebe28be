"""The conditions of a signature, each broken alone at each of the four levels."""

from dataclasses import replace
from typing import Any

import pytest

from app.regulation.facts import Actor, HazardFacts
from app.regulation.vocabulary import Act, Party, PostKind, Purpose
from tests.regulation.builders import (
    CHAIN,
    ENTERPRISE_ORGANISATION,
    LEAD,
    RECTIFIER,
    Field,
    actor,
    codes,
    in_round,
    level,
    signed_round,
    signer,
    signing,
)

LEVELS = pytest.mark.parametrize("number", [1, 2, 3, 4])


def sign_codes(number: int, facts: HazardFacts, who: Actor, **changes: Field) -> set[str]:
    return codes(facts, who, Act.SIGN, signing(number, **changes))


@LEVELS
def test_a_sound_signature_meets_every_condition(number: int) -> None:
    assert sign_codes(number, in_round(number - 1), signer(number)) == set()


@LEVELS
def test_a_service_account_never_signs(number: int) -> None:
    service = signer(number, is_service=True)
    assert sign_codes(number, in_round(number - 1), service) == {"the_signer_is_a_natural_person"}


@LEVELS
def test_an_account_without_a_person_never_signs(number: int) -> None:
    assert "the_signer_is_a_natural_person" in sign_codes(number, in_round(number - 1), signer(number, person_id=None))


def test_no_level_is_skipped_and_none_signed_twice() -> None:
    for signed in range(5):
        for number in range(1, 5):
            found = sign_codes(number, in_round(signed), signer(number, person_id=200))
            assert ("the_previous_level_has_signed" in found) is (number != signed + 1)


def test_a_level_that_does_not_exist_is_refused() -> None:
    for wanted in (0, 5, None, "1"):
        found = codes(in_round(0), signer(1), Act.SIGN, {**signing(1), "level": wanted})
        assert "the_previous_level_has_signed" in found


@LEVELS
def test_another_post_does_not_sign_the_level(number: int) -> None:
    other = signer(number, post_kind=CHAIN[number % 4])
    assert sign_codes(number, in_round(number - 1), other) == {"the_signer_holds_the_levels_post"}


@LEVELS
def test_the_same_post_elsewhere_does_not_sign_the_level(number: int) -> None:
    other = signer(number, organisation_id=LEAD + 1)
    assert sign_codes(number, in_round(number - 1), other) == {"the_signer_is_in_the_levels_organisation"}


def test_one_person_signs_one_level_even_with_another_post() -> None:
    for number in (2, 3, 4):
        for earlier in range(1, number):
            twice = signer(number, person_id=100 + earlier)
            assert sign_codes(number, in_round(number - 1), twice) == {"the_signer_signed_no_other_level"}


def test_a_valid_signature_counts_even_where_past_signers_are_not_listed() -> None:
    unlisted = in_round(1, round=signed_round(1, past_signer_person_levels={}))
    assert "the_signer_signed_no_other_level" in sign_codes(2, unlisted, signer(2, person_id=101))


@LEVELS
def test_who_withdrew_may_sign_the_same_level_again_and_no_other(number: int) -> None:
    withdrawn = signed_round(number - 1)
    past = {**withdrawn.past_signer_person_levels, 300: number}
    facts = in_round(round=replace(withdrawn, past_signer_person_levels=past))
    assert sign_codes(number, facts, signer(number, person_id=300)) == set()
    if number < 4:
        further = in_round(round=replace(signed_round(number), past_signer_person_levels=past))
        found = sign_codes(number + 1, further, signer(number + 1, person_id=300))
        assert found == {"the_signer_signed_no_other_level"}


@LEVELS
def test_whoever_rectified_signs_no_level_of_the_regulator(number: int) -> None:
    found = sign_codes(number, in_round(number - 1), signer(number, person_id=RECTIFIER))
    assert found == {"the_signer_did_not_rectify"}


def test_the_rectifier_signs_the_enterprises_own_level() -> None:
    own = level(
        1, party=Party.ENTERPRISE, post_kind=PostKind.ENTERPRISE_PRINCIPAL, organisation_id=ENTERPRISE_ORGANISATION
    )
    facts = in_round(round=signed_round(0, levels=(own, level(2), level(3), level(4))))
    principal = actor(PostKind.ENTERPRISE_PRINCIPAL, person_id=RECTIFIER, organisation_id=ENTERPRISE_ORGANISATION)
    assert sign_codes(1, facts, principal) == set()


@LEVELS
def test_another_content_is_not_what_was_read(number: int) -> None:
    other = {"content_sha256": "cd" * 32, "step_up_content_sha256": "cd" * 32}
    assert sign_codes(number, in_round(number - 1), signer(number), **other) == {"the_content_is_what_was_read"}


@LEVELS
@pytest.mark.parametrize(
    "step_up",
    [
        {"step_up_content_sha256": None, "step_up_level": None},
        {"step_up_content_sha256": "cd" * 32},
        {"step_up_level": 9},
    ],
)
def test_the_step_up_is_for_this_content_and_level(number: int, step_up: dict[str, Any]) -> None:
    found = sign_codes(number, in_round(number - 1), signer(number), **step_up)
    assert found == {"the_identity_was_proved_again"}


@LEVELS
def test_paper_is_refused_where_the_edition_does_not_allow_it(number: int) -> None:
    found = sign_codes(number, in_round(number - 1), signer(number), on_paper=True)
    assert found == {"paper_is_used_only_where_allowed"}


def test_paper_is_taken_at_a_level_the_edition_marks_unless_presence_is_required() -> None:
    levels = (level(1, paper_allowed=True), level(2, paper_allowed=True), level(3), level(4))
    facts = in_round(1, round=signed_round(1, levels=(replace(levels[0], signed_by_person_id=101), *levels[1:])))
    assert sign_codes(2, facts, signer(2), on_paper=True) == set()
    first = in_round(round=signed_round(0, levels=levels))
    assert sign_codes(1, first, signer(1), on_paper=True) == {"paper_is_used_only_where_allowed"}


@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_refusal_is_the_holders_of_the_level_due_and_gives_its_reason(purpose: Purpose) -> None:
    facts = in_round(1, purpose)
    refuse = Act.REFUSE_SIGNATURE
    assert codes(facts, signer(2), refuse, {"level": 2, "note": "现场照片不清"}) == set()
    assert codes(facts, signer(2), refuse, {"level": 2, "note": "  "}) == {"a_reason_is_given"}
    assert "the_signer_holds_the_levels_post" in codes(facts, signer(3), refuse, {"level": 2, "note": "不同意"})
    assert "the_previous_level_has_signed" in codes(facts, signer(3), refuse, {"level": 3, "note": "不同意"})


@pytest.mark.parametrize("purpose", list(Purpose))
@LEVELS
def test_only_the_newest_signature_is_withdrawn_and_by_its_signer(purpose: Purpose, number: int) -> None:
    facts = in_round(number, purpose)
    for other in range(1, 5):
        found = codes(facts, signer(other), Act.WITHDRAW_SIGNATURE, {"note": "签错"})
        assert found == (set() if other == number else {"the_newest_signature_is_the_actors"})


def test_where_nothing_is_signed_nothing_is_withdrawn() -> None:
    found = codes(in_round(0), signer(1), Act.WITHDRAW_SIGNATURE, {"note": "签错"})
    assert found == {"the_newest_signature_is_the_actors"}
