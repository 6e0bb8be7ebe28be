"""The routes of the clearance figures, the hazards behind each, and the definitions they are made by."""

from collections import Counter
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from app.accounts.authentication import SignedIn
from app.accounts.sensitive_reads import sensitive
from app.infrastructure.entity_tags import FOR_THE_READER_ALONE, NOT_MODIFIED, kept
from app.infrastructure.errors import FieldError, InvalidParameter
from app.infrastructure.keyset import linked
from app.infrastructure.problem_details import problem_responses
from app.statistics import drilling, service
from app.statistics.question import DefinitionsAsked, FiguresAsked, HazardsAsked


def each_once(request: Request) -> None:
    """A repeated parameter is refused: of `unit=a&unit=b` only one would count."""
    names = Counter(name for name, _ in request.query_params.multi_items())
    if any(count > 1 for count in names.values()):
        message = "同一个参数只能出现一次,请分次查询。"
        raise InvalidParameter(
            "parameter_repeated", message, fields=(FieldError("", "parameter_repeated", message, "query"),)
        )


router = APIRouter(
    tags=["统计指标"], responses=problem_responses(400, 401, 403, 422, 503), dependencies=[Depends(each_once)]
)


@router.get("/statistics/clearance", operation_id="read_clearance", summary="清零率等指标")
async def read_clearance(context: SignedIn, wanted: Annotated[FiguresAsked, Query()]) -> dict[str, Any]:
    """Every figure as of a day, as known at an instant, within the caller's scope; split by the dimensions asked."""
    return await service.clearance(context, wanted)


@router.get(
    "/statistics/clearance/hazards",
    operation_id="list_counted_hazards",
    summary="指标所计的隐患",
    dependencies=[sensitive("counted_hazards")],
)
async def list_counted_hazards(
    request: Request, response: Response, context: SignedIn, wanted: Annotated[HazardsAsked, Query()]
) -> dict[str, Any]:
    """The hazards that one figure of one cell counts for this caller, as they stood that day."""
    page = await drilling.hazards_counted(context, wanted, request.app.state.cursors)
    return linked(response, request.url, page)


@router.get("/metric-definitions", operation_id="list_metric_definitions", summary="指标定义", responses=NOT_MODIFIED)
async def list_metric_definitions(
    request: Request, context: SignedIn, wanted: Annotated[DefinitionsAsked, Query()]
) -> Response:
    """Each figure's id, version, words, parts, unit, rounding, direction, source and basis; 304 for who has them."""
    return kept(request, await service.metric_definitions(context, wanted), FOR_THE_READER_ALONE)
