"""The routes of deliveries: what became of what was sent, what a person finds out about it, pauses of all sending."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from app.accounts.authentication import SignedIn
from app.accounts.idempotency import OnceOnly
from app.delivery.oversight import deliveries, pauses, resolving
from app.delivery.oversight.schemas import DeliveryFilter, NewPause, PauseFilter, Resolution
from app.infrastructure.keyset import linked
from app.infrastructure.problem_details import problem_responses

router = APIRouter(tags=["发送"], responses=problem_responses(400, 401, 403, 404, 409, 413, 422, 503))

DeliveryId = Annotated[UUID, Path(description="发送任务 id")]
PauseId = Annotated[UUID, Path(description="暂停发送 id")]


@router.get("/deliveries", operation_id="list_deliveries", summary="查询发送情况")
async def list_deliveries(
    request: Request, response: Response, context: SignedIn, wanted: Annotated[DeliveryFilter, Query()]
) -> dict[str, Any]:
    """A page of what the caller's office sent."""
    return linked(response, request.url, await deliveries.page(context, wanted, request.app.state.cursors))


@router.get("/deliveries/{delivery_id}", operation_id="read_delivery", summary="查看发送情况")
async def read_delivery(delivery_id: DeliveryId, context: SignedIn) -> dict[str, Any]:
    """One, with its attempts."""
    return await deliveries.delivery_view(context, delivery_id)


@router.post(
    "/deliveries/{delivery_id}/resolution", status_code=201, operation_id="resolve_delivery", summary="核实发送情况"
)
async def resolve_delivery(delivery_id: DeliveryId, once: OnceOnly, body: Resolution) -> Response:
    """What a person found out about a message in doubt or dead."""
    return await once.answer(await resolving.resolve(once.context, delivery_id, body))


@router.get("/delivery-pauses", operation_id="list_delivery_pauses", summary="查询暂停发送")
async def list_delivery_pauses(
    request: Request, response: Response, context: SignedIn, wanted: Annotated[PauseFilter, Query()]
) -> dict[str, Any]:
    """A page of the pauses of all sending."""
    return linked(response, request.url, await pauses.page(context, wanted, request.app.state.cursors))


@router.post("/delivery-pauses", status_code=201, operation_id="order_delivery_pause", summary="暂停一切发送")
async def order_delivery_pause(once: OnceOnly, body: NewPause) -> Response:
    """The kill switch: what is out already stays out."""
    return await once.answer(await pauses.order(once.context, body))


@router.get("/delivery-pauses/{pause_id}", operation_id="read_delivery_pause", summary="查看暂停发送")
async def read_delivery_pause(pause_id: PauseId, context: SignedIn) -> dict[str, Any]:
    """One pause."""
    return await pauses.pause_view(context, pause_id)


@router.post(
    "/delivery-pauses/{pause_id}/release", status_code=201, operation_id="release_delivery_pause", summary="恢复发送"
)
async def release_delivery_pause(pause_id: PauseId, once: OnceOnly) -> Response:
    """Sending goes on where nothing else stops it."""
    return await once.answer(await pauses.release(once.context, pause_id))
