"""How persons are known to a sign-on provider, what was begun there, and what break-glass did."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.regulation.vocabulary import BreakGlassDeed
from app.tables.base import Base, Digest, Key, RecordedAt, is_digest, not_blank, one_of

LONGEST_ISSUER = 500
LONGEST_SUBJECT = 255


class SignOnIdentity(Base):
    """单点登录身份: the account that an issuer's subject signs in to; bound by an administrator, never guessed."""

    __tablename__ = "sign_on_identity"
    __table_args__ = (
        not_blank("issuer", LONGEST_ISSUER),
        not_blank("subject", LONGEST_SUBJECT),
        CheckConstraint("bound_by_account_id <> account_id", name="bound_by_another"),
        Index(
            "uq_sign_on_identity_issuer_subject",
            "issuer",
            "subject",
            unique=True,
            postgresql_where=text("removed_at IS NULL"),
        ),
        Index("ix_sign_on_identity_account_id", "account_id"),
    )
    id: Mapped[Key]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))
    issuer: Mapped[str]
    subject: Mapped[str]
    bound_by_account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))
    bound_at: Mapped[RecordedAt]
    removed_at: Mapped[datetime | None]


class SignOnAttempt(Base):
    """A sign-on begun: used once, by the browser that began it, within minutes. It holds digests and no secret."""

    __tablename__ = "sign_on_attempt"
    __table_args__ = (is_digest("state_sha256"), is_digest("browser_sha256"))
    id: Mapped[Key]
    state_sha256: Mapped[Digest] = mapped_column(unique=True)
    browser_sha256: Mapped[Digest]
    started_at: Mapped[RecordedAt]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class BreakGlass(Base):
    """应急处置: what two persons did together on the machine itself where the ordinary way was barred; counted."""

    __tablename__ = "break_glass"
    __table_args__ = (
        one_of("deed", BreakGlassDeed),
        not_blank("reason"),
        CheckConstraint("first_person_id <> second_person_id", name="two_persons"),
        CheckConstraint(
            "num_nonnulls(account_id, appointment_id) = 1 AND (deed = 'restore_access') = (account_id IS NOT NULL)",
            name="deed_has_its_subject",
        ),
    )
    id: Mapped[Key]
    deed: Mapped[str]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))
    """Whose access was restored."""
    appointment_id: Mapped[int | None] = mapped_column(ForeignKey("appointment.id", ondelete="RESTRICT"))
    """What was confirmed."""
    first_person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    second_person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"))
    reason: Mapped[str]
    recorded_at: Mapped[RecordedAt]
