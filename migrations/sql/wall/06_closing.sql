-- Closing: everything that signing asked is asked again for every level, then sealed.

-- One level's signature as the closing sees it.
CREATE FUNCTION wall_check_level_again(of_round signing_round, step round_level, of_signature signature) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    held appointment;
BEGIN
    IF of_signature.id IS NULL THEN
        PERFORM wall_refuse('signatures_incomplete', format('第 %s 级尚未签字,不能销号。', step.level));
    END IF;
    IF of_signature.cycle <> of_round.cycle OR of_signature.hazard_id <> of_round.hazard_id
        OR of_signature.content_sha256 <> of_round.content_sha256 THEN
        PERFORM wall_refuse('signature_of_other_content', format('第 %s 级签字不是对本轮内容作出的,不能销号。', step.level));
    END IF;
    SELECT * INTO held FROM appointment WHERE id = of_signature.appointment_id FOR SHARE;
    IF held.person_id IS DISTINCT FROM of_signature.person_id OR held.confirmed_at IS NULL
        OR held.confirmed_at > of_signature.signed_at OR held.valid_from > of_signature.signed_at
        OR held.valid_until < of_signature.signed_at THEN
        PERFORM wall_refuse('signer_was_not_in_post', format('第 %s 级签字人签字时不在任,不能销号。', step.level));
    END IF;
    PERFORM wall_check_post(held, step);
    PERFORM FROM person WHERE id = of_signature.person_id FOR SHARE;
    IF EXISTS (SELECT FROM person_disablement d WHERE d.person_id = of_signature.person_id AND d.for_cause) THEN
        PERFORM wall_refuse('signer_disabled', format('第 %s 级签字人已因故停用,本轮签字作废。', step.level));
    END IF;
    IF EXISTS (SELECT FROM sealed_closing_signature x WHERE x.signature_id = of_signature.id) THEN
        PERFORM wall_refuse('signature_already_used', format('第 %s 级签字已用于以前的销号。', step.level));
    END IF;
END $$;

-- The copied chain is whole: as many levels as the edition's, one by one, four at least for a major hazard.
CREATE FUNCTION wall_check_copied_chain(of_round signing_round, of_level text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    counted smallint;
BEGIN
    SELECT count(*) INTO counted
    FROM round_level l JOIN edition_chain_level e
        ON e.edition_chain_id = of_round.edition_chain_id AND e.level = l.level
            AND e.post_kind = l.post_kind AND e.party = l.party
    WHERE l.round_id = of_round.id;
    IF counted <> of_round.level_count OR counted <> (SELECT count(*) FROM edition_chain_level e
        WHERE e.edition_chain_id = of_round.edition_chain_id) THEN
        PERFORM wall_refuse('chain_differs', '本轮的签字链与规则版本不一致,不能销号。');
    END IF;
    IF of_level = 'major' AND counted < 4 THEN
        PERFORM wall_refuse('chain_too_short', '重大事故隐患的签字链不得少于四级,不能销号。');
    END IF;
END $$;

-- The round that lets the hazard leave by this purpose; refuses unless each of its levels is validly signed, in order.
CREATE FUNCTION wall_check_leaving(h hazard, of_purpose text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    of_round signing_round;
    step round_level;
    of_signature signature;
    persons bigint[] := '{}';
    newest bigint := 0;
BEGIN
    of_round := wall_open_round(h.id);
    IF of_round.id IS NULL OR of_round.purpose <> of_purpose OR of_round.cycle <> h.cycle THEN
        PERFORM wall_refuse('no_completed_round', '没有本轮整改、相应事由的签字,不能销号、撤销或者退出。');
    END IF;
    PERFORM wall_check_papers(h, of_round);
    PERFORM wall_check_copied_chain(of_round, h.level);
    IF NOT wall_content_holds(of_round) THEN
        PERFORM wall_refuse('content_changed', '签字内容在本轮开始后已变更,不能销号;请重新核查、签字。');
    END IF;
    FOR step IN SELECT * FROM round_level WHERE round_id = of_round.id ORDER BY level LOOP
        SELECT s.* INTO of_signature FROM signature s
        WHERE s.round_id = of_round.id AND s.level = step.level
            AND NOT EXISTS (SELECT FROM signature_withdrawal w WHERE w.signature_id = s.id)
        ORDER BY s.id DESC LIMIT 1;
        PERFORM wall_check_level_again(of_round, step, of_signature);
        IF of_signature.id <= newest THEN
            PERFORM wall_refuse('signatures_out_of_order', '签字没有按级别顺序进行,不能销号。');
        END IF;
        IF of_signature.person_id = ANY (persons) THEN
            PERFORM wall_refuse('person_signed_other_level', '同一人签了两级,不能销号。');
        END IF;
        newest := of_signature.id;
        persons := persons || of_signature.person_id;
    END LOOP;
END $$;

-- Over the content's hash and each signature in order; anyone can recompute it.
CREATE FUNCTION wall_seal_text(of_round signing_round) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT 'content ' || encode(of_round.content_sha256, 'hex') || string_agg(
        format(E'\nlevel %s person %s appointment %s at %s', s.level, s.person_id, s.appointment_id,
            to_char(s.signed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')), '' ORDER BY s.level)
    FROM signature s
    WHERE s.round_id = of_round.id AND NOT EXISTS (SELECT FROM signature_withdrawal w WHERE w.signature_id = s.id)
$$;

-- Runs after the hazard's row has left; what it writes no one else may.
CREATE FUNCTION wall_seal() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    of_round signing_round;
    sealed bigint;
BEGIN
    of_round := wall_open_round(NEW.id);
    INSERT INTO sealed_closing (hazard_id, round_id, cycle, purpose, content_sha256, seal_sha256, closed_at)
    VALUES (NEW.id, of_round.id, of_round.cycle, of_round.purpose, of_round.content_sha256,
        sha256(convert_to(wall_seal_text(of_round), 'UTF8')), coalesce(NEW.closed_at, registry_now()))
    RETURNING id INTO sealed;
    INSERT INTO sealed_closing_signature (hazard_id, sealed_closing_id, level, signature_id, person_id)
    SELECT NEW.id, sealed, s.level, s.id, s.person_id FROM signature s
    WHERE s.round_id = of_round.id AND NOT EXISTS (SELECT FROM signature_withdrawal w WHERE w.signature_id = s.id)
    ORDER BY s.level;
    INSERT INTO round_end (hazard_id, round_id, outcome) VALUES (NEW.id, of_round.id, 'completed');
    RETURN NULL;
END $$;
