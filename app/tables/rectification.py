"""The documents of rectification: declaration, verification, revisit, correction, and who confirmed them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.regulation.vocabulary import Capacity, DismissReason, DocumentKind, EvidenceKind, Purpose
from app.tables.base import (
    ActDocument,
    Base,
    Digest,
    HazardChild,
    Key,
    RecordedAt,
    SmallInt,
    is_digest,
    not_blank,
    one_of,
)
from app.tables.enterprises import LONGITUDE_LATITUDE


class Declaration(ActDocument, Base):
    """整改完成报告 (一报告双签字): a draft until its second signature, whose instant is the act's."""

    __tablename__ = "declaration"
    __table_args__ = (not_blank("description"), is_digest("document_sha256"))
    description: Mapped[str]
    measures_taken: Mapped[str | None]
    funds_spent_wan_yuan: Mapped[int | None]
    document_sha256: Mapped[Digest]
    """Hash of the canonical draft with its evidence; confirmations and step-ups bind to it."""


class Verification(ActDocument, Base):
    """现场核查: by two or more inspectors, in person; performed by the last confirmation."""

    __tablename__ = "verification"
    __table_args__ = (
        not_blank("findings"),
        is_digest("document_sha256"),
        CheckConstraint("passed OR length(btrim(reason)) > 0", name="failure_is_reasoned"),
        CheckConstraint("inspectors_required >= 2", name="two_or_more_inspectors"),
    )
    declaration_id: Mapped[int] = mapped_column(ForeignKey("declaration.id", ondelete="RESTRICT"))
    visited_at: Mapped[datetime]
    passed: Mapped[bool]
    findings: Mapped[str]
    reason: Mapped[str | None]
    due_on: Mapped[date | None]
    """The deadline a failed verification sets where none runs (立查立改)."""
    inspectors_required: Mapped[SmallInt]
    certificates: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    document_sha256: Mapped[Digest]


class Revisit(ActDocument, Base):
    """回访 after closing, or a relapse found later."""

    __tablename__ = "revisit"
    __table_args__ = (not_blank("findings"), CheckConstraint("kind IN ('revisit', 'relapse')", name="kind_is_known"))
    kind: Mapped[str]
    passed: Mapped[bool]
    visited_at: Mapped[datetime]
    findings: Mapped[str]
    due_on: Mapped[date | None]


class RoundRequest(ActDocument, Base):
    """撤销挂牌或关停退出的申请: reason and proof; opens a round of that purpose."""

    __tablename__ = "round_request"
    __table_args__ = (
        one_of("purpose", Purpose),
        not_blank("reason"),
        is_digest("document_sha256"),
        CheckConstraint("purpose <> 'closing'", name="closing_needs_no_request"),
        CheckConstraint("(purpose = 'withdrawal') = (dismiss_reason IS NOT NULL)", name="withdrawal_names_reason"),
        CheckConstraint("dismiss_reason IS NULL OR dismiss_reason <> 'not_major'", name="withdrawal_reason_fits"),
        one_of("dismiss_reason", DismissReason),
        CheckConstraint(
            "(dismiss_reason = 'duplicate') = (duplicate_of_id IS NOT NULL)", name="duplicate_names_survivor"
        ),
    )
    purpose: Mapped[str]
    dismiss_reason: Mapped[str | None]
    duplicate_of_id: Mapped[int | None] = mapped_column(ForeignKey("hazard.id", ondelete="RESTRICT"))
    reason: Mapped[str]
    document_sha256: Mapped[Digest]


class Correction(ActDocument, Base):
    """更正: old and new values with a reason, confirmed by a second; never the original deadline or a signature."""

    __tablename__ = "correction"
    __table_args__ = (
        not_blank("reason"),
        is_digest("document_sha256"),
        CheckConstraint(
            "NOT changes ?| array['original_deadline', 'state', 'version', 'cycle']", name="field_may_change"
        ),
    )
    changes: Mapped[dict[str, Any]]
    """`{field: {"old": …, "new": …}}`."""
    reason: Mapped[str]
    touches_signed_content: Mapped[bool]
    document_sha256: Mapped[Digest]


class DocumentConfirmation(Base):
    """One person's confirmation of a document of several persons, bound by step-up to the document's hash."""

    __tablename__ = "document_confirmation"
    __table_args__ = (
        one_of("document_kind", DocumentKind),
        one_of("capacity", Capacity),
        is_digest("document_sha256"),
        Index("uq_document_confirmation_one_person_once", "document_kind", "document_id", "person_id", unique=True),
        Index(
            "uq_document_confirmation_one_capacity_once",
            "document_kind",
            "document_id",
            "capacity",
            unique=True,
            postgresql_where=text("capacity <> 'inspector'"),
        ),
        Index("ix_document_confirmation_hazard_id", "hazard_id"),
        CheckConstraint(
            "(document_kind IN ('declaration', 'verification', 'correction')) = (hazard_id IS NOT NULL)",
            name="names_its_hazard",
        ),
    )
    id: Mapped[Key]
    hazard_id: Mapped[int | None] = mapped_column(ForeignKey("hazard.id", ondelete="RESTRICT"))
    document_kind: Mapped[str]
    document_id: Mapped[int]
    capacity: Mapped[str]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))
    appointment_id: Mapped[int | None] = mapped_column(ForeignKey("appointment.id", ondelete="RESTRICT"))
    step_up_id: Mapped[int] = mapped_column(ForeignKey("step_up.id", ondelete="RESTRICT"), unique=True)
    document_sha256: Mapped[Digest]
    certificate_number: Mapped[str | None]
    """An inspector's enforcement certificate."""
    longitude: Mapped[Decimal | None] = mapped_column(LONGITUDE_LATITUDE)
    latitude: Mapped[Decimal | None] = mapped_column(LONGITUDE_LATITUDE)
    confirmed_at: Mapped[RecordedAt]


class Evidence(HazardChild, Base):
    """证据: bytes in the evidence folder under their SHA-256; type sniffed, never believed."""

    __tablename__ = "evidence"
    __table_args__ = (
        is_digest("sha256"),
        one_of("kind", EvidenceKind),
        not_blank("file_name", 200),
        CheckConstraint("size_bytes > 0", name="size_is_positive"),
        Index("uq_evidence_hazard_id_sha256_kind", "hazard_id", "sha256", "kind", unique=True),
    )
    public_id: Mapped[UUID] = mapped_column(server_default=text("gen_random_uuid()"), unique=True)
    kind: Mapped[str]
    sha256: Mapped[Digest]
    size_bytes: Mapped[int]
    media_type: Mapped[str]
    file_name: Mapped[str]
    taken_at: Mapped[datetime | None]
    longitude: Mapped[Decimal | None] = mapped_column(LONGITUDE_LATITUDE)
    latitude: Mapped[Decimal | None] = mapped_column(LONGITUDE_LATITUDE)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))
    recorded_at: Mapped[RecordedAt]


class DocumentEvidence(HazardChild, Base):
    """Which evidence a document cites; fixed with the document's draft."""

    __tablename__ = "document_evidence"
    __table_args__ = (
        CheckConstraint(
            "document_kind IN ('declaration', 'verification', 'round_request', 'listing', 'plan', 'progress',"
            " 'revisit', 'dismissal', 'extension_request')",
            name="document_kind_is_known",
        ),
        Index("uq_document_evidence_document_evidence", "document_kind", "document_id", "evidence_id", unique=True),
    )
    document_kind: Mapped[str]
    document_id: Mapped[int]
    evidence_id: Mapped[int] = mapped_column(ForeignKey("evidence.id", ondelete="RESTRICT"))
