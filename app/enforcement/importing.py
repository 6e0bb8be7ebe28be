"""Takes a workbook of penalties in: all of it or nothing; what is recorded already, in those words, stays as it is."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from sqlalchemy import Select, select, tuple_

from app.enforcement.counters import described, warned_among
from app.enforcement.queries import IS_CURRENT, enterprise_is_in_reach
from app.enforcement.service import (
    DECIDING,
    STATED,
    ConcernedHazard,
    Values,
    keep,
    may_name_others,
    may_record_without_hazard,
    refuse_who_may_not_record,
)
from app.enforcement.workbook_rows import CellFault, Column, PaperPenalty, PaperSheet, understood
from app.hazards.scope import hazard_is_visible
from app.infrastructure.context import Context
from app.infrastructure.errors import FieldError, InvalidInput
from app.infrastructure.workbook import RawWorkbook
from app.reference.rulebook import RuleBook, rule_book
from app.regulation.enforcement import Stated, contradictions
from app.regulation.facts import Actor
from app.regulation.vocabulary import RoleClass
from app.tables.enforcement import Penalty
from app.tables.enterprises import Enterprise
from app.tables.hazards import Hazard
from app.tables.places import Organisation

CELLS_AT_FAULT: Final = "enforcement_cells_at_fault"
_COLUMN_OF: Final[Mapping[str, Column]] = {
    "decided_on": Column.DECIDED_ON,
    "published_on": Column.PUBLISHED_ON,
    "amount": Column.AMOUNT,
    "kinds": Column.KINDS,
}


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a file: nothing of it is recorded as long as one cell is at fault."""

    file: str
    sha256: str
    sheet: str
    new: int
    known: int
    faults: tuple[CellFault, ...]
    is_recorded: bool
    warned: list[dict[str, Any]]
    """Enterprises of the file at or beyond `warn_at` as the registry now stands."""

    def as_json(self) -> dict[str, Any]:
        """As commands and the API print it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Names:
    """What the sheet's words mean in the registry, within the actor's reach."""

    organisations: Mapping[str, frozenset[int]]
    actor: Actor
    own_organisation: int | None
    enterprises: Mapping[str, Enterprise]
    hazards: Mapping[str, ConcernedHazard]
    sectors: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Recorded:
    """What the registry knows of the numbers of a file: what was ever said under each, and which are still taken."""

    said: defaultdict[tuple[int, str], list[tuple[Any, ...]]] = field(default_factory=lambda: defaultdict(list))
    taken: set[tuple[int, str]] = field(default_factory=set)


async def take_in(context: Context, workbook: RawWorkbook, *, dry_run: bool = False) -> ImportReport:
    """Records every row that is new; InvalidInput naming every cell at fault, and then nothing is recorded."""
    refuse_who_may_not_record(context)
    sheet = understood(workbook)
    book = await rule_book(context)
    names = await _names(context, sheet, book)
    rows, unresolved = _rows(sheet, names, book)
    new, not_new = await _sorted(context, sheet, rows)
    faults = (*sheet.faults, *unresolved, *not_new)
    if faults and not dry_run:
        raise _refused(faults)
    if new and not dry_run:
        sources = [{"file_sha256": sheet.sha256, "row": row} for row in new]
        await keep(context, list(new.values()), "recorded", sources)
    concerned = frozenset(values["enterprise_id"] for values in rows.values())
    return ImportReport(
        file=sheet.file_name,
        sha256=sheet.sha256,
        sheet=sheet.sheet,
        new=len(new),
        known=len(rows) - len(new) - len(not_new),
        faults=faults,
        is_recorded=not dry_run,
        warned=await described(context, await warned_among(context, book, concerned)),
    )


def _refused(faults: Sequence[CellFault]) -> InvalidInput:
    return InvalidInput(
        CELLS_AT_FAULT,
        f"工作簿有 {len(faults)} 处需要改正,没有登记任何一行。",
        remedy="请按 errors 逐个单元格改正后,重新导入整个文件。",
        fields=tuple(FieldError(f"/{one.cell}", one.code, one.message, "workbook") for one in faults),
    )


async def _names(context: Context, sheet: PaperSheet, book: RuleBook) -> _Names:
    organisations: defaultdict[str, set[int]] = defaultdict(set)
    own = None
    for one in (await context.session.execute(_deciding(context.actor))).scalars():
        for name in (one.name, *one.aliases):
            organisations[name].add(one.id)
        own = one.id if one.id == context.actor.organisation_id else own
    codes = {paper.code for paper in sheet.rows}
    reached = select(Enterprise).where(Enterprise.code.in_(codes), enterprise_is_in_reach(context.actor))
    enterprises = (await context.session.execute(reached)).scalars()
    return _Names(
        {name: frozenset(ids) for name, ids in organisations.items()},
        context.actor,
        own,
        {one.code: one for one in enterprises if one.code is not None},
        await _hazards(context, {paper.hazard for paper in sheet.rows if paper.hazard is not None}),
        {word: one.code for one in book.edition.sectors for word in (one.code, one.name, *one.aliases)},
    )


def _deciding(actor: Actor) -> Select[Organisation]:
    wanted = select(Organisation).where(Organisation.kind.in_([kind.value for kind in DECIDING]))
    if not may_name_others(actor):
        return wanted.where(Organisation.id == actor.organisation_id)
    return wanted if actor.role_class is RoleClass.IMPORT else wanted.where(Organisation.unit_id.in_(actor.unit_ids))


async def _hazards(context: Context, numbers: Iterable[str]) -> dict[str, ConcernedHazard]:
    seen = select(Hazard.ledger_number, Hazard.id, Hazard.enterprise_id, Hazard.unit_id, Hazard.sector).where(
        Hazard.ledger_number.in_(numbers), hazard_is_visible(context.actor)
    )
    found = (await context.session.execute(seen)).all()
    return {
        one.ledger_number or "": ConcernedHazard(one.id, one.enterprise_id, one.unit_id, one.sector) for one in found
    }


def _rows(sheet: PaperSheet, names: _Names, book: RuleBook) -> tuple[dict[int, Values], list[CellFault]]:
    """Row → its columns, of the rows without a fault; and the faults of the others."""
    rows: dict[int, Values] = {}
    faults = []
    for paper in sheet.rows:
        values, found = _resolved(sheet, paper, names)
        found += _contradictions(sheet, paper, book)
        faults += found
        if not found:
            rows[paper.row] = values
    return rows, faults


def _resolved(sheet: PaperSheet, paper: PaperPenalty, names: _Names) -> tuple[dict[str, Any], list[CellFault]]:
    """The row's columns, and the cells whose words mean nothing in the registry."""
    enterprise = names.enterprises.get(paper.code)
    hazard = names.hazards.get(paper.hazard or "")
    sector = names.sectors.get(paper.sector or "") or (hazard.sector if hazard and not paper.sector else None)
    deciding = _deciding_of(paper, names)
    found = [
        sheet.fault(paper.row, column, code, message)
        for column, code, message in _unknown(paper, enterprise, hazard, sector, deciding)
    ]
    if enterprise and not paper.hazard and not may_record_without_hazard(names.actor, enterprise):
        message = "该企业不在本辖区登记,须填写所涉隐患的编号"
        found.append(sheet.fault(paper.row, Column.HAZARD, "hazard_needed", message))
    if enterprise is None or deciding is None:
        return {}, found
    values = {name: getattr(paper, name) for name in STATED if name not in {"hazard_id", "sector"}}
    return {
        **values,
        "kinds": [kind.value for kind in paper.kinds],
        "law": paper.law.value,
        "penalised": paper.penalised.value,
        "sector": sector,
        "enterprise_id": enterprise.id,
        "hazard_id": hazard.id if hazard else None,
        "unit_id": hazard.unit_id if hazard else enterprise.unit_id,
        "organisation_id": deciding,
    }, found


