"""The unit tree as of a day, and under which line of a table a hazard of each unit is counted."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import text

from app.infrastructure.context import Context

_AS_OF = text(
    """
    SELECT DISTINCT ON (u.id) u.id, u.tier, coalesce(p.code, '') AS code, coalesce(p.name, '') AS name,
           CASE WHEN p.valid_until <= CAST(:on AS date) AND u.successor_id IS NOT NULL THEN u.successor_id
                ELSE p.parent_id END AS parent_id
      FROM unit u LEFT JOIN unit_period p ON p.unit_id = u.id
     ORDER BY u.id, p.valid_from > CAST(:on AS date), abs(p.valid_from - CAST(:on AS date))
    """
)


@dataclass(frozen=True, slots=True)
class UnitAsOf:
    """A unit with the name, code and parent it bore that day; one that had ended stands under its successor."""

    id: int
    tier: int
    code: str
    name: str
    parent_id: int | None


@dataclass(frozen=True, slots=True)
class UnitTree:
    """Every unit as of a day. A day before a unit's first period reads that period: no hazard drops out."""

    units: Mapping[int, UnitAsOf]

    def with_code(self, code: str) -> tuple[UnitAsOf, ...]:
        """The units that bore the code that day."""
        return tuple(unit for unit in self.units.values() if unit.code == code)

    def path(self, unit_id: int) -> tuple[int, ...]:
        """The unit and those above it, lowest first."""
        path = [unit_id]
        while (above := self.units[path[-1]].parent_id) is not None and above in self.units and above not in path:
            path.append(above)
        return tuple(path)

    def top(self, among: Iterable[int]) -> int | None:
        """The one unit of these above which none of them stands; None where several stand side by side."""
        known = {unit_id for unit_id in among if unit_id in self.units}
        tops = {unit_id for unit_id in known if known.isdisjoint(self.path(unit_id)[1:])}
        return tops.pop() if len(tops) == 1 else None

    def lines_of(self, scope: int | None) -> dict[int, int]:
        """Unit → the line it is counted in: the scope's child above it, or the scope itself for what is its own."""
        lines = {}
        for unit_id in self.units:
            path = self.path(unit_id)
            if scope is None:
                lines[unit_id] = path[-1]
            elif scope in path:
                lines[unit_id] = path[max(path.index(scope) - 1, 0)]
        return lines


async def units_as_of(context: Context, on: date) -> UnitTree:
    """The tree of that day (Asia/Shanghai)."""
    rows = await context.session.execute(_AS_OF, {"on": on})
    return UnitTree({row.id: UnitAsOf(row.id, row.tier, row.code, row.name, row.parent_id) for row in rows})
