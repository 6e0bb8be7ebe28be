"""The routes of declaration, verification and revisit."""

from typing import Any

from fastapi import APIRouter, Response

from app.accounts.authentication import SignedIn
from app.accounts.idempotency import OnceOnly
from app.documents.confirming import Confirmation
from app.documents.views import confirmed_answer, document_view, drafted_answer
from app.hazards.acting import DryRun, Reference, TargetHazard, act_answer
from app.hazards.transition import resolve_to_read
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


@router.post("/declarations", status_code=201, operation_id="draft_declaration", summary="起草整改完成报告")
async def draft_declaration(
    target: TargetHazard, once: OnceOnly, body: DeclarationDraft, dry_run: DryRun = False
) -> Response:
    """Drafts the report; principal and controller then confirm it, each in their own account."""
    verdict, document_id = await declaration.draft(once.context, target, body, dry_run=dry_run)
    return await once.answer(await drafted_answer(once.context, "declaration", verdict, document_id))


@router.get("/declarations/{document_id}", operation_id="read_declaration", summary="查看整改完成报告")
async def read_declaration(reference: Reference, document_id: Identifier, context: SignedIn) -> dict[str, Any]:
    """A declaration with its evidence and confirmations."""
    return await document_view(context, await resolve_to_read(context, reference), "declaration", document_id)


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
    return await once.answer(await confirmed_answer(once.context, "declaration", verdict, document_id))


@router.post("/verifications", status_code=201, operation_id="draft_verification", summary="起草现场核查记录")
async def draft_verification(
    target: TargetHazard, once: OnceOnly, body: VerificationDraft, dry_run: DryRun = False
) -> Response:
    """Drafts the record of a visit; each inspector who was there then confirms it."""
    verdict, document_id = await verification.draft(once.context, target, body, dry_run=dry_run)
    return await once.answer(await drafted_answer(once.context, "verification", verdict, document_id))


@router.get("/verifications/{document_id}", operation_id="read_verification", summary="查看现场核查记录")
async def read_verification(reference: Reference, document_id: Identifier, context: SignedIn) -> dict[str, Any]:
    """A verification with its evidence and confirmations."""
    return await document_view(context, await resolve_to_read(context, reference), "verification", document_id)


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
    return await once.answer(await confirmed_answer(once.context, "verification", verdict, document_id))


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
