"""Letters as figures: of each rung and kind, and how many were answered, and in time."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from app.regulation.indicators_letters import (
    LETTER_DEFINITIONS,
    LetterFact,
    issued_by_kind,
    issued_by_rung,
    reply_figure,
)
from app.regulation.vocabulary import LetterKind, Rung

ISSUED, SERVED, DUE = date(2026, 3, 1), date(2026, 3, 3), date(2026, 3, 18)
NOTICE = LetterFact(LetterKind.NOTICE_LETTER, ISSUED, rung=Rung.NOTICE_LETTER, served_on=SERVED, reply_due_on=DUE)
BY_HAND = LetterFact(LetterKind.SUMMONS_NOTICE, ISSUED)
DEFINITIONS = {one.id: one for one in LETTER_DEFINITIONS}
ONE_DAY = timedelta(days=1)


def replies(*letters: LetterFact, on: date = DUE) -> list[tuple[str | None, int, int | None]]:
    figures = [reply_figure(DEFINITIONS[key], letters, on) for key in ("reply_rate", "on_time_reply_rate")]
    return [(one.value, one.numerator, one.denominator) for one in figures]


def test_a_letter_counts_from_the_day_it_was_issued_until_it_is_voided() -> None:
    draft = replace(NOTICE, issued_on=None)
    voided = replace(NOTICE, voided_on=DUE)
    assert issued_by_rung([NOTICE, draft, voided], ISSUED)[Rung.NOTICE_LETTER] == 2
    assert issued_by_rung([NOTICE, draft, voided], DUE)[Rung.NOTICE_LETTER] == 1
    assert issued_by_rung([NOTICE], ISSUED - ONE_DAY) == dict.fromkeys(Rung, 0)


def test_a_summons_ordered_by_hand_is_counted_by_kind_and_moves_no_rung() -> None:
    assert issued_by_rung([BY_HAND], DUE)[Rung.SUMMONS] == 0
    assert issued_by_kind([BY_HAND, NOTICE], DUE)[LetterKind.SUMMONS_NOTICE] == 1
    assert issued_by_kind([], DUE).keys() == set(LetterKind)


@pytest.mark.parametrize(
    ("answered_on", "on", "expected"),
    [
        (None, DUE - ONE_DAY, [(None, 0, 0)] * 2),
        (None, DUE, [("0.0", 0, 1)] * 2),
        (DUE, DUE, [("100", 1, 1)] * 2),
        (DUE + ONE_DAY, DUE, [("0.0", 0, 1)] * 2),
        (DUE + ONE_DAY, DUE + ONE_DAY, [("100", 1, 1), ("0.0", 0, 1)]),
        (SERVED, DUE - ONE_DAY, [(None, 0, 0)] * 2),
    ],
)
def test_an_answer_counts_when_it_is_due_and_in_time_by_its_day(
    answered_on: date | None, on: date, expected: list[tuple[str | None, int, int | None]]
) -> None:
    assert replies(replace(NOTICE, answered_on=answered_on), on=on) == expected


@pytest.mark.parametrize("change", [{"reply_due_on": None}, {"served_on": None}, {"voided_on": ISSUED}])
def test_a_letter_that_asks_nothing_or_reached_nobody_or_was_voided_owes_no_answer(
    change: dict[str, date | None],
) -> None:
    assert replies(replace(NOTICE, **change)) == [(None, 0, 0)] * 2  # type: ignore[arg-type] # of whatever a case changes
