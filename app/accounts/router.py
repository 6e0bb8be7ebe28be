"""The route of refusals and sensitive reads, for auditors."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from app.accounts.authentication import SignedIn
from app.accounts.sensitive_reads import AccessEventsAsked, access_events, sensitive
from app.infrastructure.keyset import linked
from app.infrastructure.problem_details import problem_responses

router = APIRouter(tags=["审计"], responses=problem_responses(400, 401, 403, 422, 503))


@router.get(
    "/audit/access-events",
    operation_id="list_access_events",
    summary="拒绝和敏感读取记录",
    dependencies=[sensitive("access_events")],
)
async def list_access_events(
    request: Request, response: Response, context: SignedIn, wanted: Annotated[AccessEventsAsked, Query()]
) -> dict[str, Any]:
    """What was refused and what sensitive was read, the newest first."""
    return linked(response, request.url, await access_events(context, wanted, request.app.state.cursors))
