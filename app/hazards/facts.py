"""Loads a hazard's facts in one statement, as the rules want them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from app.infrastructure.context import Context
from app.infrastructure.driver import Statement, read_together
from app.infrastructure.errors import NotFound
from app.regulation import permissions
from app.regulation.facts import Actor, HazardFacts, LevelFact, RoundFact
from app.regulation.vocabulary import (
    Channel,
    HazardLevel,
    Party,
    PostKind,
    ProductionMeasureKind,
    Purpose,
    Relation,
    State,
)

# Its text stands with the wall: one function, planned once a connection whoever asks, that shows the facts of a hazard
# to whom the hazard's own policy shows the hazard.
_FACTS = "SELECT row_to_json(f) AS facts FROM hazard_facts(%(hazard_id)s) AS f"
_FACTS_OF_MANY = """
    SELECT row_to_json(f) AS facts
      FROM unnest(CAST(%(hazard_ids)s AS bigint[])) AS asked(id), LATERAL hazard_facts(asked.id) AS f
"""
_DATES = ("found_on", "original_deadline", "current_deadline")
_INSTANTS = (
    "reported_at",
    "determined_at",
    "listed_at",
    "closed_at",
    "delisted_at",
    "revisited_at",
    "last_act_at",
    "extension_requested_at",
    "declared_at",
    "verified_at",
)


async def load_facts(context: Context, hazard_id: int) -> HazardFacts:
    """The facts of a hazard the actor may see; `NotFound` otherwise."""
    asked = Statement(_FACTS, {"hazard_id": hazard_id})
    (rows,) = await read_together(context.session, context.actor.role_class.value, asked)
    if not rows:
        raise NotFound
    return facts_of(rows[0].facts)


async def load_facts_of(context: Context, hazard_ids: Sequence[int]) -> dict[int, HazardFacts]:
    """The facts of those of the hazards that the actor may see, by hazard, in one statement."""
    asked = Statement(_FACTS_OF_MANY, {"hazard_ids": list(hazard_ids)})
    (rows,) = await read_together(context.session, context.actor.role_class.value, asked)
    found = (facts_of(row.facts) for row in rows)
    return {facts.hazard_id: facts for facts in found}


def facts_of(told: dict[str, Any]) -> HazardFacts:
    """The facts as `hazard_facts` tells them in JSON."""
    row = told | {name: date.fromisoformat(told[name]) for name in _DATES if told[name]}
    row |= {name: datetime.fromisoformat(told[name]) for name in _INSTANTS if told[name]}
    original: date | None = row["original_deadline"]
    current: date | None = row["current_deadline"]
    measure = row["production_measure_kind"]
    return HazardFacts(
        **{
            **row,
            "state": State(row["state"]),
            "level": HazardLevel(row["level"]),
            "channel": Channel(row["channel"]),
            "production_measure_kind": ProductionMeasureKind(measure) if measure else None,
            "extension_granted_days": (current - original).days if current and original else 0,
            "rectifier_person_ids": frozenset(row["rectifier_person_ids"]),
            "round": _round(row["round"]) if row["round"] else None,
        },
    )


def _round(facts: dict[str, Any]) -> RoundFact:
    return RoundFact(
        round_id=facts["round_id"],
        purpose=Purpose(facts["purpose"]),
        content_sha256=facts["content_sha256"],
        levels=tuple(_level(level) for level in facts["levels"]),
        opened_at=datetime.fromisoformat(facts["opened_at"]),
        past_signer_person_levels={int(person): level for person, level in (facts["signers"] or {}).items()},
    )


def _level(level: dict[str, Any]) -> LevelFact:
    signed_at = level["signed_at"]
    return LevelFact(
        **{
            **level,
            "party": Party(level["party"]),
            "post_kind": PostKind(level["post_kind"]),
            "signed_at": datetime.fromisoformat(signed_at) if signed_at else None,
        },
    )


def relations_to(actor: Actor, facts: HazardFacts) -> frozenset[Relation]:
    """Every relation of the actor's organisation to the hazard."""
    return permissions.relations(permissions.standing_of(facts), actor)
