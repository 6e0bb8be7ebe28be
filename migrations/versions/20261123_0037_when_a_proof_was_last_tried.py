"""When a proof of the person was last tried in a session: a try that nobody settled is given back in time.

Revision: 0037, after 0036
"""

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


HOLDERS = "qingling_signin, qingling_enterprise, qingling_official, qingling_custodian, qingling_platform,"
HOLDERS += " qingling_auditor, qingling_administrator"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    op.execute("ALTER TABLE session ADD COLUMN step_up_tried_at timestamptz")
    op.execute(f"GRANT UPDATE (step_up_tried_at) ON session TO {HOLDERS}")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    op.execute("ALTER TABLE session DROP COLUMN step_up_tried_at")
