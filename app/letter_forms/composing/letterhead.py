"""What every letter has whatever its kind, and how the words of one are put together."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from app.letter_forms.content import (
    LAYOUTS,
    Contact,
    FormLayout,
    Imprint,
    Item,
    ItemList,
    LetterContent,
    Paragraph,
    ParagraphRole,
    Particular,
    SignatureLine,
    Table,
)
from app.letter_forms.payload import in_words
from app.regulation.vocabulary import LetterKind

_ORDINALS: Final = "一二三四五六七八九十"
_OURSELVES: Final = (("办公室", "我办"), ("委员会", "我委"), ("局", "我局"), ("政府", "本级政府"))
_STOPS: Final = "。；，、 "


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterhead:
    """Sender, reader, number and date: the same for every kind of letter."""

    issuer: str
    addressees: tuple[str, ...] = ()
    number: str | None = None
    dated: date | None = None
    contact: Contact | None = None
    copies: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()
    signatory: str = ""
    imprint: Imprint | None = None
    standing_authorisation: str | None = None
    clock_is_movable: bool = False

    @property
    def ourselves(self) -> str:
        """How the issuer speaks of itself: 我办, 我委, 我局."""
        return next((word for ending, word in _OURSELVES if self.issuer.endswith(ending)), "我单位")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What one kind of letter says of its own."""

    title: str
    paragraphs: tuple[Paragraph, ...] = ()
    particulars: tuple[Particular, ...] = ()
    tables: tuple[Table, ...] = ()
    lists: tuple[ItemList, ...] = ()
    signatures: tuple[SignatureLine, ...] = ()
    content_sha256: str = ""
    layout: FormLayout | None = None


def letter(kind: LetterKind, head: Letterhead, words: Words) -> LetterContent:
    """The whole letter, in the layout of its kind unless the words ask for another."""
    return LetterContent(
        kind=kind,
        layout=words.layout or LAYOUTS[kind],
        issuer=head.issuer,
        title=words.title,
        addressees=head.addressees,
        paragraphs=words.paragraphs,
        particulars=words.particulars,
        tables=words.tables,
        lists=words.lists,
        attachments=head.attachments,
        number=head.number,
        dated=head.dated,
        signatory=head.signatory,
        contact=head.contact,
        copies=head.copies,
        imprint=head.imprint,
        signatures=words.signatures,
        content_sha256=words.content_sha256,
        standing_authorisation=head.standing_authorisation,
        clock_is_movable=head.clock_is_movable,
    )


def as_sheet(head: Letterhead) -> Letterhead:
    """A form's head: it has no addressee and no copies, no contact and no imprint."""
    return replace(head, addressees=(), copies=(), contact=None, imprint=None, attachments=(), signatory="")


def prose(*paragraphs: str) -> tuple[Paragraph, ...]:
    """Plain paragraphs; empty ones are left out."""
    return tuple(Paragraph(each) for each in paragraphs if each)


def sections(*parts: tuple[str, Iterable[str]]) -> tuple[Paragraph, ...]:
    """Parts under 一、二、三、; a part without a paragraph is left out and takes no number."""
    told = [(heading, tuple(each for each in paragraphs if each)) for heading, paragraphs in parts]
    found: list[Paragraph] = []
    for ordinal, (heading, paragraphs) in zip(_ORDINALS, [part for part in told if part[1]], strict=False):
        found.append(Paragraph(f"{ordinal}、{heading}", ParagraphRole.HEADING))
        found += prose(*paragraphs)
    return tuple(found)


def enumerated(points: Iterable[str]) -> tuple[str, ...]:
    """“1. ”, “2. ” before each point where there are several, a full stop behind each."""
    ended = [f"{bare(point)}。" for point in points if bare(point)]
    return tuple(f"{number}. {point}" for number, point in enumerate(ended, 1)) if len(ended) > 1 else tuple(ended)


def bare(sentence: str) -> str:
    """A clerk's sentence without the stop at its end, to be built into one of ours."""
    return sentence.strip().rstrip(_STOPS)


def told(items: tuple[Item, ...], word: str) -> str:
    """One hazard in a sentence; several by their number and the list behind the letter."""
    if len(items) != 1:
        return f"有关{word}共{len(items)}项，详见附件。"
    (item,) = items
    known = (
        f"台账编号：{item.number}" if item.number else "",
        f"整改期限为{in_words(item.due_on)}" if item.due_on else "",
        f"已逾期{item.overdue_days}天" if item.overdue_days else "",
        f"监管责任部门为{item.department}" if item.department else "",
        bare(item.note),
    )
    where = f"{item.enterprise}{item.place}"
    return f"{where}存在下列{word}：{bare(item.circumstances)}。{'，'.join(each for each in known if each)}。"


def behind(items: tuple[Item, ...], title: str, columns: tuple[str, ...] | None = None) -> tuple[ItemList, ...]:
    """The list behind the letter, where there is more than one hazard."""
    if len(items) < 2:  # noqa: PLR2004 - one is told in a sentence
        return ()
    return (ItemList(title=title, items=items, columns=columns) if columns else ItemList(title=title, items=items),)
