"""现场核查: drafted by one inspector, confirmed by each who was there; the last one performs it and opens the round."""

from typing import Any

from sqlalchemy import insert, select, update

from app.documents.confirming import Paper, confirm, confirmations_of, drafted
from app.documents.views import evidence_of, refuse_unless_only
from app.evidence.queries import Piece, attach, pieces, prove_time_and_position
from app.hazards.transition import Intent, Performing, Target, Verdict, perform, resolve
from app.infrastructure.context import Context
from app.infrastructure.errors import NotFound, RuleNotMet
from app.infrastructure.security import content_digest
from app.rectification.schemas import InspectorConfirmation, VerificationDraft
from app.reference.rulebook import RuleBook, rule_book
from app.regulation.facts import HazardFacts
from app.regulation.vocabulary import Act, Capacity, DocumentKind, Purpose
from app.sign_off.rounds import open_round
from app.tables.rectification import Verification

_AWAITED = frozenset({"enough_inspectors_were_there", "every_inspector_has_a_certificate"})
_INSPECTORS_AT_LEAST = 2


async def draft(
    context: Context, target: Target, sent: VerificationDraft, *, dry_run: bool = False
) -> tuple[Verdict, int | None]:
    """Drafts the record of a visit; the draft's id, or for a dry run None."""
    hazard_id = await resolve(context, target.reference)
    cited = await pieces(context, hazard_id, sent.evidence_ids)
    verdict = await _try(context, target, _particulars(sent, cited))
    if dry_run:
        return verdict, None
    refuse_unless_only(verdict, _AWAITED)
    book, facts = await rule_book(context), verdict.facts
    document = sent.model_dump(mode="json") | {
        "hazard": facts.public_id,
        "cycle": facts.cycle,
        "declaration": facts.declaration_id,
        "evidence": sorted(piece.sha256 for piece in cited),
    }
    digest = bytes.fromhex(content_digest(document))
    row = {
        "hazard_id": hazard_id,
        "cycle": facts.cycle,
        "account_id": context.actor.account_id,
        "person_id": context.actor.person_id,
        "appointment_id": context.actor.appointment_id,
        "declaration_id": facts.declaration_id,
        "visited_at": sent.visited_at,
        "occurred_at": sent.visited_at,
        "passed": sent.passed,
        "findings": sent.findings,
        "reason": sent.note,
        "due_on": sent.deadline,
        "inspectors_required": max(_INSPECTORS_AT_LEAST, book.edition.limits.verification_inspectors),
        "document_sha256": digest,
    }
    made = await context.session.execute(insert(Verification).values(row).returning(Verification.id))
    verification_id = int(made.scalar_one())
    await attach(context, hazard_id, ("verification", verification_id), cited)
    await drafted(context, Paper(DocumentKind.VERIFICATION, verification_id, digest, hazard_id))
    return verdict, verification_id


async def confirm_verification(
    context: Context, target: Target, verification_id: int, sent: InspectorConfirmation
) -> Verdict:
    """One inspector's confirmation; the last required one performs the verification, passed or failed."""
    hazard_id = await resolve(context, target.reference)
    record = await _record(context, hazard_id, verification_id)
    paper = Paper(DocumentKind.VERIFICATION, record.id, record.document_sha256, hazard_id)
    extra = sent.model_dump(include={"certificate_number", "longitude", "latitude"})
    cited = await evidence_of(context, ("verification", verification_id))
    # Whoever may not verify, or not now, is told so before anything is signed.
    await _try(context, target, _particulars(record, cited))
    await confirm(context, paper, Capacity.INSPECTOR, sent, extra)
    confirmed = await confirmations_of(context, paper)
    particulars = _particulars(record, cited) | {
        "inspector_person_ids": [row.person_id for row in confirmed],
        "certificates": {row.person_id: row.certificate_number for row in confirmed},
    }
    verdict = await _try(context, target, particulars)
    waiting = {one.code for one in verdict.unmet}
    if waiting == {"enough_inspectors_were_there"}:
        return verdict
    if waiting:
        raise RuleNotMet(unmet=verdict.unmet)
    return await _perform(context, target, record, particulars)


async def _perform(context: Context, target: Target, record: Verification, particulars: dict[str, Any]) -> Verdict:
    async def write(act: Performing) -> None:
        performed = update(Verification).where(Verification.id == record.id).values(transition_id=act.transition_id)
        await context.session.execute(performed)
        if record.passed:
            await open_round(act, Purpose.CLOSING, verification_id=record.id)

    def change(facts: HazardFacts, _book: RuleBook) -> dict[str, Any]:
        if record.passed:
            return {"is_verified": True}
        if facts.current_deadline is None:
            return {
                "original_deadline": record.due_on,
                "current_deadline": record.due_on,
                "deadline_is_provisional": False,
            }
        return {}

    return await perform(context, target, _intent(particulars), write=write, change=change)


def _particulars(record: VerificationDraft | Verification, cited: list[Piece]) -> dict[str, Any]:
    """What the rules ask of a visit, drafted or recorded."""
    if isinstance(record, VerificationDraft):
        note, deadline = record.note, record.deadline
    else:
        note, deadline = record.reason, record.due_on
    return {
        "passed": record.passed,
        "occurred_at": record.visited_at,
        "evidence_time_and_position": prove_time_and_position(cited),
        "note": note,
        "deadline": deadline,
    }


def _intent(particulars: dict[str, Any], *, dry_run: bool = False) -> Intent:
    act = Act.PASS_VERIFICATION if particulars["passed"] else Act.FAIL_VERIFICATION
    return Intent(act, particulars, dry_run, occurred_at=particulars["occurred_at"], reason=particulars["note"])


async def _try(context: Context, target: Target, particulars: dict[str, Any]) -> Verdict:
    async def nothing(_act: Performing) -> None:
        return None

    return await perform(context, target, _intent(particulars, dry_run=True), write=nothing)


async def _record(context: Context, hazard_id: int, verification_id: int) -> Verification:
    wanted = select(Verification).where(Verification.id == verification_id, Verification.hazard_id == hazard_id)
    row = (await context.session.execute(wanted)).scalar_one_or_none()
    if row is None:
        raise NotFound
    return row
