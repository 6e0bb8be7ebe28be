"""From what a caller asks to what the SQL is told: edition, tree of that day, scope; bad asks are refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.infrastructure.context import Context
from app.infrastructure.errors import FieldError, InvalidParameter, NotPermitted
from app.reference.rulebook import rule_book
from app.regulation.deadlines import end_of_day
from app.regulation.edition import Edition
from app.regulation.permissions import Permission, has_permission
from app.statistics.question import Dimension, HazardChoice, Question
from app.statistics.units import UnitAsOf, UnitTree, units_as_of


@dataclass(frozen=True, slots=True)
class Asked:
    """A question resolved, with what its answer must say of itself."""

    question: Question
    scope: UnitAsOf | None
    tree: UnitTree
    edition: Edition
    read_at: datetime


def refused(name: str, code: str, message: str) -> InvalidParameter:
    """The refusal of one parameter."""
    return InvalidParameter(code, message, fields=(FieldError(f"/{name}", code, message, "query"),))


async def resolve(context: Context, wanted: HazardChoice, by: tuple[Dimension, ...] = ()) -> Asked:
    """The question; NotPermitted without `statistics:read`, InvalidParameter for a later day or an unknown unit."""
    if not has_permission(Permission.STATISTICS_READ, context.actor):
        raise NotPermitted
    book = await rule_book(context)
    on, known_at = wanted.as_of or book.today, wanted.known_at or context.now
    _refuse_what_has_not_come(on, known_at, book.today, context.now)
    tree = await units_as_of(context, on)
    scope = _scope(context, wanted, tree)
    lines = tree.lines_of(scope)
    if wanted.directly:
        lines = {unit: line for unit, line in lines.items() if unit == scope}
    question = Question(on, known_at, book.edition.stock_found_by, lines, by, _equal(wanted), wanted.legacy)
    unit = None if scope is None else tree.units[scope]
    return Asked(question, unit, tree, book.edition, context.now)


def _refuse_what_has_not_come(on: date, known_at: datetime, today: date, now: datetime) -> None:
    if on > today:
        raise refused("as_of", "as_of_in_the_future", "统计日不得晚于今天,请改为今天或者以前的日期。")
    if known_at > now:
        raise refused("known_at", "known_at_in_the_future", "已知时点不得晚于现在,请改为现在或者以前的时刻。")


def _scope(context: Context, wanted: HazardChoice, tree: UnitTree) -> int | None:
    """The unit asked for; else the caller's own territory; else the whole area."""
    if wanted.unit is None:
        return tree.top(context.actor.unit_ids) if context.actor.unit_ids else tree.top(tree.units)
    named = tree.with_code(wanted.unit)
    if len(named) != 1:
        raise refused("unit", "unit_unknown", "统计日没有这个代码的属地单元,请核对代码。")
    return named[0].id


def _equal(wanted: HazardChoice) -> Mapping[Dimension, str]:
    asked = {dimension: getattr(wanted, dimension.value) for dimension in Dimension if dimension is not Dimension.UNIT}
    return {dimension: str(value) for dimension, value in asked.items() if value is not None}


def description_of(asked: Asked, wanted: HazardChoice) -> dict[str, Any]:
    """What every figure of the answer has in common: instants, edition, scope."""
    question, unit = asked.question, asked.scope
    return {
        "as_of": question.on.isoformat(),
        "as_of_instant": end_of_day(question.on).isoformat(),
        "known_at": question.known_at.isoformat(),
        "data_as_of": min(question.known_at, asked.read_at).isoformat(),
        "edition": {"name": asked.edition.name, "sha256": asked.edition.sha256},
        "scope": {
            "unit": None if unit is None else {"code": unit.code, "name": unit.name},
            "directly": wanted.directly,
            "legacy": question.legacy.value,
            **{dimension.value: value for dimension, value in question.equal.items()},
        },
    }
