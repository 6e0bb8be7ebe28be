"""The conditions of reporting, determining, correcting and of the paper past."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from app.regulation.facts import Actor
from app.regulation.vocabulary import Act, Channel, DismissReason, HazardLevel, PostKind, RoleClass, State
from tests.regulation.builders import NOW, TODAY, Field, actor, codes, determined, hazard, unmet

OFFICER = actor(PostKind.ENTERPRISE_SAFETY_OFFICER)
INSPECTOR = actor(PostKind.INSPECTOR)
OFFICE = actor(PostKind.OFFICE_CLERK)
REPORT: dict[str, Any] = {
    "finders": "检查组甲、检查组乙",
    "found_on": date(2026, 6, 8),
    "location": "3 号采场",
    "circumstances": "边坡监测系统停用",
    "reported_to": "属地及应急管理局",
    "monitoring_measures": "现场设警戒,专人值守",
    "channel": Channel.SELF_REPORT,
    "site_id": 3,
    "territorial_unit_id": 602,
    "regulator_organisation_id": 10,
}


def report(who: Actor = OFFICER, /, **changes: Field) -> set[str]:
    return codes(None, who, Act.REPORT, {**REPORT, **changes})


def test_a_complete_report_meets_every_condition() -> None:
    assert report() == set()


@pytest.mark.parametrize(
    "field", ["finders", "found_on", "location", "circumstances", "reported_to", "monitoring_measures"]
)
def test_each_of_the_six_ledger_fields_is_mandatory(field: str) -> None:
    assert "the_six_ledger_fields_are_given" in report(OFFICER, **{field: None})
    (refusal,) = [one for one in unmet(None, OFFICER, Act.REPORT, {**REPORT, field: " "}) if "台账" in one.message]
    assert field in refusal.message


@pytest.mark.parametrize("field", ["territorial_unit_id", "regulator_organisation_id"])
def test_both_receivers_are_mandatory(field: str) -> None:
    assert report(OFFICER, **{field: None}) == {"both_receivers_are_named"}


def test_a_report_names_its_site() -> None:
    assert report(site_id=None) == {"the_site_is_given"}


@pytest.mark.parametrize(("found_on", "fault"), [(TODAY, False), (TODAY + timedelta(days=1), True), ("昨天", True)])
def test_nothing_is_found_in_the_future(found_on: object, fault: bool) -> None:
    assert ("the_finding_is_not_in_the_future" in report(found_on=found_on)) is fault


@pytest.mark.parametrize(
    ("who", "channels"),
    [
        (OFFICER, {Channel.SELF_REPORT}),
        (actor(PostKind.TIP_OFFICER), {Channel.TIP}),
        (INSPECTOR, {Channel.INSPECTION, Channel.ASSIGNED, Channel.REFERRED, Channel.ACCIDENT_INVESTIGATION}),
        (actor(PostKind.INSPECTOR, role_class=RoleClass.ENTERPRISE, is_service=True), {Channel.SELF_REPORT}),
    ],
)
def test_the_channel_follows_from_who_reports(who: Actor, channels: set[Channel]) -> None:
    accepted = {one for one in Channel if "the_channel_is_the_reporters" not in report(who, channel=one)}
    assert accepted == channels
    assert "the_channel_is_the_reporters" in report(who, channel="rumour")


def test_only_a_verified_tip_is_reported() -> None:
    officer = actor(PostKind.TIP_OFFICER)
    assert report(officer, channel=Channel.TIP) == {"a_tip_is_verified_first"}
    assert report(officer, channel=Channel.TIP, tip_verified=True) == set()


@pytest.mark.parametrize(
    ("occurred_at", "fault"),
    [
        (None, False),
        (NOW, False),
        (NOW + timedelta(microseconds=1), True),
        (NOW - timedelta(days=7), False),
        (NOW - timedelta(days=7, microseconds=1), True),
        (datetime(2026, 6, 9), True),  # noqa: DTZ001  # naive on purpose
        ("2026-06-09", True),
    ],
)
def test_what_is_entered_later_lies_within_the_editions_days(occurred_at: object, fault: bool) -> None:
    assert ("the_back_entry_is_within_the_window" in report(occurred_at=occurred_at)) is fault


@pytest.mark.parametrize(("days", "fault"), [(3, False), (4, True)])
def test_nothing_is_entered_before_the_hazards_previous_act(days: int, fault: bool) -> None:
    found = codes(hazard(State.LISTED), OFFICER, Act.REPORT_PROGRESS, {"occurred_at": NOW - timedelta(days=days)})
    assert found == ({"the_back_entry_is_within_the_window"} if fault else set())


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"account_id": 71, "organisation_id": 99}, False),
        ({"account_id": 72, "organisation_id": 40}, False),
        ({"account_id": 72, "organisation_id": 99}, True),
        ({"account_id": None, "organisation_id": None}, True),
    ],
)
def test_only_who_reported_amends(changes: dict[str, Any], fault: bool) -> None:
    found = codes(hazard(), actor(PostKind.ENTERPRISE_SAFETY_OFFICER, **changes), Act.AMEND)
    assert found == ({"the_amender_reported_it"} if fault else set())


def test_an_unknown_reporter_is_nobodys_own() -> None:
    unknown = hazard(reporter_account_id=None, reporter_organisation_id=None)
    nobody = actor(PostKind.INSPECTOR, account_id=None, organisation_id=None)
    assert codes(unknown, nobody, Act.AMEND) == {"the_amender_reported_it"}


def test_nothing_is_amended_after_the_determination() -> None:
    own = actor(PostKind.ENTERPRISE_SAFETY_OFFICER, account_id=71)
    assert codes(determined(), own, Act.AMEND) == {"the_hazard_is_not_determined_yet"}


@pytest.mark.parametrize(
    ("particulars", "fault"),
    [
        ({"criterion_ids": [4], "criteria_in_force": True}, False),
        ({"criterion_ids": [4], "criteria_in_force": False}, True),
        ({"criterion_ids": []}, True),
        ({}, True),
        ({"comprehensive_reason": "多项一般隐患叠加,可能导致群死群伤"}, False),
        ({"comprehensive_reason": " "}, True),
    ],
)
def test_a_determination_cites_a_clause_in_force_or_gives_reasons(particulars: dict[str, Any], fault: bool) -> None:
    expected = {"a_clause_in_force_or_a_comprehensive_judgement_is_given"} if fault else set()
    assert codes(hazard(), INSPECTOR, Act.DETERMINE, particulars) == expected


def test_a_hazard_is_determined_once() -> None:
    again = {"criterion_ids": [4], "criteria_in_force": True}
    assert codes(determined(), INSPECTOR, Act.DETERMINE, again) == {"the_hazard_is_not_determined_yet"}


@pytest.mark.parametrize(
    ("particulars", "expected"),
    [
        ({"reason": DismissReason.UNSUBSTANTIATED}, set()),
        ({"reason": DismissReason.NOT_MAJOR}, set()),
        ({"reason": DismissReason.NOT_MAJOR, "to_key": True}, set()),
        ({"reason": DismissReason.UNSUBSTANTIATED, "to_key": True}, {"the_dismissal_has_a_lawful_reason"}),
        ({"reason": DismissReason.DUPLICATE, "duplicate_of": 2}, set()),
        ({"reason": DismissReason.DUPLICATE, "duplicate_of": 1}, {"the_dismissal_has_a_lawful_reason"}),
        ({"reason": DismissReason.DUPLICATE}, {"the_dismissal_has_a_lawful_reason"}),
        ({"reason": DismissReason.REGRADED}, {"the_dismissal_has_a_lawful_reason"}),
        ({"reason": "tired"}, {"the_dismissal_has_a_lawful_reason"}),
        ({}, {"the_dismissal_has_a_lawful_reason"}),
    ],
)
def test_a_report_is_dismissed_for_a_lawful_reason_only(particulars: dict[str, Any], expected: set[str]) -> None:
    assert codes(hazard(), INSPECTOR, Act.DISMISS, {"note": "核实不符", **particulars}) == expected
    assert codes(hazard(), INSPECTOR, Act.DISMISS, particulars) == expected | {"a_reason_is_given"}


def test_a_key_hazard_does_not_become_a_key_hazard_once_more() -> None:
    again = {"note": "核实不符", "reason": DismissReason.NOT_MAJOR, "to_key": True}
    found = codes(hazard(level=HazardLevel.KEY), INSPECTOR, Act.DISMISS, again)
    assert found == {"the_dismissal_has_a_lawful_reason"}


CORRECTION = {"note": "笔误", "changes": {"sector": ("fire", "coal_mine")}, "proposed_by_person_id": 1}


@pytest.mark.parametrize("state", [State.REPORTED, State.LISTED, State.RECTIFIED, State.CLOSED])
def test_a_second_person_confirms_a_correction_in_every_state_but_dismissed(state: State) -> None:
    assert codes(hazard(state), OFFICE, Act.CORRECT, {**CORRECTION, "confirmed_by_person_id": 2}) == set()
    for second in (1, None):
        found = codes(hazard(state), OFFICE, Act.CORRECT, {**CORRECTION, "confirmed_by_person_id": second})
        assert found == {"a_second_person_confirmed"}


@pytest.mark.parametrize("field", ["original_deadline", "signatures", "closed_at", "channel", "ledger_number"])
def test_a_correction_leaves_the_untouchable_alone(field: str) -> None:
    touched = {**CORRECTION, "confirmed_by_person_id": 2, "changes": {field: ("旧", "新")}}
    assert codes(hazard(State.LISTED), OFFICE, Act.CORRECT, touched) == {"the_correction_leaves_the_untouchable"}


def test_a_correction_corrects_something() -> None:
    empty = {**CORRECTION, "confirmed_by_person_id": 2, "changes": {}}
    assert codes(hazard(State.LISTED), OFFICE, Act.CORRECT, empty) == {"the_correction_leaves_the_untouchable"}


PAST: dict[str, Any] = {
    "go_live_on": date(2026, 6, 1),
    "found_on": date(2024, 5, 1),
    "closed_on": date(2024, 6, 1),
    "attestor_person_ids": [1, 2],
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, set()),
        ({"found_on": None}, {"the_day_of_finding_is_known"}),
        ({"closed_on": None}, {"it_was_closed_before_go_live"}),
        ({"closed_on": date(2026, 6, 1)}, {"it_was_closed_before_go_live"}),
        ({"closed_on": date(2026, 5, 31)}, set()),
        ({"closed_on": date(2024, 4, 30)}, {"it_was_closed_before_go_live"}),
        ({"attestor_person_ids": [1, 1]}, {"two_persons_attested"}),
        ({"attestor_person_ids": [1, None]}, {"two_persons_attested"}),
        ({"attestor_person_ids": None}, {"two_persons_attested"}),
        ({"go_live_on": date(2026, 3, 12)}, set()),
        ({"go_live_on": date(2026, 3, 11)}, {"the_paper_past_is_still_open"}),
        ({"go_live_on": None}, {"the_paper_past_is_still_open", "it_was_closed_before_go_live"}),
    ],
)
def test_a_closing_on_paper_is_taken_in_attested_dated_and_in_time(changes: dict[str, Any], expected: set[str]) -> None:
    assert codes(None, OFFICE, Act.IMPORT_CLOSED, {**PAST, **changes}) == expected


def test_an_open_row_needs_its_day_of_finding() -> None:
    assert codes(None, OFFICE, Act.IMPORT_OPEN, PAST) == set()
    assert codes(None, OFFICE, Act.IMPORT_OPEN, {**PAST, "found_on": None}) == {"the_day_of_finding_is_known"}
