"""Documents that a reader may keep: their entity tag is the digest of their bytes, and who has them gets 304."""

import hashlib
from typing import Any, Final

from fastapi import Request, Response

from app.infrastructure.security import canonical_json

NOT_MODIFIED: Final[dict[int | str, dict[str, Any]]] = {304: {"description": "与 If-None-Match 所指的相同"}}
"""The documented answer to who has it already."""
FOR_THE_READER_ALONE: Final = "private, no-cache"
"""No shared cache keeps it, and the reader's own asks again each time, signed in."""


def kept(request: Request, body: Any, keep: str, link: str | None = None) -> Response:  # noqa: ANN401  a document
    """The canonical document with its entity tag, or 304 for who has it."""
    content = canonical_json(body)
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": keep} | ({"Link": link} if link else {})
    known = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    if tag in known or known == ["*"]:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type="application/json", headers=headers)
