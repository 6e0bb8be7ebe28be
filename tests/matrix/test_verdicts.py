"""P-20, P-21, P-22: every cell answers as the table says, shows nothing foreign, and a refusal changes nothing."""

from collections.abc import Iterator

import pytest

from tests.matrix.canaries import leaks
from tests.matrix.city import City
from tests.matrix.engine import Engine, cells_by_route, difference
from tests.matrix.table import Cell, Verdict
from tests.matrix.unchanged import Tables

CELLS = cells_by_route()
# Whoever asks first builds the city, the others wait for it.
pytestmark = [pytest.mark.timeout(400), pytest.mark.proof]
REFUSED = frozenset({Verdict.FORBIDDEN, Verdict.NO, Verdict.NOT_THERE, Verdict.WHO, Verdict.INCOMPLETE})


@pytest.mark.parametrize("route", CELLS)
def test_every_cell_is_as_the_table_says_and_no_refusal_changes_a_single_row(
    city: City, tables: Tables, route: str
) -> None:
    """Every row of every table hashed: all but what refusals leave, and when a session was last seen or tried."""
    engine = Engine(city)
    refused = [cell for cell in CELLS[route] if cell.verdict in REFUSED]
    before = tables.contents()
    found = [fault for cell in refused for fault in faults_of(city, engine, cell)]
    moved = [new[0] for new, old in zip(tables.contents(), before, strict=True) if new != old]
    # Which of them did it, the test asked for one cell alone tells.
    found += [f"refused {len(refused)} times, and yet changed {table}" for table in moved]
    found += [fault for cell in CELLS[route] if cell not in refused for fault in faults_of(city, engine, cell)]
    assert not found, "\n".join(found)


def faults_of(city: City, engine: Engine, cell: Cell) -> Iterator[str]:
    """How the answer to one cell differs from its verdict, and what of others it shows."""
    asked = engine.ask(cell)
    found = difference(asked)
    if found:
        yield found
    for leak in leaks(city, cell.persona, asked.answer):
        yield f"{cell.persona} · {cell.relation}: shown of {leak}"
