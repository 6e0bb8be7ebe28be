"""The outbox: what is to be told to whom, each attempt to send it, pauses of all sending, and addresses."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.regulation.vocabulary import AttemptOutcome, DeliveryChannel, DeliveryStatus
from app.tables.base import REGISTRY_NOW, Base, Key, RecordedAt, SmallInt, not_blank, one_of

_RECIPIENTS = "num_nonnulls(account_id, organisation_id, enterprise_id)"


class Delivery(Base):
    """One message by one channel to one recipient, under an id that never changes however often it is tried."""

    __tablename__ = "delivery"
    __table_args__ = (
        one_of("channel", DeliveryChannel),
        one_of("status", DeliveryStatus),
        not_blank("message_id", 200),
        CheckConstraint(f"{_RECIPIENTS} = CASE WHEN is_exposure THEN 0 ELSE 1 END", name="one_recipient"),
        CheckConstraint("is_exposure = (channel = 'publication')", name="exposure_is_published"),
        CheckConstraint("num_nonnulls(letter_id, digest_on) = 1", name="about_something"),
        CheckConstraint("copy_id IS NULL OR letter_id IS NOT NULL", name="copy_is_of_letter"),
        CheckConstraint("attempts >= 0", name="attempts_are_counted"),
        CheckConstraint("(status = 'claimed') = (lease_until IS NOT NULL)", name="claim_has_lease"),
        CheckConstraint("(status = 'sent') = (sent_at IS NOT NULL)", name="sent_has_time"),
        CheckConstraint("delivered_at IS NULL OR sent_at IS NOT NULL", name="delivered_after_sending"),
        CheckConstraint(
            "num_nonnulls(acknowledged_at, acknowledged_by_account_id) IN (0, 2)", name="acknowledgement_is_whole"
        ),
        Index("ix_delivery_open", "channel", "id", postgresql_where=text("status IN ('pending', 'claimed')")),
        Index("ix_delivery_troubled", "id", postgresql_where=text("status IN ('in_doubt', 'dead')")),
        Index("ix_delivery_letter_id", "letter_id", "id"),
        Index("ix_delivery_account_id", "account_id", "id"),
        Index("ix_delivery_organisation_id", "organisation_id", "id"),
        Index("ix_delivery_enterprise_id", "enterprise_id", "id"),
    )
    id: Mapped[Key]
    public_id: Mapped[UUID] = mapped_column(server_default=text("gen_random_uuid()"), unique=True)
    message_id: Mapped[str] = mapped_column(unique=True)
    """Made from what it tells; a receiver that knows it takes the message once."""
    channel: Mapped[str]
    letter_id: Mapped[int | None] = mapped_column(ForeignKey("letter.id", ondelete="RESTRICT"))
    copy_id: Mapped[int | None] = mapped_column(ForeignKey("letter_copy.id", ondelete="RESTRICT"))
    """Null: the letter to its addressee."""
    digest_on: Mapped[date | None]
    """The day whose reminders it gathers; they stand in `delivery_item`."""
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id", ondelete="RESTRICT"))
    enterprise_id: Mapped[int | None] = mapped_column(ForeignKey("enterprise.id", ondelete="RESTRICT"))
    is_exposure: Mapped[bool] = mapped_column(server_default=text("false"))
    """曝光: at most once; what is in doubt waits for a person."""
    status: Mapped[str] = mapped_column(server_default=text("'pending'"))
    attempts: Mapped[SmallInt] = mapped_column(server_default=text("0"))
    """How often it was claimed."""
    next_at: Mapped[datetime] = mapped_column(server_default=REGISTRY_NOW)
    lease_until: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    """When it lay before the recipient: at once in the inbox, elsewhere when a person has found so."""
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by_account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))
    created_at: Mapped[RecordedAt]


class DeliveryItem(Base):
    """A reminder that a digest gathers."""

    __tablename__ = "delivery_item"
    __table_args__ = (Index("ix_delivery_item_reminder_id", "reminder_id"),)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("delivery.id", ondelete="RESTRICT"), primary_key=True)
    reminder_id: Mapped[int] = mapped_column(ForeignKey("reminder.id", ondelete="RESTRICT"), primary_key=True)


class DeliveryAttempt(Base):
    """What became of one claim, or what a person found out about it."""

    __tablename__ = "delivery_attempt"
    __table_args__ = (
        one_of("outcome", AttemptOutcome),
        CheckConstraint("number >= 1", name="number_is_counted"),
        CheckConstraint("code ~ '^[A-Za-z0-9_.:-]{1,60}$'", name="code_is_short"),
        CheckConstraint("(outcome IN ('confirmed', 'again')) = (account_id IS NOT NULL)", name="resolved_by_a_person"),
        not_blank("note", 500),
        CheckConstraint("note IS NULL OR account_id IS NOT NULL", name="note_is_a_persons"),
        Index("uq_delivery_attempt_delivery_id_number_outcome", "delivery_id", "number", "outcome", unique=True),
    )
    id: Mapped[Key]
    delivery_id: Mapped[int] = mapped_column(ForeignKey("delivery.id", ondelete="RESTRICT"))
    number: Mapped[SmallInt]
    """Of the claim."""
    outcome: Mapped[str]
    code: Mapped[str]
    """The gateway's answer code, or why nothing was sent; never a value."""
    note: Mapped[str | None]
    """How a person found it out."""
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))
    recorded_at: Mapped[RecordedAt]


