"""The route of the worklist."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from app.accounts import sessions
from app.accounts.authentication import SignedIn
from app.infrastructure.keyset import linked
from app.infrastructure.problem_details import problem_responses
from app.worklist.worklist import WorklistPage, worklist

router = APIRouter(prefix="/worklist", tags=["待办"], responses=problem_responses(400, 401, 403, 422, 503))


@router.get("", operation_id="read_worklist", summary="我的待办")
async def read_worklist(
    request: Request, response: Response, context: SignedIn, wanted: Annotated[WorklistPage, Query()]
) -> dict[str, Any]:
    """What waits for the caller's appointment, earliest due first; other appointments are named, to switch to."""
    page = linked(response, request.url, await worklist(context, wanted, request.app.state.cursors))
    held = await sessions.appointments_of(context, context.actor.person_id)
    others = [one for one in held if one["id"] != context.actor.appointment_id]
    return {"appointment_id": context.actor.appointment_id, **page, "other_appointments": others}
