"""The route of the worklist: one list per appointment, each read under that appointment's own scope."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from app.accounts.authentication import bearer_token, database_of, refuse_incomplete, request_id
from app.infrastructure.database import OtherAppointment, Token
from app.infrastructure.keyset import linked
from app.infrastructure.problem_details import problem_responses
from app.sign_in.service import appointments_of
from app.worklist.worklist import WorklistPage, has_worklist, worklist

router = APIRouter(prefix="/worklist", tags=["待办"], responses=problem_responses(400, 401, 403, 422, 503))


@router.get("", operation_id="read_worklist", summary="我的待办")
async def read_worklist(
    request: Request, response: Response, wanted: Annotated[WorklistPage, Query()]
) -> dict[str, Any]:
    """What waits for the caller's appointment, earliest due first; then the first page of each other appointment."""
    token, cursors, number = Token(bearer_token(request)), request.app.state.cursors, request_id(request)
    async with database_of(request).transaction(token, request_id=number) as context:
        refuse_incomplete(request, context.pending)
        page = linked(response, request.url, await worklist(context, wanted, cursors))
        held = await appointments_of(context, context.actor.person_id)
        own = context.actor.appointment_id
    others = [one for one in held if one["id"] != own and has_worklist(one["post_kind"])]
    for one in others:
        other = OtherAppointment(token, one["id"])
        async with database_of(request).transaction(other, request_id=number) as context:
            one["worklist"] = await worklist(context, WorklistPage(), cursors)
    return {"appointment_id": own, **page, "other_appointments": others}
