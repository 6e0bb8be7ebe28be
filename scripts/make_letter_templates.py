"""Writes the four Word templates of letters, `app/letter_forms/forms/*.docx`; run once, and again when they change.

The layout is GB/T 9704-2012's: A4, margins 37/35/28/26 mm, exact lines of 28.95 pt, characters of 16 pt drawn together
by 0.25 pt, which gives 22 lines of 28 characters in Word, WPS and LibreOffice alike.
"""

import copy
import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from app.letter_forms.word_file import same_bytes

FOLDER = Path(__file__).resolve().parents[1] / "app" / "letter_forms" / "forms"
FANGSONG, KAITI, HEITI, TITLE, SONG = "仿宋_GB2312", "楷体_GB2312", "黑体", "方正小标宋简体", "宋体"
RED = RGBColor(0xD7, 0x00, 0x0F)
BODY, SMALL = 16.0, 14.0
CHARACTER = 15.79
WHEN = datetime(2026, 1, 1)  # noqa: DTZ001 - Word's properties have no zone


@dataclass(frozen=True)
class Style:
    """How a paragraph is set; sizes in points, indents in characters."""

    font: str = FANGSONG
    size: float = BODY
    indent: float = 2
    align: WD_ALIGN_PARAGRAPH | None = None
    right: float = 0
    before: float = 0
    red: bool = False
    narrow: int = 100
    """Width of the characters, in per cent."""
    exact: float | None = 28.95


PLAIN = Style()
FLUSH = Style(indent=0)
CENTRED = Style(indent=0, align=WD_ALIGN_PARAGRAPH.CENTER)
LEFT = WD_ALIGN_PARAGRAPH.LEFT
CELL = Style(size=10.5, indent=0, align=LEFT, exact=15)
HEAD_CELL = Style(font=HEITI, size=10.5, indent=0, align=WD_ALIGN_PARAGRAPH.CENTER, exact=15)
FORM_CELL = Style(size=12, indent=0, align=LEFT, exact=18)
FORM_HEAD = Style(font=HEITI, size=12, indent=0, align=WD_ALIGN_PARAGRAPH.CENTER, exact=18)


def element(name: str, **attributes: str) -> Any:  # noqa: ANN401 - lxml's own
    """`<w:name w:attribute="…"/>`."""
    made = OxmlElement(f"w:{name}")
    for key, value in attributes.items():
        made.set(qn(f"w:{key}"), value)
    return made


def run(paragraph: Any, text: str, style: Style) -> Any:  # noqa: ANN401 - python-docx's own
    """Text in the style's font, Chinese and western."""
    made = paragraph.add_run(text)
    made.font.size = Pt(style.size)
    made.font.name = "Times New Roman"
    fonts = made._element.get_or_add_rPr().get_or_add_rFonts()  # noqa: SLF001 - python-docx has no East Asian font
    fonts.set(qn("w:eastAsia"), style.font)
    if style.size == BODY:
        made._element.rPr.insert_element_before(element("spacing", val="-5"), "w:sz")  # noqa: SLF001 - nor spacing
    if style.narrow != 100:  # noqa: PLR2004 - per cent
        made._element.rPr.insert_element_before(element("w", val=str(style.narrow)), "w:sz")  # noqa: SLF001 - nor width
    if style.red:
        made.font.color.rgb = RED
    return made


def write(place: Any, text: str, style: Style = PLAIN) -> Any:  # noqa: ANN401 - a document, cell, header or footer
    """A paragraph at the end of the place."""
    paragraph = place.add_paragraph()
    layout = paragraph.paragraph_format
    layout.space_after, layout.space_before = Pt(0), Pt(style.before)
    if style.exact is not None:
        layout.line_spacing_rule, layout.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(style.exact)
    if style.indent:
        layout.first_line_indent = Pt(style.indent * CHARACTER)
        paragraph._element.pPr.ind.set(qn("w:firstLineChars"), str(int(style.indent * 100)))  # noqa: SLF001 - as above
    if style.right:
        layout.right_indent = Pt(style.right * CHARACTER)
    paragraph.alignment = style.align if style.align is not None else WD_ALIGN_PARAGRAPH.JUSTIFY
    run(paragraph, text, style)
    return paragraph


