"""执法次数: how near an enterprise is to the limits of 安全生产法 art. 113 and the coal rule, and who is near.

The decisions are read past row-level security, as bare dates, for whoever reaches the enterprise: a count without what
other departments decided would be wrong.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, cast, func, select

from app.enforcement.queries import IS_CURRENT, enterprise_in_reach, shown_penalties
from app.enforcement.schemas import WarningFilter
from app.hazards.scope import hazard_is_visible
from app.infrastructure.context import Context
from app.infrastructure.errors import NotPermitted
from app.infrastructure.pagination import Cursors, split_page
from app.reference.rulebook import RuleBook, rule_book
from app.regulation.enforcement import Decision, Tally, needed_since, tallies
from app.regulation.permissions import Permission, has_permission
from app.regulation.vocabulary import HazardLevel, PenaltyLaw, RoleClass, State
from app.tables.enforcement import Penalty
from app.tables.enterprises import Enterprise
from app.tables.hazards import Hazard
from app.tables.supervision import ProductionMeasure, ProductionMeasureLift

_SHOWN_AT_MOST = 100
OPEN_STATES = (State.REPORTED.value, State.LISTED.value, State.RECTIFIED.value)
IS_OPEN_MAJOR = (
    (Hazard.level == HazardLevel.MAJOR.value) & Hazard.state.in_(OPEN_STATES) & Hazard.determined_at.is_not(None)
)


async def decisions(
    context: Context, since: date, enterprise_id: int | None = None
) -> Mapping[int, Sequence[Decision]]:
    """Enterprise → its counted decisions since that day; all enterprises within reach, or the one."""
    of_one = cast(enterprise_id, BigInteger)
    counted = func.penalties_counted(since, of_one).table_valued(
        "enterprise_id", "decided_on", "sector", "law", "producing_with_major_hazard"
    )
    found: defaultdict[int, list[Decision]] = defaultdict(list)
    for row in await context.session.execute(select(counted)):
        decision = Decision(row.decided_on, row.sector, PenaltyLaw(row.law), row.producing_with_major_hazard)
        found[row.enterprise_id].append(decision)
    return found


async def counters_of(context: Context, enterprise_id: int) -> list[dict[str, Any]]:
    """Every counter of the edition for an enterprise within reach, as of today."""
    book = await rule_book(context)
    found = await decisions(context, date.min, enterprise_id)
    counters = book.edition.enforcement.counters
    return [_shown(one) for one in tallies(counters, found.get(enterprise_id, ()), book.today)]


async def warned_among(
    context: Context, book: RuleBook, wanted: frozenset[int] | None = None
) -> dict[int, list[Tally]]:
    """Enterprise within reach → its counters at or beyond `warn_at`; of all, or of those wanted."""
    counters = book.edition.enforcement.counters
    warned = {}
    for enterprise_id, found in (await decisions(context, needed_since(counters, book.today))).items():
        near = [one for one in tallies(counters, found, book.today) if one.is_warned]
        if near and (wanted is None or enterprise_id in wanted):
            warned[enterprise_id] = near
    return warned


async def enterprise_view(context: Context, public_id: UUID) -> dict[str, Any]:
    """执法情况: an enterprise's counters, its penalties and the production measures on its hazards, newest first."""
    if not has_permission(Permission.ENFORCEMENT_READ, context.actor):
        raise NotPermitted
    enterprise = await enterprise_in_reach(context, public_id)
    majors = await _open_majors(context, [enterprise.id])
    of_enterprise = shown_penalties(context).where(Penalty.enterprise_id == enterprise.id, IS_CURRENT)
    newest = of_enterprise.order_by(Penalty.decided_on.desc(), Penalty.id.desc()).limit(_SHOWN_AT_MOST)
    return {
        "enterprise": {"id": str(enterprise.public_id), "code": enterprise.code, "name": enterprise.name},
        "as_of": context.now.isoformat(),
        "open_majors": majors.get(enterprise.id, 0),
        "counters": await counters_of(context, enterprise.id),
        "penalties": list((await context.session.execute(newest)).scalars()),
        "production_measures": await _measures(context, enterprise.id),
    }


