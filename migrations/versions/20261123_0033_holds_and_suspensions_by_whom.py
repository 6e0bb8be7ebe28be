"""Who ordered a hold and why it was released; who proposed and who approved a suspension, by which appointment.

Revision: 0033, after 0032
"""

from typing import Final

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

KEYS: Final = (
    ("dispatch_hold", "ordered_by_account_id", "account"),
    ("rung_suspension", "proposed_by_appointment_id", "appointment"),
    ("rung_suspension", "approved_by_appointment_id", "appointment"),
)
_HEAD: Final = """() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
"""
RELEASED_ONCE: Final = """
CREATE OR REPLACE FUNCTION wall_hold_is_released_once() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF OLD.released_at IS NOT NULL THEN
        PERFORM wall_refuse('hold_has_ended', '这一次暂停发文已经解除。');
    END IF;
    IF NEW.reason <> 'ordered' AND NOT EXISTS (
        SELECT 1 FROM escalation_rehearsal r WHERE r.id = NEW.rehearsal_id AND r.recorded_at >= NEW.held_at
    ) THEN
        PERFORM wall_refuse('release_needs_rehearsal', '解除暂停发文之前,须先演练并查看结果。');
    END IF;
    RETURN NEW;
END $$
"""
BY_WHOEVER_ACTS: Final = RELEASED_ONCE.replace(
    "    RETURN NEW;",
    """    NEW.released_by_account_id := coalesce(wall_setting('account'), NEW.released_by_account_id);
    RETURN NEW;""",
)
ORDERED: Final = f"""
CREATE FUNCTION wall_hold_is_ordered_by_whoever_acts{_HEAD}
    NEW.ordered_by_account_id := coalesce(wall_setting('account'), NEW.ordered_by_account_id);
    IF wall_setting('account') IS NOT NULL AND num_nonnulls(NEW.released_at, NEW.released_by_account_id) > 0 THEN
        PERFORM wall_refuse('hold_begins_open', '暂停发文须先生效,再另行解除。');
    END IF;
    RETURN NEW;
END $$
"""
APPROVED_ONCE: Final = f"""
CREATE OR REPLACE FUNCTION wall_suspension_is_approved_once{_HEAD}
    IF OLD.approved_at IS NOT NULL THEN
        PERFORM wall_refuse('suspension_is_approved', '暂缓升档已经批准,不再改变。');
    END IF;
    RETURN NEW;
END $$
"""
BY_TWO_PERSONS: Final = APPROVED_ONCE.replace(
    "    RETURN NEW;",
    """    NEW.approved_by_account_id := coalesce(wall_setting('account'), NEW.approved_by_account_id);
    NEW.approved_by_appointment_id := coalesce(wall_setting('appointment'), NEW.approved_by_appointment_id);
    IF wall_person_of_account(NEW.approved_by_account_id) = wall_person_of_account(NEW.proposed_by_account_id) THEN
        PERFORM wall_refuse('suspension_by_two_persons', '暂缓升档须由提出人以外的另一人批准。');
    END IF;
    RETURN NEW;""",
)
PROPOSED: Final = f"""
CREATE FUNCTION wall_suspension_is_proposed_first{_HEAD}
    NEW.proposed_by_account_id := coalesce(wall_setting('account'), NEW.proposed_by_account_id);
    NEW.proposed_by_appointment_id := coalesce(wall_setting('appointment'), NEW.proposed_by_appointment_id);
    IF wall_setting('account') IS NOT NULL AND num_nonnulls(NEW.approved_at, NEW.approved_by_account_id) > 0 THEN
        PERFORM wall_refuse('suspension_is_proposed_first', '暂缓升档须先提出,再由另一人批准。');
    END IF;
    RETURN NEW;
END $$
"""
NEW_TRIGGERS: Final = {
    "wall_hold_is_ordered_by_whoever_acts": ("dispatch_hold", ORDERED),
    "wall_suspension_is_proposed_first": ("rung_suspension", PROPOSED),
}


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    for table, column, named in KEYS:
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} bigint")
        op.execute(
            # Nobody has such rows yet: there is nothing to be looked through under the lock.
            "-- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid\n"
            f"ALTER TABLE {table} ADD CONSTRAINT fk_{table}_{column} FOREIGN KEY ({column})"
            f" REFERENCES {named} (id) ON DELETE RESTRICT"
        )
    op.execute("ALTER TABLE dispatch_hold ADD COLUMN release_note text")
    op.execute(
        "-- squawk-ignore constraint-missing-not-valid\n"
        "ALTER TABLE dispatch_hold ADD CONSTRAINT ck_dispatch_hold_release_note_is_given"
        " CHECK (length(btrim(release_note)) BETWEEN 1 AND 4000)"
    )
    op.execute("GRANT UPDATE (release_note) ON dispatch_hold TO qingling_official")
    op.execute("GRANT UPDATE (approved_by_appointment_id) ON rung_suspension TO qingling_official")
    op.execute("GRANT CREATE ON SCHEMA public TO qingling_wall")
    for replaced in (BY_WHOEVER_ACTS, BY_TWO_PERSONS):
        op.execute(replaced)
    for name, (table, function) in NEW_TRIGGERS.items():
        op.execute(function)
        op.execute(f"ALTER FUNCTION {name}() OWNER TO qingling_wall")
        op.execute(f"REVOKE EXECUTE ON FUNCTION {name}() FROM PUBLIC")
        op.execute(f"CREATE TRIGGER {name} BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")
    op.execute("REVOKE CREATE ON SCHEMA public FROM qingling_wall")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    for name in NEW_TRIGGERS:
        op.execute(f"DROP FUNCTION {name}() CASCADE")
    op.execute("GRANT CREATE ON SCHEMA public TO qingling_wall")
    op.execute(RELEASED_ONCE)
    op.execute(APPROVED_ONCE)
    op.execute("REVOKE CREATE ON SCHEMA public FROM qingling_wall")
    op.execute("ALTER TABLE dispatch_hold DROP COLUMN release_note")
    for table, column, _ in KEYS:
        op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
