"""P-22: no list, count, figure, drill-down, search or trail shows one tenant anything of another, or of its being."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from tests.matrix.asking_records import ASKS
from tests.matrix.canaries import foreign, leaks, sight
from tests.matrix.cast import BY_NAME, PERSONAS
from tests.matrix.city import City
from tests.matrix.stages import Walk
from tests.matrix.tenants import CHEMICAL, COAL, TENANTS
from tests.support.registry import API

pytestmark = [pytest.mark.timeout(400), pytest.mark.proof]
READERS = [persona.name for persona in PERSONAS if not persona.is_outside]
# What differs from one asking to the next, whatever happened in between.
MOVING = frozenset(
    {"read_at", "known_at", "data_as_of", "as_of", "as_of_instant", "next_cursor", "last_seen_at", "instance"}
)
UNITS = ("150600", "150602", "150622", "150602101")
DIMENSIONS = ("unit", "sector", "channel", "level", "supervision", "month")


def lists(city: City) -> Iterator[str]:
    """Addresses that answer for many: plain, and narrowed to what may be foreign."""
    for route, ask in ASKS.items():
        if route.startswith("GET /api") and "{" not in route:
            asked = "&".join(f"{name}={value.format_map(city.records)}" for name, value in ask.query.items())
            yield f"{route.removeprefix('GET ')}{'?' if asked else ''}{asked}"
    yield from (f"{API}/hazards?unit={unit}" for unit in UNITS)
    yield from (f"{API}/hazards?state={state}" for state in ("reported", "listed", "rectified", "closed"))
    for tenant in TENANTS:
        yield f"{API}/hazards?words={tenant.canary}"
        yield f"{API}/hazards?words={quote(tenant.name)}"
        yield f"{API}/hazards?enterprise_code={tenant.code}"
        yield f"{API}/enterprises?words={quote(tenant.name)}"
    yield from (f"{API}/statistics/clearance?by={dimension}" for dimension in DIMENSIONS)
    for unit in UNITS:
        yield f"{API}/statistics/clearance?unit={unit}&by=unit,sector"
        yield f"{API}/statistics/clearance/hazards?figure=found&unit={unit}"
    yield from (f"{API}/statistics/clearance/hazards?figure={figure}" for figure in ("closed", "open", "undetermined"))
    yield from (f"{API}/{kind}?limit=200" for kind in ("posts", "appointments", "persons", "accounts", "enterprises"))
    yield f"{API}/organisations?kind=enterprise&limit=200"
    yield f"{API}/audit/events?limit=200"
    numbers = [one.ledger_number for of in city.hazards.values() for one in of.values() if one.ledger_number]
    yield from (f"{API}/hazards/{number}" for number in numbers)


def pages(city: City, persona: str, address: str) -> Iterator[Any]:
    """An address and, where it is a list, every page after it."""
    headers = city.headers(BY_NAME[persona])
    path: str | None = address
    while path is not None:
        answer = city.registry.client.get(path, headers=headers, follow_redirects=False)
        yield answer
        after = answer.json().get("next_cursor") if answer.is_success and answer.content[:1] == b"{" else None
        path = None
        if after is not None:
            joined = "&" if "?" in address else "?"
            path = f"{address}{joined}cursor={quote(after)}"


@pytest.mark.parametrize(
    "persona", [pytest.param(one, marks=() if at % 3 == 0 else pytest.mark.long) for at, one in enumerate(READERS)]
)
def test_no_list_count_or_figure_shows_anything_foreign(city: City, persona: str) -> None:
    found = [
        f"{address}: {leak}"
        for address in lists(city)
        for answer in pages(city, persona, address)
        for leak in leaks(city, persona, answer)
    ]
    assert found == []


def figures(city: City, persona: str) -> dict[str, Any]:
    answer = city.registry.client.get(f"{API}/statistics/clearance", headers=city.headers(BY_NAME[persona]))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["figures"]
    return found


def test_each_counts_its_own_and_no_others(city: City) -> None:
    """The chemical works' six stages, every base and what inspectors reported; nobody counts what is out of sight."""
    counted = {persona: int(figures(city, persona)["found"]["value"]) for persona in ("office_clerk", "city_clerk")}
    assert counted["office_clerk"] < counted["city_clerk"]
    for persona in ("enterprise_safety_officer", "other_district_clerk", "township_inspector", "inspector"):
        shown = city.registry.client.get(f"{API}/hazards?limit=200", headers=city.headers(BY_NAME[persona])).json()
        determined = [one for one in shown["items"] if one["listed_at"] is not None]
        assert int(figures(city, persona)["found"]["value"]) == len(determined), persona


def still(answer: Any) -> str:
    """What an answer says, without what moves by itself."""

    def without(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: without(one) for name, one in value.items() if name not in MOVING}
        return [without(one) for one in value] if isinstance(value, list) else value

    if answer.content[:1] != b"{":
        return str(answer.status_code)
    return json.dumps([answer.status_code, without(answer.json())], sort_keys=True)


def told(city: City, persona: str) -> dict[str, list[str]]:
    """Everything a persona's lists say."""
    wanted = [one for one in lists(city) if "/audit/" not in one and "/public/" not in one and "sign-on" not in one]
    return {address: [still(answer) for answer in pages(city, persona, address)] for address in wanted}


def test_a_foreign_hazard_on_its_way_changes_nothing_that_others_are_told(city: City) -> None:
    watching = ("other_district_clerk", "other_district_head", "township_inspector", "platform_service")
    before = {persona: told(city, persona) for persona in watching}
    walk = Walk(city.registry, CHEMICAL)
    walk.to_listed()
    walk.to_planned()
    after = {persona: told(city, persona) for persona in watching}
    for persona in watching[:-1]:
        assert after[persona] == before[persona], persona
    assert after["platform_service"] != before["platform_service"], "the differencing sees nothing at all"


@pytest.mark.long
def test_a_hazard_of_another_district_changes_nothing_that_an_enterprise_is_told(city: City) -> None:
    watching = ("enterprise_safety_officer", "enterprise_service", "office_clerk", "inspector")
    before = {persona: told(city, persona) for persona in watching}
    Walk(city.registry, COAL).to_listed()
    assert {persona: told(city, persona) for persona in watching} == before


def test_there_are_canaries_and_they_do_sing_where_they_may(city: City) -> None:
    """The search can fail: each tenant's own people are shown their canary."""
    assert set(sight()) == {persona.name for persona in PERSONAS}
    assert len(list(foreign(city, "anonymous"))) > 60
    own = city.registry.client.get(f"{API}/hazards?limit=200", headers=city.headers(BY_NAME["city_clerk"]))
    assert leaks(city, "city_clerk", own) == []
    sung = {leak.split(":")[0] for leak in leaks(city, "anonymous", own)}
    assert sung == {"chemical", "second", "town", "works", "coal", "fire"}
