"""What happened: transitions with dimensions and both times, audit streams, access events, the one gapless sequence."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.regulation.vocabulary import Act, Channel, HazardLevel, State
from app.tables.base import Base, Digest, HazardChild, Key, RecordedAt, SmallInt, Xid8, is_digest, one_of


def by_time(table: str) -> Index:
    """Rows come in the order of time: a few pages of index find the newest, and an insert costs nothing."""
    blocks = {"pages_per_range": 16, "autosummarize": True}
    return Index(f"ix_{table}_recorded_at", "recorded_at", postgresql_using="brin", postgresql_with=blocks)


class HazardTransition(HazardChild, Base):
    """One act on one hazard, with the hazard's dimensions after it; a restating copy names the row it restates."""

    __tablename__ = "hazard_transition"
    __table_args__ = (
        one_of("act", Act),
        one_of("from_state", State),
        one_of("to_state", State),
        one_of("channel", Channel),
        one_of("level", HazardLevel),
        Index(
            "uq_hazard_transition_hazard_id_version",
            "hazard_id",
            "version",
            unique=True,
            postgresql_where=text("restates IS NULL"),
        ),
        Index("ix_hazard_transition_as_of", "hazard_id", "occurred_at", "act_order", "id"),
        Index("ix_hazard_transition_unit_sector", "unit_id", "sector"),
        Index("ix_hazard_transition_transaction_id", "transaction_id"),
        CheckConstraint("restates < id", name="restates_an_earlier_row"),
    )
    act: Mapped[str]
    rule: Mapped[str]
    """The lifecycle row's id."""
    from_state: Mapped[str | None]
    to_state: Mapped[str]
    version: Mapped[int]
    cycle: Mapped[int]
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id", ondelete="RESTRICT"))
    sector: Mapped[str]
    channel: Mapped[str]
    level: Mapped[str]
    supervision_tier: Mapped[SmallInt | None]
    lead_organisation_id: Mapped[int | None]
    listing_office_id: Mapped[int | None]
    enterprise_id: Mapped[int | None]
    original_deadline: Mapped[date | None]
    current_deadline: Mapped[date | None]
    found_on: Mapped[date]
    is_determined: Mapped[bool]
    is_legacy: Mapped[bool]
    reason: Mapped[str | None]
    declared_at: Mapped[datetime | None]
    """Of the declaration that is undecided, or that the passed verification accepted."""
    is_verified: Mapped[bool] = mapped_column(server_default=text("false"))
    extension_count: Mapped[SmallInt] = mapped_column(server_default=text("0"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    appointment_id: Mapped[int | None] = mapped_column(ForeignKey("appointment.id", ondelete="RESTRICT"))
    actor_label: Mapped[str]
    """Post and organisation as they read that day."""
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("edition.id", ondelete="RESTRICT"))
    act_order: Mapped[int]
    """Id of the act this row stands for: its own, or that of the row it restates."""
    restates: Mapped[int | None] = mapped_column(ForeignKey("hazard_transition.id", ondelete="RESTRICT"))
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[RecordedAt]
    transaction_id: Mapped[int] = mapped_column(Xid8(), server_default=text("pg_current_xact_id()"))


class AuditStream(Base):
    """The head of one append-only stream: one per hazard, account, reference subject."""

    __tablename__ = "audit_stream"
    __table_args__ = (
        is_digest("head_sha256"),
        is_digest("previous_sha256"),
        Index("uq_audit_stream_kind_subject_id", "kind", "subject_id", unique=True),
    )
    id: Mapped[Key]
    kind: Mapped[str]
    subject_id: Mapped[int]
    hazard_id: Mapped[int | None] = mapped_column(ForeignKey("hazard.id", ondelete="RESTRICT"), index=True)
    length: Mapped[int]
    previous_sha256: Mapped[Digest]
    """The head before the newest event, so that one statement can move the head and chain the event."""
    head_sha256: Mapped[Digest]


class AuditEvent(Base):
    """One recorded business change; `payload` holds the exact bytes hashed."""

    __tablename__ = "audit_event"
    __table_args__ = (
        is_digest("previous_sha256"),
        is_digest("sha256"),
        CheckConstraint("sha256 = sha256(previous_sha256 || payload)", name="hash_is_of_payload"),
        Index("uq_audit_event_stream_id_serial", "stream_id", "serial", unique=True),
        Index("ix_audit_event_hazard_id_transaction_id", "hazard_id", "transaction_id"),
        Index("ix_audit_event_transaction_id", "transaction_id"),
        by_time("audit_event"),
    )
    id: Mapped[Key]
    stream_id: Mapped[int] = mapped_column(ForeignKey("audit_stream.id", ondelete="RESTRICT"))
    serial: Mapped[int]
    hazard_id: Mapped[int | None] = mapped_column(ForeignKey("hazard.id", ondelete="RESTRICT"))
    event: Mapped[str]
    payload: Mapped[bytes]
    previous_sha256: Mapped[Digest]
    sha256: Mapped[Digest]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))
    request_id: Mapped[str]
    recorded_at: Mapped[RecordedAt]
    transaction_id: Mapped[int] = mapped_column(Xid8(), server_default=text("pg_current_xact_id()"))


class AccessEvent(Base):
    """A refusal or a sensitive read; unchained."""

    __tablename__ = "access_event"
    __table_args__ = (Index("ix_access_event_account_id", "account_id", "id"), by_time("access_event"))
    id: Mapped[Key]
    kind: Mapped[str]
    """`refusal`, `read`, or what else an act on no hazard left."""
    code: Mapped[str]
    """Of a refusal its code, of a read what kind of thing was read."""
    route: Mapped[str]
    subject: Mapped[str | None]
    """Of a read: which one, by the identifier it has in addresses."""
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))
    request_id: Mapped[str]
    recorded_at: Mapped[RecordedAt]


class SequencePosition(Base):
    """The gapless position of a transition or audit row: feed cursor, leaf of the tree, watermark."""

    __tablename__ = "sequence_position"
    __table_args__ = (
        CheckConstraint("num_nonnulls(transition_id, audit_event_id) = 1", name="one_row_each"),
        CheckConstraint("position >= 1", name="position_is_counted"),
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    transition_id: Mapped[int | None] = mapped_column(
        ForeignKey("hazard_transition.id", ondelete="RESTRICT"), unique=True
    )
    audit_event_id: Mapped[int | None] = mapped_column(ForeignKey("audit_event.id", ondelete="RESTRICT"), unique=True)
    assigned_at: Mapped[RecordedAt]
