"""Hazards and the organisations concerned with them.

Revision: 0005, after 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem
from sqlalchemy.sql.elements import conv
from sqlalchemy.types import UserDefinedType

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """Its name in DDL."""
        return "xid8"


HAZARD: tuple[SchemaItem, ...] = (
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("public_id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
    sa.Column("state", sa.Text(), nullable=False),
    sa.Column("level", sa.Text(), nullable=False),
    sa.Column("version", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
    sa.Column("cycle", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
    sa.Column("channel", sa.Text(), nullable=False),
    sa.Column("sector", sa.Text(), nullable=False),
    sa.Column("unit_id", sa.BigInteger(), nullable=False),
    sa.Column("site_id", sa.BigInteger(), nullable=False),
    sa.Column("enterprise_id", sa.BigInteger(), nullable=True),
    sa.Column("responsible_organisation_id", sa.BigInteger(), nullable=True),
    sa.Column("lead_organisation_id", sa.BigInteger(), nullable=True),
    sa.Column("listing_office_id", sa.BigInteger(), nullable=True),
    sa.Column("supervision_tier", sa.SmallInteger(), nullable=True),
    sa.Column("finders", sa.Text(), nullable=True),
    sa.Column("found_on", sa.Date(), nullable=False),
    sa.Column("place", sa.Text(), nullable=True),
    sa.Column("circumstances", sa.Text(), nullable=False),
    sa.Column("reporting_record", sa.Text(), nullable=True),
    sa.Column("monitoring_measures", sa.Text(), nullable=True),
    sa.Column("ledger_number", sa.Text(), nullable=True),
    sa.Column("ledger_year", sa.SmallInteger(), nullable=True),
    sa.Column("ledger_serial", sa.BigInteger(), nullable=True),
    sa.Column("reporter_account_id", sa.BigInteger(), nullable=True),
    sa.Column("reporter_organisation_id", sa.BigInteger(), nullable=True),
    sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("determined_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("listed_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("delisted_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("revisited_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("fixed_on_the_spot", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    sa.Column("original_deadline", sa.Date(), nullable=True),
    sa.Column("current_deadline", sa.Date(), nullable=True),
    sa.Column("deadline_is_provisional", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    sa.Column("is_legacy", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    sa.Column("regraded_from_id", sa.BigInteger(), nullable=True),
    sa.Column("duplicate_of_id", sa.BigInteger(), nullable=True),
    sa.Column("last_act_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("touched_by", Xid8(), nullable=True),
    sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("registry_now()"), nullable=False),
    sa.CheckConstraint(
        "channel IN ('self_report', 'inspection', 'tip', 'assigned', 'referred', 'accident_investigation')",
        name=conv("ck_hazard_channel_is_known"),
    ),
    sa.CheckConstraint("level IN ('major', 'key')", name=conv("ck_hazard_level_is_known")),
    sa.CheckConstraint("state <> 'closed' OR closed_at IS NOT NULL", name=conv("ck_hazard_closed_has_instant")),
    sa.CheckConstraint(
        "state IN ('reported', 'listed', 'rectified', 'closed', 'dismissed')", name=conv("ck_hazard_state_is_known")
    ),
    sa.CheckConstraint(
        "state NOT IN ('listed', 'rectified', 'closed') OR is_legacy OR (determined_at IS NOT NULL AND "
        "lead_organisation_id IS NOT NULL AND ledger_number IS NOT NULL)",
        name=conv("ck_hazard_listed_has_owner"),
    ),
    sa.CheckConstraint(
        "(ledger_number IS NULL) = (ledger_year IS NULL)", name=conv("ck_hazard_ledger_number_is_whole")
    ),
    sa.CheckConstraint("cycle >= 1", name=conv("ck_hazard_cycle_is_counted")),
    sa.CheckConstraint(
        "is_legacy OR num_nulls(finders, place, reporting_record, monitoring_measures) = 0",
        name=conv("ck_hazard_ledger_fields_are_given"),
    ),
    sa.CheckConstraint(
        "length(btrim(circumstances)) BETWEEN 1 AND 4000", name=conv("ck_hazard_circumstances_is_given")
    ),
    sa.CheckConstraint("length(btrim(finders)) BETWEEN 1 AND 4000", name=conv("ck_hazard_finders_is_given")),
    sa.CheckConstraint(
        "length(btrim(monitoring_measures)) BETWEEN 1 AND 4000", name=conv("ck_hazard_monitoring_measures_is_given")
    ),
    sa.CheckConstraint("length(btrim(place)) BETWEEN 1 AND 4000", name=conv("ck_hazard_place_is_given")),
    sa.CheckConstraint(
        "length(btrim(reporting_record)) BETWEEN 1 AND 4000", name=conv("ck_hazard_reporting_record_is_given")
    ),
    sa.CheckConstraint(
        "num_nonnulls(enterprise_id, responsible_organisation_id) = 1",
        name=conv("ck_hazard_exactly_one_responsible_party"),
    ),
    sa.CheckConstraint("supervision_tier BETWEEN 1 AND 5", name=conv("ck_hazard_supervision_tier_is_known")),
    sa.CheckConstraint("version >= 0", name=conv("ck_hazard_version_is_counted")),
    sa.ForeignKeyConstraint(
        ["duplicate_of_id"], ["hazard.id"], name=conv("fk_hazard_duplicate_of_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["enterprise_id"], ["enterprise.id"], name=conv("fk_hazard_enterprise_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["lead_organisation_id"], ["organisation.id"], name=conv("fk_hazard_lead_organisation_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["listing_office_id"], ["organisation.id"], name=conv("fk_hazard_listing_office_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["regraded_from_id"], ["hazard.id"], name=conv("fk_hazard_regraded_from_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["reporter_account_id"], ["account.id"], name=conv("fk_hazard_reporter_account_id"), ondelete="RESTRICT"
    ),
    sa.ForeignKeyConstraint(
        ["reporter_organisation_id"],
        ["organisation.id"],
        name=conv("fk_hazard_reporter_organisation_id"),
        ondelete="RESTRICT",
    ),
    sa.ForeignKeyConstraint(
        ["responsible_organisation_id"],
        ["organisation.id"],
        name=conv("fk_hazard_responsible_organisation_id"),
        ondelete="RESTRICT",
    ),
    sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=conv("fk_hazard_site_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=conv("fk_hazard_unit_id"), ondelete="RESTRICT"),
    sa.PrimaryKeyConstraint("id", name=conv("pk_hazard")),
    sa.UniqueConstraint("public_id", name=conv("uq_hazard_public_id")),
)

HAZARD_PARTY: tuple[SchemaItem, ...] = (
    sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column("hazard_id", sa.BigInteger(), nullable=False),
    sa.Column("organisation_id", sa.BigInteger(), nullable=False),
    sa.Column("role", sa.Text(), nullable=False),
    sa.Column("begun_at", sa.DateTime(timezone=True), server_default=sa.text("registry_now()"), nullable=False),
    sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint(
        "role IN ('territorial_receiver', 'sector_receiver', 'cooperating', 'former_lead', 'round_party')",
        name=conv("ck_hazard_party_role_is_known"),
    ),
    sa.CheckConstraint("ended_at > begun_at", name=conv("ck_hazard_party_period_is_forward")),
    sa.ForeignKeyConstraint(["hazard_id"], ["hazard.id"], name=conv("fk_hazard_party_hazard_id"), ondelete="RESTRICT"),
    sa.ForeignKeyConstraint(
        ["organisation_id"], ["organisation.id"], name=conv("fk_hazard_party_organisation_id"), ondelete="RESTRICT"
    ),
    sa.PrimaryKeyConstraint("id", name=conv("pk_hazard_party")),
)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    create_hazard()
    create_hazard_party()


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '500ms'")
    op.drop_table("hazard_party")
    op.drop_table("hazard")


def create_hazard() -> None:
    op.create_table("hazard", *HAZARD)
    op.create_index("ix_hazard_enterprise_id", "hazard", ["enterprise_id"], unique=False)
    op.create_index("ix_hazard_lead_organisation_id", "hazard", ["lead_organisation_id"], unique=False)
    op.create_index(
        "ix_hazard_open_deadline",
        "hazard",
        ["current_deadline", "id"],
        unique=False,
        postgresql_where=sa.text("state IN ('listed', 'rectified')"),
    )
    op.create_index(conv("ix_hazard_site_id"), "hazard", ["site_id"], unique=False)
    op.create_index("ix_hazard_unit_sector", "hazard", ["unit_id", "sector"], unique=False)
    op.create_index("uq_hazard_ledger_number", "hazard", ["ledger_number"], unique=True)


def create_hazard_party() -> None:
    op.create_table("hazard_party", *HAZARD_PARTY)
    op.create_index("ix_hazard_party_hazard_id", "hazard_party", ["hazard_id"], unique=False)
    op.create_index("ix_hazard_party_organisation_id", "hazard_party", ["organisation_id", "hazard_id"], unique=False)
