"""Where a ledger's rows belong: unit, site, enterprise, department; what the registry lacks is created and reported.

Nothing is guessed: a township or department that nobody knows gets a marked stand-in, and each distinct word is one
finding. Persons, posts and criteria are never created.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import insert

from app.exchange.ledger import LedgerFinding, LedgerRow
from app.exchange.placing.enterprises import Register, load_register
from app.exchange.placing.gazetteer import Gazetteer, KnownDepartment, KnownUnit
from app.infrastructure.context import Context
from app.regulation.vocabulary import OrganisationKind
from app.tables.places import Organisation, Unit, UnitPeriod


@dataclass(frozen=True, slots=True)
class Placement:
    """The registry's ids for what one row names; None is what the sheet does not say or nobody knows."""

    district_unit_id: int
    unit_id: int
    enterprise_id: int
    site_id: int
    sector: str
    lead_organisation_id: int | None
    listing_office_id: int | None
    supervision_tier: int | None
    criterion_id: int | None

    def as_json(self) -> dict[str, Any]:
        """As kept with the row."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class Placer:
    """Places rows one after another; created stand-ins are known to the next row."""

    gazetteer: Gazetteer
    register: Register
    words: defaultdict[tuple[str, str, str], list[int]] = field(default_factory=lambda: defaultdict(list))
    """(finding, word, district) → the rows that say it."""

    def findings(self) -> tuple[LedgerFinding, ...]:
        """One finding per distinct word."""
        return (*self._about_words(), *self.register.findings())

    def _about_words(self) -> Iterator[LedgerFinding]:
        for code, meaning in _MEANINGS.items():
            for (said, word, district), rows in self.words.items():
                if said == code:
                    where = f"（{district}）" if district else ""
                    yield LedgerFinding(
                        code, f"{meaning.format(word=word)[:-1]}{where}，共 {len(rows)} 行。", tuple(rows)
                    )

    def note(self, code: str, word: str, row: LedgerRow, *, of_district: bool = False) -> None:
        """Remembers that a row says a word nobody knows."""
        self.words[code, word, row.district if of_district else ""].append(row.row)


_MEANINGS = {
    "township_unknown": "属地单元中没有「{word}」，归入所在旗区的“未定”单元，原文保留。",
    "township_blank": "没有填写苏木乡镇(街道)，归入所在旗区的“未定”单元。",
    "department_unconfirmed": "机构中没有「{word}」，新建为“待确认”，确认之前不进入签字环节。",
    "regulator_blank": "没有填写监管责任单位，按“不详”登记。",
    "clause_unmatched": "判定依据「{word}」与判定标准目录中的条款不符，按原文保存，显示为“未核对”。",
    "supervision_tier_unknown": "督办层级「{word}」不在属地文件中，按“不详”登记。",
}


async def load_placer(context: Context, gazetteer: Gazetteer, rows: Sequence[LedgerRow]) -> Placer:
    """A placer that knows the enterprises of these rows."""
    return Placer(gazetteer, await load_register(context, rows))


async def place(context: Context, placer: Placer, rows: Sequence[LedgerRow]) -> list[Placement]:
    """The placement of each row, in order; creates what is lacking."""
    unit_ids = [await _unit_of(context, placer, row) for row in rows]
    departments = [await _department_of(context, placer, row) for row in rows]
    sites = await placer.register.enter(context, list(zip(rows, unit_ids, strict=True)))
    return [
        _placement(placer, row, unit, department, site)
        for row, unit, department, site in zip(rows, unit_ids, departments, sites, strict=True)
    ]


def _placement(
    placer: Placer, row: LedgerRow, unit: KnownUnit, department: KnownDepartment | None, site: tuple[int, int]
) -> Placement:
    known = placer.gazetteer
    tier = known.supervision_tier(row.supervision_tier) if row.supervision_tier else None
    if row.supervision_tier and tier is None:
        placer.note("supervision_tier_unknown", row.supervision_tier, row)
    clause = known.clause(row.basis) if row.basis else None
    if row.basis and clause is None:
        placer.note("clause_unmatched", row.basis, row)
    return Placement(
        district_unit_id=known.district(row.district).id,
        unit_id=unit.id,
        enterprise_id=site[0],
        site_id=site[1],
        sector=known.sector_code(row.sector),
        lead_organisation_id=department.id if department else None,
        listing_office_id=known.safety_office(unit.id, tier) if tier is not None else None,
        supervision_tier=tier,
        criterion_id=clause,
    )


async def _unit_of(context: Context, placer: Placer, row: LedgerRow) -> KnownUnit:
    district = placer.gazetteer.district(row.district)
    if row.town is None:
        placer.note("township_blank", "", row, of_district=True)
    else:
        known = placer.gazetteer.unit_below(district, row.town)
        if known is not None:
            return known
        placer.note("township_unknown", row.town, row, of_district=True)
    return placer.gazetteer.undetermined_below(district) or await _enter_undetermined(context, placer, district)


async def _enter_undetermined(context: Context, placer: Placer, district: KnownUnit) -> KnownUnit:
    area = placer.gazetteer.area
    tier = min(tier.tier for tier in area.tiers if tier.tier > district.tier)
    entered = insert(Unit).values(tier=tier, is_undetermined=True).returning(Unit.id)
    unit_id = int((await context.session.execute(entered)).scalar_one())
    code = f"{district.code}-U{tier}"
    period = {
        "unit_id": unit_id,
        "parent_id": district.id,
        "code": code,
        "name": area.undetermined_unit_name,
        "valid_from": min(unit.valid_from for unit in area.units),
    }
    await context.session.execute(insert(UnitPeriod).values(period))
    name = area.undetermined_unit_name
    unit = KnownUnit(unit_id, tier, district.id, code, name, frozenset({name}), is_undetermined=True)
    placer.gazetteer = replace(placer.gazetteer, units={**placer.gazetteer.units, unit_id: unit})
    return unit


async def _department_of(context: Context, placer: Placer, row: LedgerRow) -> KnownDepartment | None:
    if row.regulator is None:
        placer.note("regulator_blank", "", row)
        return None
    district = placer.gazetteer.district(row.district)
    known = placer.gazetteer.department(row.regulator, district)
    if known is None or not known.is_confirmed:
        placer.note("department_unconfirmed", row.regulator, row, of_district=True)
    return known or await _enter_department(context, placer, row.regulator, district)


async def _enter_department(context: Context, placer: Placer, name: str, district: KnownUnit) -> KnownDepartment:
    """Unconfirmed: what it regulates is an administrator's to say when confirming it."""
    values = {"unit_id": district.id, "kind": OrganisationKind.REGULATOR.value, "name": name}
    entered = insert(Organisation).values(values).returning(Organisation.id)
    department_id = int((await context.session.execute(entered)).scalar_one())
    department = KnownDepartment(
        department_id, district.id, OrganisationKind.REGULATOR.value, name, frozenset({name}), is_confirmed=False
    )
    departments = (*placer.gazetteer.departments, department)
    placer.gazetteer = replace(placer.gazetteer, departments=departments)
    return department
