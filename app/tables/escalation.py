"""The ladder: episodes, the rungs raised in them, reminders, and the nightly runs that raised them (design 3.3)."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.regulation.vocabulary import EpisodeCause, EpisodeEnd, EpisodeKind, HoldReason, RaiseReason, Rung
from app.tables.base import Base, HazardChild, Key, RecordedAt, SmallInt, not_blank, one_of

RUNG_ORDER = " ".join(f"WHEN '{rung.value}' THEN {order}" for order, rung in enumerate(Rung, start=1))
_SUBJECTS = {
    EpisodeKind.TERM: "hazard_id IS NOT NULL AND num_nonnulls(duty, letter_id, unit_id, organisation_id) = 0",
    EpisodeKind.DUTY: "duty IS NOT NULL AND organisation_id IS NOT NULL AND num_nonnulls(hazard_id, letter_id) = 1",
    EpisodeKind.REPLY: "letter_id IS NOT NULL AND num_nonnulls(duty, unit_id) = 0",
    EpisodeKind.AGGREGATE: "num_nonnulls(unit_id, organisation_id, enterprise_id) = 1"
    " AND num_nonnulls(hazard_id, duty, letter_id) = 0",
}
_SUBJECT_FITS = " OR ".join(f"(kind = '{kind.value}' AND {condition})" for kind, condition in _SUBJECTS.items())


class EscalationRun(Base):
    """One ringing of the nightly job: for which date, under which edition, what it did and what failed."""

    __tablename__ = "escalation_run"
    __table_args__ = (
        CheckConstraint("outcome IN ('completed', 'with_failures', 'stopped')", name="outcome_is_known"),
        CheckConstraint("(ended_at IS NULL) = (outcome IS NULL)", name="ended_has_outcome"),
        CheckConstraint("ended_at >= started_at", name="period_is_forward"),
        Index("ix_escalation_run_ended_at", "ended_at"),
    )
    id: Mapped[Key]
    public_id: Mapped[UUID] = mapped_column(server_default=text("gen_random_uuid()"), unique=True)
    business_date: Mapped[date]
    """The date in Asia/Shanghai it asked for."""
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id", ondelete="RESTRICT"))
    started_at: Mapped[RecordedAt]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    stopped_because: Mapped[str | None]
    counts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """Step → how many."""


class EscalationFailure(Base):
    """One record that a run could not treat; the next run tries it again."""

    __tablename__ = "escalation_failure"
    __table_args__ = (
        not_blank("step", 100),
        not_blank("code", 100),
        Index("ix_escalation_failure_run_id", "run_id"),
        Index("ix_escalation_failure_hazard_id", "hazard_id"),
    )
    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(ForeignKey("escalation_run.id", ondelete="RESTRICT"))
    hazard_id: Mapped[int | None] = mapped_column(ForeignKey("hazard.id", ondelete="RESTRICT"))
    subject: Mapped[str | None]
    """What else it was about, by kind and id."""
    step: Mapped[str]
    code: Mapped[str]
    """SQLSTATE and the constraint's name; never a value."""
    recorded_at: Mapped[RecordedAt]


