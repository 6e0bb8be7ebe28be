"""Access events are kept months and removed, an expired key makes room, a session knows the identity it came by.

Revision: 0029, after 0028
"""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


OWN = "account_id = (SELECT nullif(current_setting('app.account', true), '')::bigint)"
OWN_EXPIRED = f"{OWN} AND recorded_at < (SELECT registry_now()) - interval '30 days'"
FORGOTTEN = "recorded_at < (SELECT registry_now()) - interval '6 months'"
KEY_HOLDERS = ("enterprise", "official", "custodian", "platform", "auditor", "administrator", "signin", "import")
STEPS = "'password_change', 'second_factor'"
WITH_CODE = f"{STEPS}, 'second_factor_code'"


def _delete(table: str, role_class: str, rows: str) -> None:
    op.execute(f"CREATE POLICY {role_class}_delete ON {table} FOR DELETE TO qingling_{role_class} USING ({rows})")
    op.execute(f"GRANT DELETE ON {table} TO qingling_{role_class}")


def _pending(steps: str) -> None:
    op.execute("-- squawk-ignore ban-drop-constraint\nALTER TABLE session DROP CONSTRAINT ck_session_pending_is_known")
    op.execute(f"ALTER TABLE session ADD CONSTRAINT ck_session_pending_is_known CHECK (pending IN ({steps})) NOT VALID")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    _delete("access_event", "job", FORGOTTEN)
    for role_class in KEY_HOLDERS:
        _delete("idempotency_key", role_class, OWN_EXPIRED)
    # Rows come in the order of time: a few pages of index find the newest, and an insert costs nothing.
    for table in ("access_event", "audit_event"):
        op.execute(
            "-- squawk-ignore require-concurrent-index-creation\n"
            f"CREATE INDEX ix_{table}_recorded_at ON {table} USING brin (recorded_at)"
            " WITH (pages_per_range = 16, autosummarize = on)"
        )
    op.execute("ALTER TABLE session ADD COLUMN sign_on_identity_id bigint")
    op.execute(
        "ALTER TABLE session ADD CONSTRAINT fk_session_sign_on_identity_id FOREIGN KEY (sign_on_identity_id)"
        " REFERENCES sign_on_identity (id) ON DELETE RESTRICT NOT VALID"
    )
    op.execute(
        "-- squawk-ignore require-concurrent-index-creation\n"
        "CREATE INDEX ix_session_sign_on_identity_id ON session (sign_on_identity_id)"
    )
    _pending(WITH_CODE)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    # A sign-in that waits for its code ends: the former program knows no such step.
    op.execute(
        "UPDATE session SET pending = 'second_factor', revoked_at = coalesce(revoked_at, registry_now())"
        " WHERE pending = 'second_factor_code'"
    )
    _pending(STEPS)
    op.execute("ALTER TABLE session DROP COLUMN sign_on_identity_id")
    for table in ("access_event", "audit_event"):
        op.execute(f"DROP INDEX ix_{table}_recorded_at")
    for role_class in KEY_HOLDERS:
        op.execute(f"REVOKE DELETE ON idempotency_key FROM qingling_{role_class}")
        op.execute(f"DROP POLICY {role_class}_delete ON idempotency_key")
    op.execute("REVOKE DELETE ON access_event FROM qingling_job")
    op.execute("DROP POLICY job_delete ON access_event")
