"""Loads a hazard's facts in one statement, as the rules want them."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, func, literal_column, select

from app.hazards.scope import hazard_is_visible
from app.infrastructure.context import Context
from app.infrastructure.driver import NamedRow, Statement, as_sent, read_together
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
from app.tables.hazards import Hazard

# Its text stands with the wall (migration 0022): one function, planned once a connection whoever asks, that shows the
# facts of a hazard to whom the hazard's own policy shows the hazard.
_FACTS = "SELECT * FROM hazard_facts(%(hazard_id)s)"
_FACTS_OF_MANY = (
    "SELECT f.* FROM unnest(CAST(%(hazard_ids)s AS bigint[])) AS asked(id), LATERAL hazard_facts(asked.id) AS f"
)


def facts_statement(hazard_id: int) -> Statement:
    """The read of a hazard's facts, for `facts_of`."""
    return Statement(_FACTS, {"hazard_id": hazard_id})


def facts_in_scope_statement(actor: Actor, public_id: UUID) -> Statement:
    """The read of a hazard's facts by its public id within the actor's scope, for `facts_of`."""
    asked = _facts_in_scope(actor)
    return Statement(asked.sql, {**asked.parameters, "public_id": public_id})


@lru_cache(maxsize=1024)
def _facts_in_scope(actor: Actor) -> Statement:
    facts = func.hazard_facts(Hazard.id).table_valued("hazard_id", name="f")
    seen: Select[Any] = select(literal_column("f.*")).select_from(Hazard, facts)
    return as_sent(seen.where(Hazard.public_id == bindparam("public_id"), hazard_is_visible(actor)), "public_id")


def facts_of(rows: Sequence[NamedRow]) -> HazardFacts:
    """The facts that the read found; `NotFound` where the actor may not see the hazard."""
    if not rows:
        raise NotFound
    return _facts(rows[0]._asdict())


async def load_facts(context: Context, hazard_id: int) -> HazardFacts:
    """The facts of a hazard the actor may see; `NotFound` otherwise."""
    role = context.actor.role_class.value
    (rows,) = await read_together(context.session, role, facts_statement(hazard_id))
    return facts_of(rows)


async def load_facts_of(context: Context, hazard_ids: Sequence[int]) -> dict[int, HazardFacts]:
    """The facts of those of the hazards that the actor may see, by hazard, in one statement."""
    asked = Statement(_FACTS_OF_MANY, {"hazard_ids": list(hazard_ids)})
    (rows,) = await read_together(context.session, context.actor.role_class.value, asked)
    found = (_facts(row._asdict()) for row in rows)
    return {facts.hazard_id: facts for facts in found}


def _facts(row: dict[str, Any]) -> HazardFacts:
    original: date | None = row["original_deadline"]
    current: date | None = row["current_deadline"]
    measure = row.pop("production_measure_kind")
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


def relations_to(context: Context, facts: HazardFacts) -> frozenset[Relation]:
    """Every relation of the actor's organisation to the hazard."""
    return permissions.relations(permissions.standing_of(facts), context.actor)
