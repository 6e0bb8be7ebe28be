-- Tables of the ladder and of letters, their policies and grants: what app/tables declared that day, frozen.

CREATE TABLE escalation_run (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    public_id UUID DEFAULT gen_random_uuid() NOT NULL,
    business_date DATE NOT NULL,
    edition_id BIGINT NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE DEFAULT registry_now() NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    outcome TEXT,
    stopped_because TEXT,
    counts JSONB DEFAULT '{}' NOT NULL,
    CONSTRAINT pk_escalation_run PRIMARY KEY (id),
    CONSTRAINT ck_escalation_run_outcome_is_known CHECK (outcome IN ('completed', 'with_failures', 'stopped')),
    CONSTRAINT ck_escalation_run_ended_has_outcome CHECK ((ended_at IS NULL) = (outcome IS NULL)),
    CONSTRAINT ck_escalation_run_period_is_forward CHECK (ended_at >= started_at),
    CONSTRAINT uq_escalation_run_public_id UNIQUE (public_id),
    CONSTRAINT fk_escalation_run_edition_id FOREIGN KEY(edition_id) REFERENCES edition (id) ON DELETE RESTRICT
);

CREATE INDEX ix_escalation_run_ended_at ON escalation_run (ended_at);

CREATE TABLE escalation_failure (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    run_id BIGINT NOT NULL,
    hazard_id BIGINT,
    subject TEXT,
    step TEXT NOT NULL,
    code TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT registry_now() NOT NULL,
    CONSTRAINT pk_escalation_failure PRIMARY KEY (id),
    CONSTRAINT ck_escalation_failure_step_is_given CHECK (length(btrim(step)) BETWEEN 1 AND 100),
    CONSTRAINT ck_escalation_failure_code_is_given CHECK (length(btrim(code)) BETWEEN 1 AND 100),
    CONSTRAINT fk_escalation_failure_run_id FOREIGN KEY(run_id) REFERENCES escalation_run (id) ON DELETE RESTRICT,
    CONSTRAINT fk_escalation_failure_hazard_id FOREIGN KEY(hazard_id) REFERENCES hazard (id) ON DELETE RESTRICT
);

CREATE INDEX ix_escalation_failure_hazard_id ON escalation_failure (hazard_id);

CREATE INDEX ix_escalation_failure_run_id ON escalation_failure (run_id);

CREATE TABLE escalation_rehearsal (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    public_id UUID DEFAULT gen_random_uuid() NOT NULL,
    business_date DATE NOT NULL,
    edition_id BIGINT,
    edition_sha256 TEXT NOT NULL,
    result JSONB NOT NULL,
    account_id BIGINT,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT registry_now() NOT NULL,
    CONSTRAINT pk_escalation_rehearsal PRIMARY KEY (id),
    CONSTRAINT uq_escalation_rehearsal_public_id UNIQUE (public_id),
    CONSTRAINT fk_escalation_rehearsal_edition_id FOREIGN KEY(edition_id) REFERENCES edition (id) ON DELETE RESTRICT,
    CONSTRAINT fk_escalation_rehearsal_account_id FOREIGN KEY(account_id) REFERENCES account (id) ON DELETE RESTRICT
);

CREATE TABLE dispatch_hold (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    public_id UUID DEFAULT gen_random_uuid() NOT NULL,
    reason TEXT NOT NULL,
    note TEXT,
    held_at TIMESTAMP WITH TIME ZONE DEFAULT registry_now() NOT NULL,
    run_id BIGINT,
    rehearsal_id BIGINT,
    released_at TIMESTAMP WITH TIME ZONE,
    released_by_account_id BIGINT,
    CONSTRAINT pk_dispatch_hold PRIMARY KEY (id),
    CONSTRAINT ck_dispatch_hold_reason_is_known CHECK (reason IN ('first_start', 'import', 'restore', 'edition_change', 'too_many_letters', 'ordered')),
    CONSTRAINT ck_dispatch_hold_release_is_whole CHECK (num_nonnulls(released_at, released_by_account_id) IN (0, 2)),
    CONSTRAINT ck_dispatch_hold_period_is_forward CHECK (released_at >= held_at),
    CONSTRAINT uq_dispatch_hold_public_id UNIQUE (public_id),
    CONSTRAINT fk_dispatch_hold_run_id FOREIGN KEY(run_id) REFERENCES escalation_run (id) ON DELETE RESTRICT,
    CONSTRAINT fk_dispatch_hold_rehearsal_id FOREIGN KEY(rehearsal_id) REFERENCES escalation_rehearsal (id) ON DELETE RESTRICT,
    CONSTRAINT fk_dispatch_hold_released_by_account_id FOREIGN KEY(released_by_account_id) REFERENCES account (id) ON DELETE RESTRICT
);

CREATE UNIQUE INDEX uq_dispatch_hold_open ON dispatch_hold (reason) WHERE released_at IS NULL;

CREATE TABLE letter_series (
    office_code TEXT NOT NULL,
    year SMALLINT NOT NULL,
    last_serial BIGINT NOT NULL,
    CONSTRAINT pk_letter_series PRIMARY KEY (office_code, year),
    CONSTRAINT ck_letter_series_office_code_is_given CHECK (length(btrim(office_code)) BETWEEN 1 AND 40),
    CONSTRAINT ck_letter_series_year_is_known CHECK (year BETWEEN 2000 AND 9998),
    CONSTRAINT ck_letter_series_last_serial_is_counted CHECK (last_serial >= 0)
);

