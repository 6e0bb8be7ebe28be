"""The demo's people: every post a hazard needs from report to closing, in two districts and two invented enterprises.

Persons are posts; nobody real is named. All share one sample password, which the demo prints.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import func, insert, select, update

from app.infrastructure.context import Context
from app.infrastructure.security import hash_password, person_digest
from app.personnel.first_administrators import FirstHolder, appoint, enter_person
from app.personnel.first_administrators import Seat as FirstSeat
from app.regulation.vocabulary import OrganisationKind, PostKind
from app.tables.enterprises import Enterprise
from app.tables.people import Account
from app.tables.places import Organisation, UnitPeriod

SAMPLE_PASSWORD = "Qingling-demo-2026"  # noqa: S105  printed by the demo, which listens on this machine only


@dataclass(frozen=True, slots=True)
class Seat:
    """One sample post and the login of whoever holds it."""

    login: str
    organisation: str
    """The area file's key, or the code of a sample enterprise."""
    kind: PostKind
    title: str


@dataclass(frozen=True, slots=True)
class SampleEnterprise:
    """An invented enterprise."""

    code: str
    name: str
    unit_code: str


CHEMICAL_WORKS = SampleEnterprise("91150602MA0DEMA01F", "东胜区示例化工有限公司", "150602")
COAL_MINE = SampleEnterprise("91150622MA0DEMB027", "准格尔旗示例煤业有限公司", "150622")
ENTERPRISES = (CHEMICAL_WORKS, COAL_MINE)

_DEPARTMENT = (
    ("inspector1", PostKind.INSPECTOR, "主办检查人员"),
    ("inspector2", PostKind.INSPECTOR, "协办检查人员"),
    ("section", PostKind.SECTION_HEAD, "业务科室负责人"),
    ("deputy", PostKind.DEPUTY_HEAD, "分管负责人"),
    ("head", PostKind.PRINCIPAL_HEAD, "主要负责人"),
)
_OFFICE = (("clerk", PostKind.OFFICE_CLERK, "经办人"), ("office-head", PostKind.OFFICE_HEAD, "安委办负责人"))
_ENTERPRISE = (
    ("safety-officer", PostKind.ENTERPRISE_SAFETY_OFFICER, "安全管理员"),
    ("safety-head", PostKind.ENTERPRISE_SAFETY_HEAD, "安全管理机构负责人"),
    ("principal", PostKind.ENTERPRISE_PRINCIPAL, "主要负责人"),
    ("controller", PostKind.ENTERPRISE_CONTROLLER, "实际控制人"),
)


def seats() -> Iterator[Seat]:
    """Every sample post, administrators first: they appoint the others."""
    yield Seat("system-admin", "safety_office@ordos", PostKind.SYSTEM_ADMINISTRATOR, "系统管理员")
    yield Seat("security-admin", "safety_office@ordos", PostKind.SECURITY_ADMINISTRATOR, "安全管理员")
    yield Seat("audit-admin", "safety_office@ordos", PostKind.AUDIT_ADMINISTRATOR, "审计管理员")
    yield Seat("city-clerk1", "safety_office@ordos", PostKind.OFFICE_CLERK, "经办人一")
    yield Seat("city-clerk2", "safety_office@ordos", PostKind.OFFICE_CLERK, "经办人二")
    yield Seat("city-office-head", "safety_office@ordos", PostKind.OFFICE_HEAD, "安委办主任")
    yield Seat("city-auditor", "safety_office@ordos", PostKind.AUDITOR, "审计人员")
    yield Seat("city-emergency-head", "emergency@ordos", PostKind.PRINCIPAL_HEAD, "主要负责人")
    yield from _seats("dongsheng", "safety_office@dongsheng", _OFFICE)
    yield from _seats("dongsheng", "emergency@dongsheng", _DEPARTMENT)
    yield from _seats("jungar", "safety_office@jungar", _OFFICE)
    yield from _seats("jungar", "energy@jungar", _DEPARTMENT)
    yield Seat("jungar-government-head", "government@jungar", PostKind.GOVERNMENT_HEAD, "旗政府主要负责人")
    yield Seat("mine-agency-head", "mine_safety_agency", PostKind.PRINCIPAL_HEAD, "监察机构负责人")
    yield from _seats("chemical", CHEMICAL_WORKS.code, _ENTERPRISE)
    yield from _seats("coal", COAL_MINE.code, _ENTERPRISE)


def _seats(prefix: str, organisation: str, posts: tuple[tuple[str, PostKind, str], ...]) -> Iterator[Seat]:
    for login, kind, title in posts:
        yield Seat(f"{prefix}-{login}", organisation, kind, title)


async def settle(context: Context, identity_key: bytes) -> None:
    """Enters enterprises, posts, persons, accounts and appointments, once; a second call changes nothing."""
    settled = select(func.count()).select_from(Account).where(Account.login_name == "system-admin")
    if (await context.session.execute(settled)).scalar_one():
        return
    for enterprise in ENTERPRISES:
        await _enter(context, enterprise)
    password_hash = await hash_password(SAMPLE_PASSWORD)
    people = [(seat, *await enter_person(context, _holder(seat, password_hash, identity_key))) for seat in seats()]
    # The first administrators stand for each other: whoever is appointed neither proposes nor confirms.
    administrators = [account for _, _, account in people[:3]]
    for seat, person, own in people:
        organisation = select(Organisation.id).where(Organisation.code == seat.organisation)
        place = FirstSeat((await context.session.execute(organisation)).scalar_one(), seat.kind, seat.title)
        await appoint(context, place, person, [account for account in administrators if account != own])
    # Everybody can read the sample password, so nobody need change it as one that somebody else chose.
    sample = [own for _, _, own in people]
    chosen = update(Account).where(Account.id.in_(sample)).values(password_changed_at=func.registry_now())
    await context.session.execute(chosen)


def _holder(seat: Seat, password_hash: str, identity_key: bytes) -> FirstHolder:
    return FirstHolder(seat.login, seat.title, person_digest(identity_key, f"demo:{seat.login}"), password_hash)


async def _enter(context: Context, enterprise: SampleEnterprise) -> None:
    unit = select(UnitPeriod.unit_id).where(UnitPeriod.code == enterprise.unit_code, UnitPeriod.valid_until.is_(None))
    unit_id = (await context.session.execute(unit)).scalar_one()
    row = {"code": enterprise.code, "name": enterprise.name, "unit_id": unit_id}
    entered = await context.session.execute(insert(Enterprise).values(row).returning(Enterprise.id))
    organisation = {
        "unit_id": unit_id,
        "kind": OrganisationKind.ENTERPRISE.value,
        "name": enterprise.name,
        "code": enterprise.code,
        "enterprise_id": entered.scalar_one(),
        "confirmed_at": func.registry_now(),
    }
    await context.session.execute(insert(Organisation).values(organisation))
