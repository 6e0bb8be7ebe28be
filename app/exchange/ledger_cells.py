"""What one cell of a ledger says, once cleaned: every change is a `Repair`, everything that cannot be read a `Fault`.

Nothing is guessed: a short form counts only if it stands in a table, a date only if it is whole and possible.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from math import isfinite
from typing import TypeVar

from stdnum.cn import uscc

from app.exchange.ledger_columns import Heading, LedgerColumn, squeezed
from app.infrastructure.workbook import Cell, Place, RawRow, RawSheet
from app.regulation.vocabulary import Channel


class RepairRule(StrEnum):
    """Why a cell was changed."""

    FORMULA_VALUE = "formula_value"
    MERGED_CELL = "merged_cell"
    INVISIBLE_CHARACTER = "invisible_character"
    STRAY_SPACE = "stray_space"
    FULL_WIDTH = "full_width"
    LETTER_CASE = "letter_case"
    SHORT_FORM = "short_form"
    DATE_TEXT = "date_text"
    DATE_SERIAL = "date_serial"
    TIME_OF_DAY = "time_of_day"
    NUMBER_TEXT = "number_text"
    BLANK_SIGN = "blank_sign"


@dataclass(frozen=True, slots=True)
class Repair:
    """One change to one cell: where, from what, to what, by which rule."""

    cell: str
    column: str
    before: str
    after: str
    rule: RepairRule


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a cell cannot be taken, and what the clerk is to do."""

    cell: str
    column: str
    code: str
    message: str
    remedy: str


class CellUnreadable(Exception):
    """One cell cannot be taken; the row's reading goes on, so that the clerk sees every fault at once."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


Value = TypeVar("Value")

CHANNEL_SHORT_FORMS: Mapping[str, Channel] = {
    "自查": Channel.SELF_REPORT,
    "企业自查": Channel.SELF_REPORT,
    "自查上报": Channel.SELF_REPORT,
    "企业上报": Channel.SELF_REPORT,
    "检查发现": Channel.INSPECTION,
    "督导检查": Channel.INSPECTION,
    "督查检查发现": Channel.INSPECTION,
    "举报": Channel.TIP,
    "群众举报": Channel.TIP,
    "举报查实": Channel.TIP,
}

_BLANK_SIGNS = {"/", "\\", "-", "—", "——", "–", "无", "未销号", "未验收"}
_LONGEST = 4_000
_LONGEST_NUMBER = 64
_EARLIEST = date(2000, 1, 1)
_LATEST_DUE_YEARS = 10
_SERIAL_ORIGIN = date(1899, 12, 30)
_DAYS_FROM_1900_TO_1904 = 1462
_SERIALS = range(36_526 - _DAYS_FROM_1900_TO_1904, 73_051)
_DATE = re.compile(
    r"(?P<year>[0-9]{4})(?:(?P<mark>[-./])(?P<month>[0-9]{1,2})(?P=mark)(?P<day>[0-9]{1,2})"
    r"|年(?P<month_cn>[0-9]{1,2})月(?P<day_cn>[0-9]{1,2})[日号])"
)
_MIDNIGHT = re.compile(r"(?<=\S)(?:\s+|T)0?0:00(?::00)?\s*", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]+)?(?:e[+-][0-9]{1,3})?")
_SPLIT_DIGITS = re.compile(r"[0-9]\s+[0-9]")
_GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_CODE = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}", re.ASCII)
_CHINESE = r"[\u3400-\u9fff]"
_SPACE_IN_CHINESE = re.compile(rf"(?<={_CHINESE})\s+(?={_CHINESE})")
_MOST_FUNDS = Decimal(10) ** 8
_MOST_EXTENSIONS = 99


def cell_name(row: int, column: int) -> str:
    """The cell as the spreadsheet program names it: (4, 27) → AA4."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


def _shown(value: object) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 10**15:
        return str(int(value))
    return "" if value is None else str(value).encode("utf-8", "backslashreplace").decode()[:200]


