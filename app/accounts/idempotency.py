"""A retried request has one effect (Idempotency-Key): the first answer is kept 30 days and given again."""

import hmac
import json
from datetime import timedelta
from typing import Annotated, Final

from fastapi import Depends, Header, Request, Response
from sqlalchemy import delete, func, insert, select
from starlette.datastructures import UploadFile

from app.accounts.authentication import SignedIn
from app.infrastructure.answers import Answer
from app.infrastructure.context import Context
from app.infrastructure.errors import AlreadyDone, InvalidInput, InvalidParameter
from app.tables.rules import IdempotencyKey

LONGEST_KEY = 200
KEPT: Final = timedelta(days=30)
"""How long an answer may be asked for again under its key (design 5)."""
IdempotencyKeyHeader = Annotated[
    str | None,
    Header(min_length=8, max_length=LONGEST_KEY, description="同一键重复提交只生效一次,保留 30 天;服务账号必填"),
]


class Replayed(Exception):
    """This request was answered before; carries that answer."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


class Once:
    """The request's one chance to take effect; `context` is its transaction."""

    def __init__(
        self, context: Context, key: str | None, request_sha256: bytes, *, replaces_expired: bool = False
    ) -> None:
        """`replaces_expired`: an answer of the same key stands there yet that is given no more."""
        self.context = context
        self._key = key
        self._request_sha256 = request_sha256
        self._replaces_expired = replaces_expired

    async def answer(self, answer: Answer, status: int = 201) -> Response:
        """The response, kept under the key unless it was only a trial."""
        body = _written(answer)
        headers = {}
        if answer.etag:
            headers["ETag"] = answer.etag
        if answer.location and status == 201:  # noqa: PLR2004  created
            headers["Location"] = answer.location
        if answer.was_tried_only:
            return _response(200, body, {})
        if self._key is not None:
            if self._replaces_expired:
                await self._make_room()
            kept = insert(IdempotencyKey).values(
                account_id=self.context.actor.account_id,
                key=self._key,
                request_sha256=self._request_sha256,
                status=status,
                body=None if answer.is_secret else body,
                headers=headers,
            )
            await self.context.session.execute(kept)
        return _response(status, body, headers)

    async def _make_room(self) -> None:
        account = self.context.actor.account_id
        expired = delete(IdempotencyKey).where(IdempotencyKey.account_id == account, IdempotencyKey.key == self._key)
        await self.context.session.execute(expired)


def shown(answer: Answer) -> Response:
    """The response of a read, with its entity tag."""
    return _response(200, _written(answer), {"ETag": answer.etag} if answer.etag else {})


def created(answer: Answer) -> Response:
    """The response of a POST that consumes no idempotency key, such as signing in."""
    return _response(201, _written(answer), {"Location": answer.location} if answer.location else {})


def _written(answer: Answer) -> bytes:
    return json.dumps(answer.body, ensure_ascii=False, separators=(",", ":")).encode()


def _response(status: int, body: bytes, headers: dict[str, str]) -> Response:
    return Response(body, status_code=status, headers=headers, media_type="application/json")


async def once(context: SignedIn, request: Request, idempotency_key: IdempotencyKeyHeader = None) -> Once:
    """Replays an answered request (`Replayed`, AlreadyDone for a secret); RuleNotMet where the key met another body."""
    await _refuse_repeated_names(request)
    if idempotency_key is None:
        if context.actor.is_service:
            raise InvalidParameter(
                "idempotency_key_required",
                "服务账号的每个 POST 请求都须带 Idempotency-Key,以便网络中断后安全重试。",
            )
        return Once(context, None, b"")
    # Keyed: a body may hold a password or an identity number, which a plain hash would let anyone with the table guess.
    key: bytes = request.app.state.settings.cursor_key_bytes()
    digest = hmac.new(key, f"{request.method} {request.url.path}?{request.url.query}\n".encode(), "sha256")
    await _digest_what_was_sent(request, digest)
    account = context.actor.account_id
    # Whoever comes second with the same key waits here and then finds the first one's answer.
    lock = select(func.pg_advisory_xact_lock(func.hashtextextended(f"{account}:{idempotency_key}", 0)))
    await context.session.execute(lock)
    known = select(IdempotencyKey).where(IdempotencyKey.account_id == account, IdempotencyKey.key == idempotency_key)
    kept = (await context.session.execute(known)).scalar_one_or_none()
    # The nightly job removes an expired one; until then it is as good as gone.
    is_expired = kept is not None and kept.recorded_at < context.now - KEPT
    if kept is not None and not is_expired:
        _replay(kept, digest.digest())
    return Once(context, idempotency_key, digest.digest(), replaces_expired=is_expired)


async def _digest_what_was_sent(request: Request, digest: hmac.HMAC) -> None:
    """The body; of a form its fields, for a retried upload draws new boundaries, and its stream was read already."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/"):
        digest.update(await request.body())
        return
    for name, value in (await request.form()).multi_items():
        if isinstance(value, UploadFile):
            content = await value.read()
            await value.seek(0)
        else:
            content = value.encode("utf-8", "surrogatepass")
        digest.update(f"{name}:{len(content)}:".encode("utf-8", "surrogatepass"))
        digest.update(content)


async def _refuse_repeated_names(request: Request) -> None:
    """InvalidInput for a JSON object that gives one name twice: which of the two is meant, nobody can know."""
    if request.headers.get("content-type", "").lower().startswith("multipart/"):
        return
    content = await request.body()
    if not content:
        return
    try:
        json.loads(content, object_pairs_hook=_names_once)
    except (ValueError, RecursionError) as malformed:
        # Of a route that takes a document FastAPI has read it before; this is one that takes none.
        message = "内容不是合法的 JSON,请检查后重新提交;这一事项无须提交内容时请留空。"
        raise InvalidInput.of_field("", "json_invalid", message) from malformed


def _names_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            message = "同一层内有一项写了两次,无法确定以哪一个为准,请只保留一个。"
            raise InvalidInput.of_field(f"/{name}" if name.isidentifier() else "/?", "name_repeated", message)
        found[name] = value
    return found


def _replay(kept: IdempotencyKey, request_sha256: bytes) -> None:
    if kept.request_sha256 != request_sha256:
        raise InvalidInput(
            "idempotency_key_reused",
            "这个 Idempotency-Key 已用于内容不同的请求。",
            remedy="新的请求请换用新的 Idempotency-Key。",
        )
    if kept.body is None:
        raise AlreadyDone(kept.headers.get("Location", ""))
    raise Replayed(_response(kept.status, kept.body, dict(kept.headers)))


OnceOnly = Annotated[Once, Depends(once, scope="function")]
