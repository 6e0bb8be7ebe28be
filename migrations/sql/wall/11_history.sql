-- Transition rows: version, order, times and transaction are the database's, and they agree with the hazard at commit.

-- Acts that may be entered after they happened (design 4); all others happen when recorded.
CREATE FUNCTION wall_may_be_back_entered(of_act text) RETURNS boolean
LANGUAGE sql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT of_act IN ('report', 'report_progress', 'pass_verification', 'fail_verification', 'pass_revisit',
        'fail_revisit', 'relapse', 'import_open', 'import_closed')
$$;

CREATE FUNCTION wall_before_transition() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    h hazard;
BEGIN
    h := wall_held_hazard(NEW.hazard_id);
    NEW.recorded_at := registry_now();
    NEW.transaction_id := pg_current_xact_id();
    NEW.account_id := coalesce(wall_setting('account'), NEW.account_id);
    IF NEW.restates IS NOT NULL THEN
        RETURN wall_restated(NEW);
    END IF;
    NEW.act_order := NEW.id;
    IF NEW.version <> h.version AND NOT (h.is_legacy AND NEW.act IN ('import_open', 'import_closed')
        AND NEW.version BETWEEN 0 AND h.version) THEN
        PERFORM wall_refuse('version_of_another_act', '流转记录的版本号与隐患不一致。');
    END IF;
    IF NEW.act IN ('import_open', 'import_closed') AND (NOT h.is_legacy OR EXISTS (
        SELECT FROM hazard_transition t
        WHERE t.hazard_id = h.id AND t.transaction_id <> pg_current_xact_id())) THEN
        PERFORM wall_refuse('import_only', '补录只用于历史台账。');
    END IF;
    IF NOT wall_may_be_back_entered(NEW.act) THEN
        NEW.occurred_at := NEW.recorded_at;
    ELSIF NEW.occurred_at > NEW.recorded_at THEN
        PERFORM wall_refuse('occurred_in_future', '发生时间不得晚于当前时间。');
    END IF;
    PERFORM wall_check_step(NEW);
    RETURN NEW;
END $$;

-- A copy keeps what it stands for; only dimensions differ.
CREATE FUNCTION wall_restated(copy hazard_transition) RETURNS hazard_transition
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    original hazard_transition;
BEGIN
    SELECT * INTO original FROM hazard_transition WHERE id = copy.restates;
    IF NOT FOUND OR original.hazard_id <> copy.hazard_id THEN
        PERFORM wall_refuse('restates_another_hazard', '更正只能重述同一隐患的流转记录。');
    END IF;
    IF NOT wall_corrected_now(copy.hazard_id, false) THEN
        PERFORM wall_refuse('needs_correction', '重述流转记录须有生效的更正。');
    END IF;
    copy.act_order := original.act_order;
    copy.occurred_at := original.occurred_at;
    copy.version := original.version;
    copy.act := original.act;
    copy.rule := original.rule;
    copy.from_state := original.from_state;
    copy.to_state := original.to_state;
    copy.cycle := original.cycle;
    RETURN copy;
END $$;

-- At commit: every version has its act, the newest says what the hazard says, a closed hazard has seal or ledger row.
CREATE FUNCTION wall_hazard_at_commit() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    h hazard;
BEGIN
    SELECT * INTO h FROM hazard WHERE id = NEW.id;
    IF NOT EXISTS (SELECT FROM hazard_transition t
        WHERE t.hazard_id = NEW.id AND t.restates IS NULL AND t.version = NEW.version) THEN
        PERFORM wall_refuse('act_not_recorded', '隐患的变更没有流转记录,数据库不予受理。');
    END IF;
    IF NOT EXISTS (SELECT FROM hazard_transition t
        WHERE t.hazard_id = h.id AND t.restates IS NULL AND t.version = h.version
            AND t.to_state = h.state AND t.cycle = h.cycle
            AND (t.unit_id, t.sector, t.channel, t.level, t.supervision_tier, t.lead_organisation_id,
                t.listing_office_id, t.enterprise_id, t.original_deadline, t.current_deadline, t.found_on, t.is_legacy)
            IS NOT DISTINCT FROM (h.unit_id, h.sector, h.channel, h.level, h.supervision_tier, h.lead_organisation_id,
                h.listing_office_id, h.enterprise_id, h.original_deadline, h.current_deadline, h.found_on, h.is_legacy)) THEN
        PERFORM wall_refuse('history_differs', '流转记录与隐患的现状不一致。');
    END IF;
    IF h.state = 'closed' AND NOT EXISTS (SELECT FROM sealed_closing s WHERE s.hazard_id = h.id AND s.cycle = h.cycle)
        AND NOT (h.is_legacy AND h.cycle = 1 AND EXISTS (SELECT FROM legacy_record r WHERE r.hazard_id = h.id)) THEN
        PERFORM wall_refuse('closed_without_seal', '没有封存的销号记录,不得销号。');
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION wall_before_audit_event() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    NEW.transaction_id := pg_current_xact_id();
    NEW.recorded_at := registry_now();
    RETURN NEW;
END $$;

-- A stream's head only moves on, one event at a time.
CREATE FUNCTION wall_before_audit_stream() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.length NOT IN (0, 1) THEN
            PERFORM wall_refuse('stream_moves_on', '审计流只能从头开始。');
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.id, NEW.kind, NEW.subject_id, NEW.hazard_id) IS DISTINCT FROM (OLD.id, OLD.kind, OLD.subject_id, OLD.hazard_id)
        OR NEW.length <> OLD.length + 1 OR NEW.previous_sha256 <> OLD.head_sha256 THEN
        PERFORM wall_refuse('stream_moves_on', '审计流只能向前延续。');
    END IF;
    RETURN NEW;
END $$;

-- At commit: each place the head stood at has its event.
CREATE FUNCTION wall_audit_stream_at_commit() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF NEW.length > 0 AND NOT EXISTS (SELECT FROM audit_event e
        WHERE e.stream_id = NEW.id AND e.serial = NEW.length AND e.sha256 = NEW.head_sha256
            AND e.previous_sha256 = NEW.previous_sha256 AND e.hazard_id IS NOT DISTINCT FROM NEW.hazard_id) THEN
        PERFORM wall_refuse('stream_differs', '审计流与审计记录不一致。');
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION wall_audit_event_at_commit() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF NEW.serial < 1 OR NEW.serial > (SELECT s.length FROM audit_stream s WHERE s.id = NEW.stream_id) THEN
        PERFORM wall_refuse('stream_differs', '审计记录不在审计流中。');
    END IF;
    RETURN NULL;
END $$;
