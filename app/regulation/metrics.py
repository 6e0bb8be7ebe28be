"""The catalogue of hazards' figures: id, version, words, basis, and which predicates count (design 3.4)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from app.regulation import indicators as are
from app.regulation.definition import (
    FORM,
    GUIDELINE,
    OFFICE,
    PROGRAMME,
    Basis,
    Definition,
    Direction,
    Figure,
    Kind,
)
from app.regulation.indicators import Snapshot

Predicate = Callable[[Snapshot], bool]


@dataclass(frozen=True, kw_only=True)
class HazardDefinition(Definition):
    """A figure counted hazard by hazard: its parts are plain predicates over one hazard as of a day."""

    counts: Predicate
    among: Predicate | None = None


_STANDARDS_16 = "安全生产事故隐患排查治理暂行规定(16号令)"
_STOCK: Final = (Basis(PROGRAMME, "一(二)"),)

WORDS: Final[Mapping[Predicate, str]] = {
    are.is_found: "截至统计日已判定为重大、未被排除的隐患",
    are.is_undetermined: "截至统计日已上报、尚未判定的隐患",
    are.is_closed: "统计日状态为已销号的重大隐患",
    are.is_open: "统计日尚未销号的重大隐患",
    are.is_closed_by_import: "启用前已在纸质台账销号、经两人核对补录的重大隐患",
    are.is_closed_by_cessation: "因关停退出销号(经签字、未经核查)的重大隐患",
    are.is_rectified_on_time: "核查通过且整改完成报告在现整改期限当日或者之前提交的",
    are.is_due_for_rectification: "现整改期限不晚于统计日的重大隐患,历史台账没有报告时间的除外",
    are.is_rectified_on_time_originally: "核查通过且整改完成报告在原整改期限当日或者之前提交的",
    are.is_due_for_rectification_originally: "原整改期限不晚于统计日的重大隐患,历史台账没有报告时间的除外",
    are.is_closed_on_time: "现整改期限当日或者之前销号的",
    are.is_due_for_closing: "现整改期限不晚于统计日的重大隐患",
    are.is_closed_on_time_originally: "原整改期限当日或者之前销号的",
    are.is_due_for_closing_originally: "原整改期限不晚于统计日的重大隐患",
    are.is_overdue_open: "在办、现整改期限早于统计日、且没有在期限内提交而尚未被否定的整改完成报告的重大隐患",
    are.awaits_declaration: "立查立改登记、责任单位尚未双签字的重大隐患",
    are.awaits_verification: "已报告整改完成、尚未核查通过的重大隐患",
    are.awaits_signatures: "核查已通过、签字尚未完成的重大隐患",
    are.is_dynamically_clear: "现整改期限早于统计日、不属于逾期未销号的重大隐患",
    are.is_past_its_deadline: "现整改期限早于统计日的重大隐患",
    are.was_extended: "获准延期一次以上的重大隐患",
    are.relapsed: "销号后复发或者回访不合格的重大隐患",
    are.was_once_closed: "截至统计日曾经销号的重大隐患",
    are.was_self_reported: "企业自查上报的重大隐患",
    are.is_supervised_and_closed: "已销号的挂牌督办重大隐患",
    are.was_put_under_supervision: "挂牌督办的重大隐患",
}
"""Each predicate as it is printed."""


def _worded(one: HazardDefinition) -> HazardDefinition:
    return replace(one, numerator=WORDS[one.counts], denominator=None if one.among is None else WORDS[one.among])


_DEFINITIONS = (
    HazardDefinition(
        id="found",
        name="累计排查",
        words="截至统计日已判定为重大、未被排除的隐患数(F)",
        kind=Kind.COUNT,
        basis=(Basis(FORM, "第5栏"),),
        counts=are.is_found,
    ),
    HazardDefinition(
        id="undetermined",
        name="待核实",
        words="截至统计日已上报、尚未判定的隐患数,不计入累计排查,另列在手天数",
        kind=Kind.COUNT,
        basis=(OFFICE,),
        counts=are.is_undetermined,
    ),
    HazardDefinition(
        id="closed",
        name="已销号",
        words="统计日状态为已销号的重大隐患数(C);复发、回访不合格的不再计入",
        kind=Kind.COUNT,
        basis=(Basis(FORM, "第6栏"),),
        counts=are.is_closed,
    ),
    HazardDefinition(
        id="open",
        name="在办",
        words="累计排查减已销号(F−C)",
        kind=Kind.COUNT,
        basis=(OFFICE,),
        counts=are.is_open,
    ),
    HazardDefinition(
        id="closed_by_import",
        name="其中历史台账销号",
        words="启用前已在纸质台账销号、经两人核对补录的重大隐患数",
        kind=Kind.COUNT,
        basis=(OFFICE,),
        counts=are.is_closed_by_import,
    ),
    HazardDefinition(
        id="closed_by_cessation",
        name="其中关停退出",
        words="因关停退出销号(经签字、未经核查)的重大隐患数",
        kind=Kind.COUNT,
        basis=(OFFICE,),
        counts=are.is_closed_by_cessation,
    ),
    HazardDefinition(
        id="clearance_rate",
        name="清零率(整改率)",
        words="已销号÷累计排查(C/F)",
        kind=Kind.RATE,
        basis=(Basis(FORM, "第7栏"),),
        direction=Direction.HIGHER,
        counts=are.is_closed,
        among=are.is_found,
    ),
    HazardDefinition(
        id="on_time_rectification_rate",
        name="按期整改率",
        words="核查通过且整改完成报告在现整改期限当日或者之前提交的÷现整改期限不晚于统计日的;历史台账没有报告时间的不计",
        kind=Kind.RATE,
        basis=(Basis("亳州市 2023 年四季度通报", "按期整改率口径"), OFFICE),
        direction=Direction.HIGHER,
        counts=are.is_rectified_on_time,
        among=are.is_due_for_rectification,
    ),
    HazardDefinition(
        id="on_time_rectification_rate_original",
        name="按期整改率(原期限)",
        words="同按期整改率,以原整改期限计算;原期限不详的不计",
        kind=Kind.RATE,
        basis=(OFFICE,),
        direction=Direction.HIGHER,
        counts=are.is_rectified_on_time_originally,
        among=are.is_due_for_rectification_originally,
    ),
    HazardDefinition(
        id="on_time_closing_rate",
        name="按期销号率",
        words="现整改期限当日或者之前销号的÷现整改期限不晚于统计日的",
        kind=Kind.RATE,
        basis=(OFFICE,),
        direction=Direction.HIGHER,
        counts=are.is_closed_on_time,
        among=are.is_due_for_closing,
    ),
    HazardDefinition(
        id="on_time_closing_rate_original",
        name="按期销号率(原期限)",
        words="同按期销号率,以原整改期限计算;原期限不详的不计",
        kind=Kind.RATE,
        basis=(OFFICE,),
        direction=Direction.HIGHER,
        counts=are.is_closed_on_time_originally,
        among=are.is_due_for_closing_originally,
    ),
    HazardDefinition(
        id="overdue_open",
        name="逾期未销号",
        words="在办、现整改期限早于统计日、且没有在期限内提交而尚未被否定的整改完成报告的重大隐患数",
        kind=Kind.COUNT,
        basis=(OFFICE,),
        direction=Direction.LOWER,
        counts=are.is_overdue_open,
    ),
    HazardDefinition(
        id="awaiting_declaration",
        name="待双签字",
        words="立查立改登记、责任单位尚未双签字的",
        kind=Kind.COUNT,
        basis=(OFFICE,),
        counts=are.awaits_declaration,
    ),
    HazardDefinition(
        id="awaiting_verification",
        name="待核查",
        words="已报告整改完成、尚未核查通过的",
        kind=Kind.COUNT,
        basis=(Basis(_STANDARDS_16, "第二十三条"),),
        counts=are.awaits_verification,
    ),
    HazardDefinition(
        id="awaiting_signatures",
        name="待签字",
        words="核查已通过、签字尚未完成的",
        kind=Kind.COUNT,
        basis=(Basis(GUIDELINE, "三(三)14"),),
        counts=are.awaits_signatures,
    ),
    HazardDefinition(
        id="dynamic_clearance_rate",
        name="动态清零率",
        words="1−逾期未销号÷现整改期限早于统计日的;没有逾期未销号即为动态清零",
        kind=Kind.RATE,
        basis=(Basis(GUIDELINE, "三(二)10"), OFFICE),
        direction=Direction.HIGHER,
        counts=are.is_dynamically_clear,
        among=are.is_past_its_deadline,
    ),
    HazardDefinition(
        id="median_days_to_close",
        name="销号天数中位数",
        words="已销号隐患自发现之日至销号之日自然日数的中位数",
        kind=Kind.MEDIAN_DAYS,
        basis=(OFFICE,),
        direction=Direction.LOWER,
        counts=are.is_closed,
    ),
    HazardDefinition(
        id="mean_days_to_close",
        name="平均销号天数",
        words="同上,算术平均数",
        kind=Kind.MEAN_DAYS,
        basis=(OFFICE,),
        direction=Direction.LOWER,
        counts=are.is_closed,
    ),
    HazardDefinition(
        id="extension_rate",
        name="延期率",
        words="获准延期一次以上的÷累计排查",
        kind=Kind.RATE,
        basis=(OFFICE,),
        direction=Direction.LOWER,
        counts=are.was_extended,
        among=are.is_found,
    ),
    HazardDefinition(
        id="relapse_rate",
        name="复发率",
        words="销号后复发或者回访不合格的÷曾经销号的",
        kind=Kind.RATE,
        basis=(Basis(GUIDELINE, "三(三)15"), OFFICE),
        direction=Direction.LOWER,
        counts=are.relapsed,
        among=are.was_once_closed,
    ),
    HazardDefinition(
        id="self_report_share",
        name="自查占比",
        words="企业自查上报的÷累计排查",
        kind=Kind.RATE,
        basis=(Basis(PROGRAMME, "三(三)22"),),
        direction=Direction.HIGHER,
        counts=are.was_self_reported,
        among=are.is_found,
    ),
    HazardDefinition(
        id="listing_completion_rate",
        name="挂牌督办完成率",
        words="已销号的挂牌督办隐患÷挂牌督办的重大隐患",
        kind=Kind.RATE,
        basis=(Basis(FORM, "第10栏"), OFFICE),
        direction=Direction.HIGHER,
        counts=are.is_supervised_and_closed,
        among=are.was_put_under_supervision,
    ),
)


def stock_definitions(stock_found_by: date) -> dict[str, HazardDefinition]:
    """存量 and 增量 of an edition's cut-off: found, closed and rate of each."""

    def stock(one: Snapshot) -> bool:
        return are.is_found(one) and one.row.found_on <= stock_found_by

    def increment(one: Snapshot) -> bool:
        return are.is_found(one) and one.row.found_on > stock_found_by

    day = stock_found_by.isoformat()
    parts = (("stock", "存量", f"{day} 及以前发现的", stock), ("increment", "增量", f"{day} 以后发现的", increment))
    found = [
        HazardDefinition(
            id=f"{key}_found",
            name=f"{name}累计排查",
            words=words,
            kind=Kind.COUNT,
            basis=_STOCK,
            numerator=f"{words}重大隐患",
            counts=test,
        )
        for key, name, words, test in parts
    ]
    rates = [
        HazardDefinition(
            id=f"{key}_clearance_rate",
            name=f"{name}清零率",
            words=f"{words},已销号÷累计排查",
            kind=Kind.RATE,
            basis=_STOCK,
            numerator=f"{words}、已销号的重大隐患",
            denominator=f"{words}重大隐患",
            direction=Direction.HIGHER,
            counts=_both(test, are.is_closed),
            among=test,
        )
        for key, name, words, test in parts
    ]
    return {one.id: one for one in (*found, *rates)}


