-- Signing one level. Time, hash, person and account are the database's; the caller names round, level, appointment and proof.

-- How many levels are validly signed; the newest valid signature is always of the highest of them.
CREATE FUNCTION wall_signed_levels(of_round bigint) RETURNS smallint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT count(*)::smallint FROM signature s
    WHERE s.round_id = of_round AND NOT EXISTS (SELECT FROM signature_withdrawal w WHERE w.signature_id = s.id)
$$;

-- The round, if it is open and of the hazard's current cycle.
CREATE FUNCTION wall_check_round_is_open(of_round bigint, h hazard) RETURNS signing_round
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    found_round signing_round;
BEGIN
    SELECT * INTO found_round FROM signing_round WHERE id = of_round;
    IF found_round.cycle <> h.cycle THEN
        PERFORM wall_refuse('round_of_another_cycle', '该签字轮次属于以前的整改轮次,不得沿用;请在本轮重新核查、签字。');
    END IF;
    IF EXISTS (SELECT FROM round_end e WHERE e.round_id = of_round) THEN
        PERFORM wall_refuse('round_is_over', '本轮签字已经结束。');
    END IF;
    RETURN found_round;
END $$;

-- The post a level names, held in the organisation it was resolved to.
CREATE FUNCTION wall_check_post(of_appointment appointment, step round_level) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    held post;
BEGIN
    SELECT * INTO held FROM post WHERE id = of_appointment.post_id;
    IF held.kind <> step.post_kind THEN
        PERFORM wall_refuse('post_of_other_kind', format('第 %s 级须由链上规定的岗位签字。', step.level));
    END IF;
    IF held.organisation_id <> step.organisation_id THEN
        PERFORM wall_refuse('post_of_other_organisation', format('第 %s 级须由链上规定的单位签字。', step.level));
    END IF;
END $$;

-- One level per natural person and round, withdrawn signatures counted; a registrar of paper signs nothing.
CREATE FUNCTION wall_check_person_signs_once(of_person bigint, of_round bigint, of_level smallint) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM signature s WHERE s.round_id = of_round AND s.person_id = of_person AND s.level <> of_level) THEN
        PERFORM wall_refuse('person_signed_other_level', '同一人在一轮中只能签一级;请由另一名自然人签字。');
    END IF;
    IF EXISTS (SELECT FROM signature s JOIN account a ON a.id = s.account_id
        WHERE s.round_id = of_round AND s.kind = 'paper' AND a.person_id = of_person) THEN
        PERFORM wall_refuse('registrar_signs_nothing', '本轮纸质签字的登记员不得签字。');
    END IF;
END $$;

-- 整改与验收分离: whoever declared or reported progress in this cycle signs only the enterprise's own level.
CREATE FUNCTION wall_check_not_rectifier(of_person bigint, h hazard, step round_level) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF step.party = 'enterprise' THEN
        RETURN;
    END IF;
    IF EXISTS (SELECT FROM progress p WHERE p.hazard_id = h.id AND p.cycle = h.cycle AND p.person_id = of_person)
        OR EXISTS (
            SELECT FROM declaration d JOIN document_confirmation c
                ON c.document_kind = 'declaration' AND c.document_id = d.id
            WHERE d.hazard_id = h.id AND d.cycle = h.cycle AND (c.person_id = of_person OR d.person_id = of_person)) THEN
        PERFORM wall_refuse('rectifier_does_not_sign', '参加整改的人员不得在验收环节签字;请由没有参加整改的人员签字。');
    END IF;
END $$;

CREATE FUNCTION wall_check_paper(of_registrar bigint, of_scan bigint, step round_level, at timestamptz) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF NOT step.paper_allowed OR step.in_person THEN
        PERFORM wall_refuse('paper_not_allowed', format('第 %s 级不得用纸质签字;请由签字人本人在系统中签字。', step.level));
    END IF;
    IF NOT EXISTS (SELECT FROM evidence e WHERE e.id = of_scan AND e.hazard_id = step.hazard_id AND e.kind = 'scan') THEN
        PERFORM wall_refuse('paper_scan_missing', '纸质签字须附本隐患签字表的扫描件。');
    END IF;
    IF EXISTS (SELECT FROM signature s WHERE s.round_id = step.round_id AND s.person_id = of_registrar) THEN
        PERFORM wall_refuse('registrar_signs_nothing', '登记员已在本轮签字,不得登记纸质签字。');
    END IF;
    IF NOT EXISTS (
        SELECT FROM appointment a JOIN post p ON p.id = a.post_id
        WHERE a.person_id = of_registrar AND p.kind = 'registrar' AND a.confirmed_at <= at AND a.valid_from <= at
            AND (a.valid_until IS NULL OR a.valid_until > at)) THEN
        PERFORM wall_refuse('registrar_not_in_post', '纸质签字须由在任的登记员登记。');
    END IF;
