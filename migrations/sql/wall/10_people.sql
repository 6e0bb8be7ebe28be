-- Persons, accounts, posts and appointments: who stood in which post cannot be arranged afterwards.

CREATE FUNCTION wall_before_appointment_insert() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF NEW.confirmed_at IS NOT NULL OR NEW.confirmed_by_account_id IS NOT NULL THEN
        PERFORM wall_refuse('appointment_confirmed_by_another', '任职须先提出,再由另一名管理员确认。');
    END IF;
    NEW.proposed_at := registry_now();
    NEW.proposed_by_account_id := coalesce(wall_setting('account'), NEW.proposed_by_account_id);
    IF NOT wall_is_owner() THEN
        PERFORM wall_check_administrator(NEW.proposed_by_account_id, NEW.proposed_at);
    END IF;
    IF NEW.acting_for_appointment_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM appointment a WHERE a.id = NEW.acting_for_appointment_id
            AND a.post_id = NEW.post_id AND a.person_id <> NEW.person_id) THEN
        PERFORM wall_refuse('acting_for_another', '代签任职须是同一岗位上另一人的代理。');
    END IF;
    RETURN NEW;
END $$;

-- An administrator in post; the first ones are appointed by the owner at initialisation.
CREATE FUNCTION wall_check_administrator(of_account bigint, at timestamptz) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM account c JOIN appointment a ON a.person_id = c.person_id JOIN post p ON p.id = a.post_id
        WHERE c.id = of_account AND c.disabled_at IS NULL
            AND p.kind IN ('system_administrator', 'security_administrator')
            AND a.confirmed_at <= at AND a.valid_from <= at AND (a.valid_until IS NULL OR a.valid_until > at)
            AND NOT EXISTS (SELECT FROM person_disablement d WHERE d.person_id = c.person_id)) THEN
        PERFORM wall_refuse('administrator_needed', '任职只能由在任的管理员提出和确认。');
    END IF;
END $$;

CREATE FUNCTION wall_check_confirmer(a appointment) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    proposer bigint := (SELECT person_id FROM account WHERE id = a.proposed_by_account_id);
    confirmer bigint := (SELECT person_id FROM account WHERE id = a.confirmed_by_account_id);
BEGIN
    IF confirmer IS NULL OR proposer IS NULL OR confirmer = proposer OR confirmer = a.person_id THEN
        PERFORM wall_refuse('appointment_confirmed_by_another', '任职须由提出人、任职人以外的另一名管理员确认。');
    END IF;
    IF NOT wall_is_owner() THEN
        PERFORM wall_check_administrator(a.confirmed_by_account_id, a.confirmed_at);
    END IF;
    IF (SELECT kind FROM post WHERE id = a.post_id) IN ('inspector', 'section_head', 'deputy_head', 'principal_head',
            'government_head', 'enterprise_principal', 'enterprise_controller', 'enterprise_safety_head')
        AND (SELECT identity_digest FROM person WHERE id = a.person_id) IS NULL THEN
        PERFORM wall_refuse('identity_missing', '签字岗位的任职人员须先登记身份信息。');
    END IF;
END $$;

-- After its confirmation an appointment only ends, once, and never in the past.
CREATE FUNCTION wall_before_appointment_update() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    at timestamptz := registry_now();
BEGIN
    IF OLD.confirmed_at IS NULL AND NEW.confirmed_at IS NOT NULL THEN
        NEW.confirmed_at := at;
        NEW.confirmed_by_account_id := coalesce(wall_setting('account'), NEW.confirmed_by_account_id);
        NEW.valid_from := greatest(OLD.valid_from, at);
        IF to_jsonb(NEW) - array['confirmed_at', 'confirmed_by_account_id', 'valid_from']
            IS DISTINCT FROM to_jsonb(OLD) - array['confirmed_at', 'confirmed_by_account_id', 'valid_from'] THEN
            PERFORM wall_refuse('never_changes', '确认任职时不得修改其内容。');
        END IF;
        PERFORM wall_check_confirmer(NEW);
        RETURN NEW;
    END IF;
    IF to_jsonb(NEW) - array['valid_until', 'end_reason'] IS DISTINCT FROM to_jsonb(OLD) - array['valid_until', 'end_reason'] THEN
        PERFORM wall_refuse('never_changes', '任职一经提出不得修改,只能确认或者终止。');
    END IF;
    IF NEW.valid_until IS DISTINCT FROM OLD.valid_until THEN
        IF OLD.valid_until <= at OR OLD.end_reason IS NOT NULL OR NEW.valid_until IS NULL
            OR NEW.valid_until > OLD.valid_until THEN
            PERFORM wall_refuse('appointment_ends_once', '任职只能终止一次,不得恢复或者延长;请另行任职。');
        END IF;
        NEW.valid_until := greatest(NEW.valid_until, at);
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION wall_before_account() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF (NEW.id, NEW.person_id, NEW.is_service) IS DISTINCT FROM (OLD.id, OLD.person_id, OLD.is_service) THEN
        PERFORM wall_refuse('never_changes', '账号所属的自然人不得改变。');
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION wall_before_person() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF OLD.identity_digest IS NOT NULL AND NEW.identity_digest IS DISTINCT FROM OLD.identity_digest
        OR NEW.id <> OLD.id THEN
        PERFORM wall_refuse('never_changes', '自然人的身份信息一经登记不得改变。');
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION wall_before_post() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF (NEW.id, NEW.organisation_id, NEW.kind) IS DISTINCT FROM (OLD.id, OLD.organisation_id, OLD.kind) THEN
        PERFORM wall_refuse('never_changes', '岗位所属的单位和类别不得改变;请另设岗位。');
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION wall_before_organisation() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF (NEW.id, NEW.kind, NEW.enterprise_id) IS DISTINCT FROM (OLD.id, OLD.kind, OLD.enterprise_id)
        OR (OLD.confirmed_at IS NOT NULL AND NEW.confirmed_at IS DISTINCT FROM OLD.confirmed_at) THEN
        PERFORM wall_refuse('never_changes', '机构的性质、所属企业和确认时间不得改变。');
    END IF;
    RETURN NEW;
END $$;

-- A disablement and a closing meet on the person's row, so that one of them sees the other.
CREATE FUNCTION wall_before_disablement() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    UPDATE person SET identity_digest = identity_digest WHERE id = NEW.person_id;
    NEW.recorded_at := registry_now();
    NEW.account_id := coalesce(wall_setting('account'), NEW.account_id);
    RETURN NEW;
END $$;

-- A step-up is of the session's own account, while the session lives, at the database's time.
CREATE FUNCTION wall_before_step_up() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    NEW.recorded_at := registry_now();
    IF NOT EXISTS (SELECT FROM session s WHERE s.id = NEW.session_id AND s.account_id = NEW.account_id
        AND s.revoked_at IS NULL AND s.expires_at > NEW.recorded_at) THEN
        PERFORM wall_refuse('session_is_over', '登录会话已失效,请重新登录后再验证身份。');
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION wall_before_session() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF (NEW.id, NEW.account_id, NEW.created_at) IS DISTINCT FROM (OLD.id, OLD.account_id, OLD.created_at)
        OR (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at) THEN
        PERFORM wall_refuse('never_changes', '登录会话的账号不得改变,已注销的会话不得恢复。');
    END IF;
    RETURN NEW;
END $$;
