"""Row-level security, forced on every table, with its policies and grants.

The text in `migrations/sql/0013_row_level_security.sql` is what `app/tables/policies.py` declared that day, frozen.

Revision: 0013, after 0012
"""

from pathlib import Path

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

FROZEN = Path(__file__).parents[1] / "sql" / "0013_row_level_security.sql"

WITHOUT_POLICIES = """
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN SELECT policyname, tablename FROM pg_policies WHERE schemaname = 'public' LOOP
        EXECUTE format('DROP POLICY %I ON %I', one.policyname, one.tablename);
    END LOOP;
    FOR one IN
        SELECT c.relname FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relrowsecurity
    LOOP
        EXECUTE format('ALTER TABLE %I DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY', one.relname);
    END LOOP;
END $$
"""
ROLE_CLASSES = (
    "qingling_signin, qingling_public, qingling_enterprise, qingling_official, qingling_custodian, qingling_platform,"
    " qingling_auditor, qingling_administrator, qingling_import, qingling_job, qingling_report"
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    for statement in FROZEN.read_text(encoding="utf-8").split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    op.execute(WITHOUT_POLICIES)
    op.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public, stage FROM {ROLE_CLASSES}, qingling_wall")
    op.execute(f"REVOKE ALL ON SCHEMA stage FROM {ROLE_CLASSES}")
    # `registry_now()` was there before the policies and still reads its row.
    op.execute("GRANT SELECT ON clock_setting TO qingling_wall")
