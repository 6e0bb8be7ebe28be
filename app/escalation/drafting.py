"""A night's letters: the rungs of one kind to one addressee are one draft with a list, each copy with its own lines.

Drafting takes up whatever rung has no letter yet, also one that an earlier run was killed before. A delay
that has ended leaves the drafts it stands in; what is issued stays as it is.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import insert, text
from sqlalchemy.dialects import postgresql

from app.audit.record import Subject, record_all
from app.escalation.drafts.addressing import Desk, Heading, Lines, Party, Row, by_heading, party, rung_of, unit_of
from app.escalation.drafts.letter_text import worded
from app.escalation.night.batches import FAILURES, Night, note_failure, refuse_lost_connection
from app.escalation.places import places_on
from app.infrastructure.context import Context, Transactions
from app.reference.rulebook import announced_calendar
from app.regulation.deadlines import Term, count
from app.regulation.ladder_clocks import DUTY_LABELS
from app.regulation.vocabulary import HoldReason
from app.tables.escalation import DispatchHold
from app.tables.letters import Letter

_BATCH: Final = 500
_LONGEST_LIST: Final = 500
"""Lines after which a letter is followed by another part."""
_ALONE: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('qingling night drafting', 0))")

_UNDRAFTED: Final = text(
    """
    SELECT r.id AS raised_rung_id, r.rung, r.days, e.kind, e.duty, e.organisation_id AS late_id,
           e.unit_id AS of_unit_id, e.enterprise_id AS of_enterprise_id, e.letter_id, h.id AS hazard_id,
           h.ledger_number, h.place, h.circumstances, h.current_deadline, h.unit_id, h.lead_organisation_id,
           h.listing_office_id, h.enterprise_id, h.responsible_organisation_id, n.name AS enterprise_name,
           l.issuer_organisation_id, l.office_code, l.year, l.serial, l.title AS letter_title, l.reply_due_on,
           l.signatory_post_kind,
           (SELECT v.post_kind FROM round_level v JOIN signing_round g ON g.id = v.round_id
             WHERE e.duty = 'sign' AND g.hazard_id = h.id AND v.organisation_id = e.organisation_id
             ORDER BY v.round_id DESC, v.level LIMIT 1) AS level_post
      FROM raised_rung r JOIN episode e ON e.id = r.episode_id
      LEFT JOIN hazard h ON h.id = r.hazard_id
      LEFT JOIN enterprise n ON n.id = coalesce(h.enterprise_id, e.enterprise_id)
      LEFT JOIN letter l ON l.id = e.letter_id
     WHERE r.id > :last AND e.ended_on IS NULL AND r.raised_on <= :night
       AND NOT EXISTS (SELECT 1 FROM letter_item i WHERE i.raised_rung_id = r.id)
     ORDER BY r.id LIMIT :batch
    """
)
_OPEN_PART: Final = text(
    """
    SELECT l.id, l.part, l.status = 'draft' AND count(i.id) < :longest AS takes_more
      FROM letter l LEFT JOIN letter_item i ON i.letter_id = l.id
     WHERE l.run_id IS NOT NULL AND l.business_date = :night AND l.kind = :kind AND l.issuer_organisation_id = :issuer
       AND l.addressee_organisation_id IS NOT DISTINCT FROM CAST(:organisation AS bigint)
       AND l.addressee_enterprise_id IS NOT DISTINCT FROM CAST(:enterprise AS bigint)
     GROUP BY l.id ORDER BY l.part DESC LIMIT 1
    """
)
_ITEMS: Final = text(
    """
    INSERT INTO letter_item (letter_id, position, raised_rung_id, hazard_id, line)
    SELECT :letter, coalesce((SELECT max(position) FROM letter_item WHERE letter_id = :letter), 0) + one.position,
           one.rung, one.hazard, one.line
      FROM jsonb_to_recordset(CAST(:items AS jsonb)) AS one(position int, rung bigint, hazard bigint, line jsonb)
    ON CONFLICT DO NOTHING
    RETURNING id, raised_rung_id
    """
)
_COPIES: Final = text(
    """
    INSERT INTO letter_copy (letter_id, issuer_organisation_id, organisation_id, enterprise_id, item_ids)
    SELECT :letter, :issuer, CAST(:organisation AS bigint), CAST(:enterprise AS bigint), CAST(:items AS bigint[])
     WHERE NOT EXISTS (SELECT 1 FROM letter_copy c WHERE c.letter_id = :letter
               AND c.organisation_id IS NOT DISTINCT FROM CAST(:organisation AS bigint)
               AND c.enterprise_id IS NOT DISTINCT FROM CAST(:enterprise AS bigint))
    """
)
_LONGER_COPIES: Final = text(
    """
    UPDATE letter_copy SET item_ids = item_ids || CAST(:items AS bigint[])
     WHERE letter_id = :letter AND organisation_id IS NOT DISTINCT FROM CAST(:organisation AS bigint)
       AND enterprise_id IS NOT DISTINCT FROM CAST(:enterprise AS bigint)
    """
)
_DROP_ITEMS: Final = text(
    """
    UPDATE letter_item i SET dropped_at = registry_now()
      FROM letter l, raised_rung r, episode e
     WHERE l.id = i.letter_id AND l.status = 'draft' AND i.dropped_at IS NULL AND r.id = i.raised_rung_id
       AND e.id = r.episode_id AND e.ended_on <= :night
    """
)
_DROP_LETTERS: Final = text(
    """
    UPDATE letter l SET status = 'dropped', ended_at = registry_now(), ended_reason = '所列事项均已消除'
     WHERE l.status = 'draft' AND l.run_id IS NOT NULL
       AND EXISTS (SELECT 1 FROM letter_item i WHERE i.letter_id = l.id)
       AND NOT EXISTS (SELECT 1 FROM letter_item i WHERE i.letter_id = l.id AND i.dropped_at IS NULL)
    RETURNING l.id
    """
)
_TONIGHTS: Final = text(
    """
    SELECT count(*) FROM letter
     WHERE run_id IS NOT NULL AND business_date = :night AND num_nonnulls(round_id, delisting_id) = 0
    """
)


async def drop_what_ended(transactions: Transactions, night: Night) -> None:
    """Takes ended delays out of drafts, and drops drafts that say nothing any more."""
    async with transactions() as context:
        connection = await context.session.connection()
        night.counts["items_dropped"] += (await connection.execute(_DROP_ITEMS, {"night": night.on})).rowcount
        dropped = (await connection.execute(_DROP_LETTERS)).scalars().all()
        night.counts["letters_dropped"] += len(dropped)
        entries = [(Subject("letter", letter_id), {"run": night.run_id}) for letter_id in dropped]
        await record_all(context, "letter:draft:dropped", entries)


async def draft_letters(transactions: Transactions, night: Night) -> None:
    """A letter, or a line of one, for every rung that has none; more than a night may send are held."""
    async with transactions() as context:
        desk = Desk(night, await places_on(context, night.on), await announced_calendar(context))
    last = 0
    while True:
        found = await _draft_batch(transactions, desk, last)
        if found is None:
            break
        last = found


async def _draft_batch(transactions: Transactions, desk: Desk, last: int, batch: int = _BATCH) -> int | None:
    """Drafts the next rungs after one; the last of them, None where there are no more."""
    rows: Sequence[Row] = ()
    try:
        async with transactions() as context:
            await context.session.execute(_ALONE)
            bound = {"last": last, "night": desk.night.on, "batch": batch}
            rows = [dict(row) for row in (await context.session.execute(_UNDRAFTED, bound)).mappings()]
            drafted = 0
            for heading, lines in by_heading(rows, desk).items():
                drafted += await _draft(context, desk, heading, lines)
            held = await _hold_too_many(context, desk.night) if drafted else 0
    except FAILURES as error:
        refuse_lost_connection(error)
        if len(rows) > 1:
            # One of them cannot be drafted: the others go on one by one.
            return await _draft_batch(transactions, desk, last, 1)
        subject = f"raised_rung {rows[0]['raised_rung_id']}" if rows else None
        await note_failure(transactions, desk.night, "draft", error, subject=subject)
        return rows[0]["raised_rung_id"] if rows else None
    desk.night.counts["letters_drafted"] += drafted
    desk.night.counts["dispatch_held"] += held
    return rows[-1]["raised_rung_id"] if rows else None


async def _draft(context: Context, desk: Desk, heading: Heading, rows: Lines) -> int:
    """Adds the lines to tonight's letter of that heading; 1 where that letter is new."""
    party = {"organisation": heading.addressee.organisation_id, "enterprise": heading.addressee.enterprise_id}
    bound = {"night": desk.night.on, "kind": heading.kind.value, "issuer": heading.issuer_id, **party}
    part = (await context.session.execute(_OPEN_PART, {**bound, "longest": _LONGEST_LIST})).one_or_none()
    new = part is None or not part.takes_more
    letter_id = part.id if part is not None and part.takes_more else 0
    if new:
        letter_id = await _new_letter(context, desk, heading, 1 if part is None else part.part + 1)
    items = [
        {"position": place, "rung": row["raised_rung_id"], "hazard": row["hazard_id"], "line": _line(row, desk)}
        for place, row in enumerate(rows, start=1)
    ]
    told = {"letter": letter_id, "items": json.dumps(items, ensure_ascii=False, default=str)}
    drafted = await context.session.execute(_ITEMS, told)
    await _copy(context, desk, heading, letter_id, rows, {one.raised_rung_id: one.id for one in drafted})
    return int(new)


