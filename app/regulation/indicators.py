"""The clearance figures, once: each definition in words and as plain predicates over the history (design 3.4).

The statistics' SQL is tested against these. Reads transition rows and nothing else; knows no scope.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from statistics import median

from app.regulation.deadlines import business_date, end_of_day
from app.regulation.vocabulary import Act, Channel, HazardLevel, State

_RELAPSES = frozenset({Act.FAIL_REVISIT, Act.RELAPSE})
_ONE_DECIMAL = Decimal("0.1")
_ALL = Decimal(100)
_NOT_QUITE_ALL = Decimal("99.9")


@dataclass(frozen=True, slots=True)
class TransitionFact:
    """One transition row: the act, and the hazard's dimensions after it; a restating copy carries corrected ones."""

    id: int
    hazard_id: int
    act: Act
    order: int
    """Place of the act it stands for within its hazard; a restating copy keeps its original's."""
    to_state: State
    cycle: int
    occurred_at: datetime
    recorded_at: datetime
    unit_id: int
    sector: str
    channel: Channel
    level: HazardLevel
    found_on: date
    determined: bool
    supervision_tier: int | None = None
    lead_organisation_id: int | None = None
    original_deadline: date | None = None
    current_deadline: date | None = None
    declared_at: datetime | None = None
    """When this cycle's standing declaration got its second signature."""
    verified: bool = False
    """Whether that declaration's verification passed and stands."""
    extension_granted_count: int = 0
    legacy: bool = False
    reason: str | None = None
    """Why the act was done; no figure depends on it."""
    restates: int | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One hazard as it stood at the end of a day, as known at some instant."""

    row: TransitionFact
    on: date
    """The as-of date."""
    closed_on: date | None
    """The day this cycle was closed, if it is closed."""
    has_relapsed: bool
    was_ever_closed: bool
    acts: frozenset[Act]
    """Every act done by then."""


def as_of_instant(day: date) -> datetime:
    """T of an as-of date: its last microsecond in Asia/Shanghai, so that 00:00 belongs to the next day."""
    return end_of_day(day) - timedelta(microseconds=1)


def state_as_of(
    rows: Iterable[TransitionFact], at: datetime, known_at: datetime | None = None
) -> TransitionFact | None:
    """Of one hazard's rows that had occurred at `at` and were known at `known_at`, the one that holds."""
    visible = _visible(rows, at, known_at)
    return max(visible, key=_place) if visible else None


def snapshots(history: Iterable[TransitionFact], on: date, known_at: datetime | None = None) -> list[Snapshot]:
    """Every hazard of the history at the end of that day."""
    by_hazard: dict[int, list[TransitionFact]] = {}
    for row in _visible(history, as_of_instant(on), known_at):
        by_hazard.setdefault(row.hazard_id, []).append(row)
    return [_snapshot(rows, on) for rows in by_hazard.values()]


def _visible(rows: Iterable[TransitionFact], at: datetime, known_at: datetime | None) -> list[TransitionFact]:
    return [row for row in rows if row.occurred_at <= at and (known_at is None or row.recorded_at <= known_at)]


def _place(row: TransitionFact) -> tuple[datetime, int, int]:
    return row.occurred_at, row.order, row.id


def _snapshot(rows: list[TransitionFact], on: date) -> Snapshot:
    last = max(rows, key=_place)
    closings = [row.occurred_at for row in rows if row.to_state is State.CLOSED and row.cycle == last.cycle]
    return Snapshot(
        row=last,
        on=on,
        closed_on=business_date(min(closings)) if last.to_state is State.CLOSED else None,
        has_relapsed=any(row.act in _RELAPSES for row in rows),
        was_ever_closed=any(row.to_state is State.CLOSED for row in rows),
        acts=frozenset(row.act for row in rows),
    )


# ---- Predicates: the words of section 3.4, one function each


def is_found(one: Snapshot) -> bool:
    """F: a determined major hazard found by that day and not dismissed."""
    row = one.row
    return (
        row.determined
        and row.level is HazardLevel.MAJOR
        and row.to_state is not State.DISMISSED
        and row.found_on <= one.on
    )


