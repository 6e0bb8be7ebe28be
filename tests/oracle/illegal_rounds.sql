-- For each rule of design 3.2 the SQL that breaks it in the legal town, past all triggers.

-- ---------------- chains and editions

-- illegal: chain-of-another-edition
UPDATE edition SET in_force_from = '2030-01-01';

-- illegal: chain-not-prescribed
UPDATE signing_round SET edition_chain_id = %(coal)s WHERE id = %(closed_round)s;

-- illegal: chain-not-prescribed
UPDATE edition_chain SET purposes = '{closing}' WHERE id = %(vertical)s;
UPDATE hazard_transition SET supervision_tier = 1 WHERE hazard_id = %(closed)s;

-- illegal: chain-not-prescribed
UPDATE hazard_transition SET sector = 'coal_mine' WHERE hazard_id = %(closed)s;
INSERT INTO production_measure (hazard_id, cycle, account_id, kind, order_number, scope, from_on, recorded_at,
    transition_id) SELECT %(closed)s, 1, %(proposer)s, 'full_stop', '令', '全矿', '2025-03-01', '2025-03-01', min(id)
    FROM hazard_transition WHERE hazard_id = %(closed)s;

-- illegal: levels-altered
UPDATE round_level SET limit_days = 99 WHERE round_id = %(closed_round)s;

-- illegal: levels-altered
UPDATE round_level SET organisation_id = %(higher)s, party = 'higher_department' WHERE round_id = %(closed_round)s AND
    level = 4;

-- illegal: levels-not-counted
DELETE FROM round_level WHERE round_id = %(closed_round)s AND level = 2;

-- illegal: major-chain-too-short
DELETE FROM round_level WHERE round_id = %(closed_round)s AND level = 4;
UPDATE signing_round SET level_count = 3 WHERE id = %(closed_round)s;

-- illegal: last-level-is-the-enterprise
UPDATE round_level SET party = 'enterprise' WHERE round_id = %(closed_round)s AND level = 4;

-- illegal: levels-of-another-hazard
UPDATE round_level SET hazard_id = %(key)s WHERE round_id = %(closed_round)s;

-- illegal: party-wrongly-resolved
UPDATE round_level SET organisation_id = %(other_lead)s WHERE round_id = %(closed_round)s AND level = 1;

-- illegal: level-without-organisation
UPDATE round_level SET organisation_id = 0 WHERE round_id = %(closed_round)s AND level = 1;

-- illegal: organisation-unconfirmed
UPDATE organisation SET confirmed_at = NULL WHERE id = %(lead)s;

-- illegal: chains-differ-from-the-file
UPDATE edition_chain SET key = 'other' WHERE id = %(vertical)s;

-- illegal: chain-differs-from-the-file
DELETE FROM edition_chain_level WHERE edition_chain_id = %(default)s AND level = 3;

-- ---------------- signatures

-- illegal: content-hash-wrong
ALTER TABLE signing_round DROP CONSTRAINT ck_signing_round_hash_is_of_content;
UPDATE signing_round SET content = '别的内容' WHERE id = %(closed_round)s;

-- illegal: signature-of-another-hazard
UPDATE signature SET hazard_id = %(key)s WHERE id = %(closed_s1)s;

-- illegal: signature-of-another-cycle
UPDATE signature SET cycle = 2 WHERE id = %(closed_s1)s;

-- illegal: signature-at-no-level
UPDATE signature SET level = 5 WHERE id = %(closed_s4)s;

-- illegal: signature-over-another-content
UPDATE signature SET content_sha256 = sha256('x') WHERE id = %(closed_s3)s;

-- illegal: signer-not-in-post
UPDATE appointment SET valid_until = valid_from + interval '1 second' WHERE id = %(appointment_lead_section_head)s;

-- illegal: signer-not-in-post
UPDATE appointment SET confirmed_at = NULL, confirmed_by_account_id = NULL WHERE id =
    %(appointment_lead_section_head)s;

-- illegal: signer-not-in-post
UPDATE appointment SET person_id = %(person_office_office_clerk)s WHERE id = %(appointment_lead_section_head)s;

