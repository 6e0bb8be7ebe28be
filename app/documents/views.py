"""Drafts and performed documents as the API shows them, and what their drafts share."""

from typing import Any

from sqlalchemy import select, text

from app.evidence.queries import Piece, piece_of
from app.hazards.acting import act_answer, tried
from app.hazards.transition import Verdict
from app.infrastructure.answers import Answer
from app.infrastructure.context import Context
from app.infrastructure.errors import NotFound, RuleNotMet
from app.regulation.masking import presented
from app.tables.rectification import DocumentEvidence, Evidence

_DOCUMENT = {
    kind: text(statement)
    for kind, statement in {
        "declaration": """
            SELECT jsonb_build_object('id', d.id, 'cycle', d.cycle, 'description', d.description,
                     'measures_taken', d.measures_taken, 'document_sha256', encode(d.document_sha256, 'hex'),
                     'drafted_at', d.recorded_at, 'is_performed', d.transition_id IS NOT NULL)
              FROM declaration d WHERE d.id = :id AND d.hazard_id = :hazard_id
            """,
        "verification": """
            SELECT jsonb_build_object('id', d.id, 'cycle', d.cycle, 'passed', d.passed, 'visited_at', d.visited_at,
                     'findings', d.findings, 'note', d.reason, 'inspectors_required', d.inspectors_required,
                     'document_sha256', encode(d.document_sha256, 'hex'),
                     'drafted_at', d.recorded_at, 'is_performed', d.transition_id IS NOT NULL)
              FROM verification d WHERE d.id = :id AND d.hazard_id = :hazard_id
            """,
        "correction": """
            SELECT jsonb_build_object('id', d.id, 'cycle', d.cycle, 'changes', d.changes, 'note', d.reason,
                     'touches_signed_content', d.touches_signed_content,
                     'document_sha256', encode(d.document_sha256, 'hex'),
                     'drafted_at', d.recorded_at, 'is_performed', d.transition_id IS NOT NULL)
              FROM correction d WHERE d.id = :id AND d.hazard_id = :hazard_id
            """,
    }.items()
}

_CONFIRMATIONS = text(
    """
    SELECT coalesce(jsonb_agg(jsonb_build_object('capacity', c.capacity, 'post', p.title, 'organisation', o.name,
             'confirmed_at', c.confirmed_at) ORDER BY c.id), '[]')
      FROM document_confirmation c
      LEFT JOIN appointment a ON a.id = c.appointment_id
      LEFT JOIN post p ON p.id = a.post_id
      LEFT JOIN organisation o ON o.id = p.organisation_id
     WHERE c.document_kind = :kind AND c.document_id = :id
    """
)


async def document_view(context: Context, hazard_id: int, kind: str, document_id: int) -> dict[str, Any]:
    """One document with its evidence and confirmations; NotFound for another hazard's."""
    parameters = {"id": document_id, "hazard_id": hazard_id}
    view: dict[str, Any] | None = (await context.session.execute(_DOCUMENT[kind], parameters)).scalar_one_or_none()
    if view is None:
        raise NotFound
    view = presented(view, context.actor)
    view["evidence"] = [
        {"id": str(piece.public_id), "kind": piece.kind.value, "sha256": piece.sha256}
        for piece in await evidence_of(context, (kind, document_id))
    ]
    confirmed = await context.session.execute(_CONFIRMATIONS, {"kind": kind, "id": document_id})
    view["confirmations"] = confirmed.scalar_one()
    return view


async def evidence_of(context: Context, document: tuple[str, int]) -> list[Piece]:
    """The evidence a document cites."""
    kind, document_id = document
    cited = (
        select(Evidence)
        .join(DocumentEvidence, DocumentEvidence.evidence_id == Evidence.id)
        .where(DocumentEvidence.document_kind == kind, DocumentEvidence.document_id == document_id)
        .order_by(Evidence.id)
    )
    return [piece_of(row) for row in (await context.session.execute(cited)).scalars()]


def refuse_unless_only(verdict: Verdict, awaited: frozenset[str]) -> None:
    """RuleNotMet unless all that is missing are the confirmations the draft waits for."""
    missing = tuple(one for one in verdict.unmet if one.code not in awaited)
    if missing:
        raise RuleNotMet(unmet=missing)


async def drafted_answer(context: Context, kind: str, verdict: Verdict, document_id: int | None) -> Answer:
    """What drafting answers: the draft with its hash, or the dry run's verdict."""
    if document_id is None:
        return tried(verdict.unmet)
    view = await document_view(context, verdict.facts.hazard_id, kind, document_id)
    return Answer(view, location=f"/api/v1/hazards/{verdict.facts.public_id}/{kind}s/{document_id}")


async def confirmed_answer(context: Context, kind: str, verdict: Verdict, document_id: int) -> Answer:
    """What a confirmation answers: the document and who is still missing, or the hazard after the act."""
    view = await document_view(context, verdict.facts.hazard_id, kind, document_id)
    if verdict.was_tried_only:
        return Answer({"document": view, "awaits": tried(verdict.unmet).body["unmet"]})
    done = await act_answer(context, verdict)
    return Answer({"document": view, "hazard": done.body}, version=done.version)
