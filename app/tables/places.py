"""Where and by whom the work is done: units with periods, organisations, the area file they came from."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.regulation.vocabulary import OrganisationKind
from app.tables.base import Base, Digest, Key, RecordedAt, SmallInt, is_digest, not_blank, one_of


class Area(Base):
    """An area file as loaded: tiers, units, departments."""

    __tablename__ = "area"
    __table_args__ = (is_digest("content_sha256"),)
    id: Mapped[Key]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    content: Mapped[str]
    content_sha256: Mapped[Digest] = mapped_column(unique=True)
    loaded_at: Mapped[RecordedAt]


class Unit(Base):
    """属地单元: lives on through renamings; its name, code and parent are `unit_period` rows."""

    __tablename__ = "unit"
    __table_args__ = (CheckConstraint("tier BETWEEN 1 AND 5", name="tier_is_known"),)
    id: Mapped[Key]
    tier: Mapped[SmallInt]
    is_undetermined: Mapped[bool] = mapped_column(server_default=text("false"))
    """The 「未定」 unit of its parent: stands for townships the area file lacks."""
    successor_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id", ondelete="RESTRICT"))


class UnitPeriod(Base):
    """Name, code and parent of a unit from one day (included) until another (excluded)."""

    __tablename__ = "unit_period"
    __table_args__ = (
        not_blank("name", 100),
        ExcludeConstraint(
            (text("int8range(unit_id, unit_id, '[]')"), "&&"),
            (text("daterange(valid_from, valid_until)"), "&&"),
            name="ex_unit_period_no_overlap",
            using="gist",
        ),
        Index("ix_unit_period_unit_id", "unit_id"),
        Index("ix_unit_period_parent_id", "parent_id"),
    )
    id: Mapped[Key]
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id", ondelete="RESTRICT"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id", ondelete="RESTRICT"))
    code: Mapped[str]
    name: Mapped[str]
    aliases: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]


class Organisation(Base):
    """机构: a government, safety office, regulator, township, agency, platform or an enterprise's own organisation."""

    __tablename__ = "organisation"
    __table_args__ = (
        one_of("kind", OrganisationKind),
        not_blank("name", 200),
        CheckConstraint("(kind = 'enterprise') = (enterprise_id IS NOT NULL)", name="enterprise_has_its_own"),
        Index(
            "uq_organisation_unit_name", "unit_id", "name", unique=True, postgresql_where=text("enterprise_id IS NULL")
        ),
        Index("uq_organisation_enterprise_id", "enterprise_id", unique=True),
    )
    id: Mapped[Key]
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id", ondelete="RESTRICT"), index=True)
    kind: Mapped[str]
    name: Mapped[str]
    aliases: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    code: Mapped[str | None] = mapped_column(unique=True)
    """The name an edition calls it by, where a chain names an agency."""
    sectors: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    """Sectors it regulates; empty: all."""
    superior_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id", ondelete="RESTRICT"))
    enterprise_id: Mapped[int | None] = mapped_column(ForeignKey("enterprise.id", ondelete="RESTRICT"))
    confirmed_at: Mapped[datetime | None]
    """Null for a department that an import met and the area file lacks: it can be in no chain until confirmed."""
