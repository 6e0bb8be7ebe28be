"""The routes that read hazards; those of the acts stand with their features."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from app.accounts.authentication import Reader, SignedIn, SignedInToRead
from app.accounts.idempotency import shown
from app.hazards import listing, queries
from app.hazards.acting import Reference, hazard_answer, view_answer
from app.hazards.listing import HazardFilter
from app.hazards.transition import public_id_in, refuse_who_may_not_read, resolve, resolve_to_read
from app.infrastructure.answers import Answer
from app.infrastructure.keyset import linked
from app.infrastructure.problem_details import problem_responses

router = APIRouter(prefix="/hazards", tags=["隐患台账"], responses=problem_responses(400, 401, 403, 404, 422, 503))


@router.get("", operation_id="list_hazards", summary="查询隐患台账")
async def list_hazards(
    request: Request,
    response: Response,
    context: SignedIn,
    wanted: Annotated[HazardFilter, Query()],
) -> dict[str, Any]:
    """A page of the hazards within the caller's scope, newest first."""
    return linked(response, request.url, await listing.page_of_hazards(context, wanted, request.app.state.cursors))


@router.get("/{reference}", operation_id="read_hazard", summary="查看隐患")
async def read_hazard(reference: Reference, reader: SignedInToRead) -> Response:
    """One hazard, by id or ledger number, with the acts the caller may do now and its ETag."""
    return shown(await _hazard_to_read(reader, reference))


async def _hazard_to_read(reader: Reader, reference: str) -> Answer:
    """A hazard by id or ledger number; NotPermitted for who may read none at all, NotFound outside of the scope."""
    public_id = public_id_in(reference)
    view = await _at_a_glimpse(reader, public_id) if public_id else None
    if view is not None:
        return view_answer(view)
    async with reader.transaction() as context:
        refuse_who_may_not_read(context.actor)
        if public_id is None:
            return await hazard_answer(context, await resolve(context, reference))
        return view_answer(await queries.hazard_in_scope(context, public_id))


async def _at_a_glimpse(reader: Reader, public_id: UUID) -> Mapping[str, Any] | None:
    found = await reader.glimpse(partial(queries.look_in_scope, public_id))
    if found is None:
        return None
    refuse_who_may_not_read(found.holder.actor)
    return queries.glimpsed(found)


@router.get("/{reference}/timeline", operation_id="read_timeline", summary="办理过程")
async def read_timeline(reference: Reference, context: SignedIn) -> dict[str, Any]:
    """Every act on the hazard in order."""
    return {"items": await queries.timeline(context, await resolve_to_read(context, reference))}


@router.get("/{reference}/deadline", operation_id="explain_deadline", summary="整改期限说明")
async def explain_deadline(reference: Reference, context: SignedIn) -> dict[str, Any]:
    """How the deadline came about: rule, basis, first day, skipped days, extensions."""
    return await queries.deadline(context, await resolve_to_read(context, reference))
