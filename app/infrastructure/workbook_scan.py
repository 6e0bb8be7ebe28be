"""Reading the XML of a workbook's parts with expat, for what calamine does not tell and for what must not be opened.

No tree is built: each scan counts and remembers coordinates only. Used by the child process alone.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from app.infrastructure.workbook import WorkbookLimits

Handlers = Mapping[str, Callable[[Mapping[str, str]], None]]
"""Element name, without prefix → what to do with its attributes when it starts."""

_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})", re.ASCII)
_TRUE = {"1", "true", "on"}


class Refused(Exception):
    """The workbook is not to be read; `code` is one of the parent's, `detail` is Chinese."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


@dataclass(slots=True)
class SheetScan:
    """What a sheet's XML says that calamine does not: formulas, error values, hidden rows and columns."""

    limits: WorkbookLimits
    row: int = 0
    column: int = 0
    kind: str = ""
    merges: int = 0
    last_row: int = 0
    last_column: int = 0
    in_cells: bool = True
    seen_rows: set[int] = field(default_factory=set)
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[int] = field(default_factory=list)
    formulas: dict[tuple[int, int], bool] = field(default_factory=dict)
    errors: list[tuple[int, int]] = field(default_factory=list)

    def handlers(self) -> Handlers:
        """What to do at the start of each element that matters."""
        return {
            "dimension": self._dimension,
            "col": self._column_format,
            "row": self._row,
            "c": self._cell,
            "f": self._formula,
            "v": self._value,
            "is": self._value,
            "mergeCell": self._merge,
            "extLst": self._extension,
        }

    def _bounded(self, row: int, column: int) -> None:
        if row > self.limits.rows or column > self.limits.columns:
            raise Refused(
                "workbook_sheet_too_large",
                f"到第 {row} 行、第 {column} 列，上限 {self.limits.rows} 行、{self.limits.columns} 列",
            )

    def _dimension(self, attributes: Mapping[str, str]) -> None:
        last = _REFERENCE.fullmatch(attributes.get("ref", "").rpartition(":")[2])
        if last:
            self._bounded(int(last[2]), _column_number(last[1]))

    def _column_format(self, attributes: Mapping[str, str]) -> None:
        if attributes.get("hidden") in _TRUE:
            first, last = int(attributes["min"]), int(attributes["max"])
            self.hidden_columns.extend(range(max(first, 1), min(last, self.limits.columns) + 1))

    def _row(self, attributes: Mapping[str, str]) -> None:
        self.row = int(attributes.get("r", self.row + 1))
        self.column = 0
        self._bounded(self.row, 0)
        if self.row in self.seen_rows or self.row < 1:
            raise Refused("workbook_broken", f"第 {self.row} 行出现两次")
        self.seen_rows.add(self.row)
        if attributes.get("hidden") in _TRUE:
            self.hidden_rows.append(self.row)

    def _cell(self, attributes: Mapping[str, str]) -> None:
        reference = _REFERENCE.fullmatch(attributes["r"]) if "r" in attributes else None
        if reference and int(reference[2]) != self.row:
            raise Refused("workbook_broken", f"单元格 {reference[0]} 不在它所写的行")
        self.column = _column_number(reference[1]) if reference else self.column + 1
        self._bounded(self.row, self.column)
        self.kind = attributes.get("t", "")

    def _formula(self, _: Mapping[str, str]) -> None:
        if self.in_cells:
            self.formulas[self.row, self.column] = False
            self._reach()

    def _value(self, _: Mapping[str, str]) -> None:
        self._reach()
        place = (self.row, self.column)
        if place in self.formulas:
            self.formulas[place] = True
        if self.kind == "e":
            self.errors.append(place)

    def _reach(self) -> None:
        """Filled cells span a rectangle that calamine will lay out whole, however few they are."""
        self.last_row = max(self.last_row, self.row)
        self.last_column = max(self.last_column, self.column)
        if self.last_row * self.last_column > self.limits.area:
            raise Refused("workbook_sheet_too_large", f"{self.last_row} 行 × {self.last_column} 列")

    def _merge(self, _: Mapping[str, str]) -> None:
        self.merges += 1
        if self.merges > self.limits.merged_cells:
            raise Refused("workbook_sheet_too_large", "合并单元格过多")

    def _extension(self, _: Mapping[str, str]) -> None:
        self.in_cells = False


