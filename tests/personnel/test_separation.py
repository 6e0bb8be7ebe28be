"""职责分离核查: who could sign two levels of one chain is named before anybody tries, and nobody else is."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli import app as qingling
from tests.personnel.staff import PROPOSER, appoint, organisation, post, propose
from tests.support import walk
from tests.support.registry import Registry

DONGSHENG = "东胜区应急管理局"
AUDITOR = "city-auditor"


def report(registry: Registry, by: str = AUDITOR) -> Any:
    answer = registry.get("/posts/separation", by=by)
    assert answer.status == 200, answer.body
    return answer.body


def person_of(registry: Registry, department: str, kind: str) -> int:
    held = registry.get("/appointments?is_in_force=true&limit=200", by=PROPOSER).body["items"]
    return int(next(one["person_id"] for one in held if (one["organisation"], one["post_kind"]) == (department, kind)))


def shown(registry: Registry, monkeypatch: pytest.MonkeyPatch, *more: str) -> tuple[int, str]:
    monkeypatch.setenv("QINGLING_DATABASE_URL", registry.database.app_url)
    done = CliRunner().invoke(qingling, ["posts", "separation", *more])
    return done.exit_code, done.output


def test_the_demo_city_keeps_its_duties_apart(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    found = report(registry)
    assert (found["findings"], found["two_levels"], found["two_duties"]) == (0, [], [])
    assert found["chains_checked"] > 10
    assert shown(registry, monkeypatch)[0] == 0


def test_after_a_closing_nobody_both_rectified_and_signed(registry: Registry) -> None:
    walk.closed(registry)
    assert report(registry)["signed_and_rectified"] == []
    assert report(registry, by=PROPOSER)["signed_and_rectified"] is None


def test_who_holds_two_posts_of_one_chain_is_found_with_both_levels(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = person_of(registry, DONGSHENG, "principal_head")
    seat = post(registry, organisation(registry, DONGSHENG), "兼任分管", kind="deputy_head")
    appoint(registry, head, seat)
    found = [one for one in report(registry)["two_levels"] if one["chain"] == "default"]
    assert [(one["person_id"], one["department"]) for one in found] == [(head, DONGSHENG)]
    assert [(level["level"], level["organisation"]) for level in found[0]["levels"]] == [(3, DONGSHENG), (4, DONGSHENG)]
    assert "hazardous_chemicals" in found[0]["sectors"]
    code, text = shown(registry, monkeypatch)
    assert (code, f"人员 {head} 可在同一签字链签两级" in text) == (3, True)
    code, text = shown(registry, monkeypatch, "--json")
    assert (code, json.loads(text)["findings"]) == (3, report(registry)["findings"])


def test_posts_of_two_departments_are_no_finding_of_either_chain(registry: Registry) -> None:
    section = person_of(registry, "准格尔旗能源局", "section_head")
    seat = post(registry, organisation(registry, DONGSHENG), "兼任检查", kind="inspector")
    appoint(registry, section, seat)
    assert section not in {one["person_id"] for one in report(registry)["two_levels"] if one["chain"] == "default"}


def test_a_second_duty_is_refused_where_it_is_proposed_and_so_never_found(registry: Registry) -> None:
    registry_office = registry.get("/session", by=PROPOSER).body["organisation_id"]
    someone = person_of(registry, "准格尔旗能源局", "inspector")
    later = {"valid_from": "2027-01-01T00:00:00+08:00", "valid_until": "2027-02-01T00:00:00+08:00"}
    refused = propose(registry, someone, post(registry, registry_office, "待任审计", "auditor"), **later)
    assert refused.code == "duties_exclude_each_other"
    assert report(registry)["two_duties"] == []


@pytest.mark.parametrize(
    ("by", "status"),
    [
        ("system-admin", 200),
        ("security-admin", 200),
        ("audit-admin", 200),
        ("city-auditor", 200),
        ("city-clerk1", 200),
        ("dongsheng-head", 403),
        ("chemical-principal", 403),
    ],
)
def test_administrators_auditors_and_offices_read_it_and_nobody_is_named(
    registry: Registry, by: str, status: int
) -> None:
    answer = registry.get("/posts/separation", by=by)
    assert answer.status == status
    assert "示例" not in str(answer.body)
