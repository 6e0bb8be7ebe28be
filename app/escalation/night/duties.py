"""What waits for a regulator, hazard by hazard, since when and with which limit; as the worklist shows it to the post.

The selection gathers facts; `regulation.ladder_clocks` decides over them.
"""

from typing import Final

from sqlalchemy import text

from app.escalation.night.history import clock_terms, day_of, with_queries

_CLOCKED: Final = {
    "determine": """
        SELECT h.id, h.sector, h.reported_at AS since, p.organisation_id
          FROM hazard h JOIN LATERAL (
               SELECT organisation_id FROM hazard_party p WHERE p.hazard_id = h.id AND p.role = 'sector_receiver'
                  AND p.ended_at IS NULL ORDER BY p.id LIMIT 1) p ON true
         WHERE h.state = 'reported' AND h.determined_at IS NULL
    """,
    "list": """
        SELECT h.id, h.sector, h.determined_at AS since,
               (CAST(:offices AS jsonb) ->> h.unit_id::text)::bigint AS organisation_id
          FROM hazard h WHERE h.state = 'reported' AND h.determined_at IS NOT NULL
    """,
    "decide_plan": """
        SELECT h.id, h.sector, p.recorded_at AS since, h.lead_organisation_id AS organisation_id
          FROM hazard h JOIN LATERAL (
               SELECT id, recorded_at FROM plan WHERE hazard_id = h.id ORDER BY id DESC LIMIT 1) p ON true
         WHERE h.state = 'listed' AND NOT EXISTS (SELECT 1 FROM plan_decision d WHERE d.plan_id = p.id)
    """,
    "decide_extension": """
        SELECT h.id, h.sector, x.since, h.listing_office_id AS organisation_id
          FROM hazard h JOIN LATERAL (
               SELECT max(r.recorded_at) AS since FROM extension_request r
                WHERE r.hazard_id = h.id AND r.cycle = h.cycle AND r.transition_id IS NOT NULL
                  AND NOT EXISTS (SELECT 1 FROM extension_decision d WHERE d.extension_request_id = r.id)) x ON true
         WHERE h.state = 'listed'
    """,
    "answer_transfer": """
        SELECT h.id, h.sector, t.recorded_at AS since, t.to_organisation_id AS organisation_id
          FROM hazard h JOIN LATERAL (
               SELECT * FROM transfer WHERE hazard_id = h.id ORDER BY id DESC LIMIT 1) t ON true
         WHERE h.state = 'listed' AND NOT t.decided_by_office
           AND NOT EXISTS (SELECT 1 FROM transfer_refusal r WHERE r.transfer_id = t.id)
           AND NOT EXISTS (SELECT 1 FROM hazard_transition x JOIN appointment a ON a.id = x.appointment_id
                             JOIN post p ON p.id = a.post_id AND p.organisation_id = t.to_organisation_id
                            WHERE x.hazard_id = h.id AND x.id > t.transition_id AND x.restates IS NULL)
    """,
    "verify": """
        SELECT h.id, h.sector, t.since, h.lead_organisation_id AS organisation_id
          FROM hazard h JOIN LATERAL (
               SELECT max(recorded_at) AS since FROM hazard_transition WHERE hazard_id = h.id
                  AND act IN ('declare', 'refuse_signature', 'correct')) t ON true
         WHERE h.state = 'rectified'
           AND EXISTS (SELECT 1 FROM declaration d
                        WHERE d.hazard_id = h.id AND d.cycle = h.cycle AND d.transition_id IS NOT NULL)
           AND NOT EXISTS (SELECT 1 FROM signing_round r WHERE r.hazard_id = h.id
                              AND NOT EXISTS (SELECT 1 FROM round_end e WHERE e.round_id = r.id))
    """,
    "delist": """
        SELECT h.id, h.sector, h.closed_at AS since, h.listing_office_id AS organisation_id
          FROM hazard h
         WHERE h.state = 'closed' AND h.delisted_at IS NULL AND h.level = 'major' AND NOT h.is_legacy
           AND NOT (h.fixed_on_the_spot AND h.cycle = 1)
    """,
    "revisit": """
        SELECT h.id, h.sector, h.delisted_at AS since, h.lead_organisation_id AS organisation_id
          FROM hazard h WHERE h.state = 'closed' AND h.delisted_at IS NOT NULL AND h.revisited_at IS NULL
    """,
}
"""Clock of the edition → who waits for it: hazard, since, organisation."""

