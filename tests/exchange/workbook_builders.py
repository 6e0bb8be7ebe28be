"""Workbooks made by hand, byte by byte: ordinary ones in every format, and the parts hostile ones are made of."""

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

SHEET_NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'


def zipped(parts: Mapping[str, bytes | str], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return buffer.getvalue()


def sheet_xml(rows: str, *, before: str = "", after: str = "", prologue: str = "") -> str:
    return (
        f'{DECLARATION}{prologue}<worksheet xmlns="{SHEET_NAMESPACE}">{before}'
        f"<sheetData>{rows}</sheetData>{after}</worksheet>"
    )


def _relations(entries: str) -> str:
    return f'{DECLARATION}<Relationships xmlns="{PACKAGE_RELATIONS}">{entries}</Relationships>'


def xlsx_parts(
    sheet: str | bytes, *, states: Sequence[str] = ("visible",), date_1904: bool = False
) -> dict[str, bytes | str]:
    """The parts of a workbook whose every sheet is the same; one sheet per state."""
    entries = "".join(
        f'<sheet name="台账{number}" sheetId="{number}" state="{state}" r:id="rId{number}"/>'
        for number, state in enumerate(states, 1)
    )
    relations = "".join(
        f'<Relationship Id="rId{number}" Type="{RELATIONS}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        for number in range(1, len(states) + 1)
    )
    parts: dict[str, bytes | str] = {
        "[Content_Types].xml": f'{DECLARATION}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "xl/workbook.xml": f'{DECLARATION}<workbook xmlns="{SHEET_NAMESPACE}" xmlns:r="{RELATIONS}">'
        f'<workbookPr date1904="{int(date_1904)}"/><sheets>{entries}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": _relations(relations),
        "_rels/.rels": _relations(
            f'<Relationship Id="rId1" Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/>'
        ),
    }
    parts.update({f"xl/worksheets/sheet{number}.xml": sheet for number in range(1, len(states) + 1)})
    return parts


def xlsx(rows: str, *, before: str = "", after: str = "", prologue: str = "") -> bytes:
    return zipped(xlsx_parts(sheet_xml(rows, before=before, after=after, prologue=prologue)))


def text_rows(rows: Sequence[Sequence[str]]) -> str:
    """Rows of inline strings, from row 1 and column A."""
    lines = (
        "".join(
            f'<c r="{chr(65 + column)}{row}" t="inlineStr"><is><t>{escape(text)}</t></is></c>' for column, text in cells
        )
        for row, cells in enumerate((enumerate(line) for line in rows), 1)
    )
    return "".join(f'<row r="{row}">{line}</row>' for row, line in enumerate(lines, 1))


def ods(table_rows: str, *, manifest: str = "<manifest/>", prologue: str = "") -> bytes:
    content = (
        '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
        ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
        ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
        f'<table:table table:name="台账1">{table_rows}</table:table></office:spreadsheet></office:body>'
        "</office:document-content>"
    )
    parts = {
        "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
        "content.xml": DECLARATION + prologue + content,
        "META-INF/manifest.xml": DECLARATION + manifest,
    }
    return zipped(parts, zipfile.ZIP_STORED)


def ods_rows(rows: Sequence[Sequence[str]]) -> str:
    """Rows of strings, then the million blank ones that LibreOffice writes."""
    filled = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{escape(text)}</text:p></table:table-cell>'
            for text in cells
        )
        + '<table:table-cell table:number-columns-repeated="16300"/></table:table-row>'
        for cells in rows
    )
    return (
        filled + '<table:table-row table:number-rows-repeated="1048000">'
        '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
    )


def _record(kind: int, body: bytes) -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def _biff_stream(rows: Sequence[Sequence[str]]) -> bytes:
    """BIFF8: a globals part with one sheet, and that sheet's LABEL records."""
    name = "台账1".encode("utf-16-le")
    bof = struct.pack("<HHHHII", 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 6)
    sheet_bof = struct.pack("<HHHHII", 0x0600, 0x0010, 0x0DBB, 0x07CC, 0, 6)
    globals_length = (4 + len(bof)) + (4 + 8 + len(name)) + 4
    bound = struct.pack("<IBBBB", globals_length, 0, 0, len(name) // 2, 1) + name
    stream = _record(0x0809, bof) + _record(0x0085, bound) + _record(0x000A, b"")
    stream += _record(0x0809, sheet_bof) + _record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, len(rows[0]), 0))
    for row, cells in enumerate(rows):
        for column, text in enumerate(cells):
            letters = text.encode("utf-16-le")
            body = struct.pack("<HHHHB", row, column, 0, len(letters) // 2, 1) + letters
            stream += _record(0x0204, body)
    return stream + _record(0x000A, b"")


def _directory_entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    letters = (name + "\0").encode("utf-16-le") if name else b""
    return (
        letters.ljust(64, b"\0")
        + struct.pack("<HBBiii", len(letters), kind, 1, -1, -1, child)
        + bytes(36)
        + struct.pack("<IQ", start, size)
    )


def ole(stream: bytes, name: str = "Workbook") -> bytes:
    """An OLE file of one stream, in 512-byte sectors: FAT, directory, stream."""
    padded = stream.ljust(max(4096, -(-len(stream) // 512) * 512), b"\0")
    sectors = len(padded) // 512
    fat = [-3, -2, *range(3, sectors + 2), -2]
    fat += [-1] * (128 - len(fat))
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16)
    header += struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIiIiI", 0, 1, 1, 0, 4096, -2, 0, -2, 0)
    header += struct.pack("<i", 0) + struct.pack("<i", -1) * 108
    directory = _directory_entry("Root Entry", 5, 1, 0xFFFFFFFE, 0) + _directory_entry(name, 2, -1, 2, len(padded))
    directory += (_directory_entry("", 0, -1, 0, 0)) * 2
    return header + struct.pack("<128i", *fat) + directory + padded


def xls(rows: Sequence[Sequence[str]]) -> bytes:
    return ole(_biff_stream(rows))
