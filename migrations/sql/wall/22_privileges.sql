-- Whose the wall is and what it may touch: its functions are qingling_wall's, which reads what it checks, locks what it
-- holds and writes what only it writes. Row-level security lets it through by a policy of its own on exactly these tables.

GRANT CREATE ON SCHEMA public TO qingling_wall;
GRANT USAGE ON SCHEMA public TO qingling_wall;

DO $$
DECLARE
    each_function regprocedure;
    each_table text;
BEGIN
    FOR each_function IN SELECT oid::regprocedure FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace
            AND (proname ~ '^wall_' OR proname IN ('hold_appointment', 'signed_content', 'sequence_new_rows')) LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO qingling_wall', each_function);
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', each_function);
    END LOOP;

    FOREACH each_table IN ARRAY array['hazard', 'hazard_party', 'hazard_transition', 'audit_event', 'audit_stream', 'sequence_position',
        'enterprise', 'organisation', 'site', 'unit_period', 'criterion', 'determination', 'listing', 'plan',
        'progress', 'declaration', 'verification', 'revisit', 'round_request', 'correction', 'dismissal',
        'extension_request', 'production_measure', 'production_measure_lift', 'delisting', 'plan_decision', 'extension_decision', 'supervision_change',
        'transfer', 'transfer_refusal', 'evidence', 'document_evidence',
        'document_confirmation', 'signing_round', 'round_level', 'signature', 'signature_withdrawal', 'round_end',
        'sealed_closing', 'sealed_closing_signature', 'person', 'person_disablement', 'account', 'post', 'appointment',
        'session', 'step_up', 'edition', 'edition_chain', 'edition_chain_level', 'registry_setting', 'legacy_batch',
        'legacy_row', 'legacy_record'] LOOP
        EXECUTE format('GRANT SELECT ON %I TO qingling_wall', each_table);
        EXECUTE format('CREATE POLICY wall_checks ON %I TO qingling_wall USING (true) WITH CHECK (true)', each_table);
    END LOOP;
END $$;

REVOKE CREATE ON SCHEMA public FROM qingling_wall;

-- One column each: enough to lock a row or to make two writers meet on it.
GRANT UPDATE (version) ON hazard TO qingling_wall;
GRANT UPDATE (end_reason) ON appointment TO qingling_wall;
GRANT UPDATE (locked_until) ON account TO qingling_wall;
GRANT UPDATE (identity_digest) ON person TO qingling_wall;
GRANT UPDATE (attested_at) ON legacy_batch TO qingling_wall;
GRANT INSERT ON round_level, round_end, sealed_closing, sealed_closing_signature, sequence_position, hazard_party
    TO qingling_wall;

GRANT EXECUTE ON FUNCTION hold_appointment(bigint) TO qingling_enterprise, qingling_official, qingling_custodian,
    qingling_administrator, qingling_import;
GRANT EXECUTE ON FUNCTION sequence_new_rows() TO qingling_job;
-- Whether a round is void is asked by whoever reads the hazard's facts; who was disabled, and why, it does not tell.
GRANT EXECUTE ON FUNCTION wall_signer_is_disabled(bigint) TO qingling_enterprise, qingling_official, qingling_custodian,
    qingling_platform, qingling_auditor, qingling_import, qingling_job, qingling_report;
GRANT EXECUTE ON FUNCTION wall_next_ledger_serial(bigint, smallint) TO qingling_official;