_SIGN: Final = """
    SELECT h.id, h.sector, 'sign' AS duty, v.organisation_id, v.limit_days AS days,
           v.limit_unit AS unit, false AS roll,
           greatest(g.opened_at, (SELECT max(s.signed_at) FROM signature s WHERE s.round_id = g.id)) AS since
      FROM hazard h JOIN signing_round g ON g.hazard_id = h.id JOIN round_level v ON v.round_id = g.id
     WHERE h.id = ANY (CAST(:ids AS bigint[])) AND NOT EXISTS (SELECT 1 FROM round_end e WHERE e.round_id = g.id)
       AND v.level = (SELECT min(w.level) FROM round_level w WHERE w.round_id = g.id AND NOT EXISTS (
               SELECT 1 FROM signature s WHERE s.round_id = g.id AND s.level = w.level AND NOT EXISTS (
                   SELECT 1 FROM signature_withdrawal d WHERE d.signature_id = s.id)))
"""


def _clocked(duty: str, waiting: str) -> str:
    days, unit, roll = clock_terms(f"'{duty}'", "w.sector")
    return f"""
        SELECT w.id, w.sector, '{duty}' AS duty, w.organisation_id, {days} AS days, {unit} AS unit, {roll} AS roll,
               w.since
          FROM ({waiting} AND h.id = ANY (CAST(:ids AS bigint[]))) w
    """  # noqa: S608 - own words


_WAITING: Final = " UNION ALL ".join((*(_clocked(duty, one) for duty, one in _CLOCKED.items()), _SIGN))

DUTIES: Final = text(
    with_queries(
        {"waiting": _WAITING},
        f"""
        SELECT w.*, {day_of("w.since")} AS since_on FROM waiting w
         WHERE w.since IS NOT NULL AND w.organisation_id IS NOT NULL
           AND ({day_of("w.since")} + w.days < :night OR EXISTS (
                SELECT 1 FROM episode e WHERE e.hazard_id = w.id AND e.kind = 'duty' AND e.ended_on IS NULL))
        """,  # noqa: S608 - own words
    )
)
"""The duties of the hazards `:ids` that may be late on `:night`, and all of hazards with a duty's episode open."""

ENDS: Final = {
    "determine": ("determine", "dismiss"),
    "list": ("list", "list_fixed_on_the_spot", "dismiss"),
    "decide_plan": ("approve_plan", "return_plan", "declare", "transfer"),
    "decide_extension": ("decide_extension", "declare", "change_supervision_level"),
    "answer_transfer": ("refuse_transfer", "transfer", "approve_plan", "return_plan", "declare"),
    "verify": ("pass_verification", "fail_verification", "transfer"),
    "delist": ("delist", "fail_revisit", "relapse"),
    "revisit": ("pass_revisit", "fail_revisit", "relapse"),
    "sign": ("sign", "refuse_signature", "withdraw_signature", "correct"),
}
"""Acts that discharge a duty, or take it from that organisation."""

DONE_ON: Final = text(
    f"""
    SELECT e.id AS episode_id,
           coalesce((SELECT min({day_of("t.recorded_at")}) FROM hazard_transition t
                      WHERE t.hazard_id = e.hazard_id AND t.restates IS NULL AND t.recorded_at > e.duty_since
                        AND (CAST(:ends AS jsonb) -> e.duty) ? t.act),
                    {day_of("h.last_act_at")}) AS done_on
      FROM episode e JOIN hazard h ON h.id = e.hazard_id
     WHERE e.id = ANY (CAST(:episodes AS bigint[]))
    """  # noqa: S608 - own words
)
"""The day on which a duty that no longer waits was done, or stopped being that organisation's."""

HAZARDS_WITH_DUTIES: Final = text(
    """
    SELECT h.id FROM hazard h
     WHERE h.id > :last AND (h.state IN ('reported', 'listed', 'rectified')
            OR (h.state = 'closed' AND (h.delisted_at IS NULL OR h.revisited_at IS NULL) AND NOT h.is_legacy)
            OR EXISTS (SELECT 1 FROM episode e WHERE e.hazard_id = h.id AND e.kind = 'duty' AND e.ended_on IS NULL))
     ORDER BY h.id LIMIT :window
    """
)
