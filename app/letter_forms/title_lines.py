"""A title in lines of nearly one length that end between words, as GB/T 9704-2012 asks (7.3.1: 词意完整)."""

import re
from functools import cache
from math import ceil
from typing import Final

_WIDEST: Final = 19.0
"""Characters of 22 pt on a line of 156 mm, one left free."""
_MOST_LINES: Final = 4
"""A longer title is no title; it is left to break where it must."""
_WORDS: Final = re.compile(
    "重大事故隐患|重点隐患|事故隐患|隐患|逾期未完成整改|整改进展缓慢|未在规定时限内办理|逾期未复函|同时逾期项数较多|挂牌督办|动态清零|"
    "清零情况|排查整治|岁末年初|约谈通知|约谈纪要|公开曝光|问题线索|监管事项|警示提醒函?|督促函|交办单|有限责任公司|有限公司|"
    r"(?:第?[0-9]+)?煤矿|验收销号|审批表|告知书|清单|通报|通知|公告|关于|有关|进一步|安全生产|委员会|办公室|市安委办|"
    r"[0-9]+年(?:[0-9]+月)?(?:[0-9]+日)?|[!-~]+"
)
_NEVER_FIRST: Final = frozenset("，。、；：？！）》〉”’」』】〕的")
_NEVER_LAST: Final = frozenset("（《〈“‘「『【〔")


def title_lines(title: str) -> tuple[str, ...]:
    """The title's lines; one that fits one line, or would need more than four, stays whole."""
    count = ceil(_width(title) / _WIDEST)
    if not 1 < count <= _MOST_LINES:
        return (title,)
    places = [0, *_breaks(title), len(title)]

    @cache
    def best(start: int, lines: int) -> tuple[float, tuple[int, ...]]:
        """Least unevenness of what follows a place, and where its lines end."""
        if lines == 1:
            return _cost(title[places[start] :], count, title), (len(title),)
        found = []
        for end in range(start + 1, len(places) - 1):
            rest, ends = best(end, lines - 1)
            found.append((_cost(title[places[start] : places[end]], count, title) + rest, (places[end], *ends)))
        return min(found, default=(float("inf"), (len(title),)))

    cost, ends = min(best(0, count), best(0, count + 1))
    if cost == float("inf"):
        return (title,)
    return tuple(title[start:end] for start, end in zip((0, *ends), ends, strict=False))


def _width(text: str) -> float:
    return sum(0.55 if letter.isascii() else 1.0 for letter in text)


def _cost(line: str, count: int, title: str) -> float:
    width = _width(line)
    return float("inf") if width > _WIDEST else (width - _width(title) / count) ** 2


def _breaks(title: str) -> list[int]:
    """Where a line may end: not within a word known, not before closing nor behind opening punctuation."""
    inside = {place for word in _WORDS.finditer(title) for place in range(word.start() + 1, word.end())}
    return [
        place
        for place in range(1, len(title))
        if place not in inside and title[place] not in _NEVER_FIRST and title[place - 1] not in _NEVER_LAST
    ]
