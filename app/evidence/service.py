"""证据上传与查看: kept under its hash, its type sniffed, its time and position from the photo or its sender."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import insert, select

from app.audit.record import hazard_subject, record
from app.evidence.folder import EvidenceFolder
from app.evidence.sniffing import sniff
from app.hazards.scope import hazard_is_visible
from app.hazards.transition import resolve
from app.infrastructure.answers import Answer
from app.infrastructure.context import Context
from app.infrastructure.errors import NotFound, NotPermitted
from app.regulation.permissions import Permission, has_permission
from app.regulation.vocabulary import EvidenceKind
from app.tables.hazards import Hazard
from app.tables.rectification import Evidence


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as sent, with what its sender says of it."""

    content: bytes
    file_name: str
    kind: EvidenceKind
    taken_at: datetime | None = None
    longitude: Decimal | None = None
    latitude: Decimal | None = None


async def add(context: Context, folder: EvidenceFolder, reference: str, sent: Upload) -> Answer:
    """Keeps a piece of evidence of a hazard; the same bytes of the same kind twice are one piece."""
    if not has_permission(Permission.EVIDENCE_ADD, context.actor):
        raise NotPermitted
    hazard_id = await resolve(context, reference)
    seen = sniff(sent.content)
    sha256 = await folder.keep(sent.content)
    known = select(Evidence).where(
        Evidence.hazard_id == hazard_id, Evidence.sha256 == sha256, Evidence.kind == sent.kind.value
    )
    existing = (await context.session.execute(known)).scalar_one_or_none()
    if existing is not None:
        return _answer(existing)
    # The photo's own time and position come first: its sender's word only fills what it lacks.
    longitude, latitude = (
        (seen.longitude, seen.latitude) if seen.longitude is not None else (sent.longitude, sent.latitude)
    )
    row = {
        "hazard_id": hazard_id,
        "kind": sent.kind.value,
        "sha256": sha256,
        "size_bytes": len(sent.content),
        "media_type": seen.media_type,
        "file_name": sent.file_name,
        "taken_at": seen.taken_at or sent.taken_at,
        "longitude": longitude,
        "latitude": latitude,
        "account_id": context.actor.account_id,
    }
    kept = (await context.session.execute(insert(Evidence).values(row).returning(Evidence))).scalar_one()
    await record(context, "hazard:evidence:added", hazard_subject(hazard_id), {"sha256": sha256.hex()})
    return _answer(kept)


def _answer(row: Evidence) -> Answer:
    return Answer(_view(row), location=f"/api/v1/evidence/{row.public_id}")


def _view(row: Evidence) -> dict[str, Any]:
    return {
        "id": str(row.public_id),
        "kind": row.kind,
        "sha256": row.sha256.hex(),
        "size_bytes": row.size_bytes,
        "media_type": row.media_type,
        "file_name": row.file_name,
        "taken_at": row.taken_at.isoformat() if row.taken_at else None,
        "longitude": str(row.longitude) if row.longitude is not None else None,
        "latitude": str(row.latitude) if row.latitude is not None else None,
        "recorded_at": row.recorded_at.isoformat(),
    }


async def of_hazard(context: Context, reference: str) -> list[dict[str, Any]]:
    """Every piece of evidence of the hazard."""
    if not has_permission(Permission.EVIDENCE_READ, context.actor):
        raise NotPermitted
    hazard_id = await resolve(context, reference)
    rows = await context.session.execute(select(Evidence).where(Evidence.hazard_id == hazard_id).order_by(Evidence.id))
    return [_view(row) for row in rows.scalars()]


async def content_of(context: Context, folder: EvidenceFolder, public_id: str) -> tuple[Evidence, bytes]:
    """A piece and its bytes, exactly as signed; NotFound outside the actor's scope."""
    if not has_permission(Permission.EVIDENCE_READ, context.actor):
        raise NotPermitted
    wanted = select(Evidence).join(Hazard, Hazard.id == Evidence.hazard_id).where(hazard_is_visible(context.actor))
    row = (await context.session.execute(wanted.where(Evidence.public_id == public_id))).scalar_one_or_none()
    if row is None:
        raise NotFound
    return row, await folder.fetch(row.sha256)
