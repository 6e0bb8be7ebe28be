"""The shape of an edition file: which keys, of which kind, within which bounds; knows nothing of their meaning."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from app.regulation.deadlines import CLOCKS
from app.regulation.vocabulary import DayUnit, HazardLevel, Party, PostKind, Purpose, Rung


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


def _value(shape: Shape) -> Table:
    return Table({"value": shape, "basis": Text()})


ADDRESSEES = ("lead_department", "higher_department", "territorial_office", "enterprise", "public", "discipline")
OCCASIONS = ("slow", "no_reply")
_CLOCK = Table(
    {"days": Whole(1), "unit": OneOf(tuple(DayUnit)), "roll": Flag(), "basis": Text()},
    {"by_sector": NamedTables(Whole(1)), "by_sector_basis": Text()},
)
_LEVEL = Table(
    {
        "party": OneOf(tuple(Party)),
        "post": OneOf(tuple(PostKind)),
        "limit_days": Whole(1, 60),
        "limit_unit": OneOf(tuple(DayUnit)),
        "in_person": Flag(),
        "refusal_returns_to": OneOf(("listed", "verification")),
        "paper_allowed": Flag(),
    },
    {"agency": Text()},
)
_CHAIN = Table(
    {
        "name": Text(),
        "hazard_level": OneOf(tuple(HazardLevel)),
        "sectors": ListOf(Text()),
        "supervision_tiers": ListOf(Whole(1, 9)),
        "purposes": ListOf(OneOf(tuple(Purpose))),
        "precedence": Whole(1, 1000),
        "basis": Text(),
        "levels": ListOf(_LEVEL, fewest=1),
    },
    {"full_stop": Flag()},
)
_SUBSTITUTE = Table(
    {
        "party": OneOf(tuple(Party)),
        "post": OneOf(tuple(PostKind)),
        "by_party": OneOf(tuple(Party)),
        "by_post": OneOf(tuple(PostKind)),
        "basis": Text(),
    }
)
_RUNG = Table(
    {
        "rung": OneOf(tuple(Rung)),
        "enabled": Flag(),
        "threshold_days": Whole(1),
        "wait_days": Whole(0),
        "also_when": ListOf(OneOf(OCCASIONS)),
        "addressee": OneOf(ADDRESSEES),
        "copies": ListOf(OneOf(ADDRESSEES)),
        "basis": Text(),
    }
)
_TARGET = Table(
    {
        "id": Text(),
        "jurisdiction": Text(),
        "due_on": Day(),
        "population": OneOf(("all", "stock", "increment")),
        "metric": Text(),
        "goal": Text(),
        "basis": Text(),
    }
)
EDITION = Table(
    {
        "edition": Table(
            {
                "id": Text(),
                "name": Text(),
                "area": Text(),
                "in_force_from": Day(),
                "stock_found_by": Day(),
                "basis": Text(),
            }
        ),
        "sectors": ListOf(
            Table({"code": Text(), "name": Text(), "aliases": ListOf(Text()), "high_risk": Flag()}), fewest=1
        ),
        "clocks": Table(dict.fromkeys(sorted(CLOCKS), _CLOCK)),
        "chains": NamedTables(_CHAIN),
        "agencies": ListOf(Table({"key": Text(), "organisation": Text(), "basis": Text()})),
        "substitutes": ListOf(_SUBSTITUTE),
        "extension": Table(
            {
                "max_times": _value(Whole(0, 10)),
                "max_percent_of_original": _value(Whole(1, 100)),
                "max_total_days": _value(Whole(1)),
                "request_days_before": _value(Whole(0, 90)),
            }
        ),
        "limits": Table(
            {
                "back_entry_days": _value(Whole(0, 60)),
                "verification_confirmation_days": _value(Whole(1, 30)),
                "verification_inspectors": _value(Whole(2, 10)),
                "revisit_days": _value(Whole(1)),
                "recurrence_days": _value(Whole(1)),
                "legacy_import_days": _value(Whole(0, 366)),
                "listing_max_days": _value(Whole(1)),
                "slow_progress_days": _value(Whole(1, 366)),
                "slow_milestone_days": _value(Whole(1, 366)),
                "step_up_minutes": _value(Whole(1, 60)),
            }
        ),
        "key_profile": Table(
            {
                "notice_required": Flag(),
                "plan_approval_required": Flag(),
                "controller_signature_required": Flag(),
                "basis": Text(),
            }
        ),
        "ladder": Table(
            {
                "reminder_days_before": _value(ListOf(Whole(1, 90))),
                "deemed_service_days": _value(Whole(1, 60)),
                "reply_due_days": _value(Whole(1, 60)),
                "signatory_silence_days": _value(Whole(1, 60)),
                "max_letters_per_night": _value(Whole(1, 1000)),
                "exposure_notice_days": _value(Whole(1, 60)),
                "exposure_takedown_days": _value(Whole(1)),
                "aggregate_overdue_count": _value(Whole(2, 1000)),
                "rungs": ListOf(_RUNG, fewest=1),
            }
        ),
        "targets": ListOf(_TARGET),
    }
)
