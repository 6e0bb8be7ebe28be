from pathlib import Path

import pytest

from app.letter_forms.fonts import FontMissing, FontRole, FoundFont, as_typst, choose, font_folders
from app.letter_forms.rendering import LetterNotRendered, PrintingRoom, render_all, render_pdf
from tests.letter_forms.sample_letters import every_letter

LETTER = every_letter()["notice_letter"]
OFFICE = [
    FoundFont("仿宋_GB2312", 400),
    FoundFont("KaiTi_GB2312", 400),
    FoundFont("SimHei", 400),
    FoundFont("FZXiaoBiaoSong-B05S", 400),
    FoundFont("SimSun", 400),
    FoundFont("Times New Roman", 400),
    FoundFont("Times New Roman", 700),
]
FANDOL = [
    FoundFont("FandolFang R", 400),
    FoundFont("FandolKai", 400),
    FoundFont("FandolHei", 400),
    FoundFont("FandolHei", 700),
    FoundFont("FandolSong", 400),
    FoundFont("FandolSong", 700),
    FoundFont("Libertinus Serif", 400),
]
NOTO = [FoundFont("Noto Serif SC", 400), FoundFont("Noto Sans SC", 400), FoundFont("Libertinus Serif", 400)]
FOLDER = Path("字库")


def test_the_fonts_of_an_office_are_taken_as_they_are() -> None:
    chosen = choose([*NOTO, *FANDOL, *OFFICE], [FOLDER], substitutes=False)
    families = {role: choice.families[0] for role, choice in chosen.items() if role is not FontRole.RARE}
    assert families == {
        FontRole.FANGSONG: "仿宋_GB2312",
        FontRole.KAITI: "KaiTi_GB2312",
        FontRole.HEITI: "SimHei",
        FontRole.TITLE: "FZXiaoBiaoSong-B05S",
        FontRole.SONG: "SimSun",
        FontRole.WESTERN: "Times New Roman",
    }
    assert {choice.grade for role, choice in chosen.items() if role is not FontRole.RARE} == {"face"}


def test_the_open_fonts_of_debian_have_every_face_and_a_declared_stand_in_for_titles() -> None:
    chosen = choose(FANDOL, [FOLDER], substitutes=False)
    assert (chosen[FontRole.FANGSONG].families, chosen[FontRole.FANGSONG].grade) == (("FandolFang R",), "face")
    title = chosen[FontRole.TITLE]
    assert (title.families, title.weight, title.grade) == (("FandolSong",), 700, "stand_in")


def test_a_bold_stand_in_for_titles_goes_before_a_thin_one() -> None:
    assert choose([*NOTO, *FANDOL], [FOLDER], substitutes=False)[FontRole.TITLE].families == ("FandolSong",)


def test_without_fangsong_nothing_is_set_and_the_refusal_names_font_place_and_remedy() -> None:
    with pytest.raises(FontMissing) as missing:
        choose(NOTO, [FOLDER], substitutes=False)
    for word in ("“仿宋”", "“楷体”", "字库", "FandolFang", "QINGLING_FONTS_DIR", "QINGLING_ACCEPT_SUBSTITUTE_FONTS"):
        assert word in str(missing.value)
    assert "“黑体”" not in str(missing.value)


def test_a_substitute_is_taken_only_where_it_is_accepted_and_then_told() -> None:
    chosen = choose(NOTO, [FOLDER], substitutes=True)
    assert (chosen[FontRole.FANGSONG].families, chosen[FontRole.FANGSONG].grade) == (("Noto Serif SC",), "substitute")


@pytest.mark.parametrize("lost", ["FandolKai", "FandolHei", "FandolSong", "Libertinus Serif"])
def test_each_missing_face_is_named(lost: str) -> None:
    label = {"FandolKai": "楷体", "FandolHei": "黑体", "FandolSong": "小标宋", "Libertinus Serif": "西文"}[lost]
    with pytest.raises(FontMissing, match=f"“{label}”"):
        choose([font for font in FANDOL if font.family != lost], [FOLDER], substitutes=True)


def test_rare_characters_come_from_a_family_of_their_own_and_only_when_asked_for() -> None:
    chosen = choose([*NOTO, *FANDOL], [FOLDER], substitutes=False)
    assert as_typst(chosen, rare=False)["fangsong"]["families"][1:] == ["FandolFang R"]
    assert as_typst(chosen, rare=True)["fangsong"]["families"][1:] == ["FandolFang R", "Noto Serif SC", "Noto Sans SC"]


def test_a_font_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FontMissing, match="QINGLING_FONTS_DIR"):
        font_folders(tmp_path / "nowhere")
    first, second = render_all([(LETTER, "pdf"), (LETTER, "docx")], PrintingRoom(fonts_dir=tmp_path / "nowhere"))
    assert isinstance(first, LetterNotRendered)
    assert isinstance(second, LetterNotRendered)


def test_the_operators_own_folder_is_looked_into_first(tmp_path: Path) -> None:
    assert font_folders(tmp_path)[0] == tmp_path
    assert tmp_path not in font_folders(None, machine=False)


def test_a_letter_without_fangsong_is_not_printed(tmp_path: Path) -> None:
    with pytest.raises(LetterNotRendered) as refusal:
        render_pdf(LETTER, PrintingRoom(fonts_dir=tmp_path, machine_fonts=False))
    assert refusal.value.code == "font_missing"
    assert str(tmp_path) in refusal.value.message
