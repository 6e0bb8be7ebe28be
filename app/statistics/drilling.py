"""The hazards a figure counts: the same statement as the figure's, read a page at a time."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import RowMapping

from app.infrastructure.context import Context
from app.infrastructure.errors import NotPermitted
from app.infrastructure.pagination import Cursors, list_scope, split_page
from app.regulation.masking import presented
from app.regulation.permissions import Permission, has_permission
from app.statistics.asking import Asked, description_of, refused, resolve
from app.statistics.predicates import MEASURES
from app.statistics.queries import PageAsked, counted_hazards
from app.statistics.question import HazardsAsked, Part

_AS_THEY_STOOD = (
    "sector",
    "channel",
    "level",
    "supervision_tier",
    "found_on",
    "original_deadline",
    "current_deadline",
    "declared_at",
    "closed_on",
    "is_legacy",
)


async def hazards_counted(context: Context, wanted: HazardsAsked, cursors: Cursors) -> dict[str, Any]:
    """A page of the hazards behind one cell; later pages keep the first one's day and known instant.

    NotPermitted without `hazard:read`; InvalidParameter for a figure without that part or another list's cursor.
    """
    if not has_permission(Permission.HAZARD_READ, context.actor):
        raise NotPermitted
    predicate = _predicate(wanted)
    scope = list_scope("counted_hazards", wanted.model_dump(mode="json", exclude={"cursor", "limit"}))
    below = None
    if wanted.cursor is not None:
        below, on, known_at = cursors.read(scope, wanted.cursor, (int, date, datetime))
        wanted = wanted.model_copy(update={"as_of": on, "known_at": known_at})
    asked = await resolve(context, wanted)
    page = PageAsked(predicate, wanted.limit + 1, below)  # type: ignore[arg-type]  # the cursor was read as an int
    found = await context.session.execute(counted_hazards(context.actor, asked.question, page))
    shown, last = split_page(found.mappings().all(), wanted.limit)
    after = (asked.question.on, asked.question.known_at)
    return {
        **description_of(asked, wanted),
        "figure": wanted.figure,
        "part": wanted.part.value,
        "items": [presented(_item(row, asked), context.actor) for row in shown],
        "next_cursor": None if last is None else cursors.write(scope, [last["hazard_id"], *after]),
    }


def _predicate(wanted: HazardsAsked) -> str:
    if wanted.figure not in MEASURES:
        raise refused("figure", "figure_unknown", "没有这个指标,请从 /api/v1/metric-definitions 中选取编号。")
    numerator, denominator = MEASURES[wanted.figure]
    if wanted.part is Part.NUMERATOR:
        return numerator
    if denominator is None:
        raise refused("part", "part_unknown", "这个指标没有分母,请改用 part=numerator。")
    return denominator


def _item(row: RowMapping, asked: Asked) -> dict[str, Any]:
    unit = asked.tree.units[row["unit_id"]]
    return {
        "id": row["public_id"],
        "ledger_number": row["ledger_number"],
        "enterprise_name": row["enterprise_name"],
        "place": row["place"],
        "state": row["to_state"],
        "unit": {"code": unit.code, "name": unit.name},
        **{name: row[name] for name in _AS_THEY_STOOD},
    }
