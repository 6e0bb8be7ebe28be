"""Ledgers made in memory: one ordinary row, and what a test changes in it."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from importlib.resources import files

from app.exchange.ledger import KnownNames, LedgerRow, UnderstoodLedger
from app.exchange.ledger_columns import LedgerColumn
from app.exchange.ledger_rows import understand_ledger
from app.infrastructure.workbook import Cell, RawRow, RawSheet, RawWorkbook

SAMPLE = files("app.sample")
TRUE_FIGURES = json.loads(SAMPLE.joinpath("ledger-2024.json").read_text("utf-8"))
KNOWN = KnownNames(
    districts={name: name for name in TRUE_FIGURES["by_district"]} | {"准旗": "准格尔旗"},
    sectors={name: name for name in TRUE_FIGURES["by_sector"]},
)
IMPORTED_ON = date(2025, 1, 6)
HEADINGS = tuple(column.label for column in LedgerColumn)

ORDINARY: Mapping[LedgerColumn, Cell] = {
    LedgerColumn.SEQUENCE: 1.0,
    LedgerColumn.LEDGER_NUMBER: "ZD2024-0001",
    LedgerColumn.DISTRICT: "准格尔旗",
    LedgerColumn.TOWN: "薛家湾镇",
    LedgerColumn.ENTERPRISE_NAME: "准格尔旗样本一煤业有限公司",
    LedgerColumn.ENTERPRISE_CODE: "91150622MA0L5HMDG8",
    LedgerColumn.SECTOR: "煤矿",
    LedgerColumn.PLACE: "3号采场",
    LedgerColumn.CIRCUMSTANCES: "瓦斯抽采系统不能正常运行",
    LedgerColumn.BASIS: "煤矿重大事故隐患判定标准第2条",
    LedgerColumn.CHANNEL: "督导检查发现",
    LedgerColumn.FOUND_ON: date(2024, 5, 26),
    LedgerColumn.FINDERS: "检查组甲、检查组乙",
    LedgerColumn.REPORTING_RECORD: "2024-05-26报属地及能源局",
    LedgerColumn.MONITORING_MEASURES: "停用相关设备",
    LedgerColumn.RESPONSIBLE_PERSON: "主要负责人",
    LedgerColumn.MEASURES: "限期整改并组织验收",
    LedgerColumn.FUNDS: 158.8,
    LedgerColumn.DUE_ON: date(2024, 9, 25),
    LedgerColumn.EMERGENCY_PLAN: "已制定现场处置方案",
    LedgerColumn.SUPERVISION_TIER: "市级",
    LedgerColumn.REGULATOR: "准格尔旗能源局",
    LedgerColumn.PROGRESS: "已完成整改",
    LedgerColumn.EXTENSION_COUNT: 0.0,
    LedgerColumn.ACCEPTED_ON: date(2024, 8, 20),
    LedgerColumn.CLOSED_ON: date(2024, 8, 21),
    LedgerColumn.REMARK: None,
}


def cells(changes: Mapping[LedgerColumn, Cell] | None = None) -> tuple[Cell, ...]:
    return tuple({**ORDINARY, **(changes or {})}.values())


def sheet(*rows: Sequence[Cell], heading: Sequence[str] = HEADINGS, name: str = "台账") -> RawSheet:
    """The heading in row 1, the rows from row 2 on."""
    return RawSheet(name, tuple(RawRow(number, tuple(row)) for number, row in enumerate((heading, *rows), 1)))


def workbook(*sheets: RawSheet, date_1904: bool = False) -> RawWorkbook:
    return RawWorkbook("台账.xlsx", "0" * 64, "xlsx", True, date_1904, False, (), sheets)


def understood(*rows: Sequence[Cell]) -> UnderstoodLedger:
    return understand_ledger(workbook(sheet(*rows)), KNOWN, imported_on=IMPORTED_ON)


def only_row(changes: Mapping[LedgerColumn, Cell]) -> LedgerRow:
    ledger = understood(cells(changes))
    assert not ledger.refused, ledger.refused
    return ledger.rows[0]


def classified_rows(ledger: UnderstoodLedger) -> list[int]:
    """Every row below the heading, as often as it was put into a class."""
    return sorted(item.row for group in (ledger.rows, ledger.skipped, ledger.refused) for item in group)


def codes(ledger: UnderstoodLedger) -> list[str]:
    return [finding.code for finding in ledger.findings]
