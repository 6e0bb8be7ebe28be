"""A letter as it was kept when it was drafted or issued: its own title, paragraphs and lines, printed as they stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Final

from app.letter_forms.composing.letterhead import Letterhead, Words, as_sheet, letter, prose
from app.letter_forms.content import (
    Item,
    ItemList,
    LetterContent,
    Paragraph,
    ParagraphRole,
    Particular,
    SignatureLine,
)
from app.letter_forms.payload import in_words
from app.regulation.vocabulary import LetterKind

TOLD_IN_TEXT: Final = "lines_told_in_text"
"""Set in a body whose paragraphs tell its one hazard whole: no list goes behind."""
_COLUMNS: Final = ("number", "enterprise", "place", "circumstances", "due_on", "overdue_days", "department")
_PUBLIC: Final = tuple(name for name in _COLUMNS if name != "overdue_days")
_KNOWN: Final = frozenset(each.name for each in fields(Item))


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLetter:
    """`body`: `{"paragraphs": [{"text", "role"}], "particulars": [{"label", "value"}]}`; `lines`: fields of `Item`.

    An approval form's body also has `signatures` (`SignatureLine`) and the `signed_sha256` of what they signed.

    The lines are those of the reader whose sheet it is; dates in them are ISO 8601 or dates.
    """

    kind: LetterKind
    title: str
    body: Mapping[str, Any]
    lines: Sequence[Mapping[str, Any]] = ()
    reply_due_on: date | None = None


def kept_letter(head: Letterhead, kept: KeptLetter) -> LetterContent:
    """The letter in the layout of its kind, its lines as a list behind it.

    Raises KeyError for a paragraph without text, ValueError for a role that is none, TypeError for a line that lacks
    one of the fields every line has.
    """
    paragraphs = tuple(
        Paragraph(each["text"], ParagraphRole(each.get("role", "body"))) for each in kept.body.get("paragraphs", ())
    )
    asked = f"请于{in_words(kept.reply_due_on)}前书面函复{head.ourselves}。" if kept.reply_due_on else ""
    particulars = (Particular(each["label"], each["value"]) for each in kept.body.get("particulars", ()))
    words = Words(
        title=kept.title,
        paragraphs=(*paragraphs, *prose(asked)),
        particulars=tuple(particulars),
        lists=_list(kept),
        signatures=tuple(_signature(each) for each in kept.body.get("signatures", ())),
        content_sha256=kept.body.get("signed_sha256", ""),
    )
    is_form = kept.kind is LetterKind.CLOSING_APPROVAL_FORM
    return letter(kept.kind, as_sheet(head) if is_form else head, words)


def _signature(kept: Mapping[str, Any]) -> SignatureLine:
    signed_at = kept.get("signed_at")
    return SignatureLine(**{**kept, "signed_at": datetime.fromisoformat(signed_at) if signed_at else None})


def _list(kept: KeptLetter) -> tuple[ItemList, ...]:
    if not kept.lines or kept.kind is LetterKind.CLOSING_APPROVAL_FORM or kept.body.get(TOLD_IN_TEXT):
        return ()
    items = tuple(_item(line) for line in kept.lines)
    if kept.kind is LetterKind.EXPOSURE_NOTICE:
        return (ItemList(title="公开曝光的事故隐患清单", items=items, columns=_PUBLIC),)
    columns = (*_COLUMNS, "note") if any(item.note for item in items) else _COLUMNS
    return (ItemList(title="有关事项清单", items=items, columns=columns),)


def _item(line: Mapping[str, Any]) -> Item:
    due_on = line.get("due_on")
    known = {name: value for name, value in line.items() if name in _KNOWN and value is not None}
    return Item(**{**known, "due_on": date.fromisoformat(due_on) if isinstance(due_on, str) else due_on})
