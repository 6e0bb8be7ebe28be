"""Understanding a ledger: every row below the heading ends imported, repaired, skipped or refused, in one class only.

Touches no database and no clock.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from typing import Any

from app.exchange.ledger import KnownNames, LedgerRow, RefusedRow, SkippedRow, SkipReason, UnderstoodLedger
from app.exchange.ledger_cells import Fault, RowReader, cell_name
from app.exchange.ledger_columns import Heading, LedgerColumn, choose_sheet, column_of, squeezed
from app.exchange.ledger_findings import findings_of, totals_of
from app.infrastructure.workbook import RawRow, RawSheet, RawWorkbook

_SUBTOTAL = re.compile(r"(本页|本表|本月|本季度|本年度|全年)?(小计|合计|总计|累计|共计)")
_FOOTER = re.compile(r"(编制|审核|签发|填表|制表|填报|审批)(人|单位|日期)|(注|备注|说明|填表说明):|第\d+页|共\d+页")
_LONGEST_TERM = timedelta(days=3653)
_REPEATED_HEADINGS = 6

_READ: Mapping[LedgerColumn, tuple[str, bool]] = {
    LedgerColumn.LEDGER_NUMBER: ("number", True),
    LedgerColumn.DISTRICT: ("district", True),
    LedgerColumn.TOWN: ("name", False),
    LedgerColumn.ENTERPRISE_NAME: ("name", True),
    LedgerColumn.ENTERPRISE_CODE: ("code", True),
    LedgerColumn.SECTOR: ("sector", True),
    LedgerColumn.PLACE: ("text", False),
    LedgerColumn.CIRCUMSTANCES: ("text", True),
    LedgerColumn.BASIS: ("text", False),
    LedgerColumn.CHANNEL: ("channel", True),
    LedgerColumn.FOUND_ON: ("day", True),
    LedgerColumn.FINDERS: ("text", False),
    LedgerColumn.REPORTING_RECORD: ("text", False),
    LedgerColumn.MONITORING_MEASURES: ("text", False),
    LedgerColumn.RESPONSIBLE_PERSON: ("text", False),
    LedgerColumn.MEASURES: ("text", False),
    LedgerColumn.FUNDS: ("funds", False),
    LedgerColumn.DUE_ON: ("day", False),
    LedgerColumn.EMERGENCY_PLAN: ("text", False),
    LedgerColumn.SUPERVISION_TIER: ("name", False),
    LedgerColumn.REGULATOR: ("name", False),
    LedgerColumn.PROGRESS: ("text", False),
    LedgerColumn.EXTENSION_COUNT: ("extensions", False),
    LedgerColumn.ACCEPTED_ON: ("day", False),
    LedgerColumn.CLOSED_ON: ("day", False),
    LedgerColumn.REMARK: ("text", False),
}
"""How each column is read, and whether it must be filled; 序号 is the clerk's own counting and is not taken."""


