"""The routes of enforcement: penalties, their corrections and import, counters, and what nobody has acted on."""

import asyncio
import tempfile
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, File, Query, Request, Response, UploadFile
from fastapi import Path as PathParameter

from app.accounts.authentication import SignedIn
from app.accounts.idempotency import OnceOnly
from app.enforcement import counters, importing, missing, service
from app.enforcement.schemas import (
    MissingBy,
    MissingFilter,
    NewPenalty,
    PenaltyCorrection,
    PenaltyFilter,
    WarningFilter,
)
from app.hazards.acting import DryRun
from app.infrastructure.answers import Answer
from app.infrastructure.keyset import linked
from app.infrastructure.problem_details import problem_responses
from app.infrastructure.workbook import RawWorkbook, WorkbookLimits, read_workbook

router = APIRouter(
    prefix="/enforcements", tags=["执法"], responses=problem_responses(400, 401, 403, 404, 409, 413, 415, 422, 503)
)
of_enterprise = APIRouter(
    prefix="/enterprises/{enterprise_id}", tags=["执法"], responses=problem_responses(400, 401, 403, 404, 422, 503)
)

PenaltyId = Annotated[UUID, PathParameter(description="行政处罚 id")]
Workbook = Annotated[UploadFile, File(description="行政处罚工作簿:xlsx、xls、et、ods,不超过 20 MB")]
# The request's transaction waits meanwhile, and PostgreSQL ends one that idles ten seconds.
_LIMITS = WorkbookLimits(wall_seconds=6.0, cpu_seconds=6)


@router.get("", operation_id="list_enforcements", summary="查询行政处罚")
async def list_enforcements(
    request: Request, response: Response, context: SignedIn, wanted: Annotated[PenaltyFilter, Query()]
) -> dict[str, Any]:
    """A page of penalties within the caller's sight."""
    return linked(response, request.url, await service.page(context, wanted, request.app.state.cursors))


@router.post("", status_code=201, operation_id="record_enforcement", summary="登记行政处罚")
async def record_enforcement(once: OnceOnly, body: NewPenalty, dry_run: DryRun = False) -> Response:
    """Records a decision; the answer shows how near the enterprise is to the limits."""
    return await once.answer(await service.record_penalty(once.context, body, dry_run=dry_run))


@router.post("/imports", status_code=201, operation_id="import_enforcements", summary="导入行政处罚")
async def import_enforcements(once: OnceOnly, file: Workbook, dry_run: DryRun = False) -> Response:
    """Takes a workbook in, all of it or nothing; a dry run tells every cell at fault."""
    service.refuse_who_may_not_record(once.context)
    workbook = await asyncio.to_thread(_read, await file.read(), file.filename or "")
    report = await importing.take_in(once.context, workbook, dry_run=dry_run)
    return await once.answer(Answer(report.as_json(), was_tried_only=dry_run))


def _read(content: bytes, name: str) -> RawWorkbook:
    with tempfile.NamedTemporaryFile(suffix=".workbook") as kept:
        kept.write(content)
        kept.flush()
        return read_workbook(Path(kept.name), name=name, limits=_LIMITS)


@router.get("/warnings", operation_id="list_enforcement_warnings", summary="达到提醒次数的企业")
async def list_enforcement_warnings(
    request: Request, response: Response, context: SignedIn, wanted: Annotated[WarningFilter, Query()]
) -> dict[str, Any]:
    """A page of the enterprises at or beyond the warning."""
    return linked(response, request.url, await counters.warnings(context, wanted, request.app.state.cursors))


@router.get("/missing", operation_id="count_missing_enforcement", summary="只检查不处罚的统计")
async def count_missing_enforcement(context: SignedIn, wanted: Annotated[MissingBy, Query()]) -> dict[str, Any]:
    """Open majors without penalty and production measure, by department or unit."""
    return await missing.counted(context, wanted)


@router.get("/missing/hazards", operation_id="list_hazards_without_enforcement", summary="没有执法措施的在办重大隐患")
async def list_hazards_without_enforcement(
    request: Request, response: Response, context: SignedIn, wanted: Annotated[MissingFilter, Query()]
) -> dict[str, Any]:
    """A page of the hazards behind the figure."""
    return linked(response, request.url, await missing.hazards(context, wanted, request.app.state.cursors))


@router.get("/{penalty_id}", operation_id="read_enforcement", summary="查看行政处罚")
async def read_enforcement(penalty_id: PenaltyId, context: SignedIn) -> dict[str, Any]:
    """One penalty with what it supersedes and what supersedes it."""
    return await service.read(context, penalty_id)


@router.post("/{penalty_id}/corrections", status_code=201, operation_id="correct_enforcement", summary="更正行政处罚")
async def correct_enforcement(
    penalty_id: PenaltyId, once: OnceOnly, body: PenaltyCorrection, dry_run: DryRun = False
) -> Response:
    """Puts a corrected record in its place, with the reason."""
    return await once.answer(await service.correct_penalty(once.context, penalty_id, body, dry_run=dry_run))


@of_enterprise.get("/enforcement-counters", operation_id="read_enforcement_counters", summary="企业执法情况")
async def read_enforcement_counters(
    enterprise_id: Annotated[UUID, PathParameter(description="企业 id")], context: SignedIn
) -> dict[str, Any]:
    """The enterprise's counters, penalties and production measures."""
    return await counters.enterprise_view(context, enterprise_id)
