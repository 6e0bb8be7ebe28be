-- Taking back the newest signature, and the ways a round ends other than by its last signature.

CREATE FUNCTION wall_before_withdrawal() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    h hazard;
    taken signature;
    of_round signing_round;
BEGIN
    SELECT * INTO taken FROM signature WHERE id = NEW.signature_id;
    IF NOT FOUND THEN
        PERFORM wall_refuse('signature_unknown', '没有这个签字。');
    END IF;
    h := wall_held_hazard(taken.hazard_id);
    of_round := wall_check_round_is_open(taken.round_id, h);
    IF EXISTS (SELECT FROM signature_withdrawal w WHERE w.signature_id = taken.id) THEN
        PERFORM wall_refuse('signature_already_withdrawn', '该签字已经撤回。');
    END IF;
    IF taken.level <> wall_signed_levels(of_round.id) THEN
        PERFORM wall_refuse('not_the_newest_signature', '只能撤回最近一次有效签字。');
    END IF;
    IF wall_person_of_account(wall_setting('account')) <> taken.person_id THEN
        PERFORM wall_refuse('not_the_signer', '只能由签字人本人撤回签字。');
    END IF;
    NEW.hazard_id := h.id;
    NEW.account_id := wall_setting('account');
    NEW.withdrawn_at := registry_now();
    RETURN NEW;
END $$;

CREATE FUNCTION wall_corrected_now(of_hazard bigint, of_content boolean) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT EXISTS (
        SELECT FROM correction c JOIN hazard_transition t ON t.id = c.transition_id
        WHERE c.hazard_id = of_hazard AND t.transaction_id = pg_current_xact_id()
            AND (c.touches_signed_content OR NOT of_content))
$$;

-- A refusal is the holder's of the next level's post.
CREATE FUNCTION wall_check_refusal(of_round bigint, refused smallint, at timestamptz) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    step round_level;
    held appointment;
BEGIN
    IF refused IS DISTINCT FROM wall_signed_levels(of_round) + 1 THEN
        PERFORM wall_refuse('refusal_out_of_turn', '只能由下一级签字人拒绝签字。');
    END IF;
    SELECT * INTO step FROM round_level l WHERE l.round_id = of_round AND l.level = refused;
    IF NOT FOUND THEN
        PERFORM wall_refuse('level_unknown', '本轮没有这一级签字。');
    END IF;
    held := wall_valid_appointment(wall_setting('appointment'), at);
    PERFORM wall_check_post(held, step);
    IF held.person_id <> wall_person_of_account(wall_setting('account')) THEN
        PERFORM wall_refuse('account_of_another_person', '登录账号与任职不是同一自然人;请由任职人员本人办理。');
    END IF;
END $$;

CREATE FUNCTION wall_signer_is_disabled(of_round bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT EXISTS (
        SELECT FROM signature s JOIN person_disablement d ON d.person_id = s.person_id AND d.for_cause
        WHERE s.round_id = of_round AND NOT EXISTS (SELECT FROM signature_withdrawal w WHERE w.signature_id = s.id))
$$;

CREATE FUNCTION wall_before_round_end() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    h hazard;
    of_round signing_round;
BEGIN
    h := wall_held_hazard((SELECT r.hazard_id FROM signing_round r WHERE r.id = NEW.round_id));
    of_round := wall_check_round_is_open(NEW.round_id, h);
    NEW.hazard_id := h.id;
    NEW.ended_at := registry_now();
    NEW.account_id := wall_setting('account');
    IF NEW.outcome = 'refused' THEN
        PERFORM wall_check_refusal(of_round.id, NEW.refused_level, NEW.ended_at);
    ELSIF NEW.outcome = 'content_changed' THEN
        IF NOT wall_corrected_now(h.id, true) AND wall_content_holds(of_round) THEN
            PERFORM wall_refuse('content_not_changed', '签字内容没有变更,不能以此结束本轮签字。');
        END IF;
    ELSIF NEW.outcome = 'signer_disabled' THEN
        IF NOT wall_signer_is_disabled(of_round.id) THEN
            PERFORM wall_refuse('no_signer_disabled', '本轮没有签字人因故停用,不能以此结束本轮签字。');
        END IF;
    END IF;
    RETURN NEW;
END $$;

-- Only the wall completes a round; as the invoker's trigger it sees who really inserts.
CREATE FUNCTION wall_completion_is_its_own() RETURNS trigger
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF NEW.outcome = 'completed' AND current_user <> 'qingling_wall' THEN
        RAISE EXCEPTION USING ERRCODE = 'QL001', HINT = 'written_by_the_wall_only',
            MESSAGE = '签字完成由数据库在最后一级签字、状态变更时自动记录,不得自行写入。';
    END IF;
    RETURN NEW;
END $$;

-- Rows that only the wall's own functions write.
CREATE FUNCTION wall_only() RETURNS trigger
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF current_user <> 'qingling_wall' THEN
        RAISE EXCEPTION USING ERRCODE = 'QL001', HINT = 'written_by_the_wall_only',
            MESSAGE = format('%s 只由数据库自动写入。', TG_TABLE_NAME);
    END IF;
    RETURN NEW;
END $$;
