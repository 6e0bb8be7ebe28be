from pathlib import Path

import pytest

from app.letter_forms.rendering import PrintingRoom, RenderedLetter, render_all
from tests.letter_forms.sample_letters import every_letter


@pytest.fixture(scope="session")
def room() -> PrintingRoom:
    """Only the open fonts that tests are installed with, whatever the machine has."""
    return PrintingRoom(substitutes=True, machine_fonts=False)


@pytest.fixture(scope="session")
def every_pdf(room: PrintingRoom) -> dict[str, RenderedLetter]:
    return _rendered("pdf", room)


@pytest.fixture(scope="session")
def every_docx(room: PrintingRoom) -> dict[str, RenderedLetter]:
    return _rendered("docx", room)


@pytest.fixture
def own_templates(tmp_path: Path) -> PrintingRoom:
    return PrintingRoom(substitutes=True, machine_fonts=False, templates_dir=tmp_path)


def _rendered(file_format: str, room: PrintingRoom) -> dict[str, RenderedLetter]:
    letters = every_letter()
    orders = [(content, "pdf" if file_format == "pdf" else "docx") for content in letters.values()]
    answers = render_all(orders, room)  # type: ignore[arg-type]  # the two literals, which mypy reads as str
    found = {}
    for name, answer in zip(letters, answers, strict=True):
        assert isinstance(answer, RenderedLetter), f"{name}: {answer}"
        found[name] = answer
    return found
