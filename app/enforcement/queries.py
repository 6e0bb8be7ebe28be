"""Which penalties and enterprises an actor reaches, and how a penalty is shown; row-level security says it again."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, case, cast, false, func, or_, select, true
from sqlalchemy.orm import aliased

from app.hazards.scope import hazard_is_visible
from app.infrastructure.context import Context
from app.infrastructure.errors import NotFound
from app.regulation.deadlines import business_date
from app.regulation.facts import Actor
from app.regulation.permissions import Permission, has_permission
from app.regulation.vocabulary import Penalised, RoleClass
from app.tables.enforcement import Penalty
from app.tables.enterprises import Enterprise
from app.tables.hazards import Hazard
from app.tables.places import Organisation, UnitPeriod

_EVERYTHING = frozenset({RoleClass.AUDITOR, RoleClass.JOB, RoleClass.REPORT, RoleClass.IMPORT})
_EARLIER, _LATER = aliased(Penalty), aliased(Penalty)
IS_CURRENT: ColumnElement[bool] = func.penalty_is_current(Penalty.id)
"""Nothing has taken its place, be that in sight or not."""


def penalty_is_visible(actor: Actor) -> ColumnElement[bool]:
    """Shared within the territory whatever the sector, for art. 113 counts whoever punished; and with its hazard."""
    if actor.role_class in _EVERYTHING:
        return true()
    if actor.role_class is RoleClass.ENTERPRISE:
        return false() if actor.enterprise_id is None else Penalty.enterprise_id == actor.enterprise_id
    if actor.role_class is RoleClass.PLATFORM:
        return Penalty.unit_id.in_(actor.unit_ids)
    if actor.role_class is not RoleClass.OFFICIAL:
        return false()
    of_hazard = (
        select(Hazard.id).where(Hazard.id == Penalty.hazard_id, hazard_is_visible(actor)).correlate(Penalty).exists()
    )
    return or_(Penalty.unit_id.in_(actor.unit_ids), _decided_by(actor), of_hazard)


def enterprise_is_in_reach(actor: Actor) -> ColumnElement[bool]:
    """Of the actor's units, or concerned by a hazard or a penalty of the actor's; an enterprise reaches itself."""
    if actor.role_class in _EVERYTHING:
        return true()
    if actor.role_class is RoleClass.ENTERPRISE:
        return false() if actor.enterprise_id is None else Enterprise.id == actor.enterprise_id
    if actor.role_class is RoleClass.PLATFORM:
        return Enterprise.unit_id.in_(actor.unit_ids)
    if actor.role_class is not RoleClass.OFFICIAL:
        return false()
    concerned = select(Hazard.id).where(Hazard.enterprise_id == Enterprise.id, hazard_is_visible(actor))
    by_hazard = concerned.correlate(Enterprise).exists()
    decided = select(Penalty.id).where(Penalty.enterprise_id == Enterprise.id, _decided_by(actor))
    by_penalty = decided.correlate(Enterprise).exists()
    return or_(Enterprise.unit_id.in_(actor.unit_ids), by_hazard, by_penalty)


def _decided_by(actor: Actor) -> ColumnElement[bool]:
    return false() if actor.organisation_id is None else Penalty.organisation_id == actor.organisation_id


async def enterprise_in_reach(context: Context, public_id: UUID) -> Enterprise:
    """The enterprise; NotFound for one out of the actor's reach."""
    wanted = select(Enterprise).where(Enterprise.public_id == public_id, enterprise_is_in_reach(context.actor))
    found = (await context.session.execute(wanted)).scalar_one_or_none()
    if found is None:
        raise NotFound
    return found


async def penalty_in_sight(context: Context, public_id: UUID) -> Penalty:
    """The penalty, superseded or not; NotFound for one out of the actor's sight."""
    wanted = select(Penalty).where(Penalty.public_id == public_id, penalty_is_visible(context.actor))
    found = (await context.session.execute(wanted)).scalar_one_or_none()
    if found is None:
        raise NotFound
    return found


async def penalty_view(context: Context, penalty_id: int) -> dict[str, Any]:
    """One penalty as the API shows it."""
    one = shown_penalties(context).where(Penalty.id == penalty_id)
    found: dict[str, Any] = (await context.session.execute(one)).scalar_one()
    return found


def shown_penalties(context: Context) -> Select[Any, *tuple[Any, ...]]:
    """Every penalty in the actor's sight as `view`; its hazard only for who may read that hazard."""
    current = func.daterange(UnitPeriod.valid_from, UnitPeriod.valid_until).op("@>")(business_date(context.now))
    view = func.jsonb_build_object(
        *_own_fields(),
        *(
            "enterprise",
            _named(Enterprise.id, "id", Enterprise.public_id, "code", Enterprise.code, "name", Enterprise.name),
        ),
        *("unit", func.jsonb_build_object("code", UnitPeriod.code, "name", UnitPeriod.name)),
        *("organisation", func.jsonb_build_object("id", Organisation.id, "name", Organisation.name)),
        *("hazard", _named(Hazard.id, "id", Hazard.public_id, "ledger_number", Hazard.ledger_number)),
        *("supersedes", _EARLIER.public_id),
        *("superseded_by", _LATER.public_id),
    )
    may_read_hazards = true() if has_permission(Permission.HAZARD_READ, context.actor) else false()
    return (
        select(view.label("view"))
        .select_from(Penalty)
        .join(Organisation, Organisation.id == Penalty.organisation_id)
        .outerjoin(Enterprise, Enterprise.id == Penalty.enterprise_id)
        .outerjoin(UnitPeriod, (UnitPeriod.unit_id == Penalty.unit_id) & current)
        .outerjoin(Hazard, (Hazard.id == Penalty.hazard_id) & hazard_is_visible(context.actor) & may_read_hazards)
        .outerjoin(_EARLIER, _EARLIER.id == Penalty.supersedes_id)
        .outerjoin(_LATER, _LATER.supersedes_id == Penalty.id)
        .where(penalty_is_visible(context.actor))
    )


def _own_fields() -> tuple[Any, ...]:
    fields = {
        "id": Penalty.public_id,
        "sector": Penalty.sector,
        "case_number": Penalty.case_number,
        "decided_on": Penalty.decided_on,
        "law": Penalty.law,
        "article": Penalty.article,
        "kinds": Penalty.kinds,
        "amount": cast(Penalty.amount, Text),
        "penalised": Penalty.penalised,
        "is_natural_person": Penalty.penalised != Penalised.UNIT.value,
        "producing_with_major_hazard": Penalty.producing_with_major_hazard,
        "published_on": Penalty.published_on,
        "criminal_transfer_number": Penalty.criminal_transfer_number,
        "is_revoked": Penalty.is_revoked,
        "is_current": IS_CURRENT,
        "correction_reason": Penalty.correction_reason,
        "recorded_at": Penalty.recorded_at,
    }
    return tuple(part for pair in fields.items() for part in pair)


def _named(key: Any, *parts: Any) -> ColumnElement[Any]:  # noqa: ANN401 - columns of several tables
    """An object of those parts, null where the row was not found."""
    return case((key.is_not(None), func.jsonb_build_object(*parts)))