CREATE TABLE letter (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    public_id UUID DEFAULT gen_random_uuid() NOT NULL,
    kind TEXT NOT NULL,
    status TEXT DEFAULT 'draft' NOT NULL,
    version BIGINT DEFAULT 0 NOT NULL,
    issuer_organisation_id BIGINT NOT NULL,
    signatory_post_kind TEXT NOT NULL,
    addressee_organisation_id BIGINT,
    addressee_enterprise_id BIGINT,
    title TEXT NOT NULL,
    body JSONB NOT NULL,
    edition_id BIGINT NOT NULL,
    business_date DATE NOT NULL,
    part SMALLINT DEFAULT 1 NOT NULL,
    run_id BIGINT,
    drafted_by_account_id BIGINT,
    drafted_at TIMESTAMP WITH TIME ZONE DEFAULT registry_now() NOT NULL,
    reissue_of_id BIGINT,
    issued_at TIMESTAMP WITH TIME ZONE,
    issued_by_appointment_id BIGINT,
    issued_by_account_id BIGINT,
    standing_authorisation TEXT,
    office_code TEXT,
    year SMALLINT,
    serial BIGINT,
    content_sha256 BYTEA,
    ended_reason TEXT,
    ended_at TIMESTAMP WITH TIME ZONE,
    dispatched_on DATE,
    served_on DATE,
    served_as TEXT,
    reply_due_on DATE,
    answered_on DATE,
    CONSTRAINT pk_letter PRIMARY KEY (id),
    CONSTRAINT ck_letter_kind_is_known CHECK (kind IN ('supervision_notice', 'notice_letter', 'circular', 'summons_notice', 'summons_minutes', 'exposure_notice', 'referral_letter', 'warning_reminder', 'urging_letter', 'assignment_order', 'closing_notice', 'delisting_notice', 'closing_approval_form')),
    CONSTRAINT ck_letter_status_is_known CHECK (status IN ('draft', 'issued', 'dropped', 'voided')),
    CONSTRAINT ck_letter_signatory_post_kind_is_known CHECK (signatory_post_kind IN ('enterprise_safety_officer', 'enterprise_safety_head', 'enterprise_principal', 'enterprise_controller', 'inspector', 'section_head', 'deputy_head', 'principal_head', 'office_clerk', 'office_head', 'government_head', 'tip_officer', 'registrar', 'system_administrator', 'security_administrator', 'audit_administrator', 'auditor')),
    CONSTRAINT ck_letter_served_as_is_known CHECK (served_as IN ('in_person', 'post', 'platform', 'deemed')),
    CONSTRAINT ck_letter_title_is_given CHECK (length(btrim(title)) BETWEEN 1 AND 200),
    CONSTRAINT ck_letter_content_sha256_is_sha256 CHECK (octet_length(content_sha256) = 32),
    CONSTRAINT ck_letter_one_addressee CHECK (num_nonnulls(addressee_organisation_id, addressee_enterprise_id) = 1 OR (kind = 'exposure_notice' AND num_nonnulls(addressee_organisation_id, addressee_enterprise_id) = 0)),
    CONSTRAINT ck_letter_issued_has_number CHECK ((status IN ('issued', 'voided')) = (num_nonnulls(issued_at, office_code, year, serial, content_sha256) = 5) AND num_nonnulls(issued_at, office_code, year, serial, content_sha256) IN (0, 5)),
    CONSTRAINT ck_letter_issued_by_someone CHECK (status NOT IN ('issued', 'voided') OR num_nonnulls(issued_by_appointment_id, standing_authorisation) = 1),
    CONSTRAINT ck_letter_ended_has_reason CHECK ((status IN ('dropped', 'voided')) = (ended_reason IS NOT NULL AND ended_at IS NOT NULL)),
    CONSTRAINT ck_letter_dispatched_after_issuing CHECK (dispatched_on IS NULL OR issued_at IS NOT NULL),
    CONSTRAINT ck_letter_served_somehow CHECK ((served_on IS NULL) = (served_as IS NULL)),
    CONSTRAINT ck_letter_served_after_issuing CHECK (served_on IS NULL OR issued_at IS NOT NULL),
    CONSTRAINT ck_letter_drafted_by_someone CHECK ((run_id IS NULL) = (drafted_by_account_id IS NOT NULL)),
    CONSTRAINT uq_letter_public_id UNIQUE (public_id),
    CONSTRAINT fk_letter_issuer_organisation_id FOREIGN KEY(issuer_organisation_id) REFERENCES organisation (id) ON DELETE RESTRICT,
    CONSTRAINT fk_letter_addressee_organisation_id FOREIGN KEY(addressee_organisation_id) REFERENCES organisation (id) ON DELETE RESTRICT,
    CONSTRAINT fk_letter_addressee_enterprise_id FOREIGN KEY(addressee_enterprise_id) REFERENCES enterprise (id) ON DELETE RESTRICT,
    CONSTRAINT fk_letter_edition_id FOREIGN KEY(edition_id) REFERENCES edition (id) ON DELETE RESTRICT,
    CONSTRAINT fk_letter_run_id FOREIGN KEY(run_id) REFERENCES escalation_run (id) ON DELETE RESTRICT,
    CONSTRAINT fk_letter_drafted_by_account_id FOREIGN KEY(drafted_by_account_id) REFERENCES account (id) ON DELETE RESTRICT,
    CONSTRAINT fk_letter_reissue_of_id FOREIGN KEY(reissue_of_id) REFERENCES letter (id) ON DELETE RESTRICT,
    CONSTRAINT fk_letter_issued_by_appointment_id FOREIGN KEY(issued_by_appointment_id) REFERENCES appointment (id) ON DELETE RESTRICT,
    CONSTRAINT fk_letter_issued_by_account_id FOREIGN KEY(issued_by_account_id) REFERENCES account (id) ON DELETE RESTRICT
);

CREATE INDEX ix_letter_addressee_enterprise_id ON letter (addressee_enterprise_id);

CREATE INDEX ix_letter_addressee_organisation_id ON letter (addressee_organisation_id);

CREATE INDEX ix_letter_issuer_status ON letter (issuer_organisation_id, status, id);

CREATE INDEX ix_letter_unanswered ON letter (reply_due_on) WHERE status = 'issued' AND reply_due_on IS NOT NULL AND answered_on IS NULL;

CREATE INDEX ix_letter_unserved ON letter (dispatched_on) WHERE status = 'issued' AND served_on IS NULL;

CREATE UNIQUE INDEX uq_letter_night ON letter (business_date, kind, issuer_organisation_id, coalesce(addressee_organisation_id, 0), coalesce(addressee_enterprise_id, 0), part) WHERE run_id IS NOT NULL;

CREATE UNIQUE INDEX uq_letter_number ON letter (office_code, year, serial);

CREATE TABLE episode (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    public_id UUID DEFAULT gen_random_uuid() NOT NULL,
    kind TEXT NOT NULL,
    cause TEXT NOT NULL,
    ordinal SMALLINT DEFAULT 1 NOT NULL,
    hazard_id BIGINT,
    duty TEXT,
    duty_since TIMESTAMP WITH TIME ZONE,
    letter_id BIGINT,
    unit_id BIGINT,
    organisation_id BIGINT,
    enterprise_id BIGINT,
    cycle BIGINT,
    counts_from DATE NOT NULL,
    carried_rung SMALLINT DEFAULT 0 NOT NULL,
    opened_on DATE NOT NULL,
    run_id BIGINT NOT NULL,
    edition_id BIGINT NOT NULL,
    ended_on DATE,
    ended_as TEXT,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT registry_now() NOT NULL,
    CONSTRAINT pk_episode PRIMARY KEY (id),
    CONSTRAINT ck_episode_kind_is_known CHECK (kind IN ('term', 'duty', 'reply', 'aggregate')),
    CONSTRAINT ck_episode_cause_is_known CHECK (cause IN ('overdue', 'slow', 'late_duty', 'unanswered', 'too_many')),
    CONSTRAINT ck_episode_ended_as_is_known CHECK (ended_as IN ('caught_up', 'extended', 'closed', 'done', 'answered', 'receded')),
    CONSTRAINT ck_episode_subject_fits_kind CHECK ((kind = 'term' AND hazard_id IS NOT NULL AND num_nonnulls(duty, letter_id, unit_id, organisation_id) = 0) OR (kind = 'duty' AND duty IS NOT NULL AND organisation_id IS NOT NULL AND num_nonnulls(hazard_id, letter_id) = 1) OR (kind = 'reply' AND letter_id IS NOT NULL AND num_nonnulls(duty, unit_id) = 0) OR (kind = 'aggregate' AND num_nonnulls(unit_id, organisation_id, enterprise_id) = 1 AND num_nonnulls(hazard_id, duty, letter_id) = 0)),
    CONSTRAINT ck_episode_duty_has_begun CHECK ((duty IS NULL) = (duty_since IS NULL)),
    CONSTRAINT ck_episode_ordinal_is_counted CHECK (ordinal >= 1),
    CONSTRAINT ck_episode_carried_rung_is_known CHECK (carried_rung BETWEEN 0 AND 5),
    CONSTRAINT ck_episode_counts_from_before_opening CHECK (counts_from < opened_on),
    CONSTRAINT ck_episode_ended_somehow CHECK ((ended_on IS NULL) = (ended_as IS NULL)),
    CONSTRAINT ck_episode_period_is_forward CHECK (ended_on >= counts_from),
    CONSTRAINT uq_episode_public_id UNIQUE (public_id),
    CONSTRAINT fk_episode_hazard_id FOREIGN KEY(hazard_id) REFERENCES hazard (id) ON DELETE RESTRICT,
    CONSTRAINT fk_episode_unit_id FOREIGN KEY(unit_id) REFERENCES unit (id) ON DELETE RESTRICT,
    CONSTRAINT fk_episode_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisation (id) ON DELETE RESTRICT,
    CONSTRAINT fk_episode_enterprise_id FOREIGN KEY(enterprise_id) REFERENCES enterprise (id) ON DELETE RESTRICT,
    CONSTRAINT fk_episode_run_id FOREIGN KEY(run_id) REFERENCES escalation_run (id) ON DELETE RESTRICT,
    CONSTRAINT fk_episode_edition_id FOREIGN KEY(edition_id) REFERENCES edition (id) ON DELETE RESTRICT
);

