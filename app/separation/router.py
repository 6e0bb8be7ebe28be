"""The routes of the separation-of-duties report and of what break-glass did."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from app.accounts.authentication import SignedIn
from app.infrastructure.keyset import Paging, linked
from app.infrastructure.problem_details import problem_responses
from app.separation import break_glass, report

router = APIRouter(tags=["职责分离"], responses=problem_responses(400, 401, 403, 422, 503))


@router.get("/posts/separation", operation_id="read_separation", summary="职责分离核查")
async def read_separation(context: SignedIn) -> dict[str, Any]:
    """Who could sign two levels of one chain, who signed what they had rectified, who holds two duties."""
    return await report.separation(context)


@router.get("/break-glass", operation_id="list_break_glass", summary="应急处置记录")
async def list_break_glass(
    request: Request, response: Response, context: SignedIn, wanted: Annotated[Paging, Query()]
) -> dict[str, Any]:
    """A page of what two persons did on the machine itself, and how often anybody ever did."""
    return linked(response, request.url, await break_glass.page(context, wanted, request.app.state.cursors))
