"""The printing of letters as a process of ours does it: few at a time, off the event loop, each in its child."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import anyio
import anyio.to_thread

from app.evidence.folder import EvidenceFolder
from app.infrastructure.errors import Conflict
from app.infrastructure.letter_settings import LetterSettings
from app.letter_forms.content import LetterContent
from app.letter_forms.rendering import FileFormat, PrintingRoom, RenderedLetter, render_docx, render_pdf

# A child holds a core and up to two gigabytes: two at once leave the rest of the server alive.
_AT_ONCE: Final = anyio.CapacityLimiter(2)


@dataclass(frozen=True, slots=True)
class Press:
    """Fonts and templates as the operator set them, and the folder of the files that are kept."""

    room: PrintingRoom
    folder: EvidenceFolder

    async def rendered(self, content: LetterContent, form: FileFormat) -> RenderedLetter:
        """One sheet, set anew; LetterNotRendered naming what is missing, LetterTextRefused naming the character."""
        render = render_pdf if form == "pdf" else render_docx
        return await anyio.to_thread.run_sync(partial(render, content, self.room), limiter=_AT_ONCE)


def press_of(settings: LetterSettings, data_dir: Path) -> Press:
    """What the operator's settings describe."""
    room = PrintingRoom(
        fonts_dir=settings.fonts_dir,
        templates_dir=settings.letter_templates_dir,
        substitutes=settings.accept_substitute_fonts,
    )
    return Press(room, EvidenceFolder(data_dir / "letters", altered=_altered))


def _altered() -> Conflict:
    return Conflict(
        "letter_file_altered",
        "公文文件与登记的 SHA-256 不一致或者已经丢失,已停止提供。",
        remedy="请立即联系管理员从备份恢复该文件。",
    )
