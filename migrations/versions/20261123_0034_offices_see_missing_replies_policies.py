"""An office sees the missing replies to its letters and the enterprises of its territory with too many overdue.

Revision: 0034, after 0033
"""

from typing import Final

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


ORGANISATION: Final = "(SELECT nullif(current_setting('app.organisation', true), '')\\:\\:bigint)"
UNITS: Final = (
    "(SELECT string_to_array(nullif(current_setting('app.units', true), ''), ',')\\:\\:bigint[])\\:\\:bigint[]"
)
ALL_SECTORS: Final = "(SELECT coalesce(current_setting('app.sectors', true), '') = '')"


def _looked_after(column: str) -> str:
    return (
        f"{column} = {ORGANISATION} OR ({ALL_SECTORS} AND EXISTS (SELECT 1 FROM organisation o"  # noqa: S608 - own words
        f" WHERE o.id = {column} AND o.unit_id = ANY ({UNITS})))"
    )


BEFORE: Final = (
    "(hazard_id IS NOT NULL AND EXISTS (SELECT 1 FROM hazard h WHERE h.id = hazard_id))"  # noqa: S608 - own words
    f" OR {_looked_after('organisation_id')} OR ({ALL_SECTORS} AND unit_id = ANY ({UNITS}))"
)
AFTER: Final = (
    f"{BEFORE} OR ({ALL_SECTORS} AND kind = 'aggregate'"  # noqa: S608 - own words
    f" AND EXISTS (SELECT 1 FROM enterprise n WHERE n.id = enterprise_id AND n.unit_id = ANY ({UNITS})))"
    " OR (kind = 'reply' AND EXISTS (SELECT 1 FROM letter l WHERE l.id = letter_id"
    f" AND ({_looked_after('l.issuer_organisation_id')})))"
)


def _of_officials(rows: str) -> None:
    op.execute("DROP POLICY official_select ON episode")
    op.execute(f"CREATE POLICY official_select ON episode FOR SELECT TO qingling_official USING ({rows})")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    _of_officials(AFTER)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    _of_officials(BEFORE)
