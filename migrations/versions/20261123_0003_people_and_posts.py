"""Persons, their accounts, posts, appointments, sessions and step-ups.

Revision: 0003, after 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import SchemaItem
from sqlalchemy.sql.elements import conv

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


PERSON: tuple[SchemaItem, ...] = (
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("identity_digest", sa.LargeBinary(), nullable=True),
    sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("registry_now()"), nullable=False),
    sa.CheckConstraint("octet_length(identity_digest) = 32", name=conv("ck_person_identity_digest_is_sha256")),
    sa.PrimaryKeyConstraint("id", name=conv("pk_person")),
    sa.UniqueConstraint("identity_digest", name=conv("uq_person_identity_digest")),
)

PERSON_DETAIL: tuple[SchemaItem, ...] = (
    sa.Column("person_id", sa.BigInteger(), nullable=False),
    sa.Column("name", sa.Text(), nullable=True),
    sa.Column("phone", sa.Text(), nullable=True),
    sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=conv("fk_person_detail_person_id"), ondelete="RESTRICT"),
    sa.PrimaryKeyConstraint("person_id", name=conv("pk_person_detail")),
)

ACCOUNT: tuple[SchemaItem, ...] = (
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("login_name", sa.Text(), nullable=False),
    sa.Column("is_service", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    sa.Column("person_id", sa.BigInteger(), nullable=True),
    sa.Column("organisation_id", sa.BigInteger(), nullable=True),
    sa.Column("password_hash", sa.Text(), nullable=True),
    sa.Column("failed_sign_ins", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
    sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
    sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("registry_now()"), nullable=False),
    sa.CheckConstraint(
        "NOT is_service OR organisation_id IS NOT NULL", name=conv("ck_account_service_has_organisation")
    ),
    sa.CheckConstraint("NOT is_service OR password_hash IS NULL", name=conv("ck_account_service_has_no_password")),
    sa.CheckConstraint("is_service = (person_id IS NULL)", name=conv("ck_account_service_has_no_person")),
    sa.CheckConstraint("length(btrim(login_name)) BETWEEN 1 AND 64", name=conv("ck_account_login_name_is_given")),
    sa.ForeignKeyConstraint(
        ["organisation_id"], ["organisation.id"], name=conv("fk_account_organisation_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=conv("fk_account_person_id"), ondelete="RESTRICT"),
    sa.PrimaryKeyConstraint("id", name=conv("pk_account")),
    sa.UniqueConstraint("login_name", name=conv("uq_account_login_name")),
)

POST: tuple[SchemaItem, ...] = (
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("organisation_id", sa.BigInteger(), nullable=False),
    sa.Column("kind", sa.Text(), nullable=False),
    sa.Column("title", sa.Text(), nullable=False),
    sa.CheckConstraint(
        "kind IN ('enterprise_safety_officer', 'enterprise_safety_head', 'enterprise_principal', "
        "'enterprise_controller', 'inspector', 'section_head', 'deputy_head', 'principal_head', "
        "'office_clerk', 'office_head', 'government_head', 'tip_officer', 'registrar', "
        "'system_administrator', 'security_administrator', 'audit_administrator', 'auditor')",
        name=conv("ck_post_kind_is_known"),
    ),
    sa.CheckConstraint("length(btrim(title)) BETWEEN 1 AND 100", name=conv("ck_post_title_is_given")),
    sa.ForeignKeyConstraint(
        ["organisation_id"], ["organisation.id"], name=conv("fk_post_organisation_id"), ondelete="RESTRICT"
    ),
    sa.PrimaryKeyConstraint("id", name=conv("pk_post")),
)

APPOINTMENT: tuple[SchemaItem, ...] = (
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("person_id", sa.BigInteger(), nullable=False),
    sa.Column("post_id", sa.BigInteger(), nullable=False),
    sa.Column("acting_for_appointment_id", sa.BigInteger(), nullable=True),
    sa.Column("authority", sa.Text(), nullable=True),
    sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
    sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
    sa.Column("proposed_by_account_id", sa.BigInteger(), nullable=False),
    sa.Column("proposed_at", sa.DateTime(timezone=True), server_default=sa.text("registry_now()"), nullable=False),
    sa.Column("confirmed_by_account_id", sa.BigInteger(), nullable=True),
    sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("end_reason", sa.Text(), nullable=True),
    postgresql.ExcludeConstraint(
        (sa.text("int8range(post_id, post_id, '[]')"), "&&"),
        (sa.text("tstzrange(valid_from, valid_until)"), "&&"),
        where=sa.text("confirmed_at IS NOT NULL"),
        using="gist",
        name="ex_appointment_one_holder_at_a_time",
    ),
    sa.CheckConstraint(
        "(confirmed_at IS NULL) = (confirmed_by_account_id IS NULL)", name=conv("ck_appointment_confirmation_is_whole")
    ),
    sa.CheckConstraint(
        "acting_for_appointment_id IS NULL OR valid_until IS NOT NULL", name=conv("ck_appointment_acting_has_an_end")
    ),
    sa.CheckConstraint(
        "confirmed_at IS NULL OR valid_from >= confirmed_at", name=conv("ck_appointment_never_back_dated")
    ),
    sa.CheckConstraint(
        "confirmed_by_account_id <> proposed_by_account_id", name=conv("ck_appointment_confirmed_by_another")
    ),
    sa.CheckConstraint("valid_until > valid_from", name=conv("ck_appointment_period_is_forward")),
    sa.ForeignKeyConstraint(
        ["acting_for_appointment_id"],
        ["appointment.id"],
        name=conv("fk_appointment_acting_for_appointment_id"),
        ondelete="RESTRICT",
    ),
    sa.ForeignKeyConstraint(
        ["confirmed_by_account_id"],
        ["account.id"],
        name=conv("fk_appointment_confirmed_by_account_id"),
        ondelete="RESTRICT",
    ),
    sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=conv("fk_appointment_person_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=conv("fk_appointment_post_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(
        ["proposed_by_account_id"],
        ["account.id"],
        name=conv("fk_appointment_proposed_by_account_id"),
        ondelete="RESTRICT",
    ),
    sa.PrimaryKeyConstraint("id", name=conv("pk_appointment")),
)

PERSON_DISABLEMENT: tuple[SchemaItem, ...] = (
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("person_id", sa.BigInteger(), nullable=False),
    sa.Column("for_cause", sa.Boolean(), nullable=False),
    sa.Column("reason", sa.Text(), nullable=False),
    sa.Column("account_id", sa.BigInteger(), nullable=False),
    sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("registry_now()"), nullable=False),
    sa.CheckConstraint("length(btrim(reason)) BETWEEN 1 AND 4000", name=conv("ck_person_disablement_reason_is_given")),
    sa.ForeignKeyConstraint(
        ["account_id"], ["account.id"], name=conv("fk_person_disablement_account_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["person_id"], ["person.id"], name=conv("fk_person_disablement_person_id"), ondelete="RESTRICT"
    ),
    sa.PrimaryKeyConstraint("id", name=conv("pk_person_disablement")),
)

SERVICE_KEY: tuple[SchemaItem, ...] = (
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("account_id", sa.BigInteger(), nullable=False),
    sa.Column("label", sa.Text(), nullable=False),
    sa.Column("key_sha256", sa.LargeBinary(), nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("registry_now()"), nullable=False),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("octet_length(key_sha256) = 32", name=conv("ck_service_key_key_sha256_is_sha256")),
    sa.ForeignKeyConstraint(
        ["account_id"], ["account.id"], name=conv("fk_service_key_account_id"), ondelete="RESTRICT"
    ),
    sa.PrimaryKeyConstraint("id", name=conv("pk_service_key")),
    sa.UniqueConstraint("key_sha256", name=conv("uq_service_key_key_sha256")),
)

SESSION: tuple[SchemaItem, ...] = (
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
    sa.Column("account_id", sa.BigInteger(), nullable=False),
    sa.Column("appointment_id", sa.BigInteger(), nullable=True),
    sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("registry_now()"), nullable=False),
    sa.Column("last_seen_at", sa.DateTime(timezone=True), server_default=sa.text("registry_now()"), nullable=False),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("octet_length(token_sha256) = 32", name=conv("ck_session_token_sha256_is_sha256")),
    sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=conv("fk_session_account_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(
        ["appointment_id"], ["appointment.id"], name=conv("fk_session_appointment_id"), ondelete="RESTRICT"
    ),
    sa.PrimaryKeyConstraint("id", name=conv("pk_session")),
    sa.UniqueConstraint("token_sha256", name=conv("uq_session_token_sha256")),
)

STEP_UP: tuple[SchemaItem, ...] = (
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("account_id", sa.BigInteger(), nullable=False),
    sa.Column("session_id", sa.BigInteger(), nullable=False),
    sa.Column("content_sha256", sa.LargeBinary(), nullable=False),
    sa.Column("level", sa.SmallInteger(), nullable=True),
    sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("registry_now()"), nullable=False),
    sa.CheckConstraint("octet_length(content_sha256) = 32", name=conv("ck_step_up_content_sha256_is_sha256")),
    sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=conv("fk_step_up_account_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(["session_id"], ["session.id"], name=conv("fk_step_up_session_id"), ondelete="RESTRICT"),
    sa.PrimaryKeyConstraint("id", name=conv("pk_step_up")),
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    create_person()
    create_person_detail()
    create_account()
    create_post()
    create_appointment()
    create_person_disablement()
    create_service_key()
    create_session()
    create_step_up()


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    op.drop_table("step_up")
    op.drop_table("session")
    op.drop_table("service_key")
    op.drop_table("person_disablement")
    op.drop_table("appointment")
    op.drop_table("post")
    op.drop_table("account")
    op.drop_table("person_detail")
    op.drop_table("person")


def create_person() -> None:
    op.create_table("person", *PERSON)


def create_person_detail() -> None:
    op.create_table("person_detail", *PERSON_DETAIL)


def create_account() -> None:
    op.create_table("account", *ACCOUNT)
    op.create_index(conv("ix_account_person_id"), "account", ["person_id"], unique=False)


def create_post() -> None:
    op.create_table("post", *POST)
    op.create_index("ix_post_organisation_id_kind", "post", ["organisation_id", "kind"], unique=False)
    op.create_index("uq_post_organisation_id_title", "post", ["organisation_id", "title"], unique=True)


def create_appointment() -> None:
    op.create_table("appointment", *APPOINTMENT)
    op.create_index(conv("ix_appointment_person_id"), "appointment", ["person_id"], unique=False)
    op.create_index(conv("ix_appointment_post_id"), "appointment", ["post_id"], unique=False)


def create_person_disablement() -> None:
    op.create_table("person_disablement", *PERSON_DISABLEMENT)
    op.create_index(conv("ix_person_disablement_person_id"), "person_disablement", ["person_id"], unique=False)


def create_service_key() -> None:
    op.create_table("service_key", *SERVICE_KEY)
    op.create_index(conv("ix_service_key_account_id"), "service_key", ["account_id"], unique=False)


def create_session() -> None:
    op.create_table("session", *SESSION)
    op.create_index(conv("ix_session_account_id"), "session", ["account_id"], unique=False)


def create_step_up() -> None:
    op.create_table("step_up", *STEP_UP)
    op.create_index("ix_step_up_account_id", "step_up", ["account_id"], unique=False)
