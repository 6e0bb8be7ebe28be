"""The term episodes of a night as SQL: the twin of `regulation.ladder`. What ends, what opens, whom to remind.

`ending`, `opening` and `reminding` only select; the run inserts what they find, the rehearsal shows it.
"""

from typing import Final

from app.escalation.night.history import PAST, SERVED, Fragments, first_counted, held_until, slow_since

_MOVES: Final = "('submit_plan', 'approve_plan', 'return_plan', 'report_progress')"

_OVERDUE: Final = f"""
    SELECT found.id, found.counts_from, greatest(found.counts_from, hold.until_on) + 1 AS first_night
      FROM (SELECT k.id, k.sector, {first_counted("k", ":night", "k.deadline")} AS counts_from
              FROM known k JOIN span s ON s.hazard_id = k.id
             WHERE k.deadline < :night
             GROUP BY k.id, k.sector, k.deadline, k.is_legacy) found
      LEFT JOIN LATERAL ({held_until("found", ":night")}) hold ON true
     WHERE found.counts_from < :night
"""  # noqa: S608 - own words
"""Expired deadlines: from when they count, and the first night on which they open an episode."""

_RUNNING_AT_DUSK: Final = f"""
    SELECT e.id AS episode_id, e.hazard_id AS id, e.cause, e.counts_from, k.sector, k.is_legacy,
           min(s.day) FILTER (WHERE s.day >= e.opened_on AND s.state IN ('closed', 'dismissed')) AS closed_on,
           min(s.day) FILTER (WHERE s.day >= e.opened_on AND s.granted AND s.deadline > e.counts_from) AS granted_on,
           max(s.day) FILTER (WHERE s.act IN {_MOVES} OR s.granted) AS moved_on
      FROM episode e JOIN known k ON k.id = e.hazard_id JOIN step s ON s.hazard_id = e.hazard_id
     WHERE e.kind = 'term' AND e.ended_on IS NULL AND e.opened_on <= :night
       AND e.hazard_id = ANY (CAST(:ids AS bigint[])) AND s.day <= :night
     GROUP BY e.id, e.hazard_id, e.cause, e.counts_from, k.sector, k.is_legacy
"""  # noqa: S608 - own words

_PAST_OF_SLOW: Final = """
    SELECT r.*, coalesce(least(r.closed_on, r.granted_on) - 1, :night) AS upto, r.counts_from + 1 AS first_on,
           CASE WHEN num_nonnulls(r.closed_on, r.granted_on) = 0 THEN k.deadline
                ELSE (array_agg(s.deadline ORDER BY s.version DESC)
                      FILTER (WHERE s.day < least(r.closed_on, r.granted_on)))[1] END AS deadline
      FROM running_at_dusk r JOIN known k ON k.id = r.id JOIN step s ON s.hazard_id = r.id
     WHERE r.cause = 'slow' AND r.moved_on > r.counts_from
     GROUP BY r.episode_id, r.id, r.cause, r.counts_from, r.sector, r.is_legacy, r.closed_on, r.granted_on, r.moved_on,
              k.deadline
"""
"""Only who has moved since can have caught up; looked at as of the day before whatever else ended it."""

_CAUGHT_UP: Final = f"""
    SELECT p.episode_id, min(candidate.day) AS on_day
      FROM past_of_slow p
      CROSS JOIN LATERAL (
           SELECT {first_counted("p", "p.upto", "p.deadline")} AS counts_from,
                  coalesce(max(s.from_on) FILTER (WHERE s.from_on <= least(p.counts_from, p.upto)),
                           date '0001-01-01') AS stood_from
             FROM span s WHERE s.hazard_id = p.id) past
      LEFT JOIN LATERAL ({held_until("p", "p.upto")}) hold ON true
      CROSS JOIN LATERAL (
           SELECT p.first_on AS day
            UNION
           SELECT s.day FROM step s WHERE s.hazard_id = p.id AND s.day BETWEEN p.first_on AND p.upto
              AND s.act IN {_MOVES}) candidate
      CROSS JOIN LATERAL ({slow_since("p", "candidate.day", "past.stood_from")}) slow
     WHERE candidate.day <= p.upto
       AND (past.counts_from IS NULL OR candidate.day < greatest(past.counts_from, hold.until_on) + 1)
       AND (slow.since IS NULL OR slow.since > candidate.day)
     GROUP BY p.episode_id
"""  # noqa: S608 - own words
"""Slow enterprises that reported in time: before another end, and before their deadline had passed."""

