"""Letters of a closing: the round whose end they tell, the delisting they announce; once each.

Revision: 0036, after 0035
"""

from typing import Final

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

_HEAD: Final = """() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
"""
BEGINS_AS_DRAFT: Final = f"""
CREATE OR REPLACE FUNCTION wall_letter_begins_as_draft{_HEAD}
    IF NEW.status <> 'draft' OR num_nonnulls(NEW.dispatched_on, NEW.served_on, NEW.answered_on) > 0 THEN
        PERFORM wall_refuse('letter_begins_as_draft', '公文须先起草,再由签发人签发。');
    END IF;
    RETURN NEW;
END $$
"""
OF_CLOSINGS_BY_THE_NIGHT: Final = BEGINS_AS_DRAFT.replace(
    "    RETURN NEW;",
    """    IF num_nonnulls(NEW.round_id, NEW.delisting_id) > 0 AND wall_setting('account') IS NOT NULL THEN
        PERFORM wall_refuse('closing_papers_of_the_night', '验收销号审批表等由夜间作业依签字起草,不能手工起草。');
    END IF;
    RETURN NEW;""",
)
KEYS: Final = {"round_id": "signing_round", "delisting_id": "delisting"}
ONCE: Final = {"round_id": "round_id, kind", "delisting_id": "delisting_id"}


def _wall(function: str) -> None:
    op.execute("GRANT CREATE ON SCHEMA public TO qingling_wall")
    op.execute(function)
    op.execute("REVOKE CREATE ON SCHEMA public FROM qingling_wall")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    for column, table in KEYS.items():
        op.execute(f"ALTER TABLE letter ADD COLUMN {column} bigint")
        op.execute(
            # No letter stands before a first release: there is nothing to be looked through under the lock.
            "-- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid\n"
            f"ALTER TABLE letter ADD CONSTRAINT fk_letter_{column} FOREIGN KEY ({column})"
            f" REFERENCES {table} (id) ON DELETE RESTRICT"
        )
        op.execute(
            "-- squawk-ignore require-concurrent-index-creation\n"
            f"CREATE UNIQUE INDEX uq_letter_{column} ON letter ({ONCE[column]})"
            f" WHERE {column} IS NOT NULL AND status <> 'voided'"
        )
    op.execute(
        "-- squawk-ignore constraint-missing-not-valid\n"
        "ALTER TABLE letter ADD CONSTRAINT ck_letter_closing_papers_fit CHECK ("
        "round_id IS NULL AND delisting_id IS NULL"
        " OR round_id IS NOT NULL AND delisting_id IS NULL AND kind IN ('closing_approval_form', 'closing_notice')"
        " OR round_id IS NULL AND delisting_id IS NOT NULL AND kind = 'delisting_notice')"
    )
    _wall(OF_CLOSINGS_BY_THE_NIGHT)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    _wall(BEGINS_AS_DRAFT)
    op.execute("ALTER TABLE letter DROP CONSTRAINT ck_letter_closing_papers_fit")
    for column in KEYS:
        op.execute(f"ALTER TABLE letter DROP COLUMN {column}")
