"""Whatever is sent, by whomever: no fault of ours, no undocumented answer, no header or schema amiss."""

import io
from collections.abc import Callable

import pytest

from tests.fuzz.fuzzing import ALL_PHASES, Outcome, fuzz
from tests.fuzz.stage import PERSONAS, Stage

EACH_COMMIT = ("enterprise safety officer", "district clerk", "system administrator")
EXAMPLES_EACH_COMMIT = 10
EXAMPLES_LONG = 150
LEAST_LONG = 100_000 // len(PERSONAS) + 1


def found_nothing(outcome: Outcome, log: io.StringIO) -> None:
    told = f"{outcome.told()}\n{log.getvalue()[:20_000]}"
    assert not outcome.failures, told
    assert not outcome.errors, told
    assert outcome.server_errors == 0, told
    assert not log.getvalue(), told


@pytest.mark.proof
@pytest.mark.timeout(300)
@pytest.mark.parametrize("persona", EACH_COMMIT)
def test_ten_examples_of_every_operation_find_nothing(
    stage_for: Callable[[str], Stage], persona: str, log: io.StringIO
) -> None:
    outcome = fuzz(stage_for(persona), phases=("fuzzing",), examples=EXAMPLES_EACH_COMMIT)
    found_nothing(outcome, log)
    assert outcome.cases > 5 * EXAMPLES_EACH_COMMIT
    assert outcome.statuses[401] < outcome.cases / 10, "the persona was signed out on the way"


@pytest.mark.long
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("persona", PERSONAS)
def test_twelve_thousand_cases_in_all_phases_find_nothing(
    stage_for: Callable[[str], Stage], persona: str, log: io.StringIO
) -> None:
    outcome = fuzz(stage_for(persona), phases=ALL_PHASES, examples=EXAMPLES_LONG)
    print(persona, outcome.told()[:400])  # noqa: T201 - the numbers go into the issue's note
    found_nothing(outcome, log)
    assert outcome.cases >= LEAST_LONG
