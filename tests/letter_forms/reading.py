"""What stands in a rendered file, as a reader's program finds it."""

import ctypes
import io
import re
import zipfile
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

_BLANKS = re.compile(r"\s+")
_WORD_TEXT = re.compile(r"<w:t(?: [^>]*)?>([^<]*)</w:t>")


@dataclass(frozen=True)
class Line:
    """One line of a page: where it stands, in points, and its characters."""

    middle: float
    left: float
    right: float
    text: str


def pages(data: bytes) -> list[str]:
    """The text of each page without blanks; a hyphen that ends a line is a hyphen again."""
    document = pypdfium2.PdfDocument(data)
    return [solid(page.get_textpage().get_text_range()) for page in document]


def solid(text: str) -> str:
    return _BLANKS.sub("", text.replace("\ufffe", "-").replace("\x02", "-"))


def text_of(data: bytes) -> str:
    return "".join(pages(data))


def metadata(data: bytes) -> dict[str, str]:
    found: dict[str, str] = pypdfium2.PdfDocument(data).get_metadata_dict()
    return found


def fonts(data: bytes) -> dict[str, bool]:
    """Base name without its subset mark → whether the font is embedded."""
    found: dict[str, bool] = {}
    for page in pypdfium2.PdfDocument(data):
        for each in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_TEXT], max_depth=20):
            font = pdfium.FPDFTextObj_GetFont(each.raw)
            size = pdfium.FPDFFont_GetBaseFontName(font, None, 0)
            name = ctypes.create_string_buffer(size)
            pdfium.FPDFFont_GetBaseFontName(font, name, size)
            found[name.value.decode().partition("+")[2]] = bool(pdfium.FPDFFont_GetIsEmbedded(font))
    return found


def lines(data: bytes, page: int) -> list[Line]:
    """The lines of a page from the top; characters within 4 points of height are one line."""
    text = pypdfium2.PdfDocument(data)[page].get_textpage()
    rows: dict[int, list[tuple[float, float, float, str]]] = defaultdict(list)
    for index in range(text.count_chars()):
        letter = text.get_text_range(index, 1)
        if letter.strip():
            left, bottom, right, top = text.get_charbox(index, loose=True)
            middle = (bottom + top) / 2
            near = next((row for row in rows if abs(row - middle) < 4), round(middle))
            rows[near].append((middle, left, right, letter))
    return [
        Line(
            sum(each[0] for each in row) / len(row),
            min(each[1] for each in row),
            max(each[2] for each in row),
            "".join(each[3] for each in sorted(row, key=lambda each: each[1])),
        )
        for _, row in sorted(rows.items(), reverse=True)
    ]


def word_parts(data: bytes) -> dict[str, str]:
    """Every XML part of a Word file."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return {name: package.read(name).decode("utf-8", "replace") for name in package.namelist()}


def word_text(data: bytes) -> str:
    """The running text of a Word file, headers and footers behind it, without blanks."""
    parts = word_parts(data)
    names = ["word/document.xml", *sorted(name for name in parts if re.match(r"word/(header|footer)\d*\.xml", name))]
    text = "".join(found for name in names for found in _WORD_TEXT.findall(parts[name]))
    for entity, letter in (
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", '"'),
        ("&#34;", '"'),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ):
        text = text.replace(entity, letter)
    return solid(text)


def words(payload: Any) -> list[str]:
    """Every text of a printable letter, however deep it stands, without blanks."""
    if isinstance(payload, str):
        return [solid(payload)] if payload else []
    if isinstance(payload, dict):
        return [word for value in payload.values() for word in words(value)]
    return [word for value in payload for word in words(value)] if isinstance(payload, list) else []
