"""How persons prove who they are: passwords with history and age, second factors, what slows guessing, restorations.

Revision: 0020, after 0019
"""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

TABLES = (
    """
CREATE TABLE password_history (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    account_id BIGINT NOT NULL,
    password_hash TEXT NOT NULL,
    replaced_at TIMESTAMP WITH TIME ZONE DEFAULT registry_now() NOT NULL,
    CONSTRAINT pk_password_history PRIMARY KEY (id),
    CONSTRAINT fk_password_history_account_id FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE RESTRICT
)
""",
    """
CREATE TABLE second_factor (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    account_id BIGINT NOT NULL,
    algorithm TEXT NOT NULL,
    key_id TEXT NOT NULL,
    secret BYTEA NOT NULL,
    last_step BIGINT DEFAULT 0 NOT NULL,
    enrolled_at TIMESTAMP WITH TIME ZONE DEFAULT registry_now() NOT NULL,
    confirmed_at TIMESTAMP WITH TIME ZONE,
    revoked_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_second_factor PRIMARY KEY (id),
    CONSTRAINT ck_second_factor_last_step_is_counted CHECK (last_step >= 0),
    CONSTRAINT fk_second_factor_account_id FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE RESTRICT
)
""",
    """
CREATE TABLE recovery_code (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    second_factor_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    code_digest BYTEA NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_recovery_code PRIMARY KEY (id),
    CONSTRAINT ck_recovery_code_code_digest_is_sha256 CHECK (octet_length(code_digest) = 32),
    CONSTRAINT fk_recovery_code_second_factor_id
        FOREIGN KEY (second_factor_id) REFERENCES second_factor (id) ON DELETE RESTRICT,
    CONSTRAINT fk_recovery_code_account_id FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE RESTRICT,
    CONSTRAINT uq_recovery_code_code_digest UNIQUE (code_digest)
)
""",
    """
CREATE TABLE sign_in_attempt (
    login_digest BYTEA NOT NULL,
    address_digest BYTEA NOT NULL,
    failures SMALLINT DEFAULT 0 NOT NULL,
    blocked_until TIMESTAMP WITH TIME ZONE,
    code_tries SMALLINT DEFAULT 0 NOT NULL,
    succeeded_at TIMESTAMP WITH TIME ZONE,
    tried_at TIMESTAMP WITH TIME ZONE DEFAULT registry_now() NOT NULL,
    CONSTRAINT pk_sign_in_attempt PRIMARY KEY (login_digest, address_digest),
    CONSTRAINT ck_sign_in_attempt_login_digest_is_sha256 CHECK (octet_length(login_digest) = 32),
    CONSTRAINT ck_sign_in_attempt_address_digest_is_sha256 CHECK (octet_length(address_digest) = 32)
)
""",
    """
CREATE TABLE sign_in_pressure (
    login_digest BYTEA NOT NULL,
    failures BIGINT DEFAULT 0 NOT NULL,
    window_started_at TIMESTAMP WITH TIME ZONE DEFAULT registry_now() NOT NULL,
    blocked_until TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_sign_in_pressure PRIMARY KEY (login_digest),
    CONSTRAINT ck_sign_in_pressure_login_digest_is_sha256 CHECK (octet_length(login_digest) = 32)
)
""",
    """
CREATE TABLE access_restoration (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    account_id BIGINT NOT NULL,
    reason TEXT NOT NULL,
    proposed_by_account_id BIGINT NOT NULL,
    proposed_at TIMESTAMP WITH TIME ZONE DEFAULT registry_now() NOT NULL,
    confirmed_by_account_id BIGINT,
    confirmed_at TIMESTAMP WITH TIME ZONE,
    step_up_id BIGINT,
    CONSTRAINT pk_access_restoration PRIMARY KEY (id),
    CONSTRAINT ck_access_restoration_reason_is_given CHECK (length(btrim(reason)) BETWEEN 1 AND 4000),
    CONSTRAINT ck_access_restoration_confirmed_by_another CHECK (confirmed_by_account_id <> proposed_by_account_id),
    CONSTRAINT ck_access_restoration_proposed_by_another CHECK (account_id <> proposed_by_account_id),
    CONSTRAINT ck_access_restoration_not_of_the_confirmer CHECK (account_id <> confirmed_by_account_id),
    CONSTRAINT ck_access_restoration_confirmation_is_whole
        CHECK (num_nonnulls(confirmed_by_account_id, confirmed_at, step_up_id) IN (0, 3)),
    CONSTRAINT fk_access_restoration_account_id FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE RESTRICT,
    CONSTRAINT fk_access_restoration_proposed_by_account_id
        FOREIGN KEY (proposed_by_account_id) REFERENCES account (id) ON DELETE RESTRICT,
    CONSTRAINT fk_access_restoration_confirmed_by_account_id
        FOREIGN KEY (confirmed_by_account_id) REFERENCES account (id) ON DELETE RESTRICT,
    CONSTRAINT uq_access_restoration_step_up_id UNIQUE (step_up_id),
    CONSTRAINT fk_access_restoration_step_up_id FOREIGN KEY (step_up_id) REFERENCES step_up (id) ON DELETE RESTRICT
)
""",
)
INDEXES = (
    "CREATE INDEX ix_password_history_account_id ON password_history (account_id)",
    "CREATE INDEX ix_second_factor_account_id ON second_factor (account_id)",
    """CREATE UNIQUE INDEX uq_second_factor_one_in_force ON second_factor (account_id)
    WHERE confirmed_at IS NOT NULL AND revoked_at IS NULL""",
    """CREATE UNIQUE INDEX uq_second_factor_one_waiting ON second_factor (account_id)
    WHERE confirmed_at IS NULL AND revoked_at IS NULL""",
    "CREATE INDEX ix_recovery_code_second_factor_id ON recovery_code (second_factor_id)",
    "CREATE INDEX ix_access_restoration_account_id ON access_restoration (account_id)",
)
NAMES = (
    "access_restoration",
    "sign_in_pressure",
    "sign_in_attempt",
    "recovery_code",
    "second_factor",
    "password_history",
)

