"""The one door: nothing else changes a hazard's state or writes its history.

An act locks the hazard by moving its version, reads the facts behind the lock, asks the rule book, and only then writes
transition, document, state and audit row, all in one transaction. The database refuses what slips past.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, insert, select, text, update

from app.audit.record import hazard_subject, record
from app.audit_documents.binding import bound, documents_as_told, hazard_as_told
from app.hazards.facts import load_facts, relations_to
from app.hazards.scope import hazard_is_visible
from app.infrastructure.context import Context
from app.infrastructure.errors import (
    IllegalTransition,
    NotFound,
    NotPermitted,
    RuleNotMet,
    StaleVersion,
    VersionRequired,
)
from app.reference.rulebook import RuleBook, rule_book
from app.regulation import lifecycle, permissions
from app.regulation.facts import Actor, Attempt, HazardFacts, Unmet
from app.regulation.permissions import Permission, Standing, has_permission
from app.regulation.rule import Rule
from app.regulation.vocabulary import Act, State
from app.tables.hazards import Hazard
from app.tables.history import HazardTransition

Changes = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Target:
    """Which hazard, and the version the caller has read (`If-Match`); None where no version is asked."""

    reference: str
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """What a service wants done: the act, its particulars for the guards, and whether only to try it."""

    act: Act
    particulars: Mapping[str, Any] = field(default_factory=dict)
    dry_run: bool = False
    version_required: bool = False
    """Where an official decides or signs, nobody acts on a text he has not seen (428)."""
    occurred_at: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Performing:
    """An act under way: the facts before it, the rules it is judged by, and its transition row's id."""

    context: Context
    facts: HazardFacts
    book: RuleBook
    next_state: State
    transition_id: int
    audited: dict[str, Any] = field(default_factory=dict)
    """What the act's audit event says beside the act: identifiers and hashes of what `write` has written."""

    @property
    def signature_columns(self) -> dict[str, Any]:
        """Who acts and in which cycle, as every act's document records it."""
        actor = self.context.actor
        return {
            "hazard_id": self.facts.hazard_id,
            "cycle": self.facts.cycle,
            "transition_id": self.transition_id,
            "account_id": actor.account_id,
            "person_id": actor.person_id,
            "appointment_id": actor.appointment_id,
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rule book says of an attempt; empty `unmet` means that it may be done."""

    facts: HazardFacts
    unmet: tuple[Unmet, ...]
    was_tried_only: bool = False


Change = Callable[[HazardFacts, RuleBook], Changes | Awaitable[Changes]]
Write = Callable[[Performing], Awaitable[None]]


def no_change(_facts: HazardFacts, _book: RuleBook) -> Changes:
    """For acts that change no fact of the hazard itself."""
    return {}


async def perform(
    context: Context, target: Target, intent: Intent, *, write: Write, change: Change = no_change
) -> Verdict:
    """Does an act, or says by `dry_run` which rules it does not meet.

    Raises NotFound, NotPermitted, IllegalTransition, RuleNotMet (all unmet rules), StaleVersion, VersionRequired.
    """
    facts = await _find(context, target, intent) if intent.dry_run else await _lock(context, target, intent)
    book = await rule_book(context)
    judged = await _judge(context, facts, intent, book)
    if intent.dry_run:
        return Verdict(facts, judged, was_tried_only=True)
    if judged:
        raise RuleNotMet(unmet=judged)
    await _do(context, facts, intent, book, write=write, change=change)
    return Verdict(facts, ())


async def _find(context: Context, target: Target, intent: Intent) -> HazardFacts:
    hazard_id = await resolve(context, target.reference)
    facts = await load_facts(context, hazard_id)
    _compare_version(facts.version, target, intent)
    return facts


async def _lock(context: Context, target: Target, intent: Intent) -> HazardFacts:
    """Moves the version first: whoever comes second sees what the first one did, at every isolation level."""
    if intent.version_required and target.version is None:
        raise VersionRequired
    moved = (
        update(Hazard)
        .where(_is_referred_to(target.reference), hazard_is_visible(context.actor))
        .values(version=Hazard.version + 1)
        .returning(Hazard.id, Hazard.version)
    )
    row = (await context.session.execute(moved)).one_or_none()
    if row is None:
        raise NotFound
    _compare_version(row.version - 1, target, intent)
    return await load_facts(context, row.id)


def _compare_version(current: int, target: Target, intent: Intent) -> None:
    if intent.version_required and target.version is None:
        raise VersionRequired
    if target.version is not None and target.version != current:
        raise StaleVersion(facts={"version": current})


def _is_referred_to(reference: str) -> ColumnElement[bool]:
    public_id = public_id_in(reference)
    return Hazard.ledger_number == reference if public_id is None else Hazard.public_id == public_id


async def resolve(context: Context, reference: str) -> int:
    """The id behind a public id or a ledger number; a merged number resolves to the survivor."""
    found = select(Hazard.id, Hazard.duplicate_of_id)
    seen = found.where(_is_referred_to(reference), hazard_is_visible(context.actor))
    row = (await context.session.execute(seen)).one_or_none()
    if row is None:
        raise NotFound
    by_number = public_id_in(reference) is None
    return int(row.duplicate_of_id if by_number and row.duplicate_of_id else row.id)


async def resolve_to_read(context: Context, reference: str) -> int:
    """As `resolve`, for whoever may read hazards at all: NotPermitted comes before NotFound and tells nothing."""
    refuse_who_may_not_read(context.actor)
    return await resolve(context, reference)


def refuse_who_may_not_read(actor: Actor) -> None:
    """NotPermitted for who may read no hazard at all."""
    if not has_permission(Permission.HAZARD_READ, actor):
        raise NotPermitted


def public_id_in(reference: str) -> UUID | None:
    """The public id that a reference is; None for a ledger number."""
    try:
        return UUID(reference)
    except ValueError:
        return None


async def _judge(context: Context, facts: HazardFacts, intent: Intent, book: RuleBook) -> tuple[Unmet, ...]:
    held = relations_to(context.actor, facts)
    actor, attempt = context.actor, Attempt(intent.act, intent.particulars)
    if not lifecycle.may(facts, intent.act, actor, held):
        raise NotPermitted
    unmet = lifecycle.check(facts, actor, held, attempt, book.edition, context.now)
    if lifecycle.rule_of(facts, intent.act) is None:
        allowed = lifecycle.allowed_acts(facts, actor, held, book.edition, context.now)
        wrong_state = unmet[0]
        raise IllegalTransition(
            message=wrong_state.message,
            rule=wrong_state.rule,
            article=wrong_state.article,
            remedy=wrong_state.remedy,
            facts={"state": facts.state.value, "allowed_acts": tuple(act.value for act in allowed)},
        )
    return unmet


async def _do(
    context: Context, facts: HazardFacts, intent: Intent, book: RuleBook, *, write: Write, change: Change
) -> None:
    rule = lifecycle.rule_of(facts, intent.act)
    if rule is None:
        raise IllegalTransition
    state = lifecycle.next_state(rule, facts, Attempt(intent.act, intent.particulars))
    computed = change(facts, book)
    changes = dict(await computed if isinstance(computed, Awaitable) else computed)
    cycle = facts.cycle + 1 if state is State.LISTED and facts.state in (State.RECTIFIED, State.CLOSED) else facts.cycle
    occurred_at = intent.occurred_at or context.now
    changes |= {"state": state.value, "cycle": cycle, "last_act_at": max(occurred_at, facts.last_act_at)}
    dimensions = _dimensions_after(facts, changes)
    transition_id = await _append(
        context,
        dimensions
        | {
            "hazard_id": facts.hazard_id,
            "act": intent.act.value,
            "rule": rule.id,
            "from_state": facts.state.value,
            "version": facts.version,
            "reason": intent.reason,
            "occurred_at": occurred_at,
            "edition_id": book.edition_id,
        },
    )
    act = Performing(context, facts, book, state, transition_id)
    await write(act)
    columns = {name: value for name, value in changes.items() if name in Hazard.__table__.columns}
    moved = update(Hazard).where(Hazard.id == facts.hazard_id).values(columns)
    written = documents_as_told(intent.act, facts.hazard_id, transition_id)
    hazard, documents = (await context.session.execute(moved.returning(hazard_as_told(), written))).one()
    done = {"act": intent.act.value, "transition": transition_id, "version": facts.version}
    await _audit(context, facts.hazard_id, act.audited | done | bound(intent.act, hazard, documents))


async def _audit(context: Context, hazard_id: int, particulars: Mapping[str, Any]) -> None:
    await record(context, f"hazard:{particulars['act']}:recorded", hazard_subject(hazard_id), particulars)


_DIMENSIONS = (
    "unit_id",
    "sector",
    "channel",
    "level",
    "supervision_tier",
    "lead_organisation_id",
    "listing_office_id",
    "enterprise_id",
    "original_deadline",
    "current_deadline",
    "found_on",
    "is_legacy",
)
_COLUMNLESS = ("declared_at", "is_verified", "extension_count")


def _dimensions_after(facts: HazardFacts, changes: Changes) -> dict[str, Any]:
    """The hazard's dimensions once the act is done: what the figures are made of."""
    after = {name: changes.get(name, getattr(facts, name)) for name in _DIMENSIONS}
    going_back = changes["cycle"] != facts.cycle
    return after | {
        "to_state": changes["state"],
        "cycle": changes["cycle"],
        "is_determined": changes.get("determined_at", facts.determined_at) is not None,
        "declared_at": None if going_back else changes.get("declared_at", facts.declared_at),
        "is_verified": False if going_back else changes.get("is_verified", facts.verification_id is not None),
        "extension_count": changes.get("extension_count", facts.extension_granted_count),
    }


async def _append(context: Context, row: Mapping[str, Any]) -> int:
    actor = context.actor
    who = {
        "account_id": actor.account_id,
        "person_id": actor.person_id,
        "appointment_id": actor.appointment_id,
        "actor_label": actor.label,
    }
    appended = insert(HazardTransition).values({**row, **who}).returning(HazardTransition.id)
    return int((await context.session.execute(appended)).scalar_one())


def judge_new(context: Context, intent: Intent, standing: Standing, book: RuleBook) -> tuple[Rule, tuple[Unmet, ...]]:
    """What the rule book says of a hazard that is not there yet; NotPermitted for whoever may not report it."""
    rule = lifecycle.rule_of(None, intent.act)
    held = permissions.relations(standing, context.actor)
    if rule is None or not lifecycle.may(None, intent.act, context.actor, held):
        raise NotPermitted
    attempt = Attempt(intent.act, intent.particulars)
    return rule, lifecycle.check(None, context.actor, held, attempt, book.edition, context.now)


async def admit(context: Context, act: Act, values: Mapping[str, Any], book: RuleBook, *, rule: str) -> int:
    """Enters a new hazard (report; the paper past through `app/exchange`): hazard, first transition, audit row."""
    occurred_at = values["last_act_at"]
    entered = insert(Hazard).values(values).returning(Hazard.id, hazard_as_told())
    hazard_id, hazard = (await context.session.execute(entered)).one()
    facts = await load_facts(context, hazard_id)
    row = _dimensions_after(facts, {"state": facts.state.value, "cycle": facts.cycle}) | {
        "hazard_id": hazard_id,
        "act": act.value,
        "rule": rule,
        "from_state": None,
        "version": facts.version,
        "occurred_at": occurred_at,
        "edition_id": book.edition_id,
    }
    transition_id = await _append(context, row)
    done = {"act": act.value, "transition": transition_id, "version": facts.version}
    await _audit(context, hazard_id, done | bound(act, hazard))
    return int(hazard_id)


# The newest copy of each earlier act, with the corrected dimensions: what stands is never changed, it is restated.
_RESTATE = text(
    """
    INSERT INTO hazard_transition (hazard_id, act, rule, from_state, to_state, version, cycle, unit_id, sector, channel,
           level, supervision_tier, lead_organisation_id, listing_office_id, enterprise_id, original_deadline,
           current_deadline, found_on, is_determined, is_legacy, reason, declared_at, is_verified, extension_count,
           account_id, person_id, appointment_id, actor_label, edition_id, act_order, restates, occurred_at)
    SELECT t.hazard_id, t.act, t.rule, t.from_state, t.to_state, t.version, t.cycle,
           coalesce(CAST(:unit_id AS bigint), t.unit_id), coalesce(CAST(:sector AS text), t.sector), t.channel,
           t.level, t.supervision_tier, t.lead_organisation_id, t.listing_office_id, t.enterprise_id,
           t.original_deadline, t.current_deadline, coalesce(CAST(:found_on AS date), t.found_on), t.is_determined,
           t.is_legacy, t.reason, t.declared_at, t.is_verified, t.extension_count,
           :account_id, :person_id, :appointment_id, :actor_label, t.edition_id, t.act_order, t.act_order, t.occurred_at
      FROM (SELECT DISTINCT ON (act_order) * FROM hazard_transition
             WHERE hazard_id = :hazard_id AND act_order <> :transition_id
             ORDER BY act_order, id DESC) t
     ORDER BY t.act_order
    """
)


async def restate(act: Performing, columns: Mapping[str, Any]) -> None:
    """Appends, for every earlier act, a copy with the corrected dimensions (unit, sector, day of finding)."""
    actor = act.context.actor
    await act.context.session.execute(
        _RESTATE,
        {
            "unit_id": columns.get("unit_id"),
            "sector": columns.get("sector"),
            "found_on": columns.get("found_on"),
            "account_id": actor.account_id,
            "person_id": actor.person_id,
            "appointment_id": actor.appointment_id,
            "actor_label": actor.label,
            "hazard_id": act.facts.hazard_id,
            "transition_id": act.transition_id,
        },
    )


@dataclass(frozen=True, slots=True)
class RecountedDeadline:
    """A provisional deadline counted again under a newly announced calendar."""

    due_on: date
    provisional: bool
    explanation: tuple[str, ...]


async def move_provisional_deadline(context: Context, hazard_id: int, recounted: RecountedDeadline) -> None:
    """Puts the recounted date in place: a job's doing and no act of a person, so neither version nor history moves."""
    moved = (
        update(Hazard)
        .where(Hazard.id == hazard_id, Hazard.deadline_is_provisional)
        .values(current_deadline=recounted.due_on, deadline_is_provisional=recounted.provisional)
    )
    await context.session.execute(moved)
    particulars = {"due_on": recounted.due_on.isoformat(), "explained": list(recounted.explanation)}
    await record(context, "hazard:deadline:recounted", hazard_subject(hazard_id), particulars)
