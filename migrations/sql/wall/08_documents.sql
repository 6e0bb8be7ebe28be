-- Documents of acts: written once, performed once, then frozen; their evidence is fixed by the first confirmation.

-- Trigger arguments: the acts that may perform this kind of document.
CREATE FUNCTION wall_freeze_document() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    performed hazard_transition;
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.recorded_at := registry_now();
        NEW.account_id := coalesce(wall_setting('account'), NEW.account_id);
        NEW.person_id := (SELECT a.person_id FROM account a WHERE a.id = NEW.account_id);
        NEW.cycle := coalesce((SELECT h.cycle FROM hazard h WHERE h.id = NEW.hazard_id), NEW.cycle);
    ELSIF TG_OP = 'DELETE' OR OLD.transition_id IS NOT NULL OR NEW.transition_id IS NULL
        OR to_jsonb(NEW) - 'transition_id' IS DISTINCT FROM to_jsonb(OLD) - 'transition_id' THEN
        PERFORM wall_refuse('never_changes', '业务文书一经形成不得修改、删除;请另行形成新的文书或者办理更正。');
    END IF;
    IF NEW.transition_id IS NOT NULL THEN
        PERFORM wall_held_hazard(NEW.hazard_id);
        performed := wall_check_act_transition(NEW.transition_id, NEW.hazard_id, TG_ARGV[0]::text[]);
        PERFORM wall_check_only_document(TG_TABLE_NAME, NEW.id, NEW.transition_id);
        IF TG_TABLE_NAME IN ('declaration', 'verification', 'correction') THEN
            PERFORM wall_check_several_persons(TG_TABLE_NAME, TG_OP, NEW.id, performed);
        END IF;
    END IF;
    RETURN NEW;
END $$;

-- One act, one document of a kind.
CREATE FUNCTION wall_check_only_document(kind text, of_document bigint, of_transition bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    taken boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT FROM %I d WHERE d.hazard_id = (SELECT t.hazard_id FROM hazard_transition t
        WHERE t.id = $1) AND d.transition_id = $1 AND d.id <> $2)', kind) INTO taken USING of_transition, of_document;
    IF taken THEN
        PERFORM wall_refuse('act_has_its_document', '一次办理只形成一份同类文书。');
    END IF;
END $$;

-- What several persons complete is drafted first, confirmed by each, and performed in its own cycle.
CREATE FUNCTION wall_check_several_persons(kind text, operation text, of_document bigint, performed hazard_transition)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    declared declaration;
    verified verification;
    complete boolean;
BEGIN
    IF operation = 'INSERT' THEN
        PERFORM wall_refuse('draft_first', '该文书须先起草,由各签字人分别确认后生效。');
    END IF;
    IF kind = 'declaration' THEN
        SELECT * INTO declared FROM declaration WHERE id = of_document;
        complete := wall_declaration_is_signed(declared) AND declared.cycle = performed.cycle;
    ELSIF kind = 'verification' THEN
        SELECT * INTO verified FROM verification WHERE id = of_document;
        complete := wall_verification_is_confirmed(verified) AND (verified.passed = (performed.act = 'pass_verification'))
            AND EXISTS (SELECT FROM declaration d WHERE d.id = verified.declaration_id AND d.transition_id IS NOT NULL
                AND d.hazard_id = verified.hazard_id AND d.cycle = verified.cycle)
            AND verified.cycle IN (performed.cycle, performed.cycle - (NOT verified.passed)::int);
    ELSE
        complete := 2 = (SELECT count(DISTINCT c.person_id) FROM document_confirmation c
            WHERE c.document_kind = 'correction' AND c.document_id = of_document
                AND c.capacity IN ('proposer', 'confirmer'));
    END IF;
    IF NOT complete THEN
        PERFORM wall_refuse('confirmations_incomplete', '文书还缺签字或者确认,不能生效;请补齐后再办。');
    END IF;
END $$;

CREATE FUNCTION wall_before_document_evidence() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    frozen boolean;
BEGIN
    PERFORM wall_meet_on_hazard(NEW.hazard_id);
    IF NOT EXISTS (SELECT FROM evidence e WHERE e.id = NEW.evidence_id AND e.hazard_id = NEW.hazard_id) THEN
        PERFORM wall_refuse('evidence_of_other_hazard', '证据不属于该隐患。');
    END IF;
    EXECUTE format(
        'SELECT d.transition_id IS NOT NULL AND t.transaction_id <> pg_current_xact_id() OR EXISTS (
            SELECT FROM document_confirmation c WHERE c.document_kind = $2 AND c.document_id = d.id)
        FROM %I d LEFT JOIN hazard_transition t ON t.id = d.transition_id WHERE d.id = $1 AND d.hazard_id = $3',
        NEW.document_kind) INTO frozen USING NEW.document_id, NEW.document_kind, NEW.hazard_id;
    IF frozen IS NULL THEN
        PERFORM wall_refuse('document_unknown', '没有这份文书。');
    END IF;
    IF frozen THEN
        PERFORM wall_refuse('evidence_is_fixed', '文书已有人确认或者已经生效,不得再增加证据;请另行起草。');
    END IF;
    RETURN NEW;
END $$;
