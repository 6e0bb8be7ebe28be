"""The figures: which hazards count, as of a day and as known at an instant, and how rates are printed."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from app.regulation.definition import Figure
from app.regulation.indicators import (
    TransitionFact,
    ages_of_undetermined,
    as_of_instant,
    rate,
    snapshots,
    state_as_of,
)
from app.regulation.metrics import DEFINITIONS, figures, stock_definitions
from app.regulation.vocabulary import Act, Channel, HazardLevel, State
from tests.regulation.builders import Field

CUT_OFF = date(2023, 12, 31)
DEADLINE = date(2024, 6, 30)
AS_OF = date(2024, 7, 31)
REPORTED_AT = datetime(2024, 5, 1, 1, tzinfo=UTC)

FIRST = TransitionFact(
    id=1,
    hazard_id=1,
    act=Act.REPORT,
    order=1,
    to_state=State.REPORTED,
    cycle=0,
    occurred_at=REPORTED_AT,
    recorded_at=REPORTED_AT,
    unit_id=602,
    sector="fire",
    channel=Channel.INSPECTION,
    level=HazardLevel.MAJOR,
    found_on=date(2024, 5, 1),
    determined=False,
)


def day(number: int) -> datetime:
    """09:00 in Shanghai, so many days after the report."""
    return REPORTED_AT + timedelta(days=number)


def then(row: TransitionFact, act: Act, at: datetime, **changes: Field) -> TransitionFact:
    """The next row of the same hazard."""
    following = {"id": row.id + 1, "order": row.order + 1, "act": act, "occurred_at": at, "recorded_at": at}
    return replace(row, **{**following, **changes})


def history(
    hazard_id: int = 1, *, declared: datetime | None = None, closed: datetime | None = None, **dimensions: Field
) -> list[TransitionFact]:
    """A hazard determined, listed and, where days are given, declared and closed."""
    first = replace(FIRST, id=hazard_id * 100, hazard_id=hazard_id, **dimensions)
    determined = then(first, Act.DETERMINE, day(1), determined=True)
    deadlines = {"original_deadline": DEADLINE, "current_deadline": DEADLINE}
    rows = [
        first,
        determined,
        then(determined, Act.LIST, day(2), to_state=State.LISTED, cycle=1, supervision_tier=2, **deadlines),
    ]
    if declared:
        rows.append(then(rows[-1], Act.DECLARE, declared, to_state=State.RECTIFIED, declared_at=declared))
    if closed:
        rows.append(then(rows[-1], Act.PASS_VERIFICATION, closed, verified=True))
        rows.append(then(rows[-1], Act.SIGN, closed, to_state=State.CLOSED))
    return rows


def at_end(rows: list[TransitionFact], on: date = AS_OF, known_at: datetime | None = None) -> dict[str, Figure]:
    return dict(figures(snapshots(rows, on, known_at), CUT_OFF))


def values(rows: list[TransitionFact], *names: str, on: date = AS_OF) -> list[str | None]:
    found = at_end(rows, on)
    return [found[name].value for name in names]


def test_the_day_ends_with_its_last_microsecond_in_shanghai() -> None:
    assert as_of_instant(date(2024, 12, 31)) == datetime(2024, 12, 31, 15, 59, 59, 999999, tzinfo=UTC)


def test_a_closing_at_midnight_belongs_to_the_next_day() -> None:
    rows = history(declared=day(10), closed=datetime(2024, 7, 31, 16, tzinfo=UTC))
    assert values(rows, "closed") == ["0"]
    assert values(rows, "closed", on=AS_OF + timedelta(days=1)) == ["1"]


def test_an_undetermined_report_stands_beside_the_found_with_its_age() -> None:
    assert values([FIRST], "found", "undetermined", "open") == ["0", "1", "0"]
    assert ages_of_undetermined(snapshots([FIRST], AS_OF)) == [91]


@pytest.mark.parametrize(
    "dimensions",
    [{"level": HazardLevel.KEY}, {"found_on": AS_OF + timedelta(days=1)}],
)
def test_key_hazards_and_later_findings_are_not_counted(dimensions: dict[str, Field]) -> None:
    assert values(history(**dimensions), "found", "clearance_rate") == ["0", None]


def test_a_dismissed_hazard_is_not_counted() -> None:
    rows = history()
    rows.append(then(rows[-1], Act.SIGN, day(5), to_state=State.DISMISSED))
    assert values(rows, "found", "open", "overdue_open") == ["0", "0", "0"]


def test_found_closed_and_open_add_up() -> None:
    rows = [*history(1, declared=day(10), closed=day(20)), *history(2), *history(3, declared=day(10))]
    assert values(rows, "found", "closed", "open", "clearance_rate") == ["3", "1", "2", "33.3"]
    assert values(rows, "awaiting_verification", "awaiting_signatures", "awaiting_declaration") == ["1", "0", "0"]


def test_a_relapse_reopens_what_was_closed() -> None:
    rows = history(declared=day(10), closed=day(20))
    fresh = {"to_state": State.LISTED, "cycle": 2, "declared_at": None, "verified": False}
    rows.append(then(rows[-1], Act.RELAPSE, day(40), **fresh))
    assert values(rows, "closed", "open", "relapse_rate") == ["0", "1", "100"]
    assert values(rows, "closed", "relapse_rate", on=date(2024, 6, 1)) == ["1", "0.0"]
    assert values([*rows, *history(2)], "relapse_rate") == ["100"]
    (one,) = snapshots(rows, AS_OF)
    assert one.closed_on is None


def test_what_relapsed_and_was_withdrawn_is_counted_nowhere() -> None:
    rows = history(declared=day(10), closed=day(20))
    rows.append(then(rows[-1], Act.RELAPSE, day(40), to_state=State.LISTED, cycle=2, verified=False))
    rows.append(then(rows[-1], Act.SIGN, day(50), to_state=State.DISMISSED))
    found = at_end(rows)
    assert {one.numerator for one in found.values()} == {0}
    assert {one.denominator for one in found.values()} <= {0, None}


def test_a_key_hazard_is_in_no_figure_of_the_majors() -> None:
    rows = history(
        level=HazardLevel.KEY,
        channel=Channel.SELF_REPORT,
        extension_granted_count=1,
        declared=day(10),
        closed=day(20),
    )
    assert {one.numerator for one in at_end(rows).values()} == {0}
    assert {one.denominator for one in at_end(rows).values()} <= {0, None}


def test_delisting_and_revisits_do_not_move_the_day_of_closing() -> None:
    rows = history(declared=day(10), closed=day(20))
    rows.append(then(rows[-1], Act.DELIST, day(90)))
    (one,) = snapshots(rows, AS_OF)
    assert one.closed_on == date(2024, 5, 21)
    assert values(rows, "on_time_closing_rate", "median_days_to_close", "mean_days_to_close") == ["100", "20.0", "20.0"]


ON_TIME = ("on_time_rectification_rate", "on_time_closing_rate", "overdue_open", "dynamic_clearance_rate")


@pytest.mark.parametrize(
    ("declared", "closed", "expected"),
    [
        (date(2024, 6, 30), date(2024, 6, 30), ["100", "100", "0", "100"]),
        (date(2024, 6, 30), date(2024, 7, 1), ["100", "0.0", "0", "100"]),
        (date(2024, 7, 1), date(2024, 7, 1), ["0.0", "0.0", "0", "100"]),
        (date(2024, 6, 30), None, ["0.0", "0.0", "0", "100"]),
        (date(2024, 7, 1), None, ["0.0", "0.0", "1", "0.0"]),
        (None, None, ["0.0", "0.0", "1", "0.0"]),
    ],
)
def test_on_time_is_by_the_declaration_that_passed_and_by_the_closing(
    declared: date | None, closed: date | None, expected: list[str]
) -> None:
    evening = [datetime(d.year, d.month, d.day, 15, 59, tzinfo=UTC) if d else None for d in (declared, closed)]
    assert values(history(declared=evening[0], closed=evening[1]), *ON_TIME) == expected


def test_what_falls_due_today_is_due_but_not_overdue() -> None:
    assert values(history(), "overdue_open", "dynamic_clearance_rate", "on_time_closing_rate", on=DEADLINE) == [
        "0",
        None,
        "0.0",
    ]
    assert values(history(), "on_time_closing_rate", on=DEADLINE - timedelta(days=1)) == [None]


def test_an_extension_separates_the_original_from_the_current_deadline() -> None:
    rows = history()
    later = {"current_deadline": date(2024, 7, 10), "extension_granted_count": 1}
    rows.append(then(rows[-1], Act.DECIDE_EXTENSION, day(30), **later))
    declared = day(65)
    rows.append(then(rows[-1], Act.DECLARE, declared, to_state=State.RECTIFIED, declared_at=declared))
    rows.append(then(rows[-1], Act.PASS_VERIFICATION, declared, verified=True))
    assert values(rows, "awaiting_signatures", "extension_rate") == ["1", "100"]
    rows.append(then(rows[-1], Act.SIGN, day(66), to_state=State.CLOSED))
    names = ("on_time_rectification_rate", "on_time_closing_rate")
    assert values(rows, *names) == ["100", "100"]
    assert values(rows, *(f"{name}_original" for name in names)) == ["0.0", "0.0"]


def test_a_failed_verification_makes_an_old_declaration_count_no_more() -> None:
    rows = history(declared=day(10))
    rows.append(then(rows[-1], Act.FAIL_VERIFICATION, day(12), to_state=State.LISTED, cycle=2, declared_at=None))
    assert values(rows, "overdue_open") == ["1"]


def test_an_unknown_original_deadline_is_in_no_original_rate() -> None:
    rows = [replace(row, original_deadline=None) for row in history(declared=day(10), closed=day(20))]
    assert values(rows, "on_time_closing_rate", "on_time_closing_rate_original") == ["100", None]


def imported(hazard_id: int = 1) -> list[TransitionFact]:
    """Found and closed on paper, taken in by two attestors months later."""
    recorded = datetime(2026, 3, 1, tzinfo=UTC)
    known: dict[str, Field] = {
        "determined": True,
        "legacy": True,
        "supervision_tier": 2,
        "current_deadline": DEADLINE,
        "cycle": 1,
    }
    first = replace(FIRST, id=hazard_id * 100, hazard_id=hazard_id, recorded_at=recorded, **known)
    listed = replace(first, act=Act.IMPORT_CLOSED, to_state=State.LISTED)
    return [listed, then(listed, Act.IMPORT_CLOSED, day(20), to_state=State.CLOSED, recorded_at=recorded)]


def test_an_imported_closing_counts_from_its_day_but_is_not_known_before_its_attestation() -> None:
    assert values(imported(), "found", "closed", "closed_by_import") == ["1", "1", "1"]
    before = at_end(imported(), known_at=datetime(2026, 2, 28, tzinfo=UTC))
    assert (before["found"].value, before["clearance_rate"].value) == ("0", None)


def test_an_imported_closing_without_declaration_is_unknown_to_on_time_rectification() -> None:
    names = ("on_time_rectification_rate", "on_time_closing_rate")
    assert values(imported(), *names) == [None, "100"]
    dated = [replace(row, original_deadline=DEADLINE) for row in imported()]
    assert values(dated, *(f"{name}_original" for name in names)) == [None, "100"]


def test_a_cessation_is_counted_apart() -> None:
    rows = history()
    rows.append(then(rows[-1], Act.SIGN, day(5), to_state=State.CLOSED))
    rows.append(then(rows[-1], Act.DELIST, day(6)))
    assert values(rows, "closed", "closed_by_cessation") == ["1", "1"]
    assert values(imported(), "closed_by_cessation") == ["0"]
    assert values(history(declared=day(10), closed=day(20)), "closed_by_cessation") == ["0"]


def test_fixed_on_the_spot_awaits_its_declaration() -> None:
    rows = history()
    rows.append(then(rows[-1], Act.LIST_FIXED_ON_THE_SPOT, day(3), to_state=State.RECTIFIED))
    assert values(rows, "awaiting_declaration", "awaiting_verification") == ["1", "0"]


def test_stock_and_increment_split_at_the_editions_day() -> None:
    rows = [*history(1, found_on=CUT_OFF), *history(2, declared=day(10), closed=day(20))]
    names = ("stock_found", "stock_clearance_rate", "increment_found", "increment_clearance_rate")
    assert values(rows, *names) == ["1", "0.0", "1", "100"]


def test_shares_of_channels_and_listings() -> None:
    rows = [*history(1, channel=Channel.SELF_REPORT), *history(2, declared=day(10), closed=day(20))]
    assert values(rows, "self_report_share", "listing_completion_rate") == ["50.0", "50.0"]


def test_medians_and_means_of_nothing_are_a_dash() -> None:
    assert values(history(), "median_days_to_close", "mean_days_to_close") == [None, None]


def test_a_correction_restates_the_past_from_the_instant_it_is_known() -> None:
    rows = history()
    corrected = [replace(row, id=900 + row.id, unit_id=621, recorded_at=day(50), restates=row.id) for row in rows]
    everything = [*rows, *corrected]
    before = snapshots(everything, AS_OF, known_at=day(49))
    after = snapshots(everything, AS_OF, known_at=day(50))
    assert [one.row.unit_id for one in before] == [602]
    assert [one.row.unit_id for one in after] == [621]
    assert [one.row.unit_id for one in snapshots(everything, date(2024, 5, 2))] == [621]
    assert at_end(everything)["found"].value == "1"


def test_the_last_row_holds_by_time_then_order_then_id() -> None:
    rows = history()
    same = replace(rows[-1], id=999, order=rows[-1].order - 1, unit_id=1)
    assert state_as_of([same, *rows], as_of_instant(AS_OF)) == rows[-1]
    copy = replace(rows[-1], id=1000, unit_id=2)
    assert state_as_of([copy, *rows], as_of_instant(AS_OF)) == copy
    assert state_as_of(rows, REPORTED_AT - timedelta(microseconds=1)) is None
    assert state_as_of(rows, REPORTED_AT) == rows[0]


def test_rows_after_the_day_are_not_seen() -> None:
    assert values(history(declared=day(10), closed=day(20)), "closed", on=date(2024, 5, 20)) == ["0"]


PUBLISHED = [
    (Decimal("9.11"), Decimal("8.58"), "94.2"),
    (339, 333, "98.2"),
    (5809, 5521, "95.0"),
    (630, 620, "98.4"),
    (75, 70, "93.3"),
    (87, 84, "96.6"),
    (82, 82, "100"),
    (11243, 10518, "93.6"),
    (256, 235, "91.8"),
    (17, 16, "94.1"),
    (2500, 2499, "99.9"),
    (0, 0, None),
    (8, 1, "12.5"),
    (2000, 1, "0.1"),
    (3, 0, "0.0"),
]


@pytest.mark.parametrize(("denominator", "numerator", "printed"), PUBLISHED)
def test_rates_have_one_decimal_half_up_and_are_100_only_when_equal(
    denominator: int | Decimal, numerator: int | Decimal, printed: str | None
) -> None:
    assert rate(numerator, denominator) == printed


@pytest.mark.parametrize(("numerator", "denominator"), [(2, 1), (-1, 1), (1, 0)])
def test_a_rate_beyond_its_whole_is_a_fault(numerator: int, denominator: int) -> None:
    with pytest.raises(ValueError, match="分子"):
        rate(numerator, denominator)


def test_three_hundred_and_thirty_three_of_339_are_98_2_per_cent_and_6_open() -> None:
    rows = [row for n in range(1, 340) for row in history(n, declared=day(10), closed=day(20) if n <= 333 else None)]
    assert values(rows, "found", "closed", "clearance_rate", "open") == ["339", "333", "98.2", "6"]


def test_every_definition_is_named_worded_and_founded() -> None:
    everything = {**DEFINITIONS, **stock_definitions(CUT_OFF)}
    for key, one in everything.items():
        assert (one.id, one.version) == (key, 1)
        assert one.name
        assert one.words
        assert one.basis


def test_a_numerator_is_part_of_its_denominator_for_every_figure() -> None:
    everything = [
        *history(1, declared=day(10), closed=day(20)),
        *history(2),
        *imported(3),
        *history(4, declared=day(10)),
    ]
    for found in at_end(everything).values():
        assert found.denominator is None or found.numerator <= found.denominator
