"""`qingling edition check`: everything wrong with an edition file at once, each with path, reason and remedy.

First the shape (`edition_schema`), then what the numbers mean together; a wrong shape never hides a wrong meaning.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from app.regulation.edition_check_ladder import LADDER_MEANINGS
from app.regulation.edition_schema import EDITION
from app.regulation.edition_shapes import Finding, did_you_mean, list_of, rows_of
from app.regulation.metrics import DEFINITIONS
from app.regulation.vocabulary import HazardLevel, Party, PostKind, Purpose

LARGEST_FILE = 1_000_000
"""Characters; the shipped edition has some ten thousand."""
_LEVELS_OF_A_MAJOR = 4
_CODE = re.compile(r"[a-z][a-z0-9_-]{0,63}", re.ASCII)
_LINE = re.compile(r"\(at line (\d+), column (\d+)\)")
_ENTERPRISE_SIGNERS = frozenset(
    {PostKind.ENTERPRISE_PRINCIPAL, PostKind.ENTERPRISE_CONTROLLER, PostKind.ENTERPRISE_SAFETY_HEAD}
)
_DEPARTMENT_SIGNERS = frozenset(
    {PostKind.INSPECTOR, PostKind.SECTION_HEAD, PostKind.DEPUTY_HEAD, PostKind.PRINCIPAL_HEAD, PostKind.OFFICE_HEAD}
)
_SIGNERS: Mapping[str, frozenset[PostKind]] = {
    Party.ENTERPRISE: _ENTERPRISE_SIGNERS,
    Party.TOWNSHIP: _DEPARTMENT_SIGNERS,
    Party.LEAD_DEPARTMENT: _DEPARTMENT_SIGNERS,
    Party.HIGHER_DEPARTMENT: _DEPARTMENT_SIGNERS,
    Party.NAMED_AGENCY: _DEPARTMENT_SIGNERS,
    Party.SAME_LEVEL_GOVERNMENT: frozenset({PostKind.GOVERNMENT_HEAD, PostKind.DEPUTY_HEAD}),
}


def check_edition(text: str) -> list[Finding]:
    """Every fault of an edition file, in the file's order of sections; empty when it may be loaded."""
    raw = _parsed(text)
    if isinstance(raw, Finding):
        return [raw]
    found = list(EDITION.faults(raw, ""))
    for meaning in _MEANINGS:
        found += meaning(raw)
    return list(dict.fromkeys(found))


def _parsed(text: str) -> Mapping[str, Any] | Finding:
    if len(text) > LARGEST_FILE:
        return Finding("", f"文件过大({len(text)} 字)", f"规则版本文件不超过 {LARGEST_FILE} 字")
    try:
        text.encode()
        return tomllib.loads(text)
    except UnicodeEncodeError:
        return Finding("", "文件含有无法编码的字符", "请以 UTF-8 重新保存")
    except RecursionError:
        return Finding("", "嵌套过深", "规则版本文件不需要多层嵌套的列表")
    except tomllib.TOMLDecodeError as broken:
        place = _LINE.search(str(broken))
        line = int(place[1]) if place else text.count("\n") + 1
        where = f"第 {line} 行" + (f"第 {place[2]} 列" if place else "(文件末尾)")
        remedy = "检查该处的引号、括号、等号,以及同一个键是否写了两次"
        return Finding("", f"{where}不是合法的 TOML:{broken}", remedy, line)


def _tables(raw: Mapping[str, Any], key: str) -> list[tuple[str, Mapping[str, Any]]]:
    """The named tables of a section; nothing where the shape is wrong."""
    section = raw.get(key)
    return (
        [(name, one) for name, one in section.items() if isinstance(one, Mapping)]
        if isinstance(section, Mapping)
        else []
    )


def _sector_codes(raw: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(row.get("code")) for _, row in rows_of(raw, "sectors"))


