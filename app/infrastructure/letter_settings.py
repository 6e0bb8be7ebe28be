"""What an operator may set about printing letters, by QINGLING_… variables: `settings.letters`."""

from pathlib import Path

from app.infrastructure.settings_group import SettingsGroup


class LetterSettings(SettingsGroup):
    """Where the office's own fonts and Word templates stand."""

    fonts_dir: Path | None = None
    """Licensed fonts (仿宋_GB2312, 楷体_GB2312, 黑体, 方正小标宋简体); looked into before the machine's own folders."""
    letter_templates_dir: Path | None = None
    """Word templates that stand in for the shipped ones of the same name; PDFs are not made from them."""
    accept_substitute_fonts: bool = False
    """Whether 宋体 may stand for a missing 仿宋 or 楷体; the demo alone accepts it."""
