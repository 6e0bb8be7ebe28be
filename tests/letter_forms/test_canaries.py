"""Letters for fifty addressees, each with words of its own: none holds another's, in no part of the file."""

import re
from dataclasses import replace

from app.letter_forms.composing.ladder import Delay, NoticeLetter, notice_letter
from app.letter_forms.content import LetterContent
from app.letter_forms.rendering import FileFormat, PrintingRoom, RenderedLetter, render_all
from tests.letter_forms.reading import metadata, text_of, word_parts, word_text
from tests.letter_forms.sample_letters import HEAD, TODAY, item

COUNT = 50
CANARY = re.compile(r"CANARY[0-9]{4}X")


def _letter(number: int) -> LetterContent:
    canary = f"CANARY{number:04}X"
    lines = tuple(
        replace(
            item(at),
            number=f"{canary}-{at}",
            enterprise=f"{canary}示例公司",
            place=f"{canary}罐区",
            circumstances=f"{canary}漏气",
            department=f"{canary}局",
            note=canary,
        )
        for at in (1, 2)
    )
    head = replace(
        HEAD,
        issuer=f"{canary}安委办",
        addressees=(f"{canary}局",),
        copies=(f"{canary}公司",),
        number=f"{canary}〔2026〕1号",
    )
    letter = notice_letter(head, NoticeLetter(delay=Delay(items=lines, as_of=TODAY), reply_due_on=TODAY))
    return replace(letter, title=f"关于{canary}的函")


def _canaries(letter: RenderedLetter) -> set[str]:
    if letter.format == "pdf":
        everything = text_of(letter.data) + str(metadata(letter.data)) + letter.data.decode("utf-8", "ignore")
    else:
        everything = word_text(letter.data) + "".join(word_parts(letter.data).values())
    return set(CANARY.findall(everything))


def _rendered(file_format: FileFormat, room: PrintingRoom) -> list[RenderedLetter]:
    answers = render_all([(_letter(number), file_format) for number in range(COUNT)], room)
    letters = [answer for answer in answers if isinstance(answer, RenderedLetter)]
    assert len(letters) == COUNT
    return letters


def test_no_pdf_holds_another_addressees_words(room: PrintingRoom) -> None:
    found = [_canaries(letter) for letter in _rendered("pdf", room)]
    assert found == [{f"CANARY{number:04}X"} for number in range(COUNT)]


def test_no_word_file_holds_another_addressees_words(room: PrintingRoom) -> None:
    found = [_canaries(letter) for letter in _rendered("docx", room)]
    assert found == [{f"CANARY{number:04}X"} for number in range(COUNT)]
