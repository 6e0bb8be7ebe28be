"""The figures over HTTP: what an answer says of itself, who sees which counts, the drill-down, and bad asks refused."""

from datetime import date, timedelta
from itertools import islice
from urllib.parse import urlencode

import psycopg
import pytest

from app.regulation.edition import SHIPPED_EDITION, load_edition
from app.regulation.metrics import DEFINITIONS
from tests.regulation.builders import Field
from tests.statistics.conftest import Ledger
from tests.support.cluster import libpq_address
from tests.support.registry import Registry

Body = Field
"""What the API answers, of any shape."""
AS_OF = "2024-08-31"
CITY, DISTRICT, OTHER_DISTRICT = "city-office-head", "dongsheng-clerk", "jungar-clerk"
ENTERPRISE, FOREIGN_ENTERPRISE = "chemical-safety-officer", "coal-safety-officer"


def clearance(registry: Registry, login: str = CITY, /, **asked: Field) -> Body:
    """The figures as that person sees them."""
    answer = registry.get(f"/statistics/clearance?{urlencode({'as_of': AS_OF, **asked})}", by=login)
    assert answer.status == 200, answer.body
    return answer.body


def counted(registry: Registry, login: str = CITY, /, **asked: Field) -> list[Body]:
    """Every hazard of a cell, page by page."""
    query: dict[str, Field] = {"as_of": AS_OF, "limit": 200, **asked}
    items: list[Body] = []
    while True:
        answer = registry.get(f"/statistics/clearance/hazards?{urlencode(query)}", by=login)
        assert answer.status == 200, answer.body
        items += answer.body["items"]
        if answer.body["next_cursor"] is None:
            return items
        assert 'rel="next"' in answer.headers["link"]
        query["cursor"] = answer.body["next_cursor"]


def test_an_answer_says_what_it_was_made_from(registry: Registry) -> None:
    found = clearance(registry, known_at="2025-01-01T08:00:00+08:00")
    assert found["as_of"] == AS_OF
    assert found["as_of_instant"] == "2024-09-01T00:00:00+08:00"
    assert found["known_at"] == found["data_as_of"] == "2025-01-01T08:00:00+08:00"
    edition = load_edition(SHIPPED_EDITION.read_text("utf-8"))
    assert found["edition"] == {"name": edition.name, "sha256": edition.sha256}
    assert found["scope"] == {
        "unit": {"code": "150600", "name": "鄂尔多斯市"},
        "directly": False,
        "legacy": "included",
    }
    rate = found["figures"]["clearance_rate"]
    assert (rate["definition"], rate["version"]) == ("clearance_rate", DEFINITIONS["clearance_rate"].version)
    assert rate["numerator"] == int(found["figures"]["closed"]["value"])
    assert rate["of_which_legacy"]["denominator"] <= rate["denominator"]


def test_open_is_found_less_closed(registry: Registry) -> None:
    figures = clearance(registry)["figures"]
    assert figures["open"]["numerator"] == figures["found"]["numerator"] - figures["closed"]["numerator"] > 0


def test_nothing_found_prints_no_rate(registry: Registry) -> None:
    figures = clearance(registry, as_of="1999-01-01")["figures"]
    assert (figures["clearance_rate"]["value"], figures["found"]["value"]) == (None, "0")
    assert figures["median_days_to_close"]["value"] is None
    assert figures["undetermined"]["ages_in_days"]["oldest"] is None


@pytest.mark.parametrize("by", [CITY, DISTRICT, ENTERPRISE])
def test_every_figure_opens_exactly_the_hazards_it_counts(registry: Registry, by: str) -> None:
    for name, figure in clearance(registry, by)["figures"].items():
        assert len(counted(registry, by, figure=name)) == figure["numerator"], name
        if figure["denominator"] is not None:
            assert len(counted(registry, by, figure=name, part="denominator")) == figure["denominator"], name


@pytest.mark.parametrize(
    "dimension", ["unit", "sector", "channel", "level", "supervision", "month", "unit,supervision"]
)
@pytest.mark.parametrize("by", [CITY, OTHER_DISTRICT])
def test_every_cell_opens_exactly_the_hazards_it_counts(registry: Registry, by: str, dimension: str) -> None:
    lines = clearance(registry, by, by=dimension)["lines"]
    assert lines
    for line in islice(lines, 12):
        for name in ("found", "undetermined", "overdue_open"):
            items = counted(registry, by, figure=name, **line["key"])
            assert len(items) == line["figures"][name]["numerator"], (line["key"], name)


def test_a_page_goes_on_where_the_last_one_ended_as_of_the_same_instant(registry: Registry) -> None:
    whole = counted(registry, figure="found")
    assert [item["id"] for item in counted(registry, figure="found", limit=7)] == [item["id"] for item in whole]
    assert {item["unit"]["code"] for item in whole} > {"150602", "150600"}


def test_a_cursor_serves_only_the_list_it_was_made_for(registry: Registry) -> None:
    page = registry.get(f"/statistics/clearance/hazards?figure=found&limit=1&as_of={AS_OF}", by=CITY)
    other = {"figure": "open", "limit": 1, "as_of": AS_OF, "cursor": page.body["next_cursor"]}
    refused = registry.get(f"/statistics/clearance/hazards?{urlencode(other)}", by=CITY)
    assert (refused.status, refused.code) == (400, "invalid_cursor")


def test_a_district_counts_its_own_territory_and_the_city_all_of_it(registry: Registry) -> None:
    lines = {line["key"]["unit"]: line for line in clearance(registry, by="unit")["lines"]}
    for by, code in ((DISTRICT, "150602"), (OTHER_DISTRICT, "150622")):
        found = clearance(registry, by)
        assert found["scope"]["unit"]["code"] == code
        assert found["figures"] == lines[code]["figures"]


