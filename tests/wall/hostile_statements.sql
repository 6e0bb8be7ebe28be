-- What an attacker with the application's login tries, one statement a paragraph; names in %(…)s are drawn at random.

-- hazards

UPDATE hazard SET state = 'closed' WHERE id = %(hazard)s

UPDATE hazard SET state = 'closed', closed_at = registry_now(), version = version + 1 WHERE id = %(hazard)s

UPDATE hazard SET state = %(state)s, version = version + 1 WHERE id = %(hazard)s

UPDATE hazard SET state = 'closed', closed_at = registry_now(), is_legacy = true, version = version + 1 WHERE id = %(hazard)s

UPDATE hazard SET state = 'closed', closed_at = registry_now(), version = version + 1 WHERE state <> 'closed'

UPDATE hazard SET state = 'listed', cycle = cycle + 1, version = version + 1 WHERE id = %(hazard)s

UPDATE hazard SET cycle = cycle + %(delta)s, version = version + 1 WHERE id = %(hazard)s

UPDATE hazard SET version = version + %(delta)s WHERE id = %(hazard)s

UPDATE hazard SET version = version + 1 WHERE id = %(hazard)s

UPDATE hazard SET level = %(level_word)s, version = version + 1 WHERE id = %(hazard)s

UPDATE hazard SET original_deadline = original_deadline + 30, version = version + 1 WHERE id = %(hazard)s

UPDATE hazard SET original_deadline = NULL WHERE id = %(hazard)s

UPDATE hazard SET current_deadline = current_deadline + 30, version = version + 1 WHERE id = %(hazard)s

UPDATE hazard SET lead_organisation_id = %(organisation)s, version = version + 1 WHERE id = %(hazard)s

UPDATE hazard SET lead_organisation_id = NULL WHERE id = %(hazard)s

UPDATE hazard SET enterprise_id = %(enterprise)s, version = version + 1 WHERE id = %(hazard)s

UPDATE hazard SET enterprise_id = NULL, responsible_organisation_id = %(organisation)s, version = version + 1 WHERE id = %(hazard)s

UPDATE hazard SET sector = 'coal_mine', supervision_tier = 1, version = version + 1 WHERE id = %(hazard)s

UPDATE hazard SET place = '别处', circumstances = '已无隐患', version = version + 1 WHERE id = %(hazard)s

UPDATE hazard SET fixed_on_the_spot = NOT fixed_on_the_spot, version = version + 1 WHERE id = %(hazard)s

UPDATE hazard SET touched_by = pg_current_xact_id() WHERE id = %(hazard)s

UPDATE hazard SET id = DEFAULT WHERE id = %(hazard)s

UPDATE hazard SET determined_at = NULL, closed_at = NULL, version = version + 1 WHERE id = %(hazard)s

INSERT INTO hazard (state, level, channel, sector, unit_id, site_id, enterprise_id, finders, found_on, place, circumstances, reporting_record, monitoring_measures, last_act_at, determined_at, lead_organisation_id, listing_office_id, ledger_number, ledger_year, ledger_serial, closed_at, cycle, version) SELECT %(state)s, level, channel, sector, unit_id, site_id, enterprise_id, finders, found_on, place, circumstances, reporting_record, monitoring_measures, registry_now(), determined_at, lead_organisation_id, listing_office_id, ledger_number || '伪', ledger_year, ledger_serial + 100000, registry_now(), cycle, version FROM hazard WHERE id = %(hazard)s RETURNING id

INSERT INTO hazard (state, level, channel, sector, unit_id, site_id, enterprise_id, finders, found_on, place, circumstances, reporting_record, monitoring_measures, last_act_at, ledger_number, ledger_year, ledger_serial, closed_at, is_legacy) SELECT 'closed', level, channel, sector, unit_id, site_id, enterprise_id, finders, '2020-01-01', place, circumstances, reporting_record, monitoring_measures, '2020-02-01', '旧伪' || %(hazard)s, 2020, %(hazard)s, '2020-02-01', true FROM hazard WHERE id = %(hazard)s RETURNING id

INSERT INTO hazard (id, state, level, channel, sector, unit_id, site_id, enterprise_id, finders, found_on, place, circumstances, reporting_record, monitoring_measures, last_act_at) OVERRIDING SYSTEM VALUE SELECT id, 'reported', level, channel, sector, unit_id, site_id, enterprise_id, finders, found_on, place, circumstances, reporting_record, monitoring_measures, last_act_at FROM hazard WHERE id = %(hazard)s ON CONFLICT (id) DO UPDATE SET state = 'closed', closed_at = now()

