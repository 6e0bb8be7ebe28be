"""The nights of regulators, letters and subjects of too many: in batches, locked, decided under the lock, written."""

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import TextClause, text

from app.escalation.night.batches import (
    BATCH,
    FAILURES,
    WINDOW,
    Night,
    execute,
    note_failure,
    refuse_lost_connection,
)
from app.escalation.night.duties import HAZARDS_WITH_DUTIES
from app.escalation.night.subjects import (
    LETTERS_AWAITED,
    Decided,
    Known,
    aggregates_due,
    duties_due,
    letters_due,
)
from app.escalation.night.writing import END, ENDED, OPENED, RAISE, RAISED, audit_parameters, begun, written
from app.escalation.places import places_on
from app.infrastructure.context import Context, Transactions
from app.reference.rulebook import announced_calendar

_ENDING: Final = """
    SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS x(episode_id bigint, ended_on date, ended_as text)
"""
_OPENING: Final = """
    SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb))
        AS o(kind text, cause text, ordinal int, hazard_id bigint, duty text, duty_since timestamptz, letter_id bigint,
             unit_id bigint, organisation_id bigint, enterprise_id bigint, counts_from date, carried_rung int)
"""
_RAISING: Final = """
    SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb))
        AS r(episode_id bigint, hazard_id bigint, rung text, rung_order int, reason text, days int)
     WHERE NOT EXISTS (SELECT 1 FROM raised_rung later
                        WHERE later.episode_id = r.episode_id AND later.raised_on >= :night)
"""
_OPEN: Final = """
    INSERT INTO episode (kind, cause, ordinal, hazard_id, duty, duty_since, letter_id, unit_id, organisation_id,
                         enterprise_id, counts_from, carried_rung, opened_on, run_id, edition_id)
    SELECT kind, cause, ordinal, hazard_id, duty, duty_since, letter_id, unit_id, organisation_id, enterprise_id,
           counts_from, carried_rung, :night, :run_id, :edition_id FROM opening
    ON CONFLICT DO NOTHING
    RETURNING id AS episode_id, hazard_id, cause, ordinal, counts_from, carried_rung, run_id, edition_id
"""
_END_ROWS: Final = written({"ending": _ENDING}, END, "hazard:episode:ended", ENDED)
_RAISE_ROWS: Final = written({"raising": _RAISING}, RAISE, "hazard:rung:raised", RAISED)
_OPEN_DUTIES: Final = written({"opening": _OPENING}, _OPEN, "hazard:episode:opened", OPENED)
_OPEN_OTHERS: Final = begun({"opening": _OPENING}, _OPEN, "hazard:episode:opened", OPENED)

_LOCK_HAZARDS: Final = "SELECT id FROM hazard WHERE id = ANY (CAST(:ids AS bigint[])) ORDER BY id FOR NO KEY UPDATE"
_LOCK_LETTERS: Final = "SELECT id FROM letter WHERE id = ANY (CAST(:ids AS bigint[])) ORDER BY id FOR NO KEY UPDATE"
_ALONE: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('qingling night aggregates', 0))")

Deciding = Callable[[Context, Known, Sequence[int]], Awaitable[list[Decided]]]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of subject: how its records are found, locked and decided over."""

    name: str
    column: str
    """Of `episode`, by which a batch names its records."""
    records: TextClause
    lock: str
    deciding: Deciding


_KINDS: Final = (
    Kind("duties", "hazard_id", HAZARDS_WITH_DUTIES, _LOCK_HAZARDS, duties_due),
    Kind("letters", "letter_id", LETTERS_AWAITED, _LOCK_LETTERS, letters_due),
)


async def treat_clocks(transactions: Transactions, night: Night) -> None:
    """Regulators' duties, silent signatories and missing replies; then who has too many."""
    async with transactions() as context:
        known = Known(night, await places_on(context, night.on), await announced_calendar(context))
    for kind in _KINDS:
        skipped = await _treat_kind(transactions, known, kind)
        await _treat_due(transactions, known, kind, skipped, waiting=True)
    await _treat_aggregates(transactions, known)


async def _treat_kind(transactions: Transactions, known: Known, kind: Kind) -> list[int]:
    last = 0
    skipped: list[int] = []
    while True:
        async with transactions() as context:
            bound = {"last": last, "window": WINDOW, "night": known.night.on}
            ids = (await context.session.execute(kind.records, bound)).scalars().all()
        if not ids:
            return skipped
        last = ids[-1]
        due = await _due(transactions, known, kind, ids)
        skipped += await _treat_due(transactions, known, kind, due, waiting=False)


