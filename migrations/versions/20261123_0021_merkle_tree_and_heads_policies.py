"""The Merkle tree, its signed heads and their keys; a sequencer that a restored database does not lead astray.

Revision: 0021, after 0020
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem
from sqlalchemy.sql.elements import conv
from sqlalchemy.types import UserDefinedType

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """Its name in DDL."""
        return "xid8"


def _recorded(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("registry_now()"), nullable=False)


SEQUENCE_EPOCH: tuple[SchemaItem, ...] = (
    sa.Column("epoch", sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column("system_identifier", sa.BigInteger(), nullable=False),
    sa.Column("horizon", Xid8(), nullable=False),
    sa.Column("through_position", sa.BigInteger(), nullable=False),
    _recorded("began_at"),
    sa.PrimaryKeyConstraint("epoch", name=conv("pk_sequence_epoch")),
)
TREE_NODE: tuple[SchemaItem, ...] = (
    sa.Column("algorithm", sa.Text(), nullable=False),
    sa.Column("level", sa.SmallInteger(), autoincrement=False, nullable=False),
    sa.Column("index", sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column("hash", sa.LargeBinary(), nullable=False),
    sa.CheckConstraint("algorithm IN ('sha256', 'sm3')", name=conv("ck_tree_node_algorithm_is_known")),
    sa.CheckConstraint("level BETWEEN 0 AND 62", name=conv("ck_tree_node_level_is_counted")),
    sa.CheckConstraint("index >= 0", name=conv("ck_tree_node_index_is_counted")),
    sa.CheckConstraint("octet_length(hash) = 32", name=conv("ck_tree_node_hash_has_32_bytes")),
    sa.PrimaryKeyConstraint("algorithm", "level", "index", name=conv("pk_tree_node")),
)
AUDIT_KEY: tuple[SchemaItem, ...] = (
    sa.Column("key_id", sa.Text(), nullable=False),
    sa.Column("algorithm", sa.Text(), nullable=False),
    sa.Column("public_key", sa.LargeBinary(), nullable=False),
    _recorded("valid_from"),
    sa.CheckConstraint("key_id ~ '^[0-9a-f]{64}$'", name=conv("ck_audit_key_key_id_is_hexadecimal")),
    sa.CheckConstraint("length(algorithm) BETWEEN 1 AND 32", name=conv("ck_audit_key_algorithm_is_given")),
    sa.CheckConstraint("octet_length(public_key) BETWEEN 32 AND 1024", name=conv("ck_audit_key_public_key_is_given")),
    sa.PrimaryKeyConstraint("key_id", name=conv("pk_audit_key")),
)
TREE_HEAD: tuple[SchemaItem, ...] = (
    sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column("root_sha256", sa.LargeBinary(), nullable=False),
    sa.Column("root_sm3", sa.LargeBinary(), nullable=False),
    sa.Column("previous_head_sha256", sa.LargeBinary(), nullable=False),
    sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("key_id", sa.Text(), nullable=False),
    sa.Column("signature", sa.LargeBinary(), nullable=False),
    sa.CheckConstraint("size >= 1", name=conv("ck_tree_head_size_is_counted")),
    sa.CheckConstraint("octet_length(root_sha256) = 32", name=conv("ck_tree_head_root_sha256_is_sha256")),
    sa.CheckConstraint("octet_length(root_sm3) = 32", name=conv("ck_tree_head_root_sm3_is_sm3")),
    sa.CheckConstraint(
        "octet_length(previous_head_sha256) = 32", name=conv("ck_tree_head_previous_head_sha256_is_sha256")
    ),
    sa.CheckConstraint("octet_length(signature) BETWEEN 64 AND 1024", name=conv("ck_tree_head_signature_is_given")),
    sa.ForeignKeyConstraint(["key_id"], ["audit_key.key_id"], name=conv("fk_tree_head_key_id"), ondelete="RESTRICT"),
    sa.PrimaryKeyConstraint("size", name=conv("pk_tree_head")),
)
HEAD_HANDOVER: tuple[SchemaItem, ...] = (
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("size", sa.BigInteger(), nullable=False),
    sa.Column("destination", sa.Text(), nullable=False),
    _recorded("handed_at"),
    sa.CheckConstraint("destination IN ('folder', 'webhook')", name=conv("ck_head_handover_destination_is_known")),
    sa.ForeignKeyConstraint(["size"], ["tree_head.size"], name=conv("fk_head_handover_size"), ondelete="RESTRICT"),
    sa.PrimaryKeyConstraint("id", name=conv("pk_head_handover")),
)
TABLES: dict[str, tuple[SchemaItem, ...]] = {
    "sequence_epoch": SEQUENCE_EPOCH,
    "tree_node": TREE_NODE,
    "audit_key": AUDIT_KEY,
    "tree_head": TREE_HEAD,
    "head_handover": HEAD_HANDOVER,
}
EVERYBODY_ELSE = (
    "signin", "public", "enterprise", "official", "custodian", "platform", "auditor", "administrator", "import",
    "report",
)  # fmt: skip
READERS = {
    "sequence_epoch": ("job", "auditor", "platform"),
    "tree_node": ("official", "auditor"),
    "audit_key": EVERYBODY_ELSE,
    "tree_head": EVERYBODY_ELSE,
    "head_handover": ("signin", "auditor"),
}
READ_BY_THE_WALL = ("sequence_epoch", "tree_node", "tree_head")

# Where the next run looks from: NULL where ids no longer mean what they meant, so every row must be looked at.
WALL_SEQUENCED_SINCE = """
CREATE FUNCTION wall_sequenced_since(horizon xid8) RETURNS xid8
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    era sequence_epoch;
    last_position bigint;
    reached xid8;