async def _measures(context: Context, enterprise_id: int) -> list[dict[str, Any]]:
    actor = context.actor
    # A platform reads hazards, and no document of an act.
    if actor.role_class is RoleClass.PLATFORM or not has_permission(Permission.HAZARD_READ, actor):
        return []
    view = func.jsonb_build_object(
        *("hazard", func.jsonb_build_object("id", Hazard.public_id, "ledger_number", Hazard.ledger_number)),
        *("kind", ProductionMeasure.kind, "document", ProductionMeasure.order_number),
        *("scope", ProductionMeasure.scope, "from_on", ProductionMeasure.from_on),
        *("until_on", ProductionMeasure.until_on, "lifted_on", ProductionMeasureLift.lifted_on),
    )
    ordered = (
        select(view)
        .select_from(Hazard)
        .join(ProductionMeasure, ProductionMeasure.hazard_id == Hazard.id)
        .outerjoin(ProductionMeasureLift, ProductionMeasureLift.production_measure_id == ProductionMeasure.id)
        .where(hazard_is_visible(actor), Hazard.enterprise_id == enterprise_id)
        .order_by(ProductionMeasure.id.desc())
        .limit(_SHOWN_AT_MOST)
    )
    return list((await context.session.execute(ordered)).scalars())


async def warnings(context: Context, wanted: WarningFilter, cursors: Cursors) -> dict[str, Any]:
    """A page of the enterprises within reach at or beyond `warn_at`, newest enterprise first."""
    if not has_permission(Permission.ENFORCEMENT_OVERSEE, context.actor):
        raise NotPermitted
    book = await rule_book(context)
    warned = await warned_among(context, book)
    scope = wanted.scope("enforcement-warnings")
    keys = sorted(warned, reverse=True)
    if wanted.cursor is not None:
        (after,) = cursors.read(scope, wanted.cursor, (int,))
        keys = [key for key in keys if isinstance(after, int) and key < after]
    shown, last = split_page(keys[: wanted.limit + 1], wanted.limit)
    return {
        "as_of": context.now.isoformat(),
        "items": await described(context, {key: warned[key] for key in shown}),
        "next_cursor": None if last is None else cursors.write(scope, [last]),
    }


async def described(context: Context, warned: Mapping[int, Sequence[Tally]]) -> list[dict[str, Any]]:
    """Warned enterprises with their counters and open majors."""
    named = select(Enterprise).where(Enterprise.id.in_(warned))
    found = {one.id: one for one in (await context.session.execute(named)).scalars()}
    majors = await _open_majors(context, list(warned))
    return [
        {
            "enterprise": {"id": str(found[key].public_id), "code": found[key].code, "name": found[key].name},
            "open_majors": majors.get(key, 0),
            "counters": [_shown(one) for one in warned[key]],
        }
        for key in warned
        if key in found
    ]


async def _open_majors(context: Context, enterprise_ids: Sequence[int]) -> dict[int, int]:
    """Enterprise → its open, determined major hazards within the actor's scope: 存在重大事故隐患."""
    counted = (
        select(Hazard.enterprise_id, func.count())
        .where(hazard_is_visible(context.actor), Hazard.enterprise_id.in_(enterprise_ids), IS_OPEN_MAJOR)
        .group_by(Hazard.enterprise_id)
    )
    found = await context.session.execute(counted)
    return {enterprise_id: number for enterprise_id, number in found if enterprise_id is not None}


def _shown(one: Tally) -> dict[str, Any]:
    counter = one.counter
    return {
        "name": counter.name,
        "label": counter.label,
        "basis": counter.basis,
        "status": "reached" if one.is_reached else "warned" if one.is_warned else "below",
        "count": one.count,
        "limit": counter.count,
        "warn_at": counter.warn_at,
        "window": {"length": counter.window, "unit": counter.window_unit.value, "first_day": one.first_day.isoformat()},
        "reached_on": one.reached_on.isoformat() if one.reached_on else None,
    }
