"""The evidence of a hazard as its documents cite it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import insert, select

from app.infrastructure.context import Context
from app.infrastructure.errors import FieldError, InvalidInput
from app.regulation.deadlines import business_date
from app.regulation.vocabulary import EvidenceKind
from app.tables.rectification import DocumentEvidence, Evidence


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of evidence as a document cites it."""

    id: int
    public_id: UUID
    kind: EvidenceKind
    sha256: str
    taken_on: date | None
    """Day it was taken (Asia/Shanghai), where the file or its sender says so."""
    has_position: bool


async def pieces(context: Context, hazard_id: int, public_ids: Sequence[str]) -> list[Piece]:
    """The pieces with these ids, all of this hazard; InvalidInput naming `evidence_ids` otherwise."""
    try:
        wanted = {UUID(public_id) for public_id in public_ids}
    except ValueError:
        raise _unknown() from None
    found = (
        await context.session.execute(
            select(Evidence)
            .where(Evidence.hazard_id == hazard_id, Evidence.public_id.in_(wanted))
            .order_by(Evidence.id)
        )
    ).scalars()
    rows = [piece_of(row) for row in found]
    if len(rows) != len(wanted):
        raise _unknown()
    return rows


def piece_of(row: Evidence) -> Piece:
    """A row of evidence as documents cite it."""
    taken_on = business_date(row.taken_at) if row.taken_at else None
    return Piece(row.id, row.public_id, EvidenceKind(row.kind), row.sha256.hex(), taken_on, row.longitude is not None)


def _unknown() -> InvalidInput:
    message = "引用的证据不存在,或者不属于这一隐患;请先上传证据再引用其 id。"
    return InvalidInput("evidence_unknown", message, fields=(FieldError("/evidence_ids", "evidence_unknown", message),))


def are_of_one_visit(cited: Iterable[Piece]) -> bool:
    """Whether all pieces were taken on one known day."""
    days = {piece.taken_on for piece in cited}
    return len(days) == 1 and None not in days


def prove_time_and_position(cited: Iterable[Piece]) -> bool:
    """Whether there is a picture, and each carries time and position."""
    shown = [piece for piece in cited if piece.kind in (EvidenceKind.BEFORE, EvidenceKind.AFTER)]
    return bool(shown) and all(piece.taken_on is not None and piece.has_position for piece in shown)


async def attach(context: Context, hazard_id: int, document: tuple[str, int], cited: Iterable[Piece]) -> None:
    """Cites the pieces in a document (its kind and id); fixed from then on."""
    kind, document_id = document
    rows = [
        {"hazard_id": hazard_id, "document_kind": kind, "document_id": document_id, "evidence_id": piece.id}
        for piece in cited
    ]
    if rows:
        await context.session.execute(insert(DocumentEvidence), rows)