@dataclass(slots=True)
class _Classes:
    """The rows below the heading while they are being sorted out."""

    understood: list[LedgerRow] = field(default_factory=list)
    skipped: list[SkippedRow] = field(default_factory=list)
    refused: list[RefusedRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Source:
    """What every row's reading needs."""

    sheet: RawSheet
    heading: Heading
    by_number: Mapping[int, RawRow]
    date_1904: bool
    known: KnownNames
    imported_on: date


def understand_ledger(
    workbook: RawWorkbook, known: KnownNames, *, imported_on: date, sheet: str | None = None
) -> UnderstoodLedger:
    """Every row of the workbook's ledger, understood; `imported_on` is the business date. Raises `LedgerRefused`."""
    found, heading = choose_sheet(workbook, sheet)
    by_number = {row.number: row for row in found.rows}
    source = _Source(found, heading, by_number, workbook.date_1904, known.folded(), imported_on)
    classes = _Classes()
    for row in found.rows:
        if row.number > heading.last_row:
            _sort_out(row, source, classes)
    _settle_repeats(classes, heading)
    rows = tuple(classes.understood)
    return UnderstoodLedger(
        file_name=workbook.file_name,
        sha256=workbook.sha256,
        sheet=found.name,
        rows=rows,
        skipped=tuple(sorted(classes.skipped, key=lambda skipped: skipped.row)),
        refused=tuple(sorted(classes.refused, key=lambda refused: refused.row)),
        findings=findings_of(workbook, found, heading, rows, tuple(classes.refused)),
        totals=totals_of(rows, known),
        columns={column.value: number for column, number in heading.columns.items()},
    )


def _sort_out(row: RawRow, source: _Source, classes: _Classes) -> None:
    skipped = _skip(row, source.heading)
    if skipped is not None:
        classes.skipped.append(skipped)
        return
    reader = RowReader(source.sheet, source.heading, row, source.by_number, source.date_1904)
    values = _values(reader, source.known)
    _check_days(reader, values, source.imported_on)
    if reader.faults:
        classes.refused.append(RefusedRow(row.number, values["ledger_number"], tuple(reader.faults)))
        return
    hidden = row.number in source.sheet.hidden_rows
    classes.understood.append(LedgerRow(row=row.number, hidden=hidden, repairs=tuple(reader.repairs), **values))


def _values(reader: RowReader, known: KnownNames) -> dict[str, Any]:
    reads: Mapping[str, Callable[[LedgerColumn], object]] = {
        "text": reader.text,
        "name": reader.name,
        "number": reader.ledger_number,
        "code": reader.enterprise_code,
        "district": partial(reader.known, names=known.districts),
        "sector": partial(reader.known, names=known.sectors),
        "channel": reader.channel,
        "day": reader.day,
        "funds": reader.funds,
        "extensions": reader.extension_count,
    }
    return {
        column.value: reader.required(reads[kind], column) if must else reader.optional(reads[kind], column)
        for column, (kind, must) in _READ.items()
    }


def _check_days(reader: RowReader, values: Mapping[str, Any], imported_on: date) -> None:
    read: date | None = values["found_on"]
    found_on = reader.bounded(LedgerColumn.FOUND_ON, read, None, imported_on, "应在 2000 年以后、导入当日以前")
    latest_due = (found_on or imported_on) + _LONGEST_TERM
    reader.bounded(LedgerColumn.DUE_ON, values["due_on"], found_on, latest_due, "应在发现日期以后、十年以内")
    for column in (LedgerColumn.ACCEPTED_ON, LedgerColumn.CLOSED_ON):
        reader.bounded(column, values[column.value], found_on, imported_on, "应在发现日期以后、导入当日以前")


def _skip(row: RawRow, heading: Heading) -> SkippedRow | None:
    tells = [_squeezed(row, heading, column) for column in (LedgerColumn.ENTERPRISE_CODE, LedgerColumn.CIRCUMSTANCES)]
    if any(tells):
        again = column_of(tells[0]) is LedgerColumn.ENTERPRISE_CODE and _is_heading_again(row, heading)
        return SkippedRow(row.number, SkipReason.HEADING, "重复的表头") if again else None
    written = [squeezed(str(cell)) for cell in row.cells if cell is not None and squeezed(str(cell))]
    if not written:
        return SkippedRow(row.number, SkipReason.BLANK, "空行")
    if any(_SUBTOTAL.match(text) for text in written):
        return SkippedRow(row.number, SkipReason.SUBTOTAL, "小计、合计行，不是隐患")
    if _FOOTER.match(written[0]):
        return SkippedRow(row.number, SkipReason.FOOTER, "表尾的签署或说明，不是隐患")
    return None


def _squeezed(row: RawRow, heading: Heading, column: LedgerColumn) -> str:
    cell = row.at(heading.columns[column])
    return "" if cell is None else squeezed(str(cell))


def _is_heading_again(row: RawRow, heading: Heading) -> bool:
    again = sum(column_of(_squeezed(row, heading, column)) is column for column in heading.columns)
    return again >= _REPEATED_HEADINGS


def _settle_repeats(classes: _Classes, heading: Heading) -> None:
    """Rows of one number: same content counts once; different content is refused, for none is known to be right."""
    by_ledger_number: defaultdict[str, list[LedgerRow]] = defaultdict(list)
    for row in classes.understood:
        by_ledger_number[row.ledger_number].append(row)
    classes.understood = []
    for rows in by_ledger_number.values():
        first = rows[0]
        if len({row.content_hash for row in rows}) > 1:
            classes.refused.extend(_conflicting(row, rows, heading) for row in rows)
            continue
        classes.understood.append(first)
        classes.skipped.extend(
            SkippedRow(row.row, SkipReason.REPEAT, f"与第 {first.row} 行({first.ledger_number})完全相同", first.row)
            for row in rows[1:]
        )
    classes.understood.sort(key=lambda row: row.row)


def _conflicting(row: LedgerRow, rows: list[LedgerRow], heading: Heading) -> RefusedRow:
    column = LedgerColumn.LEDGER_NUMBER
    cell = cell_name(row.row, heading.columns[column])
    others = "、".join(str(other.row) for other in rows if other is not row)
    message = f"{cell}（{column.label}）{row.ledger_number} 与第 {others} 行编号相同而内容不同。"
    fault = Fault(cell, column.label, "number_conflict", message, "请核对后只保留正确的一行，或改正编号。")
    return RefusedRow(row.row, row.ledger_number, (fault,))
