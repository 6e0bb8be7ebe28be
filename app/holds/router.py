"""The routes of holds: what stops all issuing and sending, and what lets it go on."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from app.accounts.authentication import SignedIn
from app.accounts.idempotency import OnceOnly
from app.holds import reading, service
from app.holds.schemas import HoldFilter, NewHold, Release
from app.infrastructure.keyset import linked
from app.infrastructure.problem_details import problem_responses
from app.regulation.permissions import Permission

router = APIRouter(
    prefix="/dispatch-holds", tags=["升级督办"], responses=problem_responses(400, 401, 403, 404, 409, 413, 422, 503)
)

HoldId = Annotated[UUID, Path(description="暂停发文 id")]


@router.get("", operation_id="list_dispatch_holds", summary="查询暂停发文")
async def list_dispatch_holds(
    request: Request, response: Response, context: SignedIn, wanted: Annotated[HoldFilter, Query()]
) -> dict[str, Any]:
    """A page of the holds, the open ones first."""
    service.refuse_who_may_not(context, Permission.DISPATCH_HOLD_READ)
    return linked(response, request.url, await reading.page(context, wanted, request.app.state.cursors))


@router.post("", status_code=201, operation_id="order_dispatch_hold", summary="暂停发文")
async def order_dispatch_hold(once: OnceOnly, body: NewHold) -> Response:
    """The office stops all issuing and sending itself."""
    return await once.answer(await service.order(once.context, body))


@router.get("/{hold_id}", operation_id="read_dispatch_hold", summary="查看暂停发文")
async def read_dispatch_hold(hold_id: HoldId, context: SignedIn) -> dict[str, Any]:
    """One hold."""
    service.refuse_who_may_not(context, Permission.DISPATCH_HOLD_READ)
    return await reading.hold_view(context, hold_id)


@router.post("/{hold_id}/release", status_code=201, operation_id="release_dispatch_hold", summary="解除暂停发文")
async def release_dispatch_hold(hold_id: HoldId, once: OnceOnly, body: Release) -> Response:
    """Dispatch goes on after a rehearsal that whoever releases has seen."""
    return await once.answer(await service.release(once.context, hold_id, body))
