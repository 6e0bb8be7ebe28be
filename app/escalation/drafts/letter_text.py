"""What a night's letter says before anybody has touched it: title and paragraphs by kind of episode and of letter.

Plain words; numbers, dates of issue and the list itself are the form's. Counts stand in the list, not in the text.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Final

from app.regulation.vocabulary import EpisodeKind, LetterKind, Rung

LETTER_OF_RUNG: Final[Mapping[Rung, LetterKind]] = MappingProxyType(
    {
        Rung.NOTICE_LETTER: LetterKind.NOTICE_LETTER,
        Rung.CIRCULAR: LetterKind.CIRCULAR,
        Rung.SUMMONS: LetterKind.SUMMONS_NOTICE,
        Rung.EXPOSURE: LetterKind.EXPOSURE_NOTICE,
        Rung.REFERRAL: LetterKind.REFERRAL_LETTER,
    }
)
_ABOUT: Final = {
    EpisodeKind.TERM: "事故隐患整改逾期或者进展缓慢",
    EpisodeKind.DUTY: "事故隐患监管事项逾期未办理",
    EpisodeKind.REPLY: "有关公文逾期未复函",
    EpisodeKind.AGGREGATE: "逾期未销号事故隐患较多",
}
_TITLES: Final = {
    LetterKind.NOTICE_LETTER: "关于{about}的函",
    LetterKind.CIRCULAR: "关于{about}的通报",
    LetterKind.SUMMONS_NOTICE: "关于就{about}进行约谈的通知",
    LetterKind.EXPOSURE_NOTICE: "关于曝光{about}情况的公告",
    LetterKind.REFERRAL_LETTER: "关于移交{about}问题线索的函",
}
_ASKS: Final = {
    LetterKind.NOTICE_LETTER: "请采取措施,督促落实整改责任,尽快消除隐患,并按期书面回复办理情况。",
    LetterKind.CIRCULAR: "现予通报。请认真分析原因,切实整改,并按期书面报告整改情况。",
    LetterKind.SUMMONS_NOTICE: "现就上述事项进行约谈,请主要负责人携带有关材料参加;时间、地点另行通知。",
    LetterKind.EXPOSURE_NOTICE: "现依照规定予以曝光,请社会各界监督。",
    LetterKind.REFERRAL_LETTER: "现将有关问题线索移交,请依纪依法处理。",
}


@dataclass(frozen=True, slots=True)
class Worded:
    """A draft's own words."""

    title: str
    body: dict[str, Any]


def documents_in(basis: str) -> str:
    """What of a rule's basis a letter may cite: published documents, not the office's own proposals nor its models."""
    parts = (one.strip() for one in basis.replace("；", ";").split(";"))
    return ";".join(
        one for one in parts if one and not one.startswith("参照") and "建议值" not in one and "不得启用" not in one
    )


def worded(kind: LetterKind, about: EpisodeKind, night: date, basis: str) -> Worded:
    """Title and paragraphs; `basis`: the rung's article, as the edition cites it."""
    title = _TITLES[kind].format(about=_ABOUT[about])
    opening = f"截至{night.year}年{night.month}月{night.day}日,所附清单列明的{_ABOUT[about]}。"
    cited = documents_in(basis)
    texts = (opening, *([f"依据:{cited}。"] if cited else ()), _ASKS[kind])
    return Worded(title, {"paragraphs": [{"text": one, "role": "body"} for one in texts]})
