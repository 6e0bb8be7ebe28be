"""Records a penalty as decided, or a correction that takes its place; each is one event of the enterprise's stream."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, any_, insert, select

from app.audit.record import Subject, record_all
from app.enforcement.counters import counters_of
from app.enforcement.queries import (
    IS_CURRENT,
    enterprise_in_reach,
    penalty_in_sight,
    penalty_view,
    shown_penalties,
)
from app.enforcement.schemas import NewPenalty, PenaltyCorrection, PenaltyFilter
from app.hazards.acting import tried
from app.hazards.scope import hazard_is_visible
from app.hazards.transition import public_id_in, refuse_who_may_not_read, resolve
from app.infrastructure.answers import Answer
from app.infrastructure.context import Context
from app.infrastructure.errors import InvalidInput, NotPermitted, RuleNotMet
from app.infrastructure.keyset import page_by_id
from app.infrastructure.pagination import Cursors
from app.reference.rulebook import refuse_unknown_sector, rule_book
from app.reference.units import refuse_unknown_unit, units_below
from app.regulation.deadlines import business_date
from app.regulation.enforcement import Stated, contradictions, plain_case_number
from app.regulation.facts import Actor, Unmet
from app.regulation.permissions import Permission, has_permission
from app.regulation.vocabulary import OrganisationKind, PenaltyKind, PostKind, RoleClass, Word
from app.tables.enforcement import Penalty
from app.tables.enterprises import Enterprise
from app.tables.hazards import Hazard
from app.tables.places import Organisation

Values = Mapping[str, Any]
"""Column of a penalty → its value."""

STATED: Final = (
    *("hazard_id", "sector", "case_number", "decided_on", "law", "article", "kinds", "amount", "penalised"),
    *("producing_with_major_hazard", "published_on", "criminal_transfer_number"),
)
"""What a decision says, as far as it is kept and can be corrected."""
_IDENTITY: Final = ("enterprise_id", "organisation_id", "unit_id")
DECIDING: Final = (
    OrganisationKind.REGULATOR,
    OrganisationKind.TOWNSHIP,
    OrganisationKind.AGENCY,
    OrganisationKind.GOVERNMENT,
)
_OFFICE_POSTS: Final = frozenset({PostKind.OFFICE_CLERK, PostKind.OFFICE_HEAD})
_ARTICLE: Final = "《行政处罚法》第五十九条"
_FILTERS: Final[Mapping[str, Callable[[Any], ColumnElement[bool]]]] = {
    "enterprise": lambda public_id: Enterprise.public_id == public_id,
    "sector": lambda sector: Penalty.sector == sector,
    "kind": lambda kind: any_(Penalty.kinds) == kind.value,
    "decided_from": lambda day: Penalty.decided_on >= day,
    "decided_to": lambda day: Penalty.decided_on <= day,
}


@dataclass(frozen=True, slots=True)
class ConcernedHazard:
    """What a penalty takes from the hazard it is for."""

    id: int
    enterprise_id: int | None
    unit_id: int
    sector: str


async def record_penalty(context: Context, body: NewPenalty, *, dry_run: bool = False) -> Answer:
    """Records a decision; NotFound for an enterprise or hazard out of reach, RuleNotMet for one that cannot be so."""
    refuse_who_may_not_record(context)
    enterprise = await enterprise_in_reach(context, body.enterprise_id)
    hazard = await hazard_of(context, body.hazard, enterprise.id)
    if hazard is None and not may_record_without_hazard(context.actor, enterprise):
        message = "该企业不在本辖区登记,须写明所涉的隐患(hazard)。"
        raise InvalidInput.of_field("/hazard", "hazard_needed", message)
    values = {
        **columns(body.model_dump(include=set(STATED))),
        "enterprise_id": enterprise.id,
        "hazard_id": hazard.id if hazard else None,
        "unit_id": hazard.unit_id if hazard else enterprise.unit_id,
        "sector": await known_sector(context, body.sector or (hazard.sector if hazard else None)),
        "organisation_id": await deciding_organisation(context, body.organisation_id),
    }
    unmet = await unmet_of(context, values)
    if dry_run:
        return tried(unmet)
    if unmet:
        raise RuleNotMet(unmet=unmet)
    return await _kept(context, values, "recorded")


async def correct_penalty(
    context: Context, public_id: UUID, body: PenaltyCorrection, *, dry_run: bool = False
) -> Answer:
    """Puts a row in another's place, with the reason; NotFound out of sight, NotPermitted for another's decision."""
    refuse_who_may_not_record(context)
    earlier = await penalty_in_sight(context, public_id)
    await _refuse_anothers(context, earlier)
    values = {
        **{name: getattr(earlier, name) for name in (*_IDENTITY, *STATED)},
        **await _changed(context, body, earlier),
        "is_revoked": body.revoked,
        "supersedes_id": earlier.id,
        "correction_reason": body.reason,
    }
    unmet = await _unmet_of_correction(context, earlier, values) or await unmet_of(context, values)
    if dry_run:
        return tried(unmet)
    if unmet:
        raise RuleNotMet(unmet=unmet)
    return await _kept(context, values, "corrected")


async def page(context: Context, wanted: PenaltyFilter, cursors: Cursors) -> dict[str, Any]:
    """A page of the penalties in sight that nothing has superseded, newest first; revoked ones say so."""
    _refuse_who_may_not_read(context)
    statement = shown_penalties(context).where(IS_CURRENT, *await _conditions(context, wanted))
    found = await page_by_id(context, "enforcements", statement, Penalty.id, wanted, cursors)
    return {**found, "items": [one["view"] for one in found["items"]]}


async def read(context: Context, public_id: UUID) -> dict[str, Any]:
    """One penalty, superseded or not; NotFound out of sight."""
    _refuse_who_may_not_read(context)
    return await penalty_view(context, (await penalty_in_sight(context, public_id)).id)


def _refuse_who_may_not_read(context: Context) -> None:
    if not has_permission(Permission.ENFORCEMENT_READ, context.actor):
        raise NotPermitted


async def _conditions(context: Context, wanted: PenaltyFilter) -> list[ColumnElement[bool]]:
    """The filter as conditions; InvalidParameter for a unit or sector that does not exist."""
    await refuse_unknown_unit(context, wanted.unit)
    await refuse_unknown_sector(context, wanted.sector)
    found = [condition(value) for name, condition in _FILTERS.items() if (value := getattr(wanted, name)) is not None]
    if wanted.unit is not None:
        below = units_below(wanted.unit, business_date(context.now))
        found.append(Penalty.unit_id.in_(select(below.c.unit_id)))
    if wanted.hazard is not None:
        refuse_who_may_not_read(context.actor)
        public_id = public_id_in(wanted.hazard)
        found.append(Hazard.ledger_number == wanted.hazard if public_id is None else Hazard.public_id == public_id)
    return found


def refuse_who_may_not_record(context: Context) -> None:
    """NotPermitted for who may record no penalty at all."""
    if not has_permission(Permission.ENFORCEMENT_RECORD, context.actor):
        raise NotPermitted


def columns(sent: Mapping[str, Any]) -> dict[str, Any]:
    """What was sent as it is kept: words by their value, a number as it is compared."""
    kept = {name: value.value if isinstance(value, Word) else value for name, value in sent.items()}
    if "kinds" in kept:
        kept["kinds"] = [kind.value for kind in PenaltyKind if kind in kept["kinds"]]
    if "case_number" in kept:
        kept["case_number"] = plain_case_number(kept["case_number"])
    return kept


async def hazard_of(context: Context, reference: str | None, enterprise_id: int) -> ConcernedHazard | None:
    """The hazard a penalty names; NotFound out of scope, InvalidInput for another enterprise's."""
    if reference is None:
        return None
    number = await resolve(context, reference)
    wanted = select(Hazard.id, Hazard.enterprise_id, Hazard.unit_id, Hazard.sector)
    seen = wanted.where(Hazard.id == number, hazard_is_visible(context.actor))
    found = ConcernedHazard(*(await context.session.execute(seen)).one())
    if found.enterprise_id != enterprise_id:
        message = "所填的隐患不是这家企业的,请核对隐患编号。"
        raise InvalidInput.of_field("/hazard", "hazard_of_another_enterprise", message)
    return found


