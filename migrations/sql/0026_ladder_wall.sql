-- What holds of the ladder and of letters whoever writes the SQL.

CREATE FUNCTION wall_rung_in_order() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    delay episode;
BEGIN
    SELECT * INTO delay FROM episode WHERE id = NEW.episode_id FOR NO KEY UPDATE;
    IF NOT FOUND OR delay.ended_on IS NOT NULL THEN
        PERFORM wall_refuse('episode_has_ended', '升级周期已经结束,不再升档。');
    END IF;
    IF NEW.hazard_id IS DISTINCT FROM delay.hazard_id THEN
        PERFORM wall_refuse('rung_of_another_hazard', '升档所写的隐患与升级周期不符。');
    END IF;
    IF NEW.rung_order <= delay.carried_rung
        OR EXISTS (SELECT 1 FROM raised_rung r WHERE r.episode_id = delay.id AND r.rung_order > NEW.rung_order) THEN
        PERFORM wall_refuse('rung_out_of_order', '升档须逐级进行,不得退回较低的一档。');
    END IF;
    IF EXISTS (
        SELECT 1 FROM raised_rung r
        WHERE r.episode_id = delay.id AND r.rung_order < NEW.rung_order
            AND NOT EXISTS (
                SELECT 1 FROM letter_item i JOIN letter l ON l.id = i.letter_id
                WHERE i.raised_rung_id = r.id AND i.dropped_at IS NULL AND l.served_on <= NEW.raised_on
            )
    ) THEN
        PERFORM wall_refuse('rung_before_is_not_served', '前一档的公文尚未送达,不得升档。');
    END IF;
    RETURN NEW;
END $$;
-- ;

CREATE FUNCTION wall_episode_moves_on() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF OLD.ended_on IS NOT NULL THEN
        PERFORM wall_refuse('episode_has_ended', '升级周期已经结束,不再改变。');
    END IF;
    IF NEW.cause <> OLD.cause AND NOT (OLD.cause = 'slow' AND NEW.cause = 'overdue') THEN
        PERFORM wall_refuse('episode_keeps_its_cause', '升级周期的起因只能由进展缓慢转为整改逾期。');
    END IF;
    RETURN NEW;
END $$;
-- ;

CREATE FUNCTION wall_letter_begins_as_draft() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF NEW.status <> 'draft' OR num_nonnulls(NEW.dispatched_on, NEW.served_on, NEW.answered_on) > 0 THEN
        PERFORM wall_refuse('letter_begins_as_draft', '公文须先起草,再由签发人签发。');
    END IF;
    RETURN NEW;
END $$;
-- ;

-- A draft may be written and dropped; an issued letter is what its signatory saw, and only goes its way.
CREATE FUNCTION wall_letter_goes_its_way() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    written text[] := array['title', 'body', 'reply_due_on', 'version'];
    way text[] := array['status', 'ended_reason', 'ended_at', 'dispatched_on', 'served_on', 'served_as', 'answered_on'];
    issue text[] := array['issued_at', 'issued_by_appointment_id', 'issued_by_account_id', 'standing_authorisation',
        'office_code', 'year', 'serial', 'content_sha256'];
BEGIN
    IF OLD.status IN ('dropped', 'voided') THEN
        PERFORM wall_refuse('letter_has_ended', '公文已经撤销或者作废,不再改变。');
    END IF;
    IF (OLD.status, NEW.status) NOT IN (('draft', 'draft'), ('draft', 'issued'), ('draft', 'dropped'),
            ('issued', 'issued'), ('issued', 'voided')) THEN
        PERFORM wall_refuse('letter_step_unknown', '公文只能由起草到签发、撤销,由签发到作废。');
    END IF;
    IF OLD.status = 'issued' AND to_jsonb(NEW) - way <> to_jsonb(OLD) - way
        OR OLD.status = 'draft' AND to_jsonb(NEW) - written - way - issue <> to_jsonb(OLD) - written - way - issue THEN
        PERFORM wall_refuse('letter_is_frozen', '公文签发后内容不得改动;有误的应作废并重新签发。');
    END IF;
    IF (OLD.dispatched_on IS NOT NULL AND NEW.dispatched_on IS DISTINCT FROM OLD.dispatched_on)
        OR (OLD.served_on IS NOT NULL AND NEW.served_on IS DISTINCT FROM OLD.served_on)
        OR (OLD.answered_on IS NOT NULL AND NEW.answered_on IS DISTINCT FROM OLD.answered_on) THEN
        PERFORM wall_refuse('letter_dates_stand', '发出、送达、复函的日期一经记录不得改动。');
    END IF;
    IF NEW.served_on IS DISTINCT FROM OLD.served_on AND NOT EXISTS (
        SELECT 1 FROM letter_service s
        WHERE s.letter_id = NEW.id AND s.copy_id IS NULL AND s.served_on = NEW.served_on AND s.manner = NEW.served_as
    ) THEN
        PERFORM wall_refuse('service_is_recorded', '送达须先有送达记录。');
    END IF;
    IF NEW.answered_on IS DISTINCT FROM OLD.answered_on AND NOT EXISTS (
        SELECT 1 FROM letter_reply r WHERE r.letter_id = NEW.id AND r.received_on = NEW.answered_on
    ) THEN
        PERFORM wall_refuse('reply_is_recorded', '复函须先有复函记录。');
    END IF;
    IF OLD.status = 'draft' AND NEW.status = 'issued' THEN
        PERFORM wall_letter_may_be_issued(NEW);
    END IF;
    RETURN NEW;
