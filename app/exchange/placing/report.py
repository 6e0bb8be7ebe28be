"""What an import reports: the figures of the file as understood, each row's class, and every finding with its cells."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from app.exchange.ledger import LedgerFinding, LedgerRow, RefusedRow, SkipReason, UnderstoodLedger
from app.exchange.ledger_cells import Fault, Repair, RepairRule, cell_name
from app.exchange.ledger_columns import LedgerColumn
from app.regulation.facts import Unmet

_REPAIRS: Mapping[RepairRule, str] = {
    RepairRule.FORMULA_VALUE: "公式取文件中保存的结果",
    RepairRule.MERGED_CELL: "合并单元格的内容补到每一行",
    RepairRule.INVISIBLE_CHARACTER: "去掉不可见字符",
    RepairRule.STRAY_SPACE: "去掉多余空格",
    RepairRule.FULL_WIDTH: "全角改为半角",
    RepairRule.LETTER_CASE: "字母改为大写",
    RepairRule.SHORT_FORM: "简称改为全称",
    RepairRule.DATE_TEXT: "文字日期改为日期",
    RepairRule.DATE_SERIAL: "日期序号改为日期",
    RepairRule.TIME_OF_DAY: "日期去掉时刻",
    RepairRule.NUMBER_TEXT: "文字数字改为数字",
    RepairRule.BLANK_SIGN: "空白符号按未填写",
}
_SKIPS: Mapping[SkipReason, str] = {
    SkipReason.BLANK: "空行",
    SkipReason.SUBTOTAL: "小计、合计行",
    SkipReason.FOOTER: "表尾的签署或说明",
    SkipReason.HEADING: "重复的表头",
    SkipReason.REPEAT: "与前面完全相同的行",
}
Finding = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The answer of an import, a dry run included; `batch` is None where nothing was or would be kept."""

    batch: int | None
    totals: Mapping[str, Any]
    rows: Mapping[str, int]
    findings: Sequence[Finding]

    @property
    def takes_rows(self) -> bool:
        """Whether any row is new to the registry."""
        return self.rows["imported"] + self.rows["repaired"] > 0

    def as_json(self) -> dict[str, Any]:
        """What `--json` prints."""
        return {
            "batch": self.batch,
            "totals": dict(self.totals),
            "rows": dict(self.rows),
            "findings": list(self.findings),
        }


@dataclass(slots=True)
class Sorted:
    """The understood rows held against the registry."""

    new: list[LedgerRow] = field(default_factory=list)
    known: list[tuple[LedgerRow, int]] = field(default_factory=list)
    """Rows the registry already has, and their batch."""
    refused: list[RefusedRow] = field(default_factory=list)


def report_of(
    ledger: UnderstoodLedger, rows: Sorted, placing: Sequence[LedgerFinding], batch: int | None
) -> ImportReport:
    """The whole report of an import."""
    repaired = sum(bool(row.repairs) for row in rows.new)
    refused = (*ledger.refused, *rows.refused)
    classes = {
        "imported": len(rows.new) - repaired,
        "repaired": repaired,
        "skipped": len(ledger.skipped) + len(rows.known),
        "refused": len(refused),
    }
    findings = [
        *(_of_refusal(row, fault) for row in refused for fault in row.faults),
        *(asdict(finding) for finding in ledger.findings),
        *(asdict(finding) for finding in placing),
        *_of_known(rows.known),
        *_of_skips(ledger),
        *_of_repairs(rows.new),
    ]
    return ImportReport(batch, asdict(ledger.totals), classes, findings)


def same_file_again(kept: Mapping[str, Any], batch: int) -> ImportReport:
    """The report of a file that was imported before, byte for byte: nothing changes."""
    rows: Mapping[str, int] = kept["rows"]
    taken = rows["imported"] + rows["repaired"]
    again = {"imported": 0, "repaired": 0, "skipped": rows["skipped"] + taken, "refused": rows["refused"]}
    message = f"这个文件已经导入过(批次 {batch})，其中 {taken} 行此前已经登记，本次没有任何改动。"
    findings = [{"code": "already_imported", "message": message, "rows": [], "cells": []}, *kept["findings"]]
    return ImportReport(batch, kept["totals"], again, findings)


def refused_row(ledger: UnderstoodLedger, row: LedgerRow, column: LedgerColumn, unmet: Unmet) -> RefusedRow:
    """A row that reads well and cannot be taken: its cell, the reason and the remedy."""
    number = ledger.columns.get(column.value)
    cell = cell_name(row.row, number) if number else f"第 {row.row} 行"
    message = f"{cell}（{column.label}）{unmet.message}。"
    return RefusedRow(
        row.row, row.ledger_number, (Fault(cell, column.label, unmet.code, message, f"{unmet.remedy}。"),)
    )


def _of_refusal(row: RefusedRow, fault: Fault) -> Finding:
    return {
        "code": fault.code,
        "message": f"第 {row.row} 行没有导入：{fault.message}",
        "remedy": fault.remedy,
        "rows": [row.row],
        "cells": [fault.cell],
    }


def _of_known(known: Sequence[tuple[LedgerRow, int]]) -> Iterator[Finding]:
    by_batch: defaultdict[int, list[int]] = defaultdict(list)
    for row, batch in known:
        by_batch[batch].append(row.row)
    for batch, numbers in by_batch.items():
        message = f"{len(numbers)} 行此前已经登记(批次 {batch})，内容相同，没有重复登记。"
        yield {"code": "already_imported", "message": message, "rows": numbers, "cells": []}


def _of_skips(ledger: UnderstoodLedger) -> Iterator[Finding]:
    by_reason: defaultdict[SkipReason, list[int]] = defaultdict(list)
    for row in ledger.skipped:
        by_reason[row.reason].append(row.row)
    for reason, numbers in by_reason.items():
        listed = "、".join(map(str, numbers))
        message = f"{_SKIPS[reason]}没有导入：第 {listed} 行，共 {len(numbers)} 行。"
        yield {"code": f"skipped_{reason.value}", "message": message, "rows": numbers, "cells": []}


def _of_repairs(rows: Sequence[LedgerRow]) -> Iterator[Finding]:
    by_rule: defaultdict[RepairRule, list[tuple[int, Repair]]] = defaultdict(list)
    for row in rows:
        for repair in row.repairs:
            by_rule[repair.rule].append((row.row, repair))
    for rule, repairs in by_rule.items():
        yield {
            "code": f"repaired_{rule.value}",
            "message": f"{_REPAIRS[rule]}：{len(repairs)} 个单元格，原值和改后的值见 repairs。",
            "rows": sorted({number for number, _ in repairs}),
            "cells": [repair.cell for _, repair in repairs],
            "repairs": [
                {"cell": one.cell, "column": one.column, "before": one.before, "after": one.after} for _, one in repairs
            ],
        }
