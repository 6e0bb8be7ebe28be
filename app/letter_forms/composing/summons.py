"""约谈: the notice that invites, and the 纪要 that tells what was said (安委〔2018〕2号)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from app.letter_forms.composing.basis import cited
from app.letter_forms.composing.ladder import Delay, after_steps
from app.letter_forms.composing.letterhead import (
    Letterhead,
    Words,
    behind,
    enumerated,
    letter,
    prose,
    sections,
    told,
)
from app.letter_forms.content import LetterContent, Particular
from app.letter_forms.payload import in_words
from app.regulation.vocabulary import LetterKind

_SHANGHAI: Final = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True, kw_only=True)
class SummonsNotice:
    """约谈通知: when (an aware instant), where, who leads, who must come; no delegate."""

    delay: Delay
    held_at: datetime
    place: str
    host: str
    """主持人, by post."""
    invited: str
    """被约谈人, by post."""
    materials: str = "整改情况书面材料"
    steps: tuple[str, ...] = ("函告", "通报")
    """What was served before; nothing where a leader orders the talk."""
    report_working_days: int = 5
    basis: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SummonsMinutes:
    """约谈纪要: who was there, by post, and what each side said."""

    delay: Delay
    held_at: datetime
    place: str
    host: str
    present: tuple[str, ...]
    recorder: str
    findings: tuple[str, ...]
    """约谈方指出."""
    statements: tuple[str, ...]
    """被约谈方表态."""
    requirements: tuple[str, ...]
    report_due_on: date
    absent: tuple[str, ...] = ()
    basis: str = ""


def summons_notice(head: Letterhead, matter: SummonsNotice) -> LetterContent:
    """约谈通知, in 信函格式."""
    delay, word = matter.delay, matter.delay.level.label
    opening = (
        f"截至{in_words(delay.as_of)}，贵单位负责监管或者整改的{word}中有{len(delay.items)}项{delay.cause}"
        f"{after_steps(matter.steps, '仍未完成整改')}。"
        f"依据{cited(LetterKind.SUMMONS_NOTICE, matter.basis)}，决定对贵单位进行约谈。现将有关事项通知如下。"
    )
    asked = (
        f"请携带{matter.materials}。约谈结束后{matter.report_working_days}个工作日内，"
        f"将整改措施和落实情况书面报告{head.ourselves}；整改不力的，将按照规定进一步处理。"
    )
    body = sections(
        ("约谈事由", [told(delay.items, word)]),
        ("约谈时间和地点", [f"时间：{at(matter.held_at)}；地点：{matter.place}。"]),
        (
            "参加人员",
            [
                f"约谈由{matter.host}主持。请{matter.invited}准时参加，不得委托他人代为参加；因故不能参加的，应当提前书面说明并另行约定时间。"
            ],
        ),
        (
            "有关要求",
            [asked],
        ),
    )
    words = Words(
        title=f"关于{word}{delay.cause}的约谈通知",
        paragraphs=(*prose(opening), *body),
        lists=behind(delay.items, f"约谈涉及的{word}清单"),
    )
    return letter(LetterKind.SUMMONS_NOTICE, head, words)


def summons_minutes(head: Letterhead, matter: SummonsMinutes) -> LetterContent:
    """约谈纪要, in 纪要格式."""
    delay, word = matter.delay, matter.delay.level.label
    opening = (
        f"{at(matter.held_at)}，{matter.host}在{matter.place}主持约谈。"
        f"依据{cited(LetterKind.SUMMONS_MINUTES, matter.basis)}，就{word}{delay.cause}问题进行了提醒、告诫，督促整改。"
        "现将约谈情况纪要如下。"
    )
    report = f"请被约谈单位于{in_words(matter.report_due_on)}前将整改措施和落实情况书面报告{head.ourselves}。"
    body = sections(
        ("约谈事由", [told(delay.items, word)]),
        ("约谈指出的问题", enumerated(matter.findings)),
        ("被约谈单位表态", enumerated(matter.statements)),
        ("约谈要求", [*enumerated(matter.requirements), report]),
    )
    people = [Particular("主持", matter.host), Particular("出席", "，".join(matter.present))]
    if matter.absent:
        people.append(Particular("请假", "，".join(matter.absent)))
    words = Words(
        title=f"{word}{delay.cause}约谈纪要",
        paragraphs=(*prose(opening), *body),
        particulars=(*people, Particular("记录", matter.recorder)),
        lists=behind(delay.items, f"约谈涉及的{word}清单"),
    )
    return letter(LetterKind.SUMMONS_MINUTES, head, words)


def at(instant: datetime) -> str:
    """2026年11月25日9时30分, in Asia/Shanghai; the instant is aware."""
    local = instant.astimezone(_SHANGHAI)
    minutes = f"{local.minute}分" if local.minute else ""
    return f"{in_words(local.date())}{local.hour}时{minutes}"
