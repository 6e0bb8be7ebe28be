"""The paper past: batches, rows, records; the working rows of an import.

Revision: 0011, after 0010
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import SchemaItem
from sqlalchemy.sql.elements import conv

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


LEGACY_BATCH: tuple[SchemaItem, ...] = (
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("file_name", sa.Text(), nullable=False),
    sa.Column("file_sha256", sa.LargeBinary(), nullable=False),
    sa.Column("document_sha256", sa.LargeBinary(), nullable=False),
    sa.Column("found_count", sa.BigInteger(), nullable=False),
    sa.Column("closed_count", sa.BigInteger(), nullable=False),
    sa.Column("report", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column("imported_at", sa.DateTime(timezone=True), server_default=sa.text("registry_now()"), nullable=False),
    sa.Column("attested_at", sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("length(btrim(file_name)) BETWEEN 1 AND 255", name=conv("ck_legacy_batch_file_name_is_given")),
    sa.CheckConstraint("octet_length(document_sha256) = 32", name=conv("ck_legacy_batch_document_sha256_is_sha256")),
    sa.CheckConstraint("octet_length(file_sha256) = 32", name=conv("ck_legacy_batch_file_sha256_is_sha256")),
    sa.PrimaryKeyConstraint("id", name=conv("pk_legacy_batch")),
    sa.UniqueConstraint("file_sha256", name=conv("uq_legacy_batch_file_sha256")),
)

LEDGER_ROW: tuple[SchemaItem, ...] = (
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("batch_key", sa.Text(), nullable=False),
    sa.Column("row_number", sa.BigInteger(), nullable=False),
    sa.Column("row_class", sa.Text(), server_default=sa.text("'imported'"), nullable=False),
    sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column("level", sa.SmallInteger(), server_default=sa.text("1"), nullable=False),
    sa.PrimaryKeyConstraint("id", name=conv("pk_ledger_row")),
)

LEGACY_ROW: tuple[SchemaItem, ...] = (
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("batch_id", sa.BigInteger(), nullable=False),
    sa.Column("row_number", sa.BigInteger(), nullable=False),
    sa.Column("ledger_number", sa.Text(), nullable=False),
    sa.Column("row_sha256", sa.LargeBinary(), nullable=False),
    sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column("found_on", sa.Date(), nullable=False),
    sa.Column("closed_on", sa.Date(), nullable=False),
    sa.Column("imported_at", sa.DateTime(timezone=True), server_default=sa.text("registry_now()"), nullable=False),
    sa.CheckConstraint("octet_length(row_sha256) = 32", name=conv("ck_legacy_row_row_sha256_is_sha256")),
    sa.ForeignKeyConstraint(
        ["batch_id"], ["legacy_batch.id"], name=conv("fk_legacy_row_batch_id"), ondelete="RESTRICT"
    ),
    sa.PrimaryKeyConstraint("id", name=conv("pk_legacy_row")),
)

LEGACY_RECORD: tuple[SchemaItem, ...] = (
    sa.Column("hazard_id", sa.BigInteger(), nullable=False),
    sa.Column("batch_id", sa.BigInteger(), nullable=False),
    sa.Column("legacy_row_id", sa.BigInteger(), nullable=True),
    sa.Column("row_number", sa.BigInteger(), nullable=False),
    sa.Column("row_sha256", sa.LargeBinary(), nullable=False),
    sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column("found_on", sa.Date(), nullable=False),
    sa.Column("closed_on", sa.Date(), nullable=True),
    sa.Column("accepted_on", sa.Date(), nullable=True),
    sa.Column("extension_count", sa.SmallInteger(), nullable=False),
    sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("registry_now()"), nullable=False),
    sa.CheckConstraint("closed_on >= found_on", name=conv("ck_legacy_record_closed_after_found")),
    sa.CheckConstraint("octet_length(row_sha256) = 32", name=conv("ck_legacy_record_row_sha256_is_sha256")),
    sa.ForeignKeyConstraint(
        ["batch_id"], ["legacy_batch.id"], name=conv("fk_legacy_record_batch_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(["hazard_id"], ["hazard.id"], name=conv("fk_legacy_record_hazard_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(
        ["legacy_row_id"], ["legacy_row.id"], name=conv("fk_legacy_record_legacy_row_id"), ondelete="RESTRICT"
    ),
    sa.PrimaryKeyConstraint("hazard_id", name=conv("pk_legacy_record")),
    sa.UniqueConstraint("legacy_row_id", name=conv("uq_legacy_record_legacy_row_id")),
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    create_legacy_batch()
    create_ledger_row()
    create_legacy_row()
    create_legacy_record()


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    op.drop_table("legacy_record")
    op.drop_table("legacy_row")
    op.drop_table("ledger_row", schema="stage")
    op.drop_table("legacy_batch")


def create_legacy_batch() -> None:
    op.create_table("legacy_batch", *LEGACY_BATCH)


def create_ledger_row() -> None:
    op.create_table("ledger_row", *LEDGER_ROW, schema="stage", prefixes=["UNLOGGED"])


def create_legacy_row() -> None:
    op.create_table("legacy_row", *LEGACY_ROW)
    op.create_index("uq_legacy_row_batch_id_row_number", "legacy_row", ["batch_id", "row_number"], unique=True)
    op.create_index("uq_legacy_row_ledger_number", "legacy_row", ["ledger_number"], unique=True)


def create_legacy_record() -> None:
    op.create_table("legacy_record", *LEGACY_RECORD)
    op.create_index("uq_legacy_record_batch_id_row_number", "legacy_record", ["batch_id", "row_number"], unique=True)
