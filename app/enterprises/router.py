"""The routes that read enterprises."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from app.accounts.authentication import SignedIn
from app.enterprises import dossier
from app.enterprises.dossier import EnterpriseFilter
from app.infrastructure.keyset import linked
from app.infrastructure.problem_details import problem_responses

router = APIRouter(prefix="/enterprises", tags=["企业"], responses=problem_responses(400, 401, 403, 404, 422, 503))


@router.get("", operation_id="list_enterprises", summary="查询企业")
async def list_enterprises(
    request: Request, response: Response, context: SignedIn, wanted: Annotated[EnterpriseFilter, Query()]
) -> dict[str, Any]:
    """A page of enterprises within the caller's scope."""
    return linked(response, request.url, await dossier.page(context, wanted, request.app.state.cursors))


@router.get("/{enterprise_id}", operation_id="read_enterprise", summary="查看企业")
async def read_enterprise(
    enterprise_id: Annotated[UUID, Path(description="企业 id")], context: SignedIn
) -> dict[str, Any]:
    """One enterprise with its sites and its hazards counted by state."""
    return await dossier.read(context, enterprise_id)
