"""The figures' SQL: every hazard in sight as of T known at K, read in one pass over its transition rows, then counted.

The population is what the actor may see today, so that every row of a hazard is there to be read; the dimensions are
those of the row that held at T.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Integer,
    RowMapping,
    Select,
    Subquery,
    Text,
    case,
    cast,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.selectable import LateralFromClause

from app.hazards.scope import hazard_is_visible
from app.infrastructure.context import Context
from app.regulation.deadlines import end_of_day
from app.regulation.facts import Actor
from app.regulation.vocabulary import Act, PostKind, Purpose, RoleClass, State
from app.statistics.predicates import PREDICATES, Truth, business_day, predicates
from app.statistics.question import NOT_SUPERVISED, Dimension, Legacy, Question
from app.tables.enterprises import Enterprise
from app.tables.hazards import Hazard
from app.tables.history import HazardTransition as Row
from app.tables.sign_off import RoundEnd, RoundLevel, Signature, SignatureWithdrawal, SigningRound

STAGES: Final = ("declaration", "verification", "signatures")
AGES: Final = ((0, 7), (8, 15), (16, 30), (31, None))
"""Bands of days in hand, first and last day included."""
_RELAPSES: Final = (Act.FAIL_REVISIT.value, Act.RELAPSE.value)
_CLOSINGS: Final = (Act.SIGN.value, Act.IMPORT_CLOSED.value)
_CARRIED: Final = (
    Row.act,
    Row.to_state,
    Row.cycle,
    Row.unit_id,
    Row.sector,
    Row.channel,
    Row.level,
    Row.supervision_tier,
    Row.original_deadline,
    Row.current_deadline,
    Row.found_on,
    Row.is_determined,
    Row.is_legacy,
    Row.is_verified,
    Row.reason,
    Row.declared_at,
    Row.extension_count,
    Row.occurred_at,
)


@dataclass(frozen=True, slots=True)
class Cell:
    """The counts of one line of a table, or of the whole."""

    key: tuple[Any, ...] | None
    """A value for each dimension asked; None for the whole."""
    is_legacy: bool | None
    """The paper past's or the registry's own part; None for both together."""
    counts: dict[str, int]
    """Predicate → hazards."""
    median_days: float | None
    sum_of_days: int
    """Over the closed, from finding to closing."""
    ages: dict[str, int | None] = field(default_factory=dict)
    """Of the undetermined: hazards in each band of days since finding, and the oldest one's days."""


def hazards_as_of(actor: Actor, question: Question) -> Subquery:
    """One row for each hazard in sight and scope that had a history at T as known at K."""
    last = _last_row(question)
    past = _past(last, question)
    line = _line_of(last.c.unit_id, question)
    return (
        select(
            Hazard.id.label("hazard_id"),
            line.label("line_id"),
            *last.c,
            case((_is_closed(last), business_day(func.coalesce(past.c.closed_at, last.c.occurred_at)))).label(
                "closed_on"
            ),
            past.c.has_relapsed,
            or_(_is_closed(last), past.c.was_ever_closed).label("was_ever_closed"),
        )
        .select_from(Hazard)
        .join(last, true())
        .join(past, true())
        .where(hazard_is_visible(actor), line != 0, *_chosen(last, question))
        .subquery("state")
    )


def _known(question: Question) -> ColumnElement[bool]:
    return (Row.occurred_at < end_of_day(question.on)) & (Row.recorded_at <= question.known_at)


def _last_row(question: Question) -> LateralFromClause:
    """The row that holds: the last by occurrence, then by the act it stands for, then by id."""
    return (
        select(*_CARRIED)
        .where(Row.hazard_id == Hazard.id, _known(question))
        .order_by(Row.occurred_at.desc(), Row.act_order.desc(), Row.id.desc())
        .limit(1)
        .lateral("last")
    )


def _is_closed(last: LateralFromClause) -> ColumnElement[bool]:
    return last.c.to_state == State.CLOSED.value


def _past(last: LateralFromClause, question: Question) -> LateralFromClause:
    """What the rows before it say: the first closing of its cycle, relapses, any closing.

    Read only where it can say anything: a relapse begins a cycle, and a row that closes is its cycle's first closing.
    """
    is_told_by_the_last = (last.c.cycle == 1) & (not_(_is_closed(last)) | last.c.act.in_(_CLOSINGS))
    is_closing = Row.to_state == State.CLOSED.value
    return (
        select(
            func.min(Row.occurred_at).filter(is_closing, Row.cycle == last.c.cycle).label("closed_at"),
            func.coalesce(func.bool_or(Row.act.in_(_RELAPSES)), False).label("has_relapsed"),
            func.coalesce(func.bool_or(is_closing), False).label("was_ever_closed"),
        )
        .where(not_(is_told_by_the_last), Row.hazard_id == Hazard.id, _known(question))
        .lateral("past")
    )


