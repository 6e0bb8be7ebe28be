"""A sign-in that is nobody's yet reads no line of what others were refused or read: only its own account's.

Revision: 0025, after 0024
"""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


OWN = "account_id = (SELECT nullif(current_setting('app.account', true), '')::bigint)"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    op.execute(f"ALTER POLICY signin_select ON access_event USING ({OWN})")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    op.execute("ALTER POLICY signin_select ON access_event USING (true)")
