"""更正: old and new with a reason, proposed by one person of the safety office, confirmed by another.

Voids an open round where it touches signed content, and restates every earlier transition whose dimensions it changes.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, select, update

from app.documents.confirming import Confirmation, Paper, confirm, confirmations_of, drafted
from app.documents.views import refuse_unless_only
from app.hazards.scope import visible_hazards
from app.hazards.transition import Intent, Performing, Target, Verdict, perform, resolve, restate
from app.infrastructure.context import Context
from app.infrastructure.errors import NotFound, RuleNotMet
from app.infrastructure.security import content_digest
from app.reference.rulebook import RuleBook
from app.reference.units import unit_with_code
from app.regulation.facts import HazardFacts
from app.regulation.vocabulary import Act, Capacity, DocumentKind, RoundOutcome
from app.reporting.schemas import CorrectionDraft
from app.sign_off.rounds import end_round
from app.tables.hazards import Hazard
from app.tables.rectification import Correction

COLUMN_OF = {
    "finders": "finders",
    "found_on": "found_on",
    "location": "place",
    "circumstances": "circumstances",
    "reported_to": "reporting_record",
    "monitoring_measures": "monitoring_measures",
    "sector": "sector",
    "unit_code": "unit_id",
}
"""What a correction may change: field of the API → column."""
_SIGNED = frozenset({"location", "circumstances"})
_AWAITED = frozenset({"a_second_person_confirmed"})


async def draft(
    context: Context, target: Target, sent: CorrectionDraft, *, dry_run: bool = False
) -> tuple[Verdict, int | None]:
    """Drafts a correction with the values as they stand now; the draft's id, or for a dry run None."""
    wanted = await _wanted(context, sent)
    hazard_id = await resolve(context, target.reference)
    changes = await _changes(context, hazard_id, wanted)
    verdict = await _try(context, target, changes, sent.note, (context.actor.person_id, None))
    if dry_run:
        return verdict, None
    refuse_unless_only(verdict, _AWAITED)
    facts = verdict.facts
    document = {"hazard": facts.public_id, "cycle": facts.cycle, "changes": changes, "note": sent.note}
    digest = bytes.fromhex(content_digest(document))
    row = {
        "hazard_id": hazard_id,
        "cycle": facts.cycle,
        "account_id": context.actor.account_id,
        "person_id": context.actor.person_id,
        "appointment_id": context.actor.appointment_id,
        "changes": changes,
        "reason": sent.note,
        "touches_signed_content": not _SIGNED.isdisjoint(changes),
        "document_sha256": digest,
    }
    made = await context.session.execute(insert(Correction).values(row).returning(Correction.id))
    correction_id = int(made.scalar_one())
    await drafted(context, Paper(DocumentKind.CORRECTION, correction_id, digest, hazard_id))
    return verdict, correction_id


async def _wanted(context: Context, sent: CorrectionDraft) -> dict[str, Any]:
    wanted = sent.changes.model_dump(exclude_none=True, mode="json")
    if sent.changes.unit_code is not None:
        await unit_with_code(context, sent.changes.unit_code, field="changes/unit_code")
    return wanted


async def _changes(context: Context, hazard_id: int, wanted: Mapping[str, Any]) -> dict[str, Any]:
    visible = visible_hazards(context.actor).where(Hazard.id == hazard_id)
    row = (await context.session.execute(visible.execution_options(populate_existing=True))).scalar_one()
    old = {name: getattr(row, column) for name, column in COLUMN_OF.items()}
    return {
        name: {"old": str(old[name]), "new": value}
        for name, value in wanted.items()
        if name == "unit_code" or str(old[name]) != str(value)
    }


async def _refuse_outdated(context: Context, record: Correction) -> None:
    """RuleNotMet where what the draft calls old is no longer what stands."""
    wanted = {name: change["new"] for name, change in record.changes.items()}
    if await _changes(context, record.hazard_id, wanted) != record.changes:
        raise RuleNotMet(
            "document_changed",
            "更正单起草以后,所更正的内容已有变动,更正单不再适用。",
            article="指导意见三(三)14",
            remedy="请按现有内容重新起草更正单。",
        )


async def confirm_correction(context: Context, target: Target, correction_id: int, sent: Confirmation) -> Verdict:
    """The proposer's and another person's confirmation; the second one performs the correction."""
    hazard_id = await resolve(context, target.reference)
    found = select(Correction).where(Correction.id == correction_id, Correction.hazard_id == hazard_id)
    record = (await context.session.execute(found)).scalar_one_or_none()
    if record is None:
        raise NotFound
    paper = Paper(DocumentKind.CORRECTION, record.id, record.document_sha256, hazard_id)
    proposes = record.person_id == context.actor.person_id
    await _refuse_outdated(context, record)
    # Whoever may not correct is told so before anything is signed.
    await _try(context, target, record.changes, record.reason, (record.person_id, None))
    await confirm(context, paper, Capacity.PROPOSER if proposes else Capacity.CONFIRMER, sent)
    by = {row.capacity: row.person_id for row in await confirmations_of(context, paper)}
    persons = (by.get(Capacity.PROPOSER.value), by.get(Capacity.CONFIRMER.value))
    verdict = await _try(context, target, record.changes, record.reason, persons)
    waiting = {one.code for one in verdict.unmet}
    if waiting and waiting <= _AWAITED:
        return verdict
    if waiting:
        raise RuleNotMet(unmet=verdict.unmet)
    return await _perform(context, target, record, persons)


async def _perform(
    context: Context, target: Target, record: Correction, persons: tuple[int | None, int | None]
) -> Verdict:
    columns: dict[str, Any] = {
        COLUMN_OF[name]: change["new"] for name, change in record.changes.items() if name != "unit_code"
    }
    if "unit_code" in record.changes:
        columns["unit_id"] = await unit_with_code(
            context, record.changes["unit_code"]["new"], field="changes/unit_code"
        )
    if "found_on" in columns:
        columns["found_on"] = CorrectionDraft.day(columns["found_on"])

    async def change(facts: HazardFacts, _book: RuleBook) -> dict[str, Any]:
        # Once more, behind the lock.
        await _refuse_outdated(context, record)
        # With its round the verification it rested on is void: the figures must not count it as passed.
        voids = facts.round is not None and record.touches_signed_content
        return columns | {"is_verified": False} if voids else columns

    async def write(act: Performing) -> None:
        performed = update(Correction).where(Correction.id == record.id).values(transition_id=act.transition_id)
        await context.session.execute(performed)
        if act.facts.round is not None and record.touches_signed_content:
            await end_round(context, act.facts.round.round_id, RoundOutcome.CONTENT_CHANGED, reason=record.reason)
        if not {"unit_id", "sector", "found_on"}.isdisjoint(columns):
            await restate(act, columns)

    intent = _intent(record.changes, record.reason, persons)
    return await perform(context, target, intent, write=write, change=change)


def _intent(
    changes: Mapping[str, Any], note: str, persons: tuple[int | None, int | None], *, dry_run: bool = False
) -> Intent:
    proposer, confirmer = persons
    particulars = {
        "changes": changes,
        "note": note,
        "proposed_by_person_id": proposer,
        "confirmed_by_person_id": confirmer,
    }
    return Intent(Act.CORRECT, particulars, dry_run, reason=note)


async def _try(
    context: Context, target: Target, changes: Mapping[str, Any], note: str, persons: tuple[int | None, int | None]
) -> Verdict:
    async def nothing(_act: Performing) -> None:
        return None

    return await perform(context, target, _intent(changes, note, persons, dry_run=True), write=nothing)
