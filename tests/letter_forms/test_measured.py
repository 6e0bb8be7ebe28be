"""The sheet as the standard measures it: 22 lines of 28 characters on 156 × 225 mm, millimetre by millimetre."""

from itertools import pairwise

import pytest

from app.letter_forms.content import FormLayout, LetterContent, Paragraph
from app.letter_forms.rendering import PrintingRoom, RenderedLetter, render_pdf
from app.regulation.vocabulary import LetterKind
from tests.letter_forms.reading import Line, fonts, lines, pages
from tests.letter_forms.sample_letters import OFFICE, TODAY, every_letter

MILLIMETRE = 72 / 25.4
SHEET = LetterContent(
    kind=LetterKind.CIRCULAR,
    layout=FormLayout.DOCUMENT,
    issuer=OFFICE,
    title="关于测量的通报",
    paragraphs=(Paragraph("安全生产重大隐患动态清零" * 160),),
    number="鄂安办发〔2026〕1号",
    dated=TODAY,
)


def _full_page(data: bytes) -> list[Line]:
    return [line for line in lines(data, 1) if line.text != "—2—"]


def _is_the_standards_sheet(letter: RenderedLetter) -> None:
    page = _full_page(letter.data)
    assert [len(line.text) for line in page] == [28] * 22
    assert min(line.left for line in page) == pytest.approx(28 * MILLIMETRE, abs=1)
    assert max(line.right for line in page) == pytest.approx((210 - 26) * MILLIMETRE, abs=1)
    pitches = [above.middle - below.middle for above, below in pairwise(page)]
    assert pitches == pytest.approx([28.99] * 21, abs=0.6)
    assert page[0].middle == pytest.approx((297 - 37) * MILLIMETRE - 8, abs=3)


def test_a_page_has_22_lines_of_28_characters(room: PrintingRoom) -> None:
    _is_the_standards_sheet(render_pdf(SHEET, room))


@pytest.mark.system
def test_a_page_in_fangsong_has_22_lines_of_28_characters_and_no_substitute() -> None:
    letter = render_pdf(SHEET, PrintingRoom())
    assert letter.grades["fangsong"] == "face"
    assert letter.grades["kaiti"] == "face"
    _is_the_standards_sheet(letter)


@pytest.mark.system
@pytest.mark.parametrize("name", every_letter())
def test_every_letter_is_set_in_fangsong_embedded_by_name(name: str) -> None:
    letter = render_pdf(every_letter()[name], PrintingRoom())
    embedded = fonts(letter.data)
    assert embedded["FandolFang-Regular"]
    assert all(embedded.values())


@pytest.mark.system
def test_a_character_fandol_lacks_comes_from_another_font_and_is_told() -> None:
    rare = LetterContent(
        kind=LetterKind.URGING_LETTER,
        layout=FormLayout.LETTER,
        issuer=OFFICE,
        title="关于罐区隐患的督促函",
        paragraphs=(Paragraph("罐区占地300㎡，容积500m³。"),),
    )
    letter = render_pdf(rare, PrintingRoom())
    assert letter.rare_characters == "㎡"
    assert letter.fonts["rare"]
    assert "300㎡，容积500m³。" in pages(letter.data)[0]


def test_the_red_head_and_the_number_stand_where_the_standard_has_them(every_pdf: dict[str, RenderedLetter]) -> None:
    document = lines(every_pdf["circular"].data, 0)
    head, number = document[0], document[1]
    # 35 mm below the text's upper edge begins the office's name (7.2.4); letters are 28 to 44 pt high.
    assert (297 - 37 - 35) * MILLIMETRE - 30 < head.middle < (297 - 37 - 35) * MILLIMETRE
    assert number.text == "鄂安办发〔2026〕17号"
    assert (number.left + number.right) / 2 == pytest.approx((28 + 78) * MILLIMETRE, abs=4)
    letter = lines(every_pdf["notice_letter"].data, 0)
    # 30 mm from the paper's upper edge (10.1); the number ends with the text.
    assert (297 - 30) * MILLIMETRE - 32 < letter[0].middle < (297 - 30) * MILLIMETRE
    assert letter[1].right == pytest.approx((210 - 26) * MILLIMETRE, abs=2)


def test_the_seal_has_its_room_four_characters_from_the_right(every_pdf: dict[str, RenderedLetter]) -> None:
    page = lines(every_pdf["notice_letter"].data, 1)
    at = next(index for index, line in enumerate(page) if line.text == OFFICE)
    name, date = page[at], page[at + 1]
    assert date.text == "2026年11月22日"
    assert (name.left + name.right) / 2 == pytest.approx((date.left + date.right) / 2, abs=3)
    assert date.right <= (210 - 26) * MILLIMETRE - 4 * 15.79 + 2
