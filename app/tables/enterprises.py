"""Whom the hazards belong to: enterprises (GB 32100) and their sites."""

from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, text
from sqlalchemy.orm import Mapped, mapped_column

from app.tables.base import Base, Key, RecordedAt, not_blank

LONGITUDE_LATITUDE = Numeric(9, 6)


class Enterprise(Base):
    """生产经营单位: its identity is the 18-character code; a unit without one says why."""

    __tablename__ = "enterprise"
    __table_args__ = (
        not_blank("name", 200),
        CheckConstraint("code ~ '^[0-9ABCDEFGHJKLMNPQRTUWXY]{18}$'", name="code_is_gb32100"),
        CheckConstraint("(code IS NULL) = (no_code_reason IS NOT NULL)", name="code_or_reason"),
        Index("ix_enterprise_name", "name"),
    )
    id: Mapped[Key]
    public_id: Mapped[UUID] = mapped_column(server_default=text("gen_random_uuid()"), unique=True)
    code: Mapped[str | None] = mapped_column(unique=True)
    no_code_reason: Mapped[str | None]
    name: Mapped[str]
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id", ondelete="RESTRICT"), index=True)
    industry: Mapped[str | None]
    """GB/T 4754 code of its trade; the regulatory sector is the hazard's."""
    is_high_risk: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[RecordedAt]


class Site(Base):
    """场所: where a hazard is; has its own unit and position."""

    __tablename__ = "site"
    __table_args__ = (
        not_blank("name", 200),
        CheckConstraint("(longitude IS NULL) = (latitude IS NULL)", name="position_is_whole"),
        CheckConstraint("longitude BETWEEN 73 AND 136 AND latitude BETWEEN 3 AND 54", name="position_is_in_china"),
        CheckConstraint("position_system IN ('wgs84', 'cgcs2000', 'gcj02', 'bd09')", name="position_system_is_known"),
        Index("uq_site_enterprise_id_unit_id_name", "enterprise_id", "unit_id", "name", unique=True),
    )
    id: Mapped[Key]
    public_id: Mapped[UUID] = mapped_column(server_default=text("gen_random_uuid()"), unique=True)
    enterprise_id: Mapped[int | None] = mapped_column(ForeignKey("enterprise.id", ondelete="RESTRICT"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id", ondelete="RESTRICT"), index=True)
    name: Mapped[str]
    locality: Mapped[str | None]
    """The township as the reporter wrote it, where the unit is only 「未定」."""
    longitude: Mapped[Decimal | None] = mapped_column(LONGITUDE_LATITUDE)
    latitude: Mapped[Decimal | None] = mapped_column(LONGITUDE_LATITUDE)
    position_system: Mapped[str | None]