END $$;

CREATE FUNCTION wall_check_act_transition(of_transition bigint, of_hazard bigint, acts text[]) RETURNS hazard_transition
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    found_act hazard_transition;
BEGIN
    SELECT * INTO found_act FROM hazard_transition WHERE id = of_transition;
    IF NOT FOUND OR found_act.hazard_id <> of_hazard OR found_act.restates IS NOT NULL
        OR found_act.transaction_id <> pg_current_xact_id() OR NOT (found_act.act = ANY (acts)) THEN
        PERFORM wall_refuse('act_not_recorded', '本次办理没有相应的流转记录,数据库不予受理;请通过系统办理。');
    END IF;
    RETURN found_act;
END $$;

CREATE FUNCTION wall_before_signature() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    h hazard;
    of_round signing_round;
    step round_level;
    held appointment;
    actor bigint;
    signed smallint;
BEGIN
    h := wall_held_hazard((SELECT r.hazard_id FROM signing_round r WHERE r.id = NEW.round_id));
    of_round := wall_check_round_is_open(NEW.round_id, h);
    PERFORM wall_check_papers(h, of_round);
    signed := wall_signed_levels(of_round.id);
    IF NEW.level <= signed THEN
        PERFORM wall_refuse('level_already_signed', format('第 %s 级已经签字。', NEW.level));
    END IF;
    IF NEW.level <> signed + 1 THEN
        PERFORM wall_refuse('previous_level_not_signed', format('第 %s 级尚未签字,不得越级;请按顺序逐级签字。', signed + 1));
    END IF;
    SELECT * INTO step FROM round_level l WHERE l.round_id = of_round.id AND l.level = NEW.level;
    IF NOT FOUND THEN
        PERFORM wall_refuse('level_unknown', format('本轮没有第 %s 级签字。', NEW.level));
    END IF;
    actor := wall_person_of_account(wall_setting('account'));
    NEW.signed_at := registry_now();
    held := wall_valid_appointment(NEW.appointment_id, NEW.signed_at);
    PERFORM wall_check_post(held, step);
    PERFORM wall_check_signer(held.person_id);
    PERFORM wall_check_person_signs_once(held.person_id, of_round.id, NEW.level);
    PERFORM wall_check_not_rectifier(held.person_id, h, step);
    IF NOT wall_content_holds(of_round) THEN
        PERFORM wall_refuse('content_changed', '签字内容在本轮开始后已变更;本轮须结束,重新核查后再签。');
    END IF;
    NEW.hazard_id := h.id;
    NEW.cycle := of_round.cycle;
    NEW.person_id := held.person_id;
    NEW.account_id := wall_setting('account');
    NEW.content_sha256 := of_round.content_sha256;
    PERFORM wall_check_act_transition(NEW.transition_id, h.id, array['sign']);
    PERFORM wall_check_proof(NEW, step, actor);
    RETURN NEW;
END $$;

-- The signer's own person: not disabled, known by identity; locked against being disabled meanwhile.
CREATE FUNCTION wall_check_signer(of_person bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    digest bytea;
BEGIN
    SELECT identity_digest INTO digest FROM person WHERE id = of_person FOR SHARE;
    IF digest IS NULL THEN
        PERFORM wall_refuse('identity_missing', '签字人的身份信息尚未登记,不能签字;请先由管理员登记。');
    END IF;
    PERFORM wall_check_not_disabled(of_person);
END $$;

-- Electronic: the signer's own account, stepped up. Paper: a registrar's account and the scan.
CREATE FUNCTION wall_check_proof(of_signature signature, step round_level, actor bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    minutes smallint;
BEGIN
    IF of_signature.kind = 'paper' THEN
        IF actor = of_signature.person_id THEN
            PERFORM wall_refuse('registrar_signs_nothing', '登记员不得登记自己的纸质签字。');
        END IF;
        PERFORM wall_check_paper(actor, of_signature.scan_evidence_id, step, of_signature.signed_at);
        RETURN;
    END IF;
    IF actor <> of_signature.person_id THEN
        PERFORM wall_refuse('account_of_another_person', '登录账号与任职不是同一自然人;请由任职人员本人登录签字。');
    END IF;
    SELECT e.step_up_minutes INTO minutes
    FROM edition e JOIN signing_round r ON r.edition_id = e.id WHERE r.id = of_signature.round_id;
    PERFORM wall_check_step_up(of_signature.step_up_id, of_signature.account_id, of_signature.content_sha256,
        of_signature.level, of_signature.signed_at, minutes);
END $$;
