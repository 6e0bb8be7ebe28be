"""What the child sees in ordinary workbooks of each format."""

import io
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from app.exchange.ledger_rows import understand_ledger
from app.infrastructure.workbook import RawWorkbook, read_workbook
from tests.exchange.ledgers import HEADINGS, IMPORTED_ON, KNOWN, cells, codes
from tests.exchange.workbook_builders import ods, ods_rows, sheet_xml, text_rows, xls, xlsx, xlsx_parts, zipped

TEXT_ROW = tuple(str(cell) if cell is not None else "" for cell in cells())


def read(data: bytes, tmp_path: Path, name: str = "台账") -> RawWorkbook:
    path = tmp_path / name
    path.write_bytes(data)
    return read_workbook(path)


def by_openpyxl(change: Callable[[Any], object]) -> bytes:
    """One sheet as openpyxl saves it after `change`."""
    book = openpyxl.Workbook()
    change(book.active)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("build", "name", "file_format"),
    [
        (lambda rows: xlsx(text_rows(rows)), "台账.xls", "xlsx"),
        (xls, "台账.xls", "xls"),
        (xls, "台账.et", "xls"),
        (lambda rows: ods(ods_rows(rows)), "台账.ods", "ods"),
    ],
)
def test_every_format_is_known_by_its_content_and_reads_alike(
    build: Callable[[Sequence[Sequence[str]]], bytes], name: str, file_format: str, tmp_path: Path
) -> None:
    headings = HEADINGS[:26]
    book = read(build([headings, TEXT_ROW[:26]]), tmp_path, name)
    assert book.file_format == file_format
    ledger = understand_ledger(book, KNOWN, imported_on=IMPORTED_ON)
    assert [row.ledger_number for row in ledger.rows] == ["ZD2024-0001"]
    assert ledger.rows[0].closed_on == date(2024, 8, 21)
    looked_inside = "not_looked_inside" not in codes(ledger)
    assert looked_inside == (file_format == "xlsx")


def test_the_hash_is_of_the_bytes_that_were_read(tmp_path: Path) -> None:
    first, second = read(xlsx(text_rows([["a"]])), tmp_path), read(xlsx(text_rows([["b"]])), tmp_path)
    assert first.sha256 != second.sha256
    assert len(first.sha256) == 64


def test_cells_keep_their_kind_and_place(tmp_path: Path) -> None:
    def fill(sheet: Any) -> None:
        sheet["C3"] = 1
        sheet["D3"] = date(2024, 5, 26)
        sheet["E3"] = datetime(2024, 5, 26, 7, 8)  # noqa: DTZ001 - as a workbook holds it
        sheet["F5"] = " 文字 "

    (sheet,) = read(by_openpyxl(fill), tmp_path).sheets
    assert [row.number for row in sheet.rows] == [1, 2, 3, 4, 5]
    assert sheet.rows[2].cells[:2] == (None, None)
    assert sheet.rows[2].at(3) == 1.0
    assert sheet.rows[2].at(4) == date(2024, 5, 26)
    assert sheet.rows[2].at(5) == datetime(2024, 5, 26, 7, 8)  # noqa: DTZ001 - as a workbook holds it
    assert sheet.rows[4].at(6) == " 文字 "


def test_hidden_rows_columns_and_sheets_are_told_apart(tmp_path: Path) -> None:
    def fill(sheet: Any) -> None:
        sheet["A2"] = "x"
        sheet.row_dimensions[2].hidden = True
        sheet.column_dimensions["B"].hidden = True
        hidden = sheet.parent.create_sheet("底稿")
        hidden["A1"] = "y"
        hidden.sheet_state = "veryHidden"

    book = read(by_openpyxl(fill), tmp_path)
    assert [sheet.name for sheet in book.sheets] == ["Sheet"]
    assert book.hidden_sheets == ("底稿",)
    assert book.sheets[0].hidden_rows == {2}
    assert 2 in book.sheets[0].hidden_columns


def test_formulas_are_found_with_and_without_their_values_and_never_evaluated(tmp_path: Path) -> None:
    row = (
        '<row r="1"><c r="A1" t="str"><f>IF(1=1,"已整改","")</f><v>已整改</v></c>'
        '<c r="B1"><f>1+1</f></c><c r="C1" t="str"><f>""</f><v></v></c><c r="D1" t="e"><f>1/0</f><v>#DIV/0!</v></c>'
        '<c r="E1" t="e"><v>#N/A</v></c><c r="F1"><v>7</v></c></row>'
    )
    (sheet,) = read(xlsx(row), tmp_path).sheets
    assert sheet.formulas == {(1, 1): True, (1, 2): False, (1, 3): True, (1, 4): True}
    assert sheet.errors == {(1, 4), (1, 5)}
    assert sheet.rows[0].cells == ("已整改", None, None, None, None, 7.0)


def test_elements_under_a_prefix_are_seen_too(tmp_path: Path) -> None:
    sheet = (
        '<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x:sheetData>'
        '<x:row r="1" hidden="true"><x:c r="A1"><x:f>1+1</x:f><x:v>2</x:v></x:c></x:row></x:sheetData></x:worksheet>'
    )
    (found,) = read(zipped(xlsx_parts(sheet)), tmp_path).sheets
    assert found.formulas == {(1, 1): True}
    assert found.hidden_rows == {1}


def test_formulas_of_conditions_and_extensions_are_no_cells(tmp_path: Path) -> None:
    after = '<extLst><ext><f xmlns="x">A1</f></ext></extLst>'
    (sheet,) = read(xlsx('<row r="1"><c r="A1"><v>1</v></c></row>', after=after), tmp_path).sheets
    assert sheet.formulas == {}


def test_covered_cells_know_what_covers_them(tmp_path: Path) -> None:
    def fill(sheet: Any) -> None:
        sheet["A1"] = "准格尔旗"
        sheet["B3"] = "x"
        sheet.merge_cells("A1:A3")

    (sheet,) = read(by_openpyxl(fill), tmp_path).sheets
    assert sheet.merged == {(2, 1): (1, 1), (3, 1): (1, 1)}


@pytest.mark.parametrize("date_1904", [True, False])
def test_the_workbooks_calendar_is_told(date_1904: bool, tmp_path: Path) -> None:
    parts = xlsx_parts(sheet_xml('<row r="1"><c r="A1"><v>1</v></c></row>'), date_1904=date_1904)
    assert read(zipped(parts), tmp_path).date_1904 is date_1904


def test_links_to_other_workbooks_are_told_and_not_followed(tmp_path: Path) -> None:
    parts = xlsx_parts(sheet_xml('<row r="1"><c r="A1"><v>1</v></c></row>'))
    parts["xl/externalLinks/externalLink1.xml"] = "<externalLink/>"
    assert read(zipped(parts), tmp_path).external_links


def test_a_ledger_of_twenty_thousand_rows_is_read_within_the_limits(tmp_path: Path) -> None:
    cell = "".join(f'<c t="inlineStr"><is><t>第{column}列</t></is></c>' for column in range(27))
    data = xlsx("".join(f'<row r="{row}">{cell}</row>' for row in range(1, 20_001)))
    (sheet,) = read(data, tmp_path).sheets
    assert len(sheet.rows) == 20_000
