"""What a part of an edition file may look like: texts, numbers, lists, tables; and a fault as it is told."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong in an edition file: where, why, what to do; the line where TOML itself is broken."""

    path: str
    reason: str
    remedy: str
    line: int | None = None


class Shape(Protocol):
    """What a value must look like."""

    def faults(self, value: object, path: str) -> Iterator[Finding]:
        """Everything wrong with the value at that path."""
        ...


@dataclass(frozen=True, slots=True)
class Text:
    """A text that is not blank."""

    def faults(self, value: object, path: str) -> Iterator[Finding]:
        """Not a text, or blank."""
        if not isinstance(value, str) or not value.strip():
            yield Finding(path, "须为非空文字", '写成 "……",不能留空')


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    def faults(self, value: object, path: str) -> Iterator[Finding]:
        """Neither true nor false."""
        if not isinstance(value, bool):
            yield Finding(path, "须为 true 或者 false", "不加引号,写 true 或者 false")


@dataclass(frozen=True, slots=True)
class Day:
    """A date."""

    def faults(self, value: object, path: str) -> Iterator[Finding]:
        """Not a plain date."""
        if not isinstance(value, date) or isinstance(value, datetime):
            yield Finding(path, "须为日期", "不加引号,写成 2024-01-01")


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number within bounds."""

    lowest: int = 0
    highest: int = 3660

    def faults(self, value: object, path: str) -> Iterator[Finding]:
        """Not a whole number, or out of bounds."""
        if not isinstance(value, int) or isinstance(value, bool):
            yield Finding(path, "须为整数", f"写 {self.lowest} 至 {self.highest} 的整数,不加引号")
        elif not self.lowest <= value <= self.highest:
            yield Finding(path, f"{value} 超出范围", f"写 {self.lowest} 至 {self.highest} 的整数")


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of some words."""

    words: tuple[str, ...]

    def faults(self, value: object, path: str) -> Iterator[Finding]:
        """Another word; the nearest is proposed."""
        if value not in self.words:
            yield Finding(path, f"没有“{value}”这个值", did_you_mean(str(value), self.words))


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of values of one shape, without repeats."""

    item: Shape
    fewest: int = 0

    def faults(self, value: object, path: str) -> Iterator[Finding]:
        """Not a list, too short, repeats, or wrong items."""
        if not isinstance(value, list):
            yield Finding(path, "须为列表", "写成 [ …, … ]")
            return
        if len(value) < self.fewest:
            yield Finding(path, f"至少须有 {self.fewest} 项,现有 {len(value)} 项", "补全列表")
        for index, item in enumerate(value):
            yield from self.item.faults(item, f"{path}[{index}]")
            if item in value[:index]:
                yield Finding(f"{path}[{index}]", f"重复:{item}", "删去重复的一项")


@dataclass(frozen=True, slots=True)
class Table:
    """A table with required and optional keys and no others."""

    required: Mapping[str, Shape]
    optional: Mapping[str, Shape] = field(default_factory=dict)

    def faults(self, value: object, path: str) -> Iterator[Finding]:
        """Not a table, keys missing or unknown, or wrong values."""
        if not isinstance(value, Mapping):
            yield Finding(path, "须为表", f"写成 [{path}] 及其各项")
            return
        known = {**self.required, **self.optional}
        for key, item in value.items():
            if key in known:
                yield from known[key].faults(item, below(path, key))
            else:
                yield Finding(below(path, key), "没有这个键", did_you_mean(key, tuple(known)))
        for key in self.required:
            if key not in value:
                yield Finding(below(path, key), "缺少这个键", f"在 {path or '文件'} 中补上 {key}")


@dataclass(frozen=True, slots=True)
class NamedTables:
    """Tables under names of the author's choice."""

    item: Shape

    def faults(self, value: object, path: str) -> Iterator[Finding]:
        """Not a table of tables, empty, or wrong tables."""
        if not isinstance(value, Mapping) or not value:
            yield Finding(path, "须为至少一项的表", f"写成 [{path}.名称]")
            return
        for key, item in value.items():
            yield from self.item.faults(item, below(path, key))


def below(path: str, key: str) -> str:
    """The path of a key in a table."""
    return f"{path}.{key}" if path else key


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """The remedy that proposes the nearest known word, or lists all."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"是否应为 {near[0]}?" if near else "可用:" + "、".join(known)


def valued(shape: Shape) -> Table:
    """A value of that shape with its legal basis."""
    return Table({"value": shape, "basis": Text()})


def rows_of(raw: object, *keys: str) -> list[tuple[int, Mapping[str, Any]]]:
    """The tables of a list at some path, with their positions; nothing where the shape is wrong."""
    for key in keys:
        raw = raw.get(key) if isinstance(raw, Mapping) else None
    return [(index, row) for index, row in enumerate(raw) if isinstance(row, Mapping)] if isinstance(raw, list) else []


def list_of(row: Mapping[str, Any], key: str) -> list[Any]:
    """The list under a key; an empty one where the shape is wrong."""
    value = row.get(key)
    return value if isinstance(value, list) else []
