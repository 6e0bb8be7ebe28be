"""The shape of an edition file: which keys, of which kind, within which bounds; knows nothing of their meaning."""

from app.regulation.deadlines import CLOCKS
from app.regulation.edition_schema_ladder import ENFORCEMENT, LADDER
from app.regulation.edition_shapes import Day, Flag, ListOf, NamedTables, OneOf, Table, Text, Whole, valued
from app.regulation.vocabulary import DayUnit, HazardLevel, Party, PostKind, Purpose

_CLOCK = Table(
    {"days": Whole(1), "unit": OneOf(tuple(DayUnit)), "roll": Flag(), "basis": Text()},
    {"by_sector": NamedTables(Whole(1)), "by_sector_basis": Text()},
)
_LEVEL = Table(
    {
        "party": OneOf(tuple(Party)),
        "post": OneOf(tuple(PostKind)),
        "limit_days": Whole(1, 60),
        "limit_unit": OneOf(tuple(DayUnit)),
        "in_person": Flag(),
        "refusal_returns_to": OneOf(("listed", "verification")),
        "paper_allowed": Flag(),
    },
    {"agency": Text()},
)
_CHAIN = Table(
    {
        "name": Text(),
        "hazard_level": OneOf(tuple(HazardLevel)),
        "sectors": ListOf(Text()),
        "supervision_tiers": ListOf(Whole(1, 9)),
        "purposes": ListOf(OneOf(tuple(Purpose))),
        "precedence": Whole(1, 1000),
        "basis": Text(),
        "levels": ListOf(_LEVEL, fewest=1),
    },
    {"full_stop": Flag()},
)
_SUBSTITUTE = Table(
    {
        "party": OneOf(tuple(Party)),
        "post": OneOf(tuple(PostKind)),
        "by_party": OneOf(tuple(Party)),
        "by_post": OneOf(tuple(PostKind)),
        "basis": Text(),
    }
)
_TARGET = Table(
    {
        "id": Text(),
        "jurisdiction": Text(),
        "due_on": Day(),
        "population": OneOf(("all", "stock", "increment")),
        "metric": Text(),
        "goal": Text(),
        "basis": Text(),
    }
)
EDITION = Table(
    {
        "edition": Table(
            {
                "id": Text(),
                "name": Text(),
                "area": Text(),
                "in_force_from": Day(),
                "stock_found_by": Day(),
                "basis": Text(),
            }
        ),
        "sectors": ListOf(
            Table({"code": Text(), "name": Text(), "aliases": ListOf(Text()), "high_risk": Flag()}), fewest=1
        ),
        "clocks": Table(dict.fromkeys(sorted(CLOCKS), _CLOCK)),
        "chains": NamedTables(_CHAIN),
        "agencies": ListOf(Table({"key": Text(), "organisation": Text(), "basis": Text()})),
        "substitutes": ListOf(_SUBSTITUTE),
        "extension": Table(
            {
                "max_times": valued(Whole(0, 10)),
                "max_percent_of_original": valued(Whole(1, 100)),
                "max_total_days": valued(Whole(1)),
                "request_days_before": valued(Whole(0, 90)),
            }
        ),
        "limits": Table(
            {
                "back_entry_days": valued(Whole(0, 60)),
                "verification_confirmation_days": valued(Whole(1, 30)),
                "verification_inspectors": valued(Whole(2, 10)),
                "revisit_days": valued(Whole(1)),
                "recurrence_days": valued(Whole(1)),
                "legacy_import_days": valued(Whole(0, 366)),
                "listing_max_days": valued(Whole(1)),
                "slow_progress_days": valued(Whole(1, 366)),
                "slow_milestone_days": valued(Whole(1, 366)),
                "step_up_minutes": valued(Whole(1, 60)),
            }
        ),
        "key_profile": Table(
            {
                "notice_required": Flag(),
                "plan_approval_required": Flag(),
                "controller_signature_required": Flag(),
                "basis": Text(),
            }
        ),
        "ladder": LADDER,
        "enforcement": ENFORCEMENT,
        "targets": ListOf(_TARGET),
    }
)
