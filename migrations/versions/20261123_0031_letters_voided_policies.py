"""A voided letter that was never served frees its rungs; an enterprise acknowledges what it was sent.

Revision: 0031, after 0030
"""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

WHOLE = (
    "EXISTS (SELECT 1 FROM letter l WHERE l.id = letter_id"
    " AND (l.addressee_enterprise_id = (SELECT nullif(current_setting('app.enterprise', true), '')\\:\\:bigint)))"
)
OWN_COPY = (
    "EXISTS (SELECT 1 FROM letter_copy c WHERE c.id = copy_id AND c.letter_id = letter_service.letter_id"
    " AND c.enterprise_id = (SELECT nullif(current_setting('app.enterprise', true), '')\\:\\:bigint))"
)
DRAFTS_ALONE = """
CREATE OR REPLACE FUNCTION wall_letter_is_a_draft() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM letter l WHERE l.id = NEW.letter_id AND l.status = 'draft') THEN
        PERFORM wall_refuse('letter_is_frozen', '公文签发后内容不得改动;有误的应作废并重新签发。');
    END IF;
    RETURN NEW;
END $$
"""
# The rung of a voided letter that nobody received is still to be told; its replacement takes it over.
AND_UNSERVED_VOIDED = """
CREATE OR REPLACE FUNCTION wall_letter_is_a_draft() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'letter_item' THEN
        IF to_jsonb(OLD) ->> 'dropped_at' IS NULL
            AND to_jsonb(NEW) - 'dropped_at' = to_jsonb(OLD) - 'dropped_at'
            AND EXISTS (
                SELECT 1 FROM letter l WHERE l.id = NEW.letter_id AND l.status = 'voided' AND l.served_on IS NULL
            ) THEN
            RETURN NEW;
        END IF;
    END IF;
    IF NOT EXISTS (SELECT 1 FROM letter l WHERE l.id = NEW.letter_id AND l.status = 'draft') THEN
        PERFORM wall_refuse('letter_is_frozen', '公文签发后内容不得改动;有误的应作废并重新签发。');
    END IF;
    RETURN NEW;
END $$
"""


def _acknowledged(rows: str) -> None:
    op.execute("DROP POLICY enterprise_insert ON letter_service")
    op.execute(
        f"CREATE POLICY enterprise_insert ON letter_service FOR INSERT TO qingling_enterprise WITH CHECK ({rows})"
    )


def _wall(function: str) -> None:
    op.execute("GRANT CREATE ON SCHEMA public TO qingling_wall")
    op.execute(function)
    op.execute("REVOKE CREATE ON SCHEMA public FROM qingling_wall")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    _wall(AND_UNSERVED_VOIDED)
    _acknowledged(f"(copy_id IS NULL AND {WHOLE}) OR {OWN_COPY}")
    op.execute("GRANT UPDATE (served_on, served_as) ON letter TO qingling_enterprise")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    op.execute("REVOKE UPDATE (served_on, served_as) ON letter FROM qingling_enterprise")
    _acknowledged(WHOLE)
    _wall(DRAFTS_ALONE)
