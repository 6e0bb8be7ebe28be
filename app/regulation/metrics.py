"""The catalogue of figures: id, version, words, basis, and which predicates count (design 3.4).

A definition never changes: a change is a new version, and figures carry the version they were made by.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from app.regulation import indicators as are
from app.regulation.indicators import Snapshot


class Kind(StrEnum):
    """How a figure is formed."""

    COUNT = "count"
    RATE = "rate"
    MEDIAN_DAYS = "median_days"
    MEAN_DAYS = "mean_days"


@dataclass(frozen=True, slots=True)
class Definition:
    """One figure: what is counted, among what, in words and as predicates."""

    id: str
    name: str
    words: str
    basis: str
    kind: Kind
    counts: Callable[[Snapshot], bool]
    among: Callable[[Snapshot], bool] | None = None
    version: int = 1


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure's value with what it was made from; value None prints as a dash."""

    id: str
    version: int
    value: str | None
    numerator: int
    denominator: int | None


_DESIGN = "办公室内部建议值"
_MONTHLY_FORM = "安全生产事故隐患排查治理情况月报表"
_PROGRAMME = "安全生产治本攻坚三年行动方案(2024—2026年)一(二)"

_DEFINITIONS = (
    Definition(
        "found",
        "累计排查",
        "截至统计日已判定为重大、未被排除的隐患数(F)",
        _MONTHLY_FORM + "第5栏",
        Kind.COUNT,
        are.is_found,
    ),
    Definition(
        "undetermined",
        "待核实",
        "截至统计日已上报、尚未判定的隐患数,不计入累计排查,另列在手天数",
        _DESIGN,
        Kind.COUNT,
        are.is_undetermined,
    ),
    Definition(
        "closed",
        "已销号",
        "统计日状态为已销号的重大隐患数(C);复发、回访不合格的不再计入",
        _MONTHLY_FORM + "第6栏",
        Kind.COUNT,
        are.is_closed,
    ),
    Definition("open", "在办", "累计排查减已销号(F−C)", _DESIGN, Kind.COUNT, are.is_open),
    Definition(
        "closed_by_import",
        "其中历史台账销号",
        "启用前已在纸质台账销号、经两人核对补录的重大隐患数",
        _DESIGN,
        Kind.COUNT,
        are.is_closed_by_import,
    ),
    Definition(
        "closed_by_cessation",
        "其中关停退出",
        "因关停退出销号(经签字、未经核查)的重大隐患数",
        _DESIGN,
        Kind.COUNT,
        are.is_closed_by_cessation,
    ),
    Definition(
        "clearance_rate",
        "清零率(整改率)",
        "已销号÷累计排查(C/F)",
        _MONTHLY_FORM + "第7栏",
        Kind.RATE,
        are.is_closed,
        are.is_found,
    ),
    Definition(
        "on_time_rectification_rate",
        "按期整改率",
        "核查通过且整改完成报告在现整改期限当日或者之前提交的÷现整改期限不晚于统计日的;历史台账没有报告时间的不计",
        "亳州市 2023 年四季度通报口径;" + _DESIGN,
        Kind.RATE,
        are.is_rectified_on_time,
        are.is_due_for_rectification,
    ),
    Definition(
        "on_time_rectification_rate_original",
        "按期整改率(原期限)",
        "同按期整改率,以原整改期限计算;原期限不详的不计",
        _DESIGN,
        Kind.RATE,
        are.is_rectified_on_time_originally,
        are.is_due_for_rectification_originally,
    ),
    Definition(
        "on_time_closing_rate",
        "按期销号率",
        "现整改期限当日或者之前销号的÷现整改期限不晚于统计日的",
        _DESIGN,
        Kind.RATE,
        are.is_closed_on_time,
        are.is_due_for_closing,
    ),
    Definition(
        "on_time_closing_rate_original",
        "按期销号率(原期限)",
        "同按期销号率,以原整改期限计算;原期限不详的不计",
        _DESIGN,
        Kind.RATE,
        are.is_closed_on_time_originally,
        are.is_due_for_closing_originally,
    ),
    Definition(
        "overdue_open",
        "逾期未销号",
        "在办、现整改期限早于统计日、且没有在期限内提交而尚未被否定的整改完成报告的重大隐患数",
        _DESIGN,
        Kind.COUNT,
        are.is_overdue_open,
    ),
    Definition(
        "awaiting_declaration",
        "待双签字",
        "立查立改登记、责任单位尚未双签字的",
        _DESIGN,
        Kind.COUNT,
        are.awaits_declaration,
    ),
    Definition(
        "awaiting_verification",
        "待核查",
        "已报告整改完成、尚未核查通过的",
        "16号令第二十三条",
        Kind.COUNT,
        are.awaits_verification,
    ),
    Definition(
        "awaiting_signatures",
        "待签字",
        "核查已通过、签字尚未完成的",
        "指导意见三(三)14",
        Kind.COUNT,
        are.awaits_signatures,
    ),
    Definition(
        "dynamic_clearance_rate",
        "动态清零率",
        "1−逾期未销号÷现整改期限早于统计日的;没有逾期未销号即为动态清零",
        "指导意见三(二)10;" + _DESIGN,
        Kind.RATE,
        are.is_dynamically_clear,
        are.is_past_its_deadline,
    ),
    Definition(
        "median_days_to_close",
        "销号天数中位数",
        "已销号隐患自发现之日至销号之日自然日数的中位数",
        _DESIGN,
        Kind.MEDIAN_DAYS,
        are.is_closed,
    ),
    Definition("mean_days_to_close", "平均销号天数", "同上,算术平均数", _DESIGN, Kind.MEAN_DAYS, are.is_closed),
    Definition(
        "extension_rate", "延期率", "获准延期一次以上的÷累计排查", _DESIGN, Kind.RATE, are.was_extended, are.is_found
    ),
    Definition(
        "relapse_rate",
        "复发率",
        "销号后复发或者回访不合格的÷曾经销号的",
        "指导意见三(三)15;" + _DESIGN,
        Kind.RATE,
        are.relapsed,
        are.was_once_closed,
    ),
    Definition(
        "self_report_share",
        "自查占比",
        "企业自查上报的÷累计排查",
        "安全生产治本攻坚三年行动方案(2024—2026年)三(三)22",
        Kind.RATE,
        are.was_self_reported,
        are.is_found,
    ),
    Definition(
        "listing_completion_rate",
        "挂牌督办完成率",
        "已销号的挂牌督办隐患÷挂牌督办的重大隐患",
        _MONTHLY_FORM + "第10栏;" + _DESIGN,
        Kind.RATE,
        are.is_supervised_and_closed,
        are.was_put_under_supervision,
    ),
)


