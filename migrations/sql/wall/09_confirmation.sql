-- One person's confirmation of a document: own account, post in force, step-up over the document's own hash.

-- Whether a unit lies in another's territory today.
CREATE FUNCTION wall_unit_is_within(inner_unit bigint, outer_unit bigint, on_day date) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    WITH RECURSIVE upward(unit_id) AS (
        SELECT inner_unit
        UNION
        SELECT p.parent_id FROM unit_period p JOIN upward u ON p.unit_id = u.unit_id
        WHERE p.parent_id IS NOT NULL AND daterange(p.valid_from, p.valid_until) @> on_day
    )
    SELECT EXISTS (SELECT FROM upward WHERE unit_id = outer_unit)
$$;

-- Leads the hazard, or answers for its territory, or regulates its sector there.
CREATE FUNCTION wall_oversees(o organisation, h hazard, on_day date) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT o.id = h.lead_organisation_id OR (
        o.kind <> 'enterprise' AND (cardinality(o.sectors) = 0 OR h.sector = ANY (o.sectors))
        AND wall_unit_is_within(h.unit_id, o.unit_id, on_day))
$$;

-- The responsible party's own organisation: the enterprise's, or the one without an enterprise.
CREATE FUNCTION wall_is_responsible(o organisation, h hazard) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT coalesce(o.enterprise_id = h.enterprise_id, false) OR coalesce(o.id = h.responsible_organisation_id, false)
$$;

CREATE FUNCTION wall_capacity_kinds(of_capacity text, has_enterprise boolean) RETURNS text[]
LANGUAGE sql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT CASE of_capacity
        WHEN 'inspector' THEN array['inspector']
        WHEN 'principal' THEN CASE WHEN has_enterprise THEN array['enterprise_principal']
            ELSE array['principal_head', 'government_head'] END
        WHEN 'controller' THEN CASE WHEN has_enterprise THEN array['enterprise_controller'] ELSE array['principal_head', 'government_head'] END
        WHEN 'safety_head' THEN CASE WHEN has_enterprise THEN array['enterprise_safety_head'] ELSE array['deputy_head'] END
        ELSE array['office_clerk', 'office_head', 'system_administrator', 'security_administrator']
    END
$$;

-- Where another person holds the controller's post, the safety head does not stand in.
CREATE FUNCTION wall_check_safety_head(h hazard, of_document bigint, at timestamptz) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF EXISTS (
        SELECT FROM appointment a JOIN post p ON p.id = a.post_id JOIN organisation o ON o.id = p.organisation_id
        WHERE p.kind = 'enterprise_controller' AND o.enterprise_id = h.enterprise_id AND a.confirmed_at <= at
            AND a.valid_from <= at AND (a.valid_until IS NULL OR a.valid_until > at)
            AND NOT EXISTS (
                SELECT FROM appointment b JOIN post q ON q.id = b.post_id
                WHERE b.person_id = a.person_id AND q.kind = 'enterprise_principal'
                    AND q.organisation_id = o.id AND b.confirmed_at <= at AND b.valid_from <= at
                    AND (b.valid_until IS NULL OR b.valid_until > at))) THEN
        PERFORM wall_refuse('controller_is_another_person', '实际控制人与主要负责人不是同一人,第二个签字须由实际控制人作出。');
    END IF;
END $$;

CREATE FUNCTION wall_check_capacity(c document_confirmation, h hazard) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    held appointment;
    seat post;
    o organisation;
BEGIN
    held := wall_valid_appointment(c.appointment_id, c.confirmed_at);
    SELECT * INTO seat FROM post WHERE id = held.post_id;
    SELECT * INTO o FROM organisation WHERE id = seat.organisation_id;
    IF held.person_id <> c.person_id THEN
        PERFORM wall_refuse('account_of_another_person', '登录账号与任职不是同一自然人;请由任职人员本人办理。');
    END IF;
    IF NOT seat.kind = ANY (wall_capacity_kinds(c.capacity, h.enterprise_id IS NOT NULL)) THEN
        PERFORM wall_refuse('capacity_of_other_post', '确认人的岗位与其确认身份不符。');
    END IF;
    IF (c.document_kind = 'appointment') <> (seat.kind IN ('system_administrator', 'security_administrator')) THEN
        PERFORM wall_refuse('capacity_of_other_post', '任职只由管理员确认,管理员也只确认任职。');
    END IF;
    IF c.capacity = 'inspector' AND NOT wall_oversees(o, h, wall_business_date(c.confirmed_at)) THEN
        PERFORM wall_refuse('post_of_other_organisation', '检查人员所在单位对该隐患没有监管职责。');
    END IF;
    IF c.capacity IN ('principal', 'controller', 'safety_head') AND NOT wall_is_responsible(o, h) THEN
        PERFORM wall_refuse('post_of_other_organisation', '签字人不是该隐患责任单位的人员。');
    END IF;
    IF c.capacity = 'safety_head' THEN
        PERFORM wall_check_safety_head(h, c.document_id, c.confirmed_at);
    END IF;
