"""Letters as figures: how many of each rung and kind were issued, and how many were answered in time.

A letter counts from the day it was issued, once, however many hazards it lists; a voided one never counts again.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from app.regulation.definition import GUIDELINE, OFFICE, Basis, Definition, Direction, Figure, Kind
from app.regulation.indicators import rate
from app.regulation.vocabulary import LetterKind, Rung


@dataclass(frozen=True, slots=True)
class LetterFact:
    """One letter, as far as figures look at it; every day is a date of Asia/Shanghai."""

    kind: LetterKind
    issued_on: date | None
    voided_on: date | None = None
    rung: Rung | None = None
    """The rung of the ladder that it carries; None of one written by hand."""
    served_on: date | None = None
    reply_due_on: date | None = None
    """None where no answer is asked."""
    answered_on: date | None = None


LetterPredicate = Callable[[LetterFact, date], bool]


def is_issued(one: LetterFact, on: date) -> bool:
    """Numbered by that day, and not voided by then."""
    issued = one.issued_on is not None and one.issued_on <= on
    return issued and not (one.voided_on is not None and one.voided_on <= on)


def is_served(one: LetterFact, on: date) -> bool:
    """Issued, and served by that day, by receipt or deemed."""
    return is_issued(one, on) and one.served_on is not None and one.served_on <= on


def is_reply_due(one: LetterFact, on: date) -> bool:
    """Served, and its answer was due on or before that day."""
    return is_served(one, on) and one.reply_due_on is not None and one.reply_due_on <= on


def is_answered(one: LetterFact, on: date) -> bool:
    """Its answer was due by that day and has come by then, late or not."""
    return is_reply_due(one, on) and one.answered_on is not None and one.answered_on <= on


def is_answered_in_time(one: LetterFact, on: date) -> bool:
    """Its answer was due by that day and came on or before its day."""
    answered, due = one.answered_on, one.reply_due_on
    return is_reply_due(one, on) and answered is not None and due is not None and answered <= due


def issued_by_rung(letters: Iterable[LetterFact], on: date) -> Mapping[Rung, int]:
    """Letters of each rung of the ladder, those with none included as 0."""
    counted = [one.rung for one in letters if is_issued(one, on)]
    return {rung: counted.count(rung) for rung in Rung}


def issued_by_kind(letters: Iterable[LetterFact], on: date) -> Mapping[LetterKind, int]:
    """Letters of each kind, by the ladder and by hand alike."""
    counted = [one.kind for one in letters if is_issued(one, on)]
    return {kind: counted.count(kind) for kind in LetterKind}


def reply_figure(definition: Definition, letters: Iterable[LetterFact], on: date) -> Figure:
    """回函率 or 按期回函率 of the letters whose answer was due."""
    everyone = list(letters)
    due = sum(is_reply_due(one, on) for one in everyone)
    counts = REPLY_PREDICATES[definition.id]
    answered = sum(counts(one, on) for one in everyone)
    return Figure(definition.id, definition.version, rate(answered, due), answered, due)


_LETTERS: Final = "件"
_DUE: Final = "已送达、复函期限不晚于统计日的公文"

REPLY_PREDICATES: Final[Mapping[str, LetterPredicate]] = {
    "reply_rate": is_answered,
    "on_time_reply_rate": is_answered_in_time,
}

LETTER_DEFINITIONS: Final = (
    *(
        Definition(
            id=f"letters_{rung.value}",
            name=f"{rung.label}件数",
            words=f"截至统计日因升档签发、未作废的“{rung.label}”公文;一件公文列多项隐患的只计一件",
            kind=Kind.COUNT,
            basis=(Basis(GUIDELINE, "三(三)14"), OFFICE),
            numerator=f"已签发、未作废、载有“{rung.label}”一档的公文",
            counted_in=_LETTERS,
        )
        for rung in Rung
    ),
    Definition(
        id="letters_by_kind",
        name="各类公文件数",
        words="截至统计日已签发、未作废的各类督办公文,含人工起草的警示提醒、督促函、交办单,按种类分列",
        kind=Kind.COUNT,
        basis=(OFFICE,),
        numerator="已签发、未作废的公文",
        counted_in=_LETTERS,
    ),
    Definition(
        id="reply_rate",
        name="回函率",
        words="已复函÷已送达且复函期限不晚于统计日的公文;迟复也算已复",
        kind=Kind.RATE,
        basis=(OFFICE,),
        numerator="其中统计日以前已经复函的",
        denominator=_DUE,
        direction=Direction.HIGHER,
    ),
    Definition(
        id="on_time_reply_rate",
        name="按期回函率",
        words="在复函期限当日或者之前复函÷已送达且复函期限不晚于统计日的公文",
        kind=Kind.RATE,
        basis=(OFFICE,),
        numerator="其中在复函期限当日或者之前复函的",
        denominator=_DUE,
        direction=Direction.HIGHER,
    ),
)
