-- What an attacker tries on documents, history, the paper past and the machine itself; as hostile_statements.sql.

-- documents and evidence

UPDATE verification SET passed = true, cycle = cycle + 1 WHERE hazard_id = %(hazard)s

UPDATE verification SET transition_id = (SELECT max(id) FROM hazard_transition WHERE hazard_id = %(hazard)s) WHERE id = %(verification)s

INSERT INTO verification (hazard_id, cycle, account_id, declaration_id, visited_at, passed, findings, inspectors_required, document_sha256, transition_id) SELECT id, cycle, %(account)s, (SELECT max(id) FROM declaration), registry_now(), true, '伪', 2, sha256('x'), (SELECT max(id) FROM hazard_transition WHERE hazard_id = hazard.id) FROM hazard WHERE id = %(hazard)s RETURNING id

INSERT INTO declaration (hazard_id, cycle, account_id, description, document_sha256, transition_id) SELECT id, cycle, %(account)s, '伪', sha256('x'), (SELECT max(id) FROM hazard_transition WHERE hazard_id = hazard.id) FROM hazard WHERE id = %(hazard)s RETURNING id

UPDATE declaration SET transition_id = NULL WHERE hazard_id = %(hazard)s

DELETE FROM verification WHERE hazard_id = %(hazard)s

DELETE FROM declaration WHERE hazard_id = %(hazard)s

UPDATE evidence SET sha256 = sha256('别的照片') WHERE id = %(evidence)s

UPDATE evidence SET hazard_id = %(hazard)s WHERE id = %(evidence)s

DELETE FROM evidence WHERE id = %(evidence)s

UPDATE document_evidence SET evidence_id = %(evidence)s

DELETE FROM document_evidence WHERE evidence_id = %(evidence)s

INSERT INTO document_evidence (hazard_id, document_kind, document_id, evidence_id) VALUES (%(hazard)s, 'verification', %(verification)s, %(evidence)s) RETURNING id

INSERT INTO correction (hazard_id, cycle, account_id, changes, reason, touches_signed_content, document_sha256, transition_id) SELECT id, cycle, %(account)s, '{"level": {"old": "major", "new": "key"}}', '伪', false, sha256('x'), (SELECT max(id) FROM hazard_transition WHERE hazard_id = hazard.id) FROM hazard WHERE id = %(hazard)s RETURNING id

INSERT INTO dismissal (hazard_id, cycle, account_id, reason, explanation, transition_id) SELECT id, cycle, %(account)s, 'unsubstantiated', '伪', (SELECT max(id) FROM hazard_transition WHERE hazard_id = hazard.id) FROM hazard WHERE id = %(hazard)s RETURNING id

INSERT INTO production_measure_lift (hazard_id, cycle, account_id, production_measure_id, order_number, lifted_on, transition_id) SELECT hazard_id, cycle, account_id, id, '解', from_on, transition_id FROM production_measure ORDER BY random() LIMIT 1 RETURNING id

INSERT INTO production_measure (hazard_id, cycle, account_id, kind, order_number, scope, from_on, transition_id) SELECT id, cycle, %(account)s, 'full_stop', '令', '伪', '2026-01-01', (SELECT max(id) FROM hazard_transition WHERE hazard_id = hazard.id) FROM hazard WHERE id = %(hazard)s RETURNING id

-- history and trail

INSERT INTO hazard_transition (hazard_id, act, rule, from_state, to_state, version, cycle, unit_id, sector, channel, level, found_on, is_determined, is_legacy, actor_label, act_order, occurred_at) SELECT id, 'sign', 'L-0', state, 'closed', version + 1, cycle, unit_id, sector, channel, level, found_on, true, false, '伪', 0, registry_now() FROM hazard WHERE id = %(hazard)s RETURNING id

INSERT INTO hazard_transition (hazard_id, act, rule, from_state, to_state, version, cycle, unit_id, sector, channel, level, found_on, is_determined, is_legacy, actor_label, act_order, occurred_at, recorded_at) SELECT id, 'import_closed', 'L-0', state, 'closed', version, cycle, unit_id, sector, channel, level, '2020-01-01', true, true, '伪', 0, '2020-01-01', '2020-01-01' FROM hazard WHERE id = %(hazard)s RETURNING id

INSERT INTO hazard_transition (hazard_id, act, rule, from_state, to_state, version, cycle, unit_id, sector, channel, level, found_on, is_determined, is_legacy, actor_label, act_order, occurred_at, restates, original_deadline) SELECT hazard_id, act, rule, from_state, 'closed', version, cycle, unit_id, sector, channel, level, found_on, true, is_legacy, '伪', act_order, occurred_at, id, '2030-01-01' FROM hazard_transition WHERE hazard_id = %(hazard)s ORDER BY id DESC LIMIT 1 RETURNING id

