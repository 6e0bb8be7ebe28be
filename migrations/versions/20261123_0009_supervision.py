"""Determinations, listings, transfers and what else the supervising side decides.

Revision: 0009, after 0008
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import SchemaItem
from sqlalchemy.sql.elements import conv

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


DELISTING: tuple[SchemaItem, ...] = (
    sa.Column("notice_number", sa.Text(), nullable=False),
    sa.Column("medium", sa.Text(), nullable=False),
    sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
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
    sa.CheckConstraint("length(btrim(medium)) BETWEEN 1 AND 200", name=conv("ck_delisting_medium_is_given")),
    sa.CheckConstraint(
        "length(btrim(notice_number)) BETWEEN 1 AND 100", name=conv("ck_delisting_notice_number_is_given")
    ),
    sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=conv("fk_delisting_account_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(
        ["appointment_id"], ["appointment.id"], name=conv("fk_delisting_appointment_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(["hazard_id"], ["hazard.id"], name=conv("fk_delisting_hazard_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=conv("fk_delisting_person_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(
        ["transition_id"], ["hazard_transition.id"], name=conv("fk_delisting_transition_id"), ondelete="RESTRICT"
    ),
    sa.PrimaryKeyConstraint("id", name=conv("pk_delisting")),
)

DETERMINATION: tuple[SchemaItem, ...] = (
    sa.Column("criterion_id", sa.BigInteger(), nullable=True),
    sa.Column("cited_text", sa.Text(), nullable=True),
    sa.Column("is_comprehensive", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    sa.Column("reasoning", sa.Text(), nullable=True),
    sa.Column("determined_level", sa.Text(), nullable=False),
    sa.Column("lead_organisation_id", sa.BigInteger(), nullable=False),
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
        "NOT is_comprehensive OR length(btrim(reasoning)) > 0", name=conv("ck_determination_comprehensive_is_reasoned")
    ),
    sa.CheckConstraint(
        "num_nonnulls(criterion_id, cited_text, reasoning) >= 1", name=conv("ck_determination_has_a_basis")
    ),
    sa.ForeignKeyConstraint(
        ["account_id"], ["account.id"], name=conv("fk_determination_account_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["appointment_id"], ["appointment.id"], name=conv("fk_determination_appointment_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["criterion_id"], ["criterion.id"], name=conv("fk_determination_criterion_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(["hazard_id"], ["hazard.id"], name=conv("fk_determination_hazard_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(
        ["lead_organisation_id"],
        ["organisation.id"],
        name=conv("fk_determination_lead_organisation_id"),
        ondelete="RESTRICT",
    ),
    sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=conv("fk_determination_person_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(
        ["transition_id"], ["hazard_transition.id"], name=conv("fk_determination_transition_id"), ondelete="RESTRICT"
    ),
    sa.PrimaryKeyConstraint("id", name=conv("pk_determination")),
)

LISTING: tuple[SchemaItem, ...] = (
    sa.Column("supervision_tier", sa.SmallInteger(), nullable=False),
    sa.Column("listing_office_id", sa.BigInteger(), nullable=False),
    sa.Column("lead_organisation_id", sa.BigInteger(), nullable=False),
    sa.Column("ledger_number", sa.Text(), nullable=False),
    sa.Column("due_on", sa.Date(), nullable=True),
    sa.Column("due_explained", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column("requirements", sa.Text(), nullable=True),
    sa.Column("notice_number", sa.Text(), nullable=True),
    sa.Column("release_conditions", sa.Text(), nullable=True),
    sa.Column("report_frequency", sa.Text(), nullable=True),
    sa.Column("fixed_on_the_spot", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    sa.Column("edition_id", sa.BigInteger(), nullable=False),
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
    sa.CheckConstraint("fixed_on_the_spot OR due_on IS NOT NULL", name=conv("ck_listing_deadline_is_given")),
    sa.CheckConstraint("fixed_on_the_spot OR requirements IS NOT NULL", name=conv("ck_listing_requirements_are_given")),
    sa.CheckConstraint("supervision_tier BETWEEN 1 AND 5", name=conv("ck_listing_supervision_tier_is_known")),
    sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=conv("fk_listing_account_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(
        ["appointment_id"], ["appointment.id"], name=conv("fk_listing_appointment_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=conv("fk_listing_edition_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(["hazard_id"], ["hazard.id"], name=conv("fk_listing_hazard_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(
        ["lead_organisation_id"], ["organisation.id"], name=conv("fk_listing_lead_organisation_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["listing_office_id"], ["organisation.id"], name=conv("fk_listing_listing_office_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=conv("fk_listing_person_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(
        ["transition_id"], ["hazard_transition.id"], name=conv("fk_listing_transition_id"), ondelete="RESTRICT"
    ),
    sa.PrimaryKeyConstraint("id", name=conv("pk_listing")),
)

SUPERVISION_CHANGE: tuple[SchemaItem, ...] = (
    sa.Column("from_tier", sa.SmallInteger(), nullable=False),
    sa.Column("to_tier", sa.SmallInteger(), nullable=False),
    sa.Column("listing_office_id", sa.BigInteger(), nullable=False),
    sa.Column("due_on", sa.Date(), nullable=True),
    sa.Column("notice_number", sa.Text(), nullable=True),
    sa.Column("reason", sa.Text(), nullable=False),
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
    sa.CheckConstraint("from_tier <> to_tier", name=conv("ck_supervision_change_tier_changes")),
    sa.CheckConstraint("length(btrim(reason)) BETWEEN 1 AND 4000", name=conv("ck_supervision_change_reason_is_given")),
    sa.ForeignKeyConstraint(
        ["account_id"], ["account.id"], name=conv("fk_supervision_change_account_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["appointment_id"], ["appointment.id"], name=conv("fk_supervision_change_appointment_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["hazard_id"], ["hazard.id"], name=conv("fk_supervision_change_hazard_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["listing_office_id"],
        ["organisation.id"],
        name=conv("fk_supervision_change_listing_office_id"),
        ondelete="RESTRICT",
    ),
    sa.ForeignKeyConstraint(
        ["person_id"], ["person.id"], name=conv("fk_supervision_change_person_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["transition_id"],
        ["hazard_transition.id"],
        name=conv("fk_supervision_change_transition_id"),
        ondelete="RESTRICT",
    ),
    sa.PrimaryKeyConstraint("id", name=conv("pk_supervision_change")),
)

TRANSFER: tuple[SchemaItem, ...] = (
    sa.Column("from_organisation_id", sa.BigInteger(), nullable=False),
    sa.Column("to_organisation_id", sa.BigInteger(), nullable=False),
    sa.Column("decided_by_office", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    sa.Column("reason", sa.Text(), nullable=False),
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
    sa.CheckConstraint("from_organisation_id <> to_organisation_id", name=conv("ck_transfer_goes_elsewhere")),
    sa.CheckConstraint("length(btrim(reason)) BETWEEN 1 AND 4000", name=conv("ck_transfer_reason_is_given")),
    sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=conv("fk_transfer_account_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(
        ["appointment_id"], ["appointment.id"], name=conv("fk_transfer_appointment_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["from_organisation_id"],
        ["organisation.id"],
        name=conv("fk_transfer_from_organisation_id"),
        ondelete="RESTRICT",
    ),
    sa.ForeignKeyConstraint(["hazard_id"], ["hazard.id"], name=conv("fk_transfer_hazard_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=conv("fk_transfer_person_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(
        ["to_organisation_id"], ["organisation.id"], name=conv("fk_transfer_to_organisation_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["transition_id"], ["hazard_transition.id"], name=conv("fk_transfer_transition_id"), ondelete="RESTRICT"
    ),
    sa.PrimaryKeyConstraint("id", name=conv("pk_transfer")),
)

TRANSFER_REFUSAL: tuple[SchemaItem, ...] = (
    sa.Column("transfer_id", sa.BigInteger(), nullable=False),
    sa.Column("reason", sa.Text(), nullable=False),
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
    sa.CheckConstraint("length(btrim(reason)) BETWEEN 1 AND 4000", name=conv("ck_transfer_refusal_reason_is_given")),
    sa.ForeignKeyConstraint(
        ["account_id"], ["account.id"], name=conv("fk_transfer_refusal_account_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["appointment_id"], ["appointment.id"], name=conv("fk_transfer_refusal_appointment_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["hazard_id"], ["hazard.id"], name=conv("fk_transfer_refusal_hazard_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["person_id"], ["person.id"], name=conv("fk_transfer_refusal_person_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["transfer_id"], ["transfer.id"], name=conv("fk_transfer_refusal_transfer_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["transition_id"], ["hazard_transition.id"], name=conv("fk_transfer_refusal_transition_id"), ondelete="RESTRICT"
    ),
    sa.PrimaryKeyConstraint("id", name=conv("pk_transfer_refusal")),
)

DISMISSAL: tuple[SchemaItem, ...] = (
    sa.Column("reason", sa.Text(), nullable=False),
    sa.Column("explanation", sa.Text(), nullable=False),
    sa.Column("duplicate_of_id", sa.BigInteger(), nullable=True),
    sa.Column("round_id", sa.BigInteger(), nullable=True),
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
        "(reason = 'duplicate') = (duplicate_of_id IS NOT NULL)", name=conv("ck_dismissal_duplicate_names_survivor")
    ),
    sa.CheckConstraint(
        "reason IN ('unsubstantiated', 'duplicate', 'not_major', 'regraded')", name=conv("ck_dismissal_reason_is_known")
    ),
    sa.CheckConstraint("duplicate_of_id <> hazard_id", name=conv("ck_dismissal_not_duplicate_of_itself")),
    sa.CheckConstraint("length(btrim(explanation)) BETWEEN 1 AND 4000", name=conv("ck_dismissal_explanation_is_given")),
    sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=conv("fk_dismissal_account_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(
        ["appointment_id"], ["appointment.id"], name=conv("fk_dismissal_appointment_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["duplicate_of_id"], ["hazard.id"], name=conv("fk_dismissal_duplicate_of_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(["hazard_id"], ["hazard.id"], name=conv("fk_dismissal_hazard_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=conv("fk_dismissal_person_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(
        ["round_id"], ["signing_round.id"], name=conv("fk_dismissal_round_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["transition_id"], ["hazard_transition.id"], name=conv("fk_dismissal_transition_id"), ondelete="RESTRICT"
    ),
    sa.PrimaryKeyConstraint("id", name=conv("pk_dismissal")),
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    create_delisting()
    create_determination()
    create_listing()
    create_supervision_change()
    create_transfer()
    create_transfer_refusal()
    create_dismissal()


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    op.drop_table("dismissal")
    op.drop_table("transfer_refusal")
    op.drop_table("transfer")
    op.drop_table("supervision_change")
    op.drop_table("listing")
    op.drop_table("determination")
    op.drop_table("delisting")


def create_delisting() -> None:
    op.create_table("delisting", *DELISTING)
    op.create_index(conv("ix_delisting_hazard_id"), "delisting", ["hazard_id"], unique=False)


def create_determination() -> None:
    op.create_table("determination", *DETERMINATION)
    op.create_index(conv("ix_determination_hazard_id"), "determination", ["hazard_id"], unique=False)


def create_listing() -> None:
    op.create_table("listing", *LISTING)
    op.create_index(conv("ix_listing_hazard_id"), "listing", ["hazard_id"], unique=False)
    op.create_index("ix_listing_listing_office_id", "listing", ["listing_office_id"], unique=False)


def create_supervision_change() -> None:
    op.create_table("supervision_change", *SUPERVISION_CHANGE)
    op.create_index(conv("ix_supervision_change_hazard_id"), "supervision_change", ["hazard_id"], unique=False)


def create_transfer() -> None:
    op.create_table("transfer", *TRANSFER)
    op.create_index(conv("ix_transfer_hazard_id"), "transfer", ["hazard_id"], unique=False)


def create_transfer_refusal() -> None:
    op.create_table("transfer_refusal", *TRANSFER_REFUSAL)
    op.create_index(conv("ix_transfer_refusal_hazard_id"), "transfer_refusal", ["hazard_id"], unique=False)
    op.create_index("uq_transfer_refusal_transfer_id", "transfer_refusal", ["transfer_id"], unique=True)


def create_dismissal() -> None:
    op.create_table("dismissal", *DISMISSAL)
    op.create_index(conv("ix_dismissal_hazard_id"), "dismissal", ["hazard_id"], unique=False)
