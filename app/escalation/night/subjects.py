"""The episodes of regulators, letters and subjects of too many: facts gathered by SQL, decided by the pure functions.

`Decided` is what one night records of one of them; the run writes it, the rehearsal shows it.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import RowMapping, text

from app.escalation.night.batches import Night
from app.escalation.night.duties import DONE_ON, DUTIES, ENDS
from app.escalation.night.history import SERVED
from app.escalation.places import Places
from app.infrastructure.context import Context
from app.regulation.deadlines import Calendar, Term, business_date
from app.regulation.ladder_clocks import (
    ISSUE,
    Aggregate,
    AwaitedReply,
    Duty,
    aggregate_due,
    duty_due,
    reply_due,
    silence_term,
)
from app.regulation.ladder_facts import Due, EpisodeFact, RaisedFact, Suspension
from app.regulation.vocabulary import DayUnit, EpisodeCause, EpisodeEnd, EpisodeKind, RaiseReason, Rung

EPISODES: Final = f"""
    SELECT e.id, e.kind, e.cause, e.ordinal, e.counts_from, e.opened_on, e.carried_rung, e.ended_on, e.ended_as,
           e.hazard_id, e.duty, e.duty_since, e.letter_id, e.unit_id, e.organisation_id, e.enterprise_id,
           (SELECT jsonb_agg(jsonb_build_array(r.rung, r.raised_on, r.reason, r.days, {SERVED}, l.reply_due_on,
                                               l.answered_on) ORDER BY r.rung_order)
              FROM raised_rung r
              LEFT JOIN letter_item i ON i.raised_rung_id = r.id AND i.dropped_at IS NULL
              LEFT JOIN letter l ON l.id = i.letter_id
             WHERE r.episode_id = e.id) AS raised,
           (SELECT jsonb_agg(jsonb_build_array(u.rung, u.from_on, u.until_on))
              FROM rung_suspension u WHERE u.episode_id = e.id AND u.approved_at IS NOT NULL) AS suspensions
      FROM episode e
