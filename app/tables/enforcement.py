"""行政处罚 (design 5): decisions as made, never changed; a correction is a row that takes another's place.

Of a natural person only the post is kept. Which decision of an organisation bears a number now, the trigger
`wall_penalty` watches over: no index knows what another row has superseded.
"""

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, text
from sqlalchemy.orm import Mapped, mapped_column

from app.regulation.vocabulary import Penalised, PenaltyKind, PenaltyLaw
from app.tables.base import Base, Key, RecordedAt, not_blank, one_of

KINDS = ", ".join(f"'{kind.value}'" for kind in PenaltyKind)


class Penalty(Base):
    """行政处罚决定: whom, by whom, on what article, of what kinds; amounts in yuan, exact to the fen."""

    __tablename__ = "penalty"
    __table_args__ = (
        not_blank("sector", 60),
        not_blank("case_number", 100),
        not_blank("article", 200),
        not_blank("criminal_transfer_number", 100),
        not_blank("correction_reason"),
        one_of("law", PenaltyLaw),
        one_of("penalised", Penalised),
        CheckConstraint(f"cardinality(kinds) > 0 AND kinds <@ ARRAY[{KINDS}]", name="kinds_are_known"),
        CheckConstraint("amount > 0", name="amount_is_positive"),
        CheckConstraint(
            "CASE WHEN 'fine' = ANY (kinds) THEN amount IS NOT NULL"
            " ELSE amount IS NULL OR 'confiscation' = ANY (kinds) END",
            name="amount_is_of_money",
        ),
        CheckConstraint("published_on >= decided_on", name="published_after_decision"),
        CheckConstraint(
            "(supersedes_id IS NULL) = (correction_reason IS NULL) AND (supersedes_id IS NOT NULL OR NOT is_revoked)",
            name="correction_is_reasoned",
        ),
        Index("ix_penalty_organisation_id_case_number", "organisation_id", "case_number"),
        Index("ix_penalty_enterprise_id_decided_on", "enterprise_id", "decided_on"),
        Index("uq_penalty_supersedes_id", "supersedes_id", unique=True),
    )
    id: Mapped[Key]
    public_id: Mapped[UUID] = mapped_column(server_default=text("gen_random_uuid()"), unique=True)
    enterprise_id: Mapped[int] = mapped_column(ForeignKey("enterprise.id", ondelete="RESTRICT"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id", ondelete="RESTRICT"), index=True)
    """The hazard's unit, without a hazard the enterprise's: where it counts."""
    sector: Mapped[str]
    hazard_id: Mapped[int | None] = mapped_column(ForeignKey("hazard.id", ondelete="RESTRICT"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id", ondelete="RESTRICT"))
    """Who decided."""
    case_number: Mapped[str]
    """行政处罚决定书文号."""
    decided_on: Mapped[date]
    law: Mapped[str]
    article: Mapped[str]
    kinds: Mapped[list[str]]
    amount: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    penalised: Mapped[str]
    producing_with_major_hazard: Mapped[bool] = mapped_column(server_default=text("false"))
    """发现有重大事故隐患仍然进行生产 (煤矿安全生产条例 art. 64, 70)."""
    published_on: Mapped[date | None]
    criminal_transfer_number: Mapped[str | None]
    """案件移送书文号 (行刑衔接)."""
    supersedes_id: Mapped[int | None] = mapped_column(ForeignKey("penalty.id", ondelete="RESTRICT"))
    correction_reason: Mapped[str | None]
    is_revoked: Mapped[bool] = mapped_column(server_default=text("false"))
    """The decision itself was set aside (复议、诉讼撤销): it counts no more."""
    recorded_at: Mapped[RecordedAt]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="RESTRICT"))
    appointment_id: Mapped[int | None] = mapped_column(ForeignKey("appointment.id", ondelete="RESTRICT"))
