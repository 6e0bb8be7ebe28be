"""The demo prints letters on whatever machine it runs: substitutes stand for what the machine lacks, said aloud."""

from collections.abc import Callable

from app.infrastructure.settings import Settings
from app.letter_forms.composing.letterhead import Letterhead, Words, letter, prose
from app.letter_forms.rendering import LetterNotRendered, PrintingRoom, render_pdf
from app.regulation.vocabulary import LetterKind


def with_fonts(settings: Settings, tell: Callable[[str], None]) -> Settings:
    """The settings with which a letter can be set here: accepted substitutes where a face has no family of its own."""
    if settings.letters.accept_substitute_fonts or _lacking(settings) is None:
        return settings
    letters = settings.letters.model_copy(update={"accept_substitute_fonts": True})
    accepting = settings.model_copy(update={"letters": letters})
    lacking = _lacking(accepting)
    tell(lacking or "本机没有公文所用的全部字体(仿宋、楷体等),演示以宋体代替;正式使用请安装字体(docs/letters.md)")
    return accepting


def _lacking(settings: Settings) -> str | None:
    """Why a letter cannot be set here; None where it can."""
    sheet = letter(
        LetterKind.NOTICE_LETTER,
        Letterhead(issuer="示例安委会办公室"),
        Words(title="关于核对字体的函", paragraphs=prose("核对字体。")),
    )
    room = PrintingRoom(
        fonts_dir=settings.letters.fonts_dir,
        templates_dir=settings.letters.letter_templates_dir,
        substitutes=settings.letters.accept_substitute_fonts,
    )
    try:
        render_pdf(sheet, room)
    except LetterNotRendered as missing:
        return missing.message
    return None
