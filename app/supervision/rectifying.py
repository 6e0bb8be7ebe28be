"""方案、进展、延期: what the enterprise sends while the hazard is listed, and what the regulators answer."""

from datetime import date
from typing import Any

from sqlalchemy import func, insert, select

from app.hazards.transition import Intent, Performing, Target, Verdict, Write, perform, resolve
from app.infrastructure.context import Context
from app.infrastructure.security import content_digest
from app.reference.rulebook import RuleBook
from app.regulation.facts import HazardFacts
from app.regulation.vocabulary import Act
from app.supervision.schemas import (
    ExtensionApplication,
    ExtensionRuling,
    PlanApproval,
    PlanReturn,
    ProgressReport,
    RectificationPlan,
)
from app.tables.supervision import ExtensionDecision, ExtensionRequest, Plan, PlanDecision, Progress


async def submit_plan(context: Context, target: Target, sent: RectificationPlan, *, dry_run: bool = False) -> Verdict:
    """报送整改方案: one plan per hazard; a returned one is sent again as the next version."""
    plan = sent.model_dump(mode="json")

    async def write(act: Performing) -> None:
        newest = select(func.coalesce(func.max(Plan.plan_version), 0)).where(Plan.hazard_id == act.facts.hazard_id)
        version = int((await context.session.execute(newest)).scalar_one()) + 1
        texts = {name: value for name, value in plan.items() if name != "milestones"}
        row = (
            act.signature_columns
            | texts
            | {
                "milestones": {"items": sorted(plan["milestones"], key=lambda one: one["due_on"])},
                "plan_version": version,
                "document_sha256": bytes.fromhex(content_digest({"plan": plan, "version": version})),
            }
        )
        await context.session.execute(insert(Plan).values(row))

    intent = Intent(Act.SUBMIT_PLAN, {"plan": plan}, dry_run)
    return await perform(context, target, intent, write=write)


async def approve_plan(context: Context, target: Target, sent: PlanApproval, *, dry_run: bool = False) -> Verdict:
    """批准整改方案."""
    intent = Intent(Act.APPROVE_PLAN, sent.model_dump(), dry_run, version_required=True)
    return await perform(context, target, intent, write=_decides(approved=True, reason=sent.note))


async def return_plan(context: Context, target: Target, sent: PlanReturn, *, dry_run: bool = False) -> Verdict:
    """退回整改方案, with a reason; an approved one too, where it has to change."""
    intent = Intent(Act.RETURN_PLAN, sent.model_dump(), dry_run, version_required=True, reason=sent.note)
    return await perform(context, target, intent, write=_decides(approved=False, reason=sent.note))


def _decides(*, approved: bool, reason: str | None) -> Write:
    async def write(act: Performing) -> None:
        row = act.signature_columns | {"plan_id": act.facts.plan_id, "approved": approved, "reason": reason}
        await act.context.session.execute(insert(PlanDecision).values(row))

    return write


async def report_progress(context: Context, target: Target, sent: ProgressReport, *, dry_run: bool = False) -> Verdict:
    """报告整改进展; may be entered some days later."""

    async def write(act: Performing) -> None:
        await context.session.execute(insert(Progress).values(act.signature_columns | sent.model_dump()))

    intent = Intent(Act.REPORT_PROGRESS, sent.model_dump(), dry_run, occurred_at=sent.occurred_at)
    return await perform(context, target, intent, write=write)


async def request_extension(
    context: Context, target: Target, sent: ExtensionApplication, *, dry_run: bool = False
) -> Verdict:
    """申请延期: before expiry; holds the overdue episode for the edition's decision days."""

    async def write(act: Performing) -> None:
        row = act.signature_columns | {
            "current_due_on": act.facts.current_deadline,
            "requested_due_on": sent.new_deadline,
            "reason": sent.note,
        }
        await context.session.execute(insert(ExtensionRequest).values(row))

    intent = Intent(Act.REQUEST_EXTENSION, sent.model_dump(), dry_run, reason=sent.note)
    return await perform(context, target, intent, write=write)


async def decide_extension(
    context: Context, target: Target, sent: ExtensionRuling, *, dry_run: bool = False
) -> Verdict:
    """审批延期: the original deadline stays; a grant may be shorter than what was asked."""
    until = sent.new_deadline or await _asked_until(context, target) if sent.granted else None

    def change(facts: HazardFacts, _book: RuleBook) -> dict[str, Any]:
        if until is None:
            return {}
        return {
            "current_deadline": until,
            "deadline_is_provisional": False,
            "extension_count": facts.extension_granted_count + 1,
        }

    async def write(act: Performing) -> None:
        row = act.signature_columns | {
            "extension_request_id": act.facts.extension_pending_id,
            "granted": sent.granted,
            "granted_due_on": until,
            "reason": sent.note,
        }
        await context.session.execute(insert(ExtensionDecision).values(row))

    particulars = sent.model_dump() | {"new_deadline": until}
    intent = Intent(Act.DECIDE_EXTENSION, particulars, dry_run, version_required=True, reason=sent.note)
    return await perform(context, target, intent, write=write, change=change)


async def _asked_until(context: Context, target: Target) -> date | None:
    """The date of the newest request; whether it is still pending the rule book decides."""
    hazard_id = await resolve(context, target.reference)
    asked = select(ExtensionRequest.requested_due_on).where(ExtensionRequest.hazard_id == hazard_id)
    newest = asked.order_by(ExtensionRequest.id.desc()).limit(1)
    found: date | None = (await context.session.execute(newest)).scalar_one_or_none()
    return found
