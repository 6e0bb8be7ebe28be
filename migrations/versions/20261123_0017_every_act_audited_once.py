"""Every act has exactly one audit event of its transaction, and every such event its act; checked at commit.

Revision: 0017, after 0016
"""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

# A restating copy is no act: it stands under the correction that restates, and that one's event.
ACT_IS_AUDITED = """
CREATE FUNCTION wall_act_is_audited() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    told bigint;
BEGIN
    SELECT count(*) INTO told FROM audit_event e
    WHERE e.hazard_id = NEW.hazard_id AND e.transaction_id = NEW.transaction_id
        AND e.event = 'hazard:' || NEW.act || '\\:recorded'
        AND convert_from(e.payload, 'UTF8')::jsonb #>> '{particulars,transition}' = NEW.id::text;
    IF told = 0 THEN
        PERFORM wall_refuse('act_not_audited', '本次办理没有审计记录,数据库不予受理;请通过系统办理。');
    END IF;
    IF told > 1 THEN
        PERFORM wall_refuse('act_audited_twice', '同一次办理只能有一条审计记录。');
    END IF;
    RETURN NULL;
END $$
"""
# Order is no matter within the transaction; who acted and at which version, event and act must say alike.
EVENT_AT_COMMIT = """
CREATE OR REPLACE FUNCTION wall_audit_event_at_commit() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    told jsonb;
BEGIN
    IF NEW.serial < 1 OR NEW.serial > (SELECT s.length FROM audit_stream s WHERE s.id = NEW.stream_id) THEN
        PERFORM wall_refuse('stream_differs', '审计记录不在审计流中。');
    END IF;
    IF NEW.event NOT LIKE 'hazard:%\\:recorded' THEN
        RETURN NULL;
    END IF;
    told := convert_from(NEW.payload, 'UTF8')::jsonb;
    IF NOT EXISTS (SELECT FROM hazard_transition t
        WHERE t.id = (told #>> '{particulars,transition}')::bigint
            AND t.version = (told #>> '{particulars,version}')::integer
            AND t.hazard_id = NEW.hazard_id AND t.transaction_id = NEW.transaction_id
            AND t.restates IS NULL AND NEW.event = 'hazard:' || t.act || '\\:recorded'
            AND told ->> 'event' = NEW.event AND t.account_id IS NOT DISTINCT FROM NEW.account_id) THEN
        PERFORM wall_refuse('audit_without_act', '审计记录所称的办理并不存在,数据库不予受理。');
    END IF;
    RETURN NULL;
END $$
"""
# As 0014 made it.
EVENT_AT_COMMIT_BEFORE = """
CREATE OR REPLACE FUNCTION wall_audit_event_at_commit() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF NEW.serial < 1 OR NEW.serial > (SELECT s.length FROM audit_stream s WHERE s.id = NEW.stream_id) THEN
        PERFORM wall_refuse('stream_differs', '审计记录不在审计流中。');
    END IF;
    RETURN NULL;
END $$
"""
ACT_SIGNATURE = "wall_act_is_audited()"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    # The same index for two questions: a hazard's events, and those of one transaction among them.
    # Built under the lock: no registry is in use before the first release, so nobody waits.
    op.execute(
        "-- squawk-ignore require-concurrent-index-creation\n"
        "CREATE INDEX ix_audit_event_hazard_id_transaction_id ON audit_event (hazard_id, transaction_id)"
    )
    op.execute("-- squawk-ignore require-concurrent-index-deletion\nDROP INDEX ix_audit_event_hazard_id")
    op.execute(ACT_IS_AUDITED)
    op.execute(EVENT_AT_COMMIT)
    op.execute("GRANT CREATE ON SCHEMA public TO qingling_wall")
    op.execute(f"REVOKE EXECUTE ON FUNCTION {ACT_SIGNATURE} FROM PUBLIC")
    op.execute(f"ALTER FUNCTION {ACT_SIGNATURE} OWNER TO qingling_wall")
    op.execute("REVOKE CREATE ON SCHEMA public FROM qingling_wall")
    op.execute(
        "CREATE CONSTRAINT TRIGGER wall_commit_audited AFTER INSERT ON hazard_transition DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW WHEN (NEW.restates IS NULL) EXECUTE FUNCTION wall_act_is_audited()"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    op.execute("DROP TRIGGER wall_commit_audited ON hazard_transition")
    op.execute(EVENT_AT_COMMIT_BEFORE)
    op.execute(f"DROP FUNCTION {ACT_SIGNATURE}")
    op.create_index("ix_audit_event_hazard_id", "audit_event", ["hazard_id"])
    op.drop_index("ix_audit_event_hazard_id_transaction_id", "audit_event")
