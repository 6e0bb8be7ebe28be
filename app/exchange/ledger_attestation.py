"""核对确认 (design 3.6): two persons attest a batch; with the second, every closed row becomes a hazard, or none does.

Each confirms in their own account by step-up over the batch's document hash: the file, its counts, every row's hash.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update

from app.audit.record import record
from app.documents.confirming import Confirmation, Paper, confirm, confirmations_of
from app.exchange.ledger_import import batch_subject, enter_hazards, paper_faults
from app.exchange.placing.gazetteer import Gazetteer, load_gazetteer
from app.exchange.placing.rows import PaperRow, document_hash
from app.infrastructure.context import Context
from app.infrastructure.database import under_role
from app.infrastructure.errors import Conflict, NotFound, NotPermitted, RuleNotMet
from app.reference.rulebook import rule_book
from app.regulation.facts import Unmet
from app.regulation.permissions import Permission, has_permission
from app.regulation.vocabulary import Capacity, DocumentKind, RoleClass
from app.tables.ledgers import LegacyBatch, LegacyRecord, LegacyRow

_TWO_PERSONS = "two_persons_attested"
_ARTICLE = "安全生产治本攻坚三年行动方案三(三)21“审核把关销号”"


@dataclass(frozen=True, slots=True)
class _Batch:
    """A batch as kept, with its closed rows."""

    row: LegacyBatch
    closed: tuple[PaperRow, ...]
    confirmed_by: tuple[int, ...]


def _paper(batch: LegacyBatch) -> Paper:
    return Paper(DocumentKind.ATTESTATION, batch.id, batch.document_sha256, None)


async def batch_view(context: Context, batch_id: int) -> dict[str, Any]:
    """A batch, its report, who has confirmed it and how many confirmations it still lacks; NotFound, NotPermitted."""
    if not has_permission(Permission.LEDGER_ATTEST, context.actor):
        raise NotPermitted
    batch = await _find(context, batch_id)
    given = await confirmations_of(context, _paper(batch))
    return {
        "batch": batch.id,
        "file_name": batch.file_name,
        "file_sha256": batch.file_sha256.hex(),
        "document_sha256": batch.document_sha256.hex(),
        "found": batch.found_count,
        "closed": batch.closed_count,
        "imported_at": batch.imported_at.isoformat(),
        "attested_at": batch.attested_at.isoformat() if batch.attested_at else None,
        "confirmations": [
            {"account_id": one.account_id, "capacity": one.capacity, "confirmed_at": one.confirmed_at.isoformat()}
            for one in given
        ],
        "confirmations_missing": max(0, 2 - len(given)),
        "report": {name: batch.report[name] for name in ("totals", "rows", "findings")},
    }


async def attest(context: Context, batch_id: int, sent: Confirmation) -> dict[str, Any]:
    """One person's confirmation; the second one's enters every closed row as a hazard closed in the paper past.

    Raises NotFound, NotPermitted, Conflict for a batch attested before, RuleNotMet naming every unmet rule.
    """
    batch, known, unmet = await _judge(context, batch_id)
    if unmet:
        raise RuleNotMet(unmet=unmet)
    is_second = bool(batch.confirmed_by)
    await confirm(context, _paper(batch.row), Capacity.CONFIRMER if is_second else Capacity.PROPOSER, sent)
    await record(
        context,
        "ledger_batch:attestation:confirmed",
        batch_subject(batch_id),
        {"document_sha256": sent.document_sha256, "capacity": "confirmer" if is_second else "proposer"},
    )
    if is_second:
        await _perform(context, batch, known)
    return await batch_view(context, batch_id)


async def try_attesting(context: Context, batch_id: int) -> tuple[Unmet, ...]:
    """Every rule that keeps this person from confirming the batch now; nothing changes."""
    _, _, unmet = await _judge(context, batch_id)
    return unmet


async def _judge(context: Context, batch_id: int) -> tuple[_Batch, Gazetteer, tuple[Unmet, ...]]:
    if not has_permission(Permission.LEDGER_ATTEST, context.actor):
        raise NotPermitted
    batch = await _load(context, batch_id)
    if batch.row.attested_at is not None:
        raise Conflict("batch_already_attested", "这一批次已由两人核对确认，历史销号已经登记，不再重复办理。")
    known = await load_gazetteer(context, await rule_book(context))
    return batch, known, (*_own_faults(context, batch), *await _altered(context, batch), *_rules(context, batch, known))


def _own_faults(context: Context, batch: _Batch) -> tuple[Unmet, ...]:
    if context.actor.person_id not in batch.confirmed_by:
        return ()
    message = "您已经核对确认过这一批次，第二次确认须由另一名自然人作出"
    return (Unmet(_TWO_PERSONS, message, "L-39", _ARTICLE, "请由另一名安委办人员在本人账号中确认"),)


async def _altered(context: Context, batch: _Batch) -> tuple[Unmet, ...]:
    """The rows must be those whose hashes the document names: nobody attests what was changed behind it."""
    of_batch = select(LegacyRecord.row_number, LegacyRecord.row_sha256).where(
        LegacyRecord.batch_id == batch.row.id, LegacyRecord.closed_on.is_(None)
    )
    still_open = [(row.row_number, row.row_sha256) for row in await context.session.execute(of_batch)]
    hashes = [*still_open, *((row.row_number, row.sha256) for row in batch.closed)]
    now = document_hash(batch.row.file_sha256, len(hashes), len(batch.closed), hashes)
    if now == batch.row.document_sha256 and all(row.is_intact for row in batch.closed):
        return ()
    message = "待核对的行与导入时的内容不一致"
    return (Unmet("batch_altered", message, "L-39", _ARTICLE, "请停止办理并报告管理员，重新导入原文件"),)


def _rules(context: Context, batch: _Batch, known: Gazetteer) -> tuple[Unmet, ...]:
    """What the rule book says of the rows, each reason once; for the first of two, the second is yet to come."""
    persons = (*batch.confirmed_by, context.actor.person_id or 0)
    unmet: dict[str, Unmet] = {}
    for row in batch.closed:
        for one in paper_faults(context, row.found_on, row.closed_on, known, persons):
            unmet.setdefault(one.code, one)
    if not batch.confirmed_by or context.actor.person_id in batch.confirmed_by:
        unmet.pop(_TWO_PERSONS, None)
    return tuple(unmet.values())


async def _find(context: Context, batch_id: int) -> LegacyBatch:
    """A batch whose every district is the actor's."""
    batch = (await context.session.execute(select(LegacyBatch).where(LegacyBatch.id == batch_id))).scalar_one_or_none()
    if batch is None or not set(batch.report["district_unit_ids"]) <= set(context.actor.unit_ids):
        raise NotFound
    return batch


