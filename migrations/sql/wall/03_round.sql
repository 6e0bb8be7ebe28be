-- Opening a round: the caller names hazard, purpose and paper; chain, edition, content and levels are the database's.

CREATE FUNCTION wall_full_stop(h hazard) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT EXISTS (
        SELECT FROM production_measure m
        WHERE m.hazard_id = h.id AND m.kind = 'full_stop' AND m.transition_id IS NOT NULL
            AND (m.cycle = h.cycle OR NOT EXISTS (
                SELECT FROM production_measure_lift l
                WHERE l.production_measure_id = m.id AND l.transition_id IS NOT NULL)))
$$;

-- The same choice as app/regulation/sign_off.py: of the chains that serve, the highest precedence.
CREATE FUNCTION wall_chain(h hazard, of_purpose text, of_edition bigint) RETURNS edition_chain
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT c.* FROM edition_chain c
    WHERE c.edition_id = of_edition
        AND (c.hazard_level IS NULL OR c.hazard_level = h.level)
        AND (coalesce(cardinality(c.sectors), 0) = 0 OR h.sector = ANY (c.sectors))
        AND (c.full_stop IS NULL OR c.full_stop = wall_full_stop(h))
        AND (coalesce(cardinality(c.supervision_tiers), 0) = 0 OR h.supervision_tier = ANY (c.supervision_tiers))
        AND (c.purposes IS NULL OR of_purpose = ANY (c.purposes))
    ORDER BY c.precedence DESC LIMIT 1
$$;

-- The one organisation a level's party stands for; null when there is none that is confirmed.
CREATE FUNCTION wall_party(h hazard, of_party text, of_agency text) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    lead organisation;
    found_id bigint;
BEGIN
    SELECT * INTO lead FROM organisation WHERE id = h.lead_organisation_id;
    SELECT o.id INTO found_id FROM organisation o
    WHERE (o.confirmed_at IS NOT NULL OR o.kind = 'enterprise')
        AND CASE of_party
            WHEN 'enterprise' THEN o.kind = 'enterprise' AND o.enterprise_id = h.enterprise_id
            WHEN 'township' THEN o.kind = 'township' AND o.unit_id = h.unit_id
            WHEN 'lead_department' THEN o.id = lead.id
            WHEN 'higher_department' THEN o.id = lead.superior_id
            WHEN 'named_agency' THEN o.code = of_agency
            WHEN 'same_level_government' THEN o.kind = 'government' AND o.unit_id = lead.unit_id
            ELSE false
        END
    ORDER BY o.id LIMIT 1;
    RETURN found_id;
END $$;

CREATE FUNCTION wall_check_chain(of_chain edition_chain, of_level text) RETURNS smallint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    counted smallint;
    highest smallint;
    last_party text;
BEGIN
    SELECT count(*), max(level), (array_agg(party ORDER BY level DESC))[1] INTO counted, highest, last_party
    FROM edition_chain_level WHERE edition_chain_id = of_chain.id AND level >= 1;
    IF of_chain.id IS NULL OR counted = 0 THEN
        PERFORM wall_refuse('no_chain', '生效的规则版本中没有适用于该隐患的签字链;请检查规则版本。');
    END IF;
    IF of_level = 'major' AND counted < 4 THEN
        PERFORM wall_refuse('chain_too_short', '重大事故隐患的签字链不得少于四级;请检查规则版本。');
    END IF;
    IF counted <> highest THEN
        PERFORM wall_refuse('chain_has_gaps', '签字链的级别不连续;请检查规则版本。');
    END IF;
    IF last_party = 'enterprise' THEN
        PERFORM wall_refuse('chain_ends_with_enterprise', '签字链的最后一级不得是企业;请检查规则版本。');
    END IF;
    RETURN counted;
END $$;

-- A performed declaration of this cycle with both signatures, two persons.
CREATE FUNCTION wall_check_declaration(of_declaration declaration, h hazard) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF of_declaration.transition_id IS NULL OR of_declaration.hazard_id <> h.id OR of_declaration.cycle <> h.cycle THEN
        PERFORM wall_refuse('declaration_missing', '本轮整改没有生效的整改完成报告;请先由责任单位报告整改完成。');
    END IF;
    IF NOT wall_declaration_is_signed(of_declaration) THEN
        PERFORM wall_refuse('declaration_not_signed',
            '整改完成报告缺主要负责人、实际控制人(同一人的由安全管理机构负责人)两人签字;请补齐签字。');
    END IF;
END $$;

CREATE FUNCTION wall_declaration_is_signed(of_declaration declaration) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT EXISTS (
        SELECT FROM document_confirmation p JOIN document_confirmation s
            ON s.document_kind = p.document_kind AND s.document_id = p.document_id
                AND s.capacity IN ('controller', 'safety_head') AND s.person_id <> p.person_id
        WHERE p.document_kind = 'declaration' AND p.document_id = of_declaration.id AND p.capacity = 'principal'
            AND p.document_sha256 = of_declaration.document_sha256
            AND s.document_sha256 = of_declaration.document_sha256)
$$;

CREATE FUNCTION wall_verification_is_confirmed(of_verification verification) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT count(DISTINCT c.person_id) >= greatest(2, of_verification.inspectors_required)
    FROM document_confirmation c
    WHERE c.document_kind = 'verification' AND c.document_id = of_verification.id AND c.capacity = 'inspector'
        AND c.document_sha256 = of_verification.document_sha256
$$;

