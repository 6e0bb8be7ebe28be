"""The child that sets letters: reads them as JSON from its standard input, writes each file to its standard output.

It is meant to die: by the limits it sets on itself or by its parent's kill. It writes no file and opens only fonts,
our typst forms and the one Word template it is given. Each answer is a JSON line, followed by the file's bytes if
there is one; what it refuses it says as `{"refused": code, "message": Chinese}`.
"""

import json
import re
import resource
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from app.letter_forms.fonts import FontChoice, FontMissing, FontRole, FoundFont, as_typst, choose

_FORMS: Final = Path(__file__).parent / "forms"
_UNDATED: Final = date(2000, 1, 1)
"""What a draft without a date tells a PDF/A reader, which must be told one."""
_UNSHOWN: Final = re.compile(r'the text `"(.+?)"` could not be displayed')
_ESCAPED: Final = re.compile(r"\\u\{([0-9a-f]+)\}|\\(.)")
"""How typst writes characters it thinks nobody can see."""


class Refused(Exception):
    """A letter that cannot be set: `code` and a Chinese message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class Press:
    """The fonts, looked for once; then one letter after another."""

    def __init__(self, folders: list[str], *, substitutes: bool) -> None:
        """Raises FontMissing."""
        import typst  # noqa: PLC0415 - 80 MB that a Word file does not need

        self._typst = typst
        self._fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=list(folders))
        found = [FoundFont(each.family, each.weight) for each in self._fonts.fonts() if each.style == "normal"]
        self._choices = choose(found, [Path(each) for each in folders], substitutes=substitutes)

    def print(self, letter: dict[str, Any], dated: str | None) -> tuple[bytes, dict[str, Any]]:
        """The PDF and which fonts it took. Raises Refused."""
        typst_error = self._typst.TypstError
        try:
            return self._compile(letter, dated, rare=False), self._told(())
        except typst_error as error:
            unshown = _unshown(error.diagnostic)
            if not unshown or FontRole.RARE not in self._choices:
                raise _refusal(error.message, unshown, self._choices) from error
        try:
            return self._compile(letter, dated, rare=True), self._told(unshown)
        except typst_error as error:
            raise _refusal(error.message, _unshown(error.diagnostic), self._choices) from error

    def _compile(self, letter: dict[str, Any], dated: str | None, *, rare: bool) -> bytes:
        inputs = {
            "letter": json.dumps(letter, ensure_ascii=False),
            "fonts": json.dumps(as_typst(self._choices, rare=rare), ensure_ascii=False),
        }
        compiled: bytes = self._typst.compile(
            _FORMS / "letter.typ",
            root=_FORMS,
            font_paths=self._fonts,
            ignore_system_fonts=True,
            sys_inputs=inputs,
            pdf_standards="a-2b",
            timestamp=_written_at(dated),
        )
        return compiled

    def _told(self, rare: tuple[str, ...]) -> dict[str, Any]:
        used = {role: choice for role, choice in self._choices.items() if role is not FontRole.RARE or rare}
        return {
            "fonts": {role.value: choice.families[0] for role, choice in used.items()},
            "grades": {role.value: choice.grade for role, choice in used.items()},
            "rare_characters": "".join(rare),
        }


def _written_at(dated: str | None) -> datetime:
    day = date.fromisoformat(dated) if dated else _UNDATED
    # Midnight in Greenwich is the same date in Shanghai: whichever zone a reader shows, the date is the letter's.
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _unshown(diagnostic: str) -> tuple[str, ...]:
    texts = (_ESCAPED.sub(_unescaped, found) for found in _UNSHOWN.findall(diagnostic))
    return tuple(dict.fromkeys(letter for text in texts for letter in text))


def _unescaped(found: re.Match[str]) -> str:
    return chr(int(found[1], 16)) if found[1] else str(found[2])


def _refusal(message: str, unshown: tuple[str, ...], choices: dict[FontRole, FontChoice]) -> Refused:
    if not unshown:
        return Refused("letter_not_set", f"文书没有排成（{message}），请把这份文书的内容报告给系统管理员。")
    letters = "、".join(f"“{letter}”（U+{ord(letter):04X}）" for letter in unshown)
    families = "、".join(dict.fromkeys(choice.families[0] for choice in choices.values()))
    return Refused(
        "character_not_in_fonts",
        f"字库中没有这些字符：{letters}（找过的字体：{families}），文书没有生成。"
        "请改用字库中有的字，或者请系统管理员在 QINGLING_FONTS_DIR 中放入含有它们的字体（如宋体-ExtB）。",
    )


def _docx(order: dict[str, Any]) -> tuple[bytes, dict[str, Any]]:
    from app.letter_forms.word_file import TemplateRefused, fill  # noqa: PLC0415 - lxml, which a PDF does not need

    try:
        return fill(Path(order["template"]), order["letter"], _written_at(order["dated"]).replace(tzinfo=None)), {}
    except TemplateRefused as refusal:
        raise Refused("letter_template_refused", str(refusal)) from refusal


def _answer(order: dict[str, Any], job: dict[str, Any], presses: list[Press]) -> tuple[bytes, dict[str, Any]]:
    if order["format"] == "docx":
        return _docx(order)
    try:
        if not presses:
            presses.append(Press(job["folders"], substitutes=job["substitutes"]))
    except FontMissing as missing:
        raise Refused("font_missing", str(missing)) from missing
    return presses[0].print(order["letter"], order["dated"])


def main() -> None:
    """Set every letter of the job on standard input, in order, whatever befalls the one before it."""
    job = json.loads(sys.stdin.buffer.read())
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (job["cpu_seconds"], job["cpu_seconds"] + 1))
    resource.setrlimit(resource.RLIMIT_AS, (job["memory_bytes"], job["memory_bytes"]))
    presses: list[Press] = []
    for order in job["orders"]:
        try:
            data, told = _answer(order, job, presses)
            told["size"] = len(data)
        except Refused as refusal:
            data, told = b"", {"refused": refusal.code, "message": refusal.message}
        sys.stdout.buffer.write(json.dumps(told, ensure_ascii=False).encode() + b"\n" + data)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
