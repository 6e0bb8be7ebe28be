"""The shape of an edition's ladder and enforcement; part of `edition_schema`."""

from app.regulation.edition_enforcement import Counted, WindowUnit
from app.regulation.edition_ladder import AggregateSubject, Issuer, LetterForm, SuperiorOf
from app.regulation.edition_shapes import Day, Flag, ListOf, OneOf, Table, Text, Whole, valued
from app.regulation.vocabulary import DayUnit, LetterKind, OrganisationKind, PostKind, Rung

ADDRESSEES = ("lead_department", "higher_department", "territorial_office", "enterprise", "public", "discipline")
"""Of a term's rungs, resolved for the hazard."""
DUTY_ADDRESSEES = ("superior", "late_organisation", "territorial_office", "higher_office")
"""Of a duty's or a reply's rungs: whose delay it is, and who stands above."""
AGGREGATE_ADDRESSEES = ("subject", "territorial_office", "higher_department")
"""Of an aggregate's rungs: the unit's government, the department or the enterprise itself."""
OCCASIONS = ("slow", "no_reply")


def _rungs(addressees: tuple[str, ...], occasions: tuple[str, ...]) -> ListOf:
    one = Table(
        {
            "rung": OneOf(tuple(Rung)),
            "enabled": Flag(),
            "threshold_days": Whole(1),
            "wait_days": Whole(0),
            "also_when": ListOf(OneOf(occasions)),
            "addressee": OneOf(addressees),
            "copies": ListOf(OneOf(addressees)),
            "basis": Text(),
        }
    )
    return ListOf(one, fewest=1)


_SUPERIOR = Table(
    {
        "organisation_kind": OneOf(tuple(OrganisationKind)),
        "post": OneOf(tuple(PostKind)),
        "tiers": ListOf(Whole(1, 9)),
        "superior": OneOf(tuple(SuperiorOf)),
        "superior_post": OneOf(tuple(PostKind)),
        "basis": Text(),
    }
)
_SIGNATORY = Table(
    {
        "letter": OneOf(tuple(LetterKind)),
        "form": OneOf(tuple(LetterForm)),
        "issuer": OneOf(tuple(Issuer)),
        "post": OneOf(tuple(PostKind)),
        "basis": Text(),
    }
)
_CODES = {form.value: Text() for form in LetterForm}
_REPLY = Table(
    {"letter": OneOf(tuple(LetterKind)), "days": Whole(1, 60), "unit": OneOf(tuple(DayUnit)), "basis": Text()}
)
_AUTHORISATION = Table({"document": Text(), "post": OneOf(tuple(PostKind)), "until": Day(), "basis": Text()})
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
        "aggregate_restart_days": valued(Whole(1)),
        "summons_within_days": valued(Whole(1, 60)),
        "aggregate_subjects": valued(ListOf(OneOf(tuple(AggregateSubject)))),
        "rungs": _rungs(ADDRESSEES, OCCASIONS),
        "duty_rungs": _rungs(DUTY_ADDRESSEES, ("no_reply",)),
        "reply_rungs": _rungs(DUTY_ADDRESSEES, ("no_reply",)),
        "aggregate_rungs": _rungs(AGGREGATE_ADDRESSEES, ("no_reply",)),
        "superiors": ListOf(_SUPERIOR),
        "signatories": ListOf(_SIGNATORY),
        "office_codes": ListOf(Table({"organisation": Text(), **_CODES, "basis": Text()})),
        "default_office_codes": Table({**_CODES, "basis": Text()}),
        "replies": ListOf(_REPLY),
    },
    {"standing_authorisation": _AUTHORISATION},
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
