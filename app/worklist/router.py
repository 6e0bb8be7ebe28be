"""The route of the worklist: one list per appointment, each read under that appointment's own scope."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from app.accounts.authentication import bearer_token, database_of, refuse_incomplete, request_id
from app.infrastructure.context import Context
from app.infrastructure.database import OtherAppointment, Token
from app.infrastructure.keyset import linked
from app.infrastructure.problem_details import problem_responses
from app.sign_in.dependencies import rules_of
from app.sign_in.service import appointments_of, lacks_second_factor_to_change
from app.worklist.worklist import WorklistPage, has_worklist, worklist

router = APIRouter(prefix="/worklist", tags=["待办"], responses=problem_responses(400, 401, 403, 422, 503))


@router.get("", operation_id="read_worklist", summary="我的待办")
async def read_worklist(
    request: Request, response: Response, wanted: Annotated[WorklistPage, Query()]
) -> dict[str, Any]:
    """What waits for the caller's appointment, earliest due first; then the first page of each other appointment."""
    token = Token(bearer_token(request))
    async with database_of(request).transaction(token, request_id=request_id(request)) as context:
        refuse_incomplete(request, context.pending)
        page = linked(response, request.url, await worklist(context, wanted, request.app.state.cursors))
        own = context.actor.appointment_id
        others = await _others(request, context)
    for one in others:
        if not one["second_factor_needed"]:
            one["worklist"] = await _first_page(request, OtherAppointment(token, one["id"]))
    return {"appointment_id": own, **page, "other_appointments": others}


async def _others(request: Request, context: Context) -> list[dict[str, Any]]:
    """The caller's other appointments that have lists; as changing to one would be refused, so is its list."""
    held = await appointments_of(context, context.actor.person_id)
    others = [one for one in held if one["id"] != context.actor.appointment_id and has_worklist(one["post_kind"])]
    is_lacking = bool(others) and await lacks_second_factor_to_change(context, rules_of(request.app.state.settings))
    return [{**one, "second_factor_needed": is_lacking, "worklist": None} for one in others]


async def _first_page(request: Request, principal: OtherAppointment) -> dict[str, Any]:
    async with database_of(request).transaction(principal, request_id=request_id(request)) as context:
        return await worklist(context, WorklistPage(), request.app.state.cursors)
