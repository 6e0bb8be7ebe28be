-- For each rule of design 3.1, 3.6 and 4 the SQL that breaks it in the legal town, past all triggers.

-- ---------------- walks

-- illegal: no-history
DELETE FROM hazard_transition WHERE hazard_id = %(reported)s;

-- illegal: begins-elsewhere
UPDATE hazard_transition SET from_state = 'reported' WHERE hazard_id = %(reported)s;

-- illegal: begins-elsewhere
DELETE FROM hazard_transition WHERE hazard_id = %(listed)s AND act = 'report';

-- illegal: first-cycle
UPDATE hazard_transition SET cycle = 2 WHERE hazard_id = %(reported)s;

-- illegal: first-version
UPDATE hazard_transition SET version = 7 WHERE hazard_id = %(reported)s;

-- illegal: legacy-by-import-alone
UPDATE hazard SET is_legacy = true WHERE id = %(reported)s;

-- illegal: state-jumps
UPDATE hazard_transition SET from_state = 'listed' WHERE hazard_id = %(closed)s AND act = 'determine';

-- illegal: step-not-in-the-table
UPDATE hazard_transition SET act = 'amend' WHERE hazard_id = %(listed)s AND act = 'list';

-- illegal: cycle-miscounted
UPDATE hazard_transition SET cycle = 2 WHERE hazard_id = %(closed)s AND act = 'declare';

-- illegal: cycle-miscounted
UPDATE hazard_transition SET cycle = 1 WHERE hazard_id = %(relapsed)s;

-- illegal: version-miscounted
DELETE FROM hazard_transition WHERE hazard_id = %(closed)s AND act = 'withdraw_signature';

-- illegal: imported-twice
UPDATE hazard_transition SET act = 'import_closed' WHERE hazard_id = %(relapsed)s AND to_state = 'closed';

-- illegal: amended-after-determination
UPDATE hazard_transition SET act = 'amend', is_determined = true WHERE hazard_id = %(listed)s AND act IN ('report',
    'determine');

-- illegal: listed-undetermined
UPDATE hazard_transition SET is_determined = false WHERE hazard_id = %(listed)s AND act = 'determine';

-- illegal: determination-undone
UPDATE hazard_transition SET is_determined = false WHERE id = %(closed_transition)s;

-- illegal: level-changed-after-listing
UPDATE hazard_transition SET level = 'key' WHERE id = %(closed_transition)s;

-- illegal: without-an-owner
UPDATE hazard_transition SET lead_organisation_id = NULL WHERE id = %(closed_transition)s;

-- illegal: legacy-flag-changed
UPDATE hazard_transition SET is_legacy = true WHERE id = %(closed_transition)s;

-- illegal: goes-back-in-time
UPDATE hazard_transition SET occurred_at = '2025-01-01' WHERE id = %(closed_transition)s;

-- illegal: recorded-back-in-time
UPDATE hazard_transition SET recorded_at = '2025-01-01' WHERE id = %(closed_transition)s;

-- illegal: original-deadline-changed
UPDATE hazard_transition SET original_deadline = '2025-03-09' WHERE id = %(closed_transition)s;

-- illegal: deadline-moved-by-another-act
UPDATE hazard_transition SET current_deadline = '2026-03-09' WHERE id = %(closed_transition)s;

-- illegal: supervision-change-postpones
UPDATE hazard_transition SET act = 'change_supervision_level' WHERE id = %(listed_transition)s;

-- illegal: deadline-removed
UPDATE hazard_transition SET current_deadline = NULL WHERE id = %(closed_transition)s;

-- illegal: happened-after-recording
UPDATE hazard_transition SET occurred_at = '2031-01-01' WHERE id = %(closed_transition)s;

-- illegal: back-entered
UPDATE hazard_transition SET occurred_at = recorded_at - interval '1 hour' WHERE id = %(closed_transition)s;

-- illegal: act-order-is-its-own
UPDATE hazard_transition SET act_order = 0 WHERE id = %(closed_transition)s;

-- illegal: state-without-act
UPDATE hazard SET state = 'dismissed' WHERE id = %(reported)s;

-- illegal: facts-differ-from-last-act
UPDATE hazard SET sector = 'construction' WHERE id = %(closed)s;

-- illegal: facts-differ-from-last-act
UPDATE hazard SET version = version + 1 WHERE id = %(closed)s;

