"""An episode as its people read it: why it counts, its days, its rungs with their letters, and what comes next."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.support import walk
from tests.support.ladder_desk import AUDITOR, CITY_CLERK, CLERK, HEAD, Desk

FIRM, OTHER_FIRM, DEPARTMENT = "chemical-safety-officer", "coal-safety-officer", "dongsheng-head"
DEADLINE = date(2026, 11, 23)


@pytest.fixture
def raised(desk: Desk) -> str:
    """A hazard two days over its deadline, after the night that raised its 函告."""
    hazard = walk.listed(desk.registry, deadline=DEADLINE.isoformat())
    desk.wait(2)
    desk.night()
    return hazard


def listed(desk: Desk, query: str = "", *, by: str = HEAD) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = desk.registry.get(f"/escalations{query}", by=by).body["items"]
    return found


def episode(desk: Desk, hazard: str, *, by: str = HEAD) -> dict[str, Any]:
    (found,) = listed(desk, f"?hazard={hazard}&kind=term", by=by)
    told: dict[str, Any] = desk.registry.get(f"/escalations/{found['id']}", by=by).body
    return told


def issue_and_serve(desk: Desk) -> dict[str, Any]:
    """The office's waiting 函告, issued and acknowledged the same day."""
    registry = desk.registry
    (draft,) = registry.get("/letters?kind=notice_letter&status=draft", by=HEAD).body["items"]
    issued: dict[str, Any] = registry.post(f"/letters/{draft['id']}/issuing", None, by=HEAD, version=draft["version"])
    registry.post(f"/letters/{draft['id']}/acknowledgement", None, by=DEPARTMENT)
    return issued


def test_an_episode_says_why_it_counts_and_how_many_days(desk: Desk, raised: str) -> None:
    told = episode(desk, raised)
    assert (told["kind"], told["cause"], told["is_open"]) == ("term", "overdue", True)
    assert told["counts_from"] == DEADLINE.isoformat()
    assert told["days"] == 2
    assert any("整改期限 2026-11-23 已过" in line for line in told["why"])
    assert told["hazard"]["id"] == raised
    assert told["enterprise"]["name"] == "东胜区示例化工有限公司"
    assert told["unit"]["code"] == "150602"
    assert told["highest_rung"] == "notice_letter"


def test_a_rung_shows_its_letter_and_the_next_waits_for_its_service(desk: Desk, raised: str) -> None:
    (rung,) = episode(desk, raised)["rungs"]
    assert (rung["rung"], rung["days"], rung["reason"]) == ("notice_letter", 2, "threshold")
    assert (rung["letter"]["status"], rung["letter"]["number"]) == ("draft", None)
    waiting = episode(desk, raised)["next"]
    assert (waiting["rung"], waiting["first_on"]) == ("circular", None)
    assert waiting["explanation"] == ["上一档“函告”的公文尚未送达"]
    issued = issue_and_serve(desk)
    (rung,) = episode(desk, raised)["rungs"]
    assert rung["letter"]["number"] == issued["number"]
    assert rung["letter"]["served_on"] == "2026-11-25"


def test_the_first_day_of_the_next_rung_is_the_one_the_nights_keep(desk: Desk, raised: str) -> None:
    """函告 answered in time: 通报 comes on the fifteenth day, and no night before."""
    letter = issue_and_serve(desk)
    desk.registry.post(f"/letters/{letter['id']}/replies", {"text": "已督促"}, by=DEPARTMENT)
    promised = episode(desk, raised)["next"]
    first = DEADLINE + timedelta(days=15)
    assert (promised["rung"], promised["first_on"]) == ("circular", first.isoformat())
    desk.wait(12)
    desk.night()
    assert len(episode(desk, raised)["rungs"]) == 1
    desk.wait(1)
    assert desk.night().business_date == first
    assert [one["rung"] for one in episode(desk, raised)["rungs"]] == ["notice_letter", "circular"]


def test_an_unanswered_letter_brings_the_next_rung_sooner(desk: Desk, raised: str) -> None:
    letter = issue_and_serve(desk)
    promised = episode(desk, raised)["next"]
    assert promised["first_on"] == (date.fromisoformat(letter["reply_due_on"]) + timedelta(days=1)).isoformat()
    assert promised["first_on"] < (DEADLINE + timedelta(days=15)).isoformat()


def test_while_declared_the_days_stand_still(desk: Desk) -> None:
    registry = desk.registry
    hazard = walk.listed(registry, deadline=DEADLINE.isoformat())
    registry.post(f"/hazards/{hazard}/plans", walk.plan_document(), by=FIRM)
    registry.act(hazard, "plan-approval", {}, by="dongsheng-section")
    desk.wait(2)
    desk.night()
    walk.declare(registry, hazard)
    desk.wait(3)
    told = episode(desk, hazard)
    assert told["days"] == 1
    assert told["pauses"] == [{"from_on": "2026-11-25", "until_on": "2026-11-28"}]
    assert told["next"]["first_on"] is None


