"""The wall: no hazard is closed without its valid signatures, whoever writes the SQL (migrations/sql/wall).

Revision: 0014, after 0013
"""

from pathlib import Path

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

WALL = Path(__file__).parent.parent / "sql" / "wall"

TAKE_DOWN = """
DO $$
DECLARE
    each_one record;
BEGIN
    FOR each_one IN SELECT oid::regprocedure AS name FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace
            AND (proname ~ '^wall_' OR proname IN ('hold_appointment', 'signed_content', 'sequence_new_rows')) LOOP
        EXECUTE format('DROP FUNCTION IF EXISTS %s CASCADE', each_one.name);
    END LOOP;
    FOR each_one IN SELECT tablename AS name FROM pg_policies WHERE policyname = 'wall_checks' LOOP
        EXECUTE format('DROP POLICY wall_checks ON %I', each_one.name);
        -- What functions of earlier migrations read and move stays theirs.
        IF NOT EXISTS (SELECT FROM pg_policies WHERE tablename = each_one.name AND 'qingling_wall' = ANY (roles)) THEN
            EXECUTE format('REVOKE ALL ON %I FROM qingling_wall', each_one.name);
        END IF;
    END LOOP;
    REVOKE UPDATE (version) ON hazard FROM qingling_wall;
    REVOKE UPDATE (end_reason) ON appointment FROM qingling_wall;
    REVOKE UPDATE (locked_until) ON account FROM qingling_wall;
END $$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    for part in sorted(WALL.glob("*.sql")):
        run(part.read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    run(TAKE_DOWN)


def run(script: str) -> None:
    """Run a script as it stands: neither `:name` nor `%` in it is a parameter."""
    context = op.get_context()
    if context.as_sql:
        context.impl.static_output(script.rstrip().removesuffix(";") + ";")
    else:
        op.get_bind().exec_driver_sql(script, execution_options={"no_parameters": True})
