"""Which sheet is the ledger and which column is which, however the heading was written."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from app.exchange.ledger import UnderstoodLedger
from app.exchange.ledger_columns import REQUIRED_COLUMNS, LedgerColumn, LedgerRefused, column_of
from app.exchange.ledger_rows import understand_ledger
from app.infrastructure.workbook import Cell, RawSheet, RawWorkbook
from tests.exchange.ledgers import HEADINGS, IMPORTED_ON, KNOWN, ORDINARY, cells, codes, sheet, workbook


def read(*sheets: RawSheet, wanted: str | None = None) -> UnderstoodLedger:
    return understand_ledger(workbook(*sheets), KNOWN, imported_on=IMPORTED_ON, sheet=wanted)


def refusal(*sheets: RawSheet, wanted: str | None = None) -> LedgerRefused:
    with pytest.raises(LedgerRefused) as refused:
        read(*sheets, wanted=wanted)
    return refused.value


def without(*columns: LedgerColumn) -> RawSheet:
    kept = [column for column in LedgerColumn if column not in columns]
    return sheet([ORDINARY[column] for column in kept], heading=[column.label for column in kept])


@pytest.mark.parametrize(
    ("heading", "column"),
    [
        ("隐患编号", LedgerColumn.LEDGER_NUMBER),
        ("苏木乡镇\n(街道)", LedgerColumn.TOWN),
        ("苏木乡镇（街道）", LedgerColumn.TOWN),
        ("统一社会\n信用代码", LedgerColumn.ENTERPRISE_CODE),
        (" 企 业 名 称 ", LedgerColumn.ENTERPRISE_NAME),
        ("整改资金（万元）", LedgerColumn.FUNDS),
        ("整改资金", LedgerColumn.FUNDS),
        ("发现/上报日期", LedgerColumn.FOUND_ON),
        ("发现日期（年月日）", LedgerColumn.FOUND_ON),
        ("验收日期/验收人", LedgerColumn.ACCEPTED_ON),
        ("应急预案(管控措施)", LedgerColumn.EMERGENCY_PLAN),
        ("包保领导", None),
        ("预警等级", None),
        ("", None),
    ],
)
def test_a_heading_is_known_through_wraps_spaces_widths_and_brackets(heading: str, column: LedgerColumn | None) -> None:
    assert column_of(heading) is column


def test_titles_above_the_heading_and_a_moved_table_do_not_matter() -> None:
    title: Sequence[Cell] = ["鄂尔多斯市2024年重大事故隐患排查整治台账"]
    moved = [(None, *row) for row in (HEADINGS, cells())]
    ledger = read(sheet([], ["填报单位:市安委办"], *moved, heading=[str(title[0])]))
    assert [row.row for row in ledger.rows] == [5]


def test_a_heading_over_two_rows_is_read_as_one() -> None:
    groups: list[Cell] = list(HEADINGS)
    parts: list[Cell] = [None] * len(groups)
    for column in (LedgerColumn.RESPONSIBLE_PERSON, LedgerColumn.MEASURES, LedgerColumn.FUNDS, LedgerColumn.DUE_ON):
        position = list(LedgerColumn).index(column)
        groups[position] = "五落实" if column is LedgerColumn.RESPONSIBLE_PERSON else None
        parts[position] = column.label
    ledger = read(sheet(groups, parts, cells(), heading=["台账"]))
    assert ledger.rows[0].measures == ORDINARY[LedgerColumn.MEASURES]
    assert ledger.rows[0].due_on == ORDINARY[LedgerColumn.DUE_ON]


@pytest.mark.parametrize("column", REQUIRED_COLUMNS)
def test_a_column_without_which_no_row_is_understood_must_be_there(column: LedgerColumn) -> None:
    refused = refusal(without(column))
    assert refused.code == "ledger_column_missing"
    assert column.label in refused.message


def test_other_columns_may_be_missing_and_each_is_reported_once() -> None:
    ledger = read(without(LedgerColumn.FUNDS, LedgerColumn.PLACE, LedgerColumn.SEQUENCE))
    assert codes(ledger) == ["column_missing", "column_missing"]
    assert ledger.rows[0].funds is None
    assert ledger.rows[0].place is None


def test_a_column_twice_is_refused_by_name() -> None:
    refused = refusal(sheet((*cells(), "再写一次"), heading=(*HEADINGS, "隐患情况")))
    assert refused.code == "ledger_column_duplicate"
    assert LedgerColumn.CIRCUMSTANCES.label in refused.message


def test_a_column_nobody_knows_is_reported_not_dropped_in_silence() -> None:
    ledger = read(sheet((*cells(), "某领导"), heading=(*HEADINGS, "包保领导")))
    assert codes(ledger) == ["column_unknown"]
    assert ledger.findings[0].cells == ("AB1",)
    assert "包保领导" in ledger.findings[0].message


def test_a_hidden_column_is_read_and_reported() -> None:
    ledger = read(replace(sheet(cells()), hidden_columns=frozenset({9, 40})))
    assert codes(ledger) == ["hidden_column"]
    assert "隐患内容" in ledger.findings[0].message


def test_a_hidden_row_is_read_and_reported() -> None:
    ledger = read(replace(sheet(cells()), hidden_rows=frozenset({2, 9})))
    assert ledger.findings[0].code == "hidden_row"
    assert ledger.findings[0].rows == (2,)
    assert ledger.rows[0].hidden


@pytest.mark.parametrize(
    ("sheets", "wanted", "code"),
    [
        ((), None, "ledger_heading_not_found"),
        ((sheet(heading=["目录"]),), None, "ledger_heading_not_found"),
        ((sheet(heading=["隐患编号", "企业名称", "备注"]),), None, "ledger_heading_not_found"),
        ((sheet(cells(), name="一季度"), sheet(cells(), name="二季度")), None, "ledger_sheet_ambiguous"),
        ((sheet(cells(), name="一季度"),), "三季度", "ledger_sheet_not_found"),
        ((sheet(heading=["目录"], name="目录"), sheet(cells())), "目录", "ledger_heading_not_found"),
    ],
)
def test_where_no_one_sheet_is_the_ledger_the_file_is_refused(
    sheets: tuple[RawSheet, ...], wanted: str | None, code: str
) -> None:
    refused = refusal(*sheets, wanted=wanted)
    assert refused.code == code
    assert refused.remedy


def test_the_ledger_is_found_among_other_sheets_and_by_name() -> None:
    assert read(sheet(heading=["目录"], name="目录"), sheet(cells())).sheet == "台账"
    assert read(sheet(cells(), name="一季度"), sheet(cells(), name="二季度"), wanted="二季度").sheet == "二季度"


def test_a_ledger_on_a_hidden_sheet_is_asked_for_in_the_remedy() -> None:
    book = replace(workbook(), hidden_sheets=("2024台账",))
    with pytest.raises(LedgerRefused) as refused:
        understand_ledger(book, KNOWN, imported_on=IMPORTED_ON)
    assert "2024台账" in (refused.value.remedy or "")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda book: replace(book, hidden_sheets=("底稿",)), "hidden_sheet"),
        (lambda book: replace(book, external_links=True), "external_links"),
        (lambda book: replace(book, looked_inside=False, file_format="xls"), "not_looked_inside"),
    ],
)
def test_what_was_not_looked_at_in_the_file_is_said(change: Callable[[RawWorkbook], RawWorkbook], code: str) -> None:
    book = change(workbook(sheet(cells())))
    ledger = understand_ledger(book, KNOWN, imported_on=IMPORTED_ON)
    assert codes(ledger) == [code]