-- illegal: signer-in-another-post
UPDATE post SET kind = 'registrar' WHERE id = (SELECT post_id FROM appointment WHERE id =
    %(appointment_lead_deputy_head)s);

-- illegal: signer-in-another-post
UPDATE post SET organisation_id = %(other_lead)s WHERE id = (SELECT post_id FROM appointment WHERE id =
    %(appointment_lead_deputy_head)s);

-- illegal: signer-without-identity
UPDATE person SET identity_digest = NULL WHERE id = %(person_lead_deputy_head)s;

-- illegal: signed-before-the-round
UPDATE signature SET signed_at = signed_at - interval '1 day' WHERE id = %(closed_s1)s;

-- illegal: signed-after-the-round
UPDATE signature SET signed_at = signed_at + interval '1 day' WHERE id = %(closed_s4)s;

-- illegal: rectifier-signs
UPDATE document_confirmation SET person_id = %(person_lead_deputy_head)s WHERE document_kind = 'declaration' AND
    document_id = %(closed_declaration)s AND capacity = 'controller';

-- illegal: rectifier-signs
UPDATE appointment SET person_id = %(person_lead_deputy_head)s WHERE id = %(appointment_own1_enterprise_principal)s;

-- illegal: service-account-signs
ALTER TABLE account DROP CONSTRAINT ck_account_service_has_no_person;
UPDATE account SET is_service = true WHERE id = %(account_lead_inspector)s;

-- illegal: disabled-account-signs
UPDATE account SET disabled_at = created_at WHERE id = %(account_lead_inspector)s;

-- illegal: paper-not-allowed
UPDATE signature SET kind = 'paper', step_up_id = NULL, scan_evidence_id = %(closed_evidence)s, account_id =
    %(account_office_office_clerk)s WHERE id = %(closed_s2)s;

-- illegal: paper-of-another-hazard
UPDATE signature SET kind = 'paper', step_up_id = NULL, scan_evidence_id = %(closed_evidence)s, account_id =
    %(account_office_office_clerk)s WHERE id = %(closed_s2)s;
UPDATE round_level SET paper_allowed = true WHERE round_id = %(closed_round)s;
UPDATE evidence SET hazard_id = %(key)s WHERE id = %(closed_evidence)s;

-- illegal: registrar-signs
UPDATE signature SET kind = 'paper', step_up_id = NULL, scan_evidence_id = %(closed_evidence)s, account_id =
    %(account_office_office_clerk)s WHERE id = %(closed_s2)s;
UPDATE round_level SET paper_allowed = true WHERE round_id = %(closed_round)s;
UPDATE signature SET account_id = %(account_lead_deputy_head)s WHERE id = %(closed_s2)s;

-- illegal: account-of-another-person
UPDATE signature SET account_id = %(account_lead_inspector)s WHERE id = %(closed_s2)s;

-- illegal: step-up-does-not-fit
UPDATE step_up SET account_id = %(account_lead_inspector)s WHERE id = (SELECT step_up_id FROM signature WHERE id =
    %(closed_s2)s);

-- illegal: step-up-does-not-fit
UPDATE step_up SET content_sha256 = sha256('x') WHERE id = (SELECT step_up_id FROM signature WHERE id =
    %(closed_s2)s);

-- illegal: step-up-does-not-fit
UPDATE step_up SET level = 1 WHERE id = (SELECT step_up_id FROM signature WHERE id = %(closed_s2)s);

-- illegal: step-up-does-not-fit
UPDATE step_up SET recorded_at = '2031-01-01' WHERE id = (SELECT step_up_id FROM signature WHERE id = %(closed_s2)s);

-- illegal: step-up-does-not-fit
UPDATE session SET account_id = %(proposer)s WHERE id = (SELECT session_id FROM step_up WHERE id = (SELECT step_up_id
    FROM signature WHERE id = %(closed_s2)s));

-- illegal: step-up-does-not-fit
UPDATE document_confirmation SET step_up_id = (SELECT step_up_id FROM signature WHERE id = %(closed_s2)s) WHERE
    document_kind = 'attestation' AND capacity = 'proposer';

