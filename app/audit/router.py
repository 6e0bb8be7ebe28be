"""The routes of the trail: heads and keys for everybody, events and proofs for auditors."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi import Path as PathParameter

from app.accounts.authentication import SignedIn, database_of, request_id
from app.accounts.sensitive_reads import sensitive
from app.audit import publishing
from app.audit.publishing import EventsAsked, HeadsAsked
from app.infrastructure.context import Context
from app.infrastructure.entity_tags import NOT_MODIFIED, kept
from app.infrastructure.fields import LARGEST_IDENTIFIER
from app.infrastructure.keyset import linked
from app.infrastructure.problem_details import problem_responses

router = APIRouter(tags=["审计"])
_PUBLIC: Final[dict[int | str, dict[str, Any]]] = {
    **problem_responses(400, 422, 503),
    **NOT_MODIFIED,
}
_AUDITORS: Final = problem_responses(400, 401, 403, 404, 422, 503)
_A_MINUTE: Final = "public, max-age=60"
_FOR_EVER: Final = "public, max-age=31536000, immutable"

_Number = Annotated[int, Query(ge=1, le=LARGEST_IDENTIFIER)]


async def as_the_public(request: Request) -> AsyncIterator[Context]:
    """A context of nobody, whoever asks."""
    async with database_of(request).transaction(None, request_id=request_id(request)) as context:
        yield context


Public = Annotated[Context, Depends(as_the_public, scope="function")]


@router.get("/public/tree-heads", operation_id="list_tree_heads", summary="审计树头", responses=_PUBLIC)
async def list_tree_heads(request: Request, context: Public, wanted: Annotated[HeadsAsked, Query()]) -> Response:
    """Signed heads of the audit tree, the newest first: who keeps one can hold the registry to it."""
    shown = Response()
    page = linked(shown, request.url, await publishing.head_documents(context, wanted, request.app.state.cursors))
    return kept(request, page, _A_MINUTE, shown.headers.get("link"))


@router.get(
    "/public/tree-heads/{size}",
    operation_id="read_tree_head",
    summary="某一大小的审计树头",
    responses=_PUBLIC | problem_responses(404),
)
async def read_tree_head(
    request: Request, context: Public, size: Annotated[int, PathParameter(ge=1, le=LARGEST_IDENTIFIER)]
) -> Response:
    """One head, which never changes."""
    return kept(request, await publishing.head_document(context, size), _FOR_EVER)


@router.get("/public/audit-keys", operation_id="list_audit_keys", summary="审计签名公钥", responses=_PUBLIC)
async def list_audit_keys(request: Request, context: Public) -> Response:
    """Every key that signed heads, those replaced included."""
    return kept(request, await publishing.keys(context), _A_MINUTE)


@router.get("/audit/consistency", operation_id="prove_consistency", summary="一致性证明", responses=_AUDITORS)
async def prove_consistency(
    context: SignedIn,
    first: Annotated[int, Query(alias="from", ge=1, le=LARGEST_IDENTIFIER, description="较小的树头的大小")],
    second: Annotated[int, Query(alias="to", ge=1, le=LARGEST_IDENTIFIER, description="较大的树头的大小")],
) -> dict[str, Any]:
    """That the tree of one head begins with the tree of an earlier one."""
    return await publishing.consistency(context, first, second)


@router.get("/audit/inclusion", operation_id="prove_inclusion", summary="存在证明", responses=_AUDITORS)
async def prove_inclusion(context: SignedIn, position: _Number, size: _Number | None = None) -> dict[str, Any]:
    """That the row at a position stands under the newest head, or under the one of that size."""
    return await publishing.inclusion(context, position, size)


@router.get(
    "/audit/events",
    operation_id="list_audit_events",
    summary="审计记录",
    responses=_AUDITORS,
    dependencies=[sensitive("audit_events")],
)
async def list_audit_events(
    request: Request, response: Response, context: SignedIn, wanted: Annotated[EventsAsked, Query()]
) -> dict[str, Any]:
    """What was recorded, the newest first, with the exact bytes hashed."""
    return linked(response, request.url, await publishing.events(context, wanted, request.app.state.cursors))