def test_a_district_sees_nothing_of_another(registry: Registry) -> None:
    assert clearance(registry, unit="150622")["figures"]["found"]["numerator"] > 0
    assert clearance(registry, DISTRICT, unit="150622")["figures"]["found"]["numerator"] == 0


def test_a_township_rolls_up_into_its_district(registry: Registry) -> None:
    lines = clearance(registry, unit="150602", by="unit")["lines"]
    assert [line["key"] for line in lines] == [{"unit": "150602", "directly": True}, {"unit": "150602001"}]
    assert lines[0]["label"]["unit"].endswith("(直属)")


def test_an_enterprise_counts_its_own_hazards_and_a_foreign_one_none(registry: Registry, ledger: Ledger) -> None:
    assert clearance(registry, ENTERPRISE)["figures"] == clearance(registry)["figures"]
    assert clearance(registry, FOREIGN_ENTERPRISE)["figures"]["found"]["numerator"] == 0
    assert counted(registry, FOREIGN_ENTERPRISE, figure="found") == []


def test_a_hazard_that_left_the_callers_sight_is_not_left_behind_in_its_count(
    registry: Registry, ledger: Ledger
) -> None:
    """Rows of the time before keep the old unit, and stay readable; the hazard they belong to does not."""
    unit = {one.code: one.id for one in ledger.units.values()}
    mine = counted(registry, DISTRICT, figure="found")
    moved = mine[0]["id"]
    move = "UPDATE hazard SET unit_id = %s WHERE public_id = %s"
    with psycopg.connect(libpq_address(ledger.database.superuser_url), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        (before,) = connection.execute("SELECT unit_id FROM hazard WHERE public_id = %s", [moved]).fetchone() or (0,)
        connection.execute(move, [unit["150622"], moved])
        try:
            left = [item["id"] for item in counted(registry, DISTRICT, figure="found")]
        finally:
            connection.execute(move, [before, moved])
    assert left == [item["id"] for item in mine[1:]]


def test_who_waits_is_told_by_post_and_age(registry: Registry) -> None:
    found = clearance(registry)
    waiting: dict[str, int] = {}
    for one in found["waiting"]:
        ages = {**one["ages_in_days"]}
        ages.pop("oldest")
        assert sum(ages.values()) == one["count"]
        waiting[one["stage"]] = waiting.get(one["stage"], 0) + one["count"]
    for stage in ("declaration", "verification"):
        assert waiting.get(stage, 0) == found["figures"][f"awaiting_{stage}"]["numerator"]
    assert {one["post"] for one in found["waiting"] if one["stage"] == "verification"} == {"inspector"}


def test_nobody_without_a_sign_in_or_the_permission_reads_figures(registry: Registry) -> None:
    for path in ("/statistics/clearance", "/statistics/clearance/hazards?figure=found"):
        assert registry.get(path, by=None).status == 401
        refused = registry.get(path, by="system-admin")
        assert (refused.status, refused.code) == (403, "not_permitted")


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("by=colour", "/by"),
        ("by=unit,unit", "/by"),
        ("by=" + ",".join(["unit"] * 10_000), None),
        ("unit=a&unit=b", ""),
        ("as_of=9999-12-31", "/as_of"),
        ("as_of=1700000000", "/as_of"),
        ("as_of=2024-02-30", "/as_of"),
        ("known_at=2024-01-01", "/known_at"),
        ("known_at=9999-12-31T00:00:00%2B08:00", "/known_at"),
        ("unit=%ED%A0%80", "/unit"),
        ("unit=%00", "/unit"),
        ("unit=999999", "/unit"),
        ("sector=%ED%A0%80", "/sector"),
        ("sector=nonsense", "/sector"),
        ("channel=rumour", "/channel"),
        ("supervision=9", "/supervision"),
        ("month=2024-13", "/month"),
        ("legacy=perhaps", "/legacy"),
        ("colour=red", "/colour"),
    ],
)
def test_a_bad_filter_is_refused_by_its_name_in_chinese(registry: Registry, query: str, pointer: str | None) -> None:
    refused = registry.get(f"/statistics/clearance?{query}", by=CITY)
    if pointer is None:
        assert refused.status == 414, refused.body
        return
    assert refused.status == 400, refused.body
    assert [error["pointer"] for error in refused.body["errors"]] == [pointer]
    assert any("\u4e00" <= character <= "\u9fff" for character in refused.body["errors"][0]["message"])


def test_tomorrow_and_what_will_be_known_are_refused(registry: Registry) -> None:
    now = registry.get("/statistics/clearance", by=CITY).body
    tomorrow = date.fromisoformat(now["as_of"]) + timedelta(days=1)
    assert clearance(registry, as_of=now["as_of"])["as_of"] == now["as_of"]
    assert registry.get(f"/statistics/clearance?as_of={tomorrow}", by=CITY).code == "as_of_in_the_future"
    later = urlencode({"known_at": f"{tomorrow}T23:00:00+08:00"})
    assert registry.get(f"/statistics/clearance?{later}", by=CITY).code == "known_at_in_the_future"


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("figure=beauty", "/figure"),
        ("figure=found&part=denominator", "/part"),
        ("", "/figure"),
        ("figure=found&limit=201", "/limit"),
    ],
)
def test_a_cell_that_is_none_is_refused(registry: Registry, query: str, pointer: str) -> None:
    refused = registry.get(f"/statistics/clearance/hazards?{query}", by=CITY)
    assert refused.status == 400
    assert [error["pointer"] for error in refused.body["errors"]] == [pointer]