def test_an_enterprise_reads_its_own_episode_without_the_offices_next_step(desk: Desk, raised: str) -> None:
    told = episode(desk, raised, by=FIRM)
    assert told["days"] == 2
    assert "next" not in told
    assert "suspensions" not in told
    assert told["rungs"][0]["letter"] is None, "a draft is the office's alone"
    issue_and_serve(desk)
    assert episode(desk, raised, by=FIRM)["rungs"][0]["letter"]["status"] == "issued"


def test_nobody_elses_episode_is_shown(desk: Desk, raised: str) -> None:
    own = episode(desk, raised)["id"]
    for stranger in (OTHER_FIRM, "jungar-clerk", "jungar-head"):
        assert listed(desk, by=stranger) == []
        assert desk.registry.get(f"/escalations/{own}", by=stranger).status == 404
    for reader in (CLERK, DEPARTMENT, CITY_CLERK, AUDITOR):
        assert desk.registry.get(f"/escalations/{own}", by=reader).status == 200
    assert desk.registry.get("/escalations", by="system-admin").status == 403


def test_a_late_regulators_episode_is_not_its_enterprises_to_read(desk: Desk) -> None:
    walk.reported(desk.registry)
    desk.wait(14)
    desk.night()
    (late,) = listed(desk, "?kind=duty")
    assert (late["duty"], late["organisation"]["name"]) == ("determine", "东胜区应急管理局")
    assert late["duty_label"]
    assert listed(desk, by=FIRM) == []
    assert desk.registry.get(f"/escalations/{late['id']}", by=FIRM).status == 404
    told = desk.registry.get(f"/escalations/{late['id']}", by=HEAD).body
    assert told["days"] >= 1
    assert told["pauses"] == []


def test_a_missing_reply_is_seen_by_the_office_that_waits_for_it(desk: Desk, raised: str) -> None:
    letter = issue_and_serve(desk)
    due = date.fromisoformat(letter["reply_due_on"])
    desk.wait((due - date(2026, 11, 25)).days + 1)
    desk.night()
    (missing,) = listed(desk, "?kind=reply")
    assert missing["letter"] == {"id": letter["id"], "number": letter["number"]}
    assert raised


@pytest.mark.usefixtures("raised")
def test_each_filter_narrows_the_list(desk: Desk) -> None:
    every = listed(desk)
    number = every[0]["hazard"]["ledger_number"]
    firm = every[0]["enterprise"]["id"]
    matching = ("kind=term", "is_open=true", "rung=notice_letter", "unit=150602", "unit=150600", f"hazard={number}")
    for query in (*matching, f"enterprise={firm}"):
        assert [one["id"] for one in listed(desk, f"?{query}", by=CITY_CLERK)] == [one["id"] for one in every], query
    nowhere = "00000000-0000-4000-8000-000000000000"
    for query in ("kind=reply", "is_open=false", "rung=circular", "unit=150622", f"hazard={nowhere}"):
        assert listed(desk, f"?{query}", by=CITY_CLERK) == [], query
    assert listed(desk, f"?enterprise={nowhere}") == []
    assert desk.registry.get("/escalations?unit=999999", by=HEAD).status == 400


def test_the_list_goes_page_by_page(desk: Desk) -> None:
    hazards = [walk.listed(desk.registry, deadline=DEADLINE.isoformat()) for _ in range(3)]
    desk.wait(2)
    desk.night()
    shown, query = [], "?limit=2&kind=term"
    while query:
        page = desk.registry.get(f"/escalations{query}", by=CLERK).body
        shown += [one["hazard"]["id"] for one in page["items"]]
        query = f"?limit=2&kind=term&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    assert sorted(shown) == sorted(hazards)


def test_a_run_tells_what_it_did_and_its_failures_by_hazard(desk: Desk, raised: str) -> None:
    (run,) = desk.registry.get("/escalation-runs", by=CLERK).body["items"]
    assert (run["business_date"], run["outcome"], run["failure_count"]) == ("2026-11-25", "completed", 0)
    assert run["counts"]["rungs_raised"] == 1
    desk.ask(
        "INSERT INTO escalation_failure (run_id, hazard_id, step, code)"
        " SELECT (SELECT max(id) FROM escalation_run), id, 'write', '23514' FROM hazard WHERE public_id = %s",
        raised,
    )
    one = desk.registry.get(f"/escalation-runs/{run['id']}", by=CLERK).body
    assert [(failed["hazard_id"], failed["step"], failed["code"]) for failed in one["failures"]] == [
        (raised, "write", "23514")
    ]
    elsewhere = desk.registry.get(f"/escalation-runs/{run['id']}", by="jungar-clerk").body
    assert (elsewhere["failures"], elsewhere["failure_count"]) == ([], 0)
    assert desk.registry.get("/escalation-runs?outcome=stopped", by=AUDITOR).body["items"] == []
    assert desk.registry.get("/escalation-runs", by=DEPARTMENT).status == 403
    assert desk.registry.get(f"/escalation-runs/{raised}", by=CLERK).status == 404