-- illegal: facts-differ-from-last-act
UPDATE hazard SET original_deadline = '2025-03-09' WHERE id = %(closed)s;

-- illegal: facts-differ-from-last-act
UPDATE hazard SET cycle = 2 WHERE id = %(closed)s;

-- illegal: declared-twice
UPDATE hazard_transition SET act = 'declare', from_state = 'rectified' WHERE hazard_id = %(closed)s AND act =
    'pass_verification';

-- illegal: restates-differently
INSERT INTO hazard_transition (hazard_id, act, rule, from_state, to_state, version, cycle, unit_id, sector, channel,
    level, found_on, is_determined, is_legacy, actor_label, act_order, occurred_at, recorded_at, restates,
    transaction_id, original_deadline, current_deadline) SELECT hazard_id, act, rule, from_state, to_state, version,
    cycle, unit_id, sector, channel, level, found_on, is_determined, is_legacy, actor_label, act_order, occurred_at,
    recorded_at, id, '0', '2020-01-01', NULL FROM hazard_transition WHERE id = %(closed_transition)s;

-- illegal: restated-without-correction
INSERT INTO hazard_transition (hazard_id, act, rule, from_state, to_state, version, cycle, unit_id, sector, channel,
    level, found_on, is_determined, is_legacy, actor_label, act_order, occurred_at, recorded_at, restates,
    transaction_id, original_deadline, current_deadline) SELECT hazard_id, act, rule, from_state, to_state, version,
    cycle, unit_id, sector, channel, level, found_on, is_determined, is_legacy, actor_label, act_order, occurred_at,
    recorded_at, id, '0', original_deadline, NULL FROM hazard_transition WHERE id = %(closed_transition)s;

-- illegal: document-of-another-act
UPDATE declaration SET transition_id = %(closed_transition)s WHERE id = %(closed_declaration)s;

-- illegal: document-of-another-act
UPDATE declaration SET hazard_id = %(key)s WHERE id = %(closed_declaration)s;

-- illegal: document-shares-an-act
INSERT INTO delisting (hazard_id, cycle, account_id, notice_number, medium, transition_id) SELECT hazard_id, cycle,
    account_id, '摘2', medium, transition_id FROM delisting;

-- illegal: document-of-another-cycle
UPDATE delisting SET cycle = 7;

-- illegal: act-without-signature
UPDATE signature SET transition_id = NULL WHERE id = %(closed_s2)s;

-- illegal: act-without-document
DELETE FROM listing WHERE hazard_id = %(closed)s;

-- illegal: act-without-document
UPDATE determination SET transition_id = NULL WHERE hazard_id = %(closed)s;

-- illegal: full-stop-lifted-early
INSERT INTO production_measure_lift (hazard_id, cycle, account_id, production_measure_id, order_number, lifted_on,
    transition_id) SELECT hazard_id, cycle, account_id, id, '解1', from_on, transition_id FROM production_measure WHERE
    id = %(coal_production_measure)s;

-- illegal: extension-asked-late
UPDATE extension_request SET recorded_at = current_due_on + interval '30 hours';

-- ---------------- the paper past

-- illegal: legacy-without-record
DELETE FROM legacy_record WHERE hazard_id = %(paper_open)s;

-- illegal: paper-closing-without-record
DELETE FROM legacy_record WHERE hazard_id = %(paper_closed)s;

-- illegal: paper-closing-differs
UPDATE legacy_record SET closed_on = NULL WHERE hazard_id = %(paper_closed)s;

-- illegal: paper-without-batch
UPDATE legacy_record SET batch_id = 0 WHERE hazard_id = %(paper_closed)s;

-- illegal: paper-closed-after-go-live
UPDATE registry_setting SET go_live_on = '2024-06-01';

-- illegal: paper-attested-late
UPDATE registry_setting SET go_live_on = '2024-11-25';

-- illegal: paper-not-attested-by-two
DELETE FROM document_confirmation WHERE document_kind = 'attestation' AND capacity = 'confirmer';

-- illegal: paper-not-attested-by-two
UPDATE legacy_batch SET document_sha256 = sha256('x');

-- illegal: paper-row-differs
UPDATE legacy_row SET row_sha256 = sha256('x');

-- illegal: paper-row-differs
UPDATE legacy_row SET ledger_number = '别';