BEGIN
    SELECT * INTO era FROM sequence_epoch ORDER BY epoch DESC LIMIT 1;
    IF NOT FOUND OR era.system_identifier <> (SELECT system_identifier FROM pg_control_system()) THEN
        RETURN NULL;
    END IF;
    SELECT p.position, coalesce(t.transaction_id, a.transaction_id) INTO last_position, reached
    FROM sequence_position p
    LEFT JOIN hazard_transition t ON t.id = p.transition_id
    LEFT JOIN audit_event a ON a.id = p.audit_event_id
    ORDER BY p.position DESC LIMIT 1;
    IF last_position IS NULL OR last_position <= era.through_position THEN
        reached := era.horizon;
    END IF;
    RETURN CASE WHEN reached <= horizon THEN reached END;
END $$
"""

# A row has its position once no older transaction can still commit. A new era first takes what the last one left:
# older ids, and those of another cluster, which lie beyond this one's; the rest comes as the horizon passes it.
SEQUENCE_NEW_ROWS = """
CREATE OR REPLACE FUNCTION sequence_new_rows() RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    horizon xid8;
    beyond xid8;
    since xid8;
    last_position bigint;
    added bigint;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('qingling sequencer')) THEN
        RETURN 0;
    END IF;
    horizon := pg_snapshot_xmin(pg_current_snapshot());
    beyond := pg_snapshot_xmax(pg_current_snapshot());
    since := wall_sequenced_since(horizon);
    SELECT coalesce(max(position), 0) INTO last_position FROM sequence_position;
    INSERT INTO sequence_position (position, transition_id, audit_event_id, assigned_at)
    SELECT last_position + row_number() OVER (ORDER BY n.xid < horizon, n.xid, n.kind, n.id),
        CASE n.kind WHEN 1 THEN n.id END, CASE n.kind WHEN 2 THEN n.id END, registry_now()
    FROM (
        SELECT t.transaction_id AS xid, 1 AS kind, t.id FROM hazard_transition t
        WHERE t.transaction_id >= coalesce(since, '0')
            AND (t.transaction_id < horizon OR since IS NULL AND t.transaction_id >= beyond)
            AND NOT EXISTS (SELECT FROM sequence_position p WHERE p.transition_id = t.id)
        UNION ALL
        SELECT a.transaction_id, 2, a.id FROM audit_event a
        WHERE a.transaction_id >= coalesce(since, '0')
            AND (a.transaction_id < horizon OR since IS NULL AND a.transaction_id >= beyond)
            AND NOT EXISTS (SELECT FROM sequence_position p WHERE p.audit_event_id = a.id)
    ) AS n;
    GET DIAGNOSTICS added = ROW_COUNT;
    IF since IS NULL THEN
        INSERT INTO sequence_epoch (epoch, system_identifier, horizon, through_position)
        SELECT coalesce((SELECT max(epoch) FROM sequence_epoch), 0) + 1, system_identifier, horizon,
            last_position + added
        FROM pg_control_system();
    END IF;
    RETURN added;