def may_record_without_hazard(actor: Actor, enterprise: Enterprise) -> bool:
    """Whether the enterprise itself is of the actor's territory; another's is penalised here for a hazard here."""
    return actor.role_class is RoleClass.IMPORT or enterprise.unit_id in actor.unit_ids


async def known_sector(context: Context, sector: str | None) -> str:
    """The sector's code; InvalidInput where there is none, or none such in the edition in force."""
    if sector is None:
        message = "没有写明隐患的,须写明行业领域(sector)。"
        raise InvalidInput.of_field("/sector", "sector_missing", message)
    book = await rule_book(context)
    if all(sector != known.code for known in book.edition.sectors):
        message = "没有这个行业领域,请从现行规则版本(/api/v1/edition)的 sectors 中选取代码。"
        raise InvalidInput.of_field("/sector", "sector_unknown", message)
    return sector


async def deciding_organisation(context: Context, organisation_id: int | None) -> int:
    """Who decided: one's own organisation; an office also names another of its territory. InvalidInput otherwise."""
    named = organisation_id if organisation_id is not None else context.actor.organisation_id
    wanted = select(Organisation.id).where(
        Organisation.id == named, Organisation.kind.in_([kind.value for kind in DECIDING])
    )
    if not may_name_others(context.actor):
        wanted = wanted.where(Organisation.id == context.actor.organisation_id)
    elif context.actor.role_class is not RoleClass.IMPORT:
        wanted = wanted.where(Organisation.unit_id.in_(context.actor.unit_ids))
    found: int | None = (await context.session.execute(wanted)).scalar_one_or_none()
    if found is None:
        message = "决定机关须为本机构;安委办登记的,须写明辖区内作出决定的部门或者政府(organisation_id)。"
        raise InvalidInput.of_field("/organisation_id", "organisation_cannot_decide", message)
    return found


