"""Everything a letter says, as plain values; nothing here knows a database, a page or a clock.

One `LetterContent` is one sheet for one reader: a copy that shows fewer lines is another `LetterContent`.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType, UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from app.regulation.vocabulary import LetterKind


class FormLayout(StrEnum):
    """The layouts of GB/T 9704-2012, and a table where the paper is one."""

    DOCUMENT = "document"
    """文件格式, chapter 7: red head with 文件, rule, 版记 with printing office and date."""
    LETTER = "letter"
    """信函格式, 10.1: two double red rules, no page number on the first page, 版记 without rules."""
    MINUTES = "minutes"
    """纪要格式, 10.3: red 纪要 head, those present after the text, no seal."""
    FORM = "form"
    """表格: 验收销号审批表."""


LAYOUTS: Final[Mapping[LetterKind, FormLayout]] = MappingProxyType(
    {
        LetterKind.SUPERVISION_NOTICE: FormLayout.DOCUMENT,
        LetterKind.NOTICE_LETTER: FormLayout.LETTER,
        LetterKind.CIRCULAR: FormLayout.DOCUMENT,
        LetterKind.SUMMONS_NOTICE: FormLayout.LETTER,
        LetterKind.SUMMONS_MINUTES: FormLayout.MINUTES,
        LetterKind.EXPOSURE_NOTICE: FormLayout.DOCUMENT,
        LetterKind.REFERRAL_LETTER: FormLayout.LETTER,
        LetterKind.WARNING_REMINDER: FormLayout.LETTER,
        LetterKind.URGING_LETTER: FormLayout.LETTER,
        LetterKind.ASSIGNMENT_ORDER: FormLayout.LETTER,
        LetterKind.CLOSING_NOTICE: FormLayout.DOCUMENT,
        LetterKind.DELISTING_NOTICE: FormLayout.DOCUMENT,
        LetterKind.CLOSING_APPROVAL_FORM: FormLayout.FORM,
    }
)
"""Which layout each kind has unless its content says otherwise."""


class ParagraphRole(StrEnum):
    """How a paragraph is set (GB/T 9704-2012, 7.3.3)."""

    BODY = "body"
    HEADING = "heading"
    """第一层, 黑体: 一、"""
    SUBHEADING = "subheading"
    """第二层, 楷体: （一）"""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph of the text, without its indent."""

    text: str
    role: ParagraphRole = ParagraphRole.BODY


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of a list: a hazard as its letter tells it. What a column has nothing for is printed as a dash."""

    number: str
    """台账编号."""
    enterprise: str
    place: str
    """部位."""
    circumstances: str
    """隐患内容."""
    due_on: date | None = None
    overdue_days: int | None = None
    """Days past the deadline, pauses left out; 0 for a hazard that is slow but not overdue."""
    department: str = ""
    """监管责任部门."""
    unit: str = ""
    """旗区."""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemList:
    """A list behind the letter (附件); `columns` are names of `Item`'s fields, in order."""

    title: str
    items: tuple[Item, ...]
    columns: tuple[str, ...] = (
        "number",
        "enterprise",
        "place",
        "circumstances",
        "due_on",
        "overdue_days",
        "department",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of figures behind the letter (附件); every row has as many cells as there are heads."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Particular:
    """A labelled line: time and place of a meeting, those present, a field of a form."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Contact:
    """联系人 (a post or a name) and 电话."""

    person: str
    telephone: str


@dataclass(frozen=True, slots=True)
class Imprint:
    """印发: by which office, on which date."""

    office: str
    printed_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureLine:
    """One level of the chain on the 验收销号审批表, signed or still to be signed (`signed_at` is None)."""

    level: int
    post: str
    organisation: str
    signer: str = ""
    opinion: str = ""
    signed_at: datetime | None = None
    """Aware; printed in Asia/Shanghai."""
    acting_for: str = ""
    """代签: for whose post an acting holder signed."""
    on_paper: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterContent:
    """What one letter says to one reader. Raises ValueError for a number without a date, or a time without zone."""

    kind: LetterKind
    layout: FormLayout
    issuer: str
    """发文机关, in full."""
    title: str
    addressees: tuple[str, ...] = ()
    """主送."""
    paragraphs: tuple[Paragraph, ...] = ()
    particulars: tuple[Particular, ...] = ()
    tables: tuple[Table, ...] = ()
    """附件 that are tables of figures; they stand before the lists."""
    lists: tuple[ItemList, ...] = ()
    """附件 that are lists of hazards."""
    attachments: tuple[str, ...] = ()
    """Names of 附件 that go with the letter as papers of their own."""
    number: str | None = None
    """发文字号; a draft has none."""
    dated: date | None = None
    """成文日期; a draft may have none."""
    signatory: str = ""
    """签发人, where it is to be printed: on what goes to a superior (7.2.6)."""
    contact: Contact | None = None
    copies: tuple[str, ...] = ()
    """抄送."""
    imprint: Imprint | None = None
    signatures: tuple[SignatureLine, ...] = ()
    content_sha256: str = ""
    """What the signatures stand under."""
    standing_authorisation: str | None = None
    """The document, post and end date under which the letter goes without a signatory of its own."""
    clock_is_movable: bool = False

    def __post_init__(self) -> None:
        if self.number is not None and self.dated is None:
            raise ValueError("a numbered letter has its date (成文日期)")
        if any(line.signed_at is not None and line.signed_at.tzinfo is None for line in self.signatures):
            raise ValueError("the time of a signature carries its zone")

    @property
    def is_draft(self) -> bool:
        """Whether it is marked 草稿 on every page: it has no number yet."""
        return self.number is None


def to_json(content: LetterContent) -> dict[str, Any]:
    """The content as JSON's own values, to be frozen beside an issued letter; `from_json` gives it back equal."""
    return {name: _plain(value) for name, value in dataclasses.asdict(content).items()}


def from_json(document: Mapping[str, Any]) -> LetterContent:
    """The content that `to_json` gave. Raises TypeError, KeyError or ValueError for anything else."""
    built: LetterContent = _built(LetterContent, document)
    return built


def _plain(value: Any) -> Any:  # noqa: ANN401 - JSON's own
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


def _built(shape: Any, value: Any) -> Any:  # noqa: ANN401 - JSON's own, and whatever a field is annotated with
    if value is None:
        return None
    if get_origin(shape) in {Union, UnionType}:
        shape = next(each for each in get_args(shape) if each is not type(None))
    if get_origin(shape) is tuple:
        return tuple(_built(get_args(shape)[0], each) for each in value)
    if dataclasses.is_dataclass(shape):
        hints = get_type_hints(shape)
        return shape(**{name: _built(hints[name], each) for name, each in value.items()})  # type: ignore[operator]  # a class
    if shape in {date, datetime}:
        return shape.fromisoformat(value)
    return shape(value) if isinstance(shape, type) and issubclass(shape, StrEnum) else value
