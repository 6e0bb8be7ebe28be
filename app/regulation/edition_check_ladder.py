"""What the ladder's and the enforcement's numbers of an edition mean together; part of `edition_check`."""

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from app.regulation.edition_ladder import Issuer, LetterForm
from app.regulation.edition_shapes import Finding, did_you_mean, list_of, rows_of
from app.regulation.vocabulary import LetterKind, OrganisationKind, Party, PostKind, Rung

_OTHER_RUNGS = ("duty_rungs", "reply_rungs", "aggregate_rungs")
_OFFICE_CODE = re.compile(r"[\u4e00-\u9fff]{1,20}")
_ISSUING_POSTS: Mapping[str, frozenset[PostKind]] = {
    Issuer.LISTING_OFFICE: frozenset({PostKind.OFFICE_HEAD}),
    Issuer.LEAD_DEPARTMENT: frozenset({PostKind.PRINCIPAL_HEAD, PostKind.DEPUTY_HEAD}),
}
_KIND_OF_PARTY = {
    Party.ENTERPRISE: OrganisationKind.ENTERPRISE,
    Party.TOWNSHIP: OrganisationKind.TOWNSHIP,
    Party.LEAD_DEPARTMENT: OrganisationKind.REGULATOR,
    Party.HIGHER_DEPARTMENT: OrganisationKind.REGULATOR,
    Party.NAMED_AGENCY: OrganisationKind.AGENCY,
    Party.SAME_LEVEL_GOVERNMENT: OrganisationKind.GOVERNMENT,
}
_LATE_IN_ANY_EDITION = (
    (OrganisationKind.REGULATOR, PostKind.INSPECTOR),
    (OrganisationKind.REGULATOR, PostKind.PRINCIPAL_HEAD),
    (OrganisationKind.SAFETY_OFFICE, PostKind.OFFICE_HEAD),
)
"""Posts that the clocks make late whatever the chains are (`ladder_clocks.LATE_POSTS`, `issue`)."""


def _term_rungs(raw: Mapping[str, Any]) -> Iterator[Finding]:
    rows = rows_of(raw, "ladder", "rungs")
    named = [row.get("rung") for _, row in rows]
    if named and named != list(Rung):
        yield Finding("ladder.rungs", "五档须齐全并按次序各一次", "依次为:" + "、".join(Rung))
    yield from _thresholds("rungs", rows)
    for index, row in rows:
        if row.get("rung") == Rung.NOTICE_LETTER and row.get("enabled") is False:
            yield Finding(f"ladder.rungs[{index}].enabled", "函告是第一档,不能停用", "改为 true")


def _other_rungs(raw: Mapping[str, Any]) -> Iterator[Finding]:
    for name in _OTHER_RUNGS:
        rows = rows_of(raw, "ladder", name)
        named = [str(row.get("rung")) for _, row in rows]
        if named and named != [rung for rung in Rung if named.count(rung) == 1]:
            yield Finding(f"ladder.{name}", "各档须按次序、不重复", "次序为:" + "、".join(Rung))
        yield from _thresholds(name, rows)
        if rows and not any(row.get("enabled") is True for _, row in rows):
            yield Finding(f"ladder.{name}", "各档都已停用,逾期无人过问", "至少启用一档")


def _thresholds(name: str, rows: Iterable[tuple[int, Mapping[str, Any]]]) -> Iterator[Finding]:
    for (_, lower), (index, upper) in pairwise(rows):
        before, after = lower.get("threshold_days"), upper.get("threshold_days")
        if isinstance(before, int) and isinstance(after, int) and after <= before:
            path = f"ladder.{name}[{index}].threshold_days"
            yield Finding(path, f"{after} 日不晚于前一档的 {before} 日", "逐档增加天数")


def _reminders(raw: Mapping[str, Any]) -> Iterator[Finding]:
    ladder = raw.get("ladder")
    entry = ladder.get("reminder_days_before") if isinstance(ladder, Mapping) else None
    days = entry.get("value") if isinstance(entry, Mapping) else None
    if isinstance(days, list) and all(isinstance(one, int) for one in days) and days != sorted(days, reverse=True):
        yield Finding("ladder.reminder_days_before.value", "提前天数须由远到近", "写成 [15, 7, 3] 的次序")