class Episode(Base):
    """升级周期: one delay of one subject, from the night it was found until its cause ended."""

    __tablename__ = "episode"
    __table_args__ = (
        one_of("kind", EpisodeKind),
        one_of("cause", EpisodeCause),
        one_of("ended_as", EpisodeEnd),
        CheckConstraint(_SUBJECT_FITS, name="subject_fits_kind"),
        CheckConstraint("(duty IS NULL) = (duty_since IS NULL)", name="duty_has_begun"),
        CheckConstraint("ordinal >= 1", name="ordinal_is_counted"),
        CheckConstraint("carried_rung BETWEEN 0 AND 5", name="carried_rung_is_known"),
        CheckConstraint("counts_from < opened_on", name="counts_from_before_opening"),
        CheckConstraint("(ended_on IS NULL) = (ended_as IS NULL)", name="ended_somehow"),
        CheckConstraint("ended_on >= counts_from", name="period_is_forward"),
        Index(
            "uq_episode_open_term",
            "hazard_id",
            unique=True,
            postgresql_where=text("kind = 'term' AND ended_on IS NULL"),
        ),
        Index("uq_episode_term_ordinal", "hazard_id", "ordinal", unique=True, postgresql_where=text("kind = 'term'")),
        Index(
            "uq_episode_duty",
            "hazard_id",
            "duty",
            "duty_since",
            "organisation_id",
            unique=True,
            postgresql_where=text("kind = 'duty' AND hazard_id IS NOT NULL"),
        ),
        Index(
            "uq_episode_duty_letter",
            "letter_id",
            "duty",
            unique=True,
            postgresql_where=text("kind = 'duty' AND letter_id IS NOT NULL"),
        ),
        Index("uq_episode_reply", "letter_id", unique=True, postgresql_where=text("kind = 'reply'")),
        Index(
            "uq_episode_open_unit",
            "unit_id",
            unique=True,
            postgresql_where=text("kind = 'aggregate' AND unit_id IS NOT NULL AND ended_on IS NULL"),
        ),
        Index(
            "uq_episode_open_organisation",
            "organisation_id",
            unique=True,
            postgresql_where=text("kind = 'aggregate' AND organisation_id IS NOT NULL AND ended_on IS NULL"),
        ),
        Index(
            "uq_episode_open_enterprise",
            "enterprise_id",
            unique=True,
            postgresql_where=text("kind = 'aggregate' AND enterprise_id IS NOT NULL AND ended_on IS NULL"),
        ),
        Index("ix_episode_open", "kind", "id", postgresql_where=text("ended_on IS NULL")),
        Index("ix_episode_organisation_id", "organisation_id"),
    )
    id: Mapped[Key]
    public_id: Mapped[UUID] = mapped_column(server_default=text("gen_random_uuid()"), unique=True)
    kind: Mapped[str]
    cause: Mapped[str]
    ordinal: Mapped[SmallInt] = mapped_column(server_default=text("1"))
    hazard_id: Mapped[int | None] = mapped_column(ForeignKey("hazard.id", ondelete="RESTRICT"))
    duty: Mapped[str | None]
    """Key of the edition's clock, `sign`, or `issue` for a silent signatory."""
    duty_since: Mapped[datetime | None]
    letter_id: Mapped[int | None] = mapped_column(
        ForeignKey("letter.id", ondelete="RESTRICT", use_alter=True, name="fk_episode_letter_id")
    )
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id", ondelete="RESTRICT"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id", ondelete="RESTRICT"))
    """Whose delay it is: the late organisation of a duty or a reply, the department of an aggregate."""
    enterprise_id: Mapped[int | None] = mapped_column(ForeignKey("enterprise.id", ondelete="RESTRICT"))
    cycle: Mapped[int | None]
    """The hazard's cycle when it opened."""
    counts_from: Mapped[date]
    """The last day before the first one counted."""
    carried_rung: Mapped[SmallInt] = mapped_column(server_default=text("0"))
    """Order of the highest rung served earlier in the same stretch; the ladder goes on above it."""
    opened_on: Mapped[date]
    run_id: Mapped[int] = mapped_column(ForeignKey("escalation_run.id", ondelete="RESTRICT"))
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id", ondelete="RESTRICT"))
    ended_on: Mapped[date | None]
    ended_as: Mapped[str | None]
    recorded_at: Mapped[RecordedAt]


class RaisedRung(Base):
    """A rung raised in an episode: once each, in order, none above one that is not served."""

    __tablename__ = "raised_rung"
    __table_args__ = (
        one_of("rung", Rung),
        one_of("reason", RaiseReason),
        CheckConstraint(f"rung_order = CASE rung {RUNG_ORDER} END", name="order_is_of_rung"),
        CheckConstraint("days >= 0", name="days_are_counted"),
        Index("uq_raised_rung_episode_id_rung", "episode_id", "rung", unique=True),
        Index("ix_raised_rung_raised_on", "raised_on"),
        Index("ix_raised_rung_run_id", "run_id"),
    )
    id: Mapped[Key]
    public_id: Mapped[UUID] = mapped_column(server_default=text("gen_random_uuid()"), unique=True)
    episode_id: Mapped[int] = mapped_column(ForeignKey("episode.id", ondelete="RESTRICT"))
    hazard_id: Mapped[int | None] = mapped_column(ForeignKey("hazard.id", ondelete="RESTRICT"), index=True)
    """The episode's hazard, where it has one."""
    rung: Mapped[str]
    rung_order: Mapped[SmallInt]
    reason: Mapped[str]
    days: Mapped[int]
    """Days counted that night, pauses left out."""
    raised_on: Mapped[date]
    run_id: Mapped[int] = mapped_column(ForeignKey("escalation_run.id", ondelete="RESTRICT"))
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id", ondelete="RESTRICT"))
    recorded_at: Mapped[RecordedAt]