-- illegal: step-up-stale
UPDATE step_up SET recorded_at = '2025-01-01' WHERE id = (SELECT step_up_id FROM signature WHERE id = %(closed_s2)s);

-- illegal: level-skipped
DELETE FROM signature WHERE id = %(closed_s1)s;

-- illegal: level-signed-twice
INSERT INTO signature (hazard_id, round_id, cycle, level, kind, person_id, appointment_id, account_id, step_up_id,
    content_sha256, signed_at) SELECT hazard_id, round_id, cycle, level, kind, %(person_lead_principal_head)s,
    appointment_id, account_id, NULL, content_sha256, signed_at FROM signature WHERE false;
DELETE FROM signature_withdrawal WHERE hazard_id = %(closed)s;

-- illegal: person-signs-two-levels
UPDATE signature SET person_id = %(person_lead_inspector)s WHERE id = %(closed_s4)s;

-- illegal: signed-back-in-time
UPDATE signature SET signed_at = (SELECT signed_at FROM signature WHERE id = %(closed_s1)s) - interval '1 second'
    WHERE id = %(closed_s3)s;

-- illegal: withdrawal-of-another-hazard
UPDATE signature_withdrawal SET hazard_id = %(key)s;

-- illegal: withdrawn-by-another
UPDATE signature_withdrawal SET account_id = %(account_lead_inspector)s;

-- illegal: withdrawn-out-of-order
UPDATE signature_withdrawal SET signature_id = %(closed_s1)s;

-- illegal: withdrawn-before-signing
UPDATE signature_withdrawal SET withdrawn_at = '2025-01-01';

-- illegal: withdrawn-after-the-round
INSERT INTO signature_withdrawal (hazard_id, signature_id, account_id, reason, withdrawn_at) SELECT hazard_id, id,
    account_id, '误签', signed_at + interval '1 second' FROM signature WHERE id = %(closed_s4)s;

-- illegal: complete-round-without-end
DELETE FROM round_end WHERE round_id = %(closed_round)s;

-- illegal: end-of-another-hazard
UPDATE round_end SET hazard_id = %(key)s WHERE round_id = %(closed_round)s;

-- illegal: completed-without-all-levels
UPDATE signing_round SET level_count = 5 WHERE id = %(closed_round)s;

-- illegal: refused-at-another-level
UPDATE round_end SET refused_level = 3 WHERE outcome = 'refused';

-- ---------------- closings, dismissals and what they stand on

-- illegal: two-open-rounds
INSERT INTO signing_round (hazard_id, cycle, purpose, edition_id, edition_chain_id, level_count, content,
    content_sha256, verification_id, round_request_id, opened_at) SELECT hazard_id, cycle, purpose, edition_id,
    edition_chain_id, level_count, content, content_sha256, verification_id, round_request_id, opened_at + interval '1
    second' FROM signing_round WHERE id = %(signing_round)s;

-- illegal: open-round-out-of-place
UPDATE hazard SET state = 'listed' WHERE id = %(signing)s;

-- illegal: open-round-of-another-cycle
UPDATE signing_round SET cycle = 2 WHERE id = %(signing_round)s;

-- illegal: signed-over-a-voided-signature
INSERT INTO person_disablement (person_id, for_cause, reason, account_id, recorded_at) SELECT person_id, true, '违纪',
    account_id, signed_at + interval '1 second' FROM signature WHERE id = %(signing_s1)s;

-- illegal: rounds-overlap
UPDATE round_end SET ended_at = '2031-01-01' WHERE outcome = 'refused';

-- illegal: closed-without-seal
DELETE FROM sealed_closing_signature WHERE sealed_closing_id = %(closed_seal)s;
DELETE FROM sealed_closing WHERE id = %(closed_seal)s;

-- illegal: closed-without-seal
UPDATE hazard SET state = 'closed', closed_at = now() WHERE id = %(signing)s;

