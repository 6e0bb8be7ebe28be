"""What a night writes, as statements over a batch: each takes its selection, inserts it, and audits it in one go.

Every statement answers (done, told): rows written and audit events appended; the two are equal or the batch is undone.
Raising moves no hazard's version. Only identifiers, days and words go into the trail.
"""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import TextClause, text

from app.escalation.night.climb import TERM_RUNGS
from app.escalation.night.history import Fragments, with_queries
from app.escalation.night.term import TERM
from app.infrastructure.context import Context
from app.infrastructure.security import canonical_json

_NOTHING_BEFORE: Final = "decode(repeat('00', 32), 'hex')"

_EVENT_OF_HEAD: Final = """
    INSERT INTO audit_event
        (stream_id, serial, hazard_id, event, payload, previous_sha256, sha256, account_id, request_id)
    SELECT id, length, hazard_id, event, payload, previous_sha256, head_sha256, NULL, :request_id FROM head
    RETURNING 1
"""
_MOVED_HEADS: Final = """
    UPDATE audit_stream s
       SET length = s.length + 1, previous_sha256 = s.head_sha256, head_sha256 = sha256(s.head_sha256 || t.payload)
      FROM told t WHERE s.kind = t.kind AND s.subject_id = t.subject_id
    RETURNING s.id, s.length, s.previous_sha256, s.head_sha256, s.hazard_id, t.payload, t.event
"""
_FIRST_HEADS: Final = """
    SELECT s.*, t.payload, t.event FROM told t JOIN made s ON s.subject_id = t.subject_id AND s.kind = t.kind
"""
_MADE: Final = f"""
    INSERT INTO audit_stream (kind, subject_id, hazard_id, length, previous_sha256, head_sha256)
    SELECT kind, subject_id, NULL, 1, {_NOTHING_BEFORE}, sha256({_NOTHING_BEFORE} || payload) FROM told
    RETURNING id, kind, subject_id, hazard_id, length, previous_sha256, head_sha256
"""  # noqa: S608 - own words
_COUNTS: Final = "SELECT (SELECT count(*) FROM done) AS done, (SELECT count(*) FROM event) AS told"


def written(selecting: Fragments, done: str, event: str, particulars: Mapping[str, str]) -> TextClause:
    """One statement: the selection, its writing (`done`, which returns `episode_id` and `hazard_id`), its audit.

    The event goes into the stream of the hazard, or of the episode where there is none. `particulars`: key → SQL of a
    number or of a quoted word of `done`.
    """
    return _told(selecting, done, event, particulars, {"head": _MOVED_HEADS})


def begun(selecting: Fragments, done: str, event: str, particulars: Mapping[str, str]) -> TextClause:
    """As `written`, of episodes without a hazard that open: each begins a stream."""
    return _told(selecting, done, event, particulars, {"made": _MADE, "head": _FIRST_HEADS})


def _told(selecting: Fragments, done: str, event: str, particulars: Mapping[str, str], heads: Fragments) -> TextClause:
    body = " || ',' || ".join(f"""'"{key}":' || {particulars[key]}""" for key in sorted(particulars))
    told = f"""
        SELECT kind, subject_id, '{event}' AS event,
               convert_to(CAST(:audit_head AS text) || '"{event}","particulars":{{' || {body}
                   || CAST(:audit_tail AS text) || subject_id || ',"kind":"' || kind || '"}}}}', 'UTF8')
                   AS payload
          FROM (SELECT done.*, CASE WHEN hazard_id IS NULL THEN 'episode' ELSE 'hazard' END AS kind,
                       coalesce(hazard_id, episode_id) AS subject_id FROM done) done
    """  # noqa: S608 - own words
    all_of_it = {**selecting, "done": done, "told": told, **heads, "event": _EVENT_OF_HEAD}
    return text(with_queries(all_of_it, _COUNTS))


def audit_parameters(context: Context) -> dict[str, object]:
    """The parts of an event's canonical form that are the same for a whole transaction."""
    actor = {"account": None, "appointment": None, "label": context.actor.label, "person": None}
    at, request = (canonical_json(one).decode() for one in (context.now.isoformat(), context.request_id))
    return {
        "audit_head": f'{{"actor":{canonical_json(actor).decode()},"at":{at},"event":',
        "audit_tail": f'}},"request":{request},"subject":{{"id":',
        "request_id": context.request_id,
    }


