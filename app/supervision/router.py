"""The routes of listing and supervision, each one document of one person."""

from fastapi import APIRouter, Response

from app.accounts.idempotency import OnceOnly
from app.hazards.acting import DryRun, TargetHazard, act_answer
from app.infrastructure.problem_details import problem_responses
from app.supervision import listing, rectifying, responsibility
from app.supervision.schemas import (
    Delisting,
    ExtensionApplication,
    ExtensionRuling,
    HazardListing,
    MeasureLifting,
    MeasureOrder,
    OnTheSpotListing,
    PlanApproval,
    PlanReturn,
    ProgressReport,
    RectificationPlan,
    SupervisionLevelChange,
    TransferOrder,
    TransferRefusal,
)

router = APIRouter(
    prefix="/hazards/{reference}",
    tags=["督办与整改"],
    responses=problem_responses(400, 401, 403, 404, 409, 412, 413, 415, 422, 428, 503),
)


@router.post("/listing", status_code=201, operation_id="list_hazard", summary="挂牌督办")
async def list_hazard(target: TargetHazard, once: OnceOnly, body: HazardListing, dry_run: DryRun = False) -> Response:
    """Lists a determined hazard: lead department, deadline, requirements, notice."""
    verdict = await listing.list_hazard(once.context, target, body, dry_run=dry_run)
    return await once.answer(await act_answer(once.context, verdict))


@router.post("/on-the-spot-listing", status_code=201, operation_id="list_hazard_on_the_spot", summary="立查立改登记")
async def list_hazard_on_the_spot(
    target: TargetHazard, once: OnceOnly, body: OnTheSpotListing, dry_run: DryRun = False
) -> Response:
    """Records a hazard found and fixed in one visit."""
    verdict = await listing.list_on_the_spot(once.context, target, body, dry_run=dry_run)
    return await once.answer(await act_answer(once.context, verdict))


@router.post("/supervision-level", status_code=201, operation_id="change_supervision_level", summary="调整督办层级")
async def change_supervision_level(
    target: TargetHazard, once: OnceOnly, body: SupervisionLevelChange, dry_run: DryRun = False
) -> Response:
    """Raises or lowers the supervising tier; never a later deadline."""
    verdict = await listing.change_supervision_level(once.context, target, body, dry_run=dry_run)
    return await once.answer(await act_answer(once.context, verdict))


@router.post("/delisting", status_code=201, operation_id="delist_hazard", summary="摘牌")
async def delist_hazard(target: TargetHazard, once: OnceOnly, body: Delisting, dry_run: DryRun = False) -> Response:
    """The public act after closing."""
    verdict = await listing.delist(once.context, target, body, dry_run=dry_run)
    return await once.answer(await act_answer(once.context, verdict))


@router.post("/plans", status_code=201, operation_id="submit_plan", summary="报送整改方案")
async def submit_plan(
    target: TargetHazard, once: OnceOnly, body: RectificationPlan, dry_run: DryRun = False
) -> Response:
    """Submits the plan: 五落实, six statutory parts, milestones."""
    verdict = await rectifying.submit_plan(once.context, target, body, dry_run=dry_run)
    return await once.answer(await act_answer(once.context, verdict))


@router.post("/plan-approval", status_code=201, operation_id="approve_plan", summary="批准整改方案")
async def approve_plan(target: TargetHazard, once: OnceOnly, body: PlanApproval, dry_run: DryRun = False) -> Response:
    """Approves the submitted plan."""
    verdict = await rectifying.approve_plan(once.context, target, body, dry_run=dry_run)
    return await once.answer(await act_answer(once.context, verdict))


@router.post("/plan-return", status_code=201, operation_id="return_plan", summary="退回整改方案")
async def return_plan(target: TargetHazard, once: OnceOnly, body: PlanReturn, dry_run: DryRun = False) -> Response:
    """Returns the plan with a reason."""
    verdict = await rectifying.return_plan(once.context, target, body, dry_run=dry_run)
    return await once.answer(await act_answer(once.context, verdict))


@router.post("/progress", status_code=201, operation_id="report_progress", summary="报告整改进展")
async def report_progress(
    target: TargetHazard, once: OnceOnly, body: ProgressReport, dry_run: DryRun = False
) -> Response:
    """Reports progress."""
    verdict = await rectifying.report_progress(once.context, target, body, dry_run=dry_run)
    return await once.answer(await act_answer(once.context, verdict))


@router.post("/extensions", status_code=201, operation_id="request_extension", summary="申请延期")
async def request_extension(
    target: TargetHazard, once: OnceOnly, body: ExtensionApplication, dry_run: DryRun = False
) -> Response:
    """Asks for an extension before expiry."""
    verdict = await rectifying.request_extension(once.context, target, body, dry_run=dry_run)
    return await once.answer(await act_answer(once.context, verdict))


@router.post("/extension-decision", status_code=201, operation_id="decide_extension", summary="审批延期")
async def decide_extension(
    target: TargetHazard, once: OnceOnly, body: ExtensionRuling, dry_run: DryRun = False
) -> Response:
    """Grants or refuses the pending extension."""
    verdict = await rectifying.decide_extension(once.context, target, body, dry_run=dry_run)
    return await once.answer(await act_answer(once.context, verdict))


@router.post("/transfers", status_code=201, operation_id="transfer_hazard", summary="移交监管责任")
async def transfer_hazard(
    target: TargetHazard, once: OnceOnly, body: TransferOrder, dry_run: DryRun = False
) -> Response:
    """Hands the hazard to another lead department, with a reason."""
    verdict = await responsibility.transfer(once.context, target, body, dry_run=dry_run)
    return await once.answer(await act_answer(once.context, verdict))


@router.post("/transfer-refusal", status_code=201, operation_id="refuse_transfer", summary="拒绝接收移交")
async def refuse_transfer(
    target: TargetHazard, once: OnceOnly, body: TransferRefusal, dry_run: DryRun = False
) -> Response:
    """Refuses a department's transfer, with a reason."""
    verdict = await responsibility.refuse_transfer(once.context, target, body, dry_run=dry_run)
    return await once.answer(await act_answer(once.context, verdict))


@router.post("/production-measures", status_code=201, operation_id="order_production_measure", summary="责令停产停用")
async def order_production_measure(
    target: TargetHazard, once: OnceOnly, body: MeasureOrder, dry_run: DryRun = False
) -> Response:
    """Orders a production measure."""
    verdict = await responsibility.order_measure(once.context, target, body, dry_run=dry_run)
    return await once.answer(await act_answer(once.context, verdict))


@router.post(
    "/production-measure-lifting", status_code=201, operation_id="lift_production_measure", summary="解除停产停用"
)
async def lift_production_measure(
    target: TargetHazard, once: OnceOnly, body: MeasureLifting, dry_run: DryRun = False
) -> Response:
    """Lifts the production measure in force."""
    verdict = await responsibility.lift_measure(once.context, target, body, dry_run=dry_run)
    return await once.answer(await act_answer(once.context, verdict))
