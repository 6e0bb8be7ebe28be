"""The sign-off wall's rows: rounds, their copied chains, signatures, endings, sealed closings. All append-only."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.regulation.vocabulary import DayUnit, Party, PostKind, Purpose, RoundOutcome
from app.tables.base import Base, Digest, HazardChild, RecordedAt, SmallInt, is_digest, not_blank, one_of


class SigningRound(HazardChild, Base):
    """一轮四级签字: opened over one content; chain, edition, content and hash are the database's, not the caller's."""

    __tablename__ = "signing_round"
    __table_args__ = (
        one_of("purpose", Purpose),
        is_digest("content_sha256"),
        CheckConstraint("sha256(convert_to(content, 'UTF8')) = content_sha256", name="hash_is_of_content"),
    )
    cycle: Mapped[int]
    purpose: Mapped[str]
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id", ondelete="RESTRICT"))
    edition_chain_id: Mapped[int] = mapped_column(ForeignKey("edition_chain.id", ondelete="RESTRICT"))
    level_count: Mapped[SmallInt]
    content: Mapped[str]
    """The canonical document that is signed, exactly the bytes hashed."""
    content_sha256: Mapped[Digest]
    verification_id: Mapped[int | None] = mapped_column(ForeignKey("verification.id", ondelete="RESTRICT"))
    round_request_id: Mapped[int | None] = mapped_column(ForeignKey("round_request.id", ondelete="RESTRICT"))
    opened_at: Mapped[RecordedAt]


class RoundLevel(HazardChild, Base):
    """One level of the chain as it stood when the round opened, with its organisation resolved."""

    __tablename__ = "round_level"
    __table_args__ = (
        one_of("party", Party),
        one_of("post_kind", PostKind),
        one_of("limit_unit", DayUnit),
        CheckConstraint("refusal_returns_to IN ('listed', 'verification')", name="refusal_returns_somewhere"),
        Index("uq_round_level_round_id_level", "round_id", "level", unique=True),
    )
    round_id: Mapped[int] = mapped_column(ForeignKey("signing_round.id", ondelete="RESTRICT"))
    level: Mapped[SmallInt]
    party: Mapped[str]
    post_kind: Mapped[str]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id", ondelete="RESTRICT"))
    limit_days: Mapped[SmallInt]
    limit_unit: Mapped[str]
    in_person: Mapped[bool]
    paper_allowed: Mapped[bool]
    refusal_returns_to: Mapped[str]


class Signature(HazardChild, Base):
    """签字: names person, appointment and account; time and hash are the database's."""

    __tablename__ = "signature"
    __table_args__ = (
        is_digest("content_sha256"),
        CheckConstraint("kind IN ('electronic', 'paper')", name="kind_is_known"),
        CheckConstraint("(kind = 'paper') = (scan_evidence_id IS NOT NULL)", name="paper_has_scan"),
        CheckConstraint("(kind = 'electronic') = (step_up_id IS NOT NULL)", name="electronic_has_step_up"),
        Index("uq_signature_step_up_id", "step_up_id", unique=True),
        Index("ix_signature_round_id", "round_id", "level"),
    )
    round_id: Mapped[int] = mapped_column(ForeignKey("signing_round.id", ondelete="RESTRICT"))
    cycle: Mapped[int]
    level: Mapped[SmallInt]
    kind: Mapped[str]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointment.id", ondelete="RESTRICT"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))
    """For a paper signature the registrar's."""
    step_up_id: Mapped[int | None] = mapped_column(ForeignKey("step_up.id", ondelete="RESTRICT"))
    scan_evidence_id: Mapped[int | None] = mapped_column(ForeignKey("evidence.id", ondelete="RESTRICT"))
    content_sha256: Mapped[Digest]
    opinion: Mapped[str | None]
    transition_id: Mapped[int | None] = mapped_column(ForeignKey("hazard_transition.id", ondelete="RESTRICT"))
    signed_at: Mapped[RecordedAt]


class SignatureWithdrawal(HazardChild, Base):
    """撤回签字: only the newest valid signature, only by its signer, only while the round is open."""

    __tablename__ = "signature_withdrawal"
    __table_args__ = (not_blank("reason"),)
    signature_id: Mapped[int] = mapped_column(ForeignKey("signature.id", ondelete="RESTRICT"), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))
    reason: Mapped[str]
    withdrawn_at: Mapped[RecordedAt]


class RoundEnd(HazardChild, Base):
    """How a round ended; a round without this row is open."""

    __tablename__ = "round_end"
    __table_args__ = (
        one_of("outcome", RoundOutcome),
        CheckConstraint("(outcome = 'refused') = (refused_level IS NOT NULL)", name="refusal_names_level"),
        CheckConstraint("outcome <> 'refused' OR length(btrim(reason)) > 0", name="refusal_is_reasoned"),
    )
    round_id: Mapped[int] = mapped_column(ForeignKey("signing_round.id", ondelete="RESTRICT"), unique=True)
    outcome: Mapped[str]
    refused_level: Mapped[SmallInt | None]
    reason: Mapped[str | None]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))
    ended_at: Mapped[RecordedAt]


class SealedClosing(HazardChild, Base):
    """封存的销号记录: written by the database itself as the hazard closes; without it nothing is closed."""

    __tablename__ = "sealed_closing"
    __table_args__ = (
        is_digest("content_sha256"),
        is_digest("seal_sha256"),
        one_of("purpose", Purpose),
        Index("uq_sealed_closing_hazard_id_cycle", "hazard_id", "cycle", unique=True),
    )
    round_id: Mapped[int] = mapped_column(ForeignKey("signing_round.id", ondelete="RESTRICT"), unique=True)
    cycle: Mapped[int]
    purpose: Mapped[str]
    content_sha256: Mapped[Digest]
    seal_sha256: Mapped[Digest]
    """Over the content's hash and each signature in order: level, person, appointment, instant."""
    closed_at: Mapped[datetime]


class SealedClosingSignature(HazardChild, Base):
    """A signature a sealed closing used; each is used once, ever."""

    __tablename__ = "sealed_closing_signature"
    __table_args__ = (Index("uq_sealed_closing_signature_level", "sealed_closing_id", "level", unique=True),)
    sealed_closing_id: Mapped[int] = mapped_column(ForeignKey("sealed_closing.id", ondelete="RESTRICT"))
    level: Mapped[SmallInt]
    signature_id: Mapped[int] = mapped_column(ForeignKey("signature.id", ondelete="RESTRICT"), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
