"""The cluster's roles are there; schema stage; the registry's one clock.

Revision: 0001, the first
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.sql.elements import conv

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Roles are the cluster's: a migration only looks whether they are there.
ROLES_ARE_THERE = """
DO $$
DECLARE
    missing text;
BEGIN
    SELECT string_agg(needed, ', ') INTO missing
    FROM unnest(array[
        'qingling_owner', 'qingling_wall', 'qingling_app', 'qingling_job_login', 'qingling_report_login',
        'qingling_migrate', 'qingling_signin', 'qingling_public', 'qingling_enterprise', 'qingling_official',
        'qingling_custodian', 'qingling_platform', 'qingling_auditor', 'qingling_administrator', 'qingling_import',
        'qingling_job', 'qingling_report'
    ]) AS needed
    WHERE NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = needed);
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION '缺少数据库角色 %，请先由数据库管理员执行 `qingling roles --sql` 的输出。', missing;
    END IF;
END $$
"""

# `registry_now()` moves the database's clock by the one row; without the row time is the database's own.
REGISTRY_NOW = """
CREATE FUNCTION registry_now() RETURNS timestamptz
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    setting record;
BEGIN
    SELECT offset_seconds, fixed_at INTO setting FROM clock_setting WHERE id = 1;
    IF NOT FOUND THEN
        RETURN clock_timestamp();
    END IF;
    RETURN coalesce(setting.fixed_at, clock_timestamp() + make_interval(secs => setting.offset_seconds));
END $$
"""

# Every default and trigger asks the time, so every role and login may.
WHO_ASKS_THE_TIME = """
GRANT EXECUTE ON FUNCTION registry_now() TO
    qingling_owner, qingling_app, qingling_job_login, qingling_report_login, qingling_signin, qingling_public,
    qingling_enterprise, qingling_official, qingling_custodian, qingling_platform, qingling_auditor,
    qingling_administrator, qingling_import, qingling_job, qingling_report
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    op.execute(ROLES_ARE_THERE)
    op.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    op.execute("ALTER DEFAULT PRIVILEGES FOR ROLE qingling_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC")
    op.execute("CREATE SCHEMA stage")
    op.create_table(
        "clock_setting",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("is_movable", sa.Boolean(), nullable=False),
        sa.Column("offset_seconds", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("fixed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("id = 1", name=conv("ck_clock_setting_only_one")),
        sa.CheckConstraint(
            "is_movable OR (offset_seconds = 0 AND fixed_at IS NULL)", name=conv("ck_clock_setting_sealed_at_zero")
        ),
        sa.PrimaryKeyConstraint("id", name=conv("pk_clock_setting")),
    )
    op.execute(REGISTRY_NOW)
    op.execute("GRANT CREATE ON SCHEMA public TO qingling_wall")
    op.execute("ALTER FUNCTION registry_now() OWNER TO qingling_wall")
    op.execute("REVOKE CREATE ON SCHEMA public FROM qingling_wall")
    op.execute("REVOKE EXECUTE ON FUNCTION registry_now() FROM PUBLIC")
    op.execute(WHO_ASKS_THE_TIME)
    op.execute("GRANT SELECT ON clock_setting TO qingling_wall")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    op.execute("DROP FUNCTION registry_now()")
    op.drop_table("clock_setting")
    op.execute("DROP SCHEMA stage")
    op.execute("ALTER DEFAULT PRIVILEGES FOR ROLE qingling_owner GRANT EXECUTE ON FUNCTIONS TO PUBLIC")
