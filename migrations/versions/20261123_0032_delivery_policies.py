"""Deliveries, their attempts, pauses and eras; the addresses they go to; their walls.

`migrations/sql/0032_delivery.sql` is what `app/tables` declared that day, frozen; beside it stands the wall.

Revision: 0032, after 0031
"""

from pathlib import Path

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql"
TABLES = (
    "delivery_address", "delivery_era", "delivery_pause", "delivery_attempt", "delivery_item", "delivery",
)  # fmt: skip
FUNCTIONS = (
    "wall_delivery_begins_pending()", "wall_delivery_goes_its_way()", "wall_attempt_of_its_claim()",
    "wall_pause_is_released_once()", "wall_delivery_may_be_claimed(delivery, delivery)", "delivery_alarms()",
    "server_era()",
)  # fmt: skip


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    for statement in (SQL / "0032_delivery.sql").read_text(encoding="utf-8").split(";\n"):
        if statement.strip():
            op.execute(statement)
    for function in (SQL / "0032_delivery_wall.sql").read_text(encoding="utf-8").split("\n-- ;\n"):
        op.execute(function)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    op.execute("DROP INDEX ix_letter_undispatched")
    op.execute("DROP INDEX ix_reminder_raised_on")
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function} CASCADE")
    # Their policies read each other's tables: all at once.
    op.execute(f"DROP TABLE {', '.join(TABLES)}")
