"""What a clerk's workbook of penalties says, cell by cell; nothing is guessed, every fault names its cell.

One heading row with the columns of `Column`, one penalty a row. Blank rows and totals are passed over.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from math import isfinite
from typing import Final, TypeVar

from app.infrastructure.errors import InvalidInput
from app.infrastructure.fields import enterprise_code_fault
from app.infrastructure.workbook import Cell, RawRow, RawSheet, RawWorkbook
from app.regulation.enforcement import law_of, plain_case_number
from app.regulation.vocabulary import Penalised, PenaltyKind, PenaltyLaw


class Column(StrEnum):
    """A column by its heading; `REQUIRED` must stand in the sheet and be filled in."""

    ORGANISATION = "决定机关"
    CASE_NUMBER = "处罚决定书文号"
    CODE = "统一社会信用代码"
    ENTERPRISE = "企业名称"
    SECTOR = "行业领域"
    HAZARD = "隐患编号"
    DECIDED_ON = "处罚决定日期"
    BASIS = "处罚依据"
    KINDS = "处罚种类"
    AMOUNT = "罚没金额(元)"
    PENALISED = "被处罚人"
    PRODUCING = "带隐患生产"
    PUBLISHED_ON = "公开日期"
    CRIMINAL = "移送案号"


REQUIRED: Final = (Column.CASE_NUMBER, Column.CODE, Column.DECIDED_ON, Column.BASIS, Column.KINDS)
MOST_ROWS: Final = 2_000
_HEADING_ROWS: Final = 10
_TOTALS: Final = frozenset({"合计", "总计", "小计"})
_BLANK_SIGNS: Final = frozenset({"/", "-", "—", "无"})
_DATE: Final = re.compile(r"([0-9]{4})[-./年]([0-9]{1,2})[-./月]([0-9]{1,2})日?", re.ASCII)
_AMOUNT: Final = re.compile(r"[0-9]{1,10}(\.[0-9]{1,2})?", re.ASCII)
_GROUPED: Final = re.compile(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]{1,2})?", re.ASCII)
_SPLIT: Final = re.compile(r"[、,，;；和及并/+\s]+")
_ROUNDING: Final = 1e-6
_LETTERS: Final = 26
_SHORT_KINDS: Final[Mapping[str, PenaltyKind]] = {
    "没收": PenaltyKind.CONFISCATION,
    "没收非法财物": PenaltyKind.CONFISCATION,
    "停产停业": PenaltyKind.SUSPENSION,
    "责令停产停业整顿": PenaltyKind.SUSPENSION,
    "暂扣": PenaltyKind.PERMIT_SUSPENSION,
    "暂扣许可证": PenaltyKind.PERMIT_SUSPENSION,
    "吊销": PenaltyKind.PERMIT_REVOCATION,
    "吊销许可证": PenaltyKind.PERMIT_REVOCATION,
    "拘留": PenaltyKind.DETENTION,
}
_KINDS: Final = {kind.label: kind for kind in PenaltyKind} | dict(_SHORT_KINDS)
_PENALISED: Final = {one.label: one for one in Penalised}
_YES_NO: Final = {"是": True, "否": False}
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class CellFault:
    """Why a cell cannot be taken, and what the clerk is to do."""

    cell: str
    column: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class PaperPenalty:
    """A row as it says; names are still to be found in the registry."""

    row: int
    organisation: str | None
    case_number: str
    code: str
    enterprise: str | None
    sector: str | None
    hazard: str | None
    decided_on: date
    law: PenaltyLaw
    article: str
    kinds: tuple[PenaltyKind, ...]
    amount: Decimal | None
    penalised: Penalised
    producing_with_major_hazard: bool
    published_on: date | None
    criminal_transfer_number: str | None


@dataclass(frozen=True, slots=True)
class PaperSheet:
    """A sheet as understood: rows that could be read, and every fault of the others."""

    file_name: str
    sha256: str
    sheet: str
    columns: Mapping[Column, int]
    rows: tuple[PaperPenalty, ...]
    faults: tuple[CellFault, ...]

    def fault(self, row: int, column: Column, code: str, message: str) -> CellFault:
        """A fault of a row's column; of a column that the sheet lacks, of the row's number's cell."""
        return _fault(row, self.columns.get(column, self.columns[Column.CASE_NUMBER]), column, code, message)