_ENDING: Final = """
    SELECT r.episode_id, r.id AS hazard_id,
           coalesce(c.on_day, least(r.closed_on, r.granted_on)) AS ended_on,
           CASE WHEN c.on_day IS NOT NULL THEN 'caught_up'
                WHEN r.closed_on <= coalesce(r.granted_on, r.closed_on) THEN 'closed'
                WHEN r.granted_on IS NOT NULL THEN 'extended' END AS ended_as,
           r.cause = 'slow' AND num_nonnulls(c.on_day, r.closed_on, r.granted_on) = 0
               AND o.first_night <= :night AS turns_overdue
      FROM running_at_dusk r
      LEFT JOIN caught_up c ON c.episode_id = r.episode_id
      LEFT JOIN overdue o ON o.id = r.id
     WHERE num_nonnulls(c.on_day, r.closed_on, r.granted_on) > 0 OR (r.cause = 'slow' AND o.first_night <= :night)
"""

_CANDIDATES: Final = """
    SELECT k.*, s.from_on AS stood_from, o.counts_from, o.first_night
      FROM known k
      JOIN span s ON s.hazard_id = k.id AND s.from_on <= :night AND (s.until_on IS NULL OR s.until_on > :night)
      LEFT JOIN overdue o ON o.id = k.id AND o.first_night <= :night
     WHERE NOT EXISTS (SELECT 1 FROM episode e
                        WHERE e.kind = 'term' AND e.hazard_id = k.id
                          AND (e.opened_on > :night OR e.ended_on > :night
                               OR (e.ended_on IS NULL AND NOT EXISTS (
                                   SELECT 1 FROM ending x WHERE x.episode_id = e.id AND x.ended_on IS NOT NULL))))
"""

_OPENING: Final = f"""
    SELECT c.id AS hazard_id, CASE WHEN c.counts_from IS NULL THEN 'slow' ELSE 'overdue' END AS cause,
           CASE WHEN slow.since < c.first_night THEN slow.since - 1
                WHEN c.first_night < slow.since THEN c.counts_from
                ELSE least(c.counts_from, slow.since - 1) END AS counts_from,
           (SELECT count(*) FROM episode e WHERE e.kind = 'term' AND e.hazard_id = c.id) + 1 AS ordinal,
           (SELECT coalesce(max(greatest(e.carried_rung, (
                       SELECT max(r.rung_order) FROM raised_rung r
                         JOIN letter_item i ON i.raised_rung_id = r.id AND i.dropped_at IS NULL
                         JOIN letter l ON l.id = i.letter_id
                        WHERE r.episode_id = e.id AND {SERVED} <= :night))), 0)
              FROM episode e WHERE e.kind = 'term' AND e.hazard_id = c.id AND e.opened_on > c.stretch_on)
               AS carried_rung
      FROM candidate c
      LEFT JOIN LATERAL (SELECT since FROM ({slow_since("c", ":night", "c.stood_from")}) one WHERE since <= :night) slow
        ON true
     WHERE c.counts_from IS NOT NULL OR slow.since IS NOT NULL
"""  # noqa: S608 - own words

_REMINDING: Final = """
    SELECT k.id AS hazard_id, k.deadline AS due_on, min(d.days) AS days_before
      FROM known k CROSS JOIN unnest(CAST(:reminder_days AS int[])) AS d(days)
     WHERE k.state = 'listed' AND k.deadline >= :night AND k.deadline - :night <= d.days
     GROUP BY k.id, k.deadline
    HAVING NOT EXISTS (SELECT 1 FROM reminder m
                        WHERE m.hazard_id = k.id AND m.due_on = k.deadline AND m.days_before = min(d.days))
"""

TERM: Final[Fragments] = {
    **PAST,
    "overdue": _OVERDUE,
    "running_at_dusk": _RUNNING_AT_DUSK,
    "past_of_slow": _PAST_OF_SLOW,
    "caught_up": _CAUGHT_UP,
    "ending": _ENDING,
    "candidate": _CANDIDATES,
    "opening": _OPENING,
    "reminding": _REMINDING,
}
"""`ending` (with episodes whose cause turns from slow to overdue), `opening` and `reminding`."""
