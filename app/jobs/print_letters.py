"""Sets the files of issued letters and of their copies, and keeps them: whoever reads one later is given that file."""

from collections import Counter
from typing import Final

import structlog

from app.infrastructure.errors import RegistryError
from app.jobs.work import Work
from app.letters.files.keeping import Sheet, keep, missing_sheets
from app.letters.files.printing import Press, press_of

NAME: Final = "print_letters"
_AT_ONCE: Final = 20
_NO_FONT: Final = "font_missing"
_log = structlog.get_logger("qingling.letters")


async def run(work: Work) -> str:
    """The job; how many were kept, how many could not be set. What fails is tried again at the next ring."""
    press = press_of(work.settings.letters, work.settings.data_dir)
    counts: Counter[str] = Counter()
    after = 0
    while True:
        async with work.transaction(NAME) as context:
            sheets = await missing_sheets(context, after, _AT_ONCE)
        for sheet in sheets:
            became = await _print(work, press, sheet)
            counts[became] += 1
            if became == _NO_FONT:
                # No other one could be set either.
                return _told(counts)
        if len(sheets) < _AT_ONCE:
            return _told(counts)
        # What could not be set stays in the way of nobody: a letter is asked for again once, then passed by.
        after = max(after + 1, sheets[-1].letter_id - 1)


def _told(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "nothing due"


async def _print(work: Work, press: Press, sheet: Sheet) -> str:
    """`kept`, or the code of why it could not be."""
    try:
        made = await sheet.read(press)
        async with work.transaction(NAME) as context:
            await keep(context, press, sheet, made)
    except RegistryError as refused:
        _log.error("letter_not_printed", letter=sheet.letter_id, copy=sheet.copy_id, form=sheet.form, code=refused.code)
        return refused.code
    return "kept"