def rule(paragraph: Any, side: str, kind: str, eighths: int, colour: str = "D7000F") -> None:  # noqa: ANN401 - as above
    """A line at a side of the paragraph, its width in eighths of a point."""
    borders = paragraph._element.get_or_add_pPr().find(qn("w:pBdr"))  # noqa: SLF001 - python-docx has no borders
    if borders is None:
        borders = element("pBdr")
        paragraph._element.pPr.insert_element_before(  # noqa: SLF001 - as above
            borders, "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:jc", "w:rPr"
        )
    borders.append(element(side, val=kind, sz=str(eighths), space="4", color=colour))


def page_number(footer: Any, align: WD_ALIGN_PARAGRAPH) -> None:  # noqa: ANN401 - as above
    """— 1 — at the outer side, one character in (7.5)."""
    footer.is_linked_to_previous = False
    paragraph = footer.paragraphs[0]
    paragraph.alignment = align
    layout = paragraph.paragraph_format
    layout.left_indent = layout.right_indent = Pt(SMALL)
    style = Style(font=SONG, size=SMALL)
    run(paragraph, "— ", style)
    field = element("fldSimple", instr="PAGE")
    number = run(paragraph, "1", style)
    field.append(copy.deepcopy(number._element))  # noqa: SLF001 - a field is built from a run
    number._element.getparent().replace(number._element, field)  # noqa: SLF001 - as above
    run(paragraph, " —", style)


def new_document() -> Any:  # noqa: ANN401 - python-docx's own
    """An empty A4 document with the standard's margins, page numbers outside, 草稿 and the clock in the header."""
    document = Document()
    for paragraph in list(document.element.body.iter(qn("w:p"))):
        paragraph.getparent().remove(paragraph)
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.header_distance, section.footer_distance = Mm(15), Mm(23)
    document.settings.odd_and_even_pages_header_footer = True
    page_number(section.footer, WD_ALIGN_PARAGRAPH.RIGHT)
    page_number(section.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT)
    for header in (section.header, section.even_page_header):
        mark_header(header)
    properties = document.core_properties
    properties.author = properties.title = properties.comments = properties.last_modified_by = ""
    properties.created = properties.modified = WHEN
    return document


def mark_header(header: Any) -> None:  # noqa: ANN401 - as above
    """草稿 on what has no number, the notice of a movable clock."""
    header.is_linked_to_previous = False
    paragraph = header.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    style = Style(font=HEITI, size=12, red=True)
    run(paragraph, "{% if is_draft %}草稿（未编号）{% endif %}{{ clock_notice }}", style)


def table(document: Any, columns: int) -> Any:  # noqa: ANN401 - as above
    """An empty table with thin rules, as wide as the text."""
    made = document.add_table(rows=0, cols=columns)
    made.style = "Table Grid"
    made.autofit = True
    return made


def widths(target: Any, millimetres: Sequence[float]) -> None:  # noqa: ANN401 - as above
    """Fixed widths of the columns."""
    for column, width in zip(target.columns, millimetres, strict=True):
        column.width = Mm(width)
        for cell in column.cells:
            cell.width = Mm(width)


def row(target: Any, texts: Sequence[str], style: Style, *, repeated: bool = False) -> None:  # noqa: ANN401 - as above
    """A row that is not broken over pages; a repeated one heads every page."""
    made = target.add_row()
    properties = made._tr.get_or_add_trPr()  # noqa: SLF001 - python-docx has neither
    properties.append(element("cantSplit"))
    if repeated:
        properties.append(element("tblHeader"))
    for cell, text in zip(made.cells, texts, strict=True):
        first = cell.paragraphs[0]
        write(cell, text, style)
        first._element.getparent().remove(first._element)  # noqa: SLF001 - a new cell has one too many


def mark(place: Any, text: str) -> None:  # noqa: ANN401 - as above
    """A paragraph that only steers the filling and does not stay."""
    write(place, text, FLUSH)