async def _new_letter(context: Context, desk: Desk, heading: Heading, part: int) -> int:
    words = worded(heading.kind, heading.about, desk.night.on, heading.basis)
    row = {
        "kind": heading.kind.value,
        "issuer_organisation_id": heading.issuer_id,
        "signatory_post_kind": heading.post.value,
        "addressee_organisation_id": heading.addressee.organisation_id,
        "addressee_enterprise_id": heading.addressee.enterprise_id,
        "title": words.title,
        "body": words.body,
        "edition_id": desk.night.edition_id,
        "business_date": desk.night.on,
        "part": part,
        "run_id": desk.night.run_id,
        "reply_due_on": _reply_due_on(desk, heading),
    }
    letter_id = int((await context.session.execute(insert(Letter).values(row).returning(Letter.id))).scalar_one())
    told = {"run": desk.night.run_id, "kind": heading.kind.value}
    await record_all(context, "letter:draft:written", [(Subject("letter", letter_id), told)])
    return letter_id


def _reply_due_on(desk: Desk, heading: Heading) -> date | None:
    """As if dispatched that night and served when it is deemed to be; issuing may put it off, never earlier."""
    limit = desk.night.edition.ladder.replies.get(heading.kind) if heading.asks_reply else None
    if limit is None:
        return None
    served = desk.night.on + timedelta(days=desk.night.edition.ladder.deemed_service_days)
    return count(Term(served, limit.days, limit.unit, "ladder.replies", limit.basis), desk.calendar).due_on


