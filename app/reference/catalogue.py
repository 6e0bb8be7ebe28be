"""What the registry works with, as lists: units as a tree, organisations, criteria, the edition in force."""

import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Select, any_, func, literal, or_, select, update

from app.audit.record import Subject, record
from app.infrastructure.answers import Answer
from app.infrastructure.context import Context
from app.infrastructure.errors import Conflict, FieldError, InvalidInput, NotFound, NotPermitted
from app.infrastructure.fields import BusinessDate, CleanLine, Identifier
from app.infrastructure.keyset import Paging, page_by_id
from app.infrastructure.pagination import Cursors
from app.reference.rulebook import refuse_unknown_sector, rule_book
from app.reference.units import refuse_unknown_unit
from app.regulation.deadlines import business_date
from app.regulation.permissions import Permission, has_permission
from app.regulation.vocabulary import OrganisationKind
from app.tables.places import Organisation, Unit, UnitPeriod
from app.tables.rules import Criterion, Edition


class OrganisationFilter(Paging):
    """筛选机构."""

    unit: CleanLine | None = Field(default=None, max_length=40, description="属地单元代码")
    kind: OrganisationKind | None = None
    sector: CleanLine | None = Field(default=None, max_length=60, description="行业领域代码;不限行业的机构也列出")
    is_confirmed: bool | None = None


class CriterionFilter(Paging):
    """筛选判定标准条款."""

    sector: CleanLine | None = Field(default=None, max_length=60, description="行业领域代码")
    on: BusinessDate | None = Field(default=None, description="在这一天有效的条款")
    words: CleanLine | None = Field(default=None, description="文件名、条款号或简称中包含的文字")
    is_checked: bool | None = Field(default=None, description="是否已与原文核对")


class OrganisationConfirmation(BaseModel):
    """确认机构: what an import could not know of a department may be given with it."""

    model_config = ConfigDict(extra="forbid")
    sectors: list[CleanLine] | None = Field(default=None, max_length=40, description="监管的行业领域代码")
    superior_id: Identifier | None = Field(default=None, description="上一级主管部门的机构编号")


async def unit_tree(context: Context, on: date | None) -> dict[str, Any]:
    """Every unit with its name, code and place in the tree on a day (Asia/Shanghai), today without one."""
    if not has_permission(Permission.AREA_READ, context.actor):
        raise NotPermitted
    day = on or business_date(context.now)
    statement = (
        select(
            Unit.id,
            Unit.tier,
            Unit.is_undetermined,
            UnitPeriod.parent_id,
            UnitPeriod.code,
            UnitPeriod.name,
            UnitPeriod.aliases,
        )
        .join(UnitPeriod, UnitPeriod.unit_id == Unit.id)
        .where(func.daterange(UnitPeriod.valid_from, UnitPeriod.valid_until).op("@>")(day))
        .order_by(UnitPeriod.code, Unit.id)
    )
    below: dict[int | None, list[dict[str, Any]]] = defaultdict(list)
    for row in (await context.session.execute(statement)).mappings():
        below[row["parent_id"]].append({name: value for name, value in row.items() if name != "parent_id"})
    return {"on": day, "units": [_with_children(unit, below) for unit in below[None]]}


def _with_children(unit: dict[str, Any], below: Mapping[int | None, list[dict[str, Any]]]) -> dict[str, Any]:
    return {**unit, "children": [_with_children(child, below) for child in below.get(unit["id"], [])]}


async def page_of_organisations(context: Context, wanted: OrganisationFilter, cursors: Cursors) -> dict[str, Any]:
    """A page of organisations, newest first."""
    if not has_permission(Permission.ORGANISATION_READ, context.actor):
        raise NotPermitted
    await refuse_unknown_unit(context, wanted.unit)
    await refuse_unknown_sector(context, wanted.sector)
    statement: Select[Any, *tuple[Any, ...]] = select(
        Organisation.id,
        Organisation.code,
        Organisation.kind,
        Organisation.name,
        Organisation.aliases,
        Organisation.sectors,
        Organisation.unit_id,
        Organisation.superior_id,
        Organisation.confirmed_at.is_not(None).label("is_confirmed"),
    )
    if wanted.unit is not None:
        current = func.daterange(UnitPeriod.valid_from, UnitPeriod.valid_until).op("@>")(business_date(context.now))
        units = select(UnitPeriod.unit_id).where(UnitPeriod.code == wanted.unit, current)
        statement = statement.where(Organisation.unit_id.in_(units))
    if wanted.kind is not None:
        statement = statement.where(Organisation.kind == wanted.kind.value)
    if wanted.sector is not None:
        every = func.cardinality(Organisation.sectors) == 0
        statement = statement.where(or_(every, literal(wanted.sector) == any_(Organisation.sectors)))
    if wanted.is_confirmed is not None:
        statement = statement.where(Organisation.confirmed_at.is_not(None) == wanted.is_confirmed)
    return await page_by_id(context, "organisations", statement, Organisation.id, wanted, cursors)


