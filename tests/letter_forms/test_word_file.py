from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from docx import Document

from app.letter_forms.content import ItemList, LetterContent, Paragraph
from app.letter_forms.payload import printable
from app.letter_forms.rendering import LetterNotRendered, PrintingRoom, RenderedLetter, render_all, render_docx
from app.letter_forms.word_file import TemplateRefused, fill
from tests.architecture.source_tree import REPOSITORY
from tests.letter_forms.reading import solid, word_parts, word_text, words
from tests.letter_forms.sample_letters import every_letter, item

LETTERS = every_letter()
LETTER = LETTERS["notice_letter"]
FORMS = REPOSITORY / "app" / "letter_forms" / "forms"


@pytest.mark.parametrize("name", LETTERS)
def test_everything_a_letter_says_stands_in_its_word_file(name: str, every_docx: dict[str, RenderedLetter]) -> None:
    payload = printable(LETTERS[name])
    unprinted = {"letter": {"imprint_office", "imprint_date"}, "form": {"masthead"}}.get(payload["layout"], set())
    unprinted |= {"issuer", "remark"} if payload["layout"] == "minutes" else set()
    steering = {"kind", "layout", "title_lines", "paragraphs", "lists"}
    rest = {key: value for key, value in payload.items() if key not in steering | unprinted}
    paragraphs = [each["text"] for each in payload["paragraphs"]]
    lists = [[each["title"], each["heads"], each["rows"]] for each in payload["lists"]]
    text = word_text(every_docx[name].data)
    assert not [word for word in words([rest, paragraphs, lists]) if word not in text]
    assert not {"{{", "{%", "}}", "%}"} & set(text)


@pytest.mark.parametrize("name", ["notice_letter_long", "closing_approval_form"])
def test_the_same_letter_is_the_same_word_file_to_the_byte(
    name: str, room: PrintingRoom, every_docx: dict[str, RenderedLetter]
) -> None:
    assert render_docx(LETTERS[name], room).data == every_docx[name].data


def test_the_word_file_names_the_official_typefaces_and_the_exact_line(every_docx: dict[str, RenderedLetter]) -> None:
    body = word_parts(every_docx["circular"].data)["word/document.xml"]
    for font in ("仿宋_GB2312", "黑体", "方正小标宋简体"):
        assert font in body
    assert 'w:line="579"' in body
    assert 'w:spacing w:val="-5"' in body


def test_the_columns_of_a_list_are_as_wide_as_what_they_hold(every_docx: dict[str, RenderedLetter]) -> None:
    (table,) = Document(BytesIO(every_docx["notice_letter_long"].data)).tables
    widths = [cell.width for cell in table.rows[1].cells]
    shares = printable(LETTERS["notice_letter_long"])["lists"][0]["shares"]
    assert len(widths) == len(shares)
    assert widths[4] == max(width for width in widths if width is not None)
    assert sorted(range(8), key=shares.__getitem__) == sorted(range(8), key=lambda at: widths[at] or 0)


def test_the_files_properties_tell_title_issuer_and_the_letters_own_date(every_docx: dict[str, RenderedLetter]) -> None:
    told = Document(BytesIO(every_docx["notice_letter"].data)).core_properties
    assert (told.title, told.author, told.created.date() if told.created else None) == (
        LETTER.title,
        LETTER.issuer,
        LETTER.dated,
    )


def test_a_draft_and_a_movable_clock_are_told_in_the_header(room: PrintingRoom) -> None:
    parts = word_parts(render_docx(replace(LETTER, number=None, dated=None, clock_is_movable=True), room).data)
    headers = [text for name, text in parts.items() if name.startswith("word/header") and "草稿" in text]
    assert len(headers) == 3
    assert all("演示时钟" in header for header in headers)


HOSTILE = ["{{7*7}}", "{%foraina%}{%endfor%}", "<w:p>&amp;</w:p>", "{#注#}", "{{title.__class__}}", "]]>", "'\"<>&"]
HOSTILE += ["{_{7*7}_}", "{_%x%_}"]


def test_what_a_user_wrote_is_only_ever_a_value(room: PrintingRoom) -> None:
    for text, answer in zip(HOSTILE, render_all([(_hostile(text), "docx") for text in HOSTILE], room), strict=True):
        assert isinstance(answer, RenderedLetter), text
        printed = solid(printable(_hostile(text))["paragraphs"][0]["text"])
        assert word_text(answer.data).count(printed) >= 6, text


def _hostile(text: str) -> LetterContent:
    line = replace(item(), circumstances=text, enterprise=text)
    lists = (ItemList(title="清单", items=(line, line)),)
    return replace(LETTER, title=f"关于{text}的函", paragraphs=(Paragraph(text),), lists=lists)


def edited(folder: Path, name: str, change: Callable[[Any], None], layout: str = "letter") -> Path:
    """The shipped template as a clerk saved it under the name, after the change."""
    document = Document(str(FORMS / f"{layout}.docx"))
    change(document)
    path = folder / f"{name}.docx"
    document.save(str(path))
    return path


def adding(text: str) -> Callable[[Any], None]:
    def change(document: Any) -> None:
        document.add_paragraph(text)

    return change