END $$;
-- ;

CREATE FUNCTION wall_letter_may_be_issued(one letter) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM dispatch_hold h WHERE h.released_at IS NULL) THEN
        PERFORM wall_refuse('dispatch_is_held', '发文处于暂停状态,请先演练并解除暂停,再行签发。');
    END IF;
    IF one.standing_authorisation IS NULL AND (
        one.issued_by_appointment_id IS DISTINCT FROM wall_setting('appointment')
        OR NOT EXISTS (
            SELECT 1 FROM appointment a JOIN post p ON p.id = a.post_id
            WHERE a.id = one.issued_by_appointment_id AND p.organisation_id = one.issuer_organisation_id
                AND p.kind = one.signatory_post_kind
        )
    ) THEN
        PERFORM wall_refuse('not_the_signatory', '只有规则版本指定的签发人可以签发本公文。');
    END IF;
    IF NOT EXISTS (
        SELECT 1 FROM letter_series s
        WHERE s.office_code = one.office_code AND s.year = one.year AND s.last_serial = one.serial
    ) THEN
        PERFORM wall_refuse('number_is_drawn_in_order', '发文字号须按顺序编排,不得跳号。');
    END IF;
    IF EXISTS (SELECT 1 FROM letter_item i WHERE i.letter_id = one.id AND i.raised_rung_id IS NOT NULL)
        AND NOT EXISTS (
            SELECT 1 FROM letter_item i WHERE i.letter_id = one.id AND i.raised_rung_id IS NOT NULL AND i.dropped_at IS NULL
        ) THEN
        PERFORM wall_refuse('letter_has_no_item_left', '公文所列事项均已消除,不得签发。');
    END IF;
END $$;
-- ;

CREATE FUNCTION wall_series_counts_on() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF NEW.last_serial <> (CASE TG_OP WHEN 'INSERT' THEN 1 ELSE OLD.last_serial + 1 END) THEN
        PERFORM wall_refuse('number_is_drawn_in_order', '发文字号须按顺序编排,不得跳号。');
    END IF;
    RETURN NEW;
END $$;
-- ;

CREATE FUNCTION wall_number_is_used() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM letter l
        WHERE l.office_code = NEW.office_code AND l.year = NEW.year AND l.serial = NEW.last_serial
    ) THEN
        PERFORM wall_refuse('number_is_used', '编排的发文字号没有用于公文,不得留空号。');
    END IF;
    RETURN NULL;
END $$;
-- ;

CREATE FUNCTION wall_letter_is_a_draft() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM letter l WHERE l.id = NEW.letter_id AND l.status = 'draft') THEN
        PERFORM wall_refuse('letter_is_frozen', '公文签发后内容不得改动;有误的应作废并重新签发。');
    END IF;
    RETURN NEW;
END $$;
-- ;

CREATE FUNCTION wall_letter_is_out() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM letter l WHERE l.id = NEW.letter_id AND l.status = 'issued') THEN
        PERFORM wall_refuse('letter_is_not_issued', '公文尚未签发或者已经作废,不能登记送达和复函。');
    END IF;
    RETURN NEW;
END $$;
-- ;

CREATE FUNCTION wall_hold_is_released_once() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF OLD.released_at IS NOT NULL THEN
        PERFORM wall_refuse('hold_has_ended', '这一次暂停发文已经解除。');
    END IF;
    IF NEW.reason <> 'ordered' AND NOT EXISTS (
        SELECT 1 FROM escalation_rehearsal r WHERE r.id = NEW.rehearsal_id AND r.recorded_at >= NEW.held_at
    ) THEN
        PERFORM wall_refuse('release_needs_rehearsal', '解除暂停发文之前,须先演练并查看结果。');
    END IF;
    RETURN NEW;
END $$;
-- ;

CREATE FUNCTION wall_suspension_is_approved_once() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF OLD.approved_at IS NOT NULL THEN
        PERFORM wall_refuse('suspension_is_approved', '暂缓升档已经批准,不再改变。');
    END IF;
    RETURN NEW;
END $$;
-- ;

