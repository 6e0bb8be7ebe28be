"""Units and organisations as they stand on a day: paths, codes, and who receives a hazard's report."""

from datetime import date
from typing import Final

from sqlalchemy import CTE, func, select, text

from app.infrastructure.context import Context
from app.infrastructure.errors import FieldError, InvalidInput, InvalidParameter
from app.regulation.deadlines import business_date
from app.regulation.vocabulary import OrganisationKind
from app.tables.places import Organisation, Unit, UnitPeriod

_HEAD_OF_TREE: Final = 1

_BY_CODE = text(
    """
    SELECT unit_id FROM unit_period
     WHERE code = :code AND daterange(valid_from, valid_until) @> CAST(:on AS date)
    """
)
_PATH = text(
    """
    WITH RECURSIVE path(unit_id, parent_id, depth) AS (
        SELECT p.unit_id, p.parent_id, 0 FROM unit_period p
         WHERE p.unit_id = :unit_id AND daterange(p.valid_from, p.valid_until) @> CAST(:on AS date)
        UNION ALL
        SELECT p.unit_id, p.parent_id, path.depth + 1 FROM unit_period p JOIN path ON p.unit_id = path.parent_id
         WHERE daterange(p.valid_from, p.valid_until) @> CAST(:on AS date) AND path.depth < 10
    )
    SELECT unit_id FROM path ORDER BY depth
    """
)
_NEAREST_OFFICE = text(
    """
    SELECT o.id FROM unnest(CAST(:path AS bigint[])) WITH ORDINALITY AS p(unit_id, depth)
      JOIN organisation o ON o.unit_id = p.unit_id AND o.kind = 'safety_office' AND o.confirmed_at IS NOT NULL
     ORDER BY p.depth LIMIT 1
    """
)
_NEAREST_REGULATOR = text(
    """
    SELECT o.id FROM unnest(CAST(:path AS bigint[])) WITH ORDINALITY AS p(unit_id, depth)
      JOIN organisation o ON o.unit_id = p.unit_id AND o.kind = 'regulator' AND o.confirmed_at IS NOT NULL
       AND CAST(:sector AS text) = ANY (o.sectors)
     ORDER BY p.depth, o.id LIMIT 1
    """
)
_OFFICE_OF_TIER = text(
    """
    SELECT o.id FROM unnest(CAST(:path AS bigint[])) AS p(unit_id)
      JOIN unit u ON u.id = p.unit_id AND u.tier = :tier
      JOIN organisation o ON o.unit_id = u.id AND o.kind = 'safety_office' AND o.confirmed_at IS NOT NULL
    """
)


_CODE_OF_ORGANISATION = text(
    """
    SELECT p.code FROM organisation o JOIN unit_period p ON p.unit_id = o.unit_id
     WHERE o.id = :organisation_id AND daterange(p.valid_from, p.valid_until) @> CAST(:on AS date)
    """
)


async def unit_with_code(context: Context, code: str, *, field: str) -> int:
    """The unit that bears the code today; InvalidInput naming `field` otherwise."""
    found = await context.session.execute(_BY_CODE, {"code": code, "on": business_date(context.now)})
    unit_id = found.scalar_one_or_none()
    if unit_id is None:
        message = "没有这个代码的属地单元,请从 /api/v1/units 中选取。"
        raise InvalidInput("unit_unknown", message, fields=(FieldError(f"/{field}", "unit_unknown", message),))
    return int(unit_id)


async def refuse_unknown_unit(context: Context, code: str | None) -> None:
    """InvalidParameter for a filter `unit` whose code no unit bears today: an empty list would look like an answer."""
    if code is None:
        return
    found = await context.session.execute(_BY_CODE, {"code": code, "on": business_date(context.now)})
    if found.first() is None:
        message = "没有这个代码的属地单元,请从 /api/v1/units 中选取。"
        raise InvalidParameter.of_field("/unit", "unit_unknown", message, where="query")


def units_below(code: str, on: date) -> CTE:
    """The unit of that code and every unit below it on that day, as a column `unit_id`."""
    current = func.daterange(UnitPeriod.valid_from, UnitPeriod.valid_until).op("@>")(on)
    below = select(UnitPeriod.unit_id).where(UnitPeriod.code == code, current).cte("below", recursive=True)
    return below.union(select(UnitPeriod.unit_id).join(below, UnitPeriod.parent_id == below.c.unit_id).where(current))


async def unit_path(context: Context, unit_id: int, on: date) -> list[int]:
    """The unit and those above it, lowest first, as of the day (Asia/Shanghai)."""
    return [int(row) for row in (await context.session.execute(_PATH, {"unit_id": unit_id, "on": on})).scalars()]


async def nearest_safety_office(context: Context, path: list[int]) -> int | None:
    """The safety office of the lowest unit that has one."""
    found: int | None = (await context.session.execute(_NEAREST_OFFICE, {"path": path})).scalar_one_or_none()
    return found


async def nearest_regulator(context: Context, path: list[int], sector: str) -> int | None:
    """The sector's regulator of the lowest unit that has one."""
    parameters = {"path": path, "sector": sector}
    found: int | None = (await context.session.execute(_NEAREST_REGULATOR, parameters)).scalar_one_or_none()
    return found


_MAY_LEAD = (OrganisationKind.REGULATOR, OrganisationKind.TOWNSHIP, OrganisationKind.AGENCY)


async def refuse_no_department(context: Context, organisation_id: int | None, *, field: str) -> None:
    """InvalidInput naming `field` unless it is a confirmed department, township or agency; None names nobody."""
    if organisation_id is None:
        return
    found = await context.session.execute(
        select(Organisation.id).where(
            Organisation.id == organisation_id,
            Organisation.kind.in_([kind.value for kind in _MAY_LEAD]),
            Organisation.confirmed_at.is_not(None),
        )
    )
    if found.scalar_one_or_none() is None:
        message = f"{field} 须为已确认的负有安全监管职责的部门,请从 /api/v1/organisations 中选取。"
        raise InvalidInput(
            "department_unknown", message, fields=(FieldError(f"/{field}", "department_unknown", message),)
        )


async def safety_office_of_tier(context: Context, path: list[int], tier: int) -> int | None:
    """The safety office of the unit of that tier above the hazard."""
    found: int | None = (
        await context.session.execute(_OFFICE_OF_TIER, {"path": path, "tier": tier})
    ).scalar_one_or_none()
    return found


async def code_of(context: Context, organisation_id: int) -> str:
    """Today's code of the unit an organisation belongs to."""
    parameters = {"organisation_id": organisation_id, "on": business_date(context.now)}
    return str((await context.session.execute(_CODE_OF_ORGANISATION, parameters)).scalar_one())


async def is_head_office(context: Context) -> bool:
    """Whether the actor acts for the safety office at the head of the tree."""
    own = (
        select(Unit.tier)
        .join(Organisation, Organisation.unit_id == Unit.id)
        .where(
            Organisation.id == context.actor.organisation_id, Organisation.kind == OrganisationKind.SAFETY_OFFICE.value
        )
    )
    return (await context.session.execute(own)).scalar_one_or_none() == _HEAD_OF_TREE
