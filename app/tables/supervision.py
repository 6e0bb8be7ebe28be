"""The documents of determination, listing and supervision."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.regulation.vocabulary import DismissReason, ProductionMeasureKind
from app.tables.base import ActDocument, Base, Digest, SmallInt, is_digest, not_blank, one_of


class Determination(ActDocument, Base):
    """判定: the clause in force that day, or a reasoned 综合判定."""

    __tablename__ = "determination"
    __table_args__ = (
        CheckConstraint("num_nonnulls(criterion_id, cited_text, reasoning) >= 1", name="has_a_basis"),
        CheckConstraint("NOT is_comprehensive OR length(btrim(reasoning)) > 0", name="comprehensive_is_reasoned"),
    )
    criterion_id: Mapped[int | None] = mapped_column(ForeignKey("criterion.id", ondelete="RESTRICT"))
    cited_text: Mapped[str | None]
    """A clause as cited that matches no criterion (未核对): imports only."""
    is_comprehensive: Mapped[bool] = mapped_column(server_default=text("false"))
    reasoning: Mapped[str | None]
    determined_level: Mapped[str]
    lead_organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id", ondelete="RESTRICT"))


class Dismissal(ActDocument, Base):
    """排除: unsubstantiated, a duplicate, not major, or regraded."""

    __tablename__ = "dismissal"
    __table_args__ = (
        one_of("reason", DismissReason),
        not_blank("explanation"),
        CheckConstraint("(reason = 'duplicate') = (duplicate_of_id IS NOT NULL)", name="duplicate_names_survivor"),
        CheckConstraint("duplicate_of_id <> hazard_id", name="not_duplicate_of_itself"),
    )
    reason: Mapped[str]
    explanation: Mapped[str]
    duplicate_of_id: Mapped[int | None] = mapped_column(ForeignKey("hazard.id", ondelete="RESTRICT"))
    round_id: Mapped[int | None] = mapped_column(ForeignKey("signing_round.id", ondelete="RESTRICT"))


class Listing(ActDocument, Base):
    """挂牌督办: lead department, deadline, requirements; its 督办通知书 is drafted from this row."""

    __tablename__ = "listing"
    __table_args__ = (
        CheckConstraint("supervision_tier BETWEEN 1 AND 5", name="supervision_tier_is_known"),
        CheckConstraint("fixed_on_the_spot OR requirements IS NOT NULL", name="requirements_are_given"),
        CheckConstraint("fixed_on_the_spot OR due_on IS NOT NULL", name="deadline_is_given"),
        Index("ix_listing_listing_office_id", "listing_office_id"),
    )
    supervision_tier: Mapped[SmallInt]
    listing_office_id: Mapped[int] = mapped_column(ForeignKey("organisation.id", ondelete="RESTRICT"))
    lead_organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id", ondelete="RESTRICT"))
    ledger_number: Mapped[str]
    due_on: Mapped[date | None]
    due_explained: Mapped[dict[str, Any]]
    """The deadline's own explanation: rule, basis, first day, skipped days."""
    requirements: Mapped[str | None]
    notice_number: Mapped[str | None]
    release_conditions: Mapped[str | None]
    report_frequency: Mapped[str | None]
    fixed_on_the_spot: Mapped[bool] = mapped_column(server_default=text("false"))
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id", ondelete="RESTRICT"))


class SupervisionChange(ActDocument, Base):
    """提级/降级: by the higher office, with a new notice; never a later deadline."""

    __tablename__ = "supervision_change"
    __table_args__ = (not_blank("reason"), CheckConstraint("from_tier <> to_tier", name="tier_changes"))
    from_tier: Mapped[SmallInt]
    to_tier: Mapped[SmallInt]
    listing_office_id: Mapped[int] = mapped_column(ForeignKey("organisation.id", ondelete="RESTRICT"))
    due_on: Mapped[date | None]
    notice_number: Mapped[str | None]
    reason: Mapped[str]


PLAN_TEXTS = (
    "responsibility",
    "measures",
    "funds",
    "time_limit",
    "scheme",
    "emergency_plan",
    "goals_and_tasks",
    "methods_and_measures",
    "funds_and_supplies",
    "organisation_and_staff",
    "schedule_and_requirements",
    "safety_and_emergency",
)


class Plan(ActDocument, Base):
    """整改方案: 五落实 in both variants (方案, 预案), the six parts of 16号令 art. 15, milestones; one per hazard."""

    __tablename__ = "plan"
    __table_args__ = (
        *(not_blank(column) for column in PLAN_TEXTS),
        is_digest("document_sha256"),
        Index("uq_plan_hazard_id_plan_version", "hazard_id", "plan_version", unique=True),
    )
    plan_version: Mapped[int]
    responsibility: Mapped[str]
    measures: Mapped[str]
    funds: Mapped[str]
    time_limit: Mapped[str]
    scheme: Mapped[str]
    emergency_plan: Mapped[str]
    goals_and_tasks: Mapped[str]
    methods_and_measures: Mapped[str]
    funds_and_supplies: Mapped[str]
    organisation_and_staff: Mapped[str]
    schedule_and_requirements: Mapped[str]
    safety_and_emergency: Mapped[str]
    milestones: Mapped[dict[str, Any]]
    """`{"items": [{"name", "due_on"}]}` in order of date."""
    document_sha256: Mapped[Digest]


