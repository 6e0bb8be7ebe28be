"""岗位核查: a chain is filled by distinct persons in post, or the report says which level is not, and what to do."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli import app as qingling
from tests.personnel.staff import PROPOSER, appoint, organisation, person, post
from tests.support.registry import Registry

DONGSHENG = "东胜区应急管理局"


def gaps_of(registry: Registry, department: str, chain: str = "default") -> list[Any]:
    report = registry.get("/posts/check", by=PROPOSER)
    assert report.status == 200, report.body
    return [one for one in report.body["gaps"] if (one["department"], one["chain"]) == (department, chain)]


def held(registry: Registry, department: str, kind: str) -> int:
    page = registry.get("/appointments?is_in_force=true&limit=200", by=PROPOSER).body["items"]
    return int(next(one["id"] for one in page if (one["organisation"], one["post_kind"]) == (department, kind)))


def test_the_demo_city_fills_the_chain_of_its_two_departments(registry: Registry) -> None:
    assert gaps_of(registry, DONGSHENG) == []
    coal = gaps_of(registry, "准格尔旗能源局", "coal")
    assert coal == []


def test_a_department_without_people_is_listed_with_every_level(registry: Registry) -> None:
    (gap,) = gaps_of(registry, "达拉特旗应急管理局")
    assert (gap["levels_needed"], gap["persons_available"]) == (4, 0)
    assert [level["level"] for level in gap["levels"]] == [1, 2, 3, 4]
    assert all(level["reason"] == "岗位无人在任" for level in gap["levels"])
    assert "hazardous_chemicals" in gap["sectors"]


def test_a_person_with_two_posts_counts_once_and_the_substitute_is_named(registry: Registry) -> None:
    deputy = held(registry, DONGSHENG, "deputy_head")
    registry.post(f"/appointments/{deputy}/ending", {"reason": "调离"}, by=PROPOSER)
    (vacant,) = gaps_of(registry, DONGSHENG)
    assert [(level["level"], level["holders"]) for level in vacant["levels"]] == [(3, 0)]
    appointments = registry.get("/appointments?is_in_force=true&limit=200", by=PROPOSER).body["items"]
    head = next(one for one in appointments if (one["organisation"], one["post_kind"]) == (DONGSHENG, "principal_head"))
    second_seat = post(registry, organisation(registry, DONGSHENG), "兼任分管负责人", kind="deputy_head")
    appoint(registry, head["person_id"], second_seat)
    (gap,) = gaps_of(registry, DONGSHENG)
    assert (gap["levels_needed"], gap["persons_available"]) == (4, 3)
    assert [level["holders"] for level in gap["levels"]] == [1]
    assert "同一人不得签两级" in gap["levels"][0]["reason"]
    assert any("上一级主管部门的分管负责人补位" in level["remedy"] for level in [*vacant["levels"], *gap["levels"]])
    new = person(registry, "新任")
    third_seat = post(registry, organisation(registry, DONGSHENG), "新任分管负责人", kind="deputy_head")
    appoint(registry, new, third_seat)
    assert gaps_of(registry, DONGSHENG) == []


def test_a_disabled_person_fills_no_level(registry: Registry) -> None:
    accounts = registry.get("/accounts?limit=200", by=PROPOSER).body["items"]
    account = next(one["id"] for one in accounts if one["login_name"] == "jungar-section")
    assert gaps_of(registry, "准格尔旗能源局") == []
    sent = {"for_cause": True, "reason": "涉嫌违规"}
    registry.post(f"/accounts/{account}/disablement", sent, by="security-admin")
    (gap,) = gaps_of(registry, "准格尔旗能源局")
    assert [level["level"] for level in gap["levels"]] == [2]


@pytest.mark.parametrize(("by", "status"), [("city-clerk1", 200), ("city-auditor", 200), ("dongsheng-head", 403)])
def test_offices_and_auditors_may_check_and_departments_may_not(registry: Registry, by: str, status: int) -> None:
    assert registry.get("/posts/check", by=by).status == status


def test_readiness_warns_of_chains_that_cannot_be_filled(registry: Registry) -> None:
    answer = registry.client.get("/readyz")
    assert (answer.status_code, answer.json()["faults"]) == (200, [])
    gaps = len(registry.get("/posts/check", by=PROPOSER).body["gaps"])
    assert f"有 {gaps} 处签字链签不满,请执行 qingling posts check" in answer.json()["warnings"]


def test_the_command_prints_the_report_and_exits_with_three(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QINGLING_DATABASE_URL", registry.database.app_url)
    shown = CliRunner().invoke(qingling, ["posts", "check", "--json"])
    assert shown.exit_code == 3, shown.output
    report = json.loads(shown.output)
    assert report["chains_checked"] > len(report["gaps"]) > 0
    text = CliRunner().invoke(qingling, ["posts", "check"])
    assert text.exit_code == 3
    assert "达拉特旗应急管理局" in text.output
