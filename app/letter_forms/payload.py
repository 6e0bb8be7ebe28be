"""A letter's content as the words that stand on the paper: what both forms, typst's and Word's, are filled from.

Every value is text, a list or a truth; nothing is left for a template to compute. Keys are the names that
`docs/letters.md` gives to clerks.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

from app.letter_forms.content import FormLayout, Item, ItemList, LetterContent, Paragraph, SignatureLine, Table
from app.letter_forms.punctuation import document_number, full_width, visible
from app.letter_forms.title_lines import title_lines

DRAFT_NUMBER: Final = "未编号"
CLOCK_NOTICE: Final = "演示时钟：本件日期出自可以拨动的演示时钟，不具有公文效力"
_SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
_NOTHING: Final = "—"
_LEVELS: Final = "零一二三四五六七八九"
_MASTHEAD_ENDINGS: Final = MappingProxyType({FormLayout.DOCUMENT: "文件", FormLayout.MINUTES: "约谈纪要"})


@dataclass(frozen=True, slots=True)
class _Column:
    label: str
    share: float
    """Of the list's width, beside the other columns' shares."""
    text: Callable[[Item], str]


def _days(item: Item) -> str:
    return _NOTHING if item.overdue_days is None else f"{item.overdue_days}"


_COLUMNS: Final[Mapping[str, _Column]] = MappingProxyType(
    {
        "number": _Column("台账编号", 2.4, lambda item: visible(item.number)),
        "enterprise": _Column("责任单位", 2.8, lambda item: visible(item.enterprise)),
        "place": _Column("部位", 1.9, lambda item: full_width(item.place)),
        "circumstances": _Column("隐患内容", 4.0, lambda item: full_width(item.circumstances)),
        "due_on": _Column("整改期限", 2.3, lambda item: iso_or_dash(item.due_on)),
        "overdue_days": _Column("逾期天数", 1.0, _days),
        "department": _Column("监管责任部门", 2.1, lambda item: visible(item.department)),
        "unit": _Column("旗区", 1.6, lambda item: visible(item.unit)),
        "note": _Column("备注", 1.9, lambda item: full_width(item.note)),
    }
)
ITEM_COLUMNS: Final = frozenset(_COLUMNS)
"""The names that `ItemList.columns` may give."""


def in_words(day: date) -> str:
    """2026年11月2日: without noughts before month and day (GB/T 9704-2012, 7.3.5.4)."""
    return f"{day.year}年{day.month}月{day.day}日"


def iso_or_dash(day: date | None) -> str:
    """2026-11-02, as a list's narrow column has it."""
    return _NOTHING if day is None else day.isoformat()


def printable(content: LetterContent) -> dict[str, Any]:
    """The words of the letter. Raises KeyError for a list's column that does not exist."""
    behind = [*(_table(each) for each in content.tables), *(_list(each) for each in content.lists)]
    names = [*(each["title"] for each in behind), *content.attachments]
    return {
        "kind": content.kind.value,
        "layout": content.layout.value,
        "masthead": _masthead(content),
        "issuer": visible(content.issuer),
        "number": DRAFT_NUMBER if content.number is None else document_number(content.number),
        "is_draft": content.is_draft,
        "signatory": visible(content.signatory),
        "title": full_width(content.title),
        "title_lines": list(title_lines(full_width(content.title))),
        "addressees": _addressees(content),
        "paragraphs": [_paragraph(each) for each in content.paragraphs if visible(each.text)],
        "particulars": [
            {"label": full_width(each.label), "value": full_width(each.value)} for each in content.particulars
        ],
        "lists": behind,
        "attachments": [_numbered(names, position) for position in range(len(names))],
        "dated": "" if content.dated is None else in_words(content.dated),
        "remark": _remark(content),
        "copies": f"{'，'.join(visible(each) for each in content.copies)}。" if content.copies else "",
        "imprint_office": visible(content.imprint.office) if content.imprint else "",
        "imprint_date": f"{in_words(content.imprint.printed_on)}印发" if content.imprint else "",
        "signatures": [_signature(each) for each in content.signatures],
        "content_sha256": visible(content.content_sha256),
        "standing_authorisation": _standing(content),
        "clock_notice": CLOCK_NOTICE if content.clock_is_movable else "",
    }


def _masthead(content: LetterContent) -> str:
    return f"{visible(content.issuer)}{_MASTHEAD_ENDINGS.get(content.layout, '')}"


def _addressees(content: LetterContent) -> str:
    return f"{'，'.join(visible(each) for each in content.addressees)}：" if content.addressees else ""


def _paragraph(paragraph: Paragraph) -> dict[str, str]:
    return {"role": paragraph.role.value, "text": full_width(paragraph.text)}


def _numbered(names: list[str], position: int) -> str:
    """附件名称: numbered where there are several, without punctuation at the end (7.3.4)."""
    name = full_width(names[position]).rstrip("。；，")
    return f"{position + 1}. {name}" if len(names) > 1 else name


def _list(source: ItemList) -> dict[str, Any]:
    columns = [_COLUMNS[name] for name in source.columns]
    rows = [
        [str(row), *(column.text(item) or _NOTHING for column in columns)] for row, item in enumerate(source.items, 1)
    ]
    return {
        "title": full_width(source.title),
        "title_lines": list(title_lines(full_width(source.title))),
        "heads": ["序号", *(column.label for column in columns)],
        "shares": [0.9, *(column.share for column in columns)],
        "rows": [{"cells": row} for row in rows],
    }


def _table(source: Table) -> dict[str, Any]:
    return {
        "title": full_width(source.title),
        "title_lines": list(title_lines(full_width(source.title))),
        "heads": [full_width(head) for head in source.heads],
        "shares": [1.0 for _ in source.heads],
        "rows": [{"cells": [full_width(cell) or _NOTHING for cell in row]} for row in source.rows],
    }


def _signature(line: SignatureLine) -> dict[str, Any]:
    local = line.signed_at.astimezone(_SHANGHAI) if line.signed_at else None
    post = visible(line.post)
    return {
        "level": f"第{_LEVELS[line.level] if line.level < len(_LEVELS) else line.level}级",
        "organisation": visible(line.organisation),
        "post": f"{post}（代{visible(line.acting_for)}签）" if line.acting_for else post,
        "signer": visible(line.signer),
        "opinion": full_width(line.opinion),
        "signed_at": f"{in_words(local.date())} {local:%H:%M}" if local else "",
        "manner": _manner(line),
    }


def _manner(line: SignatureLine) -> str:
    if line.signed_at is None:
        return "未签字"
    return "纸质签字（由登记员据扫描件录入）" if line.on_paper else "电子签字"


def _remark(content: LetterContent) -> str:
    """附注: in round brackets below the date (7.3.6)."""
    if content.contact is None:
        return ""
    return f"（联系人：{visible(content.contact.person)}，电话：{visible(content.contact.telephone)}）"


def _standing(content: LetterContent) -> str:
    if content.standing_authorisation is None:
        return ""
    return f"本件依常设授权签发，授权依据：{full_width(content.standing_authorisation).rstrip('。')}。"
