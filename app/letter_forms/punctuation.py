"""Full-width punctuation, as official letters have it (GB/T 15834), and text without what cannot be seen.

Prose goes through `full_width`; names, codes and numbers only through `visible`. Nothing between two digits or two
Latin letters is touched: decimals, times, thousands, ratios, dates, file names, addresses stay as they are.
"""

import re
import unicodedata
from typing import Final

_WIDE: Final = (
    r"\u3000-\u303f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef"
    r"\u2014\u2018-\u201d\u2026\U00020000-\U0003ffff"
)
"""Chinese characters and the punctuation that goes with them."""
_MARKS: Final = {",": "，", ";": "；", ":": "：", "?": "？", "!": "！"}
_MARK: Final = re.compile(rf"(?<=[{_WIDE}])[ ]*([,;:?!])[ ]*|[ ]*([,;:?!])[ ]*(?=[{_WIDE}])")
_STOP: Final = re.compile(rf"(?<=[{_WIDE}])\.(?=$|[\s{_WIDE}\"'])[ ]*")
_ELLIPSIS: Final = re.compile(rf"(?<=[{_WIDE}])(?:\.{{3,}}|。{{3,}})")
_DASH: Final = re.compile(rf"(?<=[{_WIDE}])--+(?=[{_WIDE}])")
_ROUND: Final = re.compile(r"\(([^()]*)\)")
_QUOTED: Final = (re.compile(r'"([^"]*)"'), re.compile(rf"(?<![A-Za-z0-9])'([^']*[{_WIDE}][^']*)'(?![A-Za-z0-9])"))
_YEAR_BRACKETS: Final = re.compile(r"\s*[\[(（【〔﹝［]\s*((?:19|20)\d\d)\s*[\])）】〕﹞］]\s*(?:第\s*)?(\d+)\s*号")
_HAS_WIDE: Final = re.compile(rf"[{_WIDE}]")
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Not Cn and Co: a character that this Python or the standard does not know is for the fonts to refuse, by name."""
_NO_CHARACTER: Final = 0xFFFE
_BLANK: Final = re.compile(r"[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")


def visible(text: str) -> str:
    """The text on one line without control, direction and other characters that nobody sees."""
    joined = _BLANK.sub(" ", text)
    return "".join(letter for letter in joined if _is_seen(letter)).strip()


def _is_seen(letter: str) -> bool:
    return unicodedata.category(letter) not in _INVISIBLE and ord(letter) & _NO_CHARACTER != _NO_CHARACTER


def document_number(text: str) -> str:
    """发文字号 with its year in 〔〕, without 第 and without a zero before the number; other text as it is."""
    return _YEAR_BRACKETS.sub(lambda found: f"〔{found[1]}〕{found[2].lstrip('0') or '0'}号", visible(text))


def full_width(text: str) -> str:
    """Prose with its punctuation in full width where it stands by Chinese text; applying it twice changes nothing."""
    prose, widened = text, _widened(text)
    while widened != prose:  # a mark made wide may stand by another one; each turn leaves fewer narrow ones
        prose, widened = widened, _widened(widened)
    return prose


def _widened(text: str) -> str:
    prose = _DASH.sub("——", _ELLIPSIS.sub("……", document_number(text)))
    prose = _quoted(_rounded(prose))
    prose = _MARK.sub(lambda found: _MARKS[found[1] or found[2]], prose)
    return _STOP.sub("。", prose)


def _rounded(text: str) -> str:
    """Round brackets by pairs, so that one half never stays behind."""

    def widened(found: re.Match[str]) -> str:
        around = text[max(found.start() - 1, 0) : found.start()] + text[found.end() : found.end() + 1]
        if _HAS_WIDE.search(found[1]) or _HAS_WIDE.search(around):
            return f"（{found[1]}）"
        return found[0]

    return _ROUND.sub(widened, text)


def _quoted(text: str) -> str:
    double, single = _QUOTED

    def widened(found: re.Match[str]) -> str:
        around = text[max(found.start() - 1, 0) : found.start()] + text[found.end() : found.end() + 1]
        return f"“{found[1]}”" if _HAS_WIDE.search(found[1] + around) else found[0]

    return single.sub(r"‘\1’", double.sub(widened, text))
