"""Hostile and broken workbooks: each is refused in seconds, in plain words, and costs the server nothing."""

import io
import os
import random
import struct
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from app.infrastructure.workbook import WorkbookLimits, WorkbookRefused, read_workbook
from tests.exchange.workbook_builders import (
    RELATIONS,
    SHEET_NAMESPACE,
    ods,
    ole,
    sheet_xml,
    text_rows,
    xls,
    xlsx,
    xlsx_parts,
    zipped,
)

ONE_CELL = '<row r="1"><c r="A1"><v>1</v></c></row>'
ENTITIES = (
    '<!DOCTYPE w [<!ENTITY a "哈哈哈哈哈哈哈哈">'
    + "".join(f'<!ENTITY {chr(98 + level)} "{f"&{chr(97 + level)};" * 10}">' for level in range(9))
    + "]>"
)
EXTERNAL = '<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/hostname">]>'


def with_part(name: str, content: bytes | str) -> bytes:
    return zipped(xlsx_parts(sheet_xml(ONE_CELL)) | {name: content})


def patched(data: bytes, old: bytes, new: bytes) -> bytes:
    assert old in data
    return data.replace(old, new)


def blanks(size: int) -> bytes:
    """One cell, and so many blanks behind it."""
    return zipped(xlsx_parts(sheet_xml(ONE_CELL).encode() + b" " * size))


