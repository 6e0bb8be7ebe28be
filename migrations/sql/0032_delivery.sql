-- Tables of the outbox, their policies and grants: what app/tables declared that day, frozen.

CREATE TABLE delivery (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    public_id UUID DEFAULT gen_random_uuid() NOT NULL,
    message_id TEXT NOT NULL,
    channel TEXT NOT NULL,
    letter_id BIGINT,
    copy_id BIGINT,
    digest_on DATE,
    account_id BIGINT,
    organisation_id BIGINT,
    enterprise_id BIGINT,
    is_exposure BOOLEAN DEFAULT false NOT NULL,
    status TEXT DEFAULT 'pending' NOT NULL,
    attempts SMALLINT DEFAULT 0 NOT NULL,
    next_at TIMESTAMP WITH TIME ZONE DEFAULT registry_now() NOT NULL,
    lease_until TIMESTAMP WITH TIME ZONE,
    sent_at TIMESTAMP WITH TIME ZONE,
    delivered_at TIMESTAMP WITH TIME ZONE,
    acknowledged_at TIMESTAMP WITH TIME ZONE,
    acknowledged_by_account_id BIGINT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT registry_now() NOT NULL,
    CONSTRAINT pk_delivery PRIMARY KEY (id),
    CONSTRAINT ck_delivery_channel_is_known CHECK (channel IN ('inbox', 'email', 'webhook', 'sms_file', 'publication')),
    CONSTRAINT ck_delivery_status_is_known CHECK (status IN ('pending', 'claimed', 'sent', 'in_doubt', 'dead', 'cancelled')),
    CONSTRAINT ck_delivery_message_id_is_given CHECK (length(btrim(message_id)) BETWEEN 1 AND 200),
    CONSTRAINT ck_delivery_one_recipient CHECK (num_nonnulls(account_id, organisation_id, enterprise_id) = CASE WHEN is_exposure THEN 0 ELSE 1 END),
    CONSTRAINT ck_delivery_exposure_is_published CHECK (is_exposure = (channel = 'publication')),
    CONSTRAINT ck_delivery_about_something CHECK (num_nonnulls(letter_id, digest_on) = 1),
    CONSTRAINT ck_delivery_copy_is_of_letter CHECK (copy_id IS NULL OR letter_id IS NOT NULL),
    CONSTRAINT ck_delivery_attempts_are_counted CHECK (attempts >= 0),
    CONSTRAINT ck_delivery_claim_has_lease CHECK ((status = 'claimed') = (lease_until IS NOT NULL)),
    CONSTRAINT ck_delivery_sent_has_time CHECK ((status = 'sent') = (sent_at IS NOT NULL)),
    CONSTRAINT ck_delivery_delivered_after_sending CHECK (delivered_at IS NULL OR sent_at IS NOT NULL),
    CONSTRAINT ck_delivery_acknowledgement_is_whole CHECK (num_nonnulls(acknowledged_at, acknowledged_by_account_id) IN (0, 2)),
    CONSTRAINT uq_delivery_public_id UNIQUE (public_id),
    CONSTRAINT uq_delivery_message_id UNIQUE (message_id),
    CONSTRAINT fk_delivery_letter_id FOREIGN KEY(letter_id) REFERENCES letter (id) ON DELETE RESTRICT,
    CONSTRAINT fk_delivery_copy_id FOREIGN KEY(copy_id) REFERENCES letter_copy (id) ON DELETE RESTRICT,
    CONSTRAINT fk_delivery_account_id FOREIGN KEY(account_id) REFERENCES account (id) ON DELETE RESTRICT,
    CONSTRAINT fk_delivery_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisation (id) ON DELETE RESTRICT,
    CONSTRAINT fk_delivery_enterprise_id FOREIGN KEY(enterprise_id) REFERENCES enterprise (id) ON DELETE RESTRICT,
    CONSTRAINT fk_delivery_acknowledged_by_account_id FOREIGN KEY(acknowledged_by_account_id) REFERENCES account (id) ON DELETE RESTRICT
);

CREATE INDEX ix_delivery_account_id ON delivery (account_id, id);

CREATE INDEX ix_delivery_enterprise_id ON delivery (enterprise_id, id);

CREATE INDEX ix_delivery_letter_id ON delivery (letter_id, id);

CREATE INDEX ix_delivery_open ON delivery (channel, id) WHERE status IN ('pending', 'claimed');

CREATE INDEX ix_delivery_organisation_id ON delivery (organisation_id, id);

CREATE INDEX ix_delivery_troubled ON delivery (id) WHERE status IN ('in_doubt', 'dead');

