"""What waits for whom: each duty's posts, the acts that discharge it, its clock, and the rows it waits on.

A cheap sieve by state and relation, run in the database; the rule book has the last word on every hazard shown.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Exists,
    Select,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased

from app.hazards.scope import hazard_is_visible
from app.regulation.facts import Actor
from app.regulation.permissions import ENTERPRISE, LEAD_DEPARTMENT, LISTING_OFFICE, SIGNER
from app.regulation.vocabulary import Act, HazardLevel, PostKind, State
from app.tables.hazards import Hazard
from app.tables.history import HazardTransition
from app.tables.people import Appointment, Post
from app.tables.rectification import Declaration
from app.tables.sign_off import RoundEnd, RoundLevel, Signature, SignatureWithdrawal, SigningRound
from app.tables.supervision import (
    ExtensionDecision,
    ExtensionRequest,
    Plan,
    PlanDecision,
    Transfer,
    TransferRefusal,
)

Condition = Callable[[Actor], ColumnElement[bool]]
Column = ColumnElement[Any] | InstrumentedAttribute[Any]
Since = Callable[[Actor], Column]


@dataclass(frozen=True, slots=True)
class Duty:
    """One kind of waiting."""

    key: str
    """The edition's clock of the same name, where it has one."""
    label: str
    posts: frozenset[PostKind]
    acts: frozenset[Act]
    waits: Condition
    since: Since


def _newest_plan() -> Select[Any]:
    later = aliased(Plan)
    superseded = select(later.id).where(later.hazard_id == Plan.hazard_id, later.id > Plan.id).exists()
    decided = select(PlanDecision.id).where(PlanDecision.plan_id == Plan.id).exists()
    return select(Plan.recorded_at).where(Plan.hazard_id == Hazard.id, ~superseded, ~decided).correlate(Hazard)


def _open_extension() -> Select[Any]:
    decided = select(ExtensionDecision.id).where(ExtensionDecision.extension_request_id == ExtensionRequest.id).exists()
    return (
        select(func.max(ExtensionRequest.recorded_at))
        .where(ExtensionRequest.hazard_id == Hazard.id, ExtensionRequest.cycle == Hazard.cycle, ~decided)
        .correlate(Hazard)
    )


def _open_transfer(actor: Actor) -> Select[Any]:
    """The newest transfer, handed to this department and not refused; its own first act takes it as accepted."""
    later = aliased(Transfer)
    superseded = select(later.id).where(later.hazard_id == Transfer.hazard_id, later.id > Transfer.id).exists()
    refused = select(TransferRefusal.id).where(TransferRefusal.transfer_id == Transfer.id).exists()
    acted = (
        select(HazardTransition.id)
        .join(Appointment, Appointment.id == HazardTransition.appointment_id)
        .join(Post, and_(Post.id == Appointment.post_id, Post.organisation_id == Transfer.to_organisation_id))
        .where(HazardTransition.hazard_id == Transfer.hazard_id, HazardTransition.restates.is_(None))
        .where(HazardTransition.id > Transfer.transition_id)
        .exists()
    )
    return (
        select(func.max(Transfer.recorded_at))
        .where(Transfer.hazard_id == Hazard.id, Transfer.to_organisation_id == actor.organisation_id)
        .where(~Transfer.decided_by_office, ~superseded, ~refused, ~acted)
        .correlate(Hazard)
    )


def _last_step() -> Select[Any]:
    """When the declaration came, or the round that sent it back to verification ended."""
    acts = [act.value for act in (Act.DECLARE, Act.REFUSE_SIGNATURE, Act.CORRECT)]
    return (
        select(func.max(HazardTransition.recorded_at))
        .where(HazardTransition.hazard_id == Hazard.id, HazardTransition.act.in_(acts))
        .correlate(Hazard)
    )


def _declared() -> Exists:
    performed = and_(Declaration.transition_id.is_not(None), Declaration.cycle == Hazard.cycle)
    return select(Declaration.id).where(Declaration.hazard_id == Hazard.id, performed).correlate(Hazard).exists()


def _round_is_open() -> Exists:
    ended = select(RoundEnd.id).where(RoundEnd.round_id == SigningRound.id).exists()
    return select(SigningRound.id).where(SigningRound.hazard_id == Hazard.id, ~ended).correlate(Hazard).exists()