def main_text(document: Any) -> None:  # noqa: ANN401 - as above
    """Title, addressees, text, labelled lines."""
    write(
        document, "{{ title_lines | join('\\n') }}", Style(TITLE, 22, 0, WD_ALIGN_PARAGRAPH.CENTER, before=58, exact=33)
    )
    write(document, "", FLUSH)
    mark(document, "{%p if addressees %}")
    write(document, "{{ addressees }}", FLUSH)
    mark(document, "{%p endif %}")
    mark(document, "{%p for part in paragraphs %}")
    mark(document, "{%p if part.role == 'heading' %}")
    write(document, "{{ part.text }}", Style(font=HEITI))
    mark(document, "{%p elif part.role == 'subheading' %}")
    write(document, "{{ part.text }}", Style(font=KAITI))
    mark(document, "{%p else %}")
    write(document, "{{ part.text }}")
    mark(document, "{%p endif %}")
    mark(document, "{%p endfor %}")
    mark(document, "{%p for each in particulars %}")
    present = write(document, "{{ each.label }}：", Style(font=HEITI))
    run(present, "{{ each.value }}", PLAIN)
    mark(document, "{%p endfor %}")


def annex_names(document: Any) -> None:  # noqa: ANN401 - as above
    """附件说明."""
    mark(document, "{%p for name in attachments %}")
    mark(document, "{%p if loop.first %}")
    write(document, "附件：{{ name }}", Style(before=28.95))
    mark(document, "{%p else %}")
    write(document, "{{ name }}", Style(indent=5))
    mark(document, "{%p endif %}")
    mark(document, "{%p endfor %}")


def closing(document: Any) -> None:  # noqa: ANN401 - as above
    """署名, 成文日期."""
    write(document, "{{ issuer }}", Style(indent=0, align=WD_ALIGN_PARAGRAPH.RIGHT, right=2, before=58))
    write(document, "{{ dated }}", Style(indent=0, align=WD_ALIGN_PARAGRAPH.RIGHT, right=4))


def remarks(document: Any) -> None:  # noqa: ANN401 - as above
    """常设授权, 附注."""
    for name in ("standing_authorisation", "remark"):
        mark(document, f"{{%p if {name} %}}")
        write(document, f"{{{{ {name} }}}}")
        mark(document, "{%p endif %}")


def lists(document: Any) -> None:  # noqa: ANN401 - as above
    """附件: each list on a page of its own, its heads repeated."""
    mark(document, "{%p for list in lists %}")
    label = write(document, "附件{% if lists | length > 1 %}{{ loop.index }}{% endif %}", Style(font=HEITI, indent=0))
    label.paragraph_format.page_break_before = True
    write(
        document,
        "{{ list.title_lines | join('\\n') }}",
        Style(TITLE, 22, 0, WD_ALIGN_PARAGRAPH.CENTER, before=29, exact=33),
    )
    write(document, "", FLUSH)
    made = table(document, 3)
    row(made, ("{%tc for head in list.heads %}", "{{ head }}", "{%tc endfor %}"), HEAD_CELL, repeated=True)
    row(made, ("{%tr for line in list.rows %}", "", ""), CELL)
    row(made, ("{%tc for words in line.cells %}", "{{ words }}", "{%tc endfor %}"), CELL)
    row(made, ("{%tr endfor %}", "", ""), CELL)
    mark(document, "{%p endfor %}")


def imprint(document: Any, *, ruled: bool) -> None:  # noqa: ANN401 - as above
    """版记."""
    small = Style(size=SMALL, indent=0, exact=22, before=6)
    mark(document, "{%p if copies %}")
    line = write(document, "　抄送：{{ copies }}", small)
    if ruled:
        rule(line, "top", "single", 8, "000000")
        rule(line, "bottom", "single", 6, "000000")
    mark(document, "{%p endif %}")
    if ruled:
        mark(document, "{%p if imprint_office %}")
        line = write(document, "　{{ imprint_office }}　　{{ imprint_date }}", small)
        rule(line, "bottom", "single", 8, "000000")
        mark(document, "{%p endif %}")


def masthead(document: Any, size: float, *, before: float) -> Any:  # noqa: ANN401 - as above
    """发文机关标志."""
    style = Style(TITLE, size, 0, WD_ALIGN_PARAGRAPH.CENTER, before=before, red=True, narrow=80, exact=None)
    return write(document, "{{ masthead }}", style)


