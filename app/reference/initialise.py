"""启用: once per registry, the owner loads area, edition, calendar, criteria, fixes the go-live day and the clock."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import chinese_calendar
from sqlalchemy import ColumnElement, func, insert, literal, select

from app.holding.hold import hold_dispatch
from app.infrastructure.context import Context
from app.infrastructure.errors import Conflict
from app.reference.edition_loading import load_edition_text
from app.regulation.area import Area, AreaOrganisation, AreaUnit, load_area
from app.regulation.criteria import SHIPPED_CRITERIA, Catalogue, load_catalogue
from app.regulation.vocabulary import HoldReason
from app.tables import places, rules

FIRST_ANNOUNCED_YEAR = 2023


@dataclass(frozen=True, slots=True)
class Initialisation:
    """What `qingling init` is given."""

    area: str
    """Text of the area file."""
    edition: str
    """Text of the edition file."""
    go_live_on: date
    """From this day (Asia/Shanghai) on nothing closes without signatures."""
    is_demo: bool = False
    movable_clock: bool = False
    begins_at: datetime | None = None
    """Where a movable clock starts, aware; null: at the machine's time."""


async def initialise(context: Context, wanted: Initialisation) -> None:
    """Sets the registry up; Conflict on a second try: go-live, area and clock are fixed for ever."""
    setting = select(rules.RegistrySetting.go_live_on)
    known = (await context.session.execute(setting)).scalar_one_or_none()
    if known is not None:
        raise Conflict(
            "already_initialised",
            f"登记系统已经启用(启用日期 {known.isoformat()}),属地、启用日期和时钟不能更改。",
            remedy="需要新的规则版本时,请执行 qingling edition load。",
        )
    await _set_clock(context, wanted)
    await _load_calendar(context)
    area_id = await _load_area(context, wanted.area)
    edition_id = await load_edition_text(context, wanted.edition)
    await _load_criteria(context, load_catalogue(SHIPPED_CRITERIA.read_text(encoding="utf-8")))
    row = {
        "id": 1,
        "go_live_on": wanted.go_live_on,
        "area_id": area_id,
        "first_edition_id": edition_id,
        "is_demo": wanted.is_demo,
    }
    await context.session.execute(insert(rules.RegistrySetting).values(row))
    await hold_dispatch(context, HoldReason.FIRST_START, f"启用 {wanted.go_live_on.isoformat()}")


async def _set_clock(context: Context, wanted: Initialisation) -> None:
    known = select(func.count()).select_from(rules.ClockSetting)
    if (await context.session.execute(known)).scalar_one():
        return
    row: dict[str, Any] = {"id": 1, "is_movable": wanted.movable_clock}
    if wanted.begins_at is not None:
        row["offset_seconds"] = seconds_until(wanted.begins_at)
    await context.session.execute(insert(rules.ClockSetting).values(row))


def seconds_until(instant: datetime) -> ColumnElement[Any]:
    """How far the registry's clock is from showing that instant, in whole seconds rounded up."""
    return func.ceil(func.extract("epoch", literal(instant) - func.registry_now()))


async def _load_calendar(context: Context) -> None:
    """Every announced year the library knows; a later year comes with the State Council's notice."""
    last = max(day.year for day in chinese_calendar.constants.holidays)
    for year in range(FIRST_ANNOUNCED_YEAR, last + 1):
        source = f"国务院办公厅关于{year}年部分节假日安排的通知(chinesecalendar {chinese_calendar.__version__})"
        await context.session.execute(insert(rules.CalendarYear).values(year=year, source=source))
        days = chinese_calendar.get_dates(date(year, 1, 1), date(year, 12, 31))
        rows = [{"day": day, "year": year, "is_working_day": chinese_calendar.is_workday(day)} for day in days]
        await context.session.execute(insert(rules.CalendarDay), rows)


async def _load_area(context: Context, text: str) -> int:
    area = load_area(text)
    content = {"code": area.id, "name": area.name, "content": text}
    digest = func.sha256(func.convert_to(text, "UTF8"))
    loaded = insert(places.Area).values(content | {"content_sha256": digest}).returning(places.Area.id)
    area_id = int((await context.session.execute(loaded)).scalar_one())
    units = {unit.key: await _enter_unit(context, unit) for unit in area.units}
    await _enter_periods(context, area, units)
    await _enter_organisations(context, area, units)
    return area_id


async def _enter_unit(context: Context, unit: AreaUnit) -> int:
    entered = insert(places.Unit).values(tier=unit.tier).returning(places.Unit.id)
    return int((await context.session.execute(entered)).scalar_one())


async def _enter_periods(context: Context, area: Area, units: dict[str, int]) -> None:
    rows = [
        {
            "unit_id": units[unit.key],
            "parent_id": units[unit.parent] if unit.parent else None,
            "code": unit.code,
            "name": unit.name,
            "aliases": list(unit.aliases),
            "valid_from": unit.valid_from,
        }
        for unit in area.units
    ]
    await context.session.execute(insert(places.UnitPeriod), rows)


async def _enter_organisations(context: Context, area: Area, units: dict[str, int]) -> None:
    """Superiors before those below them: a row names its superior's id."""
    entered: dict[str, int] = {}
    waiting = list(area.organisations)
    while waiting:
        ready = [one for one in waiting if one.superior is None or one.superior in entered]
        if not ready:
            raise ValueError("area file: superiors form a circle")
        for one in ready:
            entered[one.key] = await _enter_organisation(context, one, units, entered)
        waiting = [one for one in waiting if one.key not in entered]


async def _enter_organisation(
    context: Context, one: AreaOrganisation, units: dict[str, int], entered: dict[str, int]
) -> int:
    row = {
        "unit_id": units[one.unit],
        "kind": one.kind.value,
        "name": one.name,
        "aliases": list(one.aliases),
        "code": one.key,
        "sectors": list(one.sectors),
        "superior_id": entered[one.superior] if one.superior else None,
        "confirmed_at": func.registry_now(),
    }
    created = insert(places.Organisation).values(row).returning(places.Organisation.id)
    return int((await context.session.execute(created)).scalar_one())


async def _load_criteria(context: Context, catalogue: Catalogue) -> None:
    """Clauses that can be cited; none was held against the official text yet, so none carries `checked_on`."""
    rows: list[dict[str, Any]] = [
        {
            "sector": one.document.sector,
            "document": one.document.name,
            "document_number": one.document.number,
            "clause": one.clause,
            "label": one.label,
            "effective_from": one.document.effective_from,
            "effective_until": one.document.effective_to + timedelta(days=1) if one.document.effective_to else None,
        }
        for one in catalogue.criteria
        if one.document.effective_from is not None
    ]
    await context.session.execute(insert(rules.Criterion), rows)