def _is_signed(level: type[RoundLevel]) -> Exists:
    withdrawn = select(SignatureWithdrawal.id).where(SignatureWithdrawal.signature_id == Signature.id).exists()
    return (
        select(Signature.id)
        .where(Signature.round_id == level.round_id, Signature.level == level.level, ~withdrawn)
        .correlate(level)
        .exists()
    )


def next_level(actor: Actor, column: Column) -> Select[Any]:
    """A column of the open round's next level, where that level is this post's."""
    before = aliased(RoundLevel)
    earlier = select(before.id).where(before.round_id == RoundLevel.round_id, before.level < RoundLevel.level)
    post_kind = actor.post_kind.value if actor.post_kind else None
    ended = select(RoundEnd.id).where(RoundEnd.round_id == RoundLevel.round_id).exists()
    return (
        select(column)
        .where(RoundLevel.hazard_id == Hazard.id, RoundLevel.organisation_id == actor.organisation_id, ~ended)
        .where(RoundLevel.post_kind == post_kind, ~_is_signed(RoundLevel))
        .where(~earlier.where(~_is_signed(before)).exists())
        .correlate(Hazard)
    )


def _level_since(actor: Actor) -> ColumnElement[Any]:
    """When the level before signed, or the round opened."""
    opened = select(SigningRound.opened_at).where(SigningRound.id == RoundLevel.round_id).correlate(RoundLevel)
    signed = (
        select(func.max(Signature.signed_at)).where(Signature.round_id == RoundLevel.round_id).correlate(RoundLevel)
    )
    started = func.greatest(opened.scalar_subquery(), signed.scalar_subquery())
    return next_level(actor, started).limit(1).scalar_subquery()


def _regulates(actor: Actor) -> ColumnElement[bool]:
    if not actor.sectors:
        return false()
    return and_(Hazard.unit_id.in_(actor.unit_ids), Hazard.sector.in_(actor.sectors))


def _in_territory(actor: Actor) -> ColumnElement[bool]:
    return false() if actor.sectors else Hazard.unit_id.in_(actor.unit_ids)


def _is(state: State) -> ColumnElement[bool]:
    return Hazard.state == state.value


def _leads(actor: Actor) -> ColumnElement[bool]:
    return Hazard.lead_organisation_id == actor.organisation_id


def _answers_for(actor: Actor) -> ColumnElement[bool]:
    """The responsible party: an enterprise, or an organisation without one."""
    if actor.enterprise_id is not None:
        return Hazard.enterprise_id == actor.enterprise_id
    return Hazard.responsible_organisation_id == actor.organisation_id


def _listed_here(actor: Actor) -> ColumnElement[bool]:
    return Hazard.listing_office_id == actor.organisation_id


def _cycle_began() -> ColumnElement[Any]:
    """When it was listed, or when a later act sent it back into the cycle it is in."""
    began = (
        select(func.min(HazardTransition.recorded_at))
        .where(HazardTransition.hazard_id == Hazard.id, HazardTransition.cycle == Hazard.cycle)
        .correlate(Hazard)
    )
    return case((Hazard.cycle == 1, Hazard.listed_at), else_=began.scalar_subquery())


_DEPARTMENT, _OFFICE = LEAD_DEPARTMENT.post_kinds, LISTING_OFFICE.post_kinds
_INSPECTOR = frozenset({PostKind.INSPECTOR})
# Whether and where the paper past listed a hazard in public nobody knows: its delisting is allowed, and not awaited.
_WAS_LISTED = and_(
    Hazard.level == HazardLevel.MAJOR.value, ~Hazard.is_legacy, ~and_(Hazard.fixed_on_the_spot, Hazard.cycle == 1)
)