def stock_definitions(stock_found_by: date) -> dict[str, Definition]:
    """存量 and 增量 of an edition's cut-off: found, closed and rate of each."""

    def stock(one: Snapshot) -> bool:
        return are.is_found(one) and one.row.found_on <= stock_found_by

    def increment(one: Snapshot) -> bool:
        return are.is_found(one) and one.row.found_on > stock_found_by

    day = stock_found_by.isoformat()
    parts = (("stock", "存量", f"{day} 及以前发现的", stock), ("increment", "增量", f"{day} 以后发现的", increment))
    found = [
        Definition(f"{key}_found", f"{name}累计排查", words, _PROGRAMME, Kind.COUNT, test)
        for key, name, words, test in parts
    ]
    rates = [
        Definition(
            f"{key}_clearance_rate",
            f"{name}清零率",
            f"{words},已销号÷累计排查",
            _PROGRAMME,
            Kind.RATE,
            _both(test, are.is_closed),
            test,
        )
        for key, name, words, test in parts
    ]
    return {one.id: one for one in (*found, *rates)}


def _both(first: Callable[[Snapshot], bool], second: Callable[[Snapshot], bool]) -> Callable[[Snapshot], bool]:
    return lambda one: first(one) and second(one)


DEFINITIONS: dict[str, Definition] = {one.id: one for one in _DEFINITIONS}
"""Every figure that needs no cut-off; `stock_definitions` gives the rest."""


def figure(definition: Definition, population: Iterable[Snapshot]) -> Figure:
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
        case Kind.COUNT:
            return replace(blank, value=str(numerator))


def figures(population: Iterable[Snapshot], stock_found_by: date) -> Mapping[str, Figure]:
    """Every figure over a population, stock and increment split at the edition's day."""
    everyone = list(population)
    wanted = {**DEFINITIONS, **stock_definitions(stock_found_by)}
    return {key: figure(one, everyone) for key, one in wanted.items()}