UPDATE hazard_transition SET to_state = 'closed', occurred_at = '2026-01-01' WHERE id = %(transition)s

DELETE FROM hazard_transition WHERE id = %(transition)s

UPDATE audit_stream SET head_sha256 = sha256('x'), previous_sha256 = head_sha256, length = length + 1 WHERE hazard_id = %(hazard)s

UPDATE audit_stream SET length = length - 1 WHERE hazard_id = %(hazard)s

INSERT INTO audit_stream (kind, subject_id, hazard_id, length, previous_sha256, head_sha256) VALUES ('forged', %(hazard)s, %(hazard)s, 7, sha256('x'), sha256('y')) RETURNING id

INSERT INTO audit_event (stream_id, serial, hazard_id, event, payload, previous_sha256, sha256, request_id) SELECT id, length + 1, hazard_id, 'forged', 'x', head_sha256, sha256(head_sha256 || 'x'::bytea), 'r' FROM audit_stream WHERE hazard_id = %(hazard)s RETURNING id

DELETE FROM audit_event WHERE hazard_id = %(hazard)s

UPDATE audit_event SET payload = 'x', sha256 = sha256(previous_sha256 || 'x'::bytea) WHERE hazard_id = %(hazard)s

INSERT INTO sequence_position (position, transition_id) VALUES (%(transition)s + 1000000, %(transition)s)

-- the paper past

INSERT INTO legacy_batch (file_name, file_sha256, document_sha256, found_count, closed_count, report, attested_at) VALUES ('伪.xlsx', sha256(convert_to(%(nonce)s, 'UTF8')), sha256('x'), 1, 0, '{}', registry_now()) RETURNING id

INSERT INTO legacy_batch (file_name, file_sha256, document_sha256, found_count, closed_count, report) VALUES ('伪.xlsx', sha256(convert_to(%(nonce)s, 'UTF8')), sha256('x'), 1, 1, '{}') RETURNING id

UPDATE legacy_batch SET attested_at = registry_now()

UPDATE legacy_batch SET closed_count = closed_count + 1

INSERT INTO legacy_row (batch_id, row_number, ledger_number, row_sha256, content, found_on, closed_on) SELECT max(id), %(transition)s + 10, %(nonce)s, sha256('r'), '{}', '2020-01-01', '2020-02-01' FROM legacy_batch RETURNING id

INSERT INTO legacy_record (hazard_id, batch_id, row_number, row_sha256, content, found_on, closed_on, extension_count) SELECT %(hazard)s, max(id), %(transition)s, sha256('r'), '{}', '2020-01-01', '2020-02-01', 0 FROM legacy_batch

DELETE FROM legacy_record WHERE hazard_id = %(hazard)s

UPDATE legacy_row SET closed_on = '2020-01-01'

-- the machine itself

ALTER TABLE hazard DISABLE TRIGGER ALL

ALTER TABLE signature DISABLE TRIGGER USER

DROP TRIGGER wall_update ON hazard

ALTER TABLE hazard DISABLE ROW LEVEL SECURITY

DROP TABLE signature CASCADE

CREATE OR REPLACE FUNCTION public.registry_now() RETURNS timestamptz LANGUAGE sql AS 'SELECT now()'

CREATE OR REPLACE FUNCTION public.wall_no_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'

CREATE FUNCTION pg_temp.registry_now() RETURNS timestamptz LANGUAGE sql AS 'SELECT timestamptz ''2020-01-01'''

CREATE TEMP TABLE signature (LIKE public.signature)

CREATE TEMP TABLE hazard AS SELECT * FROM public.hazard

SELECT set_config('search_path', 'pg_temp, public', true)

SET LOCAL search_path = pg_temp, public

SELECT set_config('session_replication_role', 'replica', false)

SET session_replication_role = replica

SET LOCAL row_security = off

SET ROLE qingling_owner

SET ROLE qingling_wall

SET ROLE qingling_job

SET SESSION AUTHORIZATION postgres

SET CONSTRAINTS ALL IMMEDIATE

SET CONSTRAINTS ALL DEFERRED

SELECT set_config('app.account', %(account)s::text, true), set_config('app.person', %(person)s::text, true), set_config('app.appointment', %(appointment)s::text, true)

SELECT set_config('app.organisation', %(organisation)s::text, true), set_config('app.enterprise', %(enterprise)s::text, true)

SELECT set_config('app.units', '1,2,3,4,5,6', true), set_config('app.sectors', '', true)

