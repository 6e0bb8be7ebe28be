"""上报、补充、判定、排除: how a hazard enters the registry, and how it leaves without having been one."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, insert, select, update

from app.enterprises.service import NewEnterprise, NewSite, enter_enterprise, known_enterprise, site_of
from app.hazards.regrading import report_as_key
from app.hazards.transition import (
    Intent,
    Performing,
    Target,
    Verdict,
    admit,
    judge_new,
    perform,
    resolve,
    resolve_to_read,
)
from app.infrastructure.context import Context
from app.infrastructure.errors import FieldError, InvalidInput, NotPermitted, RuleNotMet
from app.reference.rulebook import RuleBook, rule_book
from app.reference.units import (
    nearest_regulator,
    nearest_safety_office,
    refuse_no_department,
    unit_path,
    unit_with_code,
)
from app.regulation.facts import HazardFacts, Unmet
from app.regulation.permissions import Standing
from app.regulation.vocabulary import Act, DismissReason
from app.reporting.schemas import HazardAmendment, HazardDetermination, HazardDismissal, HazardReport
from app.tables.hazards import HazardParty
from app.tables.rules import Criterion
from app.tables.supervision import Determination, Dismissal

_RECEIVERS = ("territorial_receiver", "sector_receiver")
_COLUMN_OF = {"location": "place", "reported_to": "reporting_record"}


async def report(
    context: Context, sent: HazardReport, *, dry_run: bool = False
) -> tuple[int | None, tuple[Unmet, ...]]:
    """Takes a report in and routes it to two receivers; the new id, or for a dry run the unmet rules."""
    book = await rule_book(context)
    _refuse_unknown_sector(book, sent.sector)
    unit_id = await unit_with_code(context, sent.site.unit_code, field="site/unit_code")
    named = _new_enterprise(sent, unit_id)
    enterprise_id = await known_enterprise(context, named)
    path = await unit_path(context, unit_id, book.today)
    territorial = await nearest_safety_office(context, path)
    regulator = await nearest_regulator(context, path, sent.sector)
    particulars = sent.model_dump(exclude={"enterprise", "site"}) | {
        "site_id": sent.site.name,
        "territorial_unit_id": territorial,
        "regulator_organisation_id": regulator,
    }
    standing = Standing(unit_id=unit_id, sector=sent.sector, enterprise_id=enterprise_id)
    rule, unmet = judge_new(context, Intent(Act.REPORT, particulars), standing, book)
    if dry_run:
        return None, unmet
    if unmet:
        raise RuleNotMet(unmet=unmet)
    enterprise_id = enterprise_id or await enter_enterprise(context, named)
    site_id = await site_of(context, NewSite(enterprise_id, unit_id, sent.site))
    values = _ledger_fields(sent.model_dump()) | {
        "state": "reported",
        "level": sent.level.value,
        "channel": sent.channel.value,
        "sector": sent.sector,
        "unit_id": unit_id,
        "site_id": site_id,
        "enterprise_id": enterprise_id,
        **_reporter(context),
    }
    hazard_id = await admit(context, Act.REPORT, values, book, rule=rule.id)
    await _name_receivers(context, hazard_id, territorial, regulator)
    return hazard_id, ()


def _reporter(context: Context) -> dict[str, Any]:
    return {
        "reporter_account_id": context.actor.account_id,
        "reporter_organisation_id": context.actor.organisation_id,
        "reported_at": context.now,
        "last_act_at": context.now,
    }


def _new_enterprise(sent: HazardReport, unit_id: int) -> NewEnterprise:
    return NewEnterprise(sent.enterprise.code, sent.enterprise.name, unit_id, sent.enterprise.no_code_reason)


def _refuse_unknown_sector(book: RuleBook, sector: str) -> None:
    if all(known.code != sector for known in book.edition.sectors):
        known = "、".join(f"{one.code}({one.name})" for one in book.edition.sectors)
        message = f"行业领域代码不在现行规则版本中,可用的有:{known}。"
        raise InvalidInput("sector_unknown", message, fields=(FieldError("/sector", "sector_unknown", message),))


def _ledger_fields(sent: Mapping[str, Any]) -> dict[str, Any]:
    names = ("finders", "found_on", "location", "circumstances", "reported_to", "monitoring_measures")
    return {_COLUMN_OF.get(name, name): sent[name] for name in names if sent.get(name) is not None}


async def _name_receivers(context: Context, hazard_id: int, territorial: int | None, regulator: int | None) -> None:
    receivers = zip(_RECEIVERS, (territorial, regulator), strict=True)
    rows = [{"hazard_id": hazard_id, "organisation_id": receiver, "role": role} for role, receiver in receivers]
    await context.session.execute(insert(HazardParty), rows)


async def amend(context: Context, target: Target, sent: HazardAmendment, *, dry_run: bool = False) -> Verdict:
    """Amends a report before its determination, by whoever reported it."""
    changes = _ledger_fields(sent.model_dump())

    async def write(_act: Performing) -> None:
        return None

    intent = Intent(Act.AMEND, sent.model_dump(exclude_none=True), dry_run)
    return await perform(context, target, intent, write=write, change=lambda _facts, _book: changes)


async def determine(context: Context, target: Target, sent: HazardDetermination, *, dry_run: bool = False) -> Verdict:
    """判定: by a clause in force today or with reasons; the lead regulator owns the hazard from here on."""
    await refuse_no_department(context, sent.lead_organisation_id, field="lead_organisation_id")
    in_force = await _criteria_in_force(context, sent.criterion_ids)
    particulars = sent.model_dump() | {"criteria_in_force": in_force}
    lead = sent.lead_organisation_id or context.actor.organisation_id

    def change(_facts: HazardFacts, _book: RuleBook) -> dict[str, Any]:
        return {"determined_at": context.now, "level": sent.level.value, "lead_organisation_id": lead}

    async def write(act: Performing) -> None:
        row = act.signature_columns | {
            "criterion_id": sent.criterion_ids[0] if sent.criterion_ids else None,
            "cited_text": await _labels(context, sent.criterion_ids),
            "is_comprehensive": sent.comprehensive_reason is not None,
            "reasoning": sent.comprehensive_reason,
            "determined_level": sent.level.value,
            "lead_organisation_id": lead,
            "note": sent.note,
        }
        await context.session.execute(insert(Determination).values(row))

    intent = Intent(Act.DETERMINE, particulars, dry_run, version_required=True)
    return await perform(context, target, intent, write=write, change=change)


async def _criteria_in_force(context: Context, criterion_ids: list[int]) -> bool:
    book = await rule_book(context)
    in_force = select(func.count()).where(
        Criterion.id.in_(criterion_ids),
        Criterion.effective_from <= book.today,
        (Criterion.effective_until.is_(None)) | (Criterion.effective_until > book.today),
    )
    return bool(criterion_ids) and (await context.session.execute(in_force)).scalar_one() == len(set(criterion_ids))


async def _labels(context: Context, criterion_ids: list[int]) -> str | None:
    """Every clause cited beside the first, as one text."""
    cited = select(Criterion.document, Criterion.clause).where(Criterion.id.in_(criterion_ids)).order_by(Criterion.id)
    rows = (await context.session.execute(cited)).all()
    return ";".join(f"{row.document}{row.clause}" for row in rows) or None


async def dismiss(context: Context, target: Target, sent: HazardDismissal, *, dry_run: bool = False) -> Verdict:
    """排除: keeps the record and says why; a duplicate's number resolves to the survivor."""
    survivor = await resolve(context, sent.duplicate_of) if sent.duplicate_of else None
    particulars = sent.model_dump() | {"duplicate_of": survivor}

    def change(_facts: HazardFacts, _book: RuleBook) -> dict[str, Any]:
        return {"duplicate_of_id": survivor}

    async def write(act: Performing) -> None:
        reason = DismissReason.REGRADED if sent.to_key else sent.reason
        row = act.signature_columns | {
            "reason": reason.value,
            "explanation": sent.note,
            "duplicate_of_id": survivor,
        }
        await context.session.execute(insert(Dismissal).values(row))
        if sent.to_key:
            await report_as_key(act)

    reason = DismissReason.REGRADED if sent.to_key else sent.reason
    intent = Intent(Act.DISMISS, particulars, dry_run, version_required=True, reason=reason.value)
    return await perform(context, target, intent, write=write, change=change)


async def acknowledge(context: Context, reference: str) -> int:
    """双重交办: a person of a receiver confirms receipt, once; the time is the database's. NotPermitted for others."""
    hazard_id = await resolve_to_read(context, reference)
    own = select(HazardParty.id).where(
        HazardParty.hazard_id == hazard_id,
        HazardParty.organisation_id == context.actor.organisation_id,
        HazardParty.role.in_(_RECEIVERS),
    )
    received = list((await context.session.execute(own)).scalars())
    if not received or context.actor.is_service:
        raise NotPermitted
    receipt = update(HazardParty).where(HazardParty.id.in_(received), HazardParty.acknowledged_at.is_(None))
    await context.session.execute(receipt.values(acknowledged_at=func.registry_now()))
    return hazard_id