def number(document: Any) -> Any:  # noqa: ANN401 - as above
    """发文字号; before 签发人 where one is printed."""
    return write(document, "{{ number }}{% if signatory %}　　　　签发人：{{ signatory }}{% endif %}", CENTRED)


def document_form() -> Any:  # noqa: ANN401 - as above
    """文件格式."""
    document = new_document()
    masthead(document, 31, before=99)
    write(document, "", FLUSH)
    rule(number(document), "bottom", "single", 12)
    main_text(document)
    annex_names(document)
    closing(document)
    remarks(document)
    lists(document)
    imprint(document, ruled=True)
    return document


def letter_form() -> Any:  # noqa: ANN401 - as above
    """信函格式: double red rules below the name and at the foot of the first page, which has no number."""
    document = new_document()
    section = document.sections[0]
    section.different_first_page_header_footer = True
    mark_header(section.first_page_header)
    section.first_page_footer.is_linked_to_previous = False
    foot = section.first_page_footer.paragraphs[0]
    foot.paragraph_format.left_indent, foot.paragraph_format.right_indent = Mm(-8), Mm(-6)
    rule(foot, "bottom", "thinThickSmallGap", 18)
    head = masthead(document, 34, before=0)
    head.paragraph_format.left_indent, head.paragraph_format.right_indent = Mm(-8), Mm(-6)
    rule(head, "bottom", "thickThinSmallGap", 18)
    write(document, "{{ number }}", Style(indent=0, align=WD_ALIGN_PARAGRAPH.RIGHT, before=8))
    main_text(document)
    annex_names(document)
    closing(document)
    remarks(document)
    lists(document)
    imprint(document, ruled=False)
    return document


def minutes_form() -> Any:  # noqa: ANN401 - as above
    """纪要格式: those present after the text, no seal."""
    document = new_document()
    masthead(document, 31, before=99)
    rule(number(document), "bottom", "single", 12)
    main_text(document)
    annex_names(document)
    write(document, "{{ dated }}", Style(indent=0, align=WD_ALIGN_PARAGRAPH.RIGHT, right=4, before=29))
    remarks(document)
    lists(document)
    imprint(document, ruled=True)
    return document


def approval_form() -> Any:  # noqa: ANN401 - as above
    """验收销号审批表."""
    document = new_document()
    write(document, "{{ title }}", Style(TITLE, 22, 0, WD_ALIGN_PARAGRAPH.CENTER, exact=33))
    write(document, "{{ issuer }}　　编号：{{ number }}", Style(size=12, indent=0, before=8, exact=22))
    fields = table(document, 2)
    row(fields, ("{%tr for each in particulars %}", ""), FORM_CELL)
    row(fields, ("{{ each.label }}", "{{ each.value }}"), FORM_CELL)
    row(fields, ("{%tr endfor %}", ""), FORM_CELL)
    widths(fields, (32, 124))
    write(document, "", Style(size=6, indent=0, exact=8))
    signed = table(document, 4)
    row(signed, ("签字层级", "单位及岗位", "意见", "签字人及时间"), FORM_HEAD, repeated=True)
    row(signed, ("{%tr for line in signatures %}", "", "", ""), FORM_CELL)
    who, when = "{{ line.organisation }} {{ line.post }}", "{{ line.signer }} {{ line.signed_at }} {{ line.manner }}"
    row(signed, ("{{ line.level }}", who, "{{ line.opinion }}", when), FORM_CELL)
    row(signed, ("{%tr endfor %}", "", "", ""), FORM_CELL)
    widths(signed, (22, 42, 42, 50))
    note = Style(size=10.5, indent=0, align=LEFT, exact=16)
    write(document, "各级签字所依据内容的摘要（SHA-256）：{{ content_sha256 }}", note)
    write(document, "制表日期：{{ dated }}", note)
    mark(document, "{%p for part in paragraphs %}")
    write(document, "{{ part.text }}", note)
    mark(document, "{%p endfor %}")
    return document


def main() -> None:
    """Write the templates into the folder given, or into the package."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    forms = {"document": document_form, "letter": letter_form, "minutes": minutes_form, "form": approval_form}
    for name, build in forms.items():
        target = io.BytesIO()
        build().save(target)
        (folder / f"{name}.docx").write_bytes(same_bytes(target.getvalue()))


if __name__ == "__main__":
    main()
