"""Official letters: drafted, issued under a number, served, answered; copies and items (design 3.3)."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.regulation.vocabulary import LetterKind, LetterStatus, PostKind, ServiceManner
from app.tables.base import Base, Digest, Key, RecordedAt, SmallInt, is_digest, not_blank, one_of

_ONE_ADDRESSEE = (
    "num_nonnulls(addressee_organisation_id, addressee_enterprise_id) = 1"
    " OR (kind = 'exposure_notice' AND num_nonnulls(addressee_organisation_id, addressee_enterprise_id) = 0)"
)
_CLOSING_PAPERS = (
    "round_id IS NULL AND delisting_id IS NULL"
    " OR round_id IS NOT NULL AND delisting_id IS NULL AND kind IN ('closing_approval_form', 'closing_notice')"
    " OR round_id IS NULL AND delisting_id IS NOT NULL AND kind = 'delisting_notice'"
)
_OF_ISSUING = "num_nonnulls(issued_at, office_code, year, serial, content_sha256)"


class LetterSeries(Base):
    """The numbers of one 机关代字 in one year: drawn in order, without a gap."""

    __tablename__ = "letter_series"
    __table_args__ = (
        not_blank("office_code", 40),
        CheckConstraint("year BETWEEN 2000 AND 9998", name="year_is_known"),
        CheckConstraint("last_serial >= 0", name="last_serial_is_counted"),
    )
    office_code: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[SmallInt] = mapped_column(primary_key=True, autoincrement=False)
    last_serial: Mapped[int]


class Letter(Base):
    """公文: one addressee, any copies, any number of items; after issuing only its service and answer change."""

    __tablename__ = "letter"
    __table_args__ = (
        one_of("kind", LetterKind),
        one_of("status", LetterStatus),
        one_of("signatory_post_kind", PostKind),
        one_of("served_as", ServiceManner),
        not_blank("title", 200),
        is_digest("content_sha256"),
        CheckConstraint(_ONE_ADDRESSEE, name="one_addressee"),
        CheckConstraint(
            f"(status IN ('issued', 'voided')) = ({_OF_ISSUING} = 5) AND {_OF_ISSUING} IN (0, 5)",
            name="issued_has_number",
        ),
        CheckConstraint(
            "status NOT IN ('issued', 'voided') OR num_nonnulls(issued_by_appointment_id, standing_authorisation) = 1",
            name="issued_by_someone",
        ),
        CheckConstraint(
            "(status IN ('dropped', 'voided')) = (ended_reason IS NOT NULL AND ended_at IS NOT NULL)",
            name="ended_has_reason",
        ),
        CheckConstraint("dispatched_on IS NULL OR issued_at IS NOT NULL", name="dispatched_after_issuing"),
        CheckConstraint("(served_on IS NULL) = (served_as IS NULL)", name="served_somehow"),
        CheckConstraint("served_on IS NULL OR issued_at IS NOT NULL", name="served_after_issuing"),
        CheckConstraint("(run_id IS NULL) = (drafted_by_account_id IS NOT NULL)", name="drafted_by_someone"),
        CheckConstraint(_CLOSING_PAPERS, name="closing_papers_fit"),
        # What a night drafts of a closing it drafts once, unless it was voided.
        Index(
            "uq_letter_round_id",
            "round_id",
            "kind",
            unique=True,
            postgresql_where=text("round_id IS NOT NULL AND status <> 'voided'"),
        ),
        Index(
            "uq_letter_delisting_id",
            "delisting_id",
            unique=True,
            postgresql_where=text("delisting_id IS NOT NULL AND status <> 'voided'"),
        ),
        Index("uq_letter_number", "office_code", "year", "serial", unique=True),
        # A night drafts one letter of a kind to an addressee, however often it runs.
        Index(
            "uq_letter_night",
            "business_date",
            "kind",
            "issuer_organisation_id",
            text("coalesce(addressee_organisation_id, 0)"),
            text("coalesce(addressee_enterprise_id, 0)"),
            "part",
            unique=True,
            postgresql_where=text("run_id IS NOT NULL"),
        ),
        Index("ix_letter_issuer_status", "issuer_organisation_id", "status", "id"),
        Index("ix_letter_addressee_organisation_id", "addressee_organisation_id"),
        Index("ix_letter_addressee_enterprise_id", "addressee_enterprise_id"),
        Index("ix_letter_undispatched", "id", postgresql_where=text("status = 'issued' AND dispatched_on IS NULL")),
        Index("ix_letter_unserved", "dispatched_on", postgresql_where=text("status = 'issued' AND served_on IS NULL")),
        Index(
            "ix_letter_unanswered",
            "reply_due_on",
            postgresql_where=text("status = 'issued' AND reply_due_on IS NOT NULL AND answered_on IS NULL"),
        ),
    )
    id: Mapped[Key]
    public_id: Mapped[UUID] = mapped_column(server_default=text("gen_random_uuid()"), unique=True)
    kind: Mapped[str]
    status: Mapped[str] = mapped_column(server_default=text("'draft'"))
    version: Mapped[int] = mapped_column(server_default=text("0"))
    issuer_organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id", ondelete="RESTRICT"))
    signatory_post_kind: Mapped[str]
    """Whose post at the issuing organisation issues it, by the edition."""
    addressee_organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id", ondelete="RESTRICT"))
    addressee_enterprise_id: Mapped[int | None] = mapped_column(ForeignKey("enterprise.id", ondelete="RESTRICT"))
    title: Mapped[str]
    body: Mapped[dict[str, Any]]
    """`{"paragraphs": […], …}`: what the form of its kind asks; frozen at issuing."""
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id", ondelete="RESTRICT"))
    business_date: Mapped[date]
    """The night that drafted it, or the day a hand did."""
    part: Mapped[SmallInt] = mapped_column(server_default=text("1"))
    """Counts on where a night's letter was issued before a later run of the same night found more."""
    run_id: Mapped[int | None] = mapped_column(ForeignKey("escalation_run.id", ondelete="RESTRICT"))
    drafted_by_account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))
    drafted_at: Mapped[RecordedAt]
    reissue_of_id: Mapped[int | None] = mapped_column(ForeignKey("letter.id", ondelete="RESTRICT"))
    """The voided letter that this one replaces."""
    round_id: Mapped[int | None] = mapped_column(ForeignKey("signing_round.id", ondelete="RESTRICT"))
    """Of a 验收销号审批表 or 销号通知: the round that closed its hazard."""
    delisting_id: Mapped[int | None] = mapped_column(ForeignKey("delisting.id", ondelete="RESTRICT"))
    """Of a 摘牌通知."""
    issued_at: Mapped[datetime | None]
    issued_by_appointment_id: Mapped[int | None] = mapped_column(ForeignKey("appointment.id", ondelete="RESTRICT"))
    issued_by_account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))
    standing_authorisation: Mapped[str | None]
    """The document under which it went by itself; printed on it."""
    office_code: Mapped[str | None]
    year: Mapped[SmallInt | None]
    serial: Mapped[int | None]
    content_sha256: Mapped[bytes | None]
    ended_reason: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    dispatched_on: Mapped[date | None]
    served_on: Mapped[date | None]
    served_as: Mapped[str | None]
    reply_due_on: Mapped[date | None]
    answered_on: Mapped[date | None]