CREATE TABLE delivery_item (
    delivery_id BIGINT NOT NULL,
    reminder_id BIGINT NOT NULL,
    CONSTRAINT pk_delivery_item PRIMARY KEY (delivery_id, reminder_id),
    CONSTRAINT fk_delivery_item_delivery_id FOREIGN KEY(delivery_id) REFERENCES delivery (id) ON DELETE RESTRICT,
    CONSTRAINT fk_delivery_item_reminder_id FOREIGN KEY(reminder_id) REFERENCES reminder (id) ON DELETE RESTRICT
);

CREATE INDEX ix_delivery_item_reminder_id ON delivery_item (reminder_id);

CREATE TABLE delivery_attempt (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    delivery_id BIGINT NOT NULL,
    number SMALLINT NOT NULL,
    outcome TEXT NOT NULL,
    code TEXT NOT NULL,
    account_id BIGINT,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT registry_now() NOT NULL,
    CONSTRAINT pk_delivery_attempt PRIMARY KEY (id),
    CONSTRAINT ck_delivery_attempt_outcome_is_known CHECK (outcome IN ('sent', 'refused', 'uncertain', 'confirmed', 'again')),
    CONSTRAINT ck_delivery_attempt_number_is_counted CHECK (number >= 1),
    CONSTRAINT ck_delivery_attempt_code_is_short CHECK (code ~ '^[A-Za-z0-9_.:-]{1,60}$'),
    CONSTRAINT ck_delivery_attempt_resolved_by_a_person CHECK ((outcome IN ('confirmed', 'again')) = (account_id IS NOT NULL)),
    CONSTRAINT fk_delivery_attempt_delivery_id FOREIGN KEY(delivery_id) REFERENCES delivery (id) ON DELETE RESTRICT,
    CONSTRAINT fk_delivery_attempt_account_id FOREIGN KEY(account_id) REFERENCES account (id) ON DELETE RESTRICT
);

CREATE UNIQUE INDEX uq_delivery_attempt_delivery_id_number_outcome ON delivery_attempt (delivery_id, number, outcome);

CREATE TABLE delivery_pause (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    public_id UUID DEFAULT gen_random_uuid() NOT NULL,
    reason TEXT NOT NULL,
    note TEXT NOT NULL,
    paused_at TIMESTAMP WITH TIME ZONE DEFAULT registry_now() NOT NULL,
    paused_by_account_id BIGINT,
    released_at TIMESTAMP WITH TIME ZONE,
    released_by_account_id BIGINT,
    CONSTRAINT pk_delivery_pause PRIMARY KEY (id),
    CONSTRAINT ck_delivery_pause_reason_is_known CHECK (reason IN ('ordered', 'restored')),
    CONSTRAINT ck_delivery_pause_note_is_given CHECK (length(btrim(note)) BETWEEN 1 AND 500),
    CONSTRAINT ck_delivery_pause_ordered_by_someone CHECK ((reason = 'restored') = (paused_by_account_id IS NULL)),
    CONSTRAINT ck_delivery_pause_release_is_whole CHECK (num_nonnulls(released_at, released_by_account_id) IN (0, 2)),
    CONSTRAINT ck_delivery_pause_period_is_forward CHECK (released_at >= paused_at),
    CONSTRAINT uq_delivery_pause_public_id UNIQUE (public_id),
    CONSTRAINT fk_delivery_pause_paused_by_account_id FOREIGN KEY(paused_by_account_id) REFERENCES account (id) ON DELETE RESTRICT,
    CONSTRAINT fk_delivery_pause_released_by_account_id FOREIGN KEY(released_by_account_id) REFERENCES account (id) ON DELETE RESTRICT
);

CREATE UNIQUE INDEX uq_delivery_pause_open ON delivery_pause (reason) WHERE released_at IS NULL;

CREATE TABLE delivery_era (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    system_identifier BIGINT NOT NULL,
    timeline BIGINT NOT NULL,
    began_at TIMESTAMP WITH TIME ZONE DEFAULT registry_now() NOT NULL,
    CONSTRAINT pk_delivery_era PRIMARY KEY (id)
);

CREATE TABLE delivery_address (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    public_id UUID DEFAULT gen_random_uuid() NOT NULL,
    account_id BIGINT,
    organisation_id BIGINT,
    enterprise_id BIGINT,
    channel TEXT NOT NULL,
    address TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE DEFAULT registry_now() NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_delivery_address PRIMARY KEY (id),
    CONSTRAINT ck_delivery_address_channel_is_known CHECK (channel IN ('email', 'webhook', 'sms_file')),
    CONSTRAINT ck_delivery_address_address_is_given CHECK (length(btrim(address)) BETWEEN 1 AND 500),
    CONSTRAINT ck_delivery_address_one_party CHECK (num_nonnulls(account_id, organisation_id, enterprise_id) = 1),
    CONSTRAINT ck_delivery_address_period_is_forward CHECK (ended_at >= recorded_at),
    CONSTRAINT uq_delivery_address_public_id UNIQUE (public_id),
    CONSTRAINT fk_delivery_address_account_id FOREIGN KEY(account_id) REFERENCES account (id) ON DELETE RESTRICT,
    CONSTRAINT fk_delivery_address_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisation (id) ON DELETE RESTRICT,
    CONSTRAINT fk_delivery_address_enterprise_id FOREIGN KEY(enterprise_id) REFERENCES enterprise (id) ON DELETE RESTRICT
);

