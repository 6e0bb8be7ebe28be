"""What 0029 has held new rows to, the old ones meet too.

Revision: 0030, after 0029
"""

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    op.execute("ALTER TABLE session VALIDATE CONSTRAINT ck_session_pending_is_known")
    op.execute("ALTER TABLE session VALIDATE CONSTRAINT fk_session_sign_on_identity_id")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
