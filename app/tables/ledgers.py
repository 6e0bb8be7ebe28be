"""The paper past (design 3.6): imported batches, closed rows awaiting attestation, the records they became."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.tables.base import Base, Digest, Key, RecordedAt, SmallInt, is_digest, not_blank


class LegacyBatch(Base):
    """One imported file: its hash and counts, which two attestors confirm."""

    __tablename__ = "legacy_batch"
    __table_args__ = (is_digest("file_sha256"), is_digest("document_sha256"), not_blank("file_name", 255))
    id: Mapped[Key]
    file_name: Mapped[str]
    file_sha256: Mapped[Digest] = mapped_column(unique=True)
    document_sha256: Mapped[Digest]
    """Over file hash, counts and every row's hash: what the attestors' step-ups bind to."""
    found_count: Mapped[int]
    closed_count: Mapped[int]
    report: Mapped[dict[str, Any]]
    """Totals, row classes and findings as reported."""
    imported_at: Mapped[RecordedAt]
    attested_at: Mapped[datetime | None]


class LegacyRow(Base):
    """A closed row of a ledger, outside every figure until two persons attest its batch."""

    __tablename__ = "legacy_row"
    __table_args__ = (
        is_digest("row_sha256"),
        Index("uq_legacy_row_batch_id_row_number", "batch_id", "row_number", unique=True),
        Index("uq_legacy_row_ledger_number", "ledger_number", unique=True),
    )
    id: Mapped[Key]
    batch_id: Mapped[int] = mapped_column(ForeignKey("legacy_batch.id", ondelete="RESTRICT"))
    row_number: Mapped[int]
    ledger_number: Mapped[str]
    row_sha256: Mapped[Digest]
    content: Mapped[dict[str, Any]]
    """The understood row: what hazard and transitions are made of on attestation."""
    found_on: Mapped[date]
    closed_on: Mapped[date]
    imported_at: Mapped[RecordedAt]


class LegacyRecord(Base):
    """Which ledger row a hazard came from; a legacy closing's stand-in for the sealed closing."""

    __tablename__ = "legacy_record"
    __table_args__ = (
        is_digest("row_sha256"),
        CheckConstraint("closed_on >= found_on", name="closed_after_found"),
        Index("uq_legacy_record_batch_id_row_number", "batch_id", "row_number", unique=True),
    )
    hazard_id: Mapped[int] = mapped_column(ForeignKey("hazard.id", ondelete="RESTRICT"), primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("legacy_batch.id", ondelete="RESTRICT"))
    legacy_row_id: Mapped[int | None] = mapped_column(ForeignKey("legacy_row.id", ondelete="RESTRICT"), unique=True)
    row_number: Mapped[int]
    row_sha256: Mapped[Digest]
    content: Mapped[dict[str, Any]]
    found_on: Mapped[date]
    closed_on: Mapped[date | None]
    accepted_on: Mapped[date | None]
    extension_count: Mapped[SmallInt]
    recorded_at: Mapped[RecordedAt]


class StagedLedgerRow(Base):
    """An import's working rows: unlogged, empty when the command ends; the one table without row-level security."""

    __tablename__ = "ledger_row"
    __table_args__ = {"schema": "stage", "prefixes": ["UNLOGGED"]}
    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    batch_key: Mapped[str] = mapped_column(Text)
    row_number: Mapped[int] = mapped_column(BigInteger)
    row_class: Mapped[str] = mapped_column(Text, server_default=text("'imported'"))
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    level: Mapped[int] = mapped_column(SmallInteger, server_default=text("1"))
