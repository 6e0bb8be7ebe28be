"""Which typefaces official letters are set in, which family stands for each, and where families are looked for.

A template names a role; the table below says which families have that face (GB/T 9704-2012, 5.2.2), which one is a
declared stand-in, and which is taken only where the operator accepts substitutes. What was taken is always told.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

_REGULAR: Final = 400
_BOLD: Final = 700
_OFFICE_TYPEFACES: Final = "政府机关电脑上一般已有"


class FontRole(StrEnum):
    """The faces of a letter; the first five must be found."""

    FANGSONG = "fangsong"
    KAITI = "kaiti"
    HEITI = "heiti"
    TITLE = "title"
    SONG = "song"
    WESTERN = "western"
    """Digits and Latin letters."""
    RARE = "rare"
    """补字: characters that the face itself lacks; optional."""


@dataclass(frozen=True, slots=True)
class _Rule:
    label: str
    families: tuple[str, ...]
    """Have this very face."""
    stand_ins: tuple[str, ...] = ()
    """Declared: taken without asking, told in the result."""
    substitutes: tuple[str, ...] = ()
    """Taken only where the operator accepts them."""
    stand_in_weight: int = _REGULAR
    remedy: str = ""


_SERIF: Final = ("Noto Serif CJK SC", "Source Han Serif SC", "思源宋体", "Noto Serif SC")
_SANS: Final = ("Noto Sans CJK SC", "Source Han Sans SC", "思源黑体", "Noto Sans SC")

_RULES: Final[Mapping[FontRole, _Rule]] = MappingProxyType(
    {
        FontRole.FANGSONG: _Rule(
            "仿宋",
            (
                *("仿宋_GB2312", "FangSong_GB2312", "方正仿宋_GBK", "FZFangSong-Z02", "仿宋", "FangSong", "华文仿宋"),
                *("STFangsong", "朱雀仿宋", "Zhuque Fangsong", "FandolFang R"),
            ),
            substitutes=_SERIF,
            remedy=f"仿宋_GB2312（{_OFFICE_TYPEFACES}）或者 Debian 软件包 texlive-lang-chinese 中的 FandolFang",
        ),
        FontRole.KAITI: _Rule(
            "楷体",
            (
                *("楷体_GB2312", "KaiTi_GB2312", "方正楷体_GBK", "FZKai-Z03", "楷体", "KaiTi", "华文楷体", "STKaiti"),
                *("FandolKai", "LXGW WenKai GB", "LXGW WenKai"),
            ),
            substitutes=_SERIF,
            remedy=f"楷体_GB2312（{_OFFICE_TYPEFACES}）或者 Debian 软件包 texlive-lang-chinese 中的 FandolKai",
        ),
        FontRole.HEITI: _Rule(
            "黑体",
            ("黑体", "SimHei", "方正黑体_GBK", "FZHei-B01", "华文黑体", "STHeiti", *_SANS, "FandolHei"),
            remedy=f"黑体（{_OFFICE_TYPEFACES}）或者 Debian 软件包 fonts-noto-cjk",
        ),
        FontRole.TITLE: _Rule(
            "小标宋",
            (
                "方正小标宋简体",
                "FZXiaoBiaoSong-B05S",
                "方正小标宋_GBK",
                "FZXiaoBiaoSong-B05",
                "华文中宋",
                "STZhongsong",
            ),
            stand_ins=(*_SERIF, "FandolSong"),
            stand_in_weight=_BOLD,
            remedy=f"方正小标宋简体（{_OFFICE_TYPEFACES}）或者 Debian 软件包 fonts-noto-cjk",
        ),
        FontRole.SONG: _Rule(
            "宋体",
            ("宋体", "SimSun", "方正书宋_GBK", "FZShuSong-Z01", "华文宋体", "STSong", *_SERIF, "FandolSong"),
            remedy=f"宋体（{_OFFICE_TYPEFACES}）或者 Debian 软件包 fonts-noto-cjk",
        ),
        FontRole.WESTERN: _Rule(
            "西文",
            ("Times New Roman", "TeX Gyre Termes", "Liberation Serif", "Libertinus Serif"),
            remedy="Times New Roman",
        ),
        FontRole.RARE: _Rule(
            "补字",
            ("方正小标宋_GBK", "SimSun-ExtB", "宋体-ExtB", "Plangothic P1", "Plangothic P2", *_SERIF, *_SANS),
        ),
    }
)

_WHEELS: Final = ("pylopdf_fonts_zh_cn",)
"""Packages of open fonts that tests and the demo are installed with."""
_SYSTEM: Final = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path("/usr/share/texlive/texmf-dist/fonts/opentype/public/fandol"),
)


@dataclass(frozen=True, slots=True)
class FoundFont:
    """One variant of a family that stands in the folders; weight as CSS counts it, 400 is regular."""

    family: str
    weight: int


@dataclass(frozen=True, slots=True)
class FontChoice:
    """What stands for a role. `grade`: the face itself, a declared stand_in, or an accepted substitute."""

    role: FontRole
    families: tuple[str, ...]
    weight: int
    grade: str


class FontMissing(Exception):
    """A face has no family in the folders; the message is Chinese and names face, folders and remedy."""


def label_of(role: FontRole) -> str:
    """The face's Chinese name."""
    return _RULES[role].label


