"""台账列表与办理过程: within the caller's scope, filters refused by name, pages that lose and repeat nothing."""

import pytest

from tests.api.watching import CHINESE
from tests.support import walk
from tests.support.registry import API, Registry

OFFICE = "city-office-head"


@pytest.fixture(scope="module")
def three(registry: Registry) -> list[str]:
    return [walk.listed(registry), walk.reported(registry), walk.reported(registry)]


def test_pages_lose_and_repeat_nothing_and_link_to_the_next(registry: Registry, three: list[str]) -> None:
    whole = [one["id"] for one in registry.get("/hazards?limit=200", by=OFFICE).body["items"]]
    assert set(three) <= set(whole)
    seen: list[str] = []
    path = "/hazards?limit=1"
    for _ in range(2):
        page = registry.get(path, by=OFFICE)
        seen += [one["id"] for one in page.body["items"]]
        assert page.headers["link"].endswith('rel="next"')
        assert page.headers["cache-control"] == "no-store"
        path = page.headers["link"][1:].split(">")[0].removeprefix(API)
    assert seen == whole[:2]


def test_a_list_shows_the_callers_scope_only(registry: Registry, three: list[str]) -> None:
    for who, sees in (
        ("chemical-principal", True),
        ("dongsheng-clerk", True),
        ("jungar-clerk", False),
        ("coal-principal", False),
    ):
        items = registry.get("/hazards?limit=200", by=who).body["items"]
        assert (three[0] in {one["id"] for one in items}) is sees, who


@pytest.mark.parametrize(
    ("query", "index", "found"),
    [
        ("state=listed", 0, True),
        ("state=reported", 0, False),
        ("unit=150602", 0, True),
        ("unit=150622", 0, False),
        ("unit=150600", 0, True),
        ("enterprise_code=91150602MA0DEMA01F", 1, True),
        ("sector=coal_mine", 1, False),
        ("found_from=2026-11-20&found_until=2026-11-20", 1, True),
        ("found_until=2026-11-19", 1, False),
        ("words=报警装置", 1, True),
        ("words=%25", 1, False),
        ("is_overdue=true", 0, False),
        ("channel=self_report&level=major", 2, True),
    ],
)
def test_a_filter_narrows_the_list(registry: Registry, three: list[str], query: str, index: int, found: bool) -> None:
    answer = registry.get(f"/hazards?limit=200&{query}", by=OFFICE)
    assert answer.status == 200, answer.body
    assert (three[index] in {one["id"] for one in answer.body["items"]}) is found


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("colour=red", "colour"),
        ("state=vanished", "state"),
        ("found_from=9999-12-31", "found_from"),
        ("found_from=yesterday", "found_from"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=2147483648", "limit"),
        ("cursor=abc", "cursor"),
        ("words=" + "x" * 201, "words"),
        ("words=%00", "words"),
        ("is_overdue=perhaps", "is_overdue"),
    ],
)
def test_an_unknown_or_bad_filter_is_named(registry: Registry, query: str, name: str) -> None:
    answer = registry.get(f"/hazards?{query}", by=OFFICE)
    assert answer.status == 400, answer.body
    (error,) = answer.body["errors"]
    assert (error["in"], error["pointer"]) == ("query", f"/{name}")
    assert CHINESE.search(error["message"])


def test_ten_thousand_filter_terms_are_too_many(registry: Registry) -> None:
    answer = registry.get("/hazards?" + "&".join(["a"] * 10_000), by=OFFICE)
    assert (answer.status, answer.code) == (414, "query_too_long")


@pytest.mark.parametrize(
    "query", ["unit=%ED%A0%80", "sector=%00", "enterprise_code=%00", "unit=%00", "words=%ED%A0%80"]
)
def test_a_filter_that_the_database_cannot_read_is_refused(registry: Registry, query: str) -> None:
    answer = registry.get(f"/hazards?{query}", by=OFFICE)
    assert answer.status in (200, 400, 422), answer.body
    assert answer.status != 200 or answer.body["items"] == []


def test_a_cursor_of_another_filter_is_refused(registry: Registry, three: list[str]) -> None:
    cursor = registry.get("/hazards?limit=1", by=OFFICE).body["next_cursor"]
    answer = registry.get(f"/hazards?limit=1&state=listed&cursor={cursor}", by=OFFICE)
    assert (answer.status, answer.code) == (400, "invalid_cursor")


def test_the_timeline_tells_every_act_with_actor_rule_and_edition(registry: Registry, three: list[str]) -> None:
    items = registry.get(f"/hazards/{three[0]}/timeline", by="chemical-principal").body["items"]
    assert [(one["act"], one["from_state"], one["to_state"]) for one in items] == [
        ("report", None, "reported"),
        ("determine", "reported", "reported"),
        ("list", "reported", "listed"),
    ]
    assert [one["rule"] for one in items] == ["L-01", "L-03", "L-05"]
    assert "经办人" in items[2]["actor"]
    assert all(one["edition"] and one["recorded_at"] for one in items)


def test_a_hazard_is_read_by_its_ledger_number_too_and_never_cached(registry: Registry, three: list[str]) -> None:
    answer = registry.get(f"/hazards/{three[0]}", by=OFFICE)
    assert answer.headers["etag"] == f'"{answer.body["version"]}"'
    assert answer.headers["cache-control"] == "no-store"
    again = registry.get(f"/hazards/{answer.body['ledger_number']}", by=OFFICE)
    assert {**again.body, "read_at": ""} == {**answer.body, "read_at": ""}