CREATE TRIGGER wall_rung_in_order BEFORE INSERT ON raised_rung FOR EACH ROW EXECUTE FUNCTION wall_rung_in_order();
-- ;
CREATE TRIGGER wall_episode_moves_on BEFORE UPDATE ON episode FOR EACH ROW EXECUTE FUNCTION wall_episode_moves_on();
-- ;
CREATE TRIGGER wall_letter_begins_as_draft BEFORE INSERT ON letter FOR EACH ROW EXECUTE FUNCTION wall_letter_begins_as_draft();
-- ;
CREATE TRIGGER wall_letter_goes_its_way BEFORE UPDATE ON letter FOR EACH ROW EXECUTE FUNCTION wall_letter_goes_its_way();
-- ;
CREATE TRIGGER wall_series_counts_on BEFORE INSERT OR UPDATE ON letter_series FOR EACH ROW EXECUTE FUNCTION wall_series_counts_on();
-- ;
CREATE CONSTRAINT TRIGGER wall_number_is_used AFTER INSERT OR UPDATE ON letter_series DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION wall_number_is_used();
-- ;
CREATE TRIGGER wall_letter_is_a_draft BEFORE INSERT OR UPDATE ON letter_item FOR EACH ROW EXECUTE FUNCTION wall_letter_is_a_draft();
-- ;
CREATE TRIGGER wall_letter_is_a_draft BEFORE INSERT OR UPDATE ON letter_copy FOR EACH ROW EXECUTE FUNCTION wall_letter_is_a_draft();
-- ;
CREATE TRIGGER wall_letter_is_out BEFORE INSERT ON letter_service FOR EACH ROW EXECUTE FUNCTION wall_letter_is_out();
-- ;
CREATE TRIGGER wall_letter_is_out BEFORE INSERT ON letter_reply FOR EACH ROW EXECUTE FUNCTION wall_letter_is_out();
-- ;
CREATE TRIGGER wall_hold_is_released_once BEFORE UPDATE ON dispatch_hold FOR EACH ROW EXECUTE FUNCTION wall_hold_is_released_once();
-- ;
CREATE TRIGGER wall_suspension_is_approved_once BEFORE UPDATE ON rung_suspension FOR EACH ROW EXECUTE FUNCTION wall_suspension_is_approved_once();
-- ;

DO $$
DECLARE
    each_one text;
    each_function regprocedure;
BEGIN
    GRANT CREATE ON SCHEMA public TO qingling_wall;
    FOREACH each_one IN ARRAY array['wall_rung_in_order', 'wall_episode_moves_on', 'wall_letter_begins_as_draft',
        'wall_letter_goes_its_way', 'wall_letter_may_be_issued', 'wall_series_counts_on', 'wall_number_is_used',
        'wall_letter_is_a_draft', 'wall_letter_is_out', 'wall_hold_is_released_once', 'wall_suspension_is_approved_once'] LOOP
        SELECT oid::regprocedure INTO STRICT each_function FROM pg_proc
            WHERE pronamespace = 'public'::regnamespace AND proname = each_one;
        EXECUTE format('ALTER FUNCTION %s OWNER TO qingling_wall', each_function);
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', each_function);
    END LOOP;
    REVOKE CREATE ON SCHEMA public FROM qingling_wall;
    FOREACH each_one IN ARRAY array['escalation_rehearsal', 'dispatch_hold', 'episode', 'raised_rung', 'letter_series', 'letter',
        'letter_item', 'letter_service', 'letter_reply'] LOOP
        EXECUTE format('GRANT SELECT ON %I TO qingling_wall', each_one);
        EXECUTE format('CREATE POLICY wall_checks ON %I TO qingling_wall USING (true) WITH CHECK (true)', each_one);
    END LOOP;
    GRANT UPDATE (ended_on) ON episode TO qingling_wall;
    FOREACH each_one IN ARRAY array['escalation_run', 'escalation_failure', 'escalation_rehearsal', 'dispatch_hold',
        'letter_series', 'letter', 'episode', 'raised_rung', 'rung_suspension', 'reminder', 'letter_item', 'letter_copy',
        'letter_service', 'letter_reply', 'letter_file'] LOOP
        EXECUTE format('CREATE TRIGGER wall_no_truncate BEFORE TRUNCATE ON %I FOR EACH STATEMENT
            EXECUTE FUNCTION wall_no_change()', each_one);
        EXECUTE format('CREATE TRIGGER wall_no_delete BEFORE DELETE ON %I FOR EACH ROW
            EXECUTE FUNCTION wall_no_change()', each_one);
    END LOOP;
    FOREACH each_one IN ARRAY array['escalation_failure', 'escalation_rehearsal', 'raised_rung', 'reminder',
        'letter_service', 'letter_reply', 'letter_file'] LOOP
        EXECUTE format('CREATE TRIGGER wall_no_change BEFORE UPDATE ON %I FOR EACH ROW
            EXECUTE FUNCTION wall_no_change()', each_one);
    END LOOP;
END $$;
