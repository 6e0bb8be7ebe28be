"""Reads of hazards: one, a page of many, a timeline; PostgreSQL makes the JSON, Python adds what the rules allow."""

import json
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, text

from app.hazards.facts import facts_of, relations_to
from app.hazards.scope import visible_hazards
from app.infrastructure.context import Context
from app.infrastructure.database import Glimpse
from app.infrastructure.driver import Statement, as_sent, read_together
from app.infrastructure.errors import NotFound
from app.reference.rulebook import edition_named, known_edition
from app.regulation import lifecycle
from app.regulation.edition import Edition
from app.regulation.facts import Actor, RoundFact
from app.regulation.masking import presented
from app.regulation.vocabulary import Act, Channel
from app.tables.hazards import Hazard

# Names and days by a SELECT of their own: each is then one look-up by key, and the day is asked once, not of each row.
_SHOWN = """
    SELECT json_build_object(
             'id', h.public_id, 'ledger_number', h.ledger_number, 'state', h.state, 'level', h.level,
             'version', h.version, 'cycle', h.cycle, 'channel', h.channel, 'sector', h.sector,
             'unit', json_build_object('code', u.code, 'name', u.name),
             'site', json_build_object('id', s.public_id, 'name', s.name, 'locality', s.locality,
                                        'longitude', s.longitude, 'latitude', s.latitude),
             'enterprise', CASE WHEN e.id IS NOT NULL THEN
                           json_build_object('id', e.public_id, 'code', e.code, 'name', e.name) END,
             'responsible_organisation',
                 (SELECT r.name FROM organisation r WHERE r.id = h.responsible_organisation_id),
             'finders', h.finders, 'found_on', h.found_on, 'place', h.place, 'circumstances', h.circumstances,
             'reporting_record', h.reporting_record, 'monitoring_measures', h.monitoring_measures,
             'reported_at', h.reported_at, 'determined_at', h.determined_at, 'listed_at', h.listed_at,
             'closed_at', h.closed_at, 'delisted_at', h.delisted_at, 'is_legacy', h.is_legacy,
             'fixed_on_the_spot', h.fixed_on_the_spot, 'supervision_tier', h.supervision_tier,
             'lead_department', (SELECT json_build_object('id', l.id, 'name', l.name)
                                   FROM organisation l WHERE l.id = h.lead_organisation_id),
             'listing_office', (SELECT json_build_object('id', o.id, 'name', o.name)
                                  FROM organisation o WHERE o.id = h.listing_office_id),
             'original_deadline', h.original_deadline, 'current_deadline', h.current_deadline,
             'deadline_is_provisional', h.deadline_is_provisional)::text AS view,
           row_to_json(f)::text AS facts,
           (SELECT encode(content_sha256, 'hex') FROM edition
             WHERE in_force_from <= (SELECT (registry_now() AT TIME ZONE 'Asia/Shanghai')::date)
             ORDER BY id DESC LIMIT 1) AS edition
      FROM (
"""
_OF_A_HAZARD = """
           ) AS h
     CROSS JOIN LATERAL hazard_facts(h.id) AS f
      JOIN site s ON s.id = h.site_id
      LEFT JOIN enterprise e ON e.id = h.enterprise_id
      LEFT JOIN unit_period u ON u.unit_id = h.unit_id
       AND daterange(u.valid_from, u.valid_until) @> (SELECT (registry_now() AT TIME ZONE 'Asia/Shanghai')::date)
"""
_BY_ID = "SELECT * FROM hazard WHERE id = %(hazard_id)s"

# A failed verification that names the running deadline sets none.
_DEADLINE = text(
    """
    WITH deadline_set AS (
        SELECT transition_id, 'listing' AS set_by, due_on FROM listing
         WHERE hazard_id = :hazard_id AND due_on IS NOT NULL
        UNION ALL
        SELECT transition_id, 'extension', granted_due_on FROM extension_decision
         WHERE hazard_id = :hazard_id AND granted
        UNION ALL
        SELECT transition_id, 'supervision_change', due_on FROM supervision_change
         WHERE hazard_id = :hazard_id AND due_on IS NOT NULL
        UNION ALL
        SELECT v.transition_id, 'verification', v.due_on FROM verification v
         WHERE v.hazard_id = :hazard_id AND NOT v.passed AND v.due_on IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM hazard_transition b WHERE b.hazard_id = :hazard_id
                                AND b.id < v.transition_id AND b.current_deadline IS NOT NULL)
        UNION ALL
        SELECT transition_id, 'revisit', due_on FROM revisit
         WHERE hazard_id = :hazard_id AND NOT passed AND due_on IS NOT NULL)
    SELECT jsonb_build_object(
             'original_deadline', h.original_deadline, 'current_deadline', h.current_deadline,
             'is_provisional', h.deadline_is_provisional, 'is_over', h.current_deadline <
                 (registry_now() AT TIME ZONE 'Asia/Shanghai')::date,
             'over_at', (h.current_deadline + 1)::timestamp AT TIME ZONE 'Asia/Shanghai',
             'explained', (SELECT l.due_explained FROM listing l WHERE l.hazard_id = h.id ORDER BY l.id DESC LIMIT 1),
             'extensions', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                                'requested_at', r.recorded_at, 'requested_due_on', r.requested_due_on,
                                'reason', r.reason, 'granted', d.granted, 'granted_due_on', d.granted_due_on,
                                'decided_at', d.recorded_at) ORDER BY r.id), '[]')
                              FROM extension_request r LEFT JOIN extension_decision d ON d.extension_request_id = r.id
                             WHERE r.hazard_id = h.id AND r.cycle = h.cycle),
             'last_set', (SELECT jsonb_build_object('by', s.set_by, 'act', t.act, 'due_on', s.due_on,
                                 'on', (t.recorded_at AT TIME ZONE 'Asia/Shanghai')::date)
                            FROM deadline_set s JOIN hazard_transition t ON t.id = s.transition_id
                           ORDER BY s.transition_id DESC LIMIT 1))
      FROM hazard h WHERE h.id = :hazard_id
    """
)