@pytest.mark.parametrize("name", ["notice_letter", "letter"])
def test_an_offices_own_template_goes_before_the_shipped_one(
    name: str, own_templates: PrintingRoom, tmp_path: Path
) -> None:
    path = edited(tmp_path, name, adding("本办公室自定义内容：{{ title }}"))
    rendered = render_docx(LETTER, own_templates)
    assert solid(f"本办公室自定义内容：{LETTER.title}") in word_text(rendered.data)
    assert rendered.template == str(path)
    assert render_docx(LETTERS["circular"], own_templates).template == "document.docx"


def test_the_template_of_a_kind_goes_before_that_of_its_layout(own_templates: PrintingRoom, tmp_path: Path) -> None:
    edited(tmp_path, "letter", adding("按格式"))
    edited(tmp_path, "notice_letter", adding("按文种"))
    assert "按文种" in word_text(render_docx(LETTER, own_templates).data)
    assert "按格式" in word_text(render_docx(LETTERS["urging_letter"], own_templates).data)


def test_a_template_may_loop_choose_and_use_plain_filters(own_templates: PrintingRoom, tmp_path: Path) -> None:
    marks = "{% for part in paragraphs %}{% if loop.first %}首段{{ part.text | length }}字{% endif %}{% endfor %}"
    edited(tmp_path, "notice_letter", adding(marks))
    length = len(printable(LETTER)["paragraphs"][0]["text"])
    assert f"首段{length}字" in word_text(render_docx(LETTER, own_templates).data)


@pytest.mark.parametrize(
    ("mark", "reason"),
    [
        ("{{ nowhere }}", "没有名为“nowhere”的内容"),
        ("{{ paragraphs[0].nowhere }}", "没有名为“nowhere”的内容"),
        ("{{ lists[99].title }}", "没有名为“99”的内容"),
        ("{{ title.__class__ }}", "__class__"),
        ("{{ title['__class__'] }}", "__class__"),
        ("{{ ''.__class__.__mro__ }}", "__class__"),
        ("{{ title | attr('__class__') }}", "attr"),
        ("{{ title.format(1) }}", "format"),
        ("{{ title.upper() }}", "upper"),
        ("{{ paragraphs.append(1) }}", "append"),
        ("{{ range(9) }}", "range"),
        ("{{ cycler.__init__ }}", "cycler"),
        ("{{ self.__init__ }}", "__init__"),
        ("{{ 'x' * 999999999 }}", "运算"),
        ("{{ '%999999999d' % 1 }}", "运算"),
        ("{{ 7 * 7 }}", "运算"),
        ("{% include 'letter.docx' %}", ""),
        ("{% import 'os' as os %}", ""),
        ("{{ title | safe }}", "safe"),
        ("{{ title | pprint }}", "pprint"),
        ("{% if title %}", ""),
        ("{% endfor %}", "endfor"),
        ("{{ title", ""),
        ("{% nonsense %}", "nonsense"),
        ("{{ lipsum.__globals__ }}", "lipsum"),
        ("{% macro m() %}x{% endmacro %}{{ m() }}", ""),
    ],
)
def test_a_template_that_asks_for_more_than_the_letter_is_refused_by_name(
    mark: str, reason: str, tmp_path: Path
) -> None:
    with pytest.raises(TemplateRefused, match=r"“notice_letter.docx”") as refusal:
        fill(edited(tmp_path, "notice_letter", adding(mark)), printable(LETTER), datetime(2026, 11, 22, tzinfo=UTC))
    assert reason in str(refusal.value)


def test_a_template_refused_is_the_installations_fault(own_templates: PrintingRoom, tmp_path: Path) -> None:
    edited(tmp_path, "notice_letter", adding("{{ title.__class__ }}"))
    with pytest.raises(LetterNotRendered) as refusal:
        render_docx(LETTER, own_templates)
    assert refusal.value.code == "letter_template_refused"


def test_a_refusal_shows_the_place_in_the_template(own_templates: PrintingRoom, tmp_path: Path) -> None:
    edited(tmp_path, "notice_letter", adding("请于{{ reply_until }}前函复"))
    with pytest.raises(LetterNotRendered, match=r"位置：“请于\{\{ reply_until \}\}前函复”"):
        render_docx(LETTER, own_templates)


def test_a_place_in_the_header_is_found_too(own_templates: PrintingRoom, tmp_path: Path) -> None:
    def change(document: Any) -> None:
        document.sections[0].header.add_paragraph("页眉{{ header_word }}")

    edited(tmp_path, "notice_letter", change)
    with pytest.raises(LetterNotRendered, match=r"位置：“页眉\{\{ header_word \}\}”"):
        render_docx(LETTER, own_templates)


@pytest.mark.parametrize("data", [b"", b"not a document", b"PK\x03\x04broken"])
def test_a_template_that_is_no_word_file_is_refused(data: bytes, own_templates: PrintingRoom, tmp_path: Path) -> None:
    (tmp_path / "letter.docx").write_bytes(data)
    with pytest.raises(LetterNotRendered, match=r"“letter.docx”不是可以打开的 .docx 文件"):
        render_docx(LETTER, own_templates)