CREATE INDEX ix_episode_open ON episode (kind, id) WHERE ended_on IS NULL;

CREATE INDEX ix_episode_organisation_id ON episode (organisation_id);

CREATE UNIQUE INDEX uq_episode_duty ON episode (hazard_id, duty, duty_since, organisation_id) WHERE kind = 'duty' AND hazard_id IS NOT NULL;

CREATE UNIQUE INDEX uq_episode_duty_letter ON episode (letter_id, duty) WHERE kind = 'duty' AND letter_id IS NOT NULL;

CREATE UNIQUE INDEX uq_episode_open_enterprise ON episode (enterprise_id) WHERE kind = 'aggregate' AND enterprise_id IS NOT NULL AND ended_on IS NULL;

CREATE UNIQUE INDEX uq_episode_open_organisation ON episode (organisation_id) WHERE kind = 'aggregate' AND organisation_id IS NOT NULL AND ended_on IS NULL;

CREATE UNIQUE INDEX uq_episode_open_term ON episode (hazard_id) WHERE kind = 'term' AND ended_on IS NULL;

CREATE UNIQUE INDEX uq_episode_open_unit ON episode (unit_id) WHERE kind = 'aggregate' AND unit_id IS NOT NULL AND ended_on IS NULL;

CREATE UNIQUE INDEX uq_episode_reply ON episode (letter_id) WHERE kind = 'reply';

CREATE UNIQUE INDEX uq_episode_term_ordinal ON episode (hazard_id, ordinal) WHERE kind = 'term';

CREATE TABLE raised_rung (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    public_id UUID DEFAULT gen_random_uuid() NOT NULL,
    episode_id BIGINT NOT NULL,
    hazard_id BIGINT,
    rung TEXT NOT NULL,
    rung_order SMALLINT NOT NULL,
    reason TEXT NOT NULL,
    days BIGINT NOT NULL,
    raised_on DATE NOT NULL,
    run_id BIGINT NOT NULL,
    edition_id BIGINT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT registry_now() NOT NULL,
    CONSTRAINT pk_raised_rung PRIMARY KEY (id),
    CONSTRAINT ck_raised_rung_rung_is_known CHECK (rung IN ('notice_letter', 'circular', 'summons', 'exposure', 'referral')),
    CONSTRAINT ck_raised_rung_reason_is_known CHECK (reason IN ('threshold', 'slow', 'no_reply')),
    CONSTRAINT ck_raised_rung_order_is_of_rung CHECK (rung_order = CASE rung WHEN 'notice_letter' THEN 1 WHEN 'circular' THEN 2 WHEN 'summons' THEN 3 WHEN 'exposure' THEN 4 WHEN 'referral' THEN 5 END),
    CONSTRAINT ck_raised_rung_days_are_counted CHECK (days >= 0),
    CONSTRAINT uq_raised_rung_public_id UNIQUE (public_id),
    CONSTRAINT fk_raised_rung_episode_id FOREIGN KEY(episode_id) REFERENCES episode (id) ON DELETE RESTRICT,
    CONSTRAINT fk_raised_rung_hazard_id FOREIGN KEY(hazard_id) REFERENCES hazard (id) ON DELETE RESTRICT,
    CONSTRAINT fk_raised_rung_run_id FOREIGN KEY(run_id) REFERENCES escalation_run (id) ON DELETE RESTRICT,
    CONSTRAINT fk_raised_rung_edition_id FOREIGN KEY(edition_id) REFERENCES edition (id) ON DELETE RESTRICT
);

CREATE INDEX ix_raised_rung_hazard_id ON raised_rung (hazard_id);

CREATE INDEX ix_raised_rung_raised_on ON raised_rung (raised_on);

CREATE INDEX ix_raised_rung_run_id ON raised_rung (run_id);

CREATE UNIQUE INDEX uq_raised_rung_episode_id_rung ON raised_rung (episode_id, rung);

CREATE TABLE rung_suspension (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    public_id UUID DEFAULT gen_random_uuid() NOT NULL,
    episode_id BIGINT NOT NULL,
    rung TEXT,
    from_on DATE NOT NULL,
    until_on DATE NOT NULL,
    reason TEXT NOT NULL,
    proposed_by_account_id BIGINT NOT NULL,
    proposed_at TIMESTAMP WITH TIME ZONE DEFAULT registry_now() NOT NULL,
    approved_by_account_id BIGINT,
    approved_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_rung_suspension PRIMARY KEY (id),
    CONSTRAINT ck_rung_suspension_rung_is_known CHECK (rung IN ('notice_letter', 'circular', 'summons', 'exposure', 'referral')),
    CONSTRAINT ck_rung_suspension_reason_is_given CHECK (length(btrim(reason)) BETWEEN 1 AND 4000),
    CONSTRAINT ck_rung_suspension_period_is_forward CHECK (until_on >= from_on),
    CONSTRAINT ck_rung_suspension_two_persons CHECK (approved_by_account_id <> proposed_by_account_id),
    CONSTRAINT uq_rung_suspension_public_id UNIQUE (public_id),
    CONSTRAINT fk_rung_suspension_episode_id FOREIGN KEY(episode_id) REFERENCES episode (id) ON DELETE RESTRICT,
    CONSTRAINT fk_rung_suspension_proposed_by_account_id FOREIGN KEY(proposed_by_account_id) REFERENCES account (id) ON DELETE RESTRICT,
    CONSTRAINT fk_rung_suspension_approved_by_account_id FOREIGN KEY(approved_by_account_id) REFERENCES account (id) ON DELETE RESTRICT
);

CREATE INDEX ix_rung_suspension_episode_id ON rung_suspension (episode_id);

CREATE TABLE reminder (
    due_on DATE NOT NULL,
    days_before SMALLINT NOT NULL,
    raised_on DATE NOT NULL,
    run_id BIGINT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT registry_now() NOT NULL,
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    hazard_id BIGINT NOT NULL,
    CONSTRAINT pk_reminder PRIMARY KEY (id),
    CONSTRAINT ck_reminder_days_before_are_counted CHECK (days_before >= 1),
    CONSTRAINT fk_reminder_run_id FOREIGN KEY(run_id) REFERENCES escalation_run (id) ON DELETE RESTRICT,
    CONSTRAINT fk_reminder_hazard_id FOREIGN KEY(hazard_id) REFERENCES hazard (id) ON DELETE RESTRICT
);

