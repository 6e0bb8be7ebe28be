"""The rules as loaded: editions and their chains, criteria, the calendar, the clock, the registry's own settings."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.regulation.vocabulary import DayUnit, HazardLevel, Party, PostKind
from app.tables.base import Base, Digest, Key, RecordedAt, SmallInt, is_digest, not_blank, one_of


class Edition(Base):
    """规则版本: one TOML file with its legal basis, kept by its content's hash; loaded, never edited."""

    __tablename__ = "edition"
    __table_args__ = (is_digest("content_sha256"), Index("ix_edition_in_force_from", "in_force_from", "id"))
    id: Mapped[Key]
    name: Mapped[str]
    in_force_from: Mapped[date]
    content: Mapped[str]
    content_sha256: Mapped[Digest] = mapped_column(unique=True)
    step_up_minutes: Mapped[SmallInt]
    """How long a step-up stays fresh, for the wall."""
    legacy_import_days: Mapped[SmallInt]
    """Calendar days after go-live in which the paper past may be imported."""
    loaded_at: Mapped[RecordedAt]


class EditionChain(Base):
    """A chain and the hazards it serves; the matching chain with the highest precedence is the round's."""

    __tablename__ = "edition_chain"
    __table_args__ = (
        one_of("hazard_level", HazardLevel),
        Index("uq_edition_chain_edition_id_key", "edition_id", "key", unique=True),
        Index("uq_edition_chain_edition_id_precedence", "edition_id", "hazard_level", "precedence", unique=True),
    )
    id: Mapped[Key]
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id", ondelete="RESTRICT"))
    key: Mapped[str]
    name: Mapped[str]
    basis: Mapped[str]
    precedence: Mapped[SmallInt]
    hazard_level: Mapped[str | None]
    """Null: both levels; the same for the three selectors below."""
    sectors: Mapped[list[str] | None]
    full_stop: Mapped[bool | None]
    supervision_tiers: Mapped[list[int] | None]
    purposes: Mapped[list[str] | None]


class EditionChainLevel(Base):
    """One level of a chain."""

    __tablename__ = "edition_chain_level"
    __table_args__ = (
        one_of("party", Party),
        one_of("post_kind", PostKind),
        one_of("limit_unit", DayUnit),
        CheckConstraint("refusal_returns_to IN ('listed', 'verification')", name="refusal_returns_somewhere"),
        CheckConstraint("(party = 'named_agency') = (agency_code IS NOT NULL)", name="named_agency_is_named"),
        Index("uq_edition_chain_level_edition_chain_id_level", "edition_chain_id", "level", unique=True),
    )
    id: Mapped[Key]
    edition_chain_id: Mapped[int] = mapped_column(ForeignKey("edition_chain.id", ondelete="RESTRICT"))
    level: Mapped[SmallInt]
    name: Mapped[str]
    party: Mapped[str]
    agency_code: Mapped[str | None]
    post_kind: Mapped[str]
    limit_days: Mapped[SmallInt]
    limit_unit: Mapped[str]
    in_person: Mapped[bool]
    paper_allowed: Mapped[bool]
    refusal_returns_to: Mapped[str]


class Criterion(Base):
    """判定标准条款: number, document, dates, a short label of our own; official texts are the operator's to load."""

    __tablename__ = "criterion"
    __table_args__ = (
        not_blank("label", 200),
        CheckConstraint("effective_until > effective_from", name="period_is_forward"),
        Index("uq_criterion_document_clause_from", "document", "clause", "effective_from", unique=True),
        Index("ix_criterion_sector", "sector"),
    )
    id: Mapped[Key]
    sector: Mapped[str]
    document: Mapped[str]
    document_number: Mapped[str | None]
    clause: Mapped[str]
    label: Mapped[str]
    judgement: Mapped[str] = mapped_column(server_default=text("'direct'"))
    effective_from: Mapped[date]
    effective_until: Mapped[date | None]
    checked_on: Mapped[date | None]
    """When the entry was last held against the official text; null: 未核对."""
    official_text: Mapped[str | None]


class CalendarYear(Base):
    """A year whose holidays are announced."""

    __tablename__ = "calendar_year"
    year: Mapped[SmallInt] = mapped_column(primary_key=True, autoincrement=False)
    source: Mapped[str]
    loaded_at: Mapped[RecordedAt]


class CalendarDay(Base):
    """A day that an announcement makes a working day or not."""

    __tablename__ = "calendar_day"
    day: Mapped[date] = mapped_column(primary_key=True)
    year: Mapped[SmallInt] = mapped_column(ForeignKey("calendar_year.year", ondelete="RESTRICT"), index=True)
    is_working_day: Mapped[bool]


class RegistrySetting(Base):
    """What `qingling init` fixed once: edition, area, go-live; immutable."""

    __tablename__ = "registry_setting"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)
    id: Mapped[SmallInt] = mapped_column(primary_key=True, autoincrement=False)
    go_live_on: Mapped[date]
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id", ondelete="RESTRICT"))
    first_edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id", ondelete="RESTRICT"))
    is_demo: Mapped[bool] = mapped_column(server_default=text("false"))
    initialised_at: Mapped[RecordedAt]


class ClockSetting(Base):
    """The registry's clock: sealed at zero for ever unless initialised movable (demo and tests alone)."""

    __tablename__ = "clock_setting"
    __table_args__ = (
        CheckConstraint("id = 1", name="only_one"),
        CheckConstraint("is_movable OR (offset_seconds = 0 AND fixed_at IS NULL)", name="sealed_at_zero"),
    )
    id: Mapped[SmallInt] = mapped_column(primary_key=True, autoincrement=False)
    is_movable: Mapped[bool]
    offset_seconds: Mapped[int] = mapped_column(server_default=text("0"))
    fixed_at: Mapped[datetime | None]


class IdempotencyKey(Base):
    """A request already answered: per principal and key, kept 30 days."""

    __tablename__ = "idempotency_key"
    __table_args__ = (is_digest("request_sha256"),)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_sha256: Mapped[Digest]
    status: Mapped[SmallInt]
    body: Mapped[bytes | None]
    """Null where the answer was a secret: a replay says `already_done` and where."""
    headers: Mapped[dict[str, Any]]
    recorded_at: Mapped[RecordedAt]
