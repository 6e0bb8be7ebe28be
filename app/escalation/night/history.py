"""What a night reads of a hazard's past, as SQL: the twin of `regulation.ladder_history`, word for word.

Every fragment reads the hazards `:ids` as of the business date `:night`. Days are dates in Asia/Shanghai, whatever the
session's time zone. The pieces stand here; `term`, `clocks` and `climb` put them together.
"""

import json
from collections.abc import Mapping
from typing import Final

from app.regulation.edition import Edition
from app.regulation.ladder_history import STRETCH_STARTS

Fragments = Mapping[str, str]
"""Name of a WITH query → its SELECT, in the order they are to stand."""

_PLAN_ACTS: Final = "('submit_plan', 'approve_plan', 'return_plan')"
_MOVES: Final = "('submit_plan', 'approve_plan', 'return_plan', 'report_progress')"
_STRETCHES: Final = ", ".join(f"'{act.value}'" for act in sorted(STRETCH_STARTS))
_NEVER: Final = "date '0001-01-01'"


def day_of(instant: str) -> str:
    """The business date of an instant."""
    return f"({instant} AT TIME ZONE 'Asia/Shanghai')::date"


def with_queries(fragments: Fragments, last: str) -> str:
    """One statement of them all."""
    told = ",\n".join(f"{name} AS ({select})" for name, select in fragments.items())
    return f"WITH {told} {last}"


def counted(start: str, days: str, unit: str, roll: str) -> str:
    """The last day of a term, as `deadlines.count` finds it."""
    worked = "coalesce(c.is_working_day, extract(isodow FROM d.day) < 6)"
    ahead = (
        "(SELECT max(w.day) FROM (SELECT d.day FROM"
        " (SELECT {start} + n AS day FROM generate_series(1, {days} * 2 + 90) n) d"
        " LEFT JOIN calendar_day c ON c.day = d.day WHERE {worked} ORDER BY d.day LIMIT {days}) w)"
    )
    last = f"CASE WHEN {unit} = 'working' THEN coalesce({ahead}, {start}) ELSE {start} + {days} END"
    last = last.format(start=start, days=days, worked=worked)
    rolled = f"""(SELECT min(d.day) FROM (SELECT f.last + n AS day FROM generate_series(0, 60) n) d
                    LEFT JOIN calendar_day c ON c.day = d.day WHERE {worked})"""  # noqa: S608 - own words
    return f"(SELECT CASE WHEN {roll} THEN {rolled} ELSE f.last END FROM (SELECT {last} AS last) f)"  # noqa: S608 - own words


SERVED: Final = "coalesce(l.served_on, CASE WHEN l.status = 'issued' THEN l.dispatched_on + :deemed_days END)"
"""When a letter `l` was served: by its receipt, or as it is deemed to be, recorded by a night or not yet."""

STEPS: Final = f"""
    SELECT t.hazard_id, t.version, {day_of("t.occurred_at")} AS day, t.act, t.to_state AS state,
           t.current_deadline AS deadline, coalesce(x.granted, false) AS granted,
           lead({day_of("t.occurred_at")}) OVER (PARTITION BY t.hazard_id ORDER BY t.version)
               IS DISTINCT FROM {day_of("t.occurred_at")} AS ends_day
      FROM hazard_transition t
      LEFT JOIN extension_decision x
        ON t.act = 'decide_extension' AND x.hazard_id = t.hazard_id AND x.transition_id = t.id
     WHERE t.restates IS NULL AND t.hazard_id = ANY (CAST(:ids AS bigint[]))
"""  # noqa: S608 - own words

KNOWN: Final = f"""
    SELECT h.id, h.sector, h.is_legacy,
           CASE WHEN bool_or(s.day > :night) THEN
               (array_agg(s.deadline ORDER BY s.version DESC) FILTER (WHERE s.day <= :night))[1]
               ELSE h.current_deadline END AS deadline,
           (array_agg(s.state ORDER BY s.version DESC) FILTER (WHERE s.day <= :night))[1] AS state,
           coalesce(max(s.day) FILTER (WHERE s.day <= :night AND s.act IN ({_STRETCHES})), {_NEVER}) AS stretch_on
      FROM hazard h JOIN step s ON s.hazard_id = h.id
     WHERE h.id = ANY (CAST(:ids AS bigint[]))
     GROUP BY h.id
"""  # noqa: S608 - own words

