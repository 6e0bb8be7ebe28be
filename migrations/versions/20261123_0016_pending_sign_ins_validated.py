"""What 0015 has held new rows to, the old ones meet too.

Revision: 0016, after 0015
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    op.execute("ALTER TABLE session VALIDATE CONSTRAINT ck_session_pending_is_known")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
