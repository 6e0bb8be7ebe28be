import json
from dataclasses import replace
from datetime import date, datetime

import pytest

from app.letter_forms.content import LAYOUTS, Item, ItemList, LetterContent, SignatureLine, from_json, to_json
from app.letter_forms.payload import ITEM_COLUMNS, printable
from app.letter_forms.title_lines import title_lines
from app.regulation.vocabulary import LetterKind
from tests.letter_forms.sample_letters import every_letter, item, kinds

LETTERS = every_letter()


@pytest.mark.parametrize("name", LETTERS)
def test_a_letter_kept_as_json_comes_back_equal(name: str) -> None:
    assert from_json(json.loads(json.dumps(to_json(LETTERS[name])))) == LETTERS[name]


def test_every_kind_has_a_layout_and_a_sample() -> None:
    assert set(LAYOUTS) == set(LetterKind) == kinds()


def test_a_kept_letter_with_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="no_such_kind"):
        from_json({**to_json(LETTERS["notice_letter"]), "kind": "no_such_kind"})


def test_a_numbered_letter_has_its_date() -> None:
    with pytest.raises(ValueError, match="成文日期"):
        replace(LETTERS["notice_letter"], dated=None)


def test_the_time_of_a_signature_carries_its_zone() -> None:
    line = SignatureLine(level=1, post="主办检查人员", organisation="", signed_at=datetime(2026, 11, 22, 9, 0))  # noqa: DTZ001 - the fault under test
    with pytest.raises(ValueError, match="zone"):
        replace(LETTERS["closing_approval_form"], signatures=(line,))


def test_a_draft_prints_that_it_has_no_number() -> None:
    printed = printable(replace(LETTERS["notice_letter"], number=None, dated=None))
    assert (printed["number"], printed["is_draft"], printed["dated"]) == ("未编号", True, "")


def test_the_columns_of_a_list_are_fields_of_an_item() -> None:
    assert set(Item.__dataclass_fields__) == ITEM_COLUMNS
    every = ItemList(title="清单", items=(item(),), columns=tuple(sorted(ITEM_COLUMNS)))
    (row,) = printable(replace(LETTERS["notice_letter"], lists=(every,)))["lists"][0]["rows"]
    assert len(row["cells"]) == len(ITEM_COLUMNS) + 1


def test_what_a_line_does_not_know_is_a_dash() -> None:
    bare = Item(number="", enterprise="甲", place="乙", circumstances="丙")
    listed = printable(replace(LETTERS["notice_letter"], lists=(ItemList(title="清单", items=(bare,)),)))
    assert listed["lists"][0]["rows"][0]["cells"] == ["1", "—", "甲", "乙", "丙", "—", "—", "—"]


def test_names_are_printed_as_they_are_and_prose_in_full_width() -> None:
    odd = replace(item(), enterprise="甲(乙)公司", circumstances="漏气,未处理")
    cells = printable(replace(LETTERS["notice_letter"], lists=(ItemList(title="单", items=(odd,)),)))["lists"][0][
        "rows"
    ][0]
    assert "甲(乙)公司" in cells["cells"]
    assert "漏气，未处理" in cells["cells"]


def test_several_annexes_are_numbered_and_one_is_not() -> None:
    letter: LetterContent = LETTERS["circular_monthly"]
    names = printable(letter)["attachments"]
    assert [name[:3] for name in names] == ["1. ", "2. "]
    assert not printable(LETTERS["notice_letter_long"])["attachments"][0][0].isdigit()


def test_a_signature_says_whose_it_is_when_and_whether_it_stands_on_paper() -> None:
    third = printable(LETTERS["closing_approval_form"])["signatures"][2]
    assert third["signed_at"] == "2026年11月20日 09:33"
    assert third["manner"].startswith("纸质签字")
    assert third["post"] == "分管负责人（代分管负责人签）"


def test_a_level_not_signed_yet_says_so() -> None:
    line = SignatureLine(level=4, post="部门主要负责人", organisation="某局")
    (shown,) = printable(replace(LETTERS["closing_approval_form"], signatures=(line,)))["signatures"]
    assert (shown["manner"], shown["signed_at"], shown["level"]) == ("未签字", "", "第四级")


def test_dates_are_written_without_noughts() -> None:
    assert printable(replace(LETTERS["notice_letter"], dated=date(2026, 1, 2)))["dated"] == "2026年1月2日"


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("关于督促整改的函", ("关于督促整改的函",)),
        ("关于重大事故隐患逾期未完成整改、整改进展缓慢的函", ("关于重大事故隐患", "逾期未完成整改、整改进展缓慢的函")),
        ("关于2026年10月重大事故隐患动态清零情况的通报", ("关于2026年10月重大事故隐患", "动态清零情况的通报")),
    ],
)
def test_a_title_is_broken_between_words(title: str, expected: tuple[str, ...]) -> None:
    assert title_lines(title) == expected


@pytest.mark.parametrize("title", ["中" * 2000, "A" * 500, "中" * 76, "，" * 60, ""])
def test_a_title_beyond_measure_keeps_its_words(title: str) -> None:
    assert "".join(title_lines(title)) == title