PAUSES: Final = f"""
    SELECT r.hazard_id, {day_of("r.opened_at")} AS opened_on, {day_of("e.ended_at")} AS ended_on
      FROM signing_round r LEFT JOIN round_end e ON e.round_id = r.id
     WHERE r.hazard_id = ANY (CAST(:ids AS bigint[])) AND r.purpose IN ('withdrawal', 'cessation')
"""  # noqa: S608 - own words

_TURNS: Final = """
    SELECT hazard_id, day, max(state) AS state, sum(opened) AS opened
      FROM (SELECT hazard_id, day, state, 0 AS opened FROM step WHERE ends_day
            UNION ALL SELECT hazard_id, opened_on, NULL, 1 FROM pause
            UNION ALL SELECT hazard_id, ended_on, NULL, -1 FROM pause WHERE ended_on IS NOT NULL) one
     GROUP BY hazard_id, day
"""
_ENDS_OF_DAYS: Final = """
    SELECT hazard_id, day,
           max(state) OVER (PARTITION BY hazard_id, nth) = 'listed' AND open_rounds = 0 AS stands
      FROM (SELECT hazard_id, day, state, count(state) OVER so_far AS nth, sum(opened) OVER so_far AS open_rounds
              FROM turn WINDOW so_far AS (PARTITION BY hazard_id ORDER BY day)) filled
"""
_SPANS: Final = """
    SELECT hazard_id, day AS from_on, until_on
      FROM (SELECT hazard_id, day, stands, lead(day) OVER (PARTITION BY hazard_id ORDER BY day) AS until_on
              FROM (SELECT hazard_id, day, coalesce(stands, false) AS stands,
                           coalesce(lag(stands) OVER (PARTITION BY hazard_id ORDER BY day), false) AS before
                      FROM end_of_day) changes
             WHERE stands <> before) spans
     WHERE stands
"""

PAST: Final[Fragments] = {
    "step": STEPS,
    "known": KNOWN,
    "pause": PAUSES,
    "turn": _TURNS,
    "end_of_day": _ENDS_OF_DAYS,
    "span": _SPANS,
}
"""`known` (deadline, state, start of the stretch) and `span` (days on which the enterprise's clock ran)."""

_STEPS_UPTO: Final = f"""
    SELECT t.id, t.version, t.act, t.current_deadline AS deadline, {day_of("t.occurred_at")} AS day,
           coalesce(x.granted, false) AS granted
      FROM hazard_transition t
      LEFT JOIN extension_decision x
        ON t.act = 'decide_extension' AND x.hazard_id = t.hazard_id AND x.transition_id = t.id
     WHERE t.restates IS NULL AND t.hazard_id = {{hazard}} AND {day_of("t.occurred_at")} <= {{upto}}
"""  # noqa: S608 - own words


_FLOOR: Final = "greatest({deadline}, CASE WHEN {hazard}.is_legacy THEN CAST(:go_live AS date) END)"


def first_counted(hazard: str, upto: str, deadline: str) -> str:
    """Of spans `s`: the last day not counted after a deadline as known on a day; null where it never came to that."""
    floor = _FLOOR.format(deadline=deadline, hazard=hazard)
    return (
        f"CASE WHEN {deadline} IS NOT NULL THEN min(greatest({floor}, s.from_on)) FILTER (WHERE s.from_on <= {upto}"
        f" AND (s.until_on IS NULL OR s.until_on > {upto} OR greatest({floor}, s.from_on) + 1 < s.until_on)) END"
    )


