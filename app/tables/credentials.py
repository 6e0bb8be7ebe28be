"""How persons prove who they are: earlier passwords, second factors, what slows guessing, restored accesses."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.tables.base import Base, Digest, Key, RecordedAt, SmallInt, is_digest, not_blank


class PasswordHistory(Base):
    """A password an account had before, as its hash; it may not come back for a while."""

    __tablename__ = "password_history"
    id: Mapped[Key]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"), index=True)
    password_hash: Mapped[str]
    replaced_at: Mapped[RecordedAt]


class SecondFactor(Base):
    """动态口令 (RFC 6238): its secret sealed under a key outside the database; a code counts once."""

    __tablename__ = "second_factor"
    __table_args__ = (
        Index("ix_second_factor_account_id", "account_id"),
        Index(
            "uq_second_factor_one_in_force",
            "account_id",
            unique=True,
            postgresql_where=text("confirmed_at IS NOT NULL AND revoked_at IS NULL"),
        ),
        Index(
            "uq_second_factor_one_waiting",
            "account_id",
            unique=True,
            postgresql_where=text("confirmed_at IS NULL AND revoked_at IS NULL"),
        ),
        CheckConstraint("last_step >= 0", name="last_step_is_counted"),
    )
    id: Mapped[Key]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))
    algorithm: Mapped[str]
    key_id: Mapped[str]
    secret: Mapped[bytes]
    last_step: Mapped[int] = mapped_column(server_default=text("0"))
    """The newest time step a code was taken of (30 seconds each since 1970): none of it or before counts again."""
    enrolled_at: Mapped[RecordedAt]
    confirmed_at: Mapped[datetime | None]
    """When its holder gave a first right code; until then it is only being set up."""
    revoked_at: Mapped[datetime | None]


class RecoveryCode(Base):
    """恢复码: stands in once for a code when the device is lost; kept as a keyed digest."""

    __tablename__ = "recovery_code"
    __table_args__ = (is_digest("code_digest"),)
    id: Mapped[Key]
    second_factor_id: Mapped[int] = mapped_column(ForeignKey("second_factor.id", ondelete="RESTRICT"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))
    code_digest: Mapped[Digest] = mapped_column(unique=True)
    used_at: Mapped[datetime | None]


class SignInAttempt(Base):
    """Failures of one login name from one address, both as keyed digests, whether there is such a login or not."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (is_digest("login_digest"), is_digest("address_digest"))
    login_digest: Mapped[Digest] = mapped_column(primary_key=True)
    address_digest: Mapped[Digest] = mapped_column(primary_key=True)
    failures: Mapped[SmallInt] = mapped_column(server_default=text("0"))
    blocked_until: Mapped[datetime | None]
    code_tries: Mapped[SmallInt] = mapped_column(server_default=text("0"))
    """How often a code was shown while blocked; few, for it could be guessed."""
    succeeded_at: Mapped[datetime | None]
    """When that login last signed in from there: a known address."""
    tried_at: Mapped[RecordedAt]


class SignInPressure(Base):
    """Failures of one login name from all addresses that never succeeded, by the hour."""

    __tablename__ = "sign_in_pressure"
    __table_args__ = (is_digest("login_digest"),)
    login_digest: Mapped[Digest] = mapped_column(primary_key=True)
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    window_started_at: Mapped[RecordedAt]
    blocked_until: Mapped[datetime | None]


class AccessRestoration(Base):
    """恢复登录: two administrators give a holder who lost password or device a way back in; nothing else."""

    __tablename__ = "access_restoration"
    __table_args__ = (
        not_blank("reason"),
        CheckConstraint("confirmed_by_account_id <> proposed_by_account_id", name="confirmed_by_another"),
        CheckConstraint("account_id <> proposed_by_account_id", name="proposed_by_another"),
        CheckConstraint("account_id <> confirmed_by_account_id", name="not_of_the_confirmer"),
        CheckConstraint(
            "num_nonnulls(confirmed_by_account_id, confirmed_at, step_up_id) IN (0, 3)", name="confirmation_is_whole"
        ),
    )
    id: Mapped[Key]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"), index=True)
    reason: Mapped[str]
    proposed_by_account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))
    proposed_at: Mapped[RecordedAt]
    confirmed_by_account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))
    confirmed_at: Mapped[datetime | None]
    step_up_id: Mapped[int | None] = mapped_column(ForeignKey("step_up.id", ondelete="RESTRICT"), unique=True)
