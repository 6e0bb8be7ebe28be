"""Units, organisations, enterprises and sites.

Revision: 0002, after 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import SchemaItem
from sqlalchemy.sql.elements import conv

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


AREA: tuple[SchemaItem, ...] = (
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("code", sa.Text(), nullable=False),
    sa.Column("name", sa.Text(), nullable=False),
    sa.Column("content", sa.Text(), nullable=False),
    sa.Column("content_sha256", sa.LargeBinary(), nullable=False),
    sa.Column("loaded_at", sa.DateTime(timezone=True), server_default=sa.text("registry_now()"), nullable=False),
    sa.CheckConstraint("octet_length(content_sha256) = 32", name=conv("ck_area_content_sha256_is_sha256")),
    sa.PrimaryKeyConstraint("id", name=conv("pk_area")),
    sa.UniqueConstraint("code", name=conv("uq_area_code")),
    sa.UniqueConstraint("content_sha256", name=conv("uq_area_content_sha256")),
)

UNIT: tuple[SchemaItem, ...] = (
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("tier", sa.SmallInteger(), nullable=False),
    sa.Column("is_undetermined", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    sa.Column("successor_id", sa.BigInteger(), nullable=True),
    sa.CheckConstraint("tier BETWEEN 1 AND 5", name=conv("ck_unit_tier_is_known")),
    sa.ForeignKeyConstraint(["successor_id"], ["unit.id"], name=conv("fk_unit_successor_id"), ondelete="RESTRICT"),
    sa.PrimaryKeyConstraint("id", name=conv("pk_unit")),
)

ENTERPRISE: tuple[SchemaItem, ...] = (
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("public_id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
    sa.Column("code", sa.Text(), nullable=True),
    sa.Column("no_code_reason", sa.Text(), nullable=True),
    sa.Column("name", sa.Text(), nullable=False),
    sa.Column("unit_id", sa.BigInteger(), nullable=False),
    sa.Column("industry", sa.Text(), nullable=True),
    sa.Column("is_high_risk", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("registry_now()"), nullable=False),
    sa.CheckConstraint("code ~ '^[0-9ABCDEFGHJKLMNPQRTUWXY]{18}$'", name=conv("ck_enterprise_code_is_gb32100")),
    sa.CheckConstraint("(code IS NULL) = (no_code_reason IS NOT NULL)", name=conv("ck_enterprise_code_or_reason")),
    sa.CheckConstraint("length(btrim(name)) BETWEEN 1 AND 200", name=conv("ck_enterprise_name_is_given")),
    sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=conv("fk_enterprise_unit_id"), ondelete="RESTRICT"),
    sa.PrimaryKeyConstraint("id", name=conv("pk_enterprise")),
    sa.UniqueConstraint("code", name=conv("uq_enterprise_code")),
    sa.UniqueConstraint("public_id", name=conv("uq_enterprise_public_id")),
)

UNIT_PERIOD: tuple[SchemaItem, ...] = (
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("unit_id", sa.BigInteger(), nullable=False),
    sa.Column("parent_id", sa.BigInteger(), nullable=True),
    sa.Column("code", sa.Text(), nullable=False),
    sa.Column("name", sa.Text(), nullable=False),
    sa.Column("aliases", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    sa.Column("valid_from", sa.Date(), nullable=False),
    sa.Column("valid_until", sa.Date(), nullable=True),
    postgresql.ExcludeConstraint(
        (sa.text("int8range(unit_id, unit_id, '[]')"), "&&"),
        (sa.text("daterange(valid_from, valid_until)"), "&&"),
        using="gist",
        name="ex_unit_period_no_overlap",
    ),
    sa.CheckConstraint("length(btrim(name)) BETWEEN 1 AND 100", name=conv("ck_unit_period_name_is_given")),
    sa.ForeignKeyConstraint(["parent_id"], ["unit.id"], name=conv("fk_unit_period_parent_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=conv("fk_unit_period_unit_id"), ondelete="RESTRICT"),
    sa.PrimaryKeyConstraint("id", name=conv("pk_unit_period")),
)

ORGANISATION: tuple[SchemaItem, ...] = (
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("unit_id", sa.BigInteger(), nullable=False),
    sa.Column("kind", sa.Text(), nullable=False),
    sa.Column("name", sa.Text(), nullable=False),
    sa.Column("aliases", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    sa.Column("code", sa.Text(), nullable=True),
    sa.Column("sectors", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    sa.Column("superior_id", sa.BigInteger(), nullable=True),
    sa.Column("enterprise_id", sa.BigInteger(), nullable=True),
    sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint(
        "(kind = 'enterprise') = (enterprise_id IS NOT NULL)", name=conv("ck_organisation_enterprise_has_its_own")
    ),
    sa.CheckConstraint(
        "kind IN ('government', 'safety_office', 'regulator', 'township', 'agency', 'enterprise', 'platform')",
        name=conv("ck_organisation_kind_is_known"),
    ),
    sa.CheckConstraint("length(btrim(name)) BETWEEN 1 AND 200", name=conv("ck_organisation_name_is_given")),
    sa.ForeignKeyConstraint(
        ["enterprise_id"], ["enterprise.id"], name=conv("fk_organisation_enterprise_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["superior_id"], ["organisation.id"], name=conv("fk_organisation_superior_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=conv("fk_organisation_unit_id"), ondelete="RESTRICT"),
    sa.PrimaryKeyConstraint("id", name=conv("pk_organisation")),
    sa.UniqueConstraint("code", name=conv("uq_organisation_code")),
)

SITE: tuple[SchemaItem, ...] = (
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("public_id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
    sa.Column("enterprise_id", sa.BigInteger(), nullable=True),
    sa.Column("unit_id", sa.BigInteger(), nullable=False),
    sa.Column("name", sa.Text(), nullable=False),
    sa.Column("locality", sa.Text(), nullable=True),
    sa.Column("longitude", sa.Numeric(precision=9, scale=6), nullable=True),
    sa.Column("latitude", sa.Numeric(precision=9, scale=6), nullable=True),
    sa.Column("position_system", sa.Text(), nullable=True),
    sa.CheckConstraint(
        "position_system IN ('wgs84', 'cgcs2000', 'gcj02', 'bd09')", name=conv("ck_site_position_system_is_known")
    ),
    sa.CheckConstraint("(longitude IS NULL) = (latitude IS NULL)", name=conv("ck_site_position_is_whole")),
    sa.CheckConstraint("length(btrim(name)) BETWEEN 1 AND 200", name=conv("ck_site_name_is_given")),
    sa.CheckConstraint(
        "longitude BETWEEN 73 AND 136 AND latitude BETWEEN 3 AND 54", name=conv("ck_site_position_is_in_china")
    ),
    sa.ForeignKeyConstraint(
        ["enterprise_id"], ["enterprise.id"], name=conv("fk_site_enterprise_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=conv("fk_site_unit_id"), ondelete="RESTRICT"),
    sa.PrimaryKeyConstraint("id", name=conv("pk_site")),
    sa.UniqueConstraint("public_id", name=conv("uq_site_public_id")),
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    create_area()
    create_unit()
    create_enterprise()
    create_unit_period()
    create_organisation()
    create_site()


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    op.drop_table("site")
    op.drop_table("organisation")
    op.drop_table("unit_period")
    op.drop_table("enterprise")
    op.drop_table("unit")
    op.drop_table("area")


def create_area() -> None:
    op.create_table("area", *AREA)


def create_unit() -> None:
    op.create_table("unit", *UNIT)


def create_enterprise() -> None:
    op.create_table("enterprise", *ENTERPRISE)
    op.create_index("ix_enterprise_name", "enterprise", ["name"], unique=False)
    op.create_index(conv("ix_enterprise_unit_id"), "enterprise", ["unit_id"], unique=False)


def create_unit_period() -> None:
    op.create_table("unit_period", *UNIT_PERIOD)
    op.create_index("ix_unit_period_parent_id", "unit_period", ["parent_id"], unique=False)
    op.create_index("ix_unit_period_unit_id", "unit_period", ["unit_id"], unique=False)


def create_organisation() -> None:
    op.create_table("organisation", *ORGANISATION)
    op.create_index(conv("ix_organisation_unit_id"), "organisation", ["unit_id"], unique=False)
    op.create_index("uq_organisation_enterprise_id", "organisation", ["enterprise_id"], unique=True)
    op.create_index(
        "uq_organisation_unit_name",
        "organisation",
        ["unit_id", "name"],
        unique=True,
        postgresql_where=sa.text("enterprise_id IS NULL"),
    )


def create_site() -> None:
    op.create_table("site", *SITE)
    op.create_index(conv("ix_site_unit_id"), "site", ["unit_id"], unique=False)
    op.create_index("uq_site_enterprise_id_unit_id_name", "site", ["enterprise_id", "unit_id", "name"], unique=True)