class DeliveryPause(Base):
    """暂停发送: nothing leaves until a person releases it; ordered, or found after a restore."""

    __tablename__ = "delivery_pause"
    __table_args__ = (
        CheckConstraint("reason IN ('ordered', 'restored')", name="reason_is_known"),
        not_blank("note", 500),
        CheckConstraint("(reason = 'restored') = (paused_by_account_id IS NULL)", name="ordered_by_someone"),
        CheckConstraint("num_nonnulls(released_at, released_by_account_id) IN (0, 2)", name="release_is_whole"),
        CheckConstraint("released_at >= paused_at", name="period_is_forward"),
        Index("uq_delivery_pause_open", "reason", unique=True, postgresql_where=text("released_at IS NULL")),
    )
    id: Mapped[Key]
    public_id: Mapped[UUID] = mapped_column(server_default=text("gen_random_uuid()"), unique=True)
    reason: Mapped[str]
    note: Mapped[str]
    paused_at: Mapped[RecordedAt]
    paused_by_account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))
    released_at: Mapped[datetime | None]
    released_by_account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))


class DeliveryEra(Base):
    """A server and timeline that deliveries were sent from: another one means a restore or a promotion."""

    __tablename__ = "delivery_era"
    id: Mapped[Key]
    system_identifier: Mapped[int]
    timeline: Mapped[int]
    began_at: Mapped[RecordedAt]


class DeliveryAddress(Base):
    """Where a party wants to be told, beside its inbox; looked up at each sending and copied nowhere."""

    __tablename__ = "delivery_address"
    __table_args__ = (
        CheckConstraint("channel IN ('email', 'webhook', 'sms_file')", name="channel_is_known"),
        not_blank("address", 500),
        CheckConstraint(f"{_RECIPIENTS} = 1", name="one_party"),
        CheckConstraint("ended_at >= recorded_at", name="period_is_forward"),
        Index(
            "uq_delivery_address_in_use",
            text("coalesce(account_id, 0)"),
            text("coalesce(organisation_id, 0)"),
            text("coalesce(enterprise_id, 0)"),
            "channel",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
    )
    id: Mapped[Key]
    public_id: Mapped[UUID] = mapped_column(server_default=text("gen_random_uuid()"), unique=True)
    """Names the webhook's own secret, which is derived and stored nowhere."""
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id", ondelete="RESTRICT"))
    enterprise_id: Mapped[int | None] = mapped_column(ForeignKey("enterprise.id", ondelete="RESTRICT"))
    channel: Mapped[str]
    address: Mapped[str]
    recorded_at: Mapped[RecordedAt]
    ended_at: Mapped[datetime | None]
