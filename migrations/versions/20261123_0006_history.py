"""Transitions, audit streams, access events, the one gapless sequence.

Revision: 0006, after 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem
from sqlalchemy.sql.elements import conv
from sqlalchemy.types import UserDefinedType

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """Its name in DDL."""
        return "xid8"


ACCESS_EVENT: tuple[SchemaItem, ...] = (
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("kind", sa.Text(), nullable=False),
    sa.Column("code", sa.Text(), nullable=False),
    sa.Column("route", sa.Text(), nullable=False),
    sa.Column("account_id", sa.BigInteger(), nullable=True),
    sa.Column("request_id", sa.Text(), nullable=False),
    sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("registry_now()"), nullable=False),
    sa.ForeignKeyConstraint(
        ["account_id"], ["account.id"], name=conv("fk_access_event_account_id"), ondelete="RESTRICT"
    ),
    sa.PrimaryKeyConstraint("id", name=conv("pk_access_event")),
)

AUDIT_STREAM: tuple[SchemaItem, ...] = (
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("kind", sa.Text(), nullable=False),
    sa.Column("subject_id", sa.BigInteger(), nullable=False),
    sa.Column("hazard_id", sa.BigInteger(), nullable=True),
    sa.Column("length", sa.BigInteger(), nullable=False),
    sa.Column("previous_sha256", sa.LargeBinary(), nullable=False),
    sa.Column("head_sha256", sa.LargeBinary(), nullable=False),
    sa.CheckConstraint("octet_length(head_sha256) = 32", name=conv("ck_audit_stream_head_sha256_is_sha256")),
    sa.CheckConstraint("octet_length(previous_sha256) = 32", name=conv("ck_audit_stream_previous_sha256_is_sha256")),
    sa.ForeignKeyConstraint(["hazard_id"], ["hazard.id"], name=conv("fk_audit_stream_hazard_id"), ondelete="RESTRICT"),
    sa.PrimaryKeyConstraint("id", name=conv("pk_audit_stream")),
)

HAZARD_TRANSITION: tuple[SchemaItem, ...] = (
    sa.Column("act", sa.Text(), nullable=False),
    sa.Column("rule", sa.Text(), nullable=False),
    sa.Column("from_state", sa.Text(), nullable=True),
    sa.Column("to_state", sa.Text(), nullable=False),
    sa.Column("version", sa.BigInteger(), nullable=False),
    sa.Column("cycle", sa.BigInteger(), nullable=False),
    sa.Column("unit_id", sa.BigInteger(), nullable=False),
    sa.Column("sector", sa.Text(), nullable=False),
    sa.Column("channel", sa.Text(), nullable=False),
    sa.Column("level", sa.Text(), nullable=False),
    sa.Column("supervision_tier", sa.SmallInteger(), nullable=True),
    sa.Column("lead_organisation_id", sa.BigInteger(), nullable=True),
    sa.Column("listing_office_id", sa.BigInteger(), nullable=True),
    sa.Column("enterprise_id", sa.BigInteger(), nullable=True),
    sa.Column("original_deadline", sa.Date(), nullable=True),
    sa.Column("current_deadline", sa.Date(), nullable=True),
    sa.Column("found_on", sa.Date(), nullable=False),
    sa.Column("is_determined", sa.Boolean(), nullable=False),
    sa.Column("is_legacy", sa.Boolean(), nullable=False),
    sa.Column("reason", sa.Text(), nullable=True),
    sa.Column("declared_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("is_verified", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    sa.Column("extension_count", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
    sa.Column("account_id", sa.BigInteger(), nullable=True),
    sa.Column("person_id", sa.BigInteger(), nullable=True),
    sa.Column("appointment_id", sa.BigInteger(), nullable=True),
    sa.Column("actor_label", sa.Text(), nullable=False),
    sa.Column("edition_id", sa.BigInteger(), nullable=True),
    sa.Column("act_order", sa.BigInteger(), nullable=False),
    sa.Column("restates", sa.BigInteger(), nullable=True),
    sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("registry_now()"), nullable=False),
    sa.Column("transaction_id", Xid8(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("hazard_id", sa.BigInteger(), nullable=False),
    sa.CheckConstraint(
        "act IN ('report', 'amend', 'determine', 'dismiss', 'list', 'list_fixed_on_the_spot', "
        "'submit_plan', 'approve_plan', 'return_plan', 'report_progress', 'request_extension', "
        "'decide_extension', 'transfer', 'refuse_transfer', 'change_supervision_level', "
        "'order_production_measure', 'lift_production_measure', 'declare', 'pass_verification', "
        "'fail_verification', 'open_withdrawal', 'open_cessation', 'sign', 'refuse_signature', "
        "'withdraw_signature', 'correct', 'delist', 'pass_revisit', 'fail_revisit', 'relapse', "
        "'import_open', 'import_closed')",
        name=conv("ck_hazard_transition_act_is_known"),
    ),
    sa.CheckConstraint(
        "channel IN ('self_report', 'inspection', 'tip', 'assigned', 'referred', 'accident_investigation')",
        name=conv("ck_hazard_transition_channel_is_known"),
    ),
    sa.CheckConstraint(
        "from_state IN ('reported', 'listed', 'rectified', 'closed', 'dismissed')",
        name=conv("ck_hazard_transition_from_state_is_known"),
    ),
    sa.CheckConstraint("level IN ('major', 'key')", name=conv("ck_hazard_transition_level_is_known")),
    sa.CheckConstraint(
        "to_state IN ('reported', 'listed', 'rectified', 'closed', 'dismissed')",
        name=conv("ck_hazard_transition_to_state_is_known"),
    ),
    sa.CheckConstraint("restates < id", name=conv("ck_hazard_transition_restates_an_earlier_row")),
    sa.ForeignKeyConstraint(
        ["account_id"], ["account.id"], name=conv("fk_hazard_transition_account_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["appointment_id"], ["appointment.id"], name=conv("fk_hazard_transition_appointment_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["edition_id"], ["edition.id"], name=conv("fk_hazard_transition_edition_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["hazard_id"], ["hazard.id"], name=conv("fk_hazard_transition_hazard_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["person_id"], ["person.id"], name=conv("fk_hazard_transition_person_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["restates"], ["hazard_transition.id"], name=conv("fk_hazard_transition_restates"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=conv("fk_hazard_transition_unit_id"), ondelete="RESTRICT"),
    sa.PrimaryKeyConstraint("id", name=conv("pk_hazard_transition")),
)

AUDIT_EVENT: tuple[SchemaItem, ...] = (
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("stream_id", sa.BigInteger(), nullable=False),
    sa.Column("serial", sa.BigInteger(), nullable=False),
    sa.Column("hazard_id", sa.BigInteger(), nullable=True),
    sa.Column("event", sa.Text(), nullable=False),
    sa.Column("payload", sa.LargeBinary(), nullable=False),
    sa.Column("previous_sha256", sa.LargeBinary(), nullable=False),
    sa.Column("sha256", sa.LargeBinary(), nullable=False),
    sa.Column("account_id", sa.BigInteger(), nullable=True),
    sa.Column("request_id", sa.Text(), nullable=False),
    sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("registry_now()"), nullable=False),
    sa.Column("transaction_id", Xid8(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
    sa.CheckConstraint("octet_length(previous_sha256) = 32", name=conv("ck_audit_event_previous_sha256_is_sha256")),
    sa.CheckConstraint("octet_length(sha256) = 32", name=conv("ck_audit_event_sha256_is_sha256")),
    sa.CheckConstraint("sha256 = sha256(previous_sha256 || payload)", name=conv("ck_audit_event_hash_is_of_payload")),
    sa.ForeignKeyConstraint(
        ["account_id"], ["account.id"], name=conv("fk_audit_event_account_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(["hazard_id"], ["hazard.id"], name=conv("fk_audit_event_hazard_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(
        ["stream_id"], ["audit_stream.id"], name=conv("fk_audit_event_stream_id"), ondelete="RESTRICT"
    ),
    sa.PrimaryKeyConstraint("id", name=conv("pk_audit_event")),
)

SEQUENCE_POSITION: tuple[SchemaItem, ...] = (
    sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column("transition_id", sa.BigInteger(), nullable=True),
    sa.Column("audit_event_id", sa.BigInteger(), nullable=True),
    sa.Column("assigned_at", sa.DateTime(timezone=True), server_default=sa.text("registry_now()"), nullable=False),
    sa.CheckConstraint(
        "num_nonnulls(transition_id, audit_event_id) = 1", name=conv("ck_sequence_position_one_row_each")
    ),
    sa.CheckConstraint("position >= 1", name=conv("ck_sequence_position_position_is_counted")),
    sa.ForeignKeyConstraint(
        ["audit_event_id"], ["audit_event.id"], name=conv("fk_sequence_position_audit_event_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["transition_id"],
        ["hazard_transition.id"],
        name=conv("fk_sequence_position_transition_id"),
        ondelete="RESTRICT",
    ),
    sa.PrimaryKeyConstraint("position", name=conv("pk_sequence_position")),
    sa.UniqueConstraint("audit_event_id", name=conv("uq_sequence_position_audit_event_id")),
    sa.UniqueConstraint("transition_id", name=conv("uq_sequence_position_transition_id")),
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    create_access_event()
    create_audit_stream()
    create_hazard_transition()
    create_audit_event()
    create_sequence_position()


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    op.drop_table("sequence_position")
    op.drop_table("audit_event")
    op.drop_table("hazard_transition")
    op.drop_table("audit_stream")
    op.drop_table("access_event")


def create_access_event() -> None:
    op.create_table("access_event", *ACCESS_EVENT)


def create_audit_stream() -> None:
    op.create_table("audit_stream", *AUDIT_STREAM)
    op.create_index(conv("ix_audit_stream_hazard_id"), "audit_stream", ["hazard_id"], unique=False)
    op.create_index("uq_audit_stream_kind_subject_id", "audit_stream", ["kind", "subject_id"], unique=True)


def create_hazard_transition() -> None:
    op.create_table("hazard_transition", *HAZARD_TRANSITION)
    op.create_index(
        "ix_hazard_transition_as_of", "hazard_transition", ["hazard_id", "occurred_at", "act_order", "id"], unique=False
    )
    op.create_index(conv("ix_hazard_transition_hazard_id"), "hazard_transition", ["hazard_id"], unique=False)
    op.create_index("ix_hazard_transition_transaction_id", "hazard_transition", ["transaction_id"], unique=False)
    op.create_index("ix_hazard_transition_unit_sector", "hazard_transition", ["unit_id", "sector"], unique=False)
    op.create_index(
        "uq_hazard_transition_hazard_id_version",
        "hazard_transition",
        ["hazard_id", "version"],
        unique=True,
        postgresql_where=sa.text("restates IS NULL"),
    )


def create_audit_event() -> None:
    op.create_table("audit_event", *AUDIT_EVENT)
    op.create_index("ix_audit_event_hazard_id", "audit_event", ["hazard_id"], unique=False)
    op.create_index("ix_audit_event_transaction_id", "audit_event", ["transaction_id"], unique=False)
    op.create_index("uq_audit_event_stream_id_serial", "audit_event", ["stream_id", "serial"], unique=True)


def create_sequence_position() -> None:
    op.create_table("sequence_position", *SEQUENCE_POSITION)
