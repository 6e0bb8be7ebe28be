"""The glossary holds every word of the vocabulary, once, with the Chinese that people read."""

import re
from enum import Enum

import pytest

from app.regulation import vocabulary
from tests.architecture.source_tree import REPOSITORY

SECTION = re.compile(r"^### `(\w+)`.*$", re.MULTILINE)
ROW = re.compile(r"^\| `([^`]+)` \| ([^|]+?) \|", re.MULTILINE)


def words() -> dict[str, dict[str, str]]:
    """Every enumeration of the vocabulary with its values and labels."""
    return {
        name: {word.value: word.label for word in kind}
        for name, kind in vars(vocabulary).items()
        if isinstance(kind, type) and issubclass(kind, vocabulary.Word) and kind is not vocabulary.Word
    }


def glossary(text: str) -> dict[str, dict[str, str]]:
    """Every section of the glossary headed by an enumeration's name, with its rows."""
    parts = SECTION.split(text)
    return {name: dict(ROW.findall(body)) for name, body in zip(parts[1::2], parts[2::2], strict=True)}


def difference(expected: dict[str, dict[str, str]], found: dict[str, dict[str, str]]) -> list[str]:
    missing = [
        f"### `{name}`: | `{value}` | {label} | is missing or differs"
        for name, values in expected.items()
        for value, label in values.items()
        if found.get(name, {}).get(value) != label
    ]
    unknown = [
        f"### `{name}`: `{value}` is no word of the vocabulary"
        for name, values in found.items()
        for value in values
        if value not in expected.get(name, {})
    ]
    return missing + unknown


def test_every_word_of_the_vocabulary_is_in_the_glossary() -> None:
    found = glossary((REPOSITORY / "docs/glossary.md").read_text("utf-8"))
    assert len(found) >= 10
    assert not difference(words(), found)


def test_every_enumeration_of_the_vocabulary_has_chinese_labels() -> None:
    plain = [
        name
        for name, kind in vars(vocabulary).items()
        if isinstance(kind, type) and issubclass(kind, Enum) and not issubclass(kind, vocabulary.Word)
    ]
    assert plain in ([], ["StrEnum"])


@pytest.mark.parametrize(
    "text",
    [
        "### `State`\n| `listed` | 挂牌督办 |\n",
        "### `State`\n| `listed` | 挂牌督办 |\n| `closed` | 已关闭 |\n",
        "### `State`\n| `listed` | 挂牌督办 |\n| `closed` | 已销号 |\n| `gone` | 已消失 |\n",
    ],
)
def test_a_missing_a_differing_and_an_unknown_word_are_seen(text: str) -> None:
    assert difference({"State": {"listed": "挂牌督办", "closed": "已销号"}}, glossary(text))
