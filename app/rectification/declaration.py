"""整改完成报告 (一报告双签字): drafted by the enterprise, signed by principal and controller; the last performs it."""

from typing import Any

from sqlalchemy import insert, select, update

from app.documents.confirming import Confirmation, Paper, confirm, confirmations_of, drafted
from app.documents.views import evidence_of, refuse_unless_only
from app.evidence.queries import Piece, attach, pieces
from app.hazards.transition import Intent, Performing, Target, Verdict, perform, resolve
from app.infrastructure.context import Context
from app.infrastructure.errors import NotFound, NotPermitted, RuleNotMet
from app.infrastructure.security import content_digest
from app.rectification.schemas import DeclarationDraft
from app.reference.rulebook import RuleBook
from app.regulation.facts import HazardFacts
from app.regulation.vocabulary import Act, Capacity, DocumentKind, PostKind
from app.tables.rectification import Declaration

_CAPACITY_OF = {
    PostKind.ENTERPRISE_PRINCIPAL: Capacity.PRINCIPAL,
    PostKind.ENTERPRISE_CONTROLLER: Capacity.CONTROLLER,
    PostKind.ENTERPRISE_SAFETY_HEAD: Capacity.SAFETY_HEAD,
    PostKind.PRINCIPAL_HEAD: Capacity.PRINCIPAL,
    PostKind.DEPUTY_HEAD: Capacity.CONTROLLER,
    PostKind.SECTION_HEAD: Capacity.SAFETY_HEAD,
}
_AWAITED = frozenset({"the_enterprise_signed_twice"})


async def draft(
    context: Context, target: Target, sent: DeclarationDraft, *, dry_run: bool = False
) -> tuple[Verdict, int | None]:
    """Drafts the report: no transition and no version yet; the draft's id, or for a dry run None."""
    hazard_id = await resolve(context, target.reference)
    cited = await pieces(context, hazard_id, sent.evidence_ids)
    verdict = await _try(context, target, cited, {})
    if dry_run:
        return verdict, None
    refuse_unless_only(verdict, _AWAITED)
    facts = verdict.facts
    document = sent.model_dump() | {
        "hazard": facts.public_id,
        "cycle": facts.cycle,
        "evidence": sorted(piece.sha256 for piece in cited),
    }
    digest = bytes.fromhex(content_digest(document))
    row = {
        "hazard_id": hazard_id,
        "cycle": facts.cycle,
        "account_id": context.actor.account_id,
        "person_id": context.actor.person_id,
        "appointment_id": context.actor.appointment_id,
        "description": sent.description,
        "measures_taken": sent.measures_taken,
        "document_sha256": digest,
    }
    made = await context.session.execute(insert(Declaration).values(row).returning(Declaration.id))
    declaration_id = int(made.scalar_one())
    await attach(context, hazard_id, ("declaration", declaration_id), cited)
    await drafted(context, Paper(DocumentKind.DECLARATION, declaration_id, digest, hazard_id))
    return verdict, declaration_id


async def confirm_declaration(context: Context, target: Target, declaration_id: int, sent: Confirmation) -> Verdict:
    """One of the two signatures; the second performs the act, and its instant is the act's."""
    paper = await _paper(context, target, declaration_id)
    capacity = _CAPACITY_OF.get(context.actor.post_kind) if context.actor.post_kind else None
    if capacity is None:
        raise NotPermitted
    cited = await evidence_of(context, ("declaration", declaration_id))
    # Whoever may not declare, or not now, is told so before anything is signed.
    await _try(context, target, cited, {})
    await confirm(context, paper, capacity, sent)
    signed = {Capacity(row.capacity): row.person_id for row in await confirmations_of(context, paper)}
    verdict = await _try(context, target, cited, signed)
    waiting = {one.code for one in verdict.unmet}
    if waiting and waiting <= _AWAITED:
        return verdict
    if waiting:
        raise RuleNotMet(unmet=verdict.unmet)

    async def write(act: Performing) -> None:
        performed = update(Declaration).where(Declaration.id == declaration_id).values(transition_id=act.transition_id)
        await context.session.execute(performed)

    def change(_facts: HazardFacts, _book: RuleBook) -> dict[str, Any]:
        return {"declared_at": context.now}

    return await perform(context, target, _intent(cited, signed), write=write, change=change)


def _intent(cited: list[Piece], signed: dict[Capacity, int], *, dry_run: bool = False) -> Intent:
    particulars = {"confirmations": signed, "evidence_kinds": [piece.kind for piece in cited]}
    return Intent(Act.DECLARE, particulars, dry_run)


async def _try(context: Context, target: Target, cited: list[Piece], signed: dict[Capacity, int]) -> Verdict:
    async def nothing(_act: Performing) -> None:
        return None

    return await perform(context, target, _intent(cited, signed, dry_run=True), write=nothing)


async def _paper(context: Context, target: Target, declaration_id: int) -> Paper:
    hazard_id = await resolve(context, target.reference)
    wanted = select(Declaration).where(Declaration.id == declaration_id, Declaration.hazard_id == hazard_id)
    row = (await context.session.execute(wanted)).scalar_one_or_none()
    if row is None:
        raise NotFound
    return Paper(DocumentKind.DECLARATION, row.id, row.document_sha256, hazard_id)