class _Unreadable(Exception):
    """One cell cannot be taken; the row's reading goes on."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def cell_name(row: int, column: int) -> str:
    """The cell as the spreadsheet program names it: (4, 27) → AA4."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, _LETTERS)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


def _fault(row: int, at: int, column: Column, code: str, message: str) -> CellFault:
    name = cell_name(row, at)
    return CellFault(name, column.value, code, f"{name} {column.value}:{message}。")


def _squeezed(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


_COLUMNS: Final = {_squeezed(column.value): column for column in Column} | {
    "文号": Column.CASE_NUMBER,
    "决定书文号": Column.CASE_NUMBER,
    "处罚机关": Column.ORGANISATION,
    "当事人": Column.ENTERPRISE,
    "单位名称": Column.ENTERPRISE,
    "决定日期": Column.DECIDED_ON,
    "处罚日期": Column.DECIDED_ON,
    "台账编号": Column.HAZARD,
    "隐患台账编号": Column.HAZARD,
    "罚款金额(元)": Column.AMOUNT,
}


def understood(workbook: RawWorkbook) -> PaperSheet:
    """The one sheet with the heading, read; InvalidInput where there is none, several, or required columns lack."""
    headed = [(sheet, found) for sheet in workbook.sheets if (found := _heading(sheet)) is not None]
    if len(headed) != 1:
        names = "、".join(f"“{column.value}”" for column in REQUIRED)
        message = f"须有且只有一个工作表在前 {_HEADING_ROWS} 行内有表头,至少包括:{names}。"
        raise InvalidInput.of_field("/file", "enforcement_heading_not_found", message)
    sheet, (last, columns) = headed[0]
    rows, faults = [], []
    for row in sheet.rows:
        if row.number <= last or _is_passed_over(row):
            continue
        reader = _Reader(sheet, columns, row)
        paper = reader.penalty()
        rows += [paper] if paper is not None else []
        faults += reader.faults
    if len(rows) > MOST_ROWS:
        message = f"一次最多导入 {MOST_ROWS} 行,请分文件导入。"
        raise InvalidInput.of_field("/file", "enforcement_rows_too_many", message)
    return PaperSheet(workbook.file_name, workbook.sha256, sheet.name, columns, tuple(rows), tuple(faults))


def _heading(sheet: RawSheet) -> tuple[int, Mapping[Column, int]] | None:
    for row in sheet.rows[:_HEADING_ROWS]:
        texts = [(at, _COLUMNS.get(_squeezed(cell))) for at, cell in enumerate(row.cells, 1) if isinstance(cell, str)]
        found = {column: at for at, column in reversed(texts) if column is not None}
        if all(column in found for column in REQUIRED):
            return row.number, found
    return None


def _is_passed_over(row: RawRow) -> bool:
    texts = [cell for cell in row.cells if cell is not None and str(cell).strip()]
    return not texts or _squeezed(str(texts[0])) in _TOTALS


@dataclass(slots=True)
class _Reader:
    """The cells of one row; faults gather on the way."""

    sheet: RawSheet
    columns: Mapping[Column, int]
    row: RawRow
    faults: list[CellFault] = field(default_factory=list)

    def penalty(self) -> PaperPenalty | None:
        """The row, None where any cell of it is at fault."""
        text, day = self._text, self._day
        basis = self._read(Column.BASIS, text)
        values = {
            "organisation": self._read(Column.ORGANISATION, text),
            "case_number": self._read(Column.CASE_NUMBER, self._case_number),
            "code": self._read(Column.CODE, self._code),
            "enterprise": self._read(Column.ENTERPRISE, text),
            "sector": self._read(Column.SECTOR, text),
            "hazard": self._read(Column.HAZARD, text),
            "decided_on": self._read(Column.DECIDED_ON, day),
            "law": law_of(basis or ""),
            "article": basis,
            "kinds": self._read(Column.KINDS, self._kinds),
            "amount": self._read(Column.AMOUNT, self._amount),
            "penalised": self._read(Column.PENALISED, self._penalised) or Penalised.UNIT,
            "producing_with_major_hazard": bool(self._read(Column.PRODUCING, self._yes_or_no)),
            "published_on": self._read(Column.PUBLISHED_ON, day),
            "criminal_transfer_number": self._read(Column.CRIMINAL, self._short_text),
        }
        return None if self.faults else PaperPenalty(self.row.number, **values)  # type: ignore[arg-type]  # by name

    def _read(self, column: Column, read: Callable[[Cell], Value | None]) -> Value | None:
        at = self.columns.get(column)
        if at is None:
            return None
        try:
            value = read(self._stored(at))
        except _Unreadable as fault:
            self.faults.append(_fault(self.row.number, at, column, fault.code, fault.message))
            return None
        if value is None and column in REQUIRED:
            self.faults.append(_fault(self.row.number, at, column, "required_blank", "没有填写,请补填"))
        return value

    def _stored(self, at: int) -> Cell:
        place = (self.row.number, at)
        source = self.sheet.merged.get(place, place)
        if source != place:
            raise _Unreadable("merged_cell", "是合并单元格,请取消合并、逐行填写")
        value = self.row.at(at)
        if place in self.sheet.errors or (value is None and place in self.sheet.formulas):
            raise _Unreadable("formula_without_value", "是错误值或者没有保存结果的公式,请直接填写内容")
        if isinstance(value, str) and _squeezed(value) in _BLANK_SIGNS | {""}:
            return None
        return value

    def _text(self, value: Cell, longest: int = 200) -> str | None:
        if value is None:
            return None
        if not isinstance(value, str):
            raise _Unreadable("not_text", "不是文字,请把单元格设为文本格式后重新录入")
        text = unicodedata.normalize("NFC", value).strip()
        if not text.isprintable():
            raise _Unreadable("character_refused", "含有换行、控制字符或者乱码,请删去")
        if len(text) > longest:
            raise _Unreadable("text_too_long", f"超过 {longest} 字,请精简")
        return text

    def _short_text(self, value: Cell) -> str | None:
        return self._text(value, 100)

    def _case_number(self, value: Cell) -> str | None:
        text = self._text(value, 100)
        return None if text is None else plain_case_number(text)

    def _code(self, value: Cell) -> str | None:
        text = self._text(value)
        if text is None:
            return None
        code = _squeezed(text).upper()
        fault = enterprise_code_fault(code)
        if fault is not None:
            raise _Unreadable(fault[0], fault[1].rstrip("。"))
        return code

    def _day(self, value: Cell) -> date | None:
        if isinstance(value, datetime):
            return value.date()
        if value is None or isinstance(value, date):
            return value
        match = _DATE.fullmatch(_squeezed(value)) if isinstance(value, str) else None
        try:
            if match is not None:
                return date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            match = None
        raise _Unreadable("date_unreadable", "不是完整的日期,请写成 2026-05-26 的样式")

    def _kinds(self, value: Cell) -> tuple[PenaltyKind, ...] | None:
        text = self._text(value)
        named = [part for part in _SPLIT.split(text or "") if part]
        unknown = [part for part in named if part not in _KINDS]
        if unknown:
            known = "、".join(kind.label for kind in PenaltyKind)
            raise _Unreadable("kind_unknown", f"“{unknown[0]}”不是处罚种类,应为:{known},并处的用顿号分开")
        found = {_KINDS[part] for part in named}
        return tuple(kind for kind in PenaltyKind if kind in found) or None

    def _amount(self, value: Cell) -> Decimal | None:
        if value is None:
            return None
        if isinstance(value, float):
            # A cell holds binary fractions: what it shows with two decimals is what was meant, and no more.
            plain = f"{value:.2f}" if isfinite(value) and abs(value - round(value, 2)) < _ROUNDING else ""
        else:
            plain = _squeezed(str(value)).removesuffix("元")
            plain = plain.replace(",", "") if _GROUPED.fullmatch(plain) else plain
        if not _AMOUNT.fullmatch(plain) or not Decimal(plain):
            raise _Unreadable("amount_unreadable", "不是以元为单位的金额(大于 0,最多两位小数),请只填数字")
        return Decimal(plain)

    def _penalised(self, value: Cell) -> Penalised | None:
        return self._word(value, _PENALISED, "不是被处罚人的类别(不写姓名)")

    def _yes_or_no(self, value: Cell) -> bool | None:
        return self._word(value, _YES_NO, "不明确")

    def _word(self, value: Cell, words: Mapping[str, Value], complaint: str) -> Value | None:
        text = self._text(value)
        if text is None:
            return None
        if text not in words:
            raise _Unreadable("word_unknown", f"{complaint},应为:{'、'.join(words)}")
        return words[text]
