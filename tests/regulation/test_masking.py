"""Personal data, field by field (个人信息保护法 articles 6, 51): the table, and how a value looks when it is masked."""

import pytest

from app.regulation.facts import Actor
from app.regulation.masking import (
    LABELS,
    MASKING,
    PersonalField,
    Shown,
    masked_people,
    presented,
    shown,
    without_numbers,
)
from app.regulation.vocabulary import RoleClass

HAZARD = {
    "channel": "self_report",
    "finders": "王某某、李某(13812345678)",
    "circumstances": "联系人电话13812345678,阀门未关",
    "place": "罐区东侧",
    "enterprise": {"code": "911506021234567890", "name": "示例化工"},
    "changes": {"circumstances": {"old": "13912345678", "new": ["150602199001011234"]}},
}


def actor(role: RoleClass) -> Actor:
    return Actor(role)


def test_a_list_of_people_is_masked_word_by_word_with_its_numbers() -> None:
    assert masked_people("王某某、李某 13812345678") == "王*、李* 138****5678"
    masked = str(masked_people("王某某、李某,安全管理员(13812345678)"))
    assert "某" not in masked
    assert "12345678" not in masked


@pytest.mark.parametrize(
    "kept", ["91150602MA0DEMA01F", "东安办督〔2026〕1号", "2026-11-23", "a" * 64, "150602", "检测值 1234567890"]
)
def test_what_is_no_number_of_a_person_stays(kept: str) -> None:
    assert without_numbers(kept) == kept


@pytest.mark.parametrize("taken", ["13812345678", "150602199001011234", "15060219900101123X"])
def test_mobile_and_identity_numbers_are_taken_out_of_any_text(taken: str) -> None:
    said = without_numbers(f"请联系{taken},勿误。")
    assert taken not in said
    assert "****" in said


def test_officials_see_a_hazard_as_it_was_reported() -> None:
    assert presented(HAZARD, actor(RoleClass.OFFICIAL)) == HAZARD


@pytest.mark.parametrize("role", [RoleClass.AUDITOR, RoleClass.ENTERPRISE])
def test_auditors_and_enterprises_see_people_masked(role: RoleClass) -> None:
    seen = presented(HAZARD, actor(role))
    assert "某" not in seen["finders"]
    assert "13812345678" not in str(seen)
    assert "150602199001011234" not in str(seen)
    assert seen["enterprise"] == HAZARD["enterprise"]
    assert seen["place"] == HAZARD["place"]


def test_the_platform_sees_no_finders_and_no_numbers() -> None:
    seen = presented(HAZARD, actor(RoleClass.PLATFORM))
    assert "finders" not in seen
    assert "13812345678" not in str(seen)


CORRECTED = {
    "note": "改正",
    "changes": {"finders": {"old": "王某某、李某", "new": "赵某某13812345678"}, "unit": {"new": 1}},
}


@pytest.mark.parametrize("role", [RoleClass.AUDITOR, RoleClass.ENTERPRISE])
def test_a_correction_of_the_finders_names_them_no_more_than_the_hazard_does(role: RoleClass) -> None:
    # As a document of its own and as a row of a case file.
    for seen in (presented(CORRECTED, actor(role)), presented({"changes": CORRECTED}, actor(role))["changes"]):
        assert seen["changes"]["finders"] == {"old": "王*、李*", "new": "赵*138****5678"}
        assert seen["changes"]["unit"] == {"new": 1}


def test_a_correction_names_no_finders_to_the_platform_and_all_to_officials() -> None:
    assert presented(CORRECTED, actor(RoleClass.PLATFORM))["changes"] == {"unit": {"new": 1}}
    assert presented(CORRECTED, actor(RoleClass.OFFICIAL)) == CORRECTED


def test_an_enterprise_sees_its_own_report_in_its_own_words_and_nobody_else_does() -> None:
    assert presented(HAZARD, actor(RoleClass.ENTERPRISE), is_own_report=True) == HAZARD
    for role in (RoleClass.AUDITOR, RoleClass.PLATFORM):
        assert presented(HAZARD, actor(role), is_own_report=True) != HAZARD


def test_what_stands_in_no_table_is_absent() -> None:
    assert set(MASKING) == set(LABELS) == set(PersonalField)
    for field in PersonalField:
        for role in (RoleClass.PUBLIC, RoleClass.SIGNIN, RoleClass.REPORT):
            assert shown(field, actor(role)) is Shown.ABSENT
        if field is not PersonalField.NUMBERS_IN_TEXT:
            assert shown(field, actor(RoleClass.PLATFORM)) is Shown.ABSENT
