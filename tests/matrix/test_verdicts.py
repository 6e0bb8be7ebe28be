"""P-20, P-21, P-22: every cell answers as the table says, shows nothing foreign, and a refusal changes nothing."""

import pytest

from tests.matrix.canaries import leaks
from tests.matrix.city import City
from tests.matrix.engine import Engine, cells_by_route, difference
from tests.matrix.table import Verdict
from tests.matrix.unchanged import State, Tables

CELLS = cells_by_route()
# Whoever asks first builds the city, the others wait for it.
pytestmark = pytest.mark.timeout(400)
REFUSED = frozenset({Verdict.FORBIDDEN, Verdict.NO, Verdict.NOT_THERE, Verdict.WHO, Verdict.INCOMPLETE})


@pytest.mark.parametrize("route", CELLS)
def test_every_cell_is_as_the_table_says_and_no_refusal_changes_anything(
    city: City, tables: Tables, route: str
) -> None:
    engine, found = Engine(city), []
    # None where somebody let in may have changed something since the last look.
    before: State | None = None
    for cell in CELLS[route]:
        is_refused = cell.verdict in REFUSED
        if is_refused and before is None:
            before = tables.state()
        asked = engine.ask(cell)
        found.append(difference(asked))
        of_others = leaks(city, cell.persona, asked.answer)
        found += [f"{cell.persona} · {cell.relation}: shown of {leak}" for leak in of_others]
        after = tables.state() if is_refused else None
        if before is not None and after is not None and after != before:
            moved = [new for new, old in zip(after, before, strict=True) if new != old]
            found.append(f"{cell.persona} · {cell.relation}: refused, and yet changed {moved}")
        before = after
    differences = [one for one in found if one]
    assert not differences, "\n".join(differences)


@pytest.mark.long
@pytest.mark.parametrize("route", CELLS)
def test_no_refusal_of_a_route_changes_a_single_row(city: City, tables: Tables, route: str) -> None:
    """Every row of every table hashed: all but what refusals leave, and when a session was last seen."""
    engine, before = Engine(city), tables.contents()
    for cell in CELLS[route]:
        if cell.verdict in REFUSED:
            engine.ask(cell)
    assert tables.contents() == before
