"""The routes of the ladder: rehearsals."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from app.accounts.authentication import SignedIn
from app.accounts.idempotency import OnceOnly
from app.escalation.desk import rehearsals
from app.escalation.schemas import NewRehearsal, RehearsalFilter
from app.infrastructure.keyset import linked
from app.infrastructure.problem_details import problem_responses

router = APIRouter(tags=["升级督办"], responses=problem_responses(400, 401, 403, 404, 409, 413, 422, 503))

RehearsalId = Annotated[UUID, Path(description="演练 id")]


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