DELETE FROM hazard WHERE id = %(hazard)s

TRUNCATE hazard CASCADE

-- signatures

UPDATE signature SET hazard_id = %(hazard)s, round_id = %(round)s WHERE id = %(signature)s

UPDATE signature SET level = %(level)s, person_id = %(person)s WHERE id = %(signature)s

UPDATE signature SET content_sha256 = (SELECT content_sha256 FROM signing_round WHERE id = %(round)s), round_id = %(round)s WHERE id = %(signature)s

DELETE FROM signature WHERE id = %(signature)s

TRUNCATE signature, sealed_closing_signature, signature_withdrawal

INSERT INTO signature (hazard_id, round_id, cycle, level, kind, person_id, appointment_id, account_id, step_up_id, content_sha256, transition_id) SELECT %(hazard)s, %(round)s, cycle, level, kind, person_id, appointment_id, account_id, step_up_id, content_sha256, transition_id FROM signature WHERE id = %(signature)s RETURNING id

INSERT INTO signature (hazard_id, round_id, cycle, level, kind, person_id, appointment_id, account_id, step_up_id, content_sha256, transition_id) SELECT r.hazard_id, r.id, r.cycle, %(level)s, 'electronic', %(person)s, %(appointment)s, %(account)s, %(step_up)s, r.content_sha256, (SELECT max(id) FROM hazard_transition t WHERE t.hazard_id = r.hazard_id) FROM signing_round r WHERE r.id = %(round)s RETURNING id

INSERT INTO signature (hazard_id, round_id, cycle, level, kind, person_id, appointment_id, account_id, scan_evidence_id, content_sha256, signed_at) SELECT r.hazard_id, r.id, r.cycle, %(level)s, 'paper', %(person)s, %(appointment)s, %(account)s, %(evidence)s, r.content_sha256, '2026-01-01' FROM signing_round r WHERE r.id = %(round)s RETURNING id

INSERT INTO signature_withdrawal (hazard_id, signature_id, account_id, reason) SELECT hazard_id, id, account_id, '撤' FROM signature WHERE id = %(signature)s RETURNING id

INSERT INTO signature_withdrawal (hazard_id, signature_id, account_id, reason, withdrawn_at) SELECT %(hazard)s, id, %(account)s, '撤', '2020-01-01' FROM signature WHERE id = %(signature)s RETURNING id

DELETE FROM signature_withdrawal WHERE signature_id = %(signature)s

UPDATE signature_withdrawal SET signature_id = %(signature)s

-- rounds

INSERT INTO signing_round (hazard_id, cycle, purpose, edition_id, edition_chain_id, level_count, content, content_sha256, verification_id) SELECT id, cycle, 'closing', %(edition)s, %(chain)s, 1, '伪', sha256(convert_to('伪', 'UTF8')), %(verification)s FROM hazard WHERE id = %(hazard)s RETURNING id

INSERT INTO signing_round (hazard_id, cycle, purpose, edition_id, edition_chain_id, level_count, content, content_sha256, verification_id, round_request_id, opened_at) SELECT hazard_id, cycle, purpose, edition_id, %(chain)s, level_count, content, content_sha256, verification_id, round_request_id, opened_at FROM signing_round WHERE id = %(round)s RETURNING id

INSERT INTO signing_round (hazard_id, purpose, round_request_id) VALUES (%(hazard)s, %(purpose)s, (SELECT max(id) FROM round_request WHERE hazard_id = %(hazard)s)) RETURNING id

INSERT INTO signing_round (hazard_id, purpose, verification_id) VALUES (%(hazard)s, 'closing', (SELECT max(id) FROM verification WHERE hazard_id = %(hazard)s)) RETURNING id

UPDATE signing_round SET level_count = 1, edition_chain_id = %(chain)s WHERE id = %(round)s

UPDATE signing_round SET cycle = cycle + 1, hazard_id = %(hazard)s WHERE id = %(round)s

DELETE FROM signing_round WHERE id = %(round)s

INSERT INTO round_level (hazard_id, round_id, level, party, post_kind, organisation_id, limit_days, limit_unit, in_person, paper_allowed, refusal_returns_to) SELECT hazard_id, round_id, level + 1, party, post_kind, organisation_id, limit_days, limit_unit, in_person, true, refusal_returns_to FROM round_level WHERE round_id = %(round)s RETURNING id

