"""An office sees the missing replies to its letters and the enterprises of its territory with too many overdue.

Revision: 0034, after 0033
"""

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
