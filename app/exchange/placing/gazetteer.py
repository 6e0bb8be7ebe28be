"""What the registry knows of the names a ledger uses: units, departments, sectors, tiers of supervision, clauses."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, or_, select

from app.exchange.ledger import KnownNames
from app.exchange.ledger_columns import squeezed
from app.infrastructure.context import Context
from app.infrastructure.errors import TemporarilyUnavailable
from app.reference.rulebook import RuleBook
from app.regulation.area import Area, load_area
from app.regulation.vocabulary import OrganisationKind
from app.tables.places import Area as AreaRow
from app.tables.places import Organisation, Unit, UnitPeriod
from app.tables.rules import Criterion, RegistrySetting

_DIGITS = "〇一二三四五六七八九"
_CHINESE_NUMBER = re.compile(r"第([〇一二三四五六七八九十百]+)")
_TITLE_MARKS = re.compile(r"[《》〈〉\s]")


@dataclass(frozen=True, slots=True)
class KnownUnit:
    """A unit as it stands today."""

    id: int
    tier: int
    parent_id: int | None
    code: str
    name: str
    names: frozenset[str]
    is_undetermined: bool


@dataclass(frozen=True, slots=True)
class KnownDepartment:
    """An organisation that a ledger may name; unconfirmed where an earlier import met it first."""

    id: int
    unit_id: int
    kind: str
    name: str
    names: frozenset[str]
    is_confirmed: bool


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """The registry's names on the day of the import."""

    go_live_on: date
    area: Area
    units: Mapping[int, KnownUnit]
    departments: tuple[KnownDepartment, ...]
    clauses: Mapping[str, int]
    """Document and clause, written one way → criterion."""
    book: RuleBook

    @property
    def district_tier(self) -> int:
        """The tier that a ledger's 旗区 column names: the one below the highest."""
        return sorted(tier.tier for tier in self.area.tiers)[1]

    def known_names(self) -> KnownNames:
        """What a ledger may write for a district and a sector."""
        districts = {
            spelling: unit.name
            for unit in self.units.values()
            if unit.tier == self.district_tier and not unit.is_undetermined
            for spelling in (unit.name, *sorted(unit.names))
        }
        sectors = {
            spelling: sector.name
            for sector in self.book.edition.sectors
            for spelling in (sector.name, sector.code, *sector.aliases)
        }
        return KnownNames(districts=districts, sectors=sectors)

    def district(self, name: str) -> KnownUnit:
        """The district of that canonical name; KeyError where there is none."""
        for unit in self.units.values():
            if unit.tier == self.district_tier and unit.name == name:
                return unit
        raise KeyError(name)

    def unit_below(self, district: KnownUnit, name: str) -> KnownUnit | None:
        """The district's unit of that name or alias."""
        below = (unit for unit in self.units.values() if unit.parent_id == district.id and not unit.is_undetermined)
        return next((unit for unit in below if name in unit.names), None)

    def undetermined_below(self, district: KnownUnit) -> KnownUnit | None:
        """The district's 「未定」 unit, once an import has needed it."""
        below = (unit for unit in self.units.values() if unit.parent_id == district.id)
        return next((unit for unit in below if unit.is_undetermined), None)

    def sector_code(self, name: str) -> str:
        """The edition's code of a sector's canonical name; KeyError where there is none."""
        for sector in self.book.edition.sectors:
            if sector.name == name:
                return sector.code
        raise KeyError(name)

    def supervision_tier(self, text: str) -> int | None:
        """The tier that 挂牌督办层级 names."""
        tier = self.area.tier_of_supervision(text)
        return None if tier is None else tier.tier

    def safety_office(self, unit_id: int, tier: int) -> int | None:
        """The safety office of the unit of that tier at or above the unit."""
        unit: KnownUnit | None = self.units.get(unit_id)
        while unit is not None and unit.tier > tier:
            unit = self.units.get(unit.parent_id or 0)
        if unit is None:
            return None
        offices = (one for one in self.departments if one.kind == OrganisationKind.SAFETY_OFFICE)
        return next((one.id for one in offices if one.unit_id == unit.id and one.is_confirmed), None)

    def department(self, text: str, district: KnownUnit) -> KnownDepartment | None:
        """The one organisation of that name or alias, the district's before others; None where two would fit."""
        fitting = [one for one in self.departments if text in one.names]
        own = [one for one in fitting if one.unit_id == district.id]
        chosen = own or fitting
        return chosen[0] if len(chosen) == 1 else None

    def clause(self, text: str) -> int | None:
        """The criterion that the cited text names in full."""
        return self.clauses.get(citation(text))


