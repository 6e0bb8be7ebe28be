-- The hazard's own row: how it may begin, where it may go, what never changes.

CREATE FUNCTION wall_may_go(from_state text, to_state text) RETURNS boolean
LANGUAGE sql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT from_state = to_state OR (from_state, to_state) IN (
        ('reported', 'dismissed'), ('reported', 'listed'), ('reported', 'rectified'),
        ('listed', 'rectified'), ('listed', 'dismissed'), ('listed', 'closed'),
        ('rectified', 'listed'), ('rectified', 'closed'), ('closed', 'listed'))
$$;

CREATE FUNCTION wall_before_hazard_insert() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    NEW.cycle := 1;
    NEW.touched_by := pg_current_xact_id();
    NEW.created_at := registry_now();
    IF NEW.is_legacy THEN
        PERFORM wall_check_import(NEW);
        RETURN NEW;
    END IF;
    IF NEW.state <> 'reported' OR NEW.version NOT IN (0, 1) THEN
        PERFORM wall_refuse('begins_reported', '隐患只能从“已上报”开始登记。');
    END IF;
    IF num_nonnulls(NEW.determined_at, NEW.listed_at, NEW.closed_at, NEW.ledger_number, NEW.original_deadline) > 0 THEN
        PERFORM wall_refuse('begins_reported', '刚上报的隐患不得带有判定、挂牌、销号信息。');
    END IF;
    RETURN NEW;
END $$;

-- Rows of the paper past come in listed or closed, by the import's role, in the edition's days after go-live.
CREATE FUNCTION wall_check_import(h hazard) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    today date := wall_business_date(registry_now());
    go_live date;
BEGIN
    IF current_setting('role') <> 'qingling_import' THEN
        PERFORM wall_refuse('import_only', '历史台账只能通过台账补录登记。');
    END IF;
    IF h.state NOT IN ('listed', 'closed') OR h.version NOT BETWEEN 0 AND 2 THEN
        PERFORM wall_refuse('import_only', '历史台账只能登记为挂牌督办或者已销号。');
    END IF;
    SELECT go_live_on INTO go_live FROM registry_setting;
    IF go_live IS NULL OR today > go_live + (wall_edition(today)).legacy_import_days THEN
        PERFORM wall_refuse('import_is_over', '已过历史台账补录期限,不能再补录。');
    END IF;
    IF h.state = 'closed' AND (h.closed_at IS NULL OR wall_business_date(h.closed_at) >= go_live) THEN
        PERFORM wall_refuse('legacy_closed_after_go_live', '启用之后的销号必须经四级签字,不得作为历史台账补录。');
    END IF;
    IF h.state = 'listed' AND h.closed_at IS NOT NULL THEN
        PERFORM wall_refuse('import_only', '在办的历史隐患不得带有销号时间。');
    END IF;
END $$;

-- version: one step with the act's first statement, then still for the rest of that transaction.
CREATE FUNCTION wall_check_version(old_row hazard, new_row hazard) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF new_row.version = old_row.version + 1 THEN
        RETURN;
    END IF;
    IF new_row.version <> old_row.version THEN
        PERFORM wall_refuse('version_moves_by_one', '隐患的版本号每次只能加一。');
    END IF;
    IF old_row.touched_by = pg_current_xact_id() THEN
        RETURN;
    END IF;
    -- A newly announced calendar recomputes open dates; a job is no act of a person and moves no version.
    IF current_setting('role') = 'qingling_job' AND (wall_open_round(old_row.id)).id IS NULL
        AND to_jsonb(new_row) - array['current_deadline', 'deadline_is_provisional', 'touched_by']
            = to_jsonb(old_row) - array['current_deadline', 'deadline_is_provisional', 'touched_by'] THEN
        RETURN;
    END IF;
    PERFORM wall_refuse('act_without_lock', '本次操作没有先更新隐患的版本号,数据库不予受理;请通过系统办理。');
END $$;