def held_until(hazard: str, upto: str) -> str:
    """`until_on`: the last night on which a timely request, as known on a day, keeps an episode from opening."""
    steps = _STEPS_UPTO.format(hazard=f"{hazard}.id", upto=upto)
    last = counted("asked.day", *clock_terms("'decide_extension'", f"{hazard}.sector"))
    return f"""
        WITH steps AS ({steps})
        SELECT least({last}, (SELECT min(later.day) - 1 FROM steps later
                               WHERE later.version > asked.version
                                 AND later.act IN ('decide_extension', 'declare'))) AS until_on
          FROM (SELECT * FROM steps WHERE act = 'request_extension' ORDER BY version DESC LIMIT 1) asked
         WHERE asked.day <= asked.deadline
    """  # noqa: S608 - own words


def slow_since(hazard: str, upto: str, stood_from: str) -> str:
    """`since`: the first day of slowness as known on a day; null while a plan awaits its decision."""
    steps = _STEPS_UPTO.format(hazard=f"{hazard}.id", upto=upto)
    plans = f"FILTER (WHERE act IN {_PLAN_ACTS})"
    return f"""
        SELECT CASE WHEN moved.plan_act = 'submit_plan' THEN NULL ELSE
                   least(greatest(moved.floor_on, moved.last_on) + :slow_progress_days, missed.since) END AS since
          FROM (SELECT greatest({stood_from}, max(day) FILTER (WHERE act IN ({_STRETCHES})),
                                CASE WHEN {hazard}.is_legacy THEN CAST(:go_live AS date) END) AS floor_on,
                       max(day) FILTER (WHERE act IN {_MOVES} OR granted) AS last_on,
                       max(day) FILTER (WHERE granted) AS granted_on,
                       coalesce(max(day) FILTER (WHERE act IN ({_STRETCHES})), {_NEVER}) AS stretch_on,
                       (array_agg(act ORDER BY version DESC) {plans})[1] AS plan_act,
                       (array_agg(day ORDER BY version DESC) {plans})[1] AS plan_on,
                       (array_agg(id ORDER BY version DESC) {plans})[1] AS plan_transition
                  FROM ({steps}) steps) moved
          LEFT JOIN LATERAL (
               SELECT min(greatest(m.due_on, moved.floor_on, moved.plan_on, moved.granted_on)) + :slow_milestone_days
                          AS since
                 FROM plan_decision approval JOIN plan its_plan ON its_plan.id = approval.plan_id,
                      jsonb_to_recordset(its_plan.milestones -> 'items') AS m(name text, due_on date)
                WHERE approval.hazard_id = {hazard}.id AND approval.transition_id = moved.plan_transition
                  AND NOT EXISTS (
                      SELECT 1 FROM progress g JOIN hazard_transition gt ON gt.id = g.transition_id
                       WHERE g.hazard_id = {hazard}.id AND g.milestone = m.name
                         AND {day_of("gt.occurred_at")} <= {upto})
               ) missed ON moved.plan_act = 'approve_plan' AND moved.plan_on >= moved.stretch_on
    """  # noqa: S608 - own words


def clock_terms(clock: str, sector: str) -> tuple[str, str, str]:
    """Days, unit and roll of one of the edition's clocks for a sector, as `counted` wants them."""
    one = f"(CAST(:clocks AS jsonb) -> {clock})"
    days = f"coalesce(({one} -> 'by_sector' ->> {sector})::int, ({one} ->> 'days')::int)"
    return days, f"({one} ->> 'unit')", f"({one} ->> 'roll')::boolean"


def numbers_of(edition: Edition) -> dict[str, object]:
    """The edition's numbers that the fragments above bind; the calendar is the database's own."""
    clocks = {
        key: {"days": one.days, "unit": one.unit.value, "roll": one.roll, "by_sector": dict(one.by_sector)}
        for key, one in edition.clocks.items()
    }
    return {
        "clocks": json.dumps(clocks),
        "deemed_days": edition.ladder.deemed_service_days,
        "slow_progress_days": edition.limits.slow_progress_days,
        "slow_milestone_days": edition.limits.slow_milestone_days,
    }
