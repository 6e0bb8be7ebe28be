"""The child that opens a clerk's workbook from its standard input and writes its cells, as JSON lines, to its output.

It is meant to die: by the processor and memory limits it sets on itself, or by its parent's kill. It opens no file,
evaluates nothing, follows no link. What it refuses it says in one line: `{"refused": code, "detail": Chinese}`.
"""

import hashlib
import io
import json
import os
import resource
import sys
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import python_calamine

from app.infrastructure.workbook import OUT_OF_MEMORY, WorkbookLimits
from app.infrastructure.workbook_scan import (
    BookScan,
    Handlers,
    OpenDocumentScan,
    Refused,
    SheetScan,
    root_handlers,
    xml_reader,
)

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_CHUNK = 1 << 16
_STORED, _DEFLATED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED
_SMALL_PART = 1 << 20
"""Below this size a part may be as repetitive as it likes."""


@dataclass(slots=True)
class Package:
    """A zip whose every part has been unpacked once, counted, and its XML read for declarations nobody needs."""

    data: bytes
    limits: WorkbookLimits
    parts: dict[str, zipfile.ZipInfo] = field(default_factory=dict)
    unpacked: int = 0

    def list_parts(self) -> None:
        """The directory of the zip, held against the limits. Raises `Refused`."""
        try:
            found = zipfile.ZipFile(io.BytesIO(self.data)).infolist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise Refused("workbook_broken", "压缩包目录读不出来") from error
        if len(found) > self.limits.entries:
            raise Refused("workbook_too_many_parts", f"{len(found)} 个，上限 {self.limits.entries} 个")
        for part in found:
            self._accept(part)
            self.parts[part.filename.lower()] = part

    def _accept(self, part: zipfile.ZipInfo) -> None:
        if part.flag_bits & 0x41:
            raise Refused("workbook_encrypted")
        if part.compress_type not in {_STORED, _DEFLATED} or part.filename.lower() in self.parts:
            raise Refused("workbook_broken", "压缩包内有重名或压缩方式不明的文件")
        if part.file_size > self.limits.entry_bytes:
            raise Refused("workbook_unpacks_too_large", f"单个内部文件超过 {self.limits.entry_bytes >> 20} MB")

    def scan(self, path: str, handlers: Handlers) -> None:
        """Unpack one part to nowhere; if it is XML, tell the handlers of its elements. Raises `Refused`."""
        feed = xml_reader(handlers) if path.endswith((".xml", ".rels")) else None
        for chunk in self._unpack(self.parts[path]):
            if feed:
                feed(chunk)
        if feed:
            feed(None)

    def content(self, path: str) -> bytes:
        """One small part whole; nothing if there is none. Raises `Refused`."""
        part = self.parts.get(path)
        return b"".join(self._unpack(part)) if part and part.file_size < _SMALL_PART else b""

    def _unpack(self, part: zipfile.ZipInfo) -> Iterator[bytes]:
        """The part's true bytes, whatever its header says of their number."""
        header = self.data[part.header_offset : part.header_offset + 30]
        begins = (
            part.header_offset + 30 + int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
        )
        packed = memoryview(self.data)[begins : begins + part.compress_size]
        size = 0
        for chunk in _inflated(packed) if part.compress_type == _DEFLATED else _slices(packed):
            size += len(chunk)
            self.unpacked += len(chunk)
            if size > max(_SMALL_PART, part.compress_size * self.limits.ratio) or size > self.limits.entry_bytes:
                raise Refused("workbook_unpacks_too_large", "内部文件的压缩比异常")
            if self.unpacked > self.limits.total_bytes:
                raise Refused("workbook_unpacks_too_large", f"合计超过 {self.limits.total_bytes >> 20} MB")
            yield chunk
        if size != part.file_size:
            raise Refused("workbook_broken", "内部文件的大小与目录所写不符")


def _slices(packed: memoryview) -> Iterator[bytes]:
    for start in range(0, len(packed), _CHUNK):
        yield bytes(packed[start : start + _CHUNK])


def _inflated(packed: memoryview) -> Iterator[bytes]:
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for piece in _slices(packed):
            chunk = stream.decompress(piece, _CHUNK)
            while chunk:
                yield chunk
                chunk = stream.decompress(stream.unconsumed_tail, _CHUNK)
    except zlib.error as error:
        raise Refused("workbook_broken", "内部文件解不开") from error


@dataclass(slots=True)
class Inside:
    """What the format let us see beside the cells."""

    file_format: str
    looked_inside: bool = False
    date_1904: bool = False
    external_links: bool = False
    sheets: dict[str, SheetScan] = field(default_factory=dict)


def inspect(data: bytes, limits: WorkbookLimits) -> Inside:
    """The format by content, never by name; everything that could hurt is refused here. Raises `Refused`."""
    if not data:
        raise Refused("workbook_empty")
    if data.startswith(b"PK"):
        return _inspect_zip(Package(data, limits))
    if data.startswith(_OLE):
        return _inspect_ole(data)
    text = data.startswith(_UTF_16) or not any(control in data[:4096] for control in (b"\x00", b"\x01", b"\x02"))
    raise Refused("workbook_is_text" if text else "workbook_unknown")


def _inspect_ole(data: bytes) -> Inside:
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise Refused("workbook_encrypted")
    if not any(name.encode("utf-16-le") in data for name in ("Workbook", "Book")):
        raise Refused("workbook_unknown")
    if "_VBA_PROJECT".encode("utf-16-le") in data:
        raise Refused("workbook_has_macros")
    return Inside("xls")