CREATE UNIQUE INDEX uq_delivery_address_in_use ON delivery_address (coalesce(account_id, 0), coalesce(organisation_id, 0), coalesce(enterprise_id, 0), channel) WHERE ended_at IS NULL;

-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_letter_undispatched ON letter (id) WHERE status = 'issued' AND dispatched_on IS NULL;

-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_reminder_raised_on ON reminder (raised_on);

ALTER TABLE delivery ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE delivery_address ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE delivery_attempt ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE delivery_era ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE delivery_item ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

ALTER TABLE delivery_pause ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

CREATE POLICY owner ON delivery FOR ALL TO qingling_owner USING (true) WITH CHECK (true);

CREATE POLICY job_select ON delivery FOR SELECT TO qingling_job USING (true);

CREATE POLICY job_insert ON delivery FOR INSERT TO qingling_job WITH CHECK (true);

CREATE POLICY job_update ON delivery FOR UPDATE TO qingling_job USING (true) WITH CHECK (true);

CREATE POLICY official_select ON delivery FOR SELECT TO qingling_official USING ((channel = 'inbox' AND (organisation_id = (SELECT nullif(current_setting('app.organisation', true), '')::bigint) OR account_id = (SELECT nullif(current_setting('app.account', true), '')::bigint))) OR (letter_id IS NOT NULL AND EXISTS (SELECT 1 FROM letter l WHERE l.id = letter_id AND l.issuer_organisation_id = (SELECT nullif(current_setting('app.organisation', true), '')::bigint))));

CREATE POLICY official_update ON delivery FOR UPDATE TO qingling_official USING ((channel = 'inbox' AND (organisation_id = (SELECT nullif(current_setting('app.organisation', true), '')::bigint) OR account_id = (SELECT nullif(current_setting('app.account', true), '')::bigint))) OR (letter_id IS NOT NULL AND EXISTS (SELECT 1 FROM letter l WHERE l.id = letter_id AND l.issuer_organisation_id = (SELECT nullif(current_setting('app.organisation', true), '')::bigint)))) WITH CHECK ((channel = 'inbox' AND (organisation_id = (SELECT nullif(current_setting('app.organisation', true), '')::bigint) OR account_id = (SELECT nullif(current_setting('app.account', true), '')::bigint))) OR (letter_id IS NOT NULL AND EXISTS (SELECT 1 FROM letter l WHERE l.id = letter_id AND l.issuer_organisation_id = (SELECT nullif(current_setting('app.organisation', true), '')::bigint))));

CREATE POLICY enterprise_select ON delivery FOR SELECT TO qingling_enterprise USING ((channel = 'inbox' AND (enterprise_id = (SELECT nullif(current_setting('app.enterprise', true), '')::bigint) OR account_id = (SELECT nullif(current_setting('app.account', true), '')::bigint))));

CREATE POLICY enterprise_update ON delivery FOR UPDATE TO qingling_enterprise USING ((channel = 'inbox' AND (enterprise_id = (SELECT nullif(current_setting('app.enterprise', true), '')::bigint) OR account_id = (SELECT nullif(current_setting('app.account', true), '')::bigint)))) WITH CHECK ((channel = 'inbox' AND (enterprise_id = (SELECT nullif(current_setting('app.enterprise', true), '')::bigint) OR account_id = (SELECT nullif(current_setting('app.account', true), '')::bigint))));

CREATE POLICY auditor_select ON delivery FOR SELECT TO qingling_auditor USING (true);

CREATE POLICY report_select ON delivery FOR SELECT TO qingling_report USING (true);

CREATE POLICY owner ON delivery_address FOR ALL TO qingling_owner USING (true) WITH CHECK (true);

CREATE POLICY job_select ON delivery_address FOR SELECT TO qingling_job USING (true);

CREATE POLICY owner ON delivery_attempt FOR ALL TO qingling_owner USING (true) WITH CHECK (true);

CREATE POLICY job_select ON delivery_attempt FOR SELECT TO qingling_job USING (true);

CREATE POLICY job_insert ON delivery_attempt FOR INSERT TO qingling_job WITH CHECK (true);

CREATE POLICY official_select ON delivery_attempt FOR SELECT TO qingling_official USING (EXISTS (SELECT 1 FROM delivery d WHERE d.id = delivery_id));

