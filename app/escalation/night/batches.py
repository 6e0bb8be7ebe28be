"""Small transactions over many records: whoever cannot be treated is told of and keeps no other waiting.

A batch locks its hazards first (FOR NO KEY UPDATE, skipping those an act holds) and decides afterwards, in statements
of their own: so a hazard that was closed meanwhile is seen as closed. What was skipped comes in a second pass, waiting.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlalchemy import TextClause, insert, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from app.escalation.night.writing import (
    DUE_HAZARDS,
    END_TERMS,
    OPEN_TERMS,
    RAISE_TERMS,
    REMIND,
    TURN_TERMS,
    audit_parameters,
)
from app.infrastructure.constraint_errors import is_lost_connection
from app.infrastructure.context import Context, Transactions
from app.infrastructure.errors import RegistryError
from app.regulation.edition import Edition
from app.tables.escalation import EscalationFailure

WINDOW: Final = 5000
"""Hazards looked at in one statement, without a lock."""
BATCH: Final = 500
"""Hazards locked and written in one transaction."""
FAILURES: Final = (RegistryError, SQLAlchemyError)

# A plan kept from before the window was known takes three times as long; what writes is few and has triggers, whose
# every statement would be planned for every row.
_PLAN_ANEW: Final = text(
    "SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('jit', 'off', true)"
)
_HAZARDS: Final = text(
    """
    SELECT h.id FROM hazard h
     WHERE h.id > :last AND (h.state = 'listed' OR EXISTS (
           SELECT 1 FROM episode e WHERE e.hazard_id = h.id AND e.kind = 'term' AND e.ended_on IS NULL))
     ORDER BY h.id LIMIT :window
    """
)
_LOCK: Final = "SELECT h.id FROM hazard h WHERE h.id = ANY (CAST(:ids AS bigint[])) ORDER BY h.id FOR NO KEY UPDATE"
_LOCK_FREE: Final = text(f"{_LOCK} SKIP LOCKED")
_LOCK_WAITING: Final = text(_LOCK)

TERM_STEPS: Final[Mapping[str, tuple[str, TextClause]]] = {
    "end": ("episodes_ended", END_TERMS),
    "turn": ("episodes_turned_overdue", TURN_TERMS),
    "open": ("episodes_opened", OPEN_TERMS),
    "raise": ("rungs_raised", RAISE_TERMS),
    "remind": ("reminders_raised", REMIND),
}
"""Step → what it counts, and its statement; in the order of a night."""


class AuditIncomplete(RegistryError):
    """A batch wrote more than it could audit: a stream is missing. It is undone."""

    default_code = "audit_incomplete"
    default_message = "审计流缺失,这一批没有写入。"


@dataclass
class Night:
    """One run: the date it asks for, under which edition, and what it has done so far."""

    on: date
    run_id: int
    edition_id: int
    edition: Edition
    values: Mapping[str, object]
    """What the statements bind beside the batch."""
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    failed: list[int] = field(default_factory=list)
    """Hazards that could not be treated."""


async def treat_terms(transactions: Transactions, night: Night) -> None:
    """Every hazard's term: episodes ended and opened, rungs raised, reminders."""
    skipped: list[int] = []
    async for ids in _windows(transactions):
        due = await _due(transactions, night, ids)
        for batch in _batches(due):
            skipped += await _treat(transactions, night, batch, _LOCK_FREE)
    for batch in _batches(await _due(transactions, night, skipped)):
        await _treat(transactions, night, batch, _LOCK_WAITING)


async def _windows(transactions: Transactions) -> AsyncIterator[list[int]]:
    last = 0
    while True:
        async with transactions() as context:
            found = await context.session.execute(_HAZARDS, {"last": last, "window": WINDOW})
            ids = list(found.scalars())
        if not ids:
            return
        last = ids[-1]
        yield ids


Due = Mapping[int, frozenset[str]]
"""Hazard → the steps it needs."""


