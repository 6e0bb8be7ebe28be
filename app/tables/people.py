"""Who acts: persons, their accounts, posts, appointments, sessions and step-ups."""

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    Computed,
    FetchedValue,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.regulation.vocabulary import PendingStep, PostKind
from app.tables.base import Base, Digest, Key, RecordedAt, SmallInt, is_digest, not_blank, one_of


class Person(Base):
    """自然人: known by the keyed digest of the identity number; the number itself is never kept."""

    __tablename__ = "person"
    __table_args__ = (CheckConstraint("octet_length(identity_digest) = 32", name="identity_digest_is_sha256"),)
    id: Mapped[Key]
    identity_digest: Mapped[bytes | None] = mapped_column(unique=True)
    """HMAC under a key outside the database; required before a signing post."""
    created_at: Mapped[RecordedAt]


class PersonDetail(Base):
    """The erasable personal values of a person."""

    __tablename__ = "person_detail"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"), primary_key=True)
    name: Mapped[str | None]
    phone: Mapped[str | None]
    erased_at: Mapped[datetime | None]


class PersonDisablement(Base):
    """停用(有因): from here on nothing this person signed in an open round counts."""

    __tablename__ = "person_disablement"
    __table_args__ = (not_blank("reason"),)
    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"), index=True)
    for_cause: Mapped[bool]
    reason: Mapped[str]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))
    recorded_at: Mapped[RecordedAt]


class Account(Base):
    """账号: of one person, or of a service, which never signs."""

    __tablename__ = "account"
    __table_args__ = (
        not_blank("login_name", 64),
        CheckConstraint("is_service = (person_id IS NULL)", name="service_has_no_person"),
        CheckConstraint("NOT is_service OR organisation_id IS NOT NULL", name="service_has_organisation"),
        CheckConstraint("NOT is_service OR password_hash IS NULL", name="service_has_no_password"),
    )
    id: Mapped[Key]
    login_name: Mapped[str] = mapped_column(unique=True)
    is_service: Mapped[bool] = mapped_column(server_default=text("false"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id", ondelete="RESTRICT"))
    password_hash: Mapped[str | None]
    password_changed_at: Mapped[datetime | None]
    """When its holder last set the password; null while it is one that somebody else set, good for one sign-in."""
    locked_until: Mapped[datetime | None]
    """Always null: the column by which the wall may lock a row; nobody locks an account (sign_in_attempt slows)."""
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[RecordedAt]


class ServiceKey(Base):
    """A service account's key: shown once, kept as a digest."""

    __tablename__ = "service_key"
    __table_args__ = (is_digest("key_sha256"),)
    id: Mapped[Key]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"), index=True)
    label: Mapped[str]
    key_sha256: Mapped[Digest] = mapped_column(unique=True)
    created_at: Mapped[RecordedAt]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    scopes: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    """Words of permissions, and `act:` with an act's word; empty is whatever the account may."""


_DUTY = (
    "CASE kind WHEN 'system_administrator' THEN 1 WHEN 'security_administrator' THEN 2 "
    "WHEN 'audit_administrator' THEN 3 WHEN 'auditor' THEN 3 ELSE 0 END"
)


class Post(Base):
    """岗位: one seat in one organisation; at any instant it has at most one holder or acting holder."""

    __tablename__ = "post"
    __table_args__ = (
        one_of("kind", PostKind),
        not_blank("title", 100),
        Index("uq_post_organisation_id_title", "organisation_id", "title", unique=True),
        Index("ix_post_organisation_id_kind", "organisation_id", "kind"),
        UniqueConstraint("id", "duty", name="uq_post_id_duty"),
    )
    id: Mapped[Key]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id", ondelete="RESTRICT"))
    kind: Mapped[str]
    title: Mapped[str]
    duty: Mapped[SmallInt] = mapped_column(Computed(_DUTY, persisted=True))
    """三员: 1 the system's, 2 security, 3 audit, 0 work; nobody holds two of them at a time."""


class Appointment(Base):
    """任职: counts from its confirmation by a second administrator, never back-dated; 代签 is an acting appointment."""

    __tablename__ = "appointment"
    __table_args__ = (
        CheckConstraint("confirmed_by_account_id <> proposed_by_account_id", name="confirmed_by_another"),
        CheckConstraint("(confirmed_at IS NULL) = (confirmed_by_account_id IS NULL)", name="confirmation_is_whole"),
        CheckConstraint("valid_until > valid_from", name="period_is_forward"),
        CheckConstraint("confirmed_at IS NULL OR valid_from >= confirmed_at", name="never_back_dated"),
        CheckConstraint("acting_for_appointment_id IS NULL OR valid_until IS NOT NULL", name="acting_has_an_end"),
        ExcludeConstraint(
            (text("int8range(post_id, post_id, '[]')"), "&&"),
            (text("tstzrange(valid_from, valid_until)"), "&&"),
            where=text("confirmed_at IS NOT NULL"),
            name="ex_appointment_one_holder_at_a_time",
            using="gist",
        ),
        # Of the types that a GiST index orders without an extension, addresses alone know "differs from".
        ExcludeConstraint(
            (text("int8range(person_id, person_id, '[]')"), "&&"),
            (text("tstzrange(valid_from, valid_until)"), "&&"),
            (text("(inet '0.0.0.0' + duty) inet_ops"), "<>"),
            where=text("confirmed_at IS NOT NULL"),
            name="ex_appointment_one_duty_a_person",
            using="gist",
        ),
        ForeignKeyConstraint(
            ["post_id", "duty"], ["post.id", "post.duty"], name="fk_appointment_post_id_duty", ondelete="RESTRICT"
        ),
    )
    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="RESTRICT"), index=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="RESTRICT"), index=True)
    duty: Mapped[SmallInt] = mapped_column(server_default=FetchedValue())
    """The post's, filled in by the database."""
    acting_for_appointment_id: Mapped[int | None] = mapped_column(ForeignKey("appointment.id", ondelete="RESTRICT"))
    authority: Mapped[str | None]
    """The document that appoints."""
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime | None]
    proposed_by_account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))
    proposed_at: Mapped[RecordedAt]
    confirmed_by_account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))
    confirmed_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]