async def _copy(
    context: Context, desk: Desk, heading: Heading, letter_id: int, rows: Lines, items: Mapping[int, int]
) -> None:
    """One copy for each reader beside the addressee, with their own lines; whose letter it is has it anyhow."""
    readers: dict[Party, list[int]] = defaultdict(list)
    for row in rows:
        for word in rung_of(row, desk).copies:
            reader = party(word, row, desk)
            if reader not in (heading.addressee, Party(heading.issuer_id)) and row["raised_rung_id"] in items:
                readers[reader].append(items[row["raised_rung_id"]])
    readers.pop(Party(), None)
    for reader, lines in readers.items():
        bound = {
            "letter": letter_id,
            "issuer": heading.issuer_id,
            "organisation": reader.organisation_id,
            "enterprise": reader.enterprise_id,
            "items": lines,
        }
        connection = await context.session.connection()
        if not (await connection.execute(_LONGER_COPIES, bound)).rowcount:
            await context.session.execute(_COPIES, bound)


def _line(row: Row, desk: Desk) -> dict[str, Any]:
    """The line as it reads today, in the words of a letter's list."""
    lead = desk.places.bodies.get(row["lead_organisation_id"])
    unit = unit_of(row, desk.places)
    responsible = desk.places.bodies.get(row["responsible_organisation_id"] or row["late_id"])
    number = row["ledger_number"] or (
        f"{row['office_code']}〔{row['year']}〕{row['serial']}号" if row["serial"] else ""
    )
    return {
        "number": number,
        "enterprise": row["enterprise_name"] or (responsible.name if responsible else ""),
        "place": row["place"] or "",
        "circumstances": row["circumstances"] or row["letter_title"] or "",
        "due_on": row["current_deadline"] or row["reply_due_on"],
        "overdue_days": row["days"],
        "department": lead.name if lead else "",
        "unit": desk.places.names.get(desk.places.district(unit), "") if unit is not None else "",
        "note": DUTY_LABELS.get(row["duty"] or "", ""),
    }


async def _hold_too_many(context: Context, night: Night) -> int:
    """1 where the night has more letters than the edition allows: dispatch is held with the letter that is too many."""
    tonights = int((await context.session.execute(_TONIGHTS, {"night": night.on})).scalar_one())
    if tonights <= night.edition.ladder.max_letters_per_night:
        return 0
    note = f"{night.on.isoformat()} 起草 {tonights} 件,超过 {night.edition.ladder.max_letters_per_night} 件"
    await hold_too_many(context, night, note)
    return 1


async def hold_too_many(context: Context, night: Night, note: str) -> None:
    """Holds dispatch because of the night's letters; an open hold for that reason stays as it is."""
    row = {"reason": HoldReason.TOO_MANY_LETTERS.value, "note": note, "run_id": night.run_id}
    held = postgresql.insert(DispatchHold).values(row).on_conflict_do_nothing().returning(DispatchHold.id)
    placed = [
        (Subject("dispatch_hold", one), {"reason": row["reason"], "run": night.run_id})
        for one in (await context.session.execute(held)).scalars()
    ]
    await record_all(context, "dispatch:hold:placed", placed)
