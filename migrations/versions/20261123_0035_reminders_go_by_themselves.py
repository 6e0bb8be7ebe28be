"""Reminders' digests wait for no rung's hold; what a person found out about a delivery has its note.

A digest is no 公文: too many letters or an office's order keep letters back, while facts that nobody has rehearsed yet
(first start, import, restore, another edition) keep everything back.

Revision: 0035, after 0034
"""

from typing import Final

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

EVERYTHING_IS_HELD: Final = """
CREATE OR REPLACE FUNCTION wall_delivery_may_be_claimed(before delivery, claimed delivery) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF claimed.attempts <> before.attempts + 1 OR claimed.lease_until <= registry_now() THEN
        PERFORM wall_refuse('claim_is_counted', '每次领取须计数并写明期限。');
    END IF;
    IF before.status = 'claimed' AND (before.is_exposure OR before.lease_until > registry_now()) THEN
        PERFORM wall_refuse('claimed_by_another', '这一信息正在发送,不得再次领取。');
    END IF;
    IF before.is_exposure AND before.attempts > (SELECT count(DISTINCT a.number) FROM delivery_attempt a
        WHERE a.delivery_id = before.id AND a.outcome IN ('refused', 'again')) THEN
        PERFORM wall_refuse('exposure_once', '曝光只发送一次;上一次是否送出不明的,须先由人工核实。');
    END IF;
    IF EXISTS (SELECT 1 FROM delivery_pause p WHERE p.released_at IS NULL)
        OR EXISTS (SELECT 1 FROM dispatch_hold h WHERE h.released_at IS NULL) THEN
        PERFORM wall_refuse('delivery_is_paused', '发送处于暂停状态,请先解除暂停。');
    END IF;
END $$
"""
DIGESTS_GO: Final = EVERYTHING_IS_HELD.replace(
    "OR EXISTS (SELECT 1 FROM dispatch_hold h WHERE h.released_at IS NULL) THEN",
    """OR EXISTS (SELECT 1 FROM dispatch_hold h WHERE h.released_at IS NULL
            AND (claimed.letter_id IS NOT NULL
                OR h.reason IN ('first_start', 'import', 'restore', 'edition_change'))) THEN""",
)


def _wall(function: str) -> None:
    op.execute("GRANT CREATE ON SCHEMA public TO qingling_wall")
    op.execute(function)
    op.execute("REVOKE CREATE ON SCHEMA public FROM qingling_wall")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    _wall(DIGESTS_GO)
    op.execute("ALTER TABLE delivery_attempt ADD COLUMN note text")
    for name, holds in {
        "note_is_given": "length(btrim(note)) BETWEEN 1 AND 500",
        "note_is_a_persons": "note IS NULL OR account_id IS NOT NULL",
    }.items():
        op.execute(
            # Nothing has been sent yet before a first release: there is nothing to be looked through under the lock.
            "-- squawk-ignore constraint-missing-not-valid\n"
            f"ALTER TABLE delivery_attempt ADD CONSTRAINT ck_delivery_attempt_{name} CHECK ({holds})"
        )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    op.execute("ALTER TABLE delivery_attempt DROP COLUMN note")
    _wall(EVERYTHING_IS_HELD)
