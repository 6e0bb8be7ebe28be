"""Which sheet of a workbook is the ledger, and which of its columns is which, however the clerk wrote the heading."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from app.infrastructure.errors import InvalidInput
from app.infrastructure.workbook import RawSheet, RawWorkbook
from app.regulation.vocabulary import Word


class LedgerColumn(Word):
    """The ledger's columns in the order clerks know; the value is the name of the field, the label the heading."""

    SEQUENCE = "sequence", "序号"
    LEDGER_NUMBER = "ledger_number", "隐患编号"
    DISTRICT = "district", "旗区"
    TOWN = "town", "苏木乡镇(街道)"
    ENTERPRISE_NAME = "enterprise_name", "企业名称"
    ENTERPRISE_CODE = "enterprise_code", "统一社会信用代码"
    SECTOR = "sector", "行业领域"
    PLACE = "place", "隐患部位"
    CIRCUMSTANCES = "circumstances", "隐患内容"
    BASIS = "basis", "判定依据(标准及条款)"
    CHANNEL = "channel", "发现方式"
    FOUND_ON = "found_on", "发现日期"
    FINDERS = "finders", "排查人员"
    REPORTING_RECORD = "reporting_record", "报送情况"
    MONITORING_MEASURES = "monitoring_measures", "监控措施"
    RESPONSIBLE_PERSON = "responsible_person", "整改责任人"
    MEASURES = "measures", "整改措施"
    FUNDS = "funds", "整改资金(万元)"
    DUE_ON = "due_on", "整改时限"
    EMERGENCY_PLAN = "emergency_plan", "应急预案"
    SUPERVISION_TIER = "supervision_tier", "挂牌督办层级"
    REGULATOR = "regulator", "监管责任单位"
    PROGRESS = "progress", "整改进展"
    EXTENSION_COUNT = "extension_count", "延期次数"
    ACCEPTED_ON = "accepted_on", "验收日期"
    CLOSED_ON = "closed_on", "销号日期"
    REMARK = "remark", "备注"


REQUIRED_COLUMNS = (
    LedgerColumn.LEDGER_NUMBER,
    LedgerColumn.DISTRICT,
    LedgerColumn.ENTERPRISE_NAME,
    LedgerColumn.ENTERPRISE_CODE,
    LedgerColumn.SECTOR,
    LedgerColumn.CIRCUMSTANCES,
    LedgerColumn.CHANNEL,
    LedgerColumn.FOUND_ON,
    LedgerColumn.CLOSED_ON,
)
"""Without one of these no row can be understood: who, what, where, when, and whether it is over."""

