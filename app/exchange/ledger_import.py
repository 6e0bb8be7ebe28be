"""补录台账 (design 3.6): takes an understood ledger into the registry, all of it or nothing.

Open rows become listed hazards at once; closed rows wait outside every figure until two persons attest their batch
(`ledger_attestation.py`). The paper past is the one exception to the database's clock: `occurred_at` is the start of
发现日期 or 销号日期 in Asia/Shanghai, `recorded_at` is the import's or the attestation's.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, Never, TypeVar

from sqlalchemy import Row, Select, delete, func, insert, select, text

from app.audit.record import Subject, hazard_subject, record, record_all
from app.audit_documents.binding import bound, hazard_as_told
from app.exchange.ledger import KnownNames, LedgerRow, UnderstoodLedger
from app.exchange.ledger_columns import LedgerColumn
from app.exchange.placing.gazetteer import Gazetteer, load_gazetteer
from app.exchange.placing.places import load_placer, place
from app.exchange.placing.report import ImportReport, Sorted, refused_row, report_of, same_file_again
from app.exchange.placing.rows import (
    PaperRow,
    document_hash,
    hazard_values,
    paper_row,
    record_values,
    said_by,
    transition_values,
)
from app.hazards.scope import hazard_is_visible
from app.holding.hold import hold_dispatch
from app.infrastructure.context import Context
from app.infrastructure.database import under_role
from app.infrastructure.errors import NotPermitted, RuleNotMet
from app.reference.rulebook import RuleBook, rule_book
from app.regulation import lifecycle
from app.regulation.facts import Actor, Attempt, Unmet
from app.regulation.permissions import Permission, has_permission
from app.regulation.vocabulary import Act, HoldReason, RoleClass
from app.tables.hazards import Hazard
from app.tables.history import HazardTransition
from app.tables.ledgers import LegacyBatch, LegacyRecord, LegacyRow, StagedLedgerRow

Item = TypeVar("Item")
ROWS_AT_ONCE: Final = 500
"""So many rows go through the wall in one statement: each stays far below the login's time limit."""

_ONE_IMPORT_AT_A_TIME = select(func.pg_advisory_xact_lock(func.hashtextextended("ledger:import", 0)))
# What concerns each row; that an attested batch is whole can only be asked at the end.
_CHECK_NOW = text(
    "SET CONSTRAINTS wall_commit_insert, wall_commit_legacy, wall_commit, wall_commit_audited, wall_commit_event"
    " IMMEDIATE"
)
_CHECK_LATER = text(
    "SET CONSTRAINTS wall_commit_insert, wall_commit_legacy, wall_commit, wall_commit_audited, wall_commit_event"
    " DEFERRED"
)
_CHECK_EVERYTHING = text("SET CONSTRAINTS ALL IMMEDIATE")


class _OnlyTried(Exception):
    """Leaves the savepoint of a dry run."""

    def __init__(self, report: ImportReport) -> None:
        super().__init__()
        self.report = report


@dataclass(frozen=True, slots=True)
class _Import:
    """One import under way."""

    context: Context
    ledger: UnderstoodLedger
    gazetteer: Gazetteer

    @property
    def book(self) -> RuleBook:
        return self.gazetteer.book


async def known_names(context: Context) -> KnownNames:
    """The districts and sectors a ledger may name today, for reading it; NotPermitted for whoever may not import."""
    gazetteer = await _open_registry(context)
    return gazetteer.known_names()


