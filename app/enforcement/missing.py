"""只检查不处罚: open major hazards without a penalty and without a production measure, by department or unit."""

from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select

from app.enforcement.counters import IS_OPEN_MAJOR
from app.enforcement.queries import IS_CURRENT
from app.enforcement.schemas import MissingBy, MissingFilter
from app.hazards.scope import hazard_is_visible
from app.infrastructure.context import Context
from app.infrastructure.errors import NotPermitted
from app.infrastructure.keyset import page_by_id
from app.infrastructure.pagination import Cursors
from app.reference.units import refuse_unknown_unit, units_below
from app.regulation.deadlines import business_date
from app.regulation.permissions import Permission, has_permission
from app.tables.enforcement import Penalty
from app.tables.enterprises import Enterprise
from app.tables.hazards import Hazard
from app.tables.places import Organisation, UnitPeriod
from app.tables.supervision import ProductionMeasure


def _is_without_enforcement() -> ColumnElement[bool]:
    """Neither fined nor stopped: nothing that is in force as a decision, no production measure ever ordered."""
    penalised = select(Penalty.id).where(Penalty.hazard_id == Hazard.id, ~Penalty.is_revoked, IS_CURRENT)
    measured = select(ProductionMeasure.id).where(ProductionMeasure.hazard_id == Hazard.id)
    return ~penalised.exists() & ~measured.exists()


async def counted(context: Context, wanted: MissingBy) -> dict[str, Any]:
    """Open majors and those without enforcement, per lead department or unit, the most first."""
    _authorise(context)
    of_department, of_unit = (Organisation.id, Organisation.name), (UnitPeriod.code, UnitPeriod.name)
    group: Any = of_department if wanted.by == "department" else of_unit
    without = func.count().filter(_is_without_enforcement())
    grouped = (
        _open_majors(context)
        .with_only_columns(group[0].label("key"), group[1].label("name"), func.count().label("majors"))
        .add_columns(without.label("without"))
        .group_by(*group)
        .order_by(without.desc(), group[0].asc().nulls_last())
    )
    rows = (await context.session.execute(grouped)).all()
    return {
        "by": wanted.by,
        "as_of": context.now.isoformat(),
        "open_majors": sum(row.majors for row in rows),
        "without_enforcement": sum(row.without for row in rows),
        "items": [
            {"id": row.key, "name": row.name, "open_majors": row.majors, "without_enforcement": row.without}
            for row in rows
        ],
    }


async def hazards(context: Context, wanted: MissingFilter, cursors: Cursors) -> dict[str, Any]:
    """A page of the hazards behind the figure, newest first."""
    _authorise(context)
    await refuse_unknown_unit(context, wanted.unit)
    statement = _open_majors(context).where(_is_without_enforcement()).with_only_columns(*_shown())
    if wanted.department is not None:
        statement = statement.where(Hazard.lead_organisation_id == wanted.department)
    if wanted.unit is not None:
        below = units_below(wanted.unit, business_date(context.now))
        statement = statement.where(Hazard.unit_id.in_(select(below.c.unit_id)))
    return await page_by_id(context, "without-enforcement", statement, Hazard.id, wanted, cursors)


def _authorise(context: Context) -> None:
    if not has_permission(Permission.ENFORCEMENT_OVERSEE, context.actor):
        raise NotPermitted


def _open_majors(context: Context) -> Select[Any, *tuple[Any, ...]]:
    current = func.daterange(UnitPeriod.valid_from, UnitPeriod.valid_until).op("@>")(business_date(context.now))
    return (
        select(Hazard.id)
        .select_from(Hazard)
        .outerjoin(Organisation, Organisation.id == Hazard.lead_organisation_id)
        .outerjoin(UnitPeriod, (UnitPeriod.unit_id == Hazard.unit_id) & current)
        .outerjoin(Enterprise, Enterprise.id == Hazard.enterprise_id)
        .where(hazard_is_visible(context.actor), IS_OPEN_MAJOR)
    )


def _shown() -> tuple[Any, ...]:
    enterprise = func.jsonb_build_object("id", Enterprise.public_id, "code", Enterprise.code, "name", Enterprise.name)
    return (
        Hazard.public_id.label("id"),
        Hazard.ledger_number,
        Hazard.state,
        Hazard.sector,
        UnitPeriod.code.label("unit_code"),
        case((Enterprise.id.is_not(None), enterprise)).label("enterprise"),
        Organisation.name.label("lead_department"),
        Hazard.determined_at,
        Hazard.current_deadline,
    )