-- illegal: seal-without-closing
UPDATE hazard_transition SET act = 'correct' WHERE hazard_id = %(closed)s AND to_state = 'closed';

-- illegal: seal-without-round
UPDATE sealed_closing SET round_id = 0 WHERE id = %(closed_seal)s;

-- illegal: ended-without-signatures
UPDATE round_end SET outcome = 'content_changed' WHERE round_id = %(closed_round)s;

-- illegal: ended-without-signatures
UPDATE signing_round SET cycle = 1 WHERE id = %(second_cycle_round)s;

-- illegal: ended-without-signatures
UPDATE signing_round SET purpose = 'closing' WHERE id = %(withdrawn_round)s;

-- illegal: incomplete-signatures
INSERT INTO signature_withdrawal (hazard_id, signature_id, account_id, reason, withdrawn_at) SELECT hazard_id, id,
    account_id, '误签', signed_at + interval '1 second' FROM signature WHERE id = %(closed_s2)s;

-- illegal: one-person-twice
UPDATE signature SET person_id = %(person_lead_inspector)s WHERE id = %(closed_s2)s;

-- illegal: contents-differ
UPDATE signature SET content_sha256 = sha256('x') WHERE id = %(closed_s4)s;

-- illegal: signer-disabled-for-cause
INSERT INTO person_disablement (person_id, for_cause, reason, account_id, recorded_at) SELECT person_id, true, '违纪',
    account_id, signed_at + interval '1 second' FROM signature WHERE id = %(closed_s3)s;

-- illegal: signed-after-closing
UPDATE signature SET signed_at = '2031-01-01' WHERE id = %(closed_s4)s;

-- illegal: seal-of-another-round
UPDATE sealed_closing SET content_sha256 = sha256('x') WHERE id = %(closed_seal)s;

-- illegal: seal-names-other-signatures
UPDATE sealed_closing_signature SET signature_id = %(signing_s1)s WHERE sealed_closing_id = %(closed_seal)s AND level
    = 1;

-- illegal: sealed-signature-of-another-hazard
UPDATE sealed_closing_signature SET hazard_id = %(key)s WHERE sealed_closing_id = %(closed_seal)s AND level = 1;

-- illegal: signature-used-twice
ALTER TABLE sealed_closing_signature DROP CONSTRAINT uq_sealed_closing_signature_signature_id;
UPDATE sealed_closing_signature SET signature_id = %(closed_s1)s WHERE sealed_closing_id = %(key_seal)s AND level = 1;

-- illegal: sealed-incomplete-round
DELETE FROM sealed_closing_signature WHERE sealed_closing_id = %(closed_seal)s AND level = 2;

-- illegal: sealed-before-signing
UPDATE sealed_closing SET closed_at = '2025-01-01' WHERE id = %(closed_seal)s;

-- illegal: dismissed-without-reason
DELETE FROM dismissal WHERE hazard_id = %(dismissed)s;

-- illegal: dismissed-without-reason
UPDATE dismissal SET reason = 'not_major' WHERE hazard_id = %(withdrawn)s;

-- illegal: dismissed-for-another-reason
UPDATE round_request SET dismiss_reason = 'regraded' WHERE hazard_id = %(withdrawn)s;

-- illegal: duplicate-without-survivor
ALTER TABLE dismissal DROP CONSTRAINT ck_dismissal_not_duplicate_of_itself;
UPDATE dismissal SET reason = 'duplicate', duplicate_of_id = hazard_id WHERE hazard_id = %(dismissed)s;

-- illegal: regraded-without-successor
UPDATE dismissal SET reason = 'regraded' WHERE hazard_id = %(withdrawn)s;

-- illegal: signed-content-is-not-the-hazard
UPDATE hazard SET place = '别处' WHERE id = %(closed)s;

-- illegal: evidence-not-signed
UPDATE evidence SET sha256 = sha256('y') WHERE id = %(closed_evidence)s;

-- illegal: evidence-of-another-hazard
UPDATE evidence SET hazard_id = %(key)s WHERE id = %(closed_evidence)s;

