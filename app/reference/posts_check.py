"""岗位核查: which sign-off chains as many distinct persons as levels cannot fill, and who may stand in.

A chain is checked for every department that leads it somewhere, its parties resolved to organisations as a round does.
The enterprise's own level is its own affair: no list of departments says who will have a hazard.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select

from app.infrastructure.context import Context
from app.infrastructure.errors import NotPermitted
from app.reference.rulebook import rule_book
from app.regulation.deadlines import business_date
from app.regulation.edition import Chain, ChainLevel, Edition
from app.regulation.permissions import Permission, has_permission
from app.regulation.vocabulary import OrganisationKind, Party, RoleClass
from app.tables.people import Appointment, PersonDisablement, Post
from app.tables.places import Organisation, UnitPeriod

_SEES_DISABLEMENTS = frozenset({RoleClass.ADMINISTRATOR, RoleClass.AUDITOR, RoleClass.JOB, RoleClass.SIGNIN})


@dataclass(frozen=True, slots=True)
class LevelGap:
    """A level that nobody, or nobody left over, can sign."""

    level: int
    party: str
    post: str
    organisation: str | None
    """None where the party resolves to no confirmed organisation."""
    holders: int
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Gap:
    """A chain that cannot be filled where one department leads."""

    chain: str
    chain_name: str
    unit: str
    department: str
    sectors: tuple[str, ...]
    levels_needed: int
    persons_available: int
    """How many levels distinct persons can fill at best."""
    levels: tuple[LevelGap, ...]


@dataclass(frozen=True, slots=True)
class PostsReport:
    """What `posts check` found; no gap and nothing unconfirmed means every chain can be signed."""

    edition_sha256: str
    chains_checked: int
    """Chain × leading department."""
    gaps: tuple[Gap, ...]
    unconfirmed: tuple[str, ...]
    """Organisations that can be in no chain until an administrator confirms them."""


@dataclass(frozen=True, slots=True)
class Department:
    """An organisation as a chain may name it."""

    id: int
    unit_id: int
    kind: str
    name: str
    code: str | None
    sectors: tuple[str, ...]
    superior_id: int | None
    is_confirmed: bool


@dataclass(frozen=True, slots=True)
class City:
    """Everything that says who could sign what today, read once."""

    organisations: Mapping[int, Department]
    units: Mapping[int, tuple[str, int | None]]
    """Unit → name and parent, today."""
    holders: Mapping[tuple[int, str], frozenset[int]]
    """(organisation, post kind) → persons in post now."""
    edition: Edition

    def lowest(self, kind: OrganisationKind, unit_id: int) -> Department | None:
        """The confirmed organisation of a kind in a unit, the first entered where there are several."""
        of_kind = (one for one in self.organisations.values() if one.kind == kind.value and one.unit_id == unit_id)
        return min((one for one in of_kind if one.is_confirmed), key=lambda one: one.id, default=None)


@dataclass(frozen=True, slots=True)
class Seating:
    """One chain where one department leads it: which organisation each level falls to, and who could sign it today."""

    chain: Chain
    lead: Department
    unit: str
    sectors: tuple[str, ...]
    seats: Mapping[int, Department | None]
    """Level → organisation; None where the party resolves to no confirmed one."""
    holders: Mapping[int, frozenset[int]]
    """Level → persons in post."""


async def check_posts(context: Context) -> PostsReport:
    """The report, for administrators, auditors and safety offices."""
    if not has_permission(Permission.POST_CHECK, context.actor):
        raise NotPermitted
    return await report_on_posts(context)


async def report_on_posts(context: Context) -> PostsReport:
    """The report for whoever runs the installation: the command line and readiness."""
    city = await read_city(context)
    seated = list(seatings(city))
    gaps = [gap for seating in seated if (gap := _gap(city, seating))]
    unconfirmed = sorted(one.name for one in city.organisations.values() if not one.is_confirmed)
    checked = len({(seating.chain.key, seating.lead.id) for seating in seated})
    return PostsReport(city.edition.sha256, checked, tuple(gaps), tuple(unconfirmed))


async def read_city(context: Context) -> City:
    """Organisations, units, holders in post and the edition, as of now."""
    book = await rule_book(context)
    return City(await _organisations(context), await _units(context), await _holders(context), book.edition)


def seatings(city: City) -> Iterator[Seating]:
    """Every chain for every department that leads it somewhere; one for each township where a level is the township's.

    The enterprise's own level is left out: no list of departments says who will have a hazard.
    """
    leads = [one for one in city.organisations.values() if one.kind == OrganisationKind.REGULATOR.value]
    for chain in (chain for chain in city.edition.chains if chain.purposes):
        asked = [level for level in chain.levels if level.party is not Party.ENTERPRISE]
        for lead in leads:
            sectors = _sectors(city.edition, chain, lead)
            for place in _places(city, chain, lead) if sectors else ():
                seats = {level.level: _resolve(city, level, lead, place) for level in asked}
                holders = {level.level: _persons(city, seats[level.level], level) for level in asked}
                unit = city.units[place][0] if place in city.units else ""
                yield Seating(chain, lead, unit, sectors, seats, holders)


def _places(city: City, chain: Chain, lead: Department) -> Sequence[int]:
    if not any(level.party is Party.TOWNSHIP for level in chain.levels):
        return [lead.unit_id]
    return [unit for unit, (_, parent) in city.units.items() if parent == lead.unit_id] or [lead.unit_id]


def _sectors(edition: Edition, chain: Chain, lead: Department) -> tuple[str, ...]:
    """The sectors in which the department leads hazards that the chain may serve."""
    led = lead.sectors or tuple(sector.code for sector in edition.sectors)
    return tuple(sector for sector in led if not chain.sectors or sector in chain.sectors)


def _gap(city: City, seating: Seating) -> Gap | None:
    """Why the chain cannot be filled there; None where it can."""
    asked = [level for level in seating.chain.levels if level.level in seating.holders]
    filled = _match(seating.holders)
    if len(filled) == len(asked):
        return None
    empty = [level for level in asked if level.level not in filled]
    return Gap(
        chain=seating.chain.key,
        chain_name=seating.chain.name,
        unit=seating.unit,
        department=seating.lead.name,
        sectors=seating.sectors,
        levels_needed=len(asked),
        persons_available=len(filled),
        levels=tuple(
            _level_gap(city, level, seating.seats[level.level], seating.holders[level.level]) for level in empty
        ),
    )


def _resolve(city: City, level: ChainLevel, lead: Department, place: int) -> Department | None:
    """The organisation a level's party stands for: the same resolution as the database's when a round opens."""
    agencies = {agency.key: agency.organisation for agency in city.edition.agencies}
    found: Department | None = None
    match level.party:
        case Party.LEAD_DEPARTMENT:
            found = lead
        case Party.HIGHER_DEPARTMENT:
            found = city.organisations.get(lead.superior_id) if lead.superior_id else None
        case Party.NAMED_AGENCY:
            code = agencies.get(level.agency or "")
            found = next((one for one in city.organisations.values() if code and one.code == code), None)
        case Party.SAME_LEVEL_GOVERNMENT:
            found = city.lowest(OrganisationKind.GOVERNMENT, lead.unit_id)
        case Party.TOWNSHIP:
            found = city.lowest(OrganisationKind.TOWNSHIP, place)
    return found if found is not None and found.is_confirmed else None


def _persons(city: City, seat: Department | None, level: ChainLevel) -> frozenset[int]:
    return frozenset() if seat is None else city.holders.get((seat.id, level.post.value), frozenset())


def _match(holders: Mapping[int, frozenset[int]]) -> dict[int, int]:
    """Level → person, as many levels as distinct persons can fill (Kuhn's algorithm)."""
    signs: dict[int, int] = {}

    def place(level: int, tried: set[int]) -> bool:
        for person in sorted(holders[level] - tried):
            tried.add(person)
            if person not in signs or place(signs[person], tried):
                signs[person] = level
                return True
        return False

    for level in sorted(holders):
        place(level, set())
    return {level: person for person, level in signs.items()}


def _level_gap(city: City, level: ChainLevel, seat: Department | None, holders: frozenset[int]) -> LevelGap:
    if seat is None:
        reason, remedy = "没有对应的已确认机构", "请确认机构,或者在属地文件中补列。"
    elif not holders:
        reason, remedy = "岗位无人在任", "请办理任职。"
    else:
        reason, remedy = "在任人员已须在其他级次签字,同一人不得签两级", "请另行任命一人。"
    substitutes = [
        f"可由{one.by_party.label}的{one.by_post.label}补位,仍须办理任职确认({one.basis})"
        for one in city.edition.substitutes
        if (one.party, one.post) == (level.party, level.post)
    ]
    return LevelGap(
        level=level.level,
        party=level.party.label,
        post=level.post.label,
        organisation=seat.name if seat else None,
        holders=len(holders),
        reason=reason,
        remedy="".join([remedy, *substitutes]),
    )


async def _organisations(context: Context) -> dict[int, Department]:
    statement = select(
        Organisation.id,
        Organisation.unit_id,
        Organisation.kind,
        Organisation.name,
        Organisation.code,
        Organisation.sectors,
        Organisation.superior_id,
        Organisation.confirmed_at.is_not(None).label("is_confirmed"),
    ).where(Organisation.kind != OrganisationKind.ENTERPRISE.value)
    rows = (await context.session.execute(statement.order_by(Organisation.id))).mappings()
    return {row["id"]: Department(**{**row, "sectors": tuple(row["sectors"])}) for row in rows}


async def _units(context: Context) -> dict[int, tuple[str, int | None]]:
    today = business_date(context.now)
    statement = select(UnitPeriod.unit_id, UnitPeriod.name, UnitPeriod.parent_id).where(
        UnitPeriod.valid_from <= today, or_(UnitPeriod.valid_until.is_(None), UnitPeriod.valid_until > today)
    )
    return {row.unit_id: (row.name, row.parent_id) for row in await context.session.execute(statement)}


async def _holders(context: Context) -> dict[tuple[int, str], frozenset[int]]:
    """Persons in post now; whoever is disabled is nobody, as far as the reader may know of it."""
    in_force = or_(Appointment.valid_until.is_(None), Appointment.valid_until > context.now)
    statement = (
        select(Post.organisation_id, Post.kind, Appointment.person_id)
        .join(Post, Post.id == Appointment.post_id)
        .where(Appointment.confirmed_at.is_not(None), Appointment.valid_from <= context.now, in_force)
    )
    if context.actor.role_class in _SEES_DISABLEMENTS:
        disabled = select(PersonDisablement.id).where(PersonDisablement.person_id == Appointment.person_id)
        statement = statement.where(~disabled.exists())
    found: dict[tuple[int, str], set[int]] = defaultdict(set)
    for row in await context.session.execute(statement):
        found[row.organisation_id, row.kind].add(row.person_id)
    return {seat: frozenset(persons) for seat, persons in found.items()}


def as_json(report: PostsReport) -> dict[str, Any]:
    """The report as the API and `--json` give it."""
    return {
        "edition_sha256": report.edition_sha256,
        "chains_checked": report.chains_checked,
        "gaps": [
            {
                **{name: getattr(gap, name) for name in ("chain", "chain_name", "unit", "department", "levels_needed")},
                "sectors": list(gap.sectors),
                "persons_available": gap.persons_available,
                "levels": [
                    {name: getattr(level, name) for name in LevelGap.__dataclass_fields__} for level in gap.levels
                ],
            }
            for gap in report.gaps
        ],
        "unconfirmed_organisations": list(report.unconfirmed),
    }
