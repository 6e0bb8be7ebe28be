"""Identities of a sign-on provider, its attempts, what break-glass did, and names as auditors see them: masked.

Revision: 0019, after 0018
"""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TABLES = (
    """
CREATE TABLE sign_on_identity (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_sign_on_identity PRIMARY KEY,
    account_id bigint NOT NULL CONSTRAINT fk_sign_on_identity_account_id REFERENCES account (id) ON DELETE RESTRICT,
    issuer text NOT NULL CONSTRAINT ck_sign_on_identity_issuer_is_given CHECK (length(btrim(issuer)) BETWEEN 1 AND 500),
    subject text NOT NULL
        CONSTRAINT ck_sign_on_identity_subject_is_given CHECK (length(btrim(subject)) BETWEEN 1 AND 255),
    bound_by_account_id bigint NOT NULL
        CONSTRAINT fk_sign_on_identity_bound_by_account_id REFERENCES account (id) ON DELETE RESTRICT,
    bound_at timestamptz NOT NULL DEFAULT registry_now(),
    removed_at timestamptz,
    CONSTRAINT ck_sign_on_identity_bound_by_another CHECK (bound_by_account_id <> account_id)
)
""",
    """
CREATE UNIQUE INDEX uq_sign_on_identity_issuer_subject ON sign_on_identity (issuer, subject) WHERE removed_at IS NULL
""",
    "CREATE INDEX ix_sign_on_identity_account_id ON sign_on_identity (account_id)",
    """
CREATE TABLE sign_on_attempt (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_sign_on_attempt PRIMARY KEY,
    state_sha256 bytea NOT NULL CONSTRAINT uq_sign_on_attempt_state_sha256 UNIQUE
        CONSTRAINT ck_sign_on_attempt_state_sha256_is_sha256 CHECK (octet_length(state_sha256) = 32),
    browser_sha256 bytea NOT NULL
        CONSTRAINT ck_sign_on_attempt_browser_sha256_is_sha256 CHECK (octet_length(browser_sha256) = 32),
    started_at timestamptz NOT NULL DEFAULT registry_now(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz
)
""",
    """
CREATE TABLE break_glass (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_break_glass PRIMARY KEY,
    deed text NOT NULL
        CONSTRAINT ck_break_glass_deed_is_known CHECK (deed IN ('restore_access', 'confirm_appointment')),
    account_id bigint CONSTRAINT fk_break_glass_account_id REFERENCES account (id) ON DELETE RESTRICT,
    appointment_id bigint CONSTRAINT fk_break_glass_appointment_id REFERENCES appointment (id) ON DELETE RESTRICT,
    first_person_id bigint NOT NULL
        CONSTRAINT fk_break_glass_first_person_id REFERENCES person (id) ON DELETE RESTRICT,
    second_person_id bigint NOT NULL
        CONSTRAINT fk_break_glass_second_person_id REFERENCES person (id) ON DELETE RESTRICT,
    reason text NOT NULL CONSTRAINT ck_break_glass_reason_is_given CHECK (length(btrim(reason)) BETWEEN 1 AND 4000),
    recorded_at timestamptz NOT NULL DEFAULT registry_now(),
    CONSTRAINT ck_break_glass_two_persons CHECK (first_person_id <> second_person_id),
    CONSTRAINT ck_break_glass_deed_has_its_subject CHECK (
        num_nonnulls(account_id, appointment_id) = 1 AND (deed = 'restore_access') = (account_id IS NOT NULL))
)
""",
)