async def take_in(context: Context, ledger: UnderstoodLedger, *, dry_run: bool = False) -> ImportReport:
    """Imports a ledger; `dry_run` does all of it, the database's own checks included, and leaves nothing.

    The same file again, or the same rows in another file, change nothing. Raises NotPermitted, and RuleNotMet after
    the edition's days of import.
    """
    gazetteer = await _open_registry(context)
    await context.session.execute(_ONE_IMPORT_AT_A_TIME)
    kept = select(LegacyBatch.id, LegacyBatch.report).where(LegacyBatch.file_sha256 == bytes.fromhex(ledger.sha256))
    batch = (await context.session.execute(kept)).one_or_none()
    if batch is not None:
        return same_file_again(batch.report, batch.id)
    act = _Import(context, ledger, gazetteer)
    try:
        async with context.session.begin_nested(), under_role(context, RoleClass.IMPORT):
            return await (_try(act) if dry_run else _take_in(act))
    except _OnlyTried as tried:
        return tried.report


async def _open_registry(context: Context) -> Gazetteer:
    if not has_permission(Permission.LEDGER_IMPORT, context.actor):
        raise NotPermitted
    book = await rule_book(context)
    gazetteer = await load_gazetteer(context, book)
    attempt = Attempt(Act.IMPORT_OPEN, {"go_live_on": gazetteer.go_live_on, "found_on": book.today})
    unmet = lifecycle.check(None, context.actor, frozenset(), attempt, book.edition, context.now)
    if unmet:
        raise RuleNotMet(unmet=unmet)
    return gazetteer


async def _try(act: _Import) -> Never:
    """Everything that an import does, and then out of the savepoint without it."""
    report = await _take_in(act)
    await act.context.session.execute(_CHECK_EVERYTHING)
    raise _OnlyTried(replace(report, batch=None) if report.takes_rows else report)


async def _take_in(act: _Import) -> ImportReport:
    said = {row.row: said_by(row) for row in act.ledger.rows}
    key = await _stage(act, said)
    rows = await _sort(act, key, said)
    placer = await load_placer(act.context, act.gazetteer, rows.new)
    placements = await place(act.context, placer, rows.new)
    paper = [paper_row(row.row, said[row.row], placed) for row, placed in zip(rows.new, placements, strict=True)]
    report = report_of(act.ledger, rows, placer.findings(), None)
    batch_id = await _keep(act, report, paper) if paper else _batch_of(rows)
    await act.context.session.execute(delete(StagedLedgerRow).where(StagedLedgerRow.batch_key == key))
    return replace(report, batch=batch_id)


def _batch_of(rows: Sorted) -> int | None:
    """Of a file whose every row is registered: the newest batch that has them."""
    return max((batch for _, batch in rows.known), default=None)


async def _stage(act: _Import, said: Mapping[int, Mapping[str, Any]]) -> str:
    key = f"{act.context.request_id}:{act.ledger.sha256}"
    staged = [{"batch_key": key, "row_number": number, "content": content} for number, content in said.items()]
    for some in at_once(staged):
        await act.context.session.execute(insert(StagedLedgerRow), some)
    return key


async def _sort(act: _Import, key: str, said: Mapping[int, Mapping[str, Any]]) -> Sorted:
    """New, already registered with the same content, or refused with the cell at fault."""
    registered = {
        row.row_number: row for statement in _registered(key) for row in await act.context.session.execute(statement)
    }
    result = Sorted()
    for row in act.ledger.rows:
        known = registered.get(row.row)
        if known is not None and known.content_hash == said[row.row]["content_hash"]:
            result.known.append((row, known.batch_id))
            continue
        fault = _number_taken(row) if known is not None else _fault(act, row)
        if fault is None:
            result.new.append(row)
        else:
            result.refused.append(refused_row(act.ledger, row, *fault))
    return result


