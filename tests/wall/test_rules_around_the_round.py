"""What stands around the round: opening, paper, the hazard's row, papers, posts, the ladder, letters, the outbox."""

import psycopg
import pytest

from tests.support import wall_cases_around, wall_cases_audit, wall_cases_ladder, wall_cases_outbox, wall_cases_papers
from tests.support.wall_bench import WORLDS, Bench
from tests.support.wall_cases import Case
from tests.support.wall_steps import refusal
from tests.wall.conftest import Walled

OF_THE_LADDER = (*wall_cases_ladder.of_ladder(), *wall_cases_outbox.of_outbox())
CASES = (
    *wall_cases_around.around(),
    *wall_cases_papers.around(),
    *wall_cases_audit.around(),
    *OF_THE_LADDER,
)


def met(walled: Walled, case: Case) -> str:
    """The refusal the case met, empty for none; nothing of it stays."""
    hazard = walled.hazard(WORLDS[0])
    try:
        with walled.connection.transaction(force_rollback=True):
            case.run(Bench(walled.connection, walled.city, WORLDS[0], hazard))
    except psycopg.Error as error:
        return refusal(error)
    return ""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_rule_around_the_round_refuses_by_its_own_code(walled: Walled, case: Case) -> None:
    assert met(walled, case) in (case.refusals or ("",))