SELECT hold_appointment(%(appointment)s)

SELECT sequence_new_rows()

SELECT setval('hazard_transition_id_seq', 1)

SELECT nextval('signature_id_seq')

SELECT wall_person_of_account(%(account)s)

SELECT signed_content(%(hazard)s, %(purpose)s)

GRANT ALL ON signature TO qingling_app

COPY hazard TO PROGRAM 'true'

LOCK TABLE hazard IN ACCESS EXCLUSIVE MODE

DO $$ BEGIN UPDATE hazard SET state = 'closed', closed_at = now(); EXCEPTION WHEN OTHERS THEN NULL; END $$

WITH moved AS (UPDATE hazard SET version = version + 1 WHERE id = %(hazard)s RETURNING id) UPDATE hazard SET state = 'closed', closed_at = registry_now() WHERE id = %(hazard)s AND EXISTS (SELECT 1 FROM moved)

MERGE INTO hazard h USING (SELECT %(hazard)s::bigint AS id) x ON h.id = x.id WHEN MATCHED THEN UPDATE SET state = 'closed', closed_at = registry_now(), version = h.version + 1

-- documents hung on acts that are not theirs

INSERT INTO delisting (hazard_id, cycle, account_id, notice_number, medium, transition_id) SELECT id, cycle, %(account)s, '伪', '伪', %(transition)s FROM hazard WHERE id = %(hazard)s RETURNING id

INSERT INTO progress (hazard_id, cycle, account_id, description, transition_id) SELECT id, cycle, %(account)s, '伪', %(transition)s FROM hazard WHERE id = %(hazard)s RETURNING id

INSERT INTO determination (hazard_id, cycle, account_id, is_comprehensive, reasoning, determined_level, lead_organisation_id, transition_id) SELECT id, cycle, %(account)s, true, '伪', 'key', %(lead)s, %(transition)s FROM hazard WHERE id = %(hazard)s RETURNING id

INSERT INTO listing (hazard_id, cycle, account_id, supervision_tier, listing_office_id, lead_organisation_id, ledger_number, due_on, due_explained, requirements, edition_id, transition_id) SELECT id, cycle, %(account)s, 5, %(organisation)s, %(lead)s, '伪', '2030-01-01', '{}', '伪', %(edition)s, %(transition)s FROM hazard WHERE id = %(hazard)s RETURNING id

INSERT INTO extension_request (hazard_id, cycle, account_id, current_due_on, requested_due_on, reason, transition_id) SELECT id, cycle, %(account)s, '2026-01-01', '2030-01-01', '伪', %(transition)s FROM hazard WHERE id = %(hazard)s RETURNING id

INSERT INTO extension_decision (hazard_id, cycle, account_id, extension_request_id, granted, granted_due_on, transition_id) SELECT hazard_id, cycle, %(account)s, id, true, '2030-01-01', %(transition)s FROM extension_request ORDER BY random() LIMIT 1 RETURNING id

INSERT INTO supervision_change (hazard_id, cycle, account_id, from_tier, to_tier, listing_office_id, due_on, reason, transition_id) SELECT id, cycle, %(account)s, 2, 1, %(organisation)s, '2030-01-01', '伪', %(transition)s FROM hazard WHERE id = %(hazard)s RETURNING id

INSERT INTO transfer (hazard_id, cycle, account_id, from_organisation_id, to_organisation_id, decided_by_office, reason, transition_id) SELECT id, cycle, %(account)s, %(lead)s, %(organisation)s, true, '伪', %(transition)s FROM hazard WHERE id = %(hazard)s RETURNING id

INSERT INTO revisit (hazard_id, cycle, account_id, kind, passed, visited_at, findings, transition_id) SELECT id, cycle, %(account)s, 'revisit', true, registry_now(), '伪', %(transition)s FROM hazard WHERE id = %(hazard)s RETURNING id

INSERT INTO round_request (hazard_id, cycle, account_id, purpose, reason, document_sha256, transition_id) SELECT id, cycle, %(account)s, 'cessation', '伪', sha256('x'), %(transition)s FROM hazard WHERE id = %(hazard)s RETURNING id

INSERT INTO hazard (state, level, channel, sector, unit_id, site_id, enterprise_id, finders, found_on, place, circumstances, reporting_record, monitoring_measures, last_act_at, regraded_from_id, version) SELECT 'reported', 'key', channel, sector, unit_id, site_id, enterprise_id, finders, found_on, place, circumstances, reporting_record, monitoring_measures, registry_now(), id, 1 FROM hazard WHERE id = %(hazard)s RETURNING id