CREATE INDEX ix_reminder_hazard_id ON reminder (hazard_id);

CREATE UNIQUE INDEX uq_reminder_hazard_id_due_on_days_before ON reminder (hazard_id, due_on, days_before);

CREATE TABLE letter_item (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    letter_id BIGINT NOT NULL,
    position SMALLINT NOT NULL,
    raised_rung_id BIGINT,
    listing_id BIGINT,
    hazard_id BIGINT,
    line JSONB NOT NULL,
    dropped_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_letter_item PRIMARY KEY (id),
    CONSTRAINT ck_letter_item_position_is_counted CHECK (position >= 1),
    CONSTRAINT ck_letter_item_one_occasion_at_most CHECK (num_nonnulls(raised_rung_id, listing_id) <= 1),
    CONSTRAINT fk_letter_item_letter_id FOREIGN KEY(letter_id) REFERENCES letter (id) ON DELETE RESTRICT,
    CONSTRAINT fk_letter_item_raised_rung_id FOREIGN KEY(raised_rung_id) REFERENCES raised_rung (id) ON DELETE RESTRICT,
    CONSTRAINT fk_letter_item_listing_id FOREIGN KEY(listing_id) REFERENCES listing (id) ON DELETE RESTRICT,
    CONSTRAINT fk_letter_item_hazard_id FOREIGN KEY(hazard_id) REFERENCES hazard (id) ON DELETE RESTRICT
);

CREATE INDEX ix_letter_item_hazard_id ON letter_item (hazard_id);

CREATE UNIQUE INDEX uq_letter_item_letter_id_position ON letter_item (letter_id, position);

CREATE UNIQUE INDEX uq_letter_item_raised_rung_id ON letter_item (raised_rung_id) WHERE dropped_at IS NULL;

CREATE TABLE letter_copy (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    public_id UUID DEFAULT gen_random_uuid() NOT NULL,
    letter_id BIGINT NOT NULL,
    issuer_organisation_id BIGINT NOT NULL,
    organisation_id BIGINT,
    enterprise_id BIGINT,
    item_ids BIGINT[] NOT NULL,
    CONSTRAINT pk_letter_copy PRIMARY KEY (id),
    CONSTRAINT ck_letter_copy_one_reader CHECK (num_nonnulls(organisation_id, enterprise_id) = 1),
    CONSTRAINT uq_letter_copy_public_id UNIQUE (public_id),
    CONSTRAINT fk_letter_copy_letter_id FOREIGN KEY(letter_id) REFERENCES letter (id) ON DELETE RESTRICT,
    CONSTRAINT fk_letter_copy_issuer_organisation_id FOREIGN KEY(issuer_organisation_id) REFERENCES organisation (id) ON DELETE RESTRICT,
    CONSTRAINT fk_letter_copy_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisation (id) ON DELETE RESTRICT,
    CONSTRAINT fk_letter_copy_enterprise_id FOREIGN KEY(enterprise_id) REFERENCES enterprise (id) ON DELETE RESTRICT
);

CREATE INDEX ix_letter_copy_enterprise_id ON letter_copy (enterprise_id);

CREATE INDEX ix_letter_copy_organisation_id ON letter_copy (organisation_id);

CREATE UNIQUE INDEX uq_letter_copy_letter_id_enterprise_id ON letter_copy (letter_id, enterprise_id);

CREATE UNIQUE INDEX uq_letter_copy_letter_id_organisation_id ON letter_copy (letter_id, organisation_id);

CREATE TABLE letter_service (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    letter_id BIGINT NOT NULL,
    copy_id BIGINT,
    manner TEXT NOT NULL,
    received_by TEXT,
    served_on DATE NOT NULL,
    evidence_sha256 BYTEA,
    account_id BIGINT,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT registry_now() NOT NULL,
    CONSTRAINT pk_letter_service PRIMARY KEY (id),
    CONSTRAINT ck_letter_service_manner_is_known CHECK (manner IN ('in_person', 'post', 'platform', 'deemed')),
    CONSTRAINT ck_letter_service_received_by_is_given CHECK (length(btrim(received_by)) BETWEEN 1 AND 100),
    CONSTRAINT ck_letter_service_receipt_names_receiver CHECK (manner = 'deemed' OR received_by IS NOT NULL),
    CONSTRAINT ck_letter_service_deemed_by_the_night CHECK ((manner = 'deemed') = (account_id IS NULL)),
    CONSTRAINT fk_letter_service_letter_id FOREIGN KEY(letter_id) REFERENCES letter (id) ON DELETE RESTRICT,
    CONSTRAINT fk_letter_service_copy_id FOREIGN KEY(copy_id) REFERENCES letter_copy (id) ON DELETE RESTRICT,
    CONSTRAINT fk_letter_service_account_id FOREIGN KEY(account_id) REFERENCES account (id) ON DELETE RESTRICT
);

CREATE UNIQUE INDEX uq_letter_service_copy_id ON letter_service (copy_id);

CREATE UNIQUE INDEX uq_letter_service_letter_id ON letter_service (letter_id) WHERE copy_id IS NULL;

CREATE TABLE letter_reply (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    public_id UUID DEFAULT gen_random_uuid() NOT NULL,
    letter_id BIGINT NOT NULL,
    text TEXT NOT NULL,
    number TEXT,
    received_on DATE NOT NULL,
    evidence_sha256 BYTEA,
    account_id BIGINT NOT NULL,
    organisation_id BIGINT,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT registry_now() NOT NULL,
    CONSTRAINT pk_letter_reply PRIMARY KEY (id),
    CONSTRAINT ck_letter_reply_text_is_given CHECK (length(btrim(text)) BETWEEN 1 AND 4000),
    CONSTRAINT ck_letter_reply_number_is_given CHECK (length(btrim(number)) BETWEEN 1 AND 100),
    CONSTRAINT uq_letter_reply_public_id UNIQUE (public_id),
    CONSTRAINT fk_letter_reply_letter_id FOREIGN KEY(letter_id) REFERENCES letter (id) ON DELETE RESTRICT,
    CONSTRAINT fk_letter_reply_account_id FOREIGN KEY(account_id) REFERENCES account (id) ON DELETE RESTRICT,
    CONSTRAINT fk_letter_reply_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisation (id) ON DELETE RESTRICT
);

CREATE INDEX ix_letter_reply_letter_id ON letter_reply (letter_id);

CREATE TABLE letter_file (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    letter_id BIGINT NOT NULL,
    copy_id BIGINT,
    format TEXT NOT NULL,
    sha256 BYTEA NOT NULL,
    size_bytes BIGINT NOT NULL,
    fonts JSONB NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT registry_now() NOT NULL,
    CONSTRAINT pk_letter_file PRIMARY KEY (id),
    CONSTRAINT ck_letter_file_sha256_is_sha256 CHECK (octet_length(sha256) = 32),
    CONSTRAINT ck_letter_file_format_is_known CHECK (format IN ('pdf', 'docx')),
    CONSTRAINT ck_letter_file_size_is_counted CHECK (size_bytes > 0),
    CONSTRAINT fk_letter_file_letter_id FOREIGN KEY(letter_id) REFERENCES letter (id) ON DELETE RESTRICT,
    CONSTRAINT fk_letter_file_copy_id FOREIGN KEY(copy_id) REFERENCES letter_copy (id) ON DELETE RESTRICT
);

