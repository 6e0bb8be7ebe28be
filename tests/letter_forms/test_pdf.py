import subprocess
import sys
from dataclasses import replace
from datetime import date

import pytest

from app.letter_forms.content import Item, ItemList, LetterContent, Paragraph
from app.letter_forms.payload import CLOCK_NOTICE, printable
from app.letter_forms.rendering import (
    LetterNotRendered,
    LetterTextRefused,
    PrintingRoom,
    RenderedLetter,
    render_all,
    render_pdf,
)
from tests.letter_forms.reading import fonts, lines, metadata, pages, solid, text_of, words
from tests.letter_forms.sample_letters import every_letter, item

LETTERS = every_letter()
LETTER = LETTERS["notice_letter"]
HOSTILE = [
    '#read("/etc/passwd")',
    "#import sys: inputs",
    "{{7*7}}",
    "{%forainb%}",
    "<b>&amp;</b>",
    "$x^2$",
    "*重点*_强调_",
    "`raw`",
    "\\u{1F600}\\",
    "@引用<标签>",
    "// 注释 /* 注释 */",
    "= 标题",
    "~~",
    "]]#",
]


@pytest.mark.parametrize("name", LETTERS)
def test_everything_a_letter_says_stands_in_its_pdf(name: str, every_pdf: dict[str, RenderedLetter]) -> None:
    text = _running_text(every_pdf[name].data)
    assert not [word for word in _said(LETTERS[name]) if word not in text]


def _said(content: LetterContent) -> list[str]:
    """What the layout has a place for: 信函格式 prints no printing office, a 审批表 no red head (10.1)."""
    payload = printable(content)
    steering = {"kind", "layout", "title_lines"}
    unprinted = {"letter": {"imprint_office", "imprint_date"}, "form": {"masthead"}}.get(content.layout.value, set())
    paragraphs = [each["text"] for each in payload["paragraphs"]]
    lists = [[each["title"], each["heads"], each["rows"]] for each in payload["lists"]]
    rest = {key: value for key, value in payload.items() if key not in steering | unprinted | {"paragraphs", "lists"}}
    return words([rest, paragraphs, lists])


def _running_text(data: bytes) -> str:
    return "".join(page.removesuffix(f"—{number}—") for number, page in enumerate(pages(data), 1))


@pytest.mark.parametrize("name", LETTERS)
def test_the_fonts_are_embedded_and_the_pdf_is_an_archive_pdf(name: str, every_pdf: dict[str, RenderedLetter]) -> None:
    letter = every_pdf[name]
    embedded = fonts(letter.data)
    assert embedded
    assert all(embedded.values())
    assert {font.partition("-")[0] for font in embedded} <= {"NotoSerifSC", "NotoSansSC", "LibertinusSerif"}
    assert b"<pdfaid:part>2</pdfaid:part>" in letter.data
    assert b"<pdfaid:conformance>B</pdfaid:conformance>" in letter.data


def test_what_stands_for_what_is_told(every_pdf: dict[str, RenderedLetter]) -> None:
    letter = every_pdf["notice_letter"]
    assert letter.fonts["fangsong"] == "Noto Serif SC"
    assert (letter.grades["fangsong"], letter.grades["title"], letter.grades["heiti"]) == (
        "substitute",
        "stand_in",
        "face",
    )


@pytest.mark.parametrize("name", ["notice_letter_long", "closing_approval_form"])
def test_the_same_letter_is_the_same_file_to_the_byte(
    name: str, room: PrintingRoom, every_pdf: dict[str, RenderedLetter]
) -> None:
    assert render_pdf(LETTERS[name], room).data == every_pdf[name].data


def test_metadata_tells_title_issuer_and_the_letters_own_date(every_pdf: dict[str, RenderedLetter]) -> None:
    told = metadata(every_pdf["notice_letter"].data)
    assert (told["Title"], told["Author"]) == (LETTER.title, LETTER.issuer)
    assert told["CreationDate"].startswith("D:20261122")
    assert told["ModDate"].startswith("D:20261122")


def test_a_draft_says_on_every_page_that_it_is_one(room: PrintingRoom) -> None:
    draft = replace(LETTERS["notice_letter_long"], number=None, dated=None)
    found = pages(render_pdf(draft, room).data)
    assert len(found) > 3
    assert all("草稿" in page for page in found)
    assert "未编号" in found[0]
    assert "草稿" not in text_of(render_pdf(LETTER, room).data)


def test_a_movable_clock_is_told_on_every_page(room: PrintingRoom) -> None:
    found = pages(render_pdf(replace(LETTERS["circular_monthly"], clock_is_movable=True), room).data)
    assert all(solid(CLOCK_NOTICE) in page for page in found)


def test_a_standing_authorisation_is_printed(room: PrintingRoom) -> None:
    authority = "《关于授权自动制发函告的决定》（鄂安委〔2026〕5号），授权岗位：市安委办负责人，有效期至2026年12月31日"
    assert solid(authority) in text_of(render_pdf(replace(LETTER, standing_authorisation=authority), room).data)


def test_a_superiors_letter_names_its_signatory(room: PrintingRoom) -> None:
    upward = replace(LETTERS["circular"], signatory="市安委办负责人")
    assert "签发人：市安委办负责人" in pages(render_pdf(upward, room).data)[0]


def test_page_numbers_stand_outside_and_the_first_page_of_a_letter_has_none(
    every_pdf: dict[str, RenderedLetter],
) -> None:
    letter, circular = every_pdf["notice_letter_long"].data, every_pdf["circular_monthly"].data
    assert not pages(letter)[0].endswith("—1—")
    assert pages(letter)[1].endswith("—2—")
    first, second = (next(row for row in lines(circular, page) if row.text == f"—{page + 1}—") for page in (0, 1))
    assert first.left > 300
    assert second.right < 300