def citation(text: str) -> str:
    """A cited clause for comparison: no title marks and spaces, Chinese numbers in digits."""
    bare = _TITLE_MARKS.sub("", squeezed(text))
    return _CHINESE_NUMBER.sub(lambda match: f"第{_number(match[1])}", bare)


def _number(chinese: str) -> int:
    hundreds, _, rest = chinese.rpartition("百")
    tens, has_ten, ones = rest.rpartition("十")
    total = 100 * _digits(hundreds) + _digits(ones)
    return total + (10 * (_digits(tens) or 1) if has_ten else 0)


def _digits(chinese: str) -> int:
    return int("".join(str(_DIGITS.index(digit)) for digit in chinese)) if chinese else 0


async def load_gazetteer(context: Context, book: RuleBook) -> Gazetteer:
    """Every name of the registry as of the business date; refuses before `qingling init`."""
    setting = (
        select(RegistrySetting.go_live_on, AreaRow.content)
        .join(AreaRow, AreaRow.id == RegistrySetting.area_id)
        .where(RegistrySetting.id == 1)
    )
    row = (await context.session.execute(setting)).one_or_none()
    if row is None:
        raise TemporarilyUnavailable("not_initialised", "系统尚未启用,请管理员先执行 qingling init。")
    return Gazetteer(
        go_live_on=row.go_live_on,
        area=load_area(row.content),
        units=await _units(context, book.today),
        departments=await _departments(context),
        clauses=await _clauses(context),
        book=book,
    )


async def _units(context: Context, today: date) -> dict[int, KnownUnit]:
    standing = (
        select(Unit.id, Unit.tier, Unit.is_undetermined, UnitPeriod)
        .join(UnitPeriod, UnitPeriod.unit_id == Unit.id)
        .where(
            UnitPeriod.valid_from <= today,
            or_(UnitPeriod.valid_until.is_(None), UnitPeriod.valid_until > today),
        )
        .order_by(Unit.id)
    )
    return {
        row.id: KnownUnit(
            row.id,
            row.tier,
            row.UnitPeriod.parent_id,
            row.UnitPeriod.code,
            row.UnitPeriod.name,
            _spellings(row.UnitPeriod.name, row.UnitPeriod.aliases),
            row.is_undetermined,
        )
        for row in await context.session.execute(standing)
    }


async def _departments(context: Context) -> tuple[KnownDepartment, ...]:
    """Public bodies only: an enterprise never regulates."""
    public = (
        select(Organisation)
        .where(Organisation.enterprise_id.is_(None), Organisation.kind != OrganisationKind.PLATFORM.value)
        .order_by(Organisation.id)
    )
    return tuple(
        KnownDepartment(
            one.id, one.unit_id, one.kind, one.name, _spellings(one.name, one.aliases), one.confirmed_at is not None
        )
        for one in (await context.session.execute(public)).scalars()
    )


async def _clauses(context: Context) -> dict[str, int]:
    """The newest entry of each clause."""
    listed = select(Criterion.id, func.concat(Criterion.document, Criterion.clause).label("cited")).order_by(
        Criterion.effective_from
    )
    return {citation(row.cited): row.id for row in await context.session.execute(listed)}


def _spellings(name: str, aliases: Iterable[str]) -> frozenset[str]:
    return frozenset((name, *aliases))
