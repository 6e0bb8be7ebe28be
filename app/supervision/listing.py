"""挂牌督办、立查立改、提级降级、摘牌: the acts of the safety office; listing draws the ledger number."""

from datetime import date
from typing import Any

from sqlalchemy import SmallInteger, cast, func, insert, select

from app.evidence.queries import are_of_one_visit, attach, pieces
from app.hazards.facts import load_facts
from app.hazards.transition import Intent, Performing, Target, Verdict, perform, resolve
from app.infrastructure.context import Context
from app.infrastructure.errors import FieldError, InvalidInput, NotPermitted
from app.reference.rulebook import RuleBook, announced_calendar
from app.reference.units import code_of, refuse_no_department, safety_office_of_tier, unit_path
from app.regulation.deadlines import Deadline, Term, business_date, count, explain
from app.regulation.facts import HazardFacts
from app.regulation.vocabulary import Act, DayUnit
from app.supervision.provisional import kept_term
from app.supervision.schemas import Delisting, HazardListing, OnTheSpotListing, SupervisionLevelChange
from app.tables.supervision import Delisting as DelistingRow
from app.tables.supervision import Listing, SupervisionChange


async def list_hazard(context: Context, target: Target, sent: HazardListing, *, dry_run: bool = False) -> Verdict:
    """挂牌督办: lead department, deadline, requirements, notice; draws the number of the listing office and year."""
    office = await _own_office_of_tier(context, target, sent.supervision_tier)
    await refuse_no_department(context, sent.lead_organisation_id, field="lead_organisation_id")
    due = await _deadline(context, sent)
    drawn: dict[str, Any] = {}

    async def change(facts: HazardFacts, book: RuleBook) -> dict[str, Any]:
        drawn.update(await _draw_number(context, office, book.today))
        return _listed(context, facts, office, sent.supervision_tier, sent.lead_organisation_id) | {
            **drawn,
            **_deadlines(due),
        }

    async def write(act: Performing) -> None:
        notice = sent.supervision_notice
        row = _listing_row(act, office, sent.supervision_tier, drawn["ledger_number"]) | {
            "lead_organisation_id": sent.lead_organisation_id or act.facts.lead_organisation_id,
            **_explained(due),
            "requirements": sent.requirements,
            "notice_number": notice.number if notice else None,
            "release_conditions": notice.release_conditions if notice else None,
            "report_frequency": notice.report_frequency if notice else None,
            "note": sent.note,
        }
        await context.session.execute(insert(Listing).values(row))

    particulars = sent.model_dump() | {"deadline": due.due_on if due else sent.deadline}
    intent = Intent(Act.LIST, particulars, dry_run, version_required=True)
    return await perform(context, target, intent, write=write, change=change)


async def list_on_the_spot(
    context: Context, target: Target, sent: OnTheSpotListing, *, dry_run: bool = False
) -> Verdict:
    """立查立改: no notice and no plan; the declaration and the full chain are still needed."""
    hazard_id, path = await _hazard_and_path(context, target)
    office = await _office(context, path, sent.supervision_tier)
    cited = await pieces(context, hazard_id, sent.evidence_ids)
    drawn: dict[str, Any] = {}

    async def change(facts: HazardFacts, book: RuleBook) -> dict[str, Any]:
        drawn.update(await _draw_number(context, office, book.today))
        return _listed(context, facts, office, sent.supervision_tier, None) | drawn | {"fixed_on_the_spot": True}

    async def write(act: Performing) -> None:
        row = _listing_row(act, office, sent.supervision_tier, drawn["ledger_number"]) | {
            "lead_organisation_id": act.facts.lead_organisation_id,
            "due_explained": {"lines": ["立查立改,不设整改期限"], "provisional": False},
            "fixed_on_the_spot": True,
            "note": sent.note,
        }
        listed = await context.session.execute(insert(Listing).values(row).returning(Listing.id))
        await attach(context, hazard_id, ("listing", listed.scalar_one()), cited)

    particulars = sent.model_dump() | {
        "evidence_kinds": [piece.kind for piece in cited],
        "evidence_of_one_visit": are_of_one_visit(cited),
    }
    intent = Intent(Act.LIST_FIXED_ON_THE_SPOT, particulars, dry_run, version_required=True)
    return await perform(context, target, intent, write=write, change=change)