class Session(Base):
    """A sign-in: revocable, idle-limited, acting under one appointment."""

    __tablename__ = "session"
    __table_args__ = (is_digest("token_sha256"), one_of("pending", PendingStep))
    id: Mapped[Key]
    token_sha256: Mapped[Digest] = mapped_column(unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"), index=True)
    appointment_id: Mapped[int | None] = mapped_column(ForeignKey("appointment.id", ondelete="RESTRICT"))
    created_at: Mapped[RecordedAt]
    last_seen_at: Mapped[RecordedAt]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    pending: Mapped[str | None]
    """What it still lacks; null once it may act."""
    sign_on_identity_id: Mapped[int | None] = mapped_column(
        ForeignKey("sign_on_identity.id", ondelete="RESTRICT"), index=True
    )
    """Whose removal ends it; null for a sign-in by password."""
    step_up_failures: Mapped[SmallInt] = mapped_column(server_default=text("0"))
    """Proofs of the person that failed in a row; after five the session is revoked."""
    step_up_tried_at: Mapped[datetime | None]
    """When the newest of them was counted; what a dead process left counted is given back by it."""


class StepUp(Base):
    """A fresh proof of who sits there, bound to the content's hash and, for a signature, to the level."""

    __tablename__ = "step_up"
    __table_args__ = (
        is_digest("content_sha256"),
        Index("ix_step_up_account_id", "account_id"),
        Index("ix_step_up_session_id", "session_id"),
    )
    id: Mapped[Key]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))
    session_id: Mapped[int] = mapped_column(ForeignKey("session.id", ondelete="RESTRICT"))
    content_sha256: Mapped[Digest]
    level: Mapped[SmallInt | None]
    recorded_at: Mapped[RecordedAt]