ALL = "true"
OWN = "account_id = (SELECT nullif(current_setting('app.account', true), '')::bigint)"
OWN_ACCOUNT = "id = (SELECT nullif(current_setting('app.account', true), '')::bigint)"
HOLDERS = ("signin", "enterprise", "official", "custodian", "platform", "auditor")
FACTOR = "last_step, confirmed_at, revoked_at"
ATTEMPT = "failures, blocked_until, code_tries, succeeded_at, tried_at"
PRESSURE = "failures, window_started_at, blocked_until"
CONFIRMATION = "confirmed_by_account_id, confirmed_at, step_up_id"

# Table, role classes, what each command's rows are; of an update the columns too.
ACCESS = (
    ("password_history", HOLDERS, {"SELECT": OWN, "INSERT": OWN}, ""),
    ("password_history", ("administrator",), {"SELECT": OWN, "INSERT": ALL}, ""),
    ("second_factor", HOLDERS, {"SELECT": OWN, "INSERT": OWN, "UPDATE": OWN}, FACTOR),
    ("second_factor", ("administrator",), {"SELECT": ALL, "INSERT": OWN, "UPDATE": ALL}, FACTOR),
    ("recovery_code", (*HOLDERS, "administrator"), {"SELECT": OWN, "INSERT": OWN, "UPDATE": OWN}, "used_at"),
    ("sign_in_attempt", ("signin",), {"SELECT": ALL, "INSERT": ALL, "UPDATE": ALL}, ATTEMPT),
    ("sign_in_attempt", ("administrator", "job"), {"SELECT": ALL, "DELETE": ALL}, ""),
    ("sign_in_pressure", ("signin",), {"SELECT": ALL, "INSERT": ALL, "UPDATE": ALL}, PRESSURE),
    ("sign_in_pressure", ("administrator", "job"), {"SELECT": ALL, "DELETE": ALL}, ""),
    ("access_restoration", ("administrator",), {"SELECT": ALL, "INSERT": ALL, "UPDATE": ALL}, CONFIRMATION),
    ("access_restoration", ("auditor", "job"), {"SELECT": ALL}, ""),
)

