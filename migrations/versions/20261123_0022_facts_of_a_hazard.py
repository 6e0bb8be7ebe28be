"""The facts of one hazard in one look, for whoever sees the hazard, planned once a connection.

Read under the policies of a dozen tables, each of which asks for the hazard again, the same statement took PostgreSQL
tens of milliseconds to plan, anew with every change of role. The wall's function reads past the policies of the child
rows, after asking the hazard's own policy in its own words; a test holds the two against each other.

Revision: 0022, after 0021
"""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

# The policies of `hazard` for reading, once more: a role that has none sees nothing.
IN_SIGHT = """
CREATE FUNCTION wall_hazard_is_in_sight(h hazard) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    own bigint;
BEGIN
    CASE current_setting('role')
    WHEN 'qingling_enterprise' THEN
        RETURN coalesce(h.enterprise_id = nullif(current_setting('app.enterprise', true), '')\\:\\:bigint, false);
    WHEN 'qingling_official' THEN
        IF h.unit_id = ANY (string_to_array(nullif(current_setting('app.units', true), ''), ',')\\:\\:bigint[])
            AND (coalesce(current_setting('app.sectors', true), '') = ''
                OR h.sector = ANY (string_to_array(current_setting('app.sectors', true), ','))) THEN
            RETURN true;
        END IF;
        own := nullif(current_setting('app.organisation', true), '')\\:\\:bigint;
        RETURN own IS NOT NULL AND (h.lead_organisation_id IS NOT DISTINCT FROM own
            OR h.listing_office_id IS NOT DISTINCT FROM own OR h.responsible_organisation_id IS NOT DISTINCT FROM own
            OR EXISTS (SELECT FROM hazard_party p
                WHERE p.hazard_id = h.id AND p.organisation_id = own AND p.ended_at IS NULL));
    WHEN 'qingling_platform' THEN
        RETURN coalesce(h.unit_id = ANY (
            string_to_array(nullif(current_setting('app.units', true), ''), ',')\\:\\:bigint[]), false);
    WHEN 'qingling_auditor', 'qingling_import', 'qingling_job', 'qingling_report', 'qingling_owner' THEN
        RETURN true;
    ELSE
        RETURN false;
    END CASE;
END $$
"""

