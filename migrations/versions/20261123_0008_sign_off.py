"""Rounds, their copied chains, signatures, endings and sealed closings.

Revision: 0008, after 0007
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem
from sqlalchemy.sql.elements import conv

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


SIGNING_ROUND: tuple[SchemaItem, ...] = (
    sa.Column("cycle", sa.BigInteger(), nullable=False),
    sa.Column("purpose", sa.Text(), nullable=False),
    sa.Column("edition_id", sa.BigInteger(), nullable=False),
    sa.Column("edition_chain_id", sa.BigInteger(), nullable=False),
    sa.Column("level_count", sa.SmallInteger(), nullable=False),
    sa.Column("content", sa.Text(), nullable=False),
    sa.Column("content_sha256", sa.LargeBinary(), nullable=False),
    sa.Column("verification_id", sa.BigInteger(), nullable=True),
    sa.Column("round_request_id", sa.BigInteger(), nullable=True),
    sa.Column("opened_at", sa.DateTime(timezone=True), server_default=sa.text("registry_now()"), nullable=False),
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("hazard_id", sa.BigInteger(), nullable=False),
    sa.CheckConstraint(
        "purpose IN ('closing', 'withdrawal', 'cessation')", name=conv("ck_signing_round_purpose_is_known")
    ),
    sa.CheckConstraint(
        "sha256(convert_to(content, 'UTF8')) = content_sha256", name=conv("ck_signing_round_hash_is_of_content")
    ),
    sa.CheckConstraint("octet_length(content_sha256) = 32", name=conv("ck_signing_round_content_sha256_is_sha256")),
    sa.ForeignKeyConstraint(
        ["edition_chain_id"], ["edition_chain.id"], name=conv("fk_signing_round_edition_chain_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["edition_id"], ["edition.id"], name=conv("fk_signing_round_edition_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(["hazard_id"], ["hazard.id"], name=conv("fk_signing_round_hazard_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(
        ["round_request_id"], ["round_request.id"], name=conv("fk_signing_round_round_request_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["verification_id"], ["verification.id"], name=conv("fk_signing_round_verification_id"), ondelete="RESTRICT"
    ),
    sa.PrimaryKeyConstraint("id", name=conv("pk_signing_round")),
)

ROUND_END: tuple[SchemaItem, ...] = (
    sa.Column("round_id", sa.BigInteger(), nullable=False),
    sa.Column("outcome", sa.Text(), nullable=False),
    sa.Column("refused_level", sa.SmallInteger(), nullable=True),
    sa.Column("reason", sa.Text(), nullable=True),
    sa.Column("account_id", sa.BigInteger(), nullable=True),
    sa.Column("ended_at", sa.DateTime(timezone=True), server_default=sa.text("registry_now()"), nullable=False),
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("hazard_id", sa.BigInteger(), nullable=False),
    sa.CheckConstraint(
        "(outcome = 'refused') = (refused_level IS NOT NULL)", name=conv("ck_round_end_refusal_names_level")
    ),
    sa.CheckConstraint(
        "outcome <> 'refused' OR length(btrim(reason)) > 0", name=conv("ck_round_end_refusal_is_reasoned")
    ),
    sa.CheckConstraint(
        "outcome IN ('completed', 'refused', 'content_changed', 'signer_disabled')",
        name=conv("ck_round_end_outcome_is_known"),
    ),
    sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=conv("fk_round_end_account_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(["hazard_id"], ["hazard.id"], name=conv("fk_round_end_hazard_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(
        ["round_id"], ["signing_round.id"], name=conv("fk_round_end_round_id"), ondelete="RESTRICT"
    ),
    sa.PrimaryKeyConstraint("id", name=conv("pk_round_end")),
    sa.UniqueConstraint("round_id", name=conv("uq_round_end_round_id")),
)

ROUND_LEVEL: tuple[SchemaItem, ...] = (
    sa.Column("round_id", sa.BigInteger(), nullable=False),
    sa.Column("level", sa.SmallInteger(), nullable=False),
    sa.Column("party", sa.Text(), nullable=False),
    sa.Column("post_kind", sa.Text(), nullable=False),
    sa.Column("organisation_id", sa.BigInteger(), nullable=False),
    sa.Column("limit_days", sa.SmallInteger(), nullable=False),
    sa.Column("limit_unit", sa.Text(), nullable=False),
    sa.Column("in_person", sa.Boolean(), nullable=False),
    sa.Column("paper_allowed", sa.Boolean(), nullable=False),
    sa.Column("refusal_returns_to", sa.Text(), nullable=False),
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("hazard_id", sa.BigInteger(), nullable=False),
    sa.CheckConstraint("limit_unit IN ('calendar', 'working')", name=conv("ck_round_level_limit_unit_is_known")),
    sa.CheckConstraint(
        "party IN ('enterprise', 'township', 'lead_department', 'higher_department', 'named_agency', "
        "'same_level_government')",
        name=conv("ck_round_level_party_is_known"),
    ),
    sa.CheckConstraint(
        "post_kind IN ('enterprise_safety_officer', 'enterprise_safety_head', 'enterprise_principal', "
        "'enterprise_controller', 'inspector', 'section_head', 'deputy_head', 'principal_head', "
        "'office_clerk', 'office_head', 'government_head', 'tip_officer', 'registrar', "
        "'system_administrator', 'security_administrator', 'audit_administrator', 'auditor')",
        name=conv("ck_round_level_post_kind_is_known"),
    ),
    sa.CheckConstraint(
        "refusal_returns_to IN ('listed', 'verification')", name=conv("ck_round_level_refusal_returns_somewhere")
    ),
    sa.ForeignKeyConstraint(["hazard_id"], ["hazard.id"], name=conv("fk_round_level_hazard_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(
        ["organisation_id"], ["organisation.id"], name=conv("fk_round_level_organisation_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["round_id"], ["signing_round.id"], name=conv("fk_round_level_round_id"), ondelete="RESTRICT"
    ),
    sa.PrimaryKeyConstraint("id", name=conv("pk_round_level")),
)

SEALED_CLOSING: tuple[SchemaItem, ...] = (
    sa.Column("round_id", sa.BigInteger(), nullable=False),
    sa.Column("cycle", sa.BigInteger(), nullable=False),
    sa.Column("purpose", sa.Text(), nullable=False),
    sa.Column("content_sha256", sa.LargeBinary(), nullable=False),
    sa.Column("seal_sha256", sa.LargeBinary(), nullable=False),
    sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("hazard_id", sa.BigInteger(), nullable=False),
    sa.CheckConstraint(
        "purpose IN ('closing', 'withdrawal', 'cessation')", name=conv("ck_sealed_closing_purpose_is_known")
    ),
    sa.CheckConstraint("octet_length(content_sha256) = 32", name=conv("ck_sealed_closing_content_sha256_is_sha256")),
    sa.CheckConstraint("octet_length(seal_sha256) = 32", name=conv("ck_sealed_closing_seal_sha256_is_sha256")),
    sa.ForeignKeyConstraint(
        ["hazard_id"], ["hazard.id"], name=conv("fk_sealed_closing_hazard_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["round_id"], ["signing_round.id"], name=conv("fk_sealed_closing_round_id"), ondelete="RESTRICT"
    ),
    sa.PrimaryKeyConstraint("id", name=conv("pk_sealed_closing")),
    sa.UniqueConstraint("round_id", name=conv("uq_sealed_closing_round_id")),
)

SIGNATURE: tuple[SchemaItem, ...] = (
    sa.Column("round_id", sa.BigInteger(), nullable=False),
    sa.Column("cycle", sa.BigInteger(), nullable=False),
    sa.Column("level", sa.SmallInteger(), nullable=False),
    sa.Column("kind", sa.Text(), nullable=False),
    sa.Column("person_id", sa.BigInteger(), nullable=False),
    sa.Column("appointment_id", sa.BigInteger(), nullable=False),
    sa.Column("account_id", sa.BigInteger(), nullable=False),
    sa.Column("step_up_id", sa.BigInteger(), nullable=True),
    sa.Column("scan_evidence_id", sa.BigInteger(), nullable=True),
    sa.Column("content_sha256", sa.LargeBinary(), nullable=False),
    sa.Column("opinion", sa.Text(), nullable=True),
    sa.Column("transition_id", sa.BigInteger(), nullable=True),
    sa.Column("signed_at", sa.DateTime(timezone=True), server_default=sa.text("registry_now()"), nullable=False),
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("hazard_id", sa.BigInteger(), nullable=False),
    sa.CheckConstraint(
        "(kind = 'electronic') = (step_up_id IS NOT NULL)", name=conv("ck_signature_electronic_has_step_up")
    ),
    sa.CheckConstraint("(kind = 'paper') = (scan_evidence_id IS NOT NULL)", name=conv("ck_signature_paper_has_scan")),
    sa.CheckConstraint("kind IN ('electronic', 'paper')", name=conv("ck_signature_kind_is_known")),
    sa.CheckConstraint("octet_length(content_sha256) = 32", name=conv("ck_signature_content_sha256_is_sha256")),
    sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=conv("fk_signature_account_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(
        ["appointment_id"], ["appointment.id"], name=conv("fk_signature_appointment_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(["hazard_id"], ["hazard.id"], name=conv("fk_signature_hazard_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=conv("fk_signature_person_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(
        ["round_id"], ["signing_round.id"], name=conv("fk_signature_round_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["scan_evidence_id"], ["evidence.id"], name=conv("fk_signature_scan_evidence_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(["step_up_id"], ["step_up.id"], name=conv("fk_signature_step_up_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(
        ["transition_id"], ["hazard_transition.id"], name=conv("fk_signature_transition_id"), ondelete="RESTRICT"
    ),
    sa.PrimaryKeyConstraint("id", name=conv("pk_signature")),
)

SEALED_CLOSING_SIGNATURE: tuple[SchemaItem, ...] = (
    sa.Column("sealed_closing_id", sa.BigInteger(), nullable=False),
    sa.Column("level", sa.SmallInteger(), nullable=False),
    sa.Column("signature_id", sa.BigInteger(), nullable=False),
    sa.Column("person_id", sa.BigInteger(), nullable=False),
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("hazard_id", sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(
        ["hazard_id"], ["hazard.id"], name=conv("fk_sealed_closing_signature_hazard_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["person_id"], ["person.id"], name=conv("fk_sealed_closing_signature_person_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["sealed_closing_id"],
        ["sealed_closing.id"],
        name=conv("fk_sealed_closing_signature_sealed_closing_id"),
        ondelete="RESTRICT",
    ),
    sa.ForeignKeyConstraint(
        ["signature_id"], ["signature.id"], name=conv("fk_sealed_closing_signature_signature_id"), ondelete="RESTRICT"
    ),
    sa.PrimaryKeyConstraint("id", name=conv("pk_sealed_closing_signature")),
    sa.UniqueConstraint("signature_id", name=conv("uq_sealed_closing_signature_signature_id")),
)

SIGNATURE_WITHDRAWAL: tuple[SchemaItem, ...] = (
    sa.Column("signature_id", sa.BigInteger(), nullable=False),
    sa.Column("account_id", sa.BigInteger(), nullable=False),
    sa.Column("reason", sa.Text(), nullable=False),
    sa.Column("withdrawn_at", sa.DateTime(timezone=True), server_default=sa.text("registry_now()"), nullable=False),
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("hazard_id", sa.BigInteger(), nullable=False),
    sa.CheckConstraint(
        "length(btrim(reason)) BETWEEN 1 AND 4000", name=conv("ck_signature_withdrawal_reason_is_given")
    ),
    sa.ForeignKeyConstraint(
        ["account_id"], ["account.id"], name=conv("fk_signature_withdrawal_account_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["hazard_id"], ["hazard.id"], name=conv("fk_signature_withdrawal_hazard_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["signature_id"], ["signature.id"], name=conv("fk_signature_withdrawal_signature_id"), ondelete="RESTRICT"
    ),
    sa.PrimaryKeyConstraint("id", name=conv("pk_signature_withdrawal")),
    sa.UniqueConstraint("signature_id", name=conv("uq_signature_withdrawal_signature_id")),
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    create_signing_round()
    create_round_end()
    create_round_level()
    create_sealed_closing()
    create_signature()
    create_sealed_closing_signature()
    create_signature_withdrawal()


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    op.drop_table("signature_withdrawal")
    op.drop_table("sealed_closing_signature")
    op.drop_table("signature")
    op.drop_table("sealed_closing")
    op.drop_table("round_level")
    op.drop_table("round_end")
    op.drop_table("signing_round")


def create_signing_round() -> None:
    op.create_table("signing_round", *SIGNING_ROUND)
    op.create_index(conv("ix_signing_round_hazard_id"), "signing_round", ["hazard_id"], unique=False)


def create_round_end() -> None:
    op.create_table("round_end", *ROUND_END)
    op.create_index(conv("ix_round_end_hazard_id"), "round_end", ["hazard_id"], unique=False)


def create_round_level() -> None:
    op.create_table("round_level", *ROUND_LEVEL)
    op.create_index(conv("ix_round_level_hazard_id"), "round_level", ["hazard_id"], unique=False)
    op.create_index("uq_round_level_round_id_level", "round_level", ["round_id", "level"], unique=True)


def create_sealed_closing() -> None:
    op.create_table("sealed_closing", *SEALED_CLOSING)
    op.create_index(conv("ix_sealed_closing_hazard_id"), "sealed_closing", ["hazard_id"], unique=False)
    op.create_index("uq_sealed_closing_hazard_id_cycle", "sealed_closing", ["hazard_id", "cycle"], unique=True)


def create_signature() -> None:
    op.create_table("signature", *SIGNATURE)
    op.create_index(conv("ix_signature_hazard_id"), "signature", ["hazard_id"], unique=False)
    op.create_index("ix_signature_round_id", "signature", ["round_id", "level"], unique=False)
    op.create_index("uq_signature_step_up_id", "signature", ["step_up_id"], unique=True)


def create_sealed_closing_signature() -> None:
    op.create_table("sealed_closing_signature", *SEALED_CLOSING_SIGNATURE)
    op.create_index(
        conv("ix_sealed_closing_signature_hazard_id"), "sealed_closing_signature", ["hazard_id"], unique=False
    )
    op.create_index(
        "uq_sealed_closing_signature_level", "sealed_closing_signature", ["sealed_closing_id", "level"], unique=True
    )


def create_signature_withdrawal() -> None:
    op.create_table("signature_withdrawal", *SIGNATURE_WITHDRAWAL)
    op.create_index(conv("ix_signature_withdrawal_hazard_id"), "signature_withdrawal", ["hazard_id"], unique=False)