async def change_supervision_level(
    context: Context, target: Target, sent: SupervisionLevelChange, *, dry_run: bool = False
) -> Verdict:
    """提级/降级: a new office supervises; the deadline never moves later, an open round keeps its chain."""
    _, path = await _hazard_and_path(context, target)
    office = await _office(context, path, sent.supervision_tier)

    def change(_facts: HazardFacts, _book: RuleBook) -> dict[str, Any]:
        tightened = {"current_deadline": sent.deadline, "deadline_is_provisional": False} if sent.deadline else {}
        return {"supervision_tier": sent.supervision_tier, "listing_office_id": office, **tightened}

    async def write(act: Performing) -> None:
        notice = sent.supervision_notice
        row = act.signature_columns | {
            "from_tier": act.facts.supervision_tier,
            "to_tier": sent.supervision_tier,
            "listing_office_id": office,
            "due_on": sent.deadline,
            "notice_number": notice.number if notice else None,
            "reason": sent.note,
        }
        await context.session.execute(insert(SupervisionChange).values(row))

    intent = Intent(Act.CHANGE_SUPERVISION_LEVEL, sent.model_dump(), dry_run, version_required=True, reason=sent.note)
    return await perform(context, target, intent, write=write, change=change)


async def delist(context: Context, target: Target, sent: Delisting, *, dry_run: bool = False) -> Verdict:
    """摘牌: the public act after closing, not a fifth signature."""

    async def write(act: Performing) -> None:
        await context.session.execute(insert(DelistingRow).values(act.signature_columns | sent.model_dump()))

    intent = Intent(Act.DELIST, sent.model_dump(), dry_run, version_required=True)
    return await perform(
        context, target, intent, write=write, change=lambda _facts, _book: {"delisted_at": context.now}
    )


async def _deadline(context: Context, sent: HazardListing) -> Deadline | None:
    """The deadline set, as a date or as a term from today, with its explanation; None where the rule book refuses."""
    today = business_date(context.now)
    basis = "《安全生产法》第七十条;督办通知书"
    if sent.term is not None:
        term = Term(today, sent.term.days, sent.term.unit, "L-05", basis, roll=True)
        return count(term, await announced_calendar(context))
    if sent.deadline is None or sent.deadline < today:
        return None
    days = (sent.deadline - today).days
    return count(Term(today, days, DayUnit.CALENDAR, "L-05", basis), await announced_calendar(context))


def _deadlines(due: Deadline | None) -> dict[str, Any]:
    if due is None:
        return {}
    return {
        "original_deadline": due.due_on,
        "current_deadline": due.due_on,
        "deadline_is_provisional": due.provisional,
    }


def _explained(due: Deadline | None) -> dict[str, Any]:
    if due is None:
        return {}
    explained = {"lines": list(explain(due)), "provisional": due.provisional, "term": kept_term(due.term)}
    return {"due_on": due.due_on, "due_explained": explained}


def _listed(context: Context, facts: HazardFacts, office: int, tier: int, lead: int | None) -> dict[str, Any]:
    return {
        "lead_organisation_id": lead or facts.lead_organisation_id,
        "listing_office_id": office,
        "supervision_tier": tier,
        "listed_at": context.now,
    }


def _listing_row(act: Performing, office: int, tier: int, number: str) -> dict[str, Any]:
    return act.signature_columns | {
        "listing_office_id": office,
        "supervision_tier": tier,
        "ledger_number": number,
        "edition_id": act.book.edition_id,
    }


async def _hazard_and_path(context: Context, target: Target) -> tuple[int, list[int]]:
    hazard_id = await resolve(context, target.reference)
    facts = await load_facts(context, hazard_id)
    return hazard_id, await unit_path(context, facts.unit_id, business_date(context.now))


async def _office(context: Context, path: list[int], tier: int) -> int:
    office = await safety_office_of_tier(context, path, tier)
    if office is None:
        message = "隐患所在属地没有这一督办层级的安委办,请核对 supervision_tier。"
        raise InvalidInput(
            "no_office_of_tier", message, fields=(FieldError("/supervision_tier", "no_office_of_tier", message),)
        )
    return office


async def _own_office_of_tier(context: Context, target: Target, tier: int) -> int:
    """The listing office: whoever lists, lists in its own name and number series."""
    _, path = await _hazard_and_path(context, target)
    office = await _office(context, path, tier)
    if office != context.actor.organisation_id:
        raise NotPermitted(
            "other_office_lists", "这一督办层级由该层级的安委办挂牌,不能代为挂牌。", remedy="请由相应层级的安委办办理。"
        )
    return office


async def _draw_number(context: Context, office: int, today: date) -> dict[str, Any]:
    """The next number of (listing office, year), gap-free."""
    drawn = select(func.wall_next_ledger_serial(office, cast(today.year, SmallInteger)))
    serial = int((await context.session.execute(drawn)).scalar_one())
    code = await code_of(context, office)
    return {"ledger_number": f"{code}-{today.year}-{serial:04d}", "ledger_year": today.year, "ledger_serial": serial}
