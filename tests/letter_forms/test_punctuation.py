import re
from collections import Counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.letter_forms.punctuation import document_number, full_width, visible

UNTOUCHED = [
    "3.14",
    "1,000",
    "12:30",
    "1:500",
    "2026-11-22",
    "T1.5",
    "report.docx",
    "https://example.org/a?b=c;d",
    "CH4>1.5%",
    "重〔2026〕3号",
    "f(x)",
    "报告.docx",
    "浓度为1.5%，流量1,200m3/h，比例1:500，时间为09:30",
]


@pytest.mark.parametrize("text", UNTOUCHED)
def test_numbers_codes_and_what_has_its_punctuation_already_stay_as_they_are(text: str) -> None:
    assert full_width(text) == text


@pytest.mark.parametrize(
    ("given_text", "printed"),
    [
        ("采空区瓦斯积聚,未及时排放.", "采空区瓦斯积聚，未及时排放。"),
        ("编号:ZD2026-0003,逾期15天;请整改!", "编号：ZD2026-0003，逾期15天；请整改！"),
        ("采空区(ZD2026-0003)逾期", "采空区（ZD2026-0003）逾期"),
        ("(一)整改", "（一）整改"),
        ("15, 其中", "15，其中"),
        ('称为"四级签字"制度', "称为“四级签字”制度"),
        ("落实'双签字'要求", "落实‘双签字’要求"),
        ("等等...", "等等……"),
        ("责任--措施", "责任——措施"),
        ("时间:10:30开始", "时间：10:30开始"),
        ("鄂安办函(2026)3号", "鄂安办函〔2026〕3号"),
        ("《鄂安办函[2026]第003号》", "《鄂安办函〔2026〕3号》"),
    ],
)
def test_prose_gets_full_width_punctuation(given_text: str, printed: str) -> None:
    assert full_width(given_text) == printed


@pytest.mark.parametrize("brackets", ["﹝﹞", "【】", "（）", "()", "[]", "［］", "〔〕"])
def test_a_document_number_has_its_year_in_hexagonal_brackets(brackets: str) -> None:
    opening, ending = brackets[0], brackets[1]
    assert document_number(f"鄂安办函{opening}2026{ending}3号") == "鄂安办函〔2026〕3号"


def test_only_a_year_before_a_number_is_taken_for_a_document_number() -> None:
    assert document_number("应急管理部令(第4号)") == "应急管理部令(第4号)"


def test_nothing_invisible_is_printed() -> None:
    assert visible("安\u200b全\x00生\u202e产\ufeff\ufffe隐\ud800患\x07") == "安全生产隐患"
    assert visible("一\n二\t三\r\n四") == "一 二 三 四"


def test_a_character_that_python_does_not_know_is_left_to_the_fonts() -> None:
    assert visible("\U000323af\ue000") == "\U000323af\ue000"


TEXTS = st.text(alphabet="安全，。（）〔〕:;,.?!()[]\"' -09aZ2026号第…—\u3000", max_size=40)


@given(TEXTS)
@example("(安)(a)")
@example("安..")
def test_doing_it_twice_changes_nothing(text: str) -> None:
    assert full_width(full_width(text)) == full_width(text)


@given(TEXTS)
def test_no_letter_and_no_number_is_lost_or_moved(text: str) -> None:
    kept = re.compile(r"[安全0-9aZ]")
    before, after = "".join(kept.findall(text)), "".join(kept.findall(full_width(text)))
    if "号" not in text:
        assert after == before
    assert not Counter(after) - Counter(before)