SECURITY = (
    "ALTER TABLE break_glass ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
    "ALTER TABLE sign_on_attempt ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
    "ALTER TABLE sign_on_identity ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
    "CREATE POLICY owner ON break_glass FOR ALL TO qingling_owner USING (true) WITH CHECK (true)",
    "CREATE POLICY administrator_select ON break_glass FOR SELECT TO qingling_administrator USING (true)",
    "CREATE POLICY auditor_select ON break_glass FOR SELECT TO qingling_auditor USING (true)",
    "CREATE POLICY job_select ON break_glass FOR SELECT TO qingling_job USING (true)",
    "CREATE POLICY masked_person_detail_select ON person_detail FOR SELECT TO qingling_wall USING (true)",
    "CREATE POLICY owner ON sign_on_attempt FOR ALL TO qingling_owner USING (true) WITH CHECK (true)",
    "CREATE POLICY signin_select ON sign_on_attempt FOR SELECT TO qingling_signin USING (true)",
    "CREATE POLICY signin_insert ON sign_on_attempt FOR INSERT TO qingling_signin WITH CHECK (true)",
    "CREATE POLICY signin_update ON sign_on_attempt FOR UPDATE TO qingling_signin USING (true) WITH CHECK (true)",
    "CREATE POLICY job_select ON sign_on_attempt FOR SELECT TO qingling_job USING (true)",
    "CREATE POLICY job_delete ON sign_on_attempt FOR DELETE TO qingling_job USING (true)",
    "CREATE POLICY owner ON sign_on_identity FOR ALL TO qingling_owner USING (true) WITH CHECK (true)",
    "CREATE POLICY signin_select ON sign_on_identity FOR SELECT TO qingling_signin USING (true)",
    "CREATE POLICY auditor_select ON sign_on_identity FOR SELECT TO qingling_auditor USING (true)",
    "CREATE POLICY administrator_select ON sign_on_identity FOR SELECT TO qingling_administrator USING (true)",
    (
        "CREATE POLICY administrator_insert ON sign_on_identity FOR INSERT TO qingling_administrator WITH CHECK"
        " (bound_by_account_id = (SELECT nullif(current_setting('app.account', true), '')::bigint))"
    ),
    (
        "CREATE POLICY administrator_update ON sign_on_identity FOR UPDATE TO qingling_administrator USING (true)"
        " WITH CHECK (true)"
    ),
    "GRANT SELECT ON break_glass TO qingling_administrator",
    "GRANT SELECT ON break_glass TO qingling_auditor",
    "GRANT SELECT ON break_glass TO qingling_job",
    "GRANT SELECT, INSERT, UPDATE (used_at) ON sign_on_attempt TO qingling_signin",
    "GRANT SELECT, DELETE ON sign_on_attempt TO qingling_job",
    "GRANT SELECT ON sign_on_identity TO qingling_signin",
    "GRANT SELECT ON sign_on_identity TO qingling_auditor",
    "GRANT SELECT, INSERT, UPDATE (removed_at) ON sign_on_identity TO qingling_administrator",
)

# What an auditor may know of a name or a phone leaves the database masked: no statement of theirs shows more.
MASKED = """
CREATE FUNCTION masked_person_detail(of_person bigint) RETURNS TABLE (name text, phone text)
LANGUAGE sql STABLE SECURITY DEFINER ROWS 1 SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT left(d.name, 1) || '*',
           CASE WHEN length(d.phone) >= 11 THEN left(d.phone, 3) || '****' || right(d.phone, 4)
                ELSE '****' || right(d.phone, 2) END
    FROM person_detail d WHERE d.person_id = of_person
$$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    for statement in (*TABLES, *SECURITY):
        op.execute(statement)
    op.execute("GRANT SELECT (person_id, name, phone) ON person_detail TO qingling_wall")
    op.execute(MASKED)
    op.execute("GRANT CREATE ON SCHEMA public TO qingling_wall")
    op.execute("REVOKE EXECUTE ON FUNCTION masked_person_detail(bigint) FROM PUBLIC")
    op.execute("ALTER FUNCTION masked_person_detail(bigint) OWNER TO qingling_wall")
    op.execute("REVOKE CREATE ON SCHEMA public FROM qingling_wall")
    op.execute("GRANT EXECUTE ON FUNCTION masked_person_detail(bigint) TO qingling_auditor")
    op.execute(
        "CREATE TRIGGER wall_no_change BEFORE UPDATE OR DELETE ON break_glass"
        " FOR EACH ROW EXECUTE FUNCTION wall_no_change()"
    )
    op.execute(
        "CREATE TRIGGER wall_no_truncate BEFORE TRUNCATE ON break_glass"
        " FOR EACH STATEMENT EXECUTE FUNCTION wall_no_change()"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    op.execute("DROP FUNCTION masked_person_detail(bigint)")
    op.execute("DROP POLICY masked_person_detail_select ON person_detail")
    op.execute("REVOKE SELECT (person_id, name, phone) ON person_detail FROM qingling_wall")
    for table in ("break_glass", "sign_on_attempt", "sign_on_identity"):
        op.execute(f"DROP TABLE {table}")