-- What a closing rests on: the passed verification of this cycle and the declaration it accepted.
CREATE FUNCTION wall_check_closing_papers(h hazard, of_verification bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    verified verification;
    declared declaration;
BEGIN
    IF h.state <> 'rectified' THEN
        PERFORM wall_refuse('state_forbids', '隐患不在“已整改待核查签字”状态,不能进行销号签字。');
    END IF;
    verified := wall_verification(h.id, h.cycle);
    IF verified.id IS NULL OR verified.id IS DISTINCT FROM of_verification THEN
        PERFORM wall_refuse('verification_missing', '本轮整改没有通过的现场核查记录;请先完成现场核查。');
    END IF;
    IF NOT wall_verification_is_confirmed(verified) THEN
        PERFORM wall_refuse('verification_not_confirmed', '现场核查记录须由两名以上检查人员确认;请补齐确认。');
    END IF;
    SELECT * INTO declared FROM declaration WHERE id = verified.declaration_id;
    PERFORM wall_check_declaration(declared, h);
END $$;

-- What a withdrawal or a cessation rests on: its request, performed in this cycle.
CREATE FUNCTION wall_check_request(h hazard, of_purpose text, of_request bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    request round_request;
BEGIN
    IF h.state <> 'listed' THEN
        PERFORM wall_refuse('state_forbids', '隐患不在“挂牌督办”状态,不能办理撤销挂牌或者关停退出。');
    END IF;
    request := wall_request(h.id, h.cycle, of_purpose);
    IF request.id IS NULL OR request.id IS DISTINCT FROM of_request THEN
        PERFORM wall_refuse('request_missing', '没有生效的撤销挂牌或者关停退出申请;请先提出申请。');
    END IF;
END $$;

CREATE FUNCTION wall_check_papers(h hazard, of_round signing_round) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF of_round.purpose = 'closing' THEN
        PERFORM wall_check_closing_papers(h, of_round.verification_id);
    ELSE
        PERFORM wall_check_request(h, of_round.purpose, of_round.round_request_id);
    END IF;
END $$;

CREATE FUNCTION wall_open_round(of_hazard bigint) RETURNS signing_round
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT r.* FROM signing_round r
    WHERE r.hazard_id = of_hazard AND NOT EXISTS (SELECT FROM round_end e WHERE e.round_id = r.id)
    ORDER BY r.id DESC LIMIT 1
$$;

CREATE FUNCTION wall_before_round() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    h hazard;
    at timestamptz;
    chain edition_chain;
    already signing_round;
BEGIN
    h := wall_held_hazard(NEW.hazard_id);
    at := registry_now();
    already := wall_open_round(h.id);
    IF already.id IS NOT NULL THEN
        PERFORM wall_refuse('round_is_open', '该隐患已有进行中的签字;请先完成或者结束本轮签字。');
    END IF;
    IF (NEW.purpose = 'closing') <> (NEW.round_request_id IS NULL)
        OR (NEW.purpose = 'closing') <> (NEW.verification_id IS NOT NULL) THEN
        PERFORM wall_refuse('round_paper_mismatch', '签字轮次与其依据的文书不一致。');
    END IF;
    IF EXISTS (SELECT FROM signing_round r WHERE r.hazard_id = h.id
        AND (r.verification_id = NEW.verification_id OR r.round_request_id = NEW.round_request_id)) THEN
        PERFORM wall_refuse('round_paper_used', '该核查记录或者申请已用于以前的签字轮次;请重新核查或者重新申请。');
    END IF;
    IF (wall_determination(h.id)).determined_level <> h.level THEN
        PERFORM wall_refuse('level_differs_from_determination', '隐患级别与判定结论不一致,不能开始签字。');
    END IF;
    NEW.cycle := h.cycle;
    PERFORM wall_check_papers(h, NEW);
    NEW.edition_id := (wall_edition(wall_business_date(at))).id;
    chain := wall_chain(h, NEW.purpose, NEW.edition_id);
    NEW.level_count := wall_check_chain(chain, h.level);
    NEW.edition_chain_id := chain.id;
    NEW.content := signed_content(h.id, NEW.purpose);
    NEW.content_sha256 := sha256(convert_to(NEW.content, 'UTF8'));
    NEW.opened_at := at;
    RETURN NEW;
END $$;

-- Copies the chain, so that nothing done to editions or organisations later touches this round.
CREATE FUNCTION wall_after_round() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    h hazard;
    step edition_chain_level;
    resolved bigint;
BEGIN
    SELECT * INTO h FROM hazard WHERE id = NEW.hazard_id;
    FOR step IN SELECT * FROM edition_chain_level WHERE edition_chain_id = NEW.edition_chain_id ORDER BY level LOOP
        resolved := wall_party(h, step.party, step.agency_code);
        IF resolved IS NULL THEN
            PERFORM wall_refuse('chain_party_missing', format(
                '第 %s 级签字单位(%s)不存在或者尚未确认;请先维护机构信息。', step.level, step.name));
        END IF;
        INSERT INTO round_level (hazard_id, round_id, level, party, post_kind, organisation_id, limit_days, limit_unit,
            in_person, paper_allowed, refusal_returns_to)
        VALUES (h.id, NEW.id, step.level, step.party, step.post_kind, resolved, step.limit_days, step.limit_unit,
            step.in_person, step.paper_allowed, step.refusal_returns_to);
        -- So that row-level security lets the signers see what they sign.
        INSERT INTO hazard_party (hazard_id, organisation_id, role)
        SELECT h.id, resolved, 'round_party'
        WHERE NOT EXISTS (SELECT FROM hazard_party p
            WHERE p.hazard_id = h.id AND p.organisation_id = resolved AND p.role = 'round_party' AND p.ended_at IS NULL);
    END LOOP;
    RETURN NULL;
END $$;
