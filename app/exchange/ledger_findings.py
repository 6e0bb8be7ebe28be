"""What a person must know about a ledger beside its rows, and the figures of the file as understood."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping

from app.exchange.ledger import KnownNames, LedgerFinding, LedgerRow, LedgerTotals, RefusedRow, Tally
from app.exchange.ledger_cells import RepairRule, cell_name
from app.exchange.ledger_columns import Heading, LedgerColumn, squeezed
from app.infrastructure.workbook import RawSheet, RawWorkbook
from app.regulation.indicators import rate

_FINISHED = re.compile(r"(已|全部)(完成|整改|验收|销号|闭环|办结)|整改(完成|完毕|到位)|(验收|核查)(通过|合格)")
_UNFINISHED = re.compile(r"正在|整改中|(未|没有)(完成|整改|销号|验收)|尚未|在办|逾期|停滞")
_FORMULA_SIGNS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def findings_of(
    workbook: RawWorkbook,
    sheet: RawSheet,
    heading: Heading,
    rows: tuple[LedgerRow, ...],
    refused: tuple[RefusedRow, ...],
) -> tuple[LedgerFinding, ...]:
    """Every finding of a file, in the order a clerk reads: the file, its columns, its rows, its names."""
    return (
        *_about_file(workbook),
        *_about_columns(sheet, heading),
        *_about_rows(rows),
        *_about_cells(sheet, heading, rows),
        *_about_numbers(refused),
        *_about_names(rows),
    )


def _about_file(workbook: RawWorkbook) -> Iterator[LedgerFinding]:
    if not workbook.looked_inside:
        yield LedgerFinding(
            "not_looked_inside",
            f"{workbook.file_format} 格式的文件没有查找公式、错误值和隐藏行列；需要查找的，请另存为 .xlsx 后导入。",
        )
    if workbook.external_links:
        yield LedgerFinding("external_links", "文件引用了外部工作簿；引用没有打开，只取文件中保存的结果。")
    for name in workbook.hidden_sheets:
        yield LedgerFinding("hidden_sheet", f"隐藏的工作表「{name}」没有读取。")


def _about_columns(sheet: RawSheet, heading: Heading) -> Iterator[LedgerFinding]:
    for column in heading.missing:
        if column is not LedgerColumn.SEQUENCE:
            yield LedgerFinding("column_missing", f"没有「{column.label}」列，各行该项按“不详”登记。")
    for number, text in heading.unknown:
        cell = cell_name(heading.last_row, number)
        yield LedgerFinding("column_unknown", f"不认识的列「{text}」({cell})，其内容没有导入。", cells=(cell,))
    for column, number in heading.columns.items():
        if number in sheet.hidden_columns:
            cell = cell_name(heading.last_row, number)
            yield LedgerFinding("hidden_column", f"「{column.label}」列({cell})是隐藏的，内容照常导入。", cells=(cell,))


_ROW_FINDINGS: tuple[tuple[str, str, Callable[[LedgerRow], bool]], ...] = (
    ("hidden_row", "隐藏(含被筛选掉)的行，已照常导入", lambda row: row.hidden),
    (
        "finished_not_closed",
        "整改进展写明已完成，但没有销号日期，按在办登记",
        lambda row: not row.closed and bool(_FINISHED.search(row.progress or "")),
    ),
    (
        "closed_unfinished",
        "有销号日期，但整改进展写明尚未完成，按已销号登记",
        lambda row: row.closed and bool(_UNFINISHED.search(row.progress or "")),
    ),
    (
        "closed_before_accepted",
        "销号日期早于验收日期",
        lambda row: row.closed_on is not None and row.accepted_on is not None and row.closed_on < row.accepted_on,
    ),
    ("closed_without_acceptance", "有销号日期而没有验收日期", lambda row: row.closed and row.accepted_on is None),
)


def _about_rows(rows: tuple[LedgerRow, ...]) -> Iterator[LedgerFinding]:
    for code, meaning, holds in _ROW_FINDINGS:
        numbers = tuple(row.row for row in rows if holds(row))
        if numbers:
            yield LedgerFinding(code, f"{meaning}：第 {_numbers(numbers)} 行，共 {len(numbers)} 行。", rows=numbers)


def _about_cells(sheet: RawSheet, heading: Heading, rows: tuple[LedgerRow, ...]) -> Iterator[LedgerFinding]:
    formulas = [
        (row.row, repair.cell) for row in rows for repair in row.repairs if repair.rule is RepairRule.FORMULA_VALUE
    ]
    if formulas:
        cells = tuple(cell for _, cell in formulas)
        message = f"公式单元格取文件中保存的结果，没有重新计算：{_numbers(cells)}。"
        yield LedgerFinding("formula_value", message, tuple(dict.fromkeys(row for row, _ in formulas)), cells)
    taken = {row.row for row in rows}
    texts = [place for place in _formula_like(sheet, heading) if place[0] in taken]
    if texts:
        cells = tuple(cell_name(*place) for place in texts)
        message = f"文字以等号等公式符号开头，按原文存为文字，不执行：{_numbers(cells)}。"
        yield LedgerFinding("formula_like_text", message, tuple(dict.fromkeys(row for row, _ in texts)), cells)


def _formula_like(sheet: RawSheet, heading: Heading) -> Iterator[tuple[int, int]]:
    taken = sorted(heading.columns.values())
    for row in sheet.rows:
        for number in taken:
            cell = row.at(number)
            if isinstance(cell, str) and len(cell.strip()) > 1 and cell.strip().startswith(_FORMULA_SIGNS):
                yield row.number, number


def _about_numbers(refused: tuple[RefusedRow, ...]) -> Iterator[LedgerFinding]:
    by_number: defaultdict[str, list[int]] = defaultdict(list)
    for row in refused:
        if row.ledger_number and any(fault.code == "number_conflict" for fault in row.faults):
            by_number[row.ledger_number].append(row.row)
    for number, rows in by_number.items():
        message = f"编号 {number} 在第 {_numbers(rows)} 行内容不同，均未导入，须核对。"
        yield LedgerFinding("number_conflict", message, rows=tuple(rows))


def _about_names(rows: tuple[LedgerRow, ...]) -> Iterator[LedgerFinding]:
    for name, codes, seen in _several(rows, lambda row: row.enterprise_name, lambda row: row.enterprise_code):
        message = (
            f"企业名称「{name}」用了 {len(codes)} 个统一社会信用代码({_numbers(codes)})，按不同企业登记，没有合并。"
        )
        yield LedgerFinding("name_with_several_codes", message, rows=seen)
    for code, names, seen in _several(rows, lambda row: row.enterprise_code, lambda row: row.enterprise_name):
        message = f"统一社会信用代码 {code} 有 {len(names)} 个企业名称({_numbers(names)})，按同一企业登记，须核对名称。"
        yield LedgerFinding("code_with_several_names", message, rows=seen)


def _several(
    rows: Iterable[LedgerRow], key: Callable[[LedgerRow], str], value: Callable[[LedgerRow], str]
) -> Iterator[tuple[str, list[str], tuple[int, ...]]]:
    """Keys that stand beside more than one value, brackets and widths of letters not counting as a difference."""
    groups: defaultdict[str, list[LedgerRow]] = defaultdict(list)
    for row in rows:
        groups[squeezed(key(row))].append(row)
    for group in groups.values():
        values = {squeezed(value(row)): value(row) for row in group}
        if len(values) > 1:
            yield key(group[0]), list(values.values()), tuple(row.row for row in group)


def _numbers(items: Iterable[object]) -> str:
    return "、".join(str(item) for item in items)


def totals_of(rows: tuple[LedgerRow, ...], known: KnownNames) -> LedgerTotals:
    """The figures of the rows understood, districts and sectors in the order of the known names."""
    closed = sum(row.closed for row in rows)
    return LedgerTotals(
        found=len(rows),
        closed=closed,
        open=len(rows) - closed,
        rate=rate(closed, len(rows)),
        by_district=_tallies(rows, known.districts, lambda row: row.district),
        by_sector=_tallies(rows, known.sectors, lambda row: row.sector),
    )


def _tallies(
    rows: tuple[LedgerRow, ...], known: Mapping[str, str], dimension: Callable[[LedgerRow], str]
) -> dict[str, Tally]:
    found = Counter(dimension(row) for row in rows)
    closed = Counter(dimension(row) for row in rows if row.closed)
    return {name: Tally(found[name], closed[name]) for name in dict.fromkeys(known.values()) if found[name]}
