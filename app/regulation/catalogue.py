"""Every figure's definition in one place: what `GET /metric-definitions` lists and docs/metrics.md prints."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import chain

from app.regulation.definition import Definition
from app.regulation.dual_track import TRACK_DEFINITIONS
from app.regulation.indicators_days import DAY_DEFINITIONS
from app.regulation.indicators_letters import LETTER_DEFINITIONS
from app.regulation.indicators_stays import POST_DEFINITIONS, STAY_DEFINITIONS
from app.regulation.metrics import DEFINITIONS, stock_definitions
from app.regulation.monthly_form import FORM_DEFINITIONS
from app.regulation.targets import SHIPPED_TARGETS, load_targets


@dataclass(frozen=True, slots=True)
class Chapter:
    """Definitions of one subject, with its heading."""

    name: str
    definitions: tuple[Definition, ...]


def chapters(stock_found_by: date) -> tuple[Chapter, ...]:
    """Every definition, by subject; stock and increment by that day, the edition's."""
    rows = load_targets(SHIPPED_TARGETS.read_text(encoding="utf-8"))
    return (
        Chapter("隐患", (*DEFINITIONS.values(), *stock_definitions(stock_found_by).values())),
        Chapter("各状态、各岗位用时", (*STAY_DEFINITIONS, *POST_DEFINITIONS)),
        Chapter("零逾期天数", DAY_DEFINITIONS),
        Chapter("公文", LETTER_DEFINITIONS),
        Chapter("月报表与填报", FORM_DEFINITIONS),
        Chapter("双轨制", TRACK_DEFINITIONS),
        Chapter("文件规定的目标", tuple(row.definition for row in rows)),
    )


def catalogue(stock_found_by: date) -> Iterator[Definition]:
    """Every definition, in the order it is printed."""
    return chain.from_iterable(chapter.definitions for chapter in chapters(stock_found_by))