END $$;

-- What a confirmation confirms: hash, hazard, cycle, whether it is already performed.
-- An appointment keeps no document of its own; its confirmation binds to the hash that was shown.
CREATE FUNCTION wall_document(kind text, of_document bigint, given bytea, OUT hash bytea, OUT of_hazard bigint, OUT of_cycle bigint,
    OUT performed boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF kind = 'attestation' THEN
        SELECT b.document_sha256, NULL, NULL, b.attested_at IS NOT NULL INTO hash, of_hazard, of_cycle, performed
        FROM legacy_batch b WHERE b.id = of_document;
    ELSIF kind = 'appointment' THEN
        SELECT given, NULL, NULL, a.confirmed_at IS NOT NULL INTO hash, of_hazard, of_cycle, performed
        FROM appointment a WHERE a.id = of_document;
    ELSE
        EXECUTE format('SELECT d.document_sha256, d.hazard_id, d.cycle, d.transition_id IS NOT NULL FROM %I d WHERE d.id = $1',
            kind) INTO hash, of_hazard, of_cycle, performed USING of_document;
    END IF;
    IF hash IS NULL THEN
        PERFORM wall_refuse('document_unknown', '没有这份文书。');
    END IF;
    IF performed THEN
        PERFORM wall_refuse('document_is_performed', '文书已经生效,不能再确认。');
    END IF;
END $$;

CREATE FUNCTION wall_check_kind(kind text, of_capacity text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF NOT coalesce(CASE kind
        WHEN 'declaration' THEN of_capacity IN ('principal', 'controller', 'safety_head')
        WHEN 'verification' THEN of_capacity = 'inspector'
        WHEN 'correction' THEN of_capacity IN ('proposer', 'confirmer')
        WHEN 'appointment' THEN of_capacity IN ('proposer', 'confirmer')
        WHEN 'attestation' THEN of_capacity IN ('proposer', 'confirmer')
    END, false) THEN
        PERFORM wall_refuse('capacity_does_not_fit', '该文书不以此身份确认。');
    END IF;
END $$;

CREATE FUNCTION wall_before_confirmation() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    h hazard;
    paper record;
    minutes smallint;
BEGIN
    PERFORM wall_check_kind(NEW.document_kind, NEW.capacity);
    paper := wall_document(NEW.document_kind, NEW.document_id, NEW.document_sha256);
    IF paper.of_hazard IS NOT NULL THEN
        h := wall_meet_on_hazard(paper.of_hazard);
        -- Read again: whoever held the hazard meanwhile may have performed it.
        paper := wall_document(NEW.document_kind, NEW.document_id, NEW.document_sha256);
        IF paper.of_cycle <> h.cycle THEN
            PERFORM wall_refuse('document_of_another_cycle', '该文书属于以前的整改轮次,不能再确认;请重新起草。');
        END IF;
    ELSIF NEW.document_kind = 'attestation' THEN
        PERFORM wall_meet_on_batch(NEW.document_id);
        paper := wall_document(NEW.document_kind, NEW.document_id, NEW.document_sha256);
    END IF;
    NEW.hazard_id := paper.of_hazard;
    NEW.document_sha256 := paper.hash;
    NEW.account_id := wall_setting('account');
    NEW.person_id := wall_person_of_account(NEW.account_id);
    NEW.appointment_id := coalesce(wall_setting('appointment'), NEW.appointment_id);
    NEW.confirmed_at := registry_now();
    minutes := (wall_edition(wall_business_date(NEW.confirmed_at))).step_up_minutes;
    PERFORM wall_check_capacity(NEW, h);
    PERFORM wall_check_step_up(NEW.step_up_id, NEW.account_id, paper.hash, NULL, NEW.confirmed_at, minutes);
    RETURN NEW;
END $$;