CREATE POLICY official_insert ON delivery_attempt FOR INSERT TO qingling_official WITH CHECK (EXISTS (SELECT 1 FROM delivery d WHERE d.id = delivery_id));

CREATE POLICY auditor_select ON delivery_attempt FOR SELECT TO qingling_auditor USING (true);

CREATE POLICY report_select ON delivery_attempt FOR SELECT TO qingling_report USING (true);

CREATE POLICY owner ON delivery_era FOR ALL TO qingling_owner USING (true) WITH CHECK (true);

CREATE POLICY job_select ON delivery_era FOR SELECT TO qingling_job USING (true);

CREATE POLICY job_insert ON delivery_era FOR INSERT TO qingling_job WITH CHECK (true);

CREATE POLICY auditor_select ON delivery_era FOR SELECT TO qingling_auditor USING (true);

CREATE POLICY report_select ON delivery_era FOR SELECT TO qingling_report USING (true);

CREATE POLICY owner ON delivery_item FOR ALL TO qingling_owner USING (true) WITH CHECK (true);

CREATE POLICY job_select ON delivery_item FOR SELECT TO qingling_job USING (true);

CREATE POLICY job_insert ON delivery_item FOR INSERT TO qingling_job WITH CHECK (true);

CREATE POLICY official_select ON delivery_item FOR SELECT TO qingling_official USING (EXISTS (SELECT 1 FROM delivery d WHERE d.id = delivery_id));

CREATE POLICY enterprise_select ON delivery_item FOR SELECT TO qingling_enterprise USING (EXISTS (SELECT 1 FROM delivery d WHERE d.id = delivery_id));

CREATE POLICY auditor_select ON delivery_item FOR SELECT TO qingling_auditor USING (true);

CREATE POLICY report_select ON delivery_item FOR SELECT TO qingling_report USING (true);

CREATE POLICY owner ON delivery_pause FOR ALL TO qingling_owner USING (true) WITH CHECK (true);

CREATE POLICY job_select ON delivery_pause FOR SELECT TO qingling_job USING (true);

CREATE POLICY job_insert ON delivery_pause FOR INSERT TO qingling_job WITH CHECK (true);

CREATE POLICY official_select ON delivery_pause FOR SELECT TO qingling_official USING (true);

CREATE POLICY official_insert ON delivery_pause FOR INSERT TO qingling_official WITH CHECK ((SELECT coalesce(current_setting('app.sectors', true), '') = ''));

CREATE POLICY official_update ON delivery_pause FOR UPDATE TO qingling_official USING ((SELECT coalesce(current_setting('app.sectors', true), '') = '')) WITH CHECK ((SELECT coalesce(current_setting('app.sectors', true), '') = ''));

CREATE POLICY auditor_select ON delivery_pause FOR SELECT TO qingling_auditor USING (true);

CREATE POLICY report_select ON delivery_pause FOR SELECT TO qingling_report USING (true);

GRANT SELECT, INSERT, UPDATE (status, attempts, next_at, lease_until, sent_at, delivered_at) ON delivery TO qingling_job;

GRANT SELECT, UPDATE (acknowledged_at, acknowledged_by_account_id, status, next_at, sent_at, delivered_at) ON delivery TO qingling_official;

GRANT SELECT, UPDATE (acknowledged_at, acknowledged_by_account_id) ON delivery TO qingling_enterprise;

GRANT SELECT ON delivery TO qingling_auditor;

GRANT SELECT ON delivery TO qingling_report;

GRANT SELECT ON delivery_address TO qingling_job;

GRANT SELECT, INSERT ON delivery_attempt TO qingling_job;

GRANT SELECT, INSERT ON delivery_attempt TO qingling_official;

GRANT SELECT ON delivery_attempt TO qingling_auditor;

GRANT SELECT ON delivery_attempt TO qingling_report;

GRANT SELECT, INSERT ON delivery_era TO qingling_job;

GRANT SELECT ON delivery_era TO qingling_auditor;

GRANT SELECT ON delivery_era TO qingling_report;

GRANT SELECT, INSERT ON delivery_item TO qingling_job;

GRANT SELECT ON delivery_item TO qingling_official;

GRANT SELECT ON delivery_item TO qingling_enterprise;

GRANT SELECT ON delivery_item TO qingling_auditor;

GRANT SELECT ON delivery_item TO qingling_report;

GRANT SELECT, INSERT ON delivery_pause TO qingling_job;

GRANT SELECT, INSERT, UPDATE (released_at, released_by_account_id) ON delivery_pause TO qingling_official;

GRANT SELECT ON delivery_pause TO qingling_auditor;

GRANT SELECT ON delivery_pause TO qingling_report;
