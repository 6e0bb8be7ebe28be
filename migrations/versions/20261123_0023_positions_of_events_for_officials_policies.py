"""The place of an event in the one sequence is seen by whoever sees the event: case files prove both.

Revision: 0023, after 0022
"""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


OF_ACTS = "EXISTS (SELECT 1 FROM hazard_transition t WHERE t.id = transition_id)"
OF_EVENTS = "EXISTS (SELECT 1 FROM audit_event a WHERE a.id = audit_event_id)"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    op.execute(f"ALTER POLICY official_select ON sequence_position USING ({OF_ACTS} OR {OF_EVENTS})")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    op.execute(f"ALTER POLICY official_select ON sequence_position USING ({OF_ACTS})")
