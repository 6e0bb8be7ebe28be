"""One step up the ladder of a term as SQL: the twin of `regulation.ladder_climb`."""

import json
from typing import Final

from app.escalation.night.history import SERVED, Fragments
from app.escalation.night.term import TERM
from app.regulation.edition import Edition
from app.regulation.ladder_facts import RUNG_ORDERS

_RULES: Final = """
    SELECT * FROM jsonb_to_recordset(CAST(:rungs AS jsonb))
        AS q(rung text, rung_order int, threshold int, wait int, slow boolean, no_reply boolean)
"""

_RUNNING: Final = """
    SELECT e.id AS episode_id, e.hazard_id, e.kind, e.ordinal, e.counts_from, e.carried_rung,
           CASE WHEN x.turns_overdue THEN 'overdue' ELSE e.cause END AS cause
      FROM episode e LEFT JOIN ending x ON x.episode_id = e.id
     WHERE e.kind = 'term' AND e.ended_on IS NULL AND e.opened_on <= :night
       AND e.hazard_id = ANY (CAST(:ids AS bigint[])) AND x.ended_on IS NULL
     UNION ALL
    SELECT NULL, o.hazard_id, 'term', o.ordinal, o.counts_from, o.carried_rung, o.cause
      FROM opening o
"""

_CLIMBER: Final = """
    SELECT r.*, sum(greatest(0, least(s.until_on, :night + 1) - greatest(s.from_on, r.counts_from + 1))) AS days
      FROM running r JOIN span s ON s.hazard_id = r.hazard_id
     GROUP BY r.episode_id, r.hazard_id, r.kind, r.ordinal, r.counts_from, r.carried_rung, r.cause
    HAVING bool_or(s.from_on <= :night AND (s.until_on IS NULL OR s.until_on > :night))
"""
"""Open episodes whose clock runs that night; at the end of a day on which it stands still nothing is raised."""

_LETTER_OF_RUNG: Final = f"""
    r.rung_order, r.raised_on,
    CASE WHEN {SERVED} <= :night THEN {SERVED} END AS served_on, l.reply_due_on,
    CASE WHEN l.answered_on <= :night THEN l.answered_on END AS answered_on
      FROM raised_rung r
      LEFT JOIN letter_item i ON i.raised_rung_id = r.id AND i.dropped_at IS NULL
      LEFT JOIN letter l ON l.id = i.letter_id
"""

_RAISING: Final = f"""
    SELECT c.episode_id, c.hazard_id, c.kind, c.ordinal, q.rung, q.rung_order, c.days,
           CASE WHEN q.slow AND c.cause = 'slow' THEN 'slow'
                WHEN c.days >= q.threshold THEN 'threshold' ELSE 'no_reply' END AS reason
      FROM climber c
      LEFT JOIN LATERAL (
           SELECT {_LETTER_OF_RUNG} WHERE r.episode_id = c.episode_id ORDER BY r.rung_order DESC LIMIT 1) own ON true
      LEFT JOIN LATERAL (
           SELECT {_LETTER_OF_RUNG}
             JOIN episode e ON e.id = r.episode_id AND e.kind = c.kind AND e.ordinal < c.ordinal
              AND e.hazard_id = c.hazard_id
            WHERE c.carried_rung > 0 AND own.rung_order IS NULL AND r.rung_order = c.carried_rung AND {SERVED} <= :night
            ORDER BY e.ordinal DESC LIMIT 1) carried ON true
      JOIN LATERAL (
           SELECT * FROM rule q WHERE q.rung_order > coalesce(own.rung_order, c.carried_rung)
            ORDER BY q.rung_order LIMIT 1) q ON true
      CROSS JOIN LATERAL (
           SELECT own.rung_order IS NOT NULL OR carried.rung_order IS NOT NULL AS is_there,
                  coalesce(own.raised_on, carried.raised_on) AS raised_on,
                  CASE WHEN own.rung_order IS NULL THEN carried.served_on ELSE own.served_on END AS served_on,
                  CASE WHEN own.rung_order IS NULL THEN carried.reply_due_on ELSE own.reply_due_on END AS reply_due_on,
                  CASE WHEN own.rung_order IS NULL THEN carried.answered_on ELSE own.answered_on END AS answered_on
           ) before
     WHERE (NOT before.is_there OR (before.raised_on < :night AND :night - before.served_on >= q.wait))
       AND (c.days >= q.threshold OR (q.slow AND c.cause = 'slow')
            OR (q.no_reply AND before.reply_due_on < :night AND before.answered_on IS NULL))
       AND NOT EXISTS (SELECT 1 FROM rung_suspension u
                        WHERE u.episode_id = c.episode_id AND u.approved_at IS NOT NULL
                          AND (u.rung IS NULL OR u.rung = q.rung) AND :night BETWEEN u.from_on AND u.until_on)
"""  # noqa: S608 - own words

CLIMB: Final[Fragments] = {"rule": _RULES, "climber": _CLIMBER, "raising": _RAISING}

TERM_RUNGS: Final[Fragments] = {**TERM, "running": _RUNNING, **CLIMB}
"""`raising`: the rungs of term episodes, whether the episode stands already or opens that night."""


def rungs_of(edition: Edition) -> str:
    """The enabled rungs of a term, as `:rungs` binds them."""
    rows = [
        {
            "rung": one.rung.value,
            "rung_order": RUNG_ORDERS[one.rung],
            "threshold": one.threshold_days,
            "wait": one.wait_days,
            "slow": "slow" in one.also_when,
            "no_reply": "no_reply" in one.also_when,
        }
        for one in edition.ladder.rungs
        if one.enabled
    ]
    return json.dumps(rows)