def may_name_others(actor: Actor) -> bool:
    """Whether the actor records what others decided: the safety offices and the import."""
    return actor.post_kind in _OFFICE_POSTS or actor.role_class is RoleClass.IMPORT


async def unmet_of(context: Context, values: Values) -> tuple[Unmet, ...]:
    """Every rule those values break: what contradicts itself, and a number that is taken."""
    book = await rule_book(context)
    kinds = frozenset(PenaltyKind(kind) for kind in values["kinds"])
    stated = Stated(values["decided_on"], kinds, values["amount"], values["published_on"])
    taken = (
        select(Penalty.id)
        .where(Penalty.organisation_id == values["organisation_id"], Penalty.case_number == values["case_number"])
        .where(Penalty.id.is_distinct_from(values.get("supersedes_id")), IS_CURRENT)
    )
    found = contradictions(stated, book.today)
    if (await context.session.execute(taken)).first() is None:
        return found
    message = "该机关的这一文号已经登记。"
    remedy = "请核对文号;原记录有误的,请在原记录上更正。"
    return (*found, Unmet("penalty_known", message, "enforcement.penalty", _ARTICLE, remedy, "case_number"))


async def _refuse_anothers(context: Context, penalty: Penalty) -> None:
    actor = context.actor
    if actor.organisation_id == penalty.organisation_id or actor.role_class is RoleClass.IMPORT:
        return
    looked_after = select(Organisation.id).where(
        Organisation.id == penalty.organisation_id, Organisation.unit_id.in_(actor.unit_ids)
    )
    if not may_name_others(actor) or (await context.session.execute(looked_after)).first() is None:
        raise NotPermitted(
            "penalty_of_another",
            "这一处罚决定由其他机关作出,您当前的岗位无权更正。",
            remedy="请由作出决定的机关或者其属地安委办更正。",
        )


async def _changed(context: Context, body: PenaltyCorrection, earlier: Penalty) -> dict[str, Any]:
    """The columns a correction changes."""
    sent = body.changes.model_dump(exclude_unset=True)
    if "hazard" in sent:
        hazard = await hazard_of(context, sent.pop("hazard"), earlier.enterprise_id)
        sent["hazard_id"] = hazard.id if hazard else None
    if "sector" in sent:
        sent["sector"] = await known_sector(context, sent["sector"])
    return columns(sent)


async def _unmet_of_correction(context: Context, earlier: Penalty, values: Values) -> tuple[Unmet, ...]:
    current = select(IS_CURRENT).where(Penalty.id == earlier.id)
    if not (await context.session.execute(current)).scalar_one():
        message, remedy = "这一记录已被更正过。", "请在最新的记录(superseded_by)上更正。"
        return (Unmet("penalty_superseded", message, "enforcement.penalty", _ARTICLE, remedy),)
    if all(values[name] == getattr(earlier, name) for name in (*STATED, "is_revoked")):
        message, remedy = "更正没有改变任何内容。", "请写明要更正的内容,或者撤销(revoked)。"
        return (Unmet("nothing_corrected", message, "enforcement.penalty", _ARTICLE, remedy, "changes"),)
    return ()


async def _kept(context: Context, values: Values, what: str) -> Answer:
    (kept,) = await keep(context, [values], what, [{}])
    view = await penalty_view(context, kept)
    counters = await counters_of(context, values["enterprise_id"])
    return Answer({**view, "counters": counters}, location=f"/api/v1/enforcements/{view['id']}")


async def keep(context: Context, rows: Sequence[Values], what: str, sources: Sequence[Values]) -> list[int]:
    """Writes penalties with their events, in the order given; `sources` say where each came from. Their ids."""
    who = {"account_id": context.actor.account_id, "appointment_id": context.actor.appointment_id}
    written = insert(Penalty).returning(Penalty.id, sort_by_parameter_order=True)
    kept = list((await context.session.execute(written, [{**values, **who} for values in rows])).scalars())
    entries = [
        (Subject("enterprise", values["enterprise_id"]), {"penalty": number, **source, **_told(values)})
        for number, values, source in zip(kept, rows, sources, strict=True)
    ]
    await record_all(context, f"enterprise:penalty:{what}", entries)
    return kept


def _told(values: Values) -> dict[str, Any]:
    return {name: _plain(value) for name, value in values.items() if name != "enterprise_id"}


def _plain(value: Any) -> Any:  # noqa: ANN401 - a column's value, as JSON holds it
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
