"""The hazard itself and the organisations concerned with it."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.regulation.vocabulary import Channel, HazardLevel, State
from app.tables.base import Base, Key, RecordedAt, SmallInt, Xid8, not_blank, one_of


class Hazard(Base):
    """隐患: its facts today; how they came about stands in `hazard_transition` and the acts' documents."""

    __tablename__ = "hazard"
    __table_args__ = (
        one_of("state", State),
        one_of("level", HazardLevel),
        one_of("channel", Channel),
        *(
            not_blank(column)
            for column in ("finders", "place", "circumstances", "reporting_record", "monitoring_measures")
        ),
        CheckConstraint(
            "is_legacy OR num_nulls(finders, place, reporting_record, monitoring_measures) = 0",
            name="ledger_fields_are_given",
        ),
        CheckConstraint("version >= 0", name="version_is_counted"),
        CheckConstraint("cycle >= 1", name="cycle_is_counted"),
        CheckConstraint("supervision_tier BETWEEN 1 AND 5", name="supervision_tier_is_known"),
        CheckConstraint(
            "num_nonnulls(enterprise_id, responsible_organisation_id) = 1", name="exactly_one_responsible_party"
        ),
        CheckConstraint("(ledger_number IS NULL) = (ledger_year IS NULL)", name="ledger_number_is_whole"),
        CheckConstraint(
            "state NOT IN ('listed', 'rectified', 'closed') OR is_legacy OR"
            " (determined_at IS NOT NULL AND lead_organisation_id IS NOT NULL AND ledger_number IS NOT NULL)",
            name="listed_has_owner",
        ),
        CheckConstraint("state <> 'closed' OR closed_at IS NOT NULL", name="closed_has_instant"),
        Index("uq_hazard_ledger_number", "ledger_number", unique=True),
        Index("ix_hazard_unit_sector", "unit_id", "sector"),
        Index("ix_hazard_enterprise_id", "enterprise_id"),
        Index("ix_hazard_lead_organisation_id", "lead_organisation_id"),
        Index(
            "ix_hazard_open_deadline",
            "current_deadline",
            "id",
            postgresql_where=text("state IN ('listed', 'rectified')"),
        ),
    )
    id: Mapped[Key]
    public_id: Mapped[UUID] = mapped_column(server_default=text("gen_random_uuid()"), unique=True)
    state: Mapped[str]
    level: Mapped[str]
    version: Mapped[int] = mapped_column(server_default=text("0"))
    cycle: Mapped[int] = mapped_column(server_default=text("1"))
    channel: Mapped[str]
    sector: Mapped[str]
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id", ondelete="RESTRICT"))
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id", ondelete="RESTRICT"), index=True)
    enterprise_id: Mapped[int | None] = mapped_column(ForeignKey("enterprise.id", ondelete="RESTRICT"))
    responsible_organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id", ondelete="RESTRICT"))
    lead_organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id", ondelete="RESTRICT"))
    listing_office_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id", ondelete="RESTRICT"))
    supervision_tier: Mapped[SmallInt | None]
    finders: Mapped[str | None]
    found_on: Mapped[date]
    place: Mapped[str | None]
    circumstances: Mapped[str]
    reporting_record: Mapped[str | None]
    monitoring_measures: Mapped[str | None]
    ledger_number: Mapped[str | None]
    ledger_year: Mapped[SmallInt | None]
    ledger_serial: Mapped[int | None]
    reporter_account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))
    reporter_organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id", ondelete="RESTRICT"))
    reported_at: Mapped[datetime | None]
    determined_at: Mapped[datetime | None]
    listed_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    delisted_at: Mapped[datetime | None]
    revisited_at: Mapped[datetime | None]
    fixed_on_the_spot: Mapped[bool] = mapped_column(server_default=text("false"))
    original_deadline: Mapped[date | None]
    current_deadline: Mapped[date | None]
    deadline_is_provisional: Mapped[bool] = mapped_column(server_default=text("false"))
    is_legacy: Mapped[bool] = mapped_column(server_default=text("false"))
    regraded_from_id: Mapped[int | None] = mapped_column(ForeignKey("hazard.id", ondelete="RESTRICT"))
    duplicate_of_id: Mapped[int | None] = mapped_column(ForeignKey("hazard.id", ondelete="RESTRICT"))
    """A merged number resolves to this survivor."""
    last_act_at: Mapped[datetime]
    """When the newest act happened (`occurred_at`)."""
    touched_by: Mapped[int | None] = mapped_column(Xid8())
    """The transaction that last moved `version`: the wall lets no other write what belongs to an act."""
    created_at: Mapped[RecordedAt]


class HazardParty(Base):
    """An organisation concerned with a hazard beside the responsible party: receivers, cooperating departments."""

    __tablename__ = "hazard_party"
    __table_args__ = (
        CheckConstraint(
            "role IN ('territorial_receiver', 'sector_receiver', 'cooperating', 'former_lead', 'round_party')",
            name="role_is_known",
        ),
        CheckConstraint("ended_at > begun_at", name="period_is_forward"),
        Index("ix_hazard_party_hazard_id", "hazard_id"),
        Index("ix_hazard_party_organisation_id", "organisation_id", "hazard_id"),
    )
    id: Mapped[Key]
    hazard_id: Mapped[int] = mapped_column(ForeignKey("hazard.id", ondelete="RESTRICT"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id", ondelete="RESTRICT"))
    role: Mapped[str]
    begun_at: Mapped[RecordedAt]
    ended_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
