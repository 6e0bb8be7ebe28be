"""The legal basis each kind of letter cites unless its office gives another (domain notes 3.1 to 3.5, 7)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from app.regulation.vocabulary import LetterKind

_LAW: Final = "《中华人民共和国安全生产法》"
_RULES: Final = "《安全生产事故隐患排查治理暂行规定》（原国家安全生产监督管理总局令第16号）"
_PROGRAMME: Final = "安全生产治本攻坚三年行动对整改进展缓慢的重大事故隐患及时采取函告、通报、约谈、曝光等措施的要求"
_TALKS: Final = "《安全生产约谈实施办法（试行）》（安委〔2018〕2号）"

BASIS: Final[Mapping[LetterKind, str]] = MappingProxyType(
    {
        LetterKind.SUPERVISION_NOTICE: f"{_LAW}第四十一条和{_RULES}第二十条",
        LetterKind.NOTICE_LETTER: f"{_LAW}第四十一条和{_PROGRAMME}",
        LetterKind.CIRCULAR: f"{_LAW}第四十一条和{_PROGRAMME}",
        LetterKind.SUMMONS_NOTICE: f"{_LAW}第四十一条和{_TALKS}",
        LetterKind.SUMMONS_MINUTES: f"{_LAW}第四十一条和{_TALKS}",
        LetterKind.EXPOSURE_NOTICE: f"{_LAW}第四十一条和{_PROGRAMME}",
        LetterKind.REFERRAL_LETTER: f"{_LAW}第六十九条",
        LetterKind.WARNING_REMINDER: f"{_LAW}第四十一条和安全生产警示提醒工作机制",
        LetterKind.URGING_LETTER: f"{_LAW}第四十一条和安全生产督查督办工作机制",
        LetterKind.ASSIGNMENT_ORDER: f"{_LAW}第四十一条和安全生产督办交办工作制度",
        LetterKind.CLOSING_NOTICE: f"{_LAW}第四十一条和{_RULES}第二十三条",
        LetterKind.DELISTING_NOTICE: f"{_LAW}第四十一条和{_RULES}第二十三条",
        LetterKind.CLOSING_APPROVAL_FORM: f"{_LAW}第四十一条和{_RULES}第二十三条",
    }
)


def cited(kind: LetterKind, own: str) -> str:
    """What the letter cites: the office's own basis where it gave one."""
    return own or BASIS[kind]
