"""The ladder's episodes, rungs and runs; letters, their items, copies, services and replies; their walls.

`migrations/sql/0026_ladder_and_letters.sql` is what `app/tables` declared that day, frozen; beside it stands the wall.

Revision: 0026, after 0025
"""

from pathlib import Path

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql"
TABLES = (
    "letter_file", "letter_reply", "letter_service", "letter_copy", "letter_item", "reminder", "rung_suspension",
    "raised_rung", "episode", "letter", "letter_series", "dispatch_hold", "escalation_rehearsal", "escalation_failure",
    "escalation_run",
)  # fmt: skip
WALL = (
    "wall_rung_in_order()", "wall_episode_moves_on()", "wall_letter_begins_as_draft()", "wall_letter_goes_its_way()",
    "wall_series_counts_on()", "wall_number_is_used()", "wall_letter_is_a_draft()", "wall_letter_is_out()",
    "wall_hold_is_released_once()", "wall_suspension_is_approved_once()", "wall_letter_may_be_issued(letter)",
)  # fmt: skip


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    for statement in (SQL / "0026_ladder_and_letters.sql").read_text(encoding="utf-8").split(";\n"):
        if statement.strip():
            op.execute(statement)
    for function in (SQL / "0026_ladder_wall.sql").read_text(encoding="utf-8").split("\n-- ;\n"):
        op.execute(function)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    op.execute("ALTER TABLE episode DROP CONSTRAINT fk_episode_letter_id")
    for function in WALL:
        op.execute(f"DROP FUNCTION {function} CASCADE")
    # Their policies read each other's tables: all at once.
    op.execute(f"DROP TABLE {', '.join(TABLES)}")
