"""Declarations, verifications, revisits, corrections, evidence and who confirmed what.

Revision: 0007, after 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import SchemaItem
from sqlalchemy.sql.elements import conv

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


EVIDENCE: tuple[SchemaItem, ...] = (
    sa.Column("public_id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
    sa.Column("kind", sa.Text(), nullable=False),
    sa.Column("sha256", sa.LargeBinary(), nullable=False),
    sa.Column("size_bytes", sa.BigInteger(), nullable=False),
    sa.Column("media_type", sa.Text(), nullable=False),
    sa.Column("file_name", sa.Text(), nullable=False),
    sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("longitude", sa.Numeric(precision=9, scale=6), nullable=True),
    sa.Column("latitude", sa.Numeric(precision=9, scale=6), nullable=True),
    sa.Column("account_id", sa.BigInteger(), nullable=False),
    sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("registry_now()"), nullable=False),
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("hazard_id", sa.BigInteger(), nullable=False),
    sa.CheckConstraint("kind IN ('before', 'after', 'document', 'scan')", name=conv("ck_evidence_kind_is_known")),
    sa.CheckConstraint("length(btrim(file_name)) BETWEEN 1 AND 200", name=conv("ck_evidence_file_name_is_given")),
    sa.CheckConstraint("octet_length(sha256) = 32", name=conv("ck_evidence_sha256_is_sha256")),
    sa.CheckConstraint("size_bytes > 0", name=conv("ck_evidence_size_is_positive")),
    sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=conv("fk_evidence_account_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(["hazard_id"], ["hazard.id"], name=conv("fk_evidence_hazard_id"), ondelete="RESTRICT"),
    sa.PrimaryKeyConstraint("id", name=conv("pk_evidence")),
    sa.UniqueConstraint("public_id", name=conv("uq_evidence_public_id")),
)

CORRECTION: tuple[SchemaItem, ...] = (
    sa.Column("changes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column("reason", sa.Text(), nullable=False),
    sa.Column("touches_signed_content", sa.Boolean(), nullable=False),
    sa.Column("document_sha256", sa.LargeBinary(), nullable=False),
    sa.Column("cycle", sa.BigInteger(), nullable=False),
    sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("registry_now()"), nullable=False),
    sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("note", sa.Text(), nullable=True),
    sa.Column("transition_id", sa.BigInteger(), nullable=True),
    sa.Column("account_id", sa.BigInteger(), nullable=False),
    sa.Column("person_id", sa.BigInteger(), nullable=True),
    sa.Column("appointment_id", sa.BigInteger(), nullable=True),
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("hazard_id", sa.BigInteger(), nullable=False),
    sa.CheckConstraint(
        "NOT changes ?| array['original_deadline', 'state', 'version', 'cycle']",
        name=conv("ck_correction_field_may_change"),
    ),
    sa.CheckConstraint("length(btrim(reason)) BETWEEN 1 AND 4000", name=conv("ck_correction_reason_is_given")),
    sa.CheckConstraint("octet_length(document_sha256) = 32", name=conv("ck_correction_document_sha256_is_sha256")),
    sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=conv("fk_correction_account_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(
        ["appointment_id"], ["appointment.id"], name=conv("fk_correction_appointment_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(["hazard_id"], ["hazard.id"], name=conv("fk_correction_hazard_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=conv("fk_correction_person_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(
        ["transition_id"], ["hazard_transition.id"], name=conv("fk_correction_transition_id"), ondelete="RESTRICT"
    ),
    sa.PrimaryKeyConstraint("id", name=conv("pk_correction")),
)

DECLARATION: tuple[SchemaItem, ...] = (
    sa.Column("description", sa.Text(), nullable=False),
    sa.Column("measures_taken", sa.Text(), nullable=True),
    sa.Column("funds_spent_wan_yuan", sa.BigInteger(), nullable=True),
    sa.Column("document_sha256", sa.LargeBinary(), nullable=False),
    sa.Column("cycle", sa.BigInteger(), nullable=False),
    sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("registry_now()"), nullable=False),
    sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("note", sa.Text(), nullable=True),
    sa.Column("transition_id", sa.BigInteger(), nullable=True),
    sa.Column("account_id", sa.BigInteger(), nullable=False),
    sa.Column("person_id", sa.BigInteger(), nullable=True),
    sa.Column("appointment_id", sa.BigInteger(), nullable=True),
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("hazard_id", sa.BigInteger(), nullable=False),
    sa.CheckConstraint(
        "length(btrim(description)) BETWEEN 1 AND 4000", name=conv("ck_declaration_description_is_given")
    ),
    sa.CheckConstraint("octet_length(document_sha256) = 32", name=conv("ck_declaration_document_sha256_is_sha256")),
    sa.ForeignKeyConstraint(
        ["account_id"], ["account.id"], name=conv("fk_declaration_account_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["appointment_id"], ["appointment.id"], name=conv("fk_declaration_appointment_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(["hazard_id"], ["hazard.id"], name=conv("fk_declaration_hazard_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=conv("fk_declaration_person_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(
        ["transition_id"], ["hazard_transition.id"], name=conv("fk_declaration_transition_id"), ondelete="RESTRICT"
    ),
    sa.PrimaryKeyConstraint("id", name=conv("pk_declaration")),
)

DOCUMENT_EVIDENCE: tuple[SchemaItem, ...] = (
    sa.Column("document_kind", sa.Text(), nullable=False),
    sa.Column("document_id", sa.BigInteger(), nullable=False),
    sa.Column("evidence_id", sa.BigInteger(), nullable=False),
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("hazard_id", sa.BigInteger(), nullable=False),
    sa.CheckConstraint(
        "document_kind IN ('declaration', 'verification', 'round_request', 'listing', 'plan', "
        "'progress', 'revisit', 'dismissal', 'extension_request')",
        name=conv("ck_document_evidence_document_kind_is_known"),
    ),
    sa.ForeignKeyConstraint(
        ["evidence_id"], ["evidence.id"], name=conv("fk_document_evidence_evidence_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["hazard_id"], ["hazard.id"], name=conv("fk_document_evidence_hazard_id"), ondelete="RESTRICT"
    ),
    sa.PrimaryKeyConstraint("id", name=conv("pk_document_evidence")),
)

REVISIT: tuple[SchemaItem, ...] = (
    sa.Column("kind", sa.Text(), nullable=False),
    sa.Column("passed", sa.Boolean(), nullable=False),
    sa.Column("visited_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("findings", sa.Text(), nullable=False),
    sa.Column("due_on", sa.Date(), nullable=True),
    sa.Column("cycle", sa.BigInteger(), nullable=False),
    sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("registry_now()"), nullable=False),
    sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("note", sa.Text(), nullable=True),
    sa.Column("transition_id", sa.BigInteger(), nullable=True),
    sa.Column("account_id", sa.BigInteger(), nullable=False),
    sa.Column("person_id", sa.BigInteger(), nullable=True),
    sa.Column("appointment_id", sa.BigInteger(), nullable=True),
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("hazard_id", sa.BigInteger(), nullable=False),
    sa.CheckConstraint("kind IN ('revisit', 'relapse')", name=conv("ck_revisit_kind_is_known")),
    sa.CheckConstraint("length(btrim(findings)) BETWEEN 1 AND 4000", name=conv("ck_revisit_findings_is_given")),
    sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=conv("fk_revisit_account_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(
        ["appointment_id"], ["appointment.id"], name=conv("fk_revisit_appointment_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(["hazard_id"], ["hazard.id"], name=conv("fk_revisit_hazard_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=conv("fk_revisit_person_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(
        ["transition_id"], ["hazard_transition.id"], name=conv("fk_revisit_transition_id"), ondelete="RESTRICT"
    ),
    sa.PrimaryKeyConstraint("id", name=conv("pk_revisit")),
)

ROUND_REQUEST: tuple[SchemaItem, ...] = (
    sa.Column("purpose", sa.Text(), nullable=False),
    sa.Column("dismiss_reason", sa.Text(), nullable=True),
    sa.Column("duplicate_of_id", sa.BigInteger(), nullable=True),
    sa.Column("reason", sa.Text(), nullable=False),
    sa.Column("document_sha256", sa.LargeBinary(), nullable=False),
    sa.Column("cycle", sa.BigInteger(), nullable=False),
    sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("registry_now()"), nullable=False),
    sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("note", sa.Text(), nullable=True),
    sa.Column("transition_id", sa.BigInteger(), nullable=True),
    sa.Column("account_id", sa.BigInteger(), nullable=False),
    sa.Column("person_id", sa.BigInteger(), nullable=True),
    sa.Column("appointment_id", sa.BigInteger(), nullable=True),
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("hazard_id", sa.BigInteger(), nullable=False),
    sa.CheckConstraint(
        "(dismiss_reason = 'duplicate') = (duplicate_of_id IS NOT NULL)",
        name=conv("ck_round_request_duplicate_names_survivor"),
    ),
    sa.CheckConstraint(
        "(purpose = 'withdrawal') = (dismiss_reason IS NOT NULL)", name=conv("ck_round_request_withdrawal_names_reason")
    ),
    sa.CheckConstraint(
        "dismiss_reason IN ('unsubstantiated', 'duplicate', 'not_major', 'regraded')",
        name=conv("ck_round_request_dismiss_reason_is_known"),
    ),
    sa.CheckConstraint(
        "dismiss_reason IS NULL OR dismiss_reason <> 'not_major'", name=conv("ck_round_request_withdrawal_reason_fits")
    ),
    sa.CheckConstraint("purpose <> 'closing'", name=conv("ck_round_request_closing_needs_no_request")),
    sa.CheckConstraint(
        "purpose IN ('closing', 'withdrawal', 'cessation')", name=conv("ck_round_request_purpose_is_known")
    ),
    sa.CheckConstraint("length(btrim(reason)) BETWEEN 1 AND 4000", name=conv("ck_round_request_reason_is_given")),
    sa.CheckConstraint("octet_length(document_sha256) = 32", name=conv("ck_round_request_document_sha256_is_sha256")),
    sa.ForeignKeyConstraint(
        ["account_id"], ["account.id"], name=conv("fk_round_request_account_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["appointment_id"], ["appointment.id"], name=conv("fk_round_request_appointment_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["duplicate_of_id"], ["hazard.id"], name=conv("fk_round_request_duplicate_of_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(["hazard_id"], ["hazard.id"], name=conv("fk_round_request_hazard_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=conv("fk_round_request_person_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(
        ["transition_id"], ["hazard_transition.id"], name=conv("fk_round_request_transition_id"), ondelete="RESTRICT"
    ),
    sa.PrimaryKeyConstraint("id", name=conv("pk_round_request")),
)

DOCUMENT_CONFIRMATION: tuple[SchemaItem, ...] = (
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("hazard_id", sa.BigInteger(), nullable=True),
    sa.Column("document_kind", sa.Text(), nullable=False),
    sa.Column("document_id", sa.BigInteger(), nullable=False),
    sa.Column("capacity", sa.Text(), nullable=False),
    sa.Column("person_id", sa.BigInteger(), nullable=False),
    sa.Column("account_id", sa.BigInteger(), nullable=False),
    sa.Column("appointment_id", sa.BigInteger(), nullable=True),
    sa.Column("step_up_id", sa.BigInteger(), nullable=False),
    sa.Column("document_sha256", sa.LargeBinary(), nullable=False),
    sa.Column("certificate_number", sa.Text(), nullable=True),
    sa.Column("longitude", sa.Numeric(precision=9, scale=6), nullable=True),
    sa.Column("latitude", sa.Numeric(precision=9, scale=6), nullable=True),
    sa.Column("confirmed_at", sa.DateTime(timezone=True), server_default=sa.text("registry_now()"), nullable=False),
    sa.CheckConstraint(
        "(document_kind IN ('declaration', 'verification', 'correction')) = (hazard_id IS NOT NULL)",
        name=conv("ck_document_confirmation_names_its_hazard"),
    ),
    sa.CheckConstraint(
        "capacity IN ('principal', 'controller', 'safety_head', 'inspector', 'proposer', 'confirmer')",
        name=conv("ck_document_confirmation_capacity_is_known"),
    ),
    sa.CheckConstraint(
        "document_kind IN ('declaration', 'verification', 'correction', 'appointment', 'attestation')",
        name=conv("ck_document_confirmation_document_kind_is_known"),
    ),
    sa.CheckConstraint(
        "octet_length(document_sha256) = 32", name=conv("ck_document_confirmation_document_sha256_is_sha256")
    ),
    sa.ForeignKeyConstraint(
        ["account_id"], ["account.id"], name=conv("fk_document_confirmation_account_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["appointment_id"],
        ["appointment.id"],
        name=conv("fk_document_confirmation_appointment_id"),
        ondelete="RESTRICT",
    ),
    sa.ForeignKeyConstraint(
        ["hazard_id"], ["hazard.id"], name=conv("fk_document_confirmation_hazard_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["person_id"], ["person.id"], name=conv("fk_document_confirmation_person_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["step_up_id"], ["step_up.id"], name=conv("fk_document_confirmation_step_up_id"), ondelete="RESTRICT"
    ),
    sa.PrimaryKeyConstraint("id", name=conv("pk_document_confirmation")),
    sa.UniqueConstraint("step_up_id", name=conv("uq_document_confirmation_step_up_id")),
)

VERIFICATION: tuple[SchemaItem, ...] = (
    sa.Column("declaration_id", sa.BigInteger(), nullable=False),
    sa.Column("visited_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("passed", sa.Boolean(), nullable=False),
    sa.Column("findings", sa.Text(), nullable=False),
    sa.Column("reason", sa.Text(), nullable=True),
    sa.Column("due_on", sa.Date(), nullable=True),
    sa.Column("inspectors_required", sa.SmallInteger(), nullable=False),
    sa.Column("certificates", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    sa.Column("document_sha256", sa.LargeBinary(), nullable=False),
    sa.Column("cycle", sa.BigInteger(), nullable=False),
    sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("registry_now()"), nullable=False),
    sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("note", sa.Text(), nullable=True),
    sa.Column("transition_id", sa.BigInteger(), nullable=True),
    sa.Column("account_id", sa.BigInteger(), nullable=False),
    sa.Column("person_id", sa.BigInteger(), nullable=True),
    sa.Column("appointment_id", sa.BigInteger(), nullable=True),
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("hazard_id", sa.BigInteger(), nullable=False),
    sa.CheckConstraint("inspectors_required >= 2", name=conv("ck_verification_two_or_more_inspectors")),
    sa.CheckConstraint("length(btrim(findings)) BETWEEN 1 AND 4000", name=conv("ck_verification_findings_is_given")),
    sa.CheckConstraint("octet_length(document_sha256) = 32", name=conv("ck_verification_document_sha256_is_sha256")),
    sa.CheckConstraint("passed OR length(btrim(reason)) > 0", name=conv("ck_verification_failure_is_reasoned")),
    sa.ForeignKeyConstraint(
        ["account_id"], ["account.id"], name=conv("fk_verification_account_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["appointment_id"], ["appointment.id"], name=conv("fk_verification_appointment_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["declaration_id"], ["declaration.id"], name=conv("fk_verification_declaration_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(["hazard_id"], ["hazard.id"], name=conv("fk_verification_hazard_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=conv("fk_verification_person_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(
        ["transition_id"], ["hazard_transition.id"], name=conv("fk_verification_transition_id"), ondelete="RESTRICT"
    ),
    sa.PrimaryKeyConstraint("id", name=conv("pk_verification")),
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    create_evidence()
    create_correction()
    create_declaration()
    create_document_evidence()
    create_revisit()
    create_round_request()
    create_document_confirmation()
    create_verification()


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    op.drop_table("verification")
    op.drop_table("document_confirmation")
    op.drop_table("round_request")
    op.drop_table("revisit")
    op.drop_table("document_evidence")
    op.drop_table("declaration")
    op.drop_table("correction")
    op.drop_table("evidence")


def create_evidence() -> None:
    op.create_table("evidence", *EVIDENCE)
    op.create_index(conv("ix_evidence_hazard_id"), "evidence", ["hazard_id"], unique=False)
    op.create_index("uq_evidence_hazard_id_sha256_kind", "evidence", ["hazard_id", "sha256", "kind"], unique=True)


def create_correction() -> None:
    op.create_table("correction", *CORRECTION)
    op.create_index(conv("ix_correction_hazard_id"), "correction", ["hazard_id"], unique=False)


def create_declaration() -> None:
    op.create_table("declaration", *DECLARATION)
    op.create_index(conv("ix_declaration_hazard_id"), "declaration", ["hazard_id"], unique=False)


def create_document_evidence() -> None:
    op.create_table("document_evidence", *DOCUMENT_EVIDENCE)
    op.create_index(conv("ix_document_evidence_hazard_id"), "document_evidence", ["hazard_id"], unique=False)
    op.create_index(
        "uq_document_evidence_document_evidence",
        "document_evidence",
        ["document_kind", "document_id", "evidence_id"],
        unique=True,
    )


def create_revisit() -> None:
    op.create_table("revisit", *REVISIT)
    op.create_index(conv("ix_revisit_hazard_id"), "revisit", ["hazard_id"], unique=False)


def create_round_request() -> None:
    op.create_table("round_request", *ROUND_REQUEST)
    op.create_index(conv("ix_round_request_hazard_id"), "round_request", ["hazard_id"], unique=False)


def create_document_confirmation() -> None:
    op.create_table("document_confirmation", *DOCUMENT_CONFIRMATION)
    op.create_index("ix_document_confirmation_hazard_id", "document_confirmation", ["hazard_id"], unique=False)
    op.create_index(
        "uq_document_confirmation_one_capacity_once",
        "document_confirmation",
        ["document_kind", "document_id", "capacity"],
        unique=True,
        postgresql_where=sa.text("capacity <> 'inspector'"),
    )
    op.create_index(
        "uq_document_confirmation_one_person_once",
        "document_confirmation",
        ["document_kind", "document_id", "person_id"],
        unique=True,
    )


def create_verification() -> None:
    op.create_table("verification", *VERIFICATION)
    op.create_index(conv("ix_verification_hazard_id"), "verification", ["hazard_id"], unique=False)
