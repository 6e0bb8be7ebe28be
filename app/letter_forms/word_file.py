"""A letter as a Word file, filled into a .docx template that clerks may edit.

A template may read the letter's words, loop and choose; it may call nothing, reach no attribute of an object and no
other file. What a user wrote is only ever a value: escaped, never read as a template.
"""

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from docx.document import Document
from docx.oxml.ns import qn
from docxtpl import DocxTemplate
from jinja2 import StrictUndefined, Undefined
from jinja2.exceptions import SecurityError, TemplateError, TemplateSyntaxError
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from lxml import etree
from markupsafe import Markup, escape

_FILTERS: Final = frozenset({"default", "d", "e", "escape", "first", "int", "join", "last", "length", "count", "trim"})
_LOOP: Final = frozenset({"first", "last", "index", "index0", "length", "revindex"})
_STAMP: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip can tell: two renderings of one letter are one file."""
_TAG: Final = re.compile(r"<[^>]+>")
_TEXT_WIDTH: Final = 8845
"""156 mm in twentieths of a point."""
_REMEDY: Final = "删去它以恢复系统自带的模板"
_MARK: Final = re.compile(r"{[{%#].*?[}%#]}", re.DOTALL)


class TemplateRefused(Exception):
    """The template cannot be filled; the message is Chinese and names the template, the place and the remedy."""


class _Room(ImmutableSandboxedEnvironment):
    """Values may be looked up in what the letter says, and nowhere else."""

    def __init__(self) -> None:
        super().__init__(autoescape=True, undefined=StrictUndefined, loader=None, finalize=_as_value)
        self.globals.clear()
        self.filters = {name: function for name, function in self.filters.items() if name in _FILTERS}

    def getattr(self, obj: Any, attribute: str) -> Any:  # noqa: ANN401 - jinja's own signature
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:  # noqa: ANN401 - jinja's own signature
        if isinstance(obj, Mapping) and isinstance(argument, str):
            return obj[argument] if argument in obj else self.undefined(obj=None, name=argument)
        if isinstance(obj, list) and isinstance(argument, int):
            return obj[argument] if -len(obj) <= argument < len(obj) else self.undefined(obj=None, name=str(argument))
        if isinstance(obj, LoopContext) and argument in _LOOP:
            return getattr(obj, argument)
        if isinstance(obj, Undefined):
            obj._fail_with_undefined_error()  # noqa: SLF001 - what jinja's own templates call
        raise SecurityError(f"“.{argument}”不是文书的内容")

    def is_safe_callable(self, obj: Any) -> bool:  # noqa: ANN401 - jinja's own signature
        if isinstance(obj, Undefined):
            obj._fail_with_undefined_error()  # noqa: SLF001 - as above
        return False

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:  # noqa: ANN401, ARG002 - as above
        raise SecurityError(f"模板中不得运算（{operator}）")

    intercepted_binops = frozenset({"*", "**", "%", "//", "/", "+", "-"})


def _as_value(value: Any) -> Any:  # noqa: ANN401 - whatever a template prints
    """Escaped, and its underscores too: docxtpl reads `{_{` in the result as a bracket that it must put back."""
    return Markup(str(escape(value)).replace("_", "&#95;")) if isinstance(value, str) else value  # noqa: S704 - just escaped


def fill(template: Path, letter: Mapping[str, Any], written_at: datetime) -> bytes:
    """The Word file of one letter; equal input gives equal bytes. Raises TemplateRefused."""
    try:
        source = DocxTemplate(io.BytesIO(template.read_bytes()))
        source.init_docx()
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, etree.LxmlError) as error:
        raise TemplateRefused(
            f"文书模板“{template.name}”不是可以打开的 .docx 文件，请用 WPS 或 Word 另存为 .docx 后放回，或者{_REMEDY}。"
        ) from error
    places = list(_places(source.docx))
    try:
        source.render({**letter}, jinja_env=_Room(), autoescape=True)
    except TemplateError as error:
        raise TemplateRefused(_told(template.name, error, places)) from error
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
        etree.LxmlError,
    ) as error:
        raise TemplateRefused(
            f"文书模板“{template.name}”填写后不成为文件（{type(error).__name__}），"
            f"请检查标记是否成对、表格是否完整，或者{_REMEDY}。"
        ) from error
    _widen(source.docx, letter["lists"])
    properties = source.docx.core_properties
    properties.title, properties.author, properties.last_modified_by = letter["title"][:255], letter["issuer"][:255], ""
    properties.created = properties.modified = written_at
    properties.comments = properties.subject = properties.keywords = ""
    properties.revision = 1
    target = io.BytesIO()
    source.docx.save(target)
    return same_bytes(target.getvalue())


def _widen(document: Document, lists: list[dict[str, Any]]) -> None:
    """Columns of the lists as wide as what they hold: a template's loop makes them all alike."""
    shares = {tuple(each["heads"]): each["shares"] for each in lists}
    for table in document.element.body.iter(qn("w:tbl")):
        rows = table.findall(qn("w:tr"))
        heads = tuple(_text(cell) for cell in rows[0].findall(qn("w:tc"))) if rows else ()
        if heads in shares:
            widths = [str(int(share / sum(shares[heads]) * _TEXT_WIDTH)) for share in shares[heads]]
            for column, width in zip(table.find(qn("w:tblGrid")), widths, strict=False):
                column.set(qn("w:w"), width)
            for cell, width in ((cell, width) for row in rows for cell, width in _cells(row, widths)):
                cell.get_or_add_tcPr().get_or_add_tcW().set(qn("w:w"), width)


