"""企业一览: enterprises within the reader's scope, and one enterprise's dossier."""

from typing import Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import ColumnElement, Select, false, func, select, true

from app.hazards.scope import hazard_is_visible
from app.infrastructure.context import Context
from app.infrastructure.errors import NotFound, NotPermitted
from app.infrastructure.fields import CleanLine, EnterpriseCode
from app.infrastructure.keyset import Paging, page_by_id
from app.infrastructure.pagination import Cursors
from app.reference.units import refuse_unknown_unit, units_below
from app.regulation.deadlines import business_date
from app.regulation.facts import Actor
from app.regulation.permissions import Permission, has_permission
from app.regulation.vocabulary import HazardLevel, RoleClass, State
from app.tables.enterprises import Enterprise, Site
from app.tables.hazards import Hazard
from app.tables.places import UnitPeriod

_MOST_SITES = 500


class EnterpriseFilter(Paging):
    """筛选企业."""

    words: CleanLine | None = Field(default=None, description="名称中包含的文字")
    code: EnterpriseCode | None = Field(default=None, description="统一社会信用代码")
    unit: CleanLine | None = Field(default=None, max_length=40, description="属地单元代码,含下级")


async def page(context: Context, wanted: EnterpriseFilter, cursors: Cursors) -> dict[str, Any]:
    """A page of the enterprises within the reader's scope, newest first."""
    if not has_permission(Permission.ENTERPRISE_READ, context.actor):
        raise NotPermitted
    await refuse_unknown_unit(context, wanted.unit)
    statement = _columns(context)
    if wanted.words is not None:
        statement = statement.where(Enterprise.name.contains(wanted.words, autoescape=True))
    if wanted.code is not None:
        statement = statement.where(Enterprise.code == wanted.code)
    if wanted.unit is not None:
        below = units_below(wanted.unit, business_date(context.now))
        statement = statement.where(Enterprise.unit_id.in_(select(below.c.unit_id)))
    return await page_by_id(context, "enterprises", statement, Enterprise.id, wanted, cursors)


async def read(context: Context, enterprise_id: UUID) -> dict[str, Any]:
    """One enterprise: its sites, and its hazards within the reader's scope counted by state and level."""
    if not has_permission(Permission.ENTERPRISE_READ, context.actor):
        raise NotPermitted
    row = (await context.session.execute(_columns(context).where(Enterprise.public_id == enterprise_id))).mappings()
    shown = row.one_or_none()
    key = select(Enterprise.id).where(Enterprise.public_id == enterprise_id)
    number = (await context.session.execute(key)).scalar_one_or_none()
    if shown is None or number is None:
        raise NotFound
    return {**shown, "sites": await _sites(context, number), "hazards": await _counts(context, number)}


def enterprise_is_visible(actor: Actor) -> ColumnElement[bool]:
    """An enterprise sees itself, a platform those of its units; an official finds any, for a report names any."""
    if actor.role_class is RoleClass.ENTERPRISE:
        return false() if actor.enterprise_id is None else Enterprise.id == actor.enterprise_id
    if actor.role_class is RoleClass.PLATFORM:
        return Enterprise.unit_id.in_(actor.unit_ids)
    return true()


def _columns(context: Context) -> Select[Any, *tuple[Any, ...]]:
    current = func.daterange(UnitPeriod.valid_from, UnitPeriod.valid_until).op("@>")(business_date(context.now))
    shown = select(
        Enterprise.public_id.label("id"),
        Enterprise.code,
        Enterprise.no_code_reason,
        Enterprise.name,
        Enterprise.industry,
        Enterprise.is_high_risk,
        UnitPeriod.code.label("unit_code"),
        UnitPeriod.name.label("unit_name"),
    ).where(enterprise_is_visible(context.actor))
    return shown.outerjoin(UnitPeriod, (UnitPeriod.unit_id == Enterprise.unit_id) & current)


async def _sites(context: Context, enterprise_id: int) -> list[dict[str, Any]]:
    sites = (
        select(Site.public_id.label("id"), Site.name, Site.locality, Site.longitude, Site.latitude)
        .where(Site.enterprise_id == enterprise_id)
        .order_by(Site.name)
        .limit(_MOST_SITES)
    )
    return [dict(row) for row in (await context.session.execute(sites)).mappings()]


async def _counts(context: Context, enterprise_id: int) -> dict[str, dict[str, int]]:
    counted = (
        select(Hazard.level, Hazard.state, func.count())
        .where(hazard_is_visible(context.actor), Hazard.enterprise_id == enterprise_id)
        .group_by(Hazard.level, Hazard.state)
    )
    found = {level.value: {state.value: 0 for state in State} for level in HazardLevel}
    for level, state, number in await context.session.execute(counted):
        found[level][state] = number
    return found