def _line_of(unit_id: ColumnElement[Any], question: Question) -> ColumnElement[int]:
    """The unit's line, looked up by its id in an array: a join would be made anew for every hazard. 0: out of scope."""
    lines = [question.lines.get(unit, 0) for unit in range(1, max(question.lines, default=0) + 1)]
    by_id = select(literal(lines, ARRAY(BigInteger))).scalar_subquery()
    return func.coalesce(by_id[cast(unit_id, Integer)], 0)


def _chosen(last: LateralFromClause, question: Question) -> Iterator[ColumnElement[bool]]:
    for dimension, value in question.equal.items():
        yield _value_of(last, dimension) == value
    if question.legacy is not Legacy.INCLUDED:
        yield last.c.is_legacy.is_(question.legacy is Legacy.ONLY)


def _value_of(state: LateralFromClause | Subquery, dimension: Dimension) -> ColumnElement[Any]:
    match dimension:
        case Dimension.UNIT:
            return state.c.line_id
        case Dimension.SUPERVISION:
            return func.coalesce(cast(state.c.supervision_tier, Text), NOT_SUPERVISED)
        case Dimension.MONTH:
            return func.to_char(state.c.found_on, "YYYY-MM")
        case _:
            return state.c[dimension.value]


def cells_statement(actor: Actor, question: Question) -> Select[*tuple[Any, ...]]:
    """Counts of every line and of the whole, each once together and once split by the paper past."""
    state = hazards_as_of(actor, question)
    truths = predicates(state.c, question.on, question.stock_found_by)
    keys = [_value_of(state, dimension) for dimension in question.by]
    labelled = [key.label(f"key_{place}") for place, key in enumerate(keys)]
    counted = (
        select(
            *labelled,
            state.c.is_legacy,
            state.c.found_on,
            state.c.closed_on,
            *(truths[name].label(name) for name in PREDICATES),
        )
        .where(truths["found"] | truths["undetermined"])
        .offset(0)
    )
    # OFFSET 0: each predicate is evaluated once for a hazard, not once in every count it stands in.
    rows = counted.subquery("counted")
    lines = [rows.c[f"key_{place}"] for place in range(len(keys))]
    legacy = rows.c.is_legacy
    sets = [tuple_(), tuple_(legacy), *((tuple_(*lines), tuple_(*lines, legacy)) if lines else ())]
    return select(
        *lines,
        legacy,
        func.grouping(legacy).label("is_both"),
        func.grouping(lines[0] if lines else legacy).label("is_whole"),
        *_aggregates(rows, question),
    ).group_by(func.grouping_sets(*sets))


def _aggregates(rows: Subquery, question: Question) -> list[ColumnElement[Any]]:
    days = rows.c.closed_on - rows.c.found_on
    age = literal(question.on) - rows.c.found_on
    closed, undetermined = rows.c.closed, rows.c.undetermined
    return [
        *(func.count().filter(rows.c[name]).label(name) for name in PREDICATES),
        func.percentile_cont(0.5).within_group(days).filter(closed).label("median_days"),
        func.coalesce(func.sum(days).filter(closed), 0).label("sum_of_days"),
        func.max(age).filter(undetermined).label("age_oldest"),
        *(func.count().filter(undetermined, within(age, band)).label(label_of(band)) for band in AGES),
    ]


def within(age: ColumnElement[Any], band: tuple[int, int | None]) -> Truth:
    """Whether a number of days lies in the band."""
    first, last = band
    return age >= first if last is None else age.between(first, last)


def label_of(band: tuple[int, int | None]) -> str:
    """A band as the API names it: `0-7`, `31-`."""
    first, last = band
    return f"{first}-{'' if last is None else last}"


async def cells(context: Context, question: Question) -> list[Cell]:
    """Every cell of the answer; the whole is there even when nothing is counted."""
    rows = await context.session.execute(cells_statement(context.actor, question))
    return [_cell(row, question) for row in rows.mappings()]


def _cell(row: RowMapping, question: Question) -> Cell:
    is_whole = not question.by or row["is_whole"] == 1
    bands = {label_of(band): int(row[label_of(band)]) for band in AGES}
    return Cell(
        key=None if is_whole else tuple(row[f"key_{place}"] for place in range(len(question.by))),
        is_legacy=None if row["is_both"] else bool(row["is_legacy"]),
        counts={name: int(row[name]) for name in PREDICATES},
        median_days=row["median_days"],
        sum_of_days=int(row["sum_of_days"]),
        ages={**bands, "oldest": row["age_oldest"]},
    )


@dataclass(frozen=True, slots=True)
class PageAsked:
    """Which hazards of a predicate: so many, below that id."""

    predicate: str
    size: int
    below: int | None = None


def counted_hazards(actor: Actor, question: Question, page: PageAsked) -> Select[*tuple[Any, ...]]:
    """The hazards that a predicate counts, newest first, as they stood at T."""
    state = hazards_as_of(actor, question)
    counted = predicates(state.c, question.on, question.stock_found_by)[page.predicate]
    found = (
        select(state, Hazard.public_id, Hazard.ledger_number, Hazard.place, Enterprise.name.label("enterprise_name"))
        .join(Hazard, Hazard.id == state.c.hazard_id)
        .outerjoin(Enterprise, Enterprise.id == Hazard.enterprise_id)
        .where(counted)
    )
    if page.below is not None:
        found = found.where(state.c.hazard_id < page.below)
    return found.order_by(state.c.hazard_id.desc()).limit(page.size)


