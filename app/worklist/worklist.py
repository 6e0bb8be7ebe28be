"""待办: what waits for the signed-in post, with the due date of each duty's clock, earliest first."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydantic import Field
from sqlalchemy import func, select

from app.hazards.facts import load_facts_of, relations_to
from app.hazards.scope import hazard_is_visible
from app.infrastructure.context import Context
from app.infrastructure.errors import NotPermitted
from app.infrastructure.keyset import Paging
from app.infrastructure.pagination import Cursors, list_scope, split_page
from app.reference.rulebook import RuleBook, announced_calendar, rule_book
from app.regulation import lifecycle
from app.regulation.deadlines import LAST_DAY, SHANGHAI, Calendar, Term, business_date, count, is_over
from app.regulation.facts import HazardFacts
from app.regulation.masking import presented
from app.regulation.permissions import PERMISSIONS, Permission, has_permission
from app.regulation.vocabulary import Act, DayUnit, PostKind
from app.tables.enterprises import Enterprise
from app.tables.hazards import Hazard
from app.tables.places import UnitPeriod
from app.worklist.duties import BY_KEY, waiting_for

LARGEST_PAGE = 50
"""Each hazard shown is judged by the rule book, two statements each; 50 cost half a second."""
_MOST = 5000


class WorklistPage(Paging):
    """Which page."""

    limit: int = Field(default=20, ge=1, le=LARGEST_PAGE, description="每页条数")


@dataclass(frozen=True, slots=True)
class Waiting:
    """One duty on one hazard."""

    hazard_id: int
    duty: str
    since: datetime | None
    due_on: date | None
    """None where no clock runs."""
    provisional: bool

    @property
    def order(self) -> tuple[date, int]:
        """Earliest due first; without a clock last."""
        return (self.due_on or LAST_DAY, self.hazard_id)


def has_worklist(post_kind: str) -> bool:
    """Whether holders of such a post work on hazards at all."""
    return PostKind(post_kind) in PERMISSIONS[Permission.WORKLIST_READ]


async def worklist(context: Context, wanted: WorklistPage, cursors: Cursors) -> dict[str, Any]:
    """A page of hazards that wait for this appointment; scopes of other appointments are never united with it."""
    if not has_permission(Permission.WORKLIST_READ, context.actor):
        raise NotPermitted
    book = await rule_book(context)
    by_hazard = await _everything_waiting(context, book)
    ordered = sorted(by_hazard.values(), key=lambda duties: duties[0].order)
    scope = list_scope("worklist", {"appointment": context.actor.appointment_id})
    if wanted.cursor is not None:
        due, hazard_id = cursors.read(scope, wanted.cursor, (date, int))
        ordered = [duties for duties in ordered if duties[0].order > (due, hazard_id)]
    shown, last = split_page(ordered[: wanted.limit + 1], wanted.limit)
    return {
        "as_of": context.now,
        "waiting_at_most": len(by_hazard),
        "items": await _items(context, book, shown),
        "next_cursor": None if last is None else cursors.write(scope, list(last[0].order)),
    }


async def _everything_waiting(context: Context, book: RuleBook) -> dict[int, list[Waiting]]:
    """Duties by hazard, each hazard's most urgent first; at most 5,000, the longest waiting."""
    statement = waiting_for(context.actor, _MOST)
    if statement is None:
        return {}
    calendar = await announced_calendar(context)
    found: dict[int, list[Waiting]] = defaultdict(list)
    for row in (await context.session.execute(statement)).mappings():
        found[row["id"]].append(_dated(row, book, calendar))
    return {hazard_id: sorted(duties, key=lambda one: one.order) for hazard_id, duties in found.items()}


def _dated(row: Any, book: RuleBook, calendar: Calendar) -> Waiting:  # noqa: ANN401  a row's mapping
    duty, since = row["duty"], row["since"]
    term = _term(row, book)
    if term is None:
        due = row["current_deadline"] if duty == "rectify" else None
        return Waiting(row["id"], duty, since, due, provisional=False)
    deadline = count(term, calendar)
    return Waiting(row["id"], duty, since, deadline.due_on, deadline.provisional)


def _term(row: Any, book: RuleBook) -> Term | None:  # noqa: ANN401  as above
    if row["since"] is None:
        return None
    start = business_date(row["since"])
    if row["duty"] == "sign":
        return Term(start, row["limit_days"], DayUnit(row["limit_unit"]), "sign", "")
    clock = book.edition.clocks.get(row["duty"])
    if clock is None:
        return None
    return Term(start, clock.days_for(row["sector"]), clock.unit, clock.key, clock.basis_for(row["sector"]), clock.roll)


async def _items(context: Context, book: RuleBook, shown: Sequence[Sequence[Waiting]]) -> list[dict[str, Any]]:
    hazard_ids = [duties[0].hazard_id for duties in shown]
    views, facts = await _views(context, hazard_ids), await load_facts_of(context, hazard_ids)
    # What has left this appointment's scope since it was found waiting is no longer its to do.
    items = [
        _item(context, views[hazard_id], duties, _allowed(context, book, facts[hazard_id]))
        for hazard_id, duties in zip(hazard_ids, shown, strict=True)
        if hazard_id in views and hazard_id in facts
    ]
    return [item for item in items if item["duties"]]


def _allowed(context: Context, book: RuleBook, facts: HazardFacts) -> tuple[Act, ...]:
    held = relations_to(context.actor, facts)
    return lifecycle.allowed_acts(facts, context.actor, held, book.edition, context.now)


def _item(
    context: Context, view: dict[str, Any], duties: Iterable[Waiting], allowed: tuple[Act, ...]
) -> dict[str, Any]:
    """The hazard with those of its duties that this person may discharge now."""
    mine = [one for one in duties if BY_KEY[one.duty].acts.intersection(allowed)]
    due_on = mine[0].due_on if mine else None
    return {
        **view,
        "due_on": due_on,
        "is_late": due_on is not None and is_over(due_on, context.now),
        "duties": [
            {
                "duty": one.duty,
                "label": BY_KEY[one.duty].label,
                "since": one.since.astimezone(SHANGHAI) if one.since else None,
                "due_on": one.due_on,
                "is_late": one.due_on is not None and is_over(one.due_on, context.now),
                "is_provisional": one.provisional,
            }
            for one in mine
        ],
        "allowed_acts": [act.value for act in allowed],
    }


async def _views(context: Context, hazard_ids: list[int]) -> dict[int, dict[str, Any]]:
    current = func.daterange(UnitPeriod.valid_from, UnitPeriod.valid_until).op("@>")(business_date(context.now))
    statement = (
        select(
            Hazard.id.label("key"),
            Hazard.public_id.label("id"),
            Hazard.ledger_number,
            Hazard.state,
            Hazard.level,
            Hazard.version,
            Hazard.sector,
            Hazard.place,
            Enterprise.name.label("enterprise_name"),
            UnitPeriod.name.label("unit_name"),
            Hazard.current_deadline,
        )
        .outerjoin(Enterprise, Enterprise.id == Hazard.enterprise_id)
        .outerjoin(UnitPeriod, (UnitPeriod.unit_id == Hazard.unit_id) & current)
        .where(hazard_is_visible(context.actor), Hazard.id.in_(hazard_ids))
    )
    rows = (await context.session.execute(statement)).mappings()
    shown = {row["key"]: {name: value for name, value in row.items() if name != "key"} for row in rows}
    return {key: presented(view, context.actor) for key, view in shown.items()}
