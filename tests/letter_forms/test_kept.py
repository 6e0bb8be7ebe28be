from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from app.letter_forms.composing.kept import KeptLetter, kept_letter
from app.letter_forms.content import FormLayout, Particular
from app.letter_forms.payload import printable
from app.letter_forms.rendering import PrintingRoom, render_docx, render_pdf
from app.regulation.vocabulary import LetterKind
from tests.letter_forms.reading import text_of, word_text
from tests.letter_forms.sample_letters import HEAD

LINE: dict[str, Any] = {
    "number": "鄂重〔2026〕1号",
    "enterprise": "示例煤业",
    "place": "3103工作面",
    "circumstances": "瓦斯积聚",
    "due_on": "2026-11-02",
    "overdue_days": 20,
    "department": "准格尔旗能源局",
    "unit": "准格尔旗",
    "note": "",
    "hazard_public_id": "not printed",
}
KEPT = KeptLetter(
    kind=LetterKind.NOTICE_LETTER,
    title="关于事故隐患整改逾期的函",
    body={
        "paragraphs": [{"text": "一、情况", "role": "heading"}, {"text": "截至今日,逾期。"}],
        "particulars": [{"label": "时间", "value": "上午"}],
    },
    lines=(LINE,),
    reply_due_on=date(2026, 11, 27),
)


def test_a_kept_letter_is_printed_as_it_stands(room: PrintingRoom) -> None:
    content = kept_letter(HEAD, KEPT)
    for text in (text_of(render_pdf(content, room).data), word_text(render_docx(content, room).data)):
        for said in (KEPT.title, "截至今日，逾期。", "时间：上午", "请于2026年11月27日前书面函复我办。", "2026-11-02"):
            assert said in text
        assert "notprinted" not in text


def test_its_lines_are_a_list_even_when_there_is_one() -> None:
    content = kept_letter(HEAD, KEPT)
    assert [item.due_on for item in content.lists[0].items] == [date(2026, 11, 2)]
    assert content.layout is FormLayout.LETTER
    assert content.particulars == (Particular("时间", "上午"),)
    assert kept_letter(HEAD, replace(KEPT, lines=())).lists == ()


def test_a_note_has_a_column_only_where_there_is_one() -> None:
    noted = replace(KEPT, lines=(LINE, {**LINE, "note": "逾期未核查", "due_on": None, "overdue_days": None}))
    heads = printable(kept_letter(HEAD, noted))["lists"][0]["heads"]
    assert heads[-1] == "备注"
    assert "备注" not in printable(kept_letter(HEAD, KEPT))["lists"][0]["heads"]


def test_an_exposure_lists_no_days() -> None:
    public = kept_letter(HEAD, replace(KEPT, kind=LetterKind.EXPOSURE_NOTICE))
    assert "逾期天数" not in printable(public)["lists"][0]["heads"]


def test_without_a_reply_asked_no_date_is_named() -> None:
    assert "函复" not in str(printable(kept_letter(HEAD, replace(KEPT, reply_due_on=None)))["paragraphs"])


def test_a_paragraph_of_an_unknown_role_is_refused() -> None:
    with pytest.raises(ValueError, match="footnote"):
        kept_letter(HEAD, replace(KEPT, body={"paragraphs": [{"text": "甲", "role": "footnote"}]}))
