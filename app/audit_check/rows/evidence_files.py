"""Hashes the evidence files themselves, in parts, against what was registered."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from sqlalchemy import text

from app.audit_check.faults import Fault, FaultKind
from app.audit_check.rows.acts import windows
from app.audit_check.rows.events import Scope
from app.infrastructure.context import Context

_PART: Final = 1 << 20
_REGISTERED: Final = text(
    "SELECT x.id, x.hazard_id, x.public_id, encode(x.sha256, 'hex') AS sha256 FROM evidence x"
    " WHERE x.id BETWEEN :first AND :last OR x.hazard_id = :hazard ORDER BY x.id"
)


async def evidence_faults(context: Context, scope: Scope, folder: Path) -> AsyncIterator[Fault | int]:
    """Files that are missing or altered; between them how many were hashed."""
    async for window in windows(context, "evidence", scope):
        for row in (await context.session.execute(_REGISTERED, window)).all():
            path = folder / row.sha256[:2] / row.sha256[2:4] / row.sha256
            if await asyncio.to_thread(_hash_of, path) != row.sha256:
                facts = {"hazard": row.hazard_id, "sha256": row.sha256}
                yield Fault(FaultKind.EVIDENCE_FILE_DIFFERS, f"证据 {row.public_id}", facts)
            yield 1


def _hash_of(path: Path) -> str | None:
    if not path.is_file():
        return None
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(_PART):
            digest.update(part)
    return digest.hexdigest()