class PlanDecision(ActDocument, Base):
    """方案审批: approved or returned with a reason."""

    __tablename__ = "plan_decision"
    __table_args__ = (
        CheckConstraint("approved OR length(btrim(reason)) > 0", name="return_is_reasoned"),
        # An approved plan that has to change is returned later: one decision of each kind.
        Index("uq_plan_decision_plan_id_approved", "plan_id", "approved", unique=True),
    )
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id", ondelete="RESTRICT"))
    approved: Mapped[bool]
    reason: Mapped[str | None]


class Progress(ActDocument, Base):
    """整改进展."""

    __tablename__ = "progress"
    __table_args__ = (not_blank("description"), CheckConstraint("percent BETWEEN 0 AND 100", name="percent_is_share"))
    description: Mapped[str]
    percent: Mapped[SmallInt | None]
    milestone: Mapped[str | None]
    """The plan's milestone this progress reaches."""


class ExtensionRequest(ActDocument, Base):
    """延期申请: before expiry."""

    __tablename__ = "extension_request"
    __table_args__ = (not_blank("reason"), CheckConstraint("requested_due_on > current_due_on", name="is_later"))
    current_due_on: Mapped[date]
    requested_due_on: Mapped[date]
    reason: Mapped[str]


class ExtensionDecision(ActDocument, Base):
    """延期审批: granted or refused."""

    __tablename__ = "extension_decision"
    __table_args__ = (
        CheckConstraint("granted = (granted_due_on IS NOT NULL)", name="granted_names_date"),
        CheckConstraint("granted OR length(btrim(reason)) > 0", name="refusal_is_reasoned"),
        Index("uq_extension_decision_extension_request_id", "extension_request_id", unique=True),
    )
    extension_request_id: Mapped[int] = mapped_column(ForeignKey("extension_request.id", ondelete="RESTRICT"))
    granted: Mapped[bool]
    granted_due_on: Mapped[date | None]
    reason: Mapped[str | None]


class Transfer(ActDocument, Base):
    """移交: proposes another lead department; the owner stays until the receiver is bound."""

    __tablename__ = "transfer"
    __table_args__ = (
        not_blank("reason"),
        CheckConstraint("from_organisation_id <> to_organisation_id", name="goes_elsewhere"),
    )
    from_organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id", ondelete="RESTRICT"))
    to_organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id", ondelete="RESTRICT"))
    decided_by_office: Mapped[bool] = mapped_column(server_default=text("false"))
    """The safety office's own decision binds at once and cannot be refused."""
    reason: Mapped[str]


class TransferRefusal(ActDocument, Base):
    """拒绝接收: with a reason; the hazard stays with (or goes back to) the former lead."""

    __tablename__ = "transfer_refusal"
    __table_args__ = (not_blank("reason"), Index("uq_transfer_refusal_transfer_id", "transfer_id", unique=True))
    transfer_id: Mapped[int] = mapped_column(ForeignKey("transfer.id", ondelete="RESTRICT"))
    reason: Mapped[str]


class ProductionMeasure(ActDocument, Base):
    """停产停用措施 (安全生产法 art. 65): document, scope, dates."""

    __tablename__ = "production_measure"
    __table_args__ = (one_of("kind", ProductionMeasureKind), not_blank("order_number", 100), not_blank("scope"))
    kind: Mapped[str]
    order_number: Mapped[str]
    scope: Mapped[str]
    from_on: Mapped[date]
    until_on: Mapped[date | None]


class ProductionMeasureLift(ActDocument, Base):
    """解除: a full stop only when the hazard is closed."""

    __tablename__ = "production_measure_lift"
    __table_args__ = (
        not_blank("order_number", 100),
        Index("uq_production_measure_lift_production_measure_id", "production_measure_id", unique=True),
    )
    production_measure_id: Mapped[int] = mapped_column(ForeignKey("production_measure.id", ondelete="RESTRICT"))
    order_number: Mapped[str]
    lifted_on: Mapped[date]


class Delisting(ActDocument, Base):
    """摘牌: the public act after closing."""

    __tablename__ = "delisting"
    __table_args__ = (not_blank("notice_number", 100), not_blank("medium", 200))
    notice_number: Mapped[str]
    medium: Mapped[str]
    published_at: Mapped[datetime | None]
