"""A sensitive read says whose: the person, the evidence, the case; listed by account.

Revision: 0024, after 0023
"""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    op.execute("ALTER TABLE access_event ADD COLUMN subject text")
    # Built under the lock: no registry is in use before the first release, so nobody waits.
    op.execute(
        "-- squawk-ignore require-concurrent-index-creation\n"
        "CREATE INDEX ix_access_event_account_id ON access_event (account_id, id)"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    op.drop_index("ix_access_event_account_id", "access_event")
    op.execute("ALTER TABLE access_event DROP COLUMN subject")