class LetterItem(Base):
    """One line of a letter's list: the rung, listing or hazard it is about, as it read when drafted."""

    __tablename__ = "letter_item"
    __table_args__ = (
        CheckConstraint("position >= 1", name="position_is_counted"),
        CheckConstraint("num_nonnulls(raised_rung_id, listing_id) <= 1", name="one_occasion_at_most"),
        Index("uq_letter_item_letter_id_position", "letter_id", "position", unique=True),
        Index(
            "uq_letter_item_raised_rung_id", "raised_rung_id", unique=True, postgresql_where=text("dropped_at IS NULL")
        ),
        Index("ix_letter_item_hazard_id", "hazard_id"),
    )
    id: Mapped[Key]
    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id", ondelete="RESTRICT"))
    position: Mapped[SmallInt]
    raised_rung_id: Mapped[int | None] = mapped_column(ForeignKey("raised_rung.id", ondelete="RESTRICT"))
    listing_id: Mapped[int | None] = mapped_column(ForeignKey("listing.id", ondelete="RESTRICT"))
    hazard_id: Mapped[int | None] = mapped_column(ForeignKey("hazard.id", ondelete="RESTRICT"))
    line: Mapped[dict[str, Any]]
    """The line as it reads: number, enterprise, place, deadline, days."""
    dropped_at: Mapped[datetime | None]
    """When its delay had ended before the letter was issued."""