def quoted(expression: str) -> str:
    """A word as JSON has it."""
    return f"""'"' || {expression} || '"'"""


def dated(expression: str) -> str:
    """A day as JSON has it."""
    return f"""'"' || to_char({expression}, 'YYYY-MM-DD') || '"'"""


ENDED: Final = {
    "as": quoted("ended_as"),
    "episode": "episode_id",
    "on": dated("ended_on"),
    "run": "CAST(:run_id AS bigint)",
}
OPENED: Final = {
    "carried_rung": "carried_rung",
    "cause": quoted("cause"),
    "counts_from": dated("counts_from"),
    "edition": "edition_id",
    "episode": "episode_id",
    "ordinal": "ordinal",
    "run": "run_id",
}
RAISED: Final = {
    "days": "days",
    "edition": "edition_id",
    "episode": "episode_id",
    "on": dated("raised_on"),
    "raised_rung": "raised_rung_id",
    "reason": quoted("reason"),
    "rung": quoted("rung"),
    "run": "run_id",
}

END: Final = """
    UPDATE episode e SET ended_on = x.ended_on, ended_as = x.ended_as
      FROM ending x WHERE e.id = x.episode_id AND e.ended_on IS NULL AND x.ended_on IS NOT NULL
    RETURNING e.id AS episode_id, e.hazard_id, e.ended_on, e.ended_as
"""
_TURN: Final = """
    UPDATE episode e SET cause = 'overdue'
      FROM ending x WHERE e.id = x.episode_id AND e.ended_on IS NULL AND e.cause = 'slow' AND x.turns_overdue
    RETURNING e.id AS episode_id, e.hazard_id
"""
_OPEN: Final = """
    INSERT INTO episode
        (kind, cause, ordinal, hazard_id, cycle, counts_from, carried_rung, opened_on, run_id, edition_id)
    SELECT 'term', o.cause, o.ordinal, o.hazard_id, h.cycle, o.counts_from, o.carried_rung, :night, :run_id, :edition_id
      FROM opening o JOIN hazard h ON h.id = o.hazard_id
    ON CONFLICT DO NOTHING
    RETURNING id AS episode_id, hazard_id, cause, ordinal, counts_from, carried_rung, run_id, edition_id
"""
RAISE: Final = """
    INSERT INTO raised_rung (episode_id, hazard_id, rung, rung_order, reason, days, raised_on, run_id, edition_id)
    SELECT episode_id, hazard_id, rung, rung_order, reason, days, :night, :run_id, :edition_id
      FROM raising WHERE episode_id IS NOT NULL
    ON CONFLICT DO NOTHING
    RETURNING id AS raised_rung_id, episode_id, hazard_id, rung, reason, days, raised_on, run_id, edition_id
"""
_REMIND: Final = """
    INSERT INTO reminder (hazard_id, due_on, days_before, raised_on, run_id)
    SELECT hazard_id, due_on, days_before, :night, :run_id FROM reminding
    ON CONFLICT DO NOTHING
    RETURNING id AS reminder_id, NULL::bigint AS episode_id, hazard_id, due_on, days_before
"""

END_TERMS: Final = written(TERM, END, "hazard:episode:ended", ENDED)
TURN_TERMS: Final = written(
    TERM, _TURN, "hazard:episode:turned_overdue", {"episode": "episode_id", "run": "CAST(:run_id AS bigint)"}
)
OPEN_TERMS: Final = written(TERM, _OPEN, "hazard:episode:opened", OPENED)
RAISE_TERMS: Final = written(TERM_RUNGS, RAISE, "hazard:rung:raised", RAISED)
REMIND: Final = written(
    TERM,
    _REMIND,
    "hazard:reminder:raised",
    {
        "days_before": "days_before",
        "due_on": dated("due_on"),
        "reminder": "reminder_id",
        "run": "CAST(:run_id AS bigint)",
    },
)

DUE_HAZARDS: Final = text(
    with_queries(
        TERM_RUNGS,
        "SELECT hazard_id, 'end' AS step FROM ending WHERE ended_on IS NOT NULL"
        " UNION ALL SELECT hazard_id, 'turn' FROM ending WHERE turns_overdue"
        " UNION ALL SELECT hazard_id, 'open' FROM opening UNION ALL SELECT hazard_id, 'raise' FROM raising"
        " UNION ALL SELECT hazard_id, 'remind' FROM reminding",
    )
)
"""Which hazards have what to be done, of those in `:ids`; nothing is locked or written."""