-- illegal: round-without-request
UPDATE round_request SET purpose = 'withdrawal', dismiss_reason = 'unsubstantiated' WHERE hazard_id = %(ceased)s;

-- illegal: round-without-request
UPDATE round_request SET transition_id = NULL WHERE hazard_id = %(ceased)s;

-- illegal: request-opens-two-rounds
INSERT INTO signing_round (hazard_id, cycle, purpose, edition_id, edition_chain_id, level_count, content,
    content_sha256, verification_id, round_request_id, opened_at) SELECT hazard_id, cycle, purpose, edition_id,
    edition_chain_id, level_count, content, content_sha256, verification_id, round_request_id, opened_at + interval '1
    second' FROM signing_round WHERE id = %(ceased_round)s;

-- illegal: round-without-verification
UPDATE verification SET transition_id = NULL WHERE id = %(closed_verification)s;

-- illegal: round-without-verification
UPDATE verification SET cycle = 1 WHERE id = %(second_cycle_verification)s;

-- illegal: round-without-verification
UPDATE signing_round SET verification_id = %(key_verification)s WHERE id = %(closed_round)s;

-- illegal: round-on-failed-verification
UPDATE verification SET passed = false, reason = '否' WHERE id = %(closed_verification)s;

-- illegal: verification-opens-two-rounds
INSERT INTO signing_round (hazard_id, cycle, purpose, edition_id, edition_chain_id, level_count, content,
    content_sha256, verification_id, round_request_id, opened_at) SELECT hazard_id, cycle, purpose, edition_id,
    edition_chain_id, level_count, content, content_sha256, verification_id, round_request_id, opened_at + interval '1
    second' FROM signing_round WHERE id = %(closed_round)s;

-- illegal: round-without-declaration
UPDATE declaration SET transition_id = NULL WHERE id = %(closed_declaration)s;

-- illegal: round-without-declaration
UPDATE verification SET declaration_id = %(key_declaration)s WHERE id = %(closed_verification)s;

-- illegal: declared-by-one-person
DELETE FROM document_confirmation WHERE document_kind = 'declaration' AND document_id = %(closed_declaration)s AND
    capacity = 'controller';

-- illegal: too-few-confirm-the-declaration
DELETE FROM document_confirmation WHERE document_kind = 'declaration' AND document_id = %(closed_declaration)s AND
    capacity = 'principal';

-- illegal: too-few-confirm-the-verification
DELETE FROM document_confirmation WHERE document_kind = 'verification' AND document_id = %(closed_verification)s AND
    person_id = %(person_lead_inspector1)s;

-- illegal: verification-confirmed-otherwise
UPDATE document_confirmation SET document_sha256 = sha256('x') WHERE document_kind = 'verification' AND document_id =
    %(closed_verification)s;

-- illegal: verification-confirmed-late
UPDATE document_confirmation SET confirmed_at = '2031-01-01' WHERE document_kind = 'verification' AND document_id =
    %(closed_verification)s;

-- illegal: verification-confirmed-by-another
UPDATE document_confirmation SET account_id = %(proposer)s WHERE document_kind = 'verification' AND document_id =
    %(closed_verification)s;

-- illegal: verification-confirmed-out-of-post
UPDATE document_confirmation SET appointment_id = %(appointment_own1_enterprise_principal)s WHERE document_kind =
    'verification' AND document_id = %(closed_verification)s;

-- illegal: declaration-confirmed-out-of-post
UPDATE document_confirmation SET appointment_id = NULL WHERE document_kind = 'declaration' AND document_id =
    %(closed_declaration)s;

-- illegal: declaration-confirmed-without-step-up
UPDATE step_up SET content_sha256 = sha256('x') WHERE id IN (SELECT step_up_id FROM document_confirmation WHERE
    document_kind = 'declaration' AND document_id = %(closed_declaration)s);

-- illegal: ended-apart-from-the-act
UPDATE round_end SET ended_at = ended_at + interval '1 day' WHERE round_id = %(closed_round)s;

-- illegal: regraded-without-successor
UPDATE dismissal SET reason = 'regraded' WHERE hazard_id = %(dismissed)s;