def that_lies(data: bytes) -> bytes:
    """The same, its headers claiming a sheet of 100 bytes."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        size = package.getinfo("xl/worksheets/sheet1.xml").file_size
    return patched(data, struct.pack("<I", size), struct.pack("<I", 100))


def overlapping_bomb() -> bytes:
    """Three hundred directory entries that share one part of ordinary compression."""
    kernel = os.urandom(500_000).hex().encode()
    parts = {f"xl/media/{number:03}.bin": (kernel if number == 0 else b"") for number in range(300)}
    data = bytearray(zipped({**xlsx_parts(sheet_xml(ONE_CELL)), **parts}))
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as package:
        shared = package.getinfo("xl/media/000.bin")
        directory = package.start_dir
    copied = {8: shared.compress_type, 16: shared.CRC, 20: shared.compress_size, 24: shared.file_size}
    position = directory
    while data[position : position + 4] == b"PK\x01\x02":
        name, extra, comment = struct.unpack_from("<HHH", data, position + 28)
        if data[position + 46 : position + 55] == b"xl/media/":
            struct.pack_into("<H", data, position + 10, copied[8])
            struct.pack_into("<III", data, position + 16, copied[16], copied[20], copied[24])
            struct.pack_into("<I", data, position + 42, shared.header_offset)
        position += 46 + name + extra + comment
    return bytes(data)


def shared_strings_bomb() -> bytes:
    """One string of 30,000 characters, shown in 100,000 cells."""
    rows = "".join(
        f'<row r="{row}">' + "".join(f'<c r="{chr(65 + c)}{row}" t="s"><v>0</v></c>' for c in range(10)) + "</row>"
        for row in range(1, 10_001)
    )
    strings = f'<sst xmlns="{SHEET_NAMESPACE}"><si><t>{"隐" * 30_000}</t></si></sst>'
    parts = xlsx_parts(sheet_xml(rows)) | {"xl/sharedStrings.xml": strings}
    relation = f'<Relationship Id="rId9" Type="{RELATIONS}/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
    relations = "xl/_rels/workbook.xml.rels"
    parts[relations] = str(parts[relations]).replace("</Relationships>", relation)
    return zipped(parts)


def repeated_name() -> bytes:
    buffer = io.BytesIO(xlsx(ONE_CELL))
    with zipfile.ZipFile(buffer, "a") as package, pytest.warns(UserWarning, match="Duplicate"):
        package.writestr("xl/worksheets/sheet1.xml", sheet_xml(""))
    return buffer.getvalue()


def flipped_bits() -> bytes:
    data = bytearray(xlsx(text_rows([[f"第{row}行{column}列" for column in range(26)] for row in range(200)])))
    for position in range(2_000, 2_200):
        data[position] ^= 0x5A
    return bytes(data)


def spread_out() -> bytes:
    """Two cells in opposite corners of all that is allowed, in a file of a few hundred bytes."""
    return xlsx('<row r="1"><c r="A1"><v>1</v></c></row><row r="20000"><c r="IV20000"><v>1</v></c></row>')


def wide_row() -> bytes:
    return xlsx('<row r="1">' + "<c><v>1</v></c>" * 16_384 + "</row>")


def long_text() -> bytes:
    letters = random.Random(41).choices([chr(code) for code in range(0x4E00, 0x9FA5)], k=7_500)
    return xlsx(text_rows([["".join(letters) * 4] * 20 for _ in range(25)]))


def filled_ods(rows: int, columns: int) -> bytes:
    repeated = f'table:number-columns-repeated="{columns}"'
    cell = f'<table:table-cell office:value-type="string" {repeated}><text:p>x</text:p></table:table-cell>'
    return ods(f'<table:table-row table:number-rows-repeated="{rows}">{cell}</table:table-row>')


def merged(count: int) -> str:
    return f'<mergeCells count="{count}">' + '<mergeCell ref="A1:B2"/>' * count + "</mergeCells>"


CORPUS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "no bytes at all": ("workbook_empty", lambda: b""),
    "csv under the name of xlsx": ("workbook_is_text", lambda: "序号,隐患编号\n1,ZD2024-0001\n".encode("gb18030")),
    "csv in UTF-16": ("workbook_is_text", lambda: "序号\t隐患编号\n".encode("utf-16")),
    "web page under the name of xls": ("workbook_is_text", lambda: b"<html><table><tr><td>1</td></tr></table></html>"),
    "bytes without meaning": ("workbook_unknown", lambda: bytes(range(256)) * 64),
    "half a workbook": ("workbook_broken", lambda: xlsx(ONE_CELL)[:700]),
    "workbook without its directory": ("workbook_broken", lambda: xlsx(ONE_CELL)[:-22]),
    "only the end of a zip": ("workbook_broken", lambda: b"PK\x05\x06" + bytes(10)),
    "empty zip": ("workbook_unknown", lambda: zipped({})),
    "zip within zip": ("workbook_unknown", lambda: zipped({"a.zip": zipped({"b.zip": xlsx(ONE_CELL)})})),
    "text document": ("workbook_unknown", lambda: zipped({"word/document.xml": "<w/>"})),
    "flat bomb": ("workbook_unpacks_too_large", lambda: blanks(150_000_000)),
    "bomb just below the limit of size": ("workbook_unpacks_too_large", lambda: blanks(20_000_000)),
    "flat bomb whose headers lie": ("workbook_unpacks_too_large", lambda: that_lies(blanks(150_000_000))),
    "headers that lie a little": ("workbook_broken", lambda: that_lies(xlsx(ONE_CELL))),
    "parts that overlap": ("workbook_unpacks_too_large", overlapping_bomb),
    "two thousand parts": (
        "workbook_too_many_parts",
        lambda: zipped(xlsx_parts("") | {f"xl/media/{number}": b"" for number in range(2_000)}),
    ),
    "one name twice": ("workbook_broken", repeated_name),
    "packed by bzip2": ("workbook_broken", lambda: zipped(xlsx_parts(sheet_xml(ONE_CELL)), zipfile.ZIP_BZIP2)),
    "bits flipped": ("workbook_broken", flipped_bits),
    "laughs by the billion": ("workbook_has_doctype", lambda: xlsx(text_rows([["x"]]), prologue=ENTITIES)),
    "external entity": ("workbook_has_doctype", lambda: xlsx(ONE_CELL, prologue=EXTERNAL)),
    "document type in the strings": (
        "workbook_has_doctype",
        lambda: with_part("xl/sharedStrings.xml", EXTERNAL + "<sst/>"),
    ),
    "document type in a relation": ("workbook_has_doctype", lambda: with_part("xl/x.rels", "<!DOCTYPE a><a/>")),
    "five kilobytes that claim a million rows": (
        "workbook_sheet_too_large",
        lambda: xlsx(ONE_CELL, before='<dimension ref="A1:AA1048576"/>'),
    ),
    "a cell in row 1,048,576": (
        "workbook_sheet_too_large",
        lambda: xlsx('<row r="1048576"><c r="A1048576"><v>1</v></c></row>'),
    ),
    "16,384 columns": ("workbook_sheet_too_large", wide_row),
    "two cells far apart": ("workbook_sheet_too_large", spread_out),
    "one long text in 100,000 cells": ("workbook_too_much_memory", shared_strings_bomb),
    "fifteen million characters": ("workbook_too_much_text", long_text),
    "merged over a million cells": (
        "workbook_sheet_too_large",
        lambda: xlsx(spread_row(), after='<mergeCells><mergeCell ref="A1:T1048576"/></mergeCells>'),
    ),
    "two hundred thousand merges": ("workbook_sheet_too_large", lambda: xlsx(ONE_CELL, after=merged(200_000))),
    "macros": ("workbook_has_macros", lambda: with_part("xl/vbaProject.bin", b"x")),
    "macros in xls": ("workbook_has_macros", lambda: xls([["x"]]) + "_VBA_PROJECT".encode("utf-16-le")),
    "binary workbook": ("workbook_is_xlsb", lambda: zipped({"xl/workbook.bin": b"x"})),
    "xlsx under a password": ("workbook_encrypted", lambda: ole(b"x" * 5_000, "EncryptedPackage")),
    "zip under a password": (
        "workbook_encrypted",
        lambda: patched(xlsx(ONE_CELL), b"PK\x01\x02\x14\x03\x14\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01\x00"),
    ),
    "ods under a password": ("workbook_encrypted", lambda: ods("", manifest="<m><encryption-data/></m>")),
    "ods of a million filled rows": ("workbook_sheet_too_large", lambda: filled_ods(1_048_576, 1)),
    "ods of 16,384 filled columns": ("workbook_sheet_too_large", lambda: filled_ods(1, 16_384)),
    "ods with entities": ("workbook_has_doctype", lambda: ods("", prologue=ENTITIES)),
    "OLE file of another program": ("workbook_unknown", lambda: ole(b"x" * 5_000, "WordDocument")),
    "xls whose stream is noise": ("workbook_broken", lambda: ole(b"\x5a" * 5_000)),
    "xls cut in the middle": ("workbook_broken", lambda: xls([["隐患"] * 20] * 40)[:2_000]),
    "sheet cut in the middle": (
        "workbook_broken",
        lambda: with_part("xl/worksheets/sheet1.xml", sheet_xml(ONE_CELL)[:-30]),
    ),
    "sheet that is not there": ("workbook_broken", lambda: without("xl/worksheets/sheet1.xml")),
    "workbook elsewhere than it is looked for": (
        "workbook_broken",
        lambda: with_part("_rels/.rels", '<R><Relationship Type="x/officeDocument" Target="evil/workbook.xml"/></R>'),
    ),
    "one row twice": ("workbook_broken", lambda: xlsx(ONE_CELL + ONE_CELL)),
    "a cell that names another row": ("workbook_broken", lambda: xlsx('<row r="3"><c r="A9"><v>1</v></c></row>')),
    "a row number of 5,000 digits": ("workbook_broken", lambda: xlsx(f'<row r="{"9" * 5_000}"/>')),
    "a string that is not there": ("workbook_broken", lambda: xlsx('<row r="1"><c r="A1" t="s"><v>99</v></c></row>')),
    "a character that XML forbids": ("workbook_broken", lambda: xlsx(text_rows([["\x00"]]))),
    "sixty sheets": (
        "workbook_too_many_parts",
        lambda: zipped(xlsx_parts(sheet_xml(ONE_CELL), states=["visible"] * 60)),
    ),
}


def spread_row() -> str:
    return "".join(f'<row r="{row}"><c r="T{row}"><v>1</v></c></row>' for row in range(1, 5_000))


def without(name: str) -> bytes:
    parts = xlsx_parts(sheet_xml(ONE_CELL))
    del parts[name]
    return zipped(parts)


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize("case", CORPUS)
def test_a_hostile_workbook_is_refused_within_ten_seconds_in_plain_words(case: str, tmp_path: Path) -> None:
    code, build = CORPUS[case]
    path = tmp_path / "台账.xlsx"
    path.write_bytes(build())
    before, started = resident_bytes(), time.monotonic()
    with pytest.raises(WorkbookRefused) as refused:
        read_workbook(path)
    assert refused.value.code == code
    assert time.monotonic() - started < 10
    assert resident_bytes() - before < 50 * 1024 * 1024
    assert refused.value.message.endswith("。")
    assert refused.value.remedy


def test_the_corpus_is_large_enough() -> None:
    assert len(CORPUS) >= 50


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (Path.exists, "workbook_not_found"),
        (Path.mkdir, "workbook_not_a_file"),
        (os.mkfifo, "workbook_not_a_file"),
        (lambda path: path.write_bytes(bytes(21 * 1024 * 1024)), "workbook_too_large"),
    ],
)
def test_what_is_no_file_of_a_fit_size_is_never_opened(
    make: Callable[[Path], object], code: str, tmp_path: Path
) -> None:
    path = tmp_path / "台账.xlsx"
    make(path)
    with pytest.raises(WorkbookRefused) as refused:
        read_workbook(path)
    assert refused.value.code == code


def children() -> set[str]:
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (WorkbookLimits(wall_seconds=0.01), "workbook_too_slow"),
        (WorkbookLimits(memory_bytes=24 * 1024 * 1024), "workbook_too_much_memory"),
        (WorkbookLimits(output_bytes=1_000), "workbook_too_much_text"),
        (WorkbookLimits(file_bytes=1_000), "workbook_too_large"),
    ],
)
def test_a_child_past_its_limits_is_killed_and_leaves_nothing_behind(
    limits: WorkbookLimits, code: str, tmp_path: Path
) -> None:
    path = tmp_path / "台账.xlsx"
    path.write_bytes(xlsx(text_rows([["隐患" * 100] * 20] * 300)))
    before = children()
    with pytest.raises(WorkbookRefused) as refused:
        read_workbook(path, limits=limits)
    assert refused.value.code == code
    assert children() <= before


def test_a_child_that_only_burns_time_is_stopped_by_its_own_limit(tmp_path: Path) -> None:
    path = tmp_path / "台账.xlsx"
    path.write_bytes(xlsx("".join(f'<row r="{row}">{"<c/>" * 250}</row>' for row in range(1, 20_001))))
    with pytest.raises(WorkbookRefused) as refused:
        read_workbook(path, limits=WorkbookLimits(cpu_seconds=1, wall_seconds=60))
    assert refused.value.code == "workbook_too_slow"


@pytest.mark.parametrize("name", ["../../etc/台账.xlsx", "C:\\表\\台账.xlsx", "台账\u202e.xlsx", "台\x00账.xlsx"])
def test_the_name_kept_is_fit_to_be_shown(name: str, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(xlsx(ONE_CELL))
    assert read_workbook(path, name=name).file_name == "台账.xlsx"
