"""Who stands where, read once a night: offices and governments of units, superiors of organisations."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import func, select

from app.infrastructure.context import Context
from app.regulation.edition import Edition
from app.regulation.edition_ladder import SuperiorOf
from app.regulation.vocabulary import OrganisationKind, PostKind
from app.tables.places import Organisation, Unit, UnitPeriod


@dataclass(frozen=True, slots=True)
class Body:
    """One organisation, as far as letters go."""

    id: int
    name: str
    kind: OrganisationKind
    unit_id: int
    superior_id: int | None
    enterprise_id: int | None


@dataclass(slots=True)
class Places:
    """The organisations of a day by unit and by id."""

    bodies: Mapping[int, Body]
    parents: Mapping[int, int | None]
    tiers: Mapping[int, int]
    names: Mapping[int, str]
    by_unit: dict[tuple[int, OrganisationKind], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for body in sorted(self.bodies.values(), key=lambda one: -one.id):
            self.by_unit[body.unit_id, body.kind] = body.id

    def nearest(self, unit_id: int | None, kind: OrganisationKind) -> int | None:
        """The organisation of that kind in the unit, or in the nearest one above that has one."""
        while unit_id is not None:
            if (unit_id, kind) in self.by_unit:
                return self.by_unit[unit_id, kind]
            unit_id = self.parents.get(unit_id)
        return None

    def office(self, unit_id: int | None) -> int | None:
        """The safety office that looks after the unit."""
        return self.nearest(unit_id, OrganisationKind.SAFETY_OFFICE)

    def higher_office(self, unit_id: int | None) -> int | None:
        """The safety office above the one that looks after the unit; that one itself where none is above."""
        office = self.office(unit_id)
        if office is None:
            return None
        return self.office(self.parents.get(self.bodies[office].unit_id)) or office

    def district(self, unit_id: int) -> int:
        """The unit of the second tier it lies in, or itself where it lies in none."""
        found: int | None = unit_id
        while found is not None and self.tiers[found] > 2:  # noqa: PLR2004 - 旗区
            found = self.parents.get(found)
        return unit_id if found is None else found

    def superior(self, late_id: int, post: PostKind, lead_id: int | None, edition: Edition) -> int | None:
        """Where the edition's superior of a late post sits; None where it names none."""
        late = self.bodies[late_id]
        named = edition.ladder.superior_of(late.kind, post, self.tiers[late.unit_id])
        if named is None:
            return None
        found = {
            SuperiorOf.SAME_ORGANISATION: late.id,
            SuperiorOf.SUPERIOR_ORGANISATION: late.superior_id,
            SuperiorOf.SAME_LEVEL_GOVERNMENT: self.nearest(late.unit_id, OrganisationKind.GOVERNMENT),
            SuperiorOf.TERRITORIAL_OFFICE: self.office(late.unit_id),
            SuperiorOf.LEAD_DEPARTMENT: lead_id,
        }
        return found[named.superior]


async def places_on(context: Context, day: date) -> Places:
    """The units and organisations as they are on that day."""
    current = func.daterange(UnitPeriod.valid_from, UnitPeriod.valid_until).op("@>")(day)
    periods = select(Unit.id, Unit.tier, UnitPeriod.parent_id, UnitPeriod.name).join(
        UnitPeriod, (UnitPeriod.unit_id == Unit.id) & current
    )
    rows = (await context.session.execute(periods)).all()
    columns = (
        Organisation.id,
        Organisation.name,
        Organisation.kind,
        Organisation.unit_id,
        Organisation.superior_id,
        Organisation.enterprise_id,
    )
    bodies = {row.id: _body(row) for row in await context.session.execute(select(*columns))}
    return Places(
        bodies,
        {row.id: row.parent_id for row in rows},
        {row.id: row.tier for row in rows},
        {row.id: row.name for row in rows},
    )


def _body(row: Any) -> Body:  # noqa: ANN401 - a row of the columns above
    return Body(row.id, row.name, OrganisationKind(row.kind), row.unit_id, row.superior_id, row.enterprise_id)