EVERY_HOLDER = "qingling_signin, qingling_enterprise, qingling_official, qingling_custodian, qingling_platform,"
EVERY_HOLDER += " qingling_auditor, qingling_administrator"


# What somebody typed in for a person counts as a first password; the demo's is everybody's anyway.
SAMPLE_PASSWORDS = """
DO $$
DECLARE
    changed bigint;
    wanted bigint := (SELECT count(*) FROM account WHERE EXISTS (SELECT FROM registry_setting WHERE is_demo));
BEGIN
    UPDATE account SET password_changed_at = registry_now() WHERE EXISTS (SELECT FROM registry_setting WHERE is_demo);
    GET DIAGNOSTICS changed = ROW_COUNT;
    ASSERT changed = wanted, 'not every sample account was reached';
END $$
"""


def _open(table: str, role_class: str, commands: dict[str, str], columns: str) -> None:
    role = f"qingling_{role_class}"
    for command, rows in commands.items():
        using = "" if command == "INSERT" else f" USING ({rows})"
        check = f" WITH CHECK ({rows})" if command in ("INSERT", "UPDATE") else ""
        name = f"{role_class}_{command.lower()}"
        op.execute(f"CREATE POLICY {name} ON {table} FOR {command} TO {role}{using}{check}")
        granted = f"UPDATE ({columns})" if command == "UPDATE" else command
        op.execute(f"GRANT {granted} ON {table} TO {role}")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    for statement in (*TABLES, *INDEXES):
        op.execute(statement)
    for table in NAMES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY owner ON {table} FOR ALL TO qingling_owner USING (true) WITH CHECK (true)")
    for table, role_classes, commands, columns in ACCESS:
        for role_class in role_classes:
            _open(table, role_class, commands, columns)
    op.execute("ALTER TABLE session ADD COLUMN step_up_failures smallint NOT NULL DEFAULT 0")
    op.execute(f"GRANT UPDATE (step_up_failures) ON session TO {EVERY_HOLDER}")
    op.execute("ALTER TABLE account ADD COLUMN password_changed_at timestamptz")
    op.execute(SAMPLE_PASSWORDS)
    op.execute(f"REVOKE UPDATE (failed_sign_ins, locked_until) ON account FROM {EVERY_HOLDER}")
    # No earlier program is in use before the first release.
    op.execute("-- squawk-ignore ban-drop-column\nALTER TABLE account DROP COLUMN failed_sign_ins")
    op.execute("DROP POLICY signin_update ON account")
    op.execute(
        f"CREATE POLICY signin_update ON account FOR UPDATE TO qingling_signin"
        f" USING ({OWN_ACCOUNT}) WITH CHECK ({OWN_ACCOUNT})"
    )
    op.execute("GRANT UPDATE (password_hash) ON account TO qingling_signin")
    op.execute(f"GRANT UPDATE (password_changed_at) ON account TO {EVERY_HOLDER}")
    op.execute("GRANT SELECT (password_changed_at) ON account TO qingling_job, qingling_import")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    op.execute("REVOKE UPDATE (password_hash) ON account FROM qingling_signin")
    op.execute("DROP POLICY signin_update ON account")
    op.execute("CREATE POLICY signin_update ON account FOR UPDATE TO qingling_signin USING (true) WITH CHECK (true)")
    op.execute("ALTER TABLE account ADD COLUMN failed_sign_ins smallint NOT NULL DEFAULT 0")
    op.execute(f"GRANT UPDATE (failed_sign_ins, locked_until) ON account TO {EVERY_HOLDER}")
    op.execute("GRANT SELECT (failed_sign_ins) ON account TO qingling_job, qingling_import")
    op.execute("ALTER TABLE account DROP COLUMN password_changed_at")
    op.execute("ALTER TABLE session DROP COLUMN step_up_failures")
    for table in NAMES:
        op.execute(f"DROP TABLE {table}")
