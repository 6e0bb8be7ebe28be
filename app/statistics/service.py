"""The clearance figures of an answer, each with value, parts, definition and version; and the definitions of all."""

from decimal import Decimal
from typing import Any, Final

from app.infrastructure.context import Context
from app.infrastructure.errors import NotPermitted
from app.reference.rulebook import rule_book
from app.regulation import indicators
from app.regulation.catalogue import catalogue
from app.regulation.definition import Definition, Kind
from app.regulation.metrics import DEFINITIONS, HazardDefinition, stock_definitions
from app.regulation.permissions import Permission, has_permission
from app.regulation.vocabulary import Channel, HazardLevel
from app.statistics.asking import Asked, description_of, refused, resolve
from app.statistics.predicates import MEASURES
from app.statistics.queries import Cell, cells, waiting_by_post
from app.statistics.question import NOT_SUPERVISED, DefinitionsAsked, Dimension, FiguresAsked, dimensions_of

_READ_DEFINITIONS: Final = (Permission.METRIC_DEFINITION_READ, Permission.STATISTICS_READ)
MOST_CELLS: Final = 2000
"""Lines of one answer; more are asked for in parts."""


async def clearance(context: Context, wanted: FiguresAsked) -> dict[str, Any]:
    """Every figure of the scope and of each line; NotPermitted, InvalidParameter."""
    asked = await resolve(context, wanted, dimensions_of(wanted.by))
    found = await cells(context, asked.question)
    whole = _figures([cell for cell in found if cell.key is None], asked)
    _refuse_unknown_sector(wanted, asked, whole)
    lines: dict[tuple[Any, ...], list[Cell]] = {}
    for cell in found:
        if cell.key is not None:
            lines.setdefault(cell.key, []).append(cell)
    if len(lines) > MOST_CELLS:
        raise refused("by", "too_many_lines", f"分组超过 {MOST_CELLS} 行,请减少分组或者缩小范围后分次查询。")
    return {
        **description_of(asked, wanted),
        "by": [dimension.value for dimension in asked.question.by],
        "figures": whole,
        "waiting": await waiting_by_post(context, asked.question),
        "lines": [
            {"key": _key(key, asked), "label": _label(key, asked), "figures": _figures(lines[key], asked)}
            for key in sorted(lines, key=lambda key: _order(key, asked))
        ],
    }


def _refuse_unknown_sector(wanted: FiguresAsked, asked: Asked, whole: dict[str, Any]) -> None:
    """A sector of an earlier edition still has its hazards; a word that neither knows is a mistake."""
    known = {sector.code for sector in asked.edition.sectors}
    counted = whole["found"]["numerator"] + whole["undetermined"]["numerator"]
    if wanted.sector is not None and wanted.sector not in known and not counted:
        raise refused("sector", "sector_unknown", "没有这个行业领域,请从现行规则版本的 sectors 中选取代码。")


def _figures(parts: list[Cell], asked: Asked) -> dict[str, Any]:
    """All of the line, and of which the paper past's."""
    both = next((cell for cell in parts if cell.is_legacy is None), None)
    legacy = next((cell for cell in parts if cell.is_legacy), None)
    figures = {}
    for one in definitions(asked).values():
        figures[one.id] = {
            "definition": one.id,
            "version": one.version,
            "name": one.name,
            **_counted(one, both),
            "of_which_legacy": _counted(one, legacy),
        }
    if both is not None:
        figures["undetermined"]["ages_in_days"] = both.ages
    return figures


def definitions(asked: Asked) -> dict[str, HazardDefinition]:
    """Every figure, stock and increment split at the edition's day."""
    return {**DEFINITIONS, **stock_definitions(asked.question.stock_found_by)}


def _counted(one: HazardDefinition, cell: Cell | None) -> dict[str, Any]:
    counts, among = MEASURES[one.id]
    numerator = 0 if cell is None else cell.counts[counts]
    denominator = None if among is None else 0 if cell is None else cell.counts[among]
    return {"value": _value(one, cell, numerator, denominator), "numerator": numerator, "denominator": denominator}


