"""The routes of declaration, verification and revisit."""

from typing import Any

from fastapi import APIRouter, Response

from app.accounts.authentication import SignedIn
from app.accounts.idempotency import Once, OnceOnly
from app.documents.confirming import Confirmation
from app.documents.views import document_view
from app.hazards.acting import DryRun, Reference, TargetHazard, act_answer, tried
from app.hazards.transition import Verdict, resolve
from app.infrastructure.answers import Answer
from app.infrastructure.fields import Identifier
from app.infrastructure.problem_details import problem_responses
from app.rectification import declaration, revisit, verification
from app.rectification.schemas import (
    DeclarationDraft,
    InspectorConfirmation,
    RelapseRecord,
    RevisitRecord,
    VerificationDraft,
)

router = APIRouter(
    prefix="/hazards/{reference}",
    tags=["整改完成与核查"],
    responses=problem_responses(400, 401, 403, 404, 409, 412, 413, 415, 422, 428, 503),
)


async def _drafted(once: Once, kind: str, drafted: tuple[Verdict, int | None]) -> Response:
    verdict, document_id = drafted
    if document_id is None:
        return await once.answer(tried(verdict.unmet))
    facts = verdict.facts
    view = await document_view(once.context, facts.hazard_id, kind, document_id)
    return await once.answer(Answer(view, location=f"/api/v1/hazards/{facts.public_id}/{kind}s/{document_id}"))


async def _confirmed(once: Once, kind: str, document_id: int, verdict: Verdict) -> Response:
    view = await document_view(once.context, verdict.facts.hazard_id, kind, document_id)
    if verdict.was_tried_only:
        # Confirmed, but others are still missing: the act is not performed yet.
        return await once.answer(Answer({"document": view, "awaits": list(tried(verdict.unmet).body["unmet"])}))
    done = await act_answer(once.context, verdict)
    return await once.answer(Answer({"document": view, "hazard": done.body}, version=done.version))


@router.post("/declarations", status_code=201, operation_id="draft_declaration", summary="起草整改完成报告")
async def draft_declaration(
    target: TargetHazard, once: OnceOnly, body: DeclarationDraft, dry_run: DryRun = False
) -> Response:
    """Drafts the report; principal and controller then confirm it, each in their own account."""
    return await _drafted(once, "declaration", await declaration.draft(once.context, target, body, dry_run=dry_run))


@router.get("/declarations/{document_id}", operation_id="read_declaration", summary="查看整改完成报告")
async def read_declaration(reference: Reference, document_id: Identifier, context: SignedIn) -> dict[str, Any]:
    """A declaration with its evidence and confirmations."""
    return await document_view(context, await resolve(context, reference), "declaration", document_id)


@router.post(
    "/declarations/{document_id}/confirmations",
    status_code=201,
    operation_id="confirm_declaration",
    summary="整改完成报告签字",
)
async def confirm_declaration(
    target: TargetHazard, document_id: Identifier, once: OnceOnly, body: Confirmation
) -> Response:
    """One of the two signatures; the second one declares the hazard rectified."""
    verdict = await declaration.confirm_declaration(once.context, target, document_id, body)
    return await _confirmed(once, "declaration", document_id, verdict)


@router.post("/verifications", status_code=201, operation_id="draft_verification", summary="起草现场核查记录")
async def draft_verification(
    target: TargetHazard, once: OnceOnly, body: VerificationDraft, dry_run: DryRun = False
) -> Response:
    """Drafts the record of a visit; each inspector who was there then confirms it."""
    return await _drafted(once, "verification", await verification.draft(once.context, target, body, dry_run=dry_run))


@router.get("/verifications/{document_id}", operation_id="read_verification", summary="查看现场核查记录")
async def read_verification(reference: Reference, document_id: Identifier, context: SignedIn) -> dict[str, Any]:
    """A verification with its evidence and confirmations."""
    return await document_view(context, await resolve(context, reference), "verification", document_id)


@router.post(
    "/verifications/{document_id}/confirmations",
    status_code=201,
    operation_id="confirm_verification",
    summary="现场核查确认",
)
async def confirm_verification(
    target: TargetHazard, document_id: Identifier, once: OnceOnly, body: InspectorConfirmation
) -> Response:
    """One inspector's confirmation; the last one passes or fails the verification."""
    verdict = await verification.confirm_verification(once.context, target, document_id, body)
    return await _confirmed(once, "verification", document_id, verdict)


@router.post("/revisits", status_code=201, operation_id="record_revisit", summary="回访")
async def record_revisit(
    target: TargetHazard, once: OnceOnly, body: RevisitRecord, dry_run: DryRun = False
) -> Response:
    """Records a revisit after closing."""
    verdict = await revisit.revisit(once.context, target, body, dry_run=dry_run)
    return await once.answer(await act_answer(once.context, verdict))


@router.post("/relapses", status_code=201, operation_id="record_relapse", summary="复发")
async def record_relapse(
    target: TargetHazard, once: OnceOnly, body: RelapseRecord, dry_run: DryRun = False
) -> Response:
    """Records that the hazard is back."""
    verdict = await revisit.relapse(once.context, target, body, dry_run=dry_run)
    return await once.answer(await act_answer(once.context, verdict))
