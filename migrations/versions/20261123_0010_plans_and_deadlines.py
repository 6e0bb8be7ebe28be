"""Plans, progress, extensions and production measures.

Revision: 0010, after 0009
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import SchemaItem
from sqlalchemy.sql.elements import conv

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


EXTENSION_REQUEST: tuple[SchemaItem, ...] = (
    sa.Column("current_due_on", sa.Date(), nullable=False),
    sa.Column("requested_due_on", sa.Date(), nullable=False),
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
    sa.CheckConstraint("length(btrim(reason)) BETWEEN 1 AND 4000", name=conv("ck_extension_request_reason_is_given")),
    sa.CheckConstraint("requested_due_on > current_due_on", name=conv("ck_extension_request_is_later")),
    sa.ForeignKeyConstraint(
        ["account_id"], ["account.id"], name=conv("fk_extension_request_account_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["appointment_id"], ["appointment.id"], name=conv("fk_extension_request_appointment_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["hazard_id"], ["hazard.id"], name=conv("fk_extension_request_hazard_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["person_id"], ["person.id"], name=conv("fk_extension_request_person_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["transition_id"],
        ["hazard_transition.id"],
        name=conv("fk_extension_request_transition_id"),
        ondelete="RESTRICT",
    ),
    sa.PrimaryKeyConstraint("id", name=conv("pk_extension_request")),
)

PLAN: tuple[SchemaItem, ...] = (
    sa.Column("plan_version", sa.BigInteger(), nullable=False),
    sa.Column("responsibility", sa.Text(), nullable=False),
    sa.Column("measures", sa.Text(), nullable=False),
    sa.Column("funds", sa.Text(), nullable=False),
    sa.Column("time_limit", sa.Text(), nullable=False),
    sa.Column("scheme", sa.Text(), nullable=False),
    sa.Column("emergency_plan", sa.Text(), nullable=False),
    sa.Column("goals_and_tasks", sa.Text(), nullable=False),
    sa.Column("methods_and_measures", sa.Text(), nullable=False),
    sa.Column("funds_and_supplies", sa.Text(), nullable=False),
    sa.Column("organisation_and_staff", sa.Text(), nullable=False),
    sa.Column("schedule_and_requirements", sa.Text(), nullable=False),
    sa.Column("safety_and_emergency", sa.Text(), nullable=False),
    sa.Column("milestones", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
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
        "length(btrim(emergency_plan)) BETWEEN 1 AND 4000", name=conv("ck_plan_emergency_plan_is_given")
    ),
    sa.CheckConstraint("length(btrim(funds)) BETWEEN 1 AND 4000", name=conv("ck_plan_funds_is_given")),
    sa.CheckConstraint(
        "length(btrim(funds_and_supplies)) BETWEEN 1 AND 4000", name=conv("ck_plan_funds_and_supplies_is_given")
    ),
    sa.CheckConstraint(
        "length(btrim(goals_and_tasks)) BETWEEN 1 AND 4000", name=conv("ck_plan_goals_and_tasks_is_given")
    ),
    sa.CheckConstraint("length(btrim(measures)) BETWEEN 1 AND 4000", name=conv("ck_plan_measures_is_given")),
    sa.CheckConstraint(
        "length(btrim(methods_and_measures)) BETWEEN 1 AND 4000", name=conv("ck_plan_methods_and_measures_is_given")
    ),
    sa.CheckConstraint(
        "length(btrim(organisation_and_staff)) BETWEEN 1 AND 4000", name=conv("ck_plan_organisation_and_staff_is_given")
    ),
    sa.CheckConstraint(
        "length(btrim(responsibility)) BETWEEN 1 AND 4000", name=conv("ck_plan_responsibility_is_given")
    ),
    sa.CheckConstraint(
        "length(btrim(safety_and_emergency)) BETWEEN 1 AND 4000", name=conv("ck_plan_safety_and_emergency_is_given")
    ),
    sa.CheckConstraint(
        "length(btrim(schedule_and_requirements)) BETWEEN 1 AND 4000",
        name=conv("ck_plan_schedule_and_requirements_is_given"),
    ),
    sa.CheckConstraint("length(btrim(scheme)) BETWEEN 1 AND 4000", name=conv("ck_plan_scheme_is_given")),
    sa.CheckConstraint("length(btrim(time_limit)) BETWEEN 1 AND 4000", name=conv("ck_plan_time_limit_is_given")),
    sa.CheckConstraint("octet_length(document_sha256) = 32", name=conv("ck_plan_document_sha256_is_sha256")),
    sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=conv("fk_plan_account_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(
        ["appointment_id"], ["appointment.id"], name=conv("fk_plan_appointment_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(["hazard_id"], ["hazard.id"], name=conv("fk_plan_hazard_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=conv("fk_plan_person_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(
        ["transition_id"], ["hazard_transition.id"], name=conv("fk_plan_transition_id"), ondelete="RESTRICT"
    ),
    sa.PrimaryKeyConstraint("id", name=conv("pk_plan")),
)

PRODUCTION_MEASURE: tuple[SchemaItem, ...] = (
    sa.Column("kind", sa.Text(), nullable=False),
    sa.Column("order_number", sa.Text(), nullable=False),
    sa.Column("scope", sa.Text(), nullable=False),
    sa.Column("from_on", sa.Date(), nullable=False),
    sa.Column("until_on", sa.Date(), nullable=True),
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
        "kind IN ('evacuation', 'partial_stop', 'full_stop')", name=conv("ck_production_measure_kind_is_known")
    ),
    sa.CheckConstraint(
        "length(btrim(order_number)) BETWEEN 1 AND 100", name=conv("ck_production_measure_order_number_is_given")
    ),
    sa.CheckConstraint("length(btrim(scope)) BETWEEN 1 AND 4000", name=conv("ck_production_measure_scope_is_given")),
    sa.ForeignKeyConstraint(
        ["account_id"], ["account.id"], name=conv("fk_production_measure_account_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["appointment_id"], ["appointment.id"], name=conv("fk_production_measure_appointment_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["hazard_id"], ["hazard.id"], name=conv("fk_production_measure_hazard_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["person_id"], ["person.id"], name=conv("fk_production_measure_person_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["transition_id"],
        ["hazard_transition.id"],
        name=conv("fk_production_measure_transition_id"),
        ondelete="RESTRICT",
    ),
    sa.PrimaryKeyConstraint("id", name=conv("pk_production_measure")),
)

PROGRESS: tuple[SchemaItem, ...] = (
    sa.Column("description", sa.Text(), nullable=False),
    sa.Column("percent", sa.SmallInteger(), nullable=True),
    sa.Column("milestone", sa.Text(), nullable=True),
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
    sa.CheckConstraint("length(btrim(description)) BETWEEN 1 AND 4000", name=conv("ck_progress_description_is_given")),
    sa.CheckConstraint("percent BETWEEN 0 AND 100", name=conv("ck_progress_percent_is_share")),
    sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=conv("fk_progress_account_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(
        ["appointment_id"], ["appointment.id"], name=conv("fk_progress_appointment_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(["hazard_id"], ["hazard.id"], name=conv("fk_progress_hazard_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=conv("fk_progress_person_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(
        ["transition_id"], ["hazard_transition.id"], name=conv("fk_progress_transition_id"), ondelete="RESTRICT"
    ),
    sa.PrimaryKeyConstraint("id", name=conv("pk_progress")),
)

EXTENSION_DECISION: tuple[SchemaItem, ...] = (
    sa.Column("extension_request_id", sa.BigInteger(), nullable=False),
    sa.Column("granted", sa.Boolean(), nullable=False),
    sa.Column("granted_due_on", sa.Date(), nullable=True),
    sa.Column("reason", sa.Text(), nullable=True),
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
    sa.CheckConstraint("granted = (granted_due_on IS NOT NULL)", name=conv("ck_extension_decision_granted_names_date")),
    sa.CheckConstraint("granted OR length(btrim(reason)) > 0", name=conv("ck_extension_decision_refusal_is_reasoned")),
    sa.ForeignKeyConstraint(
        ["account_id"], ["account.id"], name=conv("fk_extension_decision_account_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["appointment_id"], ["appointment.id"], name=conv("fk_extension_decision_appointment_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["extension_request_id"],
        ["extension_request.id"],
        name=conv("fk_extension_decision_extension_request_id"),
        ondelete="RESTRICT",
    ),
    sa.ForeignKeyConstraint(
        ["hazard_id"], ["hazard.id"], name=conv("fk_extension_decision_hazard_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["person_id"], ["person.id"], name=conv("fk_extension_decision_person_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["transition_id"],
        ["hazard_transition.id"],
        name=conv("fk_extension_decision_transition_id"),
        ondelete="RESTRICT",
    ),
    sa.PrimaryKeyConstraint("id", name=conv("pk_extension_decision")),
)

PLAN_DECISION: tuple[SchemaItem, ...] = (
    sa.Column("plan_id", sa.BigInteger(), nullable=False),
    sa.Column("approved", sa.Boolean(), nullable=False),
    sa.Column("reason", sa.Text(), nullable=True),
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
    sa.CheckConstraint("approved OR length(btrim(reason)) > 0", name=conv("ck_plan_decision_return_is_reasoned")),
    sa.ForeignKeyConstraint(
        ["account_id"], ["account.id"], name=conv("fk_plan_decision_account_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["appointment_id"], ["appointment.id"], name=conv("fk_plan_decision_appointment_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(["hazard_id"], ["hazard.id"], name=conv("fk_plan_decision_hazard_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=conv("fk_plan_decision_person_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=conv("fk_plan_decision_plan_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(
        ["transition_id"], ["hazard_transition.id"], name=conv("fk_plan_decision_transition_id"), ondelete="RESTRICT"
    ),
    sa.PrimaryKeyConstraint("id", name=conv("pk_plan_decision")),
)

PRODUCTION_MEASURE_LIFT: tuple[SchemaItem, ...] = (
    sa.Column("production_measure_id", sa.BigInteger(), nullable=False),
    sa.Column("order_number", sa.Text(), nullable=False),
    sa.Column("lifted_on", sa.Date(), nullable=False),
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
        "length(btrim(order_number)) BETWEEN 1 AND 100", name=conv("ck_production_measure_lift_order_number_is_given")
    ),
    sa.ForeignKeyConstraint(
        ["account_id"], ["account.id"], name=conv("fk_production_measure_lift_account_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["appointment_id"],
        ["appointment.id"],
        name=conv("fk_production_measure_lift_appointment_id"),
        ondelete="RESTRICT",
    ),
    sa.ForeignKeyConstraint(
        ["hazard_id"], ["hazard.id"], name=conv("fk_production_measure_lift_hazard_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["person_id"], ["person.id"], name=conv("fk_production_measure_lift_person_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["production_measure_id"],
        ["production_measure.id"],
        name=conv("fk_production_measure_lift_production_measure_id"),
        ondelete="RESTRICT",
    ),
    sa.ForeignKeyConstraint(
        ["transition_id"],
        ["hazard_transition.id"],
        name=conv("fk_production_measure_lift_transition_id"),
        ondelete="RESTRICT",
    ),
    sa.PrimaryKeyConstraint("id", name=conv("pk_production_measure_lift")),
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    create_extension_request()
    create_plan()
    create_production_measure()
    create_progress()
    create_extension_decision()
    create_plan_decision()
    create_production_measure_lift()


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    op.drop_table("production_measure_lift")
    op.drop_table("plan_decision")
    op.drop_table("extension_decision")
    op.drop_table("progress")
    op.drop_table("production_measure")
    op.drop_table("plan")
    op.drop_table("extension_request")


def create_extension_request() -> None:
    op.create_table("extension_request", *EXTENSION_REQUEST)
    op.create_index(conv("ix_extension_request_hazard_id"), "extension_request", ["hazard_id"], unique=False)


def create_plan() -> None:
    op.create_table("plan", *PLAN)
    op.create_index(conv("ix_plan_hazard_id"), "plan", ["hazard_id"], unique=False)
    op.create_index("uq_plan_hazard_id_plan_version", "plan", ["hazard_id", "plan_version"], unique=True)


def create_production_measure() -> None:
    op.create_table("production_measure", *PRODUCTION_MEASURE)
    op.create_index(conv("ix_production_measure_hazard_id"), "production_measure", ["hazard_id"], unique=False)


def create_progress() -> None:
    op.create_table("progress", *PROGRESS)
    op.create_index(conv("ix_progress_hazard_id"), "progress", ["hazard_id"], unique=False)


def create_extension_decision() -> None:
    op.create_table("extension_decision", *EXTENSION_DECISION)
    op.create_index(conv("ix_extension_decision_hazard_id"), "extension_decision", ["hazard_id"], unique=False)
    op.create_index(
        "uq_extension_decision_extension_request_id", "extension_decision", ["extension_request_id"], unique=True
    )


def create_plan_decision() -> None:
    op.create_table("plan_decision", *PLAN_DECISION)
    op.create_index(conv("ix_plan_decision_hazard_id"), "plan_decision", ["hazard_id"], unique=False)
    op.create_index("uq_plan_decision_plan_id_approved", "plan_decision", ["plan_id", "approved"], unique=True)


def create_production_measure_lift() -> None:
    op.create_table("production_measure_lift", *PRODUCTION_MEASURE_LIFT)
    op.create_index(
        conv("ix_production_measure_lift_hazard_id"), "production_measure_lift", ["hazard_id"], unique=False
    )
    op.create_index(
        "uq_production_measure_lift_production_measure_id",
        "production_measure_lift",
        ["production_measure_id"],
        unique=True,
    )
