"""The route of the case file."""

from collections.abc import Iterator
from typing import IO, Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from app.accounts.authentication import SignedIn
from app.accounts.sensitive_reads import record_read
from app.case_file.service import case_file
from app.hazards.acting import Reference
from app.infrastructure.problem_details import problem_responses

_PART: Final = 1 << 16
_ZIP: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}, "description": "案卷"}
}

router = APIRouter(
    prefix="/hazards", tags=["隐患台账"], responses={**problem_responses(400, 401, 403, 404, 409, 422, 503), **_ZIP}
)


@router.get(
    "/{reference}/case-file",
    operation_id="read_case_file",
    summary="案卷",
    response_class=StreamingResponse,
)
async def read_case_file(
    reference: Reference,
    request: Request,
    context: SignedIn,
    *,
    with_evidence: Annotated[bool, Query(description="附证据原件")] = False,
) -> StreamingResponse:
    """One archive with events, documents, evidence hashes, signatures and proofs; taking it is on record."""
    folder = request.app.state.evidence if with_evidence else None
    made = await case_file(context, reference, folder)
    await record_read(context, request, "case_file", made.hazard)
    headers = {"Content-Disposition": f'attachment; filename="{made.name}"', "Cache-Control": "no-store"}
    return StreamingResponse(_parts(made.file), media_type="application/zip", headers=headers)


def _parts(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while part := file.read(_PART):
            yield part