def test_the_heads_of_a_list_stand_on_every_page_of_it(every_pdf: dict[str, RenderedLetter]) -> None:
    found = [page for page in pages(every_pdf["notice_letter_long"].data) if "鄂重〔2026〕" in page]
    assert len(found) >= 3
    assert all("台账编号责任单位" in page for page in found)


def test_the_imprint_stands_on_the_last_even_page_of_a_document(every_pdf: dict[str, RenderedLetter]) -> None:
    for name in ("supervision_notice", "circular_monthly", "closing_notice", "delisting_notice"):
        found = pages(every_pdf[name].data)
        assert len(found) % 2 == 0
        assert "2026年11月22日印发" in found[-1]
        assert "抄送：" in found[-1]


def test_the_imprint_of_a_letter_has_no_printing_office(every_pdf: dict[str, RenderedLetter]) -> None:
    text = text_of(every_pdf["notice_letter"].data)
    assert "抄送：" in text
    assert "印发" not in text


def test_the_approval_form_is_one_page_with_four_levels_and_the_hash(every_pdf: dict[str, RenderedLetter]) -> None:
    (page,) = pages(every_pdf["closing_approval_form"].data)
    assert [level in page for level in ("第一级", "第二级", "第三级", "第四级")] == [True] * 4
    assert LETTERS["closing_approval_form"].content_sha256 in page


def test_what_a_user_wrote_is_printed_and_never_read_as_a_form(room: PrintingRoom) -> None:
    for text, answer in zip(HOSTILE, render_all([(_hostile(text), "pdf") for text in HOSTILE], room), strict=True):
        assert isinstance(answer, RenderedLetter), text
        printed = _running_text(answer.data)
        assert not [word for word in _said(_hostile(text)) if word not in printed], text


def _hostile(text: str) -> LetterContent:
    line = replace(item(), circumstances=f"前{text}后", enterprise=text, note=text)
    lists = (ItemList(title=f"清单{text}", items=(line,), columns=("enterprise", "circumstances", "note")),)
    paragraphs = (Paragraph(f"前{text}后"),)
    return replace(LETTER, title=f"关于{text}的函", paragraphs=paragraphs, lists=lists, addressees=(text,))


@pytest.mark.parametrize("words_of", ["字" * 6000, "x" * 3000, "很长的词 " * 900])
def test_a_very_long_text_is_set_over_pages_without_losing_a_letter(words_of: str, room: PrintingRoom) -> None:
    long = replace(item(), circumstances=words_of)
    content = replace(LETTER, paragraphs=(Paragraph(words_of),), lists=(ItemList(title="清单", items=(long,)),))
    letter = words_of[0]
    expected = 2 * words_of.count(letter)
    data = render_pdf(content, room).data
    assert expected <= _running_text(data).count(letter) <= expected + 12
    for page in range(1, 3):
        assert max(line.right for line in lines(data, page)) <= (210 - 26) / 25.4 * 72 + 1
        assert min(line.middle for line in lines(data, page)) >= 40


@pytest.mark.parametrize(("text", "code"), [("😀", "U+1F600"), ("\U000323af", "U+323AF"), ("\ue000", "U+E000")])
def test_a_character_without_a_font_is_named_and_nothing_is_printed(text: str, code: str, room: PrintingRoom) -> None:
    with pytest.raises(LetterTextRefused) as refusal:
        render_pdf(replace(LETTER, paragraphs=(Paragraph(f"企业名称{text}"),)), room)
    assert f"“{text}”（{code}）" in refusal.value.message
    assert "QINGLING_FONTS_DIR" in refusal.value.message


def test_one_letter_that_cannot_be_set_stops_no_other(room: PrintingRoom) -> None:
    broken = replace(LETTER, title="关于😀的函")
    first, second, third = render_all([(LETTER, "pdf"), (broken, "pdf"), (LETTER, "docx")], room)
    assert isinstance(first, RenderedLetter)
    assert isinstance(second, LetterTextRefused)
    assert isinstance(third, RenderedLetter)


def test_a_letter_that_needs_too_much_memory_ends_its_child_and_not_us(room: PrintingRoom) -> None:
    with pytest.raises(LetterNotRendered, match=r"内存|没有完成"):
        render_pdf(LETTER, replace(room, memory_bytes=80 << 20))


def test_a_letter_that_takes_too_long_is_given_up(room: PrintingRoom) -> None:
    endless = replace(LETTER, lists=(ItemList(title="清单", items=tuple(item(at) for at in range(20_000))),))
    with pytest.raises(LetterNotRendered, match="规定时间"):
        render_pdf(endless, replace(room, first_seconds=1.0, each_seconds=0.0))


def test_a_serving_process_loads_neither_typst_nor_words_libraries() -> None:
    code = (
        "import sys, app.letter_forms.rendering, app.letter_forms.composing.closing, app.letter_forms.composing.by_hand"
    )
    code += "\nassert not {'typst', 'docx', 'docxtpl', 'jinja2', 'lxml'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_no_letters_need_no_child(room: PrintingRoom) -> None:
    assert render_all([], room) == []


def test_an_item_without_a_deadline_is_told_without_one(room: PrintingRoom) -> None:
    bare = Item(number="", enterprise="某公司", place="罐区", circumstances="漏气")
    content = replace(LETTER, lists=(ItemList(title="清单", items=(bare,)),), dated=date(2026, 1, 1))
    assert "某公司罐区漏气——" in text_of(render_pdf(content, room).data)