FACTS = """
CREATE FUNCTION hazard_facts(of_hazard bigint) RETURNS TABLE (
    hazard_id bigint, public_id text, state text, level text, version bigint, cycle bigint, channel text, sector text,
    unit_id bigint, site_id bigint, enterprise_id bigint, responsible_organisation_id bigint,
    reporter_account_id bigint, reporter_organisation_id bigint, lead_organisation_id bigint, listing_office_id bigint,
    supervision_tier smallint, ledger_number text, found_on date, reported_at timestamptz, determined_at timestamptz,
    listed_at timestamptz, fixed_on_the_spot boolean, original_deadline date, current_deadline date, is_legacy boolean,
    closed_at timestamptz, delisted_at timestamptz, revisited_at timestamptz, last_act_at timestamptz,
    plan_id bigint, plan_status text, extension_pending_id bigint, extension_requested_at timestamptz,
    extension_granted_count bigint, transfer_pending_id bigint, transfer_to_organisation_id bigint,
    production_measure_id bigint, production_measure_kind text, has_production_measure_ever boolean,
    declaration_id bigint, declared_at timestamptz, verification_id bigint, verified_at timestamptz,
    rectifier_person_ids bigint[], round jsonb, higher_office_id bigint
)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 1 SET search_path = pg_catalog, public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    h hazard;
BEGIN
    SELECT * INTO h FROM hazard WHERE id = of_hazard;
    IF NOT FOUND OR NOT wall_hazard_is_in_sight(h) THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT h.id, h.public_id\\:\\:text, h.state, h.level, h.version, h.cycle, h.channel, h.sector, h.unit_id, h.site_id,
        h.enterprise_id, h.responsible_organisation_id, h.reporter_account_id, h.reporter_organisation_id,
        h.lead_organisation_id, h.listing_office_id, h.supervision_tier, h.ledger_number, h.found_on, h.reported_at,
        h.determined_at, h.listed_at, h.fixed_on_the_spot, h.original_deadline, h.current_deadline, h.is_legacy,
        h.closed_at, h.delisted_at, h.revisited_at, h.last_act_at,
        plan.id, plan.status, extension.id, extension.recorded_at,
        (SELECT count(*) FROM extension_decision d WHERE d.hazard_id = h.id AND d.granted)
        + coalesce((SELECT r.extension_count FROM legacy_record r WHERE r.hazard_id = h.id), 0),
        moved.id, moved.to_organisation_id, measure.id, measure.kind,
        EXISTS (SELECT FROM production_measure m WHERE m.hazard_id = h.id),
        declared.id, declared.performed_at, verified.id, verified.performed_at,
        ARRAY(SELECT c.person_id FROM document_confirmation c
            WHERE c.document_kind = 'declaration' AND c.document_id = declared.id
            UNION
            SELECT p.person_id FROM progress p
                JOIN appointment a ON a.id = p.appointment_id
                JOIN post ON post.id = a.post_id
                JOIN organisation o ON o.id = post.organisation_id AND o.kind = 'enterprise'
            WHERE p.hazard_id = h.id AND p.cycle = h.cycle AND p.person_id IS NOT NULL),
        round.facts,
        (SELECT o.superior_id FROM organisation o WHERE o.id = h.listing_office_id)
    FROM (VALUES (1)) AS one
    LEFT JOIN LATERAL (
        SELECT p.id, CASE WHEN d.id IS NULL THEN 'submitted' WHEN d.approved THEN 'approved' ELSE 'returned' END
            AS status
        FROM plan p LEFT JOIN plan_decision d ON d.plan_id = p.id
        WHERE p.hazard_id = h.id ORDER BY p.id DESC, d.id DESC LIMIT 1) AS plan ON true
    LEFT JOIN LATERAL (
        SELECT r.id, r.recorded_at FROM extension_request r
        WHERE r.hazard_id = h.id AND r.cycle = h.cycle
            AND NOT EXISTS (SELECT FROM extension_decision d WHERE d.extension_request_id = r.id)
        ORDER BY r.id DESC LIMIT 1) AS extension ON true
    LEFT JOIN LATERAL (
        SELECT t.* FROM (SELECT * FROM transfer WHERE hazard_id = h.id ORDER BY id DESC LIMIT 1) AS t
        WHERE NOT t.decided_by_office
            AND NOT EXISTS (SELECT FROM transfer_refusal f WHERE f.transfer_id = t.id)
            -- The first act of the receiver after it takes the transfer as accepted.
            AND NOT EXISTS (SELECT FROM hazard_transition x
                JOIN appointment a ON a.id = x.appointment_id
                JOIN post p ON p.id = a.post_id AND p.organisation_id = t.to_organisation_id
                WHERE x.hazard_id = h.id AND x.id > t.transition_id AND x.restates IS NULL)) AS moved ON true
    LEFT JOIN LATERAL (
        SELECT m.id, m.kind FROM production_measure m
        WHERE m.hazard_id = h.id
            AND NOT EXISTS (SELECT FROM production_measure_lift l WHERE l.production_measure_id = m.id)
        ORDER BY (m.kind = 'full_stop') DESC, m.id DESC LIMIT 1) AS measure ON true
    LEFT JOIN LATERAL (
        SELECT d.id, t.recorded_at AS performed_at
        FROM declaration d JOIN hazard_transition t ON t.id = d.transition_id
        WHERE d.hazard_id = h.id AND d.cycle = h.cycle ORDER BY d.id DESC LIMIT 1) AS declared ON true
    LEFT JOIN LATERAL (
        SELECT v.id, t.recorded_at AS performed_at
        FROM verification v JOIN hazard_transition t ON t.id = v.transition_id
        WHERE v.hazard_id = h.id AND v.cycle = h.cycle AND v.passed
            -- Undone with the round it opened, also where a signer disabled for cause has voided that.
            AND NOT EXISTS (SELECT FROM signing_round r LEFT JOIN round_end e ON e.round_id = r.id
                WHERE r.hazard_id = h.id AND r.verification_id = v.id
                    AND (e.outcome <> 'completed' OR (e.round_id IS NULL AND wall_signer_is_disabled(r.id))))
        ORDER BY v.id DESC LIMIT 1) AS verified ON true
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
                        AND NOT EXISTS (SELECT FROM signature_withdrawal w WHERE w.signature_id = s.id)
                    WHERE l.round_id = r.id),
                'signers', (SELECT jsonb_object_agg(s.person_id\\:\\:text, s.level)
                    FROM signature s WHERE s.round_id = r.id)) AS facts
        FROM signing_round r
        WHERE r.hazard_id = h.id AND r.cycle = h.cycle
            AND NOT EXISTS (SELECT FROM round_end e WHERE e.round_id = r.id)
            -- A signer disabled for cause voids the round: it is as if it were over.
            AND NOT wall_signer_is_disabled(r.id)
        ORDER BY r.id DESC LIMIT 1) AS round ON true;
END $$
"""
READERS = (
    "qingling_enterprise, qingling_official, qingling_platform, qingling_auditor, qingling_import, qingling_job,"
    " qingling_report"
)
SIGNATURES = ("wall_hazard_is_in_sight(hazard)", "hazard_facts(bigint)")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    op.execute("GRANT CREATE ON SCHEMA public TO qingling_wall")
    for function, signature in zip((IN_SIGHT, FACTS), SIGNATURES, strict=True):
        op.execute(function)
        op.execute(f"ALTER FUNCTION {signature} OWNER TO qingling_wall")
        op.execute(f"REVOKE EXECUTE ON FUNCTION {signature} FROM PUBLIC")
    op.execute("REVOKE CREATE ON SCHEMA public FROM qingling_wall")
    op.execute(f"GRANT EXECUTE ON FUNCTION hazard_facts(bigint) TO {READERS}")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    for signature in reversed(SIGNATURES):
        op.execute(f"DROP FUNCTION {signature}")
