"""Finds or enters the enterprise and the site a report names: identity is the code, equal names are never merged."""

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import insert, select

from app.audit.record import Subject, record
from app.infrastructure.context import Context
from app.infrastructure.errors import FieldError, InvalidInput
from app.tables.enterprises import Enterprise, Site


@dataclass(frozen=True, slots=True)
class NewEnterprise:
    """An enterprise as named by whoever reports; `no_code_reason` where it has no code."""

    code: str | None
    name: str
    unit_id: int
    no_code_reason: str | None = None


class Placed(Protocol):
    """A site as someone names it."""

    name: str


@dataclass(frozen=True, slots=True)
class NewSite:
    """A site of an enterprise in a unit."""

    enterprise_id: int
    unit_id: int
    placed: Placed
    locality: str | None = None


async def known_enterprise(context: Context, named: NewEnterprise) -> int | None:
    """The enterprise with that code, None where it is not entered yet; InvalidInput without code and reason."""
    if named.code is None and named.no_code_reason is None:
        message = "没有统一社会信用代码的,须写明原因(no_code_reason)。"
        raise InvalidInput(
            "code_or_reason_required",
            message,
            fields=(FieldError("/enterprise/code", "code_or_reason_required", message),),
        )
    if named.code is None:
        return None
    known = select(Enterprise.id).where(Enterprise.code == named.code)
    return (await context.session.execute(known)).scalar_one_or_none()


async def enter_enterprise(context: Context, named: NewEnterprise) -> int:
    """Enters an enterprise; one without a code is always entered anew."""
    entered = (
        insert(Enterprise)
        .values(code=named.code, name=named.name, unit_id=named.unit_id, no_code_reason=named.no_code_reason)
        .returning(Enterprise.id)
    )
    enterprise_id = int((await context.session.execute(entered)).scalar_one())
    await record(context, "enterprise:record:entered", Subject("enterprise", enterprise_id), {"code": named.code})
    return enterprise_id


async def site_of(context: Context, new: NewSite) -> int:
    """The enterprise's site of that name in that unit, entered if new."""
    known = select(Site.id).where(
        Site.enterprise_id == new.enterprise_id, Site.unit_id == new.unit_id, Site.name == new.placed.name
    )
    found = (await context.session.execute(known)).scalar_one_or_none()
    if found is not None:
        return found
    longitude, latitude = getattr(new.placed, "longitude", None), getattr(new.placed, "latitude", None)
    values = {
        "enterprise_id": new.enterprise_id,
        "unit_id": new.unit_id,
        "name": new.placed.name,
        "locality": new.locality,
        "longitude": longitude,
        "latitude": latitude,
        "position_system": "wgs84" if longitude is not None else None,
    }
    return int((await context.session.execute(insert(Site).values(values).returning(Site.id))).scalar_one())