def _identity(raw: Mapping[str, Any]) -> Iterator[Finding]:
    head = raw.get("edition")
    if isinstance(head, Mapping):
        for key in ("id", "area"):
            value = head.get(key)
            if isinstance(value, str) and value.strip() and not _CODE.fullmatch(value):
                yield Finding(f"edition.{key}", f"“{value}”不是合法代号", "用小写英文字母、数字、连字符,以字母开头")


def _sectors(raw: Mapping[str, Any]) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for index, row in rows_of(raw, "sectors"):
        code = row.get("code")
        if isinstance(code, str) and code.strip() and not _CODE.fullmatch(code):
            yield Finding(f"sectors[{index}].code", f"“{code}”不是合法代号", "用小写英文字母、数字、下划线,以字母开头")
        for word in (code, row.get("name"), *list_of(row, "aliases")):
            where = f"sectors[{index}]"
            if isinstance(word, str) and seen.setdefault(word, where) != where:
                yield Finding(where, f"“{word}”与 {seen[word]} 重复", "每个代号、名称、别名只属于一个行业领域")


def _clocks(raw: Mapping[str, Any]) -> Iterator[Finding]:
    codes = _sector_codes(raw)
    for name, clock in _tables(raw, "clocks"):
        by_sector = clock.get("by_sector")
        for sector in by_sector if isinstance(by_sector, Mapping) else ():
            if sector not in codes:
                path = f"clocks.{name}.by_sector.{sector}"
                yield Finding(path, f"没有行业领域“{sector}”", did_you_mean(sector, codes))
        if by_sector and "by_sector_basis" not in clock:
            yield Finding(
                f"clocks.{name}.by_sector_basis", "分行业的时限没有依据", "写明法律依据或者“办公室内部建议值”"
            )


def _chain_lengths(raw: Mapping[str, Any]) -> Iterator[Finding]:
    for name, chain in _tables(raw, "chains"):
        levels = list_of(chain, "levels")
        if chain.get("hazard_level") == HazardLevel.MAJOR and len(levels) < _LEVELS_OF_A_MAJOR:
            yield Finding(f"chains.{name}.levels", f"重大事故隐患须四级签字,现有 {len(levels)} 级", "补足四级")
        if levels and isinstance(levels[-1], Mapping) and levels[-1].get("party") == Party.ENTERPRISE:
            path = f"chains.{name}.levels[{len(levels) - 1}].party"
            yield Finding(path, "最后一级是责任单位:企业不能给自己销号", "最后一级改为监管部门或者政府")


def _chain_levels(raw: Mapping[str, Any]) -> Iterator[Finding]:
    agencies = tuple(str(row.get("key")) for _, row in rows_of(raw, "agencies"))
    for name, chain in _tables(raw, "chains"):
        seen: dict[tuple[str, ...], int] = {}
        for index, level in rows_of(chain, "levels"):
            path = f"chains.{name}.levels[{index}]"
            yield from _level(level, path, agencies)
            holder = tuple(str(level.get(key)) for key in ("party", "post", "agency"))
            first = seen.setdefault(holder, index)
            if first != index:
                yield Finding(f"{path}.post", f"与第 {first + 1} 级是同一单位的同一岗位", "一人只签一级,请换岗位")


def _level(level: Mapping[str, Any], path: str, agencies: tuple[str, ...]) -> Iterator[Finding]:
    party, post, agency = (str(level.get(key, "")) for key in ("party", "post", "agency"))
    signers = _SIGNERS.get(party)
    if signers is not None and post in tuple(PostKind) and post not in signers:
        remedy = "可用:" + "、".join(sorted(signers))
        yield Finding(f"{path}.post", f"“{PostKind(post).label}”不是“{Party(party).label}”的签字岗位", remedy)
    if party == Party.NAMED_AGENCY and agency not in agencies:
        yield Finding(f"{path}.agency", f"没有指定机构“{agency}”", did_you_mean(agency, agencies))
    if party != Party.NAMED_AGENCY and "agency" in level:
        yield Finding(f"{path}.agency", "只有 named_agency 一级写机构", "删去 agency")
    if level.get("in_person") is True and level.get("paper_allowed") is True:
        yield Finding(f"{path}.paper_allowed", "须本人到场的一级不得用纸质签字", "改为 false")