def _superiors(raw: Mapping[str, Any]) -> Iterator[Finding]:
    for_all: dict[tuple[str, str], int] = {}
    for index, row in rows_of(raw, "ladder", "superiors"):
        pair = (str(row.get("organisation_kind")), str(row.get("post")))
        if pair in for_all:
            told = f"前面的 ladder.superiors[{for_all[pair]}] 已不限层级,这一条用不到"
            yield Finding(f"ladder.superiors[{index}]", told, "把限定层级的一条移到前面,或者删去")
        elif not list_of(row, "tiers"):
            for_all[pair] = index
    for kind, post in _posts_that_may_be_late(raw):
        if (kind, post) not in for_all:
            told = f"“{OrganisationKind(kind).label}”的“{PostKind(post).label}”逾期时没有上级可发函"
            yield Finding("ladder.superiors", told, f'补一条 organisation_kind = "{kind}"、post = "{post}"、tiers = []')


def _posts_that_may_be_late(raw: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Of the clocks, and of every level of every chain that is well-formed."""
    chains = raw.get("chains")
    named = chains.values() if isinstance(chains, Mapping) else ()
    levels = [level for chain in named if isinstance(chain, Mapping) for _, level in rows_of(chain, "levels")]
    late: list[tuple[str, str]] = list(_LATE_IN_ANY_EDITION)
    for level in levels:
        party, post = str(level.get("party")), str(level.get("post"))
        if party in tuple(Party) and post in tuple(PostKind):
            late.append((_KIND_OF_PARTY[Party(party)], post))
    return list(dict.fromkeys(late))


def _signatories(raw: Mapping[str, Any]) -> Iterator[Finding]:
    rows = rows_of(raw, "ladder", "signatories")
    yield from _repeated("signatories", ((index, row.get("letter")) for index, row in rows))
    named = [row.get("letter") for _, row in rows]
    for kind in LetterKind:
        if kind not in named:
            yield Finding("ladder.signatories", f"“{kind.label}”没有签发人", f'补一条 letter = "{kind.value}"')
    for index, row in rows:
        posts = _ISSUING_POSTS.get(str(row.get("issuer")))
        post = str(row.get("post"))
        if posts is not None and post in tuple(PostKind) and post not in posts:
            told = f"“{PostKind(post).label}”不能签发该机构的公文"
            yield Finding(f"ladder.signatories[{index}].post", told, "可用:" + "、".join(sorted(posts)))


def _office_codes(raw: Mapping[str, Any]) -> Iterator[Finding]:
    rows = rows_of(raw, "ladder", "office_codes")
    yield from _repeated("office_codes", ((index, row.get("organisation")) for index, row in rows))
    seen: dict[str, str] = {}
    for where, row in [(f"ladder.office_codes[{index}]", row) for index, row in rows]:
        for form in LetterForm:
            code = row.get(form.value)
            path = f"{where}.{form.value}"
            if isinstance(code, str) and code.strip() and not _OFFICE_CODE.fullmatch(code):
                yield Finding(path, f"“{code}”不是机关代字", "只写汉字,不写年份、括号和序号")
            if isinstance(code, str) and seen.setdefault(code, path) != path:
                yield Finding(path, f"“{code}”与 {seen[code]} 相同,两处会编出同一文号", "各机关代字不得相同")


def _replies(raw: Mapping[str, Any]) -> Iterator[Finding]:
    yield from _repeated("replies", ((index, row.get("letter")) for index, row in rows_of(raw, "ladder", "replies")))


def _repeated(name: str, values: Iterable[tuple[int, object]]) -> Iterator[Finding]:
    seen: dict[Hashable, int] = {}
    for index, value in values:
        first = seen.setdefault(str(value), index)
        if first != index:
            yield Finding(f"ladder.{name}[{index}]", f"“{value}”与 ladder.{name}[{first}] 重复", "只留一条")


def _authorisation(raw: Mapping[str, Any]) -> Iterator[Finding]:
    ladder = raw.get("ladder")
    given = ladder.get("standing_authorisation") if isinstance(ladder, Mapping) else None
    if not isinstance(given, Mapping):
        return
    issuing = [
        row.get("post")
        for _, row in rows_of(raw, "ladder", "signatories")
        if row.get("letter") == LetterKind.NOTICE_LETTER
    ]
    if issuing and given.get("post") not in issuing:
        told = "授权人不是函告的签发岗位,无权授权"
        yield Finding("ladder.standing_authorisation.post", told, f"改为 {issuing[0]}")


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
    _term_rungs,
    _other_rungs,
    _reminders,
    _superiors,
    _signatories,
    _office_codes,
    _replies,
    _authorisation,
    _counters,
)
