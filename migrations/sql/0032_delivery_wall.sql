-- What holds of deliveries whoever writes the SQL: forward only, none sent without an attempt, an exposure once.

CREATE FUNCTION wall_delivery_begins_pending() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF NEW.status <> 'pending' OR NEW.attempts <> 0 OR num_nonnulls(NEW.delivered_at, NEW.acknowledged_at) > 0 THEN
        PERFORM wall_refuse('delivery_begins_pending', '待发送的信息须从待发送状态开始。');
    END IF;
    IF NEW.letter_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM letter l WHERE l.id = NEW.letter_id AND l.status = 'issued') THEN
        PERFORM wall_refuse('letter_is_not_issued', '公文尚未签发或者已经作废,不得发送。');
    END IF;
    RETURN NEW;
END $$;
-- ;

CREATE FUNCTION wall_delivery_goes_its_way() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    receipt text[] := array['acknowledged_at', 'acknowledged_by_account_id'];
    way text[] := array['status', 'attempts', 'next_at', 'lease_until', 'sent_at', 'delivered_at'] || receipt;
    claims boolean := NEW.status = 'claimed' AND (OLD.status <> 'claimed' OR NEW.attempts <> OLD.attempts);
    said text[] := array(SELECT a.outcome FROM delivery_attempt a
        WHERE a.delivery_id = OLD.id AND a.number = OLD.attempts);
BEGIN
    IF to_jsonb(NEW) - way <> to_jsonb(OLD) - way THEN
        PERFORM wall_refuse('delivery_is_frozen', '已登记的发送任务不得改动。');
    END IF;
    IF num_nonnulls(OLD.acknowledged_at, NEW.acknowledged_at) > 0
        AND NEW.acknowledged_at IS DISTINCT FROM OLD.acknowledged_at AND (
            OLD.acknowledged_at IS NOT NULL OR NEW.channel <> 'inbox' OR OLD.status <> 'sent'
            OR NEW.acknowledged_by_account_id IS DISTINCT FROM wall_setting('account')) THEN
        PERFORM wall_refuse('acknowledged_once', '签收只能由收件人登记一次,不得改动。');
    END IF;
    IF NEW.status = OLD.status AND NOT claims THEN
        IF to_jsonb(NEW) - receipt <> to_jsonb(OLD) - receipt THEN
            PERFORM wall_refuse('delivery_is_frozen', '已登记的发送任务不得改动。');
        END IF;
        RETURN NEW;
    END IF;
    IF (OLD.status, NEW.status) NOT IN (('pending', 'claimed'), ('pending', 'cancelled'), ('claimed', 'claimed'),
            ('claimed', 'sent'), ('claimed', 'pending'), ('claimed', 'in_doubt'), ('claimed', 'dead'),
            ('claimed', 'cancelled'), ('in_doubt', 'sent'), ('in_doubt', 'pending'), ('dead', 'pending'),
            ('dead', 'sent')) THEN
        PERFORM wall_refuse('delivery_step_unknown', '发送状态不得这样改变。');
    END IF;
    IF claims THEN
        PERFORM wall_delivery_may_be_claimed(OLD, NEW);
    ELSIF NEW.attempts <> OLD.attempts THEN
        PERFORM wall_refuse('delivery_is_frozen', '发送次数只在领取时增加。');
    END IF;
    IF NEW.status = 'sent' AND NOT (said && (CASE OLD.status WHEN 'claimed' THEN array['sent'] ELSE array['confirmed'] END)) THEN
        PERFORM wall_refuse('sent_has_an_attempt', '没有发送记录,不得标记为已发送。');
    END IF;
    IF OLD.status = 'claimed' AND NEW.status IN ('pending', 'dead', 'cancelled')
        AND NOT (said && (CASE WHEN OLD.is_exposure THEN array['refused'] ELSE array['refused', 'uncertain'] END)) THEN
        PERFORM wall_refuse('attempt_is_recorded', '须先登记本次发送的结果;曝光是否送出不明的,只能由人工核实。');
    END IF;
    IF OLD.status IN ('in_doubt', 'dead') AND NEW.status = 'pending' AND NOT (said && array['again']) THEN
        PERFORM wall_refuse('resolved_by_a_person', '是否送出不明的信息,只能由人工核实后处理。');
    END IF;
    RETURN NEW;