END $$
"""

# Since when a row waits to be under a head: what readiness asks, who may read none of them.
UNSEALED_SINCE = """
CREATE FUNCTION unsealed_since() RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    WITH era AS MATERIALIZED (
        SELECT coalesce(wall_sequenced_since(pg_snapshot_xmin(pg_current_snapshot())), '0') AS since
    )
    SELECT least(
        (SELECT t.recorded_at FROM hazard_transition t WHERE t.transaction_id >= (SELECT since FROM era)
            AND NOT EXISTS (SELECT FROM sequence_position p WHERE p.transition_id = t.id)
            ORDER BY t.transaction_id LIMIT 1),
        (SELECT a.recorded_at FROM audit_event a WHERE a.transaction_id >= (SELECT since FROM era)
            AND NOT EXISTS (SELECT FROM sequence_position p WHERE p.audit_event_id = a.id)
            ORDER BY a.transaction_id LIMIT 1),
        (SELECT p.assigned_at FROM sequence_position p
            WHERE p.position > coalesce((SELECT max(h.size) FROM tree_head h), 0) ORDER BY p.position LIMIT 1)
    )
$$
"""

# The bytes a head's signature covers, as docs/audit-format.md has them.
WALL_HEAD_BYTES = """
CREATE FUNCTION wall_head_bytes(head tree_head) RETURNS bytea
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT convert_to(format(
        '{"format"\\:1,"key_id":"%s","previous_head_sha256":"%s","root_sha256":"%s","root_sm3":"%s",'
            || '"sealed_at":"%s","size":%s,"type":"tree_head"}',
        head.key_id, encode(head.previous_head_sha256, 'hex'), encode(head.root_sha256, 'hex'),
        encode(head.root_sm3, 'hex'), to_char(head.sealed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24\\:MI\\:SS.US"Z"'),
        head.size), 'UTF8')
$$
"""
WALL_BEFORE_TREE_HEAD = """
CREATE FUNCTION wall_before_tree_head() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    before tree_head;
    chained bytea := decode(repeat('00', 32), 'hex');
BEGIN
    SELECT * INTO before FROM tree_head ORDER BY size DESC LIMIT 1;
    IF FOUND THEN
        chained := sha256(wall_head_bytes(before));
    END IF;
    IF NEW.size <= coalesce(before.size, 0) THEN
        PERFORM wall_refuse('head_moves_on', '树头只能向前延续。');
    END IF;
    IF NEW.previous_head_sha256 <> chained THEN
        PERFORM wall_refuse('head_of_another_chain', '树头没有接在上一个树头之后。');
    END IF;
    IF (SELECT count(*) FROM tree_node WHERE level = 0 AND index = NEW.size - 1) <> 2
        OR EXISTS (SELECT FROM tree_node WHERE level = 0 AND index = NEW.size) THEN
        PERFORM wall_refuse('head_of_another_size', '树头的大小与树不符。');
    END IF;
    RETURN NEW;
END $$
"""
NEW_FUNCTIONS = {
    "wall_sequenced_since(xid8)": WALL_SEQUENCED_SINCE,
    "unsealed_since()": UNSEALED_SINCE,
    "wall_head_bytes(tree_head)": WALL_HEAD_BYTES,
    "wall_before_tree_head()": WALL_BEFORE_TREE_HEAD,
}

# As 0014 made it.
SEQUENCE_NEW_ROWS_BEFORE = """
CREATE OR REPLACE FUNCTION sequence_new_rows() RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    horizon xid8 := pg_snapshot_xmin(pg_current_snapshot());
    reached xid8;
    last_position bigint;
    added bigint;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('qingling sequencer')) THEN
        RETURN 0;
    END IF;
    SELECT p.position, coalesce(t.transaction_id, a.transaction_id) INTO last_position, reached
    FROM sequence_position p
    LEFT JOIN hazard_transition t ON t.id = p.transition_id
    LEFT JOIN audit_event a ON a.id = p.audit_event_id
    ORDER BY p.position DESC LIMIT 1;
    INSERT INTO sequence_position (position, transition_id, audit_event_id, assigned_at)
    SELECT coalesce(last_position, 0) + row_number() OVER (ORDER BY n.xid, n.kind, n.id),
        CASE n.kind WHEN 1 THEN n.id END, CASE n.kind WHEN 2 THEN n.id END, registry_now()
    FROM (
        SELECT transaction_id AS xid, 1 AS kind, id FROM hazard_transition
        WHERE transaction_id < horizon AND (reached IS NULL OR transaction_id > reached)
        UNION ALL
        SELECT transaction_id, 2, id FROM audit_event
        WHERE transaction_id < horizon AND (reached IS NULL OR transaction_id > reached)
    ) AS n;
    GET DIAGNOSTICS added = ROW_COUNT;
    RETURN added;
