"""P-20: what is another's and what never was are one answer, byte for byte and header for header."""

import math
import re
import statistics
import time
from collections.abc import Iterator

import httpx2
import pytest

from tests.matrix.asking import Subject
from tests.matrix.asking_records import ASKS
from tests.matrix.city import City
from tests.matrix.engine import Engine, cells_by_route
from tests.matrix.table import NONEXISTENT, Cell, Verdict
from tests.support.registry import API

pytestmark = [pytest.mark.timeout(400), pytest.mark.proof]
WITH_AN_ID = [route for route, ask in ASKS.items() if ask.subject not in (Subject.NONE, Subject.REPORT)]
# What is every request's own, or counts requests.
OF_THE_REQUEST = frozenset({"x-request-id", "ratelimit", "date"})
_ID = re.compile(r"urn:uuid:[0-9a-f-]{36}")


def as_answered(answer: httpx2.Response) -> tuple[int, str, list[tuple[str, str]]]:
    headers = sorted((name, value) for name, value in answer.headers.items() if name not in OF_THE_REQUEST)
    body = _ID.sub("urn:uuid:-", answer.text)
    return answer.status_code, body, [(name, value) for name, value in headers if name != "content-length"]


def not_theirs(route: str) -> Iterator[Cell]:
    """The cells that are 404 for the persona, with the one about nothing at all."""
    by_persona: dict[str, list[Cell]] = {}
    for cell in cells_by_route()[route]:
        if cell.verdict is Verdict.NOT_THERE:
            by_persona.setdefault(cell.persona, []).append(cell)
    for found in by_persona.values():
        if any(cell.relation == NONEXISTENT for cell in found):
            yield from found


@pytest.mark.parametrize("route", WITH_AN_ID)
def test_what_is_anothers_and_what_never_was_are_the_same_answer(city: City, route: str) -> None:
    engine = Engine(city)
    told: dict[str, dict[str, object]] = {}
    for cell in not_theirs(route):
        told.setdefault(cell.persona, {})[cell.relation] = as_answered(engine.ask(cell).answer)
    for persona, answers in told.items():
        nothing = answers[NONEXISTENT]
        assert all(answer == nothing for answer in answers.values()), (persona, answers)


def test_every_route_about_a_hazard_is_asked_for_what_never_was() -> None:
    about = [route for route in WITH_AN_ID if ASKS[route].subject in (Subject.HAZARD, Subject.EVIDENCE)]
    assert len(about) > 40
    assert [route for route in about if not list(not_theirs(route))] == []


def _welch(first: list[float], second: list[float]) -> float:
    spread = statistics.variance(first) / len(first) + statistics.variance(second) / len(second)
    return abs(statistics.mean(first) - statistics.mean(second)) / math.sqrt(spread)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("below", ["", "/timeline", "/evidence"])
def test_neither_takes_longer_than_the_other(city: City, below: str) -> None:
    """Welch's t over 500 interleaved pairs, the slowest twentieth of each left out: the machine's, not the answer's."""
    headers = city.headers_of("other_district_clerk")
    foreign, nothing = city.hazards["chemical"]["base"].id, "00000000-0000-4000-8000-000000000000"
    took: dict[str, list[float]] = {foreign: [], nothing: []}
    for _ in range(500):
        for reference in (foreign, nothing):
            began = time.perf_counter()
            answer = city.registry.client.get(f"{API}/hazards/{reference}{below}", headers=headers)
            took[reference].append(time.perf_counter() - began)
            assert answer.status_code == 404
    first, second = (sorted(times)[: int(len(times) * 0.95)] for times in took.values())
    assert _welch(first, second) < 4.5