def is_undetermined(one: Snapshot) -> bool:
    """待核实: reported, nothing determined yet."""
    return one.row.to_state is State.REPORTED and not one.row.determined


def is_closed(one: Snapshot) -> bool:
    """C: found, and closed on that day; a relapse reopens it."""
    return is_found(one) and one.row.to_state is State.CLOSED


def is_open(one: Snapshot) -> bool:
    """在办: found and not closed."""
    return is_found(one) and one.row.to_state is not State.CLOSED


def is_closed_by_import(one: Snapshot) -> bool:
    """Closed on paper before go-live and taken in as such; an imported one that was signed off here is not."""
    return is_closed(one) and one.row.legacy and not one.row.verified


def is_closed_by_cessation(one: Snapshot) -> bool:
    """Closed because the enterprise ceased (关停退出): by signatures, with nothing verified."""
    return is_closed(one) and not one.row.legacy and not one.row.verified


def has_declared_by(one: Snapshot, deadline: date | None) -> bool:
    """Whether the standing declaration was recorded on or before that deadline."""
    declared_at = one.row.declared_at
    return deadline is not None and declared_at is not None and business_date(declared_at) <= deadline


def falls_due(one: Snapshot, deadline: date | None) -> bool:
    """Found, with a known deadline on or before that day."""
    return is_found(one) and deadline is not None and deadline <= one.on


def rectification_is_known(one: Snapshot) -> bool:
    """Not a closing whose paper past names no declaration."""
    return not (one.row.legacy and one.row.to_state is State.CLOSED and one.row.declared_at is None)


def is_due_for_rectification(one: Snapshot) -> bool:
    """到期应整改, by the current deadline."""
    return falls_due(one, one.row.current_deadline) and rectification_is_known(one)


def is_due_for_rectification_originally(one: Snapshot) -> bool:
    """到期应整改, by the original deadline."""
    return falls_due(one, one.row.original_deadline) and rectification_is_known(one)


def is_rectified_on_time(one: Snapshot) -> bool:
    """按期整改: due, verified, and declared by the current deadline."""
    return is_due_for_rectification(one) and one.row.verified and has_declared_by(one, one.row.current_deadline)


def is_rectified_on_time_originally(one: Snapshot) -> bool:
    """按期整改 by the original deadline."""
    due = is_due_for_rectification_originally(one)
    return due and one.row.verified and has_declared_by(one, one.row.original_deadline)


def is_due_for_closing(one: Snapshot) -> bool:
    """到期应销号, by the current deadline."""
    return falls_due(one, one.row.current_deadline)


def is_due_for_closing_originally(one: Snapshot) -> bool:
    """到期应销号, by the original deadline."""
    return falls_due(one, one.row.original_deadline)


def is_closed_on_time(one: Snapshot) -> bool:
    """按期销号: due and closed on or before the current deadline."""
    deadline = one.row.current_deadline
    return is_due_for_closing(one) and one.closed_on is not None and deadline is not None and one.closed_on <= deadline


def is_closed_on_time_originally(one: Snapshot) -> bool:
    """按期销号 by the original deadline."""
    deadline, due = one.row.original_deadline, is_due_for_closing_originally(one)
    return due and one.closed_on is not None and deadline is not None and one.closed_on <= deadline


def awaits_the_regulator_since_the_deadline(one: Snapshot) -> bool:
    """Declared by the current deadline, and that declaration neither failed nor sent back."""
    return one.row.to_state is State.RECTIFIED and has_declared_by(one, one.row.current_deadline)


def is_past_its_deadline(one: Snapshot) -> bool:
    """到期: found, with a current deadline before that day."""
    deadline = one.row.current_deadline
    return is_found(one) and deadline is not None and deadline < one.on


