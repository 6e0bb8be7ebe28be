"""Only the night issues under a standing authorisation, and 函告 alone.

Revision: 0038, after 0037
"""

from typing import Final

from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

MAY_BE_ISSUED: Final = """
CREATE OR REPLACE FUNCTION wall_letter_may_be_issued(one letter) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM dispatch_hold h WHERE h.released_at IS NULL) THEN
        PERFORM wall_refuse('dispatch_is_held', '发文处于暂停状态,请先演练并解除暂停,再行签发。');
    END IF;
    IF one.standing_authorisation IS NULL AND (
        one.issued_by_appointment_id IS DISTINCT FROM wall_setting('appointment')
        OR NOT EXISTS (
            SELECT 1 FROM appointment a JOIN post p ON p.id = a.post_id
            WHERE a.id = one.issued_by_appointment_id AND p.organisation_id = one.issuer_organisation_id
                AND p.kind = one.signatory_post_kind
        )
    ) THEN
        PERFORM wall_refuse('not_the_signatory', '只有规则版本指定的签发人可以签发本公文。');
    END IF;
    IF NOT EXISTS (
        SELECT 1 FROM letter_series s
        WHERE s.office_code = one.office_code AND s.year = one.year AND s.last_serial = one.serial
    ) THEN
        PERFORM wall_refuse('number_is_drawn_in_order', '发文字号须按顺序编排,不得跳号。');
    END IF;
    IF EXISTS (SELECT 1 FROM letter_item i WHERE i.letter_id = one.id AND i.raised_rung_id IS NOT NULL)
        AND NOT EXISTS (
            SELECT 1 FROM letter_item i
            WHERE i.letter_id = one.id AND i.raised_rung_id IS NOT NULL AND i.dropped_at IS NULL
        ) THEN
        PERFORM wall_refuse('letter_has_no_item_left', '公文所列事项均已消除,不得签发。');
    END IF;
END $$
"""
OF_THE_NIGHT: Final = MAY_BE_ISSUED.replace(
    "    IF NOT EXISTS (\n        SELECT 1 FROM letter_series s",
    """    IF one.standing_authorisation IS NOT NULL
        AND (wall_setting('account') IS NOT NULL OR one.kind <> 'notice_letter') THEN
        PERFORM wall_refuse('authorised_by_the_night', '依常设授权签发的只有函告,并且只由夜间作业办理。');
    END IF;
    IF NOT EXISTS (
        SELECT 1 FROM letter_series s""",
    1,
)


def _wall(function: str) -> None:
    op.execute("GRANT CREATE ON SCHEMA public TO qingling_wall")
    op.execute(function)
    op.execute("REVOKE CREATE ON SCHEMA public FROM qingling_wall")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    _wall(OF_THE_NIGHT)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    _wall(MAY_BE_ISSUED)
