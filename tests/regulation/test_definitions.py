"""The catalogue: every figure named, worded, founded; what it counts in, how it prints, which way is better."""

from decimal import Decimal

import pytest

from app.regulation.catalogue import catalogue, chapters
from app.regulation.definition import Definition, Direction, Kind, Source, is_reached
from app.regulation.metrics import DEFINITIONS, WORDS
from tests.regulation.builders import EDITION

EVERY = {one.id: one for one in catalogue(EDITION.stock_found_by)}
OF_DESIGN = (
    "found",
    "closed",
    "open",
    "clearance_rate",
    "on_time_rectification_rate",
    "on_time_rectification_rate_original",
    "on_time_closing_rate",
    "on_time_closing_rate_original",
    "overdue_open",
    "awaiting_verification",
    "awaiting_signatures",
    "waiting_at_post",
    "dynamic_clearance_rate",
    "stock_clearance_rate",
    "increment_clearance_rate",
    "median_days_to_close",
    "mean_days_to_close",
    "extension_rate",
    "relapse_rate",
    "self_report_share",
    "letters_notice_letter",
    "letters_circular",
    "letters_summons",
    "letters_exposure",
    "letters_referral",
    "reply_rate",
    "listing_completion_rate",
    "median_days_listed",
    "median_days_at_post",
    "form_12_funds",
    "dual_track_score",
    "principals_trained",
    "benchmark_share",
    "quarterly_supervisions",
    "days_since_last_overdue",
    "longest_run_of_zero",
)


@pytest.mark.parametrize("key", OF_DESIGN)
def test_every_figure_of_the_design_is_defined(key: str) -> None:
    assert key in EVERY


def test_no_two_figures_share_an_id() -> None:
    assert len(list(catalogue(EDITION.stock_found_by))) == len(EVERY)


@pytest.mark.parametrize("one", EVERY.values(), ids=EVERY)
def test_a_definition_is_whole(one: Definition) -> None:
    assert one.version == 1
    assert all((one.name, one.words, one.numerator, one.unit, one.rounding))
    assert one.basis
    assert all(basis.document for basis in one.basis)
    assert one.kind is not Kind.RATE or one.denominator


def test_finding_little_is_never_better() -> None:
    for key in ("found", "stock_found", "increment_found", "undetermined", "form_05_major_found"):
        assert EVERY[key].direction is Direction.NEUTRAL
    assert EVERY["found_per_thousand_inspections"].direction is Direction.HIGHER


def test_what_the_registry_does_not_hold_is_marked_as_reported() -> None:
    reported = {key for key, one in EVERY.items() if one.source is Source.REPORTED}
    assert {
        "form_01_units_inspected",
        "form_02_general_found",
        "form_12_funds",
        "trained",
        "benchmark_share",
    } <= reported
    assert not reported & {*DEFINITIONS, "form_05_major_found", "quarterly_supervisions"}


def test_every_predicate_has_one_wording() -> None:
    assert len(set(WORDS.values())) == len(WORDS)
    for one in DEFINITIONS.values():
        assert one.numerator == WORDS[one.counts]


def test_the_chapters_are_named() -> None:
    assert all(chapter.name and chapter.definitions for chapter in chapters(EDITION.stock_found_by))


@pytest.mark.parametrize(
    ("figure", "numerator", "denominator", "goal", "expected"),
    [
        ("clearance_rate", 339, 339, "100", True),
        ("clearance_rate", 2499, 2500, "100", False),
        ("clearance_rate", 985, 1000, "98.5", True),
        ("clearance_rate", 9849, 10000, "98.5", False),
        ("clearance_rate", 0, 0, "100", None),
        ("overdue_open", 0, None, "0", True),
        ("overdue_open", 1, None, "0", False),
        ("extension_rate", 1, 10, "10", True),
        ("extension_rate", 2, 10, "10", False),
        ("quarterly_supervisions", 3, None, "3", True),
        ("quarterly_supervisions", 2, None, "3", False),
    ],
)
def test_a_goal_is_judged_by_the_exact_quotient_and_never_by_its_print(
    figure: str, numerator: int, denominator: int | None, goal: str, expected: bool | None
) -> None:
    among = None if denominator is None else Decimal(denominator)
    assert is_reached(EVERY[figure], Decimal(numerator), among, Decimal(goal)) is expected
