"""A hazard's facts and a token's holder, told as before by fewer and smaller looks: they stand in every request.

`hazard_facts` was one statement over eleven tables, most of whose work was starting; now one look says of which kinds
there is anything, and only those are looked into. A sign-in's session and account are one look, and its last sight is
locked for writing only when it is due.

Revision: 0028, after 0027
"""

import runpy
from pathlib import Path
from typing import Final

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

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
    given record;
    performed bigint;
BEGIN
    SELECT * INTO h FROM hazard WHERE id = of_hazard;
    IF NOT FOUND OR NOT wall_hazard_is_in_sight(h) THEN
        RETURN;
    END IF;
    SELECT h.id, h.public_id\\:\\:text, h.state, h.level, h.version, h.cycle, h.channel, h.sector, h.unit_id, h.site_id,
        h.enterprise_id, h.responsible_organisation_id, h.reporter_account_id, h.reporter_organisation_id,
        h.lead_organisation_id, h.listing_office_id, h.supervision_tier, h.ledger_number, h.found_on, h.reported_at,
        h.determined_at, h.listed_at, h.fixed_on_the_spot, h.original_deadline, h.current_deadline, h.is_legacy,
        h.closed_at, h.delisted_at, h.revisited_at, h.last_act_at
    INTO hazard_id, public_id, state, level, version, cycle, channel, sector, unit_id, site_id,
        enterprise_id, responsible_organisation_id, reporter_account_id, reporter_organisation_id,
        lead_organisation_id, listing_office_id, supervision_tier, ledger_number, found_on, reported_at,
        determined_at, listed_at, fixed_on_the_spot, original_deadline, current_deadline, is_legacy,
        closed_at, delisted_at, revisited_at, last_act_at;
    SELECT EXISTS (SELECT FROM plan d WHERE d.hazard_id = h.id) AS plans,
        EXISTS (SELECT FROM extension_request d WHERE d.hazard_id = h.id) AS extensions,
        EXISTS (SELECT FROM transfer d WHERE d.hazard_id = h.id) AS transfers,
        EXISTS (SELECT FROM production_measure d WHERE d.hazard_id = h.id) AS measures,
        EXISTS (SELECT FROM declaration d WHERE d.hazard_id = h.id) AS declarations,
        EXISTS (SELECT FROM verification d WHERE d.hazard_id = h.id) AS verifications,
        EXISTS (SELECT FROM progress d WHERE d.hazard_id = h.id) AS progress,
        EXISTS (SELECT FROM signing_round d WHERE d.hazard_id = h.id) AS rounds,
        (SELECT count(*) FROM extension_decision d WHERE d.hazard_id = h.id AND d.granted)
        + coalesce((SELECT r.extension_count FROM legacy_record r WHERE r.hazard_id = h.id), 0) AS granted,
        (SELECT o.superior_id FROM organisation o WHERE o.id = h.listing_office_id) AS higher_office_id
    INTO given;
    extension_granted_count := given.granted;
    higher_office_id := given.higher_office_id;
    has_production_measure_ever := given.measures;
    rectifier_person_ids := '{}';
    IF given.plans THEN
        SELECT p.id, CASE WHEN d.id IS NULL THEN 'submitted' WHEN d.approved THEN 'approved' ELSE 'returned' END
        INTO plan_id, plan_status
        FROM plan p LEFT JOIN plan_decision d ON d.plan_id = p.id
        WHERE p.hazard_id = h.id ORDER BY p.id DESC, d.id DESC LIMIT 1;
    END IF;
    IF given.extensions THEN
        SELECT r.id, r.recorded_at INTO extension_pending_id, extension_requested_at
        FROM extension_request r
        WHERE r.hazard_id = h.id AND r.cycle = h.cycle
            AND NOT EXISTS (SELECT FROM extension_decision d WHERE d.extension_request_id = r.id)
        ORDER BY r.id DESC LIMIT 1;
    END IF;
    IF given.transfers THEN
        SELECT t.id, t.to_organisation_id INTO transfer_pending_id, transfer_to_organisation_id
        FROM (SELECT * FROM transfer WHERE hazard_id = h.id ORDER BY id DESC LIMIT 1) AS t
        WHERE NOT t.decided_by_office
            AND NOT EXISTS (SELECT FROM transfer_refusal f WHERE f.transfer_id = t.id)
            -- The first act of the receiver after it takes the transfer as accepted.
            AND NOT EXISTS (SELECT FROM hazard_transition x
                JOIN appointment a ON a.id = x.appointment_id
                JOIN post p ON p.id = a.post_id AND p.organisation_id = t.to_organisation_id
                WHERE x.hazard_id = h.id AND x.id > t.transition_id AND x.restates IS NULL);
    END IF;
    IF given.measures THEN
        SELECT m.id, m.kind INTO production_measure_id, production_measure_kind
        FROM production_measure m
        WHERE m.hazard_id = h.id
            AND NOT EXISTS (SELECT FROM production_measure_lift l WHERE l.production_measure_id = m.id)
        ORDER BY (m.kind = 'full_stop') DESC, m.id DESC LIMIT 1;
    END IF;
    IF given.declarations THEN
        SELECT d.id, t.recorded_at INTO declaration_id, declared_at
        FROM declaration d JOIN hazard_transition t ON t.id = d.transition_id
        WHERE d.hazard_id = h.id AND d.cycle = h.cycle ORDER BY d.id DESC LIMIT 1;
    END IF;
    IF given.verifications THEN
        SELECT v.id, t.recorded_at INTO verification_id, verified_at
        FROM verification v JOIN hazard_transition t ON t.id = v.transition_id
        WHERE v.hazard_id = h.id AND v.cycle = h.cycle AND v.passed
            -- Undone with the round it opened, also where a signer disabled for cause has voided that.
            AND NOT EXISTS (SELECT FROM signing_round r LEFT JOIN round_end e ON e.round_id = r.id
                WHERE r.hazard_id = h.id AND r.verification_id = v.id
                    AND (e.outcome <> 'completed' OR (e.round_id IS NULL AND wall_signer_is_disabled(r.id))))
        ORDER BY v.id DESC LIMIT 1;
    END IF;
    IF given.declarations OR given.progress THEN
        performed := declaration_id;
        rectifier_person_ids := ARRAY(
            SELECT c.person_id FROM document_confirmation c
            WHERE c.document_kind = 'declaration' AND c.document_id = performed
            UNION
            SELECT p.person_id FROM progress p
                JOIN appointment a ON a.id = p.appointment_id
                JOIN post ON post.id = a.post_id
                JOIN organisation o ON o.id = post.organisation_id AND o.kind = 'enterprise'
            WHERE p.hazard_id = h.id AND p.cycle = h.cycle AND p.person_id IS NOT NULL);
    END IF;
    IF given.rounds THEN
        round := (
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
                    FROM signature s WHERE s.round_id = r.id))
            FROM signing_round r
            WHERE r.hazard_id = h.id AND r.cycle = h.cycle
                AND NOT EXISTS (SELECT FROM round_end e WHERE e.round_id = r.id)
                -- A signer disabled for cause voids the round: it is as if it were over.
                AND NOT wall_signer_is_disabled(r.id)
            ORDER BY r.id DESC LIMIT 1);
    END IF;
    RETURN NEXT;
