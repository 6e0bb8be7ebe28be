"""The definitions of `regulation/indicators.py` in SQL, one expression each, by the same names; tested as twins."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnCollection, ColumnElement, Date, cast, func, not_

from app.regulation.vocabulary import Channel, HazardLevel, State

Columns = ColumnCollection[str, ColumnElement[Any]]
"""One hazard as of T: its last transition row's dimensions, `closed_on`, `has_relapsed`, `was_ever_closed`."""
Truth = ColumnElement[bool]

MEASURES: Final[Mapping[str, tuple[str, str | None]]] = {
    "found": ("found", None),
    "undetermined": ("undetermined", None),
    "closed": ("closed", None),
    "open": ("open", None),
    "closed_by_import": ("closed_by_import", None),
    "closed_by_cessation": ("closed_by_cessation", None),
    "clearance_rate": ("closed", "found"),
    "on_time_rectification_rate": ("rectified_on_time", "due_for_rectification"),
    "on_time_rectification_rate_original": ("rectified_on_time_originally", "due_for_rectification_originally"),
    "on_time_closing_rate": ("closed_on_time", "due_for_closing"),
    "on_time_closing_rate_original": ("closed_on_time_originally", "due_for_closing_originally"),
    "overdue_open": ("overdue_open", None),
    "awaiting_declaration": ("awaiting_declaration", None),
    "awaiting_verification": ("awaiting_verification", None),
    "awaiting_signatures": ("awaiting_signatures", None),
    "dynamic_clearance_rate": ("dynamically_clear", "past_deadline"),
    "median_days_to_close": ("closed", None),
    "mean_days_to_close": ("closed", None),
    "extension_rate": ("extended", "found"),
    "relapse_rate": ("relapsed", "once_closed"),
    "self_report_share": ("self_reported", "found"),
    "listing_completion_rate": ("supervised_and_closed", "put_under_supervision"),
    "stock_found": ("stock", None),
    "increment_found": ("increment", None),
    "stock_clearance_rate": ("stock_closed", "stock"),
    "increment_clearance_rate": ("increment_closed", "increment"),
}
"""Definition id → the predicates of its numerator and denominator."""
PREDICATES: Final = tuple(sorted({name for pair in MEASURES.values() for name in pair if name is not None}))


def business_day(instant: ColumnElement[Any]) -> ColumnElement[date]:
    """The date in Asia/Shanghai at that instant, whatever the session's zone."""
    return cast(func.timezone("Asia/Shanghai", instant), Date)


def predicates(s: Columns, on: date, stock_found_by: date) -> dict[str, Truth]:
    """Every predicate over a hazard's columns as of that day, by name."""
    found = _found(s, on)
    closed = found & _is_in(s, State.CLOSED)
    once_closed = found & s.was_ever_closed
    supervised = found & s.supervision_tier.is_not(None) & not_(_is_in(s, State.REPORTED))
    stock = found & (s.found_on <= stock_found_by)
    increment = found & (s.found_on > stock_found_by)
    return {
        "found": found,
        "undetermined": _is_in(s, State.REPORTED) & not_(s.is_determined),
        "closed": closed,
        "open": found & not_(_is_in(s, State.CLOSED)),
        "closed_by_import": closed & s.is_legacy & not_(s.is_verified),
        "closed_by_cessation": closed & not_(s.is_legacy) & not_(s.is_verified),
        "extended": found & (s.extension_count > 0),
        "once_closed": once_closed,
        "relapsed": once_closed & s.has_relapsed,
        "self_reported": found & (s.channel == Channel.SELF_REPORT.value),
        "put_under_supervision": supervised,
        "supervised_and_closed": supervised & closed,
        "stock": stock,
        "increment": increment,
        "stock_closed": stock & closed,
        "increment_closed": increment & closed,
        **_waiting(s, found),
        **_overdue(s, on, found),
        **_timeliness(s, on, found, s.current_deadline, ""),
        **_timeliness(s, on, found, s.original_deadline, "_originally"),
    }


def _found(s: Columns, on: date) -> Truth:
    major = s.level == HazardLevel.MAJOR.value
    return s.is_determined & major & not_(_is_in(s, State.DISMISSED)) & (s.found_on <= on)


def _is_in(s: Columns, state: State) -> Truth:
    return s.to_state == state.value


def _has_declared_by(s: Columns, deadline: ColumnElement[Any]) -> Truth:
    """False, never unknown, where either is missing: it is negated above."""
    return deadline.is_not(None) & s.declared_at.is_not(None) & (business_day(s.declared_at) <= deadline)


def _waiting(s: Columns, found: Truth) -> dict[str, Truth]:
    rectified = found & _is_in(s, State.RECTIFIED)
    return {
        "awaiting_declaration": rectified & s.declared_at.is_(None),
        "awaiting_verification": rectified & s.declared_at.is_not(None) & not_(s.is_verified),
        "awaiting_signatures": rectified & s.is_verified,
    }


def _overdue(s: Columns, on: date, found: Truth) -> dict[str, Truth]:
    deadline = s.current_deadline
    past = found & deadline.is_not(None) & (deadline < on)
    undecided = _is_in(s, State.RECTIFIED) & _has_declared_by(s, deadline)
    overdue = past & not_(_is_in(s, State.CLOSED)) & not_(undecided)
    return {"past_deadline": past, "overdue_open": overdue, "dynamically_clear": past & not_(overdue)}


def _timeliness(s: Columns, on: date, found: Truth, deadline: ColumnElement[Any], which: str) -> dict[str, Truth]:
    due = found & deadline.is_not(None) & (deadline <= on)
    unknown = s.is_legacy & _is_in(s, State.CLOSED) & s.declared_at.is_(None)
    return {
        f"due_for_rectification{which}": due & not_(unknown),
        f"rectified_on_time{which}": due & not_(unknown) & s.is_verified & _has_declared_by(s, deadline),
        f"due_for_closing{which}": due,
        f"closed_on_time{which}": due & s.closed_on.is_not(None) & (s.closed_on <= deadline),
    }
