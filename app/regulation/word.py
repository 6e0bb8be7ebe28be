"""What every word of the vocabulary is: a value for programs and the Chinese that people read."""

from enum import StrEnum
from typing import Self


class Word(StrEnum):
    """An enumerated word whose members carry the Chinese that people read."""

    label: str

    def __new__(cls, value: str, label: str = "") -> Self:
        """A member is its value; its Chinese reading is its label."""
        word = str.__new__(cls, value)
        word._value_ = value
        word.label = label
        return word