DUTIES: tuple[Duty, ...] = (
    Duty(
        "determine",
        "待判定",
        _DEPARTMENT,
        frozenset({Act.DETERMINE, Act.DISMISS}),
        lambda actor: and_(_is(State.REPORTED), Hazard.determined_at.is_(None), _regulates(actor)),
        lambda _actor: Hazard.reported_at,
    ),
    Duty(
        "list",
        "待挂牌",
        _OFFICE,
        frozenset({Act.LIST, Act.LIST_FIXED_ON_THE_SPOT}),
        lambda actor: and_(_is(State.REPORTED), Hazard.determined_at.is_not(None), _in_territory(actor)),
        lambda _actor: Hazard.determined_at,
    ),
    Duty(
        "decide_plan",
        "待审批整改方案",
        _DEPARTMENT,
        frozenset({Act.APPROVE_PLAN, Act.RETURN_PLAN}),
        lambda actor: and_(_is(State.LISTED), _leads(actor), _newest_plan().exists()),
        lambda _actor: _newest_plan().limit(1).scalar_subquery(),
    ),
    Duty(
        "decide_extension",
        "待审批延期",
        _OFFICE,
        frozenset({Act.DECIDE_EXTENSION}),
        lambda actor: and_(_is(State.LISTED), _listed_here(actor), _open_extension().scalar_subquery().is_not(None)),
        lambda _actor: _open_extension().scalar_subquery(),
    ),
    Duty(
        "answer_transfer",
        "待答复移交",
        _DEPARTMENT,
        frozenset({Act.REFUSE_TRANSFER}),
        lambda actor: and_(_is(State.LISTED), _open_transfer(actor).scalar_subquery().is_not(None)),
        lambda actor: _open_transfer(actor).scalar_subquery(),
    ),
    Duty(
        "verify",
        "待现场核查",
        _INSPECTOR,
        frozenset({Act.PASS_VERIFICATION, Act.FAIL_VERIFICATION}),
        lambda _actor: and_(_is(State.RECTIFIED), _declared(), ~_round_is_open()),
        lambda _actor: _last_step().scalar_subquery(),
    ),
    Duty(
        "sign",
        "待签字",
        SIGNER.post_kinds,
        frozenset({Act.SIGN, Act.REFUSE_SIGNATURE}),
        lambda actor: and_(
            Hazard.state.in_([State.LISTED.value, State.RECTIFIED.value]), next_level(actor, RoundLevel.id).exists()
        ),
        _level_since,
    ),
    Duty(
        "rectify",
        "待整改",
        ENTERPRISE.post_kinds,
        frozenset({Act.SUBMIT_PLAN, Act.REPORT_PROGRESS, Act.DECLARE}),
        lambda actor: and_(_is(State.LISTED), _answers_for(actor)),
        lambda _actor: _cycle_began(),
    ),
    Duty(
        "declare",
        "待报告整改完成",
        ENTERPRISE.post_kinds,
        frozenset({Act.DECLARE}),
        lambda actor: and_(_is(State.RECTIFIED), Hazard.fixed_on_the_spot, _answers_for(actor), ~_declared()),
        lambda _actor: Hazard.listed_at,
    ),
    Duty(
        "delist",
        "待摘牌",
        _OFFICE,
        frozenset({Act.DELIST}),
        lambda actor: and_(_is(State.CLOSED), _listed_here(actor), Hazard.delisted_at.is_(None), _WAS_LISTED),
        lambda _actor: Hazard.closed_at,
    ),
    Duty(
        "revisit",
        "待回访",
        _INSPECTOR | _OFFICE,
        frozenset({Act.PASS_REVISIT, Act.FAIL_REVISIT}),
        lambda actor: and_(
            _is(State.CLOSED),
            Hazard.delisted_at.is_not(None),
            Hazard.revisited_at.is_(None),
            or_(_leads(actor), _listed_here(actor)),
        ),
        lambda _actor: Hazard.delisted_at,
    ),
)
BY_KEY = {duty.key: duty for duty in DUTIES}


def waiting_for(actor: Actor, most: int) -> Any | None:  # noqa: ANN401  SQLAlchemy's compound select
    """(hazard, duty, since, limit of a signature) of everything that may wait for this post, longest waiting first."""
    mine = [duty for duty in DUTIES if actor.post_kind in duty.posts]
    if not mine:
        return None
    rows = [
        select(
            Hazard.id,
            Hazard.sector,
            Hazard.current_deadline,
            literal(duty.key).label("duty"),
            duty.since(actor).label("since"),
            _limit(duty, actor, RoundLevel.limit_days).label("limit_days"),
            _limit(duty, actor, RoundLevel.limit_unit).label("limit_unit"),
        ).where(hazard_is_visible(actor), duty.waits(actor))
        for duty in mine
    ]
    return union_all(*rows).order_by("since").limit(most)


def _limit(duty: Duty, actor: Actor, column: Column) -> ColumnElement[Any]:
    # A NULL of its column's own type: a union takes its types from its first two branches.
    return next_level(actor, column).limit(1).scalar_subquery() if duty.key == "sign" else cast(null(), column.type)
