"""Editions and their chains, criteria, the calendar, settings, answered requests.

Revision: 0004, after 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import SchemaItem
from sqlalchemy.sql.elements import conv

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


CALENDAR_YEAR: tuple[SchemaItem, ...] = (
    sa.Column("year", sa.SmallInteger(), autoincrement=False, nullable=False),
    sa.Column("source", sa.Text(), nullable=False),
    sa.Column("loaded_at", sa.DateTime(timezone=True), server_default=sa.text("registry_now()"), nullable=False),
    sa.PrimaryKeyConstraint("year", name=conv("pk_calendar_year")),
)

CRITERION: tuple[SchemaItem, ...] = (
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("sector", sa.Text(), nullable=False),
    sa.Column("document", sa.Text(), nullable=False),
    sa.Column("document_number", sa.Text(), nullable=True),
    sa.Column("clause", sa.Text(), nullable=False),
    sa.Column("label", sa.Text(), nullable=False),
    sa.Column("judgement", sa.Text(), server_default=sa.text("'direct'"), nullable=False),
    sa.Column("effective_from", sa.Date(), nullable=False),
    sa.Column("effective_until", sa.Date(), nullable=True),
    sa.Column("checked_on", sa.Date(), nullable=True),
    sa.Column("official_text", sa.Text(), nullable=True),
    sa.CheckConstraint("effective_until > effective_from", name=conv("ck_criterion_period_is_forward")),
    sa.CheckConstraint("length(btrim(label)) BETWEEN 1 AND 200", name=conv("ck_criterion_label_is_given")),
    sa.PrimaryKeyConstraint("id", name=conv("pk_criterion")),
)

EDITION: tuple[SchemaItem, ...] = (
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("name", sa.Text(), nullable=False),
    sa.Column("in_force_from", sa.Date(), nullable=False),
    sa.Column("content", sa.Text(), nullable=False),
    sa.Column("content_sha256", sa.LargeBinary(), nullable=False),
    sa.Column("step_up_minutes", sa.SmallInteger(), nullable=False),
    sa.Column("legacy_import_days", sa.SmallInteger(), nullable=False),
    sa.Column("loaded_at", sa.DateTime(timezone=True), server_default=sa.text("registry_now()"), nullable=False),
    sa.CheckConstraint("octet_length(content_sha256) = 32", name=conv("ck_edition_content_sha256_is_sha256")),
    sa.PrimaryKeyConstraint("id", name=conv("pk_edition")),
    sa.UniqueConstraint("content_sha256", name=conv("uq_edition_content_sha256")),
)

CALENDAR_DAY: tuple[SchemaItem, ...] = (
    sa.Column("day", sa.Date(), nullable=False),
    sa.Column("year", sa.SmallInteger(), nullable=False),
    sa.Column("is_working_day", sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(["year"], ["calendar_year.year"], name=conv("fk_calendar_day_year"), ondelete="RESTRICT"),
    sa.PrimaryKeyConstraint("day", name=conv("pk_calendar_day")),
)

EDITION_CHAIN: tuple[SchemaItem, ...] = (
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("edition_id", sa.BigInteger(), nullable=False),
    sa.Column("key", sa.Text(), nullable=False),
    sa.Column("name", sa.Text(), nullable=False),
    sa.Column("basis", sa.Text(), nullable=False),
    sa.Column("precedence", sa.SmallInteger(), nullable=False),
    sa.Column("hazard_level", sa.Text(), nullable=True),
    sa.Column("sectors", sa.ARRAY(sa.Text()), nullable=True),
    sa.Column("full_stop", sa.Boolean(), nullable=True),
    sa.Column("supervision_tiers", sa.ARRAY(sa.BigInteger()), nullable=True),
    sa.Column("purposes", sa.ARRAY(sa.Text()), nullable=True),
    sa.CheckConstraint("hazard_level IN ('major', 'key')", name=conv("ck_edition_chain_hazard_level_is_known")),
    sa.ForeignKeyConstraint(
        ["edition_id"], ["edition.id"], name=conv("fk_edition_chain_edition_id"), ondelete="RESTRICT"
    ),
    sa.PrimaryKeyConstraint("id", name=conv("pk_edition_chain")),
)

REGISTRY_SETTING: tuple[SchemaItem, ...] = (
    sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
    sa.Column("go_live_on", sa.Date(), nullable=False),
    sa.Column("area_id", sa.BigInteger(), nullable=False),
    sa.Column("first_edition_id", sa.BigInteger(), nullable=False),
    sa.Column("is_demo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    sa.Column("initialised_at", sa.DateTime(timezone=True), server_default=sa.text("registry_now()"), nullable=False),
    sa.CheckConstraint("id = 1", name=conv("ck_registry_setting_only_one")),
    sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=conv("fk_registry_setting_area_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(
        ["first_edition_id"], ["edition.id"], name=conv("fk_registry_setting_first_edition_id"), ondelete="RESTRICT"
    ),
    sa.PrimaryKeyConstraint("id", name=conv("pk_registry_setting")),
)

EDITION_CHAIN_LEVEL: tuple[SchemaItem, ...] = (
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("edition_chain_id", sa.BigInteger(), nullable=False),
    sa.Column("level", sa.SmallInteger(), nullable=False),
    sa.Column("name", sa.Text(), nullable=False),
    sa.Column("party", sa.Text(), nullable=False),
    sa.Column("agency_code", sa.Text(), nullable=True),
    sa.Column("post_kind", sa.Text(), nullable=False),
    sa.Column("limit_days", sa.SmallInteger(), nullable=False),
    sa.Column("limit_unit", sa.Text(), nullable=False),
    sa.Column("in_person", sa.Boolean(), nullable=False),
    sa.Column("paper_allowed", sa.Boolean(), nullable=False),
    sa.Column("refusal_returns_to", sa.Text(), nullable=False),
    sa.CheckConstraint(
        "(party = 'named_agency') = (agency_code IS NOT NULL)",
        name=conv("ck_edition_chain_level_named_agency_is_named"),
    ),
    sa.CheckConstraint(
        "limit_unit IN ('calendar', 'working')", name=conv("ck_edition_chain_level_limit_unit_is_known")
    ),
    sa.CheckConstraint(
        "party IN ('enterprise', 'township', 'lead_department', 'higher_department', 'named_agency', "
        "'same_level_government')",
        name=conv("ck_edition_chain_level_party_is_known"),
    ),
    sa.CheckConstraint(
        "post_kind IN ('enterprise_safety_officer', 'enterprise_safety_head', 'enterprise_principal', "
        "'enterprise_controller', 'inspector', 'section_head', 'deputy_head', 'principal_head', "
        "'office_clerk', 'office_head', 'government_head', 'tip_officer', 'registrar', "
        "'system_administrator', 'security_administrator', 'audit_administrator', 'auditor')",
        name=conv("ck_edition_chain_level_post_kind_is_known"),
    ),
    sa.CheckConstraint(
        "refusal_returns_to IN ('listed', 'verification')",
        name=conv("ck_edition_chain_level_refusal_returns_somewhere"),
    ),
    sa.ForeignKeyConstraint(
        ["edition_chain_id"],
        ["edition_chain.id"],
        name=conv("fk_edition_chain_level_edition_chain_id"),
        ondelete="RESTRICT",
    ),
    sa.PrimaryKeyConstraint("id", name=conv("pk_edition_chain_level")),
)

IDEMPOTENCY_KEY: tuple[SchemaItem, ...] = (
    sa.Column("account_id", sa.BigInteger(), nullable=False),
    sa.Column("key", sa.Text(), nullable=False),
    sa.Column("request_sha256", sa.LargeBinary(), nullable=False),
    sa.Column("status", sa.SmallInteger(), nullable=False),
    sa.Column("body", sa.LargeBinary(), nullable=True),
    sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("registry_now()"), nullable=False),
    sa.CheckConstraint("octet_length(request_sha256) = 32", name=conv("ck_idempotency_key_request_sha256_is_sha256")),
    sa.ForeignKeyConstraint(
        ["account_id"], ["account.id"], name=conv("fk_idempotency_key_account_id"), ondelete="RESTRICT"
    ),
    sa.PrimaryKeyConstraint("account_id", "key", name=conv("pk_idempotency_key")),
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    create_calendar_year()
    create_criterion()
    create_edition()
    create_calendar_day()
    create_edition_chain()
    create_registry_setting()
    create_edition_chain_level()
    create_idempotency_key()


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    op.drop_table("idempotency_key")
    op.drop_table("edition_chain_level")
    op.drop_table("registry_setting")
    op.drop_table("edition_chain")
    op.drop_table("calendar_day")
    op.drop_table("edition")
    op.drop_table("criterion")
    op.drop_table("calendar_year")


def create_calendar_year() -> None:
    op.create_table("calendar_year", *CALENDAR_YEAR)


def create_criterion() -> None:
    op.create_table("criterion", *CRITERION)
    op.create_index("ix_criterion_sector", "criterion", ["sector"], unique=False)
    op.create_index(
        "uq_criterion_document_clause_from", "criterion", ["document", "clause", "effective_from"], unique=True
    )


def create_edition() -> None:
    op.create_table("edition", *EDITION)
    op.create_index("ix_edition_in_force_from", "edition", ["in_force_from", "id"], unique=False)


def create_calendar_day() -> None:
    op.create_table("calendar_day", *CALENDAR_DAY)
    op.create_index(conv("ix_calendar_day_year"), "calendar_day", ["year"], unique=False)


def create_edition_chain() -> None:
    op.create_table("edition_chain", *EDITION_CHAIN)
    op.create_index("uq_edition_chain_edition_id_key", "edition_chain", ["edition_id", "key"], unique=True)
    op.create_index(
        "uq_edition_chain_edition_id_precedence",
        "edition_chain",
        ["edition_id", "hazard_level", "precedence"],
        unique=True,
    )


def create_registry_setting() -> None:
    op.create_table("registry_setting", *REGISTRY_SETTING)


def create_edition_chain_level() -> None:
    op.create_table("edition_chain_level", *EDITION_CHAIN_LEVEL)
    op.create_index(
        "uq_edition_chain_level_edition_chain_id_level",
        "edition_chain_level",
        ["edition_chain_id", "level"],
        unique=True,
    )


def create_idempotency_key() -> None:
    op.create_table("idempotency_key", *IDEMPOTENCY_KEY)