def _both(first: Predicate, second: Predicate) -> Predicate:
    return lambda one: first(one) and second(one)


DEFINITIONS: dict[str, HazardDefinition] = {one.id: _worded(one) for one in _DEFINITIONS}
"""Every figure that needs no cut-off; `stock_definitions` gives the rest."""


def figure(definition: HazardDefinition, population: Iterable[Snapshot]) -> Figure:
    """One figure over a population of hazards."""
    everyone = list(population)
    numerator = sum(map(definition.counts, everyone))
    denominator = sum(map(definition.among, everyone)) if definition.among else None
    blank = Figure(definition.id, definition.version, None, numerator, denominator)
    match definition.kind:
        case Kind.RATE:
            return replace(blank, value=are.rate(numerator, denominator or 0))
        case Kind.MEDIAN_DAYS:
            return replace(blank, value=are.median_days(are.days_to_close(everyone)))
        case Kind.MEAN_DAYS:
            return replace(blank, value=are.mean_days(are.days_to_close(everyone)))
        case _:
            return replace(blank, value=str(numerator))


def figures(population: Iterable[Snapshot], stock_found_by: date) -> Mapping[str, Figure]:
    """Every figure over a population, stock and increment split at the edition's day."""
    everyone = list(population)
    wanted = {**DEFINITIONS, **stock_definitions(stock_found_by)}
    return {key: figure(one, everyone) for key, one in wanted.items()}
