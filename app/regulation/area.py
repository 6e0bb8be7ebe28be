"""An area file: tiers, territorial units and the organisations of each, as data (design 2).

Organisations come from templates: a department stands once in every unit of its tiers, below its like one tier up.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from app.regulation.edition import Edition
from app.regulation.vocabulary import OrganisationKind

AREAS_FOLDER = Path(__file__).parent / "areas"
SHIPPED_AREA = AREAS_FOLDER / "ordos.toml"


@dataclass(frozen=True, slots=True)
class Tier:
    """One 层级: 1 is the highest; which acts its offices take."""

    tier: int
    name: str
    supervision_name: str
    """How a ledger writes the supervision of that tier (市级, 旗区级)."""
    determines: bool
    lists: bool
    supervises: bool
    sums: bool


@dataclass(frozen=True, slots=True)
class AreaUnit:
    """One 属地单元; a zone without a GB/T 2260 code has a local one."""

    key: str
    tier: int
    parent: str | None
    name: str
    code: str
    code_system: str
    aliases: tuple[str, ...]
    valid_from: date


@dataclass(frozen=True, slots=True)
class AreaOrganisation:
    """One 机构 of a unit; `superior` is another organisation's key."""

    key: str
    """`emergency@dongsheng` for a templated department, the written key for a single one."""
    kind: OrganisationKind
    unit: str
    name: str
    aliases: tuple[str, ...]
    sectors: tuple[str, ...]
    superior: str | None


@dataclass(frozen=True, slots=True)
class Area:
    """The whole area file."""

    id: str
    name: str
    time_zone: str
    undetermined_unit_name: str
    tiers: tuple[Tier, ...]
    units: tuple[AreaUnit, ...]
    organisations: tuple[AreaOrganisation, ...]

    def unit_named(self, text: str) -> AreaUnit | None:
        """The unit whose name, code or alias the text is, blanks ignored."""
        wanted = "".join(text.split())
        return next((unit for unit in self.units if wanted in (unit.name, unit.code, *unit.aliases)), None)

    def organisation_named(self, text: str) -> AreaOrganisation | None:
        """The organisation whose full name or alias the text is, blanks ignored."""
        wanted = "".join(text.split())
        return next((one for one in self.organisations if wanted in (one.name, *one.aliases)), None)

    def tier_of_supervision(self, text: str) -> Tier | None:
        """The tier a ledger's 挂牌督办层级 names."""
        wanted = "".join(text.split())
        return next((tier for tier in self.tiers if wanted in (tier.name, tier.supervision_name)), None)

    def regulator_of(self, sector: str, unit_key: str) -> AreaOrganisation | None:
        """The first regulator of that sector in that unit."""
        return next(
            (
                one
                for one in self.organisations
                if one.unit == unit_key and one.kind is OrganisationKind.REGULATOR and sector in one.sectors
            ),
            None,
        )


def misfits(edition: Edition, area: Area) -> tuple[str, ...]:
    """Why the edition cannot be used with this area, in Chinese; empty when it can."""
    keys = {one.key for one in area.organisations}
    known = {sector.code for sector in edition.sectors}
    regulated = {sector for one in area.organisations for sector in one.sectors}
    return (
        *((f"规则版本用于属地 {edition.area},不是 {area.id}",) if edition.area != area.id else ()),
        *(
            f"指定机构 {one.key} 在属地文件中没有机构 {one.organisation}"
            for one in edition.agencies
            if one.organisation not in keys
        ),
        *(
            f"机关代字在属地文件中没有机构 {organisation}"
            for organisation in edition.ladder.office_codes
            if organisation not in keys
        ),
        *(f"行业领域 {code} 在属地文件中没有监管部门" for code in sorted(known - regulated)),
        *(f"属地文件的行业领域 {code} 不在规则版本中" for code in sorted(regulated - known)),
    )


def load_area(text: str) -> Area:
    """The area a TOML text describes; KeyError or ValueError where it is not an area file."""
    raw = tomllib.loads(text)
    head = raw["area"]
    units = tuple(_unit(row, head["units_valid_from"]) for row in raw["units"])
    return Area(
        id=head["id"],
        name=head["name"],
        time_zone=head["time_zone"],
        undetermined_unit_name=head["undetermined_unit_name"],
        tiers=tuple(Tier(**row) for row in raw["tiers"]),
        units=units,
        organisations=(*_templated(raw["units"], raw["departments"]), *map(_single, raw["organisations"])),
    )


def _unit(row: Mapping[str, Any], valid_from: date) -> AreaUnit:
    return AreaUnit(
        key=row["key"],
        tier=row["tier"],
        parent=row.get("parent"),
        name=row["name"],
        code=row["code"],
        code_system=row["code_system"],
        aliases=tuple(row.get("aliases", ())),
        valid_from=row.get("valid_from", valid_from),
    )


def _templated(
    units: Iterable[Mapping[str, Any]], departments: Iterable[Mapping[str, Any]]
) -> Iterable[AreaOrganisation]:
    by_key = {unit["key"]: unit for unit in units}
    for unit in by_key.values():
        for department in departments:
            if _stands_in(department, unit):
                yield _department(department, unit, by_key)


def _stands_in(department: Mapping[str, Any], unit: Mapping[str, Any]) -> bool:
    return unit["tier"] in department["tiers"] and department["key"] in unit.get("departments", (department["key"],))


def _department(
    department: Mapping[str, Any], unit: Mapping[str, Any], units: Mapping[str, Mapping[str, Any]]
) -> AreaOrganisation:
    suffix = department["name"]
    if department["kind"] == OrganisationKind.GOVERNMENT:
        suffix = unit.get("government_name", suffix)
    prefixes = (unit["name"], *unit.get("aliases", ()))
    names = [prefix + ending for prefix in prefixes for ending in (suffix, *department.get("aliases", ()))]
    return AreaOrganisation(
        key=f"{department['key']}@{unit['key']}",
        kind=OrganisationKind(department["kind"]),
        unit=unit["key"],
        name=names[0],
        aliases=tuple(names[1:]),
        sectors=tuple(department["sectors"]),
        superior=_superior(department, unit, units),
    )


def _superior(
    department: Mapping[str, Any], unit: Mapping[str, Any], units: Mapping[str, Mapping[str, Any]]
) -> str | None:
    parent = units.get(unit.get("parent", ""))
    if parent is not None and _stands_in(department, parent):
        return f"{department['key']}@{parent['key']}"
    at_top = department.get("superior_at_top")
    return f"{at_top}@{unit['key']}" if at_top else None


def _single(row: Mapping[str, Any]) -> AreaOrganisation:
    return AreaOrganisation(
        key=row["key"],
        kind=OrganisationKind(row["kind"]),
        unit=row["unit"],
        name=row["name"],
        aliases=tuple(row.get("aliases", ())),
        sectors=tuple(row["sectors"]),
        superior=row.get("superior"),
    )