_OTHER_HEADINGS: Mapping[LedgerColumn, tuple[str, ...]] = {
    LedgerColumn.SEQUENCE: ("编号序号", "序", "no", "no."),
    LedgerColumn.LEDGER_NUMBER: ("编号", "台账编号", "隐患台账编号", "重大隐患编号", "重大事故隐患编号"),
    LedgerColumn.DISTRICT: ("旗县区", "旗(区)", "所属旗区", "所在旗区", "旗县", "属地旗区", "县区"),
    LedgerColumn.TOWN: (
        "苏木乡镇",
        "乡镇",
        "乡镇街道",
        "苏木镇街道",
        "苏木乡镇街道",
        "苏木乡镇/街道",
        "所在乡镇",
        "镇街",
    ),
    LedgerColumn.ENTERPRISE_NAME: (
        "企业",
        "单位名称",
        "生产经营单位",
        "生产经营单位名称",
        "企业(单位)名称",
        "隐患单位",
    ),
    LedgerColumn.ENTERPRISE_CODE: ("信用代码", "社会信用代码", "统一信用代码", "统一社会信用码", "机构代码"),
    LedgerColumn.SECTOR: ("行业", "行业类别", "所属行业", "所属行业领域", "行业(领域)", "领域"),
    LedgerColumn.PLACE: ("部位", "场所部位", "隐患场所", "隐患所在部位", "隐患位置", "具体部位"),
    LedgerColumn.CIRCUMSTANCES: ("隐患描述", "隐患情况", "隐患具体内容", "隐患内容及现状", "问题隐患", "重大隐患内容"),
    LedgerColumn.BASIS: ("判定标准", "判定标准及条款", "依据", "判定条款"),
    LedgerColumn.CHANNEL: ("发现途径", "隐患来源", "来源", "发现渠道", "排查方式"),
    LedgerColumn.FOUND_ON: ("发现/上报日期", "发现时间", "排查时间", "排查日期", "上报日期", "上报时间"),
    LedgerColumn.FINDERS: ("排查人", "检查人员", "发现人", "检查人", "排查单位及人员"),
    LedgerColumn.REPORTING_RECORD: ("上报情况", "报告情况", "报送记录"),
    LedgerColumn.MONITORING_MEASURES: ("管控措施", "监控管控措施", "监控保障措施", "防范措施"),
    LedgerColumn.RESPONSIBLE_PERSON: ("责任人", "整改责任", "整改责任单位/责任人", "整改责任单位/责任人/电话", "责任"),
    LedgerColumn.MEASURES: ("措施", "治理措施", "整改治理措施"),
    LedgerColumn.FUNDS: ("资金", "整改资金", "治理资金", "投入资金", "资金(万元)"),
    LedgerColumn.DUE_ON: ("时限", "整改期限", "整改完成时限", "完成时限", "整改截止日期", "治理时限"),
    LedgerColumn.EMERGENCY_PLAN: ("预案", "应急预案(管控措施)", "应急措施"),
    LedgerColumn.SUPERVISION_TIER: ("督办层级", "挂牌层级", "挂牌级别", "督办级别", "挂牌督办级别"),
    LedgerColumn.REGULATOR: ("监管单位", "监管部门", "监管责任部门", "监管责任单位/责任人", "行业监管部门"),
    LedgerColumn.PROGRESS: ("整改情况", "整改进展情况", "进展情况", "整改进度", "治理进展"),
    LedgerColumn.EXTENSION_COUNT: ("延期", "延期情况", "延期(次)"),
    LedgerColumn.ACCEPTED_ON: ("验收时间", "验收日期/验收人", "核查验收日期"),
    LedgerColumn.CLOSED_ON: ("销号时间", "闭环日期", "闭环时间", "销号(闭环)日期"),
    LedgerColumn.REMARK: ("说明", "备注说明"),
}

_HEADING_ROWS = 30
_ENOUGH = 6
"""So many known headings in one row make it a heading; a data row has none."""


class LedgerRefused(InvalidInput):
    """The workbook opens, but no ledger can be read from it; nothing was taken in."""

    default_code: ClassVar[str] = "ledger_unreadable"


@dataclass(frozen=True, slots=True)
class Heading:
    """Where the columns of one sheet stand: column → its number from 1; `last_row` is the heading's last row."""

    last_row: int
    columns: Mapping[LedgerColumn, int]
    unknown: tuple[tuple[int, str], ...] = ()
    twice: tuple[LedgerColumn, ...] = ()

    @property
    def missing(self) -> tuple[LedgerColumn, ...]:
        """Columns the sheet lacks, in the ledger's order."""
        return tuple(column for column in LedgerColumn if column not in self.columns)


@dataclass(slots=True)
class _Candidate:
    columns: dict[LedgerColumn, int] = field(default_factory=dict)
    unknown: list[tuple[int, str]] = field(default_factory=list)
    twice: list[LedgerColumn] = field(default_factory=list)


def squeezed(text: str) -> str:
    """Text for comparison only: compatibility forms folded, lower case, no spaces, nothing invisible."""
    if text.isascii() and text.isprintable():
        return text.lower().replace(" ", "")
    folded = unicodedata.normalize("NFKC", text).lower()
    return "".join(letter for letter in folded if unicodedata.category(letter)[0] not in "ZC")


_BY_HEADING: Mapping[str, LedgerColumn] = {
    squeezed(heading): column for column in LedgerColumn for heading in (column.label, *_OTHER_HEADINGS.get(column, ()))
}