async def confirm_organisation(context: Context, organisation_id: int, sent: OrganisationConfirmation) -> Answer:
    """Confirms a department that an import met: from now on it can be in a chain. Conflict where it is confirmed."""
    if not has_permission(Permission.ORGANISATION_CONFIRM, context.actor):
        raise NotPermitted
    found = select(Organisation.confirmed_at).where(Organisation.id == organisation_id).with_for_update()
    row = (await context.session.execute(found)).one_or_none()
    if row is None:
        raise NotFound
    if row.confirmed_at is not None:
        raise Conflict("organisation_already_confirmed", "该机构已经确认,不必重复确认。")
    await _refuse_unfit(context, organisation_id, sent)
    values = sent.model_dump(exclude_none=True)
    confirmed = update(Organisation).where(Organisation.id == organisation_id)
    await context.session.execute(confirmed.values(values | {"confirmed_at": func.registry_now()}))
    await record(context, "organisation:record:confirmed", Subject("organisation", organisation_id), values)
    return Answer({"id": organisation_id, **values, "is_confirmed": True}, location="/api/v1/organisations")


async def _refuse_unfit(context: Context, organisation_id: int, sent: OrganisationConfirmation) -> None:
    known = {sector.code for sector in (await rule_book(context)).edition.sectors}
    if set(sent.sectors or ()) - known:
        message = "行业领域代码(sectors)不在现行规则版本中,请核对。"
        raise InvalidInput("sector_unknown", message, fields=(FieldError("/sectors", "sector_unknown", message),))
    if sent.superior_id is None:
        return
    superior = select(Organisation.id).where(Organisation.id == sent.superior_id, Organisation.id != organisation_id)
    if (await context.session.execute(superior)).scalar_one_or_none() is None:
        message = "没有这个上级机构(superior_id),请从 /api/v1/organisations 中选取。"
        fields = (FieldError("/superior_id", "organisation_unknown", message),)
        raise InvalidInput("organisation_unknown", message, fields=fields)


async def page_of_criteria(context: Context, wanted: CriterionFilter, cursors: Cursors) -> dict[str, Any]:
    """A page of criteria; `checked_on` null reads 未核对."""
    if not has_permission(Permission.CRITERION_READ, context.actor):
        raise NotPermitted
    await refuse_unknown_sector(context, wanted.sector)
    statement: Select[Any, *tuple[Any, ...]] = select(
        Criterion.id,
        Criterion.sector,
        Criterion.document,
        Criterion.document_number,
        Criterion.clause,
        Criterion.label,
        Criterion.judgement,
        Criterion.effective_from,
        Criterion.effective_until,
        Criterion.checked_on,
    )
    if wanted.sector is not None:
        statement = statement.where(Criterion.sector == wanted.sector)
    if wanted.on is not None:
        not_over = or_(Criterion.effective_until.is_(None), Criterion.effective_until > wanted.on)
        statement = statement.where(Criterion.effective_from <= wanted.on, not_over)
    if wanted.words is not None:
        columns = (Criterion.document, Criterion.clause, Criterion.label)
        statement = statement.where(or_(*(column.contains(wanted.words, autoescape=True) for column in columns)))
    if wanted.is_checked is not None:
        statement = statement.where(Criterion.checked_on.is_not(None) == wanted.is_checked)
    return await page_by_id(context, "criteria", statement, Criterion.id, wanted, cursors)


async def edition_in_force(context: Context) -> dict[str, Any]:
    """The edition in force: its hash and every number with its legal basis."""
    if not has_permission(Permission.EDITION_READ, context.actor):
        raise NotPermitted
    book = await rule_book(context)
    found = select(Edition.content, Edition.loaded_at).where(Edition.id == book.edition_id)
    row = (await context.session.execute(found)).one()
    return {
        "id": book.edition.id,
        "name": book.edition.name,
        "in_force_from": book.edition.in_force_from,
        "loaded_at": row.loaded_at,
        "sha256": book.edition.sha256,
        "sectors": [{"code": one.code, "name": one.name} for one in book.edition.sectors],
        "numbers": list(_numbers(tomllib.loads(row.content), "")),
    }


def _numbers(node: object, path: str) -> Iterator[dict[str, Any]]:
    """Every table of the file that states a legal basis, under its path."""
    if isinstance(node, Mapping):
        if "basis" in node:
            stated = {key: value for key, value in node.items() if key != "basis" and not isinstance(value, Mapping)}
            yield {"key": path, "value": stated.get("value", stated), "basis": node["basis"]}
        for key, child in node.items():
            yield from _numbers(child, f"{path}.{key}" if path else str(key))
    elif isinstance(node, list):
        for index, child in enumerate(node):
            yield from _numbers(child, f"{path}[{index}]")