"""  # noqa: S608 - own words
_OF_HAZARDS: Final = text(f"{EPISODES} WHERE e.kind = 'duty' AND e.hazard_id = ANY (CAST(:ids AS bigint[]))")
_OF_LETTERS: Final = text(
    f"{EPISODES} WHERE e.kind IN ('duty', 'reply') AND e.letter_id = ANY (CAST(:ids AS bigint[]))"
)
_OF_SUBJECTS: Final = text(f"{EPISODES} WHERE e.kind = 'aggregate' ORDER BY e.ordinal")
OF_SAME_SUBJECT: Final = text(
    f"""
    {EPISODES} JOIN episode one ON one.id = :episode AND e.kind = one.kind AND e.ordinal <= one.ordinal
           AND (e.id = one.id OR (e.kind IN ('term', 'aggregate')
                AND (e.hazard_id, e.unit_id, e.organisation_id, e.enterprise_id)
                    IS NOT DISTINCT FROM (one.hazard_id, one.unit_id, one.organisation_id, one.enterprise_id)))
     ORDER BY e.ordinal, e.id = one.id
    """
)
"""An episode and those of its subject before it, the episode itself last."""
_LETTERS: Final = text(
    """
    SELECT l.id, l.status, l.drafted_at, l.issued_at, l.ended_at, l.reply_due_on, l.answered_on,
           l.issuer_organisation_id, l.addressee_organisation_id, l.addressee_enterprise_id,
           EXISTS (SELECT 1 FROM letter_item i JOIN raised_rung r ON r.id = i.raised_rung_id
                     JOIN episode e ON e.id = r.episode_id
                    WHERE i.letter_id = l.id AND (e.kind = 'reply' OR e.duty = 'issue')) AS chases
      FROM letter l WHERE l.id = ANY (CAST(:ids AS bigint[]))
    """
)
LETTERS_AWAITED: Final = text(
    """
    SELECT l.id FROM letter l
     WHERE l.id > :last AND (l.status = 'draft' OR (l.status = 'issued' AND l.answered_on IS NULL
                                                    AND l.reply_due_on < :night)
            OR EXISTS (SELECT 1 FROM episode e WHERE e.letter_id = l.id AND e.ended_on IS NULL))
     ORDER BY l.id LIMIT :window
    """
)
_OVERDUE_OPEN: Final = text(
    """
    SELECT h.unit_id, h.lead_organisation_id, h.enterprise_id, count(*) AS overdue FROM hazard h
     WHERE h.state IN ('listed', 'rectified') AND h.current_deadline < :night
       AND (h.state = 'listed' OR NOT EXISTS (
            SELECT 1 FROM hazard_transition t WHERE t.hazard_id = h.id AND t.cycle = h.cycle AND t.act = 'declare'
               AND (t.recorded_at AT TIME ZONE 'Asia/Shanghai')::date <= h.current_deadline))
     GROUP BY h.unit_id, h.lead_organisation_id, h.enterprise_id
    """
)


@dataclass(frozen=True, slots=True)
class Decided:
    """What the night records of one subject: its columns in `episode`, the episode there is, what is due."""

    columns: Mapping[str, Any]
    episode_id: int | None
    due: Due


@dataclass(frozen=True, slots=True)
class Known:
    """What deciding needs beside the records."""

    night: Night
    places: Places
    calendar: Calendar

    def bound(self) -> dict[str, object]:
        """What the selections bind."""
        offices = {str(unit): self.places.office(unit) for unit in self.places.tiers}
        return {**self.night.values, "offices": json.dumps(offices), "ends": json.dumps(ENDS)}


async def duties_due(context: Context, known: Known, ids: Sequence[int]) -> list[Decided]:
    """The duties on hazards that something is due of."""
    bound = {**known.bound(), "ids": list(ids)}
    episodes = {
        (row["hazard_id"], row["duty"], row["duty_since"], row["organisation_id"]): row
        for row in (await context.session.execute(_OF_HAZARDS, bound)).mappings()
    }
    decided = []
    for row in (await context.session.execute(DUTIES, bound)).mappings():
        key = (row["id"], row["duty"], row["since"], row["organisation_id"])
        standing = episodes.pop(key, None)
        term = Term(row["since_on"], row["days"], DayUnit(row["unit"]), row["duty"], "", roll=row["roll"])
        decided.append(
            _of_duty(known, _columns_of_duty(*key), Duty(row["duty"], term, None, *_standing(standing)), standing)
        )
    gone = {row["id"]: (key, row) for key, row in episodes.items() if row["ended_on"] is None}
    told = await context.session.execute(DONE_ON, {**bound, "episodes": list(gone)})
    for episode_id, done_on in told:
        key, row = gone[episode_id]
        duty = Duty(key[1], Term(row["counts_from"], 0, DayUnit.CALENDAR, key[1], ""), done_on, *_standing(row))
        decided.append(_of_duty(known, _columns_of_duty(*key), duty, row))
    return [one for one in decided if not one.due.is_empty]


def _columns_of_duty(hazard_id: int, duty: str, since: object, organisation_id: int) -> dict[str, Any]:
    return {
        "kind": EpisodeKind.DUTY.value,
        "hazard_id": hazard_id,
        "duty": duty,
        "duty_since": since,
        "organisation_id": organisation_id,
    }


def _of_duty(known: Known, columns: Mapping[str, Any], duty: Duty, row: RowMapping | None) -> Decided:
    due = duty_due(duty, known.night.on, known.night.edition, known.calendar)
    return Decided(columns, None if row is None else row["id"], due)


async def letters_due(context: Context, known: Known, ids: Sequence[int]) -> list[Decided]:
    """The silent signatories and the missing replies of letters."""
    episodes: dict[tuple[int, str], RowMapping] = {
        (row["letter_id"], row["kind"]): row
        for row in (await context.session.execute(_OF_LETTERS, {**known.night.values, "ids": list(ids)})).mappings()
    }
    decided = []
    for letter in (await context.session.execute(_LETTERS, {"ids": list(ids)})).mappings():
        silent, missing = (episodes.get((letter["id"], kind)) for kind in ("duty", "reply"))
        # A reminder of a letter is not chased again, nor is one about a signatory who is silent anyway.
        if silent is not None or (letter["status"] == "draft" and not letter["chases"]):
            decided.append(_silent(known, letter, silent))
        if letter["reply_due_on"] is not None and (missing is not None or not letter["chases"]) and letter["issued_at"]:
            decided.append(_unanswered(known, letter, missing))
    return [one for one in decided if not one.due.is_empty]


def _silent(known: Known, letter: RowMapping, row: RowMapping | None) -> Decided:
    done = letter["issued_at"] or letter["ended_at"]
    term = silence_term(business_date(letter["drafted_at"]), known.night.edition)
    duty = Duty(ISSUE, term, None if done is None else business_date(done), *_standing(row))
    columns = {
        "kind": EpisodeKind.DUTY.value,
        "letter_id": letter["id"],
        "duty": ISSUE,
        "duty_since": letter["drafted_at"],
        "organisation_id": letter["issuer_organisation_id"],
    }
    return _of_duty(known, columns, duty, row)


def _unanswered(known: Known, letter: RowMapping, row: RowMapping | None) -> Decided:
    voided = business_date(letter["ended_at"]) if letter["status"] == "voided" else None
    reply = AwaitedReply(letter["reply_due_on"], letter["answered_on"], voided, *_standing(row))
    columns = {
        "kind": EpisodeKind.REPLY.value,
        "letter_id": letter["id"],
        "organisation_id": letter["addressee_organisation_id"],
        "enterprise_id": letter["addressee_enterprise_id"],
    }
    due = reply_due(reply, known.night.on, known.night.edition, known.calendar)
    return Decided(columns, None if row is None else row["id"], due)


async def aggregates_due(context: Context, known: Known) -> list[Decided]:
    """Units, departments and enterprises with too many overdue at once, and those that have fewer again."""
    counts: dict[tuple[str, int], int] = defaultdict(int)
    for row in await context.session.execute(_OVERDUE_OPEN, {"night": known.night.on}):
        unit = known.places.district(row.unit_id)
        subjects = (
            ("unit_id", unit),
            ("organisation_id", row.lead_organisation_id),
            ("enterprise_id", row.enterprise_id),
        )
        for column, subject in subjects:
            if subject is not None:
                counts[column, subject] += row.overdue
    past: dict[tuple[str, int], list[RowMapping]] = defaultdict(list)
    for episode in (await context.session.execute(_OF_SUBJECTS, known.night.values)).mappings():
        column = next(name for name in ("unit_id", "organisation_id", "enterprise_id") if episode[name] is not None)
        past[column, episode[column]].append(episode)
    limit = known.night.edition.ladder.aggregate_overdue_count
    asked = {key for key, count in counts.items() if count >= limit}
    asked |= {key for key, rows in past.items() if rows[-1]["ended_on"] is None}
    decided = [_too_many(known, key, counts[key], past[key]) for key in sorted(asked)]
    return [one for one in decided if not one.due.is_empty]


def _too_many(known: Known, key: tuple[str, int], overdue: int, rows: Sequence[RowMapping]) -> Decided:
    if any(max(row["opened_on"], row["ended_on"] or date.min) > known.night.on for row in rows):
        # Today's counts say nothing of a night that is long past.
        return Decided({}, None, Due())
    running = next((row for row in rows if row["ended_on"] is None), None)
    subject = Aggregate(
        overdue, tuple(fact_of(row) for row in rows), () if running is None else suspensions_of(running)
    )
    columns = {"kind": EpisodeKind.AGGREGATE.value, key[0]: key[1]}
    due = aggregate_due(subject, known.night.on, known.night.edition, known.calendar)
    return Decided(columns, None if running is None else running["id"], due)


def _standing(row: RowMapping | None) -> tuple[EpisodeFact | None, tuple[Suspension, ...]]:
    return (None, ()) if row is None else (fact_of(row), suspensions_of(row))


def fact_of(row: RowMapping) -> EpisodeFact:
    """A row of `EPISODES` as the rule book reads it."""
    return EpisodeFact(
        EpisodeKind(row["kind"]),
        EpisodeCause(row["cause"]),
        row["ordinal"],
        row["counts_from"],
        row["opened_on"],
        row["carried_rung"],
        row["ended_on"],
        EpisodeEnd(row["ended_as"]) if row["ended_as"] else None,
        tuple(_raised(one) for one in row["raised"] or ()),
    )


def _raised(one: Sequence[Any]) -> RaisedFact:
    rung, raised_on, reason, days, served_on, reply_due_on, answered_on = one
    return RaisedFact(
        Rung(rung),
        date.fromisoformat(raised_on),
        RaiseReason(reason),
        days,
        *(None if day is None else date.fromisoformat(day) for day in (served_on, reply_due_on, answered_on)),
    )


def suspensions_of(row: RowMapping) -> tuple[Suspension, ...]:
    """Its approved suspensions."""
    return tuple(
        Suspension(Rung(rung) if rung else None, date.fromisoformat(from_on), date.fromisoformat(until_on))
        for rung, from_on, until_on in row["suspensions"] or ()
    )