class RungSuspension(Base):
    """暂缓升档: until a day, with a reason, by its approver and one a tier higher."""

    __tablename__ = "rung_suspension"
    __table_args__ = (
        one_of("rung", Rung),
        not_blank("reason"),
        CheckConstraint("until_on >= from_on", name="period_is_forward"),
        CheckConstraint("approved_by_account_id <> proposed_by_account_id", name="two_persons"),
        Index("ix_rung_suspension_episode_id", "episode_id"),
    )
    id: Mapped[Key]
    public_id: Mapped[UUID] = mapped_column(server_default=text("gen_random_uuid()"), unique=True)
    episode_id: Mapped[int] = mapped_column(ForeignKey("episode.id", ondelete="RESTRICT"))
    rung: Mapped[str | None]
    """Null: every rung."""
    from_on: Mapped[date]
    until_on: Mapped[date]
    reason: Mapped[str]
    proposed_by_account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))
    proposed_by_appointment_id: Mapped[int | None] = mapped_column(ForeignKey("appointment.id", ondelete="RESTRICT"))
    proposed_at: Mapped[RecordedAt]
    approved_by_account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))
    approved_by_appointment_id: Mapped[int | None] = mapped_column(ForeignKey("appointment.id", ondelete="RESTRICT"))
    approved_at: Mapped[datetime | None]


class Reminder(HazardChild, Base):
    """提示: so many days before a deadline; not a rung, and once each."""

    __tablename__ = "reminder"
    __table_args__ = (
        CheckConstraint("days_before >= 1", name="days_before_are_counted"),
        Index("uq_reminder_hazard_id_due_on_days_before", "hazard_id", "due_on", "days_before", unique=True),
        Index("ix_reminder_raised_on", "raised_on"),
    )
    due_on: Mapped[date]
    days_before: Mapped[SmallInt]
    raised_on: Mapped[date]
    run_id: Mapped[int] = mapped_column(ForeignKey("escalation_run.id", ondelete="RESTRICT"))
    recorded_at: Mapped[RecordedAt]


class DispatchHold(Base):
    """暂停发文: nothing is issued or sent until an office has rehearsed and released it."""

    __tablename__ = "dispatch_hold"
    __table_args__ = (
        one_of("reason", HoldReason),
        not_blank("release_note"),
        CheckConstraint("num_nonnulls(released_at, released_by_account_id) IN (0, 2)", name="release_is_whole"),
        CheckConstraint("released_at >= held_at", name="period_is_forward"),
        Index("uq_dispatch_hold_open", "reason", unique=True, postgresql_where=text("released_at IS NULL")),
    )
    id: Mapped[Key]
    public_id: Mapped[UUID] = mapped_column(server_default=text("gen_random_uuid()"), unique=True)
    reason: Mapped[str]
    note: Mapped[str | None]
    ordered_by_account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))
    """Null where the registry itself held: at a night, a start, a restore."""
    held_at: Mapped[RecordedAt]
    run_id: Mapped[int | None] = mapped_column(ForeignKey("escalation_run.id", ondelete="RESTRICT"))
    rehearsal_id: Mapped[int | None] = mapped_column(ForeignKey("escalation_rehearsal.id", ondelete="RESTRICT"))
    """The rehearsal that whoever released it had seen."""
    released_at: Mapped[datetime | None]
    released_by_account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))
    release_note: Mapped[str | None]


class EscalationRehearsal(Base):
    """演练: what a night would raise and draft, as it was shown; nothing of it happened."""

    __tablename__ = "escalation_rehearsal"
    id: Mapped[Key]
    public_id: Mapped[UUID] = mapped_column(server_default=text("gen_random_uuid()"), unique=True)
    business_date: Mapped[date]
    edition_id: Mapped[int | None] = mapped_column(ForeignKey("edition.id", ondelete="RESTRICT"))
    """Null: under a file that is not loaded."""
    edition_sha256: Mapped[str]
    result: Mapped[dict[str, Any]]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))
    recorded_at: Mapped[RecordedAt]
