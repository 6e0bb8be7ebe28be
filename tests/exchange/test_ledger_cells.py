"""One cell at a time: what is repaired, by which rule, and what is refused with which remedy."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest
from stdnum.cn import uscc

from app.exchange.ledger import KnownNames, RefusedRow
from app.exchange.ledger_cells import cell_name
from app.exchange.ledger_columns import LedgerColumn
from app.exchange.ledger_rows import understand_ledger
from app.infrastructure.workbook import Cell, RawWorkbook
from app.regulation.vocabulary import Channel
from tests.exchange.ledgers import IMPORTED_ON, KNOWN, ORDINARY, cells, only_row, sheet, understood, workbook

FOUND = date(2024, 5, 26)
NOON = datetime(2024, 5, 26, 12)  # noqa: DTZ001 - as a workbook holds it


@pytest.mark.parametrize(
    ("column", "written", "read", "rules"),
    [
        (LedgerColumn.ENTERPRISE_CODE, "９１１５０６２２ＭＡ０Ｌ５ＨＭＤＧ８", "91150622MA0L5HMDG8", ["full_width"]),
        (LedgerColumn.ENTERPRISE_CODE, " 91150622 MA0L5HMDG8", "91150622MA0L5HMDG8", ["stray_space", "stray_space"]),
        (LedgerColumn.ENTERPRISE_CODE, "91150622ma0l5hmdg8", "91150622MA0L5HMDG8", ["letter_case"]),
        (LedgerColumn.LEDGER_NUMBER, "ＺＤ２０２４－０００１", "ZD2024-0001", ["full_width"]),
        (LedgerColumn.SECTOR, "煤矿 ", "煤矿", ["stray_space"]),
        (LedgerColumn.SECTOR, "煤\u3000矿", "煤矿", ["stray_space"]),
        (LedgerColumn.SECTOR, "\ufeff煤\u200b矿", "煤矿", ["invisible_character"]),
        (LedgerColumn.DISTRICT, "\u00a0准旗", "准格尔旗", ["stray_space", "short_form"]),
        (LedgerColumn.CHANNEL, "检查发现", Channel.INSPECTION, ["short_form"]),
        (LedgerColumn.CHANNEL, "自查", Channel.SELF_REPORT, ["short_form"]),
        (LedgerColumn.CHANNEL, "举报", Channel.TIP, ["short_form"]),
        (LedgerColumn.FOUND_ON, "2024-05-26", FOUND, []),
        (LedgerColumn.FOUND_ON, "2024.5.26", FOUND, ["date_text"]),
        (LedgerColumn.FOUND_ON, "2024年5月26日", FOUND, ["date_text"]),
        (LedgerColumn.FOUND_ON, " 2024/05/26 ", FOUND, ["date_text"]),
        (LedgerColumn.FOUND_ON, "２０２４．５．２６", FOUND, ["date_text"]),
        (LedgerColumn.FOUND_ON, "2024-05-26 00:00:00", FOUND, ["date_text"]),
        (LedgerColumn.FOUND_ON, "2024.5.26 0:00", FOUND, ["date_text"]),
        (LedgerColumn.FOUND_ON, "2024-05-26T00:00:00", FOUND, ["date_text"]),
        (LedgerColumn.FOUND_ON, "2024. 5. 26", FOUND, ["date_text"]),
        (LedgerColumn.FOUND_ON, "2024.5.1 00:00:00", date(2024, 5, 1), ["date_text"]),
        (LedgerColumn.FOUND_ON, 45438.0, FOUND, ["date_serial"]),
        (LedgerColumn.FOUND_ON, 45438.75, FOUND, ["date_serial"]),
        (LedgerColumn.FOUND_ON, NOON, FOUND, ["time_of_day"]),
        (LedgerColumn.FOUND_ON, NOON.replace(hour=0), FOUND, []),
        (LedgerColumn.FOUND_ON, FOUND, FOUND, []),
        (LedgerColumn.CLOSED_ON, "—", None, ["blank_sign"]),
        (LedgerColumn.CLOSED_ON, " ", None, []),
        (LedgerColumn.FUNDS, "１，５８８万元", Decimal(1588), ["number_text"]),
        (LedgerColumn.FUNDS, 158.8, Decimal("158.8"), []),
        (LedgerColumn.EXTENSION_COUNT, "1次", 1, ["number_text"]),
        (LedgerColumn.EXTENSION_COUNT, None, None, []),
        (LedgerColumn.PLACE, "一层\n二层", "一层\n二层", []),
        (LedgerColumn.PLACE, 3.0, "3", []),
        (LedgerColumn.REMARK, "见（附件）１", "见（附件）１", []),
    ],
)
def test_a_cell_is_read_and_each_change_to_it_is_told(
    column: LedgerColumn, written: Cell, read: object, rules: list[str]
) -> None:
    row = only_row({column: written})
    assert getattr(row, column.value) == read
    assert [repair.rule.value for repair in row.repairs] == rules
    assert {repair.column for repair in row.repairs} <= {column.label}


def test_a_repair_names_its_cell_and_what_stood_there() -> None:
    (repair,) = only_row({LedgerColumn.CHANNEL: "检查发现"}).repairs
    assert (repair.cell, repair.before, repair.after) == ("K2", "检查发现", "督导检查发现")


@pytest.mark.parametrize(
    ("column", "written", "code"),
    [
        (LedgerColumn.FOUND_ON, None, "required_blank"),
        (LedgerColumn.FOUND_ON, "/", "required_blank"),
        (LedgerColumn.FOUND_ON, date(2025, 1, 7), "date_out_of_range"),
        (LedgerColumn.FOUND_ON, date(1999, 12, 31), "date_out_of_range"),
        (LedgerColumn.FOUND_ON, date(9999, 12, 31), "date_out_of_range"),
        (LedgerColumn.FOUND_ON, "2024-13-01", "date_unreadable"),
        (LedgerColumn.FOUND_ON, "2024-02-30", "date_unreadable"),
        (LedgerColumn.FOUND_ON, "24.5.26", "date_unreadable"),
        (LedgerColumn.FOUND_ON, "2024年5月", "date_unreadable"),
        (LedgerColumn.FOUND_ON, "2024-5.26", "date_unreadable"),
        (LedgerColumn.FOUND_ON, "2024.5.2 6", "date_unreadable"),
        (LedgerColumn.FOUND_ON, "2024.5.26 12:30", "date_unreadable"),
        (LedgerColumn.FOUND_ON, "٢٠٢٤-٠٥-٢٦", "date_unreadable"),
        (LedgerColumn.FOUND_ON, 20240526.0, "date_unreadable"),
        (LedgerColumn.FOUND_ON, float("inf"), "date_unreadable"),
        (LedgerColumn.FOUND_ON, float("nan"), "date_unreadable"),
        (LedgerColumn.FOUND_ON, True, "date_unreadable"),
        (LedgerColumn.DUE_ON, "9999-12-31", "date_out_of_range"),
        (LedgerColumn.DUE_ON, date(2024, 5, 25), "date_out_of_range"),
        (LedgerColumn.CLOSED_ON, date(2024, 5, 25), "date_out_of_range"),
        (LedgerColumn.CLOSED_ON, date(2025, 1, 7), "date_out_of_range"),
        (LedgerColumn.CLOSED_ON, "8月底", "date_unreadable"),
        (LedgerColumn.ACCEPTED_ON, date(2024, 5, 25), "date_out_of_range"),
        (LedgerColumn.ENTERPRISE_CODE, None, "required_blank"),
        (LedgerColumn.ENTERPRISE_CODE, "91150622MA0L5HMDG9", "code_invalid"),
        (LedgerColumn.ENTERPRISE_CODE, "91150622MA0L5HMDGO", "code_invalid"),
        (LedgerColumn.ENTERPRISE_CODE, "91150622MA0L5HMDG", "code_invalid"),
        (LedgerColumn.ENTERPRISE_CODE, "٩1150622MA0L5HMDG8", "code_invalid"),
        (LedgerColumn.ENTERPRISE_CODE, 9.115062200000001e17, "code_as_number"),
        (LedgerColumn.ENTERPRISE_NAME, "\u200b ", "required_blank"),
        (LedgerColumn.CIRCUMSTANCES, "泄漏\x00", "forbidden_character"),
        (LedgerColumn.CIRCUMSTANCES, "泄漏\ud83d", "forbidden_character"),
        (LedgerColumn.CLOSED_ON, "2024-08-21\x00", "forbidden_character"),
        (LedgerColumn.CIRCUMSTANCES, "漏" * 4_001, "text_too_long"),
        (LedgerColumn.LEDGER_NUMBER, "9" * 65, "number_too_long"),
        (LedgerColumn.DISTRICT, "准格", "unknown_name"),
        (LedgerColumn.SECTOR, "煤", "unknown_name"),
        (LedgerColumn.CHANNEL, "督导", "unknown_name"),
        (LedgerColumn.FUNDS, "约一百", "number_unreadable"),
        (LedgerColumn.FUNDS, "NaN", "number_unreadable"),
        (LedgerColumn.FUNDS, "15,8", "number_unreadable"),
        (LedgerColumn.FUNDS, "1 5", "number_unreadable"),
        (LedgerColumn.FUNDS, "１ ５", "number_unreadable"),
        (LedgerColumn.FUNDS, "٣", "number_unreadable"),
        (LedgerColumn.FUNDS, "1_5", "number_unreadable"),
        (LedgerColumn.FUNDS, -1.0, "number_out_of_range"),
        (LedgerColumn.FUNDS, 1e300, "number_out_of_range"),
        (LedgerColumn.EXTENSION_COUNT, 1.5, "number_out_of_range"),
        (LedgerColumn.EXTENSION_COUNT, 2147483648.0, "number_out_of_range"),
    ],
)
def test_a_cell_that_cannot_be_read_refuses_its_row_with_cell_and_remedy(
    column: LedgerColumn, written: Cell, code: str
) -> None:
    ledger = understood(cells({column: written}))
    assert not ledger.rows
    faults = [fault for refused in ledger.refused for fault in refused.faults]
    assert [fault.code for fault in faults] == [code]
    assert faults[0].cell == cell_name(2, list(ORDINARY).index(column) + 1)
    assert faults[0].message.startswith(f"{faults[0].cell}（{column.label}）")
    assert faults[0].remedy


def test_all_faults_of_a_row_are_told_at_once() -> None:
    changes: dict[LedgerColumn, Cell] = {
        LedgerColumn.ENTERPRISE_CODE: "1",
        LedgerColumn.FOUND_ON: None,
        LedgerColumn.FUNDS: "很多",
    }
    ledger = understood(cells(changes))
    assert [fault.cell for fault in ledger.refused[0].faults] == ["F2", "L2", "R2"]


def test_a_rural_collectives_code_is_valid_though_it_begins_with_a_letter() -> None:
    body = "N2150622MA0L5HMDG"
    code = body + uscc.calc_check_digit(body)
    assert only_row({LedgerColumn.ENTERPRISE_CODE: code}).enterprise_code == code


def test_a_spelling_may_be_listed_in_full_width_and_the_canonical_name_not_at_all() -> None:
    names = KnownNames(districts={"准旗（矿区）": "准格尔旗"}, sectors={"煤": "煤矿"})
    for written in ("准旗（矿区）", "准旗(矿区)", "准格尔旗"):
        book = workbook(sheet(cells({LedgerColumn.DISTRICT: written})))
        assert understand_ledger(book, names, imported_on=IMPORTED_ON).rows[0].district == "准格尔旗"


def test_serial_numbers_follow_the_workbooks_own_calendar() -> None:
    book = workbook(sheet(cells({LedgerColumn.FOUND_ON: 45438.0 - 1462})), date_1904=True)
    ledger = understand_ledger(book, KNOWN, imported_on=IMPORTED_ON)
    assert ledger.rows[0].found_on == FOUND


def progress_cell(stored: bool | None, value: Cell, *, error: bool = False) -> RawWorkbook:
    """A workbook whose 整改进展 (W2) is a formula, or an error value."""
    ledger_sheet = sheet(cells({LedgerColumn.PROGRESS: value}))
    formulas = {} if stored is None else {(2, 23): stored}
    return workbook(replace(ledger_sheet, formulas=formulas, errors=frozenset({(2, 23)} if error else ())))


def refused_rows(book: RawWorkbook) -> tuple[RefusedRow, ...]:
    return understand_ledger(book, KNOWN, imported_on=IMPORTED_ON).refused


def test_a_formulas_stored_value_is_taken_and_told_with_its_cell() -> None:
    ledger = understand_ledger(progress_cell(True, "已整改"), KNOWN, imported_on=IMPORTED_ON)
    assert ledger.rows[0].progress == "已整改"
    assert [(repair.cell, repair.rule.value) for repair in ledger.rows[0].repairs] == [("W2", "formula_value")]
    assert ledger.findings[0].cells == ("W2",)


def test_a_formula_without_a_stored_value_is_refused_never_evaluated() -> None:
    (refused,) = refused_rows(progress_cell(False, None))
    assert refused.faults[0].code == "formula_without_value"


def test_an_error_value_is_refused_never_taken_for_blank() -> None:
    (refused,) = refused_rows(progress_cell(None, None, error=True))
    assert refused.faults[0].code == "error_value"


def test_a_cell_merged_downwards_stands_for_every_row_it_covers() -> None:
    second = cells({LedgerColumn.LEDGER_NUMBER: "ZD2024-0002", LedgerColumn.DISTRICT: None})
    book = workbook(replace(sheet(cells(), second), merged={(3, 3): (2, 3)}))
    ledger = understand_ledger(book, KNOWN, imported_on=IMPORTED_ON)
    assert [row.district for row in ledger.rows] == ["准格尔旗", "准格尔旗"]
    assert [(repair.cell, repair.rule.value) for repair in ledger.rows[1].repairs] == [("C3", "merged_cell")]


def test_a_cell_merged_downwards_from_an_error_is_refused_too() -> None:
    second = cells({LedgerColumn.LEDGER_NUMBER: "ZD2024-0002", LedgerColumn.CLOSED_ON: None})
    area = {(3, 26): (2, 26)}
    book = workbook(replace(sheet(cells(), second), merged=area, errors=frozenset({(2, 26)})))
    assert [refused.faults[0].code for refused in refused_rows(book)] == ["error_value", "error_value"]


def test_a_date_merged_over_two_columns_is_refused_for_the_second() -> None:
    book = workbook(replace(sheet(cells({LedgerColumn.CLOSED_ON: None})), merged={(2, 26): (2, 25)}))
    (refused,) = refused_rows(book)
    assert [(fault.cell, fault.code) for fault in refused.faults] == [("Z2", "merged_across")]


@pytest.mark.parametrize(("place", "name"), [((1, 1), "A1"), ((4, 26), "Z4"), ((4, 27), "AA4"), ((9, 703), "AAA9")])
def test_cells_are_named_as_the_spreadsheet_names_them(place: tuple[int, int], name: str) -> None:
    assert cell_name(*place) == name
