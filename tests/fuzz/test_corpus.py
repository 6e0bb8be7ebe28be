"""Every parameter and every field with the worst values we know: refused or harmless, and nothing written by a read."""

import json
import time
from collections.abc import Iterator, Sequence
from typing import Any, Final
from urllib.parse import quote

import pytest

from tests.api.watching import Watch
from tests.fuzz.corpus import IDENTIFIERS, JSON_VALUES, VALUES, injections
from tests.support import walk
from tests.support.cluster import Cluster
from tests.support.example_documents import example_body
from tests.support.registry import Registry, open_registry, settled_database
from tests.support.routes import document

pytestmark = pytest.mark.timeout(300)
DOCUMENT: Final = document()
READER: Final = "city-office-head"
WRITERS: Final = {"/persons": "system-admin", "/accounts": "system-admin", "/posts": "system-admin"}
SLEEPS: Final = 3.0
EACH_COMMIT: Final = 8
Place = tuple[str, str, str]
"""Path, where, name."""


def read_places() -> Iterator[Place]:
    for path, operations in DOCUMENT["paths"].items():
        for parameter in operations.get("get", {}).get("parameters", []):
            if parameter["in"] in {"query", "path"} and not path.startswith("/api/v1/session/sign-on"):
                yield path, parameter["in"], parameter["name"]


PLACES: Final = sorted(read_places())
QUERY_PLACES: Final = [one for one in PLACES if one[1] == "query"]


@pytest.fixture(scope="module")
def registry(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with settled_database(cluster) as database, open_registry(database, tmp_path_factory.mktemp("data")) as opened:
        walk.listed(opened)
        yield opened


@pytest.fixture(scope="module")
def watch(registry: Registry) -> Iterator[Watch]:
    with Watch.of(registry.database) as watching:
        yield watching


@pytest.fixture(autouse=True)
def quiet(log: Any) -> Any:
    """The faults alone are logged; a test reads them."""
    return log


def address(place: Place, value: str) -> str:
    path, where, name = place
    for other in {part[1:-1] for part in path.split("/") if part.startswith("{")}:
        path = path.replace(f"{{{other}}}", quote(value, safe="") if (where, name) == ("path", other) else "1")
    return f"{path}?{name}={quote(value, safe='')}" if where == "query" else path


def read(registry: Registry, place: Place, value: str) -> tuple[int, Any]:
    bearer = {"Authorization": f"Bearer {registry.sign_in(READER)}"}
    answer = registry.client.get(address(place, value), headers=bearer)
    assert answer.status_code < 500, (place, value, answer.text)
    body = answer.json() if "json" in answer.headers.get("content-type", "") else None
    return answer.status_code, body


def test_there_are_places_to_ask() -> None:
    assert len(QUERY_PLACES) > 50
    assert len(PLACES) - len(QUERY_PLACES) > 15


def finds_nothing(registry: Registry, watch: Watch, values: Sequence[str]) -> None:
    with watch.unchanged():
        for place in PLACES:
            for value in values:
                began = time.monotonic()
                read(registry, place, value)
                assert "pg_sleep" not in value or time.monotonic() - began < SLEEPS, (place, value)


def test_the_worst_values_in_every_address_are_refused_or_find_nothing(registry: Registry, watch: Watch) -> None:
    finds_nothing(registry, watch, (*VALUES, *IDENTIFIERS)[::5])


@pytest.mark.long
@pytest.mark.timeout(1500)
def test_all_of_the_worst_values_in_every_address_find_nothing(registry: Registry, watch: Watch) -> None:
    finds_nothing(registry, watch, (*VALUES, *IDENTIFIERS))


def same(one: tuple[int, Any], other: tuple[int, Any]) -> bool:
    """Both refused, or both found as much: nothing of the value was a question to the database."""
    if one[0] != other[0] or one[0] != 200:
        return one[0] == other[0]
    return len(one[1].get("items", [])) == len(other[1].get("items", []))


def asks_nothing(registry: Registry, watch: Watch, pairs: list[tuple[str, str]]) -> None:
    with watch.unchanged():
        for place in QUERY_PLACES:
            for true, false in pairs:
                assert same(read(registry, place, true), read(registry, place, false)), (place, true)


def test_no_filter_is_a_question_to_the_database(registry: Registry, watch: Watch) -> None:
    asks_nothing(registry, watch, list(injections())[:: 640 // EACH_COMMIT])


@pytest.mark.long
@pytest.mark.timeout(3000)
def test_no_filter_is_a_question_to_the_database_in_any_of_its_forms(registry: Registry, watch: Watch) -> None:
    asks_nothing(registry, watch, list(injections()))


@pytest.mark.parametrize("count", [2, 100, 2000])
def test_a_filter_given_again_and_again_is_refused_or_one(registry: Registry, watch: Watch, count: int) -> None:
    bearer = {"Authorization": f"Bearer {registry.sign_in(READER)}"}
    with watch.unchanged():
        for name in ("state", "words", "unit", "unknown"):
            query = "&".join(f"{name}=1" for _ in range(count))
            answer = registry.client.get(f"/api/v1/hazards?{query}", headers=bearer)
            assert answer.status_code in {200, 400, 414}, answer.text


def leaves(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    yield at
    for name, below in inner:
        yield from leaves(below, (*at, name))


def changed(value: Any, at: tuple[Any, ...], into: Any) -> Any:
    if not at:
        return into
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[at[0]] = changed(value[at[0]], at[1:], into)
    return copy


def writes() -> Iterator[tuple[str, str, Any]]:
    for path, operations in sorted(DOCUMENT["paths"].items()):
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {})
            if "application/json" in content and not path.startswith("/api/v1/session"):
                yield method, path, example_body(DOCUMENT, operation, str.upper)


def write_worst(registry: Registry, values: tuple[Any, ...]) -> int:
    sent = 0
    for method, path, wanted in writes():
        by = next((who for part, who in WRITERS.items() if part in path), "dongsheng-head")
        headers = {
            "Authorization": f"Bearer {registry.sign_in(by)}",
            "Content-Type": "application/json",
            "If-Match": '"0"',
        }
        for at in leaves(wanted):
            for value in values:
                content = json.dumps(changed(wanted, at, value)).encode()
                target = address((path, "", ""), "")
                answer = registry.client.request(method.upper(), target, content=content, headers=headers)
                assert answer.status_code < 500, (method, path, at, value, answer.text)
                sent += 1
    return sent


def test_the_worst_values_in_every_field_break_nothing(registry: Registry) -> None:
    assert write_worst(registry, JSON_VALUES[4::8]) > 500


@pytest.mark.long
@pytest.mark.timeout(1500)
def test_all_of_the_worst_values_in_every_field_break_nothing(registry: Registry) -> None:
    assert write_worst(registry, JSON_VALUES) > 3000