def _cells(row: Any, widths: list[str]) -> Iterator[tuple[Any, str]]:  # noqa: ANN401 - lxml's own
    return zip(row.findall(qn("w:tc")), widths, strict=False)


def _text(part: Any) -> str:  # noqa: ANN401 - lxml's own
    return "".join(node.text or "" for node in part.iter(qn("w:t")))


def _places(document: Document) -> Iterator[str]:
    """The paragraphs with marks of the template, wherever they stand, as a clerk sees them."""
    margins = [
        each._element  # noqa: SLF001 - python-docx gives no other way to a footer's paragraphs
        for section in document.sections
        for each in (section.header, section.footer, section.first_page_footer, section.even_page_footer)
    ]
    for part in (document.element.body, *margins):
        for paragraph in part.iter(qn("w:p")):
            text = _text(paragraph)
            if _MARK.search(text):
                yield text


def _told(name: str, error: TemplateError, places: list[str]) -> str:
    place, reason = _reason(error, places)
    where = f"，位置：“{place[:80]}”" if place else ""
    return f"文书模板“{name}”无法使用{where}：{reason}。请对照使用说明（docs/letters.md）改正模板，或者{_REMEDY}。"


def _reason(error: TemplateError, places: list[str]) -> tuple[str, str]:
    message = str(error.message or "")
    if isinstance(error, SecurityError):
        word = re.search(r"“\.?(\S+?)”", message)
        place = _containing(places, word[1]) if word else ""
        return place, message if word or "模板" in message else "模板中不得调用函数或者运算"
    if isinstance(error, TemplateSyntaxError):
        context = "".join(_TAG.sub("", line) for line in getattr(error, "docx_context", ()))
        word = re.search(r"'([^']+)'", message)
        place = _containing(places, word[1]) if word else ""
        return place or context.strip(), f"模板标记写法有误（{message}）"
    unknown = re.search(r"'([^']+)' is undefined", message) or re.search(r"no attribute '([^']+)'", message)
    if unknown:
        return _containing(places, unknown[1]), f"文书没有名为“{unknown[1]}”的内容"
    return "", f"模板用了不允许的写法（{message}）"


def _containing(places: list[str], word: str) -> str:
    return next((place for place in places if word in place), "")


def same_bytes(data: bytes) -> bytes:
    """The package with the times of its parts taken out, so that equal content is an equal file."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        for name in source.namelist():
            entry = zipfile.ZipInfo(name, _STAMP)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            copy.writestr(entry, source.read(name))
    return target.getvalue()
