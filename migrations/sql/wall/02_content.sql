-- The one canonical document that is signed (design 3.2): jsonb's own text, the same bytes on every PostgreSQL.
-- `named` is how parties, place and clause were called that day: renaming them voids no round.

CREATE FUNCTION wall_named(h hazard, of_criterion bigint, on_day date) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT jsonb_build_object(
        'responsible_party', coalesce(
            (SELECT jsonb_build_object('name', e.name, 'code', e.code) FROM enterprise e WHERE e.id = h.enterprise_id),
            (SELECT jsonb_build_object('name', o.name, 'code', o.code) FROM organisation o
             WHERE o.id = h.responsible_organisation_id)),
        'site', (
            SELECT jsonb_build_object('name', s.name, 'unit', (
                SELECT p.name FROM unit_period p
                WHERE p.unit_id = s.unit_id AND daterange(p.valid_from, p.valid_until) @> on_day))
            FROM site s WHERE s.id = h.site_id),
        'criterion', (SELECT c.label FROM criterion c WHERE c.id = of_criterion))
$$;

CREATE FUNCTION wall_determination(of_hazard bigint) RETURNS determination
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT d.* FROM determination d
    WHERE d.hazard_id = of_hazard AND d.transition_id IS NOT NULL ORDER BY d.id DESC LIMIT 1
$$;

CREATE FUNCTION wall_verification(of_hazard bigint, of_cycle bigint) RETURNS verification
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT v.* FROM verification v
    WHERE v.hazard_id = of_hazard AND v.cycle = of_cycle AND v.passed AND v.transition_id IS NOT NULL
    ORDER BY v.id DESC LIMIT 1
$$;

CREATE FUNCTION wall_request(of_hazard bigint, of_cycle bigint, of_purpose text) RETURNS round_request
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT r.* FROM round_request r
    WHERE r.hazard_id = of_hazard AND r.cycle = of_cycle AND r.purpose = of_purpose AND r.transition_id IS NOT NULL
    ORDER BY r.id DESC LIMIT 1
$$;

-- Hashes of every piece of evidence the documents cite, sorted, each once.
CREATE FUNCTION wall_evidence(of_hazard bigint, of_declaration bigint, of_verification bigint, of_request bigint,
    of_listing bigint) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT coalesce(jsonb_agg(hash ORDER BY hash), '[]'::jsonb) FROM (
        SELECT DISTINCT encode(e.sha256, 'hex') AS hash
        FROM document_evidence d JOIN evidence e ON e.id = d.evidence_id
        WHERE d.hazard_id = of_hazard AND (d.document_kind, d.document_id) IN (
            ('declaration', of_declaration), ('verification', of_verification), ('round_request', of_request),
            ('listing', of_listing))
    ) AS hashes
$$;

CREATE FUNCTION signed_content(hazard_id bigint, purpose text) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    h hazard;
    basis determination;
    clause criterion;
    listed listing;
    approved plan;
    verified verification;
    declared declaration;
    request round_request;
BEGIN
    SELECT * INTO h FROM hazard WHERE id = signed_content.hazard_id;
    basis := wall_determination(h.id);
    SELECT * INTO clause FROM criterion WHERE id = basis.criterion_id;
    SELECT l.* INTO listed FROM listing l
    WHERE l.hazard_id = h.id AND l.transition_id IS NOT NULL ORDER BY l.id DESC LIMIT 1;
    SELECT p.* INTO approved FROM plan p JOIN plan_decision d ON d.plan_id = p.id
    WHERE p.hazard_id = h.id AND d.approved AND d.transition_id IS NOT NULL
        AND NOT EXISTS (SELECT FROM plan_decision r WHERE r.plan_id = p.id AND NOT r.approved)
    ORDER BY p.plan_version DESC LIMIT 1;
    IF purpose = 'closing' THEN
        verified := wall_verification(h.id, h.cycle);
        SELECT * INTO declared FROM declaration WHERE id = verified.declaration_id;
    ELSE
        request := wall_request(h.id, h.cycle, purpose);
    END IF;
    RETURN jsonb_build_object(
        'form', 'qingling-signed-content-1',
        'purpose', purpose,
        'hazard', h.public_id,
        'cycle', h.cycle,
        'level', h.level,
        'number', h.ledger_number,
        'responsible_party', coalesce(
            (SELECT e.public_id::text FROM enterprise e WHERE e.id = h.enterprise_id),
            'organisation-' || h.responsible_organisation_id),
        'site', (SELECT s.public_id FROM site s WHERE s.id = h.site_id),
        'named', wall_named(h, basis.criterion_id, wall_business_date(registry_now())),
        'place', h.place,
        'circumstances', h.circumstances,
        'determination', jsonb_build_object(
            'level', basis.determined_level, 'document', clause.document, 'clause', clause.clause,
            'effective_from', clause.effective_from, 'cited_text', basis.cited_text,
            'is_comprehensive', basis.is_comprehensive, 'reasoning', basis.reasoning),
        'requirements', listed.requirements,
        'current_deadline', h.current_deadline,
        'plan', CASE WHEN approved.id IS NOT NULL THEN jsonb_build_object(
            'version', approved.plan_version, 'sha256', encode(approved.document_sha256, 'hex')) END,
        'declaration', encode(declared.document_sha256, 'hex'),
        'verification', encode(verified.document_sha256, 'hex'),
        'request', encode(request.document_sha256, 'hex'),
        'evidence', wall_evidence(h.id, declared.id, verified.id, request.id, listed.id)
    )::text;
END $$;

-- Whether the hazard still says what the round was opened over, names apart.
CREATE FUNCTION wall_content_holds(of_round signing_round) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT signed_content(of_round.hazard_id, of_round.purpose)::jsonb - 'named' = of_round.content::jsonb - 'named'
        AND sha256(convert_to(of_round.content, 'UTF8')) = of_round.content_sha256
$$;
