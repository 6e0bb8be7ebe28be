"""回访与复发: after closing, a passed revisit stays on record, a failed one or a relapse opens the next cycle."""

from datetime import date
from typing import Any

from sqlalchemy import insert

from app.evidence.queries import attach, pieces
from app.hazards.transition import Intent, Performing, Target, Verdict, perform, resolve
from app.infrastructure.context import Context
from app.rectification.schemas import RelapseRecord, RevisitRecord
from app.reference.rulebook import RuleBook
from app.regulation.facts import HazardFacts
from app.regulation.vocabulary import Act
from app.tables.rectification import Revisit


async def revisit(context: Context, target: Target, sent: RevisitRecord, *, dry_run: bool = False) -> Verdict:
    """回访: passed, the hazard stays closed; failed, it is listed again in its next cycle."""
    hazard_id = await resolve(context, target.reference)
    cited = await pieces(context, hazard_id, sent.evidence_ids)

    async def write(act: Performing) -> None:
        row = act.signature_columns | {
            "kind": "revisit",
            "passed": sent.passed,
            "visited_at": sent.visited_at,
            "occurred_at": sent.visited_at,
            "findings": sent.findings,
            "due_on": sent.deadline,
            "note": sent.note,
        }
        recorded = await context.session.execute(insert(Revisit).values(row).returning(Revisit.id))
        await attach(context, hazard_id, ("revisit", recorded.scalar_one()), cited)

    def change(_facts: HazardFacts, _book: RuleBook) -> dict[str, Any]:
        return {"revisited_at": sent.visited_at} if sent.passed else reopened(sent.deadline)

    act = Act.PASS_REVISIT if sent.passed else Act.FAIL_REVISIT
    particulars = sent.model_dump() | {"occurred_at": sent.visited_at}
    intent = Intent(act, particulars, dry_run, occurred_at=sent.visited_at, reason=sent.note)
    return await perform(context, target, intent, write=write, change=change)


async def relapse(context: Context, target: Target, sent: RelapseRecord, *, dry_run: bool = False) -> Verdict:
    """复发: found again after closing; listed again in its next cycle and counted."""

    async def write(act: Performing) -> None:
        row = act.signature_columns | {
            "kind": "relapse",
            "passed": False,
            "visited_at": sent.found_at,
            "occurred_at": sent.found_at,
            "findings": sent.findings,
            "due_on": sent.deadline,
            "note": sent.note,
        }
        await context.session.execute(insert(Revisit).values(row))

    particulars = sent.model_dump() | {"occurred_at": sent.found_at}
    intent = Intent(Act.RELAPSE, particulars, dry_run, occurred_at=sent.found_at, reason=sent.note)
    return await perform(context, target, intent, write=write, change=lambda _facts, _book: reopened(sent.deadline))


def reopened(deadline: date | None) -> dict[str, Any]:
    """What the next cycle starts with."""
    return {
        "current_deadline": deadline,
        "deadline_is_provisional": False,
        "closed_at": None,
        "delisted_at": None,
    }
