"""The shape of an edition's ladder and enforcement; part of `edition_schema`."""

from app.regulation.edition_enforcement import Counted, WindowUnit
from app.regulation.edition_shapes import Flag, ListOf, OneOf, Table, Text, Whole, valued
from app.regulation.vocabulary import Rung

ADDRESSEES = ("lead_department", "higher_department", "territorial_office", "enterprise", "public", "discipline")
OCCASIONS = ("slow", "no_reply")
_RUNG = Table(
    {
        "rung": OneOf(tuple(Rung)),
        "enabled": Flag(),
        "threshold_days": Whole(1),
        "wait_days": Whole(0),
        "also_when": ListOf(OneOf(OCCASIONS)),
        "addressee": OneOf(ADDRESSEES),
        "copies": ListOf(OneOf(ADDRESSEES)),
        "basis": Text(),
    }
)
LADDER = Table(
    {
        "reminder_days_before": valued(ListOf(Whole(1, 90))),
        "deemed_service_days": valued(Whole(1, 60)),
        "reply_due_days": valued(Whole(1, 60)),
        "signatory_silence_days": valued(Whole(1, 60)),
        "max_letters_per_night": valued(Whole(1, 1000)),
        "exposure_notice_days": valued(Whole(1, 60)),
        "exposure_takedown_days": valued(Whole(1)),
        "aggregate_overdue_count": valued(Whole(2, 1000)),
        "rungs": ListOf(_RUNG, fewest=1),
    }
)
_COUNTER = Table(
    {
        "name": Text(),
        "label": Text(),
        "counts": OneOf(tuple(Counted)),
        "sectors": ListOf(Text()),
        "window": Whole(1, 3660),
        "window_unit": OneOf(tuple(WindowUnit)),
        "count": Whole(2, 100),
        "warn_at": Whole(1, 99),
        "basis": Text(),
    }
)
ENFORCEMENT = Table({"counters": ListOf(_COUNTER)})
