"""The routes of the inbox."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from app.accounts.authentication import SignedIn
from app.accounts.idempotency import OnceOnly
from app.inbox import acknowledging, messages
from app.inbox.schemas import InboxFilter
from app.infrastructure.keyset import linked
from app.infrastructure.problem_details import problem_responses

router = APIRouter(
    prefix="/inbox", tags=["收件箱"], responses=problem_responses(400, 401, 403, 404, 409, 413, 422, 503)
)

MessageId = Annotated[UUID, Path(description="信息 id")]


@router.get("", operation_id="list_inbox", summary="查询收件箱")
async def list_inbox(
    request: Request, response: Response, context: SignedIn, wanted: Annotated[InboxFilter, Query()]
) -> dict[str, Any]:
    """A page of the caller's own messages, newest first."""
    return linked(response, request.url, await messages.page(context, wanted, request.app.state.cursors))


@router.get("/{message_id}", operation_id="read_message", summary="查看信息")
async def read_message(message_id: MessageId, context: SignedIn) -> dict[str, Any]:
    """One of the caller's messages."""
    return await messages.message(context, message_id)


@router.post("/{message_id}/acknowledgement", status_code=201, operation_id="acknowledge_message", summary="签收信息")
async def acknowledge_message(message_id: MessageId, once: OnceOnly) -> Response:
    """Once; of a letter it is its service."""
    return await once.answer(await acknowledging.acknowledge(once.context, message_id))
