"""Letters written by hand that move no rung: 警示提醒, 督促函, 交办单, a 约谈 that a leader orders."""

from dataclasses import dataclass
from datetime import date

from app.letter_forms.composing.basis import cited
from app.letter_forms.composing.letterhead import (
    Letterhead,
    Words,
    bare,
    behind,
    enumerated,
    letter,
    prose,
    sections,
    told,
)
from app.letter_forms.content import Item, LetterContent, Paragraph
from app.letter_forms.payload import in_words
from app.regulation.vocabulary import HazardLevel, LetterKind


@dataclass(frozen=True, slots=True, kw_only=True)
class HandLetter:
    """What an office writes of its own accord: the matter, what is asked, until when."""

    subject: str
    """事由, as it stands in the title: 关于…的函."""
    reasons: tuple[str, ...]
    requirements: tuple[str, ...]
    items: tuple[Item, ...] = ()
    due_on: date | None = None
    level: HazardLevel = HazardLevel.MAJOR
    basis: str = ""
    ordered_by: str = ""
    """Who ordered a 约谈, by post."""


def warning_reminder(head: Letterhead, matter: HandLetter) -> LetterContent:
    """警示提醒函."""
    asked = f"请于{in_words(matter.due_on)}前将落实情况报{head.ourselves}。" if matter.due_on else ""
    body = _body(matter, LetterKind.WARNING_REMINDER, ("提醒事项", "有关要求"), asked)
    return _letter(head, matter, LetterKind.WARNING_REMINDER, (*body, *prose("特此提醒。")), "警示提醒函")


def urging_letter(head: Letterhead, matter: HandLetter) -> LetterContent:
    """督促函."""
    asked = f"请于{in_words(matter.due_on)}前将办理情况书面函复{head.ourselves}。" if matter.due_on else ""
    body = _body(matter, LetterKind.URGING_LETTER, ("督促事项", "有关要求"), asked)
    return _letter(head, matter, LetterKind.URGING_LETTER, (*body, *prose("特此函告。")), "督促函")


def assignment_order(head: Letterhead, matter: HandLetter) -> LetterContent:
    """交办单: who must do it are the addressees."""
    asked = (
        f"办结时限为{in_words(matter.due_on)}，办理结果书面反馈{head.ourselves}；不能按时办结的，应当提前书面说明。"
        if matter.due_on
        else ""
    )
    body = _body(matter, LetterKind.ASSIGNMENT_ORDER, ("交办事项", "办理要求"), asked)
    return _letter(head, matter, LetterKind.ASSIGNMENT_ORDER, body, "交办单")


def ordered_summons(head: Letterhead, matter: HandLetter) -> LetterContent:
    """约谈通知 by a leader's order; time and place stand apart, or are told later."""
    by = f"，经{bare(matter.ordered_by)}决定" if matter.ordered_by else ""
    opening = (
        f"依据{cited(LetterKind.SUMMONS_NOTICE, matter.basis)}{by}，就{bare(matter.subject)}问题对贵单位进行约谈。"
        "时间、地点在文中单列，没有列明的另行通知。"
    )
    facts = [*enumerated(matter.reasons), told(matter.items, matter.level.label) if matter.items else ""]
    body = sections(("约谈事由", facts), ("有关要求", enumerated(matter.requirements)))
    words = Words(
        title=f"关于{bare(matter.subject)}的约谈通知",
        paragraphs=(*prose(opening), *body),
        lists=behind(matter.items, f"约谈涉及的{matter.level.label}清单"),
    )
    return letter(LetterKind.SUMMONS_NOTICE, head, words)


def _body(matter: HandLetter, kind: LetterKind, headings: tuple[str, str], asked: str) -> tuple[Paragraph, ...]:
    verb = "提醒" if kind is LetterKind.WARNING_REMINDER else "函告"
    opening = f"依据{cited(kind, matter.basis)}，现就{bare(matter.subject)}有关事项{verb}如下。"
    if kind is LetterKind.ASSIGNMENT_ORDER:
        opening = f"依据{cited(kind, matter.basis)}，现将{bare(matter.subject)}有关事项交办如下，请认真办理。"
    facts = [*enumerated(matter.reasons), told(matter.items, matter.level.label) if matter.items else ""]
    return (*prose(opening), *sections((headings[0], facts), (headings[1], [*enumerated(matter.requirements), asked])))


def _letter(
    head: Letterhead, matter: HandLetter, kind: LetterKind, paragraphs: tuple[Paragraph, ...], ending: str
) -> LetterContent:
    lists = behind(matter.items, f"有关{matter.level.label}清单")
    title = f"关于{bare(matter.subject)}的{ending}"
    return letter(kind, head, Words(title=title, paragraphs=paragraphs, lists=lists))
