"""How an actor's organisation stands to a hazard, an existing one or one about to be reported."""

from sqlalchemy import select

from app.infrastructure.context import Context
from app.regulation import permissions
from app.regulation.facts import HazardFacts
from app.regulation.vocabulary import Relation
from app.tables.places import Organisation


async def relations_to(context: Context, facts: HazardFacts) -> frozenset[Relation]:
    """Every relation of the actor's organisation to the hazard."""
    higher: int | None = None
    if facts.listing_office_id is not None:
        superior = select(Organisation.superior_id).where(Organisation.id == facts.listing_office_id)
        higher = (await context.session.execute(superior)).scalar_one_or_none()
    return permissions.relations(permissions.standing_of(facts, higher_office_id=higher), context.actor)
