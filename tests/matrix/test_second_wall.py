"""P-23: every filter of the application taken out, row-level security alone still shows nobody anything foreign."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from app.exchange import ledger_attestation
from app.infrastructure.errors import NotFound
from app.tables.ledgers import LegacyBatch
from tests.matrix.asking import Subject
from tests.matrix.asking_records import ASKS
from tests.matrix.canaries import leaks, sight
from tests.matrix.city import City
from tests.matrix.engine import Asked, Engine, cells_by_route
from tests.matrix.table import Cell, Verdict, targets
from tests.matrix.test_canaries import lists, pages
from tests.support.cluster import libpq_address

pytestmark = [pytest.mark.timeout(400), pytest.mark.proof]
# Whose sight is less than everything, with whose sight row-level security gives them: a service account of a
# department may read nothing, and the wall lets it see what its department sees.
SEEN_AS = {
    "enterprise_safety_officer": "enterprise_safety_officer",
    "enterprise_service": "enterprise_service",
    "enterprise_key_to_read": "enterprise_key_to_read",
    "inspector": "inspector",
    "principal_head": "principal_head",
    "office_clerk": "office_clerk",
    "tip_officer": "tip_officer",
    "township_inspector": "township_inspector",
    "city_department_head": "city_department_head",
    "other_district_clerk": "other_district_clerk",
    "other_district_head": "other_district_head",
    "official_service": "inspector",
    "system_administrator": "system_administrator",
    # A sign-in must find whose post it is before it is anybody's: organisations and posts, and nothing of a hazard.
    "no_appointment": "system_administrator",
}
OF_EACH_COMMIT = (
    "enterprise_safety_officer",
    "inspector",
    "township_inspector",
    "other_district_head",
    "no_appointment",
)
"""One of each kind of sight; `make long` asks all."""
# name → what takes its place, in whichever module holds it.
_OPEN: dict[str, Callable[..., Any]] = {
    "hazard_is_visible": lambda _actor: sa.true(),
    "enterprise_is_visible": lambda _actor: sa.true(),
    "penalty_is_visible": lambda _actor: sa.true(),
    "letter_is_visible": lambda _actor: sa.true(),
    "episode_is_visible": lambda _actor: sa.true(),
    "is_own_message": lambda _actor: sa.true(),
    "delivery_is_overseen": lambda _actor: sa.true(),
    "enterprise_is_in_reach": lambda _actor: sa.true(),
    "has_permission": lambda _permission, _actor: True,
    "is_act_in_scope": lambda _actor, _act: True,
    "is_in_scope": lambda _actor, _word: True,
    "refuse_out_of_scope": lambda _actor, _operation: None,
}
RELATED = ("other_enterprise", "other_sector", "other_unit", "parent_unit", "child_unit")


async def _any_batch(context: Any, batch_id: int) -> LegacyBatch:
    batch = (
        await context.session.execute(sa.select(LegacyBatch).where(LegacyBatch.id == batch_id))
    ).scalar_one_or_none()
    if batch is None:
        raise NotFound
    found: LegacyBatch = batch
    return found


@pytest.fixture
def no_filters(monkeypatch: pytest.MonkeyPatch) -> None:
    """The application without one condition of its own: whoever asks, for whatever, is asked no more."""
    modules = [module for name, module in sys.modules.items() if name.startswith("app.")]
    for name, opened in _OPEN.items():
        holders = [module for module in modules if hasattr(module, name)]
        assert holders, f"{name} is nowhere any more: what filters in its place?"
        for module in holders:
            monkeypatch.setattr(module, name, opened)
    monkeypatch.setattr(ledger_attestation, "_find", _any_batch)


def shown(city: City, persona: str) -> list[str]:
    """What a persona is shown of others: by every list, by every route about somebody else's."""
    found = [
        f"{address}: {leak}"
        for address in lists(city)
        for answer in pages(city, persona, address)
        for leak in leaks(city, SEEN_AS[persona], answer)
    ]
    engine = Engine(city)
    for route, of_route in cells_by_route(foreign_cells(persona)).items():
        for cell in of_route:
            asked = engine.ask(cell)
            leaked = leaks(city, SEEN_AS[persona], asked.answer)
            if is_out_of_sight(asked) and asked.answer.is_success:
                leaked.append(f"answered {asked.answer.status_code}")
            found += [f"{route} {cell.relation}: {leak}" for leak in leaked]
    return found


def is_out_of_sight(asked: Asked) -> bool:
    """Whether it is about a hazard or penalty that the wall hides: then success alone says too much."""
    seen = sight()[SEEN_AS[asked.cell.persona]]
    hazards = seen.hazards
    if ASKS[asked.cell.route].subject is Subject.PENALTY:
        return asked.target not in seen.penalties | {"fire"}
    return ASKS[asked.cell.route].subject in (Subject.HAZARD, Subject.EVIDENCE) and asked.target not in hazards


def foreign_cells(persona: str) -> Iterator[Cell]:
    """Every route about a hazard, of everybody who stands in any relation but one's own; asked in earnest."""
    for route, of_route in cells_by_route().items():
        for relation in {cell.relation for cell in of_route} & set(RELATED):
            if targets()[persona][relation]:
                yield Cell(route, relation, persona, Verdict.FORBIDDEN)
        if route.endswith("/imports/{batch}"):
            yield Cell(route, "own", persona, Verdict.FORBIDDEN)


@pytest.mark.usefixtures("no_filters")
@pytest.mark.parametrize(
    "persona", [pytest.param(one, marks=() if one in OF_EACH_COMMIT else pytest.mark.long) for one in SEEN_AS]
)
def test_without_any_filter_of_the_application_nobody_is_shown_anything_foreign(city: City, persona: str) -> None:
    assert shown(city, persona) == []


@contextlib.contextmanager
def disabled_wall(city: City, table: str) -> Iterator[None]:
    with psycopg.connect(libpq_address(city.registry.database.superuser_url), autocommit=True) as superuser:
        superuser.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY".encode())
        try:
            yield
        finally:
            superuser.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY".encode())


@pytest.mark.usefixtures("no_filters")
@pytest.mark.parametrize("table", ["hazard", "enterprise"])
def test_a_wall_taken_down_besides_is_found(city: City, table: str) -> None:
    """The control run: without filters and without the wall the canaries sing."""
    with disabled_wall(city, table):
        assert shown(city, "enterprise_safety_officer") != []


@pytest.mark.parametrize("table", ["hazard", "enterprise"])
def test_a_wall_taken_down_alone_shows_nothing_for_the_filters_hold(city: City, table: str) -> None:
    with disabled_wall(city, table):
        assert shown(city, "enterprise_safety_officer") == []
