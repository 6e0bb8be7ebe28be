"""What the ladder's and the enforcement's numbers of an edition mean together; part of `edition_check`."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from app.regulation.edition_shapes import Finding, did_you_mean, list_of, rows_of
from app.regulation.vocabulary import Rung


def _ladder(raw: Mapping[str, Any]) -> Iterator[Finding]:
    rows = rows_of(raw, "ladder", "rungs")
    named = [row.get("rung") for _, row in rows]
    if named and named != list(Rung):
        yield Finding("ladder.rungs", "五档须齐全并按次序各一次", "依次为:" + "、".join(Rung))
    for (_, lower), (index, upper) in pairwise(rows):
        before, after = lower.get("threshold_days"), upper.get("threshold_days")
        if isinstance(before, int) and isinstance(after, int) and after <= before:
            path = f"ladder.rungs[{index}].threshold_days"
            yield Finding(path, f"{after} 日不晚于前一档的 {before} 日", "逐档增加天数")
    for index, row in rows:
        if row.get("rung") == Rung.NOTICE_LETTER and row.get("enabled") is False:
            yield Finding(f"ladder.rungs[{index}].enabled", "函告是第一档,不能停用", "改为 true")


def _reminders(raw: Mapping[str, Any]) -> Iterator[Finding]:
    ladder = raw.get("ladder")
    entry = ladder.get("reminder_days_before") if isinstance(ladder, Mapping) else None
    days = entry.get("value") if isinstance(entry, Mapping) else None
    if isinstance(days, list) and all(isinstance(one, int) for one in days) and days != sorted(days, reverse=True):
        yield Finding("ladder.reminder_days_before.value", "提前天数须由远到近", "写成 [15, 7, 3] 的次序")


def _counters(raw: Mapping[str, Any]) -> Iterator[Finding]:
    codes = tuple(str(row.get("code")) for _, row in rows_of(raw, "sectors"))
    seen: dict[str, int] = {}
    for index, row in rows_of(raw, "enforcement", "counters"):
        path, name = f"enforcement.counters[{index}]", str(row.get("name"))
        first = seen.setdefault(name, index)
        if first != index:
            yield Finding(f"{path}.name", f"“{name}”与 enforcement.counters[{first}] 重复", "改用不同的代号")
        for position, sector in enumerate(list_of(row, "sectors")):
            if isinstance(sector, str) and sector not in codes:
                yield Finding(f"{path}.sectors[{position}]", f"没有行业领域“{sector}”", did_you_mean(sector, codes))
        count, warn_at = row.get("count"), row.get("warn_at")
        if isinstance(count, int) and isinstance(warn_at, int) and warn_at >= count:
            yield Finding(f"{path}.warn_at", f"第 {warn_at} 次才提醒,不早于规定的 {count} 次", "改为更小的次数")


LADDER_MEANINGS: tuple[Callable[[Mapping[str, Any]], Iterable[Finding]], ...] = (
    _ladder,
    _reminders,
    _counters,
)
