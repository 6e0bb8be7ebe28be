"""The routes of evidence: upload to a hazard, list, and the bytes as an attachment, never inline."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response, UploadFile
from pydantic import BaseModel, ConfigDict, Field

from app.accounts.authentication import SignedIn
from app.accounts.idempotency import OnceOnly
from app.accounts.sensitive_reads import sensitive
from app.evidence import service
from app.evidence.folder import EvidenceFolder
from app.evidence.service import Upload
from app.hazards.acting import Reference
from app.infrastructure.fields import CleanLine, Instant, Latitude, Longitude
from app.infrastructure.problem_details import problem_responses
from app.regulation.vocabulary import EvidenceKind

router = APIRouter(tags=["证据"], responses=problem_responses(400, 401, 403, 404, 409, 413, 415, 422, 503))


def _folder(request: Request) -> EvidenceFolder:
    folder: EvidenceFolder = request.app.state.evidence
    return folder


class EvidenceForm(BaseModel):
    """证据上传表单."""

    model_config = ConfigDict(extra="forbid")
    file: UploadFile = Field(description="照片(JPEG、PNG、WebP)、PDF 或 docx")
    kind: EvidenceKind = Field(description="证据种类")
    file_name: CleanLine = Field(default="evidence", description="文件名称")
    taken_at: Instant | None = Field(default=None, description="拍摄时间;照片自带的优先")
    longitude: Longitude | None = None
    latitude: Latitude | None = None


@router.post("/hazards/{reference}/evidence", status_code=201, operation_id="add_evidence", summary="上传证据")
async def add_evidence(
    reference: Reference, request: Request, once: OnceOnly, form: Annotated[EvidenceForm, Form()]
) -> Response:
    """Keeps a piece of evidence under its SHA-256."""
    content = await form.file.read()
    sent = Upload(content, form.file_name, form.kind, form.taken_at, form.longitude, form.latitude)
    return await once.answer(await service.add(once.context, _folder(request), reference, sent))


@router.get("/hazards/{reference}/evidence", operation_id="list_evidence", summary="证据清单")
async def list_evidence(reference: Reference, context: SignedIn) -> dict[str, Any]:
    """Every piece of evidence of the hazard."""
    return {"items": await service.of_hazard(context, reference)}


@router.get(
    "/evidence/{public_id}",
    operation_id="read_evidence",
    summary="下载证据",
    dependencies=[sensitive("evidence", "public_id")],
)
async def read_evidence(public_id: UUID, request: Request, context: SignedIn) -> Response:
    """The bytes exactly as kept; a file that was altered is not served."""
    row, content = await service.content_of(context, _folder(request), str(public_id))
    headers = {"Content-Disposition": f'attachment; filename="{row.sha256.hex()[:16]}"', "Cache-Control": "no-store"}
    return Response(content, media_type=row.media_type, headers=headers)
