"""升级督办 as it is read: the list of episodes, and one with why it counts, its rungs, and what comes next."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import and_, select, text
from sqlalchemy.orm import aliased

from app.escalation.desk.sight import conditions, number_of, shown_episodes, told
from app.escalation.night.history import PAST, numbers_of, with_queries
from app.escalation.night.subjects import OF_SAME_SUBJECT, fact_of, suspensions_of
from app.escalation.schemas import EscalationFilter
from app.infrastructure.answers import Answer, plain
from app.infrastructure.context import Context
from app.infrastructure.errors import NotFound, NotPermitted
from app.infrastructure.keyset import page_by_id
from app.infrastructure.pagination import Cursors
from app.letters.queries import letter_is_visible
from app.reference.rulebook import RuleBook, rule_book
from app.reference.units import refuse_unknown_unit
from app.regulation import ladder_words
from app.regulation.ladder_facts import EpisodeFact
from app.regulation.ladder_history import Standing
from app.regulation.ladder_outlook import Course, days_of, outlook, pauses_of
from app.regulation.permissions import Permission, has_permission
from app.regulation.vocabulary import EpisodeCause, EpisodeEnd, EpisodeKind, RoleClass, Rung
from app.tables.escalation import Episode, RaisedRung, RungSuspension
from app.tables.letters import Letter, LetterItem
from app.tables.people import Appointment, Post
from app.tables.places import Organisation

_SPANS: Final = text(with_queries(PAST, "SELECT from_on, until_on FROM span ORDER BY from_on"))
_WHY: Final = {
    EpisodeCause.LATE_DUTY: "监管事项的办理时限已过而未办理",
    EpisodeCause.UNANSWERED: "应复函的公文逾期未复",
    EpisodeCause.TOO_MANY: "同时逾期的隐患达到规则版本规定的项数",
}


async def page(context: Context, wanted: EscalationFilter, cursors: Cursors) -> dict[str, Any]:
    """A page of the episodes in sight, newest first."""
    refuse_who_may_not(context, Permission.ESCALATION_READ)
    await refuse_unknown_unit(context, wanted.unit)
    statement = shown_episodes(context).where(*conditions(context, wanted))
    found = await page_by_id(context, "escalations", statement, Episode.id, wanted, cursors)
    return {**found, "items": [told(row) for row in found["items"]]}


async def one(context: Context, public_id: UUID) -> dict[str, Any]:
    """One episode with its rungs; what comes next and what is suspended is told to officials and auditors alone.

    NotFound out of sight.
    """
    refuse_who_may_not(context, Permission.ESCALATION_READ)
    found = await context.session.execute(shown_episodes(context).where(Episode.public_id == public_id))
    shown = found.mappings().one_or_none()
    if shown is None:
        raise NotFound
    row = dict(shown)
    book = await rule_book(context)
    course = await _course_of(context, row, book)
    is_open = row["ended_on"] is None
    until = book.today if is_open else row["ended_on"]
    view = {
        **told(row),
        "as_of": book.today,
        "why": _why(row),
        "days": days_of(course, until),
        "pauses": [{"from_on": first, "until_on": last} for first, last in pauses_of(course, until)],
        "rungs": await _rungs(context, row["key"]),
    }
    if context.actor.role_class is RoleClass.ENTERPRISE:
        return view
    next_one = _next(course, book) if is_open else None
    return {**view, "next": next_one, "suspensions": await _suspensions(context, row["key"])}


async def escalation_answer(context: Context, public_id: UUID) -> Answer:
    """The episode after an act on it, with its address."""
    return Answer(plain(await one(context, public_id)), location=f"/api/v1/escalations/{public_id}")


def refuse_who_may_not(context: Context, permission: Permission) -> None:
    """NotPermitted for whoever has no business with that."""
    if not has_permission(permission, context.actor):
        raise NotPermitted


async def _course_of(context: Context, row: Mapping[str, Any], book: RuleBook) -> Course:
    """The episode as the rule book sees it, as far as the reader sees its letters; an enterprise sees its days."""
    bound: dict[str, Any] = {"night": book.today, **numbers_of(book.edition)}
    spans = await _spans(context, row["hazard_key"], bound) if row["kind"] == EpisodeKind.TERM else ()
    if context.actor.role_class is RoleClass.ENTERPRISE:
        return Course(_bare(row), spans=spans)
    rows = (await context.session.execute(OF_SAME_SUBJECT, {**bound, "episode": row["key"]})).mappings().all()
    return Course(fact_of(rows[-1]), tuple(map(fact_of, rows[:-1])), suspensions_of(rows[-1]), spans)


def _bare(row: Mapping[str, Any]) -> EpisodeFact:
    return EpisodeFact(
        EpisodeKind(row["kind"]),
        EpisodeCause(row["cause"]),
        row["ordinal"],
        row["counts_from"],
        row["opened_on"],
        row["carried_rung"],
        row["ended_on"],
        EpisodeEnd(row["ended_as"]) if row["ended_as"] else None,
    )


def _why(row: Mapping[str, Any]) -> tuple[str, ...]:
    cause, counts_from = EpisodeCause(row["cause"]), row["counts_from"]
    if row["kind"] == EpisodeKind.TERM:
        return ladder_words.opening(cause, counts_from, row["current_deadline"])
    return (_WHY[cause], f"自 {counts_from.isoformat()} 的次日起算")


def _next(course: Course, book: RuleBook) -> dict[str, Any]:
    found = outlook(course, book.today, book.edition)
    return {
        "rung": found.rung,
        "label": found.rung.label if found.rung else None,
        "first_on": found.first_on,
        "explanation": found.explanation,
    }


async def _spans(context: Context, hazard_id: int | None, bound: Mapping[str, Any]) -> tuple[Standing, ...]:
    found = await context.session.execute(_SPANS, {**bound, "ids": [hazard_id]})
    return tuple(Standing(row.from_on, row.until_on) for row in found)


async def _rungs(context: Context, episode_id: int) -> list[dict[str, Any]]:
    """The rungs as they were raised, each with what the reader may know of its letter."""
    of_letter = ("status", "issued_at", "dispatched_on", "served_on", "served_as", "reply_due_on", "answered_on")
    wanted = (
        select(
            *(RaisedRung.public_id.label("id"), RaisedRung.rung, RaisedRung.reason, RaisedRung.days),
            *(RaisedRung.raised_on, Letter.public_id.label("letter_id"), Letter.office_code, Letter.year),
            *(Letter.serial, *(getattr(Letter, name) for name in of_letter)),
        )
        .outerjoin(LetterItem, and_(LetterItem.raised_rung_id == RaisedRung.id, LetterItem.dropped_at.is_(None)))
        .outerjoin(Letter, and_(Letter.id == LetterItem.letter_id, letter_is_visible(context.actor)))
        .where(RaisedRung.episode_id == episode_id)
        .order_by(RaisedRung.rung_order)
    )
    rows = (await context.session.execute(wanted)).mappings().all()
    return [
        {
            **{name: row[name] for name in ("id", "rung", "reason", "days", "raised_on")},
            "label": Rung(row["rung"]).label,
            "letter": None
            if row["letter_id"] is None
            else {"id": row["letter_id"], "number": number_of(dict(row)), **{name: row[name] for name in of_letter}},
        }
        for row in rows
    ]


async def _suspensions(context: Context, episode_id: int) -> list[dict[str, Any]]:
    proposing, approving = aliased(Appointment), aliased(Appointment)
    proposer, approver = aliased(Post), aliased(Post)
    proposers, approvers = aliased(Organisation), aliased(Organisation)
    shown = ("rung", "from_on", "until_on", "reason", "proposed_at", "approved_at")
    wanted = (
        select(
            RungSuspension.public_id.label("id"),
            *(getattr(RungSuspension, name) for name in shown),
            *(proposers.name.label("proposed_at_office"), proposer.title.label("proposed_by")),
            *(approvers.name.label("approved_at_office"), approver.title.label("approved_by")),
        )
        .outerjoin(proposing, proposing.id == RungSuspension.proposed_by_appointment_id)
        .outerjoin(proposer, proposer.id == proposing.post_id)
        .outerjoin(proposers, proposers.id == proposer.organisation_id)
        .outerjoin(approving, approving.id == RungSuspension.approved_by_appointment_id)
        .outerjoin(approver, approver.id == approving.post_id)
        .outerjoin(approvers, approvers.id == approver.organisation_id)
        .where(RungSuspension.episode_id == episode_id)
        .order_by(RungSuspension.id)
    )
    return [dict(row) for row in (await context.session.execute(wanted)).mappings()]