END $$
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    for table, columns in TABLES.items():
        op.create_table(table, *columns)
    op.create_index("uq_head_handover_destination_size", "head_handover", ["destination", "size"], unique=True)
    for table in TABLES:
        secure(table)
    # The nightly job takes away sessions that ended; a step-up keeps the one it stood in.
    op.execute(
        "CREATE POLICY job_delete ON session FOR DELETE TO qingling_job"
        " USING (least(revoked_at, expires_at) < registry_now())"
    )
    op.execute("GRANT DELETE ON session TO qingling_job")
    # Built under the lock: no registry is in use before the first release, so nobody waits.
    op.execute(
        "-- squawk-ignore require-concurrent-index-creation\nCREATE INDEX ix_step_up_session_id ON step_up (session_id)"
    )
    for function in (*NEW_FUNCTIONS.values(), SEQUENCE_NEW_ROWS):
        op.execute(function)
    op.execute("GRANT CREATE ON SCHEMA public TO qingling_wall")
    for signature in NEW_FUNCTIONS:
        op.execute(f"REVOKE EXECUTE ON FUNCTION {signature} FROM PUBLIC")
        op.execute(f"ALTER FUNCTION {signature} OWNER TO qingling_wall")
    op.execute("REVOKE CREATE ON SCHEMA public FROM qingling_wall")
    op.execute("GRANT EXECUTE ON FUNCTION unsealed_since() TO qingling_signin, qingling_auditor, qingling_job")
    op.execute(
        "CREATE TRIGGER wall_insert BEFORE INSERT ON tree_head FOR EACH ROW EXECUTE FUNCTION wall_before_tree_head()"
    )
    op.execute("CREATE TRIGGER wall_only BEFORE INSERT ON sequence_epoch FOR EACH ROW EXECUTE FUNCTION wall_only()")


def secure(table: str) -> None:
    """Row-level security, its policies and grants, and the wall against change."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY owner ON {table} FOR ALL TO qingling_owner USING (true) WITH CHECK (true)")
    for reader in READERS[table]:
        op.execute(f"CREATE POLICY {reader}_select ON {table} FOR SELECT TO qingling_{reader} USING (true)")
        op.execute(f"GRANT SELECT ON {table} TO qingling_{reader}")
    if "job" not in READERS[table]:
        op.execute(f"CREATE POLICY job_select ON {table} FOR SELECT TO qingling_job USING (true)")
        op.execute(f"CREATE POLICY job_insert ON {table} FOR INSERT TO qingling_job WITH CHECK (true)")
        op.execute(f"GRANT SELECT, INSERT ON {table} TO qingling_job")
    if table in READ_BY_THE_WALL:
        op.execute(f"CREATE POLICY wall_checks ON {table} TO qingling_wall USING (true) WITH CHECK (true)")
        op.execute(f"GRANT SELECT ON {table} TO qingling_wall")
    if table == "sequence_epoch":
        op.execute(f"GRANT INSERT ON {table} TO qingling_wall")
    op.execute(
        f"CREATE TRIGGER wall_no_change BEFORE UPDATE OR DELETE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION wall_no_change()"
    )
    op.execute(
        f"CREATE TRIGGER wall_no_truncate BEFORE TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION wall_no_change()"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    op.drop_index("ix_step_up_session_id", "step_up")
    op.execute("REVOKE DELETE ON session FROM qingling_job")
    op.execute("DROP POLICY job_delete ON session")
    op.execute(SEQUENCE_NEW_ROWS_BEFORE)
    op.execute("DROP TRIGGER wall_insert ON tree_head")
    for signature in reversed(NEW_FUNCTIONS):
        op.execute(f"DROP FUNCTION {signature}")
    for table in reversed(TABLES):
        op.drop_table(table)