def _deciding_of(paper: PaperPenalty, names: _Names) -> int | None:
    if paper.organisation is None:
        return names.own_organisation
    found = names.organisations.get(paper.organisation, frozenset())
    return next(iter(found)) if len(found) == 1 else None


def _unknown(
    paper: PaperPenalty,
    enterprise: Enterprise | None,
    hazard: ConcernedHazard | None,
    sector: str | None,
    deciding: int | None,
) -> Iterator[tuple[Column, str, str]]:
    if deciding is None:
        message = "不是本机构,也不是辖区内唯一可辨的决定机关,请写机构全称"
        yield Column.ORGANISATION, "organisation_cannot_decide", message
    if enterprise is None:
        message = "您的辖区内没有登记这个代码的企业,请核对;确属辖区的,请先随隐患登记该企业"
        yield Column.CODE, "enterprise_unknown", message
    elif paper.enterprise is not None and paper.enterprise != enterprise.name:
        yield Column.ENTERPRISE, "enterprise_name_differs", f"该代码登记的企业是“{enterprise.name}”,请核对代码和名称"
    if paper.hazard is not None and hazard is None:
        yield Column.HAZARD, "hazard_unknown", "您的辖区内没有这个编号的隐患,请核对"
    elif hazard is not None and enterprise is not None and hazard.enterprise_id != enterprise.id:
        yield Column.HAZARD, "hazard_of_another_enterprise", "不是这家企业的隐患,请核对"
    if sector is None:
        message = "不在现行规则版本的行业领域之内" if paper.sector else "没有填写隐患编号的,须填写行业领域"
        yield Column.SECTOR, "sector_unknown", f"{message},请核对"