def is_overdue_open(one: Snapshot) -> bool:
    """逾期未销号: open, deadline before that day, no undecided declaration recorded by the deadline."""
    return is_open(one) and is_past_its_deadline(one) and not awaits_the_regulator_since_the_deadline(one)


def is_dynamically_clear(one: Snapshot) -> bool:
    """Past its deadline without being overdue."""
    return is_past_its_deadline(one) and not is_overdue_open(one)


def awaits_declaration(one: Snapshot) -> bool:
    """Fixed on the spot, the enterprise's two signatures missing."""
    return is_found(one) and one.row.to_state is State.RECTIFIED and one.row.declared_at is None


def awaits_verification(one: Snapshot) -> bool:
    """待核查: declared, no verification passed."""
    declared = is_found(one) and one.row.to_state is State.RECTIFIED and one.row.declared_at is not None
    return declared and not one.row.verified


def awaits_signatures(one: Snapshot) -> bool:
    """待签字: verified and not closed."""
    return is_found(one) and one.row.to_state is State.RECTIFIED and one.row.verified


def was_extended(one: Snapshot) -> bool:
    """At least one extension granted."""
    return is_found(one) and one.row.extension_granted_count > 0


def was_once_closed(one: Snapshot) -> bool:
    """Found and closed at least once by that day."""
    return is_found(one) and one.was_ever_closed


def relapsed(one: Snapshot) -> bool:
    """Once closed, and reopened by a failed revisit or a relapse."""
    return was_once_closed(one) and one.has_relapsed


def was_self_reported(one: Snapshot) -> bool:
    """Found by the enterprise's own check."""
    return is_found(one) and one.row.channel is Channel.SELF_REPORT


def was_put_under_supervision(one: Snapshot) -> bool:
    """挂牌督办: found and supervised at some tier."""
    return is_found(one) and one.row.supervision_tier is not None and one.row.to_state is not State.REPORTED


def is_supervised_and_closed(one: Snapshot) -> bool:
    """Supervised and closed."""
    return was_put_under_supervision(one) and is_closed(one)


def has_a_plan(one: Snapshot) -> bool:
    """列入治理计划: found, and a rectification plan was submitted."""
    return is_found(one) and Act.SUBMIT_PLAN in one.acts


def has_an_approved_plan(one: Snapshot) -> bool:
    """五到位: found, and its plan, complete in the 五落实, was approved."""
    return is_found(one) and Act.APPROVE_PLAN in one.acts


# ---- Numbers


def rate(numerator: int | Decimal, denominator: int | Decimal) -> str | None:
    """Per cent with one decimal, half up; "100" only if equal, at most 99.9 otherwise; None for 0/0."""
    if not 0 <= numerator <= denominator:
        raise ValueError(f"分子须在 0 与分母之间:{numerator}/{denominator}")
    if denominator == 0:
        return None
    if numerator == denominator:
        return "100"
    exact = Decimal(numerator) * _ALL / Decimal(denominator)
    return str(min(exact.quantize(_ONE_DECIMAL, ROUND_HALF_UP), _NOT_QUITE_ALL))


def one_decimal(value: Decimal) -> str:
    """A number of days with one decimal, half up."""
    return str(value.quantize(_ONE_DECIMAL, ROUND_HALF_UP))


def days_to_close(population: Iterable[Snapshot]) -> list[int]:
    """Calendar days from finding to closing, of the closed."""
    return [
        (one.closed_on - one.row.found_on).days for one in population if is_closed(one) and one.closed_on is not None
    ]


def median_days(days: list[int]) -> str | None:
    """The median with one decimal; None of nothing."""
    return one_decimal(Decimal(str(median(days)))) if days else None


def mean_days(days: list[int]) -> str | None:
    """The mean with one decimal; None of nothing."""
    return one_decimal(Decimal(sum(days)) / len(days)) if days else None


def ages_of_undetermined(population: Iterable[Snapshot]) -> list[int]:
    """Days since finding of each report that awaits its determination, oldest first."""
    return sorted(((one.on - one.row.found_on).days for one in population if is_undetermined(one)), reverse=True)
