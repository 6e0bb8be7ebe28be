-- The lifecycle's table (design 3.1, app/regulation/lifecycle.py) once more: a history row is one of its rows.

CREATE FUNCTION wall_step_is_known(from_state text, of_act text, to_state text) RETURNS boolean
LANGUAGE sql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT CASE
        WHEN from_state IS NULL THEN (of_act, to_state) IN (
            ('report', 'reported'), ('import_open', 'listed'), ('import_closed', 'listed'))
        WHEN of_act = 'order_production_measure' THEN
            from_state = to_state AND from_state IN ('reported', 'listed', 'rectified')
        WHEN of_act IN ('lift_production_measure', 'correct') THEN
            from_state = to_state AND from_state IN ('reported', 'listed', 'rectified', 'closed')
        WHEN from_state = 'listed' AND to_state = 'listed' THEN of_act IN (
            'submit_plan', 'approve_plan', 'return_plan', 'report_progress', 'request_extension', 'decide_extension',
            'transfer', 'refuse_transfer', 'change_supervision_level', 'open_withdrawal', 'open_cessation', 'sign',
            'refuse_signature', 'withdraw_signature')
        ELSE (from_state, of_act, to_state) IN (
            ('listed', 'import_closed', 'closed'), ('reported', 'amend', 'reported'),
            ('reported', 'determine', 'reported'), ('reported', 'dismiss', 'dismissed'), ('reported', 'list', 'listed'),
            ('reported', 'list_fixed_on_the_spot', 'rectified'), ('listed', 'declare', 'rectified'),
            ('listed', 'sign', 'dismissed'), ('listed', 'sign', 'closed'), ('rectified', 'declare', 'rectified'),
            ('rectified', 'pass_verification', 'rectified'), ('rectified', 'fail_verification', 'listed'),
            ('rectified', 'sign', 'rectified'), ('rectified', 'sign', 'closed'),
            ('rectified', 'refuse_signature', 'listed'), ('rectified', 'refuse_signature', 'rectified'),
            ('rectified', 'withdraw_signature', 'rectified'), ('closed', 'delist', 'closed'),
            ('closed', 'pass_revisit', 'closed'), ('closed', 'fail_revisit', 'listed'), ('closed', 'relapse', 'listed'))
    END
$$;

-- The history is one unbroken walk: each act starts where the one before ended, one version and at most one cycle on.
CREATE FUNCTION wall_check_step(act hazard_transition) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    b hazard_transition;
    returns_to_listed boolean := act.to_state = 'listed' AND act.from_state IN ('rectified', 'closed');
BEGIN
    SELECT t.* INTO b FROM hazard_transition t
    WHERE t.hazard_id = act.hazard_id AND t.restates IS NULL AND t.version < act.version ORDER BY t.version DESC LIMIT 1;
    IF act.from_state IS DISTINCT FROM b.to_state OR act.version <> coalesce(b.version + 1, least(act.version, 1)) THEN
        PERFORM wall_refuse('history_is_broken', '流转记录与上一条不衔接。');
    END IF;
    IF NOT wall_step_is_known(act.from_state, act.act, act.to_state) THEN
        PERFORM wall_refuse('step_unknown', format('流程表中没有这一步:%s 办理 %s 到 %s。', act.from_state, act.act, act.to_state));
    END IF;
    IF act.cycle <> coalesce(b.cycle, 1) + coalesce(returns_to_listed, false)::int THEN
        PERFORM wall_refuse('cycle_counts_returns', '整改轮次只在退回挂牌督办时加一。');
    END IF;
    IF act.occurred_at < b.occurred_at AND wall_may_be_back_entered(act.act) THEN
        PERFORM wall_refuse('occurred_before_previous_act', '发生时间不得早于上一次办理的时间。');
    END IF;
    PERFORM wall_check_step_facts(b, act);
END $$;