async def _due(transactions: Transactions, night: Night, ids: Sequence[int]) -> Due:
    """What is due in a window; one whose past cannot be read is told of and left out."""
    if not ids:
        return {}
    found: dict[int, set[str]] = defaultdict(set)
    try:
        async with transactions() as context:
            await context.session.execute(_PLAN_ANEW)
            for row in await context.session.execute(DUE_HAZARDS, {**night.values, "ids": list(ids)}):
                found[row.hazard_id].add(row.step)
    except FAILURES as error:
        refuse_lost_connection(error)
        if len(ids) == 1:
            await note_failure(transactions, night, "look", error, hazard_id=ids[0])
            return {}
        half = len(ids) // 2
        return {**await _due(transactions, night, ids[:half]), **await _due(transactions, night, ids[half:])}
    return {hazard_id: frozenset(steps) for hazard_id, steps in found.items()}


def _batches(due: Due) -> Iterable[Due]:
    ids = sorted(due)
    for start in range(0, len(ids), BATCH):
        yield {hazard_id: due[hazard_id] for hazard_id in ids[start : start + BATCH]}


async def _treat(transactions: Transactions, night: Night, batch: Due, lock: TextClause) -> list[int]:
    """One transaction; what was skipped. A batch that fails is tried again by halves, down to the one record."""
    try:
        async with transactions() as context:
            locked = (await context.session.execute(lock, {"ids": list(batch)})).scalars().all()
            counted = await _write(context, night, {hazard_id: batch[hazard_id] for hazard_id in locked})
    except FAILURES as error:
        refuse_lost_connection(error)
        return await _treat_halves(transactions, night, batch, error)
    for name, count in counted.items():
        night.counts[name] += count
    return sorted(set(batch) - set(locked))


async def _treat_halves(transactions: Transactions, night: Night, batch: Due, error: Exception) -> list[int]:
    ids = sorted(batch)
    if len(ids) == 1:
        await note_failure(transactions, night, "write", error, hazard_id=ids[0])
        return []
    half = len(ids) // 2
    for part in (ids[:half], ids[half:]):
        await _treat(transactions, night, {one: batch[one] for one in part}, _LOCK_WAITING)
    return []


async def _write(context: Context, night: Night, batch: Due) -> dict[str, int]:
    audit = audit_parameters(context)
    counted: dict[str, int] = {}
    for step, (name, statement) in TERM_STEPS.items():
        ids = [hazard_id for hazard_id, steps in batch.items() if step in steps]
        if ids:
            counted[name] = await execute(context, statement, {**night.values, **audit, "ids": ids})
    return counted


async def execute(context: Context, statement: TextClause, values: Mapping[str, Any]) -> int:
    """How many rows a writing statement wrote; AuditIncomplete unless each has its event."""
    row = (await context.session.execute(statement, values)).one()
    if row.done != row.told:
        raise AuditIncomplete
    return int(row.done)


async def note_failure(
    transactions: Transactions,
    night: Night,
    step: str,
    error: Exception,
    *,
    hazard_id: int | None = None,
    subject: str | None = None,
) -> None:
    """Keeps a record that could not be treated, with SQLSTATE and constraint and no value."""
    if hazard_id is not None:
        night.failed.append(hazard_id)
    night.counts["failures"] += 1
    row = {"run_id": night.run_id, "hazard_id": hazard_id, "subject": subject, "step": step, "code": code_of(error)}
    async with transactions() as context:
        await context.session.execute(insert(EscalationFailure).values(row))


def refuse_lost_connection(error: Exception) -> None:
    """Raises the error again where the connection is gone: then nothing can be treated, and the next run goes on."""
    cause = _database_error(error)
    if cause is not None and is_lost_connection(cause):
        raise error


def code_of(error: Exception) -> str:
    """SQLSTATE and the constraint's (or the wall's) name."""
    cause = _database_error(error)
    if cause is None:
        return error.code if isinstance(error, RegistryError) else type(error).__name__
    told = getattr(cause.orig, "diag", None)
    state = getattr(cause.orig, "sqlstate", None) or type(cause.orig).__name__
    named = getattr(told, "constraint_name", None) or (
        getattr(told, "message_hint", None) if state == "QL001" else None
    )
    return f"{state} {named}" if named else str(state)


def _database_error(error: BaseException | None) -> DBAPIError | None:
    while error is not None and not isinstance(error, DBAPIError):
        error = error.__cause__
    return error