CREATE UNIQUE INDEX uq_letter_file_letter_format ON letter_file (letter_id, coalesce(copy_id, 0), format);

ALTER TABLE episode ADD CONSTRAINT fk_episode_letter_id FOREIGN KEY (letter_id) REFERENCES letter (id) ON DELETE RESTRICT;

ALTER TABLE dispatch_hold ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE episode ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE escalation_failure ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE escalation_rehearsal ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE escalation_run ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE letter ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE letter_copy ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE letter_file ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE letter_item ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE letter_reply ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE letter_series ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE letter_service ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE raised_rung ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE reminder ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE rung_suspension ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY owner ON dispatch_hold FOR ALL TO qingling_owner USING (true) WITH CHECK (true);
CREATE POLICY official_select ON dispatch_hold FOR SELECT TO qingling_official USING (true);
CREATE POLICY official_insert ON dispatch_hold FOR INSERT TO qingling_official WITH CHECK (true);
CREATE POLICY official_update ON dispatch_hold FOR UPDATE TO qingling_official USING (true) WITH CHECK (true);
CREATE POLICY job_select ON dispatch_hold FOR SELECT TO qingling_job USING (true);
CREATE POLICY job_insert ON dispatch_hold FOR INSERT TO qingling_job WITH CHECK (true);
CREATE POLICY import_select ON dispatch_hold FOR SELECT TO qingling_import USING (true);
CREATE POLICY import_insert ON dispatch_hold FOR INSERT TO qingling_import WITH CHECK (true);
CREATE POLICY signin_select ON dispatch_hold FOR SELECT TO qingling_signin USING (true);
CREATE POLICY auditor_select ON dispatch_hold FOR SELECT TO qingling_auditor USING (true);
CREATE POLICY report_select ON dispatch_hold FOR SELECT TO qingling_report USING (true);
CREATE POLICY owner ON episode FOR ALL TO qingling_owner USING (true) WITH CHECK (true);
CREATE POLICY job_select ON episode FOR SELECT TO qingling_job USING (true);
CREATE POLICY job_insert ON episode FOR INSERT TO qingling_job WITH CHECK (true);
CREATE POLICY job_update ON episode FOR UPDATE TO qingling_job USING (true) WITH CHECK (true);
CREATE POLICY official_select ON episode FOR SELECT TO qingling_official USING ((hazard_id IS NOT NULL AND EXISTS (SELECT 1 FROM hazard h WHERE h.id = hazard_id)) OR organisation_id = (SELECT nullif(current_setting('app.organisation', true), '')::bigint) OR ((SELECT coalesce(current_setting('app.sectors', true), '') = '') AND EXISTS (SELECT 1 FROM organisation o WHERE o.id = organisation_id AND o.unit_id = ANY ((SELECT string_to_array(nullif(current_setting('app.units', true), ''), ',')::bigint[])::bigint[]))) OR ((SELECT coalesce(current_setting('app.sectors', true), '') = '') AND unit_id = ANY ((SELECT string_to_array(nullif(current_setting('app.units', true), ''), ',')::bigint[])::bigint[])));
CREATE POLICY enterprise_select ON episode FOR SELECT TO qingling_enterprise USING ((kind = 'term' AND EXISTS (SELECT 1 FROM hazard h WHERE h.id = hazard_id)) OR (kind IN ('aggregate', 'reply') AND enterprise_id = (SELECT nullif(current_setting('app.enterprise', true), '')::bigint)));
CREATE POLICY auditor_select ON episode FOR SELECT TO qingling_auditor USING (true);
CREATE POLICY report_select ON episode FOR SELECT TO qingling_report USING (true);
CREATE POLICY owner ON escalation_failure FOR ALL TO qingling_owner USING (true) WITH CHECK (true);
CREATE POLICY job_select ON escalation_failure FOR SELECT TO qingling_job USING (true);
CREATE POLICY job_insert ON escalation_failure FOR INSERT TO qingling_job WITH CHECK (true);
CREATE POLICY official_select ON escalation_failure FOR SELECT TO qingling_official USING ((SELECT coalesce(current_setting('app.sectors', true), '') = '') AND (hazard_id IS NULL OR EXISTS (SELECT 1 FROM hazard h WHERE h.id = hazard_id)));
CREATE POLICY auditor_select ON escalation_failure FOR SELECT TO qingling_auditor USING (true);
CREATE POLICY report_select ON escalation_failure FOR SELECT TO qingling_report USING (true);
CREATE POLICY owner ON escalation_rehearsal FOR ALL TO qingling_owner USING (true) WITH CHECK (true);
CREATE POLICY official_select ON escalation_rehearsal FOR SELECT TO qingling_official USING (account_id = (SELECT nullif(current_setting('app.account', true), '')::bigint));
CREATE POLICY official_insert ON escalation_rehearsal FOR INSERT TO qingling_official WITH CHECK (account_id = (SELECT nullif(current_setting('app.account', true), '')::bigint));
CREATE POLICY job_select ON escalation_rehearsal FOR SELECT TO qingling_job USING (true);
CREATE POLICY job_insert ON escalation_rehearsal FOR INSERT TO qingling_job WITH CHECK (true);
CREATE POLICY auditor_select ON escalation_rehearsal FOR SELECT TO qingling_auditor USING (true);
CREATE POLICY owner ON escalation_run FOR ALL TO qingling_owner USING (true) WITH CHECK (true);
CREATE POLICY job_select ON escalation_run FOR SELECT TO qingling_job USING (true);
CREATE POLICY job_insert ON escalation_run FOR INSERT TO qingling_job WITH CHECK (true);
CREATE POLICY job_update ON escalation_run FOR UPDATE TO qingling_job USING (true) WITH CHECK (true);
CREATE POLICY signin_select ON escalation_run FOR SELECT TO qingling_signin USING (true);
CREATE POLICY official_select ON escalation_run FOR SELECT TO qingling_official USING (true);
CREATE POLICY auditor_select ON escalation_run FOR SELECT TO qingling_auditor USING (true);
CREATE POLICY report_select ON escalation_run FOR SELECT TO qingling_report USING (true);
CREATE POLICY owner ON letter FOR ALL TO qingling_owner USING (true) WITH CHECK (true);
CREATE POLICY job_select ON letter FOR SELECT TO qingling_job USING (true);
CREATE POLICY job_insert ON letter FOR INSERT TO qingling_job WITH CHECK (true);
CREATE POLICY job_update ON letter FOR UPDATE TO qingling_job USING (true) WITH CHECK (true);
CREATE POLICY official_select ON letter FOR SELECT TO qingling_official USING (issuer_organisation_id = (SELECT nullif(current_setting('app.organisation', true), '')::bigint) OR ((SELECT coalesce(current_setting('app.sectors', true), '') = '') AND EXISTS (SELECT 1 FROM organisation o WHERE o.id = issuer_organisation_id AND o.unit_id = ANY ((SELECT string_to_array(nullif(current_setting('app.units', true), ''), ',')::bigint[])::bigint[]))) OR (status IN ('issued', 'voided') AND (addressee_organisation_id = (SELECT nullif(current_setting('app.organisation', true), '')::bigint) OR EXISTS (SELECT 1 FROM letter_copy c WHERE c.letter_id = letter.id AND c.organisation_id = (SELECT nullif(current_setting('app.organisation', true), '')::bigint)))));
CREATE POLICY official_insert ON letter FOR INSERT TO qingling_official WITH CHECK (issuer_organisation_id = (SELECT nullif(current_setting('app.organisation', true), '')::bigint));
CREATE POLICY official_update ON letter FOR UPDATE TO qingling_official USING (issuer_organisation_id = (SELECT nullif(current_setting('app.organisation', true), '')::bigint) OR addressee_organisation_id = (SELECT nullif(current_setting('app.organisation', true), '')::bigint)) WITH CHECK (issuer_organisation_id = (SELECT nullif(current_setting('app.organisation', true), '')::bigint) OR addressee_organisation_id = (SELECT nullif(current_setting('app.organisation', true), '')::bigint));
CREATE POLICY enterprise_select ON letter FOR SELECT TO qingling_enterprise USING (status IN ('issued', 'voided') AND (addressee_enterprise_id = (SELECT nullif(current_setting('app.enterprise', true), '')::bigint) OR EXISTS (SELECT 1 FROM letter_copy c WHERE c.letter_id = letter.id AND c.enterprise_id = (SELECT nullif(current_setting('app.enterprise', true), '')::bigint))));
CREATE POLICY enterprise_update ON letter FOR UPDATE TO qingling_enterprise USING (status IN ('issued', 'voided') AND addressee_enterprise_id = (SELECT nullif(current_setting('app.enterprise', true), '')::bigint)) WITH CHECK (status IN ('issued', 'voided') AND addressee_enterprise_id = (SELECT nullif(current_setting('app.enterprise', true), '')::bigint));
CREATE POLICY auditor_select ON letter FOR SELECT TO qingling_auditor USING (true);
CREATE POLICY report_select ON letter FOR SELECT TO qingling_report USING (true);
CREATE POLICY owner ON letter_copy FOR ALL TO qingling_owner USING (true) WITH CHECK (true);
CREATE POLICY job_select ON letter_copy FOR SELECT TO qingling_job USING (true);
CREATE POLICY job_insert ON letter_copy FOR INSERT TO qingling_job WITH CHECK (true);
CREATE POLICY job_update ON letter_copy FOR UPDATE TO qingling_job USING (true) WITH CHECK (true);
CREATE POLICY official_select ON letter_copy FOR SELECT TO qingling_official USING (organisation_id = (SELECT nullif(current_setting('app.organisation', true), '')::bigint) OR issuer_organisation_id = (SELECT nullif(current_setting('app.organisation', true), '')::bigint) OR ((SELECT coalesce(current_setting('app.sectors', true), '') = '') AND EXISTS (SELECT 1 FROM organisation o WHERE o.id = issuer_organisation_id AND o.unit_id = ANY ((SELECT string_to_array(nullif(current_setting('app.units', true), ''), ',')::bigint[])::bigint[]))));
CREATE POLICY official_insert ON letter_copy FOR INSERT TO qingling_official WITH CHECK (issuer_organisation_id = (SELECT nullif(current_setting('app.organisation', true), '')::bigint));
CREATE POLICY official_update ON letter_copy FOR UPDATE TO qingling_official USING (issuer_organisation_id = (SELECT nullif(current_setting('app.organisation', true), '')::bigint)) WITH CHECK (issuer_organisation_id = (SELECT nullif(current_setting('app.organisation', true), '')::bigint));
CREATE POLICY enterprise_select ON letter_copy FOR SELECT TO qingling_enterprise USING (enterprise_id = (SELECT nullif(current_setting('app.enterprise', true), '')::bigint));
CREATE POLICY auditor_select ON letter_copy FOR SELECT TO qingling_auditor USING (true);
CREATE POLICY report_select ON letter_copy FOR SELECT TO qingling_report USING (true);
CREATE POLICY owner ON letter_file FOR ALL TO qingling_owner USING (true) WITH CHECK (true);
CREATE POLICY job_select ON letter_file FOR SELECT TO qingling_job USING (true);
CREATE POLICY job_insert ON letter_file FOR INSERT TO qingling_job WITH CHECK (true);
CREATE POLICY official_select ON letter_file FOR SELECT TO qingling_official USING ((copy_id IS NULL AND (EXISTS (SELECT 1 FROM letter l WHERE l.id = letter_id AND (l.issuer_organisation_id = (SELECT nullif(current_setting('app.organisation', true), '')::bigint) OR ((SELECT coalesce(current_setting('app.sectors', true), '') = '') AND EXISTS (SELECT 1 FROM organisation o WHERE o.id = l.issuer_organisation_id AND o.unit_id = ANY ((SELECT string_to_array(nullif(current_setting('app.units', true), ''), ',')::bigint[])::bigint[]))))) OR EXISTS (SELECT 1 FROM letter l WHERE l.id = letter_id AND (l.addressee_organisation_id = (SELECT nullif(current_setting('app.organisation', true), '')::bigint))))) OR EXISTS (SELECT 1 FROM letter_copy c WHERE c.id = copy_id));
CREATE POLICY official_insert ON letter_file FOR INSERT TO qingling_official WITH CHECK (EXISTS (SELECT 1 FROM letter l WHERE l.id = letter_id AND (l.issuer_organisation_id = (SELECT nullif(current_setting('app.organisation', true), '')::bigint))));
CREATE POLICY enterprise_select ON letter_file FOR SELECT TO qingling_enterprise USING ((copy_id IS NULL AND EXISTS (SELECT 1 FROM letter l WHERE l.id = letter_id AND (l.addressee_enterprise_id = (SELECT nullif(current_setting('app.enterprise', true), '')::bigint)))) OR EXISTS (SELECT 1 FROM letter_copy c WHERE c.id = copy_id));
CREATE POLICY auditor_select ON letter_file FOR SELECT TO qingling_auditor USING (true);
CREATE POLICY report_select ON letter_file FOR SELECT TO qingling_report USING (true);
CREATE POLICY owner ON letter_item FOR ALL TO qingling_owner USING (true) WITH CHECK (true);
CREATE POLICY job_select ON letter_item FOR SELECT TO qingling_job USING (true);
CREATE POLICY job_insert ON letter_item FOR INSERT TO qingling_job WITH CHECK (true);
CREATE POLICY job_update ON letter_item FOR UPDATE TO qingling_job USING (true) WITH CHECK (true);
CREATE POLICY official_select ON letter_item FOR SELECT TO qingling_official USING (EXISTS (SELECT 1 FROM letter l WHERE l.id = letter_id AND (l.issuer_organisation_id = (SELECT nullif(current_setting('app.organisation', true), '')::bigint) OR ((SELECT coalesce(current_setting('app.sectors', true), '') = '') AND EXISTS (SELECT 1 FROM organisation o WHERE o.id = l.issuer_organisation_id AND o.unit_id = ANY ((SELECT string_to_array(nullif(current_setting('app.units', true), ''), ',')::bigint[])::bigint[]))))) OR EXISTS (SELECT 1 FROM letter l WHERE l.id = letter_id AND (l.addressee_organisation_id = (SELECT nullif(current_setting('app.organisation', true), '')::bigint))) OR EXISTS (SELECT 1 FROM letter_copy c WHERE c.letter_id = letter_item.letter_id AND c.organisation_id = (SELECT nullif(current_setting('app.organisation', true), '')::bigint) AND letter_item.id = ANY (c.item_ids)));
CREATE POLICY official_insert ON letter_item FOR INSERT TO qingling_official WITH CHECK (EXISTS (SELECT 1 FROM letter l WHERE l.id = letter_id AND (l.issuer_organisation_id = (SELECT nullif(current_setting('app.organisation', true), '')::bigint))));
CREATE POLICY official_update ON letter_item FOR UPDATE TO qingling_official USING (EXISTS (SELECT 1 FROM letter l WHERE l.id = letter_id AND (l.issuer_organisation_id = (SELECT nullif(current_setting('app.organisation', true), '')::bigint)))) WITH CHECK (EXISTS (SELECT 1 FROM letter l WHERE l.id = letter_id AND (l.issuer_organisation_id = (SELECT nullif(current_setting('app.organisation', true), '')::bigint))));
CREATE POLICY enterprise_select ON letter_item FOR SELECT TO qingling_enterprise USING (EXISTS (SELECT 1 FROM letter l WHERE l.id = letter_id AND (l.addressee_enterprise_id = (SELECT nullif(current_setting('app.enterprise', true), '')::bigint))) OR EXISTS (SELECT 1 FROM letter_copy c WHERE c.letter_id = letter_item.letter_id AND c.enterprise_id = (SELECT nullif(current_setting('app.enterprise', true), '')::bigint) AND letter_item.id = ANY (c.item_ids)));
CREATE POLICY auditor_select ON letter_item FOR SELECT TO qingling_auditor USING (true);
CREATE POLICY report_select ON letter_item FOR SELECT TO qingling_report USING (true);
CREATE POLICY owner ON letter_reply FOR ALL TO qingling_owner USING (true) WITH CHECK (true);
CREATE POLICY job_select ON letter_reply FOR SELECT TO qingling_job USING (true);
CREATE POLICY official_select ON letter_reply FOR SELECT TO qingling_official USING (EXISTS (SELECT 1 FROM letter l WHERE l.id = letter_id AND (l.issuer_organisation_id = (SELECT nullif(current_setting('app.organisation', true), '')::bigint) OR ((SELECT coalesce(current_setting('app.sectors', true), '') = '') AND EXISTS (SELECT 1 FROM organisation o WHERE o.id = l.issuer_organisation_id AND o.unit_id = ANY ((SELECT string_to_array(nullif(current_setting('app.units', true), ''), ',')::bigint[])::bigint[]))))) OR EXISTS (SELECT 1 FROM letter l WHERE l.id = letter_id AND (l.addressee_organisation_id = (SELECT nullif(current_setting('app.organisation', true), '')::bigint))));
CREATE POLICY official_insert ON letter_reply FOR INSERT TO qingling_official WITH CHECK (EXISTS (SELECT 1 FROM letter l WHERE l.id = letter_id AND (l.issuer_organisation_id = (SELECT nullif(current_setting('app.organisation', true), '')::bigint))) OR EXISTS (SELECT 1 FROM letter l WHERE l.id = letter_id AND (l.addressee_organisation_id = (SELECT nullif(current_setting('app.organisation', true), '')::bigint))));
CREATE POLICY enterprise_select ON letter_reply FOR SELECT TO qingling_enterprise USING (EXISTS (SELECT 1 FROM letter l WHERE l.id = letter_id AND (l.addressee_enterprise_id = (SELECT nullif(current_setting('app.enterprise', true), '')::bigint))));
CREATE POLICY enterprise_insert ON letter_reply FOR INSERT TO qingling_enterprise WITH CHECK (EXISTS (SELECT 1 FROM letter l WHERE l.id = letter_id AND (l.addressee_enterprise_id = (SELECT nullif(current_setting('app.enterprise', true), '')::bigint))));
CREATE POLICY auditor_select ON letter_reply FOR SELECT TO qingling_auditor USING (true);
CREATE POLICY report_select ON letter_reply FOR SELECT TO qingling_report USING (true);
CREATE POLICY owner ON letter_series FOR ALL TO qingling_owner USING (true) WITH CHECK (true);
CREATE POLICY official_select ON letter_series FOR SELECT TO qingling_official USING (true);
CREATE POLICY official_insert ON letter_series FOR INSERT TO qingling_official WITH CHECK (true);
CREATE POLICY official_update ON letter_series FOR UPDATE TO qingling_official USING (true) WITH CHECK (true);
CREATE POLICY job_select ON letter_series FOR SELECT TO qingling_job USING (true);
CREATE POLICY job_insert ON letter_series FOR INSERT TO qingling_job WITH CHECK (true);
CREATE POLICY job_update ON letter_series FOR UPDATE TO qingling_job USING (true) WITH CHECK (true);
CREATE POLICY auditor_select ON letter_series FOR SELECT TO qingling_auditor USING (true);
CREATE POLICY report_select ON letter_series FOR SELECT TO qingling_report USING (true);
CREATE POLICY owner ON letter_service FOR ALL TO qingling_owner USING (true) WITH CHECK (true);
CREATE POLICY job_select ON letter_service FOR SELECT TO qingling_job USING (true);
CREATE POLICY job_insert ON letter_service FOR INSERT TO qingling_job WITH CHECK (true);
CREATE POLICY official_select ON letter_service FOR SELECT TO qingling_official USING (EXISTS (SELECT 1 FROM letter l WHERE l.id = letter_id));
CREATE POLICY official_insert ON letter_service FOR INSERT TO qingling_official WITH CHECK (EXISTS (SELECT 1 FROM letter l WHERE l.id = letter_id));
CREATE POLICY enterprise_select ON letter_service FOR SELECT TO qingling_enterprise USING (EXISTS (SELECT 1 FROM letter l WHERE l.id = letter_id));
CREATE POLICY enterprise_insert ON letter_service FOR INSERT TO qingling_enterprise WITH CHECK (EXISTS (SELECT 1 FROM letter l WHERE l.id = letter_id AND (l.addressee_enterprise_id = (SELECT nullif(current_setting('app.enterprise', true), '')::bigint))));
CREATE POLICY auditor_select ON letter_service FOR SELECT TO qingling_auditor USING (true);
CREATE POLICY report_select ON letter_service FOR SELECT TO qingling_report USING (true);
CREATE POLICY owner ON raised_rung FOR ALL TO qingling_owner USING (true) WITH CHECK (true);
CREATE POLICY job_select ON raised_rung FOR SELECT TO qingling_job USING (true);
CREATE POLICY job_insert ON raised_rung FOR INSERT TO qingling_job WITH CHECK (true);
CREATE POLICY official_select ON raised_rung FOR SELECT TO qingling_official USING (EXISTS (SELECT 1 FROM episode e WHERE e.id = episode_id));
CREATE POLICY enterprise_select ON raised_rung FOR SELECT TO qingling_enterprise USING (EXISTS (SELECT 1 FROM episode e WHERE e.id = episode_id));
CREATE POLICY auditor_select ON raised_rung FOR SELECT TO qingling_auditor USING (true);
CREATE POLICY report_select ON raised_rung FOR SELECT TO qingling_report USING (true);
CREATE POLICY owner ON reminder FOR ALL TO qingling_owner USING (true) WITH CHECK (true);
CREATE POLICY job_select ON reminder FOR SELECT TO qingling_job USING (true);
CREATE POLICY job_insert ON reminder FOR INSERT TO qingling_job WITH CHECK (true);
CREATE POLICY official_select ON reminder FOR SELECT TO qingling_official USING (EXISTS (SELECT 1 FROM hazard h WHERE h.id = hazard_id));
CREATE POLICY enterprise_select ON reminder FOR SELECT TO qingling_enterprise USING (EXISTS (SELECT 1 FROM hazard h WHERE h.id = hazard_id));
CREATE POLICY auditor_select ON reminder FOR SELECT TO qingling_auditor USING (true);
CREATE POLICY report_select ON reminder FOR SELECT TO qingling_report USING (true);
CREATE POLICY owner ON rung_suspension FOR ALL TO qingling_owner USING (true) WITH CHECK (true);
CREATE POLICY official_select ON rung_suspension FOR SELECT TO qingling_official USING (EXISTS (SELECT 1 FROM episode e WHERE e.id = episode_id));
CREATE POLICY official_insert ON rung_suspension FOR INSERT TO qingling_official WITH CHECK (EXISTS (SELECT 1 FROM episode e WHERE e.id = episode_id));
CREATE POLICY official_update ON rung_suspension FOR UPDATE TO qingling_official USING (EXISTS (SELECT 1 FROM episode e WHERE e.id = episode_id)) WITH CHECK (EXISTS (SELECT 1 FROM episode e WHERE e.id = episode_id));
CREATE POLICY job_select ON rung_suspension FOR SELECT TO qingling_job USING (true);
CREATE POLICY auditor_select ON rung_suspension FOR SELECT TO qingling_auditor USING (true);
CREATE POLICY report_select ON rung_suspension FOR SELECT TO qingling_report USING (true);
GRANT SELECT, INSERT, UPDATE (rehearsal_id, released_at, released_by_account_id) ON dispatch_hold TO qingling_official;
GRANT SELECT, INSERT ON dispatch_hold TO qingling_job;
GRANT SELECT, INSERT ON dispatch_hold TO qingling_import;
GRANT SELECT ON dispatch_hold TO qingling_signin;
GRANT SELECT ON dispatch_hold TO qingling_auditor;
GRANT SELECT ON dispatch_hold TO qingling_report;
GRANT SELECT, INSERT, UPDATE (cause, ended_on, ended_as) ON episode TO qingling_job;
GRANT SELECT ON episode TO qingling_official;
GRANT SELECT ON episode TO qingling_enterprise;
GRANT SELECT ON episode TO qingling_auditor;
GRANT SELECT ON episode TO qingling_report;
GRANT SELECT, INSERT ON escalation_failure TO qingling_job;
GRANT SELECT ON escalation_failure TO qingling_official;
GRANT SELECT ON escalation_failure TO qingling_auditor;
GRANT SELECT ON escalation_failure TO qingling_report;
GRANT SELECT, INSERT ON escalation_rehearsal TO qingling_official;
GRANT SELECT, INSERT ON escalation_rehearsal TO qingling_job;
GRANT SELECT ON escalation_rehearsal TO qingling_auditor;
GRANT SELECT, INSERT, UPDATE (ended_at, outcome, stopped_because, counts) ON escalation_run TO qingling_job;
GRANT SELECT ON escalation_run TO qingling_signin;
GRANT SELECT ON escalation_run TO qingling_official;
GRANT SELECT ON escalation_run TO qingling_auditor;
GRANT SELECT ON escalation_run TO qingling_report;
GRANT SELECT, INSERT, UPDATE (title, body, reply_due_on, version, status, issued_at, issued_by_appointment_id, issued_by_account_id, standing_authorisation, office_code, year, serial, content_sha256, ended_reason, ended_at, dispatched_on, served_on, served_as, answered_on) ON letter TO qingling_job;
GRANT SELECT, INSERT, UPDATE (title, body, reply_due_on, version, status, issued_at, issued_by_appointment_id, issued_by_account_id, standing_authorisation, office_code, year, serial, content_sha256, ended_reason, ended_at, dispatched_on, served_on, served_as, answered_on) ON letter TO qingling_official;
GRANT SELECT, UPDATE (answered_on) ON letter TO qingling_enterprise;
GRANT SELECT ON letter TO qingling_auditor;
GRANT SELECT ON letter TO qingling_report;
GRANT SELECT, INSERT, UPDATE (item_ids) ON letter_copy TO qingling_job;
GRANT SELECT, INSERT, UPDATE (item_ids) ON letter_copy TO qingling_official;
GRANT SELECT ON letter_copy TO qingling_enterprise;
GRANT SELECT ON letter_copy TO qingling_auditor;
GRANT SELECT ON letter_copy TO qingling_report;
GRANT SELECT, INSERT ON letter_file TO qingling_job;
GRANT SELECT, INSERT ON letter_file TO qingling_official;
GRANT SELECT ON letter_file TO qingling_enterprise;
GRANT SELECT ON letter_file TO qingling_auditor;
GRANT SELECT ON letter_file TO qingling_report;
GRANT SELECT, INSERT, UPDATE (line, dropped_at) ON letter_item TO qingling_job;
GRANT SELECT, INSERT, UPDATE (line, dropped_at) ON letter_item TO qingling_official;
GRANT SELECT ON letter_item TO qingling_enterprise;
GRANT SELECT ON letter_item TO qingling_auditor;
GRANT SELECT ON letter_item TO qingling_report;
GRANT SELECT ON letter_reply TO qingling_job;
GRANT SELECT, INSERT ON letter_reply TO qingling_official;
GRANT SELECT, INSERT ON letter_reply TO qingling_enterprise;
GRANT SELECT ON letter_reply TO qingling_auditor;
GRANT SELECT ON letter_reply TO qingling_report;
GRANT SELECT, INSERT, UPDATE (last_serial) ON letter_series TO qingling_official;
GRANT SELECT, INSERT, UPDATE (last_serial) ON letter_series TO qingling_job;
GRANT SELECT ON letter_series TO qingling_auditor;
GRANT SELECT ON letter_series TO qingling_report;
GRANT SELECT, INSERT ON letter_service TO qingling_job;
GRANT SELECT, INSERT ON letter_service TO qingling_official;
GRANT SELECT, INSERT ON letter_service TO qingling_enterprise;
GRANT SELECT ON letter_service TO qingling_auditor;
GRANT SELECT ON letter_service TO qingling_report;
GRANT SELECT, INSERT ON raised_rung TO qingling_job;
GRANT SELECT ON raised_rung TO qingling_official;
GRANT SELECT ON raised_rung TO qingling_enterprise;
GRANT SELECT ON raised_rung TO qingling_auditor;
GRANT SELECT ON raised_rung TO qingling_report;
GRANT SELECT, INSERT ON reminder TO qingling_job;
GRANT SELECT ON reminder TO qingling_official;
GRANT SELECT ON reminder TO qingling_enterprise;
GRANT SELECT ON reminder TO qingling_auditor;
GRANT SELECT ON reminder TO qingling_report;
GRANT SELECT, INSERT, UPDATE (approved_by_account_id, approved_at) ON rung_suspension TO qingling_official;
GRANT SELECT ON rung_suspension TO qingling_job;
GRANT SELECT ON rung_suspension TO qingling_auditor;
GRANT SELECT ON rung_suspension TO qingling_report;
