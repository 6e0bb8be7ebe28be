"""The routes of the ladder: episodes and what suspends them, the nights that were run, and rehearsals."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from app.accounts.authentication import SignedIn
from app.accounts.idempotency import OnceOnly
from app.escalation.desk import episodes, rehearsals, runs, suspensions
from app.escalation.schemas import EscalationFilter, NewRehearsal, NewSuspension, RehearsalFilter, RunFilter
from app.infrastructure.keyset import linked
from app.infrastructure.problem_details import problem_responses

router = APIRouter(tags=["升级督办"], responses=problem_responses(400, 401, 403, 404, 409, 413, 422, 503))

EscalationId = Annotated[UUID, Path(description="升级周期 id")]
SuspensionId = Annotated[UUID, Path(description="暂缓升档 id")]
RunId = Annotated[UUID, Path(description="夜间运行 id")]
RehearsalId = Annotated[UUID, Path(description="演练 id")]


@router.get("/escalations", operation_id="list_escalations", summary="查询升级督办")
async def list_escalations(
    request: Request, response: Response, context: SignedIn, wanted: Annotated[EscalationFilter, Query()]
) -> dict[str, Any]:
    """A page of the episodes within the caller's sight."""
    return linked(response, request.url, await episodes.page(context, wanted, request.app.state.cursors))


@router.get("/escalations/{escalation_id}", operation_id="read_escalation", summary="查看升级督办")
async def read_escalation(escalation_id: EscalationId, context: SignedIn) -> dict[str, Any]:
    """Why it counts, its days, its rungs with their letters, and what comes next."""
    return await episodes.one(context, escalation_id)


@router.post(
    "/escalations/{escalation_id}/suspensions",
    status_code=201,
    operation_id="propose_suspension",
    summary="提出暂缓升档",
)
async def propose_suspension(escalation_id: EscalationId, once: OnceOnly, body: NewSuspension) -> Response:
    """By whoever would issue the rung's letter; holds back nothing before it is approved."""
    return await once.answer(await suspensions.propose(once.context, escalation_id, body))


@router.post(
    "/escalations/{escalation_id}/suspensions/{suspension_id}/approval",
    status_code=201,
    operation_id="approve_suspension",
    summary="批准暂缓升档",
)
async def approve_suspension(escalation_id: EscalationId, suspension_id: SuspensionId, once: OnceOnly) -> Response:
    """By another person, one tier higher."""
    return await once.answer(await suspensions.approve(once.context, escalation_id, suspension_id))


@router.get("/escalation-runs", operation_id="list_escalation_runs", summary="查询夜间升档运行")
async def list_escalation_runs(
    request: Request, response: Response, context: SignedIn, wanted: Annotated[RunFilter, Query()]
) -> dict[str, Any]:
    """A page of the nights that were run."""
    return linked(response, request.url, await runs.page(context, wanted, request.app.state.cursors))


@router.get("/escalation-runs/{run_id}", operation_id="read_escalation_run", summary="查看夜间升档运行")
async def read_escalation_run(run_id: RunId, context: SignedIn) -> dict[str, Any]:
    """One run with what it could not treat."""
    return await runs.one(context, run_id)


@router.get("/escalation-rehearsals", operation_id="list_escalation_rehearsals", summary="查询演练")
async def list_escalation_rehearsals(
    request: Request, response: Response, context: SignedIn, wanted: Annotated[RehearsalFilter, Query()]
) -> dict[str, Any]:
    """A page of one's own rehearsals."""
    return linked(response, request.url, await rehearsals.page(context, wanted, request.app.state.cursors))


@router.post("/escalation-rehearsals", status_code=201, operation_id="rehearse_escalation", summary="演练夜间升档")
async def rehearse_escalation(once: OnceOnly, body: NewRehearsal) -> Response:
    """What the night would raise and draft; nothing of it happens."""
    return await once.answer(await rehearsals.make(once.context, body))


@router.get("/escalation-rehearsals/{rehearsal_id}", operation_id="read_escalation_rehearsal", summary="查看演练")
async def read_escalation_rehearsal(rehearsal_id: RehearsalId, context: SignedIn) -> dict[str, Any]:
    """One rehearsal as it was shown."""
    return await rehearsals.one(context, rehearsal_id)