-- What determination, listing and deadlines ask of the order of acts.
CREATE FUNCTION wall_check_step_facts(b hazard_transition, act hazard_transition) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF b.is_determined AND (act.act = 'amend' OR NOT act.is_determined)
        OR NOT b.is_determined AND act.act IN ('list', 'list_fixed_on_the_spot') THEN
        PERFORM wall_refuse('determination_stands', '判定之后不得补充修改,未判定的不得挂牌。');
    END IF;
    IF act.act = 'declare' AND b.to_state = 'rectified' AND (
        NOT EXISTS (SELECT FROM hazard_transition t
            WHERE t.hazard_id = act.hazard_id AND t.act = 'list_fixed_on_the_spot' AND t.restates IS NULL)
        OR EXISTS (SELECT FROM hazard_transition t
            WHERE t.hazard_id = act.hazard_id AND t.act = 'declare' AND t.restates IS NULL)) THEN
        PERFORM wall_refuse('declared_once', '立查立改的隐患只报告一次整改完成。');
    END IF;
    IF act.current_deadline IS DISTINCT FROM b.current_deadline AND b.id IS NOT NULL AND (
        (b.current_deadline IS NOT NULL AND act.current_deadline IS NULL)
        OR (act.act = 'change_supervision_level' AND act.current_deadline > b.current_deadline)
        OR NOT (act.act IN ('list', 'list_fixed_on_the_spot', 'decide_extension', 'change_supervision_level', 'correct')
            OR (act.to_state = 'listed' AND b.to_state IN ('rectified', 'closed'))
            OR wall_is_recomputed(act))) THEN
        PERFORM wall_refuse('deadline_moved_by_other_act', '本次办理不得改变整改期限。');
    END IF;
END $$;

-- A date that the calendar's job has moved since is taken over by the next act.
CREATE FUNCTION wall_is_recomputed(act hazard_transition) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$ SELECT h.current_deadline = act.current_deadline FROM hazard h WHERE h.id = act.hazard_id $$;

-- The table of the document an act is; null where an act is not one.
CREATE FUNCTION wall_document_of(of_act text) RETURNS text
LANGUAGE sql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT CASE
        WHEN of_act = 'determine' THEN 'determination'
        WHEN of_act = 'dismiss' THEN 'dismissal'
        WHEN of_act IN ('list', 'list_fixed_on_the_spot') THEN 'listing'
        WHEN of_act = 'declare' THEN 'declaration'
        WHEN of_act IN ('pass_verification', 'fail_verification') THEN 'verification'
        WHEN of_act IN ('open_withdrawal', 'open_cessation') THEN 'round_request'
        WHEN of_act = 'correct' THEN 'correction'
        WHEN of_act = 'delist' THEN 'delisting'
        WHEN of_act IN ('pass_revisit', 'fail_revisit', 'relapse') THEN 'revisit'
        WHEN of_act = 'sign' THEN 'signature'
    END
$$;

-- A hazard that leaves by withdrawal says why, as the request did; regraded, it has its successor.
CREATE FUNCTION wall_dismissal_fits(act hazard_transition) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT EXISTS (
        SELECT FROM dismissal d
        JOIN sealed_closing s ON s.hazard_id = d.hazard_id AND s.cycle = act.cycle AND s.purpose = 'withdrawal'
        JOIN signing_round r ON r.id = s.round_id
        JOIN round_request q ON q.id = r.round_request_id
        WHERE d.hazard_id = act.hazard_id AND d.transition_id = act.id AND d.reason = q.dismiss_reason
            AND (d.reason <> 'regraded' OR EXISTS (SELECT FROM hazard h WHERE h.regraded_from_id = act.hazard_id)))
$$;

-- At commit: the act has its document, and a closing in the history its seal.
CREATE FUNCTION wall_transition_at_commit() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    kind text := wall_document_of(NEW.act);
    there boolean;
BEGIN
    IF NEW.restates IS NOT NULL THEN
        RETURN NULL;
    END IF;
    IF NEW.to_state = 'closed' AND NEW.from_state <> 'closed' AND NEW.act <> 'import_closed'
        AND NOT EXISTS (SELECT FROM sealed_closing s WHERE s.hazard_id = NEW.hazard_id AND s.cycle = NEW.cycle) THEN
        PERFORM wall_refuse('closed_without_seal', '没有封存的销号记录,不得记为已销号。');
    END IF;
    IF kind IS NOT NULL THEN
        EXECUTE format('SELECT EXISTS (SELECT FROM %I d WHERE d.hazard_id = $1 AND d.transition_id = $2)', kind)
        INTO there USING NEW.hazard_id, NEW.id;
        IF NOT there THEN
            PERFORM wall_refuse('act_without_document', '本次办理没有形成相应的文书。');
        END IF;
    END IF;
    IF NEW.act = 'sign' AND NEW.to_state = 'dismissed' AND NOT wall_dismissal_fits(NEW) THEN
        PERFORM wall_refuse('dismissal_differs', '撤销挂牌的理由与申请不一致,或者降级后没有登记重点隐患。');
    END IF;
    RETURN NULL;
END $$;
