"""A file as an answer: never opened in the page, never kept by anybody between, its Chinese name in RFC 8187's way."""

import base64
import hashlib
from typing import Final
from urllib.parse import quote

from fastapi import Response

MEDIA_TYPES: Final = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


def downloaded(content: bytes, name: str) -> Response:
    """The bytes under that name, whose ending is one of `MEDIA_TYPES`; with their SHA-256 (RFC 9530)."""
    ending = name.rpartition(".")[2]
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode("ascii")
    headers = {
        # RFC 6266: the plain name is for who does not know the other one.
        "Content-Disposition": f"attachment; filename=\"document.{ending}\"; filename*=UTF-8''{quote(name, safe='')}",
        "Repr-Digest": f"sha-256=:{digest}:",
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content, media_type=MEDIA_TYPES[ending], headers=headers)