async def _due(transactions: Transactions, known: Known, kind: Kind, ids: Sequence[int]) -> list[int]:
    try:
        async with transactions() as context:
            return sorted({one.columns[kind.column] for one in await kind.deciding(context, known, ids)})
    except FAILURES as error:
        refuse_lost_connection(error)
        if len(ids) == 1:
            await _fail(transactions, known, kind, ids[0], error)
            return []
    half = len(ids) // 2
    return [*await _due(transactions, known, kind, ids[:half]), *await _due(transactions, known, kind, ids[half:])]


async def _treat_due(
    transactions: Transactions, known: Known, kind: Kind, ids: Sequence[int], *, waiting: bool
) -> list[int]:
    """Those skipped because somebody is at work on them."""
    skipped: list[int] = []
    for start in range(0, len(ids), BATCH):
        skipped += await _treat(transactions, known, kind, ids[start : start + BATCH], waiting=waiting)
    return skipped


async def _treat(
    transactions: Transactions, known: Known, kind: Kind, ids: Sequence[int], *, waiting: bool
) -> list[int]:
    lock = text(kind.lock if waiting else f"{kind.lock} SKIP LOCKED")
    try:
        async with transactions() as context:
            locked = (await context.session.execute(lock, {"ids": list(ids)})).scalars().all()
            counted = await _write(context, known, await kind.deciding(context, known, locked))
            # What opened has its id now, and its first rung may be due at once.
            counted += await _write(context, known, await kind.deciding(context, known, locked))
    except FAILURES as error:
        refuse_lost_connection(error)
        if len(ids) == 1:
            await _fail(transactions, known, kind, ids[0], error)
            return []
        half = len(ids) // 2
        await _treat(transactions, known, kind, ids[:half], waiting=True)
        await _treat(transactions, known, kind, ids[half:], waiting=True)
        return []
    _count(known.night, counted)
    return sorted(set(ids) - set(locked))


async def _treat_aggregates(transactions: Transactions, known: Known) -> None:
    try:
        async with transactions() as context:
            await context.session.execute(_ALONE)
            counted = await _write(context, known, await aggregates_due(context, known))
            counted += await _write(context, known, await aggregates_due(context, known))
    except FAILURES as error:
        refuse_lost_connection(error)
        await note_failure(transactions, known.night, "aggregates", error)
        return
    _count(known.night, counted)


async def _write(context: Context, known: Known, decided: Iterable[Decided]) -> list[tuple[str, int]]:
    """One pass: what ends and opens, and the rungs of what stands open already."""
    bound = {**known.night.values, **audit_parameters(context)}
    rows = _rows(decided)
    counted = []
    for name, key, statement in _STATEMENTS:
        if rows[key]:
            told = {**bound, "rows": json.dumps(rows[key], default=str)}
            counted.append((name, await execute(context, statement, told)))
    return counted


_STATEMENTS: Final = (
    ("episodes_ended", "ending", _END_ROWS),
    ("rungs_raised", "raising", _RAISE_ROWS),
    ("episodes_opened", "opening_duties", _OPEN_DUTIES),
    ("episodes_opened", "opening_others", _OPEN_OTHERS),
)


def _rows(decided: Iterable[Decided]) -> Mapping[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = {name: [] for _, name, _ in _STATEMENTS}
    for one in decided:
        ending, opening, raising = one.due.ending, one.due.opening, one.due.raising
        if ending is not None:
            rows["ending"].append(
                {"episode_id": one.episode_id, "ended_on": ending.ended_on, "ended_as": ending.ended_as}
            )
        if opening is not None:
            told = {name: getattr(opening, name) for name in ("cause", "ordinal", "counts_from", "carried_rung")}
            rows["opening_duties" if "hazard_id" in one.columns else "opening_others"].append({**one.columns, **told})
        elif raising is not None:
            told = {"rung": raising.rung, "rung_order": raising.order, "reason": raising.reason, "days": raising.days}
            rows["raising"].append({"episode_id": one.episode_id, "hazard_id": one.columns.get("hazard_id"), **told})
    return rows


def _count(night: Night, counted: Iterable[tuple[str, int]]) -> None:
    for name, count in counted:
        night.counts[name] += count


async def _fail(transactions: Transactions, known: Known, kind: Kind, record: int, error: Exception) -> None:
    hazard_id = record if kind.column == "hazard_id" else None
    subject = None if hazard_id is not None else f"letter {record}"
    await note_failure(transactions, known.night, kind.name, error, hazard_id=hazard_id, subject=subject)
