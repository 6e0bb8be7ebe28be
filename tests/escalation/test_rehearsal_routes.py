"""A rehearsal over the API: what the night would do within one's own territory, and nothing of it done."""

import json
from datetime import date
from typing import Any

import pytest

from tests.support import walk
from tests.support.ladder_desk import AUDITOR, CITY_CLERK, CITY_HEAD, CLERK, HEAD, SHIPPED, Desk

UNTOUCHED = ("episode", "raised_rung", "reminder", "letter", "letter_item", "escalation_run", "dispatch_hold")


def counted(desk: Desk) -> dict[str, int]:
    return {table: desk.ask(f"SELECT count(*) FROM {table}")[0][0] for table in UNTOUCHED}


@pytest.fixture
def overdue(desk: Desk) -> str:
    """A hazard two days over its deadline, before its first night."""
    hazard = walk.listed(desk.registry, deadline="2026-11-23")
    desk.wait(2)
    return hazard


def test_a_rehearsal_shows_each_rung_with_its_addressee_and_draft_and_does_nothing(desk: Desk, overdue: str) -> None:
    before = counted(desk)
    made = desk.rehearsed()
    assert counted(desk) == before
    result = made["result"]
    (raised,) = result["raises"]
    assert raised["hazard"] == overdue
    assert (raised["word"], raised["days"], raised["kind"]) == ("notice_letter", 2, "term")
    assert (raised["enterprise"], raised["addressee"]) == ("东胜区示例化工有限公司", "东胜区应急管理局")
    (letter,) = [one for one in result["letters"] if one["draft"] == raised["draft"]]
    assert (letter["kind"], letter["issuer"], letter["signatory"]) == ("notice_letter", "东胜区安委办", "安委办负责人")
    assert letter["title"].startswith("关于")
    assert (result["would_be_held"], result["max_letters_per_night"]) == (False, 20)
    ran = desk.night()
    assert ran.counts["rungs_raised"] == result["counts"]["raises"]
    assert ran.counts["letters_drafted"] == result["counts"]["letters"]


@pytest.mark.usefixtures("overdue")
def test_an_office_rehearses_its_own_territory_alone(desk: Desk) -> None:
    assert desk.rehearsed(by=HEAD)["result"]["counts"]["raises"] == 1
    elsewhere = desk.rehearsed(by="jungar-clerk")["result"]
    assert elsewhere["counts"]["raises"] == 0
    assert "东胜" not in json.dumps(elsewhere, ensure_ascii=False)


@pytest.mark.usefixtures("overdue")
def test_a_rehearsal_says_when_the_night_would_be_held(desk: Desk) -> None:
    stricter = SHIPPED.replace("max_letters_per_night = { value = 20", "max_letters_per_night = { value = 1")
    walk.reported(desk.registry)
    desk.wait(14)
    made = desk.rehearsed(edition_toml=stricter)
    assert made["result"]["counts"]["letters"] > 1
    assert made["result"]["would_be_held"]
    assert not made["is_of_loaded_edition"]


def test_a_faulty_edition_is_told_with_every_fault(desk: Desk) -> None:
    faulty = SHIPPED.replace("deemed_service_days = { value = 3", "deemed_service_days = { value = -3")
    faulty = faulty.replace("signatory_silence_days = { value = 3", "signatory_silence_days = { value = 0.5")
    refused = desk.registry.attempt("/escalation-rehearsals", {"edition_toml": faulty}, by=CITY_HEAD)
    assert (refused.status, refused.code) == (422, "edition_invalid")
    assert len(refused.body["errors"]) >= 2
    assert any("deemed_service_days" in str(one) for one in refused.body["errors"])


@pytest.mark.parametrize("text", ["", "nonsense", "a = [" * 3000, "\x00", "x" * 1_000_001])
def test_a_text_that_is_no_edition_is_refused(desk: Desk, text: str) -> None:
    refused = desk.registry.attempt("/escalation-rehearsals", {"edition_toml": text}, by=CITY_HEAD)
    assert refused.status in (413, 422)


def test_nobody_rehearses_a_night_long_past(desk: Desk) -> None:
    refused = desk.registry.attempt("/escalation-rehearsals", {"business_date": "2026-11-20"}, by=CITY_HEAD)
    assert (refused.status, refused.code) == (422, "date_out_of_range")


def test_a_year_without_holidays_cannot_be_rehearsed_as_its_night_would_stop(desk: Desk) -> None:
    refused = desk.registry.attempt("/escalation-rehearsals", {"business_date": "2031-01-05"}, by=CITY_HEAD)
    assert (refused.status, refused.code) == (503, "calendar_year_missing")


def test_ones_own_rehearsals_are_listed_newest_first_and_nobody_elses(desk: Desk) -> None:
    made = [desk.rehearsed(by=CLERK)["id"] for _ in range(3)]
    shown: list[dict[str, Any]] = []
    query = "?limit=2"
    while query:
        page = desk.registry.get(f"/escalation-rehearsals{query}", by=CLERK).body
        shown += page["items"]
        query = f"?limit=2&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    assert [one["id"] for one in shown] == made[::-1]
    assert shown[0]["counts"] == {"ends": 0, "opens": 0, "raises": 0, "reminds": 0, "letters": 0}
    one = desk.registry.get(f"/escalation-rehearsals/{made[0]}", by=CLERK).body
    assert date.fromisoformat(one["result"]["business_date"]) == walk.TODAY
    for other in (HEAD, CITY_CLERK):
        assert desk.registry.get(f"/escalation-rehearsals/{made[0]}", by=other).status == 404
    assert desk.registry.get(f"/escalation-rehearsals/{made[0]}", by=AUDITOR).status == 200


@pytest.mark.parametrize("by", ["dongsheng-head", "chemical-principal", "system-admin", AUDITOR])
def test_nobody_but_an_office_rehearses(desk: Desk, by: str) -> None:
    assert desk.registry.attempt("/escalation-rehearsals", {}, by=by).status == 403