END $$;
-- ;

CREATE FUNCTION wall_delivery_may_be_claimed(before delivery, claimed delivery) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF claimed.attempts <> before.attempts + 1 OR claimed.lease_until <= registry_now() THEN
        PERFORM wall_refuse('claim_is_counted', '每次领取须计数并写明期限。');
    END IF;
    IF before.status = 'claimed' AND (before.is_exposure OR before.lease_until > registry_now()) THEN
        PERFORM wall_refuse('claimed_by_another', '这一信息正在发送,不得再次领取。');
    END IF;
    IF before.is_exposure AND before.attempts > (SELECT count(DISTINCT a.number) FROM delivery_attempt a
        WHERE a.delivery_id = before.id AND a.outcome IN ('refused', 'again')) THEN
        PERFORM wall_refuse('exposure_once', '曝光只发送一次;上一次是否送出不明的,须先由人工核实。');
    END IF;
    IF EXISTS (SELECT 1 FROM delivery_pause p WHERE p.released_at IS NULL)
        OR EXISTS (SELECT 1 FROM dispatch_hold h WHERE h.released_at IS NULL) THEN
        PERFORM wall_refuse('delivery_is_paused', '发送处于暂停状态,请先解除暂停。');
    END IF;
END $$;
-- ;

CREATE FUNCTION wall_attempt_of_its_claim() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    of_person boolean := NEW.outcome IN ('confirmed', 'again');
    message delivery;
BEGIN
    SELECT * INTO message FROM delivery d WHERE d.id = NEW.delivery_id;
    IF NEW.number IS DISTINCT FROM message.attempts OR of_person AND message.status NOT IN ('in_doubt', 'dead')
        OR NOT of_person AND message.status <> 'claimed' THEN
        PERFORM wall_refuse('attempt_of_its_claim', '发送结果须登记在本次领取之下。');
    END IF;
    IF of_person AND (NEW.account_id IS DISTINCT FROM wall_setting('account') OR NOT EXISTS (
        SELECT 1 FROM letter l WHERE l.id = message.letter_id
            AND l.issuer_organisation_id = wall_setting('organisation'))) THEN
        PERFORM wall_refuse('resolved_by_a_person', '是否送出不明的信息,只能由发文机关的人员核实后处理。');
    END IF;
    RETURN NEW;
END $$;
-- ;

CREATE FUNCTION wall_pause_is_released_once() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.released_at IS NOT NULL
            OR NEW.reason = 'ordered' AND NEW.paused_by_account_id IS DISTINCT FROM wall_setting('account') THEN
            PERFORM wall_refuse('pause_by_a_person', '暂停发送须由下达的人员本人登记。');
        END IF;
    ELSIF OLD.released_at IS NOT NULL THEN
        PERFORM wall_refuse('pause_has_ended', '这一次暂停发送已经解除。');
    ELSIF to_jsonb(NEW) - 'released_at' - 'released_by_account_id'
            <> to_jsonb(OLD) - 'released_at' - 'released_by_account_id'
        OR NEW.released_by_account_id IS DISTINCT FROM wall_setting('account') THEN
        PERFORM wall_refuse('pause_by_a_person', '暂停发送只能由人员本人解除。');
    END IF;
    RETURN NEW;
END $$;
-- ;

