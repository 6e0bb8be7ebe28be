"""The routes of reporting, amending, determining and dismissing."""

from typing import Any

from fastapi import APIRouter, Response

from app.accounts.authentication import SignedIn
from app.accounts.idempotency import OnceOnly
from app.documents.confirming import Confirmation
from app.documents.views import confirmed_answer, document_view, drafted_answer
from app.hazards.acting import DryRun, Reference, TargetHazard, act_answer, hazard_answer, tried
from app.hazards.transition import resolve_to_read
from app.infrastructure.fields import Identifier
from app.infrastructure.problem_details import problem_responses
from app.reporting import correction, service
from app.reporting.schemas import CorrectionDraft, HazardAmendment, HazardDetermination, HazardDismissal, HazardReport

router = APIRouter(
    prefix="/hazards",
    tags=["上报与判定"],
    responses=problem_responses(400, 401, 403, 404, 409, 412, 413, 415, 422, 428, 503),
)


@router.post("", status_code=201, operation_id="report_hazard", summary="上报隐患")
async def report_hazard(once: OnceOnly, body: HazardReport, dry_run: DryRun = False) -> Response:
    """Takes a report in and routes it to the territorial unit and the sector's regulator."""
    hazard_id, unmet = await service.report(once.context, body, dry_run=dry_run)
    answer = tried(unmet) if hazard_id is None else await hazard_answer(once.context, hazard_id)
    return await once.answer(answer)


@router.post("/{reference}/acknowledgements", status_code=201, operation_id="acknowledge_hazard", summary="确认收到")
async def acknowledge_hazard(reference: Reference, once: OnceOnly) -> Response:
    """A receiver confirms receipt of the report (双重交办)."""
    hazard_id = await service.acknowledge(once.context, reference)
    return await once.answer(await hazard_answer(once.context, hazard_id))


@router.post("/{reference}/amendments", status_code=201, operation_id="amend_hazard", summary="补充修改上报内容")
async def amend_hazard(
    target: TargetHazard, once: OnceOnly, body: HazardAmendment, dry_run: DryRun = False
) -> Response:
    """Amends a report before its determination."""
    verdict = await service.amend(once.context, target, body, dry_run=dry_run)
    return await once.answer(await act_answer(once.context, verdict))


@router.post("/{reference}/determination", status_code=201, operation_id="determine_hazard", summary="判定")
async def determine_hazard(
    target: TargetHazard, once: OnceOnly, body: HazardDetermination, dry_run: DryRun = False
) -> Response:
    """Determines whether it is a major hazard, by a clause in force today or with reasons."""
    verdict = await service.determine(once.context, target, body, dry_run=dry_run)
    return await once.answer(await act_answer(once.context, verdict))


@router.post("/{reference}/dismissal", status_code=201, operation_id="dismiss_hazard", summary="排除")
async def dismiss_hazard(
    target: TargetHazard, once: OnceOnly, body: HazardDismissal, dry_run: DryRun = False
) -> Response:
    """Dismisses a report: unsubstantiated, a duplicate, or not major."""
    verdict = await service.dismiss(once.context, target, body, dry_run=dry_run)
    return await once.answer(await act_answer(once.context, verdict))


@router.post("/{reference}/corrections", status_code=201, operation_id="draft_correction", summary="起草更正单")
async def draft_correction(
    target: TargetHazard, once: OnceOnly, body: CorrectionDraft, dry_run: DryRun = False
) -> Response:
    """Drafts a correction; the proposer and a second person of the safety office then confirm it."""
    verdict, document_id = await correction.draft(once.context, target, body, dry_run=dry_run)
    return await once.answer(await drafted_answer(once.context, "correction", verdict, document_id))


@router.get("/{reference}/corrections/{document_id}", operation_id="read_correction", summary="查看更正单")
async def read_correction(reference: Reference, document_id: Identifier, context: SignedIn) -> dict[str, Any]:
    """A correction with old and new values and its confirmations."""
    return await document_view(context, await resolve_to_read(context, reference), "correction", document_id)


@router.post(
    "/{reference}/corrections/{document_id}/confirmations",
    status_code=201,
    operation_id="confirm_correction",
    summary="更正单确认",
)
async def confirm_correction(
    target: TargetHazard, document_id: Identifier, once: OnceOnly, body: Confirmation
) -> Response:
    """One of the two confirmations; the second one performs the correction."""
    verdict = await correction.confirm_correction(once.context, target, document_id, body)
    return await once.answer(await confirmed_answer(once.context, "correction", verdict, document_id))