async def _load(context: Context, batch_id: int) -> _Batch:
    batch = await _find(context, batch_id)
    waiting = (
        select(LegacyRow.id, LegacyRow.row_number, LegacyRow.content, LegacyRow.row_sha256)
        .where(LegacyRow.batch_id == batch_id)
        .order_by(LegacyRow.row_number)
    )
    closed = tuple(
        PaperRow(row.row_number, row.content, row.row_sha256, row.id) for row in await context.session.execute(waiting)
    )
    given = await confirmations_of(context, _paper(batch))
    return _Batch(batch, closed, tuple(one.person_id for one in given))


async def _perform(context: Context, batch: _Batch, known: Gazetteer) -> None:
    """Marks the batch attested, then enters its rows: the wall admits them only in this order."""
    attested = update(LegacyBatch).where(LegacyBatch.id == batch.row.id).values(attested_at=func.registry_now())
    async with under_role(context, RoleClass.IMPORT):
        await context.session.execute(attested)
        await enter_hazards(context, batch.row.id, batch.closed, known.book)
    await context.session.refresh(batch.row)
    particulars = {"document_sha256": batch.row.document_sha256.hex(), "closed": len(batch.closed)}
    await record(context, "ledger_batch:attestation:completed", batch_subject(batch.row.id), particulars)
