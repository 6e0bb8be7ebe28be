"""撤销挂牌、关停退出: asked for with proof, decided by a round of signatures; the hazard stays listed meanwhile."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import insert

from app.evidence.queries import attach, pieces
from app.hazards.transition import Intent, Performing, Target, Verdict, perform, resolve
from app.infrastructure.context import Context
from app.infrastructure.security import content_digest
from app.regulation.vocabulary import Act, Purpose
from app.sign_off.rounds import open_round
from app.sign_off.schemas import CessationRequest, WithdrawalRequest
from app.tables.rectification import RoundRequest


async def request_withdrawal(
    context: Context, target: Target, sent: WithdrawalRequest, *, dry_run: bool = False
) -> Verdict:
    """启动撤销挂牌: unsubstantiated, duplicate of a named hazard, or regraded to key."""
    survivor = await resolve(context, sent.duplicate_of) if sent.duplicate_of else None
    particulars = sent.model_dump() | {"duplicate_of": survivor}
    columns = {"dismiss_reason": sent.reason.value, "duplicate_of_id": survivor}
    intent = Intent(Act.OPEN_WITHDRAWAL, particulars, dry_run, version_required=True, reason=sent.reason.value)
    return await _request(context, target, intent, Purpose.WITHDRAWAL, sent.evidence_ids, columns)


async def request_cessation(
    context: Context, target: Target, sent: CessationRequest, *, dry_run: bool = False
) -> Verdict:
    """启动关停退出: the unit closed down or left; counted apart."""
    intent = Intent(Act.OPEN_CESSATION, sent.model_dump(), dry_run, version_required=True, reason="cessation")
    return await _request(context, target, intent, Purpose.CESSATION, sent.evidence_ids, {})


async def _request(
    context: Context,
    target: Target,
    intent: Intent,
    purpose: Purpose,
    evidence_ids: Sequence[str],
    columns: dict[str, Any],
) -> Verdict:
    hazard_id = await resolve(context, target.reference)
    cited = await pieces(context, hazard_id, evidence_ids)
    proof = {**intent.particulars, "proof": [piece.sha256 for piece in cited]}

    async def write(act: Performing) -> None:
        document = {
            "hazard": act.facts.public_id,
            "purpose": purpose.value,
            "reason": intent.reason,
            "note": intent.particulars["note"],
            "evidence": sorted(piece.sha256 for piece in cited),
        }
        row = (
            act.signature_columns
            | columns
            | {
                "purpose": purpose.value,
                "reason": intent.particulars["note"],
                "document_sha256": bytes.fromhex(content_digest(document)),
            }
        )
        asked = await context.session.execute(insert(RoundRequest).values(row).returning(RoundRequest.id))
        request_id = int(asked.scalar_one())
        await attach(context, hazard_id, ("round_request", request_id), cited)
        await open_round(act, purpose, round_request_id=request_id)

    return await perform(context, target, replace(intent, particulars=proof), write=write)
