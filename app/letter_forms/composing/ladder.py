"""The letters of the ladder that go to whom it concerns: 函告, 通报 (per case and monthly), 曝光, 移交."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final

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
from app.letter_forms.content import FormLayout, Item, ItemList, LetterContent, Table
from app.letter_forms.payload import in_words
from app.regulation.vocabulary import EpisodeCause, HazardLevel, LetterKind

_CAUSES: Final = MappingProxyType(
    {
        EpisodeCause.OVERDUE: "逾期未完成整改",
        EpisodeCause.SLOW: "整改进展缓慢",
        EpisodeCause.LATE_DUTY: "未在规定时限内办理",
        EpisodeCause.UNANSWERED: "逾期未复函",
        EpisodeCause.TOO_MANY: "同时逾期项数较多",
    }
)
_PUBLIC: Final = ("number", "enterprise", "place", "circumstances", "due_on", "department")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """What is late: which hazards, by what causes, as of which day."""

    items: tuple[Item, ...]
    as_of: date
    causes: tuple[EpisodeCause, ...] = (EpisodeCause.OVERDUE,)
    level: HazardLevel = HazardLevel.MAJOR

    @property
    def cause(self) -> str:
        """The causes in words, each once."""
        return "、".join(dict.fromkeys(_CAUSES[each] for each in self.causes))


def after_steps(steps: tuple[str, ...], rest: str) -> str:
    """经函告、通报仍未完成整改: what was done before, where it was done."""
    return f"，经{'、'.join(steps)}{rest}" if steps else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeLetter:
    """函告, to whoever regulates, or to whoever rectifies."""

    delay: Delay
    reply_due_on: date
    rectifies: bool = False
    """Whether the addressee is the responsible party, not its regulator."""
    requirements: tuple[str, ...] = ()
    """Beside the standing one; by hand."""
    basis: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Circular:
    """通报 of a case: the named organisations, what is late, until when they report."""

    delay: Delay
    named: tuple[str, ...]
    """被通报单位."""
    report_due_on: date
    findings: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    basis: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlyCircular:
    """月通报: figures as published in the bulletin, rates as text with their one decimal."""

    year: int
    month: int
    area: str
    found: int
    closed: int
    remaining: int
    overdue: int
    clearance_rate: str
    by_unit: tuple[tuple[str, ...], ...] = ()
    """Rows of unit, found, closed, open, overdue, rate."""
    items: tuple[Item, ...] = ()
    """What is overdue."""
    findings: tuple[str, ...] = ()
    requirements: tuple[str, ...] = field(default=("请各有关单位对照清单逐项落实整改责任，限期整改到位",))


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureWarning:
    """曝光告知: before anything is made public, with days to answer (陈述申辩)."""

    delay: Delay
    medium: str
    answer_due_on: date
    steps: tuple[str, ...] = ("函告", "通报", "约谈")
    """What was served before."""
    basis: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureNotice:
    """曝光公告: enterprises and hazards, never a natural person."""

    delay: Delay
    taken_down_on: date | None = None
    steps: tuple[str, ...] = ("函告", "通报", "约谈")
    """What was served before."""
    requirements: tuple[str, ...] = ()
    basis: str = ""


class Receiver(StrEnum):
    """To whom a case is handed over."""

    DISCIPLINE = "discipline"
    PROCURATORATE = "procuratorate"
    POLICE = "police"
    DEPARTMENT = "department"


_RECEIVERS: Final = MappingProxyType(
    {
        Receiver.DISCIPLINE: ("《中华人民共和国监察法》关于移送问题线索的规定", "履行监管职责不力的问题线索"),
        Receiver.PROCURATORATE: ("《中华人民共和国安全生产法》第七十四条", "重大事故隐患公益诉讼案件线索"),
        Receiver.POLICE: (
            "《行政执法机关移送涉嫌犯罪案件的规定》（中华人民共和国国务院令第310号）",
            "涉嫌犯罪案件线索",
        ),
        Receiver.DEPARTMENT: ("《中华人民共和国安全生产法》第六十九条", "重大事故隐患监管事项"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral:
    """移交函."""

    delay: Delay
    receiver: Receiver
    facts: tuple[str, ...]
    """What was done before, and what is handed over."""
    basis: str = ""


def notice_letter(head: Letterhead, matter: NoticeLetter) -> LetterContent:
    """函告, in 信函格式."""
    delay, word = matter.delay, matter.delay.level.label
    opening = (
        f"截至{in_words(delay.as_of)}，由贵单位负责{'整改' if matter.rectifies else '监管'}的"
        f"{word}中有{len(delay.items)}项{delay.cause}。"
        f"依据{cited(LetterKind.NOTICE_LETTER, matter.basis)}，现将有关情况函告如下。"
    )
    duty = "切实履行主体责任，" if matter.rectifies else "切实履行监管职责，督促责任单位"
    standing = (
        f"请贵单位{duty}逐项落实整改责任、措施、资金、时限和预案，加快整改进度；隐患消除前，严格落实安全管控措施。"
        f"请于{in_words(matter.reply_due_on)}前将{'' if matter.rectifies else '督促'}整改情况书面函复{head.ourselves}。"
    )
    body = sections(
        ("基本情况", [told(delay.items, word)]),
        ("有关要求", [standing, *(f"{bare(each)}。" for each in matter.requirements)]),
    )
    last = "逾期未函复或者整改仍无明显进展的，将按照规定予以通报、约谈。"
    words = Words(
        title=f"关于{word}{delay.cause}的函",
        paragraphs=(*prose(opening), *body, *prose(last, "特此函告，请予函复。")),
        lists=behind(delay.items, f"{delay.cause}的{word}清单"),
    )
    return letter(LetterKind.NOTICE_LETTER, head, words)


def circular(head: Letterhead, matter: Circular) -> LetterContent:
    """通报 of a case, in 文件格式."""
    delay, word = matter.delay, matter.delay.level.label
    opening = (
        f"截至{in_words(delay.as_of)}，{'、'.join(matter.named)}负责监管或者整改的{word}中有{len(delay.items)}项{delay.cause}。"
        f"依据{cited(LetterKind.CIRCULAR, matter.basis)}，现将有关情况通报如下。"
    )
    standing = (
        f"被通报单位要深刻查找原因，明确整改责任人和完成时限，并于{in_words(matter.report_due_on)}前"
        f"向{head.ourselves}书面报告整改情况。"
    )
    others = "各地区、各部门和各单位要引以为戒，对照检查，落实重大事故隐患动态清零要求。"
    body = sections(
        ("基本情况", [told(delay.items, word)]),
        ("存在问题", enumerated(matter.findings)),
        ("工作要求", enumerated((standing, *matter.requirements, others))),
    )
    words = Words(
        title=f"关于{word}{delay.cause}情况的通报",
        paragraphs=(*prose(opening), *body, *prose("特此通报。")),
        lists=behind(delay.items, f"{delay.cause}的{word}清单"),
    )
    return letter(LetterKind.CIRCULAR, head, words)


def monthly_circular(head: Letterhead, matter: MonthlyCircular) -> LetterContent:
    """月通报, in 文件格式."""
    month = f"{matter.year}年{matter.month}月"
    overview = (
        f"截至{month}底，{matter.area}累计排查重大事故隐患{matter.found}项，已整改销号{matter.closed}项，"
        f"尚未销号{matter.remaining}项，清零率{matter.clearance_rate}；其中逾期未完成整改{matter.overdue}项。"
    )
    tables = (
        Table(
            title=f"{month}各地区重大事故隐患清零情况",
            heads=("地区", "排查（项）", "已销号（项）", "未销号（项）", "逾期（项）", "清零率"),
            rows=matter.by_unit,
        ),
    )
    body = sections(
        ("总体情况", [overview]),
        ("存在问题", enumerated(matter.findings)),
        ("工作要求", enumerated(matter.requirements)),
    )
    words = Words(
        title=f"关于{month}重大事故隐患动态清零情况的通报",
        paragraphs=(*prose(f"现将{month}{matter.area}重大事故隐患动态清零情况通报如下。"), *body),
        tables=tables if matter.by_unit else (),
        lists=(ItemList(title="逾期未完成整改的重大事故隐患清单", items=matter.items),) if matter.items else (),
    )
    return letter(LetterKind.CIRCULAR, head, words)


def exposure_warning(head: Letterhead, matter: ExposureWarning) -> LetterContent:
    """曝光告知书, in 信函格式."""
    delay, word = matter.delay, matter.delay.level.label
    opening = (
        f"截至{in_words(delay.as_of)}，你单位{word}{len(delay.items)}项{delay.cause}"
        f"{after_steps(matter.steps, '仍未完成整改')}。"
        f"依据{cited(LetterKind.EXPOSURE_NOTICE, matter.basis)}，{head.ourselves}拟在{matter.medium}予以公开曝光。"
    )
    answer = (
        f"你单位对拟曝光的事实、理由和依据有陈述、申辩权利。请于{in_words(matter.answer_due_on)}前向{head.ourselves}书面提出；"
        "逾期未提出的，视为没有异议。"
    )
    words = Words(
        title="关于拟对重大事故隐患予以公开曝光的告知书",
        paragraphs=prose(opening, told(delay.items, word), answer, "特此告知。"),
        lists=behind(delay.items, f"拟公开曝光的{word}清单"),
        layout=FormLayout.LETTER,
    )
    return letter(LetterKind.EXPOSURE_NOTICE, head, words)


def exposure_notice(head: Letterhead, matter: ExposureNotice) -> LetterContent:
    """曝光公告, to nobody in particular."""
    delay, word = matter.delay, matter.delay.level.label
    opening = (
        f"截至{in_words(delay.as_of)}，下列{word}{delay.cause}"
        f"{after_steps(matter.steps, '仍未完成整改')}，并已告知责任单位陈述、申辩。"
        f"依据{cited(LetterKind.EXPOSURE_NOTICE, matter.basis)}，现予以公开曝光。"
    )
    until = f"本公告公布至{in_words(matter.taken_down_on)}；" if matter.taken_down_on else ""
    last = f"{until}隐患整改销号后，将及时公布整改结果。欢迎社会各界监督，举报电话：12350。"
    words = Words(
        title=f"关于公开曝光{delay.cause}{word}的公告",
        paragraphs=prose(opening, told(delay.items, word), *enumerated(matter.requirements), last, "特此公告。"),
        lists=behind(delay.items, f"公开曝光的{word}清单", _PUBLIC),
    )
    return letter(LetterKind.EXPOSURE_NOTICE, head, words)


def referral(head: Letterhead, matter: Referral) -> LetterContent:
    """移交函, in 信函格式."""
    delay, word = matter.delay, matter.delay.level.label
    basis, what = _RECEIVERS[matter.receiver]
    opening = (
        f"截至{in_words(delay.as_of)}，下列{word}{delay.cause}。"
        f"依据{matter.basis or basis}，现将{what}移交贵单位，请依法依规处理。"
    )
    body = sections(
        ("基本情况", [told(delay.items, word)]),
        ("已经采取的措施和移交事项", enumerated(matter.facts)),
    )
    last = f"处理结果请函告{head.ourselves}。"
    words = Words(
        title=f"关于移交{word}有关问题线索的函"
        if matter.receiver is not Receiver.DEPARTMENT
        else f"关于移交{word}监管事项的函",
        paragraphs=(*prose(opening), *body, *prose(last)),
        lists=behind(delay.items, f"移交的{word}清单"),
    )
    return letter(LetterKind.REFERRAL_LETTER, head, words)
