"""执法次数 and 只检查不处罚 through the API: boundary days, who is told, what nobody has acted on."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.enforcement import penalties
from tests.enforcement.penalties import CITY, CLERK, HEAD, MINE_HEAD
from tests.support import walk
from tests.support.cluster import Cluster
from tests.support.registry import Registry, open_registry, settled_database
from tests.support.walk import TODAY

HALF_YEAR, YEAR = "three_penalties_in_180_days", "four_penalties_in_a_year"
COAL = "coal_producing_twice_in_three_months"
LAST_DAY = (TODAY - timedelta(days=180)).isoformat()
DAY_BEFORE = (TODAY - timedelta(days=181)).isoformat()
ORDER = {"kind": "partial_stop", "document": "令1号", "scope": "罐区", "from_on": "2026-11-23"}


@pytest.fixture
def fresh(cluster: Cluster, tmp_path: Any) -> Iterator[Registry]:
    """A registry without a penalty."""
    with settled_database(cluster) as database, open_registry(database, tmp_path) as opened:
        yield opened


def told(answer: Any, name: str) -> tuple[int, str]:
    one = penalties.counter(answer, name)
    return one["count"], one["status"]


def view(registry: Registry, enterprise: str, *, by: str = CITY) -> Any:
    answer = registry.get(f"/enterprises/{enterprise}/enforcement-counters", by=by)
    assert answer.status == 200, answer.body
    return answer.body


def test_each_answer_that_adds_a_penalty_tells_how_near_the_limit_is(fresh: Registry) -> None:
    days = (LAST_DAY, "2026-11-01", "2026-11-20")
    answers = [penalties.recorded(fresh, decided_on=day) for day in days]
    assert [told(one, HALF_YEAR) for one in answers] == [(1, "below"), (2, "warned"), (3, "reached")]
    assert [told(one, YEAR) for one in answers] == [(1, "below"), (2, "below"), (3, "warned")]
    assert penalties.counter(answers[-1], HALF_YEAR)["reached_on"] == "2026-11-20"
    assert penalties.counter(answers[-1], HALF_YEAR)["basis"].startswith("《安全生产法》第一百一十三条")


def test_a_penalty_181_days_ago_counts_no_more(fresh: Registry) -> None:
    penalties.recorded(fresh, decided_on=DAY_BEFORE)
    answer = penalties.recorded(fresh, decided_on=TODAY.isoformat())
    assert told(answer, HALF_YEAR) == (1, "below")
    assert penalties.counter(answer, HALF_YEAR)["window"]["first_day"] == LAST_DAY
    assert told(penalties.recorded(fresh, decided_on=LAST_DAY), HALF_YEAR) == (2, "warned")


def test_penalties_of_persons_and_under_other_laws_are_kept_and_not_counted(fresh: Registry) -> None:
    penalties.recorded(fresh, penalised="principal")
    answer = penalties.recorded(fresh, law="other", article="《消防法》第六十条")
    assert told(answer, HALF_YEAR) == (0, "below")
    assert len(view(fresh, penalties.enterprise(fresh))["penalties"]) == 2


def test_a_mine_found_producing_is_warned_at_once_and_reached_with_the_second_finding(fresh: Registry) -> None:
    mine = penalties.mine(fresh)
    found: dict[str, Any] = {
        "enterprise_id": mine,
        "sector": "coal_mine",
        "law": "coal_mine_regulation",
        "producing_with_major_hazard": True,
        "by": MINE_HEAD,
    }
    first = penalties.recorded(fresh, decided_on="2026-08-23", **found)
    assert told(first, COAL) == (1, "warned")
    second = penalties.recorded(fresh, decided_on="2026-11-23", **found)
    assert (told(second, COAL), told(second, HALF_YEAR)) == ((2, "reached"), (0, "below"))


def test_what_other_departments_decided_counts_though_its_particulars_stay_theirs(fresh: Registry) -> None:
    """The city's department fined for a hazard elsewhere; the district's own fine makes the second."""
    penalties.recorded(fresh, by="city-emergency-head")
    answer = penalties.recorded(fresh)
    assert told(answer, HALF_YEAR) == (2, "warned")
    assert told(view(fresh, penalties.enterprise(fresh), by="chemical-principal"), HALF_YEAR) == (2, "warned")


def test_the_enterprises_view_shows_penalties_and_production_measures(fresh: Registry) -> None:
    hazard = walk.listed(fresh)
    fresh.act(hazard, "production-measures", ORDER, by=HEAD)
    taken = penalties.recorded(fresh, hazard=hazard)
    shown = view(fresh, penalties.enterprise(fresh), by=CLERK)
    assert shown["open_majors"] == 1
    assert [one["id"] for one in shown["penalties"]] == [taken["id"]]
    (measure,) = shown["production_measures"]
    assert (measure["hazard"]["id"], measure["kind"], measure["lifted_on"]) == (hazard, "partial_stop", None)


def test_a_foreign_enterprises_counters_are_not_found(fresh: Registry) -> None:
    chemical = penalties.enterprise(fresh)
    for enterprise, by in ((chemical, "jungar-head"), (chemical, "coal-principal"), (str(uuid4()), CITY)):
        assert fresh.get(f"/enterprises/{enterprise}/enforcement-counters", by=by).status == 404
    assert fresh.get(f"/enterprises/{chemical}/enforcement-counters", by="system-admin").status == 403


def warned(registry: Registry, *, by: str = CITY) -> list[tuple[str, int]]:
    items = registry.get("/enforcements/warnings", by=by).body["items"]
    return [(one["enterprise"]["id"], len(one["counters"])) for one in items]


def test_enterprises_at_or_beyond_the_warning_are_listed_to_whom_they_concern(fresh: Registry) -> None:
    chemical, mine = penalties.enterprise(fresh), penalties.mine(fresh)
    penalties.recorded(fresh)
    assert warned(fresh) == []
    penalties.recorded(fresh)
    penalties.recorded(fresh, enterprise_id=mine, sector="coal_mine", producing_with_major_hazard=True, by=MINE_HEAD)
    assert dict(warned(fresh)) == {chemical: 1, mine: 1}
    assert warned(fresh, by=HEAD) == [(chemical, 1)]
    assert warned(fresh, by="jungar-clerk") == [(mine, 1)]
    first = fresh.get("/enforcements/warnings?limit=1", by=CITY).body
    second = fresh.get(f"/enforcements/warnings?limit=1&cursor={first['next_cursor']}", by=CITY).body
    assert {one["items"][0]["enterprise"]["id"] for one in (first, second)} == {chemical, mine}
    assert second["next_cursor"] is None


@pytest.mark.parametrize("path", ["/enforcements/warnings", "/enforcements/missing", "/enforcements/missing/hazards"])
def test_enterprises_and_administrators_are_not_shown_what_is_overseen(registry: Registry, path: str) -> None:
    for by in ("chemical-principal", "security-admin"):
        assert registry.get(path, by=by).status == 403


def missing(registry: Registry, query: str = "", *, by: str = CITY) -> list[tuple[str, int, int]]:
    items = registry.get(f"/enforcements/missing{query}", by=by).body["items"]
    return [(one["name"], one["open_majors"], one["without_enforcement"]) for one in items]


def test_open_majors_that_were_neither_fined_nor_stopped_are_counted_by_department_and_unit(fresh: Registry) -> None:
    fined, stopped, untouched = (walk.listed(fresh) for _ in range(3))
    walk.reported(fresh)
    penalties.recorded(fresh, hazard=fined)
    fresh.act(stopped, "production-measures", ORDER, by=HEAD)
    assert missing(fresh) == [("东胜区应急管理局", 3, 1)]
    assert missing(fresh, "?by=unit", by=CLERK) == [("东胜区", 3, 1)]
    assert missing(fresh, by="jungar-clerk") == []
    department = penalties.organisation(fresh, "东胜区应急管理局")
    for query in ("", f"?department={department}", "?unit=150602", "?unit=150600"):
        items = fresh.get(f"/enforcements/missing/hazards{query}", by=CITY).body["items"]
        assert [one["id"] for one in items] == [untouched], query
    for query in (f"?department={department + 10_000}", "?unit=150622"):
        assert fresh.get(f"/enforcements/missing/hazards{query}", by=CITY).body["items"] == []


def test_a_penalty_set_aside_leaves_its_hazard_without_enforcement(fresh: Registry) -> None:
    hazard = walk.listed(fresh)
    taken = penalties.recorded(fresh, hazard=hazard)
    assert missing(fresh) == [("东胜区应急管理局", 1, 0)]
    fresh.post(f"/enforcements/{taken['id']}/corrections", {"reason": "复议撤销", "revoked": True}, by=HEAD)
    assert missing(fresh) == [("东胜区应急管理局", 1, 1)]


def test_penalties_are_found_by_enterprise_unit_sector_kind_and_days(fresh: Registry) -> None:
    fine = penalties.recorded(fresh, decided_on="2026-10-01")["id"]
    warning = penalties.recorded(fresh, kinds=["warning"], amount=None, decided_on="2026-11-01", sector="fire")["id"]
    queries = {
        "": {fine, warning},
        f"?enterprise={penalties.enterprise(fresh)}": {fine, warning},
        f"?enterprise={penalties.mine(fresh)}": set(),
        "?unit=150602": {fine, warning},
        "?unit=150622": set(),
        "?sector=fire": {warning},
        "?kind=fine": {fine},
        "?decided_from=2026-10-02": {warning},
        "?decided_to=2026-10-01": {fine},
    }
    for query, wanted in queries.items():
        found = fresh.get(f"/enforcements{query}", by=CITY).body["items"]
        assert {one["id"] for one in found} == wanted, query
    assert fresh.get("/enforcements", by="jungar-head").body["items"] == []
    assert len(fresh.get("/enforcements", by="chemical-safety-officer").body["items"]) == 2
    assert fresh.get("/enforcements", by="coal-principal").body["items"] == []
    for query in ("?unit=999999", "?sector=nothing", "?kind=jail", "?colour=red"):
        assert fresh.get(f"/enforcements{query}", by=CITY).status == 400, query
    page = fresh.get("/enforcements?limit=1", by=CITY)
    assert 'rel="next"' in page.headers["link"]
    assert page.body["items"][0]["id"] == warning
