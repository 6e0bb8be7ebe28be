"""暂缓升档: proposed by whoever would issue the rung's letter, approved one tier higher by another person.

The night obeys an approved one (design 3.3): the rung is raised on the first night after its last day, if still due.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import and_, func, insert, select, update

from app.audit.record import Subject, hazard_subject, record
from app.escalation.desk.episodes import escalation_answer, refuse_who_may_not
from app.escalation.desk.sight import episode_is_visible
from app.escalation.drafts.addressing import issuer_of
from app.escalation.drafts.letter_text import LETTER_OF_RUNG
from app.escalation.places import Places, places_on
from app.escalation.schemas import NewSuspension
from app.hazards.scope import hazard_is_visible
from app.infrastructure.answers import Answer
from app.infrastructure.context import Context
from app.infrastructure.errors import Conflict, InvalidInput, NotFound, NotPermitted, RuleNotMet
from app.reference.rulebook import RuleBook, rule_book
from app.regulation.facts import Actor
from app.regulation.ladder_facts import RUNG_ORDERS
from app.regulation.permissions import Permission
from app.regulation.vocabulary import EpisodeKind, PostKind, Rung
from app.tables.escalation import Episode, RaisedRung, RungSuspension
from app.tables.hazards import Hazard
from app.tables.letters import Letter
from app.tables.people import Account

_RULE: Final = "ladder.suspension"


@dataclass(frozen=True, slots=True)
class _Seat:
    """A post at an organisation."""

    organisation_id: int | None
    post: PostKind

    def is_of(self, actor: Actor) -> bool:
        """Whether the actor sits there."""
        held = (actor.organisation_id, actor.post_kind)
        return self.organisation_id is not None and held == (self.organisation_id, self.post)


async def propose(context: Context, public_id: UUID, body: NewSuspension) -> Answer:
    """Keeps a proposal; it holds back nothing before it is approved.

    NotFound, NotPermitted, Conflict where the episode has ended, InvalidInput for a day or a rung that will not do.
    """
    refuse_who_may_not(context, Permission.ESCALATION_SUSPEND)
    episode = await _episode(context, public_id)
    book = await rule_book(context)
    if body.until_on < book.today:
        message = f"暂缓的最后一天(until_on)不得早于今天({book.today.isoformat()})。"
        raise InvalidInput.of_field("/until_on", "date_past", message)
    rung = _first_rung(episode, body.rung, book)
    signatory, _ = _seats(episode, rung, book, await places_on(context, book.today))
    if not signatory.is_of(context.actor):
        raise _not_yours(
            "not_the_signatory", "暂缓升档由该档公文的签发人提出。", "请由签发人提出,或切换到相应任职后重试。"
        )
    row = {
        "episode_id": episode["key"],
        "rung": body.rung.value if body.rung else None,
        "from_on": book.today,
        "until_on": body.until_on,
        "reason": body.reason,
        "proposed_by_account_id": context.actor.account_id,
        "proposed_by_appointment_id": context.actor.appointment_id,
    }
    kept = await context.session.execute(insert(RungSuspension).values(row).returning(RungSuspension.id))
    told = {"rung": row["rung"], "until_on": body.until_on.isoformat(), "suspension": kept.scalar_one()}
    await record(context, "hazard:suspension:proposed", _subject(episode), told)
    return await escalation_answer(context, public_id)


async def approve(context: Context, public_id: UUID, suspension_id: UUID) -> Answer:
    """From now on until its last day the rung is kept back.

    NotFound, NotPermitted for whoever is not one tier higher, Conflict where it is approved already or has nothing to
    hold back any more, RuleNotMet for the proposer's own person.
    """
    refuse_who_may_not(context, Permission.ESCALATION_SUSPENSION_APPROVE)
    episode = await _episode(context, public_id)
    suspension = await _proposed(context, episode["key"], suspension_id)
    book = await rule_book(context)
    if suspension.until_on < book.today:
        raise Conflict("suspension_is_over", "暂缓的最后一天已过,不再批准。", remedy="确需暂缓的,请重新提出。")
    rung = _first_rung(episode, Rung(suspension.rung) if suspension.rung else None, book)
    _, approver = _seats(episode, rung, book, await places_on(context, book.today))
    if not approver.is_of(context.actor):
        raise _not_yours(
            "not_one_tier_higher",
            "暂缓升档由签发人的上一级负责人批准。",
            "请由规则版本所列签发人的上级(ladder.superiors)批准。",
        )
    await _refuse_same_person(context, suspension)
    approved = {
        "approved_at": func.registry_now(),
        "approved_by_account_id": context.actor.account_id,
        "approved_by_appointment_id": context.actor.appointment_id,
    }
    await context.session.execute(update(RungSuspension).where(RungSuspension.id == suspension.id).values(approved))
    told = {"rung": suspension.rung, "until_on": suspension.until_on.isoformat(), "suspension": suspension.id}
    await record(context, "hazard:suspension:approved", _subject(episode), told)
    return await escalation_answer(context, public_id)


def _not_yours(code: str, message: str, remedy: str) -> NotPermitted:
    return NotPermitted(code, message, rule=_RULE, remedy=remedy)


def _subject(episode: Mapping[str, Any]) -> Subject:
    """The stream in which the nights tell of the episode."""
    hazard_id = episode["hazard_id"]
    return Subject("episode", episode["key"]) if hazard_id is None else hazard_subject(hazard_id)


async def _episode(context: Context, public_id: UUID) -> dict[str, Any]:
    """An open episode in sight, as drafting reads it."""
    actor = context.actor
    highest = select(func.max(RaisedRung.rung_order)).where(RaisedRung.episode_id == Episode.id).correlate(Episode)
    wanted = (
        select(
            Episode.id.label("key"),
            *(Episode.kind, Episode.duty, Episode.carried_rung, Episode.ended_on, Episode.hazard_id),
            Episode.organisation_id.label("late_id"),
            Episode.unit_id.label("of_unit_id"),
            Episode.enterprise_id.label("of_enterprise_id"),
            *(Hazard.unit_id, Hazard.lead_organisation_id, Hazard.listing_office_id, Hazard.enterprise_id),
            *(Hazard.responsible_organisation_id, Letter.issuer_organisation_id),
            func.coalesce(highest.scalar_subquery(), 0).label("highest"),
        )
        .select_from(Episode)
        .outerjoin(Hazard, and_(Hazard.id == Episode.hazard_id, hazard_is_visible(actor)))
        .outerjoin(Letter, Letter.id == Episode.letter_id)
        .where(Episode.public_id == public_id, episode_is_visible(actor))
    )
    found = (await context.session.execute(wanted)).mappings().one_or_none()
    if found is None:
        raise NotFound
    if found["ended_on"] is not None:
        raise Conflict("episode_has_ended", "这一升级周期已经结束,没有可暂缓的档。", remedy="请刷新后核对。")
    return dict(found)


def _first_rung(episode: Mapping[str, Any], asked: Rung | None, book: RuleBook) -> Rung:
    """The rung kept back, or of all the first; InvalidInput where there is none such above the highest raised."""
    reached = max(episode["carried_rung"], episode["highest"])
    above = [
        one.rung
        for one in book.edition.ladder.rungs_of(EpisodeKind(episode["kind"]))
        if one.enabled and RUNG_ORDERS[one.rung] > reached
    ]
    if not above or (asked is not None and asked not in above):
        message = "该档(rung)已经升到,或者规则版本没有启用:只能暂缓尚未升到的档。"
        raise InvalidInput.of_field("/rung", "rung_not_ahead", message)
    return asked or above[0]


def _seats(episode: Mapping[str, Any], rung: Rung, book: RuleBook, places: Places) -> tuple[_Seat, _Seat]:
    """Who issues that rung's letter, and who stands one tier above in the edition."""
    ladder = book.edition.ladder
    signatory = ladder.signatories[LETTER_OF_RUNG[rung]]
    issuer = issuer_of(episode, places, signatory.issuer)
    if issuer is None:
        return _Seat(None, signatory.post), _Seat(None, PostKind.OFFICE_HEAD)
    body = places.bodies[issuer]
    named = ladder.superior_of(body.kind, signatory.post, places.tiers[body.unit_id])
    above = places.superior(issuer, signatory.post, episode["lead_organisation_id"], book.edition)
    return _Seat(issuer, signatory.post), _Seat(above, named.superior_post if named else PostKind.OFFICE_HEAD)


async def _proposed(context: Context, episode_id: int, public_id: UUID) -> RungSuspension:
    wanted = select(RungSuspension).where(
        RungSuspension.public_id == public_id, RungSuspension.episode_id == episode_id
    )
    suspension = (await context.session.execute(wanted.with_for_update())).scalar_one_or_none()
    if suspension is None:
        raise NotFound
    if suspension.approved_at is not None:
        raise Conflict("suspension_is_approved", "这一暂缓升档已经批准。", remedy="请刷新后核对。")
    return suspension


async def _refuse_same_person(context: Context, suspension: RungSuspension) -> None:
    """Somebody may have moved to the higher post since."""
    person = select(Account.person_id).where(Account.id == suspension.proposed_by_account_id)
    if (await context.session.execute(person)).scalar_one_or_none() == context.actor.person_id:
        raise RuleNotMet(
            "suspension_by_two_persons",
            "暂缓升档须由提出人以外的另一人批准。",
            rule=_RULE,
            remedy="请由另一名有权批准的人员办理。",
        )