CREATE FUNCTION wall_check_unchanged(old_row hazard, new_row hazard) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF (new_row.id, new_row.public_id, new_row.created_at, new_row.is_legacy, new_row.regraded_from_id)
        IS DISTINCT FROM (old_row.id, old_row.public_id, old_row.created_at, old_row.is_legacy, old_row.regraded_from_id)
        OR (new_row.reported_at, new_row.reporter_account_id, new_row.reporter_organisation_id)
        IS DISTINCT FROM (old_row.reported_at, old_row.reporter_account_id, old_row.reporter_organisation_id) THEN
        PERFORM wall_refuse('never_changes', '隐患的标识、上报人和上报时间不得修改。');
    END IF;
    IF new_row.ledger_number IS DISTINCT FROM old_row.ledger_number AND old_row.ledger_number IS NOT NULL THEN
        PERFORM wall_refuse('ledger_number_never_changes', '台账编号一经编定不得修改。');
    END IF;
    IF new_row.original_deadline IS DISTINCT FROM old_row.original_deadline AND old_row.original_deadline IS NOT NULL THEN
        PERFORM wall_refuse('original_deadline_never_changes', '原整改期限不得修改;延期只改当前期限。');
    END IF;
    IF (new_row.determined_at IS DISTINCT FROM old_row.determined_at AND old_row.determined_at IS NOT NULL)
        OR (new_row.listed_at IS DISTINCT FROM old_row.listed_at AND old_row.listed_at IS NOT NULL)
        OR (new_row.closed_at IS DISTINCT FROM old_row.closed_at AND new_row.state = old_row.state) THEN
        PERFORM wall_refuse('instant_never_changes', '判定、挂牌、销号时间由数据库记录,不得修改。');
    END IF;
    IF old_row.state = 'reported' OR wall_corrected_now(old_row.id, false) THEN
        RETURN;
    END IF;
    IF (new_row.found_on, new_row.channel, new_row.sector, new_row.unit_id, new_row.site_id, new_row.enterprise_id,
        new_row.responsible_organisation_id, new_row.finders, new_row.place, new_row.circumstances,
        new_row.reporting_record, new_row.monitoring_measures)
        IS DISTINCT FROM (old_row.found_on, old_row.channel, old_row.sector, old_row.unit_id, old_row.site_id,
        old_row.enterprise_id, old_row.responsible_organisation_id, old_row.finders, old_row.place,
        old_row.circumstances, old_row.reporting_record, old_row.monitoring_measures) THEN
        PERFORM wall_refuse('needs_correction', '挂牌之后的登记内容只能通过更正修改。');
    END IF;
END $$;

CREATE FUNCTION wall_check_frozen(old_row hazard, new_row hazard) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF new_row.level <> old_row.level AND old_row.state <> 'reported' THEN
        PERFORM wall_refuse('level_never_changes', '挂牌之后不得改变隐患级别;降为重点须经撤销程序另行登记。');
    END IF;
    IF (wall_open_round(old_row.id)).id IS NULL THEN
        RETURN;
    END IF;
    IF (new_row.ledger_number, new_row.enterprise_id, new_row.responsible_organisation_id, new_row.site_id,
        new_row.place, new_row.circumstances, new_row.current_deadline)
        IS DISTINCT FROM (old_row.ledger_number, old_row.enterprise_id, old_row.responsible_organisation_id,
        old_row.site_id, old_row.place, old_row.circumstances, old_row.current_deadline) THEN
        PERFORM wall_refuse('signed_content_frozen', '签字进行中,签字内容不得修改;须先结束本轮签字。');
    END IF;
END $$;

-- Where the hazard goes, and what that needs.
CREATE FUNCTION wall_check_move(old_row hazard, new_row hazard) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    returns_to_listed boolean := new_row.state = 'listed' AND old_row.state IN ('rectified', 'closed');
BEGIN
    IF NOT wall_may_go(old_row.state, new_row.state) THEN
        PERFORM wall_refuse('state_forbids', format('隐患不得从“%s”变为“%s”。', old_row.state, new_row.state));
    END IF;
    IF new_row.cycle <> old_row.cycle + returns_to_listed::int THEN
        PERFORM wall_refuse('cycle_counts_returns', '整改轮次只在退回挂牌督办时加一。');
    END IF;
    IF new_row.state = old_row.state THEN
        RETURN;
    END IF;
    IF new_row.state = 'closed' THEN
        PERFORM wall_check_leaving(old_row, CASE old_row.state WHEN 'listed' THEN 'cessation' ELSE 'closing' END);
    ELSIF new_row.state = 'dismissed' AND old_row.state = 'listed' THEN
        PERFORM wall_check_leaving(old_row, 'withdrawal');
    ELSIF (wall_open_round(old_row.id)).id IS NOT NULL THEN
        PERFORM wall_refuse('round_is_open', '签字进行中,须先结束本轮签字。');
    END IF;
END $$;

CREATE FUNCTION wall_before_hazard_update() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF NEW IS NOT DISTINCT FROM OLD THEN
        RETURN NEW;
    END IF;
    PERFORM wall_check_version(OLD, NEW);
    NEW.touched_by := CASE WHEN NEW.version > OLD.version THEN pg_current_xact_id() ELSE OLD.touched_by END;
    PERFORM wall_check_unchanged(OLD, NEW);
    PERFORM wall_check_frozen(OLD, NEW);
    PERFORM wall_check_move(OLD, NEW);
    IF NEW.state <> OLD.state THEN
        NEW.closed_at := CASE WHEN NEW.state = 'closed' THEN registry_now() END;
    END IF;
    RETURN NEW;
END $$;
