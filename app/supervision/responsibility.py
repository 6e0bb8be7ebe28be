"""移交与停产停用: who answers for the hazard, and what stands still until it is gone."""

from typing import Any

from sqlalchemy import func, insert, select, update

from app.hazards.transition import Intent, Performing, Target, Verdict, perform
from app.infrastructure.context import Context
from app.reference.rulebook import RuleBook
from app.reference.units import refuse_no_department
from app.regulation.facts import HazardFacts
from app.regulation.vocabulary import Act, OrganisationKind
from app.supervision.schemas import MeasureLifting, MeasureOrder, TransferOrder
from app.supervision.schemas import TransferRefusal as TransferRefusalIn
from app.tables.hazards import HazardParty
from app.tables.places import Organisation
from app.tables.supervision import ProductionMeasure, ProductionMeasureLift, Transfer, TransferRefusal


async def transfer(context: Context, target: Target, sent: TransferOrder, *, dry_run: bool = False) -> Verdict:
    """移交: the receiver owns the hazard at once, so that it never lacks an owner; a department's may be refused."""
    await refuse_no_department(context, sent.to_organisation_id, field="to_organisation_id")

    def change(_facts: HazardFacts, _book: RuleBook) -> dict[str, Any]:
        return {"lead_organisation_id": sent.to_organisation_id}

    async def write(act: Performing) -> None:
        kind = select(Organisation.kind).where(Organisation.id == context.actor.organisation_id)
        by_office = (await context.session.execute(kind)).scalar_one() == OrganisationKind.SAFETY_OFFICE.value
        former = act.facts.lead_organisation_id
        row = act.signature_columns | {
            "from_organisation_id": former,
            "to_organisation_id": sent.to_organisation_id,
            "decided_by_office": by_office,
            "reason": sent.note,
        }
        await context.session.execute(insert(Transfer).values(row))
        party = {"hazard_id": act.facts.hazard_id, "organisation_id": former, "role": "former_lead"}
        await context.session.execute(insert(HazardParty).values(party))

    intent = Intent(Act.TRANSFER, sent.model_dump(), dry_run, version_required=True, reason=sent.note)
    return await perform(context, target, intent, write=write, change=change)


async def refuse_transfer(
    context: Context, target: Target, sent: TransferRefusalIn, *, dry_run: bool = False
) -> Verdict:
    """拒绝接收: with a reason; the hazard goes back to the former lead department in the same act."""
    returned: dict[str, int] = {}

    async def change(facts: HazardFacts, _book: RuleBook) -> dict[str, Any]:
        former = select(Transfer.from_organisation_id).where(Transfer.id == facts.transfer_pending_id)
        returned["lead_organisation_id"] = (await context.session.execute(former)).scalar_one()
        return returned

    async def write(act: Performing) -> None:
        row = act.signature_columns | {"transfer_id": act.facts.transfer_pending_id, "reason": sent.note}
        await context.session.execute(insert(TransferRefusal).values(row))
        ended = (
            update(HazardParty)
            .where(HazardParty.hazard_id == act.facts.hazard_id, HazardParty.role == "former_lead")
            .where(HazardParty.ended_at.is_(None))
            .values(ended_at=func.registry_now())
        )
        await context.session.execute(ended)

    intent = Intent(Act.REFUSE_TRANSFER, sent.model_dump(), dry_run, version_required=True, reason=sent.note)
    return await perform(context, target, intent, write=write, change=change)


async def order_measure(context: Context, target: Target, sent: MeasureOrder, *, dry_run: bool = False) -> Verdict:
    """责令停产停用 (安全生产法 art. 65)."""

    async def write(act: Performing) -> None:
        row = act.signature_columns | {
            "kind": sent.kind.value,
            "order_number": sent.document,
            "scope": sent.scope,
            "from_on": sent.from_on,
            "until_on": sent.until_on,
        }
        await context.session.execute(insert(ProductionMeasure).values(row))

    intent = Intent(Act.ORDER_PRODUCTION_MEASURE, sent.model_dump(), dry_run, version_required=True)
    return await perform(context, target, intent, write=write)


async def lift_measure(context: Context, target: Target, sent: MeasureLifting, *, dry_run: bool = False) -> Verdict:
    """解除停产停用: a full stop only when the hazard is closed."""

    async def write(act: Performing) -> None:
        row = act.signature_columns | {
            "production_measure_id": act.facts.production_measure_id,
            "order_number": sent.document,
            "lifted_on": sent.lifted_on,
        }
        await context.session.execute(insert(ProductionMeasureLift).values(row))

    intent = Intent(Act.LIFT_PRODUCTION_MEASURE, sent.model_dump(), dry_run, version_required=True)
    return await perform(context, target, intent, write=write)
