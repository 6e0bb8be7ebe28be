from pathlib import Path

import pytest

from app.infrastructure.letter_settings import LetterSettings
from app.infrastructure.settings import SettingsRefused, load_settings


def test_folders_of_fonts_and_templates_are_set_by_variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("QINGLING_FONTS_DIR", str(tmp_path / "fonts"))
    monkeypatch.setenv("QINGLING_LETTER_TEMPLATES_DIR", str(tmp_path / "templates"))
    letters = load_settings().letters
    assert (letters.fonts_dir, letters.letter_templates_dir) == (tmp_path / "fonts", tmp_path / "templates")


def test_a_substitute_is_accepted_only_when_it_is_said() -> None:
    assert LetterSettings().accept_substitute_fonts is False
    assert LetterSettings(accept_substitute_fonts=True).accept_substitute_fonts


def test_a_misspelt_variable_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QINGLING_FONT_DIR", "fonts")
    with pytest.raises(SettingsRefused, match="QINGLING_FONTS_DIR"):
        load_settings()