class LetterCopy(Base):
    """抄送: one reader, and by `item_ids` the lines within that reader's scope."""

    __tablename__ = "letter_copy"
    __table_args__ = (
        CheckConstraint("num_nonnulls(organisation_id, enterprise_id) = 1", name="one_reader"),
        Index("uq_letter_copy_letter_id_organisation_id", "letter_id", "organisation_id", unique=True),
        Index("uq_letter_copy_letter_id_enterprise_id", "letter_id", "enterprise_id", unique=True),
        Index("ix_letter_copy_organisation_id", "organisation_id"),
        Index("ix_letter_copy_enterprise_id", "enterprise_id"),
    )
    id: Mapped[Key]
    public_id: Mapped[UUID] = mapped_column(server_default=text("gen_random_uuid()"), unique=True)
    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id", ondelete="RESTRICT"))
    issuer_organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id", ondelete="RESTRICT"))
    """The letter's issuer, so that who may read a copy needs no look at the letter."""
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id", ondelete="RESTRICT"))
    enterprise_id: Mapped[int | None] = mapped_column(ForeignKey("enterprise.id", ondelete="RESTRICT"))
    item_ids: Mapped[list[int]]


class LetterService(Base):
    """送达: how, by whom, received by whom, when; with the signed receipt where there is one."""

    __tablename__ = "letter_service"
    __table_args__ = (
        one_of("manner", ServiceManner),
        not_blank("received_by", 100),
        CheckConstraint("manner = 'deemed' OR received_by IS NOT NULL", name="receipt_names_receiver"),
        CheckConstraint("(manner = 'deemed') = (account_id IS NULL)", name="deemed_by_the_night"),
        Index("uq_letter_service_letter_id", "letter_id", unique=True, postgresql_where=text("copy_id IS NULL")),
        Index("uq_letter_service_copy_id", "copy_id", unique=True),
    )
    id: Mapped[Key]
    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id", ondelete="RESTRICT"))
    copy_id: Mapped[int | None] = mapped_column(ForeignKey("letter_copy.id", ondelete="RESTRICT"))
    manner: Mapped[str]
    received_by: Mapped[str | None]
    """The receiver's post, or name as on the receipt."""
    served_on: Mapped[date]
    evidence_sha256: Mapped[bytes | None]
    """Of the receipt's scan in the evidence folder."""
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))
    recorded_at: Mapped[RecordedAt]


class LetterReply(Base):
    """复函: what the addressee answered, and when it came."""

    __tablename__ = "letter_reply"
    __table_args__ = (
        not_blank("text"),
        not_blank("number", 100),
        Index("ix_letter_reply_letter_id", "letter_id"),
    )
    id: Mapped[Key]
    public_id: Mapped[UUID] = mapped_column(server_default=text("gen_random_uuid()"), unique=True)
    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id", ondelete="RESTRICT"))
    text: Mapped[str]
    number: Mapped[str | None]
    """The reply's own 发文字号."""
    received_on: Mapped[date]
    evidence_sha256: Mapped[bytes | None]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id", ondelete="RESTRICT"))
    recorded_at: Mapped[RecordedAt]


class LetterFile(Base):
    """A letter or copy as a file: which format, under which hash it lies in the folder of files."""

    __tablename__ = "letter_file"
    __table_args__ = (
        is_digest("sha256"),
        CheckConstraint("format IN ('pdf', 'docx')", name="format_is_known"),
        CheckConstraint("size_bytes > 0", name="size_is_counted"),
        Index("uq_letter_file_letter_format", "letter_id", text("coalesce(copy_id, 0)"), "format", unique=True),
    )
    id: Mapped[Key]
    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id", ondelete="RESTRICT"))
    copy_id: Mapped[int | None] = mapped_column(ForeignKey("letter_copy.id", ondelete="RESTRICT"))
    format: Mapped[str]
    sha256: Mapped[Digest]
    size_bytes: Mapped[int]
    fonts: Mapped[dict[str, Any]]
    """Role → the family that was used."""
    recorded_at: Mapped[RecordedAt]
