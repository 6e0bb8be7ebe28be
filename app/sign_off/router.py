"""The routes of the four signatures, of withdrawal and cessation."""

from typing import Any

from fastapi import APIRouter, Response

from app.accounts.authentication import SignedIn
from app.accounts.idempotency import OnceOnly
from app.hazards.acting import DryRun, TargetHazard, act_answer
from app.infrastructure.problem_details import problem_responses
from app.sign_off import requests, signing
from app.sign_off.schemas import (
    CessationRequest,
    SignatureGiven,
    SignatureRefused,
    SignatureWithdrawn,
    WithdrawalRequest,
)

router = APIRouter(
    prefix="/hazards/{reference}",
    tags=["四级签字"],
    responses=problem_responses(400, 401, 403, 404, 409, 412, 413, 415, 422, 428, 503),
)


@router.get("/signing-content", operation_id="read_signing_content", summary="签字内容")
async def read_signing_content(target: TargetHazard, context: SignedIn) -> dict[str, Any]:
    """The canonical document of the newest round exactly as hashed."""
    return await signing.content_of(context, target)


@router.post("/signatures", status_code=201, operation_id="sign_hazard", summary="签字")
async def sign_hazard(target: TargetHazard, once: OnceOnly, body: SignatureGiven, dry_run: DryRun = False) -> Response:
    """Signs one level; the last level's signature closes."""
    verdict = await signing.sign(once.context, target, body, dry_run=dry_run)
    return await once.answer(await act_answer(once.context, verdict))


@router.post("/signature-refusals", status_code=201, operation_id="refuse_signature", summary="拒绝签字")
async def refuse_signature(
    target: TargetHazard, once: OnceOnly, body: SignatureRefused, dry_run: DryRun = False
) -> Response:
    """Refuses the level due and ends the round."""
    verdict = await signing.refuse(once.context, target, body, dry_run=dry_run)
    return await once.answer(await act_answer(once.context, verdict))


@router.post("/signature-withdrawals", status_code=201, operation_id="withdraw_signature", summary="撤回签字")
async def withdraw_signature(
    target: TargetHazard, once: OnceOnly, body: SignatureWithdrawn, dry_run: DryRun = False
) -> Response:
    """Withdraws the caller's own signature, if it is the newest valid one."""
    verdict = await signing.withdraw(once.context, target, body, dry_run=dry_run)
    return await once.answer(await act_answer(once.context, verdict))


@router.post("/withdrawal", status_code=201, operation_id="request_withdrawal", summary="启动撤销挂牌")
async def request_withdrawal(
    target: TargetHazard, once: OnceOnly, body: WithdrawalRequest, dry_run: DryRun = False
) -> Response:
    """Opens a round on withdrawing the listing."""
    verdict = await requests.request_withdrawal(once.context, target, body, dry_run=dry_run)
    return await once.answer(await act_answer(once.context, verdict))


@router.post("/cessation", status_code=201, operation_id="request_cessation", summary="启动关停退出")
async def request_cessation(
    target: TargetHazard, once: OnceOnly, body: CessationRequest, dry_run: DryRun = False
) -> Response:
    """Opens a round on the unit's having closed down."""
    verdict = await requests.request_cessation(once.context, target, body, dry_run=dry_run)
    return await once.answer(await act_answer(once.context, verdict))