-- What readiness asks, who may read no message: how many lie dead or in doubt, whether all stands still, what waits.
CREATE FUNCTION delivery_alarms() RETURNS TABLE (dead bigint, in_doubt bigint, is_paused boolean, waiting bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT (SELECT count(*) FROM delivery d WHERE d.status = 'dead'),
        (SELECT count(*) FROM delivery d WHERE d.status = 'in_doubt'),
        EXISTS (SELECT 1 FROM delivery_pause p WHERE p.released_at IS NULL),
        (SELECT count(*) FROM delivery d WHERE d.status IN ('pending', 'claimed')
            AND d.created_at < registry_now() - interval '1 hour')
$$;
-- ;

-- The server and timeline that answer: a restore brings another one, a promotion as well.
CREATE FUNCTION server_era() RETURNS TABLE (system_identifier bigint, timeline bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT s.system_identifier, ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint
    FROM pg_control_system() s
$$;
-- ;

CREATE TRIGGER wall_delivery_begins_pending BEFORE INSERT ON delivery FOR EACH ROW EXECUTE FUNCTION wall_delivery_begins_pending();
-- ;
CREATE TRIGGER wall_delivery_goes_its_way BEFORE UPDATE ON delivery FOR EACH ROW EXECUTE FUNCTION wall_delivery_goes_its_way();
-- ;
CREATE TRIGGER wall_attempt_of_its_claim BEFORE INSERT ON delivery_attempt FOR EACH ROW EXECUTE FUNCTION wall_attempt_of_its_claim();
-- ;
CREATE TRIGGER wall_pause_is_released_once BEFORE INSERT OR UPDATE ON delivery_pause FOR EACH ROW EXECUTE FUNCTION wall_pause_is_released_once();
-- ;

DO $$
DECLARE
    each_one text;
    each_function regprocedure;
BEGIN
    GRANT CREATE ON SCHEMA public TO qingling_wall;
    FOREACH each_one IN ARRAY array['wall_delivery_begins_pending', 'wall_delivery_goes_its_way',
        'wall_delivery_may_be_claimed', 'wall_attempt_of_its_claim', 'wall_pause_is_released_once', 'delivery_alarms',
        'server_era'] LOOP
        SELECT oid::regprocedure INTO STRICT each_function FROM pg_proc
            WHERE pronamespace = 'public'::regnamespace AND proname = each_one;
        EXECUTE format('ALTER FUNCTION %s OWNER TO qingling_wall', each_function);
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', each_function);
    END LOOP;
    REVOKE CREATE ON SCHEMA public FROM qingling_wall;
    FOREACH each_one IN ARRAY array['delivery', 'delivery_attempt', 'delivery_pause'] LOOP
        EXECUTE format('GRANT SELECT ON %I TO qingling_wall', each_one);
        EXECUTE format('CREATE POLICY wall_checks ON %I TO qingling_wall USING (true) WITH CHECK (true)', each_one);
    END LOOP;
    FOREACH each_one IN ARRAY array['delivery', 'delivery_item', 'delivery_attempt', 'delivery_pause', 'delivery_era',
        'delivery_address'] LOOP
        EXECUTE format('CREATE TRIGGER wall_no_truncate BEFORE TRUNCATE ON %I FOR EACH STATEMENT
            EXECUTE FUNCTION wall_no_change()', each_one);
    END LOOP;
    FOREACH each_one IN ARRAY array['delivery', 'delivery_item', 'delivery_attempt', 'delivery_pause', 'delivery_era'] LOOP
        EXECUTE format('CREATE TRIGGER wall_no_delete BEFORE DELETE ON %I FOR EACH ROW
            EXECUTE FUNCTION wall_no_change()', each_one);
    END LOOP;
    FOREACH each_one IN ARRAY array['delivery_item', 'delivery_attempt', 'delivery_era'] LOOP
        EXECUTE format('CREATE TRIGGER wall_no_change BEFORE UPDATE ON %I FOR EACH ROW
            EXECUTE FUNCTION wall_no_change()', each_one);
    END LOOP;
    GRANT EXECUTE ON FUNCTION delivery_alarms() TO qingling_signin, qingling_official, qingling_auditor, qingling_job;
    GRANT EXECUTE ON FUNCTION server_era() TO qingling_job;
END $$;