def font_folders(own: Path | None, *, machine: bool = True) -> tuple[Path, ...]:
    """Where families are looked for, the operator's own folder first, the machine's last if they are to be looked into.

    Raises FontMissing when the operator's own folder is not there.
    """
    if own is not None and not own.is_dir():
        raise FontMissing(f"QINGLING_FONTS_DIR 所指的字库目录 {own} 不存在或者不是目录，请改正后重试。")
    wheels = [spec.origin for name in _WHEELS if (spec := find_spec(name)) is not None and spec.origin]
    found = [*([own] if own else []), *(Path(each).parent for each in wheels), *(_SYSTEM if machine else ())]
    return tuple(folder for folder in found if folder.is_dir())


def choose(found: Iterable[FoundFont], folders: Sequence[Path], *, substitutes: bool) -> dict[FontRole, FontChoice]:
    """A family for each role; 补字 only where there is one. Raises FontMissing naming every face without a family."""
    weights: dict[str, list[int]] = {}
    names: dict[str, str] = {}
    for font in found:
        names.setdefault(font.family.casefold(), font.family)
        weights.setdefault(font.family.casefold(), []).append(font.weight)
    choices = {role: choice for role in FontRole if (choice := _choice(role, names, weights, substitutes))}
    missing = [role for role in FontRole if role not in choices and role is not FontRole.RARE]
    if missing:
        raise FontMissing(_missing(missing, folders))
    return choices


def _choice(
    role: FontRole,
    names: Mapping[str, str],
    weights: Mapping[str, list[int]],
    accept: bool,  # noqa: FBT001 - private
) -> FontChoice | None:
    rule = _RULES[role]
    grades = [("face", rule.families, _REGULAR), ("stand_in", rule.stand_ins, rule.stand_in_weight)]
    if accept:
        grades.append(("substitute", rule.substitutes, _REGULAR))
    for grade, families, wanted in grades:
        present = [names[family.casefold()] for family in families if family.casefold() in names]
        if present:
            nearest = {each: min(weights[each.casefold()], key=lambda weight: abs(weight - wanted)) for each in present}
            best = min(present, key=lambda each: abs(nearest[each] - wanted))
            return FontChoice(role, tuple(present) if role is FontRole.RARE else (best,), nearest[best], grade)
    return None


def _missing(roles: Sequence[FontRole], folders: Sequence[Path]) -> str:
    labels = "、".join(f"“{label_of(role)}”" for role in roles)
    looked = "、".join(str(folder) for folder in folders) or "（没有字库目录）"
    remedies = "；".join(_RULES[role].remedy for role in roles)
    return (
        f"没有找到文书所用的字体{labels}，文书没有生成。查找过的目录：{looked}。"
        f"请把{remedies}放入 QINGLING_FONTS_DIR 所指的目录；"
        "仅作演示的，可以设 QINGLING_ACCEPT_SUBSTITUTE_FONTS=true 用宋体代替仿宋、楷体。"
    )


def as_typst(choices: Mapping[FontRole, FontChoice], *, rare: bool) -> dict[str, Any]:
    """The choices as the templates read them: digits and Latin letters first from 西文, then the face, then 补字."""
    western = {"name": choices[FontRole.WESTERN].families[0], "covers": "latin-in-cjk"}
    more = choices[FontRole.RARE].families if rare and FontRole.RARE in choices else ()
    return {
        role.value: {"families": [western, *choice.families, *more], "weight": choice.weight}
        for role, choice in choices.items()
    }