def _contradictions(sheet: PaperSheet, paper: PaperPenalty, book: RuleBook) -> Iterator[CellFault]:
    stated = Stated(paper.decided_on, frozenset(paper.kinds), paper.amount, paper.published_on)
    for one in contradictions(stated, book.today):
        message = f"{one.message.rstrip('。')},{one.remedy.rstrip('。')}"
        yield sheet.fault(paper.row, _COLUMN_OF[one.field or "kinds"], one.code, message)


async def _sorted(
    context: Context, sheet: PaperSheet, rows: Mapping[int, Values]
) -> tuple[dict[int, Values], list[CellFault]]:
    """The rows that are new; a fault for a number that stands for something else, here or in the registry."""
    recorded = await _recorded(context, rows.values())
    new: dict[int, Values] = {}
    faults = []
    first: dict[tuple[int, str], int] = {}
    for row, values in rows.items():
        key = (values["organisation_id"], values["case_number"])
        earlier = first.setdefault(key, row)
        if earlier != row:
            message = f"与第 {earlier} 行是同一机关的同一文号,请删去重复的行或者改正文号"
            faults.append(sheet.fault(row, Column.CASE_NUMBER, "case_number_repeated", message))
        elif _said(values) in recorded.said[key]:
            continue
        elif key in recorded.taken:
            message = "该文号已经登记而内容不同,请核对;原记录有误的,请在原记录上更正"
            faults.append(sheet.fault(row, Column.CASE_NUMBER, "penalty_known", message))
        else:
            new[row] = values
    return new, faults


async def _recorded(context: Context, rows: Iterable[Values]) -> _Recorded:
    keys = {(values["organisation_id"], values["case_number"]) for values in rows}
    found = _Recorded()
    wanted = select(Penalty, IS_CURRENT).where(tuple_(Penalty.organisation_id, Penalty.case_number).in_(keys))
    for one, is_current in (await context.session.execute(wanted)).all():
        key = (one.organisation_id, one.case_number)
        said = {name: getattr(one, name) for name in ("enterprise_id", *STATED)}
        found.said[key].append(_said(said))
        if is_current:
            found.taken.add(key)
    return found


def _said(values: Values) -> tuple[Any, ...]:
    """What a row says, in one order, to be compared."""
    return tuple(tuple(values[name]) if name == "kinds" else values[name] for name in ("enterprise_id", *STATED))
