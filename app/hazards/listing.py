"""The ledger as a list: filters, keyset pages newest first, within the actor's scope."""

from datetime import date
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from app.hazards.scope import hazard_is_visible
from app.infrastructure.context import Context
from app.infrastructure.errors import NotPermitted
from app.infrastructure.fields import BusinessDate, Clean, CleanLine, EnterpriseCode
from app.infrastructure.keyset import Paging, page_by_id
from app.infrastructure.pagination import Cursors
from app.reference.rulebook import refuse_unknown_sector
from app.reference.units import refuse_unknown_unit, units_below
from app.regulation.deadlines import business_date
from app.regulation.facts import Actor
from app.regulation.masking import LEFT_OF_NUMBERS, MASKED_NUMBERS, PersonalField, Shown, presented, shown
from app.regulation.permissions import Permission, has_permission
from app.regulation.vocabulary import Channel, HazardLevel, RoleClass, State
from app.tables.enterprises import Enterprise
from app.tables.hazards import Hazard
from app.tables.places import Organisation, UnitPeriod


class HazardFilter(Paging):
    """筛选条件; an unknown parameter is refused by name."""

    state: State | None = None
    level: HazardLevel | None = None
    channel: Channel | None = None
    sector: Annotated[str, Clean(60)] | None = None
    unit: Annotated[str, Clean(40)] | None = Field(default=None, description="属地单元代码,含下级")
    enterprise_code: EnterpriseCode | None = None
    is_overdue: bool | None = None
    found_from: BusinessDate | None = None
    found_until: BusinessDate | None = None
    words: CleanLine | None = Field(default=None, description="单位名称、部位或情形中包含的文字")


async def page_of_hazards(context: Context, wanted: HazardFilter, cursors: Cursors) -> dict[str, Any]:
    """Items and the next page's cursor; NotPermitted, InvalidParameter for another list's cursor or a bad filter."""
    if not has_permission(Permission.HAZARD_READ, context.actor):
        raise NotPermitted
    await refuse_unknown_sector(context, wanted.sector)
    await refuse_unknown_unit(context, wanted.unit)
    today = business_date(context.now)
    statement = _filtered(_columns(today).where(hazard_is_visible(context.actor)), wanted, today)
    if wanted.words is not None:
        statement = statement.where(_mentions(wanted.words, context.actor))
    page = await page_by_id(context, "hazards", statement, Hazard.id, wanted, cursors)
    own = Channel.SELF_REPORT.value
    items = [presented(one, context.actor, is_own_report=one["channel"] == own) for one in page["items"]]
    return {**page, "items": items}


def _columns(today: date) -> Select[Any, *tuple[Any, ...]]:
    lead = aliased(Organisation)
    named = (UnitPeriod.unit_id == Hazard.unit_id) & (
        func.daterange(UnitPeriod.valid_from, UnitPeriod.valid_until).op("@>")(today)
    )
    return (
        select(
            Hazard.public_id.label("id"),
            Hazard.ledger_number,
            Hazard.state,
            Hazard.level,
            Hazard.version,
            Hazard.channel,
            Hazard.sector,
            UnitPeriod.code.label("unit_code"),
            UnitPeriod.name.label("unit_name"),
            Enterprise.code.label("enterprise_code"),
            Enterprise.name.label("enterprise_name"),
            Hazard.place,
            Hazard.circumstances,
            Hazard.found_on,
            Hazard.reported_at,
            Hazard.listed_at,
            Hazard.closed_at,
            Hazard.original_deadline,
            Hazard.current_deadline,
            _is_overdue(today).label("is_overdue"),
            Hazard.supervision_tier,
            lead.name.label("lead_department"),
            Hazard.is_legacy,
        )
        .outerjoin(Enterprise, Enterprise.id == Hazard.enterprise_id)
        .outerjoin(lead, lead.id == Hazard.lead_organisation_id)
        .outerjoin(UnitPeriod, named)
    )


def _is_overdue(today: date) -> ColumnElement[bool]:
    return (Hazard.state == State.LISTED.value) & (Hazard.current_deadline < today)


_EQUAL = ("state", "level", "channel", "sector")


def _filtered(
    statement: Select[Any, *tuple[Any, ...]], wanted: HazardFilter, today: date
) -> Select[Any, *tuple[Any, ...]]:
    for name in _EQUAL:
        value = getattr(wanted, name)
        if value is not None:
            statement = statement.where(getattr(Hazard, name) == str(value))
    if wanted.unit is not None:
        statement = statement.where(Hazard.unit_id.in_(select(units_below(wanted.unit, today).c.unit_id)))
    if wanted.enterprise_code is not None:
        statement = statement.where(Enterprise.code == wanted.enterprise_code)
    if wanted.is_overdue is not None:
        statement = statement.where(_is_overdue(today).is_(wanted.is_overdue))
    if wanted.found_from is not None:
        statement = statement.where(Hazard.found_on >= wanted.found_from)
    if wanted.found_until is not None:
        statement = statement.where(Hazard.found_on <= wanted.found_until)
    return statement


def _mentions(words: str, actor: Actor) -> ColumnElement[bool]:
    """Where the words stand in what this actor is shown: a number masked for them is found by nothing it hides."""
    open_to_all, free = (Enterprise.name, Hazard.ledger_number), (Hazard.place, Hazard.circumstances)
    found = [column.contains(words, autoescape=True) for column in open_to_all]
    if shown(PersonalField.NUMBERS_IN_TEXT, actor) is Shown.SHOWN:
        return or_(*found, *(column.contains(words, autoescape=True) for column in free))
    is_enterprise = literal(actor.role_class is RoleClass.ENTERPRISE)
    is_own = and_(is_enterprise, Hazard.channel == Channel.SELF_REPORT.value)
    return or_(*found, *(_mentions_masked(column, words, is_own) for column in free))


def _mentions_masked(
    column: InstrumentedAttribute[Any], words: str, is_own: ColumnElement[bool]
) -> ColumnElement[bool]:
    plain = column.contains(words, autoescape=True)
    masked: ColumnElement[str] = column.expression
    for number in MASKED_NUMBERS:
        masked = func.regexp_replace(masked, number, LEFT_OF_NUMBERS, "g")
    seen = masked.contains(words, autoescape=True)
    # Without a star the words stand in the text itself too: only those rows are masked to look.
    return or_(and_(is_own, plain), seen if "*" in words else and_(plain, seen))