def _registered(key: str) -> tuple[Select[Any], Select[Any]]:
    """The staged rows whose number waits for attestation, or is a hazard's, of whatever territory."""
    number = StagedLedgerRow.content["ledger_number"].astext
    everything = hazard_is_visible(Actor(RoleClass.IMPORT))
    content, batch = "content_hash", "batch_id"
    waiting = select(
        StagedLedgerRow.row_number, LegacyRow.content[content].astext.label(content), LegacyRow.batch_id.label(batch)
    ).join(LegacyRow, LegacyRow.ledger_number == number)
    entered = (
        select(
            StagedLedgerRow.row_number,
            LegacyRecord.content[content].astext.label(content),
            LegacyRecord.batch_id.label(batch),
        )
        .join(Hazard, Hazard.ledger_number == number)
        .outerjoin(LegacyRecord, LegacyRecord.hazard_id == Hazard.id)
        .where(everything)
    )
    return (
        waiting.where(StagedLedgerRow.batch_key == key),
        entered.where(StagedLedgerRow.batch_key == key),
    )


def _number_taken(row: LedgerRow) -> tuple[LedgerColumn, Unmet]:
    message = f"{row.ledger_number} 在系统中已经登记，而内容不同"
    unmet = Unmet("number_taken", message, "", "", "请核对编号；确需修改已登记内容的，请办理更正")
    return LedgerColumn.LEDGER_NUMBER, unmet


def _fault(act: _Import, row: LedgerRow) -> tuple[LedgerColumn, Unmet] | None:
    """What the rule book and the importer's territory say against a row."""
    actor, district = act.context.actor, act.gazetteer.district(row.district)
    if actor.role_class is not RoleClass.IMPORT and district.id not in actor.unit_ids:
        unmet = Unmet("not_own_territory", f"{row.district}不在您的辖区内", "L-38", "", "请由该旗区或市安委办导入")
        return LedgerColumn.DISTRICT, unmet
    faults = paper_faults(act.context, row.found_on, row.closed_on, act.gazetteer)
    return (LedgerColumn.CLOSED_ON if row.closed else LedgerColumn.FOUND_ON, faults[0]) if faults else None


def paper_faults(
    context: Context, found_on: date, closed_on: date | None, known: Gazetteer, attestors: Sequence[int] = (0, 1)
) -> tuple[Unmet, ...]:
    """What the rule book says against a row of the paper past; `attestors` are the persons, two unless known."""
    act = Act.IMPORT_OPEN if closed_on is None else Act.IMPORT_CLOSED
    particulars = {
        "go_live_on": known.go_live_on,
        "found_on": found_on,
        "closed_on": closed_on,
        "attestor_person_ids": tuple(attestors),
    }
    attempt = Attempt(act, particulars)
    return lifecycle.check(None, context.actor, frozenset(), attempt, known.book.edition, context.now)


async def _keep(act: _Import, report: ImportReport, paper: Sequence[PaperRow]) -> int:
    closed = [row for row in paper if row.closed_on is not None]
    file_sha256 = bytes.fromhex(act.ledger.sha256)
    hashes = [(row.row_number, row.sha256) for row in paper]
    document_sha256 = document_hash(file_sha256, len(paper), len(closed), hashes)
    values = {
        "file_name": act.ledger.file_name,
        "file_sha256": file_sha256,
        "document_sha256": document_sha256,
        "found_count": len(paper),
        "closed_count": len(closed),
        "report": {
            "totals": report.totals,
            "rows": report.rows,
            "findings": report.findings,
            "district_unit_ids": sorted({row.content["placed"]["district_unit_id"] for row in paper}),
        },
    }
    kept = insert(LegacyBatch).values(values).returning(LegacyBatch.id)
    batch_id = int((await act.context.session.execute(kept)).scalar_one())
    for some in at_once(closed):
        # RETURNING makes it one statement of many rows, which meets on the batch once.
        waiting = insert(LegacyRow).returning(LegacyRow.id)
        await act.context.session.execute(waiting, [_waiting(row, batch_id) for row in some])
    await enter_hazards(act.context, batch_id, [row for row in paper if row.closed_on is None], act.book)
    particulars = {
        "file_sha256": act.ledger.sha256,
        "document_sha256": document_sha256.hex(),
        "found": len(paper),
        "closed": len(closed),
    }
    await record(act.context, "ledger_batch:import:recorded", batch_subject(batch_id), particulars)
    await hold_dispatch(act.context, HoldReason.IMPORT, f"补录台账,批次 {batch_id}")
    return batch_id


