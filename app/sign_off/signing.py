"""四级签字: sign, refuse, withdraw. The rule book says who may; the database says it again before it keeps a row."""

from datetime import UTC
from hashlib import sha256
from typing import Any

from sqlalchemy import insert, select

from app.credentials.step_up import prove
from app.hazards.regrading import report_as_key
from app.hazards.transition import Intent, Performing, Target, Verdict, perform, resolve
from app.infrastructure.context import Context
from app.infrastructure.errors import NotFound, NotPermitted
from app.reference.rulebook import RuleBook
from app.regulation.facts import HazardFacts, RoundFact
from app.regulation.permissions import Permission, has_permission
from app.regulation.sign_off import is_last, level_numbered, newest_signed_level
from app.regulation.vocabulary import Act, DismissReason, Purpose, RoundOutcome
from app.sign_off.rounds import end_round
from app.sign_off.schemas import SignatureGiven, SignatureRefused, SignatureWithdrawn
from app.tables.rectification import RoundRequest
from app.tables.sign_off import Signature, SignatureWithdrawal, SigningRound
from app.tables.supervision import Dismissal


async def sign(context: Context, target: Target, sent: SignatureGiven, *, dry_run: bool = False) -> Verdict:
    """签字 at one level; the last level's signature closes the hazard, or ends what its round was opened for."""
    digest = bytes.fromhex(sent.content_sha256)
    request = await _request_of_open_round(context, target)
    # A dry run proves nothing: it asks what else would stand in the way.
    step_up = None if dry_run else await prove(context, sent.proof, digest, sent.level)
    content, level = (step_up.content_sha256.hex(), step_up.level) if step_up else (sent.content_sha256, sent.level)
    particulars = sent.model_dump(exclude={"password", "code", "step_up_id"})
    particulars |= {"step_up_content_sha256": content, "step_up_level": level}

    def change(facts: HazardFacts, _book: RuleBook) -> dict[str, Any]:
        if request is None or not _completes(facts, sent.level):
            return {}
        return {"duplicate_of_id": request.duplicate_of_id}

    async def write(act: Performing) -> None:
        open_round = _round(act.facts)
        row = {
            "hazard_id": act.facts.hazard_id,
            "cycle": act.facts.cycle,
            "round_id": open_round.round_id,
            "level": sent.level,
            "kind": "electronic",
            "person_id": context.actor.person_id,
            "appointment_id": context.actor.appointment_id,
            "account_id": context.actor.account_id,
            "step_up_id": step_up.id if step_up else None,
            "content_sha256": digest,
            "opinion": sent.note,
            "transition_id": act.transition_id,
        }
        act.audited["signature"] = await _kept(context, row)
        if open_round.purpose is Purpose.WITHDRAWAL and request and _completes(act.facts, sent.level):
            await _dismiss(act, request, open_round.round_id)

    intent = Intent(Act.SIGN, particulars, dry_run, version_required=True, reason=_reason(request))
    return await perform(context, target, intent, write=write, change=change)


async def _kept(context: Context, row: dict[str, Any]) -> dict[str, Any]:
    """Keeps a signature; what the trail says of it, so that no hand can change the row unseen."""
    kept = (await context.session.execute(insert(Signature).values(row).returning(Signature))).scalar_one()
    return {
        "id": kept.id,
        "round": kept.round_id,
        "level": kept.level,
        "content_sha256": kept.content_sha256.hex(),
        "opinion_sha256": sha256(kept.opinion.encode()).hexdigest() if kept.opinion is not None else None,
        "step_up": kept.step_up_id,
        "signed_at": kept.signed_at.astimezone(UTC).isoformat(timespec="microseconds"),
    }


def _reason(request: RoundRequest | None) -> str | None:
    return request.dismiss_reason if request else None


def _completes(facts: HazardFacts, level: int) -> bool:
    open_round = _round(facts)
    step = level_numbered(open_round, level)
    return step is not None and is_last(open_round, step)


def _round(facts: HazardFacts) -> RoundFact:
    if facts.round is None:
        raise NotFound
    return facts.round


async def _request_of_open_round(context: Context, target: Target) -> RoundRequest | None:
    """The withdrawal or cessation the newest round was opened for; None where it closes."""
    hazard_id = await resolve(context, target.reference)
    newest = select(SigningRound.round_request_id).where(SigningRound.hazard_id == hazard_id)
    request_id = (await context.session.execute(newest.order_by(SigningRound.id.desc()).limit(1))).scalar_one_or_none()
    if request_id is None:
        return None
    return (await context.session.execute(select(RoundRequest).where(RoundRequest.id == request_id))).scalar_one()


async def _dismiss(act: Performing, request: RoundRequest, round_id: int) -> None:
    row = act.signature_columns | {
        "reason": request.dismiss_reason,
        "explanation": request.reason,
        "duplicate_of_id": request.duplicate_of_id,
        "round_id": round_id,
    }
    await act.context.session.execute(insert(Dismissal).values(row))
    if request.dismiss_reason == DismissReason.REGRADED.value:
        await report_as_key(act)


async def refuse(context: Context, target: Target, sent: SignatureRefused, *, dry_run: bool = False) -> Verdict:
    """拒绝签字: ends the round; the hazard goes where the level sends it back to, history kept."""

    async def write(act: Performing) -> None:
        round_id = _round(act.facts).round_id
        await end_round(context, round_id, RoundOutcome.REFUSED, level=sent.level, reason=sent.note)

    def change(_facts: HazardFacts, _book: RuleBook) -> dict[str, Any]:
        # Whatever level refuses, the verification is undone with the round it opened.
        return {"is_verified": False}

    intent = Intent(Act.REFUSE_SIGNATURE, sent.model_dump(), dry_run, version_required=True, reason=sent.note)
    return await perform(context, target, intent, write=write, change=change)


async def withdraw(context: Context, target: Target, sent: SignatureWithdrawn, *, dry_run: bool = False) -> Verdict:
    """撤回签字: the newest valid signature, by its signer, before closing."""

    async def write(act: Performing) -> None:
        newest = newest_signed_level(_round(act.facts))
        if newest is None or newest.signature_id is None:
            raise NotFound
        row = {
            "hazard_id": act.facts.hazard_id,
            "signature_id": newest.signature_id,
            "account_id": context.actor.account_id,
            "reason": sent.note,
        }
        act.audited["withdrawn_signature"] = newest.signature_id
        await context.session.execute(insert(SignatureWithdrawal).values(row))

    intent = Intent(Act.WITHDRAW_SIGNATURE, sent.model_dump(), dry_run, version_required=True, reason=sent.note)
    return await perform(context, target, intent, write=write)


async def content_of(context: Context, target: Target) -> dict[str, Any]:
    """What is signed: the open round's canonical document exactly as hashed, so never masked, its hash and levels."""
    if not has_permission(Permission.SIGNING_CONTENT_READ, context.actor):
        raise NotPermitted
    hazard_id = await resolve(context, target.reference)
    newest = select(SigningRound).where(SigningRound.hazard_id == hazard_id).order_by(SigningRound.id.desc()).limit(1)
    found = (await context.session.execute(newest)).scalar_one_or_none()
    if found is None:
        raise NotFound
    return {
        "round_id": found.id,
        "purpose": found.purpose,
        "cycle": found.cycle,
        "content": found.content,
        "content_sha256": found.content_sha256.hex(),
        "opened_at": found.opened_at.isoformat(),
    }