-- illegal: paper-dates-differ
UPDATE hazard_transition SET occurred_at = occurred_at - interval '2 days' WHERE act = 'import_closed';

-- illegal: batch-count-differs
UPDATE legacy_batch SET closed_count = 2;

-- illegal: batch-half-attested
UPDATE legacy_batch SET attested_at = NULL;

-- ---------------- posts and trails

-- illegal: two-holders-of-a-post
ALTER TABLE appointment DROP CONSTRAINT ex_appointment_one_holder_at_a_time;
INSERT INTO appointment (person_id, post_id, valid_from, proposed_by_account_id, confirmed_by_account_id,
    confirmed_at) SELECT %(person_office_office_clerk)s, post_id, valid_from, proposed_by_account_id,
    confirmed_by_account_id, confirmed_at FROM appointment WHERE id = %(appointment_lead_inspector)s;

-- illegal: two-duties-of-a-person
ALTER TABLE appointment DROP CONSTRAINT ex_appointment_one_duty_a_person;
ALTER TABLE appointment DROP CONSTRAINT ex_appointment_one_holder_at_a_time;
INSERT INTO appointment (person_id, post_id, valid_from, proposed_by_account_id, confirmed_by_account_id,
    confirmed_at) SELECT %(person_lead_inspector)s, a.post_id, a.valid_from, a.proposed_by_account_id,
    a.confirmed_by_account_id, a.confirmed_at FROM appointment a JOIN post p ON p.id = a.post_id
    WHERE p.kind = 'system_administrator' LIMIT 1;

-- illegal: appointment-back-dated
ALTER TABLE appointment DROP CONSTRAINT ck_appointment_never_back_dated;
UPDATE appointment SET valid_from = '2025-01-01' WHERE id = %(appointment_lead_inspector)s;

-- illegal: appointment-by-one-person
UPDATE account SET person_id = (SELECT person_id FROM account WHERE id = %(proposer)s) WHERE id = %(confirmer)s;

-- illegal: acting-without-end
ALTER TABLE appointment DROP CONSTRAINT ck_appointment_acting_has_an_end;
UPDATE appointment SET acting_for_appointment_id = id WHERE id = %(appointment_lead_inspector)s;

-- illegal: one-human-two-persons
ALTER TABLE person DROP CONSTRAINT uq_person_identity_digest;
INSERT INTO person (identity_digest) SELECT identity_digest FROM person WHERE id = %(person_lead_inspector)s;

-- illegal: sequence-has-gaps
INSERT INTO sequence_position (position, transition_id) VALUES (2, %(closed_transition)s);

-- illegal: audit-serials-have-gaps
DELETE FROM audit_event WHERE hazard_id = %(closed)s AND serial = 3;

-- illegal: audit-length-differs
UPDATE audit_stream SET length = length + 1 WHERE hazard_id = %(closed)s;

-- illegal: audit-head-differs
UPDATE audit_stream SET head_sha256 = sha256('x') WHERE hazard_id = %(closed)s;

-- illegal: audit-chain-broken
UPDATE audit_event SET payload = 'x', sha256 = sha256(previous_sha256 || 'x'::bytea) WHERE hazard_id = %(closed)s AND
    serial = 2;

-- illegal: audit-hash-wrong
ALTER TABLE audit_event DROP CONSTRAINT ck_audit_event_hash_is_of_payload;
UPDATE audit_event SET payload = 'x' WHERE hazard_id = %(closed)s AND serial = 2;

-- illegal: audit-event-of-another-hazard
UPDATE audit_event SET hazard_id = %(key)s WHERE hazard_id = %(closed)s AND serial = 2;

-- illegal: act-not-told-once
UPDATE audit_event SET event = 'hazard:evidence:added' WHERE hazard_id = %(closed)s AND serial = 2;

-- illegal: act-not-told-once
UPDATE audit_event SET transaction_id = '1'::xid8 WHERE hazard_id = %(closed)s AND serial = 2;

-- illegal: event-without-act
UPDATE audit_event SET event = 'hazard:delist:recorded' WHERE hazard_id = %(closed)s AND serial = 2;

-- illegal: appointment-confirmed-before-proposed
UPDATE appointment SET proposed_at = confirmed_at + interval '1 day' WHERE id = %(appointment_lead_inspector)s;