def _waiting(row: PaperRow, batch_id: int) -> dict[str, Any]:
    return {
        "batch_id": batch_id,
        "row_number": row.row_number,
        "ledger_number": row.ledger_number,
        "row_sha256": row.sha256,
        "content": dict(row.content),
        "found_on": row.found_on,
        "closed_on": row.closed_on,
    }


def batch_subject(batch_id: int) -> Subject:
    """A batch's own audit stream."""
    return Subject("ledger_batch", batch_id)


async def enter_hazards(context: Context, batch_id: int, rows: Sequence[PaperRow], book: RuleBook) -> None:
    """Rows of the paper past become hazards, each with its record and its history; the wall checks each chunk."""
    for some in at_once(rows):
        values = {row.ledger_number: hazard_values(row) for row in some}
        entered = insert(Hazard).returning(Hazard.id, Hazard.ledger_number, hazard_as_told().label("told"))
        found = (await context.session.execute(entered, list(values.values()))).all()
        ids = {row.ledger_number: row.id for row in found}
        told = {row.id: row.told for row in found}
        records = [record_values(row, batch_id) | {"hazard_id": ids[row.ledger_number]} for row in some]
        await context.session.execute(insert(LegacyRecord), records)
        acts = [
            step | _who(context, row, book) | {"hazard_id": ids[row.ledger_number]}
            for row in some
            for step in transition_values(row, values[row.ledger_number])
        ]
        acts.sort(key=lambda step: step["version"])
        moved = insert(HazardTransition).returning(
            HazardTransition.id, HazardTransition.hazard_id, HazardTransition.version, HazardTransition.act
        )
        entered_acts = (await context.session.execute(moved, acts)).all()
        papers = {ids[row.ledger_number]: (row, told[ids[row.ledger_number]]) for row in some}
        await _audit(context, batch_id, papers, entered_acts)
        await context.session.execute(_CHECK_NOW)
        await context.session.execute(_CHECK_LATER)


def _act_of(row: PaperRow) -> Act:
    return Act.IMPORT_OPEN if row.closed_on is None else Act.IMPORT_CLOSED


def _who(context: Context, row: PaperRow, book: RuleBook) -> dict[str, Any]:
    act = _act_of(row)
    rule = lifecycle.rule_for(None, act)
    return {
        "act": act.value,
        "rule": rule.id if rule else "",
        "edition_id": book.edition_id,
        "account_id": context.actor.account_id,
        "person_id": context.actor.person_id,
        "appointment_id": context.actor.appointment_id,
        "actor_label": context.actor.label,
    }


async def _audit(
    context: Context,
    batch_id: int,
    papers: Mapping[int, tuple[PaperRow, Sequence[Any]]],
    entered: Sequence[Row[int, int, int, str]],
) -> None:
    """One event for each act, as the wall asks: a closed row is two acts of one hazard, in their order."""
    for act, version in sorted({(one.act, one.version) for one in entered}, key=lambda pair: pair[1]):
        entries = [
            (
                hazard_subject(one.hazard_id),
                {
                    "act": act,
                    "transition": one.id,
                    "version": version,
                    "batch": batch_id,
                    "row": papers[one.hazard_id][0].row_number,
                    "row_sha256": papers[one.hazard_id][0].sha256.hex(),
                    **bound(Act(act), papers[one.hazard_id][1]),
                },
            )
            for one in entered
            if (one.act, one.version) == (act, version)
        ]
        await record_all(context, f"hazard:{act}:recorded", entries)


def at_once(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """The items in parts of `ROWS_AT_ONCE`."""
    for start in range(0, len(items), ROWS_AT_ONCE):
        yield items[start : start + ROWS_AT_ONCE]