def _chain_selection(raw: Mapping[str, Any]) -> Iterator[Finding]:
    codes = _sector_codes(raw)
    taken: dict[tuple[str, str], str] = {}
    for name, chain in _tables(raw, "chains"):
        for index, sector in enumerate(list_of(chain, "sectors")):
            if isinstance(sector, str) and sector not in codes:
                path = f"chains.{name}.sectors[{index}]"
                yield Finding(path, f"没有行业领域“{sector}”", did_you_mean(sector, codes))
        rank = (str(chain.get("hazard_level")), str(chain.get("precedence")))
        other = taken.setdefault(rank, name)
        if other != name:
            path = f"chains.{name}.precedence"
            yield Finding(path, f"与 chains.{other} 相同,无法决定先后", "同一隐患级别内 precedence 各不相同")


def _chain_coverage(raw: Mapping[str, Any]) -> Iterator[Finding]:
    """Some chain without conditions serves each level and purpose, so that a choice never fails."""
    covered = {
        (str(chain.get("hazard_level")), purpose)
        for _, chain in _tables(raw, "chains")
        if not chain.get("sectors") and not chain.get("supervision_tiers") and "full_stop" not in chain
        for purpose in list_of(chain, "purposes")
        if isinstance(purpose, str)
    }
    for level in HazardLevel:
        for purpose in Purpose:
            if (level, purpose) not in covered:
                yield Finding(
                    "chains", f"{level.label}的“{purpose.label}”没有兜底的签字链", "补一条不限行业、层级、停产的链"
                )


def _substitutes(raw: Mapping[str, Any]) -> Iterator[Finding]:
    for index, row in rows_of(raw, "substitutes"):
        if (row.get("party"), row.get("post")) == (row.get("by_party"), row.get("by_post")):
            yield Finding(f"substitutes[{index}]", "岗位由自己补位", "改写 by_party 或者 by_post")
        signers = _SIGNERS.get(str(row.get("by_party")))
        post = str(row.get("by_post"))
        if signers is not None and post in tuple(PostKind) and post not in signers:
            yield Finding(f"substitutes[{index}].by_post", "不是该单位的签字岗位", "可用:" + "、".join(sorted(signers)))


def _repeats(section: str, key: str) -> Callable[[Mapping[str, Any]], Iterator[Finding]]:
    def meaning(raw: Mapping[str, Any]) -> Iterator[Finding]:
        seen: dict[str, int] = {}
        for index, row in rows_of(raw, section):
            value = str(row.get(key))
            first = seen.setdefault(value, index)
            if first != index:
                yield Finding(f"{section}[{index}].{key}", f"“{value}”与 {section}[{first}] 重复", "改用不同的代号")

    return meaning


def _targets(raw: Mapping[str, Any]) -> Iterator[Finding]:
    for index, row in rows_of(raw, "targets"):
        metric, goal = row.get("metric"), row.get("goal")
        if isinstance(metric, str) and metric not in DEFINITIONS:
            yield Finding(f"targets[{index}].metric", f"没有指标“{metric}”", did_you_mean(metric, tuple(DEFINITIONS)))
        if isinstance(goal, str) and not re.fullmatch(r"[0-9]{1,6}(\.[0-9])?", goal, re.ASCII):
            yield Finding(f"targets[{index}].goal", f"“{goal}”不是数值", '写成 "100" 或者 "98.5"')


_MEANINGS: tuple[Callable[[Mapping[str, Any]], Iterable[Finding]], ...] = (
    _identity,
    _sectors,
    _clocks,
    _chain_lengths,
    _chain_levels,
    _chain_selection,
    _chain_coverage,
    _repeats("agencies", "key"),
    _substitutes,
    *LADDER_MEANINGS,
    _repeats("targets", "id"),
    _targets,
)
