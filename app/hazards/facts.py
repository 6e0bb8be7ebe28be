"""Loads a hazard's facts in one statement, as the rules want them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import select, text

from app.infrastructure.context import Context
from app.infrastructure.errors import NotFound
from app.regulation import permissions
from app.regulation.facts import HazardFacts, LevelFact, RoundFact
from app.regulation.vocabulary import (
    Channel,
    HazardLevel,
    Party,
    PostKind,
    ProductionMeasureKind,
    Purpose,
    Relation,
    State,
)
from app.tables.places import Organisation

_FACTS = text(
    """
    SELECT h.id AS hazard_id, h.public_id::text AS public_id, h.state, h.level, h.version, h.cycle,
           h.channel, h.sector, h.unit_id, h.site_id, h.enterprise_id, h.responsible_organisation_id,
           h.reporter_account_id, h.reporter_organisation_id, h.lead_organisation_id, h.listing_office_id,
           h.supervision_tier, h.ledger_number, h.found_on, h.reported_at, h.determined_at, h.listed_at,
           h.fixed_on_the_spot, h.original_deadline, h.current_deadline, h.is_legacy, h.closed_at, h.delisted_at,
           h.revisited_at, h.last_act_at,
           plan.id AS plan_id, plan.status AS plan_status,
           extension.id AS extension_pending_id, extension.recorded_at AS extension_requested_at,
           (SELECT count(*) FROM extension_decision d WHERE d.hazard_id = h.id AND d.granted)
           + coalesce((SELECT r.extension_count FROM legacy_record r WHERE r.hazard_id = h.id), 0)
           AS extension_granted_count,
           moved.id AS transfer_pending_id, moved.to_organisation_id AS transfer_to_organisation_id,
           measure.id AS production_measure_id, measure.kind AS production_measure_kind,
           EXISTS (SELECT 1 FROM production_measure m WHERE m.hazard_id = h.id) AS has_production_measure_ever,
           declared.id AS declaration_id, declared.performed_at AS declared_at,
           verified.id AS verification_id, verified.performed_at AS verified_at,
           ARRAY(SELECT c.person_id FROM document_confirmation c
                  WHERE c.document_kind = 'declaration' AND c.document_id = declared.id
                 UNION
                 SELECT p.person_id FROM progress p
                   JOIN appointment a ON a.id = p.appointment_id
                   JOIN post ON post.id = a.post_id
                   JOIN organisation o ON o.id = post.organisation_id AND o.kind = 'enterprise'
                  WHERE p.hazard_id = h.id AND p.cycle = h.cycle AND p.person_id IS NOT NULL) AS rectifier_person_ids,
           round.facts AS round
      FROM hazard h
      LEFT JOIN LATERAL (
            SELECT p.id, CASE WHEN d.id IS NULL THEN 'submitted' WHEN d.approved THEN 'approved' ELSE 'returned' END
                   AS status
              FROM plan p LEFT JOIN plan_decision d ON d.plan_id = p.id
             WHERE p.hazard_id = h.id ORDER BY p.id DESC, d.id DESC LIMIT 1) plan ON true
      LEFT JOIN LATERAL (
            SELECT r.id, r.recorded_at FROM extension_request r
             WHERE r.hazard_id = h.id AND r.cycle = h.cycle
               AND NOT EXISTS (SELECT 1 FROM extension_decision d WHERE d.extension_request_id = r.id)
             ORDER BY r.id DESC LIMIT 1) extension ON true
      LEFT JOIN LATERAL (
            SELECT t.* FROM (SELECT * FROM transfer WHERE hazard_id = h.id ORDER BY id DESC LIMIT 1) t
             WHERE NOT t.decided_by_office
               AND NOT EXISTS (SELECT 1 FROM transfer_refusal f WHERE f.transfer_id = t.id)
               -- The first act of the receiver after it takes the transfer as accepted.
               AND NOT EXISTS (SELECT 1 FROM hazard_transition x
                                 JOIN appointment a ON a.id = x.appointment_id
                                 JOIN post p ON p.id = a.post_id AND p.organisation_id = t.to_organisation_id
                                WHERE x.hazard_id = h.id AND x.id > t.transition_id AND x.restates IS NULL)
           ) moved ON true
      LEFT JOIN LATERAL (
            SELECT m.id, m.kind FROM production_measure m
             WHERE m.hazard_id = h.id
               AND NOT EXISTS (SELECT 1 FROM production_measure_lift l WHERE l.production_measure_id = m.id)
             ORDER BY (m.kind = 'full_stop') DESC, m.id DESC LIMIT 1) measure ON true
      LEFT JOIN LATERAL (
            SELECT d.id, t.recorded_at AS performed_at
              FROM declaration d JOIN hazard_transition t ON t.id = d.transition_id
             WHERE d.hazard_id = h.id AND d.cycle = h.cycle ORDER BY d.id DESC LIMIT 1) declared ON true
      LEFT JOIN LATERAL (
            SELECT v.id, t.recorded_at AS performed_at
              FROM verification v JOIN hazard_transition t ON t.id = v.transition_id
             WHERE v.hazard_id = h.id AND v.cycle = h.cycle AND v.passed
               -- Undone with the round it opened, also where a signer disabled for cause has voided that.
               AND NOT EXISTS (SELECT 1 FROM signing_round r LEFT JOIN round_end e ON e.round_id = r.id
                                WHERE r.verification_id = v.id
                                  AND (e.outcome <> 'completed'
                                       OR (e.round_id IS NULL AND wall_signer_is_disabled(r.id))))
             ORDER BY v.id DESC LIMIT 1) verified ON true
      LEFT JOIN LATERAL (
            SELECT jsonb_build_object(
                     'round_id', r.id, 'purpose', r.purpose, 'content_sha256', encode(r.content_sha256, 'hex'),
                     'opened_at', r.opened_at,
                     'levels', (SELECT jsonb_agg(jsonb_build_object(
                                    'level', l.level, 'party', l.party, 'post_kind', l.post_kind,
                                    'organisation_id', l.organisation_id, 'refusal_returns_to', l.refusal_returns_to,
                                    'in_person', l.in_person, 'paper_allowed', l.paper_allowed,
                                    'signed_by_person_id', s.person_id, 'signature_id', s.id, 'signed_at', s.signed_at)
                                    ORDER BY l.level)
                                  FROM round_level l
                                  LEFT JOIN signature s ON s.round_id = r.id AND s.level = l.level
                                   AND NOT EXISTS (SELECT 1 FROM signature_withdrawal w WHERE w.signature_id = s.id)
                                 WHERE l.round_id = r.id),
                     'signers', (SELECT jsonb_object_agg(s.person_id::text, s.level)
                                   FROM signature s WHERE s.round_id = r.id)) AS facts
              FROM signing_round r
             WHERE r.hazard_id = h.id AND r.cycle = h.cycle
               AND NOT EXISTS (SELECT 1 FROM round_end e WHERE e.round_id = r.id)
               -- A signer disabled for cause voids the round: it is as if it were over.
               AND NOT wall_signer_is_disabled(r.id)
             ORDER BY r.id DESC LIMIT 1) round ON true
     WHERE h.id = :hazard_id
    """
)


async def load_facts(context: Context, hazard_id: int) -> HazardFacts:
    """The facts of a hazard the actor may see; `NotFound` otherwise."""
    row = (await context.session.execute(_FACTS, {"hazard_id": hazard_id})).mappings().one_or_none()
    if row is None:
        raise NotFound
    return _facts(dict(row))


def _facts(row: dict[str, Any]) -> HazardFacts:
    original: date | None = row["original_deadline"]
    current: date | None = row["current_deadline"]
    measure = row.pop("production_measure_kind")
    return HazardFacts(
        **{
            **row,
            "state": State(row["state"]),
            "level": HazardLevel(row["level"]),
            "channel": Channel(row["channel"]),
            "production_measure_kind": ProductionMeasureKind(measure) if measure else None,
            "extension_granted_days": (current - original).days if current and original else 0,
            "rectifier_person_ids": frozenset(row["rectifier_person_ids"]),
            "round": _round(row["round"]) if row["round"] else None,
        },
    )


def _round(facts: dict[str, Any]) -> RoundFact:
    return RoundFact(
        round_id=facts["round_id"],
        purpose=Purpose(facts["purpose"]),
        content_sha256=facts["content_sha256"],
        levels=tuple(_level(level) for level in facts["levels"]),
        opened_at=datetime.fromisoformat(facts["opened_at"]),
        past_signer_person_levels={int(person): level for person, level in (facts["signers"] or {}).items()},
    )


def _level(level: dict[str, Any]) -> LevelFact:
    signed_at = level["signed_at"]
    return LevelFact(
        **{
            **level,
            "party": Party(level["party"]),
            "post_kind": PostKind(level["post_kind"]),
            "signed_at": datetime.fromisoformat(signed_at) if signed_at else None,
        },
    )


async def relations_to(context: Context, facts: HazardFacts) -> frozenset[Relation]:
    """Every relation of the actor's organisation to the hazard."""
    higher: int | None = None
    if facts.listing_office_id is not None:
        superior = select(Organisation.superior_id).where(Organisation.id == facts.listing_office_id)
        higher = (await context.session.execute(superior)).scalar_one_or_none()
    return permissions.relations(permissions.standing_of(facts, higher_office_id=higher), context.actor)
