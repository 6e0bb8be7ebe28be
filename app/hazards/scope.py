"""Which hazards an actor may see: the one place that says so in a query; row-level security says it again."""

from sqlalchemy import ColumnElement, Select, false, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute

from app.regulation.facts import Actor
from app.regulation.vocabulary import RoleClass
from app.tables.hazards import Hazard, HazardParty

_EVERYTHING = frozenset({RoleClass.AUDITOR, RoleClass.JOB, RoleClass.REPORT, RoleClass.IMPORT})


def hazard_is_visible(actor: Actor) -> ColumnElement[bool]:
    """The condition under which a hazard is within the actor's scope."""
    if actor.role_class in _EVERYTHING:
        return true()
    if actor.role_class is RoleClass.ENTERPRISE:
        return _or_nothing(Hazard.enterprise_id, actor.enterprise_id)
    if actor.role_class is RoleClass.PLATFORM:
        return Hazard.unit_id.in_(actor.unit_ids)
    if actor.role_class is RoleClass.OFFICIAL:
        return or_(_in_territory(actor), _of_organisation(actor))
    return false()


def _or_nothing(column: InstrumentedAttribute[int | None], value: int | None) -> ColumnElement[bool]:
    return false() if value is None else column == value


def _in_territory(actor: Actor) -> ColumnElement[bool]:
    in_units = Hazard.unit_id.in_(actor.unit_ids)
    return in_units & Hazard.sector.in_(actor.sectors) if actor.sectors else in_units


def _of_organisation(actor: Actor) -> ColumnElement[bool]:
    if actor.organisation_id is None:
        return false()
    concerned = (
        select(HazardParty.id)
        .where(HazardParty.hazard_id == Hazard.id)
        .where(HazardParty.organisation_id == actor.organisation_id, HazardParty.ended_at.is_(None))
        .exists()
    )
    return or_(
        Hazard.lead_organisation_id == actor.organisation_id,
        Hazard.listing_office_id == actor.organisation_id,
        concerned,
    )


def visible_hazards(actor: Actor) -> Select[Hazard]:
    """Every hazard within the actor's scope; lists, figures and single loads all start here."""
    return select(Hazard).where(hazard_is_visible(actor))