UPDATE round_level SET organisation_id = %(organisation)s, post_kind = 'inspector', paper_allowed = true WHERE round_id = %(round)s

DELETE FROM round_level WHERE round_id = %(round)s AND level >= %(level)s

INSERT INTO round_end (hazard_id, round_id, outcome) SELECT hazard_id, id, 'completed' FROM signing_round WHERE id = %(round)s RETURNING id

INSERT INTO round_end (hazard_id, round_id, outcome, reason) SELECT hazard_id, id, %(outcome)s, '伪' FROM signing_round WHERE id = %(round)s RETURNING id

INSERT INTO round_end (hazard_id, round_id, outcome, refused_level, reason, account_id) SELECT hazard_id, id, 'refused', %(level)s, '伪', %(account)s FROM signing_round WHERE id = %(round)s RETURNING id

DELETE FROM round_end WHERE round_id = %(round)s

UPDATE round_end SET outcome = 'completed', refused_level = NULL WHERE round_id = %(round)s

-- sealed records

INSERT INTO sealed_closing (hazard_id, round_id, cycle, purpose, content_sha256, seal_sha256, closed_at) SELECT hazard_id, id, cycle, purpose, content_sha256, content_sha256, registry_now() FROM signing_round WHERE id = %(round)s RETURNING id

INSERT INTO sealed_closing_signature (hazard_id, sealed_closing_id, level, signature_id, person_id) SELECT hazard_id, %(seal)s, level, id, person_id FROM signature WHERE id = %(signature)s RETURNING id

UPDATE sealed_closing SET hazard_id = %(hazard)s, cycle = cycle + 1 WHERE id = %(seal)s

DELETE FROM sealed_closing_signature WHERE sealed_closing_id = %(seal)s

DELETE FROM sealed_closing WHERE id = %(seal)s

-- editions, chains, settings, clock

INSERT INTO edition (name, in_force_from, content, content_sha256, step_up_minutes, legacy_import_days) VALUES ('伪', '2020-01-01', '', sha256(''), 10000, 10000) RETURNING id

INSERT INTO edition_chain (edition_id, key, name, basis, precedence) VALUES (%(edition)s, 'forged', '伪', '伪', 999) RETURNING id

INSERT INTO edition_chain_level (edition_chain_id, level, name, party, post_kind, limit_days, limit_unit, in_person, paper_allowed, refusal_returns_to) SELECT edition_chain_id, 9, name, party, post_kind, limit_days, limit_unit, in_person, true, refusal_returns_to FROM edition_chain_level WHERE edition_chain_id = %(chain)s RETURNING id

UPDATE edition_chain_level SET post_kind = 'inspector', paper_allowed = true WHERE edition_chain_id = %(chain)s

DELETE FROM edition_chain_level WHERE edition_chain_id = %(chain)s AND level > 1

UPDATE edition_chain SET precedence = 99, purposes = '{closing}', hazard_level = 'major' WHERE id = %(chain)s

UPDATE edition SET step_up_minutes = 10000, in_force_from = '2020-01-01'

UPDATE registry_setting SET go_live_on = '2030-01-01'

DELETE FROM registry_setting

UPDATE clock_setting SET is_movable = true, offset_seconds = %(delta)s * 100000

INSERT INTO clock_setting (id, is_movable, fixed_at) VALUES (1, true, '2020-01-01') ON CONFLICT (id) DO UPDATE SET is_movable = true, fixed_at = '2020-01-01'

-- persons, accounts, posts, appointments

INSERT INTO person (identity_digest) SELECT identity_digest FROM person WHERE id = %(person)s RETURNING id

INSERT INTO person (identity_digest) VALUES (NULL) RETURNING id

UPDATE person SET identity_digest = sha256(convert_to('x' || %(person)s, 'UTF8')) WHERE id = %(person)s

UPDATE person SET identity_digest = NULL WHERE id = %(person)s

UPDATE account SET person_id = %(person)s WHERE id = %(account)s

INSERT INTO account (login_name, person_id) VALUES ('second-' || %(person)s || '-' || %(account)s, %(person)s) RETURNING id

INSERT INTO account (login_name, is_service, organisation_id) VALUES ('service-' || %(account)s, true, %(organisation)s) RETURNING id

UPDATE account SET is_service = true WHERE id = %(account)s

UPDATE account SET disabled_at = NULL WHERE id = %(account)s

INSERT INTO appointment (person_id, post_id, valid_from, proposed_by_account_id, confirmed_by_account_id, confirmed_at) VALUES (%(person)s, %(post)s, '2026-01-01', %(account)s, %(account2)s, '2026-01-01') RETURNING id