END $$
"""

PRINCIPAL_OF_SESSION = """
CREATE FUNCTION principal_of_session(digest bytea, at timestamptz, idle_minutes integer) RETURNS TABLE (
    role_class text, account_id bigint, person_id bigint, appointment_id bigint, post_kind text,
    organisation_id bigint, unit_ids text, sectors text, enterprise_id bigint, is_service boolean, label text,
    session_id bigint, scopes text, pending text
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER ROWS 1 SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    held record;
BEGIN
    SELECT s.id, s.account_id, s.appointment_id, s.pending, s.last_seen_at, a.person_id, a.login_name INTO held
    FROM session s JOIN account a ON a.id = s.account_id
    WHERE s.token_sha256 = digest AND s.revoked_at IS NULL AND s.expires_at > at
        AND s.last_seen_at > at - make_interval(mins => idle_minutes)
        AND NOT a.is_service AND a.disabled_at IS NULL
        AND NOT EXISTS (SELECT FROM person_disablement d WHERE d.person_id = a.person_id);
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF held.last_seen_at < at - interval '1 minute' AND current_setting('transaction_read_only') = 'off' THEN
        UPDATE session SET last_seen_at = at WHERE id = (
            SELECT s.id FROM session s WHERE s.id = held.id AND s.last_seen_at < at - interval '1 minute'
            FOR UPDATE SKIP LOCKED);
    END IF;
    IF held.appointment_id IS NULL OR held.pending IS NOT NULL THEN
        RETURN QUERY SELECT 'signin', held.account_id, held.person_id, NULL\\:\\:bigint, NULL\\:\\:text,
            NULL\\:\\:bigint, NULL\\:\\:text, NULL\\:\\:text, NULL\\:\\:bigint, false, held.login_name, held.id,
            NULL\\:\\:text, held.pending;
        RETURN;
    END IF;
    RETURN QUERY
    SELECT CASE
               WHEN o.kind = 'enterprise' THEN 'enterprise'
               WHEN o.kind = 'platform' THEN 'platform'
               WHEN p.kind IN ('auditor', 'audit_administrator') THEN 'auditor'
               WHEN p.kind IN ('system_administrator', 'security_administrator') THEN 'administrator'
               ELSE 'official'
           END,
           held.account_id, held.person_id, t.id, p.kind, o.id,
           CASE WHEN o.enterprise_id IS NULL THEN (
               SELECT string_agg(b.id\\:\\:text, ',' ORDER BY b.id)
               FROM units_below(o.unit_id, (at AT TIME ZONE 'Asia/Shanghai')\\:\\:date) AS b(id)) END,
           array_to_string(o.sectors, ','), o.enterprise_id, false,
           o.name || p.title || CASE WHEN t.acting_for_appointment_id IS NULL THEN '' ELSE '（代）' END, held.id,
           NULL\\:\\:text, NULL\\:\\:text
    FROM appointment t JOIN post p ON p.id = t.post_id JOIN organisation o ON o.id = p.organisation_id
    WHERE t.id = held.appointment_id AND t.person_id = held.person_id AND t.confirmed_at <= at
        AND t.valid_from <= at AND (t.valid_until IS NULL OR t.valid_until > at);
END $$
"""

FACTS_SIGNATURE: Final = "hazard_facts(bigint)"
SESSION_SIGNATURE: Final = "principal_of_session(bytea, timestamptz, integer)"
READERS: Final = (
    "qingling_enterprise, qingling_official, qingling_platform, qingling_auditor, qingling_import, qingling_job,"
    " qingling_report"
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    _replaced(FACTS, PRINCIPAL_OF_SESSION)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    _replaced(
        _text_of("20261123_0022_facts_of_a_hazard.py", "FACTS"),
        _text_of("20261123_0015_pending_sign_ins_and_scoped_keys_policies.py", "PRINCIPAL_OF_SESSION"),
    )


def _replaced(facts: str, of_session: str) -> None:
    for signature in (FACTS_SIGNATURE, SESSION_SIGNATURE):
        # Put back at once, in the same transaction.
        op.execute(f"-- squawk-ignore ban-drop-function\nDROP FUNCTION {signature}")
    op.execute("GRANT CREATE ON SCHEMA public TO qingling_wall")
    for function, signature in ((facts, FACTS_SIGNATURE), (of_session, SESSION_SIGNATURE)):
        op.execute(function)
        op.execute(f"REVOKE EXECUTE ON FUNCTION {signature} FROM PUBLIC")
        op.execute(f"ALTER FUNCTION {signature} OWNER TO qingling_wall")
    op.execute("REVOKE CREATE ON SCHEMA public FROM qingling_wall")
    op.execute(f"GRANT EXECUTE ON FUNCTION {FACTS_SIGNATURE} TO {READERS}")


def _text_of(migration: str, name: str) -> str:
    """The statement as an earlier migration made it."""
    text: str = runpy.run_path(str(Path(__file__).with_name(migration)))[name]
    return text
