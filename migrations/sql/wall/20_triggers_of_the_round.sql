-- Where the wall stands: hazard, round, signature, ending, seal.

CREATE TRIGGER wall_insert BEFORE INSERT ON hazard FOR EACH ROW EXECUTE FUNCTION wall_before_hazard_insert();
CREATE TRIGGER wall_update BEFORE UPDATE ON hazard FOR EACH ROW EXECUTE FUNCTION wall_before_hazard_update();
CREATE TRIGGER wall_seal AFTER UPDATE ON hazard FOR EACH ROW
    WHEN (OLD.state IN ('listed', 'rectified') AND NEW.state IN ('closed', 'dismissed')) EXECUTE FUNCTION wall_seal();
CREATE CONSTRAINT TRIGGER wall_commit_insert AFTER INSERT ON hazard DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION wall_hazard_at_commit();
CREATE CONSTRAINT TRIGGER wall_commit_update AFTER UPDATE ON hazard DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (OLD.version <> NEW.version OR OLD.state <> NEW.state) EXECUTE FUNCTION wall_hazard_at_commit();
CREATE CONSTRAINT TRIGGER wall_commit_legacy AFTER INSERT ON hazard DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.is_legacy) EXECUTE FUNCTION wall_legacy_at_commit();

CREATE TRIGGER wall_insert BEFORE INSERT ON signing_round FOR EACH ROW EXECUTE FUNCTION wall_before_round();
CREATE TRIGGER wall_levels AFTER INSERT ON signing_round FOR EACH ROW EXECUTE FUNCTION wall_after_round();
CREATE TRIGGER wall_insert BEFORE INSERT ON signature FOR EACH ROW EXECUTE FUNCTION wall_before_signature();
CREATE TRIGGER wall_insert BEFORE INSERT ON signature_withdrawal FOR EACH ROW EXECUTE FUNCTION wall_before_withdrawal();
CREATE TRIGGER wall_completion BEFORE INSERT ON round_end FOR EACH ROW EXECUTE FUNCTION wall_completion_is_its_own();
CREATE TRIGGER wall_insert BEFORE INSERT ON round_end FOR EACH ROW EXECUTE FUNCTION wall_before_round_end();

CREATE TRIGGER wall_insert BEFORE INSERT ON hazard_transition FOR EACH ROW EXECUTE FUNCTION wall_before_transition();
CREATE CONSTRAINT TRIGGER wall_commit AFTER INSERT ON hazard_transition DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION wall_transition_at_commit();
CREATE TRIGGER wall_insert BEFORE INSERT ON audit_event FOR EACH ROW EXECUTE FUNCTION wall_before_audit_event();
CREATE CONSTRAINT TRIGGER wall_commit_event AFTER INSERT ON audit_event DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION wall_audit_event_at_commit();
CREATE CONSTRAINT TRIGGER wall_commit_stream AFTER INSERT OR UPDATE ON audit_stream DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION wall_audit_stream_at_commit();
CREATE TRIGGER wall_update BEFORE INSERT OR UPDATE ON audit_stream FOR EACH ROW EXECUTE FUNCTION wall_before_audit_stream();

CREATE TRIGGER wall_insert BEFORE INSERT ON document_evidence FOR EACH ROW EXECUTE FUNCTION wall_before_document_evidence();
CREATE TRIGGER wall_insert BEFORE INSERT ON document_confirmation FOR EACH ROW EXECUTE FUNCTION wall_before_confirmation();
CREATE TRIGGER wall_change BEFORE INSERT OR UPDATE ON legacy_batch FOR EACH ROW EXECUTE FUNCTION wall_before_batch();
CREATE CONSTRAINT TRIGGER wall_commit_batch AFTER UPDATE ON legacy_batch DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (OLD.attested_at IS NULL AND NEW.attested_at IS NOT NULL) EXECUTE FUNCTION wall_batch_at_commit();
CREATE TRIGGER wall_insert BEFORE INSERT ON legacy_record FOR EACH ROW EXECUTE FUNCTION wall_before_legacy_record();
CREATE TRIGGER wall_insert BEFORE INSERT ON legacy_row FOR EACH ROW EXECUTE FUNCTION wall_before_legacy_row();
CREATE TRIGGER wall_rows AFTER INSERT ON legacy_row REFERENCING NEW TABLE AS added FOR EACH STATEMENT
    EXECUTE FUNCTION wall_after_legacy_rows();

CREATE TRIGGER wall_insert BEFORE INSERT ON appointment FOR EACH ROW EXECUTE FUNCTION wall_before_appointment_insert();
CREATE TRIGGER wall_update BEFORE UPDATE ON appointment FOR EACH ROW EXECUTE FUNCTION wall_before_appointment_update();
CREATE TRIGGER wall_update BEFORE UPDATE ON account FOR EACH ROW EXECUTE FUNCTION wall_before_account();
CREATE TRIGGER wall_update BEFORE UPDATE ON person FOR EACH ROW EXECUTE FUNCTION wall_before_person();
CREATE TRIGGER wall_update BEFORE UPDATE ON post FOR EACH ROW EXECUTE FUNCTION wall_before_post();
CREATE TRIGGER wall_update BEFORE UPDATE ON organisation FOR EACH ROW EXECUTE FUNCTION wall_before_organisation();
CREATE TRIGGER wall_update BEFORE UPDATE ON session FOR EACH ROW EXECUTE FUNCTION wall_before_session();
CREATE TRIGGER wall_insert BEFORE INSERT ON step_up FOR EACH ROW EXECUTE FUNCTION wall_before_step_up();
CREATE TRIGGER wall_insert BEFORE INSERT ON person_disablement FOR EACH ROW EXECUTE FUNCTION wall_before_disablement();
