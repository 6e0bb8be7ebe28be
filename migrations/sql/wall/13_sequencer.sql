-- The one sequencer: every transition and audit row gets its gapless position once no older transaction can still commit.
-- Rows are taken in the order of their transactions, so that the last position says where the next run goes on.

CREATE FUNCTION sequence_new_rows() RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    horizon xid8 := pg_snapshot_xmin(pg_current_snapshot());
    reached xid8;
    last_position bigint;
    added bigint;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('qingling sequencer')) THEN
        RETURN 0;
    END IF;
    SELECT p.position, coalesce(t.transaction_id, a.transaction_id) INTO last_position, reached
    FROM sequence_position p
    LEFT JOIN hazard_transition t ON t.id = p.transition_id
    LEFT JOIN audit_event a ON a.id = p.audit_event_id
    ORDER BY p.position DESC LIMIT 1;
    INSERT INTO sequence_position (position, transition_id, audit_event_id, assigned_at)
    SELECT coalesce(last_position, 0) + row_number() OVER (ORDER BY n.xid, n.kind, n.id),
        CASE n.kind WHEN 1 THEN n.id END, CASE n.kind WHEN 2 THEN n.id END, registry_now()
    FROM (
        SELECT transaction_id AS xid, 1 AS kind, id FROM hazard_transition
        WHERE transaction_id < horizon AND (reached IS NULL OR transaction_id > reached)
        UNION ALL
        SELECT transaction_id, 2, id FROM audit_event
        WHERE transaction_id < horizon AND (reached IS NULL OR transaction_id > reached)
    ) AS n;
    GET DIAGNOSTICS added = ROW_COUNT;
    RETURN added;
END $$;
