"""The ladder's episodes, rungs and runs; letters, their items, copies, services and replies; their walls.

Revision: 0026, after 0025
"""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
