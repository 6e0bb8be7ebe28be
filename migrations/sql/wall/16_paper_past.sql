-- The paper past (design 3.6): a batch is attested once by two persons; only its own rows come in closed.

CREATE FUNCTION wall_meet_on_batch(of_batch bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    UPDATE legacy_batch SET attested_at = attested_at WHERE id = of_batch;
END $$;

CREATE FUNCTION wall_attestors(of_batch legacy_batch) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT count(DISTINCT c.person_id) FROM document_confirmation c
    WHERE c.document_kind = 'attestation' AND c.document_id = of_batch.id
        AND c.document_sha256 = of_batch.document_sha256
$$;

CREATE FUNCTION wall_before_batch() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.attested_at := NULL;
        NEW.imported_at := registry_now();
        RETURN NEW;
    END IF;
    IF NEW IS NOT DISTINCT FROM OLD THEN
        RETURN NEW;
    END IF;
    IF OLD.attested_at IS NOT NULL OR NEW.attested_at IS NULL
        OR to_jsonb(NEW) - 'attested_at' IS DISTINCT FROM to_jsonb(OLD) - 'attested_at' THEN
        PERFORM wall_refuse('never_changes', '补录批次不得修改,只能核对确认一次。');
    END IF;
    IF wall_attestors(OLD) < 2 THEN
        PERFORM wall_refuse('attested_by_two', '历史台账须由两人分别核对确认。');
    END IF;
    IF (SELECT count(*) FROM legacy_row r WHERE r.batch_id = OLD.id) <> OLD.closed_count THEN
        PERFORM wall_refuse('batch_has_other_rows', '待核对的行数与批次登记的已销号数不一致。');
    END IF;
    NEW.attested_at := registry_now();
    RETURN NEW;
END $$;

CREATE FUNCTION wall_before_legacy_row() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    NEW.imported_at := registry_now();
    RETURN NEW;
END $$;

-- Rows are staged by the import's own transaction and never added once someone has looked at the batch. Once a
-- statement, not once a row: thousands of meetings in one transaction leave thousands of versions of the batch.
CREATE FUNCTION wall_after_legacy_rows() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    of_batch bigint;
    batch legacy_batch;
BEGIN
    FOR of_batch IN SELECT DISTINCT batch_id FROM added LOOP
        PERFORM wall_meet_on_batch(of_batch);
        SELECT * INTO batch FROM legacy_batch WHERE id = of_batch;
        IF batch.attested_at IS NOT NULL OR wall_attestors(batch) > 0 THEN
            PERFORM wall_refuse('batch_is_fixed', '已有人核对的补录批次不得再增加行。');
        END IF;
    END LOOP;
    RETURN NULL;
END $$;

-- A record comes with its hazard, in the transaction that enters it.
CREATE FUNCTION wall_before_legacy_record() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    h hazard;
BEGIN
    h := wall_held_hazard(NEW.hazard_id);
    IF NOT h.is_legacy OR (h.state = 'closed') <> (NEW.closed_on IS NOT NULL)
        OR (NEW.closed_on IS NOT NULL) <> (NEW.legacy_row_id IS NOT NULL) THEN
        PERFORM wall_refuse('legacy_record_differs', '台账记录与所登记的历史隐患不一致。');
    END IF;
    NEW.recorded_at := registry_now();
    RETURN NEW;
END $$;

-- An attested batch comes in whole.
CREATE FUNCTION wall_batch_at_commit() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF NEW.closed_count <> (SELECT count(*) FROM legacy_record r
        WHERE r.batch_id = NEW.id AND r.closed_on IS NOT NULL) THEN
        PERFORM wall_refuse('batch_not_whole', '核对确认的批次须整批登记。');
    END IF;
    RETURN NULL;
END $$;

-- A hazard of the past has its record; a closed one is exactly one attested row, whatever else the transaction did.
CREATE FUNCTION wall_legacy_at_commit() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    go_live date := (SELECT go_live_on FROM registry_setting);
BEGIN
    IF NOT EXISTS (SELECT FROM legacy_record r WHERE r.hazard_id = NEW.id) THEN
        PERFORM wall_refuse('legacy_record_missing', '历史隐患没有台账记录,不得登记。');
    END IF;
    IF NEW.state = 'closed' AND NOT EXISTS (
        SELECT FROM legacy_record r
        JOIN legacy_row w ON w.id = r.legacy_row_id AND w.batch_id = r.batch_id AND w.row_number = r.row_number
        JOIN legacy_batch b ON b.id = w.batch_id
        WHERE r.hazard_id = NEW.id AND r.row_sha256 = w.row_sha256 AND r.found_on = w.found_on
            AND r.closed_on = w.closed_on AND w.closed_on < go_live AND NEW.found_on = w.found_on
            AND wall_business_date(NEW.closed_at) = w.closed_on AND NEW.ledger_number = w.ledger_number
            AND b.attested_at IS NOT NULL AND wall_attestors(b) >= 2) THEN
        PERFORM wall_refuse('legacy_row_not_attested', '该历史销号没有经两人核对确认的台账行,不得登记。');
    END IF;
    RETURN NULL;
END $$;
