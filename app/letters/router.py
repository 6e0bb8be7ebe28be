"""The routes of letters: written, issued, voided, served, answered; each reader sees its own."""

import re
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from app.accounts.authentication import KnownReader, SignedIn
from app.accounts.idempotency import OnceOnly, shown
from app.accounts.sensitive_reads import record_read
from app.hazards.acting import IfMatch
from app.infrastructure.downloads import MEDIA_TYPES, downloaded
from app.infrastructure.errors import InvalidParameter
from app.infrastructure.keyset import linked
from app.infrastructure.problem_details import problem_responses
from app.letter_forms.rendering import FileFormat
from app.letters import issuing, numbers, reading, serving, writing
from app.letters.files.keeping import asked_sheet, keep
from app.letters.files.printing import Press
from app.letters.schemas import Batch, Ending, LetterFilter, NewLetter, NewReply, NewService, NewText, SeriesFilter
from app.regulation.vocabulary import LetterStatus

router = APIRouter(tags=["公文"], responses=problem_responses(400, 401, 403, 404, 409, 412, 413, 422, 428, 503))

LetterId = Annotated[UUID, Path(description="公文 id")]
CopyId = Annotated[UUID, Path(description="抄送件 id")]
_FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in MEDIA_TYPES.values()},
        "description": "公文文件",
    }
}
_ETAG = re.compile(r'"(\d{1,9})"', re.ASCII)


def _version(if_match: str | None) -> int | None:
    if if_match is None:
        return None
    found = _ETAG.fullmatch(if_match)
    if found is None:
        message = 'If-Match 须为读取公文时返回的 ETag,形如 "7"。'
        raise InvalidParameter.of_field("/If-Match", "invalid_if_match", message, where="header")
    return int(found[1])


@router.get("/letters", operation_id="list_letters", summary="查询公文")
async def list_letters(
    request: Request, response: Response, context: SignedIn, wanted: Annotated[LetterFilter, Query()]
) -> dict[str, Any]:
    """A page of the letters within the caller's sight."""
    return linked(response, request.url, await reading.page(context, wanted, request.app.state.cursors))


@router.post("/letters", status_code=201, operation_id="draft_letter", summary="起草公文")
async def draft_letter(once: OnceOnly, body: NewLetter) -> Response:
    """A letter by hand; it moves no rung."""
    return await once.answer(await writing.draft(once.context, body))


@router.get("/letters/{letter_id}", operation_id="read_letter", summary="查看公文")
async def read_letter(letter_id: LetterId, request: Request, context: SignedIn) -> Response:
    """The letter, or a copy's own lines; that a draft was opened is kept, for its signatory must have."""
    answer = await reading.letter(context, letter_id)
    if answer.body["status"] == LetterStatus.DRAFT.value:
        await record_read(context, request, issuing.OPENED, issuing.opened(letter_id, answer.body["version"]))
    return shown(answer)


@router.get(
    "/letters/{letter_id}/file",
    operation_id="read_letter_file",
    summary="下载公文文件",
    response_class=Response,
    responses=_FILE,
)
async def read_letter_file(
    letter_id: LetterId,
    request: Request,
    reader: KnownReader,
    form: Annotated[FileFormat, Query(description="pdf 或者 docx")] = "pdf",
    copy: Annotated[UUID | None, Query(description="抄送件 id;只收到抄送件的读者不必填写")] = None,
) -> Response:
    """A draft set anew and marked, an issued letter as it was kept; nothing is set while a transaction waits."""
    async with reader.transaction() as context:
        sheet = await asked_sheet(context, letter_id, form, copy)
    press: Press = request.app.state.press
    made = await sheet.read(press)
    if sheet.opened is not None:
        async with reader.transaction() as context:
            await record_read(context, request, issuing.OPENED, issuing.opened(*sheet.opened))
    elif sheet.content is not None and not sheet.is_draft:
        async with reader.transaction() as context:
            made = await keep(context, press, sheet, made)
    return downloaded(made.data, sheet.name)


@router.post("/letters/{letter_id}/text", status_code=201, operation_id="rewrite_letter", summary="修改公文草稿")
async def rewrite_letter(letter_id: LetterId, once: OnceOnly, body: NewText, if_match: IfMatch = None) -> Response:
    """Another title and text for a draft."""
    return await once.answer(await writing.rewrite(once.context, letter_id, _version(if_match), body))


@router.post("/letters/{letter_id}/drop", status_code=201, operation_id="drop_letter", summary="撤销公文草稿")
async def drop_letter(letter_id: LetterId, once: OnceOnly, body: Ending, if_match: IfMatch = None) -> Response:
    """Ends a draft that nobody will issue."""
    return await once.answer(await writing.drop(once.context, letter_id, _version(if_match), body))


@router.post("/letters/{letter_id}/issuing", status_code=201, operation_id="issue_letter", summary="签发公文")
async def issue_letter(letter_id: LetterId, once: OnceOnly, if_match: IfMatch = None) -> Response:
    """Numbers and dispatches a draft."""
    return await once.answer(await issuing.issue(once.context, letter_id, _version(if_match)))


@router.post("/letter-issuings", status_code=201, operation_id="issue_letters", summary="批量签发公文")
async def issue_letters(once: OnceOnly, body: Batch) -> Response:
    """One action for a night's letters, each opened, each with its own result."""
    return await once.answer(await issuing.issue_batch(once.context, body))


@router.post("/letters/{letter_id}/voiding", status_code=201, operation_id="void_letter", summary="作废公文")
async def void_letter(letter_id: LetterId, once: OnceOnly, body: Ending, if_match: IfMatch = None) -> Response:
    """Voids an issued letter; its number stays used."""
    return await once.answer(await issuing.void(once.context, letter_id, _version(if_match), body))


@router.post("/letters/{letter_id}/service", status_code=201, operation_id="record_service", summary="登记公文送达")
async def record_service(letter_id: LetterId, once: OnceOnly, body: NewService) -> Response:
    """How, when and by whom the letter was received."""
    return await once.answer(await serving.serve(once.context, letter_id, body))


@router.post(
    "/letters/{letter_id}/copies/{copy_id}/service",
    status_code=201,
    operation_id="record_copy_service",
    summary="登记抄送件送达",
)
async def record_copy_service(letter_id: LetterId, copy_id: CopyId, once: OnceOnly, body: NewService) -> Response:
    """The same of one copy."""
    return await once.answer(await serving.serve_copy(once.context, letter_id, copy_id, body))


@router.post(
    "/letters/{letter_id}/acknowledgement", status_code=201, operation_id="acknowledge_letter", summary="签收公文"
)
async def acknowledge_letter(letter_id: LetterId, once: OnceOnly) -> Response:
    """The addressee or a copy's reader has it."""
    return await once.answer(await serving.acknowledge(once.context, letter_id))


@router.post("/letters/{letter_id}/replies", status_code=201, operation_id="reply_to_letter", summary="复函")
async def reply_to_letter(letter_id: LetterId, once: OnceOnly, body: NewReply) -> Response:
    """The addressee's answer."""
    return await once.answer(await serving.reply(once.context, letter_id, body))


@router.get("/letter-series", operation_id="list_letter_series", summary="发文字号使用情况")
async def list_letter_series(context: SignedIn, wanted: Annotated[SeriesFilter, Query()]) -> dict[str, Any]:
    """How far each series is, and which numbers were voided."""
    return await numbers.series(context, wanted)