_TIMELINE = text(
    """
    SELECT coalesce(jsonb_agg(jsonb_build_object(
             'act', t.act, 'rule', t.rule, 'from_state', t.from_state, 'to_state', t.to_state, 'version', t.version,
             'cycle', t.cycle, 'actor', t.actor_label, 'reason', t.reason, 'occurred_at', t.occurred_at,
             'recorded_at', t.recorded_at, 'current_deadline', t.current_deadline,
             'edition', encode(e.content_sha256, 'hex')) ORDER BY t.id), '[]')
      FROM hazard_transition t LEFT JOIN edition e ON e.id = t.edition_id
     WHERE t.hazard_id = :hazard_id AND t.restates IS NULL
    """
)


async def hazard_view(context: Context, hazard_id: int) -> dict[str, Any]:
    """One hazard as the API shows it, with the acts this actor may do now and the open round."""
    return await _found(context, _look_at(Statement(_BY_ID, {"hazard_id": hazard_id})))


async def hazard_in_scope(context: Context, public_id: UUID) -> dict[str, Any]:
    """The same by the hazard's public id; NotFound where it is not within the actor's scope."""
    return await _found(context, look_in_scope(public_id, context.actor))


def look_in_scope(public_id: UUID, actor: Actor) -> Statement:
    """The one statement that finds it, for `Database.glimpse`; `glimpsed` reads what it gives."""
    look = _look_in_scope(actor)
    return Statement(look.sql, {**look.parameters, "public_id": public_id})


@lru_cache(maxsize=1024)
def _look_in_scope(actor: Actor) -> Statement:
    return _look_at(as_sent(visible_hazards(actor).where(Hazard.public_id == bindparam("public_id")), "public_id"))


def _look_at(seen: Statement) -> Statement:
    return Statement(_SHOWN + seen.sql + _OF_A_HAZARD, seen.parameters)


def glimpsed(glimpse: Glimpse) -> dict[str, Any] | None:
    """One hazard as `hazard_in_scope` shows it; None under an edition that this process has not read yet."""
    view, facts, sha256 = glimpse.row
    edition = known_edition(sha256)
    return None if edition is None else _view(glimpse.holder.actor, glimpse.now, edition, str(view), str(facts))


async def _found(context: Context, look: Statement) -> dict[str, Any]:
    (rows,) = await read_together(context.session, context.actor.role_class.value, look)
    if not rows:
        raise NotFound
    edition = await edition_named(context, rows[0].edition)
    return _view(context.actor, context.now, edition, rows[0].view, rows[0].facts)


def _view(actor: Actor, now: datetime, edition: Edition, shown: str, told: str) -> dict[str, Any]:
    facts = facts_of(json.loads(told))
    view = presented(json.loads(shown), actor, is_own_report=facts.channel is Channel.SELF_REPORT)
    allowed = lifecycle.allowed_acts(facts, actor, relations_to(actor, facts), edition, now)
    view["allowed_acts"] = [act.value for act in allowed]
    view["read_at"] = now.isoformat()
    view["plan_status"] = facts.plan_status
    view["round"] = _round_view(facts.round) if facts.round else None
    return view


def _round_view(open_round: RoundFact) -> dict[str, Any]:
    return {
        "id": open_round.round_id,
        "purpose": open_round.purpose.value,
        "content_sha256": open_round.content_sha256,
        "opened_at": open_round.opened_at.isoformat(),
        "levels": [
            {
                "level": level.level,
                "party": level.party.value,
                "post_kind": level.post_kind.value,
                "organisation_id": level.organisation_id,
                "in_person": level.in_person,
                "signed_at": level.signed_at.isoformat() if level.signed_at else None,
            }
            for level in open_round.levels
        ],
    }


async def timeline(context: Context, hazard_id: int) -> list[dict[str, Any]]:
    """Every act on the hazard in the order recorded."""
    found: list[dict[str, Any]] = (await context.session.execute(_TIMELINE, {"hazard_id": hazard_id})).scalar_one()
    return [presented(one, context.actor) for one in found]


async def deadline(context: Context, hazard_id: int) -> dict[str, Any]:
    """How the hazard's deadline came about: the listing's explanation, what set it last, the cycle's extensions."""
    found: dict[str, Any] = (await context.session.execute(_DEADLINE, {"hazard_id": hazard_id})).scalar_one()
    last = found.pop("last_set")
    found["extensions"] = [presented(one, context.actor) for one in found["extensions"]]
    if last is None:
        # Only the paper past brings a deadline that no act here has set.
        return found | {"set_by": "import" if found["current_deadline"] else None}
    explained = found["explained"] if last["by"] == "listing" else _explained_later(found["explained"], last)
    return found | {"set_by": last["by"], "explained": explained}


def _explained_later(listing: dict[str, Any] | None, last: dict[str, Any]) -> dict[str, Any]:
    """The listing's explanation with a line for the act that has set the deadline since, as a date and so for good."""
    lines = listing["lines"] if listing else []
    later = f"{last['on']} {Act(last['act']).label},整改期限定为 {last['due_on']} 二十四时(北京时间)"
    return {**(listing or {}), "lines": [*lines, later], "provisional": False}