def _holds_forbidden(text: str) -> bool:
    """A control character or half a surrogate pair: what no database text and no JSON can hold."""
    if text.isprintable():
        return False
    return any(unicodedata.category(letter) in {"Cc", "Cs"} and letter not in "\t\n\r" for letter in text)


def _visible(text: str) -> str:
    return text if text.isprintable() else "".join(letter for letter in text if unicodedata.category(letter) != "Cf")


def _bare_number(text: str, units: tuple[str, ...]) -> str:
    """A number's text without its unit and the commas of its thousands; digits that stand apart are left apart."""
    folded = unicodedata.normalize("NFKC", text)
    plain = squeezed(folded) if not _SPLIT_DIGITS.search(folded) else folded
    for unit in units:
        plain = plain.removesuffix(unit)
    return plain.replace(",", "") if _GROUPED.fullmatch(plain) else plain


@dataclass(slots=True)
class RowReader:
    """The cells of one row, read column by column; repairs and faults gather on the way."""

    sheet: RawSheet
    heading: Heading
    row: RawRow
    by_number: Mapping[int, RawRow]
    date_1904: bool = False
    repairs: list[Repair] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def optional(self, read: Callable[[LedgerColumn], Value | None], column: LedgerColumn) -> Value | None:
        """What one of the methods below reads from a column; None where blank or at fault."""
        try:
            return read(column)
        except CellUnreadable as refusal:
            self.faults.append(refusal.fault)
            return None

    def required(self, read: Callable[[LedgerColumn], Value | None], column: LedgerColumn) -> Value | None:
        """As `optional`, and a blank cell is a fault too."""
        faults = len(self.faults)
        value = self.optional(read, column)
        if value is None and len(self.faults) == faults:
            self.faults.append(
                self._fault(column, "required_blank", "没有填写", "这一项必须填写，请补填后重新导入").fault
            )
        return value

    def text(self, column: LedgerColumn) -> str | None:
        """Free text: outer spaces and invisible characters go, the rest stays as written."""
        value = self._stored(column)
        if value is None:
            return None
        written = _shown(value) if not isinstance(value, str) else value
        if len(written) > _LONGEST:
            raise self._fault(column, "text_too_long", f"超过 {_LONGEST} 字", "请把长文移到附件，只留要点")
        if _holds_forbidden(written):
            raise self._fault(column, "forbidden_character", "含有无法保存的控制字符", "请清空该单元格后重新录入")
        kept = _visible(written)
        self._repaired(column, written, kept, RepairRule.INVISIBLE_CHARACTER)
        stripped = kept.strip()
        self._repaired(column, kept, stripped, RepairRule.STRAY_SPACE)
        return stripped or None

    def name(self, column: LedgerColumn) -> str | None:
        """A name: as text, and no spaces between Chinese characters."""
        text = self.text(column)
        if text is None:
            return None
        joined = _SPACE_IN_CHINESE.sub("", text)
        self._repaired(column, text, joined, RepairRule.STRAY_SPACE)
        return joined

    def known(self, column: LedgerColumn, names: Mapping[str, str]) -> str | None:
        """A name out of a list, or a short form that the list gives for it."""
        written = self.name(column)
        if written is None:
            return None
        folded = self._half_width(column, written)
        if folded in names:
            self._repaired(column, folded, names[folded], RepairRule.SHORT_FORM)
            return names[folded]
        listed = "、".join(dict.fromkeys(names.values()))
        raise self._fault(column, "unknown_name", f"「{_shown(folded)}」不在名单内", f"应为：{listed}")

    def channel(self, column: LedgerColumn) -> Channel | None:
        """How the hazard was found, by its full name or a known short form."""
        full = {channel.label: channel.label for channel in Channel}
        short = {name: channel.label for name, channel in CHANNEL_SHORT_FORMS.items()}
        label = self.known(column, full | short)
        return next((channel for channel in Channel if channel.label == label), None)

    def ledger_number(self, column: LedgerColumn) -> str | None:
        """The number in half-width form, without spaces, at most 64 characters."""
        written = self.name(column)
        if written is None:
            return None
        number = self._without_spaces(column, self._half_width(column, written))
        if len(number) > _LONGEST_NUMBER:
            raise self._fault(column, "number_too_long", f"编号超过 {_LONGEST_NUMBER} 个字符", "请填写台账编号本身")
        return number

    def enterprise_code(self, column: LedgerColumn) -> str | None:
        """统一社会信用代码 (GB 32100): 18 characters, the last one checks the others."""
        if isinstance(self._at(self._source(column)), float):
            raise self._fault(
                column,
                "code_as_number",
                "以数字格式保存，末几位已经丢失",
                "请把单元格设为文本格式，按营业执照重新录入 18 位代码",
            )
        written = self.text(column)
        if written is None:
            return None
        compact = self._without_spaces(column, self._half_width(column, written))
        code = compact.upper()
        self._repaired(column, compact, code, RepairRule.LETTER_CASE)
        if not _CODE.fullmatch(code) or uscc.calc_check_digit(code[:17]) != code[17]:
            raise self._fault(
                column,
                "code_invalid",
                f"「{_shown(code)}」不是有效的统一社会信用代码(GB 32100)",
                "请按营业执照核对 18 位代码",
            )
        return code

    def day(self, column: LedgerColumn) -> date | None:
        """A date of any of the known kinds, possible, from 2000 on; None where blank."""
        value = self._without_blank_sign(column)
        found: date | None
        if value is None:
            return None
        if isinstance(value, datetime):
            found = value.date()
            if value.time().replace(tzinfo=None) != datetime.min.time():
                self._repaired(column, value.isoformat(" "), found.isoformat(), RepairRule.TIME_OF_DAY)
        elif isinstance(value, date):
            found = value
        elif isinstance(value, float):
            found = self._from_serial(column, value)
        else:
            found = self._from_text(column, str(value))
        if found is None:
            raise self._fault(
                column, "date_unreadable", f"「{_shown(value)}」不是完整的日期", "请写成 2024-05-26 的样式"
            )
        return found

    def bounded(self, column: LedgerColumn, day: date | None, first: date | None, last: date, why: str) -> date | None:
        """The day if it lies within first and last, both included; otherwise a fault, `why` naming the rule."""
        if day is None or (first or _EARLIEST) <= day <= last:
            return day
        self.faults.append(self._fault(column, "date_out_of_range", f"{day.isoformat()} {why}", "请核对后改正").fault)
        return None

    def funds(self, column: LedgerColumn) -> Decimal | None:
        """Money in 万元, none where blank."""
        number = self._number(column, ("万元", "万"))
        if number is not None and not 0 <= number <= _MOST_FUNDS:
            raise self._fault(column, "number_out_of_range", f"「{number}」不在合理范围", "请按万元填写")
        return number

    def extension_count(self, column: LedgerColumn) -> int | None:
        """How often the deadline was moved; None where the sheet does not say."""
        number = self._number(column, ("次",))
        if number is None:
            return None
        if number != number.to_integral_value() or not 0 <= number <= _MOST_EXTENSIONS:
            raise self._fault(column, "number_out_of_range", f"「{number}」不是次数", "请填 0、1、2 等整数")
        return int(number)

    def _number(self, column: LedgerColumn, units: tuple[str, ...]) -> Decimal | None:
        value = self._without_blank_sign(column)
        if value is None:
            return None
        plain = str(round(value, 6)) if isinstance(value, float) else _bare_number(str(value), units)
        if not _NUMBER.fullmatch(plain):
            raise self._fault(column, "number_unreadable", f"「{_shown(value)}」不是数字", "请只填数字")
        if isinstance(value, str):
            self._repaired(column, value, plain, RepairRule.NUMBER_TEXT)
        return Decimal(plain)

    def _from_serial(self, column: LedgerColumn, value: float) -> date | None:
        serial = int(value) if isfinite(value) else 0
        if serial not in _SERIALS:
            return None
        found = _SERIAL_ORIGIN + timedelta(days=serial + (_DAYS_FROM_1900_TO_1904 if self.date_1904 else 0))
        self._repaired(column, _shown(value), found.isoformat(), RepairRule.DATE_SERIAL)
        return found

    def _from_text(self, column: LedgerColumn, text: str) -> date | None:
        day_only = _MIDNIGHT.sub("", unicodedata.normalize("NFKC", text).strip())
        match = _DATE.fullmatch(squeezed(day_only))
        if match is None or _SPLIT_DIGITS.search(day_only):
            return None
        month, day = match["month"] or match["month_cn"], match["day"] or match["day_cn"]
        try:
            found = date(int(match["year"]), int(month), int(day))
        except ValueError:
            return None
        self._repaired(column, text, found.isoformat(), RepairRule.DATE_TEXT)
        return found

    def _without_blank_sign(self, column: LedgerColumn) -> Cell:
        value = self._stored(column)
        if not isinstance(value, str):
            return value
        if _holds_forbidden(value):
            raise self._fault(column, "forbidden_character", "含有无法保存的控制字符", "请清空该单元格后重新录入")
        if squeezed(value) in _BLANK_SIGNS:
            self._repaired(column, value, "", RepairRule.BLANK_SIGN)
            return None
        return value if value.strip() else None

    def _stored(self, column: LedgerColumn) -> Cell:
        """The value the file holds, its being a formula or under a merged cell told as a repair."""
        place, source = self._place(column), self._source(column)
        value = self._at(source)
        if source in self.sheet.errors:
            raise self._fault(column, "error_value", "是错误值(如 #N/A、#REF!)", "请改正公式或直接填写内容")
        if not self.sheet.formulas.get(source, True):
            remedy = "请用 WPS 或 Excel 打开并保存后再导入"
            raise self._fault(column, "formula_without_value", "是公式但文件里没有保存结果", remedy)
        if value is not None and source[1] != place[1]:
            raise self._fault(column, "merged_across", "与左侧的列合并，看不出内容属于哪一列", "请取消合并，逐列填写")
        if source in self.sheet.formulas:
            self._note(column, "公式", _shown(value), RepairRule.FORMULA_VALUE)
        elif value is not None and source != place:
            self._note(column, "", _shown(value), RepairRule.MERGED_CELL)
        return value

    def _source(self, column: LedgerColumn) -> Place:
        """The cell that shows in this place: its own, or the top left one of a merged area below the heading."""
        place = self._place(column)
        source = self.sheet.merged.get(place, place)
        return source if source[0] > self.heading.last_row and source[0] in self.by_number else place

    def _at(self, place: Place) -> Cell:
        return self.by_number[place[0]].at(place[1])

    def _place(self, column: LedgerColumn) -> Place:
        return self.row.number, self.heading.columns.get(column, 0)

    def _half_width(self, column: LedgerColumn, text: str) -> str:
        folded = unicodedata.normalize("NFKC", text)
        self._repaired(column, text, folded, RepairRule.FULL_WIDTH)
        return folded

    def _without_spaces(self, column: LedgerColumn, text: str) -> str:
        joined = "".join(text.split())
        self._repaired(column, text, joined, RepairRule.STRAY_SPACE)
        return joined

    def _repaired(self, column: LedgerColumn, before: str, after: str, rule: RepairRule) -> None:
        if before != after:
            self._note(column, before, after, rule)

    def _note(self, column: LedgerColumn, before: str, after: str, rule: RepairRule) -> None:
        self.repairs.append(Repair(cell_name(*self._place(column)), column.label, _shown(before), _shown(after), rule))

    def _fault(self, column: LedgerColumn, code: str, message: str, remedy: str) -> CellUnreadable:
        cell = cell_name(*self._place(column))
        return CellUnreadable(Fault(cell, column.label, code, f"{cell}（{column.label}）{message}。", f"{remedy}。"))