def column_of(heading: str) -> LedgerColumn | None:
    """The column a heading means, brackets and what stands in them being optional; None if it is none of ours."""
    key = squeezed(heading)
    return _BY_HEADING.get(key) or _BY_HEADING.get(re.sub(r"\([^)]*\)", "", key))


def find_heading(sheet: RawSheet) -> Heading | None:
    """The heading among a sheet's first rows, over one row or two; None where there is none."""
    best: Heading | None = None
    for last_row, texts in _heading_texts(sheet):
        found = _read_heading(last_row, texts)
        if len(found.columns) >= _ENOUGH and (best is None or len(found.columns) > len(best.columns)):
            best = found
    return best


def _heading_texts(sheet: RawSheet) -> Iterator[tuple[int, dict[int, str]]]:
    """Each row alone, and each with the row above wherever it is itself blank (headings merged over two rows)."""
    above: dict[int, str] = {}
    for row in sheet.rows[:_HEADING_ROWS]:
        texts = {number: cell for number, cell in enumerate(row.cells, 1) if isinstance(cell, str) and squeezed(cell)}
        yield row.number, texts
        yield row.number, {**above, **texts}
        above = texts


def _read_heading(last_row: int, texts: Mapping[int, str]) -> Heading:
    found = _Candidate()
    for number, text in sorted(texts.items()):
        column = column_of(text)
        if column is None:
            found.unknown.append((number, "".join(letter for letter in text if letter.isprintable())[:40]))
        elif column in found.columns:
            found.twice.append(column)
        else:
            found.columns[column] = number
    return Heading(last_row, found.columns, tuple(found.unknown), tuple(found.twice))


def choose_sheet(workbook: RawWorkbook, wanted: str | None = None) -> tuple[RawSheet, Heading]:
    """The one sheet that holds a ledger. Raises `LedgerRefused` when there is none, several, or it lacks columns."""
    if wanted is not None and wanted not in {sheet.name for sheet in workbook.sheets}:
        raise LedgerRefused(
            "ledger_sheet_not_found",
            f"文件中没有可见的工作表「{wanted}」。",
            remedy=f"可选的工作表：{_listed(sheet.name for sheet in workbook.sheets)}。",
        )
    headed = [(sheet, find_heading(sheet)) for sheet in workbook.sheets if wanted in {None, sheet.name}]
    found = [(sheet, heading) for sheet, heading in headed if heading is not None]
    if not found:
        raise LedgerRefused("ledger_heading_not_found", "没有找到台账的表头。", remedy=_heading_remedy(workbook))
    if len(found) > 1:
        raise LedgerRefused(
            "ledger_sheet_ambiguous",
            f"有 {len(found)} 个工作表都像台账：{_listed(sheet.name for sheet, _ in found)}。",
            remedy="请指定要导入的工作表，或只保留一个。",
        )
    _require_columns(*found[0])
    return found[0]


def _heading_remedy(workbook: RawWorkbook) -> str:
    remedy = f"表头应在前 {_HEADING_ROWS} 行内，至少包括：{_listed(column.label for column in REQUIRED_COLUMNS)}。"
    if workbook.hidden_sheets:
        remedy += f"隐藏的工作表({_listed(workbook.hidden_sheets)})不读取，台账在其中的请先取消隐藏。"
    return remedy


def _require_columns(sheet: RawSheet, heading: Heading) -> None:
    if heading.twice:
        raise LedgerRefused(
            "ledger_column_duplicate",
            f"工作表「{sheet.name}」的表头(第 {heading.last_row} 行)中，"
            f"{_listed(column.label for column in heading.twice)}出现不止一次。",
            remedy="请删除或改名多余的列，使每一项只有一列。",
        )
    missing = [column.label for column in heading.missing if column in REQUIRED_COLUMNS]
    if missing:
        raise LedgerRefused(
            "ledger_column_missing",
            f"工作表「{sheet.name}」的表头(第 {heading.last_row} 行)缺少：{_listed(missing)}。",
            remedy="请补上这些列后重新导入。",
        )


def _listed(names: Iterator[str] | tuple[str, ...] | list[str]) -> str:
    return "、".join(f"「{name}」" for name in names)