def _inspect_zip(package: Package) -> Inside:
    package.list_parts()
    if "xl/workbook.xml" in package.parts:
        return _inspect_xlsx(package)
    if "xl/workbook.bin" in package.parts:
        raise Refused("workbook_is_xlsb")
    if package.content("mimetype").startswith(_ODS):
        if b"encryption-data" in package.content("meta-inf/manifest.xml"):
            raise Refused("workbook_encrypted")
        for path in package.parts:
            package.scan(path, OpenDocumentScan(package.limits).handlers() if path == "content.xml" else {})
        return Inside("ods")
    raise Refused("workbook_unknown")


def _inspect_xlsx(package: Package) -> Inside:
    if any(path.endswith("vbaproject.bin") for path in package.parts):
        raise Refused("workbook_has_macros")
    book = BookScan()
    directories = {
        "_rels/.rels": root_handlers(),
        "xl/workbook.xml": book.handlers(),
        "xl/_rels/workbook.xml.rels": book.handlers(),
    }
    for path, handlers in directories.items():
        if path not in package.parts:
            raise Refused("workbook_broken", "缺少工作表目录")
        package.scan(path, handlers)
    inside = Inside("xlsx", looked_inside=True, date_1904=book.date_1904)
    inside.external_links = any(path.startswith("xl/externallinks/") for path in package.parts)
    sheets = book.parts()
    for path in package.parts:
        if path in sheets:
            inside.sheets[sheets[path]] = SheetScan(package.limits)
        package.scan(path, inside.sheets[sheets[path]].handlers() if path in sheets else {})
    return inside


def _tell(message: object) -> None:
    sys.stdout.buffer.write(json.dumps(message, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n")


def _tell_sheets(data: bytes, inside: Inside, limits: WorkbookLimits) -> None:
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    sheets = [sheet for sheet in book.sheets_metadata if sheet.typ == python_calamine.SheetTypeEnum.WorkSheet]
    if len(sheets) > limits.sheets:
        raise Refused("workbook_too_many_parts", f"{len(sheets)} 个工作表，上限 {limits.sheets} 个")
    visible = [sheet.name for sheet in sheets if sheet.visible == python_calamine.SheetVisibleEnum.Visible]
    _tell(
        {
            "sha256": hashlib.sha256(data).hexdigest(),
            "format": inside.file_format,
            "looked_inside": inside.looked_inside,
            "date_1904": inside.date_1904,
            "external_links": inside.external_links,
            "hidden_sheets": [sheet.name for sheet in sheets if sheet.name not in visible],
        }
    )
    budget = limits.characters
    for name in visible:
        if inside.looked_inside and name not in inside.sheets:
            raise Refused("workbook_broken", f"找不到工作表「{name}」的内容")
        budget = _tell_sheet(book.get_sheet_by_name(name), inside.sheets.get(name) or SheetScan(limits), budget)
    _tell({"end": True})


def _tell_sheet(sheet: python_calamine.CalamineSheet, scan: SheetScan, budget: int) -> int:
    rows, columns = (sheet.end[0] + 1, sheet.end[1] + 1) if sheet.end else (0, 0)
    limits = scan.limits
    if rows > limits.rows or columns > limits.columns or rows * columns > limits.area:
        raise Refused("workbook_sheet_too_large", f"「{sheet.name}」{rows} 行 × {columns} 列")
    _tell(
        {
            "sheet": sheet.name,
            "hidden_rows": scan.hidden_rows,
            "hidden_columns": scan.hidden_columns,
            "formulas": [[*place, stored] for place, stored in scan.formulas.items()],
            "errors": scan.errors,
            "merged": list(_merged(sheet, rows, columns, limits)),
        }
    )
    left = [None] * (sheet.start[1] if sheet.start else 0)
    for number, cells in enumerate(sheet.iter_rows(), 1):
        values: list[Any] = left + [_plain(cell) for cell in cells]
        while values and values[-1] is None:
            values.pop()
        budget -= sum(len(value) for value in values if isinstance(value, str))
        if budget < 0:
            raise Refused("workbook_too_much_text", f"上限 {limits.characters} 字")
        _tell([number, values])
    return budget


def _merged(
    sheet: python_calamine.CalamineSheet, rows: int, columns: int, limits: WorkbookLimits
) -> Iterator[tuple[int, int, int, int]]:
    """Each covered cell within the used range with the cell that covers it: (row, column, top, left), from 1."""
    count = 0
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or []:
        for row in range(top, min(bottom + 1, rows)):
            for column in range(left, min(right + 1, columns)):
                count += 1
                if count > limits.merged_cells:
                    raise Refused("workbook_sheet_too_large", "合并单元格过多")
                if (row, column) != (top, left):
                    yield row + 1, column + 1, top + 1, left + 1


def _plain(cell: object) -> object:
    if isinstance(cell, datetime):
        return ["t", cell.isoformat()]
    if isinstance(cell, date):
        return ["d", cell.isoformat()]
    if cell == "":
        return None
    return cell if isinstance(cell, str | float | int) else str(cell)


def _confine(limits: WorkbookLimits) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))


def main(arguments: list[str]) -> None:
    """Read the workbook on standard input under the limits given as JSON in the first argument."""
    limits = WorkbookLimits(**json.loads(arguments[1]))
    _confine(limits)
    try:
        data = sys.stdin.buffer.read(limits.file_bytes + 1)
        _tell_sheets(data, inspect(data, limits), limits)
    except Refused as refusal:
        _tell({"refused": refusal.code, "detail": refusal.detail})
    except MemoryError:
        os._exit(OUT_OF_MEMORY)  # telling it would need memory
    except python_calamine.PasswordError:
        _tell({"refused": "workbook_encrypted", "detail": ""})
    except (python_calamine.CalamineError, python_calamine.XmlError, python_calamine.ZipError):
        _tell({"refused": "workbook_broken", "detail": ""})
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(sys.argv)