async def waiting_by_post(context: Context, question: Question) -> list[dict[str, Any]]:
    """Who is waited for and how long: declaration, verification and each level's signature, by post and age in days."""
    rows = await context.session.execute(_waiting_statement(context.actor, question))
    return [
        {
            "stage": row["stage"],
            "post": row["post"],
            "count": row["count"],
            "ages_in_days": {**{label_of(band): row[label_of(band)] for band in AGES}, "oldest": row["oldest"]},
        }
        for row in rows.mappings()
    ]


def _waiting_statement(actor: Actor, question: Question) -> Select[*tuple[Any, ...]]:
    state = hazards_as_of(actor, question)
    truths = predicates(state.c, question.on, question.stock_found_by)
    declaring, verifying, signing = (truths[f"awaiting_{stage}"] for stage in STAGES)
    turn = _whose_turn(state, question)
    # A platform has no sight of the signatures, only of how many hazards wait for one.
    sees_rounds = actor.role_class is not RoleClass.PLATFORM
    post = case((declaring, PostKind.ENTERPRISE_PRINCIPAL.value), (verifying, PostKind.INSPECTOR.value))
    turned = func.coalesce(turn.c.since, state.c.occurred_at) if sees_rounds else state.c.occurred_at
    since = case((declaring, _rectified_at(state, question)), (verifying, state.c.declared_at), else_=turned)
    source = state.outerjoin(turn, signing) if sees_rounds else state
    one = (
        select(
            case((declaring, STAGES[0]), (verifying, STAGES[1]), else_=STAGES[2]).label("stage"),
            (func.coalesce(post, turn.c.post_kind) if sees_rounds else post).label("post"),
            (literal(question.on) - business_day(since)).label("age"),
        )
        .select_from(source)
        .where(declaring | verifying | signing)
        .subquery("waiting")
    )
    counted = func.count()
    return (
        select(
            one.c.stage,
            one.c.post,
            counted.label("count"),
            func.max(one.c.age).label("oldest"),
            *(counted.filter(within(one.c.age, band)).label(label_of(band)) for band in AGES),
        )
        .group_by(one.c.stage, one.c.post)
        .order_by(one.c.stage, one.c.post)
    )


def _rectified_at(state: Subquery, question: Question) -> ColumnElement[datetime]:
    """When its cycle came to `rectified`: no act that leaves it there starts the waiting anew."""
    entered = select(func.min(Row.occurred_at)).where(Row.hazard_id == state.c.hazard_id, _known(question))
    return entered.where(Row.cycle == state.c.cycle, Row.to_state == State.RECTIFIED.value).scalar_subquery()


def _whose_turn(state: Subquery, question: Question) -> LateralFromClause:
    """The post of the lowest level unsigned at T of the closing round then open, and since when it is its turn.

    Levels are signed in order and withdrawn from the newest: each signature and each withdrawal passes the turn on.
    """
    known = partial(_has_come, question)
    ended = select(RoundEnd.id).where(RoundEnd.round_id == SigningRound.id, known(RoundEnd.ended_at)).exists()
    withdrawn = (
        select(SignatureWithdrawal.id)
        .where(SignatureWithdrawal.signature_id == Signature.id, known(SignatureWithdrawal.withdrawn_at))
        .exists()
    )
    signed = (
        select(Signature.id)
        .where(Signature.round_id == RoundLevel.round_id, Signature.level == RoundLevel.level)
        .where(known(Signature.signed_at), ~withdrawn)
        .exists()
    )
    return (
        select(RoundLevel.post_kind, _turned_at(question).label("since"))
        .join(SigningRound, SigningRound.id == RoundLevel.round_id)
        .where(SigningRound.hazard_id == state.c.hazard_id, SigningRound.cycle == state.c.cycle)
        .where(SigningRound.purpose == Purpose.CLOSING.value, known(SigningRound.opened_at), ~ended, ~signed)
        .order_by(SigningRound.id.desc(), RoundLevel.level)
        .limit(1)
        .lateral("turn")
    )


def _has_come(question: Question, instant: InstrumentedAttribute[datetime]) -> ColumnElement[bool]:
    return (instant < end_of_day(question.on)) & (instant <= question.known_at)


def _turned_at(question: Question) -> ColumnElement[datetime]:
    """Since when it is the turn of the round's lowest unsigned level."""
    newest_signature = (
        select(func.max(Signature.signed_at))
        .where(Signature.round_id == SigningRound.id, _has_come(question, Signature.signed_at))
        .scalar_subquery()
    )
    newest_withdrawal = (
        select(func.max(SignatureWithdrawal.withdrawn_at))
        .join(Signature, Signature.id == SignatureWithdrawal.signature_id)
        .where(Signature.round_id == SigningRound.id, _has_come(question, SignatureWithdrawal.withdrawn_at))
        .scalar_subquery()
    )
    return func.greatest(SigningRound.opened_at, newest_signature, newest_withdrawal)
