"""The routes of the paper past: import a ledger, read its batch, attest it."""

import asyncio
import tempfile
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, File, Query, Response, UploadFile
from fastapi import Path as PathParameter

from app.accounts.authentication import SignedIn
from app.accounts.idempotency import OnceOnly
from app.documents.confirming import Confirmation
from app.exchange import ledger_attestation, ledger_import
from app.exchange.ledger_rows import understand_ledger
from app.hazards.acting import DryRun, tried
from app.infrastructure.answers import Answer
from app.infrastructure.problem_details import problem_responses
from app.infrastructure.workbook import RawWorkbook, WorkbookLimits, read_workbook
from app.regulation.deadlines import business_date

router = APIRouter(
    prefix="/imports",
    tags=["历史台账"],
    responses=problem_responses(400, 401, 403, 404, 409, 413, 415, 422, 503),
)

Batch = Annotated[int, PathParameter(ge=1, le=2**63 - 1, description="补录批次")]
Workbook = Annotated[UploadFile, File(description="台账工作簿:xlsx、xls、et、ods,不超过 20 MB")]
Sheet = Annotated[str | None, Query(max_length=120, description="台账所在的工作表;只有一个像台账时可不写")]
# The request's transaction waits meanwhile, and PostgreSQL ends one that idles ten seconds.
_LIMITS = WorkbookLimits(wall_seconds=6.0, cpu_seconds=6)


@router.post("/ledger", status_code=201, operation_id="import_ledger", summary="导入历史台账")
async def import_ledger(once: OnceOnly, file: Workbook, sheet: Sheet = None, dry_run: DryRun = False) -> Response:
    """Takes a ledger in, all of it or nothing: open rows are listed, closed rows wait for two attestors."""
    known = await ledger_import.known_names(once.context)
    workbook = await asyncio.to_thread(_read, await file.read(), file.filename or "")
    on = business_date(once.context.now)
    ledger = await asyncio.to_thread(understand_ledger, workbook, known, imported_on=on, sheet=sheet)
    report = await ledger_import.take_in(once.context, ledger, dry_run=dry_run)
    location = f"/api/v1/imports/{report.batch}" if report.batch else None
    return await once.answer(Answer(report.as_json(), location=location, was_tried_only=dry_run))


def _read(content: bytes, name: str) -> RawWorkbook:
    with tempfile.NamedTemporaryFile(suffix=".workbook") as kept:
        kept.write(content)
        kept.flush()
        return read_workbook(Path(kept.name), name=name, limits=_LIMITS)


@router.get("/{batch}", operation_id="read_import", summary="补录批次")
async def read_import(batch: Batch, context: SignedIn) -> dict[str, Any]:
    """The batch with its report, its document's hash and who has confirmed it."""
    return await ledger_attestation.batch_view(context, batch)


@router.post("/{batch}/attestations", status_code=201, operation_id="attest_import", summary="核对确认补录批次")
async def attest_import(batch: Batch, once: OnceOnly, body: Confirmation, dry_run: DryRun = False) -> Response:
    """One person's confirmation of the batch; the second one's enters every closed row."""
    if dry_run:
        return await once.answer(tried(await ledger_attestation.try_attesting(once.context, batch)))
    view = await ledger_attestation.attest(once.context, batch, body)
    return await once.answer(Answer(view, location=f"/api/v1/imports/{batch}"))
