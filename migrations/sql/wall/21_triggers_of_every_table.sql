-- The same few walls on many tables: documents of acts, rows written once, rows of the wall or the owner alone.

DO $$
DECLARE
    wanted record;
    each_table text;
BEGIN
    FOR wanted IN SELECT * FROM (VALUES
        ('determination', '{determine,import_open,import_closed}'), ('dismissal', '{dismiss,sign}'),
        ('listing', '{list,list_fixed_on_the_spot,import_open,import_closed}'),
        ('supervision_change', '{change_supervision_level}'), ('plan', '{submit_plan}'),
        ('plan_decision', '{approve_plan,return_plan}'), ('progress', '{report_progress}'),
        ('extension_request', '{request_extension}'), ('extension_decision', '{decide_extension}'),
        ('transfer', '{transfer}'), ('transfer_refusal', '{refuse_transfer}'),
        ('production_measure', '{order_production_measure}'), ('production_measure_lift', '{lift_production_measure}'),
        ('delisting', '{delist}'), ('declaration', '{declare}'),
        ('verification', '{pass_verification,fail_verification}'), ('revisit', '{pass_revisit,fail_revisit,relapse}'),
        ('round_request', '{open_withdrawal,open_cessation}'), ('correction', '{correct}')
    ) AS document(name, acts) LOOP
        EXECUTE format('CREATE TRIGGER wall_document BEFORE INSERT OR UPDATE OR DELETE ON %I FOR EACH ROW
            EXECUTE FUNCTION wall_freeze_document(%L)', wanted.name, wanted.acts);
    END LOOP;

    FOREACH each_table IN ARRAY array['signing_round', 'round_level', 'signature', 'signature_withdrawal', 'round_end',
        'sealed_closing', 'sealed_closing_signature', 'hazard_transition', 'audit_event', 'sequence_position',
        'document_confirmation', 'document_evidence', 'evidence', 'legacy_row', 'legacy_record', 'step_up',
        'person_disablement', 'edition', 'edition_chain', 'edition_chain_level', 'registry_setting'] LOOP
        EXECUTE format('CREATE TRIGGER wall_no_change BEFORE UPDATE OR DELETE ON %I FOR EACH ROW
            EXECUTE FUNCTION wall_no_change()', each_table);
    END LOOP;

    FOREACH each_table IN ARRAY array['hazard', 'appointment', 'account', 'person', 'post', 'organisation',
        'legacy_batch', 'audit_stream', 'clock_setting'] LOOP
        EXECUTE format('CREATE TRIGGER wall_no_delete BEFORE DELETE ON %I FOR EACH ROW
            EXECUTE FUNCTION wall_no_change()', each_table);
    END LOOP;

    FOREACH each_table IN ARRAY array['round_level', 'sealed_closing', 'sealed_closing_signature', 'sequence_position'] LOOP
        EXECUTE format('CREATE TRIGGER wall_only BEFORE INSERT ON %I FOR EACH ROW
            EXECUTE FUNCTION wall_only()', each_table);
    END LOOP;

    FOREACH each_table IN ARRAY array['edition', 'edition_chain', 'edition_chain_level', 'registry_setting',
        'clock_setting', 'area'] LOOP
        EXECUTE format('CREATE TRIGGER wall_owner_only BEFORE INSERT OR UPDATE ON %I FOR EACH ROW
            EXECUTE FUNCTION wall_owner_only()', each_table);
    END LOOP;

    -- Row triggers do not fire on TRUNCATE.
    FOR each_table IN SELECT tablename FROM pg_tables
        WHERE schemaname = 'public' AND tablename NOT IN ('alembic_version', 'idempotency_key') LOOP
        EXECUTE format('CREATE TRIGGER wall_no_truncate BEFORE TRUNCATE ON %I FOR EACH STATEMENT
            EXECUTE FUNCTION wall_no_change()', each_table);
    END LOOP;
END $$;
