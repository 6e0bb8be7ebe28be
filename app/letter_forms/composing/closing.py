"""The end of a hazard: 验收销号审批表 with its chain, 销号通知, 摘牌通知 (16号令 art. 23; 指导意见三(三)14)."""

from dataclasses import dataclass
from datetime import date

from app.letter_forms.composing.basis import cited
from app.letter_forms.composing.letterhead import Letterhead, Words, as_sheet, bare, letter, prose
from app.letter_forms.content import Item, LetterContent, Paragraph, Particular, SignatureLine
from app.letter_forms.payload import in_words
from app.regulation.vocabulary import HazardLevel, LetterKind, Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingNotice:
    """销号通知."""

    item: Item
    verified_on: date
    closed_on: date
    level: HazardLevel = HazardLevel.MAJOR
    revisit_days: int | None = None
    basis: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DelistingNotice:
    """摘牌通知: a public act of its own after the closing."""

    item: Item
    listing_number: str
    """发文字号 of the 督办通知书."""
    supervision_name: str
    closed_on: date
    publication: str = ""
    basis: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingApprovalForm:
    """验收销号审批表: what was signed, by which posts, under which hash. Dates as recorded, None where unknown."""

    item: Item
    responsible_party: str
    determination: str
    requirements: str
    listed_on: date | None
    declaration: str
    verification: str
    signatures: tuple[SignatureLine, ...]
    content_sha256: str
    purpose: Purpose = Purpose.CLOSING
    level: HazardLevel = HazardLevel.MAJOR


def closing_notice(head: Letterhead, matter: ClosingNotice) -> LetterContent:
    """销号通知, in 文件格式."""
    item, word = matter.item, matter.level.label
    opening = (
        f"{item.enterprise}{item.place}{word}（台账编号：{item.number}）：{bare(item.circumstances)}。"
        f"经{in_words(matter.verified_on)}现场核查，整改合格；审批手续已于{in_words(matter.closed_on)}完成四级签字。"
        f"依据{cited(LetterKind.CLOSING_NOTICE, matter.basis)}，同意销号。"
    )
    revisit = f"{head.ourselves}将自销号之日起{matter.revisit_days}日内组织督导回访。" if matter.revisit_days else ""
    duty = f"请责任单位巩固整改成果，举一反三，防止同类隐患复发。{revisit}"
    words = Words(title=f"关于{item.enterprise}{word}销号的通知", paragraphs=prose(opening, duty, "特此通知。"))
    return letter(LetterKind.CLOSING_NOTICE, head, words)


def delisting_notice(head: Letterhead, matter: DelistingNotice) -> LetterContent:
    """摘牌通知, in 文件格式."""
    item = matter.item
    opening = (
        f"{item.enterprise}{item.place}重大事故隐患（台账编号：{item.number}）由《挂牌督办通知书》（{matter.listing_number}）"
        f"列为{matter.supervision_name}挂牌督办。该隐患已完成整改，并于{in_words(matter.closed_on)}经四级签字销号。"
        f"依据{cited(LetterKind.DELISTING_NOTICE, matter.basis)}，决定解除挂牌督办，予以摘牌。"
    )
    public = f"{bare(matter.publication)}。" if matter.publication else ""
    words = Words(
        title=f"关于解除{item.enterprise}重大事故隐患挂牌督办的通知", paragraphs=prose(opening, public, "特此通知。")
    )
    return letter(LetterKind.DELISTING_NOTICE, head, words)


def closing_approval_form(head: Letterhead, matter: ClosingApprovalForm) -> LetterContent:
    """验收销号审批表; for a withdrawal or a cessation its title says so. A form has no addressee and no copies."""
    item = matter.item
    rows = (
        ("责任单位", matter.responsible_party),
        ("台账编号", item.number),
        ("隐患部位", item.place),
        ("隐患内容", item.circumstances),
        ("判定依据", matter.determination),
        ("挂牌日期", in_words(matter.listed_on) if matter.listed_on else "不详"),
        ("整改期限", in_words(item.due_on) if item.due_on else "不详"),
        ("整改要求", matter.requirements),
        ("整改完成报告", matter.declaration),
        ("现场核查", matter.verification),
        ("监管责任部门", item.department),
    )
    paper = any(line.on_paper for line in matter.signatures)
    note = "注：标明“纸质签字”的，以载有上述摘要的纸质审批表为准，其余各级为经再次认证的电子签字。" if paper else ""
    words = Words(
        title=f"{matter.level.label}{matter.purpose.label}审批表",
        paragraphs=(Paragraph(note),) if note else (),
        particulars=tuple(Particular(label, value) for label, value in rows if value),
        signatures=matter.signatures,
        content_sha256=matter.content_sha256,
    )
    return letter(LetterKind.CLOSING_APPROVAL_FORM, as_sheet(head), words)