INSERT INTO appointment (person_id, post_id, valid_from, proposed_by_account_id, confirmed_by_account_id, confirmed_at) SELECT %(person)s, %(post)s, registry_now(), %(account)s, %(account2)s, registry_now() RETURNING id

INSERT INTO appointment (person_id, post_id, valid_from, proposed_by_account_id) VALUES (%(person)s, %(post)s, registry_now() + interval '1 day', %(account)s) RETURNING id

UPDATE appointment SET confirmed_at = registry_now(), confirmed_by_account_id = %(account)s, valid_from = registry_now() WHERE id = %(appointment)s AND confirmed_at IS NULL

UPDATE appointment SET confirmed_at = '2026-01-01', valid_from = '2026-01-01', confirmed_by_account_id = %(account)s WHERE id = %(appointment)s

UPDATE appointment SET valid_from = '2026-01-01', valid_until = NULL WHERE id = %(appointment)s

UPDATE appointment SET person_id = %(person)s, post_id = %(post)s WHERE id = %(appointment)s

UPDATE appointment SET valid_until = registry_now() - interval '1 hour', end_reason = '伪' WHERE id = %(appointment)s

UPDATE appointment SET confirmed_at = NULL, confirmed_by_account_id = NULL WHERE id = %(appointment)s

DELETE FROM appointment WHERE id = %(appointment)s

INSERT INTO post (organisation_id, kind, title) VALUES (%(organisation)s, 'principal_head', '伪' || %(person)s) RETURNING id

UPDATE post SET kind = 'principal_head' WHERE id = %(post)s

UPDATE post SET organisation_id = %(organisation)s WHERE id = %(post)s

UPDATE organisation SET superior_id = %(organisation)s WHERE id = %(lead)s

UPDATE organisation SET confirmed_at = NULL WHERE id = %(lead)s

UPDATE organisation SET kind = 'agency', code = 'mine_safety_agency' WHERE id = %(organisation)s

DELETE FROM person_disablement

UPDATE person_disablement SET for_cause = false

-- step-ups, sessions, confirmations

INSERT INTO step_up (account_id, session_id, content_sha256, level) SELECT %(account)s, (SELECT max(id) FROM session WHERE account_id = %(account)s), content_sha256, %(level)s FROM signing_round WHERE id = %(round)s RETURNING id

INSERT INTO step_up (account_id, session_id, content_sha256, level, recorded_at) SELECT %(account)s, %(session)s, content_sha256, %(level)s, '2030-01-01' FROM signing_round WHERE id = %(round)s RETURNING id

UPDATE step_up SET account_id = %(account)s, level = %(level)s WHERE id = %(step_up)s

UPDATE step_up SET recorded_at = registry_now(), content_sha256 = (SELECT content_sha256 FROM signing_round WHERE id = %(round)s) WHERE id = %(step_up)s

DELETE FROM step_up WHERE id = %(step_up)s

UPDATE session SET account_id = %(account)s WHERE id = %(session)s

INSERT INTO session (token_sha256, account_id, expires_at) VALUES (sha256(convert_to(%(account)s || '-' || %(nonce)s, 'UTF8')), %(account)s, '2030-01-01') RETURNING id

INSERT INTO document_confirmation (hazard_id, document_kind, document_id, capacity, person_id, account_id, step_up_id, document_sha256) SELECT %(hazard)s, 'verification', id, 'inspector', %(person)s, %(account)s, %(step_up)s, document_sha256 FROM verification WHERE id = %(verification)s RETURNING id

INSERT INTO document_confirmation (hazard_id, document_kind, document_id, capacity, person_id, account_id, appointment_id, step_up_id, document_sha256) SELECT hazard_id, 'declaration', id, 'principal', %(person)s, %(account)s, %(appointment)s, %(step_up)s, document_sha256 FROM declaration WHERE hazard_id = %(hazard)s ORDER BY id DESC LIMIT 1 RETURNING id

INSERT INTO document_confirmation (document_kind, document_id, capacity, person_id, account_id, step_up_id, document_sha256) SELECT 'attestation', id, 'confirmer', %(person)s, %(account)s, %(step_up)s, document_sha256 FROM legacy_batch LIMIT 1 RETURNING id

UPDATE document_confirmation SET person_id = %(person)s, document_id = %(verification)s

DELETE FROM document_confirmation WHERE hazard_id = %(hazard)s