def _value(one: HazardDefinition, cell: Cell | None, numerator: int, denominator: int | None) -> str | None:
    match one.kind:
        case Kind.RATE:
            return indicators.rate(numerator, denominator or 0)
        case Kind.MEDIAN_DAYS:
            return (
                None
                if cell is None or cell.median_days is None
                else indicators.one_decimal(Decimal(str(cell.median_days)))
            )
        case Kind.MEAN_DAYS:
            return (
                None if cell is None or not numerator else indicators.one_decimal(Decimal(cell.sum_of_days) / numerator)
            )
        case _:
            return str(numerator)


def _key(key: tuple[Any, ...], asked: Asked) -> dict[str, Any]:
    """The line's values as the query parameters that ask for it alone."""
    named = {dimension.value: value for dimension, value in zip(asked.question.by, key, strict=True)}
    line = named.get(Dimension.UNIT.value)
    if line is not None:
        named[Dimension.UNIT.value] = asked.tree.units[line].code
        if asked.scope is not None and line == asked.scope.id:
            named["directly"] = True
    return named


def _label(key: tuple[Any, ...], asked: Asked) -> dict[str, str]:
    return {
        dimension.value: _word(dimension, value, asked) for dimension, value in zip(asked.question.by, key, strict=True)
    }


def _word(dimension: Dimension, value: Any, asked: Asked) -> str:  # noqa: ANN401 - a value of any dimension
    match dimension:
        case Dimension.UNIT:
            own = asked.scope is not None and value == asked.scope.id
            return asked.tree.units[value].name + ("(直属)" if own else "")
        case Dimension.SECTOR:
            return next((sector.name for sector in asked.edition.sectors if sector.code == value), str(value))
        case Dimension.CHANNEL:
            return Channel(value).label
        case Dimension.LEVEL:
            return HazardLevel(value).label
        case Dimension.SUPERVISION:
            return "未挂牌" if value == NOT_SUPERVISED else f"第{value}层级督办"
        case Dimension.MONTH:
            return str(value)


def _order(key: tuple[Any, ...], asked: Asked) -> tuple[str, ...]:
    """By the code of the unit, the edition's order of sectors, else by the value."""
    sectors = {sector.code: f"{place:04}" for place, sector in enumerate(asked.edition.sectors)}
    return tuple(
        asked.tree.units[value].code if dimension is Dimension.UNIT else sectors.get(value, str(value))
        for dimension, value in zip(asked.question.by, key, strict=True)
    )


async def metric_definitions(context: Context, wanted: DefinitionsAsked) -> dict[str, Any]:
    """Every definition, or the one asked for; stock and increment by the cut-off of the edition in force.

    NotPermitted without `metric_definition:read` or `statistics:read`, InvalidParameter for an id that is none.
    """
    if not any(has_permission(one, context.actor) for one in _READ_DEFINITIONS):
        raise NotPermitted
    edition = (await rule_book(context)).edition
    found = [one for one in catalogue(edition.stock_found_by) if wanted.id in (None, one.id)]
    if not found:
        raise refused("id", "figure_unknown", "没有这个指标,请不带 id 查询全部定义,从中选取编号。")
    return {
        "edition": {"name": edition.name, "sha256": edition.sha256},
        "items": [_defined(one) for one in found],
    }


def _defined(one: Definition) -> dict[str, Any]:
    measured = MEASURES.get(one.id)
    return {
        "id": one.id,
        "version": one.version,
        "name": one.name,
        "words": one.words,
        "numerator": one.numerator,
        "denominator": one.denominator,
        "kind": one.kind.value,
        "unit": one.unit,
        "rounding": one.rounding,
        "direction": one.direction.value,
        "source": one.source.value,
        "basis": [{"document": basis.document, "article": basis.article or None} for basis in one.basis],
        "predicate": None if measured is None else dict(zip(("counts", "among"), measured, strict=True)),
        "answered_by": None if measured is None else "/api/v1/statistics/clearance",
    }