@dataclass(slots=True)
class BookScan:
    """The workbook's sheet names and where each one's XML stands."""

    names: dict[str, str] = field(default_factory=dict)
    targets: dict[str, str] = field(default_factory=dict)
    date_1904: bool = False

    def handlers(self) -> Handlers:
        """What to do at the start of each element of workbook.xml and of its relations."""
        return {"sheet": self._sheet, "workbookPr": self._properties, "Relationship": self._relation}

    def _sheet(self, attributes: Mapping[str, str]) -> None:
        relation = next((value for key, value in attributes.items() if key.endswith(":id")), "")
        self.names[relation] = attributes.get("name", "")

    def _properties(self, attributes: Mapping[str, str]) -> None:
        self.date_1904 = attributes.get("date1904") in _TRUE

    def _relation(self, attributes: Mapping[str, str]) -> None:
        target = attributes.get("Target", "")
        path = target.removeprefix("/").lower()
        self.targets[attributes.get("Id", "")] = path if path.startswith("xl/") else f"xl/{path}"

    def parts(self) -> dict[str, str]:
        """The part of each sheet: path → sheet name."""
        return {self.targets[relation]: name for relation, name in self.names.items() if relation in self.targets}


def root_handlers() -> Handlers:
    """For _rels/.rels: the workbook stands where we scan it, or the file is refused for leading elsewhere."""

    def relation(attributes: Mapping[str, str]) -> None:
        target = attributes.get("Target", "").removeprefix("/").lower()
        if attributes.get("Type", "").endswith("/officeDocument") and target != "xl/workbook.xml":
            raise Refused("workbook_broken", "工作簿目录不在通常的位置")

    return {"Relationship": relation}


@dataclass(slots=True)
class OpenDocumentScan:
    """How far an ods sheet's filled cells reach, repetitions counted, before anything unfolds them."""

    limits: WorkbookLimits
    row: int = 0
    rows: int = 1
    column: int = 0
    columns: int = 1

    def handlers(self) -> Handlers:
        """What to do at the start of each element that matters."""
        return {
            "table": self._table,
            "table-row": self._row,
            "table-cell": self._cell,
            "covered-table-cell": self._cell,
            "p": self._filled,
        }

    def _table(self, _: Mapping[str, str]) -> None:
        self.row, self.rows = 0, 0

    def _row(self, attributes: Mapping[str, str]) -> None:
        self.row += self.rows
        self.rows = int(attributes.get("table:number-rows-repeated", "1"))
        self.column, self.columns = 0, 0

    def _cell(self, attributes: Mapping[str, str]) -> None:
        self.column += self.columns
        self.columns = int(attributes.get("table:number-columns-repeated", "1"))
        if "office:value-type" in attributes or "table:formula" in attributes:
            self._filled(attributes)

    def _filled(self, _: Mapping[str, str]) -> None:
        if self.row + self.rows > self.limits.rows or self.column + self.columns > self.limits.columns:
            raise Refused("workbook_sheet_too_large", f"上限 {self.limits.rows} 行、{self.limits.columns} 列")


def xml_reader(handlers: Handlers) -> Callable[[bytes | None], None]:
    """A function that takes the XML piece by piece, None last; a document type or entity declaration is refused."""
    parser = expat.ParserCreate()
    known = dict(handlers)

    def refuse_declaration(*_: object) -> None:
        raise Refused("workbook_has_doctype")

    def start(name: str, attributes: dict[str, str]) -> None:
        handler = known.get(name) or known.get(name.rpartition(":")[2])
        if handler:
            handler(attributes)

    parser.StartDoctypeDeclHandler = refuse_declaration
    parser.EntityDeclHandler = refuse_declaration
    if known:
        parser.StartElementHandler = start

    def feed(chunk: bytes | None) -> None:
        try:
            parser.Parse(chunk or b"", chunk is None)
        except (expat.ExpatError, KeyError, ValueError) as error:
            raise Refused("workbook_broken", "内部的 XML 文件不完整") from error

    return feed


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
